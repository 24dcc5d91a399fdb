/* What `larmor info` says of one file, as text and as JSON.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_DESCRIBE_H
#define LAR_DESCRIBE_H

#include <jansson.h>

#include "format/format.h"

typedef struct lar_voxel_facts {
    lar_range range;
    double mean; /* of the finite ones */
} lar_voxel_facts;

/* What is told of one image. */
typedef struct lar_described {
    const char *path;
    const lar_image_about *about;
    const lar_voxel_facts *voxels;  /* NULL where they were not read */
    const lar_dicom_series *series; /* NULL where it is none */
} lar_described;
void lar_describe_text(lar_text *out, const lar_described *what);
/* NULL: no memory. */
json_t *lar_describe_json(const lar_described *what);
/* Text of a file as JSON whatever its bytes are. */
json_t *lar_describe_words(const char *text);

#endif
