/* What series are called: by their number and what the scanner's operator called them, in letters
 * that any file system, shell and BIDS take.
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>

#include "format/dicom/dicom.h"

enum { MOST_NAME = 64 };

/* Letters, digits, _ and -; anything between them becomes one _. */
static void add_word(char name[MOST_NAME + 1], const char *word)
{
    size_t length = strlen(name);
    bool gap = length > 0;
    for (; *word && length < MOST_NAME - 1; word++) {
        const bool plain = (*word >= 'a' && *word <= 'z') || (*word >= 'A' && *word <= 'Z') ||
                           (*word >= '0' && *word <= '9') || *word == '-';
        if (plain && gap) name[length++] = '_';
        if (plain) name[length++] = *word;
        gap = !plain && length > 0;
    }
    name[length] = 0;
}

static bool is_taken(const lar_dicom *dicom, const char *name)
{
    for (int64_t n = 0; n < dicom->count; n++)
        if (lar_text_is(dicom->series[n].name, name)) return true;
    return false;
}

const char *lar_dicom_name(const lar_dicom *dicom, int64_t number, const json_t *facts,
                           const char *apart, lar_arena *arena)
{
    char name[MOST_NAME + 1] = "", digits[24];
    const char *words = json_string_value(json_object_get(facts, "SeriesDescription"));
    if (!words || !*words) words = json_string_value(json_object_get(facts, "ProtocolName"));
    if (!words || !*words) words = json_string_value(json_object_get(facts, "Modality"));
    snprintf(digits, sizeof digits, "%lld", (long long)number);
    add_word(name, digits);
    if (words) add_word(name, words);
    name[MOST_NAME - 16] = 0; /* room for what sets apart */
    add_word(name, apart);
    char *text = lar_arena_format(arena, "%s", name);
    for (int again = 2; text && is_taken(dicom, text); again++)
        text = lar_arena_format(arena, "%s_%d", name, again);
    return text;
}

static int64_t leading_number(const char **at)
{
    int64_t value = 0;
    for (; **at >= '0' && **at <= '9' && value < 1000000000; ++*at)
        value = 10 * value + (**at - '0');
    return value;
}

int lar_dicom_compare(const void *a, const void *b)
{
    const char *one = ((const lar_dicom_series *)a)->name;
    const char *other = ((const lar_dicom_series *)b)->name;
    const int64_t first = leading_number(&one), second = leading_number(&other);
    if (first != second) return first < second ? -1 : 1;
    return strcmp(one, other);
}
