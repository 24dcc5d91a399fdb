/* The values that a method learns from, as one array, and their histogram with the mean of each
 * bin; for this room only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_SAMPLE_H
#define LAR_SAMPLE_H

#include <larmor/larmor.h>

/* `count` voxels along i from (i, j, k) of channel c: where they lie in the image, or converted
 * into `room`. */
const float *lar_row_floats(float *room, const lar_image *image, int64_t i, int64_t j, int64_t k,
                            int64_t c, int64_t count);
/* The same of a mask: 0 or not 0; what is not a number is 0. */
const uint8_t *lar_row_mask(uint8_t *room, const lar_image *mask, int64_t i, int64_t j, int64_t k,
                            int64_t count);

/* The voxels that count, every channel, i fastest. */
typedef struct lar_sample {
    float *values;
    int64_t count;    /* 1 or more */
    double low, high; /* smallest and largest */
} lar_sample;

/* mask: NULL for all voxels, or on the grid of the image. LAR_ENUMERIC where a voxel that counts is
 * not finite (in float32), or none counts. */
lar_status lar_sample_take(lar_sample *out, const lar_image *image, const lar_image *mask);
void lar_sample_clear(lar_sample *sample);

/* Equal bins of `width` from `low`: how many values lie in each, and how far beyond its lower edge
 * they are on the whole, in widths (each to 2^-16). What lies outside is at the nearest end; values
 * above `most` are left out. Sums of whole numbers: the same bits for any order of values and any
 * number of threads. */
lar_status lar_bin(int64_t *counts, double *beyond, int64_t bins, double low, double width,
                   double most, const lar_sample *sample);

/* Values that stand for all of the sample: the means of narrow bins that hold any, rising. */
typedef struct lar_points {
    int64_t count;
    double *values, *weights; /* weights: how many; their sum is the sample's count */
} lar_points;
lar_status lar_points_of(lar_points *out, const lar_sample *sample);
void lar_points_clear(lar_points *points);

/* Of the values above `low` and below `high`: how many, and their mean and standard deviation (of
 * the population); 0 where there are none. */
typedef struct lar_moments {
    int64_t count;
    double mean, deviation;
} lar_moments;
/* centre: near the mean, so that squares of distances from it do not cancel. */
lar_status lar_moments_of(lar_moments *out, const lar_sample *sample, double low, double high,
                          double centre);
/* How many are below `limit`. */
int64_t lar_sample_below(const lar_sample *sample, double limit);

#endif
