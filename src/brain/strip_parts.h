/* What the files of stripping and judging share; for this room only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_STRIP_PARTS_H
#define LAR_STRIP_PARTS_H

#include <larmor/larmor.h>

/* What is seen of an image before anything is done to it. */
typedef struct lar_strip_look {
    double low, high; /* its values */
    bool ct;          /* they are Hounsfield units */
    bool stripped;    /* all outside a brain is one value */
    double outside;   /* that value */
} lar_strip_look;

/* LAR_EARGUMENT where it is no single volume, or far larger than a head. */
lar_status lar_strip_check(const lar_image *in);
/* Of one finite float32 channel, contiguous. LAR_ENUMERIC where it is constant. */
lar_status lar_strip_look_at(lar_strip_look *out, const lar_image *floats);
/* AUTO becomes CT where it is; LAR_EARGUMENT where CT is called MR, or MR CT. */
lar_status lar_strip_settle_contrast(int *contrast, const lar_strip_look *look);
/* The mask of a stripped image: what is not its outside, in one piece, without holes and without
 * what is too thin to be brain. */
lar_status lar_strip_left(lar_image **mask, const lar_image *floats, const lar_strip_look *look);
/* lar_strip_judge() of an image that was looked at; mask: bytes, on its grid. */
lar_status lar_strip_judge_seen(lar_strip_verdict *out, const lar_image *floats,
                                const lar_image *mask, int contrast, const lar_strip_look *look);

double lar_strip_millilitres(const lar_image *mask); /* of bytes */
/* Fills volume, pieces, holes and edge. */
lar_status lar_verdict_size(lar_strip_verdict *v, const lar_image *mask);

/* The head in floats. Where fluid, fat or brain outshines the scalp the head of MR seems to end
 * where these do: so it is looked for again with all that is brighter than its middle held back. */
lar_status lar_brain_head(lar_image **out, const lar_image *scan, bool ct);
/* Of the values where `mask` is 1; room: as many floats. */
lar_status lar_brain_median(float *out, const float *values, const uint8_t *mask, int64_t count,
                            float *room);

#endif
