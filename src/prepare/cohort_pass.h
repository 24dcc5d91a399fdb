/* A whole cohort on its way: what is known of each case before anything runs, what is kept of an
 * earlier run, who computes what at the same time, what is written. Of the room prepare.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_COHORT_PASS_H
#define LAR_COHORT_PASS_H

#include "prepare/pass.h"

/* One case before it is prepared. */
typedef struct lar_cohort_case {
    const lar_subject *subject;
    lar_grid *raw, *ends; /* of each image: by its header, and by the steps; size 0: not known */
    bool known;           /* `ends` are, though perhaps larger than in the end */
    bool agrees;          /* they are one grid */
    double memory;        /* bytes while it is prepared */
    double held;          /* of these, until it is written */
    double disk;          /* of its volumes */
    const lar_case_record *before; /* of an earlier run; NULL: none */
    int todo;                      /* lar_todo */
    bool damaged;                  /* a volume of the earlier run is not what was written */
    char why[200];                 /* it is prepared again */
    lar_seen *seen; /* of each image: its files, where they had to be looked into; else empty */
} lar_cohort_case;

typedef struct lar_cohort_pass {
    const lar_study *study;
    lar_prepare_params params;
    const lar_cohort *cohort;
    lar_standards *standards;
    lar_arena *arena;
    lar_cases record; /* its arena is not used */
    const char *record_path;
    double recorded_s;      /* when it was written last; 0: not yet */
    lar_cohort_case *cases; /* cohort->subject_count */
    lar_cases *before;      /* NULL: nothing to keep */
    lar_prepare_report *report;
    const lar_prepare_watch *watch; /* NULL: nobody looks on */
    lar_progress progress;
} lar_cohort_pass;

/* ---- before anything runs ---------------------------------------------------------------- */

/* Headers: grids, memory, disk. LAR_EGEOMETRY where no case that can be read would end on one grid;
 * where some would not, they fail by themselves. */
lar_status lar_cohort_survey(lar_cohort_pass *p);
/* Whether each case has to be prepared: what an earlier run made of the same bytes, and nobody
 * changed since, is kept. */
lar_status lar_cohort_look(lar_cohort_pass *p);
/* All of what an earlier run made is prepared again. */
void lar_cohort_again(lar_cohort_pass *p, const char *why);
/* The cases that are kept, into the record. */
lar_status lar_cohort_keep(lar_cohort_pass *p);

/* Bytes that a case needs while it is prepared, at most, by the grids of its scans and of its
 * prepared volumes (size 0: not known). */
double lar_prepare_memory(const lar_study *study, const lar_grid *raw, const lar_grid *ends);
/* What may be taken, by params and the machine. */
double lar_cohort_memory(const lar_cohort_pass *p);

/* ---- cases ------------------------------------------------------------------------------- */

/* All cases that are not kept. */
lar_status lar_cohort_run(lar_cohort_pass *p);
/* A case that is prepared, and the files that each image was read from, to where it belongs. */
lar_status lar_cohort_write(lar_cohort_pass *p, int64_t index, lar_case *prepared,
                            const lar_seen *seen);
/* A case that failed, as lar_error() says. */
lar_status lar_cohort_fail(lar_cohort_pass *p, int64_t index);
/* Doubtful cases are flagged, but those that the study trusts. */
lar_status lar_cohort_judge(const lar_cohort_pass *p, lar_case_record *record);
/* "work/prepared/Subj1/t1.nii" of the arena. */
const char *lar_cohort_volume(const lar_cohort_pass *p, lar_arena *arena,
                              const lar_case_record *record, int64_t image, bool flagged);
/* Writes cases.json; where not `now`, at most once a second. */
lar_status lar_cohort_record(lar_cohort_pass *p, bool now);
/* Who looks on is told that the case has ended; -1: that it begins. */
void lar_cohort_tell(const lar_cohort_pass *p, int64_t index, const lar_case *prepared);

/* ---- provenance -------------------------------------------------------------------------- */

/* Writes the JSON beside each volume of a case where it is not there as it should be. */
lar_status lar_provenance_write(const lar_cohort_pass *p, const lar_case_record *record);
const char *lar_provenance_path(const lar_cohort_pass *p, lar_arena *arena,
                                const lar_case_record *record, int64_t image, bool flagged);

#endif
