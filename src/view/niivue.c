/* NiiVue, which is not part of larmor: a file that ./dev setup installs, found from the library's
 * own place.
 * SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "codec/codec.h"
#include "view/files.h"
#include "view/view.h"

#ifndef LARMOR_VIEWER
#define LARMOR_VIEWER "../share/larmor/viewer" /* from the library's folder */
#endif

enum { LARGEST = 32 << 20 };

lar_status lar_view_niivue(lar_text *path)
{
    if (lar_library_beside(path, "viewer/niivue.js.gz", R_OK) ||
        lar_library_beside(path, LARMOR_VIEWER "/niivue.js.gz", R_OK))
        return LAR_OK;
    const lar_status status = lar_fail(LAR_EUNSUPPORTED, "NiiVue is not installed");
    return lar_hint(status, "./dev setup where larmor is built, then to install it anew");
}

void lar_niivue_load(lar_niivue *out)
{
    lar_text path = { 0 };
    *out = (lar_niivue){ 0 };
    if (lar_view_niivue(&path) == LAR_OK &&
        lar_file_read(&out->bytes, &out->count, lar_text_get(&path), LARGEST) == LAR_OK &&
        !lar_gzip_is(out->bytes, out->count)) {
        lar_log(LAR_LOG_WARNING, "'%s' is no gzip file, and left out", lar_text_get(&path));
        lar_free(out->bytes);
        out->bytes = NULL;
    }
    if (out->bytes)
        snprintf(out->tag, sizeof out->tag, "\"%08x-%zx\"",
                 (unsigned)lar_crc32(out->bytes, out->count), out->count);
    lar_text_clear(&path);
}
