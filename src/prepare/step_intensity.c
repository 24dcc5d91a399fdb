/* Steps that map intensities by one line: clip, rescale. The line of a target's rescaling is kept,
 * so that a prediction can be brought back.
 * SPDX-License-Identifier: Apache-2.0 */
#include "intensity/intensity.h"
#include "prepare/pass.h"

static lar_status two_rising(const lar_reals *list, const char *what)
{
    if (list->count == 0 || (list->count == 2 && list->at[0] < list->at[1])) return LAR_OK;
    return lar_fail(LAR_EARGUMENT, "%s is two numbers, the smaller one first", what);
}

static lar_status mask_needs_percentiles(const char *mask, bool by_percentiles)
{
    if (!mask || by_percentiles) return LAR_OK;
    return lar_fail(LAR_EARGUMENT, "a mask is where percentiles are taken; values need none");
}

/* ---- clip ------------------------------------------------------------------------------ */

typedef struct clip_step {
    lar_clip_params how; /* first */
    const char *mask;
} clip_step;

static const lar_param clip_own[] = {
    LAR_P_TEXT(clip_step, mask, "mask", 0, "", "image",
               "take percentiles inside this mask; left out: of the whole image"),
    LAR_P_END,
};

static lar_status clip_check(const lar_step *step, const lar_data_params *data)
{
    lar_status status = LAR_OK;
    const clip_step *p = step->params;
    if ((p->how.range.count > 0) == (p->how.percentiles.count > 0))
        return lar_fail(LAR_EARGUMENT, "clip takes either a range or percentiles");
    LAR_TRY(two_rising(&p->how.range, "a range"));
    LAR_TRY(two_rising(&p->how.percentiles, "percentiles"));
    LAR_TRY(mask_needs_percentiles(p->mask, p->how.range.count == 0));
    status = lar_step_find_mask(data, p->mask);
done:
    return status;
}

static void clip_uses(const lar_step *step, const lar_data_params *data, bool *used)
{
    const clip_step *p = step->params;
    if (p->mask) used[lar_step_image(data, p->mask)] = true;
}

static lar_status clip_run(const lar_step *step, lar_pass *pass, int64_t image)
{
    const clip_step *p = step->params;
    lar_image *mask, *clipped = NULL;
    lar_status status = lar_pass_mask(&mask, pass, p->mask, image);
    if (status == LAR_OK) status = lar_clip(&clipped, pass->images[image], mask, &p->how);
    if (status == LAR_OK) lar_pass_put(pass, image, clipped);
    lar_image_free(mask);
    return status;
}

const lar_step_kind lar_step_clip = {
    .name = "clip",
    .help = "values held between two ends",
    .tables = { lar_clip_table, clip_own },
    .size = sizeof(clip_step),
    .stays = "clipped",
    .check = clip_check,
    .uses = clip_uses,
    .bytes = 11,
    .run = clip_run,
};

/* ---- rescale --------------------------------------------------------------------------- */

typedef struct rescale_step {
    lar_rescale_params how; /* first */
    const char *mask;
} rescale_step;

static const lar_param rescale_own[] = {
    LAR_P_TEXT(rescale_step, mask, "mask", 0, "", "image",
               "take percentiles inside this mask; left out: of the whole image"),
    LAR_P_END,
};

static lar_status rescale_check(const lar_step *step, const lar_data_params *data)
{
    lar_status status = LAR_OK;
    const rescale_step *p = step->params;
    LAR_TRY(two_rising(&p->how.from, "from"));
    LAR_TRY(two_rising(&p->how.percentiles, "percentiles"));
    LAR_TRY(two_rising(&p->how.to, "to"));
    LAR_TRY(mask_needs_percentiles(p->mask, p->how.from.count == 0));
    status = lar_step_find_mask(data, p->mask);
done:
    return status;
}

static void rescale_uses(const lar_step *step, const lar_data_params *data, bool *used)
{
    const rescale_step *p = step->params;
    if (p->mask) used[lar_step_image(data, p->mask)] = true;
}

static lar_status rescale_run(const lar_step *step, lar_pass *pass, int64_t image)
{
    lar_status status = LAR_OK;
    const rescale_step *p = step->params;
    const lar_fit before = pass->fits[image];
    lar_image *mask = NULL, *rescaled = NULL;
    lar_curve line;

    LAR_TRY(lar_pass_mask(&mask, pass, p->mask, image));
    LAR_TRY(lar_rescale_curve(&line, pass->images[image], mask, &p->how));
    LAR_TRY(lar_curve_apply(&rescaled, &line, pass->images[image]));
    const lar_reals values = { .count = 2, .at = { line.from[0], line.from[1] } };
    lar_fit_add(&pass->fits[image], before.method ? before.method : step->kind->name,
                before.method ? &before.values : &values, &line);
    lar_pass_put(pass, image, rescaled);
done:
    lar_image_free(mask);
    return status;
}

const lar_step_kind lar_step_rescale = {
    .name = "rescale",
    .help = "one straight line from two values to two others",
    .tables = { lar_rescale_table, rescale_own },
    .size = sizeof(rescale_step),
    .check = rescale_check,
    .uses = rescale_uses,
    .bytes = 11,
    .run = rescale_run,
};
