/* lines: files that are text, or begin with it, line by line; of the room only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_LINES_H
#define LAR_LINES_H

#include "base/base.h"

/* The next line, its end cut off; NULL after the last. */
char *lar_next_line(char **text);
/* The numbers of a line, divided by blanks, `most` at most. */
lar_status lar_line_numbers(double *out, int64_t *count, int64_t most, char *line,
                            const char *path);
/* The shortest decimal number that is read back as the same, whatever the locale. */
void lar_add_number(lar_text *out, double value);

#endif
