/* picture: images as pages of grey pixels, TIFF and PNG; of the room only. Columns of a picture run
 * along the first anatomical axis of its plane (x of axial and coronal slices, y of sagittal ones),
 * rows from the far end of the second (the front, the head) at the top, pages along the third.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_PICTURE_H
#define LAR_PICTURE_H

#include "format/source.h"

/* Where the pages of a file come from, as larmor writes it into the file. Slices are numbered along
 * the anatomical axis, from the left, the back, or the foot. */
typedef struct lar_place {
    lar_grid volume;           /* that was sliced, with its axes as they are stored */
    int axis;                  /* 0 1 2: x y z */
    int64_t first, count;      /* slices in this file: first, first + step ... */
    int64_t from, to, step;    /* those of the whole set, of which this file holds a part */
    int64_t channel, channels; /* first of this file, and how many */
    int64_t all_channels;      /* of the volume */
    lar_type type;             /* of the pixels */
    bool scaled;               /* value = slope * pixel + inter, of type `meant` before */
    lar_type meant;
    double slope, inter;
} lar_place;
/* The whole image, cut across the axis along which it is one voxel thick, or z. */
void lar_place_whole(lar_place *out, const lar_image *image);
/* One line, with a checksum. */
void lar_place_write(lar_text *out, const lar_place *place);
/* *found: whether there is such a line in the text. */
lar_status lar_place_read(lar_place *out, bool *found, const char *text, const char *name);
/* Which voxel axis of the volume the columns, rows and pages run along, and whether backwards. */
void lar_place_axes(int axis[3], bool flipped[3], const lar_place *place);
/* Slices first, first + step ... of the volume as a grid, its axes as they are stored; one alone is
 * as thick as in the volume. */
lar_grid lar_place_grid(const lar_place *place, int64_t first, int64_t count);
/* Of the voxel axis that the pages run along: the volume's index of slice `n`. */
int64_t lar_place_index(const lar_place *place, int64_t n);

/* Slices that are volumes by themselves, which lie over one another in even steps, become slices of
 * one volume. Any others are left as they are. */
lar_status lar_places_unite(bool *united, lar_place *const *places, int64_t count);

typedef struct lar_picture {
    const char *format; /* "TIFF", "PNG" */
    const char *name;   /* for sentences; borrowed */
    int64_t width, height, slices, channels;
    bool interleaved; /* the channels of a slice are pages side by side */
    lar_type type;
    bool swapped;
    double spacing_mm[3]; /* along columns, rows and pages; 0: not said */
    bool placed;
    lar_place place;
    unsigned char *pixels; /* page after page; NULL: not asked for */
} lar_picture;
bool lar_picture_is(const lar_source *source); /* by its first bytes */
/* From a file's bytes; `pixels`: decode them too. What is odd is added to `warnings`, a line each.
 * Clear also after a failure. */
lar_status lar_picture_open(lar_picture *out, lar_text *warnings, const lar_source *source,
                            bool pixels);
void lar_picture_clear(lar_picture *picture);
/* The grid of its image; of one without a place, what its spacing gives. */
lar_grid lar_picture_grid(const lar_picture *picture);
lar_type lar_picture_type(const lar_picture *picture); /* of its image */
/* Its image, in the order of the volume's voxels; takes over the pixels. */
lar_status lar_picture_image(lar_image **out, lar_picture *picture);

/* The bytes of a TIFF or a PNG file: `pages` has columns, rows and pages as its axes. level: as in
 * lar_write_params. */
typedef lar_status (*lar_picture_encode)(unsigned char **out, size_t *count, const lar_image *pages,
                                         const lar_place *place, int level);
lar_status lar_picture_tiff(unsigned char **out, size_t *count, const lar_image *pages,
                            const lar_place *place, int level);
lar_status lar_picture_png(unsigned char **out, size_t *count, const lar_image *pages,
                           const lar_place *place, int level);
/* Slice n, n + step ... of the place as pages, contiguous. */
lar_status lar_picture_pages(lar_image **out, const lar_image *image, const lar_place *place);

#endif
