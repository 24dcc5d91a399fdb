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
    bool borrows; /* the standard is another's */
};

/* Lists of numbers in JSON; false where they are not all finite numbers, LAR_LIST_MAX at most. */
struct json_t *lar_reals_to_json(const double *at, int64_t count);
bool lar_reals_from_json(lar_reals *out, const struct json_t *list);

#endif
