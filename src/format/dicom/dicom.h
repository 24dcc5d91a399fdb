/* dicom: from files in a folder to series, of the room only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_DICOM_H
#define LAR_DICOM_H

#include "format/dicom/dicom_tags.h"
#include "format/source.h"

struct json_t;

/* ---- files ------------------------------------------------------------------------------- */

typedef struct lar_dicom_file {
    const char *path; /* absolute */
    bool known;       /* its header could be read; else only its magic word */
    lar_dicom_tags tags;
    uint64_t bytes;
} lar_dicom_file;

typedef struct lar_dicom_table {
    int64_t count, empty;  /* of DICOM files, without those that hold no image, and of those */
    int64_t strange;       /* files that are named as DICOM, and are not */
    lar_dicom_file *files; /* of the arena; series by series, instance by instance */
} lar_dicom_table;

/* The DICOM files of a folder (not below it), or the one at `path`. */
lar_status lar_dicom_list(lar_dicom_table *out, const char *path, lar_arena *arena);

/* ---- conversion -------------------------------------------------------------------------- */

/* Runs dcm2niix on some files, in `folder`, which is private; its results are in `folder`/out. What
 * it printed is kept. */
lar_status lar_dicom_run(lar_text *printed, const lar_dicom_file *files, int64_t count,
                         const char *folder, const lar_dicom_params *params, lar_arena *arena);
/* Its warnings that mean something to a user, one a line. */
void lar_dicom_say(lar_text *warnings, const char *printed);

/* What the sidecar says, without the patient, place, time and numbers that identify (*dropped of
 * them; -1 where the sidecar cannot be read) unless asked for. */
lar_status lar_dicom_facts(struct json_t **out, int64_t *dropped, const char *path, bool patient);

/* "3_pd_t2_tse_e1", like no other in `dicom`; `apart` is what dcm2niix put behind the name that it
 * was given. Text of the arena. */
const char *lar_dicom_name(const lar_dicom *dicom, int64_t number, const struct json_t *facts,
                           const char *apart, lar_arena *arena);
int lar_dicom_compare(const void *series, const void *other); /* for qsort: by number, then name */

/* Makes the NIfTI file at `path` what it is given out as; *slices: how many it holds. */
lar_status lar_dicom_settle(int64_t *slices, lar_text *warnings, const char *path,
                            const lar_dicom_file *files, int64_t count, bool correct,
                            lar_arena *arena);

/* ---- place ------------------------------------------------------------------------------- */

/* Where the slices of an image are, by the headers of its files. */
typedef struct lar_dicom_place {
    bool known;          /* else the headers do not say it, or not of as many slices */
    int64_t places;      /* where slices are, each once; fewer than slices: some are doubled */
    lar_affine to_world; /* RAS: from the first slice to the last in equal steps */
    double (*at)[3];     /* of slice k: where voxel (0, 0, k) is, RAS mm; of the arena */
    double normal[3];    /* of the slices, RAS, along k */
    double tilt_degrees; /* between the normal and the way from slice to slice; signed as the files
                            say it */
    double turn_degrees; /* largest between two slices: 0 where all are parallel */
    bool tilted, uneven;
    double gap_mm[2], off_mm; /* smallest, largest; from equal steps */
} lar_dicom_place;

lar_status lar_dicom_find_place(lar_dicom_place *out, const lar_grid *grid,
                                const lar_dicom_file *files, int64_t count, lar_arena *arena);
void lar_dicom_say_place(lar_text *warnings, const lar_dicom_place *place, int64_t slices,
                         bool corrected);
/* Upright, equally spaced slices: linear between those there are. */
lar_status lar_dicom_correct(lar_image **out, const lar_image *in, const lar_dicom_place *place);

#endif
