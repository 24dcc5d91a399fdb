/* The page and its parts: the folder src/view/page, compiled in by cmake/page.cmake. Inside view/
 * only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_VIEW_FILES_H
#define LAR_VIEW_FILES_H

#include "base/base.h"

typedef struct lar_view_file {
    const char *path;       /* "/view.css"; "/" is view.html */
    const char *type, *tag; /* of the content; ETag with its quotes */
    const unsigned char *bytes;
    size_t count;
} lar_view_file;
extern const lar_view_file lar_view_files[]; /* sorted; path NULL at the end */

/* NiiVue, compressed by gzip as it was installed; NULL where it is not. */
typedef struct lar_niivue {
    char *bytes;
    size_t count;
    char tag[40];
} lar_niivue;
void lar_niivue_load(lar_niivue *out);

#endif
