/* A convolution in the place of the tensor that it reads: how a tensor is cut into slabs, and the
 * loops that carry rows into them and back, compiled once per kind of processor.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_SLABS_H
#define LAR_SLABS_H

#include "tensor/kernels/blocked.h"
#include "tensor/kernels/kernels.h"

/* Axes are z, y, x. Along each, voxels that are the dilation apart form a class; classes know
 * nothing of each other, and in one the convolution has no dilation. A chunk is some rows of a
 * class of z and y, whole along x; a slab is some of its planes with a halo all around. */
typedef struct slab_cut {
    int64_t halo[3], classes[3], count[3]; /* count: voxels of the longest class */
    int64_t planes, rows, chunks;          /* of a slab, of a chunk, of a class */
    int64_t pitch;                         /* voxels of a row of a slab */
    int64_t blocks;
    size_t voxel;                      /* bytes of one of one block */
    size_t slab_bytes, out_slab_bytes; /* of one class of x */
    size_t saved_bytes;                /* rows around the borders between chunks */
    size_t sum_bytes;
} slab_cut;

/* How rows are read and written. Voxel x of a row is number x / classes of class x % classes; one
 * class begins `class_bytes` after the other. */
typedef struct slab_rows {
    lar_precision type;
    int block;
    int activation; /* lar_layer_kind, or -1 */
    float alpha;
    int64_t voxels, classes;
    size_t class_bytes;
} slab_rows;

typedef struct slabs_code {
    /* activation(term) of a row at `from` (the term's source is not looked at). */
    void (*take)(const slab_rows *r, const flat_term *term, const void *from, void *to);
    /* A row back, with the sums of its values and of their squares, of each lane. */
    void (*give)(const slab_rows *r, const void *from, void *to, float *sum, float *square);
} slabs_code;

extern const slabs_code lar_slabs_any;
#ifdef __x86_64__
extern const slabs_code lar_slabs_v3, lar_slabs_v4, lar_slabs_bf16;
#endif

#endif
