/* Voxels in one file or several: found, unpacked, joined.
 * SPDX-License-Identifier: Apache-2.0 */
#include "format/headed/apart.h"

#include "codec/codec.h"

enum { MOST_FILES = 65536, MOST_DIGITS = 18 };

/* A number of the pattern; more than this is no number of a slice. */
static bool parse_number(int64_t *out, const char *text)
{
    return lar_parse_int(out, text) && *out >= 0 && *out <= INT32_MAX;
}

/* "%d", "%03d": the only one of its kind. Gives its digits and where it ends. */
static bool find_place(const char *name, const char **begin, const char **end, int *digits,
                       bool *zeros)
{
    *begin = strchr(name, '%');
    if (!*begin || strchr(*begin + 1, '%')) return false;
    const char *at = *begin + 1;
    *zeros = *at == '0';
    *digits = 0;
    while (*at >= '0' && *at <= '9' && *digits <= MOST_DIGITS) *digits = *digits * 10 + *at++ - '0';
    *end = at + 1;
    return (*at == 'd' || *at == 'i' || *at == 'u') && *digits <= MOST_DIGITS;
}

lar_status lar_apart_pattern(lar_apart *apart, const char *text, int64_t files, lar_arena *arena,
                             const char *path)
{
    const char *begin, *end;
    int digits;
    bool zeros;
    int64_t numbers[3]; /* first, last, step */
    char *words = lar_arena_text(arena, text, strlen(text));
    if (!words) return LAR_EMEMORY;
    /* the numbers stand at the end, so that a name may have blanks */
    int count = 0;
    for (; count < 3; count++) {
        char *blank = strrchr(words, ' ');
        if (!blank || !parse_number(&numbers[2 - count], blank + 1)) break;
        while (blank > words && blank[-1] == ' ') blank--;
        *blank = 0;
    }
    if (!find_place(words, &begin, &end, &digits, &zeros))
        return lar_fail(LAR_EFORMAT,
                        "'%s' names its voxels '%.200s', expected a name with one number in it, "
                        "such as %%03d, then the first number, the last and the step",
                        path, text);
    const int64_t *given = numbers + 3 - count;
    apart->name = words;
    apart->numbered = true;
    apart->first = count ? given[0] : 1;
    apart->step = count == 3 ? given[2] : 1;
    const int64_t last = count > 1 ? given[1] : apart->first + files - 1;
    if (apart->step < 1 || last < apart->first || (last - apart->first) / apart->step + 1 != files)
        return lar_fail(LAR_EFORMAT,
                        "'%s' names its voxels '%.200s', but has %lld files of them by its sizes",
                        path, text, (long long)files);
    apart->files = files;
    return LAR_OK;
}

static const char *name_of_file(const lar_apart *apart, int64_t n, lar_arena *arena)
{
    const char *begin, *end;
    int digits;
    bool zeros;
    if (apart->list) return apart->list[n];
    if (!apart->numbered || !find_place(apart->name, &begin, &end, &digits, &zeros))
        return apart->name;
    const long long number = apart->first + n * apart->step;
    const int before = (int)(begin - apart->name);
    return zeros ? lar_arena_format(arena, "%.*s%0*lld%s", before, apart->name, digits, number, end)
                 : lar_arena_format(arena, "%.*s%*lld%s", before, apart->name, digits, number, end);
}

static lar_status skip_lines(size_t *begin, const lar_source *source, int64_t lines)
{
    for (; lines > 0; lines--) {
        const unsigned char *end = memchr(source->bytes + *begin, '\n', source->count - *begin);
        if (!end)
            return lar_fail(LAR_EFORMAT, "'%s' has fewer lines before its voxels than to skip",
                            source->path);
        *begin = (size_t)(end - source->bytes) + 1;
    }
    return LAR_OK;
}

/* The length alone: of packed bytes, what they inflate to is not known. */
static lar_status check_one(const lar_source *source, const lar_apart *apart, size_t needed)
{
    const size_t begin = (size_t)apart->begin;
    if (apart->packed) return lar_source_check_length(source, begin + apart->packed_count);
    return lar_source_check_length(source, begin + (size_t)apart->skip + needed);
}

static lar_status read_one(lar_content *out, size_t *spare, lar_source *source,
                           const lar_apart *apart, size_t needed)
{
    size_t begin = (size_t)apart->begin;
    if (begin > source->count) begin = source->count;
    lar_status status = skip_lines(&begin, source, apart->lines);
    if (status != LAR_OK) return status;
    const size_t left = source->count - begin;
    lar_part part = { .begin = begin, .count = left };
    if (apart->packed) {
        part.packing =
            lar_gzip_is(source->bytes + begin, left) ? LAR_PACKING_GZIP : LAR_PACKING_ZLIB;
        if (apart->packed_count > left)
            return lar_fail(LAR_EFORMAT,
                            "'%s' is too short: its compressed voxels are said to have %zu bytes, "
                            "%zu are there",
                            source->path, apart->packed_count, left);
        if (apart->packed_count) {
            *spare += left - apart->packed_count;
            part.count = apart->packed_count;
        }
    }
    const size_t skip = (size_t)apart->skip;
    status = lar_source_part(out, source, &part, skip + needed);
    if (status != LAR_OK) return status;
    const size_t before = apart->last ? out->count - needed : skip;
    out->lead += before;
    out->count -= before;
    *spare += out->count - needed;
    return LAR_OK;
}

static lar_status read_file(lar_content *out, size_t *spare, lar_source *header,
                            const lar_apart *apart, int64_t n, size_t needed, lar_arena *arena)
{
    lar_status status = LAR_OK;
    lar_source beside = { 0 };
    lar_source *source = header;
    if (apart->name || apart->list) {
        const char *name = name_of_file(apart, n, arena);
        if (!name) return LAR_EMEMORY;
        LAR_TRY(lar_source_open_beside(&beside, header, name, arena));
        source = &beside;
    }
    LAR_TRY(out ? read_one(out, spare, source, apart, needed) : check_one(source, apart, needed));
done:
    lar_source_clear(&beside);
    return status;
}

/* One after the other, then side by side: the sum is taken when all are there. */
static lar_status join(lar_content *out, size_t *spare, lar_source *header, const lar_apart *apart,
                       size_t each, lar_arena *arena)
{
    lar_status status = LAR_OK;
    const int64_t files = apart->files;
    lar_content *parts = lar_alloc(files, sizeof *parts);
    if (!parts) return LAR_EMEMORY;
    for (int64_t n = 0; n < files; n++)
        LAR_TRY(read_file(&parts[n], spare, header, apart, n, each, arena));
    *out = (lar_content){ .block = lar_alloc_raw(files, each), .count = (size_t)files * each };
    if (!out->block) status = LAR_EMEMORY;
    for (int64_t n = 0; n < files && status == LAR_OK; n++)
        memcpy(out->block + (size_t)n * each, parts[n].block + parts[n].lead, each);
done:
    for (int64_t n = 0; n < files; n++) lar_free(parts[n].block);
    lar_free(parts);
    return status;
}

lar_status lar_apart_read(lar_content *out, lar_image_about *about, lar_source *header,
                          const lar_apart *apart, size_t needed, lar_arena *arena)
{
    lar_status status = LAR_OK;
    size_t spare = 0;
    const int64_t files = apart->files > 1 ? apart->files : 1;
    const size_t each = needed / (size_t)files;

    if (apart->begin < 0 || apart->begin > INT32_MAX || apart->skip < 0 ||
        apart->skip > INT32_MAX || apart->lines < 0)
        return lar_fail(LAR_EFORMAT, "the voxels of '%s' cannot begin where it says", header->path);
    if (files > MOST_FILES)
        return lar_fail(LAR_EUNSUPPORTED,
                        "the voxels of '%s' are in %lld files; larmor reads up to %d", header->path,
                        (long long)files, MOST_FILES);
    if (!out) {
        for (int64_t n = 0; n < files; n++)
            LAR_TRY(read_file(NULL, NULL, header, apart, n, each, arena));
        goto done;
    }
    LAR_TRY(files > 1 ? join(out, &spare, header, apart, each, arena)
                      : read_file(out, &spare, header, apart, 0, needed, arena));
    lar_voxels_say_spare(about, needed + spare, needed);
done:
    return status;
}
