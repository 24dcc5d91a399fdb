/* Masks: voxels chosen by value or as the head, then shaped in a fixed order, each step making
 * sense of what the one before left: threads are cut before the largest piece is taken, gaps are
 * closed before holes are filled, and the size is changed last.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "filter/filter.h"
#include "image/image.h"

static const char *const methods[] = { "head", "otsu", "mean", "positive", "threshold", NULL };

#define MM_MOST 1000

const lar_param lar_mask_table[] = {
    LAR_P_CHOICE(
        lar_mask_params, method, "method", 'm', "head", methods,
        "the head against air; above Otsu's threshold; above the mean; above 0; or between "
        "--low and --high"),
    LAR_P_REAL(lar_mask_params, low, "low", 0, "auto", -1e30, 1e30, "value",
               "lowest value of the threshold; auto: no end"),
    LAR_P_REAL(lar_mask_params, high, "high", 0, "auto", -1e30, 1e30, "value",
               "highest value of the threshold; auto: no end"),
    LAR_P_REAL(lar_mask_params, open_mm, "open", 0, "0", 0, MM_MOST, "mm",
               "first, take away what a ball of this radius does not fit into"),
    LAR_P_FLAG(lar_mask_params, largest, "largest", 0, "then keep the largest piece alone"),
    LAR_P_REAL(lar_mask_params, close_mm, "close", 0, "0", 0, MM_MOST, "mm",
               "then close the gaps that a ball of this radius does not fit into"),
    LAR_P_FLAG(lar_mask_params, fill, "fill", 0, "then fill the holes"),
    LAR_P_REAL(lar_mask_params, dilate_mm, "dilate", 0, "0", 0, MM_MOST, "mm",
               "then grow by so much to all sides"),
    LAR_P_REAL(lar_mask_params, erode_mm, "erode", 0, "0", 0, MM_MOST, "mm",
               "then shrink by so much from all sides"),
    LAR_P_FLAG(lar_mask_params, invert, "invert", 0, "then take what is outside instead"),
    LAR_P_END,
};

lar_mask_params lar_mask_default(void)
{
    lar_mask_params params;
    lar_param_defaults(lar_mask_table, &params);
    return params;
}

static lar_status chosen(lar_image **out, const lar_image *in, const lar_mask_params *p)
{
    static const int kinds[] = { [LAR_MASK_HEAD] = LAR_FOREGROUND_HEAD,
                                 [LAR_MASK_OTSU] = LAR_FOREGROUND_OTSU,
                                 [LAR_MASK_MEAN] = LAR_FOREGROUND_MEAN,
                                 [LAR_MASK_POSITIVE] = LAR_FOREGROUND_POSITIVE };
    lar_image *floats;

    if (p->method != LAR_MASK_THRESHOLD) return lar_foreground(out, in, kinds[p->method]);
    lar_status status = lar_first_channel(&floats, in);
    if (status != LAR_OK) return status;
    status = lar_threshold(out, floats, isnan(p->low) ? -INFINITY : p->low,
                           isnan(p->high) ? INFINITY : p->high);
    lar_image_free(floats);
    return status;
}

static lar_status mask_check(const lar_mask_params *p)
{
    const bool ends = !isnan(p->low) || !isnan(p->high);
    if (p->method < LAR_MASK_HEAD || p->method > LAR_MASK_THRESHOLD)
        return lar_fail(LAR_EARGUMENT, "there is no method %d to make a mask", p->method);
    if (p->method == LAR_MASK_THRESHOLD && !ends) {
        const lar_status status = lar_fail(LAR_EARGUMENT, "a threshold has no end");
        return lar_hint(status, "low, high, or both");
    }
    if (p->method != LAR_MASK_THRESHOLD && ends) {
        const lar_status status =
            lar_fail(LAR_EARGUMENT, "low and high belong to the method threshold, not to %s",
                     methods[p->method]);
        return lar_hint(status, "the method threshold");
    }
    if (p->low > p->high)
        return lar_fail(LAR_EARGUMENT, "the threshold from %g to %g holds no value", p->low,
                        p->high);
    if (!(p->open_mm >= 0 && p->close_mm >= 0 && p->dilate_mm >= 0 && p->erode_mm >= 0))
        return lar_fail(LAR_EARGUMENT, "a radius cannot be negative");
    return LAR_OK;
}

/* Neither empty nor full, or who left it so. */
static lar_status still_parts(const lar_image *mask, const char *after)
{
    const int64_t count = lar_image_voxel_count(mask);
    const int64_t inside = lar_mask_count(mask->voxels, count);
    if (inside > 0 && inside < count) return LAR_OK;
    const lar_status status =
        lar_fail(LAR_ENUMERIC, "after %s the mask is %s: %lld of %lld voxels", after,
                 inside ? "full" : "empty", (long long)inside, (long long)count);
    return lar_hint(status, lar_text_is(after, "the threshold") ? "larmor info --voxels for the "
                                                                  "range of values, another "
                                                                  "method or another threshold"
                            : lar_text_is(after, "choosing by value")
                                ? "larmor info --voxels for the range of values, or another method"
                                : "a smaller radius");
}

/* A ball between voxels does nothing; who asked for it should know. */
static void tell_if_idle(double radius_mm, const double mm[3])
{
    const double nearest = fmin(mm[0], fmin(mm[1], mm[2]));
    if (radius_mm > 0 && radius_mm < nearest * 0.999)
        lar_log(LAR_LOG_WARNING,
                "a ball of %g mm changes nothing: the nearest voxels are %.4g mm apart", radius_mm,
                nearest);
}

lar_status lar_mask(lar_image **out, const lar_image *in, const lar_mask_params *p)
{
    lar_status status = LAR_OK;
    lar_image *image = NULL;
    double mm[3];

    *out = NULL;
    LAR_TRY(mask_check(p));
    LAR_TRY(chosen(&image, in, p));
    LAR_TRY(still_parts(image,
                        p->method == LAR_MASK_THRESHOLD ? "the threshold" : "choosing by value"));
    const int64_t *size = image->grid.size;
    uint8_t *mask = image->voxels;
    lar_grid_spacing(&image->grid, mm);
    const double radii[] = { p->open_mm, p->close_mm, p->dilate_mm, p->erode_mm };
    for (size_t n = 0; n < sizeof radii / sizeof *radii; n++) tell_if_idle(radii[n], mm);
    if (p->open_mm > 0) {
        LAR_TRY(lar_mask_erode(mask, size, mm, p->open_mm));
        LAR_TRY(lar_mask_dilate(mask, size, mm, p->open_mm));
        LAR_TRY(still_parts(image, "opening"));
    }
    if (p->largest) LAR_TRY(lar_mask_keep_largest(mask, size));
    if (p->close_mm > 0) {
        LAR_TRY(lar_mask_dilate(mask, size, mm, p->close_mm));
        LAR_TRY(lar_mask_erode(mask, size, mm, p->close_mm));
        LAR_TRY(still_parts(image, "closing"));
    }
    if (p->fill) {
        LAR_TRY(lar_mask_fill_holes(mask, size));
        LAR_TRY(still_parts(image, "filling"));
    }
    if (p->dilate_mm > 0) {
        LAR_TRY(lar_mask_dilate(mask, size, mm, p->dilate_mm));
        LAR_TRY(still_parts(image, "dilating"));
    }
    if (p->erode_mm > 0) {
        LAR_TRY(lar_mask_erode(mask, size, mm, p->erode_mm));
        LAR_TRY(still_parts(image, "eroding"));
    }
    const int64_t count = lar_image_voxel_count(image);
    for (int64_t n = 0; p->invert && n < count; n++) mask[n] = !mask[n];
    *out = image;
    image = NULL;
done:
    lar_image_free(image);
    return status;
}

typedef struct applying {
    lar_image *image;
    const uint8_t *mask;
    size_t item;
    unsigned char value[8];
} applying;

static lar_status apply_rows(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const applying *job = arg;
    const int64_t width = job->image->grid.size[0];
    const int64_t rows = job->image->grid.size[1] * job->image->grid.size[2];
    const size_t item = job->item;
    for (int64_t r = begin; r < end; r++) {
        char *to = (char *)job->image->voxels + r * width * (int64_t)item;
        const uint8_t *inside = job->mask + r % rows * width;
        for (int64_t i = 0; i < width; i++)
            if (!inside[i]) memcpy(to + i * (int64_t)item, job->value, item);
    }
    return LAR_OK;
}

lar_status lar_mask_apply(lar_image **out, const lar_image *in, const lar_image *mask, double value)
{
    enum { ROWS = 256 };
    lar_status status = LAR_OK;
    lar_image *inside = NULL, *copy = NULL;
    applying job = { .item = lar_type_size(in->type) };

    *out = NULL;
    LAR_TRY(lar_type_store(job.value, in->type, value));
    LAR_TRY(lar_mask_bytes(&inside, mask, &in->grid));
    LAR_TRY(lar_image_copy(&copy, in));
    job.image = copy;
    job.mask = inside->voxels;
    LAR_TRY(
        lar_parallel(in->grid.size[1] * in->grid.size[2] * in->channels, ROWS, apply_rows, &job));
    *out = copy;
    copy = NULL;
done:
    lar_image_free(copy);
    lar_image_free(inside);
    return status;
}
