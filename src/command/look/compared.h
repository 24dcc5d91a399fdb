/* Images whose intensities are compared in pairs, as they are and after a normalization: what
 * `larmor quality` and `larmor histogram` share.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_COMPARED_H
#define LAR_COMPARED_H

#include "command/command.h"

typedef struct lar_compared_options {
    lar_quality_params quality;
    const char *after, *mask; /* patterns; NULL: none */
    int foreground;
    bool linear;
} lar_compared_options;
extern const lar_param lar_compared_table[];

enum { LAR_BEFORE, LAR_AFTER, LAR_GROUPS };
extern const char *const lar_group_names[LAR_GROUPS];

typedef struct lar_compared {
    const lar_call *call;
    const lar_compared_options *o;
    const char *tissue; /* a pattern of label images; NULL: none */
    const char **stems; /* of all arguments, for patterns */
    bool *bad;
    int64_t bad_count;
    int groups;          /* 1, or 2 with `after` */
    const char **labels; /* of the images that were used, `count` of them, all different */
    int64_t count;
    lar_quality *quality[LAR_GROUPS];
    const lar_quality_result *results[LAR_GROUPS];
} lar_compared;

/* Reads all images, one at a time, twice. One that cannot be used is left out of both groups, with
 * a warning; fewer than `least` left are LAR_EARGUMENT. End with lar_compared_clear() in any case.
 */
lar_status lar_compared_read(lar_compared *out, const lar_call *call, const lar_compared_options *o,
                             const char *tissue, int64_t least);
void lar_compared_clear(lar_compared *c);
/* LAR_EPARTIAL where images were left out. */
lar_status lar_compared_end(const lar_compared *c);

/* Of a pair of images of a group: 0 to the root of ln 2. */
double lar_compared_distance(const lar_compared *c, int group, int64_t n, int64_t m);
int64_t lar_compared_pairs(const lar_compared *c);
/* "helped" where every mean (distance, divergence, with labels the scatter of tissues) is less
 * after than before, "did not help" where none is. */
const char *lar_compared_verdict(const lar_compared *c);
/* Pairs whose images are more alike after than before. */
int64_t lar_compared_closer(const lar_compared *c);
/* " (-55 %)", or "" where there is nothing to compare with. */
void lar_compared_change(char words[24], double before, double after);
/* All of it, for machines. */
lar_status lar_compared_json(lar_text *out, const lar_compared *c);

typedef struct lar_compared_look {
    const char *heading; /* above all; NULL: none */
    bool percent;        /* of each image's voxels; else their number */
    int64_t picked;      /* number of the image that is drawn over the others, from 1; 0: none */
} lar_compared_look;
/* A panel for each group. */
lar_status lar_compared_draw(const lar_compared *c, const lar_compared_look *look, const char *path,
                             bool force);

#endif
