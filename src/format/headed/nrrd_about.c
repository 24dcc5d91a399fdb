/* What an NRRD header says: its fields, the type of the voxels, and where they are.
 * SPDX-License-Identifier: Apache-2.0 */
#include "format/headed/nrrd.h"

/* Names of fields without the blanks that they may have or not, as the enum has them. */
static const char *const fields[NRRD_FIELDS + 1] = {
    "dimension", "type",           "encoding",        "endian",      "sizes",
    "space",     "spacedimension", "spacedirections", "spaceorigin", "spaceunits",
    "spacings",  "axismins",       "centers",         "kinds",       "units",
    "lineskip",  "byteskip",       "datafile",        NULL,
};

/* What the format knows beside them, of no use here. */
static const char *const idle_fields[] = {
    "content", "min",         "max",      "oldmin",           "oldmax",    "number", "sampleunits",
    "labels",  "thicknesses", "axismaxs", "measurementframe", "blocksize", NULL,
};

static const struct {
    lar_type type;
    const char *names[9]; /* the first as Teem writes it */
} types[] = {
    { LAR_U8, { "unsigned char", "uchar", "uint8", "uint8_t" } },
    { LAR_I8, { "signed char", "int8", "int8_t" } },
    { LAR_U16, { "unsigned short", "ushort", "unsigned short int", "uint16", "uint16_t" } },
    { LAR_I16, { "short", "short int", "signed short", "signed short int", "int16", "int16_t" } },
    { LAR_U32, { "unsigned int", "uint", "uint32", "uint32_t" } },
    { LAR_I32, { "int", "signed int", "int32", "int32_t" } },
    { LAR_U64,
      { "unsigned long long int", "unsigned long long", "ulonglong", "uint64", "uint64_t" } },
    { LAR_I64,
      { "long long int", "long long", "longlong", "signed long long", "signed long long int",
        "int64", "int64_t" } },
    { LAR_F32, { "float" } },
    { LAR_F64, { "double" } },
};

enum { NRRD_TYPES = sizeof types / sizeof *types };

const char *lar_nrrd_type(lar_type type)
{
    int n = 0;
    while (types[n].type != type) n++;
    return types[n].names[0];
}

bool lar_nrrd_is(const unsigned char *bytes, size_t count)
{
    return count >= 4 && memcmp(bytes, "NRRD", 4) == 0;
}

/* Names of fields and many values are the same in either case; in place. */
static void to_lower(char *text)
{
    for (; *text; text++)
        if (*text >= 'A' && *text <= 'Z') *text = (char)(*text - 'A' + 'a');
}

static void drop_blanks(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++)
        if (*from != ' ' && *from != '\t') *to++ = *from;
    *to = 0;
}

static lar_status check_magic(const char *line, const char *path)
{
    if (line && strlen(line) == 8 && lar_text_starts(line, "NRRD000") && line[7] >= '1' &&
        line[7] <= '5')
        return LAR_OK;
    return lar_fail(LAR_EUNSUPPORTED, "'%s' begins with '%.16s', expected NRRD0001 to NRRD0005",
                    path, line ? line : "");
}

/* Centers have a second name. */
static const char *one_name(const char *name)
{
    return lar_text_is(name, "centerings") ? "centers" : name;
}

static lar_status take_field(lar_nrrd *h, char *line, lar_arena *arena)
{
    bool known;
    char *colon = strstr(line, ": ");
    const char *own = strstr(line, ":=");
    if (own && (!colon || own < colon)) return LAR_OK; /* a key of someone's own */
    if (!colon && lar_text_ends(line, ":")) colon = line + strlen(line) - 1;
    if (!colon)
        return lar_fail(LAR_EFORMAT,
                        "the header of '%s' holds the line '%.40s', expected a field, a colon, and "
                        "a value",
                        h->path, line);
    *colon = 0;
    char *value = colon + 1 + strspn(colon + 1, " \t"),
         *name = lar_arena_text(arena, line, strlen(line));
    if (!name) return LAR_EMEMORY;
    to_lower(name);
    drop_blanks(name);
    const lar_status status =
        lar_header_take(&known, fields, h->values, one_name(name), value, h->path);
    if (status != LAR_OK || known) return status;
    for (int n = 0; idle_fields[n]; n++)
        if (lar_text_is(idle_fields[n], name)) return LAR_OK;
    return lar_fail(LAR_EFORMAT, "the header of '%s' has the unknown field '%.40s'", h->path, line);
}

/* Up to a line without content, or to the names of a list of files. */
static lar_status take_lines(lar_nrrd *h, lar_header_lines *lines)
{
    lar_status status = LAR_OK;
    char *line;
    LAR_TRY(lar_header_line(&line, lines));
    LAR_TRY(check_magic(line, h->path));
    for (;;) {
        LAR_TRY(lar_header_line(&line, lines));
        if (!line || !*line) break;
        if (*line == '#') continue;
        LAR_TRY(take_field(h, line, lines->arena));
        if (h->values[NRRD_DATA_FILE] && lar_text_starts(h->values[NRRD_DATA_FILE], "LIST")) break;
    }
    if (!line && !h->values[NRRD_DATA_FILE])
        return lar_fail(LAR_EFORMAT, "the header of '%s' does not end: an empty line is missing",
                        h->path);
    h->end = lines->at;
done:
    return status;
}

static lar_status need(const lar_nrrd *h, int field)
{
    static const char *const shown[] = { "dimension", "type", "encoding", "endian", "sizes" };
    return h->values[field] ? LAR_OK
                            : lar_fail(LAR_EFORMAT, "the header of '%s' does not say '%s'", h->path,
                                       shown[field]);
}

static lar_status check_type(lar_image_about *about, const lar_nrrd *h)
{
    char *name = h->values[NRRD_TYPE];
    to_lower(name);
    for (int n = 0; n < NRRD_TYPES; n++)
        for (int k = 0; types[n].names[k]; k++)
            if (lar_text_is(types[n].names[k], name)) {
                about->stored = about->type = types[n].type;
                return LAR_OK;
            }
    if (lar_text_is(name, "block"))
        return lar_fail(LAR_EUNSUPPORTED, "'%s' holds blocks, which larmor does not read", h->path);
    return lar_fail(LAR_EFORMAT, "the type of '%s' is '%.40s', expected one such as short", h->path,
                    name);
}

static lar_status check_sizes(lar_image_about *about, lar_nrrd *h)
{
    double sizes[NRRD_MOST_DIMS];
    if (!lar_parse_int(&h->dims, h->values[NRRD_DIMENSION]) || h->dims < 1 ||
        h->dims > NRRD_MOST_DIMS)
        return lar_fail(LAR_EFORMAT, "the dimension of '%s' is '%.40s', expected 1 to %d", h->path,
                        h->values[NRRD_DIMENSION], NRRD_MOST_DIMS);
    const lar_status status =
        lar_header_numbers(sizes, h->dims, h->values[NRRD_SIZES], "sizes", h->path);
    if (status != LAR_OK) return status;
    about->dims = h->dims < 7 ? h->dims : 7;
    for (int n = 0; n < 7; n++) about->dim[n] = 1;
    for (int n = 0; n < h->dims; n++) {
        /* 2^53: whole numbers are exact up to there */
        if (!(sizes[n] >= 1 && sizes[n] <= 0x1p53 && sizes[n] == (double)(int64_t)sizes[n]))
            return lar_fail(LAR_EFORMAT,
                            "'%s' has size %.17g in dimension %d, expected a whole number from 1",
                            h->path, sizes[n], n + 1);
        h->size[n] = (int64_t)sizes[n];
        if (n < 7) about->dim[n] = h->size[n];
    }
    return LAR_OK;
}

static lar_status check_encoding(lar_apart *apart, const lar_nrrd *h)
{
    static const char *const refused[] = { "txt", "text",  "ascii", "hex",
                                           "bz2", "bzip2", "zrl",   NULL };
    char *name = h->values[NRRD_ENCODING];
    to_lower(name);
    apart->packed = lar_text_is(name, "gzip") || lar_text_is(name, "gz");
    if (apart->packed || lar_text_is(name, "raw")) return LAR_OK;
    for (int n = 0; refused[n]; n++) {
        if (!lar_text_is(refused[n], name)) continue;
        const lar_status status =
            lar_fail(LAR_EUNSUPPORTED,
                     "'%s' holds its voxels in the encoding %s; larmor reads raw "
                     "and gzip",
                     h->path, name);
        return lar_hint(status, "unu save -f nrrd -e gzip -i '%s' -o other.nrrd", h->path);
    }
    return lar_fail(LAR_EFORMAT, "the encoding of '%s' is '%.40s', expected raw or gzip", h->path,
                    name);
}

static lar_status check_endian(lar_image_about *about, lar_voxels *v, const lar_nrrd *h)
{
    const size_t size = lar_type_size(about->stored);
    char *order = h->values[NRRD_ENDIAN];
    if (!order) return size > 1 ? need(h, NRRD_ENDIAN) : LAR_OK;
    to_lower(order);
    const bool big = lar_text_is(order, "big");
    if (!big && !lar_text_is(order, "little"))
        return lar_fail(LAR_EFORMAT, "the endian of '%s' is '%.40s', expected little or big",
                        h->path, order);
    about->swapped = v->swapped = big && size > 1;
    return LAR_OK;
}

static lar_status check_skips(lar_apart *apart, const lar_nrrd *h)
{
    int64_t lines = 0, bytes = 0;
    const char *text[2] = { h->values[NRRD_LINE_SKIP], h->values[NRRD_BYTE_SKIP] };
    if ((text[0] && (!lar_parse_int(&lines, text[0]) || lines < 0)) ||
        (text[1] && (!lar_parse_int(&bytes, text[1]) || bytes < -1)))
        return lar_fail(LAR_EFORMAT,
                        "'%s' skips '%.20s' lines and '%.20s' bytes, expected whole numbers from 0 "
                        "(bytes: or -1)",
                        h->path, text[0] ? text[0] : "0", text[1] ? text[1] : "0");
    apart->lines = lines;
    apart->last = bytes == -1;
    apart->skip = bytes > 0 ? bytes : 0;
    return LAR_OK;
}

/* Files of `sub` dimensions each: how many there are. */
static lar_status count_files(int64_t *files, const lar_nrrd *h, int64_t sub)
{
    *files = 1;
    if (sub < 1 || sub > h->dims)
        return lar_fail(LAR_EFORMAT, "'%s' has %lld dimensions, its files cannot have %lld",
                        h->path, (long long)h->dims, (long long)sub);
    for (int64_t n = sub; n < h->dims; n++)
        if (h->size[n] > INT32_MAX || (*files *= h->size[n]) > INT32_MAX)
            return lar_fail(LAR_EFORMAT, "'%s' cannot have as many files as its sizes say",
                            h->path);
    return LAR_OK;
}

/* The last word as a number, where there are `words` words or more; cut off. */
static bool cut_number(int64_t *out, char *text, int words)
{
    int count = 0;
    char *last = text;
    for (char *at = text; *at; count++) {
        last = at;
        at += strcspn(at, " \t");
        at += strspn(at, " \t");
    }
    if (count < words || !lar_parse_int(out, last)) return false;
    while (last > text && (last[-1] == ' ' || last[-1] == '\t')) last--;
    *last = 0;
    return true;
}

static lar_status take_list(lar_apart *apart, const lar_nrrd *h, lar_header_lines *lines)
{
    lar_status status = LAR_OK;
    int64_t sub = h->dims - 1, room = 0, count = 0;
    char *text = h->values[NRRD_DATA_FILE], *line;
    (void)cut_number(&sub, text, 2);
    if (!lar_text_is(text, "LIST"))
        return lar_fail(LAR_EFORMAT, "the data file of '%s' is '%.40s', expected LIST or a name",
                        h->path, text);
    LAR_TRY(count_files(&apart->files, h, sub));
    for (;; count++) {
        LAR_TRY(lar_header_line(&line, lines));
        if (!line || !*line) break;
        if (count == room) {
            char **more = lar_arena_take(lines->arena, room = 2 * count + 16, sizeof *more);
            if (!more) return LAR_EMEMORY;
            if (count) memcpy(more, apart->list, (size_t)count * sizeof *more);
            apart->list = more;
        }
        apart->list[count] = line;
    }
    if (count != apart->files)
        return lar_fail(LAR_EFORMAT, "'%s' lists %lld files, expected %lld by its sizes", h->path,
                        (long long)count, (long long)apart->files);
done:
    return status;
}

static lar_status check_files(lar_apart *apart, const lar_nrrd *h, lar_header_lines *lines)
{
    char *name = h->values[NRRD_DATA_FILE];
    apart->begin = name ? 0 : (int64_t)h->end;
    if (!name) return LAR_OK;
    if (lar_text_starts(name, "LIST")) return take_list(apart, h, lines);
    apart->name = name;
    if (!strchr(name, '%')) return LAR_OK;
    int64_t sub = h->dims - 1, files;
    (void)cut_number(&sub, name, 5);
    const lar_status status = count_files(&files, h, sub);
    return status == LAR_OK ? lar_apart_pattern(apart, name, files, lines->arena, h->path) : status;
}

lar_status lar_nrrd_about(lar_image_about *about, lar_voxels *v, lar_apart *apart,
                          lar_source *source, lar_arena *arena)
{
    lar_status status = LAR_OK;
    lar_nrrd h = { .path = source->path };
    lar_header_lines lines = { .source = source, .arena = arena };

    *v = (lar_voxels){ 0 };
    *apart = (lar_apart){ 0 };
    about->format = "NRRD";
    about->slope = 1;
    about->inter = 0;
    if (source->gzip) {
        status = lar_fail(LAR_EUNSUPPORTED,
                          "'%s' is an NRRD file compressed as a whole, which larmor does not read",
                          source->path);
        return lar_hint(status, "to inflate it with gunzip");
    }
    if (!about->notes) LAR_TRY(lar_notes_new(&about->notes, 0));
    LAR_TRY(take_lines(&h, &lines));
    LAR_TRY(need(&h, NRRD_DIMENSION));
    LAR_TRY(need(&h, NRRD_TYPE));
    LAR_TRY(need(&h, NRRD_ENCODING));
    LAR_TRY(need(&h, NRRD_SIZES));
    LAR_TRY(check_type(about, &h));
    LAR_TRY(check_sizes(about, &h));
    LAR_TRY(check_encoding(apart, &h));
    LAR_TRY(check_endian(about, v, &h));
    LAR_TRY(check_skips(apart, &h));
    LAR_TRY(check_files(apart, &h, &lines));
    LAR_TRY(lar_nrrd_axes(about, v, &h));
    about->gzip = apart->packed;
    LAR_TRY(lar_voxels_plan(v, about, 0, source->path));
    lar_voxels_set_type(v, about);
done:
    return status;
}
