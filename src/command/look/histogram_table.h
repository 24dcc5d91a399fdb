/* The table of distances that `larmor histogram` prints and writes.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_HISTOGRAM_TABLE_H
#define LAR_HISTOGRAM_TABLE_H

#include "command/look/compared.h"

enum {
    LAR_HISTOGRAM_MANY = 12
}; /* more images have no matrix on the screen, and no names in the
      picture */

/* The image whose mean distance to the others is largest, in the last group. */
int64_t lar_histogram_farthest(const lar_compared *c);
/* For people: a matrix of few images, the extremes of many, and whether normalization helped. */
lar_status lar_histogram_words(lar_text *out, const lar_compared *c);
/* A line for each pair: both images, then distance and divergence of each group. */
void lar_histogram_tsv(lar_text *out, const lar_compared *c);

#endif
