/* larmor normalize zscore: intensities to mean 0 and standard deviation 1.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/command.h"
#include "image/image.h"
#include "intensity/intensity.h"

typedef struct options {
    const char *output, *mask;
    bool force;
} options;

static const lar_param table[] = {
    LAR_P_TEXT(options, output, "output", 'o', "", "file", "the image to write"),
    LAR_P_TEXT(options, mask, "mask", 'm', "", "image",
               "where mean and deviation are taken: voxels that are not zero; else everywhere"),
    LAR_P_FLAG(options, force, "force", 'f', "replace an output that exists"),
    LAR_P_END,
};

static lar_status print_values(const lar_call *call, const lar_reals *values)
{
    lar_text text = { 0 };
    const char *format = call->json ? "{\"method\": \"zscore\", \"mean\": %.17g, \"std\": %.17g}\n"
                                    : "mean  %.9g\nstd   %.9g\n";
    lar_text_add(&text, format, values->at[0], values->at[1]);
    const lar_status status = lar_cli_print(lar_text_get(&text));
    lar_text_clear(&text);
    return status;
}

static lar_status zscore_run(lar_call *call)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    lar_image *in = NULL, *mask = NULL, *out = NULL;
    lar_normalizer *zscore = NULL;

    LAR_TRY(lar_cli_output(call, o->output, o->force));
    LAR_TRY(lar_image_read(&in, call->args[0]));
    if (o->mask) LAR_TRY(lar_image_read(&mask, o->mask));
    lar_normalize_params params = lar_normalize_default();
    LAR_TRY(lar_normalize_choose(&params, "zscore"));
    LAR_TRY(lar_normalizer_new(&zscore, &params));
    status = lar_normalizer_fit(zscore, in, mask, NULL);
    if (status != LAR_OK) {
        lar_while(status,
                  mask ? "cannot normalize '%s' with the mask '%s'" : "cannot normalize '%s'",
                  call->args[0], o->mask);
        goto done;
    }
    LAR_TRY(lar_normalizer_apply(&out, zscore, in));
    LAR_TRY(lar_image_write(out, o->output, o->force));
    const lar_reals values = lar_normalizer_values(zscore);
    LAR_TRY(print_values(call, &values));
done:
    lar_normalizer_free(zscore);
    lar_image_free(out);
    lar_image_free(mask);
    lar_image_free(in);
    return status;
}

const lar_command lar_command_normalize_zscore = {
    .name = "normalize zscore",
    .group = "prepare",
    .summary = "bring intensities to mean 0 and standard deviation 1",
    .about = "Subtracts the mean and divides by the standard deviation (of the population, divided "
             "by n) of the whole image, or of the voxels of --mask, which lies on the image's "
             "grid. All voxels are mapped, outside the mask too. Prints both numbers; writes "
             "float32.",
    .args = (const lar_arg[]){ { .name = "in", .help = "the image", .is_path = true }, { 0 } },
    .tables = { { table, 0 } },
    .size = sizeof(options),
    .json = true,
    .examples = (const lar_example[]){ { "larmor normalize zscore t1.nii.gz -o t1_z.nii.gz",
                                         "over the whole image" },
                                       { "larmor normalize zscore t1.nii.gz -o t1_brain_z.nii.gz "
                                         "--mask mask.nii.gz",
                                         "over the brain" },
                                       { NULL, NULL } },
    .run = zscore_run,
};
