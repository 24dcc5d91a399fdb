/* Line plots: loss curves and the learning-rate range test.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "report/report.h"

lar_status lar_plot(const lar_plot_params *params, const lar_series *series, int64_t count,
                    const char *path, bool force)
{
    (void)params, (void)series, (void)count, (void)force;
    return lar_fail(LAR_EUNSUPPORTED, "cannot draw '%s': plots are not built yet", path);
}
