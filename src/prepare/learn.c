/* Before a cohort is prepared: what its normalizers learn from the training subjects, and from no
 * other, so that nothing of the held-out scans reaches a model. One image is in memory at a time
 * (with the masks and the T1 that its steps read). Beside each standard lies a text that says what
 * it was learned from; while that stays the same, the standard is not learned again.
 * SPDX-License-Identifier: Apache-2.0 */
#include "prepare/learn.h"

enum { TEXT_MAX = 1 << 24 }; /* bytes */

typedef struct learning {
    const lar_study *study;
    const lar_cohort *cohort;
    const lar_cases *before; /* of an earlier run; NULL: none */
    lar_standards *standards;
    lar_standard *standard;
    bool needed[LAR_IMAGES_MAX]; /* images whose voxels it depends on */
    const char **left_out;       /* of each subject: why; NULL: it takes part */
    lar_arena *arena;
    lar_progress progress;
} learning;

/* Whether the step is a registration that moves some of the needed images and not the others: it
 * says where one lies in the other. */
static bool lies_between(const learning *l, const lar_step *step)
{
    bool moved = false, stays = false;
    for (int64_t n = 0; n < l->study->data.image_count; n++) {
        moved |= l->needed[n] && lar_step_moves(step, n);
        stays |= l->needed[n] && !lar_step_moves(step, n);
    }
    return moved && stays;
}

/* The images that the steps up to the standard's read, from the last to the first. */
static void find_needed(learning *l)
{
    memset(l->needed, 0, sizeof l->needed);
    l->needed[l->standard->image] = true;
    for (int64_t s = l->standard->step; s >= 0; s--) {
        const lar_step *step = &l->study->steps[s];
        bool runs = false;
        if (step->kind->spatial && !lies_between(l, step)) continue;
        for (int64_t n = 0; n < l->study->data.image_count; n++)
            runs |= step->on[n] && l->needed[n];
        if (runs && step->kind->uses) step->kind->uses(step, &l->study->data, l->needed);
    }
}

static bool is_training(const learning *l, int64_t n)
{
    return l->cohort->subjects[n].split == LAR_TRAIN;
}

/* ---- what it was learned from --------------------------------------------------------- */

static const char *const left_out_words = "left out ";

/* Whether the file says the same, and then only who was left out. */
static bool is_same(const char *path, const char *lines)
{
    char *before = NULL;
    size_t length;
    bool same = lar_path_exists(path) &&
                lar_file_read(&before, &length, path, TEXT_MAX) == LAR_OK &&
                lar_text_starts(before, lines);
    if (same) {
        const char *rest = before + strlen(lines);
        same = !*rest || lar_text_starts(rest, left_out_words);
    }
    lar_free(before);
    return same;
}

/* ---- one subject ----------------------------------------------------------------------- */

/* Where one image does not lie on the other, nothing is learned of one through the other. */
static lar_status refuse_doubt(const lar_pass *pass, const char *id, lar_arena *arena)
{
    lar_case_findings found = { 0 };
    lar_text doubt = { 0 };
    lar_status status = lar_register_record(&found, pass->study, pass->maps, arena);
    if (status == LAR_OK) status = lar_strip_findings(&found, pass->study, pass->strips, arena);
    if (status == LAR_OK && !lar_data_trusts(&pass->study->data, id) &&
        lar_case_doubt(&doubt, &found))
        status = lar_fail(LAR_ENUMERIC, "%s", lar_text_get(&doubt));
    lar_text_clear(&doubt);
    return status;
}

static lar_status show(const learning *l, const lar_subject *subject, lar_normalizer *normalizer)
{
    lar_status status = LAR_OK;
    const lar_study *study = l->study;
    const lar_step *step = &study->steps[l->standard->step];
    const int64_t image = l->standard->image;
    lar_image *images[LAR_IMAGES_MAX] = { NULL };
    lar_grid targets[LAR_IMAGES_MAX] = { 0 }, raw;
    lar_fit fits[LAR_IMAGES_MAX] = { 0 };
    lar_shown shown = { 0 };
    lar_pass pass = { .study = study,
                      .images = images,
                      .targets = targets,
                      .fits = fits,
                      .standards = l->standards,
                      .native = true };
    lar_arena *arena = NULL;

    LAR_TRY(lar_arena_new(&arena));
    pass.maps = lar_arena_take(arena, study->step_count, sizeof *pass.maps);
    pass.strips = lar_arena_take(arena, study->step_count, sizeof *pass.strips);
    if (!pass.maps || !pass.strips) {
        status = LAR_EMEMORY;
        goto done;
    }
    for (int64_t n = 0; n < study->data.image_count; n++) {
        if (!l->needed[n]) continue;
        if (study->data.images[n].made_of) {
            targets[n] = targets[lar_step_follows(&study->data, n)];
            continue;
        }
        if (lar_learn_is_beyond(subject->paths[n])) {
            status = lar_fail(LAR_EUNSUPPORTED, "case '%s': '%s' is larger than all memory",
                              subject->id, study->data.images[n].name);
            goto done;
        }
        LAR_TRY(lar_prepare_read(&images[n], &raw, &study->data.images[n], subject->id,
                                 subject->paths[n]));
        targets[n] = images[n]->grid;
    }
    LAR_TRY(lar_pass_run(&pass, l->standard->step, true));
    LAR_TRY(refuse_doubt(&pass, subject->id, arena));
    status = lar_normalize_show(&shown, step, &pass, image);
    if (status == LAR_OK)
        status = lar_normalizer_learn(normalizer, images[image], shown.mask, shown.tissue);
    if (status != LAR_OK)
        lar_while(status, "step %lld, %s, cannot learn from '%s'", (long long)l->standard->step + 1,
                  step->kind->name, study->data.images[image].name);
done:
    lar_shown_clear(&shown);
    for (int64_t n = 0; n < study->data.image_count; n++) lar_image_free(images[n]);
    for (int64_t s = 0; pass.maps && s < study->step_count; s++)
        lar_registration_free(pass.maps[s]);
    lar_arena_free(arena);
    return status;
}

/* ---- one standard ---------------------------------------------------------------------- */

static lar_status show_all(const learning *l, lar_normalizer *normalizer)
{
    int64_t done = 0, all = 0;
    const char *name = l->study->data.images[l->standard->image].name;
    for (int64_t n = 0; n < l->cohort->subject_count; n++) all += is_training(l, n);
    for (int64_t n = 0; n < l->cohort->subject_count; n++) {
        const lar_subject *subject = &l->cohort->subjects[n];
        char stage[160];
        if (!is_training(l, n)) continue;
        snprintf(stage, sizeof stage, "learn %s of %s, %s, %lld of %lld",
                 lar_normalizer_method_name(normalizer), name, subject->id, (long long)done + 1,
                 (long long)all);
        if (!lar_progress_say(l->progress, stage, (double)done / (double)all))
            return lar_fail(LAR_ESTOPPED, "stopped before it learned from '%s'; run again to go on",
                            subject->id);
        done++;
        if (l->left_out[n]) continue;
        const lar_status status = show(l, subject, normalizer);
        if (status == LAR_OK) continue;
        if (status == LAR_EMEMORY) return status;
        lar_while(status, "case '%s' is left out of the standard of '%s'", subject->id, name);
        l->left_out[n] = lar_reason(l->arena);
        if (!l->left_out[n]) return LAR_EMEMORY;
        lar_log(LAR_LOG_WARNING, "%s", l->left_out[n]);
    }
    return LAR_OK;
}

static lar_status learn_one(const learning *l)
{
    lar_status status = LAR_OK;
    lar_normalizer *normalizer = NULL;
    LAR_TRY(lar_normalize_new(&normalizer, &l->study->steps[l->standard->step], l->study,
                              l->standard->image));
    while (lar_normalizer_passes(normalizer) > 0) {
        LAR_TRY(show_all(l, normalizer));
        status = lar_normalizer_end_pass(normalizer);
        if (status != LAR_OK) {
            lar_while(status, "no standard of '%s' can be learned from the training subjects",
                      l->study->data.images[l->standard->image].name);
            goto done;
        }
    }
    const char *path = lar_standard_path(l->arena, l->study->work, l->standard, ".json");
    const char *folder = path ? lar_path_folder(l->arena, path) : NULL;
    if (!folder) {
        status = LAR_EMEMORY;
        goto done;
    }
    LAR_TRY(lar_folder_make(folder));
    LAR_TRY(lar_normalizer_write(normalizer, path, true));
    LAR_TRY(lar_standard_load(l->standard, l->study, l->standards->arena, l->study->work));
done:
    lar_normalizer_free(normalizer);
    return status;
}

/* After the standard itself: a run that is killed in between learns it again. */
static lar_status write_lines(const learning *l, const char *path, const char *lines)
{
    lar_text text = { 0 };
    int64_t count = 0;
    lar_text_add(&text, "%s", lines);
    for (int64_t n = 0; n < l->cohort->subject_count; n++) {
        if (l->left_out[n])
            lar_text_add(&text, "%s%s: %s\n", left_out_words, l->cohort->subjects[n].id,
                         l->left_out[n]);
        else
            count += is_training(l, n);
    }
    const lar_status status =
        text.failed ? LAR_EMEMORY : lar_file_write(path, lar_text_get(&text), text.length, true);
    lar_text_clear(&text);
    lar_log(LAR_LOG_DETAIL, "%s of '%s' is learned from %lld training subjects",
            lar_normalizer_method_name(l->standard->normalizer),
            l->study->data.images[l->standard->image].name, (long long)count);
    return status;
}

/* What an earlier run learned of the same; *lines: what it is learned of, of the arena. */
static lar_status find_standard(bool *out, learning *l, const char *path, const char **lines)
{
    find_needed(l);
    *out = false;
    *lines = lar_learn_describe(l->study, l->cohort, l->before, l->needed, l->arena);
    if (!path || !*lines) return LAR_EMEMORY;
    *out = is_same(path, *lines) &&
           lar_standard_load(l->standard, l->study, l->standards->arena, l->study->work) == LAR_OK;
    return LAR_OK;
}

static lar_status make_standard(learning *l, bool force)
{
    lar_status status = LAR_OK;
    const char *lines, *path = lar_standard_path(l->arena, l->study->work, l->standard, ".txt");
    bool found;
    memset(l->left_out, 0, (size_t)l->cohort->subject_count * sizeof *l->left_out);
    LAR_TRY(find_standard(&found, l, path, &lines));
    if (found && !force) return LAR_OK;
    LAR_TRY(lar_file_remove(path));
    LAR_TRY(learn_one(l));
    status = write_lines(l, path, lines);
done:
    return status;
}

lar_status lar_standards_learn(lar_standards *standards, const lar_study *study,
                               const lar_cohort *cohort, const lar_cases *before, bool force,
                               lar_progress progress)
{
    lar_status status = LAR_OK;
    learning l = { .study = study,
                   .cohort = cohort,
                   .before = before,
                   .standards = standards,
                   .progress = progress };

    LAR_TRY(lar_arena_new(&l.arena));
    l.left_out = lar_arena_take(l.arena, cohort->subject_count, sizeof *l.left_out);
    if (!l.left_out) {
        status = LAR_EMEMORY;
        goto done;
    }
    for (int64_t n = 0; n < standards->count && status == LAR_OK; n++) {
        l.standard = &standards->at[n];
        status = make_standard(&l, force);
    }
done:
    lar_arena_free(l.arena);
    return status;
}

lar_status lar_standards_are_learned(bool *out, lar_standards *standards, const lar_study *study,
                                     const lar_cohort *cohort, const lar_cases *before)
{
    lar_status status = LAR_OK;
    learning l = { .study = study, .cohort = cohort, .before = before, .standards = standards };

    *out = true;
    LAR_TRY(lar_arena_new(&l.arena));
    for (int64_t n = 0; n < standards->count && status == LAR_OK && *out; n++) {
        const char *lines;
        l.standard = &standards->at[n];
        status = find_standard(out, &l, lar_standard_path(l.arena, study->work, l.standard, ".txt"),
                               &lines);
    }
done:
    lar_arena_free(l.arena);
    return status;
}
