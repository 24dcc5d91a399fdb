/* apart: voxels behind a header that is text, in a file beside it or in several; of the room only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_APART_H
#define LAR_APART_H

#include "format/voxels.h"

typedef struct lar_apart {
    const char *name; /* of the file beside the header, or with a "%03d" in it; NULL: behind it */
    char **list;      /* or the names of `files` files */
    bool numbered;    /* `name` holds the place of a number: first, first + step ... */
    int64_t first, step;
    int64_t files;       /* each holds as much as the others; 0 and 1 are the same */
    int64_t begin;       /* byte of the file where they begin, packed or not */
    int64_t lines;       /* or so many lines of text further on */
    int64_t skip;        /* bytes before the voxels, after unpacking */
    bool last;           /* the voxels are the last bytes, whatever stands before */
    bool packed;         /* by gzip or zlib */
    size_t packed_count; /* as the header says; 0: to the end of the file */
} lar_apart;

/* "name%03d.raw 1 96 1": into name, numbered, first, step and files, as many as the caller knows
 * there must be. What is left out of the numbers is first 1, step 1. */
lar_status lar_apart_pattern(lar_apart *apart, const char *text, int64_t files, lar_arena *arena,
                             const char *path);
/* The voxels, `needed` bytes from content->block + content->lead; warns of bytes that follow. With
 * out NULL only whether the files are there, and as long as they must be. */
lar_status lar_apart_read(lar_content *out, lar_image_about *about, lar_source *header,
                          const lar_apart *apart, size_t needed, lar_arena *arena);

/* A format whose header is text, alone or before its voxels. */
typedef struct lar_apart_kind {
    const char *header_end;        /* of the name of a header with its voxels elsewhere */
    const char *const *voxel_ends; /* of the file of voxels beside it; NULL at the end */
    bool (*is)(const unsigned char *bytes, size_t count);
    /* Fills about, voxels and where they are. */
    lar_status (*about)(lar_image_about *about, lar_voxels *voxels, lar_apart *apart,
                        lar_source *header, lar_arena *arena);
} lar_apart_kind;
/* True for a header, and for a file of voxels whose name is that of a header beside it. */
bool lar_apart_sniff(const lar_source *source, const lar_apart_kind *kind);
/* The image, or where the source is partial what its header says (out may then be NULL). */
lar_status lar_apart_open(lar_image **out, lar_image_about *about, lar_source *source,
                          const lar_apart_kind *kind);

#endif
