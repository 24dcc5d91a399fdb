/* The text of a HEAD file: attributes, each with a type, a name, a count and so many characters or
 * numbers.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "format/headed/afni.h"

static const char blanks[] = " \t\r\n";

typedef struct reader {
    char *at;
    const char *path;
    int64_t number; /* of attributes so far, from 1 */
} reader;

/* How much of a line sentences quote. */
static int shown(const char *line)
{
    const size_t length = strcspn(line, "\r\n");
    return length < 40 ? (int)length : 40;
}

/* "name  = VALUE", the value ended by a 0. */
static lar_status take_field(char **out, reader *r, const char *key)
{
    const size_t length = strlen(key);
    char *at = r->at + strspn(r->at, blanks);
    *out = NULL;
    if (strncmp(at, key, length) == 0) {
        at += length;
        at += strspn(at, " \t");
        if (*at == '=') {
            at++;
            *out = at + strspn(at, " \t");
        }
    }
    if (!*out)
        return lar_fail(LAR_EFORMAT, "attribute %lld of '%s' has '%.*s' where '%s =' was expected",
                        (long long)r->number, r->path, shown(at), at, key);
    at = *out + strcspn(*out, " \t\r\n");
    char *end = at + strspn(at, " \t\r");
    if (*end && *end != '\n')
        return lar_fail(LAR_EFORMAT, "attribute %lld of '%s' has more than one word as its %s",
                        (long long)r->number, r->path, key);
    r->at = end + (*end == '\n');
    *at = 0;
    return LAR_OK;
}

static lar_status take_kind(afni_kind *out, reader *r)
{
    static const char *const words[] = { "string-attribute", "integer-attribute", "float-attribute",
                                         NULL };
    lar_status status = LAR_OK;
    char *word;
    LAR_TRY(take_field(&word, r, "type"));
    for (int n = 0; words[n]; n++) {
        if (!lar_text_is(words[n], word)) continue;
        *out = (afni_kind)n;
        return LAR_OK;
    }
    status = lar_fail(LAR_EFORMAT, "attribute %lld of '%s' has the unknown type '%.40s'",
                      (long long)r->number, r->path, word);
done:
    return status;
}

static lar_status disagrees(const reader *r, const afni_attribute *a, const char *found)
{
    return lar_fail(LAR_EFORMAT, "%s in '%s' has %s than its count says, %lld", a->name, r->path,
                    found, (long long)a->count);
}

/* 'text~ : the quote, and as many bytes as the count says. */
static lar_status take_text(afni_attribute *a, reader *r)
{
    r->at += strspn(r->at, " \t");
    if (*r->at != '\'')
        return lar_fail(LAR_EFORMAT, "%s in '%s' does not begin with a quote", a->name, r->path);
    a->text = ++r->at;
    if ((int64_t)strnlen(a->text, (size_t)a->count) < a->count) return disagrees(r, a, "less text");
    char *end = a->text + a->count, *next = end + strspn(end, " \t\r");
    if (*next && *next != '\n') return disagrees(r, a, "more text");
    r->at = next + (*next == '\n');
    *end = 0;
    if (a->count > 0 && end[-1] == '~') end[-1] = 0; /* stands for a C string's 0 */
    return LAR_OK;
}

/* As many words as the count says, up to the next attribute. */
static lar_status take_numbers(afni_attribute *a, reader *r)
{
    int64_t found = 0;
    char *end = r->at;
    a->text = r->at;
    for (;; found++) {
        r->at += strspn(r->at, blanks);
        if (!*r->at || lar_text_starts(r->at, "type")) break;
        r->at += strcspn(r->at, blanks);
        end = r->at;
    }
    if (found < a->count) return disagrees(r, a, "fewer numbers");
    if (found > a->count) return disagrees(r, a, "more numbers");
    if (end < r->at) *end = 0; /* a blank, before the next attribute */
    if (found == 0) a->text = NULL;
    return LAR_OK;
}

static lar_status take_attribute(afni_attribute *a, reader *r)
{
    lar_status status = LAR_OK;
    char *name, *count;

    LAR_TRY(take_kind(&a->kind, r));
    LAR_TRY(take_field(&name, r, "name"));
    a->name = name;
    LAR_TRY(take_field(&count, r, "count"));
    if (!lar_parse_int(&a->count, count) || a->count < 0) {
        status = lar_fail(LAR_EFORMAT, "%.80s in '%s' has the count '%.40s'", name, r->path, count);
        goto done;
    }
    LAR_TRY(a->kind == AFNI_TEXT ? take_text(a, r) : take_numbers(a, r));
done:
    return status;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const afni_attribute *)a)->name, ((const afni_attribute *)b)->name);
}

lar_status lar_afni_parse(afni_head *out, char *text, const char *path, lar_arena *arena)
{
    lar_status status = LAR_OK;
    reader r = { .at = text, .path = path };
    int64_t most = 0;

    *out = (afni_head){ .path = path, .arena = arena };
    for (const char *at = text; (at = strstr(at, "type")); at += 4) most++;
    out->attributes = lar_arena_take(arena, most, sizeof *out->attributes);
    if (!out->attributes) return LAR_EMEMORY;
    for (;;) {
        r.at += strspn(r.at, blanks);
        if (!*r.at) break;
        r.number++;
        if (out->count == most) { /* no "type" is left */
            status = lar_fail(LAR_EFORMAT,
                              "attribute %lld of '%s' has '%.*s' where 'type =' was expected",
                              (long long)r.number, path, shown(r.at), r.at);
            goto done;
        }
        LAR_TRY(take_attribute(&out->attributes[out->count++], &r));
    }
    qsort(out->attributes, (size_t)out->count, sizeof *out->attributes, compare_names);
    for (int64_t n = 1; n < out->count; n++)
        if (lar_text_is(out->attributes[n].name, out->attributes[n - 1].name)) {
            status = lar_fail(LAR_EFORMAT, "'%s' has the attribute %.80s twice", path,
                              out->attributes[n].name);
            goto done;
        }
done:
    return status;
}

afni_attribute *lar_afni_find(const afni_head *head, const char *name)
{
    const afni_attribute wanted = { .name = name };
    return bsearch(&wanted, head->attributes, (size_t)head->count, sizeof wanted, compare_names);
}

static lar_status parse_numbers(afni_attribute *a, const afni_head *head)
{
    const bool whole = a->kind == AFNI_WHOLE;
    char *at = a->text;
    a->values = lar_arena_take(head->arena, a->count, sizeof *a->values);
    if (!a->values) return LAR_EMEMORY;
    for (int64_t n = 0; n < a->count; n++) {
        at += strspn(at, blanks);
        char *word = at;
        at += strcspn(at, blanks);
        if (*at) *at++ = 0;
        double *value = &a->values[n];
        if (!lar_parse_real(value, word) ||
            (whole && (*value != floor(*value) || fabs(*value) > INT32_MAX)))
            return lar_fail(LAR_EFORMAT, "%s in '%s' has '%.40s' where a %s was expected", a->name,
                            head->path, word, whole ? "whole number" : "number");
    }
    return LAR_OK;
}

lar_status lar_afni_numbers(const afni_attribute **out, const afni_head *head, const char *name,
                            afni_kind kind, int64_t least, int64_t most)
{
    afni_attribute *a = lar_afni_find(head, name);
    *out = a;
    if (!a) return LAR_OK;
    if (a->kind != kind && !(kind == AFNI_REAL && a->kind == AFNI_WHOLE))
        return lar_fail(LAR_EFORMAT, "%s in '%s' is of another type than %s numbers", name,
                        head->path, kind == AFNI_WHOLE ? "whole" : "real");
    if (a->count < least || a->count > most)
        return lar_fail(LAR_EFORMAT, "%s in '%s' has %lld numbers, expected %s%lld", name,
                        head->path, (long long)a->count, least == most ? "" : "at least ",
                        (long long)least);
    return parse_numbers(a, head);
}
