/* yaml: the tree of a small file written by people, with the place of every word.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_YAML_H
#define LAR_YAML_H

#include "base/base.h"

typedef enum lar_yaml_kind { LAR_YAML_SCALAR, LAR_YAML_LIST, LAR_YAML_MAP } lar_yaml_kind;

typedef struct lar_yaml {
    lar_yaml_kind kind;
    int64_t line, column; /* from 1 */
    const char *text;     /* of a scalar */
    bool absent;          /* a plain scalar without a value: empty, ~ or null */
    int64_t count;        /* of a list or map */
    struct lar_yaml *first, *next;
    const char *key; /* where its parent is a map */
    int64_t key_line, key_column;
} lar_yaml;

/* The one document of `text` (UTF-8), of the arena. Refused, with 'NAME:line:column: ...', are
 * anchors, aliases, tags, a key twice in one map, nesting deeper than 64, more than 1 MB, a second
 * document and an empty one: LAR_EARGUMENT. */
lar_status lar_yaml_parse(lar_yaml **out, const char *text, int64_t length, const char *name,
                          lar_arena *arena);

#endif
