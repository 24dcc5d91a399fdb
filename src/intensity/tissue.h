/* Three tissues in one scan by fuzzy c-means (Bezdek 1981, doi:10.1007/978-1-4757-0450-1) with
 * three classes and fuzziness 2; for this room only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_TISSUE_H
#define LAR_TISSUE_H

#include "intensity/sample.h"

/* In the order of rising centres: on a T1, LAR_TISSUE_CSF, _GREY, _WHITE. */
typedef struct lar_tissues {
    double centres[3];
    double means[3];  /* of the values, each weighted with its membership */
    double shares[3]; /* mean membership; their sum is 1 */
} lar_tissues;

/* LAR_ENUMERIC where there are fewer than three values. */
lar_status lar_tissues_find(lar_tissues *out, const lar_sample *sample);
lar_status lar_tissues_from_points(lar_tissues *out, const lar_points *points, double total);
/* LAR_EGEOMETRY where the other image (NULL: none), a `what`, is not on the image's grid. */
lar_status lar_mask_on_grid(const lar_image *image, const lar_image *other, const char *what);

/* The mean of the image under a map of the tissue on its grid, within the mask where there is one.
 * The map is how much each voxel is of it (0 to 1), or what lar_tissue() makes: labels, or three
 * memberships, of which `tissue` (LAR_TISSUE_CSF ...) is taken. */
lar_status lar_tissue_mean(double *out, const lar_image *image, const lar_image *mask,
                           const lar_image *map, int tissue);

/* How much of each tissue a voxel of this value is; the sum is 1. */
static inline void lar_tissues_membership(double shares[3], const double centres[3], double value)
{
    const double a = value - centres[0], b = value - centres[1], c = value - centres[2];
    const double aa = a * a, bb = b * b, cc = c * c;
    const double first = bb * cc, second = aa * cc, third = aa * bb;
    const double all = first + second + third;
    shares[0] = first / all;
    shares[1] = second / all;
    shares[2] = third / all;
}

#endif
