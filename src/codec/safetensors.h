/* safetensors: named tensors and notes in one file (https://github.com/huggingface/safetensors).
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_SAFETENSORS_H
#define LAR_SAFETENSORS_H

#include <larmor/larmor.h>

enum { LAR_SAFETENSOR_DIMS = 8 };

typedef struct lar_safetensor {
    const char *name;
    lar_type type;
    int dims;
    int64_t size[LAR_SAFETENSOR_DIMS]; /* slowest first */
    const void *data;                  /* contiguous; its bytes follow from type and sizes */
} lar_safetensor;

typedef struct lar_safetensor_note {
    const char *key, *text;
} lar_safetensor_note;

/* A file in memory; names, notes and data are borrowed from it. */
typedef struct lar_safetensors {
    int64_t count, note_count;
    const lar_safetensor *tensors; /* in the order of their data */
    const lar_safetensor_note *notes;
    struct lar_arena *arena;
    char *bytes;
} lar_safetensors;

/* Through the atomic writer. Names and keys are unique; notes are UTF-8. */
lar_status lar_safetensors_write(const char *path, const lar_safetensor *tensors, int64_t count,
                                 const lar_safetensor_note *notes, int64_t note_count, bool force);
/* Everything is checked: header length, JSON, types, shapes, and that the data fill the file
 * without holes or overlaps. LAR_EFORMAT otherwise, LAR_EUNSUPPORTED for a type that lar_type lacks
 * (float16, bfloat16). */
lar_status lar_safetensors_read(lar_safetensors **out, const char *path);
/* The same from bytes, which it takes over (of lar_alloc; freed also on failure). `shown` is what
 * messages call them. */
lar_status lar_safetensors_parse(lar_safetensors **out, char *bytes, size_t count,
                                 const char *shown);
const lar_safetensor *lar_safetensors_find(const lar_safetensors *file,
                                           const char *name);                   /* NULL: none */
const char *lar_safetensors_note(const lar_safetensors *file, const char *key); /* NULL: none */
void lar_safetensors_free(lar_safetensors *file);

#endif
