/* Voxel types: everything computes in float, so conversion happens once, at the door.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "image/image.h"

/* One row of `count` voxels to double, and back. */
typedef void (*load_fn)(double *out, const void *in, int64_t stride, int64_t count);
typedef int64_t (*store_fn)(void *out, const double *in, int64_t count);

#define LOADER(name, T)                                                                            \
    LAR_CLONES                                                                                     \
    static void load_##name(double *out, const void *in, int64_t stride, int64_t count)            \
    {                                                                                              \
        const T *from = in;                                                                        \
        if (stride == 1)                                                                           \
            for (int64_t n = 0; n < count; n++) out[n] = (double)from[n];                          \
        else                                                                                       \
            for (int64_t n = 0; n < count; n++) out[n] = (double)from[n * stride];                 \
    }

/* Rounds to nearest, saturates, and counts what did not fit. The bounds are doubles that the type
 * can hold: for 64 bits the largest double below the limit. */
#define INTEGER_STORER(name, T, LOW, HIGH)                                                         \
    static int64_t store_##name(void *out, const double *in, int64_t count)                        \
    {                                                                                              \
        T *to = out;                                                                               \
        int64_t changed = 0;                                                                       \
        for (int64_t n = 0; n < count; n++) {                                                      \
            const double value = nearbyint(in[n]);                                                 \
            const bool fits = value >= (LOW) && value <= (HIGH);                                   \
            changed += !fits;                                                                      \
            to[n] = (T)(fits ? value : value < (LOW) ? (LOW) : value > (HIGH) ? (HIGH) : 0);       \
        }                                                                                          \
        return changed;                                                                            \
    }

LOADER(u8, uint8_t)
LOADER(i8, int8_t)
LOADER(u16, uint16_t)
LOADER(i16, int16_t)
LOADER(u32, uint32_t)
LOADER(i32, int32_t)
LOADER(u64, uint64_t)
LOADER(i64, int64_t)
LOADER(f32, float)
LOADER(f64, double)
INTEGER_STORER(u8, uint8_t, 0, 255)
INTEGER_STORER(i8, int8_t, -128, 127)
INTEGER_STORER(u16, uint16_t, 0, 65535)
INTEGER_STORER(i16, int16_t, -32768, 32767)
INTEGER_STORER(u32, uint32_t, 0, 4294967295.0)
INTEGER_STORER(i32, int32_t, -2147483648.0, 2147483647.0)
INTEGER_STORER(u64, uint64_t, 0, 18446744073709549568.0)
INTEGER_STORER(i64, int64_t, -9223372036854775808.0, 9223372036854774784.0)

static int64_t store_f32(void *out, const double *in, int64_t count)
{
    float *to = out;
    for (int64_t n = 0; n < count; n++) to[n] = (float)in[n];
    return 0;
}

static int64_t store_f64(void *out, const double *in, int64_t count)
{
    memcpy(out, in, (size_t)count * sizeof *in);
    return 0;
}

static const struct {
    load_fn load;
    store_fn store;
} converters[] = {
    [LAR_U8] = { load_u8, store_u8 },    [LAR_I8] = { load_i8, store_i8 },
    [LAR_U16] = { load_u16, store_u16 }, [LAR_I16] = { load_i16, store_i16 },
    [LAR_U32] = { load_u32, store_u32 }, [LAR_I32] = { load_i32, store_i32 },
    [LAR_U64] = { load_u64, store_u64 }, [LAR_I64] = { load_i64, store_i64 },
    [LAR_F32] = { load_f32, store_f32 }, [LAR_F64] = { load_f64, store_f64 },
};

static const char *voxel_at(const lar_image *image, int64_t i, int64_t j, int64_t k, int64_t c)
{
    const int64_t *s = image->stride;
    return (const char *)image->voxels +
           (i * s[0] + j * s[1] + k * s[2] + c * s[3]) * (int64_t)lar_type_size(image->type);
}

double lar_image_at(const lar_image *image, int64_t i, int64_t j, int64_t k, int64_t c)
{
    double value;
    converters[image->type].load(&value, voxel_at(image, i, j, k, c), 1, 1);
    return value;
}

void lar_image_load(double *out, const lar_image *image, int64_t i, int64_t j, int64_t k, int64_t c,
                    int64_t count)
{
    converters[image->type].load(out, voxel_at(image, i, j, k, c), image->stride[0], count);
}

int64_t lar_image_store(lar_image *image, int64_t i, int64_t j, int64_t k, int64_t c,
                        const double *in, int64_t count)
{
    void *to = (char *)image->voxels + (voxel_at(image, i, j, k, c) - (char *)image->voxels);
    return converters[image->type].store(to, in, count);
}

lar_status lar_type_store(void *bytes, lar_type type, double value)
{
    const bool whole = type == LAR_F32 || type == LAR_F64 || value == nearbyint(value);
    if (!whole || converters[type].store(bytes, &value, 1) > 0) {
        const lar_status status = lar_fail(LAR_EARGUMENT, "voxels of type %s cannot hold %.9g",
                                           lar_type_name(type), value);
        return lar_hint(status, "larmor convert --type float32 first, or another value");
    }
    return LAR_OK;
}

enum { CHUNK = 512 }; /* voxels of a row at a time: 4 kB on the stack */

typedef struct conversion {
    const lar_image *in;
    lar_image *out;
    int64_t *changed; /* per piece */
} conversion;

/* Copies without a detour through double where the type stays: 64-bit integers keep all bits. */
static void copy_row(void *to, const void *from, size_t size, int64_t stride, int64_t count)
{
    if (stride == 1) {
        memcpy(to, from, (size_t)count * size);
        return;
    }
    for (int64_t n = 0; n < count; n++)
        memcpy((char *)to + n * (int64_t)size, (const char *)from + n * stride * (int64_t)size,
               size);
}

static lar_status convert_rows(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const conversion *job = arg;
    const lar_image *in = job->in;
    const int64_t *size = in->grid.size;
    const size_t out_size = lar_type_size(job->out->type);
    double row[CHUNK];
    for (int64_t r = begin; r < end; r++) {
        const int64_t j = r % size[1], k = r / size[1] % size[2], c = r / (size[1] * size[2]);
        char *to = (char *)job->out->voxels + r * size[0] * (int64_t)out_size;
        if (in->type == job->out->type) {
            copy_row(to, voxel_at(in, 0, j, k, c), out_size, in->stride[0], size[0]);
            continue;
        }
        for (int64_t i = 0; i < size[0]; i += CHUNK) {
            const int64_t count = size[0] - i < CHUNK ? size[0] - i : CHUNK;
            converters[in->type].load(row, voxel_at(in, i, j, k, c), in->stride[0], count);
            job->changed[piece] += converters[job->out->type].store(to, row, count);
            to += count * (int64_t)out_size;
        }
    }
    return LAR_OK;
}

enum { ROWS = 1024 }; /* a piece of work */

/* not_held: how many values the type does not hold; NULL: they are told. */
static lar_status convert(lar_image **out, const lar_image *in, lar_type type, int64_t *not_held)
{
    lar_status status = LAR_OK;
    lar_image *result = NULL;
    int64_t *changed = NULL;
    const int64_t rows = in->grid.size[1] * in->grid.size[2] * in->channels;

    *out = NULL;
    LAR_TRY(lar_image_blank(&result, in, type));
    changed = lar_alloc(lar_piece_count(rows, ROWS), sizeof *changed);
    if (!changed) {
        status = LAR_EMEMORY;
        goto done;
    }
    conversion job = { .in = in, .out = result, .changed = changed };
    LAR_TRY(lar_parallel(rows, ROWS, convert_rows, &job));
    int64_t total = 0;
    for (int64_t n = 0; n < lar_piece_count(rows, ROWS); n++) total += changed[n];
    if (not_held)
        *not_held = total;
    else if (total)
        lar_log(LAR_LOG_WARNING,
                "%lld voxels did not fit into %s and were set to the nearest value",
                (long long)total, lar_type_name(type));
    *out = result;
    result = NULL;
done:
    lar_free(changed);
    lar_image_free(result);
    return status;
}

lar_status lar_image_copy(lar_image **out, const lar_image *in)
{
    return convert(out, in, in->type, NULL);
}

static lar_status to_type(lar_image **out, const lar_image *in, lar_type type, int64_t *not_held)
{
    if (in->type == type && lar_image_is_contiguous(in)) {
        const int64_t first[3] = { 0, 0, 0 };
        return lar_image_box(out, in, first, in->grid.size);
    }
    return convert(out, in, type, not_held);
}

lar_status lar_image_to_type(lar_image **out, const lar_image *in, lar_type type)
{
    return to_type(out, in, type, NULL);
}

lar_status lar_image_to_type_counted(lar_image **out, int64_t *not_held, const lar_image *in,
                                     lar_type type)
{
    *not_held = 0;
    return to_type(out, in, type, not_held);
}

typedef struct range_job {
    const lar_image *image;
    lar_range *partial;
} range_job;

/* Values are compared with as many others side by side: so many that compilers use vectors. */
enum { LANES = 32 };
_Static_assert(CHUNK % LANES == 0, "a full row needs no value more");

typedef struct lanes {
    double low[LANES], high[LANES];
    int64_t odd[LANES]; /* so many are not finite */
} lanes;

LAR_CLONES
static void widen(lanes *r, const double *row, int64_t count)
{
    for (int64_t n = 0; n < count; n += LANES)
        for (int l = 0; l < LANES; l++) {
            const bool finite = row[n + l] - row[n + l] == 0;
            const double value = finite ? row[n + l] : NAN;
            r->low[l] = value < r->low[l] ? value : r->low[l];
            r->high[l] = value > r->high[l] ? value : r->high[l];
            r->odd[l] += !finite;
        }
}

static lar_status range_rows(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const range_job *job = arg;
    const lar_image *in = job->image;
    const int64_t *size = in->grid.size;
    lar_range range = { .low = INFINITY, .high = -INFINITY };
    lanes r = { .odd = { 0 } };
    double row[CHUNK];
    for (int l = 0; l < LANES; l++) {
        r.low[l] = INFINITY;
        r.high[l] = -INFINITY;
    }
    for (int64_t n = begin; n < end; n++) {
        const int64_t j = n % size[1], k = n / size[1] % size[2], c = n / (size[1] * size[2]);
        for (int64_t i = 0; i < size[0]; i += CHUNK) {
            int64_t count = size[0] - i < CHUNK ? size[0] - i : CHUNK;
            converters[in->type].load(row, voxel_at(in, i, j, k, c), in->stride[0], count);
            for (; count % LANES; count++) {
                row[count] = NAN;
                range.not_finite--; /* it is no voxel */
            }
            widen(&r, row, count);
        }
    }
    for (int l = 0; l < LANES; l++) {
        if (r.low[l] < range.low) range.low = r.low[l];
        if (r.high[l] > range.high) range.high = r.high[l];
        range.not_finite += r.odd[l];
    }
    job->partial[piece] = range;
    return LAR_OK;
}

lar_status lar_image_range(lar_range *out, const lar_image *image)
{
    const int64_t rows = image->grid.size[1] * image->grid.size[2] * image->channels;
    const int64_t pieces = lar_piece_count(rows, ROWS);
    lar_range *partial = lar_alloc(pieces, sizeof *partial);
    *out = (lar_range){ .low = INFINITY, .high = -INFINITY };
    if (!partial) return LAR_EMEMORY;
    range_job job = { .image = image, .partial = partial };
    const lar_status status = lar_parallel(rows, ROWS, range_rows, &job);
    for (int64_t n = 0; n < pieces; n++) {
        if (partial[n].low < out->low) out->low = partial[n].low;
        if (partial[n].high > out->high) out->high = partial[n].high;
        out->not_finite += partial[n].not_finite;
    }
    lar_free(partial);
    return status;
}
