/* What `larmor view` was asked to show.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_VIEW_FIND_H
#define LAR_VIEW_FIND_H

#include "command/command.h"
#include "view/view.h"

/* Entries for the arguments and for --overlay; what they borrow lives until lar_view_found_clear().
 */
typedef struct lar_view_found {
    lar_view_entry *entries;
    int64_t count, room;
    const char *title, *report;
    lar_dicom **dicoms;
    int64_t dicom_count;
} lar_view_found;
lar_status lar_view_find(lar_view_found *out, lar_call *call, const lar_texts *overlays);
void lar_view_found_clear(lar_view_found *found);

#endif
