/* Layers without weights over blocked layouts: what their inner loops get, and the table of these
 * loops that is compiled once per kind of processor.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_LAYERS_CODE_H
#define LAR_LAYERS_CODE_H

#include "tensor/kernels/layer_parts.h"

/* One axis of a linear map: voxel n of the result is the sum of weight[t] times voxel index[t], for
 * t from start[n] to start[n + 1]. */
typedef struct axis_map {
    int32_t *start, *index;
    float *weight;
} axis_map;

/* A linear map of volumes that separates into axes, between tensors alike but for voxels. */
typedef struct layer_map {
    lar_precision type;
    int block;
    const void *from;
    void *to;
    int64_t from_size[3], to_size[3];
    axis_map axes[3];
} layer_map;

/* plane: a block of channels of one sample, n * blocks + b; z: of the result. */
typedef struct layers_code {
    void (*map)(const layer_map *map, int64_t plane, int64_t z);
    void (*largest)(const lar_layer *layer, const void *in, void *out, int64_t plane, int64_t z);
    void (*largest_backward)(const lar_layer *layer, const void *in, const void *dout, void *din,
                             int64_t plane, int64_t z);
    /* from: input, or the output of a sigmoid; without dout: forward */
    void (*activation)(const lar_layer *layer, const void *from, const void *dout, void *to,
                       int64_t offset, int lanes);
    /* of `count` (at most LAYER_TILE) voxels of sample n; out: the output, which backward reads */
    void (*softmax)(const lar_layer *layer, const void *in, void *out, int64_t n, int64_t voxel,
                    int count);
    void (*softmax_backward)(const lar_layer *layer, const void *out, const void *dout, void *din,
                             int64_t n, int64_t voxel, int count);
    void (*dropout)(const lar_layer *layer, const void *in, void *out, int64_t plane, int64_t voxel,
                    int count);
} layers_code;

enum { LAYER_TILE = 256 };

extern const layers_code lar_layers_any;
#ifdef __x86_64__
extern const layers_code lar_layers_v3, lar_layers_v4, lar_layers_bf16;
#endif

#endif
