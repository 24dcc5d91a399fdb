/* The deformable surface.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "brain/brain.h"

static lar_status ready(const lar_strip_params *params)
{
    (void)params;
    return lar_fail(LAR_EUNSUPPORTED, "not built yet");
}

static lar_status run(lar_image **mask, char model[128], const lar_image *in, int contrast,
                      const lar_strip_params *params)
{
    (void)in, (void)contrast;
    *mask = NULL;
    model[0] = 0;
    return ready(params);
}

const lar_strip_method lar_strip_surface = {
    .name = "surface",
    .help = "a deformable surface that needs no weights",
    .cite = "Smith 2002, doi:10.1002/hbm.10062",
    .ready = ready,
    .run = run,
};
