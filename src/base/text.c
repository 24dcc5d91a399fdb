/* Growing strings and strict numbers.
 * SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* strtod_l, newlocale */
#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>

#include "base/base.h"

static bool text_reserve(lar_text *text, size_t more)
{
    if (text->failed) return false;
    if (text->room - text->length > more) return true;
    size_t room = text->room ? text->room : 128;
    while (room - text->length <= more) room *= 2;
    char *grown = lar_alloc_raw((int64_t)room, 1);
    if (!grown) {
        text->failed = true;
        return false;
    }
    if (text->at) memcpy(grown, text->at, text->length);
    grown[text->length] = 0;
    lar_free(text->at);
    text->at = grown;
    text->room = room;
    return true;
}

void lar_text_add_bytes(lar_text *text, const char *bytes, size_t count)
{
    if (!text_reserve(text, count)) return;
    memcpy(text->at + text->length, bytes, count);
    text->length += count;
    text->at[text->length] = 0;
}

void lar_text_add(lar_text *text, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    const int length = vsnprintf(NULL, 0, format, list);
    va_end(list);
    if (length < 0 || !text_reserve(text, (size_t)length)) return;
    va_start(list, format);
    vsnprintf(text->at + text->length, (size_t)length + 1, format, list);
    va_end(list);
    text->length += (size_t)length;
}

const char *lar_text_get(const lar_text *text)
{
    return text->at ? text->at : "";
}

void lar_text_clear(lar_text *text)
{
    lar_free(text->at);
    *text = (lar_text){ 0 };
}

static pthread_once_t locale_once = PTHREAD_ONCE_INIT;
static locale_t c_locale;

static void locale_make(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

bool lar_parse_real(double *out, const char *text)
{
    char *end;
    pthread_once(&locale_once, locale_make);
    /* digits, sign, point and exponent only: strtod would also take blanks, hex, inf and nan */
    if (!*text || strspn(text, "+-.0123456789eE") != strlen(text)) return false;
    const double value = strtod_l(text, &end, c_locale);
    if (*end || !isfinite(value)) return false;
    *out = value;
    return true;
}

bool lar_parse_int(int64_t *out, const char *text)
{
    char *end;
    if (!*text || strspn(text, "+-0123456789") != strlen(text)) return false;
    errno = 0;
    const long long value = strtoll(text, &end, 10);
    if (*end || errno) return false;
    *out = value;
    return true;
}

bool lar_parse_size(int64_t *out, const char *text)
{
    static const char units[] = "kmgt";
    char number[32];
    double value, unit = 1;
    const size_t digits = strspn(text, "0123456789.");
    const char *rest = text + digits;
    if (digits == 0 || digits >= sizeof number) return false;
    snprintf(number, sizeof number, "%.*s", (int)digits, text);
    if (!lar_parse_real(&value, number)) return false;
    for (int n = 0; n < 4 && *rest; n++) {
        if ((rest[0] | 0x20) != units[n]) continue;
        const bool binary = rest[1] == 'i';
        for (int k = 0; k <= n; k++) unit *= binary ? 1024 : 1000;
        rest += binary ? 2 : 1;
        break;
    }
    if (*rest == 'B') rest++;
    if (*rest || value * unit < 1 || value * unit > 1e18) return false;
    *out = (int64_t)(value * unit);
    return true;
}

bool lar_text_is(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

bool lar_text_ends(const char *text, const char *end)
{
    const size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

bool lar_text_starts(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

void lar_doubt(bool *doubtful, char reason[256], const char *format, ...)
{
    va_list list;
    if (*doubtful) return;
    *doubtful = true;
    va_start(list, format);
    vsnprintf(reason, 256, format, list);
    va_end(list);
}

/* Edits (insert, remove, replace, each 1) between two short words. */
static int word_distance(const char *a, const char *b)
{
    enum { LONGEST = 40 };
    int row[LONGEST + 1];
    const int length_a = (int)strlen(a), length_b = (int)strlen(b);
    if (length_a > LONGEST || length_b > LONGEST) return LONGEST;
    for (int j = 0; j <= length_b; j++) row[j] = j;
    for (int i = 1; i <= length_a; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= length_b; j++) {
            const int replaced = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            int best = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
            row[j] = replaced < best ? replaced : best;
        }
    }
    return row[length_b];
}

const char *lar_text_nearest(const char *word, const char *const *words)
{
    const char *nearest = NULL;
    const int length = (int)strlen(word);
    int least =
        length < 2 ? 0 : 1 + length / 3; /* a letter replaced by another is no typing slip */
    for (; *words; words++) {
        const int distance = word_distance(word, *words);
        if (distance <= least) {
            nearest = *words;
            least = distance - 1;
        }
    }
    return nearest;
}

int lar_text_order(const char *a, const char *b)
{
    const char *const whole_a = a, *const whole_b = b;
    while (*a && *b) {
        if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
            a += strspn(a, "0");
            b += strspn(b, "0");
            const size_t length_a = strspn(a, "0123456789"), length_b = strspn(b, "0123456789");
            if (length_a != length_b) return length_a < length_b ? -1 : 1;
            const int order = strncmp(a, b, length_a);
            if (order) return order;
            a += length_a;
            b += length_b;
        } else if (*a != *b) {
            return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
        } else {
            a++;
            b++;
        }
    }
    if (*a || *b) return *a ? 1 : -1;
    return strcmp(whole_a, whole_b); /* Subj1 and Subj01 */
}
