/* What RAVEL learns of a population; for this room only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_RAVEL_H
#define LAR_RAVEL_H

#include "intensity/intensity.h"

enum { LAR_RAVEL_FACTORS = 8 };

typedef struct lar_ravel {
    int64_t images;  /* of the population */
    int64_t factors; /* unwanted ones */
    /* what stays: over all voxels of the common grid */
    lar_image *mean;                     /* float32, after whitestripe */
    lar_image *slopes;                   /* float32, `factors` channels: what a score of 1 adds */
    lar_image *control;                  /* uint8: the control voxels */
    double strengths[LAR_RAVEL_FACTORS]; /* sums of squared slopes over control voxels */
    /* while learning */
    int64_t seen; /* images of this pass */
    lar_grid grid;
    uint8_t *common; /* CSF in every image so far */
    int64_t *places; /* of control voxels, rising */
    int64_t place_count, room;
    float *values;  /* images x control voxels, after whitestripe */
    double *scores; /* images x factors */
    double *sums;   /* 1 + factors times all voxels */
} lar_ravel;

/* The strengths, from slopes and control. LAR_ENUMERIC where one is zero. */
lar_status lar_ravel_measure(lar_ravel *r);
/* As in lar_population. */
lar_status lar_ravel_write(struct json_t *json, const void *ravel, const char *path, bool force);
lar_status lar_ravel_read(void *ravel, const struct json_t *json, const char *path);

#endif
