/* brain: where the brain is in the image of a head, by a learned network or a surface of least
 * cost, and whether to believe it. What users call is in larmor.h.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_BRAIN_H
#define LAR_BRAIN_H

#include "base/base.h"

/* ---- methods ------------------------------------------------------------------------------ */

/* One row per method: a mask (uint8, 0 and 1, on the grid of `in`) of one finite float32 channel,
 * contiguous, axes in any order and direction. `contrast` is decided. One piece without holes.
 * model: what it read, for the report; "". */
typedef struct lar_strip_method {
    const char *name, *help, *cite;
    /* Whether it can run: LAR_OK, or why not. */
    lar_status (*ready)(const lar_strip_params *params);
    lar_status (*run)(lar_image **mask, char model[128], const lar_image *in, int contrast,
                      const lar_strip_params *params);
} lar_strip_method;
/* In the order of LAR_STRIP_LEARNED ...; NULL at the end. */
extern const lar_strip_method *const lar_strip_methods[];
/* The one that the params call for, and whether it can run. AUTO with a model is learned; without
 * one, surface where no model is there. */
lar_status lar_strip_method_for(const lar_strip_method **out, const lar_strip_params *params);

extern const char *const lar_strip_contrast_names[]; /* of LAR_STRIP_CONTRAST_AUTO ... */

/* Writes into the notes of an image that came of a mask which method made it, and keeps what they
 * say beside that; where the image has none, the space that those of `in` name. */
lar_status lar_strip_record(lar_image *image, const lar_image *in, const lar_strip_report *report);

/* ---- models of the learned method -------------------------------------------------------- */

/* How the network's input is made of an image. */
typedef struct lar_strip_recipe {
    double spacing_mm;
    const char *axes;     /* of its grid: "LIA" */
    double margin_mm;     /* around the head, beyond the field of view too */
    double low, high;     /* quantiles of the box that become 0 and 1; beyond them clipped */
    lar_reals hounsfield; /* CT is clipped to these two first; empty: not trained for CT */
} lar_strip_recipe;

/* A network that gives one channel: above 0 is brain. In a file: safetensors with these as notes.
 */
typedef struct lar_strip_model {
    const char *name;                 /* letters, digits, - and _ */
    const char *about, *cite;         /* a sentence; paper and DOI or arXiv */
    const char *licence;              /* its name, a line break, its text */
    const char *origin, *origin_file; /* where the weights come from; name and SHA-256 of that file,
                                         "model.bin 1234..." */
    char sha256[65];                  /* of its weights, in the order of the network */
    int64_t bytes;                    /* of its file; 0: it comes from none of ours */
    lar_network_params network;
    lar_strip_recipe recipe;
    struct lar_net *net;
    struct lar_arena *arena;
} lar_strip_model;

/* Everything is checked: each note and tensor, that weights are finite, and that nothing changed
 * since the file was written. LAR_EFORMAT says what is wrong. */
lar_status lar_strip_model_read(lar_strip_model **out, const char *path);
/* The same of bytes, which it takes over (of lar_alloc; freed also on failure). */
lar_status lar_strip_model_parse(lar_strip_model **out, char *bytes, size_t count,
                                 const char *shown);
lar_status lar_strip_model_write(const lar_strip_model *model, const char *path, bool force);
/* "meshnet, 25 layers of 15 channels, 146222 weights": for people. */
void lar_strip_model_words(lar_text *out, const lar_strip_model *model);
void lar_strip_model_free(lar_strip_model *model);
/* Whether bytes begin as such a file does. */
bool lar_strip_model_is(const char *bytes, size_t count);

/* A file that somebody else published, known by its SHA-256, as a model. LAR_EFORMAT names the hash
 * that was found, and what is known. Bytes are left to the caller. */
lar_status lar_strip_model_import(lar_strip_model **out, const char *bytes, size_t count,
                                  const char *shown);
/* Of bytes that are taken to be the file of a row of the table (0: MindGrab), whatever their hash.
 */
lar_status lar_strip_model_lay_out(lar_strip_model **out, int64_t row, const char *bytes,
                                   size_t count);

/* The folder of models: LARMOR_MODELS, else larmor/models in XDG_DATA_HOME or ~/.local/share. */
lar_status lar_strip_store(lar_text *folder);
/* The paths of the models in it, sorted; none where there is no such folder. */
lar_status lar_strip_store_list(lar_texts *paths, lar_arena *arena);
/* By its name, or a path (with a / or .safetensors); NULL: the first. LAR_ENOINPUT: there is none.
 */
lar_status lar_strip_store_open(lar_strip_model **out, const char *name);
/* Checks the file and puts a model into the folder, which is made where it is not there. The same
 * model once more is fine (*fresh false); another of its name LAR_EEXISTS, without `force`. */
lar_status lar_strip_store_add(lar_strip_model **out, lar_text *path, bool *fresh, const char *file,
                               bool force);

#endif
