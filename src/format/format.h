/* format: image files. lar_image_read() and lar_image_write() of larmor.h live here.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_FORMAT_H
#define LAR_FORMAT_H

#include "base/base.h"
#include "codec/codec.h"
#include "image/image.h"

/* Which of NIfTI's two forms says where the voxels are. Auto: the sform where its code is set,
 * else the qform, else the voxel sizes; two that differ in handedness are an error. */
enum { LAR_FORM_AUTO, LAR_FORM_SFORM, LAR_FORM_QFORM };
extern const char *const lar_form_names[]; /* "auto", "sform", "qform" */

/* Which values the voxels of Philips PAR/REC get: as the console shows them, or floating point
 * ones, which can be compared between scans. Other formats have one scaling. */
enum { LAR_SCALING_DISPLAY, LAR_SCALING_FLOATING };
extern const char *const lar_scaling_names[]; /* "dv", "fp" */
/* A file as it was when it was read. */
typedef struct lar_seen_file {
    const char *path;
    int64_t bytes, time_ns, change_ns, inode; /* of its content, and of its inode, since 1970 */
    char sha256[LAR_SHA256_ROOM];
} lar_seen_file;
/* The files that an image was read from, the one that was named first. */
typedef struct lar_seen {
    int64_t count;
    lar_seen_file *at;
    bool series; /* the one that was named is DICOM: all in its folder may belong to it */
    lar_arena *arena;
} lar_seen;
void lar_seen_clear(lar_seen *seen);
/* All but the hash; false, and bytes -1, where there is no such file. Borrows the path. */
bool lar_file_look(lar_seen_file *out, const char *path);
/* Whether length, inode and times are as they were: then nobody has written to it since, but for a
 * disk that fails. A copy, or a file that was touched or moved, is not. */
bool lar_file_is_untouched(const lar_seen_file *before);

typedef struct lar_read_params {
    int form;       /* LAR_FORM_AUTO ... */
    int scaling;    /* LAR_SCALING_DISPLAY ... */
    lar_seen *seen; /* to be filled where the image could be read; NULL: not wanted. Cleared by the
                       caller, also after a failure */
} lar_read_params;
/* The files of an image by its header, and their hashes. Clear also after a failure. */
lar_status lar_image_files(lar_seen *out, const char *path);
/* From memory; a file that needs a second one beside it is an error. `name` is for sentences. */
lar_status lar_image_read_bytes(lar_image **out, const void *bytes, size_t count, const char *name);

/* What a file says of itself. */
typedef struct lar_image_about {
    const char *format; /* "NIfTI-1": static */
    bool gzip, swapped; /* compressed; of the other byte order */
    lar_grid grid;
    int64_t channels;
    lar_type type, stored;   /* of the image that reading gives; of the file */
    double slope, inter;     /* value = slope * stored + inter; 1 and 0 where not scaled */
    bool scale_unset;        /* the file has a place for the slope, which holds 0 or no number */
    bool scales_differ;      /* between slices or volumes: slope and inter are those of the first */
    const char *affine_from; /* "sform", "qform", "voxel sizes": static */
    int form_codes[2];       /* sform, qform */
    int64_t dims, dim[7];    /* as stored */
    lar_notes *notes;
    lar_text warnings; /* one a line */
} lar_image_about;
/* The image and what its file says; warnings are in `about` and not in the log. `about` is cleared
 * by the caller, also after a failure. */
lar_status lar_image_read_about(lar_image **out, lar_image_about *about, const char *path,
                                int form);
/* about: NULL where it is not wanted; warnings then go to the log. */
lar_status lar_image_read_with(lar_image **out, lar_image_about *about, const char *path,
                               const lar_read_params *params);
/* Reads the header alone: the voxels are neither inflated nor verified, only their length is
 * where the file is not compressed. Clear with lar_image_about_clear(), also after a failure. */
lar_status lar_image_read_header(lar_image_about *out, const char *path);
lar_status lar_image_read_header_form(lar_image_about *out, const char *path, int form);
void lar_image_about_clear(lar_image_about *about);

/* What stands before the voxels in a NIfTI-1 file (.nii) of an image, without extensions; the
 * voxels follow, contiguous. Free with lar_free(). LAR_EARGUMENT where the sizes do not fit
 * NIfTI-1. */
lar_status lar_nifti_head(unsigned char **out, size_t *count, const lar_image *image);

/* An uncompressed NIfTI file of this machine's byte order, without scaling, as an image whose
 * voxels are the file's pages: they are read when touched, and a change to them stays in memory.
 * The file must not shrink meanwhile. Any other file is read as by lar_image_read(). */
lar_status lar_nifti_map(lar_image **out, const char *path);

/* Points in a table of text: a header that names columns x, y and z (in either case), others beside
 * them; .csv by commas, .tsv by tabs. */
typedef struct lar_points {
    double (*xyz)[3]; /* as the file says them: whether RAS or LPS, it does not say */
    int64_t count;
    struct lar_points_text *text; /* the file, of which all else is kept */
} lar_points;
bool lar_path_is_points(const char *path);
lar_status lar_points_read(lar_points **out, const char *path);
/* From memory; `name` is for sentences, and says by its end how columns are separated. */
lar_status lar_points_read_bytes(lar_points **out, const char *bytes, size_t count,
                                 const char *name);
/* The file as it was read, but for the numbers in x, y and z. LAR_ENUMERIC where one is not finite.
 */
lar_status lar_points_write(const lar_points *points, const char *path, bool force);
void lar_points_free(lar_points *points);

/* DICOM: the images in a folder (not below it), or in one file, as dcm2niix makes them in a child
 * process. What a series says of its patient is left out, unless asked for. */
typedef struct lar_dicom_params {
    bool correct; /* tilted gantry, uneven slices: resampled; else as scanned, with a warning */
    bool patient; /* keep what the patient section says, in `facts` */
    lar_progress progress; /* asked while dcm2niix runs; may be empty */
} lar_dicom_params;
typedef struct lar_dicom_series {
    const char *file; /* NIfTI, in a folder of this process that lives as long as lar_dicom */
    const char *name; /* "3_pd_t2_tse_e1": number, description, what sets apart; a-z A-Z 0-9 _ - */
    struct json_t *facts; /* of BIDS' sidecar: "Modality", "EchoTime" (s) ... */
    const char *warnings; /* one a line: tilt, uneven slices ...; "" where none */
    int64_t dropped;      /* facts that are left out because they may tell who, where or when */
} lar_dicom_series;
typedef struct lar_dicom {
    int64_t count;
    lar_dicom_series *series; /* sorted by name, numbers by their value */
    int64_t failed;       /* series of which no image could be made, beside those that are here */
    const char *failures; /* why, one a line; "" where none */
    struct lar_dicom_parts *parts;
} lar_dicom;
/* params: NULL for none of them. LAR_ENOINPUT where no DICOM is there, LAR_EUNSUPPORTED without
 * dcm2niix, LAR_EFORMAT where it fails, is stopped at a limit, or gives no image, for every series.
 */
lar_status lar_dicom_open(lar_dicom **out, const char *path, const lar_dicom_params *params);
void lar_dicom_free(lar_dicom *dicom);
/* One of them; out: NULL for the header alone. Warnings are added to `about`; `path` is for
 * sentences.
 */
lar_status lar_dicom_series_read(lar_image **out, lar_image_about *about,
                                 const lar_dicom_series *series, const char *path, int form);
/* True of the facts that sidecars keep: how an image was acquired; nothing of the patient, of
 * places, dates and identifiers. */
bool lar_dicom_is_kept(const char *fact);
/* True of a file that begins as DICOM does ("DICM" behind 128 bytes). */
bool lar_dicom_is(const char *path);

/* Where the programs are that read MINC and DICOM: an absolute path, never by PATH.
 * LAR_EUNSUPPORTED where one is absent, with what to install. */
lar_status lar_minc_program(lar_text *path);
lar_status lar_dicom_program(lar_text *path);

/* What lar_image_write() does, with more to choose. */
typedef struct lar_write_params {
    bool force;
    int version; /* NIfTI version 1 or 2; 0: 1 where the sizes fit it */
    int level;   /* of compression, where the format has a choice: 1 to 12; 0: the default, -1: none
                  */
} lar_write_params;
lar_status lar_image_write_with(const lar_image *image, const char *path,
                                const lar_write_params *params);

/* How much of a file's name names the volume: 6 of "a/sub-01_v02_z012.tif". False where the name is
 * not as lar_slices_write() makes them. */
bool lar_slice_name(const char *path, int *length);

/* True where the name ends as that of a format that can be written. */
bool lar_path_is_image(const char *path);
/* The n-th format that is built in, and how the names of its files end (NULL at the end). False
 * after the last. */
bool lar_format_at(int n, const char **name, const char *const **suffixes);

#endif
