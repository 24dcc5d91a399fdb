/* The phantom: its parameters, and one subject from anatomy to scans.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "filter/phantom.h"
#include "image/image.h"
#include "math/math.h"

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

lar_status lar_phantom_contrast_list(phantom_contrast list[PH_CONTRAST_COUNT], int64_t *count,
                                     const char *names)
{
    *count = 0;
    for (const char *at = names ? names : ""; *at;) {
        char word[16];
        const size_t length = strcspn(at, ", ");
        snprintf(word, sizeof word, "%.*s", (int)length, at);
        int found = 0;
        while (lar_phantom_contrasts[found] && !lar_text_is(lar_phantom_contrasts[found], word))
            found++;
        if (found == PH_CONTRAST_COUNT) {
            const lar_status status =
                lar_fail(LAR_EARGUMENT, "'%.*s' is no contrast of the phantom", (int)length, at);
            return lar_hint(status, "t1, t2, pd, flair, ct");
        }
        for (int64_t n = 0; n < *count; n++)
            if ((int)list[n] == found)
                return lar_fail(LAR_EARGUMENT, "the contrast '%s' is asked for twice", word);
        list[(*count)++] = (phantom_contrast)found;
        at += length;
        at += strspn(at, ", ");
    }
    if (*count == 0) return lar_fail(LAR_EARGUMENT, "no contrast is asked for");
    return LAR_OK;
}

/* How each kind of scan is usually taken: in-plane spacing and distance of slices for a voxel of 1,
 * whether voxels run to left and back, tilt of the slices, and how much of the neck is seen. */
static const struct protocol {
    double in_plane, slice;
    bool lps;
    double tilt_degrees, low_cut;
} protocols[PH_CONTRAST_COUNT] = {
    [PH_T1] = { 1, 1, false, 0, 0 },         [PH_T2] = { 0.8, 1.5, true, 7, 0.12 },
    [PH_PD] = { 0.8, 1.5, true, 7, 0.12 },   [PH_FLAIR] = { 0.9, 1.3, true, 5, 0.14 },
    [PH_CT] = { 0.7, 1.25, true, -6, 0.08 },
};

/* World box of the head. */
typedef struct box {
    double low[3], high[3];
} box;

static lar_affine turn_about(const double degrees[3], const double centre[3], const double move[3])
{
    lar_affine out = lar_affine_identity();
    for (int c = 0; c < 3; c++) out.m[c][3] = -centre[c];
    for (int axis = 0; axis < 3; axis++) {
        const double angle = degrees[axis] * 0.017453292519943295;
        const int u = (axis + 1) % 3, v = (axis + 2) % 3;
        lar_affine turn = lar_affine_identity();
        turn.m[u][u] = turn.m[v][v] = cos(angle);
        turn.m[u][v] = -sin(angle);
        turn.m[v][u] = sin(angle);
        out = lar_affine_chain(&out, &turn);
    }
    for (int c = 0; c < 3; c++) out.m[c][3] += centre[c] + move[c];
    return out;
}

static lar_grid grid_of(phantom_contrast contrast, const box *head, bool first,
                        const lar_phantom_params *params, double *thickness_mm)
{
    const struct protocol *p = &protocols[first ? PH_T1 : contrast];
    const double s = params->spacing_mm;
    double spacing[3] = { s * p->in_plane, s * p->in_plane, s * p->slice };
    if (!first && !isnan(params->thickness_mm)) spacing[2] = params->thickness_mm;
    *thickness_mm = spacing[2];
    lar_grid grid = { .to_world = lar_affine_identity() };
    for (int c = 0; c < 3; c++) {
        const double low =
            head->low[c] + (c == 2 ? p->low_cut * (head->high[2] - head->low[2]) : 0);
        const double length = head->high[c] - low, sign = p->lps && c < 2 ? -1 : 1;
        grid.size[c] = (int64_t)ceil(length / spacing[c] - 1e-6);
        grid.to_world.m[c][c] = sign * spacing[c];
        grid.to_world.m[c][3] =
            (low + head->high[c]) / 2 - sign * spacing[c] * (double)(grid.size[c] - 1) / 2;
    }
    const double centre[3] = { 0, -10, 10 }, none[3] = { 0 };
    const double degrees[3] = { p->tilt_degrees, 0, 0 };
    const lar_affine tilt = turn_about(degrees, centre, none);
    grid.to_world = lar_affine_chain(&grid.to_world, &tilt);
    return grid;
}

/* The head lay still for the first scan; for the others it may have moved. */
static lar_affine pose_of(phantom_contrast contrast, bool first, uint64_t seed,
                          const lar_phantom_params *params)
{
    enum { POSE_STREAM = 0x500 };
    const uint64_t stream = POSE_STREAM + (uint64_t)contrast;
    double degrees[3] = { 0 }, move[3] = { 0 };
    for (uint64_t c = 0; c < 3 && !first; c++) {
        degrees[c] = params->turn_degrees * (2 * lar_random_uniform(seed, stream, c) - 1);
        move[c] = params->move_mm * (2 * lar_random_uniform(seed, stream, 4 + c) - 1);
    }
    const double centre[3] = { 0, -15, 0 };
    return turn_about(degrees, centre, move);
}

/* Where a label map is not air, and a margin. */
static void labelled_box(box *out, const lar_image *codes)
{
    const int64_t *size = codes->grid.size;
    const uint8_t *at = codes->voxels;
    box b = { { INFINITY, INFINITY, INFINITY }, { -INFINITY, -INFINITY, -INFINITY } };
    for (int64_t n = 0; n < size[0] * size[1] * size[2]; n++) {
        if (at[n] == PH_AIR) continue;
        const double ijk[3] = { (double)(n % size[0]), (double)(n / size[0] % size[1]),
                                (double)(n / size[0] / size[1]) };
        double xyz[3];
        lar_grid_to_world(&codes->grid, ijk, xyz);
        for (int c = 0; c < 3; c++) {
            if (xyz[c] < b.low[c]) b.low[c] = xyz[c];
            if (xyz[c] > b.high[c]) b.high[c] = xyz[c];
        }
    }
    const double margin = 5;
    for (int c = 0; c < 3; c++) {
        out->low[c] = b.low[c] - margin;
        out->high[c] = b.high[c] + margin;
    }
}

static lar_status check_params(const lar_phantom_params *params, int64_t subject)
{
    if (subject < 1)
        return lar_fail(LAR_EARGUMENT, "subject %lld: subjects count from 1", (long long)subject);
    if (!(params->spacing_mm >= 0.5 && params->spacing_mm <= 10))
        return lar_fail(LAR_EARGUMENT, "a spacing of %g mm, expected 0.5 to 10",
                        params->spacing_mm);
    if (params->lesions != LAR_INT_AUTO && (params->lesions < 0 || params->lesions > 60))
        return lar_fail(LAR_EARGUMENT, "%lld lesions, expected 0 to 60",
                        (long long)params->lesions);
    if (params->label_table && !params->labels)
        return lar_fail(LAR_EARGUMENT, "a table of labels without a label map");
    return LAR_OK;
}

lar_status lar_phantom_subject(lar_phantom **out, const lar_phantom_params *params, int64_t subject)
{
    lar_status status = LAR_OK;
    phantom_contrast contrasts[PH_CONTRAST_COUNT];
    phantom_head head = { 0 };
    lar_phantom *phantom = NULL;
    /* ears, nose, and the neck down to the chin */
    box b = { { -93, -129, -92 }, { 93, 115, 104 } };
    uint32_t bits[4];

    *out = NULL;
    LAR_TRY(check_params(params, subject));
    phantom = lar_alloc(1, sizeof *phantom);
    if (!phantom) return LAR_EMEMORY;
    LAR_TRY(lar_phantom_contrast_list(contrasts, &phantom->scan_count, params->contrasts));
    phantom->subject = subject;
    lar_random_bits(bits, (uint64_t)params->seed, 0x5b1ec7, (uint64_t)subject);
    const uint64_t seed = (uint64_t)bits[0] << 32 | bits[1];
    LAR_TRY(lar_phantom_anatomy_new(&head.anatomy, seed, params->lesions));
    if (params->labels) {
        LAR_TRY(lar_phantom_codes_read(&head, params->labels, params->label_table));
        labelled_box(&b, head.codes);
        if (!(b.low[0] < b.high[0])) {
            status = lar_fail(LAR_ENUMERIC, "'%s' holds no tissue but air", params->labels);
            goto done;
        }
    } else {
        phantom->age = (double)head.anatomy->age;
        phantom->lesion_count = head.anatomy->lesion_count;
    }
    phantom->tissue_count = PH_TISSUE_COUNT;
    lar_phantom_draw_tissues(phantom->tissues, seed, params->variation_percent);
    for (int64_t n = 0; n < phantom->scan_count; n++) {
        lar_phantom_scan *scan = &phantom->scans[n];
        const bool first = n == 0;
        phantom_shot shot = { .contrast = contrasts[n], .seed = seed };
        shot.grid =
            grid_of(contrasts[n], &b, first || params->same_grid, params, &shot.thickness_mm);
        scan->head_to_world = pose_of(contrasts[n], first, seed, params);
        (void)lar_affine_invert(&shot.world_to_head, &scan->head_to_world); /* a rotation */
        snprintf(scan->contrast, sizeof scan->contrast, "%s", lar_phantom_contrasts[contrasts[n]]);
        LAR_TRY(lar_phantom_shoot(scan, first ? &phantom->labels : NULL,
                                  first ? &phantom->brain : NULL, &head, &shot, phantom->tissues,
                                  params));
        for (int t = 0; t < PH_TISSUE_COUNT; t++)
            phantom->tissues[t].signal[n] =
                scan->gain * lar_phantom_signal(contrasts[n], &phantom->tissues[t], 1, 1);
    }
    *out = phantom;
    phantom = NULL;
done:
    lar_phantom_free(phantom);
    lar_phantom_anatomy_free(head.anatomy);
    lar_image_free(head.codes);
    return status;
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
