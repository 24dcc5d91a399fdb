/* N4 bias-field correction: the presets, the checks, and the order of the work. Tustison 2010,
 * doi:10.1109/TMI.2010.2046908.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "filter/filter.h"

static const char *const presets[] = { "default", "ants", "fast", NULL };

const lar_param lar_n4_table[] = {
    LAR_P_CHOICE(lar_n4_params, like, "like", 'l', "default", presets,
                 "the preset: larmor's choice, the result of ANTsPy, or less work"),
    LAR_P_INT(lar_n4_params, shrink, "shrink", 's', "auto", 1, 64, "factor",
              "estimate the field on a grid so much coarser"),
    LAR_P_INTS(lar_n4_params, iterations, "iterations", 'i', "", 0, 10000, "count",
               "iterations at most, for each level; the spline's mesh doubles between levels"),
    LAR_P_REAL(lar_n4_params, tolerance, "tolerance", 't', "auto", 0, 1, "number",
               "a level ends where the field changes by less"),
    LAR_P_REAL(lar_n4_params, spline_mm, "spline-mm", 'b', "auto", 1, 100000, "mm",
               "distance of the spline's knots at the first level, in place of --mesh"),
    LAR_P_INTS(lar_n4_params, mesh, "mesh", 0, "", 1, 256, "count",
               "pieces of the spline along each axis at the first level; one number, or three"),
    LAR_P_INT(lar_n4_params, bins, "bins", 0, "auto", 16, 4096, "count", "bins of the histogram"),
    LAR_P_REAL(lar_n4_params, fwhm, "fwhm", 0, "auto", 0.001, 10, "number",
               "full width at half maximum of the field's distribution, in log intensity"),
    LAR_P_REAL(lar_n4_params, wiener, "wiener", 0, "auto", 1e-12, 1e6, "number",
               "noise of the Wiener deconvolution"),
    LAR_P_FLAG(lar_n4_params, rescale, "rescale", 'r',
               "bring the result back to the range of the input inside the mask"),
    LAR_P_END,
};

lar_n4_params lar_n4_default(void)
{
    lar_n4_params params = { 0 };
    lar_param_defaults(lar_n4_table, &params);
    return params;
}

lar_status lar_n4(lar_image **out, lar_image **field, lar_n4_report *report, const lar_image *in,
                  const lar_image *mask, const lar_image *weights, const lar_n4_params *params)
{
    (void)in, (void)mask, (void)weights, (void)params;
    *out = NULL;
    if (field) *field = NULL;
    if (report) *report = (lar_n4_report){ 0 };
    return lar_fail(LAR_EUNSUPPORTED, "N4 is not built yet");
}
