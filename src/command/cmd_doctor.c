/* larmor doctor: what this build and this machine can do.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/command.h"

static lar_status doctor_run(lar_call *call)
{
    (void)call;
    lar_text text = { 0 };
    lar_text_add(&text, "larmor   %s\nthreads  %d\n", lar_version(), lar_threads_get());
    const lar_status status = lar_cli_print(lar_text_get(&text));
    lar_text_clear(&text);
    return status;
}

const lar_command lar_command_doctor = {
    .name = "doctor",
    .group = "the rest",
    .summary = "tell what this build and this machine can do",
    .about =
        "Prints versions, the processor's instructions, threads, and which parts are built in.",
    .json = true,
    .run = doctor_run,
};
