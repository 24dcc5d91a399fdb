/* Files by a pattern with {subject}. Of the room data.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_FIND_H
#define LAR_FIND_H

#include "base/base.h"

typedef struct lar_found {
    const char *id, *path;
} lar_found;

typedef struct lar_found_list {
    int64_t count;
    lar_found *at;
} lar_found_list;

/* {subject} captures part of one name, * stands for anything in one name, and both take as little
 * as they can; a second {subject} must be what the first was. Every file that matches, in the order
 * of the names. Folders that do not exist match nothing. */
lar_status lar_find_files(lar_found_list *out, const char *folder, const char *pattern,
                          lar_arena *arena);
/* Adds one; false where memory is short. */
bool lar_found_add(lar_found_list *list, const char *id, const char *path, lar_arena *arena);

/* Ids name folders and stand in tables: no leading dot, no comma, quote or control character. */
lar_status lar_id_check(const char *id, const char *path);

#endif
