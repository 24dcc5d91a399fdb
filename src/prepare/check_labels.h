/* The values of a label image. Of the room prepare.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_CHECK_LABELS_H
#define LAR_CHECK_LABELS_H

#include "prepare/prepare.h"

/* Every value of the image, once. */
lar_status lar_check_labels_find(lar_check_labels *out, const lar_image *image);

#endif
