/* Registration as users call it: its parameters, and the order of its stages.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "image/image.h"
#include "math/math.h"
#include "register/register_parts.h"

static const char *const kinds[] = { "translation", "rigid",      "similarity",
                                     "affine",      "deformable", NULL };
static const char *const metrics[] = { "mi", "nmi", "lncc", NULL };
static const char *const starts[] = { "search", "header", NULL };
static const char *const heads[] = { "auto", "same", "different", NULL };

const lar_param lar_register_table[] = {
    LAR_P_CHOICE(lar_register_params, kind, "kind", 'k', "affine", kinds,
                 "which maps are allowed; deformable: a diffeomorphism after an affine map"),
    LAR_P_CHOICE(lar_register_params, metric, "metric", 0, "mi", metrics,
                 "likeness for linear maps: mutual information, normalized mutual information, "
                 "local correlation"),
    LAR_P_CHOICE(lar_register_params, bend_metric, "bend-metric", 0, "lncc", metrics,
                 "likeness for the diffeomorphism"),
    LAR_P_CHOICE(lar_register_params, start, "start", 0, "search", starts,
                 "search: whatever the headers say; header: near what they say"),
    LAR_P_CHOICE(lar_register_params, heads, "heads", 0, "auto", heads,
                 "of one person or of two, which fit less well; auto: one, but for deformable"),
    LAR_P_FLAG(lar_register_params, keep_bias, "keep-bias", 0,
               "compare the images with their bias fields, which are else divided out before"),
    LAR_P_INT(lar_register_params, bins, "bins", 0, "48", 8, 120, "count",
              "of each axis of the joint histogram, at most"),
    LAR_P_REAL(lar_register_params, radius_mm, "radius", 0, "4", 0.1, 50, "mm",
               "half the edge of the boxes of the local correlation; a voxel at least"),
    LAR_P_REAL(
        lar_register_params, smooth_mm, "smooth", 0, "5", 0, 50, "mm",
        "deformable: standard deviation that each step is smoothed with; on coarse levels as "
        "many voxels as on the finest"),
    LAR_P_INTS(lar_register_params, iterations, "iterations", 0, "15,10,3", 0, 1000, "count",
               "deformable: at voxels of 8, 4 and 2 mm"),
    LAR_P_END,
};

lar_register_params lar_register_default(void)
{
    lar_register_params params;
    lar_param_defaults(lar_register_table, &params);
    return params;
}

static double voxel_mm3(const lar_image *image)
{
    return fabs(lar_affine_determinant(&image->grid.to_world));
}

/* Whether `b` is the one to sample: that with a mask, so that nothing of it is lost; else the
 * coarser, so that no value is invented between its voxels.
 * Of equals always the same one, whatever the order, so that exchanging both inverts the result. */
static bool second_is_sampled(const lar_side *a, const lar_side *b)
{
    const double x[] = { voxel_mm3(a->full), (double)-lar_image_voxel_count(a->full), a->high,
                         a->low };
    const double y[] = { voxel_mm3(b->full), (double)-lar_image_voxel_count(b->full), b->high,
                         b->low };
    if (a->masked != b->masked) return b->masked;
    for (int n = 0; n < 4; n++)
        if (x[n] != y[n] && fabs(x[n] - y[n]) > 1e-6 * fabs(x[n])) return y[n] > x[n];
    return false;
}

static lar_status check(const lar_register_params *params)
{
    if (params->kind < 0 || params->kind > LAR_REGISTER_DEFORMABLE)
        return lar_fail(LAR_EARGUMENT, "there is no kind %d of registration", params->kind);
    if (params->bins < 8 || params->bins > 120)
        return lar_fail(LAR_EARGUMENT, "a histogram has 8 to 120 bins, not %lld",
                        (long long)params->bins);
    if (params->iterations.count < 1 || params->iterations.count > 3)
        return lar_fail(LAR_EARGUMENT, "iterations are given for 3 levels at most, not %lld",
                        (long long)params->iterations.count);
    return LAR_OK;
}

lar_status lar_register(lar_registration **out, const lar_image *fixed, const lar_image *moving,
                        const lar_image *fixed_mask, const lar_image *moving_mask,
                        const lar_affine *start, const lar_register_params *params)
{
    lar_status status = LAR_OK;
    lar_side f = { 0 }, m = { 0 };
    lar_affine begin = lar_affine_identity(), map;
    lar_registration *r = NULL;
    const bool searched = !start && params->start == LAR_START_SEARCH;
    *out = NULL;
    LAR_TRY(check(params));
    if (start) begin = *start;
    if (!lar_affine_invert(&map, &begin)) {
        status = lar_fail(LAR_ENUMERIC, "the map to begin with is singular or not finite");
        goto done;
    }
    r = lar_alloc(1, sizeof *r);
    if (!r) return LAR_EMEMORY;
    LAR_TRY(lar_side_init(&f, fixed, fixed_mask, params->keep_bias, "fixed"));
    LAR_TRY(lar_side_init(&m, moving, moving_mask, params->keep_bias, "moving"));
    const bool backward = second_is_sampled(&f, &m);
    const lar_side *sampled = backward ? &m : &f, *probed = backward ? &f : &m;
    if (backward) begin = map;
    LAR_TRY(lar_linear_find(&map, sampled, probed, searched ? NULL : &begin, false, params));
    LAR_TRY(lar_judge_map(&r->verdict, &map, sampled, probed, backward, searched, params));
    r->affine = map;
    if (backward && !lar_affine_invert(&r->affine, &map)) {
        status = lar_fail(LAR_ENUMERIC, "the images were pressed together: nothing in them agrees");
        goto done;
    }
    if (params->kind == LAR_REGISTER_DEFORMABLE) {
        lar_side_slim(&f);
        lar_side_slim(&m);
        LAR_TRY(lar_deform(&r->field, &r->inverse, &f, &m, &r->affine, params));
        LAR_TRY(lar_judge_field(&r->verdict, r->field));
    }
    *out = r;
    r = NULL;
done:
    lar_registration_free(r);
    lar_side_clear(&f);
    lar_side_clear(&m);
    return status;
}

void lar_registration_free(lar_registration *r)
{
    if (!r) return;
    lar_image_free(r->field);
    lar_image_free(r->inverse);
    lar_free(r);
}

lar_status lar_registration_chain(lar_chain **out, const lar_registration *r, bool inverse)
{
    lar_status status = LAR_OK;
    lar_chain *chain = NULL;
    lar_affine back;
    *out = NULL;
    LAR_TRY(lar_chain_new(&chain));
    if (inverse) { /* the affine map's inverse acts first, and so comes last */
        if (r->inverse) LAR_TRY(lar_chain_add_field(chain, r->inverse));
        if (!lar_affine_invert(&back, &r->affine)) {
            status = lar_fail(LAR_ENUMERIC, "the map cannot be inverted");
            goto done;
        }
        LAR_TRY(lar_chain_add_affine(chain, &back));
    } else {
        LAR_TRY(lar_chain_add_affine(chain, &r->affine));
        if (r->field) LAR_TRY(lar_chain_add_field(chain, r->field));
    }
    *out = chain;
    chain = NULL;
done:
    lar_chain_free(chain);
    return status;
}
