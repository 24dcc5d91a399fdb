/* Transforms as the command line gives them, for the commands that take several.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_TRANSFORMS_H
#define LAR_TRANSFORMS_H

#include "command/command.h"

/* Files in the order of ANTs' arguments, the first applied to a point of the fixed image first (the
 * order of a chain is the other one). "[FILE,1]" is FILE's inverse. Grids: NULL where not known.
 * `out` is NULL where there are no files. */
lar_status lar_transforms_chain(lar_chain **out, const lar_texts *files, const lar_grid *fixed,
                                const lar_grid *moving, lar_arena *arena);

#endif
