/* Where small pictures look, and the values there. Inside report/ only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_GLANCE_H
#define LAR_GLANCE_H

#include "report/figure/panel.h"
#include "report/report.h"

struct lar_glance {
    double low[3], high[3], centre[3];
    int64_t count, core; /* points; the first `core` of them lie below skin and skull */
    double (*points)[3];
};

/* The values at the points of the head or of its core, rising; of two images |b - a| (b: NULL: of
 * one). Points outside either have none. */
lar_status lar_glance_values(double **out, int64_t *count, const lar_glance *g, bool core,
                             const lar_image *a, const lar_image *b);
/* Every so many-th voxel of the first volume, so that no axis has more than `most`; float32, in RAS
 * order. */
lar_status lar_thinned(lar_image **out, const lar_image *image, int64_t most);
double lar_glance_percentile(const double *rising, int64_t count, double percent);

#endif
