/* Transforms as the command line gives them: antsApplyTransforms' order and way to ask for an
 * inverse. SPDX-License-Identifier: Apache-2.0 */
#include "command/transforms.h"

/* "[FILE,1]" and "[FILE, 0]", or FILE alone; of the arena. */
static lar_status take_apart(const char **path, bool *inverse, const char *word, lar_arena *arena)
{
    const size_t length = strlen(word);
    *path = word;
    *inverse = false;
    if (word[0] != '[') return LAR_OK;
    char *copy = lar_arena_text(arena, word + 1, length - 1);
    if (!copy) return LAR_EMEMORY;
    char *comma = strrchr(copy, ',');
    const char *flag = comma ? comma + 1 + strspn(comma + 1, " ") : "";
    if (comma == copy || (!lar_text_is(flag, "1]") && !lar_text_is(flag, "0]"))) {
        const lar_status status =
            lar_fail(LAR_EARGUMENT, "'%s' is not a transform: expected FILE or [FILE,1]", word);
        return lar_hint(status, "quotes around it where a blank follows the comma: '[FILE, 1]'");
    }
    *comma = 0;
    *path = copy;
    *inverse = flag[0] == '1';
    return LAR_OK;
}

lar_status lar_transforms_chain(lar_chain **out, const lar_texts *files, const lar_grid *fixed,
                                const lar_grid *moving, lar_arena *arena)
{
    lar_status status = LAR_OK;
    *out = NULL;
    if (files->count == 0) return LAR_OK;
    LAR_TRY(lar_chain_new(out));
    for (int64_t n = files->count - 1; n >= 0; n--) { /* a chain applies its last map first */
        lar_transform_use use = { .fixed = fixed, .moving = moving };
        const char *path;
        LAR_TRY(take_apart(&path, &use.inverse, files->at[n], arena));
        LAR_TRY(lar_chain_add_file_as(*out, path, &use));
    }
done:
    return status;
}
