/* What a MetaImage header says of sizes, type, byte order, and the files of its voxels; where ITK
 * has its own way, as ITK reads it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "format/headed/metaimage.h"

/* MetaIO's names of numbers; its LONG has 4 bytes. Of two, the first is written. */
static const struct {
    const char *name;
    lar_type type;
} types[] = {
    { "MET_UCHAR", LAR_U8 },      { "MET_CHAR", LAR_I8 },   { "MET_USHORT", LAR_U16 },
    { "MET_SHORT", LAR_I16 },     { "MET_UINT", LAR_U32 },  { "MET_INT", LAR_I32 },
    { "MET_ULONG", LAR_U32 },     { "MET_LONG", LAR_I32 },  { "MET_ULONG_LONG", LAR_U64 },
    { "MET_LONG_LONG", LAR_I64 }, { "MET_FLOAT", LAR_F32 }, { "MET_DOUBLE", LAR_F64 },
    { "MET_ASCII_CHAR", LAR_I8 },
};

enum { TYPE_COUNT = sizeof types / sizeof *types };

const char *lar_metaimage_type(lar_type type)
{
    int n = 0;
    while (types[n].type != type) n++;
    return types[n].name;
}

static lar_status check_sizes(lar_image_about *about, lar_meta *h)
{
    double sizes[META_MOST_DIMS];
    if (!h->values[META_DIMS]) return lar_meta_missing(h, META_DIMS);
    if (!h->values[META_SIZES]) return lar_meta_missing(h, META_SIZES);
    if (!lar_parse_int(&h->dims, h->values[META_DIMS]))
        return lar_meta_bad_value(h, META_DIMS, "2, 3 or 4");
    if (h->dims < 2 || h->dims > META_MOST_DIMS)
        return lar_fail(LAR_EUNSUPPORTED, "'%s' has %lld dimensions; larmor reads 2, 3 or 4",
                        h->path, (long long)h->dims);
    const lar_status status = lar_header_numbers(sizes, h->dims, h->values[META_SIZES],
                                                 lar_meta_keys[META_SIZES], h->path);
    if (status != LAR_OK) return status;
    about->dims = h->dims;
    for (int n = 0; n < 7; n++) about->dim[n] = 1;
    for (int n = 0; n < META_MOST_DIMS; n++) {
        h->size[n] = 1;
        if (n >= h->dims) continue;
        /* 2^53: whole numbers are exact up to there */
        if (!(sizes[n] >= 1 && sizes[n] <= 0x1p53 && sizes[n] == floor(sizes[n])))
            return lar_fail(LAR_EFORMAT,
                            "'%s' has size %.17g in dimension %d, expected a whole number from 1",
                            h->path, sizes[n], n + 1);
        about->dim[n] = h->size[n] = (int64_t)sizes[n];
    }
    for (int n = 0; n < 3; n++) about->grid.size[n] = h->size[n];
    h->channels = 1;
    return lar_meta_int(&h->channels, h, META_CHANNELS, 1);
}

static lar_status check_type(lar_image_about *about, const lar_meta *h)
{
    if (!h->values[META_TYPE]) return lar_meta_missing(h, META_TYPE);
    char *name = h->values[META_TYPE];
    const size_t cut = strlen("_ARRAY");
    for (int n = 0; n < TYPE_COUNT; n++) {
        const bool array = lar_text_ends(name, "_ARRAY");
        const size_t length = strlen(name) - (array ? cut : 0);
        if (strlen(types[n].name) != length || memcmp(types[n].name, name, length) != 0) continue;
        about->stored = about->type = types[n].type;
        return LAR_OK;
    }
    if (lar_text_is(name, "MET_STRING") || lar_text_ends(name, "_MATRIX") ||
        lar_text_is(name, "MET_OTHER") || lar_text_is(name, "MET_NONE"))
        return lar_fail(LAR_EUNSUPPORTED, "'%s' holds %s, which larmor does not read", h->path,
                        name);
    return lar_meta_bad_value(h, META_TYPE, "a type such as MET_SHORT");
}

static lar_status check_order(lar_image_about *about, lar_voxels *v, lar_meta *h)
{
    static const int orders[] = { META_BIG, META_BIG_TOO, -1 };
    lar_status status = LAR_OK;
    bool binary = true, big = false;
    int key;
    LAR_TRY(lar_meta_bool(&binary, h, META_BINARY));
    LAR_TRY(lar_meta_bool(&big, h, META_BIG));
    LAR_TRY(lar_meta_bool(&big, h, META_BIG_TOO));
    LAR_TRY(lar_meta_one_of(&key, h, orders));
    if (!binary)
        return lar_fail(LAR_EUNSUPPORTED,
                        "'%s' holds its voxels as text (BinaryData = False), which larmor does not "
                        "read",
                        h->path);
    if (key < 0 && lar_type_size(about->stored) > 1)
        lar_text_add(&about->warnings,
                     "it does not say BinaryDataByteOrderMSB: taken as little-endian\n");
    about->swapped = v->swapped = big && lar_type_size(about->stored) > 1;
done:
    return status;
}

static lar_status check_packing(lar_apart *apart, const lar_meta *h)
{
    lar_status status = LAR_OK;
    int64_t packed_count = 0;
    LAR_TRY(lar_meta_bool(&apart->packed, h, META_PACKED));
    LAR_TRY(lar_meta_int(&packed_count, h, META_PACKED_SIZE, 0));
    if (!apart->packed && packed_count > 0)
        return lar_fail(LAR_EFORMAT,
                        "the header of '%s' contradicts itself: it says CompressedDataSize, but "
                        "that nothing is compressed",
                        h->path);
    apart->packed_count = (size_t)packed_count;
done:
    return status;
}

/* HeaderSize counts from the beginning of the file that holds the voxels. */
static lar_status check_begin(lar_apart *apart, const lar_meta *h)
{
    int64_t size = 0;
    const lar_status status = lar_meta_int(&size, h, META_HEADER_SIZE, -1);
    const bool local = !apart->name && !apart->list;
    if (status != LAR_OK) return status;
    apart->begin = local ? (int64_t)h->end : 0;
    if (size > 0 && size < apart->begin)
        return lar_fail(LAR_EFORMAT, "'HeaderSize' of '%s' is %lld, but its header has %zu bytes",
                        h->path, (long long)size, h->end);
    if (size > 0) apart->begin = size;
    apart->last = size == -1;
    if (apart->last && apart->packed)
        return lar_fail(LAR_EFORMAT,
                        "'HeaderSize' of '%s' is -1: where compressed voxels begin is then unknown",
                        h->path);
    return LAR_OK;
}

/* "LIST", or "LIST 2": one name a line, for the slices of that many dimensions. */
static lar_status take_list(lar_apart *apart, const lar_meta *h, lar_header_lines *lines)
{
    lar_status status = LAR_OK;
    int64_t dims = h->dims - 1;
    const char *number = h->values[META_DATA_FILE] + strlen("LIST");
    number += strspn(number, " \t");
    if (*number && (!lar_parse_int(&dims, number) || dims < 1 || dims >= h->dims))
        return lar_meta_bad_value(h, META_DATA_FILE,
                                  "LIST and a number of dimensions below that of the image");
    apart->files = 1;
    for (int64_t n = dims; n < h->dims; n++)
        if (h->size[n] > INT32_MAX || (apart->files *= h->size[n]) > INT32_MAX)
            return lar_fail(LAR_EFORMAT, "'%s' cannot list as many files as its sizes say",
                            h->path);
    int64_t room = 0;
    for (int64_t n = 0; n < apart->files; n++) {
        char *line;
        LAR_TRY(lar_header_line(&line, lines));
        if (!line || !*line)
            return lar_fail(LAR_EFORMAT, "'%s' lists %lld files, expected %lld by its sizes",
                            h->path, (long long)n, (long long)apart->files);
        if (n == room) { /* as many as are there, not as many as are said */
            char **more = lar_arena_take(lines->arena, room = 2 * n + 16, sizeof *more);
            if (!more) return LAR_EMEMORY;
            if (n) memcpy(more, apart->list, (size_t)n * sizeof *more);
            apart->list = more;
        }
        apart->list[n] = line;
    }
done:
    return status;
}

static lar_status check_files(lar_apart *apart, const lar_meta *h, lar_header_lines *lines)
{
    const char *name = h->values[META_DATA_FILE];
    if (lar_text_is(name, "LOCAL") || lar_text_is(name, "Local") || lar_text_is(name, "local"))
        return LAR_OK;
    if (lar_text_is(name, "LIST") || lar_text_starts(name, "LIST "))
        return take_list(apart, h, lines);
    if (strchr(name, '%'))
        return lar_apart_pattern(apart, name, h->size[h->dims - 1], lines->arena, h->path);
    apart->name = name;
    return LAR_OK;
}

static lar_status check_scale(lar_image_about *about, const lar_meta *h)
{
    double slope = 1, inter = 0;
    if (h->values[META_SLOPE] && !lar_parse_real(&slope, h->values[META_SLOPE]))
        return lar_meta_bad_value(h, META_SLOPE, "a number");
    if (h->values[META_INTER] && !lar_parse_real(&inter, h->values[META_INTER]))
        return lar_meta_bad_value(h, META_INTER, "a number");
    about->slope = 1;
    about->inter = 0;
    if (slope != 1 || inter != 0)
        lar_text_add(&about->warnings,
                     "it says that intensities are %g times its voxels plus %g; its voxels are "
                     "taken as they are, as ITK does\n",
                     slope, inter);
    return LAR_OK;
}

lar_status lar_metaimage_about(lar_image_about *about, lar_voxels *v, lar_apart *apart,
                               lar_source *source, lar_arena *arena)
{
    lar_status status = LAR_OK;
    lar_meta h = { .path = source->path };
    lar_header_lines lines = { .source = source, .arena = arena };
    double step = 0;

    *v = (lar_voxels){ 0 };
    *apart = (lar_apart){ 0 };
    about->format = "MetaImage";
    if (source->gzip) {
        status = lar_fail(LAR_EUNSUPPORTED,
                          "'%s' is a MetaImage compressed as a whole, which larmor does not read",
                          source->path);
        return lar_hint(status, "to inflate it with gunzip");
    }
    if (!about->notes) LAR_TRY(lar_notes_new(&about->notes, 0));
    LAR_TRY(lar_meta_take_lines(&h, &lines));
    if (h.values[META_OBJECT_TYPE] && !lar_text_is(h.values[META_OBJECT_TYPE], "Image"))
        return lar_fail(LAR_EUNSUPPORTED, "'%s' holds the object '%.40s', expected an Image",
                        source->path, h.values[META_OBJECT_TYPE]);
    LAR_TRY(check_sizes(about, &h));
    LAR_TRY(check_type(about, &h));
    LAR_TRY(lar_meta_place(about, &h, &step));
    LAR_TRY(check_order(about, v, &h));
    LAR_TRY(check_scale(about, &h));
    LAR_TRY(check_packing(apart, &h));
    LAR_TRY(check_files(apart, &h, &lines));
    LAR_TRY(check_begin(apart, &h));
    if (h.channels > 1 && h.size[3] > 1)
        return lar_fail(LAR_EUNSUPPORTED,
                        "'%s' has %lld channels in each voxel of 4 dimensions; larmor reads one or "
                        "the other",
                        source->path, (long long)h.channels);
    about->channels = h.channels * h.size[3];
    v->interleaved = h.channels > 1;
    about->notes->step = step;
    about->gzip = apart->packed;
    LAR_TRY(lar_voxels_plan(v, about, 0, source->path));
    lar_voxels_set_type(v, about);
done:
    return status;
}
