/* Any bytes as a safetensors file: never a crash, and what is accepted covers the data to the byte
 * and is found by name. SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "codec/codec.h"
#include "fuzz.h"

static void check(const lar_safetensors *file)
{
    const char *at = file->bytes;
    for (int64_t n = 0; n < file->count; n++) {
        const lar_safetensor *t = &file->tensors[n];
        size_t bytes;
        if (!lar_size_product(&bytes, t->size, t->dims, lar_type_size(t->type)) || t->data != at)
            abort();
        if (!lar_safetensors_find(file, t->name)) abort();
        at += bytes;
    }
    for (int64_t n = 0; n < file->note_count; n++)
        if (!lar_safetensors_note(file, file->notes[n].key)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    lar_safetensors *file = NULL;
    char *copy = lar_alloc((int64_t)count, 1);
    if (!copy) return 0;
    memcpy(copy, bytes, count);
    const lar_status status = lar_safetensors_parse(&file, copy, count, "fuzz");
    if ((status == LAR_OK) != (file != NULL)) abort();
    if (file) check(file);
    lar_safetensors_free(file);
    return 0;
}
