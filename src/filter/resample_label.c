/* Labels on another grid: every label as an image of 0 and 1, interpolated linearly, and the
 * largest wins. Only the eight labels around a point can have weight, so no such image is ever
 * made. SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "filter/filter.h"
#include "filter/resample_parts.h"
#include "image/image.h"

/* Weights that differ by less are equal: rounding of the positions must not choose the label. */
#define TIE 1e-6

enum { CORNERS = 8 };

typedef struct polling {
    lar_image *out;
    const lar_image *in;
    const lar_place *place;
    const void *pad;
    char *seen;
} polling;

/* The bits of a voxel; `bytes` is a constant where this is inlined. */
static inline uint64_t bits_at(const void *voxels, int64_t n, size_t bytes)
{
    switch (bytes) {
    case 1:
        return ((const uint8_t *)voxels)[n];
    case 2:
        return ((const uint16_t *)voxels)[n];
    case 4:
        return ((const uint32_t *)voxels)[n];
    default:
        return ((const uint64_t *)voxels)[n];
    }
}

static double value_of(uint64_t bits, lar_type type)
{
    const uint32_t low = (uint32_t)bits;
    float single;
    double real;
    switch (type) {
    case LAR_I8:
        return (int8_t)low;
    case LAR_I16:
        return (int16_t)low;
    case LAR_I32:
        return (int32_t)low;
    case LAR_I64:
        return (double)(int64_t)bits;
    case LAR_F32:
        memcpy(&single, &low, sizeof single);
        return (double)single;
    case LAR_F64:
        memcpy(&real, &bits, sizeof real);
        return real;
    default:
        return (double)bits;
    }
}

/* The label with the most weight; of equal ones the smallest, as ITK's. */
static uint64_t elect(uint64_t label[CORNERS], double weight[CORNERS], lar_type type)
{
    int count = 1; /* of labels that differ, moved to the front */
    for (int n = 1; n < CORNERS; n++) {
        int same = 0;
        while (same < count && label[same] != label[n]) same++;
        if (same == count) {
            label[count] = label[n];
            weight[count++] = weight[n];
        } else {
            weight[same] += weight[n];
        }
    }
    int best = 0;
    for (int n = 1; n < count; n++) {
        const double lead = weight[n] - weight[best];
        if (lead > TIE || (lead > -TIE && value_of(label[n], type) < value_of(label[best], type)))
            best = n;
    }
    return label[best];
}

/* Whether one label has more than half of all weight, so that it leads whatever the others are:
 * that of the nearest voxel mostly has. Spares most of the counting, which is all branches. */
static inline bool leads(uint64_t one, const uint64_t label[CORNERS], const double weight[CORNERS])
{
    double sum = 0;
    for (int n = 0; n < CORNERS; n++) sum += label[n] == one ? weight[n] : 0;
    return sum > 0.5 + TIE;
}

static inline uint64_t label_at(const lar_image *in, int64_t offset, const double at[3],
                                size_t bytes)
{
    int64_t step[3];
    double above[3], weight[CORNERS];
    uint64_t label[CORNERS];
    bool same = true;
    for (int r = 0; r < 3; r++) {
        const int64_t last = in->grid.size[r] - 1;
        const double inner = at[r] < 0 ? 0 : at[r] > (double)last ? (double)last : at[r];
        const int64_t below = (int64_t)inner;
        offset += below * in->stride[r];
        above[r] = inner - (double)below;
        step[r] = below < last ? in->stride[r] : 0;
    }
    for (int n = 0; n < CORNERS; n++) {
        label[n] = bits_at(in->voxels,
                           offset + (n & 1) * step[0] + (n >> 1 & 1) * step[1] + (n >> 2) * step[2],
                           bytes);
        same = same && label[n] == label[0];
    }
    if (same) return label[0];
    for (int n = 0; n < CORNERS; n++)
        weight[n] = (n & 1 ? above[0] : 1 - above[0]) * (n & 2 ? above[1] : 1 - above[1]) *
                    (n & 4 ? above[2] : 1 - above[2]);
    const uint64_t nearest = label[(above[0] > 0.5) + 2 * (above[1] > 0.5) + 4 * (above[2] > 0.5)];
    return leads(nearest, label, weight) ? nearest : elect(label, weight, in->type);
}

static inline lar_status poll_rows(const polling *job, int64_t piece, int64_t begin, int64_t end,
                                   size_t bytes)
{
    const lar_image *in = job->in;
    const int64_t *size = job->out->grid.size;
    const uint64_t pad = bits_at(job->pad, 0, bytes);
    double at[3][LAR_PLACES];
    for (int64_t row = begin; row < end; row++) {
        const int64_t j = row % size[1], k = row / size[1] % size[2], c = row / (size[1] * size[2]);
        void *out = (char *)job->out->voxels + (size_t)(row * size[0]) * bytes;
        for (int64_t i = 0; i < size[0]; i++) {
            const int64_t n = i % LAR_PLACES, left = size[0] - i;
            if (n == 0 &&
                lar_place_row(job->place, i, j, k, left < LAR_PLACES ? left : LAR_PLACES, at))
                job->seen[piece] = 1;
            const double point[3] = { at[0][n], at[1][n], at[2][n] };
            const uint64_t label = lar_place_inside(point[0], point[1], point[2], in->grid.size)
                                       ? label_at(in, c * in->stride[3], point, bytes)
                                       : pad;
            switch (bytes) {
            case 1:
                ((uint8_t *)out)[i] = (uint8_t)label;
                break;
            case 2:
                ((uint16_t *)out)[i] = (uint16_t)label;
                break;
            case 4:
                ((uint32_t *)out)[i] = (uint32_t)label;
                break;
            default:
                ((uint64_t *)out)[i] = label;
            }
        }
    }
    return LAR_OK;
}

static lar_status poll(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const polling *job = arg;
    switch (lar_type_size(job->in->type)) { /* constant sizes: each voxel is one move */
    case 1:
        return poll_rows(job, piece, begin, end, 1);
    case 2:
        return poll_rows(job, piece, begin, end, 2);
    case 4:
        return poll_rows(job, piece, begin, end, 4);
    default:
        return poll_rows(job, piece, begin, end, 8);
    }
}

lar_status lar_sample_labels(lar_image *out, const lar_image *in, const lar_place *place,
                             const void *pad, char *seen)
{
    polling job = { .out = out, .in = in, .place = place, .pad = pad, .seen = seen };
    return lar_parallel(out->grid.size[1] * out->grid.size[2] * out->channels, LAR_PLACE_ROWS, poll,
                        &job);
}

static inline void poll_row(float *out, const lar_image *in, const double *const at[3],
                            int64_t count, float outside, size_t bytes)
{
    for (int64_t n = 0; n < count; n++) {
        const double point[3] = { at[0][n], at[1][n], at[2][n] };
        out[n] = lar_place_inside(point[0], point[1], point[2], in->grid.size)
                     ? (float)value_of(label_at(in, 0, point, bytes), in->type)
                     : outside;
    }
}

void lar_label_row(float *out, const lar_image *in, const double *const at[3], int64_t count,
                   float outside)
{
    switch (lar_type_size(in->type)) {
    case 1:
        poll_row(out, in, at, count, outside, 1);
        break;
    case 2:
        poll_row(out, in, at, count, outside, 2);
        break;
    case 4:
        poll_row(out, in, at, count, outside, 4);
        break;
    default:
        poll_row(out, in, at, count, outside, 8);
    }
}
