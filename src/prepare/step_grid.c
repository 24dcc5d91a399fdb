/* Steps that lead an image to another grid: resample, pad, fit. They move the target grid alone;
 * the voxels follow at the end, in one interpolation, whose settings are kept here too.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "filter/filter.h"
#include "math/math.h"
#include "prepare/pass.h"

static bool is_measured(const lar_pass *pass, int64_t image)
{
    return lar_role_is_measured(pass->study->data.images[image].role);
}

/* ---- resample -------------------------------------------------------------------------- */

typedef struct resample_step {
    lar_reals spacing;
    const char *onto;
    int interpolation, labels, border;
    bool antialias;
} resample_step;

/* As LAR_NEAREST ... and LAR_BORDER_PAD ... */
static const char *const interpolations[] = { "nearest", "linear", "cubic", "sinc", NULL };
static const char *const label_rules[] = { "nearest", "label", NULL };
static const char *const borders[] = { "pad", "edge", "mirror", NULL };

static const lar_param resample_table[] = {
    LAR_P_REALS(resample_step, spacing, "spacing", 0, "", 0.01, 100, "mm",
                "voxel edges along x y z, or one for all; the field of view stays"),
    LAR_P_TEXT(resample_step, onto, "onto", 0, "", "image",
               "instead of a spacing: the grid that this image has at this step"),
    LAR_P_CHOICE(resample_step, interpolation, "interpolation", 0, "cubic", interpolations,
                 "of inputs and targets, in the one interpolation"),
    LAR_P_CHOICE(resample_step, labels, "labels", 0, "nearest", label_rules,
                 "of labels and masks: the nearest voxel, or the label with most weight"),
    LAR_P_CHOICE(resample_step, border, "border", 0, "pad", borders,
                 "what lies outside the field of view: the image's minimum, the outermost voxels, "
                 "or the image mirrored about them"),
    LAR_P_FLAG(resample_step, antialias, "antialias", 0,
               "smooth inputs and targets before shrinking"),
    LAR_P_END,
};

static lar_status resample_check(const lar_step *step, const lar_data_params *data)
{
    const resample_step *p = step->params;
    if ((p->spacing.count > 0) == (p->onto != NULL))
        return lar_fail(LAR_EARGUMENT, "resample takes either a spacing or an image ('onto')");
    if (p->spacing.count == 2 || p->spacing.count > 3)
        return lar_fail(LAR_EARGUMENT, "a spacing is one number or three, not %lld",
                        (long long)p->spacing.count);
    if (p->antialias && p->interpolation == LAR_NEAREST)
        return lar_fail(LAR_EARGUMENT, "the nearest voxel is not smoothed: antialias needs another "
                                       "interpolation");
    return p->onto ? lar_step_find_image(data, p->onto) : LAR_OK;
}

static void resample_uses(const lar_step *step, const lar_data_params *data, bool *used)
{
    const resample_step *p = step->params;
    if (p->onto) used[lar_step_image(data, p->onto)] = true;
}

static void set_sampling(const resample_step *p, lar_resample_params *how, bool measured)
{
    if (!measured) {
        how->interpolation = p->labels ? LAR_LABELS : LAR_NEAREST;
        return;
    }
    how->interpolation = p->interpolation;
    how->border = p->border;
    how->antialias = p->antialias;
}

static lar_status resample_run(const lar_step *step, lar_pass *pass, int64_t image)
{
    const resample_step *p = step->params;
    lar_grid *target = &pass->targets[image];
    if (pass->sampling) set_sampling(p, &pass->sampling[image], is_measured(pass, image));
    if (!p->onto) {
        double spacing_mm[3];
        for (int a = 0; a < 3; a++) spacing_mm[a] = p->spacing.at[p->spacing.count == 1 ? 0 : a];
        *target = lar_grid_with_spacing(target, spacing_mm);
        return LAR_OK;
    }
    const int64_t onto = lar_step_image(&pass->study->data, p->onto);
    if (!lar_pass_has(pass, onto))
        return lar_fail(LAR_EARGUMENT, "'%s' is to be resampled onto '%s', which is not given",
                        pass->study->data.images[image].name, p->onto);
    *target = pass->targets[onto];
    return LAR_OK;
}

const lar_step_kind lar_step_resample = {
    .name = "resample",
    .help = "other voxel sizes, or the grid of another image",
    .tables = { resample_table },
    .size = sizeof(resample_step),
    .spatial = true,
    .check = resample_check,
    .uses = resample_uses,
    .run = resample_run,
};

/* ---- pad ------------------------------------------------------------------------------- */

typedef struct pad_step {
    lar_ints size, by, multiple_of;
    int mode;
    double value;
} pad_step;

/* As LAR_PAD_CONSTANT ..., and LAR_BORDER_PAD ... */
static const char *const modes[] = { "constant", "edge", "mirror", NULL };

static const lar_param pad_table[] = {
    LAR_P_INTS(pad_step, size, "size", 0, "", 1, 65536, "voxels",
               "along x y z, or one for all; new ones go to both sides alike"),
    LAR_P_INTS(pad_step, by, "by", 0, "", 0, 65536, "voxels",
               "one for all sides, three along x y z, or six: left right back front foot head"),
    LAR_P_INTS(pad_step, multiple_of, "multiple-of", 0, "", 1, 4096, "voxels",
               "up to the next size that this divides; one number, or three along x y z"),
    LAR_P_CHOICE(pad_step, mode, "mode", 0, "constant", modes,
                 "what is outside the scan: `value`, its outermost voxels, or the scan mirrored "
                 "about them"),
    LAR_P_REAL(pad_step, value, "value", 0, "auto", -1e30, 1e30, "value",
               "with the mode constant, in prepared units; auto: the image's minimum"),
    LAR_P_END,
};

static lar_status pad_check(const lar_step *step, const lar_data_params *data)
{
    (void)data;
    const pad_step *p = step->params;
    const lar_pad_params how = { .size = p->size, .by = p->by, .multiple_of = p->multiple_of };
    const lar_grid any = { .size = { 1, 1, 1 }, .to_world = lar_affine_identity() };
    int64_t before[3], after[3];
    if (p->mode != LAR_PAD_CONSTANT && !isnan(p->value))
        return lar_fail(LAR_EARGUMENT, "a value is for the mode constant, not %s", modes[p->mode]);
    return lar_pad_sides(before, after, &any, &how);
}

static lar_status pad_run(const lar_step *step, lar_pass *pass, int64_t image)
{
    const pad_step *p = step->params;
    const lar_grid grid = pass->targets[image];
    const lar_pad_params how = { .size = p->size, .by = p->by, .multiple_of = p->multiple_of };
    int64_t first[3], after[3], size[3];
    const lar_status status = lar_pad_sides(first, after, &grid, &how);
    if (status != LAR_OK) return status;
    for (int a = 0; a < 3; a++) {
        size[a] = first[a] + grid.size[a] + after[a];
        first[a] = -first[a];
    }
    pass->targets[image] = lar_grid_box(&grid, first, size);
    if (pass->sampling && is_measured(pass, image)) {
        pass->sampling[image].border = p->mode;
        pass->sampling[image].pad = p->value;
    }
    return LAR_OK;
}

const lar_step_kind lar_step_pad = {
    .name = "pad",
    .help = "more voxels around",
    .tables = { pad_table },
    .size = sizeof(pad_step),
    .spatial = true,
    .check = pad_check,
    .run = pad_run,
};

/* ---- fit ------------------------------------------------------------------------------- */

typedef struct fit_step {
    lar_ints size;
} fit_step;

static const lar_param fit_table[] = {
    LAR_P_INTS(fit_step, size, "size", 0, "", 1, 100000, "voxels",
               "along x y z, or one for all; cropped or padded alike on both sides"),
    LAR_P_END,
};

static lar_status fit_check(const lar_step *step, const lar_data_params *data)
{
    (void)data;
    const fit_step *p = step->params;
    if (p->size.count != 1 && p->size.count != 3)
        return lar_fail(LAR_EARGUMENT, "fit needs a size of one number or three, not %lld",
                        (long long)p->size.count);
    return LAR_OK;
}

static lar_status fit_run(const lar_step *step, lar_pass *pass, int64_t image)
{
    const fit_step *p = step->params;
    const lar_grid before = pass->targets[image];
    int64_t size[3];
    for (int a = 0; a < 3; a++) size[a] = p->size.at[p->size.count == 1 ? 0 : a];
    return lar_grid_fit(&pass->targets[image], &before, size);
}

const lar_step_kind lar_step_fit = {
    .name = "fit",
    .help = "crop or pad to a common size",
    .tables = { fit_table },
    .size = sizeof(fit_step),
    .spatial = true,
    .check = fit_check,
    .run = fit_run,
};
