/* The kinds of ITK's transforms that are affine: what their parameters mean, and the fixed centre
 * that their matrix turns about, in LPS. Text and binary files hold the same ones.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "format/transform/transform.h"
#include "math/math.h"

static void set_diagonal(lar_affine *map, double x, double y, double z)
{
    *map = lar_affine_identity();
    map->m[0][0] = x;
    map->m[1][1] = y;
    map->m[2][2] = z;
}

/* A versor is the vector part of a unit quaternion whose scalar part is not negative. */
static void set_versor(lar_affine *map, const double v[3], double scale)
{
    const double x = v[0], y = v[1], z = v[2], w = sqrt(fmax(0, 1 - x * x - y * y - z * z));
    *map = (lar_affine){ .m = { { scale * (1 - 2 * (y * y + z * z)), scale * 2 * (x * y - z * w),
                                  scale * 2 * (x * z + y * w), 0 },
                                { scale * 2 * (x * y + z * w), scale * (1 - 2 * (x * x + z * z)),
                                  scale * 2 * (y * z - x * w), 0 },
                                { scale * 2 * (x * z - y * w), scale * 2 * (y * z + x * w),
                                  scale * (1 - 2 * (x * x + y * y)), 0 } } };
}

static void turn(lar_affine *map, int axis, double angle)
{
    const int a = (axis + 1) % 3, b = (axis + 2) % 3;
    lar_affine by = lar_affine_identity();
    by.m[a][a] = by.m[b][b] = cos(angle);
    by.m[b][a] = sin(angle);
    by.m[a][b] = -by.m[b][a];
    *map = lar_affine_chain(map, &by);
}

static void identity(lar_affine *map, const lar_itk_transform *t)
{
    (void)t;
    *map = lar_affine_identity();
}

static void matrix(lar_affine *map, const lar_itk_transform *t)
{
    for (int n = 0; n < 9; n++) map->m[n / 3][n % 3] = t->parameters[n];
}

static void scales(lar_affine *map, const lar_itk_transform *t)
{
    set_diagonal(map, t->parameters[0], t->parameters[1], t->parameters[2]);
}

static void versor(lar_affine *map, const lar_itk_transform *t)
{
    set_versor(map, t->parameters, 1);
}

static void similarity(lar_affine *map, const lar_itk_transform *t)
{
    set_versor(map, t->parameters, t->parameters[6]);
}

/* Angles about x, y, z; y comes first, then x, then z, but where the fourth fixed number is 1. */
static void euler(lar_affine *map, const lar_itk_transform *t)
{
    const bool zyx = t->fixed_count > 3 && t->fixed[3] != 0;
    *map = lar_affine_identity();
    turn(map, zyx ? 0 : 1, t->parameters[zyx ? 0 : 1]);
    turn(map, zyx ? 1 : 0, t->parameters[zyx ? 1 : 0]);
    turn(map, 2, t->parameters[2]);
}

static const struct {
    const char *name;
    int count, shift; /* of parameters; the first of the translation, -1: none */
    void (*linear)(lar_affine *map, const lar_itk_transform *t);
} kinds[] = {
    { "AffineTransform", 12, 9, matrix },          { "MatrixOffsetTransformBase", 12, 9, matrix },
    { "Euler3DTransform", 6, 3, euler },           { "VersorRigid3DTransform", 6, 3, versor },
    { "Similarity3DTransform", 7, 3, similarity }, { "VersorTransform", 3, -1, versor },
    { "ScaleTransform", 3, -1, scales },           { "TranslationTransform", 3, 0, identity },
    { "IdentityTransform", 0, -1, identity },
};

enum { KIND_COUNT = sizeof kinds / sizeof *kinds };

bool lar_itk_is_kind(const char *kind, const char *name)
{
    const size_t length = strlen(name);
    return strncmp(kind, name, length) == 0 && (kind[length] == '_' || !kind[length]);
}

/* LPS to RAS on both sides, or back. */
static void turn_about(lar_affine *map)
{
    for (int r = 0; r < 2; r++)
        for (int c = 2; c < 4; c++) map->m[r][c] = -map->m[r][c];
    for (int c = 0; c < 2; c++) map->m[2][c] = -map->m[2][c];
}

/* y = M (x - centre) + shift + centre in LPS, as a map of RAS. */
lar_status lar_itk_affine(lar_affine *out, const lar_itk_transform *t, const char *path)
{
    lar_affine map, inverse;
    int n = 0;
    while (n < KIND_COUNT && !lar_itk_is_kind(t->kind, kinds[n].name)) n++;
    if (n == KIND_COUNT)
        return lar_fail(LAR_EUNSUPPORTED,
                        "'%s' holds a transform of the kind '%s', which larmor does not read", path,
                        t->kind);
    if (!lar_text_ends(t->kind, "_3_3") && strchr(t->kind, '_'))
        return lar_fail(LAR_EGEOMETRY, "'%s' holds a '%s', which is not of three dimensions", path,
                        t->kind);
    if ((t->count < 0 ? 0 : t->count) != kinds[n].count)
        return lar_fail(LAR_EFORMAT, "'%s' gives its %s %lld parameters, expected %d", path,
                        kinds[n].name, (long long)(t->count < 0 ? 0 : t->count), kinds[n].count);
    if (t->fixed_count > 0 && t->fixed_count < 3)
        return lar_fail(LAR_EFORMAT, "'%s' gives its %s %lld fixed parameters, expected 3", path,
                        kinds[n].name, (long long)t->fixed_count);
    kinds[n].linear(&map, t);
    for (int r = 0; r < 3; r++) {
        const double shift = kinds[n].shift < 0 ? 0 : t->parameters[kinds[n].shift + r];
        map.m[r][3] = shift + t->fixed[r];
        for (int c = 0; c < 3; c++) map.m[r][3] -= map.m[r][c] * t->fixed[c];
    }
    turn_about(&map);
    for (int r = 0; r < 3; r++)
        if (!isfinite(map.m[r][3]))
            return lar_fail(LAR_EFORMAT, "the numbers that '%s' gives its %s overflow", path,
                            kinds[n].name);
    if (!lar_affine_invert(&inverse, &map))
        return lar_fail(LAR_ENUMERIC, "the %s of '%s' is singular: its determinant is %g",
                        kinds[n].name, path, lar_affine_determinant(&map));
    *out = map;
    return LAR_OK;
}

void lar_itk_parameters(double parameters[12], const lar_affine *map)
{
    lar_affine lps = *map;
    turn_about(&lps);
    for (int n = 0; n < 9; n++) parameters[n] = lps.m[n / 3][n % 3] + 0.0; /* no -0 */
    for (int r = 0; r < 3; r++) parameters[9 + r] = lps.m[r][3] + 0.0;
}
