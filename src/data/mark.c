/* A mark of what a scan holds: the same for a copy that was renamed, compressed again, stored along
 * other axes or given another header, and different for any other scan.
 * SPDX-License-Identifier: Apache-2.0 */
#include "data/data.h"
#include "image/image.h"

enum {
    GRAIN_ROWS = 256,
    CHUNK = 256, /* values of a row at a time */
    FEW = 4,     /* values: fewer are a mask or an empty slice, which two people may share */
    SOME = 32,   /* below so many, the same counts of each value may be chance */
};

/* What is summed, so that neither order nor pieces matter. */
typedef struct sums {
    uint64_t place[2];  /* of values where they are */
    uint64_t values[2]; /* of values alone */
    uint64_t seen[4];   /* a bit for each of 256 classes of values, until there are SOME */
    bool many;          /* there are */
} sums;

typedef struct marking {
    const lar_image *image;
    sums *pieces;
} marking;

/* The finalizer of SplitMix64 (Steele 2014, doi:10.1145/2660193.2660195). */
static inline uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* Two sums of each: one that is nothing but the other's multiple would tell no more. */
static inline void add(uint64_t sum[2], uint64_t mixed)
{
    sum[0] += mixed;
    sum[1] += (mixed ^ mixed >> 29) * 0x9e3779b97f4a7c15u ^ mixed >> 32;
}

static int count_seen(const sums *all)
{
    int count = 0;
    for (int n = 0; n < 256; n++) count += (int)(all->seen[n >> 6] >> (n & 63) & 1);
    return count;
}

/* So many values of a row at a time, from voxel `first` of the volume on. */
LAR_CLONES
static void mark_some(sums *s, const double *row, int64_t first, int64_t count)
{
    uint64_t mixed[CHUNK], values[2] = { 0 }, place[2] = { 0 };
    for (int64_t i = 0; i < count; i++) {
        const float value = (float)row[i] + 0.0F; /* -0 is 0 */
        uint32_t bits;
        memcpy(&bits, &value, sizeof bits);
        mixed[i] = mix((uint64_t)bits + 1);
    }
    for (int64_t i = 0; i < count; i++) {
        add(values, mixed[i]);
        add(place, mix(mixed[i] ^ (uint64_t)(first + i) * 0xd6e8feb86659fd93u));
    }
    for (int k = 0; k < 2; k++) {
        s->values[k] += values[k];
        s->place[k] += place[k];
    }
    for (int64_t i = 0; i < count && !s->many; i++)
        s->seen[mixed[i] >> 62] |= (uint64_t)1 << (mixed[i] >> 56 & 63);
    if (!s->many) s->many = count_seen(s) >= SOME;
}

static lar_status mark_rows(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const marking *m = arg;
    const lar_grid *grid = &m->image->grid;
    const int64_t nx = grid->size[0];
    double row[CHUNK];
    for (int64_t n = begin; n < end; n++)
        for (int64_t i = 0; i < nx; i += CHUNK) {
            const int64_t count = nx - i < CHUNK ? nx - i : CHUNK;
            lar_image_load(row, m->image, i, n % grid->size[1], n / grid->size[1], 0, count);
            mark_some(&m->pieces[piece], row, n * nx + i, count);
        }
    return LAR_OK;
}

lar_status lar_mark_image(char mark[LAR_MARK_ROOM], const lar_image *image)
{
    lar_status status = LAR_OK;
    sums all = { 0 };
    const int64_t *size = image->grid.size, rows = size[1] * size[2];
    const int64_t pieces = lar_piece_count(rows, GRAIN_ROWS);
    const uint64_t voxels = (uint64_t)(rows * size[0]);
    marking m = { .image = image, .pieces = lar_alloc(pieces, sizeof *m.pieces) };

    mark[0] = 0;
    if (!m.pieces) return LAR_EMEMORY;
    LAR_TRY(lar_parallel(rows, GRAIN_ROWS, mark_rows, &m));
    for (int64_t n = 0; n < pieces; n++) {
        for (int k = 0; k < 2; k++) {
            all.place[k] += m.pieces[n].place[k];
            all.values[k] += m.pieces[n].values[k];
        }
        for (int k = 0; k < 4; k++) all.seen[k] |= m.pieces[n].seen[k];
    }
    const int seen = count_seen(&all);
    for (int k = 0; k < 2; k++) {
        for (int a = 0; a < 3; a++) all.place[k] = mix(all.place[k] ^ (uint64_t)size[a]);
        all.values[k] = mix(all.values[k] ^ voxels);
        if (seen < FEW) all.place[k] = 0;
        if (seen < SOME) all.values[k] = 0;
    }
    snprintf(mark, LAR_MARK_ROOM, "%016llx%016llx-%016llx%016llx", (unsigned long long)all.place[0],
             (unsigned long long)all.place[1], (unsigned long long)all.values[0],
             (unsigned long long)all.values[1]);
done:
    lar_free(m.pieces);
    return status;
}
