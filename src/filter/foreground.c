/* Where to learn about an image when no mask is given: everywhere, above a threshold of its values,
 * or the head.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "filter/filter.h"
#include "image/image.h"

lar_status lar_foreground(lar_image **out, const lar_image *in, int kind)
{
    *out = NULL;
    switch (kind) {
    case LAR_FOREGROUND_WHOLE:
        return LAR_OK;
    case LAR_FOREGROUND_HEAD:
        return lar_head_mask(out, in);
    default:
        return lar_fail(LAR_EUNSUPPORTED, "this foreground is not built yet");
    }
}
