/* voxels: from bytes behind any header to those of an image; of the room only. A reader fills the
 * grid, channels, stored type and scaling of an lar_image_about, plans its lar_voxels, fetches the
 * bytes from its source, and lar_voxels_image() does the rest.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_VOXELS_H
#define LAR_VOXELS_H

#include "format/source.h"

typedef struct lar_scale {
    double slope, inter; /* value = slope * stored + inter */
} lar_scale;

/* The voxels of a file: where they are and what they mean. */
typedef struct lar_voxels {
    int64_t offset; /* of the first, in the content that holds them */
    size_t bytes;   /* all of them */
    int64_t count;
    bool beside;      /* in another file than the header */
    bool swapped;     /* of the other byte order */
    bool interleaved; /* the channels of a voxel lie side by side */
    bool scaled;      /* by `scales`, else by about->slope and about->inter */
    /* One for each of `scale_count` runs of voxels, equally long (slices, volumes); borrowed. */
    const lar_scale *scales;
    int64_t scale_count;
} lar_voxels;

/* bytes and count, by about's sizes and stored type. `least`: the first byte voxels may have. */
lar_status lar_voxels_plan(lar_voxels *voxels, const lar_image_about *about, int64_t least,
                           const char *name);
/* about->type, from its stored type and whether the voxels are scaled. */
void lar_voxels_set_type(lar_voxels *voxels, lar_image_about *about);
/* The image of about's grid; takes over the block of the content. */
lar_status lar_voxels_image(lar_image **out, const lar_image_about *about, const lar_voxels *voxels,
                            lar_content *content);
/* A warning where bytes follow the voxels. */
void lar_voxels_say_spare(lar_image_about *about, size_t found, size_t needed);

/* Byte order, in place. */
lar_status lar_voxels_swap(void *voxels, int64_t count, size_t size);

#endif
