/* The names of what a command writes, checked before the work begins; and JSON on stdout.
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>

#include "command/command.h"

static lar_status refuse_existing(const char *path, bool force)
{
    if (force || !lar_path_exists(path)) return LAR_OK;
    lar_fail(LAR_EEXISTS, "'%s' exists already", path);
    return lar_hint(LAR_EEXISTS, "--force to replace it, or another name");
}

lar_status lar_cli_output(const lar_call *call, const char *output, bool force)
{
    if (output) return refuse_existing(output, force);
    lar_fail(LAR_EARGUMENT, "where to write is missing");
    return lar_hint(LAR_EARGUMENT, "larmor %s ... -o FILE", call->command->name);
}

lar_status lar_cli_outputs(const char *const *paths, int64_t count, bool force)
{
    lar_status status = LAR_OK;
    for (int64_t a = 0; a < count && status == LAR_OK; a++) {
        if (!paths[a]) continue;
        for (int64_t b = 0; b < a; b++)
            if (lar_text_is(paths[a], paths[b]))
                return lar_fail(LAR_EARGUMENT, "two outputs have the same name, '%s'", paths[a]);
        status = refuse_existing(paths[a], force);
    }
    return status;
}

lar_status lar_cli_print_json(struct json_t *root, size_t flags)
{
    char *text = root ? json_dumps(root, flags) : NULL;
    lar_text line = { 0 };
    json_decref(root);
    if (text) lar_text_add(&line, "%s\n", text);
    free(text);
    const lar_status status = line.length && !line.failed ? lar_cli_print(lar_text_get(&line))
                                                          : lar_fail(LAR_EMEMORY, "out of memory");
    lar_text_clear(&line);
    return status;
}
