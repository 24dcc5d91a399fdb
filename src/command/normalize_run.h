/* What the commands `larmor normalize METHOD` share.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_NORMALIZE_RUN_H
#define LAR_NORMALIZE_RUN_H

#include "command/command.h"
#include "intensity/intensity.h"

typedef struct lar_normalize_options {
    const char *output, *mask, *tissue_map;
    bool force;
    lar_normalize_params normalize;
    const char *fit, *save_fit; /* of methods that learn from a population */
} lar_normalize_options;

/* The method is the second word of the command. */
lar_status lar_normalize_run(lar_call *call);

#endif
