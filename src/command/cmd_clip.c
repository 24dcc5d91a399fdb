/* larmor clip: values held between two ends.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/command.h"
#include "image/image.h"

typedef struct options {
    const char *output, *mask;
    bool force;
    lar_clip_params clip;
} options;

static const lar_param table[] = {
    LAR_P_TEXT(options, output, "output", 'o', "", "file", "the image to write"),
    LAR_P_TEXT(options, mask, "mask", 'm', "", "image",
               "take the percentiles of these voxels alone; all are clipped"),
    LAR_P_FLAG(options, force, "force", 'f', "replace an output that exists"),
    LAR_P_END,
};

static lar_status check(const lar_call *call, const options *o)
{
    const int64_t range = o->clip.range.count, percentiles = o->clip.percentiles.count;
    lar_status status = LAR_OK;
    if ((range > 0) == (percentiles > 0))
        status = lar_fail(LAR_EARGUMENT, range ? "--range and --percentiles exclude each other"
                                               : "the values to clip at are missing");
    else if (range != 2 && percentiles != 2)
        status = lar_fail(LAR_EARGUMENT, "%s takes two numbers, not %lld",
                          range ? "--range" : "--percentiles", (long long)(range + percentiles));
    else if (o->mask && range)
        status = lar_fail(LAR_EARGUMENT, "--mask belongs to --percentiles");
    if (status != LAR_OK) return lar_hint(status, "--range 0 1000, or --percentiles 1 99");
    return lar_cli_output(call, o->output, o->force);
}

static lar_status clip_run(lar_call *call)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    lar_image *in = NULL, *mask = NULL, *out = NULL;

    LAR_TRY(check(call, o));
    LAR_TRY(lar_image_read(&in, call->args[0]));
    if (o->mask) LAR_TRY(lar_image_read(&mask, o->mask));
    status = lar_clip(&out, in, mask, &o->clip);
    if (status != LAR_OK) {
        lar_while(status, mask ? "cannot clip '%s' with the mask '%s'" : "cannot clip '%s'",
                  call->args[0], o->mask);
        goto done;
    }
    LAR_TRY(lar_image_write(out, o->output, o->force));
    if (out->type != in->type)
        lar_log(LAR_LOG_NOTE, "'%s': %s, since %s does not hold both ends", o->output,
                lar_type_name(out->type), lar_type_name(in->type));
done:
    lar_image_free(out);
    lar_image_free(mask);
    lar_image_free(in);
    return status;
}

const lar_command lar_command_clip = {
    .name = "clip",
    .group = "prepare",
    .summary = "hold values between two ends",
    .about =
        "Voxels below the lower end become the lower end, voxels above the upper end the upper "
        "end. The ends are values (--range; for CT Hounsfield units), or those at two "
        "--percentiles of the image or of a --mask. The voxel type stays where it holds both ends, "
        "and is float32 otherwise. What was cut off cannot be brought back.",
    .args = (const lar_arg[]){ { .name = "in", .help = "the image", .is_path = true }, { 0 } },
    .tables = { { table, 0 }, { lar_clip_table, offsetof(options, clip) } },
    .size = sizeof(options),
    .examples =
        (const lar_example[]){ { "larmor clip ct.nii.gz -o ct_brain.nii.gz --range -100 300",
                                 "CT from -100 to 300 HU" },
                               { "larmor clip t1.nii.gz -o t1_clipped.nii.gz --percentiles 0.5 "
                                 "99.5 --mask mask.nii.gz",
                                 "without the rarest values of the brain" },
                               { NULL, NULL } },
    .run = clip_run,
};
