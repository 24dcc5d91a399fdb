/* The training loop: steps, epochs, held-out loss, the best model, and stopping at any time.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <time.h>

#include "train/session.h"

static double now_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static lar_status write_history(const lar_session *s)
{
    lar_status status = LAR_OK;
    lar_text text = { 0 };
    const char *path = lar_path_join(s->arena, s->report.folder, "history.csv");

    lar_text_add(&text, "epoch,train_loss,valid_loss,rate,seconds\n");
    for (int64_t n = 0; n < s->report.epoch_count; n++) {
        const lar_epoch *e = &s->history[n];
        lar_text_add(&text, "%lld,%.6f,%.6f,%.6e,%.2f\n", (long long)n + 1, e->train_loss,
                     e->valid_loss, e->rate, e->seconds);
    }
    if (text.failed || !path)
        status = LAR_EMEMORY;
    else
        status = lar_file_write(path, text.at, text.length, true);
    lar_text_clear(&text);
    return status;
}

static lar_status save(const lar_session *s, const char *name, bool all)
{
    const char *path = lar_path_join(s->arena, s->report.folder, name);
    return path ? lar_checkpoint_write(s, path, all) : LAR_EMEMORY;
}

static void say_time(char *text, size_t room, double seconds)
{
    const long long whole = (long long)(seconds + 0.5);
    if (whole >= 3600)
        snprintf(text, room, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
    else
        snprintf(text, room, "%lld:%02lld", whole / 60, whole % 60);
}

/* "epoch 12/100, loss 0.1234, held out 0.1456, 3:10 left"; false: stop. */
static bool say_progress(const lar_session *s, lar_progress progress, double started,
                         int64_t first_step)
{
    char stage[128], left[32];
    const double taken = (double)(s->step - first_step);
    const double per_step = taken > 0 ? (now_seconds() - started) / taken : 0;
    const lar_epoch *last = s->report.epoch_count ? &s->history[s->report.epoch_count - 1] : NULL;
    say_time(left, sizeof left, per_step * (double)(s->schedule.steps - s->step));
    int used = snprintf(stage, sizeof stage, "epoch %lld/%lld",
                        (long long)(s->step / s->steps_per_epoch + 1), (long long)s->report.epochs);
    if (last)
        used += snprintf(stage + used, sizeof stage - (size_t)used, ", loss %.4f, held out %.4f",
                         last->train_loss, last->valid_loss);
    if (taken > 0) snprintf(stage + used, sizeof stage - (size_t)used, ", %s left", left);
    return lar_progress_say(progress, stage, (double)s->step / (double)s->schedule.steps);
}

static lar_status take_step(lar_session *s)
{
    lar_status status = LAR_OK;
    double loss;
    int64_t count;
    const double started = now_seconds();
    const lar_pace pace = lar_schedule_at(&s->schedule, s->step);

    LAR_TRY(lar_session_gradients(s, &loss, &count));
    LAR_TRY(lar_optimizer_step(s->optimizer, lar_net_weights(s->trained->net),
                               lar_net_gradients(s->trained->net), pace.rate, pace.momentum));
    s->loss_sum += loss * (double)count;
    s->step++;
    s->seconds += now_seconds() - started;
done:
    return status;
}

/* The best model and the epoch's history are written before the checkpoint that says so: a kill
 * between them repeats the epoch, and writes the same files again. */
static lar_status end_epoch(lar_session *s)
{
    lar_status status = LAR_OK;
    const double started = now_seconds();
    lar_epoch *epoch = &s->history[s->report.epoch_count];

    *epoch = (lar_epoch){
        .train_loss = s->loss_sum / (double)s->count[LAR_TRAIN],
        .rate = lar_schedule_at(&s->schedule, s->step - 1).rate,
    };
    LAR_TRY(lar_session_valid_loss(s, &epoch->valid_loss));
    epoch->seconds = s->seconds + now_seconds() - started;
    s->report.epoch_count++;
    s->loss_sum = s->seconds = 0;
    if (epoch->valid_loss < s->report.best_loss) {
        s->report.best_loss = epoch->valid_loss;
        s->report.best_epoch = s->report.epoch_count;
        LAR_TRY(save(s, "best.safetensors", false));
    }
    const int64_t patience = s->study->train.patience;
    s->report.stopped_early = patience != LAR_INT_AUTO &&
                              s->report.epoch_count - s->report.best_epoch >= patience &&
                              s->report.epoch_count < s->report.epochs;
    LAR_TRY(lar_histories_write(s, s->report.epoch_count - 1));
    LAR_TRY(save(s, "last.safetensors", true));
    LAR_TRY(write_history(s));
done:
    return status;
}

/* Begins in an empty folder, or where the last checkpoint was. */
static lar_status start(lar_session *s, bool force)
{
    lar_status status = LAR_OK;
    static const char *const outputs[] = { "best.safetensors", "last.safetensors", "history.csv" };
    const char *last = lar_path_join(s->arena, s->report.folder, "last.safetensors");
    const char *histories = lar_path_join(s->arena, s->report.folder, "histories");

    LAR_TRY(lar_folder_make(s->report.folder));
    if (!last || !histories) return LAR_EMEMORY;
    lar_folder_clean(s->report.folder); /* of what was being written at a kill */
    lar_folder_clean(histories);
    if (force) {
        for (int n = 0; n < 3; n++) {
            const char *path = lar_path_join(s->arena, s->report.folder, outputs[n]);
            if (!path) return LAR_EMEMORY;
            LAR_TRY(lar_file_remove(path));
        }
        LAR_TRY(lar_histories_remove(s));
    } else if (lar_path_exists(last)) {
        LAR_TRY(lar_checkpoint_read(s, last));
        if (s->step == s->schedule.steps || s->report.stopped_early) {
            status =
                lar_fail(LAR_EEXISTS, "'%s' is finished: %lld epochs, best held-out loss %.4f",
                         s->report.folder, (long long)s->report.epoch_count, s->report.best_loss);
            lar_hint(status, "--force to train anew, or another --output");
            goto done;
        }
        lar_log(LAR_LOG_NOTE, "going on after epoch %lld, step %lld of %lld",
                (long long)s->report.epoch_count, (long long)s->step, (long long)s->schedule.steps);
        LAR_TRY(write_history(s)); /* it may be an epoch ahead of the checkpoint */
        LAR_TRY(lar_histories_catch_up(s));
    }
done:
    return status;
}

lar_status lar_train(const lar_study *study, bool force, lar_progress progress, lar_epoch_fn epoch,
                     void *user)
{
    lar_status status = LAR_OK;
    lar_session *s = NULL;
    lar_forecast forecast;

    LAR_TRY(lar_session_open(&s, study));
    LAR_TRY(lar_session_forecast(s, &forecast));
    LAR_TRY(start(s, force));
    const double started = now_seconds();
    const int64_t first_step = s->step;
    while (s->step < s->schedule.steps && !s->report.stopped_early) {
        if (!say_progress(s, progress, started, first_step)) {
            LAR_TRY(save(s, "last.safetensors", true));
            status = lar_fail(LAR_ESTOPPED, "stopped in epoch %lld, after step %lld of %lld",
                              (long long)(s->step / s->steps_per_epoch + 1), (long long)s->step,
                              (long long)s->schedule.steps);
            lar_hint(status, "the same command again, which goes on from there");
            goto done;
        }
        LAR_TRY(take_step(s));
        if (s->step % s->steps_per_epoch != 0) continue;
        LAR_TRY(end_epoch(s));
        if (epoch) epoch(user, &s->report);
    }
done:
    lar_session_free(s);
    return status;
}
