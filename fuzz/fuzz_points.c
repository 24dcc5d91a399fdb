/* Any bytes as a table of points: an error that names the file, or points that are finite.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "format/format.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    lar_points *points = NULL;
    lar_error_set("");
    const lar_status status =
        lar_points_read_bytes(&points, (const char *)bytes, count, "fuzz.csv");
    if ((status == LAR_OK) != (points != NULL) || (points && points->count < 1)) abort();
    if (status != LAR_OK && !strstr(lar_error(), "'fuzz.csv'")) abort();
    for (int64_t n = 0; points && n < points->count; n++)
        for (int r = 0; r < 3; r++)
            if (!isfinite(points->xyz[n][r])) abort();
    lar_points_free(points);
    return 0;
}
