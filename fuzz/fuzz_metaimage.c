/* Any bytes as a MetaImage header, with voxels behind it or in files beside it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_apart.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    fuzz_apart(bytes, count, "x.mhd");
    return 0;
}
