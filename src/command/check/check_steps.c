/* What prepare would do: each step to the first case, what it learns, and how large all cases end.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/check/check_words.h"
#include "image/image.h"

/* "  2 resample   t1 flair: 96x112x80, 2x2x2 mm, RAS": images that end alike share a line. */
static void add_grids(lar_text *out, const lar_study *study, const char *step, const bool *on,
                      const lar_grid *grids, const char *more)
{
    bool said[LAR_IMAGES_MAX] = { false };
    for (int64_t m = 0; m < study->data.image_count; m++) {
        char words[LAR_CHECK_WORDS], other[LAR_CHECK_WORDS];
        if (!on[m] || said[m]) continue;
        lar_grid_words(&grids[m], words, sizeof words);
        lar_text_add(out, "  %-14s %s", step, study->data.images[m].name);
        for (int64_t n = m + 1; n < study->data.image_count; n++) {
            lar_grid_words(&grids[n], other, sizeof other);
            if (!on[n] || !lar_text_is(words, other)) continue;
            lar_text_add(out, " %s", study->data.images[n].name);
            said[n] = true;
        }
        lar_text_add(out, ": %s%s\n", words, more);
    }
}

/* What each step does to the first case that can be prepared. */
void lar_check_add_steps(lar_text *out, const lar_study *study, const lar_check *check)
{
    int64_t first = 0;
    bool all[LAR_IMAGES_MAX];
    lar_grid raw[LAR_IMAGES_MAX], grids[LAR_IMAGES_MAX];
    while (first < check->cohort->subject_count && check->cases[first].reason) first++;
    if (first == check->cohort->subject_count) return;
    const lar_grid *boxes = check->cases[first].boxes;
    for (int64_t m = 0; m < study->data.image_count; m++) {
        raw[m] = check->cases[first].scans[m].raw;
        all[m] = m < lar_data_scans(&study->data);
    }
    if (lar_prepare_grids(grids, study, raw, boxes, 0, true) != LAR_OK) return;
    lar_text_add(out, "\nsteps, on %s\n", check->cases[first].id);
    add_grids(out, study, "0 seen as RAS", all, grids, "");
    for (int64_t s = 0; s < study->step_count; s++) {
        const lar_step *step = &study->steps[s];
        char name[64];
        snprintf(name, sizeof name, "%lld %s", (long long)s + 1, step->kind->name);
        if (step->kind->spatial) {
            if (lar_prepare_grids(grids, study, raw, boxes, s + 1, true) != LAR_OK) return;
            char more[160] = "";
            const char *later = lar_step_waits(step, study)
                                    ? "before it is cropped to the mask, which prepare makes"
                                    : step->kind->later;
            if (step->only_training || later)
                snprintf(more, sizeof more, " (%s%s%s)", step->only_training ? "training only" : "",
                         step->only_training && later ? "; " : "", later ? later : "");
            add_grids(out, study, name, step->on, grids, more);
            continue;
        }
        lar_text_add(out, "  %-14s", name);
        if (step->kind->words) {
            step->kind->words(out, step, study);
            lar_text_add(out, "\n");
            continue;
        }
        for (int64_t m = 0; m < study->data.image_count; m++)
            if (step->on[m]) lar_text_add(out, " %s", study->data.images[m].name);
        lar_text_add(out, ": intensities\n");
    }
}

/* What prepare would learn before it begins. */
void lar_check_add_standards(lar_text *out, const lar_study *study, const lar_check *check)
{
    for (int64_t n = 0; n < check->standards->count; n++) {
        const lar_standard *standard = &check->standards->at[n];
        const int64_t count = lar_check_training(check);
        lar_text_add(out, "%s  step %lld learns from '%s' of %lld training subject%s\n",
                     n ? "" : "\n", (long long)standard->step + 1,
                     study->data.images[standard->image].name, (long long)count,
                     count == 1 ? "" : "s");
    }
    if (check->standards->count && lar_standards_travel(check->standards, study) != LAR_OK)
        lar_text_add(out, "warning: %s\n", lar_error());
}

/* "  from 96x112x80 to 181x217x181": along each axis. */
static void add_size_range(lar_text *out, const lar_check *check)
{
    char low[LAR_CHECK_WORDS], high[LAR_CHECK_WORDS];
    int64_t least[3] = { 0 };
    for (int64_t n = 0; n < check->cohort->subject_count; n++)
        for (int a = 0; a < 3 && !check->cases[n].reason; a++) {
            const int64_t size = check->cases[n].grid.size[a];
            if (least[a] == 0 || size < least[a]) least[a] = size;
        }
    lar_check_size_words(low, least);
    lar_check_size_words(high, check->largest);
    lar_text_add(out, "  along each axis from %s to %s (--all lists each case)\n", low, high);
}

void lar_check_add_sizes(lar_text *out, const lar_study *study, const lar_check *check, bool all)
{
    char size[LAR_CHECK_WORDS];
    if (check->largest[0] == 0) return;
    for (int64_t s = 0; s < study->step_count; s++)
        if (lar_step_waits(&study->steps[s], study)) {
            lar_text_add(out, "\nprepared: as large as the masks that prepare makes\n");
            return;
        }
    lar_check_size_words(size, check->largest);
    if (check->equal) {
        lar_text_add(out, "\nprepared: %s in every case\n", size);
        return;
    }
    lar_text_add(out, "\nprepared sizes differ:\n");
    if (!all && check->cohort->subject_count > LAR_CHECK_FEW) {
        add_size_range(out, check);
    } else
        for (int64_t n = 0; n < check->cohort->subject_count; n++) {
            if (check->cases[n].reason) continue;
            lar_check_size_words(size, check->cases[n].grid.size);
            lar_text_add(out, "  %s %s\n", check->cases[n].id, size);
        }
    if (study->train.batch > 1 && !study->train.accumulate)
        lar_text_add(out,
                     "warning: a batch of %lld needs one size; try the step '- fit: {size: [%lld, "
                     "%lld, %lld], when: training}', or 'accumulate: yes' in train\n",
                     (long long)study->train.batch, (long long)check->largest[0],
                     (long long)check->largest[1], (long long)check->largest[2]);
}
