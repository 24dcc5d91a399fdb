/* Products of tiles: 16 positions by 32 channels times 32 channels by 16, in bfloat16, added to 16
 * by 16 floats. A product takes 16 cycles whatever it is of, and a tile is loaded in 8, or in 20
 * where its rows lie across lines of the cache.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tensor/kernels/amx_tile.h"

int64_t lar_amx_steps(const lar_amx_sum *s)
{
    return s->kernel[0] * (s->pairs * s->kernel[1] + (s->odd ? (s->kernel[1] + 1) / 2 : 0));
}

#ifdef __x86_64__
#include <immintrin.h>

#define TILES __attribute__((target("amx-tile,amx-bf16")))
enum { VOXEL = 32, PAIR = 64 };

/* The compiler does not know how much the loads below read. */
#define BARRIER(AT) __asm__ volatile("" ::"r"(AT) : "memory")

/* What the tiles are: 0 to 3 sums, 4 voxels and 5 weights; then another of each, which hold only 16
 * channels where the number of blocks is odd. */
TILES void lar_amx_begin(const lar_amx_sum *s)
{
    struct {
        uint8_t palette, start, none[14];
        uint16_t bytes[16];
        uint8_t rows[16];
    } shape = { .palette = 1 };
    for (int n = 0; n < 8; n++) {
        shape.bytes[n] = 64;
        shape.rows[n] = 16;
    }
    if (s->odd) {
        shape.bytes[6] = 32;
        shape.rows[7] = 8;
    }
    BARRIER(&shape);
    _tile_loadconfig(&shape);
}

TILES void lar_amx_end(void)
{
    _tile_release();
}

#define PRODUCTS(A, B, STRIDE)                                                                     \
    do {                                                                                           \
        _tile_loadd(B, b, 64);                                                                     \
        _tile_loadd(A, a, STRIDE);                                                                 \
        _tile_dpbf16ps(0, A, B);                                                                   \
        _tile_loadd(A, a + 16 * STRIDE, STRIDE);                                                   \
        _tile_dpbf16ps(1, A, B);                                                                   \
        _tile_loadd(A, a + 32 * STRIDE, STRIDE);                                                   \
        _tile_dpbf16ps(2, A, B);                                                                   \
        _tile_loadd(A, a + 48 * STRIDE, STRIDE);                                                   \
        _tile_dpbf16ps(3, A, B);                                                                   \
    } while (0)

TILES void lar_amx_sum_one(float *out, const lar_amx_sum *s, int64_t position, const char *weights)
{
    const char *b = weights;
    BARRIER(weights);
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int k = 0; k < s->count; k++) {
        for (int64_t p = 0; p < s->pairs; p++)
            for (int64_t y = 0; y < s->kernel[0]; y++) {
                const char *a = s->planes[k] + p * s->pair_bytes + (position + y * s->pitch) * PAIR;
                for (int64_t x = 0; x < s->kernel[1]; x++, a += PAIR, b += LAR_AMX_TILE)
                    PRODUCTS(4, 5, PAIR);
            }
        for (int64_t y = 0; s->odd && y < s->kernel[0]; y++) {
            const char *a =
                s->planes[k] + s->pairs * s->pair_bytes + (position + y * s->pitch) * VOXEL;
            for (int64_t x = 1; x < s->kernel[1]; x += 2, a += 2 * VOXEL, b += LAR_AMX_TILE)
                PRODUCTS(4, 5, VOXEL);
            if (s->kernel[1] % 2) {
                PRODUCTS(6, 7, VOXEL);
                b += LAR_AMX_TILE;
            }
        }
    }
    _tile_stored(0, out, 64);
    _tile_stored(1, out + 256, 64);
    _tile_stored(2, out + 512, 64);
    _tile_stored(3, out + 768, 64);
    BARRIER(out);
}

TILES void lar_amx_sum_two(float *out, const lar_amx_sum *s, int64_t position, const char *weights,
                           int64_t block)
{
    const char *b = weights;
    BARRIER(weights);
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int k = 0; k < s->count; k++)
        for (int64_t p = 0; p < s->pairs; p++)
            for (int64_t y = 0; y < s->kernel[0]; y++) {
                const char *a = s->planes[k] + p * s->pair_bytes + (position + y * s->pitch) * PAIR;
                for (int64_t x = 0; x < s->kernel[1]; x++, a += PAIR, b += LAR_AMX_TILE) {
                    _tile_loadd(4, a, PAIR);
                    _tile_loadd(6, a + 16 * PAIR, PAIR);
                    _tile_loadd(5, b, 64);
                    _tile_loadd(7, b + block, 64);
                    _tile_dpbf16ps(0, 4, 5);
                    _tile_dpbf16ps(1, 6, 5);
                    _tile_dpbf16ps(2, 4, 7);
                    _tile_dpbf16ps(3, 6, 7);
                }
            }
    _tile_stored(0, out, 64);
    _tile_stored(1, out + 256, 64);
    _tile_stored(2, out + 512, 64);
    _tile_stored(3, out + 768, 64);
    BARRIER(out);
}
#else
void lar_amx_begin(const lar_amx_sum *s)
{
    (void)s;
}

void lar_amx_end(void)
{
}

void lar_amx_sum_one(float *out, const lar_amx_sum *s, int64_t position, const char *weights)
{
    (void)out, (void)s, (void)position, (void)weights;
}

void lar_amx_sum_two(float *out, const lar_amx_sum *s, int64_t position, const char *weights,
                     int64_t block)
{
    (void)out, (void)s, (void)position, (void)weights, (void)block;
}
#endif
