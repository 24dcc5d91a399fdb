/* Cases at the same time: as many as there are threads and memory, each by its own share of the
 * threads, which grows where no case is left to begin. What they found is written and told by one
 * thread, in the order of the cohort: so neither files nor words depend on who was faster.
 * SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* pthread_condattr_setclock */
#include <pthread.h>
#include <time.h>

#include "prepare/cohort_pass.h"

enum { LISTEN_MS = 100 /* how often a user who asks to stop is heard */ };

/* A case on its way. */
typedef struct place {
    int64_t index; /* in the cohort */
    bool ended;
    lar_case *prepared; /* NULL: it failed */
    char *sentence;     /* why */
    lar_seen *seen;     /* of each image */
    lar_log_kept log;   /* what was said of it */
} place;

typedef struct crew {
    lar_cohort_pass *p;
    int64_t count;
    place *places;
    int64_t begun, told; /* so many, from the first */
    int64_t ahead;       /* so many may begin before the first of them is told */
    double room, used;   /* bytes */
    int threads, workers;
    atomic_int *shares; /* of each worker: threads; 0: it has nothing to do */
    bool stopped;
    pthread_mutex_t lock;
    pthread_cond_t may_begin, has_ended;
} crew;

typedef struct worker {
    crew *crew;
    int number;
    pthread_t thread;
} worker;

/* What a case takes; one that is refused takes nothing. */
static double memory_of(const crew *c, int64_t n)
{
    const double needs = c->p->cases[c->places[n].index].memory;
    return needs <= c->room ? needs : 0;
}

static double held_of(const crew *c, int64_t n)
{
    return memory_of(c, n) > 0 ? c->p->cases[c->places[n].index].held : 0;
}

/* ---- one case -------------------------------------------------------------------------- */

static char *keep_sentence(void)
{
    const size_t count = strlen(lar_error()) + 1;
    char *kept = lar_alloc_raw((int64_t)count, 1);
    if (kept) memcpy(kept, lar_error(), count);
    return kept;
}

/* Whether a file can hold the voxels that its header tells of, a byte each; if not, reading it
 * says so. */
static bool can_hold(const lar_cohort_case *c, int64_t image)
{
    lar_seen_file file;
    const double voxels = (double)c->raw[image].size[0] * (double)c->raw[image].size[1] *
                          (double)c->raw[image].size[2];
    return lar_file_look(&file, c->subject->paths[image]) &&
           (double)lar_gzip_most((size_t)file.bytes) >= voxels;
}

static lar_status refuse_large(const crew *c, int64_t n)
{
    const lar_cohort_case *at = &c->p->cases[c->places[n].index];
    char needs[LAR_BYTES_WORDS], there[LAR_BYTES_WORDS];
    if (at->memory <= c->room) return LAR_OK;
    for (int64_t m = 0; m < lar_data_scans(&c->p->study->data); m++)
        if (!can_hold(at, m)) return LAR_OK;
    lar_bytes_words(needs, at->memory);
    lar_bytes_words(there, c->room);
    lar_fail(LAR_EMEMORY, "case '%s' needs about %s of memory, and %s may be used", at->subject->id,
             needs, there);
    return lar_hint(LAR_EMEMORY, "--max-memory where that is too careful");
}

static void compute(const crew *c, int64_t n, const atomic_int *share)
{
    place *at = &c->places[n];
    const lar_cohort_pass *p = c->p;
    const lar_subject *subject = p->cases[at->index].subject;
    const lar_prepare_aside aside = { .watch = p->watch, .threads = share, .seen = at->seen };
    lar_log_keep(&at->log);
    lar_status status = refuse_large(c, n);
    if (status == LAR_OK)
        status = lar_prepare_case_beside(&at->prepared, p->study, p->standards, subject->id,
                                         subject->paths, true, &aside);
    if (status != LAR_OK) at->sentence = keep_sentence();
    lar_log_keep(NULL);
}

static void add_costs(lar_costs *sum, const lar_costs *costs)
{
    sum->reading_s += costs->reading_s;
    sum->steps_s += costs->steps_s;
    sum->shown_s += costs->shown_s;
}

static lar_status finish(const crew *c, int64_t n)
{
    lar_status status = LAR_OK;
    place *at = &c->places[n];
    lar_log_tell(&at->log);
    if (at->prepared) {
        add_costs(&c->p->report->costs, &at->prepared->costs);
        status = lar_cohort_write(c->p, at->index, at->prepared, at->seen);
    } else {
        lar_error_set(at->sentence ? at->sentence : "out of memory");
        status = lar_cohort_fail(c->p, at->index);
    }
    if (status != LAR_OK) return status;
    lar_cohort_tell(c->p, at->index, at->prepared); /* who keeps something of it has done so then */
    return lar_cohort_record(c->p, false);
}

static void clear_place(const crew *c, place *at)
{
    lar_case_free(at->prepared);
    lar_free(at->sentence);
    lar_free(at->log.lines);
    for (int64_t m = 0; at->seen && m < c->p->study->data.image_count; m++)
        lar_seen_clear(&at->seen[m]);
    at->prepared = NULL;
    at->sentence = NULL;
    at->log = (lar_log_kept){ 0 };
}

/* False where the user wants to stop. */
static bool say_progress(const crew *c, int64_t n)
{
    char stage[160];
    snprintf(stage, sizeof stage, "prepare %s, %lld of %lld",
             c->p->cases[c->places[n].index].subject->id, (long long)c->places[n].index + 1,
             (long long)c->p->cohort->subject_count);
    return lar_progress_say(c->p->progress, stage,
                            (double)c->places[n].index / (double)c->p->cohort->subject_count);
}

static lar_status stopped_before(const crew *c, int64_t n)
{
    return lar_fail(LAR_ESTOPPED, "stopped before '%s'; run again to go on",
                    c->p->cases[c->places[n].index].subject->id);
}

/* ---- one after the other --------------------------------------------------------------- */

static lar_status run_alone(crew *c)
{
    lar_status status = LAR_OK;
    for (; c->told < c->count && status == LAR_OK; c->told++) {
        if (!say_progress(c, c->told)) return stopped_before(c, c->told);
        compute(c, c->told, NULL);
        status = finish(c, c->told);
        clear_place(c, &c->places[c->told]);
    }
    return status;
}

/* ---- at the same time ------------------------------------------------------------------ */

/* The threads of those that have nothing to do go to the others, from their next step on. */
static void share_out(crew *c)
{
    int busy = 0, turn = 0;
    for (int w = 0; w < c->workers; w++) busy += atomic_load(&c->shares[w]) > 0;
    for (int w = 0; w < c->workers; w++) {
        if (atomic_load(&c->shares[w]) == 0) continue;
        atomic_store(&c->shares[w], c->threads / busy + (turn++ < c->threads % busy));
    }
}

static bool may_begin(const crew *c)
{
    return c->begun < c->told + c->ahead &&
           (c->used == 0 || c->used + memory_of(c, c->begun) <= c->room);
}

/* The next case, or -1: none is left. */
static int64_t next_case(crew *c, atomic_int *share)
{
    while (!c->stopped && c->begun < c->count && !may_begin(c)) {
        atomic_store(share, 0);
        share_out(c);
        pthread_cond_wait(&c->may_begin, &c->lock);
    }
    const bool none = c->stopped || c->begun == c->count;
    const int before = atomic_exchange(share, none ? 0 : 1);
    if (none || before == 0) share_out(c);
    return none ? -1 : c->begun++;
}

static void *work(void *arg)
{
    worker *w = arg;
    crew *c = w->crew;
    atomic_int *share = &c->shares[w->number];
    int64_t n;
    pthread_mutex_lock(&c->lock);
    while ((n = next_case(c, share)) >= 0) {
        c->used += memory_of(c, n);
        share_out(c);
        pthread_mutex_unlock(&c->lock);
        compute(c, n, share);
        pthread_mutex_lock(&c->lock);
        c->used -= memory_of(c, n) - held_of(c, n);
        c->places[n].ended = true;
        pthread_cond_broadcast(&c->has_ended);
        pthread_cond_broadcast(&c->may_begin);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

/* With the lock held: until the case has ended, or none is at work any more. */
static bool wait_for(crew *c, int64_t n)
{
    while (!c->places[n].ended) {
        struct timespec until;
        if (c->stopped && n >= c->begun) return false;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += LISTEN_MS * 1000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&c->has_ended, &c->lock, &until);
        if (c->stopped || c->places[n].ended) continue;
        pthread_mutex_unlock(&c->lock);
        const bool goes_on = say_progress(c, n);
        pthread_mutex_lock(&c->lock);
        if (goes_on) continue;
        c->stopped = true; /* after the cases at hand */
        pthread_cond_broadcast(&c->may_begin);
    }
    return true;
}

static lar_status tell_in_order(crew *c)
{
    lar_status status = LAR_OK;
    pthread_mutex_lock(&c->lock);
    while (c->told < c->count && status == LAR_OK) {
        if (!wait_for(c, c->told)) {
            status = stopped_before(c, c->told);
            break;
        }
        const int64_t n = c->told;
        pthread_mutex_unlock(&c->lock);
        if (n > 0 && !say_progress(c, n)) {
            pthread_mutex_lock(&c->lock);
            c->stopped = true;
            pthread_cond_broadcast(&c->may_begin);
            pthread_mutex_unlock(&c->lock);
        }
        status = finish(c, n);
        clear_place(c, &c->places[n]);
        pthread_mutex_lock(&c->lock);
        c->used -= held_of(c, n);
        if (c->used < 1) c->used = 0; /* what rounding left */
        c->told++;
        pthread_cond_broadcast(&c->may_begin);
    }
    c->stopped = true;
    pthread_cond_broadcast(&c->may_begin);
    pthread_mutex_unlock(&c->lock);
    return status;
}

static lar_status run_together(crew *c)
{
    lar_status status = LAR_OK;
    int started = 0;
    pthread_condattr_t clock;
    worker *workers = lar_arena_take(c->p->arena, c->workers, sizeof *workers);
    c->shares = lar_arena_take(c->p->arena, c->workers, sizeof *c->shares);
    if (!workers || !c->shares) return LAR_EMEMORY;
    if (!say_progress(c, 0)) return stopped_before(c, 0);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->may_begin, NULL);
    pthread_cond_init(&c->has_ended, &clock);
    for (int w = 0; w < c->workers; w++) atomic_store(&c->shares[w], 1);
    share_out(c);
    for (; started < c->workers; started++) {
        workers[started] = (worker){ .crew = c, .number = started };
        if (pthread_create(&workers[started].thread, NULL, work, &workers[started]) != 0) break;
    }
    for (int w = started; w < c->workers; w++) atomic_store(&c->shares[w], 0);
    if (started == 0)
        status = run_alone(c);
    else
        status = tell_in_order(c);
    for (int w = 0; w < started; w++) pthread_join(workers[w].thread, NULL);
    pthread_cond_destroy(&c->has_ended);
    pthread_cond_destroy(&c->may_begin);
    pthread_mutex_destroy(&c->lock);
    pthread_condattr_destroy(&clock);
    return status;
}

/* ---- the cohort ------------------------------------------------------------------------ */

static lar_status make_places(crew *c)
{
    lar_cohort_pass *p = c->p;
    c->places = lar_arena_take(p->arena, p->cohort->subject_count, sizeof *c->places);
    if (!c->places) return LAR_EMEMORY;
    for (int64_t n = 0; n < p->cohort->subject_count; n++) {
        if (lar_case_has_volumes(p->record.cases[n].state)) continue; /* kept */
        place *at = &c->places[c->count++];
        at->index = n;
        at->seen = lar_arena_take(p->arena, p->study->data.image_count, sizeof *at->seen);
        if (!at->seen) return LAR_EMEMORY;
    }
    return LAR_OK;
}

lar_status lar_cohort_run(lar_cohort_pass *p)
{
    crew c = { .p = p, .room = lar_cohort_memory(p) };
    lar_status status = make_places(&c);
    if (status != LAR_OK || c.count == 0) return status;
    c.threads = lar_threads_get();
    c.workers = c.count < c.threads ? (int)c.count : c.threads;
    c.ahead = 2 * (int64_t)c.workers + 1;
    status = c.threads > 1 ? run_together(&c) : run_alone(&c);
    for (int64_t n = 0; n < c.count; n++) clear_place(&c, &c.places[n]);
    return status;
}
