/* Scans that are twice among prepared cases, by the marks that were taken when they were read.
 * SPDX-License-Identifier: Apache-2.0 */
#include "data/data.h"

/* The cases that are used, as a cohort: its scans are the recorded sources. What is flagged trains
 * nothing and is not scored. */
static lar_cohort *view_of(const lar_cases *cases, const int64_t **index, lar_arena *arena)
{
    lar_cohort *view = lar_arena_take(arena, 1, sizeof *view);
    lar_subject *subjects = lar_arena_take(arena, cases->case_count, sizeof *subjects);
    int64_t *from = lar_arena_take(arena, cases->case_count, sizeof *from);
    if (!view || !subjects || !from) return NULL;
    view->images = cases->images;
    while (view->image_count < cases->image_count && !cases->images[view->image_count].made_of)
        view->image_count++; /* made ones come last */
    for (int64_t n = 0; n < cases->case_count; n++) {
        const lar_case_record *record = &cases->cases[n];
        if (record->state != LAR_CASE_DONE) continue;
        const char **paths = lar_arena_take(arena, view->image_count, sizeof *paths);
        if (!paths) return NULL;
        for (int64_t m = 0; m < view->image_count; m++) paths[m] = record->files[m].source;
        from[view->subject_count] = n;
        subjects[view->subject_count++] =
            (lar_subject){ .id = record->id,
                           .subject = record->subject ? record->subject : record->id,
                           .split = record->split,
                           .paths = paths };
    }
    view->subjects = subjects;
    *index = from;
    return view;
}

lar_status lar_cases_judge_twins(const lar_cases *cases, const lar_data_params *data)
{
    lar_status status = LAR_OK;
    lar_arena *arena = NULL;
    lar_marks *marks = NULL;
    const int64_t *index;

    LAR_TRY(lar_arena_new(&arena));
    const lar_cohort *view = view_of(cases, &index, arena);
    if (!view) {
        status = LAR_EMEMORY;
        goto done;
    }
    LAR_TRY(lar_marks_new(&marks, view));
    for (int64_t n = 0; n < view->subject_count; n++)
        for (int64_t m = 0; m < view->image_count; m++)
            lar_marks_put(marks, n, m, cases->cases[index[n]].files[m].mark);
    status = lar_marks_judge(marks, data);
done:
    lar_marks_free(marks);
    lar_arena_free(arena);
    return status;
}
