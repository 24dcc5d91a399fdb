/* The names of what a command writes, checked before the work begins.
 * SPDX-License-Identifier: Apache-2.0 */
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
