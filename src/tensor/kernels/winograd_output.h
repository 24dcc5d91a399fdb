/* From products to voxels, for one block of output channels of a panel: the sums over input
 * channels in registers, A' along x while they are there, then A' along z and y. Included once per
 * size of block, with BLOCK, VECTOR, MASK, NAME(), TILES and AT_ONCE defined.
 * SPDX-License-Identifier: Apache-2.0 */

/* Half [2 (x)][tile][block] of what one (z, y) frequency gives. AT_ONCE (2 or 4) frequencies along
 * x of TILES tiles are as many sums as there are registers for. weights: [in block][in channel][x
 * frequency][block]. */
FMA_CLONES static void NAME(products)(float *restrict half, const float *restrict panel,
                                      int64_t skip, const float *restrict weights,
                                      int64_t in_blocks)
{
    VECTOR *to = (VECTOR *)half;
    for (int first = 0; first < 4; first += AT_ONCE) {
        VECTOR sum[AT_ONCE][TILES] = { { { 0 } } };
        const VECTOR *w = (const VECTOR *)weights + first;
        for (int64_t b = 0; b < in_blocks; b++) {
            const float *in = panel + (b * skip + first * TILES) * BLOCK;
            for (int i = 0; i < BLOCK; i++, in++, w += 4)
                _Pragma("GCC unroll 4") for (int f = 0; f < AT_ONCE; f++)
                {
                    const VECTOR one = w[f];
                    _Pragma("GCC unroll 8") for (int t = 0; t < TILES; t++) sum[f][t] +=
                        in[(f * TILES + t) * BLOCK] * one;
                }
        }
        _Pragma("GCC unroll 8") for (int t = 0; t < TILES; t++)
        {
            if (AT_ONCE == 4) {
                to[t] = sum[0][t] + sum[1][t] + sum[2 % AT_ONCE][t];
                to[TILES + t] = sum[1][t] - sum[2 % AT_ONCE][t] - sum[3 % AT_ONCE][t];
            } else if (first == 0) {
                to[t] = sum[0][t] + sum[1][t];
                to[TILES + t] = sum[1][t];
            } else {
                to[t] += sum[0][t];
                to[TILES + t] -= sum[0][t] + sum[1][t];
            }
        }
    }
}

/* What becomes of a value before it is stored. */
typedef struct NAME(finish) {
    bool change, add;
    float before, after;
    VECTOR scale, shift;
} NAME(finish);

/* What is negative, times slope. */
INLINE void NAME(bend)(VECTOR *value, float slope)
{
    const MASK negative = *value < 0;
    *value = (VECTOR)((MASK)*value & ~negative) + (VECTOR)((MASK)*value & negative) * slope;
}

INLINE void NAME(store)(VECTOR *out, VECTOR *value, const NAME(finish) * f)
{
    if (f->change) {
        NAME(bend)(value, f->before);
        *value = *value * f->scale + f->shift;
        NAME(bend)(value, f->after);
    }
    if (f->add) *value += *out;
    *out = *value;
}

/* `count` tiles of one panel, all in one row from `place`, the first is number `slot`. */
FMA_CLONES static void NAME(output)(float *out, const float *half, int slot,
                                    const winograd_tiles *t, winograd_place place, int count,
                                    const NAME(finish) * finish)
{
    const int64_t width = t->out[2];
    const bool deep = 2 * place.z + 1 < t->out[0], high = 2 * place.y + 1 < t->out[1];
    VECTOR *row[4]; /* (z, y) */
    for (int n = 0; n < 4; n++)
        row[n] = (VECTOR *)out + ((2 * place.z + n / 2) * t->out[1] + 2 * place.y + n % 2) * width +
                 2 * place.x;
    const VECTOR *from = (const VECTOR *)half + slot;
    for (int n = 0; n < count; n++, from++) {
        const bool wide = 2 * (place.x + n) + 1 < width;
        for (int x = 0; x < 2; x++) {
            VECTOR p[4], q[4];
            _Pragma("GCC unroll 4") for (int y = 0; y < 4; y++)
            {
                const VECTOR *m = from + (2 * y + x) * TILES;
                p[y] = m[0] + m[8 * TILES] + m[16 * TILES];
                q[y] = m[8 * TILES] - m[16 * TILES] - m[24 * TILES];
            }
            if (x == 1 && !wide) break;
            const int64_t at = 2 * n + x;
            VECTOR value = p[0] + p[1] + p[2];
            NAME(store)(row[0] + at, &value, finish);
            if (high) {
                value = p[1] - p[2] - p[3];
                NAME(store)(row[1] + at, &value, finish);
            }
            if (deep) {
                value = q[0] + q[1] + q[2];
                NAME(store)(row[2] + at, &value, finish);
            }
            if (deep && high) {
                value = q[1] - q[2] - q[3];
                NAME(store)(row[3] + at, &value, finish);
            }
        }
    }
}
