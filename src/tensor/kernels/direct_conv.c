/* Convolutions tap by tap, forward and for the gradient of the input, in any shape over blocked
 * layouts: what oneDNN 2.6 has only slow code for, or code that wants a copy of a tensor, or cannot
 * finish with a norm and a residual. A few voxels of one block of output channels are summed in
 * registers over all taps and input channels (direct_tile.c), so that each is rounded once.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tensor/kernels/direct_finish.h"
#include "tensor/kernels/direct_rows.h"
#include "tensor/kernels/kernels.h"

/* `from` is summed into `to`: input and output, or the other way round with LAR_CONV_DATA. There,
 * voxels of `to` that are a stride apart meet the same taps, so that a row is done in phases. */
typedef struct work {
    const lar_conv_shape *s;
    bool data, pairs;
    int block;
    const int64_t *from_size, *to_size;
    int64_t from_blocks, to_blocks; /* of one group */
    int64_t taps, step, phases;     /* along x: voxels of `from` per voxel, phases of `to` */
    int pitch;                      /* of voxels as the sums read them: the step, or 1 */
    const char *weights;            /* [to block][from block][tap][from channel][to channel] */
    const void *in;
    direct_finish finish;
    char *scratch;
} work;

static work work_of(const lar_conv_shape *s, int block, int pass)
{
    const bool data = pass == LAR_CONV_DATA;
    return (work){ .s = s,
                   .data = data,
                   .pairs = s->type == LAR_BFLOAT16 && block == 16 && lar_direct_has_pairs(),
                   .block = block,
                   .finish = { .type = s->type, .block = block },
                   .from_size = data ? s->out_size : s->size,
                   .to_size = data ? s->size : s->out_size,
                   .from_blocks = (data ? s->out : s->in) / s->groups / block,
                   .to_blocks = (data ? s->in : s->out) / s->groups / block,
                   .taps = s->kernel[0] * s->kernel[1] * s->kernel[2],
                   .step = data ? 1 : s->stride[2],
                   .phases = data ? s->stride[2] : 1,
                   .pitch = !data && s->stride[2] == 2 ? 2 : 1 };
}

/* Bytes of a number of the copied voxels and of the weights. */
static size_t number_bytes(const work *w)
{
    return w->pairs ? sizeof(uint16_t) : sizeof(float);
}

static size_t copy_bytes(const work *w)
{
    return (size_t)(LAR_DIRECT_VOXELS * w->pitch * w->block) * number_bytes(w);
}

/* A tap and a row of one block of `from`: voxel 0 of a phase of `to` meets voxel x of it. */
typedef struct meeting {
    const char *row;
    int64_t x, weights;
} meeting;

static size_t thread_bytes(const work *w)
{
    return (size_t)(w->from_blocks * w->taps) *
           (copy_bytes(w) + sizeof(meeting) + sizeof(lar_direct_source));
}

/* Along one axis: the voxel of `from` that a tap joins to `voxel` of `to`, -1 where none. */
static int64_t meet(const work *w, int axis, int64_t voxel, int64_t tap)
{
    const lar_conv_shape *s = w->s;
    const int64_t shift = tap * s->dilation[axis] - s->padding[axis], stride = s->stride[axis];
    int64_t at = voxel * stride + shift;
    if (w->data) at = (voxel - shift) % stride == 0 ? (voxel - shift) / stride : -1;
    return at < w->from_size[axis] ? at : -1;
}

/* Voxels of `to` whose sums are taken together: from `first` of a phase of row (z, y) on. */
typedef struct tile {
    int64_t n, z, y, phase, first, group;
    int voxels;
    int64_t count; /* of meetings */
    meeting *meetings;
    lar_direct_source *sources;
    char *copies;
} tile;

/* Row (z, y) of one block of `from`. */
static const char *row_of(const work *w, const tile *t, int64_t block, int64_t z, int64_t y)
{
    const int64_t *size = w->from_size;
    const int64_t plane = (t->n * w->s->groups + t->group) * w->from_blocks + block;
    return (const char *)w->in + ((plane * size[0] + z) * size[1] + y) * size[2] * w->block *
                                     (int64_t)voxel_bytes(w->s->type);
}

/* One voxel, or zeros. */
static void copy_voxel(const work *w, char *to, const char *from)
{
    const size_t bytes = (size_t)w->block * number_bytes(w);
    if (!from)
        memset(to, 0, bytes);
    else if (w->pairs || w->s->type == LAR_FLOAT32)
        for (size_t b = 0; b < bytes; b += 32) memcpy(to + b, from + b, 32);
    else
        for (int c = 0; c < w->block; c++)
            ((float *)to)[c] = bfloat16_to_float(((const uint16_t *)from)[c]);
}

/* The tile's voxels of a row of `from` that start at x, zeros outside. */
static const void *copy(const work *w, const tile *t, int64_t count, const char *row, int64_t x)
{
    const size_t bytes = (size_t)(w->pitch * w->block) * number_bytes(w);
    const int64_t voxel = w->block * (int64_t)voxel_bytes(w->s->type);
    char *to = t->copies + (size_t)count * copy_bytes(w);
    for (int v = 0; v < t->voxels; v++, x += w->step)
        copy_voxel(w, to + (size_t)v * bytes,
                   x >= 0 && x < w->from_size[2] ? row + x * voxel : NULL);
    return to;
}

/* Taps of a row of `from`, the ones that begin at `tap`. */
static void meet_row(const work *w, tile *t, int64_t block, const char *row, int64_t tap)
{
    const lar_conv_shape *s = w->s;
    for (int64_t kx = 0; kx < s->kernel[2]; kx++) {
        const int64_t shift = kx * s->dilation[2] - s->padding[2];
        if (w->data && (t->phase - shift) % w->phases != 0) continue;
        t->meetings[t->count++] = (meeting){ row, w->data ? (t->phase - shift) / w->phases : shift,
                                             (block * w->taps + tap + kx) * w->block * w->block };
    }
}

/* All that is summed into a phase of row (z, y). */
static void meet_all(const work *w, tile *t)
{
    const int64_t *kernel = w->s->kernel;
    t->count = 0;
    for (int64_t kz = 0; kz < kernel[0]; kz++)
        for (int64_t ky = 0; ky < kernel[1]; ky++) {
            const int64_t z = meet(w, 0, t->z, kz), y = meet(w, 1, t->y, ky);
            for (int64_t block = 0; z >= 0 && y >= 0 && block < w->from_blocks; block++)
                meet_row(w, t, block, row_of(w, t, block, z, y), (kz * kernel[1] + ky) * kernel[2]);
        }
}

static int64_t tile_sources(const work *w, const tile *t)
{
    const bool as_is = w->step == w->pitch && (w->pairs || w->s->type == LAR_FLOAT32);
    const int64_t voxel = w->block * (int64_t)voxel_bytes(w->s->type), width = w->from_size[2];
    const int64_t begin = t->first * w->step, reach = (t->voxels - 1) * w->step;
    int64_t count = 0;
    for (int64_t n = 0; n < t->count; n++) {
        const meeting *m = &t->meetings[n];
        const int64_t x = m->x + begin;
        if (x + reach < 0 || x >= width) continue;
        t->sources[count] = (lar_direct_source){ as_is && x >= 0 && x + reach < width
                                                     ? m->row + x * voxel
                                                     : copy(w, t, count, m->row, x),
                                                 m->weights };
        count++;
    }
    return count;
}

/* From sums to the tensor; `block` is one of all groups. */
static void finish(const work *w, const tile *t, int64_t block, float *sums)
{
    const values_code *code = lar_values_code();
    const int64_t channels = w->to_blocks * w->s->groups * w->block, *size = w->to_size;
    const int64_t channel = t->n * channels + block * w->block;
    const int64_t row = ((t->n * channels / w->block + block) * size[0] + t->z) * size[1] + t->y;
    const int64_t offset = (row * size[2] + t->phase + t->first * w->phases) * w->block;
    const int lanes = t->voxels * w->block;
    direct_finish_term(&w->finish, channel, sums, t->voxels);
    direct_finish_add(&w->finish, channel, offset, sums, t->voxels);
    if (w->phases == 1)
        code->keep(w->s->type, w->finish.out, offset, sums, lanes);
    else
        for (int v = 0; v < t->voxels; v++)
            code->keep(w->s->type, w->finish.out, offset + v * w->phases * w->block,
                       sums + v * w->block, w->block);
}

static void one_tile(const work *w, const tile *t)
{
    const int64_t block_numbers = w->from_blocks * w->taps * w->block * w->block;
    lar_direct_sum s = { .sources = t->sources, .count = tile_sources(w, t), .step = w->pitch };
    float sums[LAR_DIRECT_VOXELS * BLOCK_MAX] __attribute__((aligned(64)));
    for (int64_t b = t->group * w->to_blocks; b < (t->group + 1) * w->to_blocks; b++) {
        s.weights = w->weights + (size_t)(b * block_numbers) * number_bytes(w);
        if (w->pairs)
            lar_direct_tile_sum_pairs(t->voxels, sums, &s);
        else
            lar_direct_tile_sum(w->block, t->voxels, sums, &s);
        finish(w, t, b, sums);
    }
}

static void one_row(const work *w, tile *t)
{
    for (t->phase = 0; t->phase < w->phases; t->phase++) {
        const int64_t count = lar_piece_count(w->to_size[2] - t->phase, w->phases);
        for (t->group = 0; t->group < w->s->groups; t->group++) {
            meet_all(w, t);
            for (t->first = 0; t->first < count; t->first += t->voxels) {
                t->voxels = lar_direct_tile_voxels(w->block, count - t->first);
                one_tile(w, t);
            }
        }
    }
}

static lar_status rows(void *arg, int64_t number, int64_t begin, int64_t end)
{
    const work *w = arg;
    const int64_t *size = w->to_size, most = w->from_blocks * w->taps;
    tile t = { .copies = w->scratch + (size_t)lar_thread_number() * thread_bytes(w) };
    t.meetings = (void *)(t.copies + (size_t)most * copy_bytes(w));
    t.sources = (void *)(t.meetings + most);
    (void)number;
    for (int64_t row = begin; row < end; row++) {
        t.n = row / (size[0] * size[1]);
        t.z = row / size[1] % size[0];
        t.y = row % size[1];
        one_row(w, &t);
    }
    return LAR_OK;
}

static bool runs(const lar_conv_shape *s, int block, int pass)
{
    return pass != LAR_CONV_WEIGHTS && !s->planar && (block == 16 || block == 8);
}

static size_t packed_bytes(const lar_conv_shape *s, int block, int pass)
{
    const work w = work_of(s, block, pass);
    return (size_t)(s->out * (s->in / s->groups) * w.taps) * number_bytes(&w);
}

static size_t scratch_bytes(const lar_conv_shape *s, int block, int pass)
{
    const work w = work_of(s, block, pass);
    return (size_t)lar_threads_get() * thread_bytes(&w);
}

static void pack(const lar_conv_shape *s, int block, int pass, const float *weights, void *packed)
{
    const work w = work_of(s, block, pass);
    const int64_t ins = s->in / s->groups, from_count = w.from_blocks * block;
    for (int64_t to = 0; to < w.to_blocks * s->groups * block; to++)
        for (int64_t from = 0; from < from_count; from++)
            for (int64_t tap = 0; tap < w.taps; tap++) {
                const int64_t to_group = to / (w.to_blocks * block);
                const int64_t o = w.data ? to_group * from_count + from : to;
                const int64_t i = w.data ? to % ins : from;
                const float x = weights[(o * ins + i) * w.taps + tap];
                const int64_t tile_at =
                    ((to / block * w.from_blocks + from / block) * w.taps + tap) * block * block;
                const int64_t c = from % block, lane = to % block;
                if (w.pairs)
                    ((uint16_t *)packed)[tile_at + c / 2 * 2 * block + 2 * lane + c % 2] =
                        bfloat16_from_float(x);
                else
                    ((float *)packed)[tile_at + c * block + lane] = x;
            }
}

static lar_status run(const lar_conv_shape *s, int block, int pass, const void *packed,
                      const void *in, void *out, const lar_term *after, bool add, void *scratch)
{
    enum { PIECES = 256 };
    work w = work_of(s, block, pass);
    const int64_t row_count = s->batch * w.to_size[0] * w.to_size[1];
    w.weights = packed;
    w.in = in;
    w.finish.out = out;
    w.finish.after = after;
    w.finish.add = add;
    w.scratch = scratch;
    return lar_parallel(row_count, lar_piece_count(row_count, PIECES), rows, &w);
}

const lar_conv_kernel lar_conv_direct = {
    .name = "direct",
    .runs = runs,
    .packed = packed_bytes,
    .scratch = scratch_bytes,
    .pack = pack,
    .run = run,
};
