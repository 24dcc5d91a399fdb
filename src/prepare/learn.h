/* Standards as files. Of the room prepare.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_LEARN_H
#define LAR_LEARN_H

#include "prepare/pass.h"

/* WORK/prepared/fits/2_t1.json; of the arena. */
const char *lar_standard_path(lar_arena *arena, const char *work, const lar_standard *standard,
                              const char *suffix);
lar_status lar_standard_load(lar_standard *standard, const lar_study *study, lar_arena *arena,
                             const char *work);

#endif
