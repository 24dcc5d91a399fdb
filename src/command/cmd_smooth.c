/* larmor smooth: Gaussian smoothing by millimetres.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/command.h"
#include "image/image.h"

typedef struct options {
    const char *output, *mask;
    bool force;
    lar_smooth_params smooth;
} options;

static const lar_param table[] = {
    LAR_P_TEXT(options, output, "output", 'o', "", "file", "the image to write"),
    LAR_P_TEXT(options, mask, "mask", 'm', "", "image",
               "average inside this mask alone (voxels that are not zero); zero outside"),
    LAR_P_FLAG(options, force, "force", 'f', "replace an output that exists"),
    LAR_P_END,
};

static lar_status smooth_run(lar_call *call)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    lar_image *in = NULL, *mask = NULL, *out = NULL;

    if ((o->smooth.fwhm.count > 0) == (o->smooth.sigma.count > 0)) {
        status =
            lar_fail(LAR_EARGUMENT, o->smooth.fwhm.count ? "--fwhm and --sigma exclude each other"
                                                         : "the width of the kernel is missing");
        return lar_hint(status, "--fwhm 6, or --sigma 2.5, in millimetres");
    }
    LAR_TRY(lar_cli_output(call, o->output, o->force));
    LAR_TRY(lar_image_read(&in, call->args[0]));
    if (o->mask) LAR_TRY(lar_image_read(&mask, o->mask));
    status = lar_smooth(&out, in, mask, &o->smooth);
    if (status != LAR_OK) {
        lar_while(status, mask ? "cannot smooth '%s' in the mask '%s'" : "cannot smooth '%s'",
                  call->args[0], o->mask);
        goto done;
    }
    LAR_TRY(lar_image_write(out, o->output, o->force));
done:
    lar_image_free(out);
    lar_image_free(mask);
    lar_image_free(in);
    return status;
}

const lar_command lar_command_smooth = {
    .name = "smooth",
    .group = "prepare",
    .summary = "smooth with a Gaussian of so many millimetres",
    .about =
        "The kernel is as wide as --fwhm (its full width at half its height, 2.355 deviations) or "
        "--sigma says, along x y z of the patient, and mirrored about the first and last voxel. "
        "With --mask each voxel becomes the mean of those of the mask around it, so that what is "
        "outside does not bleed in. Every volume of a series is smoothed; float32 is written.",
    .args = (const lar_arg[]){ { .name = "in", .help = "the image", .is_path = true }, { 0 } },
    .tables = { { table, 0 }, { lar_smooth_table, offsetof(options, smooth) } },
    .size = sizeof(options),
    .examples =
        (const lar_example[]){
            { "larmor smooth t1.nii.gz -o t1_smooth.nii.gz --fwhm 6", "6 mm wide" },
            { "larmor smooth pd.nii.gz -o pd_smooth.nii.gz --sigma 1 1 3",
              "wider from foot to head" },
            { "larmor smooth t1.nii.gz -o t1_brain_smooth.nii.gz --fwhm 8 --mask mask.nii.gz",
              "the brain alone" },
            { NULL, NULL } },
    .run = smooth_run,
};
