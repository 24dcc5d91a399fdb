/* Heads whose place is known, for the tests of registration.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_TEST_PHANTOMS_H
#define LAR_TEST_PHANTOMS_H

#include "check.h"
#include "image/image.h"
#include "math/math.h"

/* A T1 and a FLAIR of thick slices in its own pose. */
static inline lar_phantom *make_phantom(double spacing_mm, int64_t subject)
{
    lar_phantom_params params = lar_phantom_default();
    lar_phantom *phantom;
    params.spacing_mm = spacing_mm;
    params.contrasts = "t1,flair";
    params.turn_degrees = 15;
    params.move_mm = 15;
    CHECK_OK(lar_phantom_subject(&phantom, &params, subject));
    return phantom;
}

/* The largest distance between where two maps put points of a head. */
static inline double map_distance_mm(const lar_affine *a, const lar_affine *b)
{
    double most = 0;
    for (int corner = 0; corner < 8; corner++) {
        const double at[3] = { corner & 1 ? 60 : -60, corner & 2 ? 70 : -70,
                               corner & 4 ? 60 : -40 };
        double x[3], y[3], square = 0;
        lar_affine_point(a, at, x);
        lar_affine_point(b, at, y);
        for (int r = 0; r < 3; r++) square += (x[r] - y[r]) * (x[r] - y[r]);
        most = fmax(most, sqrt(square));
    }
    return most;
}

static inline lar_affine turned(const double axis[3], double degrees, double x, double y, double z)
{
    const double angle = degrees * M_PI / 180, s = sin(angle), c = 1 - cos(angle);
    const double k[3][3] = { { 0, -axis[2], axis[1] },
                             { axis[2], 0, -axis[0] },
                             { -axis[1], axis[0], 0 } };
    lar_affine out = { .m = { { 0, 0, 0, x }, { 0, 0, 0, y }, { 0, 0, 0, z } } };
    for (int r = 0; r < 3; r++)
        for (int q = 0; q < 3; q++) {
            out.m[r][q] = (r == q) + s * k[r][q];
            for (int n = 0; n < 3; n++) out.m[r][q] += c * k[r][n] * k[n][q];
        }
    return out;
}

/* The image elsewhere in the world: its header alone is moved. */
static inline lar_image *moved_by(const lar_image *in, const lar_affine *by)
{
    lar_image *out;
    const int64_t none[3] = { 0, 0, 0 };
    CHECK_OK(lar_image_box(&out, in, none, in->grid.size));
    out->grid.to_world = lar_affine_chain(&in->grid.to_world, by);
    return out;
}

#endif
