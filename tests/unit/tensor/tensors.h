/* What the tests of voxel-wise kernels share: layouts to try, and tensors of numbers that leave no
 * doubt about rounding. SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_TENSORS_H
#define LAR_TENSORS_H

#include "check.h"
#include "math/math.h"
#include "tensor/kernels/blocked.h"
#include "tensor/kernels/kernels.h"
#include "tensor/kernels/voxel.h"

/* batch, blocks, voxels: one voxel, fewer than the ways of a sum, odd ones, one more than a chunk
 * of 256 and a piece of 2048 */
enum { LAYOUTS = 6 };
static const int64_t layouts[LAYOUTS][3] = { { 1, 1, 1 },  { 3, 2, 3 },    { 1, 3, 17 },
                                             { 2, 1, 85 }, { 2, 2, 2049 }, { 1, 1, 4097 + 257 } };

/* Every block and precision: calls body(layout, number). */
static inline void each_layout(void (*body)(const lar_layout *l, int number))
{
    for (int n = 0; n < LAYOUTS; n++)
        for (int block = 8; block <= 16; block *= 2)
            for (int type = 0; type < 2; type++) {
                const lar_layout l = { layouts[n][0], layouts[n][1] * block, layouts[n][2], block,
                                       (lar_precision)type };
                body(&l, n);
            }
}

/* The same with the code of each kind of processor that this one can be. */
static inline void each_kind(void (*body)(const lar_layout *l, int number))
{
    for (int n = 0; lar_values_kind(n); n++) {
        lar_values_choose(lar_values_kind(n));
        each_layout(body);
    }
    lar_values_choose(NULL);
}

/* A tensor, contents undefined on purpose: NaN. */
static inline void *tensor_new(const lar_layout *l)
{
    void *t = lar_alloc_raw((int64_t)lar_layout_bytes(l), 1);
    assert_non_null(t);
    memset(t, 0xff, lar_layout_bytes(l));
    return t;
}

/* Quarters from -3 to 3, each as likely: sums and products of a few of them are exact in float. */
static inline float quarter(uint64_t stream, int64_t n)
{
    return (float)((int)(lar_random_uniform(3, stream, (uint64_t)n) * 25) - 12) / 4;
}

static inline void *quarters(const lar_layout *l, uint64_t stream)
{
    void *t = tensor_new(l);
    for (int64_t n = 0; n < lar_layout_count(l); n++) voxel_set(l->type, t, n, quarter(stream, n));
    return t;
}

/* Normal numbers, rounded to the precision. */
static inline void *normals(const lar_layout *l, uint64_t stream)
{
    void *t = tensor_new(l);
    for (int64_t n = 0; n < lar_layout_count(l); n++)
        voxel_set(l->type, t, n, (float)lar_random_normal(3, stream, (uint64_t)n));
    return t;
}

/* The same numbers everywhere; zeros may differ in sign. */
static inline void same_tensor(const lar_layout *l, const void *a, const void *b)
{
    for (int64_t n = 0; n < lar_layout_count(l); n++) {
        const float x = voxel_at(l->type, a, n), y = voxel_at(l->type, b, n);
        if (x != y)
            fail_msg("value %lld: %.9g, expected %.9g (batch %lld, channels %lld, voxels %lld, "
                     "block %d, %s)",
                     (long long)n, (double)x, (double)y, (long long)l->batch,
                     (long long)l->channels, (long long)l->voxels, l->block,
                     lar_precision_names[l->type]);
    }
}

#endif
