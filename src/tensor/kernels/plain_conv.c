/* The plain twin of the convolutions: any pass, shape, block and precision; each value is one sum
 * in double, in an order of its own. Slow, and right by reading it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "tensor/kernels/kernels.h"
#include "tensor/kernels/voxel.h"

static int64_t taps_of(const lar_conv_shape *s)
{
    return s->kernel[0] * s->kernel[1] * s->kernel[2];
}

static bool runs(const lar_conv_shape *s, int block, int pass)
{
    (void)block;
    return pass != LAR_CONV_DATA || !s->planar;
}

static size_t packed_bytes(const lar_conv_shape *s, int block, int pass)
{
    (void)block;
    if (pass == LAR_CONV_WEIGHTS) return 0;
    return (size_t)(s->out * (s->in / s->groups) * taps_of(s)) * sizeof(float);
}

/* One voxel that a tap of the kernel joins to the voxel whose sum is taken. */
typedef struct meeting {
    int64_t voxel, tap;
} meeting;

static size_t scratch_bytes(const lar_conv_shape *s, int block, int pass)
{
    (void)block;
    if (pass == LAR_CONV_WEIGHTS) return 0;
    return (size_t)(lar_threads_get() * taps_of(s)) * sizeof(meeting);
}

static void pack(const lar_conv_shape *s, int block, int pass, const float *weights, void *packed)
{
    memcpy(packed, weights, packed_bytes(s, block, pass));
}

/* A convolution as its passes see it: `from` is summed into `to`. */
typedef struct side {
    lar_layout layout;
    const int64_t *size;
} side;

typedef struct work {
    const lar_conv_shape *s;
    int pass;
    side from, to; /* input and output; with LAR_CONV_DATA the other way round */
    const float *weights;
    const void *in, *dout;
    void *out;
    const lar_term *after;
    bool add;
    meeting *meetings; /* room for each thread */
} work;

static side side_of(const lar_conv_shape *s, int block, bool out)
{
    const int64_t *size = out ? s->out_size : s->size;
    return (side){ { .batch = s->batch,
                     .channels = out ? s->out : s->in,
                     .voxels = size[0] * size[1] * size[2],
                     .block = !out && s->planar ? 1 : block,
                     .type = s->type },
                   size };
}

/* Along one axis: the voxel that `tap` joins to `voxel` of the side whose sum is taken, -1: none.
 */
static int64_t meet(const lar_conv_shape *s, int pass, int axis, int64_t voxel, int64_t tap)
{
    const int64_t shift = tap * s->dilation[axis] - s->padding[axis];
    if (pass == LAR_CONV_DATA) {
        const int64_t strided = voxel - shift, o = strided / s->stride[axis];
        return strided < 0 || strided % s->stride[axis] || o >= s->out_size[axis] ? -1 : o;
    }
    const int64_t i = voxel * s->stride[axis] + shift;
    return i < 0 || i >= s->size[axis] ? -1 : i;
}

static int64_t meetings_of(const work *w, int64_t z, int64_t y, int64_t x, meeting *list)
{
    const lar_conv_shape *s = w->s;
    const int64_t *size = w->from.size;
    int64_t count = 0;
    for (int64_t tap = 0; tap < taps_of(s); tap++) {
        const int64_t a = meet(s, w->pass, 0, z, tap / (s->kernel[1] * s->kernel[2]));
        const int64_t b = meet(s, w->pass, 1, y, tap / s->kernel[2] % s->kernel[1]);
        const int64_t c = meet(s, w->pass, 2, x, tap % s->kernel[2]);
        if (a >= 0 && b >= 0 && c >= 0)
            list[count++] = (meeting){ (a * size[1] + b) * size[2] + c, tap };
    }
    return count;
}

static double sum_of(const work *w, int64_t n, int64_t to, const meeting *list, int64_t count)
{
    const lar_conv_shape *s = w->s;
    const bool data = w->pass == LAR_CONV_DATA;
    const lar_layout *l = &w->from.layout;
    const int64_t per_group = l->channels / s->groups;
    const int64_t first = to / (w->to.layout.channels / s->groups) * per_group;
    double sum = 0;
    for (int64_t from = first; from < first + per_group; from++) {
        const int64_t o = data ? from : to, i = data ? to : from;
        const int64_t row = (o * (s->in / s->groups) + i % (s->in / s->groups)) * taps_of(s);
        const int64_t at = voxel_index(l, n, from, 0);
        for (int64_t m = 0; m < count; m++)
            sum += (double)w->weights[row + list[m].tap] *
                   (double)voxel_at(s->type, w->in, at + list[m].voxel * l->block);
    }
    return sum;
}

static double after(const lar_term *term, int64_t at, double x)
{
    if (x < 0) x *= (double)term->before;
    if (term->scale) x *= (double)term->scale[at];
    if (term->shift) x += (double)term->shift[at];
    return x < 0 ? x * (double)term->after : x;
}

static lar_status rows(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const work *w = arg;
    const lar_layout *l = &w->to.layout;
    const int64_t *size = w->to.size;
    meeting *list = w->meetings + lar_thread_number() * taps_of(w->s);
    (void)piece;
    for (int64_t v = begin * size[2]; v < end * size[2]; v++) {
        const int64_t count =
            meetings_of(w, v / (size[1] * size[2]), v / size[2] % size[1], v % size[2], list);
        for (int64_t n = 0; n < l->batch; n++)
            for (int64_t c = 0; c < l->channels; c++) {
                const int64_t at = voxel_index(l, n, c, v);
                double x = sum_of(w, n, c, list, count);
                if (w->after) x = after(w->after, n * l->channels + c, x);
                if (w->add) x += (double)voxel_at(l->type, w->out, at);
                voxel_set(l->type, w->out, at, (float)x);
            }
    }
    return LAR_OK;
}

/* The gradient of one weight: tap `tap` of channels o and i (of the layout). */
static double weight_sum(const work *w, int64_t o, int64_t i, int64_t tap)
{
    const lar_conv_shape *s = w->s;
    const lar_layout *lo = &w->to.layout, *li = &w->from.layout;
    const int64_t *size = s->out_size;
    const int64_t kz = tap / (s->kernel[1] * s->kernel[2]), ky = tap / s->kernel[2] % s->kernel[1],
                  kx = tap % s->kernel[2];
    double sum = 0;
    for (int64_t row = 0; row < s->batch * size[0] * size[1]; row++) {
        const int64_t n = row / (size[0] * size[1]), z = row / size[1] % size[0], y = row % size[1];
        const int64_t a = meet(s, w->pass, 0, z, kz), b = meet(s, w->pass, 1, y, ky);
        if (a < 0 || b < 0) continue;
        const int64_t in_row = voxel_index(li, n, i, (a * s->size[1] + b) * s->size[2]);
        const int64_t out_row = voxel_index(lo, n, o, (z * size[1] + y) * size[2]);
        for (int64_t x = 0; x < size[2]; x++) {
            const int64_t c = meet(s, w->pass, 2, x, kx);
            if (c >= 0)
                sum += (double)voxel_at(s->type, w->in, in_row + c * li->block) *
                       (double)voxel_at(s->type, w->dout, out_row + x * lo->block);
        }
    }
    return sum;
}

static lar_status gradients(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const work *w = arg;
    const lar_conv_shape *s = w->s;
    const int64_t taps = taps_of(s), per_group = s->in / s->groups;
    (void)piece;
    for (int64_t pair = begin; pair < end; pair++) {
        const int64_t o = pair / per_group;
        const int64_t i = o / (s->out / s->groups) * per_group + pair % per_group;
        for (int64_t tap = 0; tap < taps; tap++)
            ((float *)w->out)[pair * taps + tap] = (float)weight_sum(w, o, i, tap);
    }
    return LAR_OK;
}

static lar_status run(const lar_conv_shape *s, int block, int pass, const void *packed,
                      const void *in, void *out, const lar_term *after_term, bool add,
                      void *scratch)
{
    const side input = side_of(s, block, false), output = side_of(s, block, true);
    work w = { .s = s, .pass = pass, .from = input, .to = output, .out = out };
    if (pass == LAR_CONV_WEIGHTS) {
        w.in = packed;
        w.dout = in;
        return lar_parallel(s->out * (s->in / s->groups), 1, gradients, &w);
    }
    if (pass == LAR_CONV_DATA) {
        w.from = output;
        w.to = input;
    }
    w.weights = packed;
    w.in = in;
    w.after = after_term;
    w.add = add;
    w.meetings = scratch;
    return lar_parallel(w.to.size[0] * w.to.size[1], 1, rows, &w);
}

const lar_conv_kernel lar_conv_plain = {
    .name = "plain",
    .runs = runs,
    .packed = packed_bytes,
    .scratch = scratch_bytes,
    .pack = pack,
    .run = run,
};
