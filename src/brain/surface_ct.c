/* CT.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "brain/surface_parts.h"

lar_status lar_surface_of_ct(float *u, const lar_image *scan, const lar_surface_box *box)
{
    return lar_surface_of_mr(u, scan, box);
}
