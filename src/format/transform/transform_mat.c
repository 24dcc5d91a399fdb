/* The binary .mat that ANTs and ITK write: two matrices in MATLAB's level 4, the parameters under
 * the name of the transform's kind, then "fixed". Of each: five 32-bit integers (type, rows,
 * columns, whether complex, bytes of the name), the name with a 0 at its end, the numbers. The
 * digits of the type are M (0 little-endian, 1 big-endian), O (0 by columns, 1 by rows), P (0
 * double, 1 float) and T (0 numbers). SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "format/transform/transform.h"

enum { HEAD_BYTES = 20, NAME_MAX_BYTES = 64 };
static const char *const suffixes[] = { ".mat", NULL };

typedef struct matrix {
    bool big, single;
    int64_t count; /* rows times columns */
    const char *name;
} matrix;

static uint64_t whole(const unsigned char *bytes, int size, bool big)
{
    uint64_t value = 0;
    for (int n = 0; n < size; n++) value = value << 8 | bytes[big ? n : size - 1 - n];
    return value;
}

static double number(const unsigned char *bytes, const matrix *m)
{
    if (m->single) {
        const uint32_t bits = (uint32_t)whole(bytes, 4, m->big);
        float value;
        memcpy(&value, &bits, sizeof value);
        return (double)value;
    }
    const uint64_t bits = whole(bytes, 8, m->big);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* What a matrix says of itself, and how many bytes that takes; 0 where this is none. */
static size_t matrix_head(matrix *out, const unsigned char *bytes, size_t length)
{
    if (length < HEAD_BYTES) return 0;
    for (int big = 0; big < 2; big++) {
        const uint64_t type = whole(bytes, 4, big), rows = whole(bytes + 4, 4, big),
                       columns = whole(bytes + 8, 4, big), complex = whole(bytes + 12, 4, big),
                       name = whole(bytes + 16, 4, big);
        if (type / 1000 != (uint64_t)big || type / 100 % 10 > 1 || type / 10 % 10 > 1 || type % 10)
            continue;
        if (rows > 64 || columns > 64 || complex || name < 2 || name > NAME_MAX_BYTES) continue;
        if (length - HEAD_BYTES < name || bytes[HEAD_BYTES + name - 1]) continue;
        const char *text = (const char *)bytes + HEAD_BYTES;
        if (strlen(text) != name - 1) continue;
        *out = (matrix){ .big = big,
                         .single = type / 10 % 10 == 1,
                         .count = (int64_t)(rows * columns),
                         .name = text };
        for (; *text; text++)
            if (*text < ' ' || *text > '~') return 0;
        return HEAD_BYTES + (size_t)name;
    }
    return 0;
}

static bool sniff(const lar_source *source)
{
    matrix m;
    return matrix_head(&m, source->head, source->head_count) != 0;
}

static lar_status take(double *out, int64_t most, matrix *m, const unsigned char **at,
                       size_t *length, const char *path)
{
    const size_t head = matrix_head(m, *at, *length);
    const size_t size = m->single ? 4 : 8;
    if (!head)
        return lar_fail(
            LAR_EFORMAT,
            "'%s' ends, or holds something else, where a matrix of MATLAB's level 4 was "
            "expected",
            path);
    if (m->count > most)
        return lar_fail(LAR_EFORMAT, "'%s' gives '%s' %lld numbers, expected at most %lld", path,
                        m->name, (long long)m->count, (long long)most);
    if ((*length - head) / size < (size_t)m->count)
        return lar_fail(LAR_EFORMAT, "'%s' is cut short in its matrix '%s'", path, m->name);
    for (int64_t n = 0; n < m->count; n++) {
        out[n] = number(*at + head + (size_t)n * size, m);
        if (!isfinite(out[n]))
            return lar_fail(LAR_EFORMAT,
                            "'%s' holds a number in its matrix '%s' that is not finite", path,
                            m->name);
    }
    *at += head + (size_t)m->count * size;
    *length -= head + (size_t)m->count * size;
    return LAR_OK;
}

static lar_status read(lar_affine **out, int64_t *count, char *bytes, size_t length,
                       const char *path, const lar_transform_use *use)
{
    (void)use;
    lar_status status = LAR_OK;
    const unsigned char *at = (const unsigned char *)bytes;
    lar_itk_transform t = { 0 };
    lar_affine map;
    matrix parameters = { 0 }, fixed = { 0 };
    LAR_TRY(take(t.parameters, LAR_ITK_PARAMETERS_MAX, &parameters, &at, &length, path));
    t.kind = parameters.name;
    t.count = parameters.count;
    LAR_TRY(take(t.fixed, LAR_ITK_FIXED_MAX, &fixed, &at, &length, path));
    t.fixed_count = fixed.count;
    if (!lar_text_is(fixed.name, "fixed")) {
        status = lar_fail(LAR_EFORMAT, "'%s' holds '%s' beside its %s, expected 'fixed'", path,
                          fixed.name, t.kind);
        goto done;
    }
    if (length) {
        status =
            lar_fail(LAR_EFORMAT, "'%s' holds %zu bytes more than one transform", path, length);
        goto done;
    }
    LAR_TRY(lar_itk_affine(&map, &t, path));
    status = lar_transform_one(out, count, &map, path);
done:
    return status;
}

static void put_matrix(lar_text *out, const char *name, int rows, const double *numbers)
{
    const int head[5] = { 0, rows, 1, 0, (int)strlen(name) + 1 };
    for (int n = 0; n < 20; n++) {
        const char byte = (char)((unsigned)head[n / 4] >> 8 * (n % 4) & 255);
        lar_text_add_bytes(out, &byte, 1);
    }
    lar_text_add_bytes(out, name, strlen(name) + 1);
    for (int n = 0; n < 8 * rows; n++) {
        uint64_t bits;
        memcpy(&bits, &numbers[n / 8], sizeof bits);
        const char byte = (char)(bits >> 8 * (n % 8) & 255);
        lar_text_add_bytes(out, &byte, 1);
    }
}

static void write(lar_text *out, const lar_affine *fixed_to_moving, const lar_grid *fixed,
                  const lar_grid *moving)
{
    (void)fixed, (void)moving;
    static const double centre[3];
    double parameters[12];
    lar_itk_parameters(parameters, fixed_to_moving);
    put_matrix(out, "AffineTransform_double_3_3", 12, parameters);
    put_matrix(out, "fixed", 3, centre);
}

const lar_transform_format lar_transform_mat = {
    .name = "an ANTs .mat",
    .suffixes = suffixes,
    .sniff = sniff,
    .read = read,
    .write = write,
};
