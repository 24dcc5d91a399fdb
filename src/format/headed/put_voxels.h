/* put_voxels: a header that is text and its voxels to files; of the room only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_PUT_VOXELS_H
#define LAR_PUT_VOXELS_H

#include "format/source.h"

/* The voxels as bytes to write: those of a contiguous image, or compressed. */
typedef struct lar_packed {
    unsigned char *own; /* NULL: `bytes` are the image's */
    const void *bytes;
    size_t count;
} lar_packed;
/* level: as in lar_write_params; -1 packs nothing. Clear with lar_free(out->own). */
lar_status lar_pack_voxels(lar_packed *out, const lar_image *contiguous, lar_packing packing,
                           int level);

/* Header and voxels in one file; with `beside` the voxels in that file. Both are complete before
 * either appears. */
lar_status lar_put_voxels(const char *path, const lar_text *head, const char *beside,
                          const lar_packed *voxels, bool force);

#endif
