/* image: voxels, where they sit in the world, and views of them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_IMAGE_H
#define LAR_IMAGE_H

#include <larmor/larmor.h>

/* Counted storage behind voxels. */
typedef struct lar_buffer lar_buffer;
typedef void (*lar_buffer_release)(void *bytes, size_t count);
/* Takes over the bytes, and gives them back through `release` when the last image lets go; on
 * failure they are released at once. */
lar_status lar_buffer_new(lar_buffer **out, void *bytes, size_t count, lar_buffer_release release);

/* What a file said beside the voxels, kept from reading to writing. Counted, never changed. */
typedef struct lar_extension {
    int32_t code;
    int64_t count;
    unsigned char *bytes;
} lar_extension;
typedef struct lar_notes {
    char description[80];
    char name[17]; /* intent name */
    int intent;    /* NIfTI intent code */
    double intent_values[3];
    double step;        /* between channels, in `step_unit`; 0 where not said */
    int step_unit;      /* NIfTI time unit code: 8 s, 16 ms, 24 us */
    int form_code;      /* NIfTI code of the space: 1 scanner, 2 aligned, 3 Talairach, 4 MNI */
    double window[2];   /* cal_min, cal_max; equal where not said */
    double edges_mm[3]; /* of a voxel, where the file says them beside the affine; else 0 */
    int64_t extension_count;
    lar_extension *extensions;
    int64_t holders; /* of image.c */
} lar_notes;
lar_status lar_notes_new(lar_notes **out, int64_t extension_count); /* held by the caller */
void lar_notes_drop(lar_notes *notes);
/* The image holds the notes too; the ones it had are dropped. */
void lar_image_set_notes(lar_image *image, lar_notes *notes);

/* An image over a buffer (contiguous voxels); takes over the buffer, also on failure. */
lar_status lar_image_over(lar_image **out, const lar_grid *grid, int64_t channels, lar_type type,
                          lar_buffer *buffer, void *voxels);

/* As lar_image_like(), but with whatever voxels: for a result of which every voxel is written.
 * Large images are made in half the time so, and by all threads. */
lar_status lar_image_blank(lar_image **out, const lar_image *model, lar_type type);

/* The image on lar_grid_to_axes(): a view, shares the voxels. */
lar_status lar_image_to_axes(lar_image **out, const lar_image *in, const int axis[3],
                             const bool flipped[3]);
bool lar_image_is_contiguous(const lar_image *image);
int64_t lar_image_voxel_count(const lar_image *image); /* of one channel */
/* One voxel as double, of any type; slow, for tests and corners. */
double lar_image_at(const lar_image *image, int64_t i, int64_t j, int64_t k, int64_t c);
/* `count` voxels along i from (i, j, k) of channel c as double, of any type and strides. */
void lar_image_load(double *out, const lar_image *image, int64_t i, int64_t j, int64_t k, int64_t c,
                    int64_t count);
/* The other way, into a contiguous image; rounds and saturates as lar_image_to_type(). Returns how
 * many values did not fit. */
int64_t lar_image_store(lar_image *image, int64_t i, int64_t j, int64_t k, int64_t c,
                        const double *in, int64_t count);
/* The same image with voxels of its own, contiguous. */
lar_status lar_image_copy(lar_image **out, const lar_image *in);
/* One voxel of the type. LAR_EARGUMENT where the type cannot hold the value: out of its range, or a
 * fraction for integers. */
lar_status lar_type_store(void *bytes, lar_type type, double value);
/* lar_image_to_type(), which tells how many values the type does not hold in place of a warning. */
lar_status lar_image_to_type_counted(lar_image **out, int64_t *not_held, const lar_image *in,
                                     lar_type type);
/* Smallest and largest finite value and how many are not finite, over all channels. */
typedef struct lar_range {
    double low, high;
    int64_t not_finite;
} lar_range;
lar_status lar_image_range(lar_range *out, const lar_image *image);

/* Names of CT windows and their lowest and highest value, in Hounsfield units. */
extern const char *const lar_window_names[]; /* NULL at the end */
extern const double lar_window_limits[][2];

/* grids */
bool lar_grid_is_valid(const lar_grid *grid); /* sizes at least 1, affine finite and invertible */
void lar_grid_to_world(const lar_grid *grid, const double ijk[3], double xyz[3]);
/* "106x127x135, 2x2x2 mm, RAS": for messages; text of at least 96 bytes. */
void lar_grid_words(const lar_grid *grid, char *text, size_t room);
/* The same axes, without shear of spacing: voxel axis that points along each of x, y, z, and
 * whether it points the other way. */
void lar_grid_axis_order(const lar_grid *grid, int axis[3], bool flipped[3]);
/* "LPI": which world axis each voxel axis runs along, 0 to 2, and whether backwards. LAR_EARGUMENT
 * for what is no code: one letter of each of R L, A P, S I. */
lar_status lar_axes_parse(int world[3], bool backward[3], const char *code);
/* The grid of the box of `size` from `first`, which may lie outside (padding). */
lar_grid lar_grid_box(const lar_grid *grid, const int64_t first[3], const int64_t size[3]);
/* The grid of `size` voxels with the same centre and spacing, cropped or padded on both sides; of
 * an odd difference the larger half goes to the far side. LAR_EARGUMENT for a size below 1. */
lar_status lar_grid_fit(lar_grid *out, const lar_grid *in, const int64_t size[3]);
/* The grid of lar_crop_range(), and its first voxel in `in`. LAR_EARGUMENT for an axis other than
 * x, y, z, fractions outside 0 <= low < high <= 1, or a range without a voxel. */
lar_status lar_grid_crop_range(lar_grid *out, int64_t first[3], const lar_grid *in, char axis,
                               double low, double high);
/* The grid whose axis n is axis[n] of `grid`, from its other end where flipped[n]. */
lar_grid lar_grid_to_axes(const lar_grid *grid, const int axis[3], const bool flipped[3]);
/* The grid with its axes in RAS order. */
lar_grid lar_grid_to_ras(const lar_grid *grid);

#endif
