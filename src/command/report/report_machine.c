/* What wrote the page: versions, libraries and the machine, as larmor doctor finds them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/machine.h"
#include "command/report/report_make.h"
#include "tensor/tensor.h"

lar_status lar_report_add_machine(lar_page *page)
{
    lar_machine machine;
    lar_text libraries = { 0 };
    char words[LAR_BYTES_WORDS], about[128];
    lar_status status = lar_machine_ask(&machine);
    if (status != LAR_OK) goto done;
    lar_libraries_words(&libraries);
    lar_bytes_words(words, machine.memory.total);
    lar_page_section(page, "versions", "Versions");
    lar_page_text(page, LAR_PAGE_SOFT, "Of the program that wrote this page, and of its machine.");
    lar_page_facts_open(page);
    lar_page_fact(page, "larmor", "%s, built by %s", lar_version(), LARMOR_COMPILER);
    lar_page_fact(page, "libraries", "%s", lar_text_get(&libraries));
    for (int n = 0; lar_backends[n]; n++) {
        lar_backends[n]->about(about, sizeof about);
        lar_page_fact(page, n ? "" : "backends", "%s (%s)", lar_backends[n]->name, about);
    }
    lar_page_fact(page, "processor", "%s (%s)", *machine.processor ? machine.processor : "unknown",
                  lar_text_get(&machine.instructions));
    lar_page_fact(page, "threads", "%d of %d processors", lar_threads_get(), machine.processors);
    if (machine.memory.total > 0) lar_page_fact(page, "memory", "%s", words);
    lar_page_close(page);
done:
    lar_text_clear(&libraries);
    lar_machine_clear(&machine);
    return status;
}
