/* Secrets that are made. Inside view/ only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_VIEW_SECRET_H
#define LAR_VIEW_SECRET_H

#include "base/base.h"

enum { LAR_SECRET_ROOM = 33 };
lar_status lar_secret_new(char out[LAR_SECRET_ROOM]);

#endif
