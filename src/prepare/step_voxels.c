/* Steps that repair or hide voxels: n4, smooth, mask. A prediction is made in their kind of target:
 * nothing undoes them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "prepare/pass.h"

/* ---- n4 -------------------------------------------------------------------------------- */

typedef struct n4_step {
    lar_n4_params how; /* first: lar_n4_table is of it */
    const char *mask, *weights;
} n4_step;

static const lar_param n4_own[] = {
    LAR_P_TEXT(n4_step, mask, "mask", 0, "", "image",
               "the voxels of this mask take part; left out: the head (like ants: all)"),
    LAR_P_TEXT(
        n4_step, weights, "weights", 0, "", "image",
        "this mask says how much each voxel counts: 0 to 1, between them where its edge cuts one"),
    LAR_P_END,
};

static lar_status one_or_three(const lar_ints *list, const char *what)
{
    if (list->count == 0 || list->count == 1 || list->count == 3) return LAR_OK;
    return lar_fail(LAR_EARGUMENT, "%s is one number or three, not %lld", what,
                    (long long)list->count);
}

static lar_status n4_check(const lar_step *step, const lar_data_params *data)
{
    const n4_step *p = step->params;
    lar_status status = one_or_three(&p->how.mesh, "a mesh");
    if (status == LAR_OK) status = lar_step_find_mask(data, p->mask);
    return status == LAR_OK ? lar_step_find_mask(data, p->weights) : status;
}

static void use(const lar_data_params *data, const char *name, bool *used)
{
    if (name) used[lar_step_image(data, name)] = true;
}

static void n4_uses(const lar_step *step, const lar_data_params *data, bool *used)
{
    use(data, ((const n4_step *)step->params)->mask, used);
    use(data, ((const n4_step *)step->params)->weights, used);
}

static lar_status n4_run(const lar_step *step, lar_pass *pass, int64_t image)
{
    lar_status status = LAR_OK;
    const n4_step *p = step->params;
    lar_image *mask = NULL, *weights = NULL, *changed;
    LAR_TRY(lar_pass_mask(&mask, pass, p->mask, image));
    LAR_TRY(lar_pass_weights(&weights, pass, p->weights, image));
    LAR_TRY(lar_n4(&changed, NULL, NULL, pass->images[image], mask, weights, &p->how));
    lar_pass_put(pass, image, changed);
done:
    lar_image_free(weights);
    lar_image_free(mask);
    return status;
}

const lar_step_kind lar_step_n4 = {
    .name = "n4",
    .help = "shading of the coil divided out",
    .tables = { lar_n4_table, n4_own },
    .size = sizeof(n4_step),
    .stays = "without its bias field",
    .check = n4_check,
    .uses = n4_uses,
    .bytes = 11,
    .run = n4_run,
};

/* ---- smooth ---------------------------------------------------------------------------- */

typedef struct smooth_step {
    lar_smooth_params how; /* first */
    const char *mask;
} smooth_step;

static const lar_param smooth_own[] = {
    LAR_P_TEXT(smooth_step, mask, "mask", 0, "", "image",
               "average inside this mask alone, and set the rest to 0"),
    LAR_P_END,
};

static lar_status smooth_check(const lar_step *step, const lar_data_params *data)
{
    const smooth_step *p = step->params;
    const lar_reals *width = p->how.fwhm.count ? &p->how.fwhm : &p->how.sigma;
    if ((p->how.fwhm.count > 0) == (p->how.sigma.count > 0))
        return lar_fail(LAR_EARGUMENT, "smooth takes either a fwhm or a sigma");
    if (width->count != 1 && width->count != 3)
        return lar_fail(LAR_EARGUMENT, "a width is one number or three, not %lld",
                        (long long)width->count);
    return lar_step_find_mask(data, p->mask);
}

static void smooth_uses(const lar_step *step, const lar_data_params *data, bool *used)
{
    use(data, ((const smooth_step *)step->params)->mask, used);
}

static lar_status smooth_run(const lar_step *step, lar_pass *pass, int64_t image)
{
    const smooth_step *p = step->params;
    lar_image *mask, *changed = NULL;
    lar_status status = lar_pass_mask(&mask, pass, p->mask, image);
    if (status == LAR_OK) status = lar_smooth(&changed, pass->images[image], mask, &p->how);
    if (status == LAR_OK) lar_pass_put(pass, image, changed);
    lar_image_free(mask);
    return status;
}

const lar_step_kind lar_step_smooth = {
    .name = "smooth",
    .help = "by a Gaussian",
    .tables = { lar_smooth_table, smooth_own },
    .size = sizeof(smooth_step),
    .stays = "smoothed",
    .check = smooth_check,
    .uses = smooth_uses,
    .bytes = 11,
    .run = smooth_run,
};

/* ---- mask ------------------------------------------------------------------------------ */

typedef struct mask_step {
    lar_mask_params how; /* first */
    const char *keep;
    double value;
} mask_step;

static const lar_param mask_own[] = {
    LAR_P_TEXT(mask_step, keep, "keep", 0, "", "image",
               "instead of making a mask: keep what is inside this one"),
    LAR_P_REAL(mask_step, value, "value", 0, "0", -1e30, 1e30, "value", "of the voxels outside"),
    LAR_P_END,
};

static lar_status mask_check(const lar_step *step, const lar_data_params *data)
{
    const mask_step *p = step->params;
    if (p->how.low > p->how.high)
        return lar_fail(LAR_EARGUMENT, "low is %g and high is %g: no value is between them",
                        p->how.low, p->how.high);
    return lar_step_find_mask(data, p->keep);
}

static void mask_uses(const lar_step *step, const lar_data_params *data, bool *used)
{
    use(data, ((const mask_step *)step->params)->keep, used);
}

static lar_status mask_run(const lar_step *step, lar_pass *pass, int64_t image)
{
    lar_status status = LAR_OK;
    const mask_step *p = step->params;
    lar_image *mask = NULL, *changed = NULL;

    LAR_TRY(lar_pass_mask(&mask, pass, p->keep, image));
    if (!mask) LAR_TRY(lar_mask(&mask, pass->images[image], &p->how));
    LAR_TRY(lar_mask_apply(&changed, pass->images[image], mask, p->value));
    lar_pass_put(pass, image, changed);
done:
    lar_image_free(mask);
    return status;
}

const lar_step_kind lar_step_mask = {
    .name = "mask",
    .help = "one value outside a mask",
    .tables = { lar_mask_table, mask_own },
    .size = sizeof(mask_step),
    .stays = "masked",
    .check = mask_check,
    .uses = mask_uses,
    .bytes = 12,
    .run = mask_run,
};
