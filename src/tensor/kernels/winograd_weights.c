/* The gradient of the weights of a convolution of 3x3x3 by Winograd's transforms: frequencies of
 * the input times those of the output's gradient, summed over tiles, then back to 27 taps. Sums are
 * float within a panel and across the panels of a slab, double across slabs; the slabs do not
 * depend on the threads. SPDX-License-Identifier: Apache-2.0 */
#include "tensor/kernels/winograd.h"

enum {
    TILES = 48,           /* of a panel */
    ROOM = TILES + 1,     /* odd: frequencies do not share their cache lines */
    SLABS = 32,           /* at most */
    SLAB_TILES = 1024,    /* at least */
    SLAB_BYTES = 8 << 20, /* of all slabs, where one is not more */
    LANES = 16,           /* of the largest block */
    PART = 4              /* blocks of dout in one piece; each piece transforms all of the input */
};

#define BLOCK      16
#define VECTOR     lar_vector16
#define NAME(name) name##_16
#include "tensor/kernels/winograd_gradient.h"
#include "tensor/kernels/winograd_input.h"
#undef BLOCK
#undef VECTOR
#undef NAME
#define BLOCK      8
#define VECTOR     lar_vector8
#define NAME(name) name##_8
#include "tensor/kernels/winograd_gradient.h"
#include "tensor/kernels/winograd_input.h"

typedef struct work {
    winograd_tiles tiles;
    int block;
    int64_t in_blocks, out_blocks, voxels;
    int64_t slabs, slab_tiles, parts;
    const float *in, *dout;
    float *gradient;
    float *zeros, *threads, *slab; /* a row; panels of each thread; each slab */
} work;

/* A slab is [z, y frequency][out block][in block][x frequency][in channel][block]. */
static int64_t pair_floats(const work *w)
{
    return (int64_t)4 * w->block * w->block;
}

static int64_t slab_floats(const work *w)
{
    return 16 * w->in_blocks * w->out_blocks * pair_floats(w);
}

static work work_of(const lar_conv_shape *s, int block)
{
    work w = { .tiles = winograd_tiles_of(s), .block = block };
    w.in_blocks = s->in / block;
    w.out_blocks = s->out / block;
    w.voxels = s->size[0] * s->size[1] * s->size[2];
    w.parts = lar_piece_count(w.out_blocks, PART);
    const int64_t room = SLAB_BYTES / (slab_floats(&w) * (int64_t)sizeof(float));
    int64_t slabs = w.tiles.total / SLAB_TILES;
    if (slabs > SLABS) slabs = SLABS;
    if (slabs > room) slabs = room;
    if (slabs < 1) slabs = 1;
    w.slab_tiles = lar_piece_count(lar_piece_count(w.tiles.total, slabs), TILES) * TILES;
    w.slabs = lar_piece_count(w.tiles.total, w.slab_tiles);
    return w;
}

static const float *in_block(const work *w, int64_t sample, int64_t b)
{
    return w->in + (sample * w->in_blocks + b) * w->voxels * w->block;
}

static const float *out_block(const work *w, int64_t sample, int64_t b)
{
    return w->dout + (sample * w->out_blocks + b) * w->voxels * w->block;
}

static int64_t panel_floats(const work *w) /* of one block of the input: twice that of dout */
{
    return (int64_t)64 * ROOM * w->block;
}

static int64_t thread_floats(const work *w)
{
    return panel_floats(w) * (2 * w->in_blocks + PART) / 2;
}

/* Frequencies of tiles first to last of all of the input and of `outs` blocks of dout. */
static void transform(const work *w, float *ins, float *douts, int64_t out_first, int64_t outs,
                      int64_t first, int64_t last)
{
    const winograd_tiles *t = &w->tiles;
    for (int64_t tile = first, next; tile < last; tile = next) {
        const winograd_place p = winograd_place_of(t, tile);
        const int slot = (int)(tile - first);
        next = tile + t->tiles[2] - p.x < last ? tile + t->tiles[2] - p.x : last;
        for (int64_t b = 0; b < w->in_blocks; b++)
            (w->block == 16 ? input_16 : input_8)(ins + b * panel_floats(w), 0, slot,
                                                  in_block(w, p.sample, b), t, p, next - tile,
                                                  w->zeros);
        for (int64_t b = 0; b < outs; b++)
            (w->block == 16 ? spread_16 : spread_8)(douts + b * panel_floats(w) / 2, slot,
                                                    out_block(w, p.sample, out_first + b), t, p,
                                                    next - tile, w->zeros);
    }
}

/* A sixteenth of what the next tiles, from `first` on, will read: while memory has nothing to do.
 */
INLINE void fetch(const work *w, int64_t out_first, int64_t outs, int64_t first, int64_t end, int q)
{
    if (first >= end) return;
    const winograd_tiles *t = &w->tiles;
    const winograd_place p = winograd_place_of(t, first);
    const int64_t left = t->tiles[2] - p.x, count = 2 * (TILES < left ? TILES : left);
    for (int64_t b = 0; b < w->in_blocks; b++)
        winograd_fetch(t, in_block(w, p.sample, b), w->block, 2 * p.z - 1 + q / 4,
                       2 * p.y - 1 + q % 4, 2 * p.x, count);
    for (int64_t b = 0; b < outs && q < 4; b++)
        winograd_fetch(t, out_block(w, p.sample, out_first + b), w->block, 2 * p.z + q / 2,
                       2 * p.y + q % 2, 2 * p.x, count);
}

/* One slab of tiles for a few blocks of output channels. */
static lar_status piece(void *arg, int64_t number, int64_t begin, int64_t end)
{
    (void)end;
    (void)number;
    const work *w = arg;
    const int64_t slab = begin / w->parts, out_first = begin % w->parts * PART;
    const int64_t outs = w->out_blocks - out_first < PART ? w->out_blocks - out_first : PART;
    const int64_t slab_end = (slab + 1) * w->slab_tiles, total = w->tiles.total;
    const int64_t tile_end = slab_end < total ? slab_end : total, quarter = panel_floats(w) / 16;
    const int64_t row = w->in_blocks * pair_floats(w), level = w->out_blocks * row;
    float *sums = w->slab + slab * slab_floats(w) + out_first * row;
    float *ins = w->threads + lar_thread_number() * thread_floats(w);
    float *douts = ins + w->in_blocks * panel_floats(w);
    for (int q = 0; q < 16; q++) memset(sums + q * level, 0, (size_t)(outs * row) * sizeof *sums);
    for (int64_t first = slab * w->slab_tiles; first < tile_end; first += TILES) {
        const int64_t last = first + TILES < tile_end ? first + TILES : tile_end;
        transform(w, ins, douts, out_first, outs, first, last);
        for (int q = 0; q < 16; q++) {
            fetch(w, out_first, outs, last, tile_end, q);
            for (int64_t o = 0; o < outs; o++)
                for (int64_t i = 0; i < w->in_blocks; i++)
                    (w->block == 16 ? four_sums_16 : four_sums_8)(
                        sums + q * level + o * row + i * pair_floats(w),
                        ins + i * panel_floats(w) + q * quarter,
                        douts + o * panel_floats(w) / 2 + q * quarter / 2, (int)(last - first));
        }
    }
    return LAR_OK;
}

/* G' along one axis: four frequencies to three taps, both `step` apart, of the lanes of a block. */
INLINE void taps_of(double (*to)[LANES], double (*from)[LANES], int step)
{
    for (int k = 0; k < LANES; k++) {
        const double even = (from[step][k] + from[2 * step][k]) / 2;
        to[0][k] = from[0][k] + even;
        to[step][k] = (from[step][k] - from[2 * step][k]) / 2;
        to[2 * step][k] = even - from[3 * step][k];
    }
}

FMA_CLONES static void all_taps(double (*taps)[LANES], double (*f)[LANES])
{
    double a[48][LANES], b[36][LANES];
    for (int q = 0; q < 16; q++) taps_of(a + q, f + q, 16);
    for (int z = 0; z < 3; z++)
        for (int x = 0; x < 4; x++) taps_of(b + 12 * z + x, a + 16 * z + x, 4);
    for (int q = 0; q < 9; q++) taps_of(taps + 3 * q, b + 4 * q, 1);
}

/* All taps of one input channel and one block of output channels. */
static lar_status back(void *arg, int64_t number, int64_t begin, int64_t end)
{
    (void)number;
    const work *w = arg;
    const int64_t in = w->in_blocks * w->block;
    const int64_t level = w->in_blocks * w->out_blocks * pair_floats(w);
    double f[64][LANES] = { { 0 } }, taps[27][LANES];
    for (int64_t n = begin; n < end; n++) {
        const int64_t o = n / in, i = n % in;
        const float *from =
            w->slab + (o * w->in_blocks + i / w->block) * pair_floats(w) + i % w->block * w->block;
        for (int q = 0; q < 64; q++) {
            const float *sums = from + q / 4 * level + q % 4 * w->block * w->block;
            for (int k = 0; k < w->block; k++) f[q][k] = (double)sums[k];
            for (int64_t s = 1; s < w->slabs; s++)
                for (int k = 0; k < w->block; k++) f[q][k] += (double)sums[s * slab_floats(w) + k];
        }
        all_taps(taps, f);
        for (int k = 0; k < w->block; k++) {
            float *to = w->gradient + ((o * w->block + k) * in + i) * 27;
            for (int q = 0; q < 27; q++) to[q] = (float)taps[q][k];
        }
    }
    return LAR_OK;
}

static bool runs(const lar_conv_shape *s, int block, int pass)
{
    return pass == LAR_CONV_WEIGHTS && s->type == LAR_FLOAT32 && (block == 8 || block == 16) &&
           winograd_fits(s, 1);
}

static size_t packed(const lar_conv_shape *s, int block, int pass)
{
    (void)s;
    (void)block;
    (void)pass;
    return 0;
}

static void pack(const lar_conv_shape *s, int block, int pass, const float *weights, void *to)
{
    (void)s;
    (void)block;
    (void)pass;
    (void)weights;
    (void)to;
}

static size_t scratch(const lar_conv_shape *s, int block, int pass)
{
    (void)pass;
    const work w = work_of(s, block);
    return (size_t)(w.slabs * slab_floats(&w) + lar_threads_get() * thread_floats(&w) +
                    s->size[2] * block) *
           sizeof(float);
}

static lar_status run(const lar_conv_shape *s, int block, int pass, const void *in,
                      const void *dout, void *gradient, const lar_term *after, bool add,
                      void *memory)
{
    (void)pass;
    (void)after;
    (void)add;
    lar_status status;
    work w = work_of(s, block);
    w.in = in;
    w.dout = dout;
    w.gradient = gradient;
    w.slab = memory;
    w.threads = w.slab + w.slabs * slab_floats(&w);
    w.zeros = w.threads + lar_threads_get() * thread_floats(&w);
    memset(w.zeros, 0, (size_t)(s->size[2] * block) * sizeof *w.zeros);
    LAR_TRY(lar_parallel(w.slabs * w.parts, 1, piece, &w));
    LAR_TRY(lar_parallel(w.out_blocks * s->in, 16, back, &w));
done:
    return status;
}

const lar_conv_kernel lar_conv_winograd_weights = {
    .name = "winograd", .runs = runs, .packed = packed, .scratch = scratch, .pack = pack, .run = run
};
