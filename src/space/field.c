/* A displacement at every point of a grid, as ITK's displacement field transform: linear between
 * voxels, the outermost value for half a voxel beyond their centres, and nothing outside.
 * SPDX-License-Identifier: Apache-2.0 */
#include "space/field.h"

#include "base/base.h"
#include "image/image.h"
#include "math/math.h"

lar_status lar_field_init(lar_field *field, const lar_image *displacement_mm)
{
    lar_status status = LAR_OK;
    lar_range range;
    *field = (lar_field){ 0 };
    if (displacement_mm->channels != 3)
        return lar_fail(LAR_EARGUMENT, "a displacement field has 3 channels, along x y z, not %lld",
                        (long long)displacement_mm->channels);
    if (!lar_affine_invert(&field->to_voxel, &displacement_mm->grid.to_world))
        return lar_fail(LAR_EGEOMETRY, "the field's grid has no extent along some direction");
    LAR_TRY(lar_image_range(&range, displacement_mm));
    if (range.not_finite)
        return lar_fail(LAR_ENUMERIC, "%lld of the field's %lld components are not finite",
                        (long long)range.not_finite,
                        (long long)(lar_image_voxel_count(displacement_mm) * 3));
    LAR_TRY(lar_image_to_type(&field->vectors, displacement_mm, LAR_F32));
done:
    return status;
}

void lar_field_clear(lar_field *field)
{
    lar_image_free(field->vectors);
    *field = (lar_field){ 0 };
}

/* The samples on both sides of a position and the weight of the upper one; false outside. */
static inline bool between(int64_t index[2], float *weight, double at, int64_t size)
{
    const double last = (double)(size - 1);
    if (!(at >= -0.5 && at <= last + 0.5)) return false;
    const double inner = at < 0 ? 0 : at > last ? last : at;
    index[0] = (int64_t)inner;
    index[1] = index[0] + (index[0] + 1 < size);
    *weight = (float)(inner - (double)index[0]);
    return true;
}

void lar_field_move(const lar_field *field, double *restrict x, double *restrict y,
                    double *restrict z, int64_t count)
{
    const int64_t *size = field->vectors->grid.size;
    const int64_t row = size[0], plane = size[0] * size[1], volume = plane * size[2];
    const double(*m)[4] = field->to_voxel.m;
    const float *vectors = field->vectors->voxels;
    for (int64_t n = 0; n < count; n++) {
        int64_t i[2], j[2], k[2];
        float u, v, w, moved[3];
        if (!between(i, &u, m[0][0] * x[n] + m[0][1] * y[n] + m[0][2] * z[n] + m[0][3], size[0]) ||
            !between(j, &v, m[1][0] * x[n] + m[1][1] * y[n] + m[1][2] * z[n] + m[1][3], size[1]) ||
            !between(k, &w, m[2][0] * x[n] + m[2][1] * y[n] + m[2][2] * z[n] + m[2][3], size[2]))
            continue;
        const float *a = vectors + k[0] * plane + j[0] * row,
                    *b = vectors + k[0] * plane + j[1] * row;
        const float *c = vectors + k[1] * plane + j[0] * row,
                    *d = vectors + k[1] * plane + j[1] * row;
        for (int r = 0; r < 3; r++, a += volume, b += volume, c += volume, d += volume) {
            const float e = a[i[0]] + u * (a[i[1]] - a[i[0]]),
                        f = b[i[0]] + u * (b[i[1]] - b[i[0]]);
            const float g = c[i[0]] + u * (c[i[1]] - c[i[0]]),
                        h = d[i[0]] + u * (d[i[1]] - d[i[0]]);
            const float low = e + v * (f - e), high = g + v * (h - g);
            moved[r] = low + w * (high - low);
        }
        x[n] += (double)moved[0];
        y[n] += (double)moved[1];
        z[n] += (double)moved[2];
    }
}
