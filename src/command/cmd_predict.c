/* larmor predict: a raw scan in, a synthesized scan on its own grid out.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/command.h"
#include "image/image.h"
#include "train/train.h"

typedef struct options {
    lar_predict_params how;
    const char *output;
    bool force;
} options;

static const lar_param params[] = {
    LAR_P_TEXT(options, output, "output", 'o', "", "path",
               "the synthesized image; a folder where the model has several targets"),
    LAR_P_FLAG(options, force, "force", 'f', "replace an output that exists"), LAR_P_END
};

static lar_status check_count(const lar_call *call, const lar_trained *t)
{
    lar_text names = { 0 };
    if (call->arg_count - 1 == t->input_count) return LAR_OK;
    for (int64_t c = 0; c < t->input_count; c++)
        lar_text_add(&names, " <%s>", t->study->data.images[t->inputs[c]].name);
    const lar_status status = lar_fail(LAR_EARGUMENT, "the model takes %lld scan%s,%s, not %lld",
                                       (long long)t->input_count, t->input_count == 1 ? "" : "s",
                                       lar_text_get(&names), (long long)call->arg_count - 1);
    lar_text_clear(&names);
    return status;
}

/* Where target n goes; NULL without memory. */
static const char *output_path(const lar_call *call, const lar_trained *t, int64_t n)
{
    const options *o = call->options;
    if (t->target_count == 1) return o->output;
    const char *name =
        lar_arena_format(call->arena, "%s.nii.gz", t->study->data.images[t->targets[n]].name);
    return name ? lar_path_join(call->arena, o->output, name) : NULL;
}

static lar_status check_outputs(const lar_call *call, const lar_trained *t)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    if (t->target_count > 1) LAR_TRY(lar_folder_make(o->output));
    for (int64_t n = 0; n < t->target_count; n++)
        LAR_TRY(lar_cli_output(call, output_path(call, t, n), o->force));
done:
    return status;
}

static void say_units(lar_text *text, const lar_trained *t, int64_t n, const char *path)
{
    lar_text units = { 0 };
    lar_trained_units(&units, t, n);
    lar_text_add(text, "%s  %s%s%s\n", t->study->data.images[t->targets[n]].name, path,
                 units.length ? "  " : "", lar_text_get(&units));
    lar_text_clear(&units);
}

static lar_status predict_run(lar_call *call)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    lar_trained *t = NULL;
    lar_image **outputs = NULL;
    lar_memory memory;
    char peak[LAR_BYTES_WORDS];
    lar_text text = { 0 };

    LAR_TRY(lar_cli_output(call, o->output, true));
    LAR_TRY(lar_trained_read(&t, call->args[0]));
    LAR_TRY(check_count(call, t));
    LAR_TRY(check_outputs(call, t));
    outputs = lar_arena_take(call->arena, t->target_count, sizeof *outputs);
    if (!outputs) {
        status = LAR_EMEMORY;
        goto done;
    }
    LAR_TRY(lar_trained_predict(outputs, t, call->args + 1, &o->how, call->progress));
    for (int64_t n = 0; n < t->target_count; n++) {
        const char *path = output_path(call, t, n);
        if (!path) {
            status = LAR_EMEMORY;
            goto done;
        }
        LAR_TRY(lar_image_write(outputs[n], path, o->force));
        say_units(&text, t, n, path);
    }
    lar_memory_ask(&memory, "");
    lar_bytes_words(peak, memory.peak);
    lar_log(LAR_LOG_DETAIL, "%s of memory at most", peak);
    status = lar_cli_print(lar_text_get(&text));
done:
    for (int64_t n = 0; outputs && t && n < t->target_count; n++) lar_image_free(outputs[n]);
    lar_text_clear(&text);
    lar_trained_free(t);
    return status;
}

const lar_command lar_command_predict = {
    .name = "predict",
    .group = "learn",
    .summary = "synthesize an image from a raw scan",
    .about =
        "Prepares the scan as the model's training did (the study is in the model file; steps with "
        "'when: training' are left out, so that the whole field of view is synthesized), runs the "
        "network, and writes the result as float32 on the scan's own grid. A normalization that "
        "depends on the image, such as z-score, cannot be undone for a target that is not there: "
        "the mean statistics of the training targets are used, and the program says so. A volume "
        "that takes more memory than there is, or than --max-memory, goes through in windows, "
        "which "
        "does not change the result; but that of a network with instance or group norm or a global "
        "pool depends on the whole volume: its windows are blended, and the program says so.",
    .args =
        (const lar_arg[]){
            { .name = "model", .help = "best.safetensors of a training", .is_path = true },
            { .name = "scan",
              .help = "raw scan, one per input of the model in the study's order",
              .repeats = true,
              .is_path = true },
            { 0 } },
    .tables = { { params, 0 }, { lar_predict_table, offsetof(options, how) } },
    .size = sizeof(options),
    .examples =
        (const lar_example[]){ { "larmor predict model.safetensors t1.nii.gz -o synthesis.nii.gz",
                                 "a FLAIR from a T1, on the grid of the T1" },
                               { "larmor predict model.safetensors t1.nii.gz -o small.nii.gz "
                                 "--max-memory 250M",
                                 "the same, in windows where the whole takes more memory" },
                               { 0 } },
    .run = predict_run,
};
