/* Signed distances for the phantom: positive inside, in mm, near enough to exact close to the
 * surface. SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_PHANTOM_SHAPE_H
#define LAR_PHANTOM_SHAPE_H

#include <math.h>

typedef struct point {
    float x, y, z;
} point;

static inline float clamp01(float t)
{
    return t < 0 ? 0 : t > 1 ? 1 : t;
}

static inline float mixed(float a, float b, float t)
{
    return a + (b - a) * t;
}

static inline float smooth_step(float low, float high, float t)
{
    const float u = clamp01((t - low) / (high - low));
    return u * u * (3 - 2 * u);
}

static inline point minus(point a, point b)
{
    return (point){ a.x - b.x, a.y - b.y, a.z - b.z };
}

static inline float dot(point a, point b)
{
    return a.x * b.x + a.y * b.y + a.z * b.z;
}

static inline float length(point a)
{
    return sqrtf(dot(a, a));
}

/* The larger, with a fillet of about k mm: union of shapes. */
static inline float soft_union(float a, float b, float k)
{
    const float h = clamp01(0.5f + 0.5f * (a - b) / k);
    return mixed(b, a, h) + k * h * (1 - h);
}

static inline float soft_cut(float a, float b, float k)
{
    return -soft_union(-a, -b, k);
}

static inline float ellipsoid(point p, point centre, point radius)
{
    const point q = minus(p, centre);
    const point u = { q.x / radius.x, q.y / radius.y, q.z / radius.z };
    const point v = { u.x / radius.x, u.y / radius.y, u.z / radius.z };
    const float k0 = length(u), k1 = length(v);
    if (k1 < 1e-6f) return fminf(radius.x, fminf(radius.y, radius.z));
    return k0 * (1 - k0) / k1;
}

/* The same with flatter sides and rounder corners, as skulls have. */
static inline float boxy(point p, point centre, point radius, float corner)
{
    const point q = minus(p, centre);
    const point u = { q.x / radius.x, q.y / radius.y, q.z / radius.z };
    const point v = { u.x / radius.x, u.y / radius.y, u.z / radius.z };
    const point s = { u.x * u.x, u.y * u.y, u.z * u.z };
    const float k2 = sqrtf(s.x + s.y + s.z), k1 = length(v);
    const float k4 = sqrtf(sqrtf(s.x * s.x + s.y * s.y + s.z * s.z));
    if (k1 < 1e-6f) return fminf(radius.x, fminf(radius.y, radius.z));
    return k2 * (1 - mixed(k2, k4, corner)) / k1;
}

/* A rod from a to b, whose radius goes from ra to rb. */
static inline float rod(point p, point a, point b, float ra, float rb)
{
    const point ab = minus(b, a), ap = minus(p, a);
    const float t = clamp01(dot(ap, ab) / dot(ab, ab));
    const point off = { ap.x - t * ab.x, ap.y - t * ab.y, ap.z - t * ab.z };
    return mixed(ra, rb, t) - length(off);
}

#endif
