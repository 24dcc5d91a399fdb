/* Small pictures in few colours. Inside report/ only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_PALETTE_PNG_H
#define LAR_PALETTE_PNG_H

#include "base/base.h"

/* PNG with a palette, added to `out`, of pixels 0x00RRGGBB: at most 256 colours, which are rounded
 * as coarsely as that takes. */
lar_status lar_palette_png(lar_text *out, const uint32_t *pixels, int64_t width, int64_t height);

#endif
