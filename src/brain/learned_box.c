/* From a scan to the box that the network sees.
 * SPDX-License-Identifier: Apache-2.0 */
#include "brain/learned_box.h"

#include <math.h>

#include "base/base.h"
#include "filter/filter.h"
#include "image/image.h"
#include "math/math.h"

/* Of a head, mm: across and front to back with room for a nose, a beard and pads; and from the top
 * to below the chin. */
#define WIDEST  300
#define TALLEST 260
/* Voxels smaller than this are seen through larger ones to find the head. */
#define FINE_MM   0.7
#define COARSE_MM 1.0

/* A grid as voxels along the world's axes: low and high end, mm. */
typedef struct box {
    double low[3], high[3];
} box;

static void widen(box *b, const lar_grid *grid, double i, double j, double k)
{
    const double ijk[3] = { i, j, k };
    double xyz[3];
    lar_grid_to_world(grid, ijk, xyz);
    for (int a = 0; a < 3; a++) {
        b->low[a] = fmin(b->low[a], xyz[a]);
        b->high[a] = fmax(b->high[a], xyz[a]);
    }
}

static box empty_box(void)
{
    return (box){ { INFINITY, INFINITY, INFINITY }, { -INFINITY, -INFINITY, -INFINITY } };
}

/* The centres of a mask's voxels: the extremes of a row are at its ends. */
static box mask_box(const lar_image *mask)
{
    const int64_t *size = mask->grid.size;
    box b = empty_box();
    for (int64_t r = 0; r < size[1] * size[2]; r++) {
        const uint8_t *row = (const uint8_t *)mask->voxels + r * size[0];
        const uint8_t *begin = memchr(row, 1, (size_t)size[0]);
        if (!begin) continue;
        int64_t end = size[0] - 1;
        while (!row[end]) end--;
        const double j = (double)(r % size[1]), k = (double)(r / size[1]);
        widen(&b, &mask->grid, (double)(begin - row), j, k);
        widen(&b, &mask->grid, (double)end, j, k);
    }
    return b;
}

static lar_status find_head(box *out, const lar_image *in)
{
    lar_status status = LAR_OK;
    lar_image *coarse = NULL, *mask = NULL;
    double spacing[3];
    lar_grid_spacing(&in->grid, spacing);
    bool fine = false;
    for (int a = 0; a < 3; a++) {
        fine = fine || spacing[a] < FINE_MM;
        spacing[a] = fmax(spacing[a], COARSE_MM);
    }
    if (fine) {
        const lar_grid grid = lar_grid_with_spacing(&in->grid, spacing);
        const lar_resample_params how = { .interpolation = LAR_LINEAR,
                                          .pad = NAN,
                                          .border = LAR_BORDER_EDGE };
        LAR_TRY(lar_resample(&coarse, in, &grid, &how));
    }
    LAR_TRY(lar_head_mask(&mask, coarse ? coarse : in));
    *out = mask_box(mask);
done:
    lar_image_free(mask);
    lar_image_free(coarse);
    return status;
}

static void limit(box *b)
{
    for (int a = 0; a < 3; a++) {
        const double most = a == 2 ? TALLEST : WIDEST, extent = b->high[a] - b->low[a];
        if (extent <= most) continue;
        lar_log(a == 2 ? LAR_LOG_DETAIL : LAR_LOG_NOTE,
                "what was taken for the head is %.0f mm %s; %s %.0f mm are looked at", extent,
                a == 0   ? "wide"
                : a == 1 ? "long"
                         : "tall",
                a == 2 ? "the upper" : "the middle", most);
        b->low[a] = a == 2 ? b->high[a] - most : (b->low[a] + b->high[a] - most) / 2;
        b->high[a] = b->low[a] + most;
    }
}

lar_status lar_learned_grid(lar_grid *out, const lar_image *in, const lar_strip_recipe *recipe)
{
    const int64_t *size = in->grid.size;
    const double step = recipe->spacing_mm;
    const double middle[3] = { (double)size[0] / 2, (double)size[1] / 2, (double)size[2] / 2 };
    double anchor[3], low[3], high[3];
    int world[3];
    bool backward[3];
    box b;
    lar_status status = find_head(&b, in);
    if (status == LAR_OK) status = lar_axes_parse(world, backward, recipe->axes);
    if (status != LAR_OK) return status;
    limit(&b);
    lar_grid_to_world(&in->grid, middle, anchor);
    for (int a = 0; a < 3; a++) { /* 1e-3: an affine comes in float32 */
        low[a] = ceil((b.low[a] - recipe->margin_mm - anchor[a]) / step - 1e-3);
        high[a] = floor((b.high[a] + recipe->margin_mm - anchor[a]) / step + 1e-3);
        if (high[a] < low[a]) high[a] = low[a];
    }
    *out = (lar_grid){ .size = { 0 } };
    for (int v = 0; v < 3; v++) {
        const int a = world[v];
        out->size[v] = (int64_t)(high[a] - low[a]) + 1;
        out->to_world.m[a][v] = backward[v] ? -step : step;
        out->to_world.m[a][3] = anchor[a] + step * (backward[v] ? high[a] : low[a]);
    }
    return LAR_OK;
}

lar_status lar_learned_input(lar_image **out, const lar_image *in, const lar_grid *grid, bool ct,
                             const lar_strip_recipe *recipe)
{
    lar_status status = LAR_OK;
    const double fractions[2] = { recipe->low, recipe->high };
    const lar_resample_params how = {
        .interpolation = LAR_LINEAR, .pad = NAN, .border = LAR_BORDER_PAD, .antialias = true
    };
    lar_image *floats = NULL;
    double ends[2];

    *out = NULL;
    LAR_TRY(lar_resample(&floats, in, grid, &how));
    float *values = floats->voxels;
    const int64_t count = lar_image_voxel_count(floats);
    for (int64_t n = 0; ct && recipe->hounsfield.count && n < count; n++)
        values[n] = (float)fmin(fmax((double)values[n], recipe->hounsfield.at[0]),
                                recipe->hounsfield.at[1]);
    LAR_TRY(lar_quantiles(ends, fractions, 2, values, count));
    if (!(ends[1] > ends[0])) {
        status = lar_fail(LAR_ENUMERIC, "the image is nearly constant: %g %% of its voxels are %g",
                          100 * (recipe->high - recipe->low), ends[0]);
        goto done;
    }
    const float low = (float)ends[0], scale = (float)(1 / (ends[1] - ends[0]));
    for (int64_t n = 0; n < count; n++) {
        const float value = (values[n] - low) * scale;
        values[n] = value < 0 ? 0 : value > 1 ? 1 : value;
    }
    *out = floats;
    floats = NULL;
done:
    lar_image_free(floats);
    return status;
}
