/* The report: one page of a prepared cohort or a training, put together from what prepare, train
 * and evaluate left in the work folder, or have in hand.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_REPORT_MAKE_H
#define LAR_REPORT_MAKE_H

#include "command/command.h"
#include "prepare/prepare.h"
#include "report/report.h"
#include "train/train.h"

struct json_t;

enum { LAR_REPORT_ENDED, LAR_REPORT_PREPARES, LAR_REPORT_TRAINS }; /* what runs just now */

/* What a page is made of. */
typedef struct lar_report {
    const lar_call *call;
    lar_arena *arena; /* its own: a page is made again and again */
    const char *work;
    const char *study_name, *study_text; /* as it was run; text NULL: not known */
    bool study_changed;                  /* the study file says something else now */
    const lar_cases *cases;              /* NULL: nothing is prepared */
    lar_cases *read;                     /* the same where it was read; owned */
    int64_t epochs;                      /* of the whole training; 0: not known */
    int64_t patience;                    /* LAR_INT_AUTO: none */
    int64_t epoch_count;                 /* that have run; 0: no training */
    const lar_epoch *history;
    int running;
    const char *stopped;   /* the sentence that ended the run; NULL: none did */
    struct json_t *scores; /* as report_scores.c keeps them, owned; NULL: none */
    const char *no_scores; /* why, where that is to be said; or NULL */
} lar_report;

/* Reads what lies in the work folder. study: NULL where it is found there. Nothing prepared yet is
 * LAR_ENOINPUT. */
lar_status lar_report_open(lar_report *out, const lar_call *call, const lar_study *study,
                           const char *work);
/* The parts that a run has in hand; cases: NULL: what is recorded. */
lar_status lar_report_begin(lar_report *out, const lar_call *call, const lar_study *study,
                            const lar_cases *cases);
void lar_report_clear(lar_report *report);
/* With `draw` draws what older runs have not drawn, and with `score` scores the model where its
 * scores are not known, in so many bytes of memory (LAR_INT_AUTO: what there is). Failures are
 * warnings, but for LAR_ESTOPPED and LAR_EMEMORY. */
lar_status lar_report_fill(lar_report *report, bool draw, bool score, int64_t memory);
lar_status lar_report_write(lar_report *report, const char *path, bool force);
/* "work/report.html"; of the arena. */
const char *lar_report_path(lar_arena *arena, const char *work);
/* The text of the study as it is run, for later reports; a failure is a warning. */
void lar_report_keep_study(const lar_study *study, lar_arena *arena);

/* When to write a page again while something runs: not more than once in three seconds, and so
 * seldom that writing takes less than a thirtieth of the time. */
typedef struct lar_report_pace {
    double last_s, took_s;
    bool failed;      /* a warning was given; there is no second one */
    bool no_pictures; /* the same of small pictures, which are not tried again */
} lar_report_pace;
bool lar_report_is_due(const lar_report_pace *pace);
/* Writes at once; a failure is one warning. */
void lar_report_refresh(lar_report_pace *pace, lar_report *report);
/* The last page of a run that ended so, of all that lies in the work folder. The error of the run
 * stays the one that is told; what fails here is a warning. */
void lar_report_end(lar_report_pace *pace, const lar_call *call, const lar_study *study,
                    lar_status ended, bool score, int64_t memory);

/* ---- parts of the page ------------------------------------------------------------------- */

/* One step of the study, as the record of a preparation tells. */
typedef struct lar_report_step {
    const char *name, *method; /* "normalize", "zscore"; method NULL: none */
    bool spatial;
    const char *images; /* " t1 flair" */
} lar_report_step;
/* step: from 1; false after the last. Texts are of the arena. */
bool lar_report_step_at(lar_report_step *out, const lar_report *report, int64_t step);
int64_t lar_report_count(const lar_report *report, int state); /* cases of a lar_case_state */
const char *lar_report_time(lar_arena *arena, double seconds); /* since 1970; UTC */

void lar_report_add_status(lar_page *page, const lar_report *report);
void lar_report_add_doubtful(lar_page *page, lar_report *report); /* flagged and failed cases */
void lar_report_add_cases(lar_page *page, lar_report *report);
/* A table of the masks that were made; nothing where none was. */
void lar_report_add_strips(lar_page *page, const lar_report *report);
void lar_report_add_geometry(lar_page *page, const lar_report *report);
lar_status lar_report_add_histograms(lar_page *page, const lar_report *report);
lar_status lar_report_add_training(lar_page *page, const lar_report *report);
void lar_report_add_scores(lar_page *page, const lar_report *report);
void lar_report_add_study(lar_page *page, const lar_report *report);
lar_status lar_report_add_machine(lar_page *page);
/* Of the folder train, into the report; LAR_OK where there is none. */
lar_status lar_report_read_history(lar_report *report);
/* Reads the scores of the model as it is now, or makes them. */
lar_status lar_report_score(lar_report *report, bool may_compute, int64_t memory);

#endif
