/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_pair.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    return fuzz_pair(bytes, count, "fuzz+orig.HEAD");
}
