/* The step crop: part of an anatomical axis, or the box around a head or a mask. The box is that of
 * the scan as its file holds it, whatever other steps make of its voxels, so that it is known
 * before they run, and the same for every image of the case.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "filter/filter.h"
#include "math/math.h"
#include "prepare/pass.h"

typedef struct crop_step {
    int axis;
    lar_reals range;
    const char *head, *mask;
    double margin_mm;
} crop_step;

static const char *const axes[] = { "x", "y", "z", NULL };

static const lar_param crop_table[] = {
    LAR_P_CHOICE(crop_step, axis, "axis", 0, "z", axes,
                 "x: left to right, y: back to front, z: foot to head"),
    LAR_P_REALS(crop_step, range, "range", 0, "0 1", 0, 1, "fraction",
                "what to keep of the axis, from and to"),
    LAR_P_TEXT(crop_step, head, "head", 0, "", "image",
               "instead: the box around the head, as this image shows it"),
    LAR_P_TEXT(crop_step, mask, "mask", 0, "", "image", "instead: the box around this mask"),
    LAR_P_REAL(crop_step, margin_mm, "margin", 0, "0", 0, 1000, "mm",
               "around the box, as far as there are voxels"),
    LAR_P_END,
};

static bool is_whole(const lar_reals *range)
{
    return range->at[0] == 0 && range->at[1] == 1;
}

static lar_status crop_check(const lar_step *step, const lar_data_params *data)
{
    const crop_step *p = step->params;
    if (p->range.count != 2 || p->range.at[0] >= p->range.at[1])
        return lar_fail(LAR_EARGUMENT, "a range is two numbers, the smaller one first");
    if ((p->head != NULL) + (p->mask != NULL) + !is_whole(&p->range) > 1)
        return lar_fail(LAR_EARGUMENT, "a range, a head and a mask exclude each other: one crop "
                                       "after the other does several");
    if (p->margin_mm > 0 && !p->head && !p->mask)
        return lar_fail(LAR_EARGUMENT, "a margin goes around the box of a head or a mask");
    if (!p->head) return lar_step_find_mask(data, p->mask);
    const lar_status status = lar_step_find_image(data, p->head);
    if (status != LAR_OK) return status;
    const int role = data->images[lar_step_image(data, p->head)].role;
    if (lar_role_is_measured(role)) return LAR_OK;
    return lar_fail(LAR_EARGUMENT, "no head can be found in '%s': its role is %s", p->head,
                    lar_role_names[role]);
}

/* ---- the box on a grid ----------------------------------------------------------------- */

/* Voxels that a box on another grid touches, with a margin around it. */
static lar_status box_on(lar_grid *out, const lar_grid *grid, const lar_grid *box, double margin_mm,
                         const char *name)
{
    lar_affine inverse;
    double low[3], high[3], spacing[3];
    int64_t first[3], size[3];

    if (!lar_affine_invert(&inverse, &grid->to_world))
        return lar_fail(LAR_EGEOMETRY, "a grid has no extent along some direction");
    for (int corner = 0; corner < 8; corner++) {
        double ijk[3], xyz[3], at[3];
        for (int a = 0; a < 3; a++) ijk[a] = corner >> a & 1 ? (double)box->size[a] - 0.5 : -0.5;
        lar_grid_to_world(box, ijk, xyz);
        lar_affine_point(&inverse, xyz, at);
        for (int a = 0; a < 3; a++) {
            if (corner == 0 || at[a] < low[a]) low[a] = at[a];
            if (corner == 0 || at[a] > high[a]) high[a] = at[a];
        }
    }
    lar_grid_spacing(grid, spacing);
    for (int a = 0; a < 3; a++) {
        /* 1e-4 of a voxel: a spacing comes through an affine in float32 */
        const double begin = floor(low[a] - margin_mm / spacing[a] + 0.5 + 1e-4);
        const double end = ceil(high[a] + margin_mm / spacing[a] + 0.5 - 1e-4);
        first[a] = begin > 0 ? (int64_t)begin : 0;
        const int64_t stop = end < (double)grid->size[a] ? (int64_t)end : grid->size[a];
        size[a] = stop - first[a];
        if (size[a] < 1)
            return lar_fail(LAR_EGEOMETRY, "nothing of the box of '%s' is inside the image", name);
    }
    *out = lar_grid_box(grid, first, size);
    return LAR_OK;
}

/* Where a registration puts the box is known only when it has run, and boxes are known before. */
static lar_status crop_after(const lar_step *step, const lar_study *study)
{
    const crop_step *p = step->params;
    const char *name = p->head ? p->head : p->mask;
    const lar_step *moved =
        name ? lar_step_moved(study, step, lar_step_image(&study->data, name)) : NULL;
    if (!moved) return LAR_OK;
    lar_fail(LAR_EARGUMENT,
             "no box can be taken from '%s' after the registration in line %lld, "
             "which moves it",
             name, (long long)moved->line);
    return lar_hint(LAR_EARGUMENT, "the box of an image that stays, such as 'head: %s'",
                    lar_register_to(moved));
}

static lar_status crop_run(const lar_step *step, lar_pass *pass, int64_t image)
{
    const crop_step *p = step->params;
    const lar_grid before = pass->targets[image];
    const char *name = p->head ? p->head : p->mask;
    int64_t first[3];
    if (!name)
        return lar_grid_crop_range(&pass->targets[image], first, &before, axes[p->axis][0],
                                   p->range.at[0], p->range.at[1]);
    const int64_t n = lar_step_image(&pass->study->data, name);
    if (!lar_pass_has(pass, n))
        return lar_fail(LAR_EARGUMENT, "the box of '%s' is needed, which is not given", name);
    if (!pass->boxes || pass->boxes[n].size[0] == 0) return LAR_OK; /* not known yet */
    return box_on(&pass->targets[image], &before, &pass->boxes[n], p->margin_mm, name);
}

static void crop_uses(const lar_step *step, const lar_data_params *data, bool *used)
{
    const crop_step *p = step->params;
    const char *name = p->head ? p->head : p->mask;
    if (name) used[lar_step_image(data, name)] = true;
}

const lar_step_kind lar_step_crop = {
    .name = "crop",
    .help = "part of an anatomical axis, or the box of the head",
    .tables = { crop_table },
    .size = sizeof(crop_step),
    .spatial = true,
    .check = crop_check,
    .after = crop_after,
    .uses = crop_uses,
    .run = crop_run,
};

/* ---- where the boxes are --------------------------------------------------------------- */

static lar_status find_box(lar_grid *box, const lar_study *study, const lar_step *step,
                           const lar_image *image)
{
    const crop_step *p = step->params;
    const lar_crop_params how = { .head = p->head != NULL };
    int64_t first[3], size[3];
    const lar_status status = lar_crop_box(first, size, image, p->head ? NULL : image, &how);
    if (status != LAR_OK)
        return lar_while(status, "step %lld, crop, finds no box in '%s'",
                         (long long)(step - study->steps) + 1, p->head ? p->head : p->mask);
    *box = lar_grid_box(&image->grid, first, size);
    return LAR_OK;
}

/* The image whose box the step needs; -1: none, or it is no crop. */
static int64_t boxed(const lar_step *step, const lar_study *study)
{
    if (step->kind != &lar_step_crop) return -1;
    const crop_step *p = step->params;
    const char *name = p->head ? p->head : p->mask;
    return name ? lar_step_image(&study->data, name) : -1;
}

lar_status lar_pass_boxes(lar_grid *boxes, const lar_study *study, lar_image *const *images)
{
    for (int64_t n = 0; n < study->data.image_count; n++) boxes[n] = (lar_grid){ 0 };
    for (int64_t s = 0; s < study->step_count; s++) {
        const int64_t n = boxed(&study->steps[s], study);
        if (n < 0 || !images[n] || boxes[n].size[0] > 0) continue;
        const lar_status status = find_box(&boxes[n], study, &study->steps[s], images[n]);
        if (status != LAR_OK) return status;
    }
    return LAR_OK;
}

lar_status lar_pass_box_made(lar_pass *pass, int64_t image)
{
    const lar_study *study = pass->study;
    for (int64_t s = 0; pass->boxes && s < study->step_count; s++)
        if (boxed(&study->steps[s], study) == image)
            return find_box(&pass->boxes[image], study, &study->steps[s], pass->images[image]);
    return LAR_OK;
}

bool lar_step_waits(const lar_step *step, const lar_study *study)
{
    const int64_t n = boxed(step, study);
    return n >= 0 && study->data.images[n].made_of;
}
