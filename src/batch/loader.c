/* Samples of the next batches, made by threads of its own while the network computes. Each sample
 * is a function of its number, so that it does not matter who makes it; a ring of samples bounds
 * the memory, and what is handed out is lent, not copied.
 * SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <string.h>

#include "base/base.h"
#include "batch/sampler_parts.h"

enum { WORKERS_MAX = 64, SHARE = 8, SENTENCE = 2048 };

/* A sample on its way. */
typedef struct slot {
    lar_item sample;
    bool made;
    lar_status status;
    char sentence[SENTENCE]; /* why it could not be made */
} slot;

struct lar_loader {
    lar_sampler *sampler;
    lar_loader_params params;
    int64_t per_epoch; /* steps */
    slot *slots;       /* sample t of all lies in slot t % slot_count */
    lar_item *lent;    /* the samples that are handed out */
    int64_t slot_count, total;
    int64_t next, freed; /* the first that nobody makes; the first that is not given back */
    int64_t step, lent_count;
    bool stop;
    pthread_mutex_t lock;
    pthread_cond_t made, room;
    pthread_t threads[WORKERS_MAX];
    int thread_count;
    lar_augment_scratch *scratch; /* where there are no workers */
};

static int64_t samples_before(const lar_loader *l, int64_t step)
{
    const int64_t count = lar_sampler_count(l->sampler);
    const int64_t in_epoch = step % l->per_epoch * l->params.batch;
    return step / l->per_epoch * count + in_epoch;
}

static void make(const lar_loader *l, slot *s, int64_t t, lar_augment_scratch *scratch)
{
    const int64_t count = lar_sampler_count(l->sampler);
    const int64_t number = samples_before(l, l->params.first) + t;
    s->status = lar_item_draw(&s->sample, l->sampler, number / count, number % count);
    if (s->status == LAR_OK) s->status = lar_item_make(&s->sample, l->sampler, scratch);
    if (s->status != LAR_OK) snprintf(s->sentence, sizeof s->sentence, "%s", lar_error());
}

static void *work(void *user)
{
    lar_loader *l = user;
    lar_augment_scratch *scratch = NULL;
    lar_thread_alone(true);
    const lar_status status = lar_augment_scratch_new(&scratch);
    pthread_mutex_lock(&l->lock);
    for (;;) {
        while (!l->stop && l->next < l->total && l->next >= l->freed + l->slot_count)
            pthread_cond_wait(&l->room, &l->lock);
        if (l->stop || l->next >= l->total) break;
        const int64_t t = l->next++;
        slot *s = &l->slots[t % l->slot_count];
        pthread_mutex_unlock(&l->lock);
        s->status = status;
        if (status == LAR_OK)
            make(l, s, t, scratch);
        else
            snprintf(s->sentence, sizeof s->sentence, "%s", lar_error());
        pthread_mutex_lock(&l->lock);
        s->made = true;
        pthread_cond_broadcast(&l->made);
    }
    pthread_mutex_unlock(&l->lock);
    lar_augment_scratch_free(scratch);
    lar_thread_alone(false);
    return NULL;
}

int lar_loader_workers(const lar_sampler *s)
{
    const int threads = lar_threads_get();
    if (threads < 2 || (s->params.sample.kind == LAR_SAMPLE_VOLUME && !s->params.augments))
        return 0;
    return threads / SHARE > 1 ? threads / SHARE : 1;
}

/* What is made ahead: a batch of samples more than is lent, and one for each worker to begin. */
static int64_t slots_of(const lar_loader_params *p)
{
    return p->workers == 0 ? p->batch : 2 * p->batch + p->workers;
}

double lar_loader_bytes(const lar_sampler *s, const lar_loader_params *p)
{
    double most = 0;
    if (s->params.sample.kind == LAR_SAMPLE_VOLUME && !s->params.augments) return 0;
    for (int64_t n = 0; n < s->params.case_count; n++) {
        int64_t edges[3];
        lar_sampler_edges(edges, &s->params.sample,
                          s->params.prepared->cases[s->params.cases[n]].grid.size);
        const double voxels = (double)edges[0] * (double)edges[1] * (double)edges[2];
        if (voxels > most) most = voxels;
    }
    const double twice = s->params.sample.kind == LAR_SAMPLE_SLICE ? 2 : 1;
    return (double)slots_of(p) * twice * most * (double)s->params.image_count * sizeof(float);
}

lar_status lar_loader_new(lar_loader **out, lar_sampler *sampler, const lar_loader_params *params)
{
    lar_status status = LAR_OK;
    lar_loader *l = lar_alloc(1, sizeof *l);
    *out = NULL;
    if (!l) return LAR_EMEMORY;
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->made, NULL);
    pthread_cond_init(&l->room, NULL);
    l->sampler = sampler;
    l->params = *params;
    if (l->params.workers > WORKERS_MAX) l->params.workers = WORKERS_MAX;
    l->per_epoch = lar_piece_count(lar_sampler_count(sampler), params->batch);
    l->step = params->first;
    l->total = samples_before(l, params->steps) - samples_before(l, params->first);
    l->slot_count = slots_of(&l->params);
    l->slots = lar_alloc(l->slot_count, sizeof *l->slots);
    l->lent = lar_alloc(params->batch, sizeof *l->lent);
    if (!l->slots || !l->lent) {
        status = LAR_EMEMORY;
        goto done;
    }
    for (int64_t n = 0; n < l->slot_count; n++)
        LAR_TRY(lar_item_init(&l->slots[n].sample, sampler));
    if (l->params.workers == 0) LAR_TRY(lar_augment_scratch_new(&l->scratch));
    for (; l->thread_count < l->params.workers; l->thread_count++)
        if (pthread_create(&l->threads[l->thread_count], NULL, work, l) != 0) {
            if (l->thread_count) break; /* fewer do as well */
            status = lar_fail(LAR_EMEMORY, "a thread for the samples cannot be started");
            goto done;
        }
    *out = l;
    l = NULL;
done:
    lar_loader_free(l);
    return status;
}

lar_status lar_loader_next(lar_item **samples, int64_t *count, lar_loader *l)
{
    lar_status status = LAR_OK;
    const int64_t base = samples_before(l, l->params.first);
    const int64_t first = samples_before(l, l->step) - base;
    const int64_t last = samples_before(l, l->step + 1) - base;
    pthread_mutex_lock(&l->lock);
    l->freed = first;
    pthread_cond_broadcast(&l->room);
    for (int64_t t = first; t < last && status == LAR_OK; t++) {
        slot *s = &l->slots[t % l->slot_count];
        if (l->thread_count == 0) make(l, s, t, l->scratch);
        while (l->thread_count && !s->made) pthread_cond_wait(&l->made, &l->lock);
        s->made = false;
        status = s->status;
        if (status != LAR_OK) lar_error_set(s->sentence);
        l->lent[t - first] = s->sample;
    }
    pthread_mutex_unlock(&l->lock);
    l->step++;
    *samples = l->lent;
    *count = last - first;
    return status;
}

void lar_loader_free(lar_loader *l)
{
    if (!l) return;
    pthread_mutex_lock(&l->lock);
    l->stop = true;
    pthread_cond_broadcast(&l->room);
    pthread_mutex_unlock(&l->lock);
    for (int n = 0; n < l->thread_count; n++) pthread_join(l->threads[n], NULL);
    for (int64_t n = 0; l->slots && n < l->slot_count; n++) lar_item_clear(&l->slots[n].sample);
    lar_augment_scratch_free(l->scratch);
    lar_free(l->slots);
    lar_free(l->lent);
    pthread_mutex_destroy(&l->lock);
    pthread_cond_destroy(&l->made);
    pthread_cond_destroy(&l->room);
    lar_free(l);
}
