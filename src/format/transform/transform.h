/* Transform files, of the room only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_TRANSFORM_H
#define LAR_TRANSFORM_H

#include "format/format.h"
#include "format/lines.h"
#include "format/source.h"

/* One row of the table of files that hold affine maps. */
typedef struct lar_transform_format {
    const char *name;
    const char *const *suffixes; /* of files that are written; NULL at the end */
    bool needs_grids;            /* to be written */
    bool (*sniff)(const lar_source *source);
    /* The maps of RAS+ mm from fixed to moving, in the order of a chain; `out` is for lar_free().
     * `bytes` end with a 0 beyond `length`, and are taken apart. */
    lar_status (*read)(lar_affine **out, int64_t *count, char *bytes, size_t length,
                       const char *path, const lar_transform_use *use);
    void (*write)(lar_text *out, const lar_affine *fixed_to_moving, const lar_grid *fixed,
                  const lar_grid *moving);
} lar_transform_format;
extern const lar_transform_format lar_transform_itk, lar_transform_mat, lar_transform_fsl,
    lar_transform_lta;

/* Files of affine maps, from memory: `bytes` as above. LAR_EFORMAT where they are none of these. */
lar_status lar_transform_affines(lar_affine **out, int64_t *count, char *bytes, size_t length,
                                 const char *path, const lar_transform_use *use);
/* A chain's next map, from a displacement field in NIfTI. */
lar_status lar_transform_add_field(lar_chain *chain, const char *path, bool inverse);
/* One map, as `read` above gives it. LAR_ENUMERIC where it is singular or not finite. */
lar_status lar_transform_one(lar_affine **out, int64_t *count, const lar_affine *map,
                             const char *path);

/* One of ITK's transforms as its file says. */
enum { LAR_ITK_PARAMETERS_MAX = 12, LAR_ITK_FIXED_MAX = 4 };
typedef struct lar_itk_transform {
    const char *kind;           /* "Euler3DTransform_double_3_3" */
    int64_t count, fixed_count; /* -1: they are missing */
    double parameters[LAR_ITK_PARAMETERS_MAX], fixed[LAR_ITK_FIXED_MAX];
} lar_itk_transform;
bool lar_itk_is_kind(const char *kind, const char *name);
/* As a map of RAS+ mm. */
lar_status lar_itk_affine(lar_affine *out, const lar_itk_transform *t, const char *path);
/* The parameters of ITK's AffineTransform, matrix and translation in LPS, with the centre 0. */
void lar_itk_parameters(double parameters[12], const lar_affine *map);

#endif
