/* A label map in place of drawn anatomy: its numbers become tissues of the phantom.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "filter/phantom.h"
#include "image/image.h"
#include "math/math.h"

enum { LABEL_MAX = 20000, UNKNOWN = 255 };

/* Labels of FreeSurfer's segmentations, and of whole heads whose other tissues count from 500. */
static const struct pair {
    int16_t label, tissue;
} known[] = {
    { 0, PH_AIR },
    { 2, PH_WHITE },
    { 3, PH_GREY },
    { 4, PH_VENTRICLE },
    { 5, PH_VENTRICLE },
    { 7, PH_CEREBELLAR_WHITE },
    { 8, PH_CEREBELLAR_GREY },
    { 10, PH_THALAMUS },
    { 11, PH_CAUDATE },
    { 12, PH_PUTAMEN },
    { 13, PH_PALLIDUM },
    { 14, PH_VENTRICLE },
    { 15, PH_VENTRICLE },
    { 16, PH_BRAIN_STEM },
    { 17, PH_LIMBIC_GREY },
    { 18, PH_LIMBIC_GREY },
    { 24, PH_CSF },
    { 25, PH_LESION },
    { 26, PH_CAUDATE },
    { 28, PH_BRAIN_STEM },
    { 30, PH_BLOOD },
    { 31, PH_CHOROID },
    { 41, PH_WHITE },
    { 42, PH_GREY },
    { 43, PH_VENTRICLE },
    { 44, PH_VENTRICLE },
    { 46, PH_CEREBELLAR_WHITE },
    { 47, PH_CEREBELLAR_GREY },
    { 49, PH_THALAMUS },
    { 50, PH_CAUDATE },
    { 51, PH_PUTAMEN },
    { 52, PH_PALLIDUM },
    { 53, PH_LIMBIC_GREY },
    { 54, PH_LIMBIC_GREY },
    { 57, PH_LESION },
    { 58, PH_CAUDATE },
    { 60, PH_BRAIN_STEM },
    { 62, PH_BLOOD },
    { 63, PH_CHOROID },
    { 72, PH_VENTRICLE },
    { 77, PH_LESION },
    { 85, PH_NERVE },
    { 136, PH_CHOROID },
    { 137, PH_CHOROID },
    { 163, PH_CHOROID },
    { 164, PH_CHOROID },
    { 501, PH_AIR },
    { 502, PH_BLOOD },
    { 506, PH_VITREOUS },
    { 507, PH_MUSCLE },
    { 508, PH_MUSCLE },
    { 509, PH_MUCOSA },
    { 511, PH_SKIN },
    { 512, PH_NERVE },
    { 514, PH_BLOOD },
    { 515, PH_BONE },
    { 516, PH_MARROW },
    { 520, PH_CSF },
    { 530, PH_NERVE },
};

static int tissue_named(const char *name)
{
    for (int n = 0; n < PH_TISSUE_COUNT; n++)
        if (lar_text_is(lar_phantom_tissue_name(n), name)) return n;
    return -1;
}

static lar_status table_line(uint8_t *tissue_of, char *line, int64_t number, const char *path)
{
    char *name = strchr(line, '\t');
    int64_t label;
    if (!name)
        return lar_fail(LAR_EFORMAT, "'%s' line %lld: found no tab, expected label, tab, tissue",
                        path, (long long)number);
    *name++ = 0;
    name[strcspn(name, "\t\r")] = 0;
    if (!lar_parse_int(&label, line) || label < 0 || label >= LABEL_MAX)
        return lar_fail(LAR_EFORMAT, "'%s' line %lld: '%s' is not a label from 0 to %d", path,
                        (long long)number, line, LABEL_MAX - 1);
    const int tissue = tissue_named(name);
    if (tissue < 0) {
        const char *names[PH_TISSUE_COUNT + 1] = { 0 };
        for (int n = 0; n < PH_TISSUE_COUNT; n++) names[n] = lar_phantom_tissue_name(n);
        const lar_status status = lar_fail(LAR_EFORMAT, "'%s' line %lld: '%s' is no tissue", path,
                                           (long long)number, name);
        const char *nearest = lar_text_nearest(name, names);
        return nearest ? lar_hint(status, "%s", nearest)
                       : lar_hint(status, "a name of truth/tissues.tsv");
    }
    tissue_of[label] = (uint8_t)tissue;
    return LAR_OK;
}

static lar_status read_table(uint8_t *tissue_of, const char *path)
{
    lar_status status = LAR_OK;
    char *text = NULL;
    size_t count;
    int64_t number = 0;

    LAR_TRY(lar_file_read(&text, &count, path, 1 << 20));
    for (char *line = text, *next; *line; line = next) {
        next = line + strcspn(line, "\n");
        if (*next) *next++ = 0;
        number++;
        if (*line == 0 || *line == '#' || *line == '\r' || lar_text_starts(line, "label\t"))
            continue;
        LAR_TRY(table_line(tissue_of, line, number, path));
    }
done:
    lar_free(text);
    return status;
}

static lar_status translate(uint8_t *codes, const lar_image *in, const uint8_t *tissue_of,
                            const char *path)
{
    lar_status status = LAR_OK;
    lar_text unknown = { 0 };
    bool *missing = lar_alloc(LABEL_MAX, sizeof *missing);
    int64_t found = 0;
    if (!missing) return LAR_EMEMORY;
    const lar_grid *g = &in->grid;
    for (int64_t k = 0; k < g->size[2]; k++)
        for (int64_t j = 0; j < g->size[1]; j++)
            for (int64_t i = 0; i < g->size[0]; i++) {
                const double value = lar_image_at(in, i, j, k, 0);
                const bool is_label = value >= 0 && value < LABEL_MAX && value == floor(value);
                const int64_t label = is_label ? (int64_t)value : 0;
                *codes++ = tissue_of[label];
                if (!is_label) {
                    status = lar_fail(
                        LAR_EFORMAT,
                        "'%s' holds %g at voxel %lld %lld %lld, expected whole labels "
                        "from 0 to %d",
                        path, value, (long long)i, (long long)j, (long long)k, LABEL_MAX - 1);
                    goto done;
                }
                missing[label] = tissue_of[label] == UNKNOWN;
            }
    for (int label = 0; label < LABEL_MAX; label++)
        if (missing[label] && found++ < 20)
            lar_text_add(&unknown, found > 1 ? ", %d" : "%d", label);
    if (found) {
        status = lar_fail(LAR_EFORMAT, "'%s' holds labels of unknown tissue: %s%s", path,
                          lar_text_get(&unknown), found > 20 ? " ..." : "");
        lar_hint(status, "--label-table with a line for each: label, tab, tissue");
    }
done:
    lar_text_clear(&unknown);
    lar_free(missing);
    return status;
}

lar_status lar_phantom_codes_read(phantom_head *head, const char *labels, const char *table)
{
    lar_status status = LAR_OK;
    lar_image *in = NULL, *codes = NULL;
    uint8_t *tissue_of = lar_alloc(LABEL_MAX, 1);

    if (!tissue_of) return LAR_EMEMORY;
    memset(tissue_of, UNKNOWN, LABEL_MAX);
    for (size_t n = 0; !table && n < sizeof known / sizeof *known; n++)
        tissue_of[known[n].label] = (uint8_t)known[n].tissue;
    if (table) {
        tissue_of[0] = PH_AIR;
        LAR_TRY(read_table(tissue_of, table));
    }
    LAR_TRY(lar_image_read(&in, labels));
    LAR_TRY(lar_image_new(&codes, &in->grid, 1, LAR_U8));
    LAR_TRY(translate(codes->voxels, in, tissue_of, labels));
    if (!lar_affine_invert(&head->world_to_codes, &codes->grid.to_world)) {
        status = lar_fail(LAR_EGEOMETRY, "'%s' has a singular affine", labels);
        goto done;
    }
    head->codes = codes;
    codes = NULL;
done:
    lar_image_free(in);
    lar_image_free(codes);
    lar_free(tissue_of);
    return status;
}

void lar_phantom_codes_add(const phantom_head *head, const double xyz[3], float weight,
                           bool nearest, float mix[PH_TISSUE_COUNT])
{
    const int64_t *size = head->codes->grid.size;
    const uint8_t *codes = head->codes->voxels;
    double at[3];
    lar_affine_point(&head->world_to_codes, xyz, at);
    int64_t first[3];
    float upper[3];
    for (int c = 0; c < 3; c++) {
        const double from = nearest ? floor(at[c] + 0.5) : floor(at[c]);
        if (from < -1 || from > (double)size[c]) {
            mix[PH_AIR] += weight;
            return;
        }
        first[c] = (int64_t)from;
        upper[c] = nearest ? 0 : (float)(at[c] - from);
    }
    for (int n = 0; n < 8; n++) {
        float part = weight;
        int64_t v[3];
        bool inside = true;
        for (int c = 0; c < 3; c++) {
            const int step = n >> c & 1;
            part *= step ? upper[c] : 1 - upper[c];
            v[c] = first[c] + step;
            inside = inside && v[c] >= 0 && v[c] < size[c];
        }
        if (part > 0)
            mix[inside ? codes[(v[2] * size[1] + v[1]) * size[0] + v[0]] : PH_AIR] += part;
    }
}
