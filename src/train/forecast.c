/* What a training will take, found by planning it: no guess, for the plan's arena is the peak.
 * Where it does not fit, settings are tried in the same way until one does.
 * SPDX-License-Identifier: Apache-2.0 */
#include "train/session.h"

/* Beyond what is resident when the plans are made: the loss curve's fonts and canvas, history and
 * checkpoint texts, the threads' stacks. Measured. */
static const double later_bytes = 14e6;

/* What one step may be, beside the study's own way. */
typedef struct way {
    bool one_at_a_time, bfloat16, drop;
    int64_t size[3];
} way;

typedef struct forecaster {
    lar_session *s;
    lar_forecast *f;
    double other; /* bytes of the process but the plan's */
} forecaster;

/* The backend that float32 would run on: another one would be very much slower. */
lar_status lar_precision_check(int precision)
{
    const lar_backend *backend;
    int block;
    const lar_status status = lar_backend_find(&backend, NULL, LAR_FLOAT32);
    return status == LAR_OK ? backend->block(&block, (lar_precision)precision) : status;
}

/* What a plan of it takes; drop: of so many bytes at most, if that can be. */
static lar_status plan_bytes(const forecaster *c, int mode, const way *w, double room,
                             size_t *bytes, lar_forecast *told)
{
    lar_plan *plan = NULL;
    const lar_train_params *p = &c->s->study->train;
    const bool one = w->one_at_a_time || p->accumulate || mode == LAR_PLAN_PREDICT;
    const lar_plan_params params = {
        .batch = one ? 1 : c->f->at_once,
        .size = { w->size[0], w->size[1], w->size[2] },
        .mode = mode,
        .loss = p->loss,
        .precision = w->bfloat16 ? LAR_BFLOAT16 : (lar_precision)p->precision,
        .memory = w->drop ? (size_t)(room > 1 ? room : 1) : 0,
    };
    const lar_status status = lar_plan_new(&plan, c->s->trained->net, &params);
    if (status == LAR_EGEOMETRY)
        return lar_while(status, "the network cannot read %lld x %lld x %lld voxels",
                         (long long)w->size[0], (long long)w->size[1], (long long)w->size[2]);
    if (status != LAR_OK) return status;
    *bytes = lar_plan_bytes(plan);
    if (told) {
        told->work = lar_plan_work(plan);
        lar_plan_again(plan, &told->again, &told->again_work);
    }
    lar_plan_free(plan);
    return LAR_OK;
}

static double room_of(const forecaster *c)
{
    return c->f->limit - c->other;
}

static bool would_fit(const forecaster *c, const way *w)
{
    size_t bytes;
    return plan_bytes(c, LAR_PLAN_TRAIN, w, room_of(c), &bytes, NULL) == LAR_OK &&
           (double)bytes <= room_of(c);
}

/* "'accumulate: yes' and --precision bfloat16" */
static void say_way(lar_text *out, const forecaster *c, const way *w)
{
    const char *between = "";
    if (w->drop && !c->f->asked) {
        lar_text_add(out, "--max-memory %.0fM", c->f->limit / 1e6 - 1);
        between = " and ";
    }
    if (w->one_at_a_time) {
        lar_text_add(out, "%s'accumulate: yes' under train", between);
        between = " and ";
    }
    if (w->bfloat16) lar_text_add(out, "%s--precision bfloat16", between);
}

/* The largest size of the same shape that fits, with all else that helps; false: none. */
static bool find_size(const forecaster *c, way *w)
{
    enum { PARTS = 64, EDGE = 8 };
    const int64_t *full = c->f->size;
    int fits = 0, too_large = PARTS;
    while (too_large - fits > 1) {
        const int part = (fits + too_large) / 2;
        for (int a = 0; a < 3; a++) {
            w->size[a] = full[a] * part / PARTS / EDGE * EDGE;
            if (w->size[a] < EDGE) w->size[a] = full[a] < EDGE ? full[a] : EDGE;
        }
        if (would_fit(c, w))
            fits = part;
        else
            too_large = part;
    }
    for (int a = 0; a < 3 && fits; a++) {
        w->size[a] = full[a] * fits / PARTS / EDGE * EDGE;
        if (w->size[a] < EDGE) w->size[a] = full[a] < EDGE ? full[a] : EDGE;
    }
    return fits > 0;
}

/* Every single setting that would do; else two of them, else all, else a smaller volume. */
static lar_status advise(const forecaster *c, lar_status status)
{
    const lar_train_params *p = &c->s->study->train;
    const bool may[3] = { !c->f->asked, !p->accumulate && c->f->at_once > 1,
                          p->precision == LAR_FLOAT32 &&
                              lar_precision_check(LAR_BFLOAT16) == LAR_OK };
    lar_text text = { 0 }, kept = { 0 };
    way w;
    lar_text_add(&kept, "%s", lar_error()); /* planning may fail, and speak */
    for (int settings = 1; settings <= 3 && text.length == 0; settings++)
        for (int mask = 1; mask < 8; mask++) {
            if (__builtin_popcount((unsigned)mask) != settings) continue;
            if ((mask & 1 && !may[0]) || (mask & 2 && !may[1]) || (mask & 4 && !may[2])) continue;
            w = (way){ .drop = mask & 1 || c->f->asked,
                       .one_at_a_time = mask & 2,
                       .bfloat16 = mask & 4 };
            memcpy(w.size, c->f->size, sizeof w.size);
            if (!would_fit(c, &w)) continue;
            if (text.length) lar_text_add(&text, ", or ");
            say_way(&text, c, &w);
        }
    w = (way){ .drop = true, .one_at_a_time = may[1], .bfloat16 = may[2] };
    if (text.length == 0 && find_size(c, &w)) {
        lar_text_add(&text, "a step '- fit: {size: [%lld, %lld, %lld], when: training}'",
                     (long long)w.size[0], (long long)w.size[1], (long long)w.size[2]);
        if (may[0] || may[1] || may[2]) lar_text_add(&text, " with ");
        say_way(&text, c, &w);
    }
    lar_error_set(lar_text_get(&kept));
    if (text.length) lar_hint(status, "%s", lar_text_get(&text));
    lar_text_clear(&text);
    lar_text_clear(&kept);
    return status;
}

static lar_status refuse(const forecaster *c, double needed, int64_t at_once, const int64_t size[3])
{
    char need[LAR_BYTES_WORDS], have[LAR_BYTES_WORDS];
    lar_bytes_words(need, needed);
    lar_bytes_words(have, c->f->limit);
    return lar_fail(
        LAR_EMEMORY, "%lld x %lldx%lldx%lld voxels at once need %s of memory%s, and %s %s",
        (long long)at_once, (long long)size[0], (long long)size[1], (long long)size[2], need,
        c->f->asked ? " at least" : "", have, c->f->asked ? "is allowed" : "can be had");
}

lar_status lar_session_forecast(lar_session *s, lar_forecast *out)
{
    lar_status status = LAR_OK;
    const lar_train_params *p = &s->study->train;
    forecaster c = { .s = s, .f = out };
    way w = { 0 }, v = { 0 };
    size_t train, valid;
    lar_memory memory;

    *out = (lar_forecast){ .weights = lar_net_weight_count(s->trained->net),
                           .samples = s->count[LAR_TRAIN],
                           .held_out = s->count[LAR_VALID],
                           .steps_per_epoch = s->steps_per_epoch,
                           .steps = s->schedule.steps,
                           .precision = p->precision,
                           .threads = lar_threads_get() };
    out->at_once = p->accumulate ? 1 : p->batch;
    if (out->at_once > out->samples) out->at_once = out->samples;
    lar_session_largest(out->size, s, LAR_TRAIN);
    lar_session_largest(out->valid_size, s, LAR_VALID);
    memcpy(w.size, out->size, sizeof w.size);
    memcpy(v.size, out->valid_size, sizeof v.size);
    LAR_TRY(plan_bytes(&c, LAR_PLAN_PREDICT, &v, 0, &valid, NULL));
    LAR_TRY(plan_bytes(&c, LAR_PLAN_TRAIN, &w, 0, &train, out));

    lar_memory_ask(&memory, ""); /* now, with the code that the plans made */
    const double voxels = (double)w.size[0] * (double)w.size[1] * (double)w.size[2];
    const lar_loader_params loader = { .batch = p->batch };
    c.other = memory.resident + voxels * sizeof(float) + later_bytes +
              lar_loader_bytes(s->samplers[LAR_TRAIN], &loader);
    out->limit = memory.available > 0 ? memory.available + memory.resident : 0;
    if (p->memory != LAR_INT_AUTO && (out->limit == 0 || (double)p->memory < out->limit)) {
        out->limit = (double)p->memory;
        out->asked = w.drop = true;
    }
    if (w.drop && (double)train > room_of(&c)) {
        LAR_TRY(plan_bytes(&c, LAR_PLAN_TRAIN, &w, room_of(&c), &train, out));
        s->plan_memory = (size_t)(room_of(&c) > 1 ? room_of(&c) : 1);
    }
    out->train_bytes = c.other + (double)train;
    out->valid_bytes = c.other + (double)valid;
    const int64_t batches = p->accumulate ? (p->batch < out->samples ? p->batch : out->samples) : 1;
    out->work *= (double)batches;
    out->again_work *= (double)batches;
    if (out->limit > 0 && out->train_bytes > out->limit) {
        status = advise(&c, refuse(&c, out->train_bytes, out->at_once, out->size));
    } else if (out->limit > 0 && out->valid_bytes > out->limit) {
        status = refuse(&c, out->valid_bytes, 1, out->valid_size);
        lar_hint(status,
                 "a step '- fit: {size: [%lld, %lld, %lld]}', the largest that is trained on",
                 (long long)out->size[0], (long long)out->size[1], (long long)out->size[2]);
    }
done:
    return status;
}

lar_status lar_train_forecast(lar_forecast *out, const lar_study *study)
{
    lar_session *s = NULL;
    lar_status status = lar_session_open(&s, study);
    if (status == LAR_OK) status = lar_session_forecast(s, out);
    lar_session_free(s);
    return status;
}
