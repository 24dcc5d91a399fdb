/* larmor lr-find: the learning-rate range test and its plot.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "command/command.h"
#include "report/report.h"
#include "train/train.h"

typedef struct options {
    lar_rate_test_params test;
    const char *work, *output;
    bool force;
} options;

static const lar_param params[] = {
    LAR_P_TEXT(options, output, "output", 'o', "", "path",
               "the plot (.png, .svg, .pdf); WORK/lr_find.png where not given"),
    LAR_P_TEXT(options, work, "work", 0, "", "folder",
               "work folder; the study's name without its suffix where not given"),
    LAR_P_FLAG(options, force, "force", 'f', "replace a plot that exists"), LAR_P_END
};

static lar_status draw(const lar_rate_test *test, const char *path, bool force)
{
    const lar_rate_suggestion *s = &test->suggestion;
    const lar_mark marks[] = {
        { .x = s->steepest, .y = NAN, .text = "steepest" },
        { .x = s->minimum, .y = NAN, .text = "minimum / 10" },
        { .x = s->valley, .y = NAN, .text = "valley" },
    };
    const lar_series series[] = {
        { .x = test->rate, .y = test->loss, .count = test->count, .faint = true },
        { .name = "smoothed loss", .x = test->rate, .y = test->smooth, .count = test->count },
    };
    const lar_plot_params plot = { .title = "Learning-rate range test",
                                   .x_label = "learning rate",
                                   .y_label = "loss",
                                   .log_x = true,
                                   .robust_y = true,
                                   .marks = marks,
                                   .mark_count = 3 };
    return lar_plot(&plot, series, 2, path, force);
}

static lar_status lr_find_run(lar_call *call)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    lar_study *study = NULL;
    lar_rate_test *test = NULL;
    lar_text text = { 0 };

    LAR_TRY(lar_study_read(&study, call->args[0]));
    if (o->work) study->work = o->work;
    const char *path =
        o->output ? o->output : lar_path_join(call->arena, study->work, "lr_find.png");
    if (!path) {
        status = LAR_EMEMORY;
        goto done;
    }
    LAR_TRY(lar_cli_output(call, path, o->force || !o->output));
    LAR_TRY(lar_rate_test_run(&test, study, &o->test, call->progress));
    LAR_TRY(draw(test, path, o->force || !o->output));
    const lar_rate_suggestion *s = &test->suggestion;
    if (call->json) {
        lar_text_add(&text,
                     "{\"steepest\": %.9g, \"minimum\": %.9g, \"valley\": %.9g, \"slide\": %.9g, "
                     "\"rate\": [",
                     s->steepest, s->minimum, s->valley, s->slide);
        for (int64_t n = 0; n < test->count; n++)
            lar_text_add(&text, n ? ", %.9g" : "%.9g", test->rate[n]);
        lar_text_add(&text, "], \"loss\": [");
        for (int64_t n = 0; n < test->count; n++)
            lar_text_add(&text, n ? ", %.9g" : "%.9g", test->smooth[n]);
        lar_text_add(&text, "]}\n");
    } else {
        lar_text_add(&text,
                     "steepest descent     %.2e   (fastai 1)\n"
                     "minimum / 10         %.2e   (fastai 1)\n"
                     "valley               %.2e   (fastai 2)\n"
                     "slide                %.2e   (fastai 2)\n"
                     "%lld of %lld steps; put one into the study as 'rate:' under 'train:'\n"
                     "plot                 %s\n",
                     s->steepest, s->minimum, s->valley, s->slide, (long long)test->count,
                     (long long)o->test.steps, path);
    }
    status = lar_cli_print(lar_text_get(&text));
done:
    lar_text_clear(&text);
    lar_rate_test_free(test);
    lar_study_free(study);
    return status;
}

const lar_command lar_command_lr_find = {
    .name = "lr-find",
    .group = "learn",
    .summary = "test learning rates and suggest one",
    .about = "Trains a fresh network for a few steps while the learning rate grows evenly in its "
             "logarithm, and stops when the smoothed loss (by 0.98) is four times its least. The "
             "curve is read in the four ways that fastai 1 and 2 read it. Nothing of the study's "
             "training is touched, and the same study gives the same curve each time.",
    .cite = "Smith 2017, doi:10.1109/WACV.2017.58",
    .args =
        (const lar_arg[]){ { .name = "study", .help = "the study file", .is_path = true }, { 0 } },
    .tables = { { params, 0 }, { lar_rate_test_table, offsetof(options, test) } },
    .size = sizeof(options),
    .json = true,
    .examples =
        (const lar_example[]){
            { "larmor lr-find study.yaml", "100 steps from 1e-7 to 10, and the plot" }, { 0 } },
    .run = lr_find_run,
};
