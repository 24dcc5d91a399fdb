/* What a study says of its samples.
 * SPDX-License-Identifier: Apache-2.0 */
#include "batch/batch.h"

const char *const lar_sample_names[] = { "volume", "patch", "slice", NULL };
static const char *const picks[] = { "uniform", "foreground", "labels", "weights", "grid", NULL };
static const char *const axes[] = { "x", "y", "z", NULL };

static const char of_help[] =
    "image that says where: foreground and labels are its voxels that are not 0, weights its "
    "values; left out, foreground is what is above the mean of the first input";
static const char labels_help[] = "which labels are picked, 0 too where it is named; left out, all "
                                  "but 0. A case that has none of "
                                  "them is an error";
static const char ratios_help[] = "how often each of 'labels' is picked, in their order; left out, "
                                  "each as often. What a case lacks "
                                  "falls to its others";
static const char share_help[] =
    "of the samples that are picked so; the others lie anywhere. A case that has no such voxel is "
    "picked from anywhere";

const lar_param lar_sample_patch_table[] = {
    LAR_P_INTS(lar_sample_params, size, "size", 0, "64", 1, 65536, "voxels",
               "edges of a patch: one number or three"),
    LAR_P_CHOICE(lar_sample_params, pick, "pick", 0, "foreground", picks,
                 "where its middle lies: anywhere; on the foreground; on each label as often as on "
                 "the others; as often as a map of weights says; or at every place of a grid"),
    LAR_P_TEXT(lar_sample_params, of, "of", 0, "", "image", of_help),
    LAR_P_INTS(lar_sample_params, labels, "labels", 0, "", 0, 0, "label", labels_help),
    LAR_P_REALS(lar_sample_params, ratios, "ratios", 0, "", 0, 1e15, "number", ratios_help),
    LAR_P_REAL(lar_sample_params, share, "share", 0, "1", 0, 1, "fraction", share_help),
    LAR_P_CHOICE(lar_sample_params, axis, "axis", 0, "z", axes, "that 'range' is of"),
    LAR_P_REALS(
        lar_sample_params, range, "range", 0, "0 1", 0, 1, "fraction",
        "which part of the volume, along 'axis', middles of patches lie in; a grid covers it"),
    LAR_P_REAL(lar_sample_params, overlap, "overlap", 0, "0", 0, 0.9, "fraction",
               "of the patches of a grid, of their size"),
    LAR_P_INT(lar_sample_params, per_case, "per-case", 0, "auto", 1, 1000000, "count",
              "samples of each case in an epoch; auto: 4, of a grid all"),
    LAR_P_END,
};

const lar_param lar_sample_slice_table[] = {
    LAR_P_CHOICE(lar_sample_params, axis, "axis", 0, "z", axes,
                 "that slices lie across: x from left to right, y from back to front, z upwards"),
    LAR_P_REALS(lar_sample_params, range, "range", 0, "0 1", 0, 1, "fraction",
                "which part of the slices, from the first to the last"),
    LAR_P_INT(lar_sample_params, neighbours, "neighbours", 0, "0", 0, 64, "count",
              "slices to each side that are channels of the inputs too; the target is the middle"),
    LAR_P_CHOICE(lar_sample_params, pick, "pick", 0, "grid", picks,
                 "which slices: every one (grid); or drawn: uniform, or by what lies in them, as "
                 "for a patch"),
    LAR_P_TEXT(lar_sample_params, of, "of", 0, "", "image", of_help),
    LAR_P_INTS(lar_sample_params, labels, "labels", 0, "", 0, 0, "label", labels_help),
    LAR_P_REALS(lar_sample_params, ratios, "ratios", 0, "", 0, 1e15, "number", ratios_help),
    LAR_P_REAL(lar_sample_params, share, "share", 0, "1", 0, 1, "fraction", share_help),
    LAR_P_INT(lar_sample_params, per_case, "per-case", 0, "auto", 1, 1000000, "count",
              "samples of each case in an epoch; auto: 16, of a grid all"),
    LAR_P_END,
};

const lar_param *lar_sample_table(int kind)
{
    static const lar_param *const tables[] = { NULL, lar_sample_patch_table,
                                               lar_sample_slice_table };
    return tables[kind];
}

lar_sample_params lar_sample_default(int kind)
{
    lar_sample_params params = { .kind = kind };
    if (lar_sample_table(kind)) lar_param_defaults(lar_sample_table(kind), &params);
    return params;
}

static lar_status check_of(const lar_sample_params *p, const lar_image_spec *images, int64_t count)
{
    const bool needs = p->pick == LAR_PICK_LABELS || p->pick == LAR_PICK_WEIGHTS;
    if (!p->of && needs) {
        lar_fail(LAR_EARGUMENT, "'pick: %s' needs 'of', the image that says where", picks[p->pick]);
        return lar_hint(LAR_EARGUMENT, "of: NAME, an image of the role label or mask");
    }
    if (p->of && (p->pick == LAR_PICK_UNIFORM || p->pick == LAR_PICK_GRID))
        return lar_fail(LAR_EARGUMENT, "'of' says nothing to 'pick: %s'", picks[p->pick]);
    for (int64_t n = 0; p->of; n++) {
        if (n == count) return lar_fail(LAR_EARGUMENT, "there is no image '%s'", p->of);
        if (!lar_text_is(images[n].name, p->of)) continue;
        if (p->pick == LAR_PICK_LABELS && lar_role_is_measured(images[n].role))
            return lar_fail(LAR_EARGUMENT,
                            "'%s' has the role %s: labels are of the role label or "
                            "mask",
                            p->of, lar_role_names[images[n].role]);
        break;
    }
    return LAR_OK;
}

static lar_status check_labels(const lar_sample_params *p)
{
    const lar_ints *labels = &p->labels;
    const lar_reals *ratios = &p->ratios;
    double sum = labels->count && !ratios->count;
    if (p->pick != LAR_PICK_LABELS && (labels->count || ratios->count))
        return lar_fail(LAR_EARGUMENT, "'%s' says nothing to 'pick: %s'",
                        labels->count ? "labels" : "ratios", picks[p->pick]);
    if (ratios->count && ratios->count != labels->count) {
        lar_fail(LAR_EARGUMENT, "'labels' and 'ratios' go in pairs, but there are %lld and %lld",
                 (long long)labels->count, (long long)ratios->count);
        return lar_hint(LAR_EARGUMENT, "labels: [1, 2, 7] with ratios: [1, 1, 3]");
    }
    for (int64_t n = 0; n < labels->count; n++)
        for (int64_t m = 0; m < n; m++)
            if (labels->at[m] == labels->at[n])
                return lar_fail(LAR_EARGUMENT, "'labels' has %lld twice", (long long)labels->at[n]);
    for (int64_t n = 0; n < ratios->count; n++) sum += ratios->at[n];
    if (labels->count && !(sum > 0))
        return lar_fail(LAR_EARGUMENT, "'ratios' are all 0: nothing can be picked");
    return LAR_OK;
}

lar_status lar_sample_check(const lar_sample_params *p, const lar_image_spec *images, int64_t count)
{
    if (p->kind == LAR_SAMPLE_VOLUME) return LAR_OK;
    if (p->kind == LAR_SAMPLE_PATCH && p->size.count != 1 && p->size.count != 3)
        return lar_fail(LAR_EARGUMENT, "'size' is one number or three, not %lld",
                        (long long)p->size.count);
    if (p->range.count != 2 || !(p->range.at[0] < p->range.at[1]))
        return lar_fail(LAR_EARGUMENT, "'range' is two numbers, the smaller one first");
    if (p->pick == LAR_PICK_GRID && p->per_case != LAR_INT_AUTO)
        return lar_fail(LAR_EARGUMENT, "'per_case' says nothing to 'pick: grid', which takes all");
    const lar_status status = check_labels(p);
    return status == LAR_OK ? check_of(p, images, count) : status;
}
