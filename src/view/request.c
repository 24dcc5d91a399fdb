/* Addresses: which of the few things that are served one names, and how it is to look.
 * SPDX-License-Identifier: Apache-2.0 */
#include "view/request.h"

enum { LONGEST_VALUE = 200, LONGEST_NUMBER = 40 };

/* Which parameters a place understands. */
enum {
    TAKES_CHANNEL = 1,
    TAKES_AT = 2,
    TAKES_PICTURE = 4 /* plane, window, longest, over, opacity */
};

static const struct place {
    const char *begin, *end; /* around the number */
    lar_ask ask;
    int takes;
} places[] = {
    { "/about/", "", LAR_ASK_ABOUT, TAKES_CHANNEL },
    { "/volume/", ".nii", LAR_ASK_VOLUME, TAKES_CHANNEL },
    { "/slice/", ".png", LAR_ASK_SLICE, TAKES_CHANNEL | TAKES_AT | TAKES_PICTURE },
    { "/value/", "", LAR_ASK_VALUE, TAKES_CHANNEL | TAKES_AT },
};

static const struct {
    const char *path;
    lar_ask ask;
} singles[] = {
    { "/session", LAR_ASK_SESSION },
    { "/list", LAR_ASK_LIST },
    { "/report", LAR_ASK_REPORT },
};

static const char *const planes[] = { "axial", "coronal", "sagittal", NULL };

static int hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* Percent signs undone; false where they are no hexadecimal numbers, or hide a 0 byte. */
static bool undo(char *out, size_t room, const char *text, size_t count)
{
    size_t used = 0;
    for (size_t n = 0; n < count; n++) {
        char c = text[n] == '+' ? ' ' : text[n];
        if (c == '%') {
            if (n + 2 >= count) return false;
            const int high = hex(text[n + 1]), low = hex(text[n + 2]);
            if (high < 0 || low < 0 || (high == 0 && low == 0)) return false;
            c = (char)(16 * high + low);
            n += 2;
        }
        if (used + 1 >= room) return false;
        out[used++] = c;
    }
    out[used] = 0;
    return true;
}

/* Digits alone, without a 0 before them, so that one image has one name. */
static bool read_number(int64_t *out, const char *text, size_t count)
{
    if (count < 1 || count > 9 || (text[0] == '0' && count > 1)) return false;
    *out = 0;
    for (size_t n = 0; n < count; n++) {
        if (text[n] < '0' || text[n] > '9') return false;
        *out = 10 * *out + (text[n] - '0');
    }
    return true;
}

/* So many numbers, separated by commas. */
static bool read_reals(double *out, int wanted, const char *text)
{
    for (int n = 0; n < wanted; n++) {
        char one[LONGEST_NUMBER];
        const size_t length = strcspn(text, ",");
        if (length >= sizeof one || (text[length] == ',') != (n + 1 < wanted)) return false;
        memcpy(one, text, length);
        one[length] = 0;
        if (!lar_parse_real(&out[n], one)) return false;
        text += length + (text[length] == ',');
    }
    return true;
}

static bool set(lar_target *t, int takes, const char *name, const char *value)
{
    if (takes & TAKES_CHANNEL && lar_text_is(name, "channel"))
        return read_number(&t->channel, value, strlen(value));
    if (takes & TAKES_AT && lar_text_is(name, "at")) return t->has_at = read_reals(t->at, 3, value);
    if (!(takes & TAKES_PICTURE)) return false;
    if (lar_text_is(name, "plane")) {
        for (t->plane = 0; planes[t->plane]; t->plane++)
            if (lar_text_is(value, planes[t->plane])) return true;
        return false;
    }
    if (lar_text_is(name, "window"))
        return t->has_window = read_reals(t->window, 2, value) && t->window[0] < t->window[1];
    if (lar_text_is(name, "longest"))
        return read_number(&t->longest, value, strlen(value)) && t->longest >= 16 &&
               t->longest <= 4096;
    if (lar_text_is(name, "over")) return read_number(&t->over, value, strlen(value));
    if (lar_text_is(name, "opacity"))
        return read_reals(&t->opacity, 1, value) && t->opacity >= 0 && t->opacity <= 1;
    return false;
}

static lar_status read_query(lar_target *t, int takes, const char *query)
{
    unsigned seen = 0;
    static const char *const names[] = { "channel", "at",   "plane",   "window",
                                         "longest", "over", "opacity", NULL };
    while (*query) {
        char name[LONGEST_NUMBER], value[LONGEST_VALUE];
        const size_t whole = strcspn(query, "&"), length = strcspn(query, "=&");
        const size_t rest = length < whole ? whole - length - 1 : 0;
        if (!undo(name, sizeof name, query, length) ||
            !undo(value, sizeof value, query + whole - rest, rest))
            return lar_fail(LAR_EARGUMENT, "the address is not as addresses are written");
        for (unsigned n = 0; names[n]; n++) {
            if (!lar_text_is(name, names[n])) continue;
            if (seen & 1U << n)
                return lar_fail(LAR_EARGUMENT, "the parameter '%s' is given twice", names[n]);
            seen |= 1U << n;
        }
        if (!set(t, takes, name, value))
            return lar_fail(LAR_EARGUMENT, "the address has a parameter that is not understood");
        query += whole + (query[whole] == '&');
    }
    return LAR_OK;
}

static lar_status read_path(lar_target *t, int *takes, const char *path, size_t count)
{
    for (size_t n = 0; n < sizeof singles / sizeof *singles; n++)
        if (strlen(singles[n].path) == count && memcmp(singles[n].path, path, count) == 0) {
            t->ask = singles[n].ask;
            return LAR_OK;
        }
    for (size_t n = 0; n < sizeof places / sizeof *places; n++) {
        const struct place *p = &places[n];
        const size_t begin = strlen(p->begin), end = strlen(p->end);
        if (count < begin + end || memcmp(path, p->begin, begin) != 0 ||
            memcmp(path + count - end, p->end, end) != 0 ||
            !read_number(&t->id, path + begin, count - begin - end))
            continue;
        t->ask = p->ask;
        *takes = p->takes;
        return LAR_OK;
    }
    /* one name of letters, digits, '-', '_' and '.', or none */
    bool plain = count >= 1 && path[0] == '/' && count < sizeof t->file;
    for (size_t n = 1; n < count && plain; n++)
        plain = (path[n] >= 'a' && path[n] <= 'z') || (path[n] >= 'A' && path[n] <= 'Z') ||
                (path[n] >= '0' && path[n] <= '9') || strchr("-_.", path[n]);
    if (!plain) return lar_fail(LAR_ENOINPUT, "there is nothing at this address");
    memcpy(t->file, path, count);
    t->file[count] = 0;
    t->ask = LAR_ASK_FILE;
    return LAR_OK;
}

lar_status lar_target_read(lar_target *out, const char *text)
{
    int takes = 0;
    const size_t path = strcspn(text, "?");
    *out = (lar_target){ .over = -1, .longest = 512, .opacity = 0.5 };
    if (strstr(text, "%00"))
        return lar_fail(LAR_EARGUMENT, "the address is not as addresses are written");
    const lar_status status = read_path(out, &takes, text, path);
    if (status != LAR_OK || text[path] == 0) return status;
    return read_query(out, takes, text + path + 1);
}
