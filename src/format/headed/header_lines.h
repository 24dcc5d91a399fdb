/* header_lines: the text that stands before binary voxels, or in a file of its own; of the room
 * only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_HEADER_LINES_H
#define LAR_HEADER_LINES_H

#include "format/source.h"

typedef struct lar_header_lines {
    lar_source *source; /* read whole where its beginning does not hold the header */
    lar_arena *arena;
    size_t at; /* of the next line in the source's bytes; after the last line, where voxels begin */
} lar_header_lines;

/* The next line, of the arena, without blanks at its ends; NULL after the last. Bytes that are no
 * text are an error. */
lar_status lar_header_line(char **out, lar_header_lines *lines);

/* values[n] = value, where key is names[n] (NULL at the end); *known tells whether it is. A key
 * that comes twice is an error, and so is one that misses a name by a letter: what it says would be
 * lost.
 */
lar_status lar_header_take(bool *known, const char *const *names, char **values, const char *key,
                           char *value, const char *path);
/* The value as `count` numbers, neither more nor less. */
lar_status lar_header_numbers(double *out, int64_t count, char *value, const char *key,
                              const char *path);

/* The same folder and name with another ending, of the arena: "a/t1.mhd" and ".raw" give
 * "a/t1.raw". */
char *lar_header_sibling(lar_arena *arena, const char *path, const char *old_end,
                         const char *new_end);

#endif
