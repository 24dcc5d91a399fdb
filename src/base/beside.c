/* What is installed with the library is found from where the library itself lies, so that all of it
 * may be moved.
 * SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* dladdr */
#include <dlfcn.h>
#include <unistd.h>

#include "base/base.h"

bool lar_library_beside(lar_text *path, const char *place, int mode)
{
    static const char here_is[] = "";
    Dl_info here;
    lar_text relative = { 0 };
    const void *address = here_is; /* of the library, wherever it was loaded from */
    const bool known = dladdr(address, &here) && here.dli_fname;
    /* a program that holds the library itself may be known by the name alone it was started by */
    char *itself = known && here.dli_fname[0] == '/' ? NULL : realpath("/proc/self/exe", NULL);
    const char *library = itself ? itself : known ? here.dli_fname : "./";

    lar_text_clear(path);
    lar_text_add(&relative, "%.*s%s", (int)(lar_path_name(library) - library), library, place);
    char *whole = relative.failed ? NULL : realpath(relative.at, NULL);
    if (whole && access(whole, mode) == 0) lar_text_add(path, "%s", whole);
    free(whole);
    free(itself);
    lar_text_clear(&relative);
    return path->length > 0;
}
