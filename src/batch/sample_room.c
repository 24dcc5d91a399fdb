/* Which part of a volume samples are taken from, and how large they are, by the parameters alone.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "batch/sampler_parts.h"

void lar_sampler_part(int64_t *first, int64_t *count, const lar_sample_params *p,
                      const int64_t size[3])
{
    const double voxels = (double)size[p->axis];
    *first = (int64_t)floor(p->range.at[0] * voxels);
    int64_t end = (int64_t)ceil(p->range.at[1] * voxels);
    if (*first >= size[p->axis]) *first = size[p->axis] - 1;
    if (end <= *first) end = *first + 1;
    *count = end - *first;
}

void lar_sampler_allowed(int64_t low[3], int64_t high[3], const lar_sample_params *p,
                         const int64_t size[3])
{
    int64_t first, part;
    lar_sampler_part(&first, &part, p, size);
    for (int a = 0; a < 3; a++) {
        low[a] = a == p->axis ? first : 0;
        high[a] = a == p->axis ? first + part : size[a];
    }
}

void lar_sampler_edges(int64_t edges[3], const lar_sample_params *p, const int64_t size[3])
{
    for (int a = 0; a < 3; a++)
        edges[a] = p->kind == LAR_SAMPLE_PATCH ? p->size.at[p->size.count == 3 ? a : 0] : size[a];
    if (p->kind == LAR_SAMPLE_SLICE) edges[p->axis] = lar_sample_slices(p);
}
