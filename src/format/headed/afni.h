/* afni: AFNI's datasets, a text of attributes (.HEAD) and the voxels in a file beside it (.BRIK);
 * of the room only. What the attributes mean is said in README.attributes of AFNI's documentation
 * (https://afni.nimh.nih.gov/pub/dist/doc/program_help/README.attributes.html).
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_AFNI_H
#define LAR_AFNI_H

#include "format/voxels.h"

typedef enum { AFNI_TEXT, AFNI_WHOLE, AFNI_REAL } afni_kind;

typedef struct afni_attribute {
    const char *name;
    afni_kind kind;
    int64_t count;  /* of characters, or of numbers */
    char *text;     /* with a 0 behind it; the last ~ of a string cut off */
    double *values; /* of numbers that were asked for by lar_afni_numbers() */
} afni_attribute;

typedef struct afni_head {
    const char *path; /* for sentences */
    afni_attribute *attributes;
    int64_t count;
    lar_arena *arena;
} afni_head;

/* Destroys the text. */
lar_status lar_afni_parse(afni_head *out, char *text, const char *path, lar_arena *arena);
/* NULL where there is none. */
afni_attribute *lar_afni_find(const afni_head *head, const char *name);
/* Numbers: at least `least`, at most `most`. *out is NULL where there is no such attribute. Whole
 * ones are within the 32 bits that AFNI has for them. */
lar_status lar_afni_numbers(const afni_attribute **out, const afni_head *head, const char *name,
                            afni_kind kind, int64_t least, int64_t most);
/* What the attributes say, but for where the voxels are. */
lar_status lar_afni_about(lar_image_about *about, lar_voxels *voxels, const afni_head *head);
/* ORIENT_SPECIFIC, ORIGIN, DELTA and IJK_TO_DICOM_REAL. */
lar_status lar_afni_place(lar_image_about *about, const afni_head *head);

#endif
