/* Winograd's convolution of 3x3x3 in bfloat16: F(2,3) along y and x, tap by tap along z.
 * Frequencies are rounded once more than what a direct convolution multiplies, and each axis that
 * is transformed adds to that: the relative L2 error is 2.3e-3 direct, 3.0 to 4.3e-3 with two
 * axes, 4.3 to 5.1e-3 with three, which were no faster at 16 channels, for here each plane is
 * transformed but once. SPDX-License-Identifier: Apache-2.0 */
#include "tensor/kernels/direct_rows.h"
#include "tensor/kernels/winograd.h"

#ifdef __x86_64__
#include <immintrin.h>

#define PAIRS        __attribute__((target("avx512bf16,avx512bw,avx512vl,avx512f")))
#define PAIRS_INLINE PAIRS static inline __attribute__((always_inline))
enum {
    BLOCK = 16,
    TILES = 6,                 /* of a panel: times 4 frequencies, the sums that registers hold */
    PANELS = 8,                /* that go up along z together */
    PLANES = 24,               /* of output in a piece; two more are transformed */
    RING = 3,                  /* planes of frequencies that are kept */
    PANEL = 16 * TILES * BLOCK /* values of one plane of one block: [y, x frequency][tile][block] */
};

typedef struct work {
    winograd_tiles tiles, inputs; /* of the output; the sizes of the input */
    int64_t padding[3];
    int64_t in_blocks, out_blocks, in_voxels, out_voxels;
    int64_t groups, lengths; /* groups of panels, pieces along z */
    const uint16_t *weights, *in;
    uint16_t *out;
    const lar_term *after;
    bool add;
    uint16_t *zeros, *scratch; /* a row; of each thread: a ring of panels, then halves (float) */
} work;

PAIRS_INLINE __m512 load(const uint16_t *voxel)
{
    const __m256i bits = _mm256_loadu_si256((const __m256i *)voxel);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
}

PAIRS_INLINE void keep(uint16_t *voxel, __m512 value)
{
    _mm256_storeu_si256((__m256i *)voxel, (__m256i)_mm512_cvtneps_pbh(value));
}

/* Four voxels along y at x to four frequencies. */
PAIRS_INLINE void column(__m512 *c, const uint16_t *const *row, int64_t x)
{
    const __m512 a = load(row[0] + x * BLOCK), b = load(row[1] + x * BLOCK);
    const __m512 d = load(row[2] + x * BLOCK), e = load(row[3] + x * BLOCK);
    c[0] = a - d;
    c[1] = b + d;
    c[2] = d - b;
    c[3] = b - e;
}

/* `count` tiles of one row of tiles of plane z, into panels `skip` values apart, from tile `slot`
 * of the first on. */
PAIRS static void input(const work *w, uint16_t *panel, int64_t skip, int slot, const uint16_t *in,
                        int64_t z, int64_t ty, int64_t tx, int64_t count)
{
    const winograd_tiles *t = &w->inputs;
    const int64_t width = t->size[2];
    const uint16_t *row[4];
    for (int n = 0; n < 4; n++) {
        const int64_t y = 2 * ty - w->padding[1] + n;
        const bool inside = y >= 0 && y < t->size[1];
        row[n] = inside ? in + (z * t->size[1] + y) * width * BLOCK : w->zeros;
    }
    __m512 p[4], q[4], r[4], s[4];
    int64_t x = 2 * tx - w->padding[2];
    for (int y = 0; y < 4; y++) p[y] = q[y] = _mm512_setzero_ps();
    if (x >= 0 && x < width) column(p, row, x);
    if (x >= -1 && x + 1 < width) column(q, row, x + 1);
    uint16_t *to = panel + slot * BLOCK;
    for (; count > 0; x += 2, count--) {
        _Pragma("GCC unroll 4") for (int y = 0; y < 4; y++) r[y] = s[y] = _mm512_setzero_ps();
        if (x + 2 < width) column(r, row, x + 2);
        if (x + 3 < width) column(s, row, x + 3);
        _Pragma("GCC unroll 4") for (int y = 0; y < 4; y++)
        {
            keep(to + (4 * y + 0) * TILES * BLOCK, p[y] - r[y]);
            keep(to + (4 * y + 1) * TILES * BLOCK, q[y] + r[y]);
            keep(to + (4 * y + 2) * TILES * BLOCK, r[y] - q[y]);
            keep(to + (4 * y + 3) * TILES * BLOCK, q[y] - s[y]);
            p[y] = r[y];
            q[y] = s[y];
        }
        to += BLOCK;
        if (++slot == TILES) {
            slot = 0;
            to += skip - TILES * BLOCK;
        }
    }
}

/* One of up to three planes that are summed: its panel of the first block, and its weights
 * [in block][pair of channels][x frequency][block][2]. */
typedef struct source {
    const uint16_t *panel, *weights;
} source;

/* Half [2 (x)][tile][block] of one frequency along y. */
PAIRS static void products(float *half, const source *sources, int count, int64_t in_blocks)
{
    __m512 sum[4][TILES];
    _Pragma("GCC unroll 24") for (int n = 0; n < 4 * TILES; n++) sum[n / TILES][n % TILES] =
        _mm512_setzero_ps();
    for (int s = 0; s < count; s++) {
        const uint16_t *weights = sources[s].weights;
        for (int64_t b = 0; b < in_blocks; b++) {
            const uint16_t *in = sources[s].panel + b * PANEL;
            for (int i = 0; i < BLOCK; i += 2, in += 2)
                _Pragma("GCC unroll 4") for (int f = 0; f < 4; f++, weights += 2 * BLOCK)
                {
                    const __m512bh one = (__m512bh)_mm512_loadu_si512(weights);
                    _Pragma("GCC unroll 8") for (int t = 0; t < TILES; t++)
                    {
                        int32_t pair;
                        memcpy(&pair, in + (f * TILES + t) * BLOCK, sizeof pair);
                        sum[f][t] =
                            _mm512_dpbf16_ps(sum[f][t], one, (__m512bh)_mm512_set1_epi32(pair));
                    }
                }
        }
    }
    _Pragma("GCC unroll 8") for (int t = 0; t < TILES; t++)
    {
        _mm512_storeu_ps(half + t * BLOCK, sum[0][t] + sum[1][t] + sum[2][t]);
        _mm512_storeu_ps(half + (TILES + t) * BLOCK, sum[1][t] - sum[2][t] - sum[3][t]);
    }
}

typedef struct finish {
    bool change, add;
    __m512 before, after, scale, shift;
} finish;

PAIRS_INLINE void store(uint16_t *out, __m512 value, const finish *f)
{
    const __m512 zero = _mm512_setzero_ps();
    if (f->change) {
        value = _mm512_mask_mul_ps(value, _mm512_cmp_ps_mask(value, zero, _CMP_LT_OQ), value,
                                   f->before);
        value = value * f->scale + f->shift;
        value =
            _mm512_mask_mul_ps(value, _mm512_cmp_ps_mask(value, zero, _CMP_LT_OQ), value, f->after);
    }
    if (f->add) value += load(out);
    keep(out, value);
}

/* `count` tiles of one panel and row of tiles; halves: [y frequency][panel][2][tile][block], that
 * of frequency 0, `step` floats apart. */
PAIRS static void output(const work *w, uint16_t *out, const float *half, int64_t step, int64_t z,
                         int64_t ty, int64_t tx, int count, const lar_term *a, int64_t channel)
{
    const winograd_tiles *t = &w->tiles;
    const int64_t width = t->size[2];
    const __m512 one = _mm512_set1_ps(1);
    const finish f = { .change = a != NULL,
                       .add = w->add,
                       .before = _mm512_set1_ps(a ? a->before : 1),
                       .after = _mm512_set1_ps(a ? a->after : 1),
                       .scale = a && a->scale ? _mm512_loadu_ps(a->scale + channel) : one,
                       .shift = a && a->shift ? _mm512_loadu_ps(a->shift + channel)
                                              : _mm512_setzero_ps() };
    const bool high = 2 * ty + 1 < t->size[1];
    uint16_t *row = out + ((z * t->size[1] + 2 * ty) * width + 2 * tx) * BLOCK;
    for (int n = 0; n < count; n++, half += BLOCK)
        for (int x = 0; x < 2 && 2 * (tx + n) + x < width; x++) {
            const float *from = half + x * TILES * BLOCK;
            const __m512 m0 = _mm512_loadu_ps(from), m1 = _mm512_loadu_ps(from + step);
            const __m512 m2 = _mm512_loadu_ps(from + 2 * step);
            const __m512 m3 = _mm512_loadu_ps(from + 3 * step);
            uint16_t *to = row + (2 * n + x) * BLOCK;
            store(to, m0 + m1 + m2, &f);
            if (high) store(to + width * BLOCK, m1 - m2 - m3, &f);
        }
}

static work work_of(const lar_conv_shape *s, int pass)
{
    const bool data = pass == LAR_CONV_DATA;
    lar_conv_shape to = *s, from = *s; /* the output, and the input, as if they were both */
    work w = { .in_blocks = (data ? s->out : s->in) / BLOCK,
               .out_blocks = (data ? s->in : s->out) / BLOCK,
               .in_voxels = 1,
               .out_voxels = 1 };
    for (int a = 0; a < 3; a++) {
        to.size[a] = to.out_size[a] = data ? s->size[a] : s->out_size[a];
        from.size[a] = from.out_size[a] = data ? s->out_size[a] : s->size[a];
        w.padding[a] = data ? 2 - s->padding[a] : s->padding[a];
    }
    w.tiles = winograd_tiles_of(&to);
    w.inputs = winograd_tiles_of(&from);
    for (int a = 0; a < 3; a++) {
        w.in_voxels *= w.inputs.size[a];
        w.out_voxels *= w.tiles.size[a];
    }
    w.groups = lar_piece_count(w.tiles.tiles[1] * w.tiles.tiles[2], PANELS * TILES);
    w.lengths = lar_piece_count(w.tiles.size[0], PLANES);
    return w;
}

static int64_t ring_values(const work *w) /* of one plane */
{
    return PANELS * w->in_blocks * PANEL;
}

static int64_t thread_values(const work *w)
{
    return RING * ring_values(w) + 2 * PANELS * PANEL / 2;
}

/* Rows of tiles of a group: calls one after the other with where each begins and ends. */
static int64_t row_end(const work *w, int64_t tile, int64_t last)
{
    const int64_t end = (tile / w->tiles.tiles[2] + 1) * w->tiles.tiles[2];
    return end < last ? end : last;
}

static void plane_input(const work *w, uint16_t *ring, int64_t sample, int64_t z, int64_t first,
                        int64_t last)
{
    const int64_t across = w->tiles.tiles[2];
    if (z < 0 || z >= w->inputs.size[0]) return;
    uint16_t *panels = ring + z % RING * ring_values(w);
    for (int64_t tile = first, next; tile < last; tile = next) {
        next = row_end(w, tile, last);
        for (int64_t b = 0; b < w->in_blocks; b++)
            input(w, panels + ((tile - first) / TILES * w->in_blocks + b) * PANEL,
                  w->in_blocks * PANEL, (int)((tile - first) % TILES),
                  w->in + (sample * w->in_blocks + b) * w->in_voxels * BLOCK, z, tile / across,
                  tile % across, next - tile);
    }
}

/* One of the four rows that the plane after next reads: while memory has nothing to do. */
INLINE void fetch(const work *w, int64_t sample, int64_t z, int64_t first, int64_t last, int q)
{
    const int64_t across = w->tiles.tiles[2];
    for (int64_t tile = first, next; tile < last; tile = next) {
        next = row_end(w, tile, last);
        for (int64_t b = 0; b < w->in_blocks; b++)
            winograd_fetch(&w->inputs,
                           (const float *)(const void *)(w->in + (sample * w->in_blocks + b) *
                                                                     w->in_voxels * BLOCK),
                           BLOCK / 2, z, 2 * (tile / across) - w->padding[1] + q,
                           2 * (tile % across), 2 * (next - tile));
    }
}

static void plane_output(const work *w, const uint16_t *ring, float *halves, int64_t sample,
                         int64_t z, int64_t first, int64_t last)
{
    const int64_t across = w->tiles.tiles[2], panels = lar_piece_count(last - first, TILES);
    const int64_t tap = w->in_blocks * BLOCK * 4 * BLOCK, step = PANELS * 2 * TILES * BLOCK;
    const int64_t start = z - w->padding[0], left = w->inputs.size[0] - start;
    const int low = start < 0 ? (int)-start : 0, high = left < 3 ? (int)left : 3;
    for (int64_t o = 0; o < w->out_blocks; o++) {
        for (int q = 0; q < 4; q++) {
            if (o == 0) fetch(w, sample, start + 3, first, last, q);
            for (int64_t p = 0; p < panels; p++) {
                source sources[3];
                for (int k = low; k < high; k++)
                    sources[k - low] = (source){ ring + (start + k) % RING * ring_values(w) +
                                                     p * w->in_blocks * PANEL + q * PANEL / 4,
                                                 w->weights + ((o * 4 + q) * 3 + k) * tap };
                products(halves + q * step + p * 2 * TILES * BLOCK, sources, high - low,
                         w->in_blocks);
            }
        }
        for (int64_t tile = first, next; tile < last; tile = next) {
            const int slot = (int)((tile - first) % TILES);
            next = row_end(w, tile, last);
            if (next > tile + TILES - slot) next = tile + TILES - slot;
            const int64_t block = sample * w->out_blocks + o;
            output(w, w->out + block * w->out_voxels * BLOCK,
                   halves + ((tile - first) / TILES * 2 * TILES + slot) * BLOCK, step, z,
                   tile / across, tile % across, (int)(next - tile), w->after, block * BLOCK);
        }
    }
}

/* One group of panels up along some planes. */
static lar_status piece(void *arg, int64_t number, int64_t begin, int64_t end)
{
    (void)number;
    (void)end;
    const work *w = arg;
    const int64_t sample = begin / (w->groups * w->lengths);
    const int64_t z_first = begin / w->groups % w->lengths * PLANES;
    const int64_t first = begin % w->groups * PANELS * TILES;
    const int64_t all = w->tiles.tiles[1] * w->tiles.tiles[2];
    const int64_t last = first + PANELS * TILES < all ? first + PANELS * TILES : all;
    const int64_t depth = w->tiles.size[0];
    const int64_t z_end = z_first + PLANES < depth ? z_first + PLANES : depth;
    uint16_t *ring = w->scratch + lar_thread_number() * thread_values(w);
    float *halves = (float *)(void *)(ring + RING * ring_values(w));
    plane_input(w, ring, sample, z_first - w->padding[0], first, last);
    plane_input(w, ring, sample, z_first - w->padding[0] + 1, first, last);
    for (int64_t z = z_first; z < z_end; z++) {
        plane_input(w, ring, sample, z - w->padding[0] + 2, first, last);
        plane_output(w, ring, halves, sample, z, first, last);
    }
    return LAR_OK;
}

/* G along y and x of three planes of nine taps: [plane][16]. */
static void frequencies(double to[48], const double taps[27])
{
    for (int z = 0; z < 3; z++) {
        double a[12];
        for (int x = 0; x < 3; x++) {
            const double *t = taps + 9 * z + x, even = t[0] + t[6];
            a[x] = t[0];
            a[3 + x] = (even + t[3]) / 2;
            a[6 + x] = (even - t[3]) / 2;
            a[9 + x] = t[6];
        }
        for (int y = 0; y < 4; y++) {
            const double *t = a + 3 * y, even = t[0] + t[2];
            double *f = to + 16 * z + 4 * y;
            f[0] = t[0];
            f[1] = (even + t[1]) / 2;
            f[2] = (even - t[1]) / 2;
            f[3] = t[2];
        }
    }
}

static uint16_t rounded(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (uint16_t)(x == x ? (bits + 0x7fff + (bits >> 16 & 1)) >> 16 : bits >> 16 | 0x40);
}

/* [out block][y frequency][z tap][in block][pair of channels][x frequency][block][2] */
static void pack(const lar_conv_shape *s, int block, int pass, const float *weights, void *packed)
{
    (void)block;
    const bool data = pass == LAR_CONV_DATA;
    const int64_t in = data ? s->out : s->in, out = data ? s->in : s->out;
    uint16_t *to = packed;
    for (int64_t o = 0; o < out; o++)
        for (int64_t i = 0; i < in; i++) {
            const float *from = weights + (data ? i * out + o : o * in + i) * 27;
            double taps[27], f[48];
            for (int n = 0; n < 27; n++) taps[n] = (double)from[data ? 26 - n : n];
            frequencies(f, taps);
            for (int n = 0; n < 48; n++) {
                const int64_t yz = (o / BLOCK * 4 + n / 4 % 4) * 3 + n / 16;
                to[((yz * in / 2 + i / 2) * 4 + n % 4) * 2 * BLOCK + o % BLOCK * 2 + i % 2] =
                    rounded((float)f[n]);
            }
        }
}

/* How often a tap along an axis meets a voxel that is there. */
static int64_t meetings(const work *w, int axis)
{
    const int64_t to = w->tiles.size[axis], from = w->inputs.size[axis];
    int64_t count = 0;
    for (int64_t k = 0; k < 3; k++) {
        const int64_t first = w->padding[axis] - k, end = from + first < to ? from + first : to;
        const int64_t begin = first > 0 ? first : 0;
        if (end > begin) count += end - begin;
    }
    return count;
}

/* As winograd_forward.c: more taps inside than products, with what packing takes. Any padding:
 * slabs bring their margins with them. */
static bool runs(const lar_conv_shape *s, int block, int pass)
{
    lar_conv_shape same = *s;
    for (int a = 0; a < 3; a++) {
        if (s->padding[a] > 2) return false;
        same.padding[a] = 1;
    }
    if (pass == LAR_CONV_WEIGHTS || block != BLOCK || s->type != LAR_BFLOAT16 ||
        !winograd_fits(&same, 1) || !lar_direct_has_pairs())
        return false;
    const work w = work_of(s, pass);
    const int64_t panels = lar_piece_count(w.tiles.tiles[1] * w.tiles.tiles[2], TILES);
    return 16 * (panels * TILES + 24) < meetings(&w, 1) * meetings(&w, 2);
}

static size_t packed_bytes(const lar_conv_shape *s, int block, int pass)
{
    (void)block;
    (void)pass;
    return (size_t)(s->in * s->out * 48) * sizeof(uint16_t);
}

static size_t scratch(const lar_conv_shape *s, int block, int pass)
{
    const work w = work_of(s, pass);
    return (size_t)(lar_threads_get() * thread_values(&w) + w.inputs.size[2] * block) *
           sizeof(uint16_t);
}

static lar_status run(const lar_conv_shape *s, int block, int pass, const void *packed,
                      const void *in, void *out, const lar_term *after, bool add, void *memory)
{
    work w = work_of(s, pass);
    w.weights = packed;
    w.in = in;
    w.out = out;
    w.after = after;
    w.add = add;
    w.scratch = memory;
    w.zeros = w.scratch + lar_threads_get() * thread_values(&w);
    memset(w.zeros, 0, (size_t)(w.inputs.size[2] * block) * sizeof *w.zeros);
    return lar_parallel(s->batch * w.groups * w.lengths, 1, piece, &w);
}

const lar_conv_kernel lar_conv_winograd_bfloat16 = { .name = "winograd in two axes",
                                                     .runs = runs,
                                                     .packed = packed_bytes,
                                                     .scratch = scratch,
                                                     .pack = pack,
                                                     .run = run };
#else
static bool runs(const lar_conv_shape *s, int block, int pass)
{
    (void)s, (void)block, (void)pass;
    return false;
}

const lar_conv_kernel lar_conv_winograd_bfloat16 = { .name = "none", .runs = runs };
#endif
