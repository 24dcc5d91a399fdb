/* Windows of CT by name.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "image/image.h"

/* Width and level as they are customary; there is no standard, and sites differ. bone: of the
 * temporal bone; stroke: Lev 1999, doi:10.1148/radiology.213.1.r99oc10150. hounsfield: all that 12
 * bits hold, unchanged. */
#define WINDOW(width, level)                                                                       \
    {                                                                                              \
        (level) - (width) / 2.0, (level) + (width) / 2.0                                           \
    }
const char *const lar_window_names[] = { "brain",       "subdural", "stroke",      "bone",
                                         "soft-tissue", "lung",     "mediastinum", "abdomen",
                                         "liver",       "spine",    "hounsfield",  NULL };
const double lar_window_limits[][2] = { WINDOW(80, 40),    WINDOW(200, 75), WINDOW(8, 32),
                                        WINDOW(2800, 600), WINDOW(375, 40), WINDOW(1500, -600),
                                        WINDOW(350, 50),   WINDOW(400, 50), WINDOW(150, 30),
                                        WINDOW(250, 50),   { -1024, 3071 } };
