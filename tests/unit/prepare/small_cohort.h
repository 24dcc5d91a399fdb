/* A cohort in a folder of its own, for tests that prepare one.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_SMALL_COHORT_H
#define LAR_SMALL_COHORT_H

#include "small_scans.h"

static char root[64];

static inline const char *in_root(const char *name)
{
    static char path[8][256];
    static int turn;
    char *at = path[turn++ % 8];
    snprintf(at, sizeof path[0], "%s/%s", root, name);
    return at;
}

static inline void root_make(void)
{
    snprintf(root, sizeof root, "%s", check_folder());
}

static inline int cohort_remove(void **state)
{
    (void)state;
    check_folder_remove(root);
    return 0;
}

static inline lar_status cohort_run(lar_prepare_report *report, const char *text, bool force)
{
    lar_study *study = small_study(text, root);
    const lar_prepare_params params = { .force = force, .memory = LAR_INT_AUTO };
    const lar_status status = lar_prepare_cohort(report, study, &params, NULL, (lar_progress){ 0 });
    lar_study_free(study);
    return status;
}

static inline lar_status cohort_open(lar_prepared **out, const char *text)
{
    lar_study *study = small_study(text, root);
    const lar_status status = lar_study_prepared(out, study);
    lar_study_free(study);
    return status;
}

/* Of a cohort in which no case fails. */
static inline void cohort_counts(const lar_prepare_report *report, int64_t done, int64_t kept,
                                 int64_t flagged)
{
    assert_int_equal(report->done, done);
    assert_int_equal(report->kept, kept);
    assert_int_equal(report->failed, 0);
    assert_int_equal(report->flagged, flagged);
}

#endif
