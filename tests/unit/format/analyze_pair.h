/* An Analyze pair in memory, made here from the format's description.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_ANALYZE_PAIR_H
#define LAR_ANALYZE_PAIR_H

#include "format/nifti/nifti.h"
#include "scans.h"

typedef struct pair {
    unsigned char head[348];
    unsigned char *voxels;
    size_t count;
    bool big;
    lar_image *image; /* of these voxels */
} pair;

/* A number of `width` bytes in the file's byte order. */
static inline void pair_put(pair *p, size_t at, uint64_t bits, size_t width)
{
    for (size_t n = 0; n < width; n++)
        p->head[at + (p->big ? width - 1 - n : n)] = (unsigned char)(bits >> 8 * n);
}

static inline void pair_put_real(pair *p, size_t at, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, 4);
    pair_put(p, at, bits, 4);
}

static inline int pair_code(lar_type type)
{
    switch (type) {
    case LAR_U8:
        return 2;
    case LAR_I16:
        return 4;
    case LAR_I32:
        return 8;
    case LAR_F32:
        return 16;
    case LAR_F64:
        return 64;
    default:
        return 0;
    }
}

static inline pair pair_new(lar_type type, int64_t channels, bool big)
{
    pair p = { .big = big };
    const lar_grid grid = { .size = { 7, 5, 4 }, .to_world = lar_affine_identity() };
    p.image = scan_new(&grid, type, channels);
    const size_t size = lar_type_size(type);
    p.count = (size_t)(140 * channels) * size;
    p.voxels = lar_alloc_raw((int64_t)p.count, 1);
    assert_non_null(p.voxels);
    const unsigned char *from = p.image->voxels;
    for (size_t n = 0; n < p.count; n++)
        p.voxels[big ? n / size * size + size - 1 - n % size : n] = from[n];
    pair_put(&p, 0, 348, 4);
    pair_put(&p, 40, channels > 1 ? 4 : 3, 2);
    pair_put(&p, 42, 7, 2);
    pair_put(&p, 44, 5, 2);
    pair_put(&p, 46, 4, 2);
    pair_put(&p, 48, (uint64_t)channels, 2);
    pair_put(&p, 70, (uint64_t)pair_code(type), 2);
    pair_put(&p, 72, 8 * size, 2);
    pair_put_real(&p, 80, 1.5F);
    pair_put_real(&p, 84, 2);
    pair_put_real(&p, 88, 2.5F);
    return p;
}

static inline void pair_drop(pair *p)
{
    lar_image_free(p->image);
    lar_free(p->voxels);
}

/* From memory; what is said goes to `scan_said`. */
static inline lar_status pair_read_cut(lar_image **out, const pair *p, size_t head, size_t count)
{
    lar_source header = { 0 }, voxels = { 0 };
    lar_image_about about = { 0 };
    *out = NULL;
    scan_listen();
    lar_status status = lar_source_over(&header, p->head, head, "a.hdr");
    if (status == LAR_OK) status = lar_source_over(&voxels, p->voxels, count, "a.img");
    if (status == LAR_OK)
        status = lar_nifti_read_pair(out, &about, &header, &voxels, LAR_FORM_AUTO);
    if (status == LAR_OK) lar_about_say(&about, "a.hdr");
    if (status == LAR_OK) assert_string_equal(about.format, "Analyze 7.5");
    lar_image_about_clear(&about);
    lar_source_clear(&header);
    lar_source_clear(&voxels);
    return status;
}

static inline lar_status pair_read(lar_image **out, const pair *p)
{
    return pair_read_cut(out, p, sizeof p->head, p->count);
}

#endif
