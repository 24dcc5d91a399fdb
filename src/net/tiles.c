/* A volume of any size through a network: the choice of windows by memory and work, and their way
 * through one plan. SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "net/net.h"
#include "net/tiles_cut.h"

struct lar_tiles {
    lar_arena *arena;
    lar_net *net;
    lar_plan *plan;
    tiles_axis axes[3];
    lar_tiles_about about;
    float *buffer; /* one window; NULL: whole */
};

/* What the choice of a window knows. */
typedef struct choice {
    lar_tiles *t;
    lar_tiles_params params;
    lar_reach reach;
    int64_t size[3];
    size_t least_bytes; /* of all windows that were too large */
} choice;

static double volume(const int64_t size[3])
{
    return (double)size[0] * (double)size[1] * (double)size[2];
}

static bool is_whole(const choice *c, const int64_t window[3])
{
    return volume(window) == volume(c->size);
}

/* Plans a window. *fits: within the memory; then the plan is kept. */
static lar_status try_window(choice *c, const int64_t window[3], bool *fits, size_t *bytes)
{
    lar_plan_params params = { .batch = 1,
                               .size = { window[0], window[1], window[2] },
                               .mode = LAR_PLAN_PREDICT,
                               .precision = c->params.precision,
                               .no_target = true,
                               .backend = c->params.backend };
    int64_t out[3];
    lar_plan *plan = NULL;
    *fits = false;
    *bytes = 0;
    const lar_status status = lar_plan_new(&plan, c->t->net, &params);
    if (status == LAR_EGEOMETRY)
        return lar_while(status, "the network cannot read %lld x %lld x %lld voxels",
                         (long long)window[0], (long long)window[1], (long long)window[2]);
    if (status != LAR_OK) return status;
    lar_plan_output_size(plan, out);
    if (memcmp(out, window, sizeof out) != 0) {
        lar_plan_free(plan);
        return lar_fail(LAR_EGEOMETRY,
                        "the network makes %lld x %lld x %lld voxels of %lld x %lld x %lld, "
                        "expected as many as it reads",
                        (long long)out[0], (long long)out[1], (long long)out[2],
                        (long long)window[0], (long long)window[1], (long long)window[2]);
    }
    *bytes = lar_plan_bytes(plan);
    if (!is_whole(c, window)) *bytes += (size_t)volume(window) * sizeof(float);
    *fits = c->params.memory == 0 || *bytes <= c->params.memory;
    if (!*fits) {
        lar_plan_free(plan);
        if (c->least_bytes == 0 || *bytes < c->least_bytes) c->least_bytes = *bytes;
        return LAR_OK;
    }
    lar_plan_free(c->t->plan);
    c->t->plan = plan;
    memcpy(c->t->about.window, window, sizeof c->t->about.window);
    c->t->about.bytes = *bytes;
    return LAR_OK;
}

/* The largest window within the tile that was asked for. */
static lar_status largest(const choice *c, int64_t window[3])
{
    for (int a = 0; a < 3; a++) {
        const int64_t size = c->size[a], tile = c->params.tile[a];
        const int64_t halo = c->reach.halo[a], step = c->reach.step[a];
        window[a] = size;
        if (tile == 0 || tile >= size) continue;
        if (c->reach.global) {
            window[a] = tile;
            continue;
        }
        const int64_t least = lar_tiles_least(size, halo, step);
        if (tile < least) {
            const lar_status status =
                lar_fail(LAR_EARGUMENT,
                         "windows of %lld voxels along %c are too small: the network reaches %lld "
                         "to either side, in steps of %lld",
                         (long long)tile, "ijk"[a], (long long)halo, (long long)step);
            return lar_hint(status, "at least %lld", (long long)(least < size ? least : size));
        }
        window[a] = least + (tile - least) / step * step;
    }
    return LAR_OK;
}

/* ---- exact windows --------------------------------------------------------------------- */

enum { OPTIONS = 256 };

/* The least window of each count, the largest first: larger ones would only do work twice. */
typedef struct options {
    int64_t window[OPTIONS], count[OPTIONS];
    int n;
} options;

static void list_options(options *o, const choice *c, int a, int64_t largest_window)
{
    const int64_t size = c->size[a], halo = c->reach.halo[a], step = c->reach.step[a];
    const int64_t least = lar_tiles_least(size, halo, step);
    o->window[0] = largest_window;
    o->count[0] = lar_tiles_count(size, largest_window, halo, step);
    o->n = 1;
    for (int64_t window = largest_window - step; window >= least; window -= step) {
        const int64_t count = lar_tiles_count(size, window, halo, step);
        if (count != o->count[o->n - 1] && o->n < OPTIONS) o->n++;
        o->window[o->n - 1] = window;
        o->count[o->n - 1] = count;
    }
}

/* Bytes of a window, from those of two: in proportion to its voxels, above what it always takes. */
typedef struct estimate {
    double fixed, per_voxel;
} estimate;

/* Of the windows that the estimate lets in, the one of least work. A window that is not a slab
 * (whole along i and j, one stretch of memory) is preferred from 3 % less on. */
static bool choose(int64_t window[3], const choice *c, const options *o, estimate e)
{
    double best = INFINITY;
    for (int i = 0; i < o[0].n; i++)
        for (int j = 0; j < o[1].n; j++)
            for (int k = 0; k < o[2].n; k++) {
                const int64_t w[3] = { o[0].window[i], o[1].window[j], o[2].window[k] };
                const double counts = (double)(o[0].count[i] * o[1].count[j] * o[2].count[k]);
                if (e.fixed + e.per_voxel * volume(w) > (double)c->params.memory) continue;
                double work = counts * volume(w);
                if (o[0].count[i] > 1 || o[1].count[j] > 1) work *= 1.03;
                if (work >= best) continue;
                best = work;
                memcpy(window, w, sizeof w);
            }
    return isfinite(best);
}

static lar_status choose_exact(choice *c, const int64_t most[3], size_t most_bytes, bool *fits)
{
    lar_status status = LAR_OK;
    options *o = lar_alloc(3, sizeof *o);
    int64_t window[3], least[3];
    size_t bytes, least_bytes;

    if (!o) return LAR_EMEMORY;
    for (int a = 0; a < 3; a++) {
        list_options(&o[a], c, a, most[a]);
        least[a] = o[a].window[o[a].n - 1];
    }
    LAR_TRY(try_window(c, least, fits, &least_bytes));
    if (!*fits || volume(least) == volume(most)) goto done;
    estimate e = { .per_voxel = ((double)most_bytes - (double)least_bytes) /
                                (volume(most) - volume(least)) };
    e.fixed = fmax(0, (double)least_bytes - e.per_voxel * volume(least));
    for (int tries = 0; tries < 12 && choose(window, c, o, e); tries++) {
        bool fit;
        LAR_TRY(try_window(c, window, &fit, &bytes));
        if (fit) break;
        const double guess = e.fixed + e.per_voxel * volume(window);
        e.per_voxel *= fmax(1.01, ((double)bytes - e.fixed) / (guess - e.fixed));
    }
done:
    lar_free(o);
    return status;
}

/* ---- blended windows ------------------------------------------------------------------- */

/* All edges shrink alike, in steps of the network. */
static lar_status choose_blended(choice *c, const int64_t most[3], bool *fits)
{
    enum { SIXTEENTHS = 16 };
    lar_status status = LAR_OK;
    size_t bytes;
    for (int part = SIXTEENTHS - 1; part > 0 && !*fits && status == LAR_OK; part--) {
        int64_t window[3];
        for (int a = 0; a < 3; a++) {
            const int64_t step = c->reach.step[a];
            window[a] = most[a] * part / SIXTEENTHS / step * step;
            if (window[a] < step) window[a] = step < most[a] ? step : most[a];
        }
        status = try_window(c, window, fits, &bytes);
        if (status == LAR_EGEOMETRY) return LAR_OK; /* too small to be read: nothing fits */
    }
    return status;
}

/* ---- both ------------------------------------------------------------------------------ */

static lar_status choose_window(choice *c)
{
    lar_status status = LAR_OK;
    bool fits;
    size_t bytes;
    int64_t most[3];
    char words[2][LAR_BYTES_WORDS];

    LAR_TRY(largest(c, most));
    LAR_TRY(try_window(c, most, &fits, &bytes));
    if (!fits)
        LAR_TRY(c->reach.global ? choose_blended(c, most, &fits)
                                : choose_exact(c, most, bytes, &fits));
    if (fits) goto done;
    lar_bytes_words(words[0], (double)c->params.memory);
    lar_bytes_words(words[1], (double)c->least_bytes);
    status = lar_fail(LAR_EMEMORY,
                      "%lld x %lld x %lld voxels do not go through the network within %s, not even "
                      "in the smallest windows, which take %s",
                      (long long)c->size[0], (long long)c->size[1], (long long)c->size[2], words[0],
                      words[1]);
done:
    return status;
}

lar_status lar_tiles_new(lar_tiles **out, lar_net *net, const int64_t size[3],
                         const lar_tiles_params *params)
{
    lar_status status = LAR_OK;
    lar_tiles *t = lar_alloc(1, sizeof *t);
    choice c = { .t = t, .params = *params, .reach = lar_net_reach(net) };

    *out = NULL;
    if (!t) return LAR_EMEMORY;
    t->net = net;
    memcpy(c.size, size, sizeof c.size);
    LAR_TRY(lar_arena_new(&t->arena));
    LAR_TRY(choose_window(&c));
    t->about.work = lar_plan_work(t->plan);
    t->about.blended = c.reach.global && !is_whole(&c, t->about.window);
    for (int a = 0; a < 3; a++) {
        const int64_t window = t->about.window[a];
        LAR_TRY(t->about.blended
                    ? lar_tiles_blended(&t->axes[a], size[a], window, params->overlap, t->arena)
                    : lar_tiles_exact(&t->axes[a], size[a], window, c.reach.halo[a],
                                      c.reach.step[a], t->arena));
        t->about.count[a] = t->axes[a].count;
        t->about.work *= (double)t->axes[a].count;
    }
    *out = t;
    t = NULL;
done:
    lar_tiles_free(t);
    return status;
}

const lar_tiles_about *lar_tiles_tell(const lar_tiles *tiles)
{
    return &tiles->about;
}

void lar_tiles_free(lar_tiles *t)
{
    if (!t) return;
    lar_plan_free(t->plan);
    lar_free(t->buffer);
    lar_arena_free(t->arena);
    lar_free(t);
}

/* ---- the way through ------------------------------------------------------------------- */

static void cut(const lar_tiles *t, const int64_t n[3], const float *from)
{
    const tiles_axis *x = &t->axes[0], *y = &t->axes[1], *z = &t->axes[2];
    for (int64_t k = 0; k < z->window; k++)
        for (int64_t j = 0; j < y->window; j++) {
            const int64_t row = (z->start[n[2]] + k) * y->size + y->start[n[1]] + j;
            memcpy(t->buffer + (k * y->window + j) * x->window,
                   from + row * x->size + x->start[n[0]], (size_t)x->window * sizeof *from);
        }
}

/* The part of window n that is the result's; blended, its share is added. */
static void paste(const lar_tiles *t, const int64_t n[3], float *to)
{
    const tiles_axis *x = &t->axes[0], *y = &t->axes[1], *z = &t->axes[2];
    const int64_t first = x->from[n[0]], count = x->to[n[0]] - first;
    for (int64_t k = z->from[n[2]]; k < z->to[n[2]]; k++)
        for (int64_t j = y->from[n[1]]; j < y->to[n[1]]; j++) {
            const int64_t in_k = k - z->start[n[2]], in_j = j - y->start[n[1]];
            const float *in =
                t->buffer + (in_k * y->window + in_j) * x->window + first - x->start[n[0]];
            float *row = to + (k * y->size + j) * x->size + first;
            if (!t->about.blended) {
                memcpy(row, in, (size_t)count * sizeof *row);
                continue;
            }
            const float *wx = x->weight + n[0] * x->window;
            const float w = z->weight[n[2] * z->window + in_k] * y->weight[n[1] * y->window + in_j];
            for (int64_t i = 0; i < count; i++) row[i] += w * wx[i] * in[i];
        }
}

static lar_status run_window(lar_tiles *t, const int64_t n[3], const float *const *inputs,
                             float *const *outputs)
{
    lar_status status = LAR_OK;
    for (int64_t c = 0; c < lar_net_input_channels(t->net); c++) {
        if (t->buffer) cut(t, n, inputs[c]);
        LAR_TRY(lar_plan_load_input(t->plan, 0, c, t->buffer ? t->buffer : inputs[c]));
    }
    LAR_TRY(lar_plan_predict(t->plan));
    for (int64_t c = 0; c < lar_net_output_channels(t->net); c++) {
        LAR_TRY(lar_plan_output(t->plan, 0, c, t->buffer ? t->buffer : outputs[c]));
        if (t->buffer) paste(t, n, outputs[c]);
    }
done:
    return status;
}

lar_status lar_tiles_run(lar_tiles *t, const float *const *inputs, float *const *outputs,
                         lar_progress progress)
{
    lar_status status = LAR_OK;
    const int64_t *count = t->about.count, *window = t->about.window;
    const int64_t all = count[0] * count[1] * count[2];
    const size_t bytes =
        (size_t)(t->axes[0].size * t->axes[1].size * t->axes[2].size) * sizeof(float);

    if (all > 1 && !t->buffer) {
        t->buffer = lar_alloc_raw(window[0] * window[1] * window[2], sizeof *t->buffer);
        if (!t->buffer) return LAR_EMEMORY;
    }
    for (int64_t c = 0; t->about.blended && c < lar_net_output_channels(t->net); c++)
        memset(outputs[c], 0, bytes);
    for (int64_t w = 0; w < all; w++) {
        const int64_t n[3] = { w % count[0], w / count[0] % count[1], w / count[0] / count[1] };
        char stage[64];
        snprintf(stage, sizeof stage, all > 1 ? "network, window %lld of %lld" : "network",
                 (long long)w + 1, (long long)all);
        if (!lar_progress_say(progress, stage, (double)w / (double)all)) {
            status = lar_fail(LAR_ESTOPPED, "stopped after window %lld of %lld", (long long)w,
                              (long long)all);
            goto done;
        }
        LAR_TRY(run_window(t, n, inputs, outputs));
    }
done:
    return status;
}
