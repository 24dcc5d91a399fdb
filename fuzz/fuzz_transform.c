/* Any bytes as a transform file of ITK, ANTs, FSL or FreeSurfer: an error that names the file, or
 * maps that are finite. SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "format/transform/transform.h"
#include "fuzz.h"

static const lar_grid fixed = { .size = { 10, 12, 14 },
                                .to_world = {
                                    .m = { { 0, 1, 0, -5 }, { 1.5, 0, 0, -9 }, { 0, 0, 2, 4 } } } };
static const lar_grid moving = {
    .size = { 8, 9, 7 },
    .to_world = { .m = { { 2, 0, 0, 1 }, { 0, 2, 0.1, 2 }, { 0, -0.1, 3, 3 } } }
};

static void try_as(const uint8_t *bytes, size_t count, const lar_transform_use *use)
{
    lar_affine *affines = NULL;
    int64_t found = 0;
    char *text = lar_alloc_raw((int64_t)count + 1, 1);
    if (!text) return;
    if (count) memcpy(text, bytes, count);
    text[count] = 0;
    lar_error_set("");
    const lar_status status = lar_transform_affines(&affines, &found, text, count, "fuzz.tfm", use);
    if ((status == LAR_OK) != (affines != NULL) || (affines && found < 1)) abort();
    if (status != LAR_OK && !strstr(lar_error(), "'fuzz.tfm'")) abort();
    for (int64_t n = 0; n < found; n++)
        for (int r = 0; r < 3; r++)
            for (int c = 0; c < 4; c++)
                if (!isfinite(affines[n].m[r][c])) abort();
    lar_free(affines);
    lar_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    try_as(bytes, count, NULL);
    try_as(bytes, count, &(lar_transform_use){ .fixed = &fixed, .moving = &moving });
    return 0;
}
