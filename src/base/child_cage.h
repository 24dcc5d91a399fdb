/* child_cage: what the kernel is asked to keep a child program from; of base only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_CHILD_CAGE_H
#define LAR_CHILD_CAGE_H

#include "base/base.h"

/* A ruleset for lar_cage_enter(), made before the process forks; -1 where the kernel has none. */
int lar_cage_new(const lar_child *child);
/* In the child, between fork and exec: system calls only. */
void lar_cage_enter(const lar_child *child, int ruleset);

#endif
