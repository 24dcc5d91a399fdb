/* Opening the user's browser.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_BROWSER_H
#define LAR_BROWSER_H

#include "base/base.h"

/* Starts what $BROWSER names, else xdg-open, with the address as its last word; it goes on by
 * itself. False, with the reason in lar_error(), where there is no display or no such program. */
bool lar_browser_open(const char *address);

#endif
