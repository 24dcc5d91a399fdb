/* One case on its way through the steps, and what steps have in common. Of the room prepare.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_PASS_H
#define LAR_PASS_H

#include <stdatomic.h>

#include "image/image.h"
#include "prepare/prepare.h"

/* Arrays have one entry per image of the study. */
typedef struct lar_pass {
    const lar_study *study;
    lar_image **images; /* on the native grid in RAS, contiguous; NULL where absent. The array is
                           NULL where only grids are followed */
    lar_grid *targets;  /* what each image will be interpolated onto; size 0 where absent */
    lar_resample_params *sampling; /* how; NULL where only grids are followed */
    lar_fit *fits;
    lar_grid *boxes;          /* of the head, or of a mask, as the file holds it, or as it was made;
                                 NULL: not known */
    lar_standards *standards; /* of the study; NULL where it needs none */
    lar_registration **maps;  /* of each step: what a registration found; NULL: it did not run. The
                                 array is NULL where only grids are followed */
    lar_strip_report
        *strips; /* of each step, where `maps` is: what it found; method NULL: nothing */
    const lar_prepare_watch *watch; /* NULL: nobody looks on */
    const atomic_int *threads;      /* how many it may have now; NULL: lar_threads_get() */
    lar_costs *costs;               /* to be added to; NULL: not asked for */
    const char *id;                 /* of the case; for the watch */
    bool native; /* spatial steps are passed over, but registrations of what is there */
} lar_pass;

static inline bool lar_pass_has(const lar_pass *pass, int64_t image)
{
    return pass->targets[image].size[0] > 0;
}

/* Runs the steps, spatial ones alone where `images` is NULL. */
lar_status lar_pass_run(lar_pass *pass, int64_t step_count, bool training);

/* The boxes that some step needs, of images as they were read; others get size 0. */
lar_status lar_pass_boxes(lar_grid *boxes, const lar_study *study, lar_image *const *images);

/* The same of a mask that was just made. */
lar_status lar_pass_box_made(lar_pass *pass, int64_t image);

/* What accompanies a case; each may be NULL. */
typedef struct lar_prepare_aside {
    const lar_prepare_watch *watch;
    const atomic_int *threads; /* as in lar_pass; may change at any time */
    lar_seen *seen;            /* of each image: the files it was read from, to be filled */
} lar_prepare_aside;
lar_status lar_prepare_case_beside(lar_case **out, const lar_study *study, lar_standards *standards,
                                   const char *id, const char *const *paths, bool training,
                                   const lar_prepare_aside *aside);

/* Core seconds of what happens in between: of this thread alone its own, else the time that passes
 * times the threads that are kept busy or waiting. */
typedef struct lar_cost {
    int threads;
    double begun_s;
} lar_cost;
lar_cost lar_cost_begin(void);
void lar_cost_end(double *sum_s, lar_cost cost);

/* ---- for steps --------------------------------------------------------------------------- */

/* The image named `name`, or -1. */
int64_t lar_step_image(const lar_data_params *data, const char *name);
/* LAR_OK, or the sentence 'there is no image ...'. */
lar_status lar_step_find_image(const lar_data_params *data, const char *name);
/* The image that a mask was made of, and which it follows; itself where a file holds it. */
int64_t lar_step_follows(const lar_data_params *data, int64_t image);
/* LAR_OK where `name` is NULL or a mask of the study. */
lar_status lar_step_find_mask(const lar_data_params *data, const char *name);

/* The image takes the place of what the step was given. */
void lar_pass_put(lar_pass *pass, int64_t image, lar_image *changed);
/* What lies on the scan of the image `from`, at the voxels of the scan of `at`: by their headers
 * and the registrations that have run. A view where both are one grid. */
lar_status lar_pass_carry(lar_image **out, const lar_pass *pass, const lar_image *what,
                          int64_t from, int64_t at, const lar_resample_params *how);
/* The mask `name` at the voxels of an image, to be freed; NULL where name is. */
lar_status lar_pass_mask(lar_image **out, const lar_pass *pass, const char *name, int64_t image);
/* The same as float32, 0 to 1, between them where its edge cuts a voxel. */
lar_status lar_pass_weights(lar_image **out, const lar_pass *pass, const char *name, int64_t image);
/* One more map of intensities, after those that were applied: one of both is a line. */
void lar_fit_add(lar_fit *fit, const char *method, const lar_reals *values, const lar_curve *curve);

/* What the step `normalize` shows to a normalizer. */
typedef struct lar_shown {
    lar_image *mask, *tissue; /* NULL where none was asked for */
} lar_shown;
lar_status lar_normalize_show(lar_shown *out, const lar_step *step, const lar_pass *pass,
                              int64_t image);
void lar_shown_clear(lar_shown *shown);
/* Its parameters for an image, with the contrast that data says; and a fresh normalizer of them. */
lar_normalize_params lar_normalize_asked(const lar_step *step, const lar_study *study,
                                         int64_t image);
lar_status lar_normalize_new(lar_normalizer **out, const lar_step *step, const lar_study *study,
                             int64_t image);
bool lar_step_is_normalize(const lar_step *step);

/* ---- scans ------------------------------------------------------------------------------- */

/* lar_prepare_read(). seen: the files that it was read from, cleared by the caller also after a
 * failure; NULL: not wanted. */
lar_status lar_prepare_read_seen(lar_image **out, lar_grid *raw, const lar_image_spec *spec,
                                 const char *id, const char *path, lar_seen *seen);

/* ---- registration ------------------------------------------------------------------------ */

bool lar_step_is_register(const lar_step *step);
/* Whether the step is a registration that moves the image. */
bool lar_step_moves(const lar_step *step, int64_t image);
/* The first such step before another; NULL: none. */
const lar_step *lar_step_moved(const lar_study *study, const lar_step *before, int64_t image);
/* The image that the registration looks for, and the one that it leaves where it is. */
const char *lar_register_move(const lar_step *step);
const char *lar_register_to(const lar_step *step);
/* Whether all the images that the registration looks at are there. */
bool lar_register_can(const lar_step *step, const lar_pass *pass);
/* What registrations found, as records of a case; of the arena. */
lar_status lar_register_record(lar_case_findings *out, const lar_study *study,
                               lar_registration *const *maps, lar_arena *arena);
/* ---- masks that are made ----------------------------------------------------------------- */

/* Sets, after all steps were read, the images of strip steps that name none: those that lie in the
 * world of the one in which the mask is found. LAR_EARGUMENT where a named one does not. on: of the
 * step. */
lar_status lar_strip_set_images(bool *on, const lar_step *step, const lar_study *study);
/* What strip steps found, as records of a case; of the arena. */
lar_status lar_strip_findings(lar_case_findings *out, const lar_study *study,
                              const lar_strip_report *strips, lar_arena *arena);

/* Whether its method corrects by maps on the cohort's own grid. */
bool lar_normalize_is_bound(const lar_step *step);

#endif
