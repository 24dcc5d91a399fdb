/* Winograd's convolutions against sums in double, value by value. The bound is that of rounding
 * alone: a result is a sum of products of a voxel and a weight, each of which passes a counted
 * number of roundings, so that it differs by at most that number times 2^-24 times the sum of the
 * absolute terms; those are what the same transforms give with all signs positive.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "math/math.h"
#include "tensor/kernels/direct_rows.h"
#include "tensor/kernels/kernels.h"

enum { GUARD = 64 };
static const double unit = 1.0 / (1 << 24);

/* Floats between guards, all a number that is not one. */
static float *guarded(size_t bytes)
{
    const size_t count = bytes / sizeof(float);
    assert_int_equal(bytes % sizeof(float), 0);
    float *all = lar_alloc_raw((int64_t)count + 2 * GUARD, sizeof *all);
    assert_non_null(all);
    memset(all, 0xff, (count + 2 * GUARD) * sizeof *all);
    return all + GUARD;
}

static void release(float *values, size_t bytes)
{
    const unsigned char *before = (const unsigned char *)(values - GUARD);
    const unsigned char *after = (const unsigned char *)values + bytes;
    for (size_t n = 0; n < GUARD * sizeof *values; n++) {
        assert_int_equal(before[n], 0xff);
        assert_int_equal(after[n], 0xff);
    }
    lar_free(values - GUARD);
}

static float *draw(int64_t count, uint64_t stream, double mean)
{
    float *values = lar_alloc(count, sizeof *values);
    assert_non_null(values);
    for (int64_t n = 0; n < count; n++)
        values[n] = (float)(mean + lar_random_normal(5, stream, (uint64_t)n));
    return values;
}

/* The nearest bfloat16, ties to even, as a float; and where that lies in memory. */
static uint16_t to_half(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static float from_half(uint16_t half)
{
    const uint32_t bits = (uint32_t)half << 16;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* A tensor of either precision; the floats become what it holds. */
static float *stored(float *values, int64_t count, bool half)
{
    float *tensor = guarded((size_t)count * (half ? sizeof(uint16_t) : sizeof(float)));
    uint16_t *halves = (uint16_t *)tensor;
    for (int64_t n = 0; n < count; n++)
        if (half)
            values[n] = from_half(halves[n] = to_half(values[n]));
        else
            tensor[n] = values[n];
    return tensor;
}

static lar_conv_shape shape_of(int64_t batch, int64_t in, int64_t out, int64_t z, int64_t y,
                               int64_t x)
{
    return (lar_conv_shape){ .batch = batch,
                             .in = in,
                             .out = out,
                             .groups = 1,
                             .kernel = { 3, 3, 3 },
                             .stride = { 1, 1, 1 },
                             .dilation = { 1, 1, 1 },
                             .padding = { 1, 1, 1 },
                             .size = { z, y, x },
                             .out_size = { z, y, x },
                             .type = LAR_FLOAT32,
                             .passes = 7 };
}

static int64_t voxels_of(const lar_conv_shape *s)
{
    return s->size[0] * s->size[1] * s->size[2];
}

static double at(const float *tensor, int64_t channels, int block, const lar_conv_shape *s,
                 int64_t n, int64_t c, int64_t z, int64_t y, int64_t x)
{
    if (z < 0 || y < 0 || x < 0 || z >= s->size[0] || y >= s->size[1] || x >= s->size[2]) return 0;
    const int64_t voxel = (z * s->size[1] + y) * s->size[2] + x;
    return (double)
        tensor[((n * (channels / block) + c / block) * voxels_of(s) + voxel) * block + c % block];
}

/* ---- transforms with positive signs ---------------------------------------------------- */

static const double positive_b[4][4] = {
    { 1, 0, 1, 0 }, { 0, 1, 1, 0 }, { 0, 1, 1, 0 }, { 0, 1, 0, 1 }
};
static const double positive_g[4][4] = { { 1, 0, 0 }, { .5, .5, .5 }, { .5, .5, .5 }, { 0, 0, 1 } };
static const double positive_a[4][4] = { { 1, 0 }, { 1, 1 }, { 1, 1 }, { 0, 1 } };

/* One axis: to[outer][rows][inner] = sum over columns of matrix * from[outer][columns][inner]. */
static void along(double *to, const double matrix[4][4], bool transposed, int rows, int columns,
                  const double *from, int outer, int inner)
{
    for (int o = 0; o < outer; o++)
        for (int r = 0; r < rows; r++)
            for (int i = 0; i < inner; i++) {
                double sum = 0;
                for (int c = 0; c < columns; c++)
                    sum += (transposed ? matrix[c][r] : matrix[r][c]) *
                           from[(o * columns + c) * inner + i];
                to[(o * rows + r) * inner + i] = sum;
            }
}

/* All three axes: rows^3 from columns^3 values, none of more than 4. */
static void transform(double *to, const double matrix[4][4], bool transposed, int rows, int columns,
                      const double *from)
{
    double a[64], b[64];
    along(a, matrix, transposed, rows, columns, from, 1, columns * columns);
    along(b, matrix, transposed, rows, columns, a, rows, columns);
    along(to, matrix, transposed, rows, columns, b, rows * rows, 1);
}

/* Frequencies of the absolute values of the tile of 4 (or of 2) from voxel (z, y, x) on. */
static void tile(double *to, const double matrix[4][4], int count, const float *tensor,
                 int64_t channels, int block, const lar_conv_shape *s, int64_t n, int64_t c,
                 int64_t z, int64_t y, int64_t x)
{
    double d[64];
    for (int m = 0; m < count * count * count; m++)
        d[m] = fabs(at(tensor, channels, block, s, n, c, z + m / (count * count),
                       y + m / count % count, x + m % count));
    transform(to, matrix, false, 4, count, d);
}

/* ---- forward and data ------------------------------------------------------------------ */

/* The weight that takes channel i of what is read to channel o of what is written. */
static double tap(const lar_conv_shape *s, int pass, const float *weights, int64_t o, int64_t i,
                  int t)
{
    return pass == LAR_CONV_FORWARD ? (double)weights[(o * s->in + i) * 27 + t]
                                    : (double)weights[(i * s->in + o) * 27 + 26 - t];
}

static double change(const lar_term *a, int64_t channel, double value)
{
    if (!a) return value;
    value = value < 0 ? value * (double)a->before : value;
    value = value * (a->scale ? (double)a->scale[channel] : 1) +
            (a->shift ? (double)a->shift[channel] : 0);
    return value < 0 ? value * (double)a->after : value;
}

static void check_run(const lar_conv_shape *s, int block, int pass, const lar_term *after, bool add)
{
    const bool half = s->type == LAR_BFLOAT16;
    const lar_conv_kernel *k = half ? &lar_conv_winograd_bfloat16 : &lar_conv_winograd;
    const int64_t in = pass == LAR_CONV_FORWARD ? s->in : s->out;
    const int64_t out = pass == LAR_CONV_FORWARD ? s->out : s->in;
    const int64_t voxels = voxels_of(s), count = s->batch * out * voxels;
    const size_t width = half ? sizeof(uint16_t) : sizeof(float);
    const size_t bytes = (size_t)count * width, packed_bytes = k->packed(s, block, pass);
    const size_t in_bytes = (size_t)(s->batch * in * voxels) * width;
    float *source = draw(s->batch * in * voxels, 1, 0.3), *old = draw(count, 2, 0);
    float *weights = draw(in * out * 27, 3, 0), *packed = guarded(packed_bytes), *got[2];
    float *in_tensor = stored(source, s->batch * in * voxels, half);
    k->pack(s, block, pass, weights, packed);
    for (int n = 0; n < 2; n++) {
        lar_threads_set(n ? 3 : 1);
        const size_t room = k->scratch(s, block, pass);
        float *scratch = guarded(room);
        got[n] = stored(old, count, half);
        if (!add) memset(got[n], 0xff, bytes);
        CHECK_OK(k->run(s, block, pass, packed, in_tensor, got[n], after, add, scratch));
        release(scratch, room);
    }
    lar_threads_set(0);
    assert_memory_equal(got[0], got[1], bytes);
    float *result = draw(count, 4, 0);
    for (int64_t n = 0; n < count; n++)
        result[n] = half ? from_half(((const uint16_t *)got[0])[n]) : got[0][n];

    /* B' adds once along each axis, A' twice; one rounding of the weight, one of each product and
     * sum; where it is changed, of a slope, scale, shift, slope, and the sum with the old. In
     * bfloat16 both factors of a product are rounded to 8 bits too, and so is the result; along z
     * it sums 3 times as many products of taps, whose absolute values are less than with A', G and
     * B'. */
    const double roundings =
        (double)(3 + 1 + (half ? 3 * in : in) + 6) * unit + (half ? 2.02 / 256 : 0);
    double *g = lar_alloc(in * out, 64 * sizeof *g), *b = lar_alloc(in, 64 * sizeof *b);
    assert_true(g && b);
    for (int64_t o = 0; o < out; o++)
        for (int64_t i = 0; i < in; i++) {
            double taps[27];
            for (int t = 0; t < 27; t++) taps[t] = fabs(tap(s, pass, weights, o, i, t));
            transform(g + (o * in + i) * 64, positive_g, false, 4, 3, taps);
        }
    double squares = 0, errors = 0;
    for (int64_t n = 0; n < s->batch; n++)
        for (int64_t v = 0; v < voxels; v++) {
            const int64_t z = v / (s->size[1] * s->size[2]), y = v / s->size[2] % s->size[1];
            const int64_t x = v % s->size[2];
            for (int64_t i = 0; i < in; i++)
                tile(b + i * 64, positive_b, 4, source, in, block, s, n, i, z / 2 * 2 - 1,
                     y / 2 * 2 - 1, x / 2 * 2 - 1);
            for (int64_t o = 0; o < out; o++) {
                double exact = 0, m[64] = { 0 };
                for (int64_t i = 0; i < in; i++) {
                    for (int t = 0; t < 27; t++)
                        exact += tap(s, pass, weights, o, i, t) *
                                 at(source, in, block, s, n, i, z + t / 9 - 1, y + t / 3 % 3 - 1,
                                    x + t % 3 - 1);
                    for (int f = 0; f < 64; f++) m[f] += g[(o * in + i) * 64 + f] * b[i * 64 + f];
                }
                const double scale =
                    after && after->scale ? fabs((double)after->scale[n * out + o]) : 1;
                double gathered[8];
                transform(gathered, positive_a, true, 2, 4, m);
                const double bound = roundings * gathered[z % 2 * 4 + y % 2 * 2 + x % 2];
                const double before = add ? at(old, out, block, s, n, o, z, y, x) : 0;
                const double changed = change(after, n * out + o, exact);
                const double shift = after && after->shift ? (double)after->shift[n * out + o] : 0;
                const double value = at(result, out, block, s, n, o, z, y, x);
                const double limit = 1.01 * bound * scale +
                                     5 * unit * (fabs(exact) * scale + fabs(shift) + fabs(before));
                CHECK_NEAR(value, changed + before,
                           half ? limit + (fabs(changed + before) + limit) / 256 : limit);
                squares += exact * exact;
                errors += pow(value - changed - before, 2);
            }
        }
    /* the bound is for the worst of signs; by chance they come out a hundred times smaller */
    if (!after && !add) assert_true(sqrt(errors / squares) < (half ? 1. / 128 : 1e-6));
    lar_free(g);
    lar_free(b);
    lar_free(source);
    lar_free(result);
    release(in_tensor, in_bytes);
    lar_free(old);
    lar_free(weights);
    release(packed, packed_bytes);
    release(got[0], bytes);
    release(got[1], bytes);
}

/* batch, blocks in, blocks out, z, y, x: one voxel, odd and even, one and several panels, more
 * rows than a strip has, several blocks */
static const int64_t shapes[][6] = {
    { 1, 1, 1, 1, 1, 1 },  { 1, 1, 1, 2, 2, 2 },  { 1, 1, 1, 3, 1, 5 }, { 2, 1, 1, 3, 4, 9 },
    { 1, 2, 1, 5, 7, 6 },  { 1, 1, 2, 1, 9, 17 }, { 1, 1, 1, 4, 8, 8 }, { 3, 2, 2, 2, 3, 7 },
    { 1, 1, 1, 5, 35, 4 }, { 1, 3, 2, 3, 3, 14 },
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static lar_conv_shape shape_number(int n, int block)
{
    const int64_t *v = shapes[n];
    return shape_of(v[0], v[1] * block, v[2] * block, v[3], v[4], v[5]);
}

static void test_forward_and_data(void **state)
{
    (void)state;
    for (int n = 0; n < SHAPES; n++)
        for (int block = 8; block <= 16; block += 8) {
            const lar_conv_shape s = shape_number(n, block);
            check_run(&s, block, LAR_CONV_FORWARD, NULL, false);
            check_run(&s, block, LAR_CONV_DATA, NULL, false);
        }
}

static void test_after_and_add(void **state)
{
    (void)state;
    float *scale = draw(3 * 64, 8, 1), *shift = draw(3 * 64, 9, 0);
    const lar_term terms[] = { { NULL, scale, shift, 1, 0.125f },
                               { NULL, scale, NULL, 0, 1 },
                               { NULL, NULL, shift, 0.25f, 0 },
                               { NULL, NULL, NULL, 1, 0 } };
    for (int n = 3; n < SHAPES; n += 2)
        for (int block = 8; block <= 16; block += 8) {
            const lar_conv_shape s = shape_number(n, block);
            for (int t = 0; t < 4; t++)
                check_run(&s, block, LAR_CONV_FORWARD, &terms[t], (t + n) % 4 < 2);
            check_run(&s, block, LAR_CONV_FORWARD, NULL, true);
        }
    lar_free(scale);
    lar_free(shift);
}

/* ---- weights --------------------------------------------------------------------------- */

static void check_weights(const lar_conv_shape *s, int block)
{
    const lar_conv_kernel *k = &lar_conv_winograd_weights;
    const int64_t voxels = voxels_of(s), pairs = s->in * s->out;
    const size_t bytes = (size_t)(pairs * 27) * sizeof(float);
    float *in = draw(s->batch * s->in * voxels, 1, 0.3), *got[2];
    float *dout = draw(s->batch * s->out * voxels, 2, 0);
    assert_true(k->runs(s, block, LAR_CONV_WEIGHTS));
    for (int n = 0; n < 2; n++) {
        lar_threads_set(n ? 3 : 1);
        const size_t room = k->scratch(s, block, LAR_CONV_WEIGHTS);
        float *scratch = guarded(room);
        got[n] = guarded(bytes);
        CHECK_OK(k->run(s, block, LAR_CONV_WEIGHTS, in, dout, got[n], NULL, false, scratch));
        release(scratch, room);
    }
    lar_threads_set(0);
    assert_memory_equal(got[0], got[1], bytes);

    /* each frequency sums the products of all tiles */
    double *terms = lar_alloc(pairs, 64 * sizeof *terms), tiles = 0, squares = 0, errors = 0;
    double *b = lar_alloc(s->in, 64 * sizeof *b), *a = lar_alloc(s->out, 64 * sizeof *a);
    assert_true(terms && a && b);
    for (int64_t n = 0; n < s->batch; n++)
        for (int64_t z = 0; z < s->size[0]; z += 2)
            for (int64_t y = 0; y < s->size[1]; y += 2)
                for (int64_t x = 0; x < s->size[2]; x += 2, tiles++) {
                    for (int64_t i = 0; i < s->in; i++)
                        tile(b + i * 64, positive_b, 4, in, s->in, block, s, n, i, z - 1, y - 1,
                             x - 1);
                    for (int64_t o = 0; o < s->out; o++)
                        tile(a + o * 64, positive_a, 2, dout, s->out, block, s, n, o, z, y, x);
                    for (int64_t p = 0; p < pairs; p++)
                        for (int f = 0; f < 64; f++)
                            terms[p * 64 + f] += a[p / s->in * 64 + f] * b[p % s->in * 64 + f];
                }
    /* three additions of a voxel of the input, three of dout, and the last rounding */
    const double roundings = tiles + 3 + 3 + 1;
    for (int64_t p = 0; p < pairs; p++) {
        double bound[27];
        transform(bound, positive_g, true, 3, 4, terms + p * 64);
        for (int t = 0; t < 27; t++) {
            double exact = 0;
            for (int64_t n = 0; n < s->batch; n++)
                for (int64_t v = 0; v < voxels; v++) {
                    const int64_t z = v / (s->size[1] * s->size[2]);
                    const int64_t y = v / s->size[2] % s->size[1], x = v % s->size[2];
                    exact += at(dout, s->out, block, s, n, p / s->in, z, y, x) *
                             at(in, s->in, block, s, n, p % s->in, z + t / 9 - 1, y + t / 3 % 3 - 1,
                                x + t % 3 - 1);
                }
            const double value = (double)got[0][p * 27 + t];
            CHECK_NEAR(value, exact, 1.01 * roundings * unit * bound[t]);
            squares += exact * exact;
            errors += pow(value - exact, 2);
        }
    }
    assert_true(sqrt(errors / squares) < 1e-6);
    lar_free(terms);
    lar_free(a);
    lar_free(b);
    lar_free(in);
    lar_free(dout);
    release(got[0], bytes);
    release(got[1], bytes);
}

static void test_weights(void **state)
{
    (void)state;
    for (int n = 0; n < SHAPES; n++)
        for (int block = 8; block <= 16; block += 8) {
            const lar_conv_shape s = shape_number(n, block);
            check_weights(&s, block);
        }
    /* more tiles than one slab, and more blocks of output than one piece takes */
    const lar_conv_shape many = shape_of(1, 8, 8, 23, 26, 29), deep = shape_of(1, 8, 72, 3, 3, 9);
    check_weights(&many, 8);
    check_weights(&deep, 8);
}

static void test_bfloat16(void **state)
{
    (void)state;
    lar_conv_shape large = shape_of(1, 16, 16, 16, 16, 16);
    large.type = LAR_BFLOAT16;
    if (!lar_conv_winograd_bfloat16.runs(&large, 16, LAR_CONV_FORWARD)) skip(); /* the processor */
    float *scale = draw(3 * 64, 8, 1), *shift = draw(3 * 64, 9, 0);
    const lar_term term = { NULL, scale, shift, 0.5f, 0.125f };
    for (int n = 0; n < SHAPES; n++) {
        lar_conv_shape s = shape_number(n, 16);
        s.type = LAR_BFLOAT16;
        check_run(&s, 16, LAR_CONV_FORWARD, NULL, false);
        check_run(&s, 16, LAR_CONV_DATA, NULL, false);
        check_run(&s, 16, LAR_CONV_FORWARD, &term, n % 2);
    }
    /* more planes than a piece has */
    lar_conv_shape deep = shape_of(1, 16, 16, 27, 3, 5);
    deep.type = LAR_BFLOAT16;
    check_run(&deep, 16, LAR_CONV_FORWARD, NULL, true);
    lar_free(scale);
    lar_free(shift);
}

/* One pass that reads a tensor of (z, y, x) voxels and surrounds it by `margin` zeros. */
static uint16_t *run_with_margin(int pass, int64_t margin, const uint16_t *in, const int64_t *size,
                                 const float *weights, size_t *bytes)
{
    const lar_conv_kernel *k = &lar_conv_winograd_bfloat16;
    const bool data = pass == LAR_CONV_DATA;
    lar_conv_shape s = shape_of(2, 16, 32, 0, 0, 0);
    s.type = LAR_BFLOAT16;
    for (int a = 0; a < 3; a++) {
        s.padding[a] = data ? 2 - margin : margin;
        (data ? s.out_size : s.size)[a] = size[a];
        (data ? s.size : s.out_size)[a] = size[a] + 2 * margin - 2;
    }
    const int64_t *to = data ? s.size : s.out_size;
    *bytes = (size_t)(2 * (data ? 16 : 32) * to[0] * to[1] * to[2]) * sizeof *in;
    const size_t packed_bytes = k->packed(&s, 16, pass), room = k->scratch(&s, 16, pass);
    float *packed = guarded(packed_bytes), *scratch = guarded(room), *out = guarded(*bytes);
    k->pack(&s, 16, pass, weights, packed);
    CHECK_OK(k->run(&s, 16, pass, packed, in, out, NULL, false, scratch));
    uint16_t *result = lar_alloc_raw((int64_t)*bytes, 1);
    assert_non_null(result);
    memcpy(result, out, *bytes);
    release(packed, packed_bytes);
    release(scratch, room);
    release(out, *bytes);
    return result;
}

/* Zeros that lie in a tensor are those that padding brings: to the bit. */
static void margins_of(int pass, int64_t z, int64_t y, int64_t x)
{
    const int64_t inner[3] = { z, y, x }, outer[3] = { z + 2, y + 2, x + 2 };
    const int64_t planes = pass == LAR_CONV_DATA ? 4 : 2;
    float *values = draw(planes * 16 * z * y * x, 1, 0.3), *weights = draw(16 * 32 * 27, 3, 0);
    uint16_t *small = lar_alloc(planes * 16 * z * y * x, sizeof *small);
    uint16_t *large = lar_alloc(planes * 16 * outer[0] * outer[1] * outer[2], sizeof *large);
    assert_true(small && large);
    for (int64_t n = 0; n < planes * 16 * z * y * x; n++) {
        const int64_t v = n / 16;
        const int64_t row = (v / (x * y * z) * outer[0] + v / (x * y) % z + 1) * outer[1];
        small[n] = to_half(values[n]);
        large[((row + v / x % y + 1) * outer[2] + v % x + 1) * 16 + n % 16] = small[n];
    }
    for (int64_t margin = 0; margin <= 2; margin += 2) {
        size_t bytes[2];
        uint16_t *a = run_with_margin(pass, margin, margin ? small : large, margin ? inner : outer,
                                      weights, &bytes[0]);
        uint16_t *b = run_with_margin(pass, 1, margin ? large : small, margin ? outer : inner,
                                      weights, &bytes[1]);
        assert_int_equal(bytes[0], bytes[1]);
        assert_memory_equal(a, b, bytes[0]);
        lar_free(a);
        lar_free(b);
    }
    lar_free(values);
    lar_free(weights);
    lar_free(small);
    lar_free(large);
}

static void test_margins(void **state)
{
    (void)state;
    if (!lar_conv_winograd_bfloat16.run || !lar_direct_has_pairs()) skip();
    for (int pass = LAR_CONV_FORWARD; pass <= LAR_CONV_DATA; pass++) {
        margins_of(pass, 1, 1, 1);
        margins_of(pass, 2, 5, 6);
        margins_of(pass, 27, 3, 4);
        margins_of(pass, 3, 12, 23);
    }
}

static void test_what_it_does_not_run(void **state)
{
    (void)state;
    const lar_conv_kernel *const kernels[] = { &lar_conv_winograd, &lar_conv_winograd_weights };
    for (int k = 0; k < 2; k++)
        for (int n = 0; n < 8; n++) {
            const int pass = k ? LAR_CONV_WEIGHTS : LAR_CONV_FORWARD;
            lar_conv_shape s = shape_of(1, 16, 16, 16, 16, 16);
            assert_true(kernels[k]->runs(&s, 16, pass));
            assert_false(kernels[k]->runs(&s, 1, pass));
            assert_false(kernels[k]->runs(&s, 16, k ? LAR_CONV_DATA : LAR_CONV_WEIGHTS));
            if (n < 3) s.kernel[n] = 1;
            if (n == 3) s.stride[1] = 2;
            if (n == 4) s.dilation[2] = 2;
            if (n == 5) s.padding[0] = 0;
            if (n == 6) s.planar = true;
            if (n == 7) s.groups = 2;
            assert_false(kernels[k]->runs(&s, 16, pass));
        }
    /* where most of a tile lies outside */
    const lar_conv_shape plane = shape_of(2, 16, 16, 1, 24, 24),
                         corner = shape_of(1, 16, 16, 2, 2, 2);
    assert_false(lar_conv_winograd.runs(&plane, 16, LAR_CONV_FORWARD));
    assert_false(lar_conv_winograd.runs(&corner, 16, LAR_CONV_DATA));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forward_and_data), cmocka_unit_test(test_after_and_add),
        cmocka_unit_test(test_weights),          cmocka_unit_test(test_bfloat16),
        cmocka_unit_test(test_margins),          cmocka_unit_test(test_what_it_does_not_run)
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
