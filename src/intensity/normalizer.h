/* What a normalizer holds; for this room only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_NORMALIZER_H
#define LAR_NORMALIZER_H

#include "intensity/intensity.h"

struct lar_normalizer {
    const lar_normalizer_method *method;
    lar_normalize_params params;
    void *standard; /* of the method's population; NULL: it has none */
    int pass;       /* passes that ended */
    int64_t seen;   /* images in this pass */
    lar_found found;
    bool fitted;
};

#endif
