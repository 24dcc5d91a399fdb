/* larmor prepare --dry-run. SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_PREPARE_PLAN_H
#define LAR_PREPARE_PLAN_H

#include "command/command.h"
#include "prepare/prepare.h"

/* Prints what would be done to each case, and what it takes. */
lar_status lar_prepare_foretell(lar_call *call, const lar_study *study,
                                const lar_prepare_params *params);

#endif
