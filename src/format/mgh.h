/* MGH of FreeSurfer (.mgh, compressed .mgz), of the room only: the header as numbers.
 * https://surfer.nmr.mgh.harvard.edu/fswiki/FsTutorial/MghFormat
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_MGH_H
#define LAR_MGH_H

#include "format/format.h"

enum {
    MGH_HEADER_BYTES = 284, /* the voxels follow at once, the footer behind them */
    MGH_FOOTER_BYTES = 20,  /* five reals, then tags of any length */
    MGH_SWAPPED = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ /* the file is big-endian */
};

typedef struct lar_mgh_header {
    int32_t version; /* 1 */
    int32_t size[3], frames, code, dof;
    int32_t good_ras;   /* 0: spacing, direction and centre are not set */
    float spacing[3];   /* mm */
    float cosine[3][3]; /* of each voxel axis, along x y z */
    float centre[3];    /* RAS of voxel size/2, half a voxel past the middle of the volume */
} lar_mgh_header;

void lar_mgh_decode(lar_mgh_header *header, const unsigned char *bytes);
void lar_mgh_encode(unsigned char *bytes, const lar_mgh_header *header);
float lar_mgh_real(const unsigned char *bytes);
void lar_mgh_put_real(unsigned char *bytes, float value);
/* What FreeSurfer takes where good_ras is 0: a coronal volume about the origin, 1 mm. */
void lar_mgh_default_place(lar_mgh_header *header);
lar_affine lar_mgh_affine(const lar_mgh_header *header);

/* MGH's codes of voxel types: false where it has none. `refused` says what a code means that has no
 * place in larmor, and is NULL for the others. */
bool lar_mgh_type(lar_type *out, const char **refused, int32_t code);
bool lar_mgh_code(int32_t *out, lar_type type);

lar_status lar_mgh_write(const lar_image *image, const char *path, const lar_write_params *params);

#endif
