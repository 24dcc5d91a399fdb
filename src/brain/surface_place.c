/* Where in a head, or on a mask, a brain of mean shape lies: its middle, turn and radii are
 * searched so that its surface is as deep below the skin, or as near to the surface of the mask, as
 * it should be. That a shape is placed before anything is cut out is from ROBEX (Iglesias 2011,
 * doi:10.1109/TMI.2011.2138152); here the outline of the head alone says where, so that the
 * contrast of the scan does not matter.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "brain/mean_shape.h"
#include "brain/surface_parts.h"

enum { COUNT = LAR_SHAPE_DIRECTIONS, NUMBERS = 9 }; /* of a pose */
enum { ACROSS = 64, ALONG = 32 };                   /* of the table of radii */

#define PI 3.14159265358979323846

/* Below the vault of the skull the brain is SKULL_MM deep: scalp, bone and fluid, about; elsewhere
 * nowhere less than SCALP_MM. */
#define VAULT    (-0.15) /* what is above it, of the radius, below the middle */
#define SKULL_MM 14.0
#define SCALP_MM 8.0
/* How much a distance counts: its square up to NEAR_MM, no more than FAR_MM. */
#define NEAR_MM   10.0
#define FAR_MM    25.0
#define UNSEEN_MM 6.0 /* of what is beyond the image, as if it were so far off */
/* What poses are expected: one spread off costs PRIOR_MM. */
#define PRIOR_MM    0.2
#define RADIUS_MM   68.0 /* of a ball of 1.3 l */
#define SIZE_SPREAD 0.15
#define AXIS_SPREAD 0.06 /* of one radius beside the others */
static const double turn_spread[3] = { 0.3, 0.15, 0.15 };
/* The search: steps of mm, radians, and of radii. */
#define MOVE_MM   8.0
#define TURN      0.15
#define STRETCH   0.08
#define LAST_STEP 0.1
/* Where it begins: so far below the top of the head, and what is higher tells the middle. */
#define MIDDLE_MM 75.0
#define UPPER_MM  120.0
#define TOP_MM    6.0 /* deep, so that no hair is taken for the top */

typedef struct placing {
    double directions[COUNT][3];
    const float *field;
    const lar_surface_box *box;
    bool in_head;
} placing;

/* Of 0 where the surface should be. */
static double off_target(const placing *p, double height, double found)
{
    double off = found;
    if (p->in_head && height >= VAULT) off = found - SKULL_MM;
    if (p->in_head && height < VAULT) off = fmin(found - SCALP_MM, 0);
    return fmin(fabs(off), FAR_MM);
}

static double unlikely(const lar_brain_pose *pose)
{
    double mean = 0, sum = 0;
    for (int a = 0; a < 3; a++) mean += log(pose->radius_mm[a] / RADIUS_MM) / 3;
    sum += mean * mean / (SIZE_SPREAD * SIZE_SPREAD);
    for (int a = 0; a < 3; a++) {
        const double axis = (log(pose->radius_mm[a] / RADIUS_MM) - mean) / AXIS_SPREAD;
        const double turn = pose->turn[a] / turn_spread[a];
        sum += axis * axis + turn * turn;
    }
    return PRIOR_MM * sum;
}

static double cost(const placing *p, const lar_brain_pose *pose)
{
    const int64_t *size = p->box->size;
    double m[3][3], sum = 0;
    lar_shape_turn(m, pose->turn);
    for (int n = 0; n < COUNT; n++) {
        const double *d = p->directions[n];
        double to[3], off = UNSEEN_MM;
        int64_t at[3];
        bool seen = true;
        for (int a = 0; a < 3; a++)
            to[a] = d[a] * pose->radius_mm[a] * (double)lar_brain_shape[n] / p->box->mm;
        for (int a = 0; a < 3; a++) {
            at[a] = llround(pose->middle[a] + m[a][0] * to[0] + m[a][1] * to[1] + m[a][2] * to[2]);
            seen = seen && at[a] >= 0 && at[a] < size[a];
        }
        if (seen) {
            const float found = p->field[at[0] + size[0] * (at[1] + size[1] * at[2])];
            off = off_target(p, d[2], (double)found);
            off = off < NEAR_MM ? 0.5 * off * off / NEAR_MM : off - 0.5 * NEAR_MM;
        }
        sum += off;
    }
    return sum / COUNT + unlikely(pose);
}

static void move(lar_brain_pose *pose, int number, double step, double mm)
{
    if (number < 3)
        pose->middle[number] += step * MOVE_MM / mm;
    else if (number < 6)
        pose->turn[number - 3] += step * TURN;
    else
        pose->radius_mm[number - 6] *= exp(step * STRETCH);
}

/* One number after the other, in ever smaller steps, as long as it gets better. */
static double search(const placing *p, lar_brain_pose *pose)
{
    double least = cost(p, pose);
    for (double step = 1; step > LAST_STEP;) {
        bool moved = false;
        for (int number = 0; number < NUMBERS; number++)
            for (int way = -1; way <= 1; way += 2) {
                lar_brain_pose other = *pose;
                move(&other, number, way * step, p->box->mm);
                const double found = cost(p, &other);
                if (found >= least - 1e-5) continue;
                least = found;
                *pose = other;
                moved = true;
            }
        if (!moved) step /= 2;
    }
    return least;
}

/* A ball below the top of the head. */
static void begin(lar_brain_pose *pose, const float *depth, const lar_surface_box *box)
{
    const int64_t *size = box->size;
    double sum[2] = { 0 };
    int64_t found = 0, top = -1;
    for (int64_t k = size[2] - 1; k >= 0; k--)
        for (int64_t j = 0; j < size[1]; j++)
            for (int64_t i = 0; i < size[0]; i++) {
                const float here = depth[i + size[0] * (j + size[1] * k)];
                if (top < 0 && here > (float)TOP_MM) top = k;
                if (here <= 0 || top < 0 || (double)(top - k) * box->mm > UPPER_MM) continue;
                sum[0] += (double)i;
                sum[1] += (double)j;
                found++;
            }
    for (int a = 0; a < 2; a++)
        pose->middle[a] = found ? sum[a] / (double)found : (double)size[a] / 2;
    pose->middle[2] = (double)top - MIDDLE_MM / box->mm;
    for (int a = 0; a < 3; a++) {
        pose->turn[a] = 0;
        pose->radius_mm[a] = RADIUS_MM;
    }
}

void lar_surface_place_in_head(lar_brain_pose *pose, const float *depth, const lar_surface_box *box)
{
    /* mm up, radians of nodding, of the radius */
    static const double up[] = { 15, 0, -15 }, nod[] = { -0.35, 0, 0.35 }, small[] = { 0.8, 1 };
    placing p = { .field = depth, .box = box, .in_head = true };
    double least = INFINITY;
    lar_brain_pose first;
    lar_shape_directions(p.directions);
    begin(&first, depth, box);
    *pose = first;
    for (int n = 0; n < 3 * 3 * 2; n++) {
        lar_brain_pose other = first;
        other.middle[2] += up[n / 6] / box->mm;
        other.turn[0] = nod[n / 2 % 3];
        for (int a = 0; a < 3; a++) other.radius_mm[a] *= small[n % 2];
        const double found = search(&p, &other);
        if (found >= least) continue;
        least = found;
        *pose = other;
    }
}

void lar_surface_place_on_mask(lar_brain_pose *pose, const float *outside,
                               const lar_surface_box *box)
{
    placing p = { .field = outside, .box = box };
    lar_shape_directions(p.directions);
    search(&p, pose);
}

/* Radii of the mean shape by height, 1 to -1, and around. */
static void fill_table(float table[ALONG + 1][ACROSS])
{
    double directions[COUNT][3], shape[COUNT];
    lar_shape_directions(directions);
    for (int n = 0; n < COUNT; n++) shape[n] = (double)lar_brain_shape[n];
    for (int j = 0; j <= ALONG; j++)
        for (int i = 0; i < ACROSS; i++) {
            const double z = 1 - 2.0 * j / ALONG, turn = 2 * PI * i / ACROSS, r = sqrt(1 - z * z);
            const double at[3] = { r * cos(turn), r * sin(turn), z };
            table[j][i] = (float)lar_shape_between(shape, directions, at);
        }
}

void lar_surface_of_pose(float *out, const lar_brain_pose *pose, const lar_surface_box *box)
{
    double m[3][3];
    float table[ALONG + 1][ACROSS];
    const double *radius = pose->radius_mm;
    const float mm = (float)cbrt(radius[0] * radius[1] * radius[2]);
    fill_table(table);
    lar_shape_turn(m, pose->turn);
    for (int64_t k = 0; k < box->size[2]; k++)
        for (int64_t j = 0; j < box->size[1]; j++)
            for (int64_t i = 0; i < box->size[0]; i++) {
                const double away[3] = { (double)i - pose->middle[0], (double)j - pose->middle[1],
                                         (double)k - pose->middle[2] };
                double at[3];
                for (int a = 0; a < 3; a++)
                    at[a] = (m[0][a] * away[0] + m[1][a] * away[1] + m[2][a] * away[2]) * box->mm /
                            radius[a];
                const double far = sqrt(at[0] * at[0] + at[1] * at[1] + at[2] * at[2]) + 1e-6;
                const double y = (1 - at[2] / far) * 0.5 * ALONG;
                const double x = (atan2(at[1], at[0]) / (2 * PI) + 1) * ACROSS;
                const int y0 = (int)fmin(y, ALONG - 1), x0 = (int)x % ACROSS;
                const int x1 = (x0 + 1) % ACROSS;
                const float fy = (float)(y - y0), fx = (float)(x - floor(x));
                const float *high = table[y0], *low = table[y0 + 1];
                const float r = (1 - fy) * ((1 - fx) * high[x0] + fx * high[x1]) +
                                fy * ((1 - fx) * low[x0] + fx * low[x1]);
                *out++ = ((float)far - r) * mm;
            }
}
