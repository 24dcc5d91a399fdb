/* Whether the mask's middle plane is the image's: a head is most nearly the mirror image of itself
 * across one plane, in any contrast, and a mask that was turned has another. What a round vault
 * hides, folds, ventricles, eyes and skull show.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "brain/verdict_shape.h"
#include "image/image.h"

#define AROUND_MM 14.0 /* what is beside the mask is compared too */
#define STEP      (3.14159265358979323846 / 18)
enum { TURNS = 5, SHIFTS = 2, EVERY = 2 /* voxels */, NEAR = 1 };

typedef struct plane {
    double normal[3], middle[3];
} plane;

/* 1 - the correlation of values and those at the mirrored places. */
static double differs(const lar_rim *rim, const plane *p)
{
    const float *values = rim->values->voxels, *distance = rim->distance->voxels;
    const int64_t *size = rim->mask->grid.size;
    double count = 0, sum = 0, squares = 0, products = 0;
    for (int64_t k = 0; k < size[2]; k += EVERY)
        for (int64_t j = 0; j < size[1]; j += EVERY)
            for (int64_t i = 0; i < size[0]; i += EVERY) {
                const int64_t n = i + size[0] * (j + size[1] * k);
                if ((double)distance[n] > AROUND_MM) continue;
                const double at[3] = { (double)i, (double)j, (double)k };
                double along = 0;
                int64_t to[3];
                for (int a = 0; a < 3; a++) along += 2 * (at[a] - p->middle[a]) * p->normal[a];
                for (int a = 0; a < 3; a++) to[a] = llround(at[a] - along * p->normal[a]);
                if (to[0] < 0 || to[1] < 0 || to[2] < 0 || to[0] >= size[0] || to[1] >= size[1] ||
                    to[2] >= size[2])
                    continue;
                const double x = (double)values[n],
                             y = (double)values[to[0] + size[0] * (to[1] + size[1] * to[2])];
                if (!isfinite(x) || !isfinite(y)) continue;
                count++;
                sum += (x + y) / 2;
                squares += (x * x + y * y) / 2;
                products += x * y;
            }
    if (!(count > 0)) return 1;
    const double mean = sum / count, variance = squares / count - mean * mean;
    return variance > 0 ? 1 - (products / count - mean * mean) / variance : 1;
}

void lar_plane_compare(lar_plane_fit *out, const lar_rim *rim, double turn[3][3],
                       const double middle[3])
{
    double own = INFINITY, best = INFINITY;
    *out = (lar_plane_fit){ .gain = 1 };
    for (int axis = 1; axis < 3; axis++)
        for (int t = -TURNS; t <= TURNS; t++)
            for (int s = -SHIFTS; s <= SHIFTS; s++) {
                plane p;
                for (int a = 0; a < 3; a++) {
                    p.normal[a] = cos(t * STEP) * turn[a][0] + sin(t * STEP) * turn[a][axis];
                    p.middle[a] = middle[a] + s * 2 * p.normal[a];
                }
                const double d = differs(rim, &p);
                if (abs(t) <= NEAR) own = fmin(own, d);
                if (d >= best) continue;
                best = d;
                out->degrees = fabs(t * STEP) * 180 / 3.14159265358979323846;
            }
    if (best > 0) out->gain = own / best;
}
