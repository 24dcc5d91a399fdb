/* Convolutions in bfloat16 with AMX, tap by tap, forward and for the gradient of the input: any
 * kernel up to 7x7x7, dilation and padding, stride 1. Outputs that are a dilation apart read the
 * same inputs and no others read those, so a tensor falls apart into classes, each a convolution
 * without dilation. Rows of a class are copied into planes with zeros around, one after the other,
 * the classes along x too: then a tap is a distance, the same for all positions, and 16 positions
 * one behind the other are a tile, whatever row they are of. What comes out at the ends of rows is
 * dropped. SPDX-License-Identifier: Apache-2.0 */
#include "tensor/kernels/amx.h"
#include "tensor/kernels/amx_axis.h"
#include "tensor/kernels/amx_tile.h"
#include "tensor/kernels/direct_rows.h"
#include "tensor/kernels/kernels.h"
#include "tensor/kernels/voxel.h"

#ifdef __x86_64__
#include <immintrin.h>

#define PAIRS        __attribute__((target("avx512bf16,avx512bw,avx512vl,avx512f")))
#define PAIRS_INLINE PAIRS static inline __attribute__((always_inline))
enum {
    BLOCK = 16,
    VOXEL = 32,       /* bytes of one block */
    RING = 512 << 10, /* bytes of planes that are kept, about: a part of a second-level cache */
    RUN = 32          /* planes of output of a piece */
};

/* Where row elements come from and go to. */
typedef struct copy {
    int32_t at, x;
} copy;

typedef struct work {
    const lar_conv_shape *s;
    axis z, y, x;
    int64_t from_blocks, to_blocks;    /* of one group */
    int64_t pitch, positions;          /* of a row; of a plane with what is read beyond its end */
    int64_t rows, strips, runs, steps; /* of a strip; per class */
    lar_amx_sum sum;                   /* but for its planes */
    const char *weights, *in;
    uint16_t *out;
    const lar_term *after;
    bool add, stream; /* past the caches */
    bool in_place;    /* planes of the input are read where they lie */
    char *scratch; /* of each thread: planes, copies, and the output's x of each position or -1 */
} work;

static bool dense(const axis *a)
{
    return a->dilation == 1 && a->padding == 0 && a->from == a->to + a->kernel - 1;
}

/* The position behind the last that there is an output for. */
static int64_t plane_end(const work *w)
{
    return (w->y.to - 1) * w->pitch + w->x.to;
}

static work work_of(const lar_conv_shape *s, int pass)
{
    const int64_t in = s->in / s->groups / BLOCK, out = s->out / s->groups / BLOCK;
    work w = { .s = s,
               .z = axis_of(s, 0, pass),
               .y = axis_of(s, 1, pass),
               .x = axis_of(s, 2, pass),
               .from_blocks = pass == LAR_CONV_DATA ? out : in,
               .to_blocks = pass == LAR_CONV_DATA ? in : out };
    w.pitch = pitch_of(&w.x);
    const int64_t most = outputs(&w.y, 0), row = w.z.kernel * w.from_blocks * w.pitch * VOXEL;
    int64_t rows = RING / row - (w.y.kernel - 1);
    if (rows < 4) rows = 4;
    w.strips = lar_piece_count(most, rows);
    w.rows = lar_piece_count(most, w.strips);
    w.runs = lar_piece_count(outputs(&w.z, 0), RUN);
    w.positions = (w.rows + w.y.kernel - 1) * w.pitch + LAR_AMX_POSITIONS + w.x.kernel;
    w.sum = (lar_amx_sum){ .pairs = w.from_blocks / 2,
                           .pair_bytes = w.positions * 2 * VOXEL,
                           .odd = w.from_blocks % 2,
                           .kernel = { w.y.kernel, w.x.kernel },
                           .pitch = w.pitch };
    w.steps = lar_amx_steps(&w.sum);
    /* no zeros, no classes; what lies behind a row is read, but never behind a plane */
    w.in_place = w.from_blocks == 1 && w.pitch == w.x.from && dense(&w.z) && dense(&w.y) &&
                 dense(&w.x) && plane_end(&w) >= LAR_AMX_POSITIONS;
    return w;
}

static int64_t plane_bytes(const work *w) /* of copies */
{
    return w->in_place ? 0 : w->from_blocks * w->positions * VOXEL;
}

static int64_t thread_bytes(const work *w)
{
    const int64_t tables = w->x.from * (int64_t)sizeof(copy) + w->pitch * (int64_t)sizeof(int32_t);
    return (w->z.kernel * plane_bytes(w) + tables + 63) / 64 * 64;
}

/* What one thread knows of its piece. */
typedef struct piece {
    int64_t sample, group, z_class, y_class, y_first, rows; /* first and count: of the class */
    char *planes;
    copy *copies;
    int64_t count; /* of copies */
    int32_t *to_x;
} piece;

static void fill_tables(const work *w, piece *p)
{
    int64_t at = 0;
    p->count = 0;
    for (int64_t n = 0; n < w->pitch; n++) p->to_x[n] = -1;
    for (int64_t r = 0; r < classes(&w->x); r++) {
        const int64_t count = outputs(&w->x, r);
        if (r > 0) at = next_class(&w->x, r, at);
        for (int64_t n = 0; n < count; n++) p->to_x[at + n] = (int32_t)(r + n * w->x.dilation);
        for (int64_t n = 0; n < count + w->x.kernel - 1; n++) {
            const int64_t x = input(&w->x, r, n);
            if (x >= 0) p->copies[p->count++] = (copy){ (int32_t)(at + n), (int32_t)x };
        }
    }
}

/* One row of one block. The next one is asked for meanwhile. */
PAIRS static void copy_row(const piece *p, char *to, int64_t step, const char *row,
                           const char *next)
{
    for (int64_t n = 0; n < p->count; n++) {
        const copy c = p->copies[n];
        __builtin_prefetch(next + c.x * VOXEL);
        _mm256_storeu_si256((__m256i *)(to + c.at * step),
                            _mm256_loadu_si256((const __m256i *)(row + c.x * VOXEL)));
    }
}

/* Plane z of the input. */
static void copy_plane(const work *w, const piece *p, char *plane, int64_t z)
{
    for (int64_t b = 0; b < w->from_blocks; b++) {
        const bool pair = b / 2 < w->sum.pairs;
        const int64_t step = pair ? 2 * VOXEL : VOXEL;
        const int64_t block = (p->sample * w->s->groups + p->group) * w->from_blocks + b;
        const char *from = w->in + (block * w->z.from + z) * w->y.from * w->x.from * VOXEL;
        char *to = plane + b / 2 * w->sum.pair_bytes + (pair ? b % 2 * VOXEL : 0);
        for (int64_t n = 0; n < p->rows + w->y.kernel - 1; n++) {
            const int64_t y = input(&w->y, p->y_class, p->y_first + n);
            const int64_t next = input(&w->y, p->y_class, p->y_first + n + 1);
            const char *row = from + y * w->x.from * VOXEL;
            if (y >= 0)
                copy_row(p, to + n * w->pitch * step, step, row,
                         next < 0 ? row : from + next * w->x.from * VOXEL);
        }
    }
}

typedef struct finish {
    bool change, add, stream;
    __m512 before, after, scale, shift;
} finish;

PAIRS_INLINE __m512 load(const uint16_t *voxel)
{
    const __m256i bits = _mm256_loadu_si256((const __m256i *)voxel);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
}

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
    const __m256i halves = (__m256i)_mm512_cvtneps_pbh(value);
    if (f->stream)
        _mm256_stream_si256((__m256i *)out, halves);
    else
        _mm256_storeu_si256((__m256i *)out, halves);
}

/* Sums of `count` positions from `position` on, of block `o` of the group, into plane z. */
PAIRS static void keep(const work *w, const piece *p, const float *sums, int64_t position,
                       int64_t count, int64_t o, int64_t z)
{
    const lar_term *a = w->after;
    const int64_t block = (p->sample * w->s->groups + p->group) * w->to_blocks + o;
    const finish f = {
        .change = a != NULL,
        .add = w->add,
        .stream = w->stream,
        .before = _mm512_set1_ps(a ? a->before : 1),
        .after = _mm512_set1_ps(a ? a->after : 1),
        .scale = a && a->scale ? _mm512_loadu_ps(a->scale + block * BLOCK) : _mm512_set1_ps(1),
        .shift = a && a->shift ? _mm512_loadu_ps(a->shift + block * BLOCK) : _mm512_setzero_ps()
    };
    const int64_t end = p->rows * w->pitch, width = w->x.to * BLOCK;
    if (count > end - position) count = end - position;
    int64_t row = position / w->pitch, x = position % w->pitch;
    const int64_t y = p->y_class + (p->y_first + row) * w->y.dilation;
    uint16_t *out = w->out + ((block * w->z.to + z) * w->y.to + y) * width;
    for (int64_t n = 0; n < count; n++, sums += BLOCK) {
        if (p->to_x[x] >= 0) store(out + p->to_x[x] * BLOCK, _mm512_loadu_ps(sums), &f);
        if (++x == w->pitch) {
            x = 0;
            out += w->y.dilation * width;
        }
    }
}

/* Where plane n of the class of the input is. */
static const char *plane_at(const work *w, const piece *p, int64_t n)
{
    const int64_t sample = p->sample * w->s->groups + p->group, slot = n % w->z.kernel;
    if (!w->in_place) return p->planes + slot * plane_bytes(w);
    return w->in + ((sample * w->z.from + n) * w->y.from + p->y_first) * w->x.from * VOXEL;
}

/* Plane n of the class from those planes of the input that there are. */
static void sum_plane(const work *w, const piece *p, int64_t n)
{
    const int64_t end = p->rows * w->pitch, block = w->z.kernel * w->steps * LAR_AMX_TILE;
    const int64_t z = p->z_class + n * w->z.dilation, all = LAR_AMX_POSITIONS, half = all / 2;
    const int64_t last = (w->in_place ? plane_end(w) - p->y_first * w->pitch : w->positions) - all;
    float sums[LAR_AMX_POSITIONS * BLOCK] __attribute__((aligned(64)));
    lar_amx_sum s = w->sum;
    int64_t first = 0;
    for (int64_t k = 0; k < w->z.kernel; k++)
        if (input(&w->z, p->z_class, n + k) >= 0) {
            if (s.count == 0) first = k;
            s.planes[s.count++] = plane_at(w, p, n + k);
        }
    const char *weights =
        w->weights + p->group * w->to_blocks * block + first * w->steps * LAR_AMX_TILE;
    const int64_t twos = s.odd ? 0 : w->to_blocks / 2 * 2;
    for (int64_t at = 0; at < end; at += all) {
        for (int64_t o = 0; o < twos; o += 2)
            for (int64_t part = at; part < at + all && part < end; part += half) {
                lar_amx_sum_two(sums, &s, part, weights + o * block, block);
                keep(w, p, sums, part, half, o, z);
                keep(w, p, sums + half * BLOCK, part, half, o + 1, z);
            }
        const int64_t early = at > last ? at - last : 0; /* some are there already */
        for (int64_t o = twos; o < w->to_blocks && early < all; o++) {
            lar_amx_sum_one(sums, &s, at - early, weights + o * block);
            keep(w, p, sums + early * BLOCK, at, all - early, o, z);
        }
    }
}

/* One strip of rows of one class, up along some planes. */
static lar_status pieces(void *arg, int64_t number, int64_t begin, int64_t end)
{
    const work *w = arg;
    int64_t rest = begin;
    (void)number, (void)end;
    const int64_t strip = rest % w->strips;
    rest /= w->strips;
    piece p = { .y_first = strip * w->rows };
    p.y_class = rest % classes(&w->y);
    rest /= classes(&w->y);
    const int64_t run = rest % w->runs;
    rest /= w->runs;
    p.z_class = rest % classes(&w->z);
    rest /= classes(&w->z);
    p.group = rest % w->s->groups;
    p.sample = rest / w->s->groups;
    p.rows = outputs(&w->y, p.y_class) - p.y_first;
    if (p.rows > w->rows) p.rows = w->rows;
    const int64_t z_first = run * RUN, planes = outputs(&w->z, p.z_class) - z_first;
    const int64_t z_last = z_first + (planes < RUN ? planes : RUN);
    if (p.rows <= 0 || planes <= 0) return LAR_OK;

    p.planes = w->scratch + lar_thread_number() * thread_bytes(w);
    p.copies = (void *)(p.planes + w->z.kernel * plane_bytes(w));
    p.to_x = (void *)(p.copies + w->x.from);
    fill_tables(w, &p);
    memset(p.planes, 0, (size_t)(w->z.kernel * plane_bytes(w)));
    lar_amx_begin(&w->sum);
    for (int64_t n = z_first; n < z_last + w->z.kernel - 1; n++) {
        const int64_t z = input(&w->z, p.z_class, n);
        if (z >= 0 && !w->in_place)
            copy_plane(w, &p, p.planes + n % w->z.kernel * plane_bytes(w), z);
        if (n >= z_first + w->z.kernel - 1) sum_plane(w, &p, n - w->z.kernel + 1);
    }
    lar_amx_end();
    if (w->stream) _mm_sfence();
    return LAR_OK;
}

static bool runs(const lar_conv_shape *s, int block, int pass)
{
    bool fits = pass != LAR_CONV_WEIGHTS && block == BLOCK && s->type == LAR_BFLOAT16 && !s->planar;
    for (int a = 0; a < 3; a++) fits = fits && s->stride[a] == 1 && s->kernel[a] <= LAR_AMX_KERNEL;
    return fits && lar_amx_ready() && lar_direct_has_pairs();
}

static size_t packed_bytes(const lar_conv_shape *s, int block, int pass)
{
    const work w = work_of(s, pass);
    (void)block;
    return (size_t)(w.to_blocks * s->groups * w.z.kernel * w.steps * LAR_AMX_TILE);
}

static size_t scratch(const lar_conv_shape *s, int block, int pass)
{
    const work w = work_of(s, pass);
    (void)block;
    return (size_t)(lar_threads_get() * thread_bytes(&w));
}

/* Tiles [out block][z][step], of two rows of channels [out channel][2]. */
static void pack(const lar_conv_shape *s, int block, int pass, const float *weights, void *packed)
{
    const work w = work_of(s, pass);
    const bool data = pass == LAR_CONV_DATA;
    const int64_t ins = s->in / s->groups, from = w.from_blocks * BLOCK, to = w.to_blocks * BLOCK;
    const int64_t ky = w.y.kernel, kx = w.x.kernel, taps = w.z.kernel * ky * kx;
    memset(packed, 0, packed_bytes(s, block, pass));
    for (int64_t n = 0; n < to * s->groups * from * taps; n++) {
        const int64_t tap = n % taps, f = n / taps % from, t = n / taps / from;
        const int64_t z = tap / (ky * kx), y = tap / kx % ky, x = tap % kx, pair = f / BLOCK / 2;
        const int64_t o = data ? t / to * from + f : t, i = data ? t % ins : f;
        const bool odd = pair == w.sum.pairs;
        const int64_t step =
            odd ? pair * ky * kx + y * ((kx + 1) / 2) + x / 2 : (pair * ky + y) * kx + x;
        const int64_t row = (odd ? x % 2 : f / BLOCK % 2) * BLOCK + f % BLOCK;
        uint16_t *tile = (uint16_t *)packed +
                         ((t / BLOCK * w.z.kernel + z) * w.steps + step) * (LAR_AMX_TILE / 2);
        tile[row / 2 * 2 * BLOCK + t % BLOCK * 2 + row % 2] =
            bfloat16_from_float(weights[(o * ins + i) * taps + (data ? taps - 1 - tap : tap)]);
    }
}

/* Whole lines of results that would push each other out of the caches before anybody reads them. */
static bool streams(const work *w, const void *out)
{
    enum { CACHE = 32 << 20 };
    const int64_t voxels = w->z.to * w->y.to * w->x.to;
    return !w->add && w->x.dilation == 1 && (uintptr_t)out % 64 == 0 &&
           w->s->batch * w->s->groups * w->to_blocks * voxels * VOXEL > CACHE;
}

static lar_status run(const lar_conv_shape *s, int block, int pass, const void *packed,
                      const void *in, void *out, const lar_term *after, bool add, void *memory)
{
    work w = work_of(s, pass);
    (void)block;
    w.weights = packed;
    w.in = in;
    w.out = out;
    w.after = after;
    w.add = add;
    w.stream = streams(&w, out);
    w.scratch = memory;
    const int64_t per_class = w.strips * w.runs, all = classes(&w.y) * classes(&w.z);
    return lar_parallel(s->batch * s->groups * all * per_class, 1, pieces, &w);
}

const lar_conv_kernel lar_conv_amx = { .name = "amx",
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

const lar_conv_kernel lar_conv_amx = { .name = "none", .runs = runs };
#endif
