/* How a page looks. Inside report/ only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_PAGE_STYLE_H
#define LAR_PAGE_STYLE_H

#include "base/base.h"

extern const char lar_page_style[];

#endif
