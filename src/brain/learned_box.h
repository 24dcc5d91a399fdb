/* The box around a head that the network sees.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_LEARNED_BOX_H
#define LAR_LEARNED_BOX_H

#include "brain/brain.h"

/* Its grid: along the world's axes whatever those of the scan are, laid as FreeSurfer's conform
 * would (a voxel's centre at the middle of the scan), the box of the head with its margin. A head
 * is at most 300 mm wide and long and 260 mm tall; what is more is cut off, from a neck first, and
 * told. */
lar_status lar_learned_grid(lar_grid *out, const lar_image *in, const lar_strip_recipe *recipe);
/* Float32 on that grid, 0 to 1. */
lar_status lar_learned_input(lar_image **out, const lar_image *in, const lar_grid *grid, bool ct,
                             const lar_strip_recipe *recipe);
/* Logits on that grid (above 0: brain; destroyed) as a mask on the grid of `in`: one piece without
 * holes. LAR_ENUMERIC where nothing of it is brain. */
lar_status lar_learned_mask(lar_image **out, lar_image *logits, const lar_image *in);

#endif
