/* The table of preparation steps. A step is a struct, its lar_param table, and what it does to one
 * image of a case: to its target grid (spatial) or to its voxels (intensity).
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "image/image.h"
#include "intensity/intensity.h"
#include "prepare/pass.h"

static int64_t image_named(const lar_data_params *data, const char *name)
{
    for (int64_t n = 0; n < data->image_count; n++)
        if (lar_text_is(data->images[n].name, name)) return n;
    return -1;
}

static lar_status no_such_image(const lar_data_params *data, const char *name)
{
    const char *names[LAR_IMAGES_MAX + 1] = { NULL };
    for (int64_t n = 0; n < data->image_count; n++) names[n] = data->images[n].name;
    lar_fail(LAR_EARGUMENT, "there is no image '%s' in data", name);
    const char *nearest = lar_text_nearest(name, names);
    if (nearest) lar_hint(LAR_EARGUMENT, "'%s'", nearest);
    return LAR_EARGUMENT;
}

/* ---- resample -------------------------------------------------------------------------- */

typedef struct resample_params {
    lar_reals spacing;
    const char *onto;
    int interpolation;
} resample_params;

static const char *const interpolations[] = { "nearest", "linear", "cubic", NULL };

static const lar_param resample_table[] = {
    LAR_P_REALS(resample_params, spacing, "spacing", 0, "", 0.01, 100, "mm",
                "voxel edges along x y z, or one for all; the field of view stays"),
    LAR_P_TEXT(resample_params, onto, "onto", 0, "", "image",
               "instead of a spacing: the grid that this image has at this step"),
    LAR_P_CHOICE(resample_params, interpolation, "interpolation", 0, "cubic", interpolations,
                 "of inputs and targets, in the one interpolation; labels and masks: nearest"),
    LAR_P_END,
};

static lar_status resample_check(const lar_step *step, const lar_data_params *data)
{
    const resample_params *p = step->params;
    if ((p->spacing.count > 0) == (p->onto != NULL))
        return lar_fail(LAR_EARGUMENT, "resample takes either a spacing or an image ('onto')");
    if (p->spacing.count == 2 || p->spacing.count > 3)
        return lar_fail(LAR_EARGUMENT, "a spacing is one number or three, not %lld",
                        (long long)p->spacing.count);
    if (p->onto && image_named(data, p->onto) < 0) return no_such_image(data, p->onto);
    return LAR_OK;
}

static lar_status resample_run(const lar_step *step, lar_pass *pass, int64_t image)
{
    const resample_params *p = step->params;
    lar_grid *target = &pass->targets[image];
    if (lar_role_is_measured(pass->study->data.images[image].role))
        pass->interpolation[image] = p->interpolation;
    if (!p->onto) {
        double spacing_mm[3];
        for (int a = 0; a < 3; a++) spacing_mm[a] = p->spacing.at[p->spacing.count == 1 ? 0 : a];
        *target = lar_grid_with_spacing(target, spacing_mm);
        return LAR_OK;
    }
    const int64_t onto = image_named(&pass->study->data, p->onto);
    if (!lar_pass_has(pass, onto))
        return lar_fail(LAR_EARGUMENT, "'%s' is to be resampled onto '%s', which is not given",
                        pass->study->data.images[image].name, p->onto);
    *target = pass->targets[onto];
    return LAR_OK;
}

/* ---- crop ------------------------------------------------------------------------------ */

typedef struct crop_params {
    int axis;
    lar_reals range;
} crop_params;

static const char *const axes[] = { "x", "y", "z", NULL };

static const lar_param crop_table[] = {
    LAR_P_CHOICE(crop_params, axis, "axis", 0, "z", axes,
                 "x: left to right, y: back to front, z: foot to head"),
    LAR_P_REALS(crop_params, range, "range", 0, "0 1", 0, 1, "fraction",
                "what to keep of the axis, from and to"),
    LAR_P_END,
};

static lar_status crop_check(const lar_step *step, const lar_data_params *data)
{
    (void)data;
    const crop_params *p = step->params;
    if (p->range.count != 2 || p->range.at[0] >= p->range.at[1])
        return lar_fail(LAR_EARGUMENT, "a range is two numbers, the smaller one first");
    return LAR_OK;
}

static lar_status crop_run(const lar_step *step, lar_pass *pass, int64_t image)
{
    const crop_params *p = step->params;
    const lar_grid before = pass->targets[image];
    int64_t first[3];
    return lar_grid_crop_range(&pass->targets[image], first, &before, axes[p->axis][0],
                               p->range.at[0], p->range.at[1]);
}

/* ---- fit ------------------------------------------------------------------------------- */

typedef struct fit_params {
    lar_ints size;
} fit_params;

static const lar_param fit_table[] = {
    LAR_P_INTS(fit_params, size, "size", 0, "", 1, 100000, "voxels",
               "along x y z, or one for all; cropped or padded alike on both sides"),
    LAR_P_END,
};

static lar_status fit_check(const lar_step *step, const lar_data_params *data)
{
    (void)data;
    const fit_params *p = step->params;
    if (p->size.count != 1 && p->size.count != 3)
        return lar_fail(LAR_EARGUMENT, "fit needs a size of one number or three, not %lld",
                        (long long)p->size.count);
    return LAR_OK;
}

static lar_status fit_run(const lar_step *step, lar_pass *pass, int64_t image)
{
    const fit_params *p = step->params;
    const lar_grid before = pass->targets[image];
    int64_t size[3];
    for (int a = 0; a < 3; a++) size[a] = p->size.at[p->size.count == 1 ? 0 : a];
    return lar_grid_fit(&pass->targets[image], &before, size);
}

/* ---- normalize ------------------------------------------------------------------------- */

typedef struct normalize_params {
    lar_normalize_params method; /* first: lar_normalize_table is of it */
    const char *mask;
} normalize_params;

static const lar_param normalize_mask_table[] = {
    LAR_P_TEXT(normalize_params, mask, "mask", 0, "", "image",
               "learn inside this mask; left out: from the whole image"),
    LAR_P_END,
};

static lar_status normalize_check(const lar_step *step, const lar_data_params *data)
{
    const normalize_params *p = step->params;
    if (!p->mask) return LAR_OK;
    const int64_t mask = image_named(data, p->mask);
    if (mask < 0) return no_such_image(data, p->mask);
    if (data->images[mask].role != LAR_MASK)
        return lar_fail(LAR_EARGUMENT, "'%s' cannot mask: its role is %s", p->mask,
                        lar_role_names[data->images[mask].role]);
    return LAR_OK;
}

/* The mask at the image's voxels: a view or a copy, to be freed. */
static lar_status mask_onto(lar_image **out, const lar_pass *pass, const char *name,
                            const lar_grid *grid)
{
    const int64_t n = image_named(&pass->study->data, name);
    *out = NULL;
    if (!lar_pass_has(pass, n))
        return lar_fail(LAR_EARGUMENT, "normalize needs the mask '%s', which is not given", name);
    const lar_image *mask = pass->images[n];
    if (lar_grid_matches(&mask->grid, grid)) return lar_image_to_ras(out, mask);
    const lar_resample_params nearest = { .interpolation = LAR_NEAREST, .pad = 0 };
    return lar_resample(out, mask, grid, &nearest);
}

static lar_status normalize_run(const lar_step *step, lar_pass *pass, int64_t image)
{
    lar_status status = LAR_OK;
    const normalize_params *p = step->params;
    lar_normalizer *normalizer = NULL;
    lar_image *mask = NULL, *normal = NULL;

    LAR_TRY(lar_normalizer_new(&normalizer, &p->method));
    if (p->mask) LAR_TRY(mask_onto(&mask, pass, p->mask, &pass->images[image]->grid));
    LAR_TRY(lar_normalizer_fit(normalizer, pass->images[image], mask, NULL));
    LAR_TRY(lar_normalizer_apply(&normal, normalizer, pass->images[image]));
    lar_image_free(pass->images[image]);
    pass->images[image] = normal;
    pass->fits[image] = (lar_fit){ .method = lar_normalizer_method_name(normalizer),
                                   .values = lar_normalizer_values(normalizer),
                                   .curve = *lar_normalizer_curve(normalizer) };
done:
    lar_image_free(mask);
    lar_normalizer_free(normalizer);
    return status;
}

/* ---- the table ------------------------------------------------------------------------- */

static const char *const when_names[] = { "always", "training", NULL };

const lar_param lar_step_common_table[] = {
    LAR_P_TEXTS(lar_step_common, images, "images", 0, "image",
                "which images; left out: all that the step can do"),
    LAR_P_CHOICE(lar_step_common, when, "when", 0, "always", when_names,
                 "training: predict leaves the step out"),
    LAR_P_END,
};

const lar_step_kind lar_steps[] = {
    { .name = "resample",
      .help = "other voxel sizes, or the grid of another image",
      .tables = { resample_table },
      .size = sizeof(resample_params),
      .spatial = true,
      .check = resample_check,
      .run = resample_run },
    { .name = "normalize",
      .help = "intensities to a common scale",
      .tables = { lar_normalize_table, normalize_mask_table },
      .size = sizeof(normalize_params),
      .learns = true,
      .check = normalize_check,
      .run = normalize_run },
    { .name = "crop",
      .help = "keep part of an anatomical axis",
      .tables = { crop_table },
      .size = sizeof(crop_params),
      .spatial = true,
      .check = crop_check,
      .run = crop_run },
    { .name = "fit",
      .help = "crop or pad to a common size",
      .tables = { fit_table },
      .size = sizeof(fit_params),
      .spatial = true,
      .check = fit_check,
      .run = fit_run },
    { 0 },
};
