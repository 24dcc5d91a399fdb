/* Prepared volumes, as a training reads them: opened once, mapped one by one.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>

#include "data/data.h"
#include "format/format.h"
#include "image/image.h"

static lar_status compare(const char *path, const char *before, const char *now)
{
    lar_text difference = { 0 };
    if (!now || !lar_lines_differ(&difference, before, now)) return LAR_OK;
    lar_fail(LAR_EARGUMENT, "'%s' was prepared by another study: %s", path,
             lar_text_get(&difference));
    lar_text_clear(&difference);
    return LAR_EARGUMENT;
}

static lar_status list_cases(lar_prepared *prepared, const lar_cases *cases)
{
    lar_arena *arena = prepared->arena;
    prepared->cases = lar_arena_take(arena, cases->case_count, sizeof *prepared->cases);
    if (!prepared->cases) return LAR_EMEMORY;
    for (int64_t n = 0; n < cases->case_count; n++) {
        const lar_case_record *record = &cases->cases[n];
        if (record->state == LAR_CASE_PENDING)
            return lar_fail(LAR_ENOINPUT, "the preparation in '%s' was stopped before '%s'",
                            prepared->work, record->id);
        if (record->state == LAR_CASE_FAILED) {
            prepared->failed_count++;
            continue;
        }
        if (record->state == LAR_CASE_FLAGGED) {
            prepared->flagged_count++;
            continue;
        }
        const char **paths = lar_arena_take(arena, cases->image_count, sizeof *paths);
        lar_fit *fits = lar_arena_take(arena, cases->image_count, sizeof *fits);
        _Atomic bool *checked = lar_arena_take(arena, cases->image_count, sizeof *checked);
        if (!paths || !fits || !checked) return LAR_EMEMORY;
        for (int64_t m = 0; m < cases->image_count; m++) {
            paths[m] =
                lar_cases_volume(arena, prepared->work, record->id, cases->images[m].name, false);
            if (!paths[m]) return LAR_EMEMORY;
            fits[m] = record->files[m].fit;
        }
        prepared->cases[prepared->case_count++] = (lar_prepared_case){
            .id = record->id,
            .split = record->split,
            .grid = record->grid,
            .paths = paths,
            .fits = fits,
            .files = record->files,
            .checked = checked,
        };
    }
    return LAR_OK;
}

lar_status lar_prepared_open(lar_prepared **out, const char *work, const char *recipe,
                             const char *draw)
{
    lar_status status = LAR_OK;
    lar_arena *arena = NULL;
    lar_cases *cases = NULL;

    *out = NULL;
    LAR_TRY(lar_arena_new(&arena));
    lar_prepared *prepared = lar_arena_take(arena, 1, sizeof *prepared);
    const char *path = lar_cases_path(arena, work);
    if (!prepared || !path) {
        status = LAR_EMEMORY;
        goto done;
    }
    if (!lar_path_exists(path)) {
        status = lar_fail(LAR_ENOINPUT, "nothing is prepared in '%s'", work);
        goto done;
    }
    LAR_TRY(lar_cases_read(&cases, path));
    LAR_TRY(compare(work, cases->recipe, recipe));
    LAR_TRY(compare(work, cases->draw, draw));
    prepared->arena = arena;
    prepared->work = lar_arena_text(arena, work, strlen(work));
    if (!prepared->work) {
        status = LAR_EMEMORY;
        goto done;
    }
    prepared->image_count = cases->image_count;
    prepared->images = cases->images;
    LAR_TRY(list_cases(prepared, cases));
    prepared->record = cases;
    *out = prepared;
    arena = NULL;
    cases = NULL;
done:
    lar_cases_free(cases);
    lar_arena_free(arena);
    return status;
}

int64_t lar_prepared_count(const lar_prepared *prepared, int split)
{
    int64_t count = 0;
    for (int64_t n = 0; n < prepared->case_count; n++) count += prepared->cases[n].split == split;
    return count;
}

int64_t lar_prepared_find(const lar_prepared *prepared, const char *name)
{
    for (int64_t n = 0; n < prepared->image_count; n++)
        if (lar_text_is(prepared->images[n].name, name)) return n;
    return -1;
}

int64_t lar_prepared_made_mask(const lar_prepared *prepared)
{
    for (int64_t n = 0; n < prepared->image_count; n++)
        if (prepared->images[n].made_of && prepared->images[n].role == LAR_MASK) return n;
    return -1;
}

/* What a disk, a copy or a person changed in it would go into a network unseen. */
static lar_status check_volume(const lar_prepared *prepared, int64_t index, int64_t image)
{
    char hex[LAR_SHA256_ROOM];
    const lar_prepared_case *from = &prepared->cases[index];
    const lar_case_file *file = &from->files[image];
    if (!*file->sha256 || atomic_load(&from->checked[image])) return LAR_OK;
    lar_status status = lar_sha256_file(hex, from->paths[image]);
    if (status != LAR_OK) {
        lar_while(status, "the prepared volume of '%s' cannot be read", from->id);
    } else if (!lar_text_is(hex, file->sha256)) {
        status = lar_fail(
            LAR_EFORMAT, "'%s', prepared for '%s', is not what prepare wrote: its checksum differs",
            from->paths[image], from->id);
    }
    if (status != LAR_OK && status != LAR_EMEMORY)
        return lar_hint(status, "larmor prepare with --verify: it makes what is missing or damaged "
                                "again");
    atomic_store(&from->checked[image], status == LAR_OK);
    return status;
}

lar_status lar_prepared_map(lar_image **out, const lar_prepared *prepared, int64_t index,
                            int64_t image)
{
    const lar_prepared_case *from = &prepared->cases[index];
    const char *path = from->paths[image];
    *out = NULL;
    lar_status status = check_volume(prepared, index, image);
    if (status != LAR_OK) return status;
    status = lar_nifti_map(out, path);
    if (status != LAR_OK)
        return lar_hint(lar_while(status, "the prepared volume of '%s' cannot be read", from->id),
                        "larmor prepare again: it makes what is missing or damaged");
    bool whole = lar_grid_matches(&(*out)->grid, &from->grid) && (*out)->channels == 1;
    if (lar_role_is_measured(prepared->images[image].role)) whole &= (*out)->type == LAR_F32;
    if (!whole) {
        lar_image_free(*out);
        *out = NULL;
        status = lar_fail(LAR_EFORMAT, "'%s' is not the volume that was prepared", path);
        return lar_hint(status, "larmor prepare with --force");
    }
    (*out)->grid = from->grid; /* the file's affine is float32 */
    return LAR_OK;
}

void lar_prepared_free(lar_prepared *prepared)
{
    if (!prepared) return;
    lar_cases_free(prepared->record);
    lar_arena_free(prepared->arena);
}
