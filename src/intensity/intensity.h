/* intensity: bringing images to one scale. The functions lar_normalizer_*() are in larmor.h; here
 * is the table of methods that they choose from.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_INTENSITY_H
#define LAR_INTENSITY_H

#include <larmor/larmor.h>

/* One way to normalize. `values` are what fit() learns, in the order of `value_names`. */
typedef struct lar_normalizer_method {
    const char *name;               /* "zscore" */
    const char *summary;            /* lower case, no full stop */
    const char *cite;               /* paper and DOI, or NULL */
    const char *const *value_names; /* "mean", "std"; NULL at the end */
    lar_status (*fit)(lar_reals *values, const lar_image *image, const lar_image *mask);
    void (*apply)(float *out, const double *in, int64_t count, const lar_reals *values);
    void (*undo)(float *out, const double *in, int64_t count, const lar_reals *values);
    /* Whether fit() could have learned these; their count is right and all are finite. */
    bool (*accepts)(const lar_reals *values);
} lar_normalizer_method;

extern const lar_normalizer_method *const lar_normalizer_methods[]; /* NULL at the end */

/* For the step `normalize` of a study. */
typedef struct lar_normalize_params {
    int method; /* index in lar_normalizer_methods */
} lar_normalize_params;
extern const lar_param lar_normalize_table[];
lar_normalize_params lar_normalize_default(void);

#endif
