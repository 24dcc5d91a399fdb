/* Samples of the next steps, made by all threads at once before the first of these steps: as many
 * as there are threads, so that none waits for the others, and the network then has them all to
 * itself. Threads of the loader's own would stand beside those that the network keeps busy, and
 * take their time without saying so. Each sample is a function of its number, so that it does not
 * matter who makes it; what is handed out is lent, not copied.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/base.h"
#include "batch/sampler_parts.h"

enum { SENTENCE = 2048 };
#define AHEAD_MAX 0x1p30 /* bytes of more samples than those of one step */

/* Why a sample could not be made, if it could not. */
typedef struct outcome {
    lar_status status;
    char sentence[SENTENCE];
} outcome;

struct lar_loader {
    lar_sampler *sampler;
    lar_loader_params params;
    int64_t per_epoch;             /* steps */
    int64_t at_once;               /* steps that are made at once */
    int64_t step, begin, end;      /* the next; those that are made */
    int64_t item_count;            /* room */
    lar_item *items;               /* from the first sample of step `begin` on */
    outcome *outcomes;             /* of each */
    lar_augment_scratch **scratch; /* of each thread */
    int scratch_count;
};

static int64_t samples_before(const lar_loader *l, int64_t step)
{
    const int64_t count = lar_sampler_count(l->sampler);
    return step / l->per_epoch * count + step % l->per_epoch * l->params.batch;
}

static lar_status make(void *arg, int64_t piece, int64_t first, int64_t last)
{
    lar_loader *l = arg;
    const int64_t count = lar_sampler_count(l->sampler);
    lar_augment_scratch *scratch = l->scratch[lar_thread_number()];
    (void)first, (void)last;
    lar_thread_alone(true); /* threads are at other samples */
    lar_item *item = &l->items[piece];
    outcome *o = &l->outcomes[piece];
    const int64_t number = samples_before(l, l->begin) + piece;
    o->status = lar_item_draw(item, l->sampler, number / count, number % count);
    if (o->status == LAR_OK) o->status = lar_item_make(item, l->sampler, scratch);
    if (o->status != LAR_OK) snprintf(o->sentence, sizeof o->sentence, "%s", lar_error());
    lar_thread_alone(false);
    return LAR_OK; /* told when its step is asked for, in the order of samples */
}

static double bytes_of_sample(const lar_sampler *s)
{
    double most = 0;
    for (int64_t n = 0; n < s->params.case_count; n++) {
        int64_t edges[3];
        lar_sampler_edges(edges, &s->params.sample,
                          s->params.prepared->cases[s->params.cases[n]].grid.size);
        const double voxels = (double)edges[0] * (double)edges[1] * (double)edges[2];
        if (voxels > most) most = voxels;
    }
    const double twice = s->params.sample.kind == LAR_SAMPLE_SLICE ? 2 : 1;
    return twice * most * (double)s->params.image_count * sizeof(float);
}

/* Voxels that are taken as they lie in the maps cost nothing. */
static bool makes_nothing(const lar_sampler *s)
{
    return s->params.sample.kind == LAR_SAMPLE_VOLUME && !s->params.augments;
}

static int64_t steps_at_once(const lar_sampler *s, const lar_loader_params *p)
{
    const double step_bytes = bytes_of_sample(s) * (double)p->batch;
    int64_t steps = lar_piece_count(lar_threads_get(), p->batch);
    if (makes_nothing(s)) return 1;
    while (steps > 1 && (double)steps * step_bytes > AHEAD_MAX) steps--;
    return steps;
}

double lar_loader_bytes(const lar_sampler *s, const lar_loader_params *p)
{
    if (makes_nothing(s)) return 0;
    return (double)(steps_at_once(s, p) * p->batch) * bytes_of_sample(s);
}

lar_status lar_loader_new(lar_loader **out, lar_sampler *sampler, const lar_loader_params *params)
{
    lar_status status = LAR_OK;
    lar_loader *l = lar_alloc(1, sizeof *l);
    *out = NULL;
    if (!l) return LAR_EMEMORY;
    l->sampler = sampler;
    l->params = *params;
    l->per_epoch = lar_piece_count(lar_sampler_count(sampler), params->batch);
    l->at_once = steps_at_once(sampler, params);
    l->step = l->begin = l->end = params->first;
    l->item_count = l->at_once * params->batch;
    l->scratch_count = lar_threads_get();
    l->items = lar_alloc(l->item_count, sizeof *l->items);
    l->outcomes = lar_alloc(l->item_count, sizeof *l->outcomes);
    l->scratch = lar_alloc(l->scratch_count, sizeof(lar_augment_scratch *));
    if (!l->items || !l->outcomes || !l->scratch) {
        status = LAR_EMEMORY;
        goto done;
    }
    for (int64_t n = 0; n < l->item_count; n++) LAR_TRY(lar_item_init(&l->items[n], sampler));
    for (int n = 0; n < l->scratch_count; n++) LAR_TRY(lar_augment_scratch_new(&l->scratch[n]));
    *out = l;
    l = NULL;
done:
    lar_loader_free(l);
    return status;
}

lar_status lar_loader_next(lar_item **samples, int64_t *count, lar_loader *l)
{
    if (l->step == l->end) {
        l->begin = l->step;
        l->end = l->begin + l->at_once;
        if (l->end > l->params.steps) l->end = l->params.steps;
        const int64_t needed = samples_before(l, l->end) - samples_before(l, l->begin);
        const lar_status status = lar_parallel(needed, 1, make, l);
        if (status != LAR_OK) return status;
    }
    const int64_t first = samples_before(l, l->step) - samples_before(l, l->begin);
    *samples = l->items + first;
    *count = samples_before(l, l->step + 1) - samples_before(l, l->step);
    l->step++;
    for (int64_t n = first; n < first + *count; n++) {
        if (l->outcomes[n].status == LAR_OK) continue;
        lar_error_set(l->outcomes[n].sentence);
        return l->outcomes[n].status;
    }
    return LAR_OK;
}

void lar_loader_free(lar_loader *l)
{
    if (!l) return;
    for (int64_t n = 0; l->items && n < l->item_count; n++) lar_item_clear(&l->items[n]);
    for (int n = 0; l->scratch && n < l->scratch_count; n++)
        lar_augment_scratch_free(l->scratch[n]);
    lar_free(l->scratch);
    lar_free(l->outcomes);
    lar_free(l->items);
    lar_free(l);
}
