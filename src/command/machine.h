/* What `larmor doctor` asks of the machine. Numbers that cannot be found are 0, names "".
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_MACHINE_H
#define LAR_MACHINE_H

#include "base/base.h"

typedef struct lar_machine {
    char processor[96];
    lar_text instructions;   /* those that matter for speed, of what the processor has */
    int processors, allowed; /* that exist; that this process may run on */
    double quota;            /* processors' worth of time that the control group grants */
    lar_memory memory;
    const char *temporary;            /* folder for temporary files */
    double disk_here, disk_temporary; /* bytes free; < 0: cannot be asked */
    bool has_font;                    /* cairo finds a real font for figures */
} lar_machine;

lar_status lar_machine_ask(lar_machine *out);
void lar_machine_clear(lar_machine *machine);
/* "zlib 1.2.13, ...": the libraries of this program. */
void lar_libraries_words(lar_text *out);

#endif
