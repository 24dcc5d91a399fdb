/* More voxels around an image, whose own stay where they are in the world.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "filter/filter.h"
#include "image/image.h"

static const char *const modes[] = { "constant", "edge", "mirror", NULL };

const lar_param lar_pad_table[] = {
    LAR_P_INTS(lar_pad_params, size, "size", 'n', "", 1, 65536, "count",
               "voxels along x y z, or one number for all; new ones go to both sides alike"),
    LAR_P_INTS(lar_pad_params, by, "by", 'b', "", 0, 65536, "count",
               "new voxels: one number for all sides, three along x y z, or six: left right back "
               "front foot head"),
    LAR_P_INTS(lar_pad_params, multiple_of, "multiple-of", 0, "", 1, 4096, "count",
               "up to the next size that this divides; one number, or three along x y z"),
    LAR_P_CHOICE(
        lar_pad_params, mode, "mode", 'm', "constant", modes,
        "what new voxels hold: --value, the nearest voxel, or the image mirrored about its "
        "last voxel"),
    LAR_P_REAL(lar_pad_params, value, "value", 0, "0", -1e30, 1e30, "value",
               "of new voxels with --mode constant"),
    LAR_P_END,
};

lar_pad_params lar_pad_default(void)
{
    lar_pad_params params;
    lar_param_defaults(lar_pad_table, &params);
    return params;
}

lar_status lar_pad(lar_image **out, const lar_image *in, const lar_grid *like,
                   const lar_pad_params *params)
{
    (void)in, (void)like, (void)params;
    *out = NULL;
    return lar_fail(LAR_EUNSUPPORTED, "padding is not built yet");
}
