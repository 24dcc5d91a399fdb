/* Range, histogram, and whether an image holds labels: two passes over its voxels.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "view/shelf.h"

enum { ROWS = 256, MOST_LABEL = 65535 };

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
    double low, per_unit; /* of the second pass */
} job;

static double *rows_of(const lar_image *image)
{
    return lar_alloc_raw(image->grid.size[0], sizeof(double));
}

static void load_row(double *row, const lar_image *image, int64_t n)
{
    const int64_t *size = image->grid.size;
    lar_image_load(row, image, 0, n % size[1], n / size[1], 0, size[0]);
}

static lar_status find_range(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const job *j = arg;
    part *p = &j->parts[piece];
    const int64_t count = j->image->grid.size[0];
    double *row = rows_of(j->image);
    if (!row) return LAR_EMEMORY;
    p->low = INFINITY;
    p->high = -INFINITY;
    for (int64_t n = begin; n < end; n++) {
        load_row(row, j->image, n);
        for (int64_t i = 0; i < count; i++) {
            const double value = row[i];
            if (!isfinite(value)) continue;
            p->finite++;
            if (value < p->low) p->low = value;
            if (value > p->high) p->high = value;
            p->fractions += value != rint(value);
            if (i == 0 || (value == 0 && row[i - 1] == 0)) continue;
            p->edges++;
            p->equal += value == row[i - 1];
        }
    }
    lar_free(row);
    return LAR_OK;
}

static lar_status count_values(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const job *j = arg;
    part *p = &j->parts[piece];
    const int64_t count = j->image->grid.size[0];
    double *row = rows_of(j->image);
    if (!row) return LAR_EMEMORY;
    for (int64_t n = begin; n < end; n++) {
        load_row(row, j->image, n);
        for (int64_t i = 0; i < count; i++) {
            if (!isfinite(row[i])) continue;
            const int bin = (int)((row[i] - j->low) * j->per_unit);
            p->counts[bin < 0 ? 0 : bin >= LAR_FACTS_BINS ? LAR_FACTS_BINS - 1 : bin]++;
        }
    }
    lar_free(row);
    return LAR_OK;
}

lar_status lar_facts_find(lar_facts *out, const lar_image *image)
{
    lar_status status = LAR_OK;
    const int64_t rows = image->grid.size[1] * image->grid.size[2];
    const int64_t pieces = lar_piece_count(rows, ROWS);
    int64_t fractions = 0, edges = 0, equal = 0;
    job j = { .image = image, .parts = lar_alloc(pieces, sizeof *j.parts) };

    *out = (lar_facts){ .low = INFINITY, .high = -INFINITY };
    if (!j.parts) return LAR_EMEMORY;
    LAR_TRY(lar_parallel(rows, ROWS, find_range, &j));
    for (int64_t n = 0; n < pieces; n++) {
        const part *p = &j.parts[n];
        out->low = fmin(out->low, p->low);
        out->high = fmax(out->high, p->high);
        out->finite += p->finite;
        fractions += p->fractions;
        edges += p->edges;
        equal += p->equal;
    }
    if (out->finite == 0) out->low = out->high = 0;
    j.low = out->low;
    j.per_unit = out->high > out->low ? LAR_FACTS_BINS / (out->high - out->low) : 0;
    LAR_TRY(lar_parallel(rows, ROWS, count_values, &j));
    for (int64_t n = 0; n < pieces; n++)
        for (int b = 0; b < LAR_FACTS_BINS; b++) out->counts[b] += j.parts[n].counts[b];
    /* of a scan hardly a voxel equals the next, but for the air around */
    out->labels = fractions == 0 && out->low >= 0 && out->high > 0 && out->high <= MOST_LABEL &&
                  2 * equal > edges;
done:
    lar_free(j.parts);
    return status;
}
