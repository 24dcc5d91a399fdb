/* larmor train: a study's network, from its prepared data to best.safetensors.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/report/report_make.h"

typedef struct options {
    const char *output;
    bool force, dry_run;
    int precision;
    int64_t memory;
} options;

static const char *const precisions[] = { "auto", "float32", "bfloat16", NULL };

static const lar_param params[] = {
    LAR_P_TEXT(options, output, "output", 'o', "", "folder",
               "work folder; the study's name without its suffix where not given"),
    LAR_P_FLAG(options, force, "force", 'f', "train anew, in place of what is there"),
    LAR_P_FLAG(options, dry_run, "dry-run", 'n',
               "tell the work and the memory that the training will take, and end"),
    LAR_P_CHOICE(options, precision, "precision", 0, "auto", precisions,
                 "of the voxels inside the network, in place of the study's"),
    LAR_P_SIZE(options, memory, "max-memory", 0, "auto",
               "that the whole program may take, in place of the study's: more is computed again, "
               "to the same bits"),
    LAR_P_END
};

/* What was seen of the training, for the last lines. */
typedef struct watch {
    const lar_call *call;
    const lar_study *study;
    lar_progress_report last;
    lar_epoch final, best;
    lar_report_pace pace; /* of the page beside it */
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

/* The page while it runs is about the training alone, and small. */
static void refresh_page(watch *w, const lar_progress_report *progress)
{
    lar_report report;
    if (!lar_report_is_due(&w->pace)) return;
    const lar_status status = lar_report_begin(&report, w->call, w->study, NULL);
    report.running = LAR_REPORT_TRAINS;
    report.history = progress->history;
    report.epoch_count = progress->epoch_count;
    if (status == LAR_OK) lar_report_refresh(&w->pace, &report);
    lar_report_clear(&report);
}

static void after_epoch(void *user, const lar_progress_report *report)
{
    watch *w = user;
    const lar_epoch *e = &report->history[report->epoch_count - 1];
    lar_log(LAR_LOG_DETAIL, "epoch %lld: loss %.5f, held out %.5f, rate %.2e, %.1f s%s",
            (long long)report->epoch_count, e->train_loss, e->valid_loss, e->rate, e->seconds,
            report->best_epoch == report->epoch_count ? ", best so far" : "");
    draw_losses(w->call, report);
    if (!w->last.folder) lar_report_keep_study(w->study, w->call->arena);
    w->last = *report;
    w->last.folder = lar_arena_text(w->call->arena, report->folder, strlen(report->folder));
    w->final = *e;
    refresh_page(w, report);
}

static void add_forecast(lar_text *out, const lar_study *study, const lar_forecast *f)
{
    const char *network = study->network.layers ? "layers" : lar_models[study->network.name].name;
    char train[LAR_BYTES_WORDS], valid[LAR_BYTES_WORDS], limit[LAR_BYTES_WORDS];
    lar_bytes_words(train, f->train_bytes);
    lar_bytes_words(valid, f->valid_bytes);
    lar_bytes_words(limit, f->limit);
    lar_text_add(out,
                 "network     %s, %lld weights\n"
                 "samples     %lld to train on, %lld held out; %lld steps per epoch, %lld in all\n"
                 "step        %lld x %lldx%lldx%lld voxels at once, %.4g GFLOP\n"
                 "memory      %s at most (validation %s)",
                 network, (long long)f->weights, (long long)f->samples, (long long)f->held_out,
                 (long long)f->steps_per_epoch, (long long)f->steps, (long long)f->at_once,
                 (long long)f->size[0], (long long)f->size[1], (long long)f->size[2],
                 (f->work + f->again_work) / 1e9, train, valid);
    if (f->limit > 0)
        lar_text_add(out, ", of %s that %s", limit, f->asked ? "are allowed" : "can be had");
    lar_text_add(out, "\nrecomputed  norms and activations");
    if (f->again)
        lar_text_add(out, ", and %lld convolution%s (%.4g GFLOP of the above)", (long long)f->again,
                     f->again == 1 ? "" : "s", f->again_work / 1e9);
    lar_text_add(out, "\nprecision   %s\nthreads     %d\n", lar_precision_names[f->precision],
                 f->threads);
}

static void add_forecast_json(lar_text *out, const lar_study *study, const lar_forecast *f)
{
    lar_text_add(
        out,
        "{\"network\": \"%s\", \"weights\": %lld, \"samples\": %lld, \"held_out\": %lld, "
        "\"steps_per_epoch\": %lld, \"steps\": %lld, \"at_once\": %lld, \"size\": [%lld, %lld, "
        "%lld], \"step_flop\": %.9g, \"recomputed_convolutions\": %lld, \"recomputed_flop\": %.9g, "
        "\"train_bytes\": %.0f, \"valid_bytes\": %.0f, \"limit_bytes\": %.0f, \"precision\": "
        "\"%s\", \"threads\": %d}\n",
        study->network.layers ? "layers" : lar_models[study->network.name].name,
        (long long)f->weights, (long long)f->samples, (long long)f->held_out,
        (long long)f->steps_per_epoch, (long long)f->steps, (long long)f->at_once,
        (long long)f->size[0], (long long)f->size[1], (long long)f->size[2],
        f->work + f->again_work, (long long)f->again, f->again_work, f->train_bytes, f->valid_bytes,
        f->limit, lar_precision_names[f->precision], f->threads);
}

static lar_status dry_run(const lar_call *call, const lar_study *study)
{
    lar_forecast forecast;
    lar_text text = { 0 };
    lar_status status = lar_train_forecast(&forecast, study);
    if (status != LAR_OK) return status;
    (call->json ? add_forecast_json : add_forecast)(&text, study, &forecast);
    status = lar_cli_print(lar_text_get(&text));
    lar_text_clear(&text);
    return status;
}

static lar_status train_run(lar_call *call)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    lar_study *study = NULL;
    lar_memory memory;
    lar_text text = { 0 };
    watch w = { .call = call };

    LAR_TRY(lar_study_read(&study, call->args[0]));
    if (o->output) study->work = o->output;
    if (o->precision > 0) study->train.precision = o->precision - 1;
    if (o->memory != LAR_INT_AUTO) study->train.memory = o->memory;
    if (o->dry_run) {
        status = dry_run(call, study);
        goto done;
    }
    w.study = study;
    status = lar_train(study, o->force, call->progress, after_epoch, &w);
    if (status == LAR_OK) lar_memory_ask(&memory, ""); /* before the scores */
    if (w.last.folder)                                 /* an epoch ran */
        lar_report_end(&w.pace, call, study, status, true, study->train.memory);
    if (status != LAR_OK) goto done;
    const char *folder = w.last.folder ? w.last.folder : "";
    if (call->json)
        lar_text_add(
            &text,
            "{\"epochs\": %lld, \"best_epoch\": %lld, \"best_loss\": %.9g, \"train_loss\": "
            "%.9g, \"valid_loss\": %.9g, \"plan_bytes\": %zu, \"peak_bytes\": %.0f, "
            "\"stopped_early\": %s}\n",
            (long long)w.last.epoch_count, (long long)w.last.best_epoch, w.last.best_loss,
            w.final.train_loss, w.final.valid_loss, w.last.bytes, memory.peak,
            w.last.stopped_early ? "true" : "false");
    else
        lar_text_add(&text,
                     "%lld epochs%s: loss %.4f, held out %.4f, best %.4f after epoch %lld\n"
                     "model    %s/best.safetensors\n"
                     "history  %s/history.csv\n"
                     "curve    %s/loss.png\n"
                     "report   %s/report.html\n",
                     (long long)w.last.epoch_count, w.last.stopped_early ? " (stopped early)" : "",
                     w.final.train_loss, w.final.valid_loss, w.last.best_loss,
                     (long long)w.last.best_epoch, folder, folder, folder, study->work);
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
        "on), history.csv, loss.png; and beside it report.html, one page that shows all of it, and "
        "in the end the scores of the held-out subjects. ctrl-C writes a checkpoint first; the "
        "same command again goes "
        "on from there and ends with the same bits as a training that was not stopped, on the same "
        "machine with any number of threads. The memory that a training takes is planned before it "
        "starts: one that does not fit is refused, with the setting that would make it fit.",
    .cite = "AdamW: Loshchilov and Hutter 2019, arXiv:1711.05101; one-cycle: Smith 2018, "
            "arXiv:1803.09820",
    .args =
        (const lar_arg[]){ { .name = "study", .help = "the study file", .is_path = true }, { 0 } },
    .tables = { { params, 0 } },
    .size = sizeof(options),
    .json = true,
    .examples =
        (const lar_example[]){ { "larmor train study.yaml", "train, or go on training" },
                               { "larmor train study.yaml --dry-run",
                                 "what it will take in work and memory; nothing is written" },
                               { 0 } },
    .run = train_run,
};
