/* Lines, keys and values of headers that are text.
 * SPDX-License-Identifier: Apache-2.0 */
#include "format/headed/header_lines.h"
#include "format/lines.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Of a source that holds the beginning alone: all of it. */
static lar_status read_on(lar_source *source)
{
    lar_source whole;
    const lar_status status = lar_source_open(&whole, source->path, false);
    if (status == LAR_OK) {
        lar_free(source->bytes);
        source->bytes = whole.bytes;
        source->count = whole.count;
        source->file_count = whole.file_count;
        whole.bytes = NULL;
    }
    lar_source_clear(&whole);
    return status;
}

lar_status lar_header_line(char **out, lar_header_lines *lines)
{
    lar_status status = LAR_OK;
    lar_source *source = lines->source;
    *out = NULL;
    if (source->count < source->file_count &&
        !memchr(source->bytes + lines->at, '\n', source->count - lines->at))
        LAR_TRY(read_on(source));
    if (lines->at >= source->count) return LAR_OK;

    const char *begin = (const char *)source->bytes + lines->at;
    const size_t left = source->count - lines->at;
    const char *end = memchr(begin, '\n', left);
    const size_t length = end ? (size_t)(end - begin) : left;
    for (size_t n = 0; n < length; n++)
        if (((unsigned char)begin[n] < ' ' && !is_blank(begin[n])) || begin[n] == 0x7f)
            return lar_fail(LAR_EFORMAT,
                            "the header of '%s' holds the byte 0x%02x, expected lines of text",
                            source->path, (unsigned)(unsigned char)begin[n]);
    lines->at += length + (end != NULL);
    size_t first = 0, last = length;
    while (first < last && is_blank(begin[first])) first++;
    while (last > first && is_blank(begin[last - 1])) last--;
    *out = lar_arena_text(lines->arena, begin + first, last - first);
    if (!*out) status = LAR_EMEMORY;
done:
    return status;
}

/* One letter replaced, added or left out. */
static bool one_letter_apart(const char *a, const char *b)
{
    size_t a_length = strlen(a), b_length = strlen(b), same = 0;
    while (a[same] && a[same] == b[same]) same++;
    a += same, b += same, a_length -= same, b_length -= same;
    while (a_length && b_length && a[a_length - 1] == b[b_length - 1]) a_length--, b_length--;
    return a_length <= 1 && b_length <= 1;
}

lar_status lar_header_take(bool *known, const char *const *names, char **values, const char *key,
                           char *value, const char *path)
{
    *known = false;
    for (int n = 0; names[n]; n++) {
        if (!lar_text_is(names[n], key)) continue;
        if (values[n])
            return lar_fail(LAR_EFORMAT, "the header of '%s' says '%s' twice", path, key);
        values[n] = value;
        *known = true;
        return LAR_OK;
    }
    for (int n = 0; names[n]; n++)
        if (one_letter_apart(names[n], key))
            return lar_fail(LAR_EFORMAT, "the header of '%s' has the unknown key '%.80s', not '%s'",
                            path, key, names[n]);
    return LAR_OK;
}

lar_status lar_header_numbers(double *out, int64_t count, char *value, const char *key,
                              const char *path)
{
    int64_t found;
    const lar_status status = lar_line_numbers(out, &found, count, value, path);
    if (status != LAR_OK) return lar_while(status, "cannot take '%s' of '%s'", key, path);
    if (found == count) return LAR_OK;
    return lar_fail(LAR_EFORMAT, "'%s' of '%s' has %lld numbers, expected %lld", key, path,
                    (long long)found, (long long)count);
}

char *lar_header_sibling(lar_arena *arena, const char *path, const char *old_end,
                         const char *new_end)
{
    return lar_arena_format(arena, "%.*s%s", (int)(strlen(path) - strlen(old_end)), path, new_end);
}
