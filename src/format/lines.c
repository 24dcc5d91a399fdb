/* Lines and numbers of files that are text.
 * SPDX-License-Identifier: Apache-2.0 */
#include "format/lines.h"

char *lar_next_line(char **text)
{
    char *line = *text;
    if (!*line) return NULL;
    const size_t length = strcspn(line, "\r\n");
    *text = line + length + (line[length] != 0);
    line[length] = 0;
    return line;
}

lar_status lar_line_numbers(double *out, int64_t *count, int64_t most, char *line, const char *path)
{
    *count = 0;
    for (char *at = line + strspn(line, " \t"); *at;) {
        const size_t length = strcspn(at, " \t");
        char *next = at + length + strspn(at + length, " \t");
        at[length] = 0;
        if (*count == most)
            return lar_fail(LAR_EFORMAT, "'%s' holds a line of more than %lld numbers", path,
                            (long long)most);
        if (!lar_parse_real(&out[(*count)++], at))
            return lar_fail(LAR_EFORMAT, "'%s' holds '%.40s' where a number was expected", path,
                            at);
        at = next;
    }
    return LAR_OK;
}

void lar_add_number(lar_text *out, double value)
{
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        double again;
        snprintf(text, sizeof text, "%.*g", digits, value);
        const size_t length = strspn(text, "+-0123456789");
        if (text[length] && text[length] != 'e')
            text[length] = '.'; /* what the locale made of it */
        if (lar_parse_real(&again, text) && again == value) break;
    }
    lar_text_add(out, "%s", text);
}
