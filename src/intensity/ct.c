/* CT: Hounsfield units, held between two of them, onto a fixed range; nothing is learned.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "image/image.h"
#include "intensity/intensity.h"

static bool keeps_units(const lar_normalize_params *params)
{
    return params->limits.count == 0 && lar_text_is(lar_window_names[params->window], "hounsfield");
}

static lar_status ct_fit(lar_found *out, const lar_fitting *of)
{
    const lar_normalize_params *p = of->params;
    const double *window = lar_window_limits[p->window];
    if (p->limits.count != 0 && (p->limits.count != 2 || !(p->limits.at[1] > p->limits.at[0])))
        return lar_fail(LAR_EARGUMENT, "limits of CT are two numbers, the smaller one first");
    if (p->range.count != 0 && (p->range.count != 2 || !(p->range.at[1] > p->range.at[0])))
        return lar_fail(LAR_EARGUMENT, "a range is two numbers, the smaller one first");
    const double low = p->limits.count ? p->limits.at[0] : window[0];
    const double high = p->limits.count ? p->limits.at[1] : window[1];
    out->values = (lar_reals){ 2, { low, high } };
    out->curve = (lar_curve){ .count = 2, .from = { low, high }, .to = { 0, 1 }, .clips = true };
    for (int n = 0; n < 2; n++) {
        if (keeps_units(p)) out->curve.to[n] = out->curve.from[n];
        if (p->range.count) out->curve.to[n] = p->range.at[n];
    }
    return LAR_OK;
}

static const char *const value_names[] = { "low", "high", NULL };
static const char *const keys[] = { "window", "limits", "range", NULL };

const lar_normalizer_method lar_normalizer_ct = {
    .name = "ct",
    .summary = "a window of Hounsfield units, clipped, becomes 0 to 1",
    .about = "Values below the window become its lower end, values above it the upper end, and the "
             "two ends 0 and 1, or --range. The window is one of the radiologists' by name, or "
             "--limits in Hounsfield units; `hounsfield` clips to -1024 and 3071 (12 bits) and "
             "leaves the units as they are. Nothing is learned from the image, so all scans stay "
             "comparable.",
    .cite = "the stroke window: Lev 1999, doi:10.1148/radiology.213.1.r99oc10150",
    .value_names = value_names,
    .keys = keys,
    .foreground = LAR_FOREGROUND_WHOLE,
    .fit = ct_fit,
};
