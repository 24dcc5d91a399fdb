/* Range, histogram, and whether an image holds labels. Small whole numbers are counted each, in one
 * pass; other values are counted in bins, once their range is known.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "view/shelf.h"

enum { VALUES = 65536, ZERO = 32768, MOST_LABEL = 65535, FEW = 48, PIECES = 8 };

/* Of one piece; added up in order. */
typedef struct part {
    double low, high;
    int64_t finite, fractions;
    int64_t edges, equal; /* pairs along a row of which one is not 0, and those that are equal */
    int64_t counts[LAR_FACTS_BINS];
} part;

typedef struct job {
    const lar_image *image;
    part *parts;
    uint32_t *values; /* VALUES of a piece: how often each occurs, from -ZERO */
    double low, per_unit;
    int64_t distinct; /* values that occur; -1: not known */
} job;

static int64_t rows_of(const lar_image *image)
{
    return image->grid.size[1] * image->grid.size[2];
}

static int64_t grain_of(const lar_image *image)
{
    return (rows_of(image) + PIECES - 1) / PIECES;
}

LAR_CLONES
static void range_row(part *p, const double *row, int64_t count)
{
    double low = p->low, high = p->high;
    int64_t finite = 0, fractions = 0, edges = 0, equal = 0;
    for (int64_t i = 0; i < count; i++) {
        const double value = row[i];
        const bool counts = fabs(value) <= __DBL_MAX__;
        low = counts && value < low ? value : low;
        high = counts && value > high ? value : high;
        finite += counts;
        fractions += counts && value != floor(value);
    }
    for (int64_t i = 1; i < count; i++) {
        edges += row[i] != 0 || row[i - 1] != 0;
        equal += row[i] != 0 && row[i] == row[i - 1];
    }
    p->low = low;
    p->high = high;
    p->finite += finite;
    p->fractions += fractions;
    p->edges += edges;
    p->equal += equal;
}

/* The rows of one piece, each as double, to one of the three below. */
static lar_status each_row(const job *j, int64_t piece, int64_t begin, int64_t end,
                           void (*take)(const job *j, int64_t piece, const double *row))
{
    const int64_t *size = j->image->grid.size;
    double *row = lar_alloc_raw(size[0], sizeof *row);
    if (!row) return LAR_EMEMORY;
    for (int64_t n = begin; n < end; n++) {
        lar_image_load(row, j->image, 0, n % size[1], n / size[1], 0, size[0]);
        take(j, piece, row);
    }
    lar_free(row);
    return LAR_OK;
}

static void take_range(const job *j, int64_t piece, const double *row)
{
    range_row(&j->parts[piece], row, j->image->grid.size[0]);
}

static void take_bins(const job *j, int64_t piece, const double *row)
{
    part *p = &j->parts[piece];
    for (int64_t i = 0; i < j->image->grid.size[0]; i++) {
        if (!(fabs(row[i]) <= __DBL_MAX__)) continue;
        const int bin = (int)((row[i] - j->low) * j->per_unit);
        p->counts[bin < 0 ? 0 : bin >= LAR_FACTS_BINS ? LAR_FACTS_BINS - 1 : bin]++;
    }
}

static void take_values(const job *j, int64_t piece, const double *row)
{
    part *p = &j->parts[piece];
    uint32_t *values = j->values + piece * VALUES;
    int before = 0;
    int64_t edges = 0, equal = 0;
    const int64_t count = j->image->grid.size[0];
    const int shift = j->image->type == LAR_U16 ? 0 : ZERO;
    for (int64_t i = 0; i < count; i++) {
        const int value = (int)row[i];
        values[value + shift]++;
        edges += i > 0 && (value | before) != 0;
        equal += i > 0 && value != 0 && value == before;
        before = value;
    }
    p->edges += edges;
    p->equal += equal;
    p->finite += count;
}

static lar_status range_piece(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    return each_row(arg, piece, begin, end, take_range);
}

static lar_status bins_piece(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    return each_row(arg, piece, begin, end, take_bins);
}

static lar_status values_piece(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    return each_row(arg, piece, begin, end, take_values);
}

static void set_scale(job *j, const lar_facts *facts)
{
    j->low = facts->low;
    j->per_unit = facts->high > facts->low ? LAR_FACTS_BINS / (facts->high - facts->low) : 0;
}

/* Voxels of 8 or 16 bits. */
static lar_status find_values(lar_facts *out, job *j, int64_t pieces)
{
    const int shift = j->image->type == LAR_U16 ? 0 : ZERO;
    j->values = lar_alloc(pieces * VALUES, sizeof *j->values);
    if (!j->values) return LAR_EMEMORY;
    const lar_status status = lar_parallel(rows_of(j->image), grain_of(j->image), values_piece, j);
    if (status != LAR_OK) return status;
    for (int64_t n = 1; n < pieces; n++)
        for (int v = 0; v < VALUES; v++) j->values[v] += j->values[n * VALUES + v];
    int first = 0, last = VALUES - 1;
    while (j->values[first] == 0) first++;
    while (j->values[last] == 0) last--;
    out->low = first - shift;
    out->high = last - shift;
    set_scale(j, out);
    for (int v = first; v <= last; v++) {
        const int bin = (int)((v - first) * j->per_unit);
        out->counts[bin >= LAR_FACTS_BINS ? LAR_FACTS_BINS - 1 : bin] += j->values[v];
        j->distinct += j->values[v] > 0;
    }
    return LAR_OK;
}

static lar_status find_bins(lar_facts *out, job *j, int64_t pieces)
{
    const int64_t rows = rows_of(j->image), grain = grain_of(j->image);
    lar_status status;
    for (int64_t n = 0; n < pieces; n++) {
        j->parts[n].low = INFINITY;
        j->parts[n].high = -INFINITY;
    }
    status = lar_parallel(rows, grain, range_piece, j);
    if (status != LAR_OK) return status;
    out->low = INFINITY;
    out->high = -INFINITY;
    for (int64_t n = 0; n < pieces; n++) {
        out->low = fmin(out->low, j->parts[n].low);
        out->high = fmax(out->high, j->parts[n].high);
    }
    if (out->low > out->high) out->low = out->high = 0; /* no voxel is finite */
    set_scale(j, out);
    status = lar_parallel(rows, grain, bins_piece, j);
    for (int64_t n = 0; n < pieces; n++)
        for (int b = 0; b < LAR_FACTS_BINS; b++) out->counts[b] += j->parts[n].counts[b];
    if (!(out->high - out->low < LAR_FACTS_BINS)) { /* whole numbers may share a bin */
        j->distinct = -1;
        return status;
    }
    for (int b = 0; b < LAR_FACTS_BINS; b++) j->distinct += out->counts[b] > 0;
    return status;
}

lar_status lar_facts_find(lar_facts *out, const lar_image *image)
{
    lar_status status = LAR_OK;
    const int64_t pieces = lar_piece_count(rows_of(image), grain_of(image));
    const bool small = lar_type_size(image->type) <= 2;
    int64_t fractions = 0, edges = 0, equal = 0;
    job j = { .image = image, .parts = lar_alloc(pieces, sizeof *j.parts) };

    *out = (lar_facts){ 0 };
    if (!j.parts) return LAR_EMEMORY;
    LAR_TRY((small ? find_values : find_bins)(out, &j, pieces));
    for (int64_t n = 0; n < pieces; n++) {
        out->finite += j.parts[n].finite;
        fractions += j.parts[n].fractions;
        edges += j.parts[n].edges;
        equal += j.parts[n].equal;
    }
    /* of a scan many values occur, and hardly a voxel equals the next, but for the air around */
    const bool few = j.distinct >= 0 && j.distinct <= FEW;
    out->labels = fractions == 0 && out->low >= 0 && out->high > 0 && out->high <= MOST_LABEL &&
                  (few || 2 * equal > edges);
done:
    lar_free(j.values);
    lar_free(j.parts);
    return status;
}
