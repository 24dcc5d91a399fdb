/* Any bytes as a fit of a normalizer: an error with a sentence, or one that learned all it needs,
 * whose map rises, and that can be applied. SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "fuzz.h"
#include "image/image.h"
#include "intensity/normalizer.h"

static void check(const lar_normalizer *n)
{
    const lar_curve *curve = lar_normalizer_curve(n);
    if (lar_normalizer_passes(n) != 0 || !lar_normalizer_method_name(n)) abort();
    if (!n->fitted) return;
    if (curve->count < 2 || curve->count > LAR_LIST_MAX) abort();
    for (int64_t k = 1; k < curve->count; k++)
        if (!(curve->from[k] > curve->from[k - 1])) abort();
}

static void apply(const lar_normalizer *n)
{
    const lar_grid grid = { .size = { 3, 2, 2 },
                            .to_world = { .m = { { 1 }, { 0, 1 }, { 0, 0, 1 } } } };
    lar_image *in = NULL, *out = NULL;
    if (lar_image_new(&in, &grid, 1, LAR_F32) != LAR_OK) return;
    for (int v = 0; v < 12; v++) ((float *)in->voxels)[v] = (float)(v * v);
    if (lar_normalizer_apply(&out, n, in) != LAR_OK && !lar_error()[0]) abort();
    lar_image_free(out);
    lar_image_free(in);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    lar_normalizer *n = NULL;
    lar_error_set("");
    const lar_status status =
        lar_normalizer_parse(&n, (const char *)bytes, count, "/absent/fuzz.json");
    if ((status == LAR_OK) != (n != NULL)) abort();
    if (!n && !strstr(lar_error(), "/absent/fuzz.json")) abort();
    if (n) {
        check(n);
        apply(n);
    }
    lar_normalizer_free(n);
    return 0;
}
