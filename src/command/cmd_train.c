/* larmor train: a study's network, from its prepared data to best.safetensors.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/command.h"
#include "report/report.h"
#include "train/train.h"

typedef struct options {
    const char *output;
    bool force;
} options;

static const lar_param params[] = {
    LAR_P_TEXT(options, output, "output", 'o', "", "folder",
               "work folder; the study's name without its suffix where not given"),
    LAR_P_FLAG(options, force, "force", 'f', "train anew, in place of what is there"), LAR_P_END
};

/* What was seen of the training, for the last lines. */
typedef struct watch {
    const lar_call *call;
    lar_progress_report last;
    lar_epoch final, best;
} watch;

/* The loss curve is drawn again after each epoch; that it cannot be is no reason to stop. */
static void draw_losses(const lar_call *call, const lar_progress_report *report)
{
    double *losses = lar_arena_take(call->arena, 2 * report->epochs, sizeof *losses);
    const char *path = lar_path_join(call->arena, report->folder, "loss.png");
    if (!losses || !path) return;
    for (int64_t n = 0; n < report->epoch_count; n++) {
        losses[n] = report->history[n].train_loss;
        losses[report->epochs + n] = report->history[n].valid_loss;
    }
    const lar_series series[] = {
        { .name = "training", .y = losses, .count = report->epoch_count },
        { .name = "held out",
          .y = losses + report->epochs,
          .count = report->epoch_count,
          .dashed = true },
    };
    const lar_mark best = { .x = (double)report->best_epoch,
                            .y = report->best_loss,
                            .text = "best" };
    const lar_plot_params plot = { .title = "Loss",
                                   .x_label = "epoch",
                                   .y_label = "loss",
                                   .log_y = true,
                                   .marks = &best,
                                   .mark_count = report->best_epoch > 0 };
    if (lar_plot(&plot, series, 2, path, true) != LAR_OK)
        lar_log(LAR_LOG_WARNING, "%s", lar_error());
}

static void after_epoch(void *user, const lar_progress_report *report)
{
    watch *w = user;
    const lar_epoch *e = &report->history[report->epoch_count - 1];
    lar_log(LAR_LOG_DETAIL, "epoch %lld: loss %.5f, held out %.5f, rate %.2e, %.1f s%s",
            (long long)report->epoch_count, e->train_loss, e->valid_loss, e->rate, e->seconds,
            report->best_epoch == report->epoch_count ? ", best so far" : "");
    draw_losses(w->call, report);
    w->last = *report;
    w->last.folder = lar_arena_text(w->call->arena, report->folder, strlen(report->folder));
    w->final = *e;
}

static lar_status train_run(lar_call *call)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    lar_study *study = NULL;
    lar_text text = { 0 };
    watch w = { .call = call };

    LAR_TRY(lar_study_read(&study, call->args[0]));
    if (o->output) study->work = o->output;
    LAR_TRY(lar_train(study, o->force, call->progress, after_epoch, &w));
    const char *folder = w.last.folder ? w.last.folder : "";
    if (call->json)
        lar_text_add(
            &text,
            "{\"epochs\": %lld, \"best_epoch\": %lld, \"best_loss\": %.9g, \"train_loss\": "
            "%.9g, \"valid_loss\": %.9g, \"plan_bytes\": %zu, \"stopped_early\": %s}\n",
            (long long)w.last.epoch_count, (long long)w.last.best_epoch, w.last.best_loss,
            w.final.train_loss, w.final.valid_loss, w.last.bytes,
            w.last.stopped_early ? "true" : "false");
    else
        lar_text_add(&text,
                     "%lld epochs%s: loss %.4f, held out %.4f, best %.4f after epoch %lld\n"
                     "model    %s/best.safetensors\n"
                     "history  %s/history.csv\n"
                     "curve    %s/loss.png\n",
                     (long long)w.last.epoch_count, w.last.stopped_early ? " (stopped early)" : "",
                     w.final.train_loss, w.final.valid_loss, w.last.best_loss,
                     (long long)w.last.best_epoch, folder, folder, folder);
    status = lar_cli_print(lar_text_get(&text));
done:
    lar_text_clear(&text);
    lar_study_free(study);
    return status;
}

const lar_command lar_command_train = {
    .name = "train",
    .group = "learn",
    .summary = "train the study's network on its prepared data",
    .about =
        "Writes into the folder train of the work folder: best.safetensors (the model with the "
        "least held-out loss), last.safetensors (after each epoch, with all that is needed to go "
        "on), history.csv, loss.png. ctrl-C writes a checkpoint first; the same command again goes "
        "on from there and ends with the same bits as a training that was not stopped (same "
        "machine, same number of threads).",
    .cite = "AdamW: Loshchilov and Hutter 2019, arXiv:1711.05101; one-cycle: Smith 2018, "
            "arXiv:1803.09820",
    .args =
        (const lar_arg[]){ { .name = "study", .help = "the study file", .is_path = true }, { 0 } },
    .tables = { { params, 0 } },
    .size = sizeof(options),
    .json = true,
    .examples =
        (const lar_example[]){ { "larmor train study.yaml", "train, or go on training" }, { 0 } },
    .run = train_run,
};
