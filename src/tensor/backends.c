/* The table of backends.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "tensor/kernels/kernels.h"
#include "tensor/tensor.h"

const lar_backend *const lar_backends[] = { &lar_backend_onednn, &lar_backend_plain, NULL };

lar_status lar_backend_find(const lar_backend **out, const char *name, lar_precision type)
{
    int block;
    *out = NULL;
    for (int b = 0; lar_backends[b]; b++) {
        if (name && !lar_text_is(lar_backends[b]->name, name)) continue;
        const lar_status status = lar_backends[b]->block(&block, type);
        if (status != LAR_OK && name) return status;
        if (status != LAR_OK) continue;
        *out = lar_backends[b];
        return LAR_OK;
    }
    return lar_fail(LAR_EUNSUPPORTED, "no backend '%s' is built in", name ? name : "");
}
