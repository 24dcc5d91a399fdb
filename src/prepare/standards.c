/* What normalizers learned of a population, in the work folder and in model files.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "intensity/intensity.h"
#include "prepare/learn.h"

enum { STANDARD_MAX = 1 << 24 }; /* bytes of one file */

/* Whether a step's method learns from a population. */
static lar_status learns(bool *out, const lar_step *step, const lar_study *study, int64_t image)
{
    lar_normalizer *normalizer;
    const lar_status status = lar_normalize_new(&normalizer, step, study, image);
    *out = status == LAR_OK && lar_normalizer_passes(normalizer) > 0;
    if (status == LAR_OK) lar_normalizer_free(normalizer);
    return status;
}

lar_status lar_standards_new(lar_standards **out, const lar_study *study)
{
    lar_status status = LAR_OK;
    lar_arena *arena = NULL;

    *out = NULL;
    LAR_TRY(lar_arena_new(&arena));
    lar_standards *s = lar_arena_take(arena, 1, sizeof *s);
    lar_standard *at = lar_arena_take(arena, study->data.image_count, sizeof *at);
    if (!s || !at) {
        status = LAR_EMEMORY;
        goto done;
    }
    for (int64_t n = 0; n < study->step_count; n++)
        for (int64_t m = 0; m < study->data.image_count; m++) {
            const lar_step *step = &study->steps[n];
            bool wanted = false;
            if (!lar_step_is_normalize(step) || !step->on[m]) continue;
            LAR_TRY(learns(&wanted, step, study, m));
            if (!wanted) continue;
            /* an image is normalized once, so there is room */
            lar_standard *one = &at[s->count++];
            one->step = n;
            one->image = m;
            one->name =
                lar_arena_format(arena, "%lld_%s", (long long)n + 1, study->data.images[m].name);
            if (!one->name) {
                status = LAR_EMEMORY;
                goto done;
            }
        }
    s->at = at;
    s->arena = arena;
    *out = s;
    arena = NULL;
done:
    lar_arena_free(arena);
    return status;
}

void lar_standards_free(lar_standards *standards)
{
    if (!standards) return;
    for (int64_t n = 0; n < standards->count; n++) lar_normalizer_free(standards->at[n].normalizer);
    lar_arena_free(standards->arena);
}

const char *lar_standard_path(lar_arena *arena, const char *work, const lar_standard *standard,
                              const char *suffix)
{
    const char *name = lar_arena_format(arena, "prepared/fits/%s%s", standard->name, suffix);
    return name ? lar_path_join(arena, work, name) : NULL;
}

lar_status lar_standard_parse(lar_standard *standard, const lar_study *study, lar_arena *arena,
                              const char *text, const char *path)
{
    lar_normalizer *normalizer;
    const lar_normalize_params asked =
        lar_normalize_asked(&study->steps[standard->step], study, standard->image);
    lar_status status = lar_normalizer_parse(&normalizer, text, strlen(text), path);
    if (status != LAR_OK) return status;
    status = lar_normalizer_expect(normalizer, &asked, path);
    if (status != LAR_OK) {
        lar_normalizer_free(normalizer);
        return status;
    }
    lar_normalizer_free(standard->normalizer);
    standard->normalizer = normalizer;
    standard->text = lar_arena_text(arena, text, strlen(text));
    return standard->text ? LAR_OK : LAR_EMEMORY;
}

lar_status lar_standard_load(lar_standard *standard, const lar_study *study, lar_arena *arena,
                             const char *work)
{
    char *text = NULL;
    size_t length;
    const char *path = lar_standard_path(arena, work, standard, ".json");
    if (!path) return LAR_EMEMORY;
    lar_status status = lar_file_read(&text, &length, path, STANDARD_MAX);
    if (status == LAR_OK) status = lar_standard_parse(standard, study, arena, text, path);
    lar_free(text);
    return status;
}

const char *lar_standards_mark(const lar_standards *standards, lar_arena *arena)
{
    lar_text text = { 0 };
    for (int64_t n = 0; n < standards->count; n++) {
        uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
        for (const char *c = standards->at[n].text; c && *c; c++)
            hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
        lar_text_add(&text, "%s: %016" PRIx64 "\n", standards->at[n].name, hash);
    }
    const char *mark = text.failed ? NULL : lar_arena_text(arena, lar_text_get(&text), text.length);
    lar_text_clear(&text);
    return mark;
}

lar_status lar_standards_read(lar_standards *standards, const lar_study *study, const char *work,
                              const char *mark)
{
    lar_status status = LAR_OK;
    for (int64_t n = 0; n < standards->count; n++)
        LAR_TRY(lar_standard_load(&standards->at[n], study, standards->arena, work));
    const char *found = lar_standards_mark(standards, standards->arena);
    if (!found) return LAR_EMEMORY;
    if (!lar_text_is(found, mark)) {
        status = lar_fail(LAR_ENOINPUT,
                          "the volumes in '%s' were not prepared by the standards in "
                          "'%s/prepared/fits'",
                          work, work);
        lar_hint(status, "larmor prepare again");
    }
done:
    return status;
}

lar_status lar_standards_travel(const lar_standards *standards, const lar_study *study)
{
    for (int64_t n = 0; n < standards->count; n++) {
        const lar_step *step = &study->steps[standards->at[n].step];
        if (!lar_normalize_is_bound(step)) continue;
        const lar_status status = lar_fail(
            LAR_EUNSUPPORTED,
            "%s:%lld:%lld: '%s' is corrected by maps that lie on this cohort's own grid, so that a "
            "model of this study could not prepare a raw scan",
            study->name, (long long)step->line, (long long)step->column,
            study->data.images[standards->at[n].image].name);
        return lar_hint(status, "another method; 'larmor prepare' alone works with this one");
    }
    return LAR_OK;
}
