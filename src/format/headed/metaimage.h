/* metaimage: MetaImage files (.mha; .mhd with .raw or .zraw), of the room only. The format is
 * ITK's, https://docs.itk.org/en/latest/learn/metaio.html
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_METAIMAGE_H
#define LAR_METAIMAGE_H

#include "format/headed/apart.h"
#include "format/headed/header_lines.h"

enum { META_MOST_DIMS = 4 };

/* The keys that larmor looks at. */
enum {
    META_OBJECT_TYPE,
    META_DIMS,
    META_BINARY,
    META_BIG,
    META_BIG_TOO,
    META_PACKED,
    META_PACKED_SIZE,
    META_MATRIX,
    META_ROTATION,
    META_ORIENTATION,
    META_OFFSET,
    META_POSITION,
    META_ORIGIN,
    META_IMAGE_POSITION,
    META_SPACING,
    META_EXTENT,
    META_UNITS,
    META_ANATOMY,
    META_SIZES,
    META_HEADER_SIZE,
    META_CHANNELS,
    META_TYPE,
    META_SLOPE,
    META_INTER,
    META_DATA_FILE,
    META_KEYS
};
extern const char *const lar_meta_keys[META_KEYS + 1]; /* NULL at the end */

/* The header while it is read. */
typedef struct lar_meta {
    const char *path;
    char *values[META_KEYS]; /* NULL: not said */
    int64_t dims, size[META_MOST_DIMS], channels;
    size_t end; /* of its text */
} lar_meta;

/* Up to the line of ElementDataFile, which is the last. */
lar_status lar_meta_take_lines(lar_meta *h, lar_header_lines *lines);
/* Sentences about a key. */
lar_status lar_meta_missing(const lar_meta *h, int key);
lar_status lar_meta_bad_value(const lar_meta *h, int key, const char *expected);
/* *out stays where the key is not said. */
lar_status lar_meta_bool(bool *out, const lar_meta *h, int key);
lar_status lar_meta_int(int64_t *out, const lar_meta *h, int key, int64_t low);
/* Of keys that are names of the same, -1 at the end: the first that is said, or -1. Two that differ
 * are an error. */
lar_status lar_meta_one_of(int *out, const lar_meta *h, const int *same);
/* The affine of about's grid, and the spacing of a fourth dimension. */
lar_status lar_meta_place(lar_image_about *about, const lar_meta *h, double *step);

/* True where the bytes begin as a MetaImage header does. */
bool lar_metaimage_is(const unsigned char *bytes, size_t count);
/* Fills about, voxels and where they are from the header's text. */
lar_status lar_metaimage_about(lar_image_about *about, lar_voxels *voxels, lar_apart *apart,
                               lar_source *header, lar_arena *arena);
/* MET_SHORT and its like. */
const char *lar_metaimage_type(lar_type type);
lar_status lar_metaimage_write(const lar_image *image, const char *path,
                               const lar_write_params *params);

#endif
