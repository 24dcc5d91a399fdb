/* The text of a PAR file: general information, and the table of slices.
 * SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <math.h>

#include "format/headed/parrec.h"
#include "format/lines.h"

/* ---- general information ----------------------------------------------------------------- */

enum { VALUES = 8 };

/* How a line of general information begins, in lower case and with one blank for many; scanners
 * differ in capitals and units. */
static const struct item {
    const char *key;
    int least, most; /* numbers; more than `most` are counted, but not kept */
    bool whole;
    size_t at; /* in par_general */
} items[] = {
    { "max. number of cardiac phases", 1, 1, true, offsetof(par_general, most[PAR_PHASE]) },
    { "max. number of echoes", 1, 1, true, offsetof(par_general, most[PAR_ECHO]) },
    { "max. number of slices/locations", 1, 1, true, offsetof(par_general, most[PAR_SLICE]) },
    { "max. number of dynamics", 1, 1, true, offsetof(par_general, most[PAR_DYNAMIC]) },
    { "max. number of mixes", 1, 1, true, offsetof(par_general, mixes) },
    { "max. number of diffusion values", 1, 1, true, offsetof(par_general, most[PAR_B_VALUE]) },
    { "max. number of gradient orients", 1, 1, true, offsetof(par_general, most[PAR_GRADIENT]) },
    { "number of label types", 1, 1, true, offsetof(par_general, most[PAR_LABEL]) },
    { "dynamic scan", 1, 1, true, offsetof(par_general, dynamic) },
    { "diffusion <", 1, 1, true, offsetof(par_general, diffusion) },
    { "angulation midslice", 3, 3, false, offsetof(par_general, angulation) },
    { "off centre midslice", 3, 3, false, offsetof(par_general, centre_mm) },
    { "image pixel size", 1, 1, true, offsetof(par_general, bits) },
    { "recon resolution", 2, 2, true, offsetof(par_general, size) },
    { "slice thickness", 1, 1, false, offsetof(par_general, thickness_mm) },
    { "slice gap", 1, 1, false, offsetof(par_general, gap_mm) },
    { "repetition time", 0, VALUES, false, offsetof(par_general, repetition_ms) },
};

enum { ITEM_COUNT = sizeof items / sizeof *items, REPETITION = ITEM_COUNT - 1 };

/* Lower case, one blank for many. */
static void plain_key(char *out, size_t room, const char *from, size_t length)
{
    size_t at = 0;
    for (size_t n = 0; n < length && at + 1 < room; n++) {
        const bool blank = isspace((unsigned char)from[n]);
        if (blank && (at == 0 || out[at - 1] == ' ')) continue;
        out[at++] = blank ? ' ' : (char)tolower((unsigned char)from[n]);
    }
    out[at] = 0;
}

static bool is_whole(double value)
{
    return value == floor(value) && fabs(value) <= INT32_MAX;
}

static lar_status take_item(par_file *file, const struct item *item, char *value)
{
    double numbers[VALUES];
    int64_t found;
    char *at = (char *)&file->general + item->at;
    const lar_status status = lar_line_numbers(numbers, &found, item->most, value, file->name);

    if (status != LAR_OK) return lar_while(status, "in its line '%s'", item->key);
    if (found < item->least)
        return lar_fail(LAR_EFORMAT, "'%s' says %lld numbers as '%s', expected %d", file->name,
                        (long long)found, item->key, item->least);
    if (item == &items[REPETITION]) {
        file->general.repetition_ms = found ? numbers[0] : 0;
        file->general.repetitions = found;
        return LAR_OK;
    }
    for (int n = 0; n < item->most; n++) {
        if (!item->whole) {
            memcpy(at + n * (int)sizeof numbers[n], &numbers[n], sizeof numbers[n]);
            continue;
        }
        if (!is_whole(numbers[n]) || numbers[n] < 0)
            return lar_fail(LAR_EFORMAT,
                            "'%s' says %.17g as '%s', expected a whole number from 0 to %d",
                            file->name, numbers[n], item->key, INT32_MAX);
        const int64_t whole = (int64_t)numbers[n];
        memcpy(at + n * (int)sizeof whole, &whole, sizeof whole);
    }
    return LAR_OK;
}

/* ".    Max. number of echoes   :   1" */
static lar_status take_general(par_file *file, bool *seen, char *line, int64_t number)
{
    char key[80];
    char *colon = strchr(line, ':');
    if (!colon)
        return lar_fail(LAR_EFORMAT, "line %lld of '%s' has no colon behind its key: '%.40s'",
                        (long long)number, file->name, line);
    plain_key(key, sizeof key, line + 1, (size_t)(colon - line) - 1);
    for (int n = 0; n < ITEM_COUNT; n++) {
        if (!lar_text_starts(key, items[n].key)) continue;
        if (seen[n])
            return lar_fail(LAR_EFORMAT, "'%s' says '%s' twice, the second time in line %lld",
                            file->name, items[n].key, (long long)number);
        seen[n] = true;
        return take_item(file, &items[n], colon + 1);
    }
    return LAR_OK; /* who the patient is, among others */
}

/* Without these there is no image; of V3 the slices' lines do not say the last four. */
static lar_status check_general(const par_file *file, const bool *seen)
{
    for (int n = 0; n < ITEM_COUNT; n++) {
        const size_t at = items[n].at;
        const bool old = at >= offsetof(par_general, bits);
        if (seen[n] || n == REPETITION || (old && !lar_text_is(file->version, "V3"))) continue;
        if (old || at == offsetof(par_general, most[PAR_SLICE]) ||
            at == offsetof(par_general, angulation) || at == offsetof(par_general, centre_mm))
            return lar_fail(LAR_EFORMAT, "'%s' does not say its '%s'", file->name, items[n].key);
    }
    return LAR_OK;
}

/* ---- the table --------------------------------------------------------------------------- */

enum { MOST_COLUMNS = 49 };

/* Where V3 has what later versions have; -1: not in the table. */
static const struct column {
    int column, column_v3; /* from 0 */
    int count;
    bool whole;
    size_t at; /* in par_slice */
} columns[] = {
    { 0, 0, 1, true, offsetof(par_slice, key[PAR_SLICE]) },
    { 1, 1, 1, true, offsetof(par_slice, key[PAR_ECHO]) },
    { 2, 2, 1, true, offsetof(par_slice, key[PAR_DYNAMIC]) },
    { 3, 3, 1, true, offsetof(par_slice, key[PAR_PHASE]) },
    { 4, 4, 1, true, offsetof(par_slice, key[PAR_KIND]) },
    { 5, 5, 1, true, offsetof(par_slice, key[PAR_SEQUENCE]) },
    { 6, 6, 1, true, offsetof(par_slice, index) },
    { 7, -1, 1, true, offsetof(par_slice, bits) },
    { 9, -1, 2, true, offsetof(par_slice, size) },
    { 11, 7, 3, false, offsetof(par_slice, inter) }, /* inter, slope, scale */
    { 16, 12, 3, false, offsetof(par_slice, angulation) },
    { 19, 15, 3, false, offsetof(par_slice, centre_mm) },
    { 22, -1, 2, false, offsetof(par_slice, thickness_mm) }, /* and gap_mm */
    { 25, 19, 1, true, offsetof(par_slice, orientation) },
    { 28, 22, 2, false, offsetof(par_slice, spacing_mm) },
    { 41, -1, 1, true, offsetof(par_slice, key[PAR_B_VALUE]) }, /* from V4.1 on */
    { 42, -1, 1, true, offsetof(par_slice, key[PAR_GRADIENT]) },
    { 48, -1, 1, true, offsetof(par_slice, key[PAR_LABEL]) }, /* from V4.2 on */
};

static const struct version {
    const char *name;
    int columns;
} versions[] = { { "V3", 29 }, { "V4", 41 }, { "V4.1", 48 }, { "V4.2", 49 } };

enum { VERSION_COUNT = sizeof versions / sizeof *versions };

static const struct version *find_version(const char *name)
{
    for (int n = 0; n < VERSION_COUNT; n++)
        if (lar_text_is(versions[n].name, name)) return &versions[n];
    return NULL;
}

/* The words of a line, in place; how many, also past `most`. */
static int split_words(char **words, int most, char *line)
{
    int found = 0;
    for (char *at = line + strspn(line, " \t"); *at; found++) {
        const size_t length = strcspn(at, " \t");
        char *next = at + length + strspn(at + length, " \t");
        at[length] = 0;
        if (found < most) words[found] = at;
        at = next;
    }
    return found;
}

static lar_status take_slice(par_slice *slice, const par_file *file, char *line, int64_t number)
{
    char *words[MOST_COLUMNS];
    const struct version *version = find_version(file->version);
    const bool old = lar_text_is(file->version, "V3");
    const int found = split_words(words, MOST_COLUMNS, line);

    slice->line = number;
    if (found != version->columns)
        return lar_fail(LAR_EFORMAT,
                        "line %lld of '%s' has %d columns, a table of version %s has %d",
                        (long long)number, file->name, found, file->version, version->columns);
    for (size_t n = 0; n < sizeof columns / sizeof *columns; n++) {
        const struct column *c = &columns[n];
        const int first = old ? c->column_v3 : c->column;
        char *at = (char *)slice + c->at;
        for (int k = 0; k < c->count && first >= 0 && first < version->columns; k++, at += 8) {
            double value;
            if (!lar_parse_real(&value, words[first + k]) || (c->whole && !is_whole(value)))
                return lar_fail(LAR_EFORMAT,
                                "column %d of line %lld of '%s' says '%.40s', expected a %s",
                                first + k + 1, (long long)number, file->name, words[first + k],
                                c->whole ? "whole number" : "number");
            const int64_t whole = (int64_t)(c->whole ? value : 0);
            memcpy(at, c->whole ? (const void *)&whole : (const void *)&value, 8);
        }
    }
    if (old) {
        slice->bits = file->general.bits;
        memcpy(slice->size, file->general.size, sizeof slice->size);
        slice->thickness_mm = file->general.thickness_mm;
        slice->gap_mm = file->general.gap_mm;
    }
    return LAR_OK;
}

/* ---- the file ---------------------------------------------------------------------------- */

/* "# CLINICAL TRYOUT   Research image export tool   V4.2" */
static lar_status take_version(par_file *file, char *line)
{
    const char *word = line;
    for (char *at = line; *at; at += strspn(at, " \t")) { /* the last one */
        word = at;
        at += strcspn(at, " \t");
        if (*at) *at++ = 0;
    }
    const struct version *version = find_version(word);
    if (!version)
        return lar_fail(LAR_EUNSUPPORTED,
                        "'%s' is of version '%.20s'; larmor reads V3, V4, V4.1 and V4.2",
                        file->name, word);
    if (file->version) return lar_fail(LAR_EFORMAT, "'%s' says its version twice", file->name);
    file->version = version->name;
    return LAR_OK;
}

/* As many as there are lines that are neither empty nor comments nor general information. */
static int64_t count_rows(const char *text)
{
    int64_t rows = 0;
    for (const char *at = text; *at; at += strcspn(at, "\r\n"), at += *at != 0) {
        at += strspn(at, " \t");
        rows += *at && !strchr("#.\r\n", *at);
        if (!*at) break;
    }
    return rows;
}

lar_status lar_par_parse(par_file *out, char *text, const char *name, lar_arena *arena)
{
    lar_status status = LAR_OK;
    bool seen[ITEM_COUNT] = { false };
    const int64_t rows = count_rows(text);
    int64_t number = 0;
    enum { TOP, GENERAL, TABLE } part = TOP;

    *out = (par_file){ .name = name };
    for (int n = 0; n < PAR_KEYS; n++) out->general.most[n] = -1;
    for (char *at = text; (at = strstr(at, "\r\n"));) *at = ' '; /* so that lines can be counted */
    out->slices = lar_arena_take(arena, rows, sizeof *out->slices);
    if (!out->slices) return LAR_EMEMORY;
    for (char *line; (line = lar_next_line(&text));) {
        number++;
        line += strspn(line, " \t");
        if (!*line) continue;
        if (*line == '#') {
            if (part == TOP && strstr(line, "image export tool")) LAR_TRY(take_version(out, line));
            if (part == TABLE && strstr(line, "END OF DATA DESCRIPTION")) out->ended = true;
            continue;
        }
        if (out->ended) {
            status = lar_fail(LAR_EFORMAT, "line %lld of '%s' follows the end that it says",
                              (long long)number, name);
            goto done;
        }
        if (*line == '.') {
            if (part == TABLE) {
                status =
                    lar_fail(LAR_EFORMAT, "line %lld of '%s' is general information amid its table",
                             (long long)number, name);
                goto done;
            }
            part = GENERAL;
            LAR_TRY(take_general(out, seen, line, number));
            continue;
        }
        if (part != TABLE) {
            if (!out->version)
                return lar_fail(LAR_EFORMAT,
                                "'%s' does not say its version ('Research image export tool')",
                                name);
            LAR_TRY(check_general(out, seen));
            part = TABLE;
        }
        LAR_TRY(take_slice(&out->slices[out->count++], out, line, number));
    }
    if (out->count == 0)
        status = lar_fail(LAR_EFORMAT, "'%s' has no line for a slice in its table", name);
done:
    return status;
}
