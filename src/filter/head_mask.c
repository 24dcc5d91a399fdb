/* The head against air. Otsu's threshold lies too high for MR: cerebrospinal fluid, skull and the
 * far side of a bias field are nearer to air than to fat. So the level of air is read from the
 * histogram below it, and the head begins a small part of the way up to the mean of bright tissue;
 * what is darker inside is enclosed, and filled.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "filter/filter.h"
#include "image/image.h"

/* Chosen on T1, T2 and FLAIR scans of two sites: above ghosts and noise, below dim tissue. */
#define RISE     0.15
#define SIGMA_MM 1.5   /* noise is thinned out, the outline stays */
#define OPEN_MM  2.0   /* breaks threads of ghost that hang on the head */
#define CLOSE_MM 5.0   /* closes nostrils and ears, so that what is behind them is enclosed */
#define LEAST    0.005 /* of the volume: a smaller head is a clump of noise */
/* CT is recognized by its air, -1000 Hounsfield units; foam and cloth lie below the middle. */
#define CT_AIR  (-900.0)
#define CT_HEAD (-500.0)

static lar_status head_level(double *level, const float *values, int64_t count)
{
    lar_otsu otsu;
    const lar_status status = lar_otsu_split(&otsu, values, count);
    if (status != LAR_OK) return status;
    int peak = 0;
    for (int b = 1; b < otsu.split; b++)
        if (otsu.counts[b] > otsu.counts[peak]) peak = b;
    const double air = otsu.low + (peak + 0.5) * otsu.width;
    *level = air < CT_AIR ? CT_HEAD : air + RISE * (otsu.means[1] - air);
    return LAR_OK;
}

/* Each axis of the image as a number of voxels for so many millimetres. */
static void voxels_of(int64_t out[3], const double spacing[3], double mm)
{
    for (int a = 0; a < 3; a++) out[a] = (int64_t)floor(mm / spacing[a]);
}

static lar_status shape(uint8_t *mask, const int64_t size[3], const double spacing[3])
{
    lar_status status = LAR_OK;
    int64_t open[3], close[3];
    voxels_of(open, spacing, OPEN_MM);
    voxels_of(close, spacing, CLOSE_MM);
    LAR_TRY(lar_mask_shrink(mask, size, open));
    LAR_TRY(lar_mask_keep_largest(mask, size));
    LAR_TRY(lar_mask_grow(mask, size, open));
    LAR_TRY(lar_mask_grow(mask, size, close));
    LAR_TRY(lar_mask_fill_holes(mask, size));
    for (int a = 0; a < 3; a++) LAR_TRY(lar_mask_fill_slices(mask, size, a));
    LAR_TRY(lar_mask_shrink(mask, size, close));
done:
    return status;
}

static lar_status refuse_clump(const uint8_t *mask, int64_t count)
{
    int64_t inside = 0;
    for (int64_t n = 0; n < count; n++) inside += mask[n];
    if ((double)inside >= LEAST * (double)count) return LAR_OK;
    const lar_status status = lar_fail(
        LAR_ENUMERIC, "no head was found: the largest bright piece has %lld of %lld voxels",
        (long long)inside, (long long)count);
    return lar_hint(status, "a mask of your own, or --foreground otsu where a command has it");
}

lar_status lar_head_mask(lar_image **out, const lar_image *in)
{
    lar_status status = LAR_OK;
    lar_image *floats = NULL, *copy = NULL, *mask = NULL;
    double spacing[3], sigma[3], level;

    *out = NULL;
    LAR_TRY(lar_first_channel(&floats, in));
    if (!lar_image_writable(floats)) LAR_TRY(lar_image_copy(&copy, floats));
    lar_image *smooth = copy ? copy : floats;
    const int64_t count = lar_image_voxel_count(smooth), *size = smooth->grid.size;
    const float *values = smooth->voxels;
    int64_t same = 1;
    while (same < count && values[same] == values[0]) same++;
    if (same == count) { /* said before smoothing rounds the value */
        status =
            lar_fail(LAR_ENUMERIC, "the image is constant: every value is %.9g", (double)values[0]);
        goto done;
    }
    lar_grid_spacing(&in->grid, spacing);
    for (int a = 0; a < 3; a++) sigma[a] = SIGMA_MM / spacing[a];
    LAR_TRY(lar_smooth_voxels(smooth->voxels, size, sigma));
    LAR_TRY(head_level(&level, smooth->voxels, count));
    LAR_TRY(lar_threshold(&mask, smooth, nextafter(level, INFINITY), INFINITY));
    LAR_TRY(shape(mask->voxels, size, spacing));
    LAR_TRY(refuse_clump(mask->voxels, count));
    *out = mask;
    mask = NULL;
done:
    lar_image_free(mask);
    lar_image_free(copy);
    lar_image_free(floats);
    return status;
}
