/* brain: where the brain is in the image of a head, by a learned network or a deformable surface,
 * and whether to believe it. What users call is in larmor.h.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_BRAIN_H
#define LAR_BRAIN_H

#include <larmor/larmor.h>

/* ---- methods ------------------------------------------------------------------------------ */

/* One row per method: a mask (uint8, 0 and 1, on the grid of `in`) of one finite float32 channel,
 * contiguous, axes in any order and direction. `contrast` is decided. One piece without holes.
 * model: what it read, for the report; "". */
typedef struct lar_strip_method {
    const char *name, *help, *cite;
    /* Whether it can run: LAR_OK, or why not. */
    lar_status (*ready)(const lar_strip_params *params);
    lar_status (*run)(lar_image **mask, char model[128], const lar_image *in, int contrast,
                      const lar_strip_params *params);
} lar_strip_method;
/* In the order of LAR_STRIP_LEARNED ...; NULL at the end. */
extern const lar_strip_method *const lar_strip_methods[];

extern const char *const lar_strip_contrast_names[]; /* of LAR_STRIP_CONTRAST_AUTO ... */

/* Writes into the notes of an image that came of a mask which method made it, and keeps what they
 * say beside that; where the image has none, the space that those of `in` name. */
lar_status lar_strip_record(lar_image *image, const lar_image *in, const lar_strip_report *report);

#endif
