/* The parts of registration; for this room only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_REGISTER_PARTS_H
#define LAR_REGISTER_PARTS_H

#include <larmor/larmor.h>

/* ---- likeness ------------------------------------------------------------------------------ */

enum { LAR_BINS_MAX = 128 };

/* Values in bins: a fixed value falls into one, a moving value is spread over four by the cubic
 * B-spline (Thevenaz & Unser 2000, doi:10.1109/83.887976; Mattes 2003,
 * doi:10.1109/TMI.2003.809072). */
typedef struct lar_bins {
    int64_t count;        /* of a moving image the first and the last are the spline's margin */
    float low, per_value; /* value v lies at (v - low) * per_value */
} lar_bins;
lar_bins lar_bins_between(double low, double high, int64_t count);

/* Likeness of values seen at the same places, and its slope along each moving value. `fixed`: bins;
 * `moving`: values, NaN where there is none. It rises with likeness: mutual information in nats, or
 * (H(f) + H(m)) / H(f, m) - 1 (Studholme 1999, doi:10.1016/S0031-3203(98)00091-0). slope: NULL, or
 * one per sample. used: how many samples had a value. */
lar_status lar_mi_value(double *value, int64_t *used, float *slope, int metric,
                        const uint8_t *fixed, int64_t fixed_bins, const float *moving,
                        const lar_bins *bins, int64_t count);

/* Scratch for volumes of one size, and boxes of 2 radius + 1 voxels. */
typedef struct lar_lncc lar_lncc;
enum { LAR_LNCC_TERMS = 5 };
lar_status lar_lncc_new(lar_lncc **out, const int64_t size[3], const int64_t radius[3], bool lent);
/* Of one that was made `lent`: volumes to work in, before each call. */
void lar_lncc_lend(lar_lncc *lncc, float *const terms[LAR_LNCC_TERMS]);
void lar_lncc_free(lar_lncc *lncc);
/* Mean over boxes of the squared correlation in them, and its slope along each value of both (NULL:
 * not wanted; that of `fixed` only with that of `moving`). Values range over about 1; NaN is
 * nothing. */
lar_status lar_lncc_value(double *value, float *slope_fixed, float *slope_moving, lar_lncc *lncc,
                          const float *fixed, const float *moving);
/* Voxels to each side of a box so wide; at least one. */
void lar_lncc_radius(int64_t radius[3], const double spacing_mm[3], double radius_mm);

/* ---- images as they are compared ----------------------------------------------------------- */

/* One of the two images, ready to be compared: in RAS, contiguous float32. */
typedef struct lar_side {
    lar_image *full;     /* the first channel as it came */
    lar_image *image;    /* at the working spacing, the bias field divided out, as unit values */
    lar_image *field;    /* the bias field, on the same grid; NULL: none */
    lar_image *mask;     /* uint8, on the same grid: the head, or what the user gave */
    bool masked;         /* by the user */
    double volume_mm3;   /* of the mask */
    double centre_mm[3]; /* of the mask, in the world */
    double radius_mm;    /* root mean square distance of the mask's voxels from it */
    double low, high;    /* of nearly all values: 0 and 1 as unit values */
} lar_side;

/* name: "fixed", for sentences. */
lar_status lar_side_init(lar_side *side, const lar_image *image, const lar_image *mask,
                         bool keep_bias, const char *name);
void lar_side_clear(lar_side *side);
/* Lets go of what only linear maps need: the image as it came, and the field. */
void lar_side_slim(lar_side *side);
double lar_side_spacing(const lar_side *side); /* the smallest of the working image */
/* An image at a coarser spacing, smoothed before; axes that are coarse enough stay. */
lar_status lar_side_at(lar_image **out, const lar_image *from, double spacing_mm);
/* The same image with voxels that no one shares. */
lar_status lar_side_own(lar_image **image);
/* The side's values as unit values, in an image of its own. */
lar_status lar_side_unit(lar_image **image, const lar_side *side);
/* Where the mask (uint8, the same grid) is 0 the image becomes `value`. */
lar_status lar_side_blank(lar_image **image, const lar_image *mask, float value);

/* Places of the one image where values are compared. */
typedef struct lar_samples {
    int64_t count;
    float *at[3]; /* mm from centre_mm, along x y z */
    float *value;
    uint8_t *bin;
    int64_t bins;
    int64_t size[3];      /* where they are all voxels of a volume, i fastest; else 0 */
    double spacing_mm[3]; /* of the voxels that they were taken from */
    double centre_mm[3];
} lar_samples;

/* The other image, that values are taken from. */
typedef struct lar_probe {
    lar_image *image;    /* NaN where nobody may look */
    lar_affine to_voxel; /* from the world */
    double centre_mm[3];
    double expected; /* share of the samples that meets it where all is well: less than 1 for a
                        mask that is smaller than what is sampled */
    lar_bins bins;
} lar_probe;

typedef struct lar_match lar_match;
typedef struct lar_level {
    lar_samples samples;
    lar_probe probe;
    lar_match *match;
} lar_level;
/* Both sides at a spacing; of more than `most` voxels a part. */
lar_status lar_level_init(lar_level *level, const lar_side *sampled, const lar_side *probed,
                          double spacing_mm, int64_t most, int metric,
                          const lar_register_params *params);
void lar_level_clear(lar_level *level);

/* ---- linear maps --------------------------------------------------------------------------- */

/* Inside the room linear maps go from mm about the centre of the sampled image's head to mm about
 * the centre of the other's. This turns a map of the world into such a one. */
lar_affine lar_linear_about(const lar_affine *world, const lar_side *from, const lar_side *to);

/* A small motion after a base map, by parameters: three of translation, then those of the linear
 * part, in mm at the radius of the head. */
int lar_linear_count(int kind);
lar_affine lar_linear_move(int kind, const double *parameters, double radius_mm);
/* d(base, then move) / d(each parameter): the twelve entries of the matrix, row by row. */
void lar_linear_slopes(double (*slopes)[12], int kind, const double *parameters, double radius_mm,
                       const lar_affine *base);

/* Samples, and what a map finds in the other image for them. */
lar_status lar_match_new(lar_match **out, const lar_samples *samples, const lar_probe *probe,
                         int metric, double radius_mm, double box_mm);
void lar_match_free(lar_match *match);
int64_t lar_match_samples(const lar_match *match);
/* The likeness under a map, the share of samples that met the other image, of those that should
 * (NULL: not wanted), and its slope along the twelve entries of the map (NULL too). */
lar_status lar_match_value(double *value, double *share, double slope[12], lar_match *match,
                           const lar_affine *map);
/* To the best map near. */
lar_status lar_match_climb(lar_affine *map, double *value, lar_match *match, int kind,
                           int64_t iterations, double first_step_mm, double tolerance_mm);

/* A map and how well it fits. */
typedef struct lar_pose {
    lar_affine map;
    double value;
    int order; /* of equals the first comes first */
} lar_pose;
/* The best hills on a coarse level, the highest first. header: the map that the headers say. turns:
 * whether the heads may be turned against each other; far: by more than a right angle too. */
lar_status lar_search(lar_pose *out, int64_t *found, int64_t most, lar_match *match,
                      const lar_affine *header, bool turns, bool far);

/* All levels, from a search (far: of all turns) or from `start` (NULL: search). Maps of the world,
 * from the sampled image to the probed one. */
lar_status lar_linear_find(lar_affine *map, const lar_side *sampled, const lar_side *probed,
                           const lar_affine *start, bool far, const lar_register_params *params);

/* ---- displacements ------------------------------------------------------------------------- */

/* Three volumes one after another: voxels of the grid along i, j, k. */

/* image(x + by(x)); NaN beyond the outermost centres. */
lar_status lar_bend_image(float *out, const float *image, const float *by, const int64_t size[3]);
/* first, then field: first(x) + field(x + first(x)). */
lar_status lar_bend_compose(float *out, const float *field, const float *first,
                            const int64_t size[3]);
lar_status lar_bend_invert(float *out, const float *field, const int64_t size[3]);

/* map: of the world, from fixed to moving; field and inverse as in lar_registration. */
lar_status lar_deform(lar_image **field, lar_image **inverse, const lar_side *fixed,
                      const lar_side *moving, const lar_affine *map,
                      const lar_register_params *params);

/* ---- whether to trust it ------------------------------------------------------------------- */

/* Overlap, likeness (on `level`), sharpness, scale, angle and shift of a map of the world from
 * `sampled` to `probed`. backward: the caller's map is the inverse. */
lar_status lar_measure_map(lar_register_verdict *verdict, lar_level *level, const lar_affine *map,
                           const lar_side *sampled, const lar_side *probed, bool backward);
/* Between where two maps put a ball of the radius of the head: the root of the mean square, by its
 * centre and the ends of its axes. */
double lar_map_distance_mm(const lar_affine *a, const lar_affine *b, const lar_side *from);
/* Judges a map of the world from `sampled` to `probed`, and looks for a better one from elsewhere
 * where there is doubt: then it takes its place. searched: the user gave no start. */
lar_status lar_judge_map(lar_register_verdict *verdict, lar_affine *map, const lar_side *sampled,
                         const lar_side *probed, bool backward, bool searched,
                         const lar_register_params *params);
/* What the deformation adds. */
lar_status lar_judge_field(lar_register_verdict *verdict, const lar_image *field);

#endif
