/* A folder of phantoms: scans, the truth beside them, and a study.
 * SPDX-License-Identifier: Apache-2.0 */
#include "filter/phantom.h"
#include "image/image.h"

/* The name under which a contrast's files are known. */
static const char *suffix_of(const char *contrast)
{
    static const char *const suffixes[] = { "T1", "T2", "PD", "FLAIR", "CT" };
    for (int n = 0; lar_phantom_contrasts[n]; n++)
        if (lar_text_is(lar_phantom_contrasts[n], contrast)) return suffixes[n];
    return contrast;
}

typedef struct cohort {
    const char *folder;
    const lar_phantom_params *params;
    phantom_contrast contrasts[PH_CONTRAST_COUNT];
    int64_t contrast_count, subjects;
    bool force;
    lar_arena *arena;
} cohort;

static char *subject_path(const cohort *c, const char *room, int64_t subject, const char *rest)
{
    return lar_arena_format(c->arena, "%s/%s/sub-%02lld%s", c->folder, room, (long long)subject,
                            rest);
}

static lar_status refuse(const char *path, bool force)
{
    if (!path) return LAR_EMEMORY;
    if (force || !lar_path_exists(path)) return LAR_OK;
    const lar_status status = lar_fail(LAR_EEXISTS, "'%s' exists already", path);
    return lar_hint(status, "--force to replace it, or another folder");
}

/* Nothing is written where something would be in the way. */
static lar_status check_targets(const cohort *c)
{
    lar_status status = LAR_OK;
    LAR_TRY(refuse(lar_path_join(c->arena, c->folder, "study.yaml"), c->force));
    LAR_TRY(refuse(lar_path_join(c->arena, c->folder, "truth/tissues.tsv"), c->force));
    for (int64_t subject = 1; subject <= c->subjects; subject++) {
        LAR_TRY(refuse(subject_path(c, "truth", subject, ".json"), c->force));
        for (int64_t n = 0; n < c->contrast_count; n++) {
            const char *name = lar_phantom_contrasts[c->contrasts[n]];
            char rest[32];
            snprintf(rest, sizeof rest, "_%s.nii.gz", suffix_of(name));
            LAR_TRY(refuse(subject_path(c, name, subject, rest), c->force));
        }
    }
done:
    return status;
}

static lar_status make_folders(const cohort *c)
{
    lar_status status = LAR_OK;
    LAR_TRY(lar_folder_make(c->folder));
    for (int64_t n = -1; n < c->contrast_count; n++) {
        const char *name = n < 0 ? "truth" : lar_phantom_contrasts[c->contrasts[n]];
        const char *path = lar_path_join(c->arena, c->folder, name);
        if (!path) return LAR_EMEMORY;
        LAR_TRY(lar_folder_make(path));
    }
done:
    return status;
}

static lar_status write_text(const char *path, lar_text *text, bool force)
{
    if (!path || text->failed) return LAR_EMEMORY;
    return lar_file_write(path, lar_text_get(text), text->length, force);
}

static lar_status write_image(const lar_image *image, const char *path, bool force)
{
    return path ? lar_image_write(image, path, force) : LAR_EMEMORY;
}

static lar_status write_subject(const cohort *c, const lar_phantom *phantom)
{
    lar_status status = LAR_OK;
    lar_text text = { 0 };
    const int64_t subject = phantom->subject;

    for (int64_t n = 0; n < phantom->scan_count; n++) {
        const lar_phantom_scan *scan = &phantom->scans[n];
        char rest[32];
        snprintf(rest, sizeof rest, "_%s.nii.gz", suffix_of(scan->contrast));
        LAR_TRY(write_image(scan->image, subject_path(c, scan->contrast, subject, rest), c->force));
        if (!scan->bias) continue;
        snprintf(rest, sizeof rest, "_%s_bias.nii.gz", scan->contrast);
        LAR_TRY(write_image(scan->bias, subject_path(c, "truth", subject, rest), c->force));
    }
    LAR_TRY(write_image(phantom->labels, subject_path(c, "truth", subject, "_labels.nii.gz"),
                        c->force));
    LAR_TRY(
        write_image(phantom->brain, subject_path(c, "truth", subject, "_brain.nii.gz"), c->force));
    lar_phantom_truth_text(&text, phantom, c->params);
    LAR_TRY(write_text(subject_path(c, "truth", subject, ".json"), &text, c->force));
done:
    lar_text_clear(&text);
    return status;
}

static lar_status write_shared(const cohort *c, const lar_phantom *first)
{
    lar_status status = LAR_OK;
    lar_text table = { 0 }, study = { 0 };

    lar_text_add(&table, "label\ttissue\tbrain\n");
    for (int64_t t = 0; t < first->tissue_count; t++)
        lar_text_add(&table, "%lld\t%s\t%d\n", (long long)t, first->tissues[t].name,
                     lar_phantom_is_brain((int)t));
    LAR_TRY(write_text(lar_path_join(c->arena, c->folder, "truth/tissues.tsv"), &table, c->force));
    if (c->contrast_count > 1 && c->subjects > 1) {
        lar_phantom_study_text(&study, first, c->params, c->subjects);
        LAR_TRY(write_text(lar_path_join(c->arena, c->folder, "study.yaml"), &study, c->force));
    }
done:
    lar_text_clear(&table);
    lar_text_clear(&study);
    return status;
}

lar_status lar_phantom_cohort(const char *folder, const lar_phantom_params *params,
                              int64_t subjects, bool force, lar_progress progress)
{
    lar_status status = LAR_OK;
    lar_phantom *phantom = NULL;
    cohort c = { .folder = folder, .params = params, .subjects = subjects, .force = force };

    if (subjects < 1 || subjects > 9999)
        return lar_fail(LAR_EARGUMENT, "%lld subjects, expected 1 to 9999", (long long)subjects);
    LAR_TRY(lar_arena_new(&c.arena));
    LAR_TRY(lar_phantom_contrast_list(c.contrasts, &c.contrast_count, params->contrasts));
    LAR_TRY(check_targets(&c));
    for (int64_t subject = 1; subject <= subjects; subject++) {
        char stage[32];
        snprintf(stage, sizeof stage, "subject %lld", (long long)subject);
        if (!lar_progress_say(progress, stage, (double)(subject - 1) / (double)subjects)) {
            status = lar_fail(LAR_ESTOPPED, "stopped before subject %lld", (long long)subject);
            goto done;
        }
        LAR_TRY(lar_phantom_subject(&phantom, params, subject));
        if (subject == 1) LAR_TRY(make_folders(&c)); /* the parameters are good */
        LAR_TRY(write_subject(&c, phantom));
        if (subject == subjects) LAR_TRY(write_shared(&c, phantom));
        lar_phantom_free(phantom);
        phantom = NULL;
    }
done:
    lar_phantom_free(phantom);
    lar_arena_free(c.arena);
    return status;
}
