/* Whether a brain mask can be trusted: by its size and pieces, by what lies along lines through its
 * surface, and by its shape. Where the bounds come from is told in docs/strip.md (./dev bench strip
 * verdicts).
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>

#include "base/base.h"
#include "brain/brain.h"
#include "brain/strip_parts.h"
#include "brain/verdict_rim.h"
#include "brain/verdict_shape.h"
#include "filter/filter.h"
#include "image/image.h"

/* Brain and fluid of a newborn, and of the largest adults (Bethlehem 2022,
 * doi:10.1038/s41586-022-04554-y, whose charts begin before birth). */
#define LEAST_ML 300.0
#define MOST_ML  2100.0

/* Chosen on masks of the same heads that the bench has, but for its phantoms, and on others planted
 * there. */
#define MOST_HOLES   30.0 /* ml; ventricles that a mask leaves out are as much */
#define MOST_EDGE    0.1
#define LEAST_MM     90.0 /* that the head of a newborn has along any axis */
#define MOST_SKIN    0.012
#define LEAST_SKULL  0.45
#define LEAST_MIRROR 0.8
#define MOST_DEGREES 20.0

/* What good masks have less of than `good`, and failures more than `bad`. One that is beyond it is
 * enough, and so are several that are on the way: together TOGETHER of the way. */
typedef struct bound {
    double good, bad;
} bound;
static const bound deeper_mm = { 8, 16 }; /* the deepest twentieth of the vault below its median */
static const bound no_skull = { 0.5, 0.9 }; /* share of the part of the surface that has most */
static const bound missed = { 0.2, 0.3 };
static const bound dents = { 0.2, 0.285 }, bulges = { 0.12, 0.22 };
#define TOGETHER 1.35

#define doubt(v, ...) lar_doubt(&(v)->doubtful, (v)->reason, __VA_ARGS__)

/* "in front, below, on the left": where a direction points. */
static const char *place_of(char text[48], const double at[3])
{
    static const char *const words[3][2] = { { "left", "right" },
                                             { "back", "front" },
                                             { "bottom", "top" } };
    int most = 0, next;
    for (int a = 1; a < 3; a++)
        if (fabs(at[a]) > fabs(at[most])) most = a;
    next = most == 0 ? 1 : 0;
    for (int a = 0; a < 3; a++)
        if (a != most && fabs(at[a]) > fabs(at[next])) next = a;
    if (fabs(at[next]) > 0.4)
        snprintf(text, 48, "%s and %s", words[most][at[most] > 0], words[next][at[next] > 0]);
    else
        snprintf(text, 48, "%s", words[most][at[most] > 0]);
    return text;
}

static void decide_size(lar_strip_verdict *v, const lar_image *mask)
{
    double mm[3];
    if (v->millilitres < LEAST_ML || v->millilitres > MOST_ML)
        doubt(v, "its volume is %.0f ml, and that of a brain %.0f to %.0f", v->millilitres,
              LEAST_ML, MOST_ML);
    lar_grid_spacing(&mask->grid, mm);
    for (int a = 0; a < 3; a++)
        if (mm[a] * (double)mask->grid.size[a] < LEAST_MM)
            doubt(v, "the image is a slab of %.0f mm, and no whole head",
                  mm[a] * (double)mask->grid.size[a]);
    if (v->pieces > 1)
        doubt(v, "it is in %lld pieces, the largest with %.0f %% of it", (long long)v->pieces,
              100 * v->largest);
    if (v->edge > MOST_EDGE)
        doubt(v, "%.0f %% of its surface lies on the edge of the image: the brain is cut off",
              100 * v->edge);
}

static double way(double value, bound b)
{
    return fmax((value - b.good) / (b.bad - b.good), 0);
}

static void decide_rim(lar_strip_verdict *v)
{
    if (v->skin > MOST_SKIN)
        doubt(v, "it reaches the skin: %.1f %% of its surface lies less than 4 mm below it",
              100 * v->skin);
    if (v->contrast < LEAST_SKULL)
        doubt(v, "skull is seen outside of only %.0f %% of its surface", 100 * v->contrast);
}

/* The strongest reason of those whose strength depends on one another. */
static void decide_together(lar_strip_verdict *v, const lar_rim_report *rim,
                            const lar_shape_fit *shape, double radius_mm)
{
    enum { DEEPER, PART, MISSED, DENT, BULGE, COUNT };
    const double ways[COUNT] = {
        [DEEPER] = way(rim->deepest_mm - rim->depth_mm, deeper_mm),
        [PART] = way(1 - rim->worst, no_skull),
        [MISSED] = way(rim->missed, missed),
        [DENT] = way(shape->dent, dents),
        [BULGE] = way(shape->bump, bulges),
    };
    char place[48];
    double sum = 0;
    int most = 0;
    for (int n = 0; n < COUNT; n++) {
        sum += ways[n];
        if (ways[n] > ways[most]) most = n;
    }
    if (ways[most] < 1 && sum < TOGETHER) return;
    switch (most) {
    case DEEPER:
        doubt(v,
              "part of the brain is missing: it lies %.0f mm below the skin there, %.0f elsewhere",
              rim->deepest_mm, rim->depth_mm);
        break;
    case PART:
        doubt(v, "no skull is seen outside of it at the %s (of %.0f %% of the surface there)",
              place_of(place, rim->worst_at), 100 * rim->worst);
        break;
    case MISSED:
        doubt(v, "the same tissue goes on outside of %.0f %% of its surface: it is too small",
              100 * v->missed);
        break;
    case DENT:
        doubt(v, "%.0f mm are missing at the %s of the shape of a brain", shape->dent * radius_mm,
              place_of(place, shape->dent_at));
        break;
    default:
        doubt(v, "it bulges by %.0f mm at the %s, beyond the shape of a brain",
              shape->bump * radius_mm, place_of(place, shape->bump_at));
    }
}

lar_status lar_strip_judge_seen(lar_strip_verdict *out, const lar_image *floats,
                                const lar_image *mask, int contrast, const lar_strip_look *look)
{
    lar_status status = LAR_OK;
    lar_rim rim = { 0 };
    lar_rim_report seen = { .worst = 1 };
    lar_shape_fit shape;
    double degrees = 0;
    *out = (lar_strip_verdict){ 0 };
    LAR_TRY(lar_verdict_size(out, mask));
    decide_size(out, mask);
    LAR_TRY(lar_rim_init(&rim, floats, mask, !look->stripped, contrast == LAR_STRIP_CT));
    out->holes = fmax(out->holes, rim.holes);
    if (out->holes > MOST_HOLES) doubt(out, "it has holes of %.0f ml", out->holes);
    if (rim.count == 0) goto done;
    if (!look->stripped) {
        LAR_TRY(lar_rim_measure(&seen, &rim, contrast == LAR_STRIP_CT));
        out->contrast = seen.skull;
        out->missed = seen.missed;
        out->skin = seen.skin;
        out->depth_mm = seen.depth_mm;
        decide_rim(out);
    }
    LAR_TRY(lar_shape_compare(&shape, &rim));
    out->symmetry = shape.symmetry;
    out->dent = shape.dent;
    out->bump = shape.bump;
    if (!look->stripped) LAR_TRY(lar_turn_compare(&degrees, &rim, shape.turn));
    if (degrees > MOST_DEGREES)
        doubt(out, "its middle plane is turned by %.0f degrees from that of the head", degrees);
    decide_together(out, &seen, &shape, rim.radius_mm);
    if (out->symmetry < LEAST_MIRROR)
        doubt(out, "its left and right sides agree by only %.2f (Dice)", out->symmetry);
done:
    lar_rim_clear(&rim);
    return status;
}

lar_status lar_strip_judge(lar_strip_verdict *out, const lar_image *in, const lar_image *mask,
                           int contrast)
{
    lar_status status = LAR_OK;
    lar_image *floats = NULL, *bytes = NULL;
    lar_strip_look look;
    *out = (lar_strip_verdict){ 0 };
    LAR_TRY(lar_strip_check(in));
    LAR_TRY(lar_first_channel(&floats, in));
    LAR_TRY(lar_mask_bytes(&bytes, mask, &in->grid));
    LAR_TRY(lar_strip_look_at(&look, floats));
    LAR_TRY(lar_strip_settle_contrast(&contrast, &look));
    LAR_TRY(lar_strip_judge_seen(out, floats, bytes, contrast, &look));
done:
    lar_image_free(bytes);
    lar_image_free(floats);
    return status;
}
