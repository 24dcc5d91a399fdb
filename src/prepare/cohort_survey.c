/* What the headers tell of a cohort before anything runs.
 * SPDX-License-Identifier: Apache-2.0 */
#include "prepare/cohort_pass.h"

static void survey_case(const lar_cohort_pass *p, lar_cohort_case *c)
{
    const lar_study *study = p->study;
    bool readable = true;
    for (int64_t m = 0; m < lar_data_scans(&study->data); m++) {
        lar_image_about about;
        if (lar_image_read_header(&about, c->subject->paths[m]) == LAR_OK)
            c->raw[m] = about.grid;
        else
            readable = false;
        lar_image_about_clear(&about);
    }
    c->known = readable &&
               lar_prepare_grids(c->ends, study, c->raw, NULL, study->step_count, true) == LAR_OK;
    c->agrees = c->known && lar_prepare_agree(study, c->subject->id, c->ends) == LAR_OK;
    for (int64_t m = 0; m < study->data.image_count && !c->known; m++) c->ends[m] = (lar_grid){ 0 };
    c->memory = lar_prepare_memory(study, c->raw, c->ends);
    for (int64_t m = 0; m < study->data.image_count; m++) {
        const double voxels =
            (double)c->ends[m].size[0] * (double)c->ends[m].size[1] * (double)c->ends[m].size[2];
        const bool measured = lar_role_is_measured(study->data.images[m].role);
        c->held += 4 * voxels; /* and as much again of a mask that was made */
        c->disk += (measured ? 4 : 1) * voxels;
    }
    if (c->held > c->memory) c->held = c->memory;
}

static lar_status survey_some(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    lar_cohort_pass *p = arg;
    (void)piece;
    for (int64_t n = begin; n < end; n++) survey_case(p, &p->cases[n]);
    return LAR_OK;
}

lar_status lar_cohort_survey(lar_cohort_pass *p)
{
    lar_status status = LAR_OK;
    const int64_t count = p->cohort->subject_count, images = p->study->data.image_count;
    int64_t known = 0, agree = 0, first = -1;
    p->cases = lar_arena_take(p->arena, count, sizeof *p->cases);
    if (!p->cases) return LAR_EMEMORY;
    for (int64_t n = 0; n < count; n++) {
        lar_cohort_case *c = &p->cases[n];
        c->subject = &p->cohort->subjects[n];
        c->raw = lar_arena_take(p->arena, images, sizeof *c->raw);
        c->ends = lar_arena_take(p->arena, images, sizeof *c->ends);
        c->seen = lar_arena_take(p->arena, images, sizeof *c->seen);
        if (!c->raw || !c->ends || !c->seen) return LAR_EMEMORY;
    }
    LAR_TRY(lar_parallel(count, 1, survey_some, p));
    for (int64_t n = 0; n < count; n++) {
        known += p->cases[n].known;
        agree += p->cases[n].agrees;
        if (first < 0 && p->cases[n].known && !p->cases[n].agrees) first = n;
    }
    if (known == 0 || agree > 0) return LAR_OK; /* some fail by themselves */
    status = lar_prepare_agree(p->study, p->cases[first].subject->id, p->cases[first].ends);
done:
    return status;
}
