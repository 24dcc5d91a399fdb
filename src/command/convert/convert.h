/* convert: what `larmor convert` is made of. Inputs are found, each gives one image or several (the
 * series of a DICOM folder), each image gets a name, and is written.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_CONVERT_H
#define LAR_CONVERT_H

#include <jansson.h>

#include "command/command.h"
#include "format/format.h"

typedef struct lar_convert_options {
    const char *output, *name, *series;
    const char *extension;                  /* ".nii.gz": of what is written into a folder */
    const char *subject, *session, *suffix; /* of BIDS; NULL: found out */
    int type, form, scaling, version;
    int64_t volume, compress; /* LAR_INT_AUTO: all; the format's default */
    bool bids, sidecar, correct, patient, force;
} lar_convert_options;

/* A file, or a folder that holds DICOM. */
typedef struct lar_convert_input {
    const char *path;
    const char *inside; /* its folder below the folder that was named; "" where there is none */
    const char *named;  /* what was named: the folder above, or the input itself */
    bool is_dicom;
} lar_convert_input;
typedef struct lar_convert_inputs {
    int64_t count, room;
    lar_convert_input *at;
    int64_t other_files, slices; /* in folders: no images; .tif and .png, which wait for a name */
} lar_convert_inputs;
/* What the arguments name, in the order of their names; folders with all below them, but for
 * `output`. */
lar_status lar_convert_find(lar_convert_inputs *out, const lar_call *call, const char *output);

/* One image on its way. */
typedef struct lar_convert_image {
    const lar_convert_input *input;
    const char *file;     /* what is read */
    const char *name;     /* of its file without the ending, or of its series */
    const char *warnings; /* of its series, one a line */
    json_t *facts;        /* of BIDS' sidecar; NULL: none. Borrowed */
    const char *target;   /* what is written */
} lar_convert_image;
/* A name by the pattern, such as "{path}/{name}", below the output folder. */
lar_status lar_convert_name(lar_convert_image *image, const lar_convert_options *o,
                            lar_arena *arena);

/* The input's images to the sink; what they borrow lives until it returns. */
typedef struct lar_convert_sink {
    lar_status (*take)(void *user, lar_convert_image *images, int64_t count, lar_arena *arena);
    void (*failed)(void *user); /* one of several inputs or series is lost: lar_error() says why */
    void *user;
    lar_progress progress; /* while DICOM is read */
} lar_convert_sink;
/* True where an input failed because its DICOM is no image (a DICOMDIR, a report): among others
 * that is no failure. */
bool lar_convert_is_empty(lar_status status, const lar_convert_input *input);
lar_status lar_convert_open(const lar_convert_input *inputs, int64_t count,
                            const lar_convert_options *o, lar_arena *arena,
                            const lar_convert_sink *sink);
extern const char *const lar_convert_type_names[]; /* of --type */
/* Reads, changes the type, writes `target`, and its sidecar where one was asked for. */
lar_status lar_convert_write(const lar_convert_image *image, const lar_convert_options *o,
                             lar_arena *arena);

/* BIDS names for the images of one subject. The target of one that has none is NULL: `failed` was
 * told why. */
lar_status lar_convert_bids_names(lar_convert_image *images, int64_t count, const char *subject,
                                  const lar_convert_options *o, const lar_convert_sink *sink,
                                  lar_arena *arena);
/* The label of the subject that an input belongs to, and the words it was made of. */
lar_status lar_convert_subject(const char **label, const char **said,
                               const lar_convert_input *input, const lar_convert_options *o,
                               lar_arena *arena);
/* dataset_description.json, participants.tsv, README and .bidsignore, where they are missing; the
 * subjects are added to the participants that are there. */
lar_status lar_convert_dataset(const lar_convert_options *o, const char *const *subjects,
                               int64_t count, bool has_ct, lar_arena *arena);

/* All inputs into the folder that --output names. One that fails is told, and the others are
 * written: LAR_EPARTIAL. */
lar_status lar_convert_folder(lar_call *call, const lar_convert_options *o);

#endif
