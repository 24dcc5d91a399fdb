/* larmor mask: voxels chosen by value or as the head, and masks shaped by millimetres.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "command/command.h"
#include "filter/filter.h"
#include "image/image.h"

typedef struct options {
    const char *output, *apply;
    double value;
    bool force;
    lar_mask_params mask;
} options;

static const lar_param table[] = {
    LAR_P_TEXT(options, output, "output", 'o', "", "file", "the mask to write: uint8, 0 and 1"),
    LAR_P_TEXT(options, apply, "apply", 0, "", "file",
               "also write the image with --value outside the mask"),
    LAR_P_REAL(options, value, "value", 0, "0", -1e30, 1e30, "value", "outside, for --apply"),
    LAR_P_FLAG(options, force, "force", 'f', "replace an output that exists"),
    LAR_P_END,
};

static lar_status check(const lar_call *call, const options *o)
{
    const lar_mask_params *p = &o->mask;
    const bool ends = !isnan(p->low) || !isnan(p->high);
    if (p->method == LAR_MASK_THRESHOLD && !ends) {
        const lar_status status = lar_fail(LAR_EARGUMENT, "the threshold is missing");
        return lar_hint(status, "--method threshold --low 100, or --high, or both");
    }
    if (p->method != LAR_MASK_THRESHOLD && ends) {
        const lar_status status =
            lar_fail(LAR_EARGUMENT, "--low and --high belong to --method threshold");
        return lar_hint(status, "--method threshold");
    }
    if (o->value != 0 && !o->apply) {
        const lar_status status = lar_fail(LAR_EARGUMENT, "--value belongs to --apply");
        return lar_hint(status, "--apply FILE --value %g", o->value);
    }
    if (lar_text_is(o->apply, o->output))
        return lar_fail(LAR_EARGUMENT, "the mask and the image cannot both be written to '%s'",
                        o->output);
    const lar_status status = lar_cli_output(call, o->output, o->force);
    if (status != LAR_OK || !o->apply) return status;
    return lar_cli_output(call, o->apply, o->force);
}

static lar_status print_volume(const lar_call *call, const lar_image *mask)
{
    const int64_t count = lar_image_voxel_count(mask);
    const int64_t inside = lar_mask_count(mask->voxels, count);
    double mm[3];
    lar_grid_spacing(&mask->grid, mm);
    const double millilitres = (double)inside * mm[0] * mm[1] * mm[2] / 1000;
    const double fraction = (double)inside / (double)count;
    lar_text text = { 0 };
    lar_text_add(&text,
                 call->json ? "{\"voxels\": %lld, \"millilitres\": %.9g, \"fraction\": %.9g}\n"
                            : "voxels       %lld\nmillilitres  %.6g\nfraction     %.4g\n",
                 (long long)inside, millilitres, fraction);
    const lar_status status = lar_cli_print(lar_text_get(&text));
    lar_text_clear(&text);
    return status;
}

static lar_status mask_run(lar_call *call)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    lar_image *in = NULL, *mask = NULL, *masked = NULL;

    LAR_TRY(check(call, o));
    LAR_TRY(lar_image_read(&in, call->args[0]));
    status = lar_mask(&mask, in, &o->mask);
    if (status == LAR_OK && o->apply) status = lar_mask_apply(&masked, in, mask, o->value);
    if (status != LAR_OK) {
        lar_while(status, "cannot mask '%s'", call->args[0]);
        goto done;
    }
    LAR_TRY(lar_image_write(mask, o->output, o->force));
    if (masked) LAR_TRY(lar_image_write(masked, o->apply, o->force));
    LAR_TRY(print_volume(call, mask));
done:
    lar_image_free(masked);
    lar_image_free(mask);
    lar_image_free(in);
    return status;
}

const lar_command lar_command_mask = {
    .name = "mask",
    .group = "prepare",
    .summary = "make a mask of an image, or shape one",
    .about =
        "Voxels are chosen by --method: the head against air (MR of any contrast, and CT: one "
        "piece without holes), what lies above Otsu's threshold, above the mean of the image or "
        "above 0, or what lies from --low to --high, both included. positive and threshold take "
        "masks and label maps too. What is chosen is then shaped, always in this order: --open, "
        "--largest, --close, --fill, --dilate, --erode, --invert; for another order run it again "
        "on "
        "its result. Pieces are joined by faces. Millimetres are exact distances between centres "
        "of voxels, along all directions and with slices of any thickness; what lies beyond the "
        "image neither grows in nor eats away. Of a series the first volume is looked at. A mask "
        "that becomes empty or full is an error. Prints its size.",
    .cite = "Otsu 1979, doi:10.1109/TSMC.1979.4310076",
    .args = (const lar_arg[]){ { .name = "in", .help = "the image, or a mask", .is_path = true },
                               { 0 } },
    .tables = { { table, 0 }, { lar_mask_table, offsetof(options, mask) } },
    .size = sizeof(options),
    .json = true,
    .examples =
        (const lar_example[]){
            { "larmor mask t1.nii.gz -o head.nii.gz", "the head" },
            { "larmor mask t1.nii.gz -o bright.nii.gz --method otsu --largest --fill --apply "
              "t1_bright.nii.gz",
              "above Otsu's threshold, one piece without holes, and the image in it" },
            { "larmor mask ct.nii.gz -o bone.nii.gz --method threshold --low 300", "bone in CT" },
            { "larmor mask mask.nii.gz -o wider.nii.gz --method positive --dilate 10",
              "10 mm around a mask" },
            { "larmor mask labels.nii.gz -o label2.nii.gz --method threshold --low 2 --high 2",
              "one label" },
            { NULL, NULL } },
    .run = mask_run,
};
