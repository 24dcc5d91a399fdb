/* Rows into slabs and back, compiled once per kind of processor: slabs_*.c include this file with
 * SLABS_CODE the name of their table. A vector is one voxel's block of channels; of a block of 8
 * half of the lanes idle. SPDX-License-Identifier: Apache-2.0 */
#include "tensor/kernels/slabs.h"
#include "tensor/kernels/vec_gelu.h"

/* The body of a function for each block and precision, as constants. */
#define EACH_KIND(block, type, CALL)                                                               \
    do {                                                                                           \
        if ((block) == 16 && (type) == LAR_FLOAT32)                                                \
            CALL(16, LAR_FLOAT32);                                                                 \
        else if ((block) == 16)                                                                    \
            CALL(16, LAR_BFLOAT16);                                                                \
        else if ((type) == LAR_FLOAT32)                                                            \
            CALL(8, LAR_FLOAT32);                                                                  \
        else                                                                                       \
            CALL(8, LAR_BFLOAT16);                                                                 \
    } while (0)

INLINE vec taken(int activation, vec alpha, vec x)
{
    if (activation == LAR_LAYER_GELU) return vec_gelu(x);
    if (activation == LAR_LAYER_SIGMOID) return vec_of(1) / (vec_of(1) + vec_exp(-x));
    if (activation == LAR_LAYER_ELU)
        return vec_choose(x > (vec){ 0 }, x, alpha * vec_exp_less_one(x));
    return x;
}

INLINE void take_row(const slab_rows *r, int block, lar_precision type, int activation,
                     const flat_term *term, const void *from, char *to)
{
    const float none = -__builtin_inff();
    const vec scale = vec_from(term->scale), shift = vec_from(term->shift);
    const vec before = vec_of(term->before), after = vec_of(term->after), alpha = vec_of(r->alpha);
    const vec before_floor = vec_of(term->before == 0 ? 0 : none);
    const vec after_floor = vec_of(term->after == 0 ? 0 : none);
    const bool bent_before = term->before != 1, bent_after = term->after != 1;
    const size_t voxel = (size_t)block * voxel_bytes(type);
    int64_t class = 0;
    char *at = to;
    for (int64_t x = 0; x < r->voxels; x++) {
        vec value = vec_load(type, from, x * block, block);
        if (bent_before) value = vec_activate(value, before_floor, before);
        value = value * scale + shift;
        if (bent_after) value = vec_activate(value, after_floor, after);
        value = taken(activation, alpha, value);
        vec_store(type, at, 0, block, value);
        at += r->class_bytes;
        if (++class == r->classes) {
            class = 0;
            to += voxel;
            at = to;
        }
    }
}

static void take(const slab_rows *r, const flat_term *term, const void *from, void *to)
{
#define CALL(block, type)                                                                          \
    do {                                                                                           \
        if (r->activation == LAR_LAYER_GELU)                                                       \
            take_row(r, block, type, LAR_LAYER_GELU, term, from, to);                              \
        else if (r->activation == LAR_LAYER_ELU)                                                   \
            take_row(r, block, type, LAR_LAYER_ELU, term, from, to);                               \
        else if (r->activation == LAR_LAYER_SIGMOID)                                               \
            take_row(r, block, type, LAR_LAYER_SIGMOID, term, from, to);                           \
        else                                                                                       \
            take_row(r, block, type, -1, term, from, to);                                          \
    } while (0)
    EACH_KIND(r->block, r->type, CALL);
#undef CALL
}

INLINE void give_row(const slab_rows *r, int block, lar_precision type, const char *from, void *to,
                     float *sum, float *square)
{
    const size_t voxel = (size_t)block * voxel_bytes(type);
    vec first = { 0 }, second = { 0 };
    int64_t class = 0;
    const char *at = from;
    for (int64_t x = 0; x < r->voxels; x++) {
        const vec value = vec_load(type, at, 0, block);
        first += value;
        second += value * value;
        memcpy((char *)to + (size_t)x * voxel, at, voxel);
        at += r->class_bytes;
        if (++class == r->classes) {
            class = 0;
            from += voxel;
            at = from;
        }
    }
    memcpy(sum, &first, (size_t)block * sizeof *sum);
    memcpy(square, &second, (size_t)block * sizeof *square);
}

static void give(const slab_rows *r, const void *from, void *to, float *sum, float *square)
{
#define CALL(block, type) give_row(r, block, type, from, to, sum, square)
    EACH_KIND(r->block, r->type, CALL);
#undef CALL
}

const slabs_code SLABS_CODE = { .take = take, .give = give };
