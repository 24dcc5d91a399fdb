/* Histograms without combs; for this room only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_SPREAD_H
#define LAR_SPREAD_H

#include "intensity/sample.h"

/* Voxels in `bins` equal bins from low to high; what lies outside counts in the end bins. Where the
 * sample has few different values (at most 4096), each is spread evenly over the values that are
 * nearer to it than to its neighbours. */
lar_status lar_spread_histogram(double *counts, int64_t bins, double low, double high,
                                const lar_sample *sample);

#endif
