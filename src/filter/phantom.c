/* The phantom: its parameters, and one subject from anatomy to scans.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

static const char *const type_names[] = { "int16", "float32", NULL };

#define S lar_phantom_params
const lar_param lar_phantom_table[] = {
    LAR_P_INT(S, seed, "seed", 0, "1", 0, 1e15, "number", "another seed, other people"),
    LAR_P_REAL(S, spacing_mm, "spacing", 0, "2", 0.5, 10, "mm", "edge of a voxel"),
    LAR_P_TEXT(S, contrasts, "contrasts", 0, "t1,flair", "names",
               "of t1 t2 pd flair ct, separated by commas; the first is the reference"),
    LAR_P_REAL(S, bias_percent, "bias", 0, "15", 0, 90, "percent",
               "largest drift of the intensity to either side; 0 for none"),
    LAR_P_REAL(S, noise_percent, "noise", 0, "2", 0, 50, "percent",
               "deviation of the Rician noise, of the signal of white matter; 0 for none"),
    LAR_P_REAL(S, texture_percent, "texture", 0, "3", 0, 20, "percent",
               "smooth variation of relaxation within a tissue"),
    LAR_P_REAL(S, variation_percent, "variation", 0, "3", 0, 20, "percent",
               "variation of each tissue's relaxation between subjects"),
    LAR_P_INT(S, lesions, "lesions", 0, "auto", 0, 60, "count",
              "lesions in the white matter; auto: by the subject's age"),
    LAR_P_REAL(S, thickness_mm, "thickness", 0, "auto", 0.5, 20, "mm",
               "slices of all contrasts but the first; auto: as they are spaced"),
    LAR_P_REAL(S, turn_degrees, "turn", 0, "0", 0, 30, "degrees",
               "largest turn of the head between scans, not told by the header"),
    LAR_P_REAL(S, move_mm, "move", 0, "0", 0, 50, "mm",
               "largest shift of the head between scans, not told by the header"),
    LAR_P_FLAG(S, same_grid, "same-grid", 0, "every contrast on the grid of the first"),
    LAR_P_FLAG(S, crisp, "crisp", 0, "no partial volume: each voxel is one tissue"),
    LAR_P_CHOICE(S, type, "type", 0, "int16", type_names, "type of the voxels"),
    LAR_P_TEXT(S, labels, "labels", 0, "", "path", "a label map to use in place of drawn anatomy"),
    LAR_P_TEXT(S, label_table, "label-table", 0, "", "path",
               "lines of label, tab, tissue name for --labels"),
    LAR_P_END,
};
#undef S

lar_phantom_params lar_phantom_default(void)
{
    lar_phantom_params params;
    lar_param_defaults(lar_phantom_table, &params);
    return params;
}

lar_status lar_phantom_subject(lar_phantom **out, const lar_phantom_params *params, int64_t subject)
{
    (void)params;
    *out = NULL;
    return lar_fail(LAR_EUNSUPPORTED, "cannot draw subject %lld yet", (long long)subject);
}

void lar_phantom_free(lar_phantom *phantom)
{
    if (!phantom) return;
    for (int64_t n = 0; n < phantom->scan_count; n++) {
        lar_image_free(phantom->scans[n].image);
        lar_image_free(phantom->scans[n].bias);
    }
    lar_image_free(phantom->labels);
    lar_image_free(phantom->brain);
    lar_free(phantom);
}

lar_status lar_phantom_cohort(const char *folder, const lar_phantom_params *params,
                              int64_t subjects, bool force, lar_progress progress)
{
    (void)params, (void)subjects, (void)force, (void)progress;
    return lar_fail(LAR_EUNSUPPORTED, "cannot write '%s' yet", folder);
}
