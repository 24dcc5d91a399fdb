/* ITK's text form of transforms (.txt, .tfm): a kind, its parameters, and the fixed centre that its
 * matrix turns about, in LPS. Several stand in one file where a composite transform comes first.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "format/transform.h"
#include "math/math.h"

enum { PARAMETERS_MAX = 12, FIXED_MAX = 4 };

/* One transform as its lines say. */
typedef struct listed {
    const char *kind;
    int64_t count, fixed_count; /* -1: the line is missing */
    double parameters[PARAMETERS_MAX], fixed[FIXED_MAX];
} listed;

/* ---- kinds ----------------------------------------------------------------------------- */

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

static void identity(lar_affine *map, const listed *t)
{
    (void)t;
    *map = lar_affine_identity();
}

static void matrix(lar_affine *map, const listed *t)
{
    for (int n = 0; n < 9; n++) map->m[n / 3][n % 3] = t->parameters[n];
}

static void scales(lar_affine *map, const listed *t)
{
    set_diagonal(map, t->parameters[0], t->parameters[1], t->parameters[2]);
}

static void versor(lar_affine *map, const listed *t)
{
    set_versor(map, t->parameters, 1);
}

static void similarity(lar_affine *map, const listed *t)
{
    set_versor(map, t->parameters, t->parameters[6]);
}

/* Angles about x, y, z; y comes first, then x, then z, but where the fourth fixed number is 1. */
static void euler(lar_affine *map, const listed *t)
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
    void (*linear)(lar_affine *map, const listed *t);
} kinds[] = {
    { "AffineTransform", 12, 9, matrix },          { "MatrixOffsetTransformBase", 12, 9, matrix },
    { "Euler3DTransform", 6, 3, euler },           { "VersorRigid3DTransform", 6, 3, versor },
    { "Similarity3DTransform", 7, 3, similarity }, { "VersorTransform", 3, -1, versor },
    { "ScaleTransform", 3, -1, scales },           { "TranslationTransform", 3, 0, identity },
    { "IdentityTransform", 0, -1, identity },
};

enum { KIND_COUNT = sizeof kinds / sizeof *kinds };

static bool is_kind(const char *kind, const char *name)
{
    const size_t length = strlen(name);
    return strncmp(kind, name, length) == 0 && (kind[length] == '_' || !kind[length]);
}

/* y = M (x - centre) + shift + centre in LPS, as a map of RAS. */
static lar_status to_affine(lar_affine *out, const listed *t, const char *path)
{
    lar_affine map, inverse;
    int n = 0;
    while (n < KIND_COUNT && !is_kind(t->kind, kinds[n].name)) n++;
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
    for (int r = 0; r < 2; r++) /* LPS to RAS on both sides */
        for (int c = 2; c < 4; c++) map.m[r][c] = -map.m[r][c];
    for (int c = 0; c < 2; c++) map.m[2][c] = -map.m[2][c];
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

/* ---- lines ----------------------------------------------------------------------------- */

/* What follows `key` in a line, or NULL. */
static char *after(char *line, const char *key)
{
    if (!lar_text_starts(line, key)) return NULL;
    line += strlen(key);
    return line + strspn(line, " \t");
}

static lar_status take_numbers(double *out, int64_t *count, int64_t most, char *line,
                               const char *path)
{
    *count = 0;
    for (char *at = line + strspn(line, " \t"); *at;) {
        const size_t length = strcspn(at, " \t");
        char *next = at + length + strspn(at + length, " \t");
        at[length] = 0;
        if (*count == most)
            return lar_fail(LAR_EFORMAT, "'%s' gives a transform more than %lld numbers", path,
                            (long long)most);
        if (!lar_parse_real(&out[(*count)++], at))
            return lar_fail(LAR_EFORMAT, "'%s' holds '%.40s' where a number was expected", path,
                            at);
        at = next;
    }
    return LAR_OK;
}

/* The next line, its end cut off; NULL after the last. */
static char *next_line(char **text)
{
    char *line = *text;
    if (!*line) return NULL;
    const size_t length = strcspn(line, "\r\n");
    *text = line + length + (line[length] != 0);
    line[length] = 0;
    return line;
}

static int64_t count_transforms(const char *text)
{
    int64_t count = 0;
    for (const char *at = text; (at = strstr(at, "Transform:")); at++) count++;
    return count;
}

lar_status lar_itk_text_affines(lar_affine **out, int64_t *count, char *text, const char *path)
{
    lar_status status = LAR_OK;
    bool composite = false;
    listed *all = lar_alloc(count_transforms(text), sizeof *all);
    lar_affine *affines = lar_alloc(count_transforms(text), sizeof *affines);
    int64_t found = 0;
    *out = NULL;
    *count = 0;
    if (!all || !affines) {
        status = LAR_EMEMORY;
        goto done;
    }
    for (char *line; (line = next_line(&text));) {
        char *rest;
        listed *now = found ? &all[found - 1] : NULL;
        if ((rest = after(line, "Transform:"))) {
            if (found == 0 && !composite && is_kind(rest, "CompositeTransform"))
                composite = true;
            else
                all[found++] = (listed){ .kind = rest, .count = -1, .fixed_count = -1 };
        } else if (now && (rest = after(line, "Parameters:"))) {
            LAR_TRY(take_numbers(now->parameters, &now->count, PARAMETERS_MAX, rest, path));
        } else if (now && (rest = after(line, "FixedParameters:"))) {
            LAR_TRY(take_numbers(now->fixed, &now->fixed_count, FIXED_MAX, rest, path));
        }
    }
    if (found == 0 || (found > 1 && !composite)) {
        status = lar_fail(LAR_EFORMAT,
                          "'%s' holds %lld transforms, expected one, or a composite of several",
                          path, (long long)found);
        goto done;
    }
    for (int64_t n = 0; n < found; n++) LAR_TRY(to_affine(&affines[n], &all[n], path));
    *out = affines;
    *count = found;
    affines = NULL;
done:
    lar_free(affines);
    lar_free(all);
    return status;
}
