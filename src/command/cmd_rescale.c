/* larmor rescale: one straight line from two values to two others.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/command.h"
#include "image/image.h"
#include "intensity/intensity.h"

typedef struct options {
    const char *output, *mask;
    bool force;
    lar_rescale_params rescale;
} options;

static const lar_param table[] = {
    LAR_P_TEXT(options, output, "output", 'o', "", "file", "the image to write"),
    LAR_P_TEXT(options, mask, "mask", 'm', "", "image",
               "take the percentiles of these voxels alone; all are rescaled"),
    LAR_P_FLAG(options, force, "force", 'f', "replace an output that exists"),
    LAR_P_END,
};

static lar_status check(const lar_call *call, const options *o)
{
    const lar_rescale_params *p = &o->rescale;
    lar_status status = LAR_OK;
    if (p->from.count != 0 && (p->from.count != 2 || p->from.at[0] >= p->from.at[1]))
        status = lar_fail(LAR_EARGUMENT, "--from takes two numbers, the smaller one first");
    else if (p->percentiles.count != 2 || p->percentiles.at[0] >= p->percentiles.at[1])
        status = lar_fail(LAR_EARGUMENT, "--percentiles takes two numbers, the smaller one first");
    else if (p->to.count != 2 || p->to.at[0] == p->to.at[1])
        status = lar_fail(LAR_EARGUMENT, "--to takes two different numbers");
    else if (o->mask && p->from.count)
        status = lar_fail(LAR_EARGUMENT, "--mask belongs to --percentiles, not to --from");
    if (status != LAR_OK) return lar_hint(status, "--percentiles 1 99 --to 0 1, or --from 0 1000");
    return lar_cli_output(call, o->output, o->force);
}

static lar_status print_line(const lar_call *call, const lar_curve *c)
{
    const double scale = (c->to[1] - c->to[0]) / (c->from[1] - c->from[0]);
    lar_text text = { 0 };
    lar_text_add(&text,
                 call->json ? "{\"from\": [%.17g, %.17g], \"to\": [%.17g, %.17g], "
                              "\"scale\": %.17g, \"offset\": %.17g}\n"
                            : "from    %.9g %.9g\nto      %.9g %.9g\nscale   %.9g\noffset  %.9g\n",
                 c->from[0], c->from[1], c->to[0], c->to[1], scale, c->to[0] - scale * c->from[0]);
    const lar_status status = lar_cli_print(lar_text_get(&text));
    lar_text_clear(&text);
    return status;
}

static lar_status rescale_run(lar_call *call)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    lar_image *in = NULL, *mask = NULL, *out = NULL;
    lar_curve curve;

    LAR_TRY(check(call, o));
    LAR_TRY(lar_image_read(&in, call->args[0]));
    if (o->mask) LAR_TRY(lar_image_read(&mask, o->mask));
    status = lar_rescale_curve(&curve, in, mask, &o->rescale);
    if (status == LAR_OK) status = lar_curve_apply(&out, &curve, in);
    if (status != LAR_OK) {
        lar_while(status, mask ? "cannot rescale '%s' with the mask '%s'" : "cannot rescale '%s'",
                  call->args[0], o->mask);
        goto done;
    }
    LAR_TRY(lar_image_write(out, o->output, o->force));
    LAR_TRY(print_line(call, &curve));
done:
    lar_image_free(out);
    lar_image_free(mask);
    lar_image_free(in);
    return status;
}

const lar_command lar_command_rescale = {
    .name = "rescale",
    .group = "prepare",
    .summary = "map values along one straight line",
    .about =
        "Two values of the image, given by --from or taken at two --percentiles of the image or of "
        "a --mask (its lowest and highest value where nothing is said), become the two of --to; "
        "the rest follows on the same line, or with --clip ends there. Prints the line: new = "
        "scale * old + offset. Without --clip, larmor rescale --from and --to exchanged takes the "
        "values back. Writes float32.",
    .args = (const lar_arg[]){ { .name = "in", .help = "the image", .is_path = true }, { 0 } },
    .tables = { { table, 0 }, { lar_rescale_table, offsetof(options, rescale) } },
    .size = sizeof(options),
    .json = true,
    .examples =
        (const lar_example[]){
            { "larmor rescale t1.nii.gz -o t1_01.nii.gz", "lowest and highest to 0 and 1" },
            { "larmor rescale t1.nii.gz -o t1_robust.nii.gz --percentiles 1 99 --to 0 100 --clip",
              "without a few bright voxels deciding" },
            { "larmor rescale ct.nii.gz -o ct_unit.nii.gz --from -1000 1000 --to -1 1",
              "-1000 to 1000 HU become -1 to 1" },
            { NULL, NULL } },
    .run = rescale_run,
};
