/* What RAVEL learned, as JSON and three images beside it: NAME_mean.nii.gz, NAME_factors.nii.gz and
 * NAME_control.nii.gz for NAME.json. Their names follow from that of the JSON file, never from what
 * stands in it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <math.h>

#include "base/base.h"
#include "image/image.h"
#include "intensity/ravel.h"

enum { MEAN, SLOPES, CONTROL, MAPS };
static const char *const ends[MAPS] = { "mean", "factors", "control" };

static lar_status name_maps(const char *names[MAPS], const char *path, lar_arena *arena)
{
    const size_t length = strlen(path) - (lar_text_ends(path, ".json") ? strlen(".json") : 0);
    for (int n = 0; n < MAPS; n++) {
        names[n] = lar_arena_format(arena, "%.*s_%s.nii.gz", (int)length, path, ends[n]);
        if (!names[n]) return LAR_EMEMORY;
    }
    return LAR_OK;
}

lar_status lar_ravel_write(json_t *json, const void *ravel, const char *path, bool force)
{
    lar_status status = LAR_OK;
    const lar_ravel *r = ravel;
    const lar_image *maps[MAPS] = { r->mean, r->slopes, r->control };
    const char *names[MAPS];
    lar_arena *arena = NULL;

    LAR_TRY(lar_arena_new(&arena));
    LAR_TRY(name_maps(names, path, arena));
    for (int n = 0; n < MAPS && !force; n++)
        if (lar_path_exists(names[n])) {
            status = lar_fail(LAR_EEXISTS, "'%s' exists already", names[n]);
            lar_hint(status, "--force to replace it, or another name");
            goto done;
        }
    if (json_object_set_new(json, "images", json_integer(r->images)) != 0 ||
        json_object_set_new(json, "factors", json_integer(r->factors)) != 0) {
        status = lar_fail(LAR_EMEMORY, "out of memory while writing '%s'", path);
        goto done;
    }
    for (int n = 0; n < MAPS; n++) LAR_TRY(lar_image_write(maps[n], names[n], force));
done:
    lar_arena_free(arena);
    return status;
}

/* Float32, contiguous, finite. */
static lar_status read_map(lar_image **out, const char *name, lar_type type)
{
    lar_status status = LAR_OK;
    lar_image *image = NULL;
    lar_range range;
    LAR_TRY(lar_image_read(&image, name));
    LAR_TRY(lar_image_range(&range, image));
    if (range.not_finite) {
        status = lar_fail(LAR_EFORMAT, "'%s' holds %lld voxels that are not finite", name,
                          (long long)range.not_finite);
        goto done;
    }
    LAR_TRY(lar_image_to_type(out, image, type));
done:
    lar_image_free(image);
    return status;
}

lar_status lar_ravel_read(void *ravel, const json_t *json, const char *path)
{
    lar_status status = LAR_OK;
    lar_ravel *r = ravel;
    const char *names[MAPS];
    lar_arena *arena = NULL;

    r->images = json_integer_value(json_object_get(json, "images"));
    r->factors = json_integer_value(json_object_get(json, "factors"));
    if (r->factors < 1 || r->factors > LAR_RAVEL_FACTORS || r->images <= r->factors)
        return lar_fail(LAR_EFORMAT, "'%s' does not hold a number of factors and of more images",
                        path);
    LAR_TRY(lar_arena_new(&arena));
    LAR_TRY(name_maps(names, path, arena));
    LAR_TRY(read_map(&r->mean, names[MEAN], LAR_F32));
    LAR_TRY(read_map(&r->slopes, names[SLOPES], LAR_F32));
    LAR_TRY(read_map(&r->control, names[CONTROL], LAR_U8));
    if (r->mean->channels != 1 || r->control->channels != 1 || r->slopes->channels != r->factors ||
        !lar_grid_matches(&r->mean->grid, &r->slopes->grid) ||
        !lar_grid_matches(&r->mean->grid, &r->control->grid)) {
        status = lar_fail(LAR_EFORMAT, "the maps beside '%s' do not belong together", path);
        goto done;
    }
    LAR_TRY(lar_ravel_measure(r));
done:
    lar_arena_free(arena);
    return status == LAR_OK ? status : lar_while(status, "cannot read the maps of '%s'", path);
}
