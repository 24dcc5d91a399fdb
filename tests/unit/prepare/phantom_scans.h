/* Scans of a phantom head in several poses, for tests of registration in studies.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_PHANTOM_SCANS_H
#define LAR_PHANTOM_SCANS_H

#include "filter/filter.h"
#include "small_scans.h"

/* Coarse, so that a registration takes a fraction of a second; at 6 mm a verdict does not tell two
 * heads apart. */
static inline lar_phantom *phantom_of(int64_t subject, const char *contrasts)
{
    lar_phantom *phantom;
    lar_phantom_params params = lar_phantom_default();
    params.spacing_mm = 4;
    params.contrasts = contrasts;
    params.turn_degrees = 12;
    params.move_mm = 15;
    CHECK_OK(lar_phantom_subject(&phantom, &params, subject));
    return phantom;
}

/* What is head in an image, as a file of bytes on its grid. */
static inline void phantom_write_head(const lar_image *image, const char *path)
{
    lar_image *head;
    CHECK_OK(lar_head_mask(&head, image));
    small_write(head, path);
}

#endif
