/* Cases, batches, plans and gradients of a training.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "batch/batch.h"
#include "math/math.h"
#include "train/session.h"

static lar_status collect_cases(lar_session *s)
{
    for (int split = 0; split < LAR_SPLIT_COUNT; split++) {
        const int64_t count = lar_prepared_count(s->prepared, split);
        s->cases[split] = lar_arena_take(s->arena, count, sizeof **s->cases);
        if (!s->cases[split]) return LAR_EMEMORY;
    }
    for (int64_t n = 0; n < s->prepared->case_count; n++) {
        const int split = s->prepared->cases[n].split;
        s->cases[split][s->case_count[split]++] = n;
    }
    for (int split = LAR_TRAIN; split <= LAR_VALID; split++)
        if (s->case_count[split] == 0) {
            const lar_status status = lar_fail(LAR_EARGUMENT, "there is no prepared case to %s",
                                               split == LAR_TRAIN ? "train on" : "validate with");
            if (s->prepared->flagged_count)
                return lar_hint(status,
                                "the %lld flagged cases in '%s/flagged.tsv': 'trust' under data "
                                "takes those that are right",
                                (long long)s->prepared->flagged_count, s->study->work);
            return lar_hint(status, "the list of failed cases in '%s/failed.tsv'", s->study->work);
        }
    return LAR_OK;
}

/* A batch is one block of memory: its samples need one shape. */
static lar_status check_shapes(const lar_session *s)
{
    const lar_train_params *p = &s->study->train;
    int64_t a[3], b[3];
    if (p->batch == 1 || p->accumulate) return LAR_OK;
    lar_sampler_size(a, s->samplers[LAR_TRAIN], 0);
    for (int64_t n = 1; n < s->case_count[LAR_TRAIN]; n++) {
        lar_sampler_size(b, s->samplers[LAR_TRAIN], n);
        if (a[0] == b[0] && a[1] == b[1] && a[2] == b[2]) continue;
        const lar_status status = lar_fail(
            LAR_EGEOMETRY, "a batch needs equal sizes: '%s' is %lldx%lldx%lld, '%s' %lldx%lldx%lld",
            s->prepared->cases[s->cases[LAR_TRAIN][0]].id, (long long)a[0], (long long)a[1],
            (long long)a[2], s->prepared->cases[s->cases[LAR_TRAIN][n]].id, (long long)b[0],
            (long long)b[1], (long long)b[2]);
        return lar_hint(status, "a step '- fit: {size: [...]}' under prepare, or 'accumulate: yes' "
                                "or 'batch: 1' under train");
    }
    return LAR_OK;
}

void lar_session_largest(int64_t size[3], const lar_session *s, int split)
{
    int64_t most = 0, other[3];
    for (int64_t n = 0; n < s->case_count[split]; n++) {
        lar_sampler_size(other, s->samplers[split], n);
        const int64_t voxels = other[0] * other[1] * other[2];
        if (voxels > most) memcpy(size, other, sizeof other);
        if (voxels > most) most = voxels;
    }
}

lar_status lar_session_open(lar_session **out, const lar_study *study)
{
    lar_status status = LAR_OK;
    const lar_train_params *p = &study->train;
    lar_session *s = lar_alloc(1, sizeof *s);

    *out = NULL;
    if (!s) return LAR_EMEMORY;
    s->study = study;
    LAR_TRY(lar_arena_new(&s->arena));
    LAR_TRY(lar_precision_check(p->precision));
    LAR_TRY(lar_study_prepared(&s->prepared, study));
    LAR_TRY(collect_cases(s));
    LAR_TRY(lar_trained_new(&s->trained, study, s->prepared));
    for (int split = LAR_TRAIN; split <= LAR_VALID; split++) {
        LAR_TRY(lar_study_sampler(&s->samplers[split], study, s->prepared, split, false));
        s->count[split] = lar_sampler_count(s->samplers[split]);
    }
    LAR_TRY(check_shapes(s));
    const lar_optimizer_params optimizer = { .beta2 = p->beta2,
                                             .epsilon = p->epsilon,
                                             .weight_decay = p->weight_decay };
    LAR_TRY(lar_optimizer_new(&s->optimizer, p->optimizer, lar_net_weight_count(s->trained->net),
                              &optimizer));
    s->steps_per_epoch = lar_piece_count(s->count[LAR_TRAIN], p->batch);
    s->history = lar_arena_take(s->arena, p->epochs, sizeof *s->history);
    s->report.folder = lar_path_join(s->arena, study->work, "train");
    if (!s->history || !s->report.folder) {
        status = LAR_EMEMORY;
        goto done;
    }
    s->report.epochs = p->epochs;
    s->report.history = s->history;
    s->report.best_loss = INFINITY;
    s->schedule = (lar_schedule){
        .kind = p->schedule,
        .steps = p->epochs * s->steps_per_epoch,
        .rate = p->rate,
        .div = p->div,
        .final_div = isnan(p->final_div) ? p->div * 1e4 : p->final_div,
        .warm_up = p->warm_up,
        .momentum = { p->momentum.at[0], p->momentum.at[p->momentum.count > 1] },
    };
    *out = s;
    s = NULL;
done:
    lar_session_free(s);
    return status;
}

void lar_session_free(lar_session *s)
{
    if (!s) return;
    lar_loader_free(s->loader);
    for (int split = LAR_TRAIN; split <= LAR_VALID; split++) lar_sampler_free(s->samplers[split]);
    lar_plan_free(s->plan);
    lar_optimizer_free(s->optimizer);
    lar_trained_free(s->trained);
    lar_prepared_free(s->prepared);
    lar_arena_free(s->arena);
    lar_free(s);
}

lar_status lar_session_plan(lar_session *s, int mode, int64_t batch, const int64_t size[3])
{
    const lar_plan_params *now = &s->plan_params;
    if (s->plan && now->mode == mode && now->batch == batch &&
        memcmp(now->size, size, sizeof now->size) == 0)
        return LAR_OK;
    lar_plan_free(s->plan); /* first: one arena at a time is the peak */
    s->plan = NULL;
    s->plan_params = (lar_plan_params){ .batch = batch,
                                        .size = { size[0], size[1], size[2] },
                                        .mode = mode,
                                        .loss = s->study->train.loss,
                                        .precision = (lar_precision)s->study->train.precision,
                                        .memory = s->plan_memory };
    const lar_status status = lar_plan_new(&s->plan, s->trained->net, &s->plan_params);
    if (status == LAR_OK && lar_plan_bytes(s->plan) > s->report.bytes)
        s->report.bytes = lar_plan_bytes(s->plan);
    return status;
}

/* Into sample n of the plan. */
static lar_status load_sample(lar_session *s, int64_t n, const lar_item *sample)
{
    lar_status status = LAR_OK;
    const lar_trained *t = s->trained;
    const int64_t inputs = t->input_count * lar_sample_slices(&s->study->train.sample);
    for (int64_t c = 0; c < inputs; c++)
        LAR_TRY(lar_plan_load_input(s->plan, n, c, sample->channels[c]));
    for (int64_t c = 0; c < t->target_count; c++)
        LAR_TRY(lar_plan_load_target(s->plan, n, c, sample->channels[inputs + c]));
done:
    return status;
}

static lar_status start_loader(lar_session *s)
{
    const lar_loader_params params = { .batch = s->study->train.batch,
                                       .first = s->step,
                                       .steps = INT32_MAX };
    return lar_loader_new(&s->loader, s->samplers[LAR_TRAIN], &params);
}

/* What dropout drops: a function of the study's seed, the step and the first sample in it. */
static uint64_t drop_seed(const lar_session *s, int64_t first)
{
    enum { STREAM = 0xd409 };
    uint32_t bits[4];
    const uint64_t index =
        (uint64_t)(s->step * 4096 + first); /* a batch has 4096 samples at most */
    lar_random_bits(bits, (uint64_t)s->study->train.seed, STREAM, index);
    return (uint64_t)bits[0] << 32 | bits[1];
}

lar_status lar_session_gradients(lar_session *s, double *loss, int64_t *count)
{
    lar_status status = LAR_OK;
    lar_item *samples;
    double sum = 0;

    if (!s->loader) LAR_TRY(start_loader(s));
    LAR_TRY(lar_loader_next(&samples, count, s->loader));
    const int64_t at_once = s->study->train.accumulate ? 1 : *count;
    for (int64_t first = 0; first < *count; first += at_once) {
        double part = NAN;
        LAR_TRY(lar_session_plan(s, LAR_PLAN_TRAIN, at_once, samples[first].size));
        for (int64_t n = 0; n < at_once; n++) LAR_TRY(load_sample(s, n, &samples[first + n]));
        lar_plan_seed(s->plan, drop_seed(s, first));
        status = lar_plan_step(s->plan, (double)at_once / (double)*count, first > 0, &part);
        if (status != LAR_OK) {
            lar_while(status, "training stopped at step %lld with case '%s'",
                      (long long)s->step + 1, s->prepared->cases[samples[first].case_index].id);
            if (status == LAR_ENUMERIC)
                lar_hint(status, "a smaller rate, as larmor lr-find suggests");
            goto done;
        }
        sum += part * (double)at_once;
    }
    *loss = sum / (double)*count;
done:
    return status;
}

lar_status lar_session_valid_loss(lar_session *s, double *loss)
{
    lar_status status = LAR_OK;
    lar_loader *loader = NULL;
    lar_sampler *sampler = s->samplers[LAR_VALID];
    const lar_loader_params params = { .batch = 1, .steps = s->count[LAR_VALID] };
    double sum = 0;

    LAR_TRY(lar_loader_new(&loader, sampler, &params));
    for (int64_t n = 0; n < s->count[LAR_VALID]; n++) {
        lar_item *sample;
        int64_t count;
        double part;
        LAR_TRY(lar_loader_next(&sample, &count, loader));
        LAR_TRY(lar_session_plan(s, LAR_PLAN_PREDICT, 1, sample->size));
        LAR_TRY(load_sample(s, 0, sample));
        LAR_TRY(lar_plan_predict(s->plan));
        LAR_TRY(lar_plan_loss(s->plan, &part));
        sum += part;
    }
    *loss = sum / (double)s->count[LAR_VALID];
done:
    lar_loader_free(loader);
    return status;
}
