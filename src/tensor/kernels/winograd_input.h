/* From voxels to frequencies: B' d B along z, y and x of tiles of 4x4x4 voxels, for one block of
 * channels. Included once per size of block and kind of panel, with VECTOR, NAME(), TILES (a panel
 * has so many tiles) and ROOM (vectors from one frequency to the next, at least TILES) defined.
 * A panel is [z, y frequency][x frequency][tile][block]. SPDX-License-Identifier: Apache-2.0 */

/* One column of 4x4 (z, y) voxels at x: along z by the sum or difference of two rows, then along y
 * whole. */
INLINE void NAME(column)(VECTOR *c, const VECTOR *const *a, const VECTOR *const *b, bool minus,
                         int64_t x)
{
    VECTOR u[4];
    _Pragma("GCC unroll 4") for (int y = 0; y < 4; y++) u[y] =
        minus ? a[y][x] - b[y][x] : a[y][x] + b[y][x];
    c[0] = u[0] - u[2];
    c[1] = u[1] + u[2];
    c[2] = u[2] - u[1];
    c[3] = u[1] - u[3];
}

/* Four columns to four frequencies along x of each of four along y. */
INLINE void NAME(along_x)(VECTOR *to, const VECTOR *p, const VECTOR *q, const VECTOR *r,
                          const VECTOR *s)
{
    _Pragma("GCC unroll 4") for (int y = 0; y < 4; y++)
    {
        to[(4 * y + 0) * ROOM] = p[y] - r[y];
        to[(4 * y + 1) * ROOM] = q[y] + r[y];
        to[(4 * y + 2) * ROOM] = r[y] - q[y];
        to[(4 * y + 3) * ROOM] = q[y] - s[y];
    }
}

/* `count` tiles along x from `first`, one frequency along z: that of rows a and b. */
INLINE void NAME(line)(VECTOR *to, int64_t skip, int slot, const VECTOR *const *a,
                       const VECTOR *const *b, bool minus, int64_t first, int64_t count,
                       int64_t width, int64_t pad)
{
    VECTOR p[4] = { { 0 } }, q[4], r[4], s[4];
    const int64_t begin = 2 * first + 1 - pad;
    if (begin > 0) NAME(column)(p, a, b, minus, begin - 1);
    NAME(column)(q, a, b, minus, begin);
    to += slot;
    for (int64_t x = begin; count > 0; x += 2, count--) {
        if (x + 2 < width) {
            NAME(column)(r, a, b, minus, x + 1);
            NAME(column)(s, a, b, minus, x + 2);
        } else {
            _Pragma("GCC unroll 4") for (int y = 0; y < 4; y++) r[y] = s[y] = (VECTOR){ 0 };
            if (x + 1 < width) NAME(column)(r, a, b, minus, x + 1);
        }
        NAME(along_x)(to, p, q, r, s);
        _Pragma("GCC unroll 4") for (int y = 0; y < 4; y++)
        {
            p[y] = r[y];
            q[y] = s[y];
        }
        to++;
        if (++slot == TILES) {
            slot = 0;
            to += skip - TILES;
        }
    }
}

/* `count` tiles along x from `place`, into panels `skip` vectors apart, from tile `slot` of the
 * first on. `in`: one block of one sample; `zeros`: a row of them. */
FMA_CLONES static void NAME(input)(float *panel, int64_t skip, int slot, const float *in,
                                   const winograd_tiles *t, winograd_place place, int64_t count,
                                   const float *zeros)
{
    static const struct {
        int a, b;
        bool minus;
    } rows[4] = { { 0, 2, true }, { 1, 2, false }, { 2, 1, true }, { 1, 3, true } };
    const int64_t width = t->size[2];
    const VECTOR *row[4][4];
    for (int z = 0; z < 4; z++)
        for (int y = 0; y < 4; y++) {
            const int64_t iz = 2 * place.z + z - t->pad, iy = 2 * place.y + y - t->pad;
            const bool inside = iz >= 0 && iz < t->size[0] && iy >= 0 && iy < t->size[1];
            row[z][y] = inside ? (const VECTOR *)in + (iz * t->size[1] + iy) * width
                               : (const VECTOR *)zeros;
        }
    for (int z = 0; z < 4; z++) {
        VECTOR *to = (VECTOR *)panel + z * 16 * ROOM;
        if (rows[z].minus) NAME(line)
        (to, skip, slot, row[rows[z].a], row[rows[z].b], true, place.x, count, width, t->pad);
        else NAME(line)(to, skip, slot, row[rows[z].a], row[rows[z].b], false, place.x, count,
                        width, t->pad);
    }
}
