/* Whether a mask lies as a brain does in this head: a mask that was turned about the long axis has
 * the right size and shape, and of a round vault hardly nears the skin. A brain of mean shape that
 * is placed by the outline of the head alone says where left and right are.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "brain/mean_shape.h"
#include "brain/surface_parts.h"
#include "brain/verdict_shape.h"
#include "image/image.h"

lar_status lar_turn_compare(double *degrees, const lar_rim *rim, double turn[3][3])
{
    const int64_t *size = rim->mask->grid.size;
    const lar_surface_box box = { .size = { size[0], size[1], size[2] },
                                  .count = lar_image_voxel_count(rim->mask),
                                  .mm = rim->spacing_mm };
    const float *outside = rim->depth->voxels;
    lar_brain_pose pose;
    double head[3][3], cosine = 0;
    float *depth = lar_alloc_raw(box.count, sizeof *depth);
    if (!depth) return LAR_EMEMORY;
    for (int64_t n = 0; n < box.count; n++) depth[n] = -outside[n];
    lar_surface_place_in_head(&pose, depth, &box);
    lar_free(depth);
    lar_shape_turn(head, pose.turn);
    for (int a = 0; a < 3; a++) cosine += head[a][0] * turn[a][0];
    *degrees = acos(fmin(fabs(cosine), 1)) * 180 / 3.14159265358979323846;
    return LAR_OK;
}
