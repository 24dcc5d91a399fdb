/* Levels at which the contours of a head lie on edges of anatomy, in any contrast: taken from the
 * values of air, skin, and what lies deep in the head.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "filter/filter.h"
#include "image/image.h"
#include "math/math.h"
#include "report/contours/outlines.h"

/* Parts of the way from air to the median of the core. BORDER lies above cerebrospinal fluid of T1
 * with little contrast, and below the brain of FLAIR; bright parts STAND_OUT by more than white
 * matter of T1 does; skin is DIM where less of the surface reaches the border. Chosen on T1, T2
 * and FLAIR scans of two sites and on phantoms. */
static const double BORDER = 0.6, STANDS_OUT = 0.1, DIM = 0.8;

/* CT is recognized by its air, -1000 Hounsfield units; then brain is seen, and bone is white. */
static const double CT_AIR = -900, CT_BLACK = -20, CT_WHITE = 100;

enum { AIR = 0, CORE = 3 }; /* as lar_head marks them */

static int64_t sample_count(const lar_head *head)
{
    return head->size[0] * head->size[1] * head->size[2];
}

/* Puts the head as lar_head_mask() finds it, dim skin and all, in place of the coarse one; the core
 * stays as it is. */
static void mark_head(lar_head *head, const lar_image *mask)
{
    const int64_t *size = head->size;
    for (int64_t n = 0; n < sample_count(head); n++) {
        const int64_t i = n % size[0], j = n / size[0] % size[1], k = n / size[0] / size[1];
        const bool inside = lar_image_at(mask, i * head->step[0] + head->step[0] / 2,
                                         j * head->step[1] + head->step[1] / 2,
                                         k * head->step[2] + head->step[2] / 2, 0) > 0;
        if (head->inside[n] != CORE) head->inside[n] = inside;
    }
}

/* Of the outermost samples of the head the part that reach the level, or a neighbour does. */
static double seen_at(const lar_head *head, double level)
{
    int64_t skin = 0, seen = 0;
    for (int64_t n = 0; n < sample_count(head); n++) {
        int64_t stride = 1;
        bool beside_air = false, reaches = head->values[n] >= level;
        if (head->inside[n] == AIR) continue;
        for (int a = 0; a < 3; stride *= head->size[a++])
            for (int side = -1; side <= 1; side += 2) {
                const int64_t at = n / stride % head->size[a] + side;
                if (at < 0 || at >= head->size[a]) continue;
                beside_air = beside_air || head->inside[n + side * stride] == AIR;
                reaches = reaches || head->values[n + side * stride] >= level;
            }
        skin += beside_air;
        seen += beside_air && reaches;
    }
    return skin ? (double)seen / (double)skin : 1;
}

static int64_t take(float *out, const lar_head *head, int kind)
{
    int64_t count = 0;
    for (int64_t n = 0; n < sample_count(head); n++)
        if (head->inside[n] == kind) out[count++] = (float)head->values[n];
    return count;
}

/* NaN: there is none of the kind. */
static lar_status median_of(double *out, const lar_head *head, int kind, float *scratch)
{
    const double half = 0.5;
    const int64_t count = take(scratch, head, kind);
    *out = NAN;
    return count ? lar_quantiles(out, &half, 1, scratch, count) : LAR_OK;
}

/* Between air and the middle of what lies deep in the head: skin, skull, and brain where
 * cerebrospinal fluid is dark. Then, where some of the core is far brighter than its middle, such
 * as fluid in T2 or bone in CT, what parts it best from the rest. */
static lar_status choose_levels(lar_outlines *o, bool *dim, const lar_head *head, float *scratch)
{
    lar_status status = LAR_OK;
    double air, median;
    lar_otsu otsu;
    LAR_TRY(median_of(&air, head, AIR, scratch));
    LAR_TRY(median_of(&median, head, CORE, scratch));
    const double rise = median - air;
    *dim = false;
    if (isfinite(rise) && rise != 0) {
        const double level = air + BORDER * rise;
        o->levels[o->level_count++] = level;
        *dim = seen_at(head, level) < DIM;
    }
    status = lar_otsu_split(&otsu, scratch, take(scratch, head, CORE));
    if (status == LAR_ENUMERIC) return LAR_OK; /* all of one value: a mask */
    if (status != LAR_OK) goto done;
    if (o->level_count == 0 || otsu.threshold - median > STANDS_OUT * fabs(rise))
        o->levels[o->level_count++] = otsu.threshold;
done:
    return status;
}

static lar_status find_levels(lar_outlines *o, const lar_image *floats)
{
    lar_status status = LAR_OK;
    lar_image *mask = NULL;
    lar_look surface = { 0 };
    lar_head head = { 0 };
    float *scratch = NULL;
    bool dim = false;

    LAR_TRY(lar_head_init(&head, &o->look));
    status = lar_head_mask(&mask, floats);
    if (status == LAR_OK) {
        LAR_TRY(lar_look_init(&surface, mask));
        mark_head(&head, surface.ras);
    } else if (status != LAR_ENUMERIC) { /* no head, or constant, which the caller says */
        goto done;
    }
    scratch = lar_alloc_raw(sample_count(&head), sizeof *scratch);
    if (!scratch) {
        status = LAR_EMEMORY;
        goto done;
    }
    LAR_TRY(choose_levels(o, &dim, &head, scratch));
    if (dim && mask) {
        o->surface = surface;
        surface = (lar_look){ 0 };
    }
done:
    lar_free(scratch);
    lar_head_clear(&head);
    lar_look_clear(&surface);
    lar_image_free(mask);
    return status;
}

lar_status lar_outlines_init(lar_outlines *out, const lar_image *image)
{
    lar_status status = LAR_OK;
    lar_image *floats = NULL;
    lar_otsu otsu;

    *out = (lar_outlines){ 0 };
    LAR_TRY(lar_look_init(&out->look, image));
    LAR_TRY(lar_first_channel(&floats, image));
    LAR_TRY(find_levels(out, floats));
    if (out->level_count == 0) { /* constant, or too small a thing for the samples */
        LAR_TRY(lar_otsu_split(&otsu, floats->voxels, lar_image_voxel_count(floats)));
        out->levels[out->level_count++] = otsu.threshold;
    }
done:
    lar_image_free(floats);
    return status;
}

lar_status lar_outlines_init_mask(lar_outlines *out, const lar_image *mask)
{
    *out = (lar_outlines){ .levels = { 0.5 }, .level_count = 1, .mask = true };
    return lar_look_init(&out->look, mask);
}

void lar_outlines_clear(lar_outlines *o)
{
    lar_look_clear(&o->look);
    lar_look_clear(&o->surface);
}

lar_status lar_outlines_window(double out[2], const lar_head *head)
{
    lar_status status = LAR_OK;
    double air;
    float *scratch = lar_alloc_raw(sample_count(head), sizeof *scratch);

    if (!scratch) return LAR_EMEMORY;
    LAR_TRY(median_of(&air, head, AIR, scratch));
    out[0] = CT_BLACK;
    out[1] = CT_WHITE;
    if (!(air < CT_AIR)) LAR_TRY(lar_head_window(out, head, (const double[2]){ 1, 99.5 }));
done:
    lar_free(scratch);
    return status;
}
