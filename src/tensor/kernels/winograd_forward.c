/* Winograd's convolution of 3x3x3 over blocked layouts, forward and for the gradient of the input
 * (the same with the kernel mirrored and channels exchanged). A panel of a few tiles at a time goes
 * from voxels to frequencies, is multiplied and comes back, all in the first two levels of cache;
 * the weights stream past. SPDX-License-Identifier: Apache-2.0 */
#include "tensor/kernels/winograd.h"

/* Of a panel. Times 4 frequencies they are the sums that the 32 registers of AVX-512 hold, times 2
 * those of the 16 of AVX2. */
enum { TILES = 6 };

#define BLOCK      16
#define VECTOR     lar_vector16
#define MASK       lar_mask16
#define NAME(name) name##_16
#define ROOM       TILES
#define AT_ONCE    4
#include "tensor/kernels/winograd_input.h"
#include "tensor/kernels/winograd_output.h"
#undef BLOCK
#undef VECTOR
#undef MASK
#undef NAME
#undef AT_ONCE
#define BLOCK      8
#define VECTOR     lar_vector8
#define MASK       lar_mask8
#define NAME(name) name##_8
#define AT_ONCE    2
#include "tensor/kernels/winograd_input.h"
#include "tensor/kernels/winograd_output.h"
#undef BLOCK

typedef struct work {
    winograd_tiles tiles;
    int block;
    int64_t in_blocks, out_blocks;
    int64_t group; /* panels that share one reading of the weights */
    const float *weights, *in;
    float *out;
    const lar_term *after;
    bool add;
    float *zeros, *scratch; /* a row; of each thread: panels of frequencies, panels of halves */
} work;

/* The more weights, the more panels that use them while they are near. */
static work work_of(const lar_conv_shape *s, int block, int pass)
{
    work w = { .tiles = winograd_tiles_of(s), .block = block };
    w.in_blocks = (pass == LAR_CONV_FORWARD ? s->in : s->out) / block;
    w.out_blocks = (pass == LAR_CONV_FORWARD ? s->out : s->in) / block;
    w.group = w.in_blocks * w.out_blocks > 64 ? 16 : 2;
    return w;
}

static int64_t panel_floats(const work *w) /* of one block of input channels */
{
    return (int64_t)64 * TILES * w->block;
}

static int64_t thread_floats(const work *w)
{
    return w->group * panel_floats(w) * (2 * w->in_blocks + w->out_blocks) / 2;
}

/* Frequencies of tiles first to end, those of one row at a time. */
static void all_inputs(const work *w, float *panels, int64_t first, int64_t end)
{
    const winograd_tiles *t = &w->tiles;
    const int64_t voxels = t->size[0] * t->size[1] * t->size[2];
    for (int64_t tile = first, next; tile < end; tile = next) {
        const winograd_place place = winograd_place_of(t, tile);
        next = tile + t->tiles[2] - place.x;
        if (next > end) next = end;
        const int64_t number = (tile - first) / TILES;
        const int slot = (int)((tile - first) % TILES);
        for (int64_t b = 0; b < w->in_blocks; b++) {
            const float *in = w->in + (place.sample * w->in_blocks + b) * voxels * w->block;
            float *to = panels + (number * w->in_blocks + b) * panel_floats(w);
            (w->block == 16 ? input_16 : input_8)(to, w->in_blocks * 64 * TILES, slot, in, t, place,
                                                  next - tile, w->zeros);
        }
    }
}

static void one_output(const work *w, float *out, const float *half, int slot, winograd_place place,
                       int count, int64_t channel)
{
    const lar_term *a = w->after;
    const float *scale = a && a->scale ? a->scale + channel : NULL;
    const float *shift = a && a->shift ? a->shift + channel : NULL;
    const float before = a ? a->before : 1, after = a ? a->after : 1;
    if (w->block == 16) {
        finish_16 f = { .change = a != NULL, .add = w->add, .before = before, .after = after };
        for (int k = 0; k < 16; k++) {
            f.scale[k] = scale ? scale[k] : 1;
            f.shift[k] = shift ? shift[k] : 0;
        }
        output_16(out, half, slot, &w->tiles, place, count, &f);
    } else {
        finish_8 f = { .change = a != NULL, .add = w->add, .before = before, .after = after };
        for (int k = 0; k < 8; k++) {
            f.scale[k] = scale ? scale[k] : 1;
            f.shift[k] = shift ? shift[k] : 0;
        }
        output_8(out, half, slot, &w->tiles, place, count, &f);
    }
}

static void all_outputs(const work *w, const float *halves, int64_t first, int64_t end)
{
    const winograd_tiles *t = &w->tiles;
    const int64_t voxels = t->out[0] * t->out[1] * t->out[2];
    for (int64_t tile = first, next; tile < end; tile = next) {
        const winograd_place place = winograd_place_of(t, tile);
        const int64_t number = (tile - first) / TILES;
        const int slot = (int)((tile - first) % TILES);
        next = tile + t->tiles[2] - place.x;
        if (next > tile + TILES - slot) next = tile + TILES - slot;
        if (next > end) next = end;
        for (int64_t b = 0; b < w->out_blocks; b++) {
            const int64_t block = place.sample * w->out_blocks + b;
            one_output(w, w->out + block * voxels * w->block,
                       halves + (number * w->out_blocks + b) * panel_floats(w) / 2, slot, place,
                       (int)(next - tile), block * w->block);
        }
    }
}

/* One of the 16 rows that the next tiles, from `first` on, will read: while memory has nothing to
 * do.
 */
INLINE void fetch(const work *w, int64_t first, int64_t end, int q)
{
    if (first >= end) return;
    const winograd_tiles *t = &w->tiles;
    const winograd_place p = winograd_place_of(t, first);
    const int64_t tiles = w->group * TILES, left = t->tiles[2] - p.x;
    const int64_t voxels = t->size[0] * t->size[1] * t->size[2];
    for (int64_t b = 0; b < w->in_blocks; b++)
        winograd_fetch(t, w->in + (p.sample * w->in_blocks + b) * voxels * w->block, w->block,
                       2 * p.z - t->pad + q / 4, 2 * p.y - t->pad + q % 4, 2 * p.x + 2 - t->pad,
                       2 * (tiles < left ? tiles : left));
}

static lar_status piece(void *arg, int64_t number, int64_t begin, int64_t end)
{
    (void)number;
    const work *w = arg;
    const int64_t tiles = w->group * TILES, half = panel_floats(w) / 32;
    float *panels = w->scratch + lar_thread_number() * thread_floats(w);
    float *halves = panels + w->group * panel_floats(w) * w->in_blocks;
    for (int64_t first = begin; first < end; first += tiles) {
        const int64_t last = first + tiles < end ? first + tiles : end;
        const int64_t count = lar_piece_count(last - first, TILES);
        all_inputs(w, panels, first, last);
        const float *weights = w->weights;
        for (int q = 0; q < 16; q++) {
            fetch(w, last, end, q);
            for (int64_t o = 0; o < w->out_blocks; o++) {
                for (int64_t p = 0; p < count; p++)
                    (w->block == 16 ? products_16 : products_8)(
                        halves + (p * w->out_blocks + o) * panel_floats(w) / 2 + q * half,
                        panels + p * w->in_blocks * panel_floats(w) + q * 2 * half,
                        panel_floats(w) / w->block, weights, w->in_blocks);
                weights += w->in_blocks * w->block * 4 * w->block;
            }
        }
        all_outputs(w, halves, first, last);
    }
    return LAR_OK;
}

/* Pieces do not change results, for no tile knows of another. */
static int64_t grain(const work *w)
{
    const int64_t tiles = w->group * TILES, share = w->tiles.total / (tiles * 32);
    return tiles * (share < 1 ? 1 : share > 16 ? 16 : share);
}

static size_t scratch(const lar_conv_shape *s, int block, int pass)
{
    const work w = work_of(s, block, pass);
    return (size_t)(lar_threads_get() * thread_floats(&w) + s->size[2] * block) * sizeof(float);
}

/* Whether the products of all panels, and the packing of weights, which takes as long as those of
 * 24 tiles, are fewer than the taps inside the volume (measured beside oneDNN from 1 to 14 voxels).
 */
static bool pays(const lar_conv_shape *s, int block, int pass)
{
    const work w = work_of(s, block, pass);
    int64_t direct = s->batch;
    for (int d = 0; d < 3; d++) direct *= s->padding[d] ? 3 * s->size[d] - 2 : 3 * s->out_size[d];
    return 64 * (lar_piece_count(w.tiles.total, TILES) * TILES + 24) < direct;
}

static bool runs(const lar_conv_shape *s, int block, int pass)
{
    return pass != LAR_CONV_WEIGHTS && s->type == LAR_FLOAT32 && (block == 8 || block == 16) &&
           (winograd_fits(s, 1) || (pass == LAR_CONV_FORWARD && winograd_fits(s, 0))) &&
           pays(s, block, pass);
}

static size_t packed_bytes(const lar_conv_shape *s, int block, int pass)
{
    (void)block;
    (void)pass;
    return (size_t)(s->in * s->out * 64) * sizeof(float);
}

static lar_status run(const lar_conv_shape *s, int block, int pass, const void *packed,
                      const void *in, void *out, const lar_term *after, bool add, void *memory)
{
    work w = work_of(s, block, pass);
    w.weights = packed;
    w.in = in;
    w.out = out;
    w.after = after;
    w.add = add;
    w.zeros = memory;
    w.scratch = w.zeros + s->size[2] * block;
    if (s->padding[0]) /* nobody reads it otherwise, and threads that call this share it */
        memset(w.zeros, 0, (size_t)(s->size[2] * block) * sizeof *w.zeros);
    return lar_parallel(w.tiles.total, grain(&w), piece, &w);
}

const lar_conv_kernel lar_conv_winograd = { .name = "winograd",
                                            .runs = runs,
                                            .packed = packed_bytes,
                                            .scratch = scratch,
                                            .pack = lar_winograd_pack,
                                            .run = run };
