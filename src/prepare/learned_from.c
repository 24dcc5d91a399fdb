/* What a standard was learned from, as a text: the study's steps, and of each training subject what
 * is in the files of its scans, not what they are called or when they were written.
 * SPDX-License-Identifier: Apache-2.0 */
#include "prepare/learn.h"

typedef struct learning {
    const lar_study *study;
    const lar_cohort *cohort;
    const lar_cases *before; /* of an earlier run; NULL: none */
    const bool *needed;      /* images whose voxels the standard depends on */
    lar_arena *arena;
} learning;

static bool is_training(const learning *l, int64_t n)
{
    return l->cohort->subjects[n].split == LAR_TRAIN;
}

bool lar_learn_is_beyond(const char *path)
{
    lar_seen_file file;
    lar_memory memory;
    lar_memory_ask(&memory, "");
    return lar_file_look(&file, path) && memory.total > 0 && (double)file.bytes > memory.total;
}

/* As an earlier run recorded it of files that nobody has touched since. */
static bool was_recorded(char hex[LAR_SHA256_ROOM], const learning *l, const lar_subject *subject,
                         int64_t image)
{
    const lar_cases *before = l->before;
    for (int64_t c = 0; before && c < before->case_count; c++) {
        const lar_case_record *record = &before->cases[c];
        if (!lar_text_is(record->id, subject->id) || !lar_case_has_volumes(record->state)) continue;
        const lar_case_file *file = &record->files[image];
        bool same = file->from_count > 0 && lar_text_is(file->source, subject->paths[image]);
        for (int64_t n = 0; n < file->from_count && same; n++)
            same = lar_file_is_untouched(&file->from[n]);
        if (same) lar_seen_mark(hex, file->from, file->from_count);
        return same;
    }
    return false;
}

typedef struct marking {
    const learning *l;
    char (*marks)[LAR_SHA256_ROOM]; /* of each image of each subject; "" where not needed */
} marking;

static lar_status mark_some(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const marking *m = arg;
    const learning *l = m->l;
    (void)piece;
    for (int64_t n = begin; n < end; n++) {
        const lar_subject *subject = &l->cohort->subjects[n];
        for (int64_t i = 0; i < l->study->data.image_count; i++) {
            char *mark = m->marks[n * l->study->data.image_count + i];
            lar_seen seen = { 0 };
            if (!is_training(l, n) || !l->needed[i] || !subject->paths[i]) continue;
            if (was_recorded(mark, l, subject, i)) continue;
            if (!lar_learn_is_beyond(subject->paths[i]) &&
                lar_image_files(&seen, subject->paths[i]) == LAR_OK)
                lar_seen_mark(mark, seen.at, seen.count);
            else
                snprintf(mark, LAR_SHA256_ROOM, "not readable");
            lar_seen_clear(&seen);
        }
    }
    return LAR_OK;
}

const char *lar_learn_describe(const lar_study *study, const lar_cohort *cohort,
                               const lar_cases *before, const bool *needed, lar_arena *arena)
{
    const learning own = { study, cohort, before, needed, arena }, *l = &own;
    lar_text text = { 0 };
    const int64_t images = l->study->data.image_count;
    const marking m = { l, lar_arena_take(l->arena, l->cohort->subject_count * images + 1,
                                          sizeof *m.marks) };
    if (!m.marks || lar_parallel(l->cohort->subject_count, 1, mark_some, (void *)&m) != LAR_OK)
        return NULL;
    lar_text_add(&text, "%s", l->study->recipe);
    for (int64_t n = 0; n < l->cohort->subject_count; n++) {
        const lar_subject *subject = &l->cohort->subjects[n];
        if (!is_training(l, n)) continue;
        lar_text_add(&text, "learned from %s\n", subject->id);
        for (int64_t i = 0; i < images; i++)
            if (*m.marks[n * images + i])
                lar_text_add(&text, "  %s %s\n", l->study->data.images[i].name,
                             m.marks[n * images + i]);
        if (lar_data_trusts(&l->study->data, subject->id)) lar_text_add(&text, "  trusted\n");
    }
    const char *lines =
        text.failed ? NULL : lar_arena_text(l->arena, lar_text_get(&text), text.length);
    lar_text_clear(&text);
    return lines;
}
