/* Model files: weights, running statistics, the study, the targets' units; and, to go on with a
 * training, the optimizer's moments and where the training stands. Random numbers are functions of
 * (seed, epoch, sample), so the step is all that is to be kept of them.
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <math.h>

#include "train/session.h"

static char *fits_text(const lar_trained *t)
{
    json_t *root = json_object();
    for (int64_t n = 0; n < t->target_count; n++) {
        json_object_set_new(root, t->study->data.images[t->targets[n]].name,
                            lar_fit_to_json(&t->target_fits[n]));
    }
    char *text = json_dumps(root, JSON_REAL_PRECISION(17));
    json_decref(root);
    return text;
}

static char *state_text(const lar_session *s)
{
    json_t *history = json_array();
    for (int64_t n = 0; n < s->report.epoch_count; n++) {
        const lar_epoch *e = &s->history[n];
        json_array_append_new(
            history, json_pack("[f,f,f,f]", e->train_loss, e->valid_loss, e->rate, e->seconds));
    }
    json_t *root = json_pack("{s:I, s:f, s:f, s:I, s:b, s:o}", "step", (json_int_t)s->step,
                             "loss_sum", s->loss_sum, "seconds", s->seconds, "best_epoch",
                             (json_int_t)s->report.best_epoch, "stopped_early",
                             s->report.stopped_early, "history", history);
    char *text = json_dumps(root, JSON_REAL_PRECISION(17));
    json_decref(root);
    return text;
}

enum { NOTES = 8, MODEL_NOTES = 6 };

static lar_status add_standards(lar_safetensor_note *notes, const lar_standards *standards,
                                lar_arena *arena)
{
    for (int64_t n = 0; n < standards->count; n++) {
        notes[n].key = lar_arena_format(arena, LAR_STANDARD_NOTE "%s", standards->at[n].name);
        notes[n].text = standards->at[n].text;
        if (!notes[n].key) return LAR_EMEMORY;
    }
    return LAR_OK;
}

lar_status lar_checkpoint_write(const lar_session *s, const char *path, bool all)
{
    lar_status status = LAR_OK;
    int64_t params;
    const lar_trained *t = s->trained;
    lar_arena *arena = NULL;
    char *fits = NULL, *state = NULL;

    (void)lar_net_params(t->net, &params);
    LAR_TRY(lar_arena_new(&arena));
    lar_safetensor *tensors = lar_arena_take(arena, params + 2, sizeof *tensors);
    const char *epoch = lar_arena_format(arena, "%lld", (long long)s->report.epoch_count);
    const char *settings = lar_trained_settings(s->study, arena);
    lar_safetensor_note *notes =
        lar_arena_take(arena, NOTES + 1 + t->standards->count, sizeof *notes);
    fits = fits_text(t);
    state = state_text(s);
    if (!tensors || !notes || !epoch || !settings || !fits || !state) {
        status = lar_fail(LAR_EMEMORY, "out of memory while writing '%s'", path);
        goto done;
    }
    lar_net_save(t->net, tensors);
    int64_t count = params;
    for (int n = 0; all && n < 2; n++)
        tensors[count++] = (lar_safetensor){ .name = s->optimizer->kind->moment_names[n],
                                             .type = LAR_F32,
                                             .dims = 1,
                                             .size = { s->optimizer->count },
                                             .data = s->optimizer->moment[n] };
    const lar_safetensor_note fixed[NOTES] = {
        { "larmor", lar_version() },
        { "study", s->study->text },
        { "epoch", epoch },
        { "targets", fits },
        { "recipe", s->study->recipe },
        { "precision", lar_precision_names[s->study->train.precision] },
        { "settings", settings },
        { "state", state },
    };
    int64_t said = all ? NOTES : MODEL_NOTES;
    memcpy(notes, fixed, (size_t)said * sizeof *notes);
    if (*t->strips) notes[said++] = (lar_safetensor_note){ LAR_STRIPS_NOTE, t->strips };
    LAR_TRY(add_standards(notes + said, t->standards, arena));
    LAR_TRY(lar_safetensors_write(path, tensors, count, notes, said + t->standards->count, true));
done:
    free(fits);
    free(state);
    lar_arena_free(arena);
    return status;
}

/* The first line of `now` that `then` does not have, for a message; a copy of the arena. */
static const char *changed_line(const char *now, const char *then, lar_arena *arena)
{
    while (*now) {
        const size_t length = strcspn(now, "\n"), other = strcspn(then, "\n");
        if (length != other || strncmp(now, then, length) != 0)
            return lar_arena_text(arena, now, length);
        now += length + (now[length] != 0);
        then += other + (then[other] != 0);
    }
    return "";
}

static lar_status check_same(lar_session *s, const lar_safetensors *file, const char *path)
{
    const char *const names[2] = { "recipe", "settings" };
    const char *now[2] = { s->study->recipe, lar_trained_settings(s->study, s->arena) };
    for (int n = 0; n < 2; n++) {
        const char *then = lar_safetensors_note(file, names[n]);
        if (!then)
            return lar_fail(LAR_EFORMAT, "'%s' is a model, but not one to go on training", path);
        if (!now[n]) return LAR_EMEMORY;
        if (strcmp(now[n], then) == 0) continue;
        const lar_status status = lar_fail(LAR_EARGUMENT, "'%s' is of another study: '%s' differs",
                                           path, changed_line(now[n], then, s->arena));
        return lar_hint(status, "--force to train anew, or another --output");
    }
    return LAR_OK;
}

static lar_status read_moments(lar_session *s, const lar_safetensors *file, const char *path)
{
    for (int n = 0; n < 2; n++) {
        const char *name = s->optimizer->kind->moment_names[n];
        const lar_safetensor *moment = lar_safetensors_find(file, name);
        if (!moment || moment->type != LAR_F32 || moment->dims != 1 ||
            moment->size[0] != s->optimizer->count)
            return lar_fail(LAR_EFORMAT, "'%s' lacks '%s' of %lld values", path, name,
                            (long long)s->optimizer->count);
        memcpy(s->optimizer->moment[n], moment->data,
               (size_t)s->optimizer->count * sizeof *s->optimizer->moment[n]);
    }
    return LAR_OK;
}

static lar_status read_state(lar_session *s, const char *text, const char *path)
{
    lar_status status = LAR_OK;
    json_int_t step = -1, best_epoch = -1;
    int stopped = 0;
    json_t *history = NULL;
    json_t *root = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;

    if (json_unpack(root, "{s:I, s:F, s:F, s:I, s:b, s:o}", "step", &step, "loss_sum", &s->loss_sum,
                    "seconds", &s->seconds, "best_epoch", &best_epoch, "stopped_early", &stopped,
                    "history", &history) != 0 ||
        step < 0 || step > s->schedule.steps || best_epoch < 0 ||
        (int64_t)json_array_size(history) != step / s->steps_per_epoch ||
        best_epoch > (json_int_t)json_array_size(history)) {
        status = lar_fail(LAR_EFORMAT, "'%s' does not tell where its training stood", path);
        goto done;
    }
    for (size_t n = 0; n < json_array_size(history); n++) {
        lar_epoch *e = &s->history[n];
        if (json_unpack(json_array_get(history, n), "[F,F,F,F]", &e->train_loss, &e->valid_loss,
                        &e->rate, &e->seconds) != 0) {
            status = lar_fail(LAR_EFORMAT, "'%s' has a damaged history", path);
            goto done;
        }
    }
    s->step = s->optimizer->step = step;
    s->report.epoch_count = (int64_t)json_array_size(history);
    s->report.best_epoch = best_epoch;
    s->report.best_loss = best_epoch ? s->history[best_epoch - 1].valid_loss : INFINITY;
    s->report.stopped_early = stopped;
    s->report.resumed = true;
done:
    json_decref(root);
    return status;
}

lar_status lar_checkpoint_read(lar_session *s, const char *path)
{
    lar_status status = LAR_OK;
    lar_safetensors *file = NULL;

    LAR_TRY(lar_safetensors_read(&file, path));
    LAR_TRY(check_same(s, file, path));
    LAR_TRY(lar_net_load(s->trained->net, file));
    LAR_TRY(read_moments(s, file, path));
    LAR_TRY(read_state(s, lar_safetensors_note(file, "state"), path));
done:
    lar_safetensors_free(file);
    return status;
}
