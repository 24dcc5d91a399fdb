/* For the gradient of the weights: A d along z and y of tiles of 2x2x2 voxels of the output's
 * gradient, and the products of all frequencies of a panel, summed over its tiles in registers.
 * Included once per size of block, with BLOCK, VECTOR, NAME(), TILES and ROOM defined.
 * SPDX-License-Identifier: Apache-2.0 */

/* Two values to four frequencies; the sign of the last is left to taps_of(). */
INLINE void NAME(four)(VECTOR *to, VECTOR *a, VECTOR *b)
{
    to[0] = *a;
    to[1] = *a + *b;
    to[2] = *a - *b;
    to[3] = *b;
}

/* `count` tiles along x from `place`, into [z, y frequency][x][tile][block] from tile `slot` on. */
FMA_CLONES static void NAME(spread)(float *panel, int slot, const float *dout,
                                    const winograd_tiles *t, winograd_place place, int64_t count,
                                    const float *zeros)
{
    const int64_t width = t->size[2];
    const VECTOR *row[4]; /* (z, y) */
    for (int n = 0; n < 4; n++) {
        const int64_t z = 2 * place.z + n / 2, y = 2 * place.y + n % 2;
        row[n] = z < t->size[0] && y < t->size[1]
                     ? (const VECTOR *)dout + (z * t->size[1] + y) * width
                     : (const VECTOR *)zeros;
    }
    VECTOR *to = (VECTOR *)panel + slot;
    for (int64_t n = 0; n < count; n++, to++)
        for (int x = 0; x < 2; x++) {
            const int64_t at = 2 * (place.x + n) + x;
            VECTOR d[4] = { { 0 } }, z[2][4], f[4];
            if (at < width) _Pragma("GCC unroll 4") for (int k = 0; k < 4; k++) d[k] = row[k][at];
            NAME(four)(z[0], &d[0], &d[2]);
            NAME(four)(z[1], &d[1], &d[3]);
            _Pragma("GCC unroll 4") for (int k = 0; k < 4; k++)
            {
                NAME(four)(f, &z[0][k], &z[1][k]);
                _Pragma("GCC unroll 4") for (int y = 0; y < 4; y++)
                    to[(2 * (4 * k + y) + x) * ROOM] = f[y];
            }
        }
}

/* sum[i][o] += in[tile][i] * dout[tile][o]; kind: which frequency along x the two voxels of dout
 * become on the way. */
INLINE void NAME(one)(float *sum, const float *in, const VECTOR *dout, int count, int kind)
{
    VECTOR row[BLOCK] = { { 0 } };
    for (int t = 0; t < count; t++) {
        VECTOR d = kind == 3 ? dout[ROOM + t] : dout[t];
        if (kind == 1) d += dout[ROOM + t];
        if (kind == 2) d -= dout[ROOM + t];
        _Pragma("GCC unroll 16") for (int i = 0; i < BLOCK; i++) row[i] += in[t * BLOCK + i] * d;
    }
    _Pragma("GCC unroll 16") for (int i = 0; i < BLOCK; i++)((VECTOR *)sum)[i] += row[i];
}

/* One (z, y) frequency of one pair of blocks: sums [x frequency][in channel][block]. */
FMA_CLONES static void NAME(four_sums)(float *sums, const float *in, const float *dout, int count)
{
    enum { SUM = BLOCK * BLOCK };
    const VECTOR *d = (const VECTOR *)dout;
    NAME(one)(sums, in, d, count, 0);
    NAME(one)(sums + SUM, in + ROOM * BLOCK, d, count, 1);
    NAME(one)(sums + 2 * SUM, in + 2 * ROOM * BLOCK, d, count, 2);
    NAME(one)(sums + 3 * SUM, in + 3 * ROOM * BLOCK, d, count, 3);
}
