/* Normalizers as JSON files.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "intensity/normalizer.h"

lar_status lar_normalizer_write(const lar_normalizer *n, const char *path, bool force)
{
    (void)n;
    (void)force;
    return lar_fail(LAR_EUNSUPPORTED, "'%s' cannot be written yet", path);
}

lar_status lar_normalizer_read(lar_normalizer **out, const char *path)
{
    *out = NULL;
    return lar_fail(LAR_EUNSUPPORTED, "'%s' cannot be read yet", path);
}
