/* larmor-minc: the voxels and the place of a MINC1 (netCDF) or MINC2 (HDF5) file as NIfTI-2. A
 * program of its own, because both libraries under libminc have crashed on hostile files; larmor
 * runs it apart (base/child.c) and reads its result as any other file that it does not trust.
 *
 *   larmor-minc scan.mnc out.nii [header]     with "header": a file of the same length, without
 *                                             the voxels
 *
 * Ends with 0, or with 65 and a line "error: ..."; lines "warning: ..." are for the user. MINC's
 * attributes: https://en.wikibooks.org/wiki/MINC/Reference/MINC1-programmers-guide
 * World coordinates of MINC are RAS+ mm already, as NIfTI's.
 * SPDX-License-Identifier: Apache-2.0 */
#define MINC2 1 /* as libminc is built: else its header leaves the half for HDF5 out */
#include <math.h>
#include <minc.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "base/banned.h"
#include "minc/netcdf_length.h"

enum { MOST_DIMS = 5, MOST_SIZE = 1 << 30, BLOCK = 1 << 23 /* voxels read at once */ };

static _Noreturn void refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
static _Noreturn void refuse(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    printf("error: ");
    vprintf(format, list);
    printf("\n");
    va_end(list);
    exit(65);
}

static void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void warn(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    printf("warning: ");
    vprintf(format, list);
    printf("\n");
    va_end(list);
}

typedef struct dimension {
    char name[MAX_NC_NAME + 1];
    long size;
    double step, start, cosines[3];
    int axis;       /* 0 1 2: i j k of the result; 3: time, 4: any other */
    int64_t stride; /* in the result, in voxels */
    long scale_stride;
} dimension;

/* A file and its image. */
typedef struct minc {
    int file, image;
    int dims;
    dimension dim[MOST_DIMS]; /* as stored, the last fastest */
    nc_type type;
    bool is_signed;
    double valid[2];
    long scale_count; /* slices of their own range; 0: values are as they are stored */
    double *low, *high;
    bool identity; /* the range of every slice is the valid range */
    const char *space;
} minc;

/* ---- what the file says ------------------------------------------------------------------ */

static double number(const minc *m, int variable, const char *name, double fallback)
{
    double value;
    if (variable == MI_ERROR || miattget1(m->file, variable, name, NC_DOUBLE, &value) == MI_ERROR)
        return fallback;
    return value;
}

static bool text_is(const minc *m, int variable, const char *name, const char *begin)
{
    char text[MI_MAX_ATTSTR_LEN + 1] = "";
    return miattgetstr(m->file, variable, name, sizeof text, text) &&
           strncmp(text, begin, strlen(begin)) == 0;
}

/* Of a dimension whose positions are listed one by one. */
static void take_positions(const minc *m, dimension *d, int variable)
{
    nc_type type;
    int dims = 0, attributes, of[MAX_VAR_DIMS];
    long start = 0, count = d->size;
    double *at;
    if (ncvarinq(m->file, variable, NULL, &type, &dims, of, &attributes) == MI_ERROR || dims != 1)
        refuse("its slices along '%s' are irregular, and it does not say where they are", d->name);
    at = calloc((size_t)d->size, sizeof *at);
    if (!at || mivarget(m->file, variable, &start, &count, NC_DOUBLE, MI_SIGNED, at) == MI_ERROR)
        refuse("the positions along '%s' cannot be read", d->name);
    const double step = d->size > 1 ? (at[d->size - 1] - at[0]) / (double)(d->size - 1) : d->step;
    for (long n = 0; n < d->size; n++)
        if (!(fabs(at[n] - at[0] - step * (double)n) <= 0.01 * fabs(step)))
            refuse("its slices along '%s' are unevenly spaced, which larmor does not read from "
                   "MINC",
                   d->name);
    d->step = step;
    d->start = at[0];
    free(at);
}

static void take_place(minc *m, dimension *d)
{
    const int variable = ncvarid(m->file, d->name);
    int count = 0;
    d->step = number(m, variable, MIstep, 1);
    d->start = number(m, variable, MIstart, 0);
    if (d->axis > 2) return;
    for (int n = 0; n < 3; n++) d->cosines[n] = d->name[0] - 'x' == n;
    if (variable == MI_ERROR) {
        warn("it does not say where its voxels are along '%s'; taken as 1 mm apart", d->name);
        return;
    }
    double cosines[3];
    if (miattget(m->file, variable, MIdirection_cosines, NC_DOUBLE, 3, cosines, &count) !=
            MI_ERROR &&
        count == 3)
        memcpy(d->cosines, cosines, sizeof cosines);
    if (text_is(m, variable, MIspacing, "irreg") && d->size > 1) take_positions(m, d, variable);
    if (text_is(m, variable, MIspacetype, MI_TALAIRACH)) m->space = MI_TALAIRACH;
    char units[MI_MAX_ATTSTR_LEN + 1] = "";
    if (miattgetstr(m->file, variable, MIunits, sizeof units, units) && *units &&
        strncmp(units, "mm", 2) != 0 && strncmp(units, "milli", 5) != 0)
        warn("its unit of length along '%s' is '%s'; taken as mm", d->name, units);
    const double length = sqrt(d->cosines[0] * d->cosines[0] + d->cosines[1] * d->cosines[1] +
                               d->cosines[2] * d->cosines[2]);
    if (!isfinite(d->start) || !isfinite(d->step) || d->step == 0 || !(length > 0.01) ||
        !isfinite(length))
        refuse("its voxels cannot be placed along '%s': start %g, step %g, direction %g %g %g",
               d->name, d->start, d->step, d->cosines[0], d->cosines[1], d->cosines[2]);
    if (fabs(length - 1) > 1e-3)
        warn("the direction of '%s' has length %g, not 1; taken as it is", d->name, length);
}

/* The last space dimension is the fastest: i. */
static void take_axes(minc *m)
{
    int space = 0;
    bool seen[3] = { false };
    for (int n = m->dims - 1; n >= 0; n--) {
        dimension *d = &m->dim[n];
        d->axis = strcmp(d->name, MItime) == 0 ? 3 : 4;
        if (strlen(d->name) != 6 || strcmp(d->name + 1, "space") != 0 || d->name[0] < 'x' ||
            d->name[0] > 'z')
            continue;
        if (seen[d->name[0] - 'x'] || space == 3) refuse("it has '%s' twice", d->name);
        seen[d->name[0] - 'x'] = true;
        d->axis = space++;
    }
    if (space < 2) refuse("it has %d space dimensions, expected 3", space);
    for (int n = 0; n < m->dims; n++) take_place(m, &m->dim[n]);
    if (space == 3) return;
    if (m->dims == MOST_DIMS) refuse("it has 2 space dimensions, expected 3");
    /* a slice: the third is one voxel, whose place the file may say */
    dimension *d = &m->dim[m->dims++];
    *d = (dimension){ .size = 1, .axis = 2 };
    for (int n = 0; n < 3; n++)
        if (!seen[n]) snprintf(d->name, sizeof d->name, "%cspace", 'x' + n);
    for (int n = m->dims - 1; n > 0; n--) { /* slowest: so that the stored order is kept */
        const dimension other = m->dim[n];
        m->dim[n] = m->dim[n - 1];
        m->dim[n - 1] = other;
    }
    take_place(m, &m->dim[0]);
}

static void take_image(minc *m)
{
    int attributes, of[MAX_VAR_DIMS], is_signed;
    nc_type type;
    m->image = ncvarid(m->file, MIimage);
    if (m->image == MI_ERROR) refuse("it holds no image, so it is no MINC file");
    if (ncvarinq(m->file, m->image, NULL, &type, &m->dims, of, &attributes) == MI_ERROR)
        refuse("its image cannot be read");
    if (m->dims < 2 || m->dims > MOST_DIMS)
        refuse("its image has %d dimensions, expected 2 to %d", m->dims, MOST_DIMS);
    for (int n = 0; n < m->dims; n++) {
        dimension *d = &m->dim[n];
        if (ncdiminq(m->file, of[n], d->name, &d->size) == MI_ERROR)
            refuse("its dimension %d cannot be read", n + 1);
        if (d->size < 1 || d->size > MOST_SIZE)
            refuse("it has size %ld along '%s'", d->size, d->name);
    }
    if (miget_datatype(m->file, m->image, &m->type, &is_signed) == MI_ERROR)
        refuse("its type of voxels cannot be read");
    m->is_signed = is_signed;
    if (m->type != NC_BYTE && m->type != NC_SHORT && m->type != NC_INT && m->type != NC_FLOAT &&
        m->type != NC_DOUBLE)
        refuse("its voxels are of an unknown type (%d)", (int)m->type);
}

/* image-min and image-max: the range of each slice, which the valid range stands for. */
static void take_scales(minc *m)
{
    const int low = ncvarid(m->file, MIimagemin), high = ncvarid(m->file, MIimagemax);
    int dims[2] = { 0 }, of[2][MAX_VAR_DIMS], attributes;
    long start[MAX_VAR_DIMS] = { 0 }, count[MAX_VAR_DIMS];
    nc_type type;
    m->identity = true;
    if (m->type == NC_FLOAT || m->type == NC_DOUBLE) return; /* are values already */
    if (low == MI_ERROR || high == MI_ERROR) {
        warn("it does not say what range its voxels stand for; taken as they are stored");
        return;
    }
    if (miget_valid_range(m->file, m->image, m->valid) == MI_ERROR || !isfinite(m->valid[0]) ||
        !isfinite(m->valid[1]) || !(m->valid[0] < m->valid[1]))
        refuse("its valid range is %g to %g", m->valid[0], m->valid[1]);
    if (ncvarinq(m->file, low, NULL, &type, &dims[0], of[0], &attributes) == MI_ERROR ||
        ncvarinq(m->file, high, NULL, &type, &dims[1], of[1], &attributes) == MI_ERROR ||
        dims[0] != dims[1] || dims[0] >= m->dims)
        refuse("its image-min and image-max do not agree with its image");
    m->scale_count = 1;
    for (int n = dims[0] - 1; n >= 0; n--) {
        char name[MAX_NC_NAME + 1];
        dimension *d = NULL;
        if (of[0][n] != of[1][n] || ncdiminq(m->file, of[0][n], name, &count[n]) == MI_ERROR)
            refuse("its image-min and image-max do not agree with each other");
        for (int k = 0; k < m->dims; k++)
            if (strcmp(m->dim[k].name, name) == 0) d = &m->dim[k];
        if (!d || d->size != count[n] || d->scale_stride)
            refuse("its image-max runs along '%s' as its image does not", name);
        d->scale_stride = m->scale_count;
        if (m->scale_count > MOST_SIZE / count[n]) refuse("it has too many slices");
        m->scale_count *= count[n];
    }
    m->low = calloc((size_t)m->scale_count, sizeof *m->low);
    m->high = calloc((size_t)m->scale_count, sizeof *m->high);
    if (!m->low || !m->high ||
        mivarget(m->file, low, start, count, NC_DOUBLE, MI_SIGNED, m->low) == MI_ERROR ||
        mivarget(m->file, high, start, count, NC_DOUBLE, MI_SIGNED, m->high) == MI_ERROR)
        refuse("its image-min and image-max cannot be read");
    for (long n = 0; n < m->scale_count; n++) {
        if (!isfinite(m->low[n]) || !isfinite(m->high[n]))
            refuse("slice %ld stands for %g to %g", n + 1, m->low[n], m->high[n]);
        if (m->low[n] != m->valid[0] || m->high[n] != m->valid[1]) m->identity = false;
    }
}

/* ---- what is written --------------------------------------------------------------------- */

/* NIfTI's code of a type and its bytes: the stored type where the values are what is stored. */
static int result_type(const minc *m, size_t *size)
{
    if (m->type == NC_DOUBLE) return *size = 8, 64;
    /* 32 bits are more than a float holds */
    if (!m->identity && m->type == NC_INT) return *size = 8, 64;
    if (!m->identity || m->type == NC_FLOAT) return *size = 4, 16;
    if (m->type == NC_INT) return *size = 4, m->is_signed ? 8 : 768;
    if (m->type == NC_SHORT) return *size = 2, m->is_signed ? 4 : 512;
    return *size = 1, m->is_signed ? 256 : 2;
}

static void put(void *at, int type, double value)
{
    const float single = (float)value;
    const int64_t whole = type == 16 || type == 64 ? 0 : (int64_t)value;
    switch (type) {
    case 16:
        memcpy(at, &single, 4);
        break;
    case 64:
        memcpy(at, &value, 8);
        break;
    default: /* the low bytes come first, or last */
        memcpy(at,
               (const char *)&whole + (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
                                           ? 0
                                           : 8 - (type == 8 || type == 768   ? 4
                                                  : type == 4 || type == 512 ? 2
                                                                             : 1)),
               type == 8 || type == 768   ? 4
               : type == 4 || type == 512 ? 2
                                          : 1);
    }
}

/* For what `larmor info` tells. */
static const char *stored_name(const minc *m)
{
    if (m->type == NC_DOUBLE) return "float64";
    if (m->type == NC_FLOAT) return "float32";
    if (m->type == NC_INT) return m->is_signed ? "int32" : "uint32";
    if (m->type == NC_SHORT) return m->is_signed ? "int16" : "uint16";
    return m->is_signed ? "int8" : "uint8";
}

enum { HEADER = 544 };

/* Of this machine's byte order; offsets of https://nifti.nimh.nih.gov/pub/dist/doc/nifti2.h */
static void make_header(char head[HEADER], const minc *m, int type, size_t size)
{
    const int32_t length = 540, code = m->space ? 3 : 1, units = 2 | 8 /* mm, s */;
    const int16_t datatype = (int16_t)type, bits = (int16_t)(8 * size);
    const int64_t offset = HEADER;
    int64_t dim[8] = { 3, 1, 1, 1, 1, 1, 1, 1 };
    double pixdim[8] = { 1, 1, 1, 1, 1, 1, 1, 1 }, affine[3][4] = { { 0 } };
    memset(head, 0, HEADER);
    for (int n = 0; n < m->dims; n++) {
        const dimension *d = &m->dim[n];
        dim[1 + d->axis] *= d->size;
        if (d->axis == 3 && isfinite(d->step)) pixdim[4] = fabs(d->step);
        for (int r = 0; r < 3 && d->axis < 3; r++) {
            affine[r][d->axis] = d->cosines[r] * d->step;
            affine[r][3] += d->cosines[r] * d->start;
        }
        if (d->axis < 3) pixdim[1 + d->axis] = fabs(d->step);
        if (d->axis >= 3 && d->size > 1 && dim[0] < d->axis + 1) dim[0] = d->axis + 1;
    }
    memcpy(head, &length, 4);
    memcpy(head + 4, "n+2\0\r\n\032\n", 8);
    memcpy(head + 12, &datatype, 2);
    memcpy(head + 14, &bits, 2);
    memcpy(head + 16, dim, sizeof dim);
    memcpy(head + 104, pixdim, sizeof pixdim);
    memcpy(head + 168, &offset, 8);
    memcpy(head + 348, &code, 4);
    memcpy(head + 400, affine, sizeof affine);
    memcpy(head + 500, &units, 4);
}

/* Where each stored dimension runs in the result: i, j, k, time, others. */
static int64_t set_strides(minc *m, size_t size)
{
    int64_t count = 1;
    for (int axis = 0; axis <= 4; axis++)
        for (int n = m->dims - 1; n >= 0; n--) {
            dimension *d = &m->dim[n];
            if (d->axis != axis) continue;
            d->stride = count;
            if (count > INT64_MAX / 8 / (int64_t)size / d->size) refuse("it has too many voxels");
            count *= d->size;
        }
    return count;
}

/* One block of voxels to their places in the result. */
static int64_t spread(char *out, int type, size_t size, const minc *m, const double *in,
                      const long start[], const long count[], int64_t total)
{
    int64_t clipped = 0;
    long at[MOST_DIMS] = { 0 };
    for (int64_t n = 0; n < total; n++) {
        int64_t place = 0;
        long slice = 0;
        double value = in[n];
        for (int d = 0; d < m->dims; d++) {
            place += (start[d] + at[d]) * m->dim[d].stride;
            slice += (start[d] + at[d]) * m->dim[d].scale_stride;
        }
        if (m->scale_count) {
            const double bounded = value < m->valid[0]   ? m->valid[0]
                                   : value > m->valid[1] ? m->valid[1]
                                                         : value;
            clipped += bounded != value;
            const double slope = (m->high[slice] - m->low[slice]) / (m->valid[1] - m->valid[0]);
            value = m->identity ? bounded : bounded * slope + (m->low[slice] - m->valid[0] * slope);
        }
        put(out + (size_t)place * size, type, value);
        for (int d = m->dims - 1; d >= 0 && ++at[d] == count[d]; d--) at[d] = 0;
    }
    return clipped;
}

static void write_voxels(FILE *file, const minc *m, int type, size_t size, int64_t voxels)
{
    long start[MOST_DIMS] = { 0 }, count[MOST_DIMS];
    const int first = m->dims > 0 && m->dim[0].size == 1 && m->dims > 3 ? 1 : 0;
    int64_t clipped = 0, others = 1;
    char *out = calloc((size_t)voxels, size);
    for (int n = 0; n < m->dims; n++) {
        count[n] = m->dim[n].size;
        if (n != first) others *= m->dim[n].size;
    }
    const long most = others >= BLOCK ? 1 : (long)(BLOCK / others);
    double *in = calloc((size_t)(others * (most < count[first] ? most : count[first])), sizeof *in);
    if (!out || !in) refuse("it needs more memory than it may have");
    /* a slice has a third dimension of ours, the first, which the file does not know */
    int stored = 0, attributes, of[MAX_VAR_DIMS];
    nc_type unused;
    ncvarinq(m->file, m->image, NULL, &unused, &stored, of, &attributes);
    const int ours = m->dims - stored;
    for (long begin = 0; begin < m->dim[first].size; begin += most) {
        start[first] = begin;
        count[first] = m->dim[first].size - begin < most ? m->dim[first].size - begin : most;
        if (mivarget(m->file, m->image, start + ours, count + ours, NC_DOUBLE, MI_SIGNED, in) ==
            MI_ERROR)
            refuse("its voxels cannot be read: it is damaged or cut short");
        clipped += spread(out, type, size, m, in, start, count, others * count[first]);
    }
    if (clipped)
        warn("%lld of its voxels lie outside its valid range of %g to %g; taken as its ends",
             (long long)clipped, m->valid[0], m->valid[1]);
    if (fwrite(out, size, (size_t)voxels, file) != (size_t)voxels)
        refuse("its voxels cannot be written");
    free(in);
    free(out);
}

int main(int count, char **words)
{
    minc m = { 0 };
    char head[HEADER];
    size_t size;
    if (count < 3) refuse("expected two files");
    const char *fault = lar_netcdf_fault(words[1]);
    if (fault) refuse("%s", fault);
    (void)set_ncopts(0); /* its errors do not end the program */
    m.file = miopen(words[1], NC_NOWRITE);
    if (m.file == MI_ERROR) refuse("libminc cannot open it");
    take_image(&m);
    take_axes(&m);
    take_scales(&m);
    const int type = result_type(&m, &size);
    const int64_t voxels = set_strides(&m, size);
    make_header(head, &m, type, size);
    FILE *file = fopen(words[2], "wb");
    if (!file || fwrite(head, HEADER, 1, file) != 1) refuse("its header cannot be written");
    printf("stored: %s\n", stored_name(&m));
    if (count == 3)
        write_voxels(file, &m, type, size, voxels);
    else if (fflush(file) != 0 || ftruncate(fileno(file), HEADER + voxels * (int64_t)size) != 0)
        refuse("its length cannot be written");
    if (fclose(file) != 0) refuse("its voxels cannot be written");
    free(m.low);
    free(m.high);
    /* libraries that have read a damaged file are not asked to clean up */
    fflush(stdout);
    _exit(0);
}
