/* Where to begin, whatever the headers say: turns spread evenly over all turns, with the heads'
 * centres on each other or apart as a cut-off neck leaves them, on voxels of 8 mm.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "math/math.h"
#include "register/register_parts.h"

/* TURNS: about 20 degrees from any turn to the nearest. CLIMBED: hills, with MANY samples; of fewer
 * samples more, because they tell less and cost less. */
enum { TURNS = 600, TRIED_APART = 60, CLIMBED = 32, STEPS = 12, MANY = 10000 };
#define FAR_DEGREES  115.0 /* turns beyond are looked at only where asked */
#define APART_MM     30.0
#define LEAST_SHARE  0.3  /* of the samples must meet the other image */
#define SAME_DEGREES 20.0 /* nearer ones are the same hill */
#define SAME_MM      20.0

/* Turn n of TURNS: a spiral through the unit quaternions (Alexa 2022,
 * doi:10.1109/CVPR52688.2022.00811). */
static lar_affine turn_of(int n)
{
    const double psi = 1.533751168755204288118041, t = (n + 0.5) / TURNS;
    const double r = sqrt(t), q = sqrt(1 - t);
    const double alpha = 2 * M_PI * (n + 0.5) / sqrt(2), beta = 2 * M_PI * (n + 0.5) / psi;
    const double a = r * sin(alpha), b = r * cos(alpha), c = q * sin(beta), w = q * cos(beta);
    return (lar_affine){
        .m = { { 1 - 2 * (b * b + c * c), 2 * (a * b - c * w), 2 * (a * c + b * w), 0 },
               { 2 * (a * b + c * w), 1 - 2 * (a * a + c * c), 2 * (b * c - a * w), 0 },
               { 2 * (a * c - b * w), 2 * (b * c + a * w), 1 - 2 * (a * a + b * b), 0 } }
    };
}

static double turn_degrees(const lar_affine *a, const lar_affine *b)
{
    double trace = 0;
    for (int n = 0; n < 9; n++) trace += a->m[n / 3][n % 3] * b->m[n / 3][n % 3];
    const double c = (trace - 1) / 2;
    return acos(c > 1 ? 1 : c < -1 ? -1 : c) * 180 / M_PI;
}

/* Likeness, less where little of the one meets the other. */
static lar_status score(lar_pose *pose, lar_match *match)
{
    double share = 0;
    const lar_status status = lar_match_value(&pose->value, &share, NULL, match, &pose->map);
    pose->value *= share < LEAST_SHARE ? 0 : sqrt(share);
    return status;
}

static int by_value(const void *a, const void *b)
{
    const lar_pose *p = a, *q = b;
    return p->value > q->value ? -1 : p->value < q->value ? 1 : p->order - q->order;
}

static bool is_near(const lar_pose *a, const lar_pose *b)
{
    double square = 0;
    for (int r = 0; r < 3; r++) {
        const double off = a->map.m[r][3] - b->map.m[r][3];
        square += off * off;
    }
    return square < SAME_MM * SAME_MM && turn_degrees(&a->map, &b->map) < SAME_DEGREES;
}

/* Keeps the best of those that are near each other; sorted. */
static int64_t thin(lar_pose *poses, int64_t count)
{
    int64_t kept = 0;
    qsort(poses, (size_t)count, sizeof *poses, by_value);
    for (int64_t n = 0; n < count; n++) {
        bool new = true;
        for (int64_t k = 0; k < kept && new; k++) new = !is_near(&poses[n], &poses[k]);
        if (new) poses[kept++] = poses[n];
    }
    return kept;
}

lar_status lar_search(lar_pose *out, int64_t *found, int64_t most, lar_match *match,
                      const lar_affine *header, bool turns, bool far)
{
    lar_status status = LAR_OK;
    enum { ROOM = TURNS + 2 + TRIED_APART * 6 };
    lar_pose *poses = lar_alloc(ROOM, sizeof *poses);
    int64_t count = 0;
    if (!poses) return LAR_EMEMORY;
    poses[count++].map = *header;
    poses[count++].map = *header; /* the header's turn, the heads' centres on each other */
    for (int r = 0; r < 3; r++) poses[1].map.m[r][3] = 0;
    const lar_affine none = lar_affine_identity();
    for (int n = 0; n < TURNS && turns; n++) {
        poses[count].map = turn_of(n);
        count += far || turn_degrees(&poses[count].map, &none) < FAR_DEGREES;
    }
    for (int64_t n = 0; n < count; n++) {
        poses[n].order = (int)n;
        LAR_TRY(score(&poses[n], match));
    }
    qsort(poses, (size_t)count, sizeof *poses, by_value);
    const int64_t apart = count < TRIED_APART ? count : TRIED_APART;
    for (int64_t n = 0; n < apart; n++)
        for (int side = 0; side < 6; side++) {
            lar_pose *p = &poses[count];
            *p = poses[n];
            p->order = (int)count++;
            p->map.m[side / 2][3] += side % 2 ? APART_MM : -APART_MM;
            LAR_TRY(score(p, match));
        }
    count = thin(poses, count);
    const int64_t affordable = CLIMBED * MANY / (1 + lar_match_samples(match));
    if (count > affordable) count = affordable > CLIMBED ? affordable : CLIMBED;
    for (int64_t n = 0; n < count; n++) {
        LAR_TRY(lar_match_climb(&poses[n].map, &poses[n].value, match,
                                turns ? LAR_REGISTER_RIGID : LAR_REGISTER_TRANSLATION, STEPS, 8,
                                0.5));
        LAR_TRY(score(&poses[n], match));
    }
    count = thin(poses, count);
    *found = count < most ? count : most;
    memcpy(out, poses, (size_t)*found * sizeof *out);
done:
    lar_free(poses);
    return status;
}
