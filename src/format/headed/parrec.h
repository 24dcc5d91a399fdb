/* parrec: Philips' research export, a text (.PAR) of general information and one line for each
 * slice, and the slices in a file beside it (.REC); of the room only. What the text means is said
 * in its own comments. Columns of V4 to V4.2, sorting and geometry follow nibabel's account of the
 * format (https://nipy.org/nibabel/reference/nibabel.parrec.html), columns of V3 ITK's
 * (doi:10.54294/ouu4l7, module IOPhilipsREC).
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_PARREC_H
#define LAR_PARREC_H

#include "format/voxels.h"

/* What sets volumes apart, from the slowest to the fastest in a sorted file, and slices last. */
enum {
    PAR_KIND, /* magnitude, real, imaginary, phase */
    PAR_SEQUENCE,
    PAR_DYNAMIC,
    PAR_LABEL, /* of arterial spin labelling: tag or control */
    PAR_B_VALUE,
    PAR_GRADIENT,
    PAR_PHASE, /* of the heart */
    PAR_ECHO,
    PAR_SLICE, /* from 1 */
    PAR_KEYS
};

/* One line of the table: one slice. */
typedef struct par_slice {
    int64_t line; /* of the file, from 1 */
    int64_t key[PAR_KEYS];
    int64_t index; /* in the REC file, in slices */
    int64_t bits, size[2], orientation;
    double inter, slope, scale; /* RI, RS, SS of the file's comments */
    double angulation[3], centre_mm[3];
    double thickness_mm, gap_mm, spacing_mm[2];
} par_slice;

/* The general information that is needed; counts are -1 and times are 0 where not said. */
typedef struct par_general {
    int64_t most[PAR_KEYS]; /* how many there should be */
    int64_t mixes, dynamic, diffusion;
    double repetition_ms;
    int64_t repetitions;                /* how many such times are said */
    double angulation[3], centre_mm[3]; /* about and along ap, fh, rl */
    int64_t bits, size[2];              /* V3 only; later versions say these in each line */
    double thickness_mm, gap_mm;
} par_general;

typedef struct par_file {
    const char *name;    /* for sentences */
    const char *version; /* "V3", "V4", "V4.1", "V4.2": static */
    par_general general;
    par_slice *slices; /* in the order of the table; then by lar_par_sort() volume after volume */
    int64_t count, volumes;
    bool ended; /* says where it ends */
} par_file;

/* Destroys the text. */
lar_status lar_par_parse(par_file *out, char *text, const char *name, lar_arena *arena);
/* Sorts the slices, and refuses a table that lacks some or has some twice. */
lar_status lar_par_sort(par_file *file, lar_image_about *about, lar_arena *arena);
/* The affine, of slices that agree in size and orientation; a warning where their own positions are
 * others. */
lar_status lar_par_place(lar_image_about *about, const par_file *file);
/* What the channels are, where they are not one kind of image over time. */
void lar_par_say_channels(const par_file *file, lar_image_about *about);

#endif
