/* Directions, and values and turns of them, in which the shape of a brain is told.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "brain/mean_shape.h"

enum { COUNT = LAR_SHAPE_DIRECTIONS };

#define PI        3.14159265358979323846
#define SHARPNESS 40.0 /* of the weight of directions beside another */

/* A Fibonacci lattice. */
void lar_shape_directions(double out[COUNT][3])
{
    for (int n = 0; n < COUNT; n++) {
        const double z = 1 - 2 * (n + 0.5) / COUNT, turn = PI * (1 + sqrt(5.0)) * (n + 0.5);
        const double across = sqrt(1 - z * z);
        out[n][0] = cos(turn) * across;
        out[n][1] = sin(turn) * across;
        out[n][2] = z;
    }
}

double lar_shape_between(const double values[COUNT], const double directions[COUNT][3],
                         const double at[3])
{
    double sum = 0, weights = 0;
    for (int n = 0; n < COUNT; n++) {
        if (isnan(values[n])) continue;
        const double *d = directions[n];
        const double weight = exp(SHARPNESS * (d[0] * at[0] + d[1] * at[1] + d[2] * at[2] - 1));
        sum += weight * values[n];
        weights += weight;
    }
    return weights > 0 ? sum / weights : 0;
}

void lar_shape_turn(double m[3][3], const double angle[3])
{
    const double cx = cos(angle[0]), sx = sin(angle[0]), cy = cos(angle[1]), sy = sin(angle[1]);
    const double cz = cos(angle[2]), sz = sin(angle[2]);
    const double rows[3][3] = { { cy * cz, -cy * sz, sy },
                                { cx * sz + sx * sy * cz, cx * cz - sx * sy * sz, -sx * cy },
                                { sx * sz - cx * sy * cz, sx * cz + cx * sy * sz, cx * cy } };
    memcpy(m, rows, sizeof rows);
}
