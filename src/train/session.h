/* A training on its way: what trainer.c, train_state.c and rate_test.c share.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_SESSION_H
#define LAR_SESSION_H

#include "base/base.h"
#include "train/train.h"

typedef struct lar_session {
    const lar_study *study;
    lar_prepared *prepared;
    lar_trained *trained;
    lar_optimizer *optimizer;
    lar_plan *plan; /* the one in use; another batch or size replaces it */
    lar_plan_params plan_params;
    size_t plan_memory; /* of a training plan; 0: as fast as it goes */
    lar_schedule schedule;
    int64_t *cases[LAR_SPLIT_COUNT]; /* indices of prepared->cases */
    int64_t case_count[LAR_SPLIT_COUNT];
    lar_sampler *samplers[LAR_VALID + 1]; /* of the held-out cases: on a grid, nothing changed */
    int64_t count[LAR_VALID + 1];         /* samples of an epoch */
    lar_loader *loader;                   /* of the training samples, from the step at hand on */
    int64_t steps_per_epoch;
    /* where it stands; with weights, running statistics and moments this is all there is to save */
    int64_t step;             /* taken so far */
    double loss_sum, seconds; /* of the epoch so far; loss_sum over samples */
    lar_epoch *history;       /* room for every epoch */
    lar_progress_report report;
    lar_arena *arena;
} lar_session;

lar_status lar_session_open(lar_session **out, const lar_study *study);
void lar_session_free(lar_session *s);
/* Forward and backward of the next batch, from the step that it stands at on: gradients, the mean
 * loss, and how many samples. */
lar_status lar_session_gradients(lar_session *s, double *loss, int64_t *count);
/* The largest size of a split's samples. */
void lar_session_largest(int64_t size[3], const lar_session *s, int split);
/* Mean loss of the held-out cases, by the running statistics. */
lar_status lar_session_valid_loss(lar_session *s, double *loss);
lar_status lar_session_plan(lar_session *s, int mode, int64_t batch, const int64_t size[3]);

/* forecast.c: what the training takes; sets plan_memory. LAR_EMEMORY where it does not fit. */
lar_status lar_session_forecast(lar_session *s, lar_forecast *out);
/* That this machine's backend runs the precision; its own sentence where it does not. */
lar_status lar_precision_check(int precision);

/* trained.c: whether a mask was made as one of the training cases' was, or that is not known. */
bool lar_trained_strips_so(const lar_trained *t, const lar_case_strip *strip);

/* predict_slices.c: a volume through a network of slices. */
lar_status lar_trained_slices(const lar_trained *t, const lar_grid *grid,
                              const lar_tiles_params *how, const float *const *inputs,
                              float *const *outputs, lar_progress progress);

/* histories.c: files of what was drawn for the samples, where the study asks for them. */
lar_status lar_histories_write(const lar_session *s, int64_t epoch); /* from 0 */
/* Those of the epochs that are done, where they are missing. */
lar_status lar_histories_catch_up(const lar_session *s);
lar_status lar_histories_remove(const lar_session *s);

/* train_state.c */
#define LAR_STRIPS_NOTE "strips"
/* A note of a model begins so, and ends with the name of the standard that it holds. */
#define LAR_STANDARD_NOTE "standard."
/* The model, and with `all` what is needed to go on. */
lar_status lar_checkpoint_write(const lar_session *s, const char *path, bool all);
/* Fills the session. LAR_EARGUMENT where the file is of another study. */
lar_status lar_checkpoint_read(lar_session *s, const char *path);

#endif
