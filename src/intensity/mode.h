/* The mode of a tissue in a smoothed histogram; for this room only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_MODE_H
#define LAR_MODE_H

#include "intensity/sample.h"

/* By contrast: the last maximum (t1, other: white matter), the largest (t2, flair) or the first
 * (pd, md). LAR_ENUMERIC where there is none. */
lar_status lar_tissue_mode(double *out, const lar_sample *sample, int contrast);

#endif
