/* augment: training samples made different by chance, in the ways in which scans differ.
 *
 * A list of augmentations, a seed, an epoch and the number of a sample say what is drawn, and
 * nothing else does. What was drawn is a history: numbers with names, which go through JSON and
 * back, and from which alone the sample is made again, bit for bit.
 *
 * Spatial augmentations are composed into one map from the sample's voxels to the volume's, and the
 * sample alone is interpolated, once: images linearly, labels by the rule of LAR_LABELS. The others
 * then change the sample's voxels of measured images, in the order of the list.
 *
 * x y z are the axes of the volumes, which are in RAS order: left to right, back to front, foot to
 * head, as the scan lay. Millimetres are along them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_AUGMENT_H
#define LAR_AUGMENT_H

#include <larmor/larmor.h>

#include "base/base.h"

struct json_t;

/* ---- what may be done -------------------------------------------------------------------- */

enum { LAR_DRAWN_MAX = 32 }; /* numbers that one augmentation draws, at most */
/* Of augment_parts.h. */
typedef struct lar_dice lar_dice;
struct lar_augment_map;
struct lar_augment_work;

/* A row of the table of augmentations.
 *
 * In tables a range (LAR_P_REALS) is one number or [low, high], between which is drawn, evenly.
 * Where values lie on both sides of zero (degrees, millimetres, log-gamma ...), one number n stands
 * for [-n, n]. Where the help says "along x y z" it may be three numbers or six: [low, high] of
 * each axis. */
typedef struct lar_augment_kind {
    const char *name;         /* "affine" */
    const char *summary;      /* lower case, no full stop */
    const lar_param *table;   /* its own keys; lar_augment_common_table has those of every one */
    size_t size;              /* of its params */
    const char *const *names; /* of the numbers that it draws; NULL-ended */
    bool spatial;             /* of all images and labels */
    bool once;                /* at most one in a list */
    /* What the table cannot see: LAR_EARGUMENT, and the sentence names the key. May be NULL. */
    lar_status (*check)(const void *params);
    void (*draw)(double *values, const void *params, lar_dice *dice);
    /* One of both: spatial ones add to the map, others change voxels. Neither reads params. */
    void (*place)(struct lar_augment_map *map, const double *values);
    lar_status (*change)(struct lar_augment_work *work, const double *values);
} lar_augment_kind;
extern const lar_augment_kind *const lar_augment_kinds[];   /* NULL-ended */
const lar_augment_kind *lar_augment_find(const char *name); /* NULL: there is none */

/* What every augmentation takes beside its own. */
typedef struct lar_augment_common {
    double chance;    /* that it is done to a sample */
    lar_texts images; /* names; empty: the inputs */
} lar_augment_common;
extern const lar_param lar_augment_common_table[];

/* One line of a list: "- affine: {scale: [0.9, 1.1], chance: 0.8}". */
typedef struct lar_augment {
    const lar_augment_kind *kind;
    double chance;
    void *params;   /* of kind->table */
    const bool *on; /* by lar_sampled.number; NULL: all. Spatial ones do not look */
} lar_augment;
typedef struct lar_augments {
    int64_t count;
    lar_augment *at;
} lar_augments;
/* With defaults, chance 1, all images; params are of the arena. */
lar_status lar_augment_init(lar_augment *out, const lar_augment_kind *kind, lar_arena *arena);
/* The n-th of the list: its own keys, and that it may stand there. LAR_EARGUMENT. */
lar_status lar_augment_check(const lar_augments *list, int64_t n);

/* ---- what is drawn ----------------------------------------------------------------------- */

typedef struct lar_drawn {
    int64_t step; /* index in the list */
    const lar_augment_kind *kind;
    double values[LAR_DRAWN_MAX]; /* as kind->names; more numbers (noise) come from a "seed" */
} lar_drawn;
/* Those that are done, in the order of the list. */
typedef struct lar_history {
    int64_t count;
    lar_drawn *at;
} lar_history;

/* What is done to sample `sample` (0 to 2^32 - 1) of epoch `epoch`. out->at has room for
 * list->count. */
void lar_augment_draw(lar_history *out, const lar_augments *list, uint64_t seed, int64_t epoch,
                      int64_t sample);
/* [{"step": 0, "flip": {"x": 1, "y": 0, "z": 0}}, ...], a new reference; NULL: no memory. */
struct json_t *lar_history_to_json(const lar_history *history);
/* The same back, bit for bit; `at` is of the arena. LAR_EFORMAT where it is not what
 * lar_history_to_json() gives for this list. */
lar_status lar_history_from_json(lar_history *out, const struct json_t *array,
                                 const lar_augments *list, lar_arena *arena);

/* ---- what is done ------------------------------------------------------------------------ */

/* Where a sample lies in the grid of its volumes. */
typedef struct lar_sample_box {
    int64_t corner[3]; /* may lie outside the volume, as any part of the sample may */
    int64_t size[3];
    int across; /* of slices: the axis, 0 to 2, along which nothing is moved, turned, scaled or
                   flipped; -1: none. An axis of one voxel is such an axis whatever this says */
} lar_sample_box;

/* One image of a subject. All lie on one grid: contiguous, RAS order, one channel. */
typedef struct lar_sampled {
    const lar_image *volume; /* float32, finite; of labels and masks any type */
    int64_t number;          /* of the image in the study: `on` and the noise's draw go by it */
    bool is_label;           /* labels and masks */
    float outside;           /* what lies outside the volume: the value of air, or 0 of labels */
} lar_sampled;

/* Memory that is used again from sample to sample; one for each thread that makes samples. */
typedef struct lar_augment_scratch lar_augment_scratch;
lar_status lar_augment_scratch_new(lar_augment_scratch **out);
void lar_augment_scratch_free(lar_augment_scratch *scratch);

/* out[n]: the sample of images[n], float32 (labels too), i fastest, contiguous, size[0] * size[1] *
 * size[2] values, all finite. An empty history, or one that moves nothing, copies voxels as they
 * are. Labels: every value is one of the volume's, or `outside`; where two have the same weight to
 * 1e-6, the smaller one. */
lar_status lar_augment_sample(float *const *out, const lar_sampled *images, int64_t count,
                              const lar_sample_box *box, const lar_history *history,
                              const lar_augments *list, lar_augment_scratch *scratch);

/* Where the sample's voxels lie in the world, its bends left out. Its axes need not be at right
 * angles, and with a flip they are left-handed. */
void lar_augment_grid(lar_grid *out, const lar_grid *volume, const lar_sample_box *box,
                      const lar_history *history);

#endif
