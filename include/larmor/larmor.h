/* larmor.h - MR and CT scans, from raw files to a trained network and back to images.
 *
 * Three rules hold for every function below.
 *   1. What can fail returns lar_status and leaves a sentence in lar_error().
 *   2. What gives you something to free takes `T **out` first; free it with lar_T_free(),
 *      which accepts NULL. A pointer that is returned directly is borrowed from its owner.
 *   3. Inputs are const and never kept, unless the comment says "shares".
 *
 * World coordinates are millimetres in RAS+ (x to the right, y to the front, z to the head of the
 * patient). Voxel indices are i, j, k with i fastest in memory.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LARMOR_H
#define LARMOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef LAR_API
#define LAR_API __attribute__((visibility("default")))
#endif

#define LAR_VERSION "0.1.0"

/* ---- errors ---------------------------------------------------------------------------- */

/* One code per thing a caller may do about it. The program's exit status follows from it. */
typedef enum lar_status {
    LAR_OK = 0,
    LAR_EPARTIAL,     /* it ran, but some cases failed or were flagged */
    LAR_EARGUMENT,    /* the caller asked for something impossible */
    LAR_EFORMAT,      /* the bytes are not what the format promises */
    LAR_ENOINPUT,     /* an input does not exist or cannot be opened */
    LAR_EUNSUPPORTED, /* valid, but not implemented or not built in */
    LAR_EINTERNAL,    /* a promise of larmor itself is broken */
    LAR_EMEMORY,      /* out of memory */
    LAR_EEXISTS,      /* the output exists, or cannot be created */
    LAR_EIO,          /* the file system refused; the reason is in the sentence */
    LAR_EGEOMETRY,    /* grids, axes or handedness do not agree */
    LAR_ENUMERIC,     /* constant, diverged, singular, or not finite */
    LAR_EDEVICE,      /* the compute library reported a failure */
    LAR_ESTOPPED      /* the progress callback asked to stop */
} lar_status;

/* This thread's last failure: the sentence, then lines "  because ..." and "  try ...". */
LAR_API const char *lar_error(void);
LAR_API const char *lar_status_name(lar_status status);
LAR_API const char *lar_version(void);

/* Where warnings and notes go. Silent by default; the library itself never prints. */
typedef enum lar_log_level { LAR_LOG_DETAIL, LAR_LOG_NOTE, LAR_LOG_WARNING } lar_log_level;
typedef void (*lar_log_fn)(void *user, lar_log_level level, const char *line);
LAR_API void lar_log_to(lar_log_fn fn, void *user);

/* Threads for all work, oneDNN's included. 0 asks for the default: OMP_NUM_THREADS, else the
 * processors this process may run on. */
LAR_API void lar_threads_set(int count);
LAR_API int lar_threads_get(void);

/* Called now and then with what is being done and how far it is (0 to 1). False: stop. */
typedef bool (*lar_progress_fn)(void *user, const char *stage, double fraction);
typedef struct lar_progress {
    lar_progress_fn fn; /* may be NULL */
    void *user;
} lar_progress;

/* ---- parameters ------------------------------------------------------------------------ */

/* A parameter struct is described once, by a table of lar_param that ends with a row without a
 * name. The command line, its help, the man page, completion, study.yaml and the record of what
 * was run all read that table. Start every struct from its default. */

#define LAR_LIST_MAX 16

typedef struct lar_reals {
    int64_t count;
    double at[LAR_LIST_MAX];
} lar_reals;

typedef struct lar_ints {
    int64_t count;
    int64_t at[LAR_LIST_MAX];
} lar_ints;

typedef struct lar_texts {
    int64_t count;
    const char *const *at;
} lar_texts;

typedef enum lar_param_kind {
    LAR_KIND_END = 0,
    LAR_KIND_FLAG,   /* bool */
    LAR_KIND_INT,    /* int64_t; LAR_INT_AUTO where the fallback is "auto" */
    LAR_KIND_REAL,   /* double; NaN where the fallback is "auto" */
    LAR_KIND_TEXT,   /* const char *; NULL where the fallback is "" */
    LAR_KIND_CHOICE, /* int, the index in `choices` */
    LAR_KIND_REALS,  /* lar_reals */
    LAR_KIND_INTS,   /* lar_ints */
    LAR_KIND_TEXTS,  /* lar_texts */
    LAR_KIND_SIZE    /* int64_t, bytes: "900M", "2G" (1e9), "1.5GiB"; LAR_INT_AUTO as INT */
} lar_param_kind;

#define LAR_INT_AUTO INT64_MIN

typedef struct lar_param {
    const char *name; /* "spacing": flag --spacing, YAML key */
    char letter;      /* 'o' for -o, or 0 */
    lar_param_kind kind;
    size_t offset;              /* where in the struct */
    const char *fallback;       /* the default, as text: what help shows is what is parsed */
    double low, high;           /* inclusive; for numbers and each number of a list */
    const char *const *choices; /* for a choice: NULL at the end */
    const char *unit;           /* "mm", "count", "path" ...: what stands for the value in help */
    const char *help;           /* lower case, no full stop */
} lar_param;

/* ---- images ---------------------------------------------------------------------------- */

typedef enum lar_type {
    LAR_U8,
    LAR_I8,
    LAR_U16,
    LAR_I16,
    LAR_U32,
    LAR_I32,
    LAR_U64,
    LAR_I64,
    LAR_F32,
    LAR_F64
} lar_type;

LAR_API const char *lar_type_name(lar_type type); /* "uint8" ... "float64" */
LAR_API size_t lar_type_size(lar_type type);

typedef struct lar_affine {
    double m[3][4];
} lar_affine; /* xyz = m * (i, j, k, 1) */

/* Where voxels sit in the patient: voxel (i, j, k) has its centre at to_world * (i, j, k, 1).
 * Two images may be combined voxel by voxel only where lar_grid_matches(). */
typedef struct lar_grid {
    int64_t size[3];
    lar_affine to_world; /* RAS+ millimetres */
} lar_grid;

LAR_API void lar_grid_spacing(const lar_grid *grid, double spacing_mm[3]);
/* The nearest anatomical direction of each voxel axis, such as "RAS" or "LPI". */
LAR_API void lar_grid_axes(const lar_grid *grid, char code[4]);
/* Same size, and all eight corners within 1e-3 of the smallest voxel edge. */
LAR_API bool lar_grid_matches(const lar_grid *a, const lar_grid *b);
/* The grid that covers the same field of view, to the half voxel, at another spacing. */
LAR_API lar_grid lar_grid_with_spacing(const lar_grid *grid, const double spacing_mm[3]);

/* A volume, or several on one grid (channels: echoes, time points). Fields are for reading; the
 * voxels are yours to change while lar_image_writable(). */
typedef struct lar_image {
    lar_grid grid;
    int64_t channels;
    lar_type type;
    int64_t stride[4];         /* in elements, for i, j, k, channel; negative in a flipped view */
    void *voxels;              /* of voxel (0, 0, 0) of channel 0 */
    struct lar_buffer *buffer; /* shared, counted storage behind voxels */
    struct lar_notes *notes;   /* what the file said beside the voxels; may be NULL */
} lar_image;

/* Contiguous (i fastest) and zero. LAR_EMEMORY where the product of the sizes is too large. */
LAR_API lar_status lar_image_new(lar_image **out, const lar_grid *grid, int64_t channels,
                                 lar_type type);
/* A contiguous image of the same grid, channels and notes, in the given type, zero. */
LAR_API lar_status lar_image_like(lar_image **out, const lar_image *model, lar_type type);
/* A contiguous image in the given type. Shares the voxels where they are so already; otherwise
 * converts: to an integer type it rounds to nearest and saturates, NaN becomes 0, and what was
 * changed so is counted in a warning. */
LAR_API lar_status lar_image_to_type(lar_image **out, const lar_image *in, lar_type type);
/* The image with its axes in RAS order: a view, shares the voxels. */
LAR_API lar_status lar_image_to_ras(lar_image **out, const lar_image *in);
/* The image with its axes running as a code says, such as "LPI" (first to the left, second to the
 * back, third to the foot): a view, shares the voxels; every voxel keeps its place in the world.
 * One letter of each of R L, A P, S I; LAR_EARGUMENT for any other code. */
LAR_API lar_status lar_image_reorient(lar_image **out, const lar_image *in, const char *code);
/* The box of `size` voxels from voxel `first`: a view, shares the voxels. */
LAR_API lar_status lar_image_box(lar_image **out, const lar_image *in, const int64_t first[3],
                                 const int64_t size[3]);
/* One channel: a view, shares the voxels. */
LAR_API lar_status lar_image_channel(lar_image **out, const lar_image *in, int64_t channel);
/* True where no one else shares the voxels. */
LAR_API bool lar_image_writable(const lar_image *image);
LAR_API void lar_image_free(lar_image *image);

/* Reads any format larmor knows, found by content: NIfTI, Analyze, MetaImage, NRRD, MGH, AFNI,
 * PAR/REC, MINC, DICOM (one file, or a folder that holds one series), TIFF, PNG; docs/formats.md
 * says how each is taken. Integers without scaling keep their type; scaled ones become float32
 * (float64 where the file holds 32-bit integers or doubles). A damaged file is an error, never an
 * image. MINC and DICOM are read by programs apart: LAR_EUNSUPPORTED where these are missing. */
LAR_API lar_status lar_image_read(lar_image **out, const char *path);
/* The format follows from the name: .nii, .nii.gz, .hdr/.img; .mha, .mhd; .nrrd, .nhdr; .mgh, .mgz;
 * .tif; .png (one slice of 8- or 16-bit integers). A type that the format lacks becomes one that
 * holds its values, where there is one; values that change are counted in a warning. The file
 * appears complete or not at all; one that exists is an error (LAR_EEXISTS) without `force`. */
LAR_API lar_status lar_image_write(const lar_image *image, const char *path, bool force);

/* ---- grids and intensities ------------------------------------------------------------- */

/* How values between voxels are found: of the nearest voxel; linear; the interpolating cubic
 * B-spline (Unser 1999, doi:10.1109/79.799930); sinc under Lanczos' window of 5 voxels to each
 * side; labels, of which the one wins that has most linear weight. */
enum { LAR_NEAREST, LAR_LINEAR, LAR_CUBIC, LAR_SINC, LAR_LABELS };
/* What lies outside the field of view: one value; that of the nearest outermost voxel; the image
 * mirrored about the centres of its outermost voxels. */
enum { LAR_BORDER_PAD, LAR_BORDER_EDGE, LAR_BORDER_MIRROR };

typedef struct lar_resample_params {
    int interpolation; /* LAR_NEAREST ... */
    double pad;        /* value outside the field of view; NaN: the image's minimum */
    int border;        /* LAR_BORDER_PAD ... */
    bool antialias;    /* smooth before shrinking; not with LAR_NEAREST and LAR_LABELS */
} lar_resample_params;
LAR_API extern const lar_param lar_resample_table[];
LAR_API lar_resample_params lar_resample_default(void);

/* The image on another grid; points are matched by their place in the world. Result: float32 (the
 * input's type with LAR_NEAREST and LAR_LABELS), every channel. */
LAR_API lar_status lar_resample(lar_image **out, const lar_image *in, const lar_grid *onto,
                                const lar_resample_params *params);

/* A chain of maps, each from a point of the fixed image's world to one of the moving image's
 * (pull). The map added last is applied to a point first, as in ITK's composite transform. (ANTs'
 * arguments are in the other order: the first is applied first.) An empty chain leaves points where
 * they are. */
typedef struct lar_chain lar_chain;
LAR_API lar_status lar_chain_new(lar_chain **out);
/* RAS+ mm. LAR_ENUMERIC where it is singular or not finite. */
LAR_API lar_status lar_chain_add_affine(lar_chain *chain, const lar_affine *fixed_to_moving);
/* Three channels, mm along x y z (RAS+), at the points of the image's grid: linear between them,
 * and no displacement outside its field of view. Shares the voxels where they are float32 and
 * contiguous. LAR_ENUMERIC where it holds values that are not finite. */
LAR_API lar_status lar_chain_add_field(lar_chain *chain, const lar_image *displacement_mm);
/* How a transform file is meant. */
typedef struct lar_transform_use {
    bool inverse; /* the map the other way */
    /* The two ends of the map as it is used: FSL's matrices lie between grids (inverse: from the
     * other one). NULL: not known. */
    const lar_grid *fixed, *moving;
} lar_transform_use;
/* Any transform file that larmor reads, found by content: ITK's text (.txt, .tfm), ANTs' .mat,
 * FSL's .mat, FreeSurfer's .lta, and displacement fields as ITK and ANTs write them in NIfTI. use:
 * NULL for all zero. LAR_EARGUMENT for FSL's without both grids. */
LAR_API lar_status lar_chain_add_file_as(lar_chain *chain, const char *path,
                                         const lar_transform_use *use);
LAR_API lar_status lar_chain_add_file(lar_chain *chain, const char *path); /* use: NULL */
/* The inverse of a displacement field, found point by point to 1e-6 mm where the field does not
 * fold; points outside its field of view stay where they are. As lar_chain_add_field(). */
LAR_API lar_status lar_chain_add_field_inverse(lar_chain *chain, const lar_image *displacement_mm);
LAR_API void lar_chain_points(const lar_chain *chain, double (*xyz)[3], int64_t count);
LAR_API void lar_chain_free(lar_chain *chain);
/* Format by name: .txt .tfm ITK's text, .fsl.mat FSL's, other .mat ANTs', .lta FreeSurfer's. FSL's
 * and FreeSurfer's need both grids (others: NULL). */
LAR_API lar_status lar_affine_write(const lar_affine *fixed_to_moving, const lar_grid *fixed,
                                    const lar_grid *moving, const char *path, bool force);
/* Three channels, mm along x y z (RAS+), as ITK and ANTs read it: NIfTI with vector intent, LPS. */
LAR_API lar_status lar_field_write(const lar_image *displacement_mm, const char *path, bool force);

/* The image on a grid of the fixed image, through a chain (NULL: none) in one interpolation. */
LAR_API lar_status lar_resample_through(lar_image **out, const lar_image *in, const lar_grid *onto,
                                        const lar_chain *fixed_to_moving,
                                        const lar_resample_params *params);

/* The part of an anatomical axis ('x' left to right, 'y' back to front, 'z' foot to head) from
 * fraction `low` to `high` of its extent: voxels floor(low*n) to floor(high*n)-1 counted in that
 * direction. The axes keep their stored order. A view, shares the voxels. */
LAR_API lar_status lar_crop_range(lar_image **out, const lar_image *in, char axis, double low,
                                  double high);

/* N4 bias-field correction (Tustison 2010, doi:10.1109/TMI.2010.2046908): what a preset chooses,
 * and what may be set in its place. docs/preprocessing.md says where the presets differ. */
enum { LAR_N4_DEFAULT, LAR_N4_ANTS, LAR_N4_FAST };

typedef struct lar_n4_params {
    int like;       /* the preset: LAR_N4_DEFAULT, LAR_N4_ANTS (ANTsPy's result), LAR_N4_FAST */
    int64_t shrink; /* the field is estimated on a grid so much coarser; LAR_INT_AUTO: preset */
    lar_ints iterations; /* at most, for each level; empty: preset */
    double tolerance;    /* a level ends where the field changes by less; NaN: preset */
    double spline_mm;    /* between knots at the first level; NaN: by `mesh` */
    lar_ints mesh;       /* pieces of the spline at the first level, along i j k; empty: preset */
    int64_t bins;        /* of the histogram; LAR_INT_AUTO: preset */
    double fwhm;         /* of the field's distribution, log intensity; NaN: preset */
    double wiener;       /* noise of the deconvolution; NaN: preset */
    bool rescale;        /* bring the result back to the input's range inside the mask */
} lar_n4_params;
LAR_API extern const lar_param lar_n4_table[];
LAR_API lar_n4_params lar_n4_default(void);

typedef struct lar_n4_report {
    int64_t size[3];                  /* of the grid that the field was estimated on */
    int64_t voxels;                   /* of it that took part */
    int64_t levels;                   /* that were run */
    int64_t iterations[LAR_LIST_MAX]; /* done at each */
    double change[LAR_LIST_MAX];  /* last change of the field: deviation over mean of the ratio */
    bool converged[LAR_LIST_MAX]; /* ended by `tolerance`, not by the number of iterations */
} lar_n4_report;

/* out: the image divided by its field, float32. field: the field (not its logarithm), float32; NULL
 * where it is not wanted, as `report`. mask: voxels that are not zero take part; NULL: the head
 * (LAR_N4_ANTS: the whole image). weights: how much each voxel counts, from 0; NULL: all the same.
 * One volume. LAR_EGEOMETRY where mask or weights lie on another grid, LAR_ENUMERIC where the image
 * is constant, holds voxels that are not finite, or no voxel is left to work with. */
LAR_API lar_status lar_n4(lar_image **out, lar_image **field, lar_n4_report *report,
                          const lar_image *in, const lar_image *mask, const lar_image *weights,
                          const lar_n4_params *params);

/* A piecewise linear map of intensities: from[n] becomes to[n], `from` rising. Beyond the ends the
 * first and the last piece go on, or, where it clips, the ends hold. */
typedef struct lar_curve {
    int64_t count; /* 2 or more */
    double from[LAR_LIST_MAX], to[LAR_LIST_MAX];
    bool clips;
} lar_curve;
/* float32, every channel. LAR_ENUMERIC where a value does not fit into float32. */
LAR_API lar_status lar_curve_apply(lar_image **out, const lar_curve *curve, const lar_image *in);
/* The other way; what was clipped stays so. LAR_EUNSUPPORTED where `to` does not rise. */
LAR_API lar_status lar_curve_undo(lar_image **out, const lar_curve *curve, const lar_image *in);

enum {
    LAR_CONTRAST_AUTO,
    LAR_CONTRAST_T1,
    LAR_CONTRAST_T2,
    LAR_CONTRAST_PD,
    LAR_CONTRAST_FLAIR,
    LAR_CONTRAST_MD,
    LAR_CONTRAST_OTHER
};
enum { LAR_TISSUE_CSF, LAR_TISSUE_GREY, LAR_TISSUE_WHITE };

/* What a method does not know is not read: `keys` of its row tells. */
typedef struct lar_normalize_params {
    int method;            /* index in the table of methods: "zscore" ... */
    int contrast;          /* LAR_CONTRAST_T1 ...; AUTO: t1 */
    int foreground;        /* LAR_FOREGROUND_AUTO: what the method's row says */
    int tissue;            /* fcm: LAR_TISSUE_WHITE ... */
    double to;             /* fcm, gmm, kde, lsq: what the tissue's value becomes */
    double width;          /* whitestripe: of the stripe, to each side, as a fraction of voxels */
    lar_reals percentiles; /* nyul: of the landmarks; percentile: two; empty: the method's own */
    lar_reals range;       /* nyul, percentile, ct: the scale's ends; empty: the method's own */
    bool clip;             /* percentile: what lies beyond is held at the ends */
    int window;            /* ct: index in lar_window_names */
    lar_reals limits;      /* ct: in place of a window, Hounsfield units */
    int64_t factors;       /* ravel: unwanted ones */
    double control;        /* ravel: membership in CSF of a control voxel, at least */
} lar_normalize_params;
LAR_API extern const lar_param lar_normalize_table[];
LAR_API lar_normalize_params lar_normalize_default(void);

/* A normalizer is fitted to one image and then applied to it. Some methods (nyul, lsq, ravel) first
 * learn a standard from a population, one image at a time. */
typedef struct lar_normalizer lar_normalizer;
LAR_API lar_status lar_normalizer_new(lar_normalizer **out, const lar_normalize_params *params);
LAR_API const char *lar_normalizer_method_name(const lar_normalizer *n);

/* How often a population has to be shown: 0 for methods that need none, or that have learned. */
LAR_API int lar_normalizer_passes(const lar_normalizer *n);
/* One image of the population. mask, tissue: as for the fit. The image is not kept. */
LAR_API lar_status lar_normalizer_learn(lar_normalizer *n, const lar_image *image,
                                        const lar_image *mask, const lar_image *tissue);
/* The population was shown once more; after the last pass the standard stands. */
LAR_API lar_status lar_normalizer_end_pass(lar_normalizer *n);

/* mask: NULL (then `foreground` chooses), or an image on the same grid whose non-zero voxels count.
 * tissue: NULL (it is found in the image, for contrast t1 ...), or how much each voxel is of the
 * wanted tissue, 0 to 1, on the same grid: of the T1 of the same head. A constant image, an empty
 * mask, or values that are not finite: LAR_ENUMERIC. Nothing learned yet: LAR_EARGUMENT. */
LAR_API lar_status lar_normalizer_fit(lar_normalizer *n, const lar_image *image,
                                      const lar_image *mask, const lar_image *tissue);
LAR_API lar_status lar_normalizer_apply(lar_image **out, const lar_normalizer *n,
                                        const lar_image *in); /* float32 */
LAR_API lar_status lar_normalizer_undo(lar_image **out, const lar_normalizer *n,
                                       const lar_image *in); /* float32 */
/* What was found in the image: for zscore the mean and standard deviation. */
LAR_API lar_reals lar_normalizer_values(const lar_normalizer *n);
/* The map that apply() is, and undo() inverts (ravel subtracts factors after it). */
LAR_API const lar_curve *lar_normalizer_curve(const lar_normalizer *n);

/* Parameters, what was learned of the population, and the fit, as JSON (ravel: and maps as NIfTI
 * beside it). */
LAR_API lar_status lar_normalizer_write(const lar_normalizer *n, const char *path, bool force);
/* LAR_EFORMAT where it is not what lar_normalizer_write() writes. */
LAR_API lar_status lar_normalizer_read(lar_normalizer **out, const char *path);
LAR_API void lar_normalizer_free(lar_normalizer *n);

/* Three tissues of a T1 of the brain by fuzzy c-means (three classes, fuzziness 2) of its values.
 */
typedef struct lar_tissue_report {
    double centres[3];     /* rising: LAR_TISSUE_CSF, _GREY, _WHITE */
    double means[3];       /* of the voxels, each weighted with its membership */
    double millilitres[3]; /* of the voxels whose label it is */
} lar_tissue_report;
/* labels: uint8, 1 CSF, 2 grey, 3 white matter (the largest membership), 0 outside. memberships:
 * float32, three volumes, 0 to 1, their sum 1 inside; NULL where not wanted, as `report`. mask: of
 * the brain; NULL: the head. Of several volumes the first. LAR_ENUMERIC where fewer than three
 * values are inside, or one is not finite. */
LAR_API lar_status lar_tissue(lar_image **labels, lar_image **memberships,
                              lar_tissue_report *report, const lar_image *in,
                              const lar_image *mask);

/* ---- masks, smoothing, crop and pad, clip and rescale ------------------------------------ */

/* In all of this x y z are anatomical (left to right, back to front, foot to head), whatever the
 * order of the voxel axes. Voxels that are not finite are LAR_ENUMERIC where values are computed
 * with, and copied where they are only moved. A mask is an image on the same grid
 * (LAR_EGEOMETRY otherwise), of one channel, whose non-zero voxels count. */

enum { LAR_MASK_HEAD, LAR_MASK_OTSU, LAR_MASK_MEAN, LAR_MASK_POSITIVE, LAR_MASK_THRESHOLD };

/* How voxels are chosen, and what is then done to the mask: in the order of the fields. */
typedef struct lar_mask_params {
    int method;       /* LAR_MASK_HEAD ... */
    double low, high; /* LAR_MASK_THRESHOLD: low <= value <= high; NaN: open at that end */
    double open_mm;   /* radius of a ball; what it does not fit into is taken away */
    bool largest;     /* keep the largest piece (voxels joined by faces) */
    double close_mm;  /* gaps that a ball of this radius does not fit into are closed */
    bool fill;        /* what has no way out to the border is filled */
    double dilate_mm; /* voxels at most so far from the mask are added */
    double erode_mm;  /* voxels at most so far from what is outside are taken away */
    bool invert;
} lar_mask_params;
LAR_API extern const lar_param lar_mask_table[];
LAR_API lar_mask_params lar_mask_default(void);
/* uint8, 0 and 1, on the grid of `in` (its first channel). Distances are exact, in millimetres
 * between voxel centres. LAR_ENUMERIC where the image is constant or the result is empty or full.
 */
LAR_API lar_status lar_mask(lar_image **out, const lar_image *in, const lar_mask_params *params);
/* The image, of the same type, every channel, with `value` outside the mask. */
LAR_API lar_status lar_mask_apply(lar_image **out, const lar_image *in, const lar_image *mask,
                                  double value);

/* Where to learn about an image when no mask is given. */
enum {
    LAR_FOREGROUND_AUTO, /* as whoever asks needs; here: everywhere */
    LAR_FOREGROUND_WHOLE,
    LAR_FOREGROUND_POSITIVE, /* above 0 */
    LAR_FOREGROUND_MEAN,     /* above the mean of the image */
    LAR_FOREGROUND_OTSU,     /* above Otsu's threshold */
    LAR_FOREGROUND_HEAD      /* one piece without holes, MR of any contrast and CT */
};
/* A mask as above; NULL for LAR_FOREGROUND_WHOLE. */
LAR_API lar_status lar_foreground(lar_image **out, const lar_image *in, int kind);

typedef struct lar_smooth_params {
    lar_reals fwhm, sigma; /* millimetres; one of both, one number or along x y z */
} lar_smooth_params;
LAR_API extern const lar_param lar_smooth_table[];
LAR_API lar_smooth_params lar_smooth_default(void);
/* Gaussian, mirrored about the first and last voxel; float32, every channel. With a mask (or NULL)
 * values are averaged over its voxels alone and the rest is zero. */
LAR_API lar_status lar_smooth(lar_image **out, const lar_image *in, const lar_image *mask,
                              const lar_smooth_params *params);

/* What to keep; one of box, size, head, a mask, or the range, which holds where nothing else is
 * said. */
typedef struct lar_crop_params {
    int axis;         /* 0 to 2: x y z */
    lar_reals range;  /* fractions of the axis, as lar_crop_range(); empty: 0.2 0.8 */
    lar_ints box;     /* voxels i0 to i1 - 1, j0 to j1 - 1, k0 to k1 - 1 of the stored axes */
    lar_ints size;    /* voxels along x y z, or one for all: about the centre */
    bool head;        /* the box of the head */
    double margin_mm; /* around the box of the head or mask, as far as there are voxels */
} lar_crop_params;
LAR_API extern const lar_param lar_crop_table[];
LAR_API lar_crop_params lar_crop_default(void);
/* Type, values and the place of every voxel in the world stay. mask: NULL, or crop to its box. A
 * view, shares the voxels. */
LAR_API lar_status lar_crop(lar_image **out, const lar_image *in, const lar_image *mask,
                            const lar_crop_params *params);

enum { LAR_PAD_CONSTANT, LAR_PAD_EDGE, LAR_PAD_MIRROR };
/* How far; one of size, by, multiple_of, or a grid. */
typedef struct lar_pad_params {
    lar_ints size;        /* voxels along x y z, or one for all; the larger half on the far side */
    lar_ints by;          /* voxels: one for all sides, x y z, or two for each of x y z */
    lar_ints multiple_of; /* the next size that these divide: x y z, or one for all */
    int mode;             /* LAR_PAD_CONSTANT, LAR_PAD_EDGE, LAR_PAD_MIRROR */
    double value;         /* of new voxels with LAR_PAD_CONSTANT */
} lar_pad_params;
LAR_API extern const lar_param lar_pad_table[];
LAR_API lar_pad_params lar_pad_default(void);
/* Type, values and the place of every voxel in the world stay. like: NULL, or the grid to fill,
 * whose voxels coincide with those of the image and enclose them (LAR_EGEOMETRY otherwise): a
 * cropped image comes back to where it was cut out. */
LAR_API lar_status lar_pad(lar_image **out, const lar_image *in, const lar_grid *like,
                           const lar_pad_params *params);

typedef struct lar_clip_params {
    lar_reals range;       /* low high */
    lar_reals percentiles; /* or: low high, 0 to 100, of the voxels of the mask or of all */
} lar_clip_params;
LAR_API extern const lar_param lar_clip_table[];
LAR_API lar_clip_params lar_clip_default(void);
/* Values below low become low, above high high. Of the input's type where that holds both ends,
 * float32 otherwise. mask: NULL, or where percentiles are taken; all voxels are clipped. */
LAR_API lar_status lar_clip(lar_image **out, const lar_image *in, const lar_image *mask,
                            const lar_clip_params *params);

typedef struct lar_rescale_params {
    lar_reals from;        /* low high; empty: by percentiles */
    lar_reals percentiles; /* low high, 0 to 100, of the voxels of the mask or of all */
    lar_reals to;          /* what low and high become */
    bool clip;             /* nothing goes beyond */
} lar_rescale_params;
LAR_API extern const lar_param lar_rescale_table[];
LAR_API lar_rescale_params lar_rescale_default(void);
/* One line from `from` to `to`; float32. LAR_ENUMERIC where low and high are equal. */
LAR_API lar_status lar_rescale(lar_image **out, const lar_image *in, const lar_image *mask,
                               const lar_rescale_params *params);

/* ---- quality of a normalization ---------------------------------------------------------- */

/* How alike the intensities of images are: one group before, another after normalization. Images
 * are shown one at a time, twice: lar_quality_look() at each finds the range that all histograms
 * share, lar_quality_add() counts. */
typedef struct lar_quality_params {
    int64_t bins;          /* of the histograms */
    lar_reals percentiles; /* the range: from the lowest of the first to the highest of the second
                              over images; what lies outside counts in the end bins */
    lar_reals range;       /* the range itself, low and high; none: by the percentiles */
    bool combs; /* each value counts in one bin; else, where an image holds at most 4096 different
                   values, as scans stored as integers do, each is spread over its step */
} lar_quality_params;
LAR_API extern const lar_param lar_quality_table[];
LAR_API lar_quality_params lar_quality_default(void);

/* One label over all images of a group. */
typedef struct lar_quality_tissue {
    int64_t code, images; /* images that have it */
    double mean;          /* over images of the label's mean */
    double within;        /* coefficient of variation inside an image (std / mean), averaged over
                             images; NaN where means have both signs, as after zscore */
    double across;        /* coefficient of variation of the label's mean over images; NaN too */
    double scatter;       /* std of the label's mean over images, as a fraction of the contrast: the
                             distance of the lowest and highest tissue; does not notice a x + b of
                             all images; NaN where there is one label alone */
} lar_quality_tissue;

/* Borrowed from its lar_quality. */
typedef struct lar_quality_result {
    int64_t images, bins;
    double low, high;          /* first bin begins, last ends */
    const double *counts;      /* voxels: of image n in bin b at [n * bins + b] */
    const double *divergences; /* Jensen-Shannon, in nats (0 to ln 2): of n and m at
                                  [n * images + m] */
    double divergence;         /* mean over all pairs; NaN for one image alone */
    double distance;           /* mean over all pairs of the square root of their divergence (0 to
                                  0.833), which is a metric: Endres and Schindelin 2003,
                                  doi:10.1109/TIT.2003.813506; NaN for one image alone */
    int64_t tissue_count;      /* 0: no labels were given */
    const lar_quality_tissue *tissues;
    double within, across, scatter; /* means over tissues */
} lar_quality_result;

typedef struct lar_quality lar_quality;
LAR_API lar_status lar_quality_new(lar_quality **out, const lar_quality_params *params);
/* mask: NULL (every voxel), or an image on the same grid whose non-zero voxels count. An empty
 * mask or values that are not finite: LAR_ENUMERIC. */
LAR_API lar_status lar_quality_look(lar_quality *q, const lar_image *image, const lar_image *mask);
/* labels: NULL, or integers on the same grid; 0 is no tissue. */
LAR_API lar_status lar_quality_add(lar_quality *q, const lar_image *image, const lar_image *mask,
                                   const lar_image *labels);
/* One image has its histogram and no pair; none is LAR_EARGUMENT. */
LAR_API lar_status lar_quality_end(const lar_quality_result **out, lar_quality *q);
LAR_API void lar_quality_free(lar_quality *q);

/* ---- registration ------------------------------------------------------------------------ */

enum {
    LAR_REGISTER_TRANSLATION,
    LAR_REGISTER_RIGID,
    LAR_REGISTER_SIMILARITY,
    LAR_REGISTER_AFFINE,
    LAR_REGISTER_DEFORMABLE /* affine, then a diffeomorphism */
};
/* Likeness: mutual information, normalized mutual information, local correlation. */
enum { LAR_METRIC_MI, LAR_METRIC_NMI, LAR_METRIC_LNCC };
enum { LAR_START_SEARCH, LAR_START_HEADER };
enum { LAR_HEADS_AUTO, LAR_HEADS_SAME, LAR_HEADS_DIFFERENT };

/* docs/registration.md says what each stage does. */
typedef struct lar_register_params {
    int kind;         /* LAR_REGISTER_TRANSLATION ... */
    int metric;       /* of the linear stages */
    int bend_metric;  /* of the deformable stage */
    int start;        /* LAR_START_SEARCH: whatever the headers say; _HEADER: near what they say */
    int heads;        /* LAR_HEADS_SAME: of one person, and what fits less well is doubted; auto:
                         same, but for deformable */
    bool keep_bias;   /* compare the images as they are, their bias fields not divided out */
    int64_t bins;     /* of each axis of the joint histogram, at most */
    double radius_mm; /* half the edge of the boxes of the local correlation; at least a voxel */
    double smooth_mm; /* deformable: of each step, standard deviation of the Gaussian */
    lar_ints iterations; /* deformable: at 8, 4, and 2 mm */
} lar_register_params;
LAR_API extern const lar_param lar_register_table[];
LAR_API lar_register_params lar_register_default(void);

/* Whether a result can be trusted. */
typedef struct lar_register_verdict {
    bool doubtful;
    char reason[256]; /* why, one line; "" */
    double overlap;   /* of the smaller of both heads, as far as both were seen: 0 to 1 */
    double metric_before, metric_after; /* mutual information in nats, by the headers and by the map
                                           (deformable: by its affine part) */
    double sharpness;                   /* share of it that is lost beside: 0 to 1 */
    double beside_mm;                   /* so far beside: 2, and half a voxel of large ones */
    double angle_degrees;               /* between what the headers say and the map */
    double shift_mm;                    /* and of the centre of the fixed head */
    double scale[3];                    /* singular values of the affine map, rising */
    double determinant;                 /* of the affine map */
    double consistency_mm; /* to a second run started elsewhere, mean over the head; NaN: there was
                              no need of one */
    double jacobian[2];    /* of the deformation: smallest and largest; 1 1 where there is none */
    int64_t folded;        /* voxels of it with a Jacobian not above 0 */
} lar_register_verdict;

typedef struct lar_registration {
    lar_affine affine;          /* a point of the fixed world to the moving one, RAS+ mm */
    lar_image *field, *inverse; /* deformable: displacements before the affine map, and after its
                                   inverse: float32, mm along x y z, on a grid of 2 mm around the
                                   fixed head; else NULL */
    lar_register_verdict verdict;
} lar_registration;

/* The map from fixed to moving: volumes of any contrast, the first of several. Masks: NULL, or
 * where to look. start: NULL, or a map to begin with in place of a search. LAR_ENUMERIC where an
 * image is constant or not finite, or a mask empty; LAR_EGEOMETRY where a mask lies on another
 * grid; LAR_EUNSUPPORTED for a slice. A doubtful result is LAR_OK, with a verdict that says so. */
LAR_API lar_status lar_register(lar_registration **out, const lar_image *fixed,
                                const lar_image *moving, const lar_image *fixed_mask,
                                const lar_image *moving_mask, const lar_affine *start,
                                const lar_register_params *params);
LAR_API void lar_registration_free(lar_registration *registration);
/* The chain from fixed to moving, or from moving to fixed. */
LAR_API lar_status lar_registration_chain(lar_chain **out, const lar_registration *registration,
                                          bool inverse);
/* The determinant of the Jacobian of x + displacement at every voxel, float32: 1 keeps the volume.
 */
LAR_API lar_status lar_field_jacobian(lar_image **out, const lar_image *displacement_mm);

/* ---- skull stripping --------------------------------------------------------------------- */

/* AUTO: learned where a model for it is there (larmor models), else surface. */
enum { LAR_STRIP_AUTO, LAR_STRIP_LEARNED, LAR_STRIP_SURFACE };
/* What the image is. AUTO: CT where its values are Hounsfield units, else MR of any contrast. */
enum {
    LAR_STRIP_CONTRAST_AUTO,
    LAR_STRIP_T1,
    LAR_STRIP_T2,
    LAR_STRIP_FLAIR,
    LAR_STRIP_PD,
    LAR_STRIP_CT
};
enum { LAR_STRIP_PRECISION_AUTO, LAR_STRIP_FLOAT32, LAR_STRIP_BFLOAT16 };

typedef struct lar_strip_params {
    int method;        /* LAR_STRIP_AUTO ... */
    int contrast;      /* LAR_STRIP_CONTRAST_AUTO ... */
    const char *model; /* learned: a name that `larmor models` lists, or a file; NULL: the first */
    int precision;     /* learned; AUTO: bfloat16 where this processor computes with it */
    double grow_mm;    /* of the finished mask: outwards, or inwards below 0 */
} lar_strip_params;
LAR_API extern const lar_param lar_strip_table[];
LAR_API lar_strip_params lar_strip_default(void);

/* Whether a brain mask can be trusted, and what was measured to say so. */
typedef struct lar_strip_verdict {
    bool doubtful;
    char reason[256];   /* why, one line; "" */
    double millilitres; /* of the mask */
    int64_t pieces;     /* joined by faces, those of less than 1 ml left out */
    double largest;     /* share of the mask that its largest piece holds, 0 to 1 */
    double holes;       /* millilitres that the mask encloses */
    double edge;        /* share of the mask's surface that lies on the edge of the image, 0 to 1 */
    double symmetry;    /* Dice of the mask and its mirror image across its own middle, 0 to 1 */
    double contrast;   /* share of its surface outside of which skull is seen, dark in MR and bright
                          in CT, before the skin; 0 to 1 */
    double missed;     /* share outside of which there is more of what is inside; 0 to 1 */
    double skin;       /* share of it that lies less than 4 mm below the skin; 0 to 1 */
    double depth_mm;   /* below the skin, median over the upper half of it */
    double dent, bump; /* how far a part of it lies inside, and outside, the outline of a mean brain
                          of the same volume; in radii of the ball of that volume, about 70 mm */
} lar_strip_verdict;

typedef struct lar_strip_report {
    const char *method; /* "learned", "surface"; "stripped": the image was stripped already */
    int contrast;       /* as it was taken: LAR_STRIP_CT, or what the params say */
    char model[128]; /* learned: name and the first 12 digits of the SHA-256 of its weights; "" */
    lar_strip_verdict verdict;
} lar_strip_report;

/* The brain with the fluid around it as far as the dura: uint8, 0 and 1, on the grid of `in`.
 * distance: float32, mm from the surface of the mask, below 0 inside; NULL where not wanted. One
 * volume; MR of any contrast, or CT in Hounsfield units. A mask that is not to be trusted is LAR_OK
 * with a verdict that says so; where there is no head, LAR_ENUMERIC. LAR_EARGUMENT for several
 * volumes; LAR_ENOINPUT where a model that is asked for is not there; LAR_EFORMAT where it is
 * damaged. */
LAR_API lar_status lar_strip(lar_image **mask, lar_image **distance, lar_strip_report *report,
                             const lar_image *in, const lar_strip_params *params);
/* The verdict on a mask that somebody made. contrast: LAR_STRIP_CONTRAST_AUTO ... */
LAR_API lar_status lar_strip_judge(lar_strip_verdict *out, const lar_image *in,
                                   const lar_image *mask, int contrast);

/* ---- slices ------------------------------------------------------------------------------ */

/* Volumes as slices for other programs, and back. Slices are numbered along x y z from the left,
 * the back, or the foot, whatever the order in memory. In a slice columns run to the right (of
 * sagittal ones: to the front), rows from the front (of the others: from the head) at the top. Each
 * file says where its slice lies in the volume, and where the volume lies in the world. */
enum { LAR_SLICES_TIFF, LAR_SLICES_PNG };
enum { LAR_SLICE_BITS_8, LAR_SLICE_BITS_16 };

typedef struct lar_slice_params {
    int axis;          /* 0 to 2: across x y z */
    lar_reals range;   /* fractions of the axis, as lar_crop_range(); empty: all of it */
    int64_t step;      /* every n-th slice */
    int64_t volume;    /* of several, from 0; LAR_INT_AUTO: all */
    bool skip_empty;   /* leave out slices with less than `foreground` */
    double foreground; /* share of the pixels that lie above 0.1 of the way from the volume's
                          minimum to its 99th percentile */
    int format;        /* LAR_SLICES_TIFF (of the image's type), LAR_SLICES_PNG */
    lar_reals window;  /* PNG: the values that become black and white; empty: the image's extremes,
                          or the values as they are where they are whole, not negative and fit */
    int bits;          /* of PNG: LAR_SLICE_BITS_8 or LAR_SLICE_BITS_16 */
} lar_slice_params;
LAR_API extern const lar_param lar_slice_table[];
LAR_API lar_slice_params lar_slice_default(void);

typedef struct lar_slice_report {
    int64_t written, skipped; /* skipped: empty */
    double window[2];         /* of PNG; equal where the values are as they were */
    int64_t outside;          /* PNG: voxels that lay outside of it, or were not finite */
} lar_slice_report;
/* FOLDER/NAME_z012.tif and so on (NAME_v02_z012.tif of several volumes). Files that exist are
 * LAR_EEXISTS, before anything is written, without `force`. Each file is whole or absent; after a
 * failure or a stop those that were written are removed again, unless they replaced others. report:
 * NULL where not wanted. */
LAR_API lar_status lar_slices_write(lar_slice_report *report, const lar_image *image,
                                    const char *folder, const char *name,
                                    const lar_slice_params *params, bool force,
                                    lar_progress progress);

typedef struct lar_stack_params {
    double fill;       /* for slices that are not there, in the whole volume; NaN: all those of the
                          set must be there, and only they are */
    lar_reals spacing; /* mm between columns, rows and slices, or one for all; of slices that larmor
                          did not write; empty: what they say, or 1 */
    const char *axes;  /* of those too: where columns, rows and slices run to, as "RPS" */
} lar_stack_params;
LAR_API extern const lar_param lar_stack_table[];
LAR_API lar_stack_params lar_stack_default(void);
/* TIFF or PNG slices of one volume, in any order, back to the volume: its grid, type and order of
 * voxels where larmor wrote them; else by their names' natural order. LAR_EGEOMETRY where they are
 * of several volumes, doubled, or missing. */
LAR_API lar_status lar_stack(lar_image **out, const char *const *files, int64_t count,
                             const lar_stack_params *params);

/* ---- pictures -------------------------------------------------------------------------- */

/* What is drawn over images, sampled at the same places of the world. */
enum {
    LAR_OVER_AUTO,   /* mask: one value beside 0; labels: whole numbers, 32 or up to 256 in regions;
                        else map or signed */
    LAR_OVER_MASK,   /* all that is not 0, in one colour */
    LAR_OVER_LABELS, /* whole numbers, each in a colour of its own; 0 is nothing */
    LAR_OVER_OUTLINE, /* of a mask or of labels */
    LAR_OVER_MAP,     /* values from a threshold on, in colours of even steps */
    LAR_OVER_SIGNED,  /* values on both sides of 0 */
    LAR_OVER_CONTOURS /* of a scan of a head, as lar_contours() draws them */
};
typedef struct lar_overlay {
    const lar_image *image;
    const char *name;  /* for the legend, UTF-8; NULL: none */
    int64_t on;        /* number of the image that it is drawn over, from 1; 0: all */
    int as;            /* LAR_OVER_AUTO ... */
    double opacity;    /* 0 to 1; NaN: 0.4 of a mask, 0.5 of labels, 0.8 of maps, 1 of lines */
    double window[2];  /* of a map: what is drawn from, and the end of the colours; of a signed one:
                          of |value|; not rising: percentiles 1 and 99.5 of what is not 0 */
    const char *names; /* of labels, "1=lesion,2=oedema"; NULL: their numbers alone */
} lar_overlay;

typedef struct lar_figure_params {
    const char *title;     /* NULL: none */
    const char *planes;    /* some of "axial,coronal,sagittal", one row each; NULL: all three, of a
                              mosaic axial */
    lar_reals at;          /* x y z in millimetres; empty: the centre of the first image's head */
    bool own;              /* each image in the frame of its own head, through its own centre */
    lar_ints mosaic;       /* slices of one plane: how many, or rows and columns; empty: none */
    lar_reals span;        /* mosaic: first and last slice in mm; empty: spread over the head */
    int64_t volume;        /* of images that have several, from 0; LAR_INT_AUTO: the first */
    const char *window;    /* of all images, or of each: low high, a CT window's name, or auto */
    lar_reals percentiles; /* of the voxels below skin and skull: drawn black and white */
    lar_ints share;        /* numbers of images, from 1, that share one window */
    lar_ints difference;   /* a b: one more column with image b minus image a */
    double difference_limit;     /* end of the colour bar; NaN: 99.5th percentile of the head */
    lar_ints contours;           /* a b: one more column, the contours of image b over image a */
    lar_ints checker;            /* a b: one more column, squares of image a and of image b */
    double square_mm;            /* of the checkerboard; NaN: about 8 across the frame */
    bool alone;                  /* the comparisons without the images */
    double zoom;                 /* pixels per millimetre; NaN: by the size of the head */
    int interpolation;           /* of images: LAR_NEAREST or LAR_LINEAR */
    bool radiological;           /* the patient's left on the right side of the picture */
    const lar_overlay *overlays; /* later ones over earlier ones; not in the table */
    int64_t overlay_count;
} lar_figure_params;
LAR_API extern const lar_param lar_figure_table[];
LAR_API lar_figure_params lar_figure_default(void);

/* Images side by side, one row per plane through the same place of the world, true to the
 * millimetre, each sampled from its own grid; or a mosaic of slices of each. `labels` (one per
 * image, UTF-8) may be NULL. The file is PNG, SVG or PDF by its suffix. */
LAR_API lar_status lar_figure(const lar_image *const *images, const char *const *labels,
                              int64_t count, const lar_figure_params *params, const char *path,
                              bool force);
/* One image over another: `fixed` in grey, the contours of `moved` in colour over it, in several
 * slices of the three planes; where `before` is not NULL, its contours in a first block. All are
 * sampled at the same places of the world. PNG, SVG or PDF by its suffix. */
LAR_API lar_status lar_contours(const lar_image *fixed, const lar_image *moved,
                                const lar_image *before, const char *title, const char *path,
                                bool force);
/* The same of a mask, 0 and 1: its outline, half way between its voxels and others, over the image
 * that it belongs to. An empty mask has none. */
LAR_API lar_status lar_mask_contours(const lar_image *image, const lar_image *mask,
                                     const char *title, const char *path, bool force);

/* ---- networks -------------------------------------------------------------------------- */

enum { LAR_CONV_RELU_NORM, LAR_CONV_NORM_RELU };
enum { LAR_ACTIVATION_AUTO, LAR_RELU, LAR_LEAKY, LAR_ELU, LAR_GELU };
enum { LAR_NORMS_AUTO, LAR_NORMS_BATCH, LAR_NORMS_INSTANCE, LAR_NORMS_GROUP, LAR_NORMS_NONE };
enum { LAR_KERNELS_FREE, LAR_KERNELS_WEIGHT_NORM, LAR_KERNELS_SPECTRAL_NORM };
enum { LAR_DOWN_STRIDE, LAR_DOWN_POOL };
enum { LAR_UP_TRANSPOSED, LAR_UP_LINEAR, LAR_UP_NEAREST };
enum { LAR_SKIP_CONCAT, LAR_SKIP_ADD };
enum { LAR_FINAL_NONE, LAR_FINAL_RELU, LAR_FINAL_SIGMOID, LAR_FINAL_SOFTMAX };

/* What a study says about its network. A network reads the fields that belong to it; those that
 * belong to some alone are marked. */
typedef struct lar_network_params {
    int name;           /* which network: 0 is "resnet" */
    int64_t channels;   /* of every inner layer; of the unet: of its first level */
    int64_t blocks;     /* resnet: residual blocks of two convolutions */
    int64_t levels;     /* unet: resolutions */
    int64_t most;       /* unet: channels of a level at most */
    lar_ints dilations; /* meshnet: of its layers, one after another */
    int64_t repeat;     /* meshnet: how often they run */
    int64_t kernel;     /* edge of a convolution, odd */
    int order;          /* resnet: LAR_CONV_RELU_NORM (fastai's) or LAR_CONV_NORM_RELU */
    int activation;     /* LAR_RELU ...; auto: leaky in the unet, else relu */
    int norm;           /* LAR_NORMS_BATCH ...; auto: instance in the unet, else batch */
    int64_t groups;     /* of the group norm */
    bool plain;         /* unet, meshnet: norms have no weight and bias of their own */
    int down, up, skip; /* unet: LAR_DOWN_STRIDE ..., LAR_UP_TRANSPOSED ..., LAR_SKIP_CONCAT ... */
    bool residual;      /* unet */
    double dropout;     /* meshnet: probability, of whole channels */
    int kernels;        /* LAR_KERNELS_FREE ... */
    int64_t dims;       /* 3; 2: kernels of one voxel along z */
    int final;          /* activation after the last layer, LAR_FINAL_NONE ... */
    const struct lar_layer_list *layers; /* in place of all above; NULL: none */
} lar_network_params;
LAR_API extern const lar_param lar_network_table[];
LAR_API lar_network_params lar_network_default(void);

/* ---- phantom --------------------------------------------------------------------------- */

/* A digital head with known truth: anatomy drawn per subject from the seed (or taken from a label
 * map), signals from relaxation times. Subject k is a function of (parameters, k) alone: not of how
 * many subjects are asked for, nor of the number of threads. */
typedef struct lar_phantom_params {
    int64_t seed;
    double spacing_mm;
    const char
        *contrasts;      /* of t1 t2 pd flair ct, separated by commas; the first is the reference */
    double bias_percent; /* the field lies within 1 - bias/100 and 1 + bias/100 */
    double noise_percent; /* standard deviation, of the signal of white matter; CT: of 200 HU */
    double texture_percent, variation_percent;
    int64_t lesions;     /* LAR_INT_AUTO: by the subject's age */
    double thickness_mm; /* of the slices of all contrasts but the first; NaN: as they are spaced */
    double turn_degrees, move_mm;     /* largest pose difference of all contrasts but the first */
    bool same_grid;                   /* every contrast on the grid of the first */
    bool crisp;                       /* each voxel is one tissue, taken at its centre */
    int type;                         /* 0: int16, 1: float32 */
    const char *labels, *label_table; /* files, or NULL */
} lar_phantom_params;
LAR_API extern const lar_param lar_phantom_table[];
LAR_API lar_phantom_params lar_phantom_default(void);

typedef struct lar_phantom_scan {
    char contrast[8];
    lar_image *image;         /* int16 or float32 */
    lar_image *bias;          /* float32, on the image's grid; NULL for ct */
    double gain;              /* signal of the equations to the image's units */
    double noise_deviation;   /* in the image's units */
    lar_affine head_to_world; /* a point of the first scan's world to this scan's world */
} lar_phantom_scan;

typedef struct lar_phantom_tissue {
    int code;
    const char *name;
    double t1_ms, t2_ms, density_percent, hounsfield; /* of this subject */
    double signal[LAR_LIST_MAX]; /* of each scan, noise-free and without bias, in its units */
} lar_phantom_tissue;

#define LAR_PHANTOM_TISSUES 32

typedef struct lar_phantom {
    int64_t subject, scan_count;
    lar_phantom_scan scans[LAR_LIST_MAX];
    lar_image *labels, *brain; /* uint8, on the first scan's grid: tissue codes, and 0 or 1 */
    int64_t tissue_count;
    lar_phantom_tissue tissues[LAR_PHANTOM_TISSUES]; /* tissues[n].code is n */
    double age; /* 0 young to 1 old: ventricles, sulci, lesions */
    int64_t lesion_count;
} lar_phantom;
/* Subject numbers start at 1. */
LAR_API lar_status lar_phantom_subject(lar_phantom **out, const lar_phantom_params *params,
                                       int64_t subject);
LAR_API void lar_phantom_free(lar_phantom *phantom);

/* A folder of subjects: t1/sub-01_T1.nii.gz, flair/sub-01_FLAIR.nii.gz ..., truth/ with labels,
 * brain mask, bias fields and parameters, and study.yaml for the first contrast to the second.
 * Files that exist are LAR_EEXISTS, before anything is written, without `force`. */
LAR_API lar_status lar_phantom_cohort(const char *folder, const lar_phantom_params *params,
                                      int64_t subjects, bool force, lar_progress progress);

#ifdef __cplusplus
}
#endif
#endif
