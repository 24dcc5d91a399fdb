/* Which samples an epoch has, in which order, and where each lies.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "batch/sampler_parts.h"
#include "math/math.h"

/* Streams of random numbers that are the sampler's own. */
#define PLACES ((uint64_t)0x5a3d << 32)
enum { AUTO_PATCHES = 4, AUTO_SLICES = 16, DRAWS = 8 }; /* numbers that a place may take */

static const int64_t *volume_size(const lar_sampler *s, int64_t n)
{
    return s->params.prepared->cases[s->params.cases[n]].grid.size;
}

/* ---- a grid of places -------------------------------------------------------------------- */

static int64_t places_along(int64_t size, int64_t edge, double overlap)
{
    const double step = fmax((double)edge * (1 - overlap), 1);
    return size <= edge ? 1 : 1 + (int64_t)ceil((double)(size - edge) / step - 1e-9);
}

static void grid_places(int64_t places[3], const lar_sample_params *p, const int64_t size[3])
{
    int64_t edges[3], first, part;
    lar_sampler_edges(edges, p, size);
    lar_sampler_part(&first, &part, p, size);
    for (int a = 0; a < 3; a++)
        places[a] = places_along(a == p->axis ? part : size[a], edges[a], p->overlap);
    if (p->kind == LAR_SAMPLE_SLICE) places[p->axis] = part;
}

static int64_t samples_of(const lar_sampler *s, int64_t n)
{
    const lar_sample_params *p = &s->params.sample;
    int64_t places[3];
    if (p->kind == LAR_SAMPLE_VOLUME) return 1;
    if (p->pick == LAR_PICK_GRID) {
        grid_places(places, p, volume_size(s, n));
        return places[0] * places[1] * places[2];
    }
    if (p->per_case != LAR_INT_AUTO) return p->per_case;
    return p->kind == LAR_SAMPLE_SLICE ? AUTO_SLICES : AUTO_PATCHES;
}

/* ---- a sampler --------------------------------------------------------------------------- */

lar_status lar_sampler_new(lar_sampler **out, const lar_sampler_params *params)
{
    lar_status status = LAR_OK;
    lar_arena *arena = NULL;
    const int64_t count = params->case_count;
    *out = NULL;
    LAR_TRY(lar_arena_new(&arena));
    lar_sampler *s = lar_arena_take(arena, 1, sizeof *s);
    if (!s) {
        status = LAR_EMEMORY;
        goto done;
    }
    s->params = *params;
    int64_t *cases = lar_arena_take(arena, count, sizeof *cases);
    lar_sample_image *images = lar_arena_take(arena, params->image_count, sizeof *images);
    s->first = lar_arena_take(arena, count + 1, sizeof *s->first);
    s->looks = lar_arena_take(arena, count, sizeof *s->looks);
    if (!cases || !images || !s->first || !s->looks) {
        status = LAR_EMEMORY;
        goto done;
    }
    for (int64_t n = 0; n < count; n++) cases[n] = params->cases[n];
    for (int64_t n = 0; n < params->image_count; n++) images[n] = params->images[n];
    s->params.cases = cases;
    s->params.images = images;
    if (count == 0 || params->image_count == 0) {
        status = lar_fail(LAR_EARGUMENT, "there is no case to take samples from");
        goto done;
    }
    s->of = params->sample.of ? lar_prepared_find(params->prepared, params->sample.of) : -1;
    if (params->sample.of && s->of < 0) {
        status = lar_fail(LAR_EARGUMENT, "there is no prepared image '%s'", params->sample.of);
        goto done;
    }
    for (int64_t n = 0; n < count; n++) s->first[n + 1] = s->first[n] + samples_of(s, n);
    s->count = s->first[count];
    s->order_epoch = -1;
    s->order = lar_arena_take(arena, s->count, sizeof *s->order);
    float *outside = lar_arena_take(arena, count * params->image_count, sizeof *outside);
    if (!s->order || !outside) {
        status = LAR_EMEMORY;
        goto done;
    }
    for (int64_t n = 0; n < count; n++) {
        s->looks[n].outside = outside + n * params->image_count;
        pthread_mutex_init(&s->looks[n].lock, NULL);
    }
    pthread_mutex_init(&s->order_lock, NULL);
    s->arena = arena;
    *out = s;
    arena = NULL;
done:
    lar_arena_free(arena);
    return status;
}

void lar_sampler_free(lar_sampler *s)
{
    if (!s) return;
    for (int64_t n = 0; n < s->params.case_count; n++) {
        lar_case_look_clear(&s->looks[n]);
        pthread_mutex_destroy(&s->looks[n].lock);
    }
    pthread_mutex_destroy(&s->order_lock);
    lar_arena_free(s->arena);
}

int64_t lar_sampler_count(const lar_sampler *s)
{
    return s->count;
}

int64_t lar_sampler_channels(const lar_sampler *s)
{
    int64_t channels = 0;
    for (int64_t n = 0; n < s->params.image_count; n++)
        channels += s->params.images[n].middle ? 1 : lar_sample_slices(&s->params.sample);
    return channels;
}

void lar_sampler_size(int64_t size[3], const lar_sampler *s, int64_t n)
{
    const lar_sample_params *p = &s->params.sample;
    int64_t edges[3], kept = 0;
    lar_sampler_edges(edges, p, volume_size(s, n));
    for (int a = 0; a < 3; a++)
        if (p->kind != LAR_SAMPLE_SLICE || a != p->axis) size[kept++] = edges[a];
    if (kept == 2) size[2] = 1;
}

/* ---- one sample -------------------------------------------------------------------------- */

/* The place-th number of the epoch, shuffled. */
static int64_t number_of(lar_sampler *s, int64_t epoch, int64_t place)
{
    pthread_mutex_lock(&s->order_lock);
    if (s->order_epoch != epoch) {
        lar_random_order(s->order, s->count, s->params.seed, (uint64_t)epoch);
        s->order_epoch = epoch;
    }
    const int64_t number = s->order[place];
    pthread_mutex_unlock(&s->order_lock);
    return number;
}

static int64_t case_of(const lar_sampler *s, int64_t number)
{
    int64_t low = 0, high = s->params.case_count - 1;
    while (low < high) {
        const int64_t middle = (low + high + 1) / 2;
        if (s->first[middle] <= number)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

/* Where an edge begins with its middle there, inside the volume where it fits. */
static int64_t begin_of(int64_t middle, int64_t edge, int64_t size)
{
    int64_t begin = middle - edge / 2;
    if (size <= edge) return (size - edge) / 2 - ((size - edge) % 2 != 0);
    if (begin > size - edge) begin = size - edge;
    return begin < 0 ? 0 : begin;
}

/* With its middle from `first` to `last`. */
static int64_t anywhere(double u, int64_t edge, int64_t size, int64_t first, int64_t last)
{
    const int64_t low = begin_of(first, edge, size), high = begin_of(last, edge, size);
    const int64_t begin = low + (int64_t)(u * (double)(high - low + 1));
    return begin > high ? high : begin;
}

static void grid_corner(int64_t corner[3], const lar_sample_params *p, const int64_t size[3],
                        const int64_t edges[3], int64_t place)
{
    int64_t places[3], first, part;
    grid_places(places, p, size);
    lar_sampler_part(&first, &part, p, size);
    for (int a = 0; a < 3; a++) {
        const int64_t n = place % places[a], begin = a == p->axis ? first : 0;
        const int64_t length = a == p->axis ? part : size[a];
        place /= places[a];
        corner[a] = begin_of(begin + length / 2, edges[a], size[a]);
        if (places[a] > 1) /* the last one ends where the volume, or the range, does */
            corner[a] =
                begin + llround((double)n * (double)(length - edges[a]) / (double)(places[a] - 1));
        if (p->kind == LAR_SAMPLE_SLICE && a == p->axis) corner[a] = first + n - p->neighbours;
    }
}

static lar_status place_box(lar_sample_box *box, lar_sampler *s, int64_t n, int64_t epoch,
                            int64_t number)
{
    lar_status status = LAR_OK;
    const lar_sample_params *p = &s->params.sample;
    const int64_t *size = volume_size(s, n);
    double u[DRAWS];
    int64_t voxel[3], low[3], high[3];
    bool found = false;
    *box = (lar_sample_box){ .across = p->kind == LAR_SAMPLE_SLICE ? p->axis : -1 };
    lar_sampler_edges(box->size, p, size);
    if (p->kind == LAR_SAMPLE_VOLUME) return LAR_OK;
    if (p->pick == LAR_PICK_GRID) {
        grid_corner(box->corner, p, size, box->size, number - s->first[n]);
        return LAR_OK;
    }
    for (int d = 0; d < DRAWS; d++)
        u[d] = lar_random_uniform(s->params.seed, PLACES + (uint64_t)epoch,
                                  (uint64_t)(number * DRAWS + d));
    if (p->pick != LAR_PICK_UNIFORM && u[0] < p->share)
        LAR_TRY(lar_sampler_pick(&found, voxel, s, n, u + 1));
    lar_sampler_allowed(low, high, p, size);
    for (int a = 0; a < 3; a++)
        box->corner[a] = found ? begin_of(voxel[a], box->size[a], size[a])
                               : anywhere(u[3 + a], box->size[a], size[a], low[a], high[a] - 1);
    if (p->kind == LAR_SAMPLE_SLICE) { /* whose neighbours may lie outside the volume */
        const int a = p->axis;
        const int64_t slice = found ? voxel[a] : anywhere(u[6], 1, size[a], low[a], high[a] - 1);
        box->corner[a] = slice - p->neighbours;
    }
done:
    return status;
}

lar_status lar_item_draw(lar_item *item, lar_sampler *s, int64_t epoch, int64_t place)
{
    const int64_t number = number_of(s, epoch, place), n = case_of(s, number);
    item->epoch = epoch;
    item->number = number;
    item->case_index = s->params.cases[n];
    item->history.count = 0;
    if (s->params.augments)
        lar_augment_draw(&item->history, s->params.augments, s->params.seed, epoch, number);
    const lar_status status = place_box(&item->box, s, n, epoch, number);
    return status == LAR_OK ? status
                            : lar_while(status, "no sample can be taken of '%s'",
                                        s->params.prepared->cases[item->case_index].id);
}
