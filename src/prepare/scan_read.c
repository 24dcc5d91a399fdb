/* One scan as a study sees it: as RAS, measured images as float32, labels and masks as whole
 * numbers, and nothing that would spoil what comes after. SPDX-License-Identifier: Apache-2.0 */
#include "prepare/pass.h"

/* Labels and masks keep an integer type; one that was stored as real numbers must hold whole ones.
 */
static lar_status whole_numbers(lar_image **image, const char *id, const char *name)
{
    lar_image *whole = NULL;
    int64_t broken = 0;
    if ((*image)->type != LAR_F32 && (*image)->type != LAR_F64) return LAR_OK;
    const lar_status status = lar_image_to_type(&whole, *image, LAR_I32);
    if (status != LAR_OK) return status;
    const int64_t count = lar_image_voxel_count(*image);
    const int32_t *rounded = whole->voxels;
    for (int64_t n = 0; n < count; n++) {
        const double value = (*image)->type == LAR_F32
                                 ? (double)((const float *)(*image)->voxels)[n]
                                 : ((const double *)(*image)->voxels)[n];
        broken += value != rounded[n];
    }
    lar_image_free(*image);
    *image = whole;
    if (broken == 0) return LAR_OK;
    return lar_fail(LAR_ENUMERIC,
                    "case '%s': '%s' is a label or mask, but %lld of %lld voxels are no whole "
                    "numbers",
                    id, name, (long long)broken, (long long)count);
}

static lar_status refuse_bad_voxels(const lar_image *image, const lar_image_spec *spec,
                                    const char *id)
{
    lar_range range;
    const lar_status status = lar_image_range(&range, image);
    if (status != LAR_OK) return status;
    if (range.not_finite > 0)
        return lar_fail(LAR_ENUMERIC, "case '%s': %lld of %lld voxels of '%s' are not finite", id,
                        (long long)range.not_finite, (long long)lar_image_voxel_count(image),
                        spec->name);
    if (range.low == range.high && lar_role_is_measured(spec->role))
        return lar_fail(LAR_ENUMERIC, "case '%s': '%s' is constant, every voxel is %g", id,
                        spec->name, range.low);
    if (spec->role == LAR_MASK && range.low == 0 && range.high == 0)
        return lar_fail(LAR_ENUMERIC, "case '%s': the mask '%s' is empty", id, spec->name);
    return LAR_OK;
}

lar_status lar_prepare_read_seen(lar_image **out, lar_grid *raw, const lar_image_spec *spec,
                                 const char *id, const char *path, lar_seen *seen)
{
    lar_status status = LAR_OK;
    lar_image *stored = NULL, *ras = NULL;
    const bool measured = lar_role_is_measured(spec->role);
    const lar_read_params how = { .seen = seen };

    *out = NULL;
    status = lar_image_read_with(&stored, NULL, path, &how);
    if (status != LAR_OK) {
        lar_while(status, "case '%s': '%s' cannot be read", id, spec->name);
        goto done;
    }
    if (stored->channels != 1) {
        status = lar_fail(LAR_EUNSUPPORTED, "case '%s': '%s' ('%s') holds %lld volumes, not one",
                          id, spec->name, path, (long long)stored->channels);
        lar_hint(status, "larmor convert with one volume of it");
        goto done;
    }
    *raw = stored->grid;
    LAR_TRY(refuse_bad_voxels(stored, spec, id));
    LAR_TRY(lar_image_to_ras(&ras, stored));
    LAR_TRY(lar_image_to_type(out, ras, measured ? LAR_F32 : ras->type));
    if (!measured) LAR_TRY(whole_numbers(out, id, spec->name));
done:
    lar_image_free(ras);
    lar_image_free(stored);
    return status;
}

lar_status lar_prepare_read(lar_image **out, lar_grid *raw, const lar_image_spec *spec,
                            const char *id, const char *path)
{
    return lar_prepare_read_seen(out, raw, spec, id, path, NULL);
}
