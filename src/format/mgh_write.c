/* Writing MGH and MGZ. Types that MGH has not are kept in the next that holds their values; what
 * none holds is rounded to float32, and counted in a warning.
 * https://surfer.nmr.mgh.harvard.edu/fswiki/FsTutorial/MghFormat
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "codec/codec.h"
#include "format/mgh.h"
#include "format/voxels.h"

static lar_status choose_type(lar_type *out, const lar_image *image)
{
    lar_range range;
    *out = image->type;
    if (image->type == LAR_I8) *out = LAR_I16;
    if (image->type == LAR_F64) *out = LAR_F32;
    if (image->type != LAR_U32 && image->type != LAR_U64 && image->type != LAR_I64) return LAR_OK;
    const lar_status status = lar_image_range(&range, image);
    *out = range.low >= INT32_MIN && range.high <= INT32_MAX ? LAR_I32 : LAR_F32;
    return status;
}

/* How many voxels are not what they were. */
static lar_status count_changed(int64_t *changed, const lar_image *was, const lar_image *is)
{
    const int64_t *size = was->grid.size;
    double *row = lar_alloc_raw(2 * size[0], sizeof *row);
    if (!row) return LAR_EMEMORY;
    *changed = 0;
    for (int64_t n = 0; n < size[1] * size[2] * was->channels; n++) {
        const int64_t j = n % size[1], k = n / size[1] % size[2], c = n / (size[1] * size[2]);
        lar_image_load(row, was, 0, j, k, c, size[0]);
        lar_image_load(row + size[0], is, 0, j, k, c, size[0]);
        for (int64_t i = 0; i < size[0]; i++)
            *changed += row[i] != row[size[0] + i] && !(isnan(row[i]) && isnan(row[size[0] + i]));
    }
    lar_free(row);
    return LAR_OK;
}

/* The image dense and in a type of MGH. */
static lar_status make_dense(lar_image **out, const lar_image *image, const char *path)
{
    lar_status status = LAR_OK;
    lar_type type;
    int64_t changed = 0;

    LAR_TRY(choose_type(&type, image));
    LAR_TRY(lar_image_to_type(out, image, type));
    if (type == LAR_F32 && image->type != LAR_F32) LAR_TRY(count_changed(&changed, image, *out));
    if (changed)
        lar_log(LAR_LOG_WARNING,
                "'%s': MGH has no type for these %s voxels: %lld values are rounded to float32",
                path, lar_type_name(image->type), (long long)changed);
done:
    return status;
}

/* Spacing, directions and centre as float; what rounding the one does the next makes good. */
static lar_status set_place(lar_mgh_header *h, const lar_grid *grid, const char *path)
{
    double spacing[3], middle[3], centre[3];
    lar_grid_spacing(grid, spacing);
    for (int n = 0; n < 3; n++) middle[n] = (double)grid->size[n] / 2;
    lar_grid_to_world(grid, middle, centre);
    h->good_ras = 1;
    for (int c = 0; c < 3; c++) {
        h->size[c] = (int32_t)grid->size[c];
        h->spacing[c] = (float)spacing[c];
        for (int r = 0; r < 3; r++)
            h->cosine[c][r] = (float)(grid->to_world.m[r][c] / (double)h->spacing[c]);
        h->centre[c] = (float)centre[c];
    }
    lar_grid back = *grid;
    back.to_world = lar_mgh_affine(h);
    if (!lar_grid_is_valid(&back))
        return lar_fail(LAR_EGEOMETRY,
                        "cannot write '%s': its voxel size or place is out of the range of float32",
                        path);
    if (!lar_grid_matches(grid, &back))
        lar_log(LAR_LOG_WARNING,
                "'%s': MGH keeps places as float32, too coarse for voxels so small and so far from "
                "the origin: they move by more than a thousandth of a voxel",
                path);
    return LAR_OK;
}

static lar_status fill_header(lar_mgh_header *h, const lar_image *image, lar_type type,
                              const char *path)
{
    *h = (lar_mgh_header){ .version = 1 };
    if (!lar_grid_is_valid(&image->grid))
        return lar_fail(LAR_EGEOMETRY,
                        "cannot write '%s': its grid is empty, singular or not finite", path);
    for (int n = 0; n < 4; n++) {
        const int64_t size = n < 3 ? image->grid.size[n] : image->channels;
        if (size > INT32_MAX)
            return lar_fail(LAR_EARGUMENT, "'%s' cannot be MGH: its size %lld is above %d", path,
                            (long long)size, INT32_MAX);
    }
    h->frames = (int32_t)image->channels;
    if (!lar_mgh_code(&h->code, type))
        return lar_fail(LAR_EINTERNAL, "MGH has no code for %s", lar_type_name(type));
    return set_place(h, &image->grid, path);
}

/* Between frames, in ms, where the notes say it in a unit of time. */
static float repetition_ms(const lar_image *image)
{
    const lar_notes *notes = image->notes;
    if (!notes || image->channels < 2) return 0;
    const double unit = notes->step_unit == 8    ? 1e3
                        : notes->step_unit == 16 ? 1
                        : notes->step_unit == 24 ? 1e-3
                                                 : 0;
    return notes->step > 0 ? (float)(notes->step * unit) : 0;
}

static lar_status put(const char *path, unsigned char *bytes, size_t count,
                      const lar_write_params *params)
{
    lar_status status = LAR_OK;
    unsigned char *packed = NULL;
    size_t packed_count;
    const int level = params->level == 0 ? LAR_GZIP_FAST : params->level < 0 ? 0 : params->level;

    if (lar_text_ends(path, ".mgh")) return lar_file_write(path, bytes, count, params->force);
    LAR_TRY(lar_gzip_deflate(&packed, &packed_count, bytes, count, level));
    LAR_TRY(lar_file_write(path, packed, packed_count, params->force));
done:
    lar_free(packed);
    return status;
}

lar_status lar_mgh_write(const lar_image *image, const char *path, const lar_write_params *params)
{
    lar_status status = LAR_OK;
    lar_image *dense = NULL;
    unsigned char *bytes = NULL;
    lar_mgh_header h;

    LAR_TRY(make_dense(&dense, image, path));
    LAR_TRY(fill_header(&h, dense, dense->type, path));
    const int64_t count = lar_image_voxel_count(dense) * dense->channels;
    const size_t size = lar_type_size(dense->type), voxels = (size_t)count * size;
    bytes = lar_alloc_raw((int64_t)(MGH_HEADER_BYTES + voxels + MGH_FOOTER_BYTES), 1);
    if (!bytes) {
        status = LAR_EMEMORY;
        goto done;
    }
    lar_mgh_encode(bytes, &h);
    memcpy(bytes + MGH_HEADER_BYTES, dense->voxels, voxels);
    if (MGH_SWAPPED) LAR_TRY(lar_voxels_swap(bytes + MGH_HEADER_BYTES, count, size));
    unsigned char *footer = bytes + MGH_HEADER_BYTES + voxels;
    memset(footer, 0, MGH_FOOTER_BYTES);
    lar_mgh_put_real(footer, repetition_ms(image));
    LAR_TRY(put(path, bytes, MGH_HEADER_BYTES + voxels + MGH_FOOTER_BYTES, params));
done:
    lar_free(bytes);
    lar_image_free(dense);
    return status;
}
