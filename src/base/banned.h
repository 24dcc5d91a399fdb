/* Functions that hide an error or overrun a buffer do not compile here.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_BANNED_H
#define LAR_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC poison strcpy strcat sprintf vsprintf strtok atoi atol atof rand srand system gets

#endif
