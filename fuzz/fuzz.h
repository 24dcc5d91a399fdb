/* What libFuzzer calls, and replay.c too.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_FUZZ_H
#define LAR_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

#endif
