/* What the file names of a BIDS tree say. Of the room data.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_BIDS_NAME_H
#define LAR_BIDS_NAME_H

#include "data/data.h"

enum { LAR_BIDS_ROOM = 256 };

/* A file name, cut into what it says. */
typedef struct lar_bids_name {
    char labels[LAR_BIDS_ENTITIES][LAR_BIDS_ROOM]; /* "": not there */
    char suffix[LAR_BIDS_ROOM];
} lar_bids_name;

/* False where the name is none of an image of BIDS: sub-01[_key-label]..._suffix.nii[.gz]. */
bool lar_bids_parse(lar_bids_name *out, const char *name);
/* Whether a file's label is the one that a study wants; "1" and "01" are the same index, and "none"
 * wants none. */
bool lar_bids_label_is(const char *label, const char *wanted);

#endif
