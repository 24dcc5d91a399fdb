/* nrrd: NRRD files (.nrrd; .nhdr with .raw or .raw.gz), of the room only. The format:
 * https://teem.sourceforge.net/nrrd/format.html
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_NRRD_H
#define LAR_NRRD_H

#include "format/headed/apart.h"
#include "format/headed/header_lines.h"

enum { NRRD_MOST_DIMS = 16 }; /* of an array; by the format's own definition */

/* The fields that larmor looks at; their names in nrrd_about.c. */
enum {
    NRRD_DIMENSION,
    NRRD_TYPE,
    NRRD_ENCODING,
    NRRD_ENDIAN,
    NRRD_SIZES,
    NRRD_SPACE,
    NRRD_SPACE_DIMENSION,
    NRRD_DIRECTIONS,
    NRRD_ORIGIN,
    NRRD_SPACE_UNITS,
    NRRD_SPACINGS,
    NRRD_MINS,
    NRRD_CENTERS,
    NRRD_KINDS,
    NRRD_UNITS,
    NRRD_LINE_SKIP,
    NRRD_BYTE_SKIP,
    NRRD_DATA_FILE,
    NRRD_FIELDS
};

typedef struct lar_nrrd {
    const char *path;
    char *values[NRRD_FIELDS]; /* NULL: not said */
    int64_t dims, size[NRRD_MOST_DIMS];
    size_t end; /* of the header's text */
} lar_nrrd;

bool lar_nrrd_is(const unsigned char *bytes, size_t count);
/* Fills about, voxels and where they are from the header's text. */
lar_status lar_nrrd_about(lar_image_about *about, lar_voxels *voxels, lar_apart *apart,
                          lar_source *header, lar_arena *arena);
/* Which axes are space and which one is the channels; where the voxels are. Takes the values apart.
 */
lar_status lar_nrrd_axes(lar_image_about *about, lar_voxels *voxels, const lar_nrrd *h);
/* "type" of the voxels as Teem writes it. */
const char *lar_nrrd_type(lar_type type);
lar_status lar_nrrd_write(const lar_image *image, const char *path, const lar_write_params *params);

#endif
