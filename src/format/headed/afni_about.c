/* What a HEAD file says of its voxels, each attribute checked before it is believed.
 * SPDX-License-Identifier: Apache-2.0 */
#include "format/headed/afni.h"

static lar_status lacks(const afni_head *head, const char *name)
{
    return lar_fail(LAR_EFORMAT, "'%s' lacks the attribute %s", head->path, name);
}

static lar_status check_sizes(lar_image_about *about, const afni_head *head)
{
    lar_status status = LAR_OK;
    const afni_attribute *rank, *sizes;

    LAR_TRY(lar_afni_numbers(&rank, head, "DATASET_RANK", AFNI_WHOLE, 2, INT64_MAX));
    LAR_TRY(lar_afni_numbers(&sizes, head, "DATASET_DIMENSIONS", AFNI_WHOLE, 3, INT64_MAX));
    if (!rank || !sizes) return lacks(head, rank ? "DATASET_DIMENSIONS" : "DATASET_RANK");
    if (rank->values[0] != 3)
        return lar_fail(LAR_EFORMAT, "'%s' says that it has %g dimensions in space, expected 3",
                        head->path, rank->values[0]);
    about->channels = (int64_t)rank->values[1];
    if (about->channels < 1)
        return lar_fail(LAR_EFORMAT, "'%s' says that it has %lld sub-bricks", head->path,
                        (long long)about->channels);
    about->dims = about->channels > 1 ? 4 : 3;
    for (int n = 0; n < 7; n++) about->dim[n] = n == 3 ? about->channels : 1;
    for (int n = 0; n < 3; n++) {
        const int64_t size = (int64_t)sizes->values[n];
        if (size < 1)
            return lar_fail(LAR_EFORMAT, "'%s' has size %lld in dimension %d, expected at least 1",
                            head->path, (long long)size, n + 1);
        about->dim[n] = about->grid.size[n] = size;
    }
    for (int64_t n = 3; n < sizes->count; n++)
        if (sizes->values[n] > 1)
            return lar_fail(LAR_EUNSUPPORTED, "'%s' has size %g in dimension %lld, expected 3",
                            head->path, sizes->values[n], (long long)n + 1);
done:
    return status;
}

static lar_status check_type(lar_image_about *about, const afni_head *head)
{
    static const char *const refused[] = { NULL,      NULL,      "32-bit integers",
                                           NULL,      "doubles", "complex numbers",
                                           "colours", "colours" };
    lar_status status = LAR_OK;
    const int64_t bricks = about->channels;
    const afni_attribute *types;

    LAR_TRY(lar_afni_numbers(&types, head, "BRICK_TYPES", AFNI_WHOLE, bricks, bricks));
    if (!types) return lacks(head, "BRICK_TYPES");
    const double type = types->values[0];
    for (int64_t n = 1; n < bricks; n++)
        if (types->values[n] != type)
            return lar_fail(LAR_EUNSUPPORTED,
                            "the sub-bricks of '%s' are of several types: 0 has BRICK_TYPES %g, "
                            "%lld has %g; larmor reads files of one",
                            head->path, type, (long long)n, types->values[n]);
    if (!(type >= 0 && type <= 7))
        return lar_fail(LAR_EFORMAT, "'%s' has no known voxel type: BRICK_TYPES is %g", head->path,
                        type);
    if (refused[(int)type])
        return lar_fail(LAR_EUNSUPPORTED,
                        "'%s' holds %s (BRICK_TYPES %g), which larmor does not read", head->path,
                        refused[(int)type], type);
    about->stored = type == 0 ? LAR_U8 : type == 1 ? LAR_I16 : LAR_F32;
done:
    return status;
}

/* A factor of 0 stands for none. */
static lar_status set_scales(lar_image_about *about, lar_voxels *voxels, const afni_head *head)
{
    lar_status status = LAR_OK;
    const int64_t bricks = about->channels;
    const afni_attribute *factors;

    about->slope = 1;
    LAR_TRY(lar_afni_numbers(&factors, head, "BRICK_FLOAT_FACS", AFNI_REAL, bricks, bricks));
    if (!factors) {
        lar_text_add(&about->warnings,
                     "it does not say its BRICK_FLOAT_FACS; taken as not scaled\n");
        goto done;
    }
    lar_scale *scales = lar_arena_take(head->arena, bricks, sizeof *scales);
    if (!scales) return LAR_EMEMORY;
    for (int64_t n = 0; n < bricks; n++) {
        scales[n].slope = factors->values[n] == 0 ? 1 : factors->values[n];
        about->scales_differ |= scales[n].slope != scales[0].slope;
    }
    about->slope = scales[0].slope;
    if (about->scales_differ) {
        voxels->scales = scales;
        voxels->scale_count = bricks;
    }
done:
    return status;
}

/* AFNI takes a file that does not say it as in the order of the machine. It is the last of what
 * AFNI writes of the voxels: without it, the text is more likely to be cut short. */
static lar_status check_order(lar_image_about *about, const afni_head *head)
{
    const afni_attribute *order = lar_afni_find(head, "BYTEORDER_STRING");
    if (!order) return lacks(head, "BYTEORDER_STRING");
    if (order->kind != AFNI_TEXT ||
        !(lar_text_is(order->text, "LSB_FIRST") || lar_text_is(order->text, "MSB_FIRST")))
        return lar_fail(LAR_EFORMAT,
                        "'%s' has an unknown BYTEORDER_STRING, expected LSB_FIRST or MSB_FIRST",
                        head->path);
    about->swapped = order->text[0] == 'M';
    return LAR_OK;
}

/* TAXIS_NUMS: points in time, slices with times of their own, unit; TAXIS_FLOATS: start, step. */
static lar_status take_time(lar_image_about *about, const afni_head *head)
{
    enum { MILLISECONDS = 77001, SECONDS, HERTZ };
    lar_status status = LAR_OK;
    const afni_attribute *nums, *floats;

    LAR_TRY(lar_afni_numbers(&nums, head, "TAXIS_NUMS", AFNI_WHOLE, 3, INT64_MAX));
    LAR_TRY(lar_afni_numbers(&floats, head, "TAXIS_FLOATS", AFNI_REAL, 2, INT64_MAX));
    if (!nums) goto done;
    if (nums->values[0] != (double)about->channels)
        return lar_fail(LAR_EFORMAT,
                        "'%s' contradicts itself: TAXIS_NUMS says %g points in time, DATASET_RANK "
                        "%lld sub-bricks",
                        head->path, nums->values[0], (long long)about->channels);
    const double unit = nums->values[2];
    if (unit != MILLISECONDS && unit != SECONDS && unit != HERTZ)
        return lar_fail(LAR_EFORMAT,
                        "'%s' has the unknown unit of time %g, expected 77001 (ms), 77002 (s) or "
                        "77003 (Hz)",
                        head->path, unit);
    if (!floats || unit == HERTZ || about->channels < 2) goto done;
    about->notes->step = floats->values[1];
    about->notes->step_unit = unit == SECONDS ? 8 : 16;
done:
    return status;
}

/* SCENE_DATA begins with the view, which the name says once more: +orig, +acpc, +tlrc. */
static lar_status take_view(lar_image_about *about, const afni_head *head)
{
    static const char *const views[] = { "+orig", "+acpc", "+tlrc" };
    lar_status status = LAR_OK;
    const char *name = lar_path_name(head->path);
    const afni_attribute *scene, *space = lar_afni_find(head, "TEMPLATE_SPACE");
    int named = -1;

    LAR_TRY(lar_afni_numbers(&scene, head, "SCENE_DATA", AFNI_WHOLE, 1, INT64_MAX));
    for (int n = 0; n < 3; n++)
        if (strstr(name, views[n])) named = n;
    const double view = scene ? scene->values[0] : named;
    if (view < -1 || view > 2 || (scene && view < 0))
        return lar_fail(LAR_EFORMAT,
                        "'%s' has the unknown view %g in SCENE_DATA, expected 0 (orig), 1 (acpc) "
                        "or 2 (tlrc)",
                        head->path, view);
    if (named >= 0 && view != named)
        lar_text_add(&about->warnings, "its name says %s, its SCENE_DATA says %s\n",
                     views[named] + 1, views[(int)view] + 1);
    about->notes->form_code = (int)view + 1;
    if (space && space->kind == AFNI_TEXT && lar_text_starts(space->text, "MNI") && view == 2)
        about->notes->form_code = 4;
done:
    return status;
}

lar_status lar_afni_about(lar_image_about *about, lar_voxels *voxels, const afni_head *head)
{
    lar_status status = LAR_OK;

    *voxels = (lar_voxels){ .beside = true };
    about->format = "AFNI";
    LAR_TRY(lar_notes_new(&about->notes, 0));
    LAR_TRY(check_sizes(about, head));
    LAR_TRY(check_type(about, head));
    LAR_TRY(set_scales(about, voxels, head));
    LAR_TRY(check_order(about, head));
    voxels->swapped = about->swapped;
    lar_voxels_set_type(voxels, about);
    LAR_TRY(take_time(about, head));
    LAR_TRY(take_view(about, head));
    LAR_TRY(lar_afni_place(about, head));
    LAR_TRY(lar_voxels_plan(voxels, about, 0, head->path));
done:
    return status;
}
