/* From the tree of a study file into parameter structs, through their tables. Of the room prepare.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_WALK_H
#define LAR_WALK_H

#include "codec/codec.h"

typedef struct lar_walk {
    const char *name; /* of the file, in sentences */
    lar_arena *arena;
} lar_walk;

/* One table and the struct that it fills. */
typedef struct lar_fields {
    const lar_param *table;
    void *params;
} lar_fields;

/* LAR_EARGUMENT 'name:line:column: ...'. */
lar_status lar_walk_fail(const lar_walk *walk, int64_t line, int64_t column, const char *format,
                         ...) LAR_PRINTF(4, 5);
/* Puts the place before the sentence of a failure that knew none. */
lar_status lar_walk_place(const lar_walk *walk, int64_t line, int64_t column, lar_status status);
/* A node that must be a map; what: "train", for sentences. */
lar_status lar_walk_is_map(const lar_walk *walk, const lar_yaml *node, const char *what);
/* Sets what the tables name, from a map. Keys are the tables' names with _ for -. Other keys are
 * errors, but those of `rest` (NULL-ended, may be NULL), which are the caller's. Nothing is set to
 * its default here. */
lar_status lar_walk_map(const lar_walk *walk, const lar_yaml *map, const char *what,
                        const lar_fields *fields, int64_t count, const char *const *rest);
const lar_yaml *lar_walk_child(const lar_yaml *map, const char *key); /* NULL: none */
/* The name of a parameter as a study writes it, with _ for -; of the arena. */
const char *lar_walk_key(const lar_walk *walk, const lar_param *param);

#endif
