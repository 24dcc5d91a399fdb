/* Images side by side in three planes.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "report/report.h"

static const char *const interpolations[] = { "nearest", "linear", NULL };

const lar_param lar_figure_table[] = {
    LAR_P_TEXT(lar_figure_params, title, "title", 0, "", "text", "a line above the images"),
    LAR_P_TEXT(lar_figure_params, planes, "planes", 0, "axial,coronal,sagittal", "list",
               "rows of the picture: some of axial coronal sagittal, in the order given"),
    LAR_P_REALS(lar_figure_params, at, "at", 0, "", 0, 0, "mm",
                "x y z of the point that the planes go through (default: the centre of the head)"),
    LAR_P_REALS(lar_figure_params, window, "window", 'w', "", 0, 0, "value",
                "low high drawn black and white: two numbers for all images, or two for each"),
    LAR_P_REALS(lar_figure_params, percentiles, "percentiles", 0, "1 99.5", 0, 100, "percent",
                "of the voxels of the head drawn black and white, where no window is given"),
    LAR_P_INTS(lar_figure_params, share, "share", 0, "", 1, 1000, "image",
               "numbers of the images that share one window, such as truth and synthesis"),
    LAR_P_INTS(lar_figure_params, difference, "difference", 0, "", 1, 1000, "image",
               "a b: one more column with image b minus image a, in colour"),
    LAR_P_REAL(lar_figure_params, difference_limit, "difference-limit", 0, "auto", 1e-300, 1e300,
               "value", "difference at the end of the colour bar; auto: by the head's voxels"),
    LAR_P_REAL(lar_figure_params, zoom, "zoom", 0, "auto", 1e-3, 1e3, "pixels/mm",
               "size of the images; auto: about 400 pixels for the longer side of the head"),
    LAR_P_CHOICE(lar_figure_params, interpolation, "interpolation", 0, "linear", interpolations,
                 "between voxels; nearest shows them as they are"),
    LAR_P_FLAG(lar_figure_params, radiological, "radiological", 0,
               "draw the patient's left on the right, as seen from the feet"),
    LAR_P_END,
};

lar_figure_params lar_figure_default(void)
{
    lar_figure_params params;
    lar_param_defaults(lar_figure_table, &params);
    return params;
}

lar_status lar_figure(const lar_image *const *images, const char *const *labels, int64_t count,
                      const lar_figure_params *params, const char *path, bool force)
{
    (void)images, (void)labels, (void)count, (void)params, (void)force;
    return lar_fail(LAR_EUNSUPPORTED, "cannot draw '%s': figures are not built yet", path);
}
