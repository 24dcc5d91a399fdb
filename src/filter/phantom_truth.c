/* What is written beside the phantom's scans: the truth about a subject, and a study to begin with.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "filter/phantom.h"
#include "image/image.h"

static void add_affine(lar_text *out, const char *name, const lar_affine *a)
{
    lar_text_add(out, "\"%s\": [", name);
    for (int r = 0; r < 3; r++)
        lar_text_add(out, "[%.9g, %.9g, %.9g, %.9g], ", a->m[r][0], a->m[r][1], a->m[r][2],
                     a->m[r][3]);
    lar_text_add(out, "[0, 0, 0, 1]]");
}

void lar_phantom_truth_text(lar_text *out, const lar_phantom *phantom,
                            const lar_phantom_params *params)
{
    lar_text_add(out,
                 "{\n  \"subject\": %lld,\n  \"seed\": %lld,\n  \"age\": %.4f,\n"
                 "  \"lesions\": %lld,\n  \"scans\": {\n",
                 (long long)phantom->subject, (long long)params->seed, phantom->age,
                 (long long)phantom->lesion_count);
    for (int64_t n = 0; n < phantom->scan_count; n++) {
        const lar_phantom_scan *scan = &phantom->scans[n];
        lar_text_add(out, "    \"%s\": {\"gain\": %.9g, \"noise_deviation\": %.9g, ",
                     scan->contrast, scan->gain, scan->noise_deviation);
        add_affine(out, "head_to_world", &scan->head_to_world);
        lar_text_add(out, "}%s\n", n + 1 < phantom->scan_count ? "," : "");
    }
    lar_text_add(out, "  },\n  \"tissues\": [\n");
    for (int64_t t = 0; t < phantom->tissue_count; t++) {
        const lar_phantom_tissue *tissue = &phantom->tissues[t];
        lar_text_add(out,
                     "    {\"code\": %d, \"name\": \"%s\", \"t1_ms\": %.6g, \"t2_ms\": %.6g, "
                     "\"density_percent\": %.6g, \"hounsfield\": %g, \"signal\": {",
                     tissue->code, tissue->name, tissue->t1_ms, tissue->t2_ms,
                     tissue->density_percent, tissue->hounsfield);
        for (int64_t n = 0; n < phantom->scan_count; n++)
            lar_text_add(out, "%s\"%s\": %.6g", n ? ", " : "", phantom->scans[n].contrast,
                         tissue->signal[n]);
        lar_text_add(out, "}}%s\n", t + 1 < phantom->tissue_count ? "," : "");
    }
    lar_text_add(out, "  ]\n}\n");
}

static int64_t round_up(double value, int64_t to)
{
    return ((int64_t)ceil(value) + to - 1) / to * to;
}

static void add_image(lar_text *out, const char *name, const char *role)
{
    char upper[8] = "";
    for (size_t n = 0; name[n] && n + 1 < sizeof upper; n++)
        upper[n] = (char)(name[n] >= 'a' && name[n] <= 'z' ? name[n] - 'a' + 'A' : name[n]);
    char head[16], path[64];
    snprintf(head, sizeof head, "%s:", name);
    snprintf(path, sizeof path, "\"%s/{subject}_%s.nii.gz\",", name, upper);
    lar_text_add(out, "    %-6s {path: %-33s role: %s, contrast: %s}\n", head, path, role, name);
}

void lar_phantom_study_text(lar_text *out, const lar_phantom *first,
                            const lar_phantom_params *params, int64_t subjects)
{
    const char *input = first->scans[0].contrast, *target = first->scans[1].contrast;
    const int64_t *size = first->scans[0].image->grid.size;
    const int64_t valid = subjects < 4 ? 1 : (subjects + 2) / 4;
    lar_text_add(out, "# Phantoms: from %s to %s. larmor check, prepare, train read this file.\n",
                 input, target);
    lar_text_add(out, "data:\n  subjects: ");
    char upper[8] = "";
    for (size_t n = 0; input[n]; n++)
        upper[n] = (char)(input[n] >= 'a' && input[n] <= 'z' ? input[n] - 'a' + 'A' : input[n]);
    lar_text_add(out, "\"%s/{subject}_%s.nii.gz\"\n  images:\n", input, upper);
    add_image(out, input, "input");
    add_image(out, target, "target");
    lar_text_add(out, "  split: {train: %lld, valid: %lld, seed: 1}\n",
                 (long long)(subjects - valid), (long long)valid);
    lar_text_add(out, "prepare:\n  - resample: {images: %s, spacing: %g}\n", input,
                 params->spacing_mm);
    lar_text_add(out, "  - resample: {images: %s, onto: %s}\n", target, input);
    lar_text_add(out, "  - normalize: {method: zscore}\n"
                      "  - crop: {axis: z, range: [0.2, 0.8], when: training}\n");
    const int64_t z = (int64_t)floor(0.8 * (double)size[2]) - (int64_t)floor(0.2 * (double)size[2]);
    lar_text_add(out, "  - fit: {size: [%lld, %lld, %lld], when: training}\n",
                 (long long)round_up((double)size[0], 8), (long long)round_up((double)size[1], 8),
                 (long long)round_up((double)z, 8));
    lar_text_add(out, "network:\n  name: resnet\n  channels: 16\n  blocks: 2\n"
                      "train:\n  sample: volume\n  batch: 2\n  epochs: 40\n  loss: mse\n"
                      "  optimizer: adamw\n  schedule: one-cycle\n  rate: 5e-3\n  seed: 1\n");
}
