/* The parts of a sampler; for this room only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_SAMPLER_PARTS_H
#define LAR_SAMPLER_PARTS_H

#include <pthread.h>

#include "batch/batch.h"

/* What is known of a case's voxels once they were looked at. */
typedef struct lar_case_look {
    pthread_mutex_t lock;
    bool done;
    float *outside;  /* of each image of the sampler: the least value; of labels 0 */
    double *labels;  /* values among which is picked, in rising order; NULL: one kind of voxel */
    int64_t classes; /* 0: there is nothing to pick */
    double *sums;    /* of each class, of its weights in slices 0 .. k */
    double threshold;
} lar_case_look;

struct lar_sampler {
    lar_sampler_params params;
    lar_arena *arena;
    int64_t of; /* prepared image that says where; -1: none */
    int64_t count;
    int64_t *first;       /* of each case, and count at the end: its samples' numbers */
    lar_case_look *looks; /* of each case */
    pthread_mutex_t order_lock;
    int64_t order_epoch, *order; /* of the epoch that was asked for last */
};

/* The look at case n; made where it is not there yet. */
lar_status lar_sampler_look(const lar_case_look **out, lar_sampler *s, int64_t n);
void lar_case_look_clear(lar_case_look *look);
/* A voxel that the pick gives, by two numbers from 0 to 1. False: there is none, and anywhere is as
 * good; LAR_EARGUMENT where labels were asked for by name, and none of them is there. */
lar_status lar_sampler_pick(bool *found, int64_t voxel[3], lar_sampler *s, int64_t n,
                            const double u[2]);
/* Where along its axis the range of slices, or of the middles of patches, begins, and how long it
 * is; voxels, at least one. */
void lar_sampler_part(int64_t *first, int64_t *count, const lar_sample_params *p,
                      const int64_t size[3]);
/* The voxels that middles of samples may be: from low to high - 1. */
void lar_sampler_allowed(int64_t low[3], int64_t high[3], const lar_sample_params *p,
                         const int64_t size[3]);
/* Edges of the box of a sample in the volume. */
void lar_sampler_edges(int64_t edges[3], const lar_sample_params *p, const int64_t size[3]);

#endif
