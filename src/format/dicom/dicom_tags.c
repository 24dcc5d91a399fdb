/* A walk over the elements of a DICOM file, in implicit and explicit, little- and big-endian
 * encoding: DICOM PS3.5 section 7 and annex A, PS3.10 section 7 (https://www.dicomstandard.org).
 * Sequences are stepped over without recursion.
 * SPDX-License-Identifier: Apache-2.0 */
#include "format/dicom/dicom_tags.h"

enum { PREAMBLE = 128, MOST_DEPTH = 64 };
#define UNDEFINED           0xffffffffu
#define TAG(group, element) ((uint32_t)(group) << 16 | (element))

typedef struct walk {
    const unsigned char *bytes;
    size_t at, count;
    bool explicit_kinds, big;
    int depth;         /* of open sequences and items */
    int implicit_from; /* depth of an unknown kind, which holds implicit elements; 0: none */
} walk;

typedef struct element {
    uint32_t tag, length;
    size_t value; /* where it begins */
} element;

static uint32_t number_at(const walk *w, size_t at, int bytes)
{
    uint32_t value = 0;
    for (int n = 0; n < bytes; n++)
        value |= (uint32_t)w->bytes[at + (size_t)n] << 8 * (w->big ? bytes - 1 - n : n);
    return value;
}

static bool kind_is(const walk *w, const char *kinds)
{
    for (; *kinds; kinds += 2)
        if (memcmp(w->bytes + w->at + 4, kinds, 2) == 0) return true;
    return false;
}

/* The next element's head; false at the end. */
static bool next_element(element *e, walk *w)
{
    if (w->count - w->at < 8) return false;
    e->tag = TAG(number_at(w, w->at, 2), number_at(w, w->at + 2, 2));
    const bool item = e->tag >> 16 == 0xfffe;
    if (item || !w->explicit_kinds || w->implicit_from) {
        e->length = number_at(w, w->at + 4, 4);
        e->value = w->at + 8;
        return true;
    }
    const bool unknown = kind_is(w, "UN");
    if (kind_is(w, "OBOWOFODOLOVSQUCURUTUNSVUV")) {
        if (w->count - w->at < 12) return false;
        e->length = number_at(w, w->at + 8, 4);
        e->value = w->at + 12;
        if (unknown && e->length == UNDEFINED) w->implicit_from = w->depth + 1;
        return true;
    }
    e->length = number_at(w, w->at + 6, 2);
    e->value = w->at + 8;
    return true;
}

/* Past the element; what has no length is gone through element by element, a level deeper. */
static bool step_over(walk *w, const element *e)
{
    w->at = e->value;
    if (e->tag == TAG(0xfffe, 0xe00d) || e->tag == TAG(0xfffe, 0xe0dd)) {
        if (w->depth > 0) w->depth--;
        if (w->depth < w->implicit_from) w->implicit_from = 0;
        return true;
    }
    if (e->length == UNDEFINED) return ++w->depth <= MOST_DEPTH;
    if (e->length > w->count - e->value) return false;
    w->at += e->length;
    return true;
}

/* Its text, without the padding; numbers that are stored as text come so, too. */
static void take_text(char *out, size_t room, const walk *w, const element *e)
{
    size_t length = e->length < room ? e->length : room - 1;
    memcpy(out, w->bytes + e->value, length);
    while (length && (out[length - 1] == ' ' || out[length - 1] == 0)) length--;
    out[length] = 0;
}

/* `wanted` numbers, divided by backslashes. */
static bool take_reals(double *out, int wanted, const walk *w, const element *e)
{
    char text[256];
    take_text(text, sizeof text, w, e);
    char *at = text;
    for (int n = 0; n < wanted; n++) {
        char *end = at + strcspn(at, "\\");
        const bool last = !*end;
        *end = 0;
        at += strspn(at, " ");
        at += *at == '+'; /* "+18.5" */
        for (char *back = end; back > at && back[-1] == ' ';) *--back = 0;
        if (!lar_parse_real(&out[n], at) || (last && n < wanted - 1)) return false;
        at = end + 1;
    }
    return true;
}

static int64_t take_int(const walk *w, const element *e)
{
    double value;
    return take_reals(&value, 1, w, e) && value > -2147483648.0 && value < 2147483648.0
               ? (int64_t)value
               : 0;
}

static void take_element(lar_dicom_tags *out, unsigned *seen, const walk *w, const element *e)
{
    double six[6], two[2];
    switch (e->tag) {
    case TAG(0x0018, 0x1120):
        out->has_tilt = take_reals(&out->tilt, 1, w, e);
        break;
    case TAG(0x0020, 0x000e):
        take_text(out->series, sizeof out->series, w, e);
        break;
    case TAG(0x0020, 0x0011):
        out->number = take_int(w, e);
        break;
    case TAG(0x0020, 0x0013):
        out->instance = take_int(w, e);
        break;
    case TAG(0x0020, 0x0032):
        if (take_reals(out->position, 3, w, e)) *seen |= 1;
        break;
    case TAG(0x0020, 0x0037):
        if (!take_reals(six, 6, w, e)) break;
        memcpy(out->along, six, sizeof out->along);
        memcpy(out->down, six + 3, sizeof out->down);
        *seen |= 2;
        break;
    case TAG(0x0028, 0x0008):
        out->frames = take_int(w, e);
        break;
    case TAG(0x0028, 0x0010):
        if (e->length == 2) out->rows = number_at(w, e->value, 2);
        break;
    case TAG(0x0028, 0x0011):
        if (e->length == 2) out->columns = number_at(w, e->value, 2);
        break;
    case TAG(0x0028, 0x0030):
        if (!take_reals(two, 2, w, e) || !(two[0] > 0 && two[1] > 0)) break;
        out->down_mm = two[0];
        out->across_mm = two[1];
        *seen |= 4;
        break;
    default:
        break;
    }
}

/* The elements of group 2, which say how those behind them are encoded. */
static bool take_encoding(walk *w)
{
    element e;
    char encoding[LAR_DICOM_UID] = "";
    w->explicit_kinds = true;
    while (next_element(&e, w) && e.tag >> 16 == 2) {
        if (e.length > w->count - e.value) return false;
        if (e.tag == TAG(2, 0x10)) take_text(encoding, sizeof encoding, w, &e);
        if (!step_over(w, &e)) return false;
    }
    w->implicit_from = 0;
    if (lar_text_is(encoding, "1.2.840.10008.1.2.1.99")) return false; /* deflated */
    w->explicit_kinds = !lar_text_is(encoding, "1.2.840.10008.1.2");
    w->big = lar_text_is(encoding, "1.2.840.10008.1.2.2");
    return true;
}

static bool begin(walk *w)
{
    if (w->count >= PREAMBLE + 4 && memcmp(w->bytes + PREAMBLE, "DICM", 4) == 0) {
        w->at = PREAMBLE + 4;
        return take_encoding(w);
    }
    /* as before 1996: no preamble, the group of identification first, little-endian */
    if (w->count < 8 || memcmp(w->bytes, "\x08\x00", 2) != 0 || w->bytes[3] != 0) return false;
    w->explicit_kinds =
        w->bytes[4] >= 'A' && w->bytes[4] <= 'Z' && w->bytes[5] >= 'A' && w->bytes[5] <= 'Z';
    return true;
}

bool lar_dicom_tags_read(lar_dicom_tags *out, bool *more, const unsigned char *bytes, size_t count)
{
    walk w = { .bytes = bytes, .count = count };
    element e = { 0 };
    unsigned seen = 0;
    *out = (lar_dicom_tags){ .frames = 1 };
    *more = false;
    if (!begin(&w)) return false;
    for (;;) {
        out->end = (uint64_t)count + 1; /* cut within an element's head, or within a sequence */
        if (w.at == count && w.depth == 0) out->end = count;
        if (!next_element(&e, &w)) break;
        out->end = e.length == UNDEFINED ? e.value : (uint64_t)e.value + e.length;
        if (w.depth == 0 && e.tag == TAG(0x7fe0, 0x0010)) {
            out->pixels = true;
            if (e.length == UNDEFINED) out->packed_at = e.value;
            break;
        }
        if (w.depth == 0 && e.length <= w.count - e.value) take_element(out, &seen, &w, &e);
        if (!step_over(&w, &e)) break;
    }
    *more = !out->pixels;
    out->placed = seen == 7;
    return out->series[0] != 0;
}

unsigned char *lar_dicom_join(size_t *out_count, const lar_dicom_tags *tags,
                              const unsigned char *bytes, size_t count)
{
    static const unsigned char empty_item[8] = { 0xfe, 0xff, 0x00, 0xe0 };
    static const unsigned char end_item[8] = { 0xfe, 0xff, 0xdd, 0xe0 };
    walk w = { .bytes = bytes, .at = tags->packed_at, .count = count };
    element e;
    uint64_t total = 0;
    int items = 0;
    if (!tags->packed_at || tags->frames > 1) return NULL;
    /* the first item is a table of offsets */
    for (; next_element(&e, &w) && e.tag == TAG(0xfffe, 0xe000); items++) {
        if (e.length > w.count - e.value) return NULL;
        if (items) total += e.length;
        w.at = e.value + e.length;
    }
    if (items < 3 || total > UINT32_MAX - 1) return NULL;
    const size_t padded = (size_t)(total + (total & 1));
    unsigned char *joined = lar_alloc((int64_t)(tags->packed_at + padded + 24), 1);
    if (!joined) return NULL;
    unsigned char *to = joined;
    memcpy(to, bytes, tags->packed_at);
    to += tags->packed_at;
    memcpy(to, empty_item, 8); /* no offsets */
    memcpy(to + 8, empty_item, 4);
    for (int n = 0; n < 4; n++) to[12 + n] = (unsigned char)(padded >> 8 * n);
    to += 16;
    w.at = tags->packed_at;
    for (int n = 0; n < items && next_element(&e, &w); n++) {
        if (n) {
            memcpy(to, bytes + e.value, e.length);
            to += e.length;
        }
        w.at = e.value + e.length;
    }
    to += total & 1;
    memcpy(to, end_item, 8);
    *out_count = tags->packed_at + padded + 24;
    return joined;
}
