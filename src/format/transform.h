/* Transform files, of the room only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_TRANSFORM_H
#define LAR_TRANSFORM_H

#include "format/format.h"

/* How an ITK text transform begins. */
#define LAR_ITK_TEXT "#Insight Transform File"

/* The transforms of an ITK text file, in its order, as maps of RAS+ mm; `out` is for lar_free().
 * `text` is taken apart. */
lar_status lar_itk_text_affines(lar_affine **out, int64_t *count, char *text, const char *path);

#endif
