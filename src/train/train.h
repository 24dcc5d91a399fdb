/* train: training, the learning-rate range test, scores, models, prediction.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_TRAIN_H
#define LAR_TRAIN_H

#include <larmor/larmor.h>

#include "data/data.h"
#include "net/net.h"
#include "prepare/prepare.h"

/* ---- schedule -------------------------------------------------------------------------- */

enum { LAR_SCHEDULE_ONE_CYCLE, LAR_SCHEDULE_CONSTANT }; /* as the table of the train section */

typedef struct lar_schedule {
    int kind;

    int64_t steps; /* of the whole training */
    double rate;   /* the largest */
    double div, final_div, warm_up;
    double momentum[2]; /* at the low rate, at the high rate */
} lar_schedule;

typedef struct lar_pace {
    double rate, momentum; /* AdamW's first beta */
} lar_pace;

lar_pace lar_schedule_at(const lar_schedule *schedule, int64_t step);

/* What a range test suggests: `count` rates, evenly spaced in the logarithm, and the smoothed
 * losses there. LAR_ENUMERIC where there are too few points. */
typedef struct lar_rate_suggestion {
    double steepest, minimum, valley, slide;
} lar_rate_suggestion;
lar_status lar_rate_suggest(lar_rate_suggestion *out, const double *rate, const double *loss,
                            int64_t count);

/* ---- a trained network ------------------------------------------------------------------- */

/* What a model file holds: the network, the study that it was trained by, and how to bring its
 * output back to the targets' units. */
typedef struct lar_trained {
    lar_arena *arena;
    lar_study *study;
    lar_net *net;
    int64_t input_count, target_count;
    const int64_t *inputs, *targets; /* indices of the study's images */
    lar_fit *target_fits;            /* of each target: the training targets' mean values */
    lar_standards *standards;        /* of the study, learned */
    const char *strips;              /* how the masks of its training cases were made: each of
                                        lar_case_strip_words() that occurs, as lines; "" */
    int64_t epoch;                   /* epochs that the weights have seen */
    int precision;                   /* that they were trained with */
} lar_trained;

lar_status lar_trained_read(lar_trained **out, const char *path);
void lar_trained_free(lar_trained *trained);
/* The network of a study with fresh weights, by its seed. */
lar_status lar_trained_new(lar_trained **out, const lar_study *study, const lar_prepared *prepared);
/* What must not change between a training and its continuation: network and train sections as
 * canonical lines; of the arena. */
const char *lar_trained_settings(const lar_study *study, lar_arena *arena);

/* ---- training ---------------------------------------------------------------------------- */

typedef struct lar_epoch {
    double train_loss; /* mean over the epoch's samples, as they were met */
    double valid_loss; /* mean over the held-out cases, after the epoch */
    double rate;       /* of its last step */
    double seconds;
} lar_epoch;

/* Where a training stands. */
typedef struct lar_progress_report {
    const char *folder; /* WORK/train */
    int64_t epoch_count, epochs;
    const lar_epoch *history; /* epoch_count of them */
    int64_t best_epoch;       /* from 1; 0: none yet */
    double best_loss;
    bool resumed, stopped_early;
    size_t bytes; /* of the largest plan that ran */
} lar_progress_report;

/* What a training will take, before it starts. Bytes are peaks of the whole process. */
typedef struct lar_forecast {
    int64_t weights, samples, held_out, steps_per_epoch, steps;
    int64_t at_once;                /* samples in memory at once */
    int64_t size[3], valid_size[3]; /* the largest of the training and of the held-out cases */
    double work;                    /* multiplications and additions of a step's convolutions */
    int64_t again;                  /* convolutions that run twice, to save memory */
    double again_work;              /* theirs, on top of `work` */
    double train_bytes, valid_bytes;
    double limit; /* what may be taken: asked for, or what there is; 0: not known */
    bool asked;   /* limit: of the study or --max-memory */
    int precision, threads;
} lar_forecast;
/* Plans the training of a study. LAR_EMEMORY where it does not fit, with what would. */
lar_status lar_train_forecast(lar_forecast *out, const lar_study *study);

/* After each epoch. */
typedef void (*lar_epoch_fn)(void *user, const lar_progress_report *report);

/* Trains the study's network on its prepared data into WORK/train: history.csv, best.safetensors
 * (by held-out loss), last.safetensors after each epoch, histories/ where the study asks. An
 * unfinished training goes on where it was, with the same bits as if it had not stopped; a finished
 * one is LAR_EEXISTS without `force`, which starts anew. Where the progress callback asks to stop:
 * a checkpoint first, then LAR_ESTOPPED. */
lar_status lar_train(const lar_study *study, bool force, lar_progress progress, lar_epoch_fn epoch,
                     void *user);

/* The learning-rate range test (fastai version 1: 100 steps from 1e-7 to 10, loss smoothed by 0.98,
 * stopped at 4 times the least). Writes nothing. */
typedef struct lar_rate_test_params {
    double start_rate, stop_rate;
    int64_t steps;
} lar_rate_test_params;
extern const lar_param lar_rate_test_table[];

typedef struct lar_rate_test {
    int64_t count;
    double *rate, *loss, *smooth; /* count each */
    lar_rate_suggestion suggestion;
} lar_rate_test;
lar_status lar_rate_test_run(lar_rate_test **out, const lar_study *study,
                             const lar_rate_test_params *params, lar_progress progress);
void lar_rate_test_free(lar_rate_test *test);

/* ---- a case through the network ------------------------------------------------------------ */

typedef struct lar_predict_params {
    int precision;  /* 0: the model's; else 1 + lar_precision */
    int64_t memory; /* bytes of the whole process; LAR_INT_AUTO: what the machine has left */
    lar_ints tile;  /* edges of a window at most: one number or three; empty: as memory asks */
    double overlap; /* of blended windows */
} lar_predict_params;
extern const lar_param lar_predict_table[];
lar_predict_params lar_predict_default(void);

/* Output volumes (one per target) of one prepared case: float32 on the inputs' grid, in the
 * normalized units of training; whole where that fits, else in windows (lar_tiles_new()). images:
 * of the study's order. */
lar_status lar_trained_run(lar_image **outputs, const lar_trained *trained,
                           lar_image *const *images, const lar_predict_params *params,
                           lar_progress progress);
/* Words for the units of a prediction of the target, and what of its preparation stays in it. */
void lar_trained_units(lar_text *out, const lar_trained *trained, int64_t target);
/* Raw scans in (one path per input), each target out on the first scan's own grid and in the
 * targets' units. `outputs`: target_count of them, yours to free. */
lar_status lar_trained_predict(lar_image **outputs, const lar_trained *trained,
                               const char *const *paths, const lar_predict_params *params,
                               lar_progress progress);

/* ---- scores -------------------------------------------------------------------------------- */

typedef struct lar_scores {
    int64_t voxels; /* inside the mask */
    double mae, mse, psnr, ssim, ncc;
} lar_scores;

/* Inside the mask (NULL: everywhere), of images on one grid. Peak and range are the truth's
 * largest minus smallest value inside the mask; PSNR is in decibel, infinite where equal; SSIM has
 * a Gaussian window of 1.5 voxels (11 across), K1 0.01 and K2 0.03 (Wang 2004,
 * doi:10.1109/TIP.2003.819861), its map averaged over the mask; NCC is Pearson's correlation, 0
 * where one side is constant. Units of MAE: the truth's; of MSE: their square. */
lar_status lar_score(lar_scores *out, const lar_image *truth, const lar_image *synthesis,
                     const lar_image *mask);

enum { LAR_BASELINE_MEAN, LAR_BASELINE_LINEAR, LAR_BASELINE_TABLE, LAR_BASELINE_COUNT };
extern const char *const lar_baseline_names[LAR_BASELINE_COUNT];
typedef struct lar_baselines lar_baselines;
/* Fitted on the training cases, from image `input` to image `target`. */
lar_status lar_baselines_fit(lar_baselines **out, const lar_prepared *prepared, int64_t input,
                             int64_t target);
bool lar_baselines_has_mean(const lar_baselines *b); /* no where the prepared sizes differ */
lar_status lar_baselines_apply(lar_image **out, const lar_baselines *b, int which,
                               const lar_image *input);
void lar_baselines_free(lar_baselines *b);

/* One line of an evaluation. */
typedef struct lar_score_row {
    const char *id, *target, *method; /* method: "network" or a baseline's name */
    lar_scores scores;
} lar_score_row;
typedef struct lar_evaluation {
    lar_arena *arena;
    const char *inside; /* where it was scored: never auto */
    int64_t count;
    lar_score_row *rows;
} lar_evaluation;
/* Where to score: the head of the first input, every voxel, or else the name of one of the study's
 * mask or label images (its non-zero voxels). Auto: the mask that a step of the study made, the
 * first of several, where there is one; else the head. */
#define LAR_INSIDE_AUTO "auto"
#define LAR_INSIDE_HEAD "head"
#define LAR_INSIDE_ALL  "all"
/* One target of one case, as the network made it of the inputs, of which the first is told. The
 * images may be neither changed nor kept. */
typedef void (*lar_score_fn)(void *user, const lar_score_row *row, const lar_image *input,
                             const lar_image *truth, const lar_image *synthesis);
typedef struct lar_evaluate_params {
    int split; /* lar_split */
    const char *inside;
    bool baselines;
    int64_t memory;  /* as of lar_predict_params */
    lar_score_fn fn; /* told of each row of the network; NULL: nobody is */
    void *user;
} lar_evaluate_params;
/* Scores a model on a split of the data its study prepared, in normalized units on the prepared
 * grid. */
lar_status lar_evaluate(lar_evaluation **out, const lar_trained *trained,
                        const lar_prepared *prepared, const lar_evaluate_params *params,
                        lar_progress progress);
void lar_evaluation_free(lar_evaluation *evaluation);

#endif
