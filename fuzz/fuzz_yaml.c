/* Any bytes as a small YAML file: an error with a sentence, or a tree whose places, counts and
 * texts can all be walked, no deeper than was promised. SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "codec/codec.h"
#include "fuzz.h"

static void walk(const lar_yaml *node, int depth)
{
    int64_t count = 0;
    size_t letters = 0;
    if (depth > 65 || node->line < 1 || node->column < 1) abort();
    if (node->kind == LAR_YAML_SCALAR) {
        letters += strlen(node->text);
        if (node->first || node->count || (node->absent && letters > 4)) abort();
        return;
    }
    for (const lar_yaml *child = node->first; child; child = child->next, count++) {
        if ((node->kind == LAR_YAML_MAP) != (child->key != NULL)) abort();
        if (child->key) {
            const lar_yaml *again = node->first;
            /* the first ones only: pair by pair is slow */
            for (int n = 0; n < 16 && again != child; n++, again = again->next)
                if (lar_text_is(again->key, child->key)) abort();
        }
        walk(child, depth + 1);
    }
    if (count != node->count) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    lar_arena *arena;
    lar_yaml *root = NULL;
    if (lar_arena_new(&arena) != LAR_OK) return 0;
    lar_error_set("");
    const lar_status status =
        lar_yaml_parse(&root, (const char *)bytes, (int64_t)count, "fuzz.yaml", arena);
    if ((status == LAR_OK) != (root != NULL)) abort();
    if (root)
        walk(root, 0);
    else if (!lar_text_starts(lar_error(), "fuzz.yaml:"))
        abort();
    lar_arena_free(arena);
    return 0;
}
