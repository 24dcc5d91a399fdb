/* The safetensors format: a length, a JSON header, and the data of every tensor end to end.
 * https://github.com/huggingface/safetensors, "Format".
 * SPDX-License-Identifier: Apache-2.0 */
#include "codec/safetensors.h"

#include <jansson.h>

#include "base/base.h"

enum { HEADER_LIMIT = 16 << 20, PREFIX = 8 };
static const size_t file_limit = (size_t)1 << 38;

static const struct {
    const char *name;
    lar_type type;
} types[] = { { "F32", LAR_F32 }, { "F64", LAR_F64 }, { "I64", LAR_I64 }, { "I32", LAR_I32 },
              { "I16", LAR_I16 }, { "I8", LAR_I8 },   { "U64", LAR_U64 }, { "U32", LAR_U32 },
              { "U16", LAR_U16 }, { "U8", LAR_U8 } };
enum { TYPE_COUNT = sizeof types / sizeof *types };

static bool bytes_of(size_t *out, const lar_safetensor *tensor)
{
    return lar_size_product(out, tensor->size, tensor->dims, lar_type_size(tensor->type));
}

/* ---- writing --------------------------------------------------------------------------- */

/* Larger types first, so that every tensor is aligned to its own size. */
static lar_status write_order(const lar_safetensor **order, const lar_safetensor *tensors,
                              int64_t count)
{
    int64_t placed = 0;
    for (size_t size = 8; size > 0; size /= 2)
        for (int64_t n = 0; n < count; n++)
            if (lar_type_size(tensors[n].type) == size) order[placed++] = &tensors[n];
    return placed == count ? LAR_OK : lar_fail(LAR_EINTERNAL, "a tensor of an unknown type");
}

static lar_status add_tensor(json_t *header, const lar_safetensor *tensor, size_t *offset)
{
    const char *type = NULL;
    size_t bytes;
    for (int t = 0; t < TYPE_COUNT; t++)
        if (types[t].type == tensor->type) type = types[t].name;
    if (!bytes_of(&bytes, tensor))
        return lar_fail(LAR_EARGUMENT, "tensor '%s' is too large", tensor->name);
    json_t *shape = json_array();
    for (int d = 0; d < tensor->dims; d++)
        json_array_append_new(shape, json_integer(tensor->size[d]));
    json_t *entry = json_pack("{s:s, s:o, s:[I, I]}", "dtype", type, "shape", shape, "data_offsets",
                              (json_int_t)*offset, (json_int_t)(*offset + bytes));
    *offset += bytes;
    if (json_object_get(header, tensor->name) || lar_text_is(tensor->name, "__metadata__")) {
        json_decref(entry);
        return lar_fail(LAR_EARGUMENT, "tensor '%s' is there twice", tensor->name);
    }
    if (json_object_set_new(header, tensor->name, entry) != 0)
        return lar_fail(LAR_EARGUMENT, "the name of a tensor is not UTF-8");
    return LAR_OK;
}

static lar_status add_notes(json_t *header, const lar_safetensor_note *notes, int64_t count)
{
    json_t *metadata = json_object();
    for (int64_t n = 0; n < count; n++)
        if (json_object_set_new(metadata, notes[n].key, json_string(notes[n].text)) != 0) {
            json_decref(metadata);
            return lar_fail(LAR_EARGUMENT, "the note '%s' is not UTF-8", notes[n].key);
        }
    if (json_object_set_new(header, "__metadata__", metadata) != 0) return LAR_EMEMORY;
    return LAR_OK;
}

static lar_status put_all(const char *path, bool force, const char *header,
                          const lar_safetensor *const *order, int64_t count)
{
    const size_t length = strlen(header), padded = (length + 7) / 8 * 8;
    unsigned char prefix[PREFIX];
    lar_status status = LAR_OK;
    lar_writer *writer = NULL;
    if (padded > HEADER_LIMIT)
        return lar_fail(LAR_EARGUMENT, "names and notes of '%s' take more than 16 MB", path);
    for (int b = 0; b < PREFIX; b++) prefix[b] = (unsigned char)((uint64_t)padded >> (8 * b));
    LAR_TRY(lar_writer_open(&writer, path, force));
    LAR_TRY(lar_writer_put(writer, prefix, sizeof prefix));
    LAR_TRY(lar_writer_put(writer, header, length));
    LAR_TRY(lar_writer_put(writer, "       ", padded - length));
    for (int64_t n = 0; n < count; n++) {
        size_t bytes = 0;
        bytes_of(&bytes, order[n]);
        LAR_TRY(lar_writer_put(writer, order[n]->data, bytes));
    }
    LAR_TRY(lar_writer_commit(writer));
done:
    lar_writer_free(writer);
    return status;
}

lar_status lar_safetensors_write(const char *path, const lar_safetensor *tensors, int64_t count,
                                 const lar_safetensor_note *notes, int64_t note_count, bool force)
{
    lar_status status = LAR_OK;
    size_t offset = 0;
    char *text = NULL;
    json_t *header = json_object();
    const lar_safetensor **order = lar_alloc(count, sizeof(lar_safetensor *));

    if (!header || !order) {
        status = lar_fail(LAR_EMEMORY, "out of memory for the header of '%s'", path);
        goto done;
    }
    LAR_TRY(write_order(order, tensors, count));
    if (note_count > 0) LAR_TRY(add_notes(header, notes, note_count));
    for (int64_t n = 0; n < count; n++) LAR_TRY(add_tensor(header, order[n], &offset));
    text = json_dumps(header, JSON_COMPACT);
    if (!text) {
        status = lar_fail(LAR_EMEMORY, "out of memory for the header of '%s'", path);
        goto done;
    }
    LAR_TRY(put_all(path, force, text, order, count));
done:
    free(text);
    json_decref(header);
    lar_free(order);
    return status;
}

/* ---- reading --------------------------------------------------------------------------- */

typedef struct reader {
    const char *shown;
    lar_safetensors *file;
    lar_safetensor *tensors;
    size_t *begin; /* of each tensor in the data */
    size_t data_bytes;
} reader;

static lar_status take_shape(const reader *r, lar_safetensor *tensor, const json_t *shape)
{
    if (!json_is_array(shape) || json_array_size(shape) > LAR_SAFETENSOR_DIMS)
        return lar_fail(LAR_EFORMAT, "'%s': tensor '%s' has no shape of at most %d numbers",
                        r->shown, tensor->name, LAR_SAFETENSOR_DIMS);
    tensor->dims = (int)json_array_size(shape);
    for (int d = 0; d < tensor->dims; d++) {
        const json_t *size = json_array_get(shape, (size_t)d);
        if (!json_is_integer(size) || json_integer_value(size) < 0)
            return lar_fail(LAR_EFORMAT, "'%s': a size of tensor '%s' is not a whole number",
                            r->shown, tensor->name);
        tensor->size[d] = json_integer_value(size);
    }
    return LAR_OK;
}

static lar_status take_tensor(reader *r, int64_t n, const char *name, const json_t *entry)
{
    lar_safetensor *tensor = &r->tensors[n];
    tensor->name = lar_arena_text(r->file->arena, name, strlen(name));
    if (!tensor->name) return LAR_EMEMORY;
    const char *type = json_string_value(json_object_get(entry, "dtype"));
    const json_t *offsets = json_object_get(entry, "data_offsets");
    if (!type || json_array_size(offsets) != 2 || !json_is_integer(json_array_get(offsets, 0)) ||
        !json_is_integer(json_array_get(offsets, 1)))
        return lar_fail(LAR_EFORMAT, "'%s': tensor '%s' has no dtype or no two data_offsets",
                        r->shown, name);
    int row = 0;
    while (row < TYPE_COUNT && !lar_text_is(types[row].name, type)) row++;
    if (row == TYPE_COUNT)
        return lar_fail(LAR_EUNSUPPORTED,
                        "'%s': tensor '%s' is of type %.16s, expected F32, F64 or "
                        "an integer",
                        r->shown, name, type);
    tensor->type = types[row].type;
    const lar_status status = take_shape(r, tensor, json_object_get(entry, "shape"));
    if (status != LAR_OK) return status;
    const int64_t begin = json_integer_value(json_array_get(offsets, 0));
    const int64_t end = json_integer_value(json_array_get(offsets, 1));
    size_t bytes;
    if (begin < 0 || end < begin || (uint64_t)end > r->data_bytes)
        return lar_fail(LAR_EFORMAT,
                        "'%s': tensor '%s' lies at bytes %lld to %lld of %zu, the file is cut or "
                        "its header wrong",
                        r->shown, name, (long long)begin, (long long)end, r->data_bytes);
    if (!bytes_of(&bytes, tensor) || bytes != (size_t)(end - begin))
        return lar_fail(LAR_EFORMAT, "'%s': the shape of tensor '%s' does not fit its %lld bytes",
                        r->shown, name, (long long)(end - begin));
    r->begin[n] = (size_t)begin;
    return LAR_OK;
}

static size_t end_of(const reader *r, int64_t n)
{
    size_t bytes = 0;
    bytes_of(&bytes, &r->tensors[n]);
    return r->begin[n] + bytes;
}

/* Insertion into the order of the data; the files here hold some hundred tensors at most. */
static void sort(reader *r, int64_t count)
{
    for (int64_t n = 1; n < count; n++) {
        const lar_safetensor tensor = r->tensors[n];
        const size_t begin = r->begin[n], end = end_of(r, n);
        int64_t m = n;
        for (; m > 0 &&
               (r->begin[m - 1] > begin || (r->begin[m - 1] == begin && end_of(r, m - 1) > end));
             m--) {
            r->tensors[m] = r->tensors[m - 1];
            r->begin[m] = r->begin[m - 1];
        }
        r->tensors[m] = tensor;
        r->begin[m] = begin;
    }
}

static lar_status check_cover(reader *r, int64_t count)
{
    size_t at = 0;
    for (int64_t n = 0; n < count; n++) {
        if (r->begin[n] != at)
            return lar_fail(LAR_EFORMAT, "'%s': tensor '%s' begins at byte %zu, expected %zu",
                            r->shown, r->tensors[n].name, r->begin[n], at);
        if (at % lar_type_size(r->tensors[n].type) != 0)
            return lar_fail(LAR_EUNSUPPORTED, "'%s': tensor '%s' is not aligned", r->shown,
                            r->tensors[n].name);
        r->tensors[n].data = r->file->bytes + at;
        at = end_of(r, n);
    }
    if (at != r->data_bytes)
        return lar_fail(LAR_EFORMAT, "'%s': %zu bytes of data belong to no tensor", r->shown,
                        r->data_bytes - at);
    return LAR_OK;
}

static lar_status take_notes(reader *r, const json_t *metadata)
{
    const char *key;
    json_t *value;
    lar_safetensors *file = r->file;
    lar_safetensor_note *notes = lar_arena_take(file->arena, (int64_t)json_object_size(metadata),
                                                sizeof(lar_safetensor_note));
    if (!json_is_object(metadata))
        return lar_fail(LAR_EFORMAT, "'%s': __metadata__ is not an object", r->shown);
    if (!notes) return LAR_EMEMORY;
    file->notes = notes;
    json_object_foreach((json_t *)(uintptr_t)metadata, key, value)
    {
        lar_safetensor_note *note = &notes[file->note_count++];
        if (!json_is_string(value))
            return lar_fail(LAR_EFORMAT, "'%s': the note '%s' is not text", r->shown, key);
        note->key = lar_arena_text(file->arena, key, strlen(key));
        note->text =
            lar_arena_text(file->arena, json_string_value(value), strlen(json_string_value(value)));
        if (!note->key || !note->text) return LAR_EMEMORY;
    }
    return LAR_OK;
}

static lar_status take_header(reader *r, json_t *header)
{
    lar_status status = LAR_OK;
    const char *name;
    json_t *entry;
    lar_safetensors *file = r->file;
    const int64_t room = (int64_t)json_object_size(header);
    file->tensors = r->tensors = lar_arena_take(file->arena, room, sizeof *r->tensors);
    r->begin = lar_arena_take(file->arena, room, sizeof *r->begin);
    if (!r->tensors || !r->begin) return LAR_EMEMORY;
    json_object_foreach(header, name, entry)
    {
        if (lar_text_is(name, "__metadata__"))
            LAR_TRY(take_notes(r, entry));
        else
            LAR_TRY(take_tensor(r, file->count++, name, entry));
    }
    sort(r, file->count);
    LAR_TRY(check_cover(r, file->count));
done:
    return status;
}

lar_status lar_safetensors_parse(lar_safetensors **out, char *bytes, size_t count,
                                 const char *shown)
{
    lar_status status = LAR_OK;
    json_t *header = NULL;
    json_error_t error;
    uint64_t length = 0;
    lar_safetensors *file = lar_alloc(1, sizeof *file);

    *out = NULL;
    if (!file) {
        lar_free(bytes);
        return LAR_EMEMORY;
    }
    file->bytes = bytes;
    LAR_TRY(lar_arena_new(&file->arena));
    for (size_t b = 0; b < PREFIX && b < count; b++)
        length |= (uint64_t)(unsigned char)bytes[b] << (8 * b);
    if (count < PREFIX || length > HEADER_LIMIT || length > count - PREFIX) {
        status =
            lar_fail(LAR_EFORMAT,
                     "'%s' is not a safetensors file, or is cut: it has %zu bytes and says its "
                     "header has %llu",
                     shown, count, (unsigned long long)length);
        goto done;
    }
    header = json_loadb(bytes + PREFIX, (size_t)length, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(header)) {
        status = lar_fail(LAR_EFORMAT, "'%s': the header is not a JSON object: %s", shown,
                          header ? "it is something else" : error.text);
        goto done;
    }
    reader r = { .shown = shown, .file = file, .data_bytes = count - PREFIX - (size_t)length };
    memmove(bytes, bytes + PREFIX + length, r.data_bytes); /* so that the data are aligned */
    LAR_TRY(take_header(&r, header));
    *out = file;
    file = NULL;
done:
    json_decref(header);
    lar_safetensors_free(file);
    return status;
}

lar_status lar_safetensors_read(lar_safetensors **out, const char *path)
{
    char *bytes;
    size_t count;
    *out = NULL;
    const lar_status status = lar_file_read(&bytes, &count, path, file_limit);
    if (status != LAR_OK) return status;
    return lar_safetensors_parse(out, bytes, count, path);
}

const lar_safetensor *lar_safetensors_find(const lar_safetensors *file, const char *name)
{
    for (int64_t n = 0; n < file->count; n++)
        if (lar_text_is(file->tensors[n].name, name)) return &file->tensors[n];
    return NULL;
}

const char *lar_safetensors_note(const lar_safetensors *file, const char *key)
{
    for (int64_t n = 0; n < file->note_count; n++)
        if (lar_text_is(file->notes[n].key, key)) return file->notes[n].text;
    return NULL;
}

void lar_safetensors_free(lar_safetensors *file)
{
    if (!file) return;
    lar_arena_free(file->arena);
    lar_free(file->bytes);
    lar_free(file);
}
