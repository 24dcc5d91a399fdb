/* Pictures of cases, drawn while they are prepared and kept in the work folder.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_REPORT_PICTURES_H
#define LAR_REPORT_PICTURES_H

#include <jansson.h>

#include "prepare/prepare.h"
#include "report/report.h"

/* One case at a time. */
typedef struct lar_drawer {
    const char *work;
    int64_t image_count;
    const lar_image_spec *images;
    lar_arena *arena;
    char *id; /* of the case at hand */
    json_t *root;
    lar_glance *places[LAR_IMAGES_MAX];
    double windows[LAR_IMAGES_MAX][2]; /* of the last stage that was drawn */
    bool follows; /* every intensity step is shown: the prepared image has the last one's values */
    bool failed;  /* a warning was given, or one of another drawer stands for it */
    _Atomic bool *told; /* of all drawers of a run: one of them warned; NULL: it is alone */
} lar_drawer;

lar_status lar_drawer_init(lar_drawer *out, const char *work, const lar_image_spec *images,
                           int64_t image_count);
void lar_drawer_clear(lar_drawer *drawer);
/* An image of a case as it was read (step 0), or after an intensity step. */
void lar_drawer_image(lar_drawer *drawer, const char *id, int64_t image, int64_t step,
                      const lar_image *shown);
/* A mask that a strip step found, over an image as it was before. Of the first image of each step
 * (that in which it was found) the three planes as well, large where it is doubted. */
void lar_drawer_mask(lar_drawer *drawer, const char *id, int64_t image, int64_t step,
                     const lar_image *shown, const lar_image *mask,
                     const lar_strip_verdict *verdict);
/* The images of the case as they were prepared, all on one grid; NULL where it failed. Writes its
 * pictures. What fails is one warning: a case without pictures is as good as any. */
void lar_drawer_end(lar_drawer *drawer, const lar_case_record *record, lar_image *const *prepared);

/* "work/report/sub-01/pictures.json"; of the arena. */
const char *lar_pictures_path(lar_arena *arena, const char *work, const char *id);
/* {"images": {NAME: {"pictures": [{"step", "png"}], "raw": COUNTS, "prepared": COUNTS}},
 *  "registrations": [{"step", "png"}], "strips": [the same]}; png in base64; the step of a prepared
 * image is -1. NULL where there are none, or they are damaged. */
json_t *lar_pictures_read(const char *work, const char *id);
/* COUNTS: {"low", "high", "counts"}; false where they are none. */
bool lar_pictures_counts(lar_glance_counts *out, const json_t *object);

#endif
