/* Words for images, as --labels takes them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_LABELS_H
#define LAR_LABELS_H

#include "command/command.h"

/* One label per image of the call out of a list with commas; LAR_EARGUMENT where their number
 * differs. Of the call's arena. */
lar_status lar_labels_split(const char ***out, const lar_call *call, const char *list);

#endif
