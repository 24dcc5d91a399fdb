/* The gradient of the weights of any convolution: for each pair of blocks and each tap, products of
 * rows of the input with rows of the output's gradient (direct_rows.c). oneDNN 2.6 has this in
 * vector code for AVX-512 alone, with one float sum per thread, and in bfloat16 with copies of
 * whole tensors; here sums are float within a slab of the volume, double across slabs, the slabs do
 * not depend on the threads, and a few rows at a time are copied where the code wants another form.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tensor/kernels/direct_rows.h"
#include "tensor/kernels/kernels.h"
#include "tensor/kernels/voxel.h"

enum {
    SLABS = 32,
    PARTIAL_BYTES = 8 << 20, /* of all slabs, but there are at least LEAST of them */
    LEAST = 4,
    CHUNK = 2,   /* strips that are copied at once */
    VOXELS = 800 /* at most, or one row: of a strip, whose sums are taken in registers */
};

typedef enum form {
    FLOAT, /* float tensors, read where they are */
    WIDE,  /* bfloat16, rows copied to float */
    PAIRS  /* bfloat16, rows copied to pairs of voxels */
} form;

typedef struct work {
    const lar_conv_shape *s;
    form form;
    int block, in_block;           /* in_block 1: planar */
    int64_t in_blocks, out_blocks; /* of one group */
    int64_t taps, strip;           /* strip: rows whose sums are taken in registers */
    int64_t row_voxels;            /* of a copied row of the input: voxels, or pairs */
    int64_t first_pair;            /* the first pair of a copied row starts at this times 2 steps */
    int64_t in_rows;               /* rows of a plane that a chunk meets */
    int64_t slabs, grain, splits;  /* pieces are slabs times splits, which share output blocks */
    const void *in, *dout;
    float *partial; /* [slab][out block][in block][tap][in_block][block] */
    char *copies;   /* of each thread */
} work;

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Division that rounds down; b > 0. */
static int64_t below(int64_t a, int64_t b)
{
    return a >= 0 ? a / b : -((b - 1 - a) / b);
}

static int64_t copied_voxels(int64_t width)
{
    return (width + 1) / 2 * 2;
}

static size_t copied_bytes(const work *w)
{
    return w->form == PAIRS ? sizeof(uint16_t) : sizeof(float);
}

/* Sums of one block of output channels. */
static int64_t block_sums(const work *w)
{
    const int64_t sums = w->in_blocks * w->taps * w->in_block;
    return (w->in_block == 1 ? lar_piece_count(sums, LAR_DIRECT_TAPS) * LAR_DIRECT_TAPS : sums) *
           w->block;
}

static int64_t partial_sums(const work *w)
{
    return w->s->groups * w->out_blocks * block_sums(w);
}

/* Copied numbers of a row of the output's gradient, and of the rows of the input that share a tap's
 * alignment: pairs need two for odd and even taps, a planar input one for each tap along x. */
static int64_t dout_row(const work *w)
{
    return copied_voxels(w->s->out_size[2]) * w->block;
}

static int64_t alignments(const work *w)
{
    if (w->in_block == 1) return w->s->kernel[2];
    return w->form == PAIRS ? 2 * w->s->stride[2] : 1;
}

static int64_t in_row(const work *w)
{
    return alignments(w) * w->row_voxels * w->in_block *
           (w->form == PAIRS && w->in_block > 1 ? 2 : 1);
}

/* Bytes of a thread's copies: rows of the gradient, then rows of the input. */
static size_t dout_bytes(const work *w)
{
    if (w->form == FLOAT) return 0;
    return (size_t)(w->s->groups * w->out_blocks * CHUNK * w->strip * dout_row(w)) *
           copied_bytes(w);
}

static size_t in_bytes(const work *w)
{
    if (w->form == FLOAT && w->in_block > 1) return 0;
    const int64_t channels = w->in_block == 1 ? w->in_blocks : 1;
    return (size_t)(channels * w->s->kernel[0] * w->in_rows * in_row(w)) * copied_bytes(w);
}

static size_t thread_bytes(const work *w)
{
    return (dout_bytes(w) + in_bytes(w) + 63) / 64 * 64;
}

static work work_of(const lar_conv_shape *s, int block)
{
    const int64_t width = s->out_size[2], rows = s->batch * s->out_size[0] * s->out_size[1];
    work w = { .s = s, .block = block, .in_block = s->planar ? 1 : block };
    w.form = s->type == LAR_FLOAT32 ? FLOAT : block == 16 && lar_direct_has_pairs() ? PAIRS : WIDE;
    w.taps = s->kernel[0] * s->kernel[1] * s->kernel[2];
    w.in_blocks = s->in / s->groups / w.in_block;
    w.out_blocks = s->out / s->groups / block;
    w.strip = smaller(larger(1, VOXELS / width), s->out_size[1]);
    w.in_rows = (CHUNK * w.strip - 1) * s->stride[1] + s->dilation[1] * (s->kernel[1] - 1) + 1;
    if (w.in_block == 1) {
        w.row_voxels = copied_voxels(width);
    } else if (w.form == PAIRS) {
        const int64_t span = 2 * s->stride[2];
        w.first_pair = below(-s->padding[2], span);
        w.row_voxels = below(s->dilation[2] * (s->kernel[2] - 1) - s->padding[2], span) -
                       w.first_pair + copied_voxels(width) / 2;
    } else {
        w.row_voxels = s->size[2];
    }
    const int64_t fit = PARTIAL_BYTES / (partial_sums(&w) * (int64_t)sizeof(float));
    w.grain = lar_piece_count(rows, smaller(SLABS, larger(fit, LEAST)));
    if (w.grain > s->out_size[1]) /* whole planes */
        w.grain = lar_piece_count(w.grain, s->out_size[1]) * s->out_size[1];
    w.slabs = lar_piece_count(rows, w.grain);
    w.splits = smaller(s->groups * w.out_blocks, lar_piece_count(SLABS, w.slabs));
    return w;
}

/* Rows of the output's gradient, and where their copies and the sums are. */
typedef struct chunk {
    const work *w;
    int64_t n, z, y, rows;      /* `rows` from y on, of plane z of sample n */
    int64_t first_out, end_out; /* blocks of output channels, of all groups */
    float *sums;                /* of the slab */
    char *dout, *in;            /* copies */
} chunk;

static const char *voxels_at(const work *w, const void *tensor, int64_t element)
{
    return (const char *)tensor + element * (int64_t)voxel_bytes(w->s->type);
}

static const char *in_plane(const chunk *c, int64_t block, int64_t z)
{
    const work *w = c->w;
    const int64_t *size = w->s->size;
    const int64_t blocks = w->in_blocks * w->s->groups;
    return voxels_at(w, w->in,
                     ((c->n * blocks + block) * size[0] + z) * size[1] * size[2] * w->in_block);
}

static const char *dout_at(const chunk *c, int64_t block, int64_t y)
{
    const work *w = c->w;
    const int64_t *size = w->s->out_size;
    const int64_t blocks = w->out_blocks * w->s->groups;
    return voxels_at(w, w->dout,
                     (((c->n * blocks + block) * size[0] + c->z) * size[1] + y) * size[2] *
                         w->block);
}

static void widen(float *to, const uint16_t *from, int64_t count)
{
    for (int64_t n = 0; n < count; n++) to[n] = bfloat16_to_float(from[n]);
}

static void copy_dout(const chunk *c)
{
    const work *w = c->w;
    const int64_t width = w->s->out_size[2], row = dout_row(w);
    for (int64_t o = c->first_out; o < c->end_out; o++)
        for (int64_t y = 0; y < c->rows; y++) {
            const int64_t at = (o * CHUNK * w->strip + y) * row;
            const uint16_t *from = (const uint16_t *)dout_at(c, o, c->y + y);
            if (w->form == PAIRS)
                lar_direct_pair((uint16_t *)c->dout + at, from, width, 0, 1, (width + 1) / 2);
            else
                widen((float *)c->dout + at, from, width * w->block);
        }
}

/* Whether any row of the chunk meets row r of those that lie within its reach. */
static bool is_met(const chunk *c, int64_t r)
{
    const lar_conv_shape *s = c->w->s;
    for (int64_t ky = 0; ky < s->kernel[1]; ky++) {
        const int64_t y = r - ky * s->dilation[1];
        if (y >= 0 && y % s->stride[1] == 0 && y / s->stride[1] < c->rows) return true;
    }
    return false;
}

/* One row of a planar input for each tap along x, its voxels one step apart, zeros outside. */
static void copy_planar_row(const work *w, void *to, const void *row)
{
    const lar_conv_shape *s = w->s;
    const int64_t step = s->stride[2];
    memset(to, 0, (size_t)in_row(w) * copied_bytes(w));
    for (int64_t kx = 0; row && kx < s->kernel[2]; kx++) {
        const int64_t shift = kx * s->dilation[2] - s->padding[2], at = kx * w->row_voxels;
        const int64_t first = larger(0, below(-shift + step - 1, step));
        const int64_t end = smaller(s->out_size[2], below(s->size[2] - 1 - shift, step) + 1);
        if (w->form == PAIRS)
            for (int64_t x = first; x < end; x++)
                ((uint16_t *)to)[at + x] = ((const uint16_t *)row)[x * step + shift];
        else if (s->type == LAR_FLOAT32)
            for (int64_t x = first; x < end; x++)
                ((float *)to)[at + x] = ((const float *)row)[x * step + shift];
        else
            for (int64_t x = first; x < end; x++)
                ((float *)to)[at + x] =
                    bfloat16_to_float(((const uint16_t *)row)[x * step + shift]);
    }
}

static void copy_row(const work *w, void *to, const void *row)
{
    const lar_conv_shape *s = w->s;
    if (w->form == WIDE) {
        widen(to, row, s->size[2] * w->block);
        return;
    }
    const int64_t span = 2 * s->stride[2];
    for (int64_t a = 0; a < alignments(w); a++) {
        bool used = false;
        for (int64_t kx = 0; kx < s->kernel[2]; kx++)
            used = used || (kx * s->dilation[2] - s->padding[2] - a) % span == 0;
        if (used)
            lar_direct_pair((uint16_t *)to + a * w->row_voxels * 2 * w->block, row, s->size[2],
                            w->first_pair * span + a, s->stride[2], w->row_voxels);
    }
}

static int64_t first_in(const chunk *c, int axis)
{
    return (axis == 0 ? c->z : c->y) * c->w->s->stride[axis] - c->w->s->padding[axis];
}

/* Rows of one block of the input (or of one planar channel) to `to`, [kz][row]. */
static void copy_in(const chunk *c, int64_t block, char *to)
{
    const work *w = c->w;
    const lar_conv_shape *s = w->s;
    const size_t row_bytes = (size_t)in_row(w) * copied_bytes(w);
    for (int64_t kz = 0; kz < s->kernel[0]; kz++) {
        const int64_t z = first_in(c, 0) + kz * s->dilation[0];
        const bool plane = z >= 0 && z < s->size[0];
        for (int64_t r = 0; r < w->in_rows; r++) {
            const int64_t y = first_in(c, 1) + r;
            const bool inside = plane && y >= 0 && y < s->size[1];
            if (!is_met(c, r) || (!inside && w->in_block > 1)) continue;
            const void *row = inside
                                  ? in_plane(c, block, z) + (size_t)(y * s->size[2] * w->in_block) *
                                                                voxel_bytes(s->type)
                                  : NULL;
            char *at = to + (size_t)(kz * w->in_rows + r) * row_bytes;
            if (w->in_block == 1)
                copy_planar_row(w, at, row);
            else
                copy_row(w, at, row);
        }
    }
}

/* The rows of the gradient from `y` of the chunk on, wherever they are. */
static lar_direct_rows rows_of(const chunk *c, int64_t o, int64_t y)
{
    const work *w = c->w;
    if (w->form == FLOAT)
        return (lar_direct_rows){ .dout = dout_at(c, o, c->y + y),
                                  .dout_row = w->s->out_size[2] * w->block,
                                  .step = w->s->stride[2] };
    return (lar_direct_rows){ .dout = c->dout + (size_t)((o * CHUNK * w->strip + y) * dout_row(w)) *
                                                    copied_bytes(w),
                              .dout_row = dout_row(w),
                              .step = w->s->stride[2] };
}

/* One tap of a pair of blocks: rows [y, y + rows) of the chunk, where the tap meets voxels. */
static void one_tap(const chunk *c, float *sums, int64_t i, int64_t o, const int64_t k[3],
                    int64_t y, int64_t rows)
{
    const work *w = c->w;
    const lar_conv_shape *s = w->s;
    const int64_t in_z = first_in(c, 0) + k[0] * s->dilation[0];
    const int64_t shift_y = first_in(c, 1) + k[1] * s->dilation[1]; /* where chunk row 0 falls */
    const int64_t shift = k[2] * s->dilation[2] - s->padding[2], step = s->stride[2];
    const int64_t from = larger(y, below(-shift_y + s->stride[1] - 1, s->stride[1]));
    const int64_t to = smaller(y + rows, below(s->size[1] - 1 - shift_y, s->stride[1]) + 1);
    const int64_t first = larger(0, below(-shift + step - 1, step));
    const int64_t end = smaller(s->out_size[2], below(s->size[2] - 1 - shift, step) + 1);
    if (in_z < 0 || in_z >= s->size[0] || from >= to || first >= end) return;

    lar_direct_rows r = rows_of(c, o, from);
    const int64_t row = k[1] * s->dilation[1] + from * s->stride[1];
    const int64_t copied = (k[0] * w->in_rows + row) * in_row(w);
    r.rows = to - from;
    if (w->form == PAIRS) {
        const int64_t span = 2 * step, turn = below(shift, span);
        const int64_t pair = first / 2 + turn - w->first_pair;
        r.in = (const uint16_t *)c->in + copied +
               ((shift - turn * span) * w->row_voxels + pair) * 2 * w->block;
        r.in_row = s->stride[1] * in_row(w);
        r.dout = (const uint16_t *)r.dout + first / 2 * 2 * w->block;
        r.count = (end + 1) / 2 - first / 2;
        lar_direct_tile_pairs(sums, &r);
        return;
    }
    const int64_t voxel = first * step + shift;
    if (w->form == WIDE)
        r.in = (const float *)c->in + copied + voxel * w->block;
    else
        r.in = (const float *)in_plane(c, i, in_z) +
               ((shift_y + from * s->stride[1]) * s->size[2] + voxel) * w->block;
    r.in_row = s->stride[1] * s->size[2] * w->block;
    r.dout = (const float *)r.dout + first * w->block;
    r.count = end - first;
    lar_direct_tile(w->block, sums, &r);
}

/* All taps of a pair of blocks, a strip of rows after the other. */
static void blocks_pair(const chunk *c, int64_t i, int64_t o)
{
    const work *w = c->w;
    const int64_t *kernel = w->s->kernel;
    float *sums = c->sums + o * block_sums(w) + i % w->in_blocks * w->taps * w->in_block * w->block;
    for (int64_t y = 0; y < c->rows; y += w->strip)
        for (int64_t t = 0; t < w->taps; t++) {
            const int64_t k[3] = { t / (kernel[1] * kernel[2]), t / kernel[2] % kernel[1],
                                   t % kernel[2] };
            one_tap(c, sums + t * w->in_block * w->block, i, o, k, y,
                    smaller(w->strip, c->rows - y));
        }
}

/* All taps of all planar channels with one block of output channels; the copied rows have zeros
 * where there is no voxel. */
static void planar_block(const chunk *c, int64_t o)
{
    const work *w = c->w;
    const lar_conv_shape *s = w->s;
    const int64_t total = w->in_blocks * w->taps, row = in_row(w);
    for (int64_t y = 0; y < c->rows; y += w->strip) {
        lar_direct_rows r = rows_of(c, o, y);
        r.in_row = s->stride[1] * row;
        r.rows = smaller(w->strip, c->rows - y);
        r.count = w->form == PAIRS ? (s->out_size[2] + 1) / 2 : s->out_size[2];
        for (int64_t first = 0; first < total; first += LAR_DIRECT_TAPS) {
            int64_t at[LAR_DIRECT_TAPS];
            for (int64_t t = 0; t < LAR_DIRECT_TAPS; t++) {
                const int64_t tap =
                    smaller(first + t, total - 1); /* what is over has its own sum */
                const int64_t plane = tap / (s->kernel[1] * s->kernel[2]); /* of all channels */
                at[t] = (plane * w->in_rows + tap / s->kernel[2] % s->kernel[1] * s->dilation[1] +
                         y * s->stride[1]) *
                            row +
                        tap % s->kernel[2] * w->row_voxels;
            }
            float *sums = c->sums + o * block_sums(w) + first * w->block;
            if (w->form == PAIRS) {
                const uint16_t *in[LAR_DIRECT_TAPS];
                for (int t = 0; t < LAR_DIRECT_TAPS; t++) in[t] = (const uint16_t *)c->in + at[t];
                lar_direct_taps_pairs(sums, in, &r);
            } else {
                const float *in[LAR_DIRECT_TAPS];
                for (int t = 0; t < LAR_DIRECT_TAPS; t++) in[t] = (const float *)c->in + at[t];
                lar_direct_taps(w->block, sums, in, &r);
            }
        }
    }
}

static void one_chunk(const chunk *c)
{
    const work *w = c->w;
    if (w->form != FLOAT) copy_dout(c);
    if (w->in_block == 1) {
        for (int64_t i = 0; i < w->in_blocks; i++)
            copy_in(c, i,
                    c->in +
                        (size_t)(i * w->s->kernel[0] * w->in_rows * in_row(w)) * copied_bytes(w));
        for (int64_t o = c->first_out; o < c->end_out; o++) planar_block(c, o);
        return;
    }
    for (int64_t i = 0; i < w->in_blocks * w->s->groups; i++) {
        const int64_t group = i / w->in_blocks;
        const int64_t first = larger(c->first_out, group * w->out_blocks);
        const int64_t end = smaller(c->end_out, (group + 1) * w->out_blocks);
        if (first >= end) continue;
        if (w->form != FLOAT) copy_in(c, i, c->in);
        for (int64_t o = first; o < end; o++) blocks_pair(c, i, o);
    }
}

static lar_status pieces(void *arg, int64_t number, int64_t begin, int64_t end)
{
    const work *w = arg;
    const int64_t *size = w->s->out_size;
    const int64_t slab = number / w->splits, split = number % w->splits;
    const int64_t blocks = w->s->groups * w->out_blocks;
    const int64_t end_row = smaller((slab + 1) * w->grain, w->s->batch * size[0] * size[1]);
    char *copies = w->copies + (size_t)lar_thread_number() * thread_bytes(w);
    (void)begin, (void)end;
    chunk c = { .w = w,
                .first_out = blocks * split / w->splits,
                .end_out = blocks * (split + 1) / w->splits,
                .sums = w->partial + slab * partial_sums(w),
                .dout = copies,
                .in = copies + dout_bytes(w) };
    memset(c.sums + c.first_out * block_sums(w), 0,
           (size_t)((c.end_out - c.first_out) * block_sums(w)) * sizeof *c.sums);
    for (int64_t row = slab * w->grain; row < end_row; row += c.rows) {
        c.n = row / (size[0] * size[1]);
        c.z = row / size[1] % size[0];
        c.y = row % size[1];
        c.rows = smaller(smaller(CHUNK * w->strip, size[1] - c.y), end_row - row);
        one_chunk(&c);
    }
    return LAR_OK;
}

typedef struct combination {
    const work *w;
    float *gradient; /* (out, in / groups, taps) */
} combination;

/* The sums of blocks of output channels, from all slabs. */
static lar_status combine(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    enum { MOST = 16 * 16 };
    const combination *c = arg;
    const work *w = c->w;
    const int64_t ins = w->s->in / w->s->groups, block = w->block, in_block = w->in_block;
    (void)piece;
    for (int64_t o = begin; o < end; o++)
        for (int64_t i = 0; i < w->in_blocks; i++)
            for (int64_t t = 0; t < w->taps; t++) {
                double sums[MOST] = { 0 };
                for (int64_t p = 0; p < w->slabs; p++) {
                    const float *from = w->partial + p * partial_sums(w) + o * block_sums(w) +
                                        (i * w->taps + t) * in_block * block;
                    for (int64_t n = 0; n < in_block * block; n++) sums[n] += (double)from[n];
                }
                for (int64_t n = 0; n < in_block * block; n++)
                    c->gradient[((o * block + n % block) * ins + i * in_block + n / block) *
                                    w->taps +
                                t] = (float)sums[n];
            }
    return LAR_OK;
}

static bool runs(const lar_conv_shape *s, int block, int pass)
{
    (void)s;
    return pass == LAR_CONV_WEIGHTS && (block == 16 || block == 8);
}

static size_t packed(const lar_conv_shape *s, int block, int pass)
{
    (void)s, (void)block, (void)pass;
    return 0;
}

static size_t partial_bytes(const work *w)
{
    return ((size_t)(w->slabs * partial_sums(w)) * sizeof(float) + 63) / 64 * 64;
}

static size_t scratch_bytes(const lar_conv_shape *s, int block, int pass)
{
    const work w = work_of(s, block);
    (void)pass;
    return partial_bytes(&w) + (size_t)lar_threads_get() * thread_bytes(&w);
}

static void pack(const lar_conv_shape *s, int block, int pass, const float *weights, void *to)
{
    (void)s, (void)block, (void)pass, (void)weights, (void)to;
}

static lar_status run(const lar_conv_shape *s, int block, int pass, const void *in,
                      const void *dout, void *out, const lar_term *after, bool add, void *scratch)
{
    work w = work_of(s, block);
    combination c = { &w, out };
    (void)pass, (void)after, (void)add;
    w.in = in;
    w.dout = dout;
    w.partial = scratch;
    w.copies = (char *)scratch + partial_bytes(&w);
    const lar_status status = lar_parallel(w.slabs * w.splits, 1, pieces, &w);
    if (status != LAR_OK) return status;
    return lar_parallel(s->out / block, 1, combine, &c);
}

const lar_conv_kernel lar_conv_direct_weights = {
    .name = "direct weights",
    .runs = runs,
    .packed = packed,
    .scratch = scratch_bytes,
    .pack = pack,
    .run = run,
};
