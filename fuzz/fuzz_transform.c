/* Any bytes as an ITK text transform: an error that names the file, or maps that are finite.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "format/transform.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    lar_affine *affines = NULL;
    int64_t found = 0;
    char *text = lar_alloc_raw((int64_t)count + 1, 1);
    if (!text) return 0;
    if (count) memcpy(text, bytes, count);
    text[count] = 0;
    lar_error_set("");
    const lar_status status = lar_itk_text_affines(&affines, &found, text, "fuzz.tfm");
    if ((status == LAR_OK) != (affines != NULL) || (affines && found < 1)) abort();
    if (status != LAR_OK && !strstr(lar_error(), "'fuzz.tfm'")) abort();
    for (int64_t n = 0; n < found; n++)
        for (int r = 0; r < 3; r++)
            for (int c = 0; c < 4; c++)
                if (!isfinite(affines[n].m[r][c])) abort();
    lar_free(affines);
    lar_free(text);
    return 0;
}
