/* Words for images, as --labels takes them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/look/labels.h"

lar_status lar_labels_split(const char ***out, const lar_call *call, const char *list)
{
    const char **labels = lar_arena_take(call->arena, call->arg_count, sizeof *labels);
    int64_t count = 0;
    if (!labels) return LAR_EMEMORY;
    for (const char *at = list; at; count++) {
        const size_t length = strcspn(at, ",");
        if (count < call->arg_count) {
            labels[count] = lar_arena_text(call->arena, at, length);
            if (!labels[count]) return LAR_EMEMORY;
        }
        at = at[length] ? at + length + 1 : NULL;
    }
    if (count != call->arg_count)
        return lar_fail(LAR_EARGUMENT, "'%s' has %lld labels for %lld images", list,
                        (long long)count, (long long)call->arg_count);
    *out = labels;
    return LAR_OK;
}
