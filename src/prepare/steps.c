/* The table of preparation steps. A step is a struct, its lar_param tables, and what it does to one
 * image of a case: to its target grid (step_grid.c, step_crop.c), to its place in the world
 * (step_register.c) or to its voxels (step_strip.c, step_voxels.c, step_intensity.c,
 * step_normalize.c). Here is
 * also what they have in common. SPDX-License-Identifier: Apache-2.0 */
#include "prepare/pass.h"

extern const lar_step_kind lar_step_strip, lar_step_n4, lar_step_smooth, lar_step_mask,
    lar_step_clip, lar_step_rescale, lar_step_normalize, lar_step_register, lar_step_resample,
    lar_step_crop, lar_step_pad, lar_step_fit;

const lar_step_kind *const lar_steps[] = {
    &lar_step_strip,
    &lar_step_n4,
    &lar_step_smooth,
    &lar_step_mask,
    &lar_step_clip,
    &lar_step_rescale,
    &lar_step_normalize,
    &lar_step_register,
    &lar_step_resample,
    &lar_step_crop,
    &lar_step_pad,
    &lar_step_fit,
    NULL,
};

static const char *const when_names[] = { "always", "training", NULL };

const lar_param lar_step_common_table[] = {
    LAR_P_TEXTS(lar_step_common, images, "images", 0, "image",
                "which images; left out: all that the step can do"),
    LAR_P_CHOICE(lar_step_common, when, "when", 0, "always", when_names,
                 "training: predict leaves the step out"),
    LAR_P_END,
};

/* ---- other images ---------------------------------------------------------------------- */

int64_t lar_step_image(const lar_data_params *data, const char *name)
{
    for (int64_t n = 0; n < data->image_count; n++)
        if (lar_text_is(data->images[n].name, name)) return n;
    return -1;
}

lar_status lar_step_find_image(const lar_data_params *data, const char *name)
{
    const char *names[LAR_IMAGES_MAX + 1] = { NULL };
    if (lar_step_image(data, name) >= 0) return LAR_OK;
    for (int64_t n = 0; n < data->image_count; n++) names[n] = data->images[n].name;
    lar_fail(LAR_EARGUMENT, "there is no image '%s' in data", name);
    const char *nearest = lar_text_nearest(name, names);
    if (nearest) lar_hint(LAR_EARGUMENT, "'%s'", nearest);
    return LAR_EARGUMENT;
}

int64_t lar_step_follows(const lar_data_params *data, int64_t image)
{
    const char *of = data->images[image].made_of;
    const int64_t found = of ? lar_step_image(data, of) : -1;
    return found < 0 ? image : found;
}

lar_status lar_step_find_mask(const lar_data_params *data, const char *name)
{
    if (!name) return LAR_OK;
    const lar_status status = lar_step_find_image(data, name);
    if (status != LAR_OK) return status;
    const int role = data->images[lar_step_image(data, name)].role;
    if (role == LAR_MASK) return LAR_OK;
    return lar_fail(LAR_EARGUMENT, "'%s' cannot mask: its role is %s", name, lar_role_names[role]);
}

lar_status lar_pass_carry(lar_image **out, const lar_pass *pass, const lar_image *what,
                          int64_t from, int64_t at, const lar_resample_params *how)
{
    lar_chain *chain;
    const lar_grid *grid = &pass->images[at]->grid;
    *out = NULL;
    lar_status status = lar_moved_chain(&chain, pass->study, pass->maps, at, from);
    if (status != LAR_OK) return status;
    if (!chain && lar_grid_matches(&what->grid, grid)) return lar_image_to_ras(out, what);
    status = lar_resample_through(out, what, grid, chain, how);
    lar_chain_free(chain);
    return status;
}

/* The mask of the case; LAR_EARGUMENT where it is not there. */
static lar_status find_mask(int64_t *out, const lar_pass *pass, const char *name)
{
    *out = lar_step_image(&pass->study->data, name);
    if (lar_pass_has(pass, *out) && pass->images[*out]) return LAR_OK;
    return lar_fail(LAR_EARGUMENT, "the step needs the mask '%s', which is not given", name);
}

lar_status lar_pass_mask(lar_image **out, const lar_pass *pass, const char *name, int64_t image)
{
    int64_t n;
    *out = NULL;
    if (!name) return LAR_OK;
    const lar_status status = find_mask(&n, pass, name);
    if (status != LAR_OK) return status;
    lar_resample_params nearest = lar_resample_default();
    nearest.interpolation = LAR_NEAREST;
    nearest.pad = 0;
    return lar_pass_carry(out, pass, pass->images[n], n, image, &nearest);
}

lar_status lar_pass_weights(lar_image **out, const lar_pass *pass, const char *name, int64_t image)
{
    lar_status status = LAR_OK;
    lar_image *weights = NULL;
    int64_t n;
    const lar_resample_params linear = { .interpolation = LAR_LINEAR, .pad = 0 };

    *out = NULL;
    if (!name) return LAR_OK;
    LAR_TRY(find_mask(&n, pass, name));
    LAR_TRY(lar_image_new(&weights, &pass->images[n]->grid, 1, LAR_F32));
    float *to = weights->voxels;
    const lar_grid *grid = &weights->grid;
    for (int64_t k = 0; k < grid->size[2]; k++)
        for (int64_t j = 0; j < grid->size[1]; j++)
            for (int64_t i = 0; i < grid->size[0]; i++)
                *to++ = lar_image_at(pass->images[n], i, j, k, 0) != 0;
    status = lar_pass_carry(out, pass, weights, n, image, &linear);
done:
    lar_image_free(weights);
    return status;
}

/* ---- what a step leaves ---------------------------------------------------------------- */

void lar_pass_put(lar_pass *pass, int64_t image, lar_image *changed)
{
    lar_image_free(pass->images[image]);
    pass->images[image] = changed;
}

static bool is_line(const lar_curve *curve)
{
    return curve->count == 2;
}

static double on_line(const double from[2], const double to[2], double x)
{
    return to[0] + (x - from[0]) * ((to[1] - to[0]) / (from[1] - from[0]));
}

void lar_fit_add(lar_fit *fit, const char *method, const lar_reals *values, const lar_curve *curve)
{
    lar_curve all = *curve;
    if (fit->method && is_line(curve)) {
        all = fit->curve;
        for (int64_t n = 0; n < all.count; n++)
            all.to[n] = on_line(curve->from, curve->to, all.to[n]);
    } else if (fit->method) { /* what it begins with is a line */
        for (int64_t n = 0; n < all.count; n++)
            all.from[n] = on_line(fit->curve.to, fit->curve.from, all.from[n]);
    }
    all.clips = curve->clips || (fit->method && fit->curve.clips);
    *fit = (lar_fit){ .method = method, .values = *values, .curve = all };
}
