/* The values that count of an image, gathered into one array: a byte mask is read eight voxels at a
 * time, and of the image only what is inside.
 * SPDX-License-Identifier: Apache-2.0 */
#include <float.h>
#include <math.h>

#include "base/base.h"
#include "image/image.h"
#include "intensity/sample.h"

enum { CHUNK = 512, ROWS = 64 }; /* voxels of a row at a time; rows of a piece */

/* ---- rows ------------------------------------------------------------------------------ */

#define CONVERT(T)                                                                                 \
    do {                                                                                           \
        const T *from = (const T *)image->voxels + at;                                             \
        for (int64_t n = 0; n < count; n++) room[n] = (float)from[n];                              \
    } while (0)

const float *lar_row_floats(float *room, const lar_image *image, int64_t i, int64_t j, int64_t k,
                            int64_t c, int64_t count)
{
    const int64_t *stride = image->stride;
    const int64_t at = i * stride[0] + j * stride[1] + k * stride[2] + c * stride[3];
    const lar_type type = stride[0] == 1 ? image->type : LAR_F64;
    double wide[CHUNK];
    switch (type) {
    case LAR_F32:
        return (const float *)image->voxels + at;
    case LAR_U8:
        CONVERT(uint8_t);
        break;
    case LAR_I16:
        CONVERT(int16_t);
        break;
    case LAR_U16:
        CONVERT(uint16_t);
        break;
    default:
        for (int64_t first = 0; first < count; first += CHUNK) {
            const int64_t part = count - first < CHUNK ? count - first : CHUNK;
            lar_image_load(wide, image, i + first, j, k, c, part);
            for (int64_t n = 0; n < part; n++) room[first + n] = (float)wide[n];
        }
    }
    return room;
}

const uint8_t *lar_row_mask(uint8_t *room, const lar_image *mask, int64_t i, int64_t j, int64_t k,
                            int64_t count)
{
    const int64_t *stride = mask->stride;
    double wide[CHUNK];
    if (mask->type == LAR_U8 && stride[0] == 1)
        return (const uint8_t *)mask->voxels + i + j * stride[1] + k * stride[2];
    for (int64_t first = 0; first < count; first += CHUNK) {
        const int64_t part = count - first < CHUNK ? count - first : CHUNK;
        lar_image_load(wide, mask, i + first, j, k, 0, part);
        for (int64_t n = 0; n < part; n++) room[first + n] = fabs(wide[n]) > 0;
    }
    return room;
}

/* ---- the sample ------------------------------------------------------------------------ */

/* Smallest, largest, and how many are not finite; those are left out of both. */
typedef struct ends {
    float low, high;
    int64_t not_finite;
} ends;

typedef struct taking {
    const lar_image *image, *mask;
    float *values;
    int64_t *counts; /* per piece; then where its values begin */
    ends *ends;      /* per piece */
} taking;

static int64_t count_set(const uint8_t *set, int64_t count)
{
    int64_t some = 0, n = 0;
    for (; n + 32 <= count; n += 32) {
        uint64_t words[4];
        memcpy(words, set + n, sizeof words);
        if ((words[0] | words[1] | words[2] | words[3]) == 0) continue;
        for (int64_t b = n; b < n + 32; b++) some += set[b] != 0;
    }
    for (; n < count; n++) some += set[n] != 0;
    return some;
}

static lar_status count_rows(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const taking *job = arg;
    const int64_t *size = job->image->grid.size;
    uint8_t room[CHUNK];
    int64_t inside = 0;
    for (int64_t r = begin; r < end; r++) {
        const int64_t j = r % size[1], k = r / size[1] % size[2];
        for (int64_t i = 0; i < size[0]; i += CHUNK) {
            const int64_t count = size[0] - i < CHUNK ? size[0] - i : CHUNK;
            const uint8_t *set = lar_row_mask(room, job->mask, i, j, k, count);
            inside += count_set(set, count);
        }
    }
    job->counts[piece] = inside;
    return LAR_OK;
}

/* The values whose byte is not 0, in order; returns how many. out has room for 8 more. */
static int64_t gather(float *restrict out, const float *restrict from, const uint8_t *set,
                      int64_t count)
{
    const uint64_t ones = 0x0101010101010101U, tops = 0x8080808080808080U;
    int64_t taken = 0, n = 0;
    for (; n + 8 <= count; n += 8) {
        uint64_t eight;
        memcpy(&eight, set + n, sizeof eight);
        if (eight == 0) continue;
        if (((eight - ones) & ~eight & tops) == 0) { /* no byte is 0 */
            memcpy(out + taken, from + n, 8 * sizeof *out);
            taken += 8;
            continue;
        }
        for (int64_t b = n; b < n + 8; b++) {
            out[taken] = from[b];
            taken += set[b] != 0;
        }
    }
    for (; n < count; n++) {
        out[taken] = from[n];
        taken += set[n] != 0;
    }
    return taken;
}

static bool any_set(const uint8_t *set, int64_t count)
{
    int64_t n = 0;
    for (; n + 8 <= count; n += 8) {
        uint64_t eight;
        memcpy(&eight, set + n, sizeof eight);
        if (eight) return true;
    }
    for (; n < count; n++)
        if (set[n]) return true;
    return false;
}

enum { LANES = 16 };

static inline void widen(float *low, float *high, int32_t *broken, float x)
{
    const bool finite = fabsf(x) <= FLT_MAX;
    const float down = finite ? x : FLT_MAX, up = finite ? x : -FLT_MAX;
    *broken += !finite;
    *low = down < *low ? down : *low;
    *high = up > *high ? up : *high;
}

/* Side by side, since each comparison waits for the one before. Of fewer than 2^31 values. */
LAR_CLONES
static ends ends_of(const float *restrict values, int64_t count)
{
    float low[LANES], high[LANES];
    int32_t broken[LANES] = { 0 };
    for (int l = 0; l < LANES; l++) {
        low[l] = FLT_MAX;
        high[l] = -FLT_MAX;
    }
    const int64_t whole = count / LANES * LANES;
    for (int64_t n = 0; n < whole; n += LANES)
        for (int l = 0; l < LANES; l++) widen(&low[l], &high[l], &broken[l], values[n + l]);
    for (int64_t n = whole; n < count; n++) widen(low, high, broken, values[n]);
    ends found = { low[0], high[0], broken[0] };
    for (int l = 1; l < LANES; l++) {
        found.low = fminf(found.low, low[l]);
        found.high = fmaxf(found.high, high[l]);
        found.not_finite += broken[l];
    }
    return found;
}

static lar_status take_rows(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const taking *job = arg;
    const int64_t *size = job->image->grid.size;
    float room[CHUNK], inside[CHUNK + 8];
    uint8_t set_room[CHUNK];
    float *const start = job->values + job->counts[piece], *out = start;
    for (int64_t r = begin; r < end; r++) {
        const int64_t j = r % size[1], k = r / size[1] % size[2], c = r / (size[1] * size[2]);
        for (int64_t i = 0; i < size[0]; i += CHUNK) {
            int64_t count = size[0] - i < CHUNK ? size[0] - i : CHUNK;
            const uint8_t *set =
                job->mask ? lar_row_mask(set_room, job->mask, i, j, k, count) : NULL;
            if (set && !any_set(set, count)) continue;
            const float *row = lar_row_floats(room, job->image, i, j, k, c, count);
            if (set) {
                count = gather(inside, row, set, count);
                row = inside;
            }
            memcpy(out, row, (size_t)count * sizeof *out);
            out += count;
        }
    }
    job->ends[piece] = ends_of(start, out - start);
    return LAR_OK;
}

/* From counts to where each piece begins; returns the sum. */
static int64_t place(int64_t *counts, int64_t pieces)
{
    int64_t total = 0;
    for (int64_t p = 0; p < pieces; p++) {
        const int64_t count = counts[p];
        counts[p] = total;
        total += count;
    }
    return total;
}

static lar_status refuse_broken(int64_t not_finite, int64_t count, const lar_image *mask)
{
    const lar_status status =
        lar_fail(LAR_ENUMERIC, "%lld of %lld voxels %s are not finite", (long long)not_finite,
                 (long long)count, mask ? "inside the mask" : "of the image");
    return lar_hint(status, "larmor info --voxels, or a mask without them");
}

lar_status lar_sample_take(lar_sample *out, const lar_image *image, const lar_image *mask)
{
    lar_status status = LAR_OK;
    const int64_t *size = image->grid.size;
    const int64_t rows = size[1] * size[2] * image->channels;
    const int64_t pieces = lar_piece_count(rows, ROWS);
    int64_t *counts = lar_alloc(pieces, sizeof *counts), not_finite = 0;
    ends *each = lar_alloc(pieces, sizeof *each);

    *out = (lar_sample){ 0 };
    if (!counts || !each) {
        status = LAR_EMEMORY;
        goto done;
    }
    taking job = { image, mask, NULL, counts, each };
    if (mask)
        LAR_TRY(lar_parallel(rows, ROWS, count_rows, &job));
    else
        for (int64_t p = 0; p < pieces; p++)
            counts[p] = size[0] * (p + 1 < pieces ? ROWS : rows - p * ROWS);
    out->count = place(counts, pieces);
    if (out->count == 0) {
        status = lar_fail(LAR_ENUMERIC, "the mask is empty: none of its %lld voxels is set",
                          (long long)lar_image_voxel_count(mask));
        goto done;
    }
    job.values = out->values = lar_alloc_raw(out->count, sizeof *out->values);
    if (!out->values) {
        status = LAR_EMEMORY;
        goto done;
    }
    LAR_TRY(lar_parallel(rows, ROWS, take_rows, &job));
    out->low = (double)FLT_MAX, out->high = -(double)FLT_MAX;
    for (int64_t p = 0; p < pieces; p++) {
        out->low = fmin(out->low, (double)each[p].low);
        out->high = fmax(out->high, (double)each[p].high);
        not_finite += each[p].not_finite;
    }
    if (not_finite) status = refuse_broken(not_finite, out->count, mask);
done:
    if (status != LAR_OK) lar_sample_clear(out);
    lar_free(counts);
    lar_free(each);
    return status;
}

void lar_sample_clear(lar_sample *sample)
{
    lar_free(sample->values);
    *sample = (lar_sample){ 0 };
}
