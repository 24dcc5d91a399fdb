/* intensity: bringing images to one scale. The functions lar_normalizer_*() and lar_curve_*() are
 * in larmor.h; here is the table of methods that they choose from.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_INTENSITY_H
#define LAR_INTENSITY_H

#include "base/base.h"

struct json_t; /* of jansson */

/* One image as a method sees it, all on one grid; every value that counts is finite. */
typedef struct lar_fitting {
    const lar_normalize_params *params;
    const lar_image *image;
    const lar_image *mask;   /* what counts; NULL: every voxel (or, of a method that learns from one
                                image, what `tissue` says) */
    const lar_image *tissue; /* NULL: not given */
    const void *standard;    /* of a population: what its `learn` left; else NULL */
} lar_fitting;

/* What a method finds in one image. */
typedef struct lar_found {
    lar_reals values; /* in the order of `value_names` */
    lar_curve curve;
} lar_found;

/* The part of a method that learns from a population. `standard` is the method's own struct. */
typedef struct lar_population {
    int passes;  /* over the population */
    size_t size; /* of the standard, which starts zero */
    lar_status (*learn)(void *standard, int pass, const lar_fitting *image);
    lar_status (*end_pass)(void *standard, int pass, const lar_normalize_params *params);
    /* To and from the object "standard" of a fit's JSON. `path`: of the JSON file, for
     * what lies beside it and for sentences. */
    lar_status (*write)(struct json_t *json, const void *standard, const char *path, bool force);
    lar_status (*read)(void *standard, const struct json_t *json, const char *path);
    /* After the curve, in place of a float32 image on one grid; NULL: nothing. */
    lar_status (*correct)(lar_image *image, const void *standard, const lar_found *found);
    void (*clear)(void *standard);
} lar_population;

/* One way to normalize. */
typedef struct lar_normalizer_method {
    const char *name; /* "zscore" */
    union {
        lar_topic topic; /* for the help of its command */
        struct {
            const char *summary, *about, *cite; /* as in lar_topic */
        };
    };
    const char *const *value_names;   /* "mean", "std"; NULL at the end */
    const char *const *keys;          /* of lar_normalize_table, that it reads; NULL at the end */
    int foreground;                   /* where neither a mask nor another is asked for */
    bool takes_tissue;                /* a map of a tissue, from the T1 */
    const lar_population *population; /* NULL: learns from the image alone */
    lar_status (*fit)(lar_found *out, const lar_fitting *of);
} lar_normalizer_method;

extern const lar_normalizer_method *const lar_normalizer_methods[]; /* NULL at the end */

/* Sets the method by its name. LAR_EARGUMENT where there is none. */
lar_status lar_normalize_choose(lar_normalize_params *params, const char *method);

/* What lar_clip() and lar_rescale() are, as maps. */
lar_status lar_clip_curve(lar_curve *out, const lar_image *in, const lar_image *mask,
                          const lar_clip_params *params);
lar_status lar_rescale_curve(lar_curve *out, const lar_image *in, const lar_image *mask,
                             const lar_rescale_params *params);
/* The values at two percentiles, 0 to 100, over the voxels of a mask (NULL: all) and all channels.
 * LAR_ENUMERIC where they are equal or a voxel of the image is not finite. */
lar_status lar_percentile_ends(double ends[2], const lar_image *in, const lar_image *mask,
                               const lar_reals *percentiles);
/* A fit that was read, against what is asked for: LAR_EARGUMENT where it is of another method or
 * contrast (auto on either side: not said). */
lar_status lar_normalizer_expect(const lar_normalizer *n, const lar_normalize_params *asked,
                                 const char *path);

/* Another one that fits by the same standard, which stays `from`'s and must live as long: each of
 * several threads needs one of its own. */
lar_status lar_normalizer_borrow(lar_normalizer **out, const lar_normalizer *from);

/* lar_normalizer_read() of text; path: what sentences call it, and where maps lie beside. */
lar_status lar_normalizer_parse(lar_normalizer **out, const char *text, size_t count,
                                const char *path);

/* Two knots: x becomes (x - shift) / scale. scale above 0. */
lar_curve lar_curve_linear(double shift, double scale);
/* The one value `measure`, which becomes `to` by a scale. LAR_ENUMERIC where it is not above 0;
 * `what` it is, for the sentence. */
lar_status lar_found_scale(lar_found *out, double measure, double to, const char *what);

/* How much of CSF, grey and white each voxel of a T1 is, 0 to 1: three channels, float32, on its
 * grid; 0 outside the mask (NULL: everywhere inside). */
lar_status lar_tissue_map(lar_image **out, const lar_image *t1, const lar_image *mask);

#endif
