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

/* Whether a file is larger than all memory: it will not be read, and is not worth an hour of
 * hashing. */
bool lar_learn_is_beyond(const char *path);
/* What a standard depends on that needs these images, as lines; of the arena. before: an earlier
 * run's record, whose hashes of untouched files are taken; NULL: none. NULL: no memory. */
const char *lar_learn_describe(const lar_study *study, const lar_cohort *cohort,
                               const lar_cases *before, const bool *needed, lar_arena *arena);

#endif
