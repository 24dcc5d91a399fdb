/* batch: what a network sees of a prepared cohort: which part of which case, made different by
 * chance, and there in time.
 *
 * A sampler says what sample n of epoch e is, by the study's seed and nothing else; a loader has
 * all threads make the samples of the next steps. The voxels are read where the
 * prepared volumes lie, through memory maps, and written once.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_BATCH_H
#define LAR_BATCH_H

#include <larmor/larmor.h>

#include "augment/augment.h"
#include "data/data.h"

struct json_t;

/* ---- what a study says ------------------------------------------------------------------- */

enum { LAR_SAMPLE_VOLUME, LAR_SAMPLE_PATCH, LAR_SAMPLE_SLICE };
extern const char *const lar_sample_names[]; /* "volume", "patch", "slice"; NULL-ended */
/* Where a patch has its middle: anywhere; on a voxel of the foreground; of a label, each as often
 * as the others; as often as a map says; or all places of a grid, each once. */
enum { LAR_PICK_UNIFORM, LAR_PICK_FOREGROUND, LAR_PICK_LABELS, LAR_PICK_WEIGHTS, LAR_PICK_GRID };

typedef struct lar_sample_params {
    int kind;
    lar_ints size;   /* of a patch, voxels: one number or three */
    int axis;        /* 0 to 2: slices lie across it; of patches that of `range` */
    lar_reals range; /* which part of the axis, 0 to 1: slices, or middles of patches, lie there */
    int64_t neighbours; /* slices to each side that are channels of the inputs too */
    int pick;           /* LAR_PICK_UNIFORM ... */
    const char *of;     /* image that has the foreground, labels, weights; NULL: see the tables */
    lar_ints labels;    /* which are picked; none: all that are not 0, each as often */
    lar_reals ratios;   /* how often each of `labels` is; none: each as often */
    double share;       /* of the samples that are picked so; the others lie anywhere */
    double overlap;     /* of a grid's patches, of their size */
    int64_t per_case;   /* samples of a case in an epoch; LAR_INT_AUTO */
} lar_sample_params;
extern const lar_param lar_sample_patch_table[], lar_sample_slice_table[];
/* The table of a kind; NULL: a volume has no settings. */
const lar_param *lar_sample_table(int kind);
lar_sample_params lar_sample_default(int kind);
/* What the tables cannot see. LAR_EARGUMENT names the key. images: of the study. */
lar_status lar_sample_check(const lar_sample_params *params, const lar_image_spec *images,
                            int64_t image_count);
/* Channels that one input image has in a sample: with neighbours 2 n + 1. */
static inline int64_t lar_sample_slices(const lar_sample_params *params)
{
    return params->kind == LAR_SAMPLE_SLICE ? 2 * params->neighbours + 1 : 1;
}

/* ---- samples ----------------------------------------------------------------------------- */

/* An image of the sample. Inputs have all slices of a sample as channels, others the middle one. */
typedef struct lar_sample_image {
    int64_t number; /* of the prepared images */
    bool middle;    /* one channel: of neighbouring slices the one in the middle */
} lar_sample_image;

typedef struct lar_sampler lar_sampler;
typedef struct lar_sampler_params {
    const lar_prepared *prepared; /* lives longer */
    const int64_t *cases;         /* which of its cases; copied */
    int64_t case_count;
    const lar_sample_image *images; /* copied */
    int64_t image_count;
    lar_sample_params sample;
    const lar_augments *augments; /* NULL: none; lives longer */
    uint64_t seed;
} lar_sampler_params;
/* Reads no volume. LAR_EARGUMENT: nothing to sample. */
lar_status lar_sampler_new(lar_sampler **out, const lar_sampler_params *params);
void lar_sampler_free(lar_sampler *sampler);
int64_t lar_sampler_count(const lar_sampler *sampler);    /* samples of an epoch */
int64_t lar_sampler_channels(const lar_sampler *sampler); /* of one sample */
/* The size of each channel of the samples of one of the sampler's cases; of slices 1 along z. */
void lar_sampler_size(int64_t size[3], const lar_sampler *sampler, int64_t n);

typedef struct lar_item {
    int64_t case_index; /* of the prepared cases */
    int64_t epoch,
        number; /* what it is drawn by: in the epoch's samples, before they are shuffled */
    lar_sample_box box;
    lar_history history;
    int64_t size[3];        /* of each channel */
    const float **channels; /* lar_sampler_channels() of them: those of the first image first; i
                               fastest. A slice's axes are those of the volume that it does not lie
                               across, in their order */
    /* of the room */
    const lar_sampler *sampler;
    lar_arena *arena;
    float *block, **blocks;
    int64_t room; /* floats of the block */
    lar_image **maps;
    lar_sampled *sampled;
} lar_item;
lar_status lar_item_init(lar_item *item, const lar_sampler *sampler);
void lar_item_clear(lar_item *item);
/* Says what sample `place` of the epoch is, in the order in which a training meets them; makes no
 * voxels. May read the case's volumes, once, where a pick depends on them. */
lar_status lar_item_draw(lar_item *item, lar_sampler *sampler, int64_t epoch, int64_t place);
/* Its voxels, by case_index, box and history. What fails names the case. */
lar_status lar_item_make(lar_item *item, lar_sampler *sampler, lar_augment_scratch *scratch);
/* {"case", "epoch", "sample", "corner", "size", "augment": [...]}: a new reference; NULL: no
 * memory. And back, so that lar_item_make() gives the same bits; LAR_EFORMAT where it is of
 * another study. */
struct json_t *lar_item_to_json(const lar_item *item);
/* As one line of text, which is added. */
lar_status lar_item_tell(lar_text *out, const lar_item *item);
lar_status lar_item_from_json(lar_item *item, const struct json_t *object);
/* Where the voxels of a channel lie in the world: lar_augment_grid(), of slices the plane. */
void lar_item_grid(lar_grid *out, const lar_item *item);

/* One slice of a volume of floats, its voxels one after the other: a channel of a sample of
 * slices. */
void lar_slice_take(float *out, const float *in, const int64_t size[3], int axis, int64_t slice);

/* ---- loader ------------------------------------------------------------------------------ */

typedef struct lar_loader lar_loader;
typedef struct lar_loader_params {
    int64_t batch; /* samples of a step; the last one of an epoch may have less */
    int64_t first; /* step */
    int64_t steps; /* where it ends: the first step that is not */
} lar_loader_params;
/* The threads of lar_threads_get() make the samples, one each, of so many steps at once that all
 * of them have one, and no thread of its own stands beside them: a step waits for the share of its
 * samples in that, and computes with all threads undisturbed. (More than 2^30 bytes are not made
 * ahead; where there is nothing to make, since voxels are taken as they lie in the maps, one step.)
 */
lar_status lar_loader_new(lar_loader **out, lar_sampler *sampler, const lar_loader_params *params);
/* The samples of the next step, the same for any number of threads; they are yours until the next
 * call. A failure is that of the sample, in the order of samples, when its step is asked for. */
lar_status lar_loader_next(lar_item **samples, int64_t *count, lar_loader *loader);
/* Bytes of the samples that a loader of a sampler holds at most, beside the maps. */
double lar_loader_bytes(const lar_sampler *sampler, const lar_loader_params *params);
void lar_loader_free(lar_loader *loader);

#endif
