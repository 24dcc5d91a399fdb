/* An image as registration looks at it: about 2 mm, its bias field divided out, its head known.
 * What is found is a map of the world, so that nothing of this shows in the result.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "filter/filter.h"
#include "image/image.h"
#include "math/math.h"
#include "register/register_parts.h"

#define WORKING_MM 2.0
#define NEARLY     0.75     /* of the working spacing: voxels so large stay as they are */
#define CT_AIR     (-300.0) /* no MR has a value so low: CT has no bias field */
#define UNIT_MOST  1.25F    /* brighter spots are no brighter, where values are compared as such */

enum { PIECE = 1 << 16 };

static lar_status check_extent(const lar_image *image, const char *name)
{
    for (int a = 0; a < 3; a++)
        if (image->grid.size[a] < 4) {
            char words[96];
            lar_grid_words(&image->grid, words, sizeof words);
            lar_fail(LAR_EUNSUPPORTED,
                     "the %s image (%s) is no volume: registration needs 4 voxels or more along "
                     "each axis",
                     name, words);
            return LAR_EUNSUPPORTED;
        }
    return LAR_OK;
}

lar_status lar_side_at(lar_image **out, const lar_image *from, double spacing_mm)
{
    double spacing[3];
    bool other = false;
    lar_resample_params how = lar_resample_default();
    how.interpolation = LAR_LINEAR;
    how.border = LAR_BORDER_EDGE;
    how.antialias = true;
    lar_grid_spacing(&from->grid, spacing);
    for (int a = 0; a < 3; a++) {
        /* at least 4 voxels of the field of view remain */
        double asked = spacing_mm;
        const double most = spacing[a] * (double)from->grid.size[a] / 4;
        if (asked > most) asked = most;
        if (spacing[a] >= NEARLY * asked) continue;
        spacing[a] = asked;
        other = true;
    }
    if (!other) return lar_image_to_type(out, from, LAR_F32);
    const lar_grid grid = lar_grid_with_spacing(&from->grid, spacing);
    return lar_resample(out, from, &grid, &how);
}

double lar_side_spacing(const lar_side *side)
{
    double spacing[3];
    lar_grid_spacing(&side->image->grid, spacing);
    return fmin(spacing[0], fmin(spacing[1], spacing[2]));
}

static lar_status find_mask(lar_side *side, const lar_image *mask, const lar_image *given)
{
    lar_status status = LAR_OK;
    lar_image *bytes = NULL, *ras = NULL;
    lar_resample_params nearest = lar_resample_default();
    nearest.interpolation = LAR_NEAREST;
    nearest.pad = 0;
    if (mask) {
        side->masked = true;
        LAR_TRY(lar_mask_bytes(&bytes, mask, &given->grid));
        LAR_TRY(lar_image_to_ras(&ras, bytes));
        LAR_TRY(lar_resample(&side->mask, ras, &side->image->grid, &nearest));
        if (!lar_mask_count(side->mask->voxels, lar_image_voxel_count(side->mask)))
            status = lar_fail(LAR_ENUMERIC, "the mask is too small: it reaches no voxel of %g mm",
                              WORKING_MM);
    } else {
        status = lar_head_mask(&side->mask, side->image);
        if (status != LAR_ENUMERIC) goto done;
        LAR_TRY(lar_image_like(&side->mask, side->image, LAR_U8)); /* no head: all that there is */
        memset(side->mask->voxels, 1, (size_t)lar_image_voxel_count(side->mask));
    }
done:
    lar_image_free(ras);
    lar_image_free(bytes);
    return status;
}

/* The field is divided out where one is found. */
static lar_status correct_bias(lar_side *side)
{
    lar_image *corrected = NULL;
    lar_n4_params how = lar_n4_default();
    lar_range range;
    lar_status status = lar_image_range(&range, side->image);
    if (status != LAR_OK || range.low < CT_AIR) return status;
    how.like = LAR_N4_FAST;
    status = lar_n4(&corrected, &side->field, NULL, side->image, side->mask, NULL, &how);
    if (status != LAR_OK) return status == LAR_ENUMERIC ? LAR_OK : status;
    lar_image_free(side->image);
    side->image = corrected;
    return LAR_OK;
}

static void measure_mask(lar_side *side)
{
    const int64_t *size = side->mask->grid.size;
    const uint8_t *mask = side->mask->voxels;
    double sum[3] = { 0 }, square = 0;
    int64_t count = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t n = 0; n < size[0] * size[1] * size[2]; n++) {
            if (!mask[n]) continue;
            const double ijk[3] = { (double)(n % size[0]), (double)(n / size[0] % size[1]),
                                    (double)(n / (size[0] * size[1])) };
            double xyz[3];
            lar_grid_to_world(&side->mask->grid, ijk, xyz);
            for (int r = 0; r < 3; r++) {
                const double off = xyz[r] - side->centre_mm[r];
                if (pass)
                    square += off * off;
                else
                    sum[r] += xyz[r];
            }
            count += !pass;
        }
        for (int r = 0; r < 3 && !pass; r++) side->centre_mm[r] = sum[r] / (double)count;
    }
    side->radius_mm = sqrt(square / (double)count);
    side->volume_mm3 = (double)count * fabs(lar_affine_determinant(&side->mask->grid.to_world));
}

/* Most values of the head, and of the air around. */
static lar_status find_range(lar_side *side)
{
    lar_status status = LAR_OK;
    const double fractions[2] = { 0.002, 0.998 };
    double inside[2], all[2];
    const int64_t count = lar_image_voxel_count(side->image);
    const float *values = side->image->voxels;
    const uint8_t *mask = side->mask->voxels;
    int64_t chosen = 0;
    float *head = lar_alloc_raw(count, sizeof *head);
    if (!head) return LAR_EMEMORY;
    for (int64_t n = 0; n < count; n++)
        if (mask[n]) head[chosen++] = values[n];
    LAR_TRY(lar_quantiles(inside, fractions, 2, head, chosen));
    LAR_TRY(lar_quantiles(all, fractions, 2, values, count));
    side->low = side->masked || inside[0] < all[0] ? inside[0] : all[0];
    side->high = inside[1];
    if (!(side->high > side->low))
        status = lar_fail(LAR_ENUMERIC, "nearly all of its values are %.9g", side->low);
done:
    lar_free(head);
    return status;
}

lar_status lar_side_own(lar_image **image)
{
    lar_image *own;
    if (lar_image_writable(*image)) return LAR_OK;
    const lar_status status = lar_image_copy(&own, *image);
    if (status != LAR_OK) return status;
    lar_image_free(*image);
    *image = own;
    return LAR_OK;
}

lar_status lar_side_blank(lar_image **image, const lar_image *mask, float value)
{
    const lar_status status = lar_side_own(image);
    if (status != LAR_OK) return status;
    const uint8_t *inside = mask->voxels;
    float *values = (*image)->voxels;
    for (int64_t v = 0; v < lar_image_voxel_count(mask); v++)
        if (!inside[v]) values[v] = value;
    return LAR_OK;
}

typedef struct scaling {
    float *values;
    float low, per;
} scaling;

static lar_status scale_values(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const scaling *job = arg;
    for (int64_t n = begin; n < end; n++) {
        const float v = (job->values[n] - job->low) * job->per;
        job->values[n] = v < 0 ? 0 : v > UNIT_MOST ? UNIT_MOST : v;
    }
    return LAR_OK;
}

lar_status lar_side_unit(lar_image **image, const lar_side *side)
{
    const lar_status status = lar_side_own(image);
    if (status != LAR_OK) return status;
    scaling job = { .values = (*image)->voxels,
                    .low = (float)side->low,
                    .per = (float)(1 / (side->high - side->low)) };
    return lar_parallel(lar_image_voxel_count(*image), PIECE, scale_values, &job);
}

lar_status lar_side_init(lar_side *side, const lar_image *image, const lar_image *mask,
                         bool keep_bias, const char *name)
{
    lar_status status = LAR_OK;
    lar_image *ras = NULL;
    lar_range range;
    *side = (lar_side){ 0 };
    LAR_TRY(check_extent(image, name));
    LAR_TRY(lar_image_to_ras(&ras, image));
    LAR_TRY(lar_first_channel(&side->full, ras));
    LAR_TRY(lar_image_range(&range, side->full));
    if (range.low == range.high) {
        status = lar_fail(LAR_ENUMERIC, "it is constant: every value is %.9g", range.low);
        goto done;
    }
    LAR_TRY(lar_side_at(&side->image, side->full, WORKING_MM));
    LAR_TRY(find_mask(side, mask, image));
    if (!keep_bias) LAR_TRY(correct_bias(side));
    measure_mask(side);
    LAR_TRY(find_range(side));
    LAR_TRY(lar_side_unit(&side->image, side));
done:
    if (status != LAR_OK) lar_while(status, "the %s image cannot be registered", name);
    lar_image_free(ras);
    return status;
}

void lar_side_slim(lar_side *side)
{
    lar_image_free(side->full);
    lar_image_free(side->field);
    side->full = side->field = NULL;
}

void lar_side_clear(lar_side *side)
{
    lar_side_slim(side);
    lar_image_free(side->image);
    lar_image_free(side->mask);
    *side = (lar_side){ 0 };
}
