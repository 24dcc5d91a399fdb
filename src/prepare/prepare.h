/* prepare: the study file, the table of preparation steps, and the one pass over a case.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_PREPARE_H
#define LAR_PREPARE_H

#include "base/base.h"
#include "batch/batch.h"
#include "data/data.h"
#include "format/format.h"

/* ---- training parameters ----------------------------------------------------------------- */

/* The section `train`. Choices are indices in the order given; a comment says where the table's
 * names stand for more than a number. */
typedef struct lar_train_params {
    lar_sample_params sample; /* of its own tables: batch/batch.h */
    int64_t batch;            /* samples to one step of the optimizer */
    bool accumulate;          /* samples of a batch run one at a time; their shapes may differ */
    int64_t epochs;           /* passes over the training subjects */
    int loss;                 /* mse, mae */
    int optimizer;            /* adamw */
    int schedule;             /* one-cycle, constant */
    double rate;              /* the largest learning rate */
    double weight_decay;      /* decoupled */
    lar_reals momentum;       /* at the ends and in the middle of the cycle: 0.95 0.85 */
    double beta2;             /* decay of the mean square of the gradient */
    double epsilon;           /* added to its root */
    double warm_up;           /* fraction of the steps in which the rate rises */
    double div;               /* rate / div is the first rate */
    double final_div;         /* rate / final_div is the last; NaN: div * 1e4 */
    int precision;            /* lar_precision: float32, bfloat16 */
    bool deterministic;       /* always so: see the table */
    int64_t memory;           /* bytes of the whole process; LAR_INT_AUTO: as fast as it goes */
    int64_t seed;
    int64_t patience; /* epochs without a better held-out loss before stopping; LAR_INT_AUTO: all */
    bool histories;   /* what was drawn for every sample goes into files */
} lar_train_params;
extern const lar_param lar_train_table[];
lar_train_params lar_train_default(void);

/* ---- steps ------------------------------------------------------------------------------- */

enum { LAR_IMAGES_MAX = 32 };  /* of a study, with the masks that steps make */
#define LAR_STRIP_MASK "brain" /* what the step strip calls its mask where it says nothing */

typedef struct lar_step lar_step;
struct lar_pass;  /* one case on its way; of pass.h */
struct lar_study; /* below */
enum { LAR_STEP_TABLES = 3 };

/* A row of the table of steps. A spatial step changes the grid that the image will be interpolated
 * onto; an intensity step changes voxels on the native grid. */
typedef struct lar_step_kind {
    const char *name;
    const char *help;                         /* lower case, no full stop */
    const lar_param *tables[LAR_STEP_TABLES]; /* NULL ends the list; all of one struct */
    size_t size;                              /* of the params */
    int version;  /* raised whenever its results change, so that what it made is made again; 0: the
                     first */
    double bytes; /* of memory for each voxel of the largest scan, beside the images */
    /* The same of a step whose parameters decide it, for so many voxels; NULL: `bytes` tells. */
    double (*memory)(const lar_step *step, const struct lar_study *study, double voxels);
    bool spatial;
    bool once;         /* at most one such step of each image */
    bool shows;        /* it shows what it did by itself, not as an image that it changed */
    const char *stays; /* what it does to a target that predict cannot undo: "smoothed"; or NULL */
    const char *later; /* what check cannot tell before prepare has done it; or NULL */
    /* What the tables cannot see of one step of a study; may be NULL. LAR_EARGUMENT. */
    lar_status (*check)(const lar_step *step, const lar_data_params *data);
    /* What it cannot do after the steps that stand before it; may be NULL. LAR_EARGUMENT. */
    lar_status (*after)(const lar_step *step, const struct lar_study *study);
    /* Sets `on` where the step's own keys say which images it does; NULL: `images` says it. */
    void (*chooses)(const lar_step *step, const lar_data_params *data, bool *on);
    /* Words of what it will do, for check; NULL: that it changes intensities. */
    void (*words)(lar_text *out, const lar_step *step, const struct lar_study *study);
    /* Sets `used` of the other images whose voxels or grid the step looks at; NULL: none. */
    void (*uses)(const lar_step *step, const lar_data_params *data, bool *used);
    /* Does the step to one image. */
    lar_status (*run)(const lar_step *step, struct lar_pass *pass, int64_t image);
} lar_step_kind;
extern const lar_step_kind *const lar_steps[]; /* NULL at the end */
/* What every step takes beside its own. */
typedef struct lar_step_common {
    lar_texts images; /* empty: all that the step can do */
    int when;         /* always, training */
} lar_step_common;
extern const lar_param lar_step_common_table[];

/* One line of the list `prepare`. */
struct lar_step {
    const lar_step_kind *kind;
    void *params;         /* of the kind's table */
    const bool *on;       /* for each image of the study */
    bool names_images;    /* its key `images` is there */
    bool only_training;   /* when: training */
    int64_t line, column; /* in the study */
};

/* ---- study ------------------------------------------------------------------------------- */

typedef struct lar_study {
    lar_arena *arena;   /* of everything below */
    const char *name;   /* what errors call it: the path as given */
    const char *text;   /* verbatim; travels in the model file */
    int64_t length;     /* of the text */
    const char *folder; /* relative paths start here */
    const char *work;   /* "experiment" for experiment.yaml; may be set to another */
    lar_data_params data;
    int64_t step_count;
    lar_step *steps;
    lar_augments augments; /* of training samples */
    lar_network_params network;
    lar_train_params train;
    const char *recipe; /* images and steps as lines: what prepared volumes depend on */
    const char *draw;   /* subjects, split and leave_out as lines: who is in which part */
} lar_study;

/* A mistake is LAR_EARGUMENT 'study.yaml:12:5: ...' with line and column. */
lar_status lar_study_read(lar_study **out, const char *path);
/* The same of text, such as the copy in a model file. */
lar_status lar_study_parse(lar_study **out, const char *text, int64_t length, const char *name,
                           const char *folder);
void lar_study_free(lar_study *study);
/* The image named `name`, or -1. */
int64_t lar_study_image(const lar_study *study, const char *name);

lar_status lar_study_cohort(lar_cohort **out, const lar_study *study);
/* The prepared data, which must have been made by this study as it is now. */
lar_status lar_study_prepared(lar_prepared **out, const lar_study *study);

/* Samples of a split: inputs first, then targets, with `all` labels and masks too. Of the training
 * split as `train: sample` and `augment` say; what is held out is seen as it is, all of it, in such
 * pieces. The study and the prepared data live longer. */
lar_status lar_study_sampler(lar_sampler **out, const lar_study *study,
                             const lar_prepared *prepared, int split, bool all);
/* What samples depend on, in lines "train sample: volume", "augment 1 flip axes: x". */
void lar_study_describe_samples(lar_text *out, const lar_study *study);

/* ---- what a cohort is learned from ------------------------------------------------------- */

/* Some normalizers (nyul, lsq, ravel) learn a standard from the training subjects before any case
 * is prepared: one for each such step and each of its images. */
typedef struct lar_standard {
    int64_t step, image;
    const char *name;           /* "2_t1": of its file, and in a model */
    lar_normalizer *normalizer; /* NULL: not learned yet */
    const char *text;           /* of its file; NULL: not learned yet */
} lar_standard;

typedef struct lar_standards {
    lar_arena *arena;
    int64_t count;
    lar_standard *at;
} lar_standards;

/* Those that a study needs, none of them learned. */
lar_status lar_standards_new(lar_standards **out, const lar_study *study);
void lar_standards_free(lar_standards *standards);
/* Learns all of them from the training subjects, one image in memory at a time, with the steps
 * before applied, into WORK/prepared/fits. What an earlier run learned from the same scans by the
 * same steps is read instead, without `force`. A training case that fails is left out with a
 * warning. before: the record of an earlier run, whose hashes of scans that nobody has touched
 * since are taken; NULL: none. */
lar_status lar_standards_learn(lar_standards *standards, const lar_study *study,
                               const lar_cohort *cohort, const lar_cases *before, bool force,
                               lar_progress progress);
/* Whether that would learn nothing but read what is there, which then is read. */
lar_status lar_standards_are_learned(bool *out, lar_standards *standards, const lar_study *study,
                                     const lar_cohort *cohort, const lar_cases *before);
/* From WORK/prepared/fits; LAR_ENOINPUT where they are not those that `mark` stands for. */
lar_status lar_standards_read(lar_standards *standards, const lar_study *study, const char *work,
                              const char *mark);
/* One of them, from the text that a model file holds. LAR_EARGUMENT where it is of another method
 * than the study's. */
lar_status lar_standard_parse(lar_standard *standard, const lar_study *study, lar_arena *arena,
                              const char *text, const char *path);
/* Lines that change with any bit of them; of the arena. */
const char *lar_standards_mark(const lar_standards *standards, lar_arena *arena);
/* LAR_EUNSUPPORTED, with the step's place, where one of them lies on the cohort's own grid, so that
 * no model can prepare a raw scan by it. */
lar_status lar_standards_travel(const lar_standards *standards, const lar_study *study);

/* ---- preparation ------------------------------------------------------------------------- */

/* Core seconds that a case took: threads times time, or processor time where one thread did it. */
typedef struct lar_costs {
    double reading_s, steps_s, shown_s; /* steps with the interpolation; what a watch did */
} lar_costs;

/* One case, prepared. */
typedef struct lar_case {
    const char *id;
    int64_t image_count;
    lar_image **images; /* contiguous, RAS, on `grid`; float32 (labels, masks: their type); NULL
                           where no path was given */
    lar_grid *raw;      /* of each file, as stored: what predict writes onto */
    lar_fit *fits;      /* of each image */
    lar_grid grid;
    int64_t step_count;
    lar_registration **found; /* of each step: what it registered; NULL: nothing */
    lar_image **masks; /* of each image that a step made: as it lies on the scan in RAS, before the
                          interpolation; else NULL */
    lar_case_findings findings;   /* of registrations and masks, to be recorded */
    char (*marks)[LAR_MARK_ROOM]; /* of each scan as it was read, in training; else "" */
    lar_costs costs;
    lar_arena *arena;
} lar_case;

/* The grids after the first `step_count` spatial steps, of each image: from the grids of the files.
 * An image whose raw grid has size 0 is absent. LAR_EARGUMENT where a step needs an absent one.
 * boxes: of heads and masks, of each image (lar_pass_boxes()); NULL: steps that crop to one are
 * passed over. */
lar_status lar_prepare_grids(lar_grid *out, const lar_study *study, const lar_grid *raw,
                             const lar_grid *boxes, int64_t step_count, bool training);
/* All images of a case must end on one grid; LAR_EGEOMETRY names both and the step to add. */
lar_status lar_prepare_agree(const lar_study *study, const char *id, const lar_grid *grids);

/* A scan in RAS, contiguous: float32, or whole numbers for labels and masks; and the grid it is
 * stored on. Voxels that are not finite and constant images are LAR_ENUMERIC; `id` and the image
 * are named. */
lar_status lar_prepare_read(lar_image **out, lar_grid *raw, const lar_image_spec *spec,
                            const char *id, const char *path);

/* Intensity steps on the native grid in their order, then one interpolation onto the final grid.
 * paths: one of each image of the study; NULL where absent, as in predict. training: whether steps
 * with `when: training` run. What is wrong with a scan is LAR_ENUMERIC, LAR_EGEOMETRY, LAR_EFORMAT
 * ... naming the case and the image. standards: learned; NULL where the study needs none. */
lar_status lar_prepare_case(lar_case **out, const lar_study *study, lar_standards *standards,
                            const char *id, const char *const *paths, bool training);
void lar_case_free(lar_case *prepared);
/* From points of the scan of the image `from` to those of `to`, through registrations; -1: the
 * world that a case ends in. NULL where no registration lies between them: there the headers hold.
 * found: of each step; NULL: none ran. */
lar_status lar_moved_chain(lar_chain **out, const lar_study *study, lar_registration *const *found,
                           int64_t from, int64_t to);

typedef struct lar_prepare_params {
    bool force;     /* prepare every case again */
    bool verify;    /* hash all scans and volumes, also those that look untouched */
    int64_t memory; /* bytes that cases may take together; LAR_INT_AUTO: most of what there is */
} lar_prepare_params;
extern const lar_param lar_prepare_table[];

/* What becomes of a case. */
typedef enum lar_todo { LAR_TODO_NEW, LAR_TODO_AGAIN, LAR_TODO_KEEP } lar_todo;

/* What a run would do; nothing is written, and no voxel is read but to compare hashes. */
typedef struct lar_prepare_plan_case {
    const char *id;
    int split;           /* lar_split */
    int todo;            /* lar_todo */
    const char *why;     /* of what is prepared again; "" of others */
    double memory, disk; /* bytes at most; 0: not known */
} lar_prepare_plan_case;
typedef struct lar_prepare_plan {
    lar_arena *arena;
    int64_t case_count;
    lar_prepare_plan_case *cases; /* in the order of the cohort */
    int64_t counts[3];            /* of each lar_todo */
    const char *learns;           /* what is learned of the training subjects first; "" nothing */
    int64_t together;             /* so many cases at a time */
    double memory;                /* that these take */
    double memory_there;          /* and may take */
    double disk, disk_there;      /* bytes to write; room where the work folder is or will be */
} lar_prepare_plan;
lar_status lar_prepare_plan_new(lar_prepare_plan **out, const lar_study *study,
                                const lar_prepare_params *params);
void lar_prepare_plan_free(lar_prepare_plan *plan);

/* Prepares the whole cohort into study->work, several cases at a time. LAR_EPARTIAL where some
 * cases failed or are flagged: they are in failed.tsv and flagged.tsv. Done and flagged cases are
 * kept where the study and the bytes of the scans are as they were. Results do not depend on the
 * number of threads. Another process that prepares into the same folder is LAR_EEXISTS. */
typedef struct lar_prepare_report {
    int64_t done, kept, failed, flagged; /* cases, each counted once */
    int64_t damaged; /* of those done, failed or flagged: volumes of an earlier run were damaged */
    lar_costs costs; /* of all cases */
} lar_prepare_report;
/* Who looks on meanwhile, such as a report. What is shown may be neither changed nor kept, and what
 * is prepared does not depend on it. Each function may be NULL. `image` and `masked` are called by
 * the thread that prepares the case, while others prepare other cases; `ended` by the thread that
 * called, in the order of the cohort. */
typedef struct lar_prepare_watch {
    /* An image of a case, in RAS on its own grid: as it was read (step 0), and after each
     * intensity step that was done to it (from 1, as the study counts). */
    void (*image)(void *user, const char *id, int64_t image, int64_t step, const lar_image *shown);
    /* A mask that step `step` found, at the voxels of an image of the case, which is shown as it
     * was before; each image that it is applied to, and the one that it was found in. */
    void (*masked)(void *user, const char *id, int64_t image, int64_t step, const lar_image *shown,
                   const lar_image *mask, const lar_strip_verdict *verdict);
    /* A case has come to its end, before it is recorded in cases.json; prepared: NULL where it
     * failed. At the start, when cases of an earlier run are known: index -1. */
    void (*ended)(void *user, const lar_cases *cases, int64_t index, const lar_case *prepared);
    void *user;
} lar_prepare_watch;
/* watch: NULL: nobody. */
lar_status lar_prepare_cohort(lar_prepare_report *out, const lar_study *study,
                              const lar_prepare_params *params, const lar_prepare_watch *watch,
                              lar_progress progress);

/* ---- check ------------------------------------------------------------------------------- */

/* How the voxels of one image lie to those of another, whatever order they are stored in: the same
 * within a thousandth of a voxel; as many of them, elsewhere; another grid. */
typedef enum lar_beside {
    LAR_BESIDE_NONE,
    LAR_BESIDE_SAME,
    LAR_BESIDE_MOVED,
    LAR_BESIDE_OTHER
} lar_beside;

/* The values of a label image, in order. */
enum { LAR_CHECK_LABELS = 256 };
typedef struct lar_check_labels {
    int64_t count;
    bool many; /* more than there is room for: no labels, it seems */
    double at[LAR_CHECK_LABELS];
} lar_check_labels;
bool lar_check_labels_has(const lar_check_labels *list, double value);
void lar_check_labels_join(lar_check_labels *all, const lar_check_labels *one);

/* What `larmor check` found, every scan read through. */
typedef struct lar_check_scan {
    const char *path;
    lar_grid raw;             /* size 0: not readable */
    lar_type stored;          /* type in the file */
    const char *warnings;     /* one a line; "" */
    int beside;               /* lar_beside: how it lies to the first image of the case */
    double apart_mm;          /* of LAR_BESIDE_MOVED: the corners that are farthest apart */
    lar_check_labels *labels; /* of role label, where it was read; else NULL */
} lar_check_scan;

typedef struct lar_check_case {
    const char *id;
    int split;
    const char *reason;    /* why prepare would fail, one a line; NULL: it would not */
    const char *hint;      /* what to try against the first of them that has a word; or NULL */
    lar_check_scan *scans; /* of each image */
    lar_grid grid;         /* prepared; size 0 where it fails */
    lar_grid *boxes;       /* of heads and masks, of each image; for lar_prepare_grids() */
} lar_check_case;

typedef struct lar_check {
    lar_arena *arena;
    lar_cohort *cohort;
    int64_t bad_count;        /* cases with a reason */
    lar_check_case *cases;    /* cohort->subject_count */
    int64_t largest[3];       /* of the prepared sizes */
    bool equal;               /* all prepared sizes are */
    lar_standards *standards; /* that prepare would learn */
    lar_marks *marks;
    lar_twins twins; /* scans that are there twice */
    bool leaks;      /* some are in two parts, and the study refuses it */
} lar_check;
lar_status lar_study_check(lar_check **out, const lar_study *study, lar_progress progress);
void lar_check_free(lar_check *check);
/* Images that have the grid of one that is registered, and are not moved: as lines. */
void lar_check_left_behind(lar_text *out, const lar_study *study, const lar_check *check);
/* Whether the step's grid depends on a mask that is made on the way, so that check cannot tell it.
 */
bool lar_step_waits(const lar_step *step, const lar_study *study);
bool lar_step_is_strip(const lar_step *step);
/* Whether the step makes the mask `image`. */
bool lar_step_makes(const lar_step *step, const lar_study *study, int64_t image);
/* What is outside of a mask that a step found, in the units of the scan: of CT (contrast: ct) air,
 * -1000 HU, else 0. NaN where no such step was done to the image. mask: its image. */
double lar_stripped_value(int64_t *mask, const lar_study *study, int64_t image);
/* Which method a strip step will run, as things stand; LAR_ENOINPUT ... where none can. */
lar_status lar_strip_foretell(const char **method, const lar_step *step, const lar_study *study);
/* Whether every strip step can run, as things stand. */
lar_status lar_strip_ready(const lar_study *study);
/* Why a model of this study could not prepare a raw scan, as lines; nothing where it could. */
void lar_study_unpredictable(lar_text *out, const lar_study *study);
/* The last error on one line, without its hint; of the arena. */
const char *lar_reason(lar_arena *arena);

#endif
