/* The flag -o of commands that make a file, checked before the work begins.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/command.h"

lar_status lar_cli_output(const lar_call *call, const char *output, bool force)
{
    lar_status status;
    if (!output) {
        status = lar_fail(LAR_EARGUMENT, "where to write is missing");
        return lar_hint(status, "larmor %s ... -o FILE", call->command->name);
    }
    if (!force && lar_path_exists(output)) {
        status = lar_fail(LAR_EEXISTS, "'%s' exists already", output);
        return lar_hint(status, "--force to replace it, or another name");
    }
    return LAR_OK;
}
