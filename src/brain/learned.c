/* The learned method.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "brain/brain.h"

static lar_status ready(const lar_strip_params *params)
{
    (void)params;
    return lar_fail(LAR_ENOINPUT, "no model is there");
}

static lar_status run(lar_image **mask, char model[128], const lar_image *in, int contrast,
                      const lar_strip_params *params)
{
    (void)in, (void)contrast;
    *mask = NULL;
    model[0] = 0;
    return ready(params);
}

const lar_strip_method lar_strip_learned = {
    .name = "learned",
    .help = "a network that was trained on heads of any contrast",
    .cite = "Fani 2025, arXiv:2506.11860",
    .ready = ready,
    .run = run,
};
