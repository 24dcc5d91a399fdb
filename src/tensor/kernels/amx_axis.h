/* One axis of a convolution of stride 1, forward or for the gradient of the input, and how it falls
 * apart into classes: outputs that are a dilation apart read the same inputs, and no others do.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_AMX_AXIS_H
#define LAR_AMX_AXIS_H

#include "tensor/tensor.h"

/* Output voxel r + dilation * n reads input voxels r - padding + dilation * (n + tap). */
typedef struct axis {
    int64_t kernel, dilation, padding, from, to;
} axis;

static inline int64_t classes(const axis *a)
{
    return a->dilation < a->to ? a->dilation : a->to;
}

/* Outputs of class r. */
static inline int64_t outputs(const axis *a, int64_t r)
{
    return (a->to - r + a->dilation - 1) / a->dilation;
}

/* Input voxel n of class r; -1 where there is none. */
static inline int64_t input(const axis *a, int64_t r, int64_t n)
{
    const int64_t at = r - a->padding + a->dilation * n;
    return at < a->from ? at : -1;
}

static inline axis axis_of(const lar_conv_shape *s, int a, int pass)
{
    const bool data = pass == LAR_CONV_DATA;
    const int64_t reach = s->dilation[a] * (s->kernel[a] - 1);
    return (axis){ .kernel = s->kernel[a],
                   .dilation = s->dilation[a],
                   .padding = data ? reach - s->padding[a] : s->padding[a],
                   .from = data ? s->out_size[a] : s->size[a],
                   .to = data ? s->size[a] : s->out_size[a] };
}

/* The number of zeros before the first voxel of class r, or behind the last, of all `count`. */
static inline int64_t zeros(const axis *a, int64_t r, bool behind)
{
    const int64_t count = outputs(a, r) + a->kernel - 1;
    int64_t n = 0;
    while (n < count && input(a, r, behind ? count - 1 - n : n) < 0) n++;
    return n;
}

/* Where class r begins in a row, if the one before begins at `before`: zeros may be of both. */
static inline int64_t next_class(const axis *a, int64_t r, int64_t before)
{
    const int64_t end = before + outputs(a, r - 1) + a->kernel - 1;
    const int64_t last = zeros(a, r - 1, true), first = zeros(a, r % classes(a), false);
    const int64_t both = last < first ? last : first;
    return end - (both < a->kernel - 1 ? both : a->kernel - 1);
}

static inline int64_t pitch_of(const axis *a)
{
    int64_t at = 0;
    for (int64_t r = 1; r <= classes(a); r++) at = next_class(a, r, at);
    return at;
}

#endif
