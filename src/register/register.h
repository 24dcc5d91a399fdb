/* register: where one image lies in another. What users call is in larmor.h.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_REGISTER_H
#define LAR_REGISTER_H

#include <larmor/larmor.h>

#endif
