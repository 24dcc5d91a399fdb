/* Intel's AMX: registers of 16 rows of 64 bytes, and one instruction that multiplies two of them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_AMX_H
#define LAR_AMX_H

#include "base/base.h"

/* Whether this processor multiplies tiles of bfloat16 and the system lets us; asked for once. */
bool lar_amx_ready(void);

#endif
