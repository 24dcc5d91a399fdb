/* Versions of the libraries that this program runs with.
 * SPDX-License-Identifier: Apache-2.0 */
#include <cairo.h>
#include <isa-l.h>
#include <jansson.h>
#include <libdeflate.h>
#include <microhttpd.h>
#include <spng.h>
#include <tiffio.h>
#include <yaml.h>
#include <zlib.h>

#include "command/machine.h"

/* "4.5.0" of "LIBTIFF, Version 4.5.0\nCopyright ...". */
static const char *tiff_version(void)
{
    static char version[16];
    const char *found = strstr(TIFFGetVersion(), "Version ");
    if (found) snprintf(version, sizeof version, "%.*s", (int)strcspn(found + 8, "\n"), found + 8);
    return version;
}

void lar_libraries_words(lar_text *out)
{
    lar_text_add(out,
                 "libdeflate %s, ISA-L %d.%d.%d, zlib %s, libtiff %s, libspng %s, jansson %s, "
                 "libyaml %s, cairo %s, libmicrohttpd %s, libmd " LARMOR_LIBMD,
                 LIBDEFLATE_VERSION_STRING, ISAL_MAJOR_VERSION, ISAL_MINOR_VERSION,
                 ISAL_PATCH_VERSION, zlibVersion(), tiff_version(), spng_version_string(),
                 jansson_version_str(), yaml_get_version_string(), cairo_version_string(),
                 MHD_get_version());
}
