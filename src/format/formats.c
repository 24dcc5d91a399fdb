/* Every image format, and reading and writing by them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "format/format.h"

lar_status lar_image_read(lar_image **out, const char *path)
{
    *out = NULL;
    return lar_fail(LAR_EUNSUPPORTED, "cannot read '%s' yet", path);
}

lar_status lar_image_write(const lar_image *image, const char *path, bool force)
{
    (void)image, (void)force;
    return lar_fail(LAR_EUNSUPPORTED, "cannot write '%s' yet", path);
}
