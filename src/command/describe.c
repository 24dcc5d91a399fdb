/* What `larmor info` says of one file, as text and as JSON; and what is odd about it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "command/describe.h"
#include "math/math.h"

/* Text of a file on a terminal or in JSON: bytes that could steer either become '?'. */
static void add_clean(lar_text *out, const char *text)
{
    for (const char *c = text; *c; c++) {
        const char shown = (unsigned char)*c >= ' ' && (unsigned char)*c < 127 ? *c : '?';
        lar_text_add_bytes(out, &shown, 1);
    }
}

json_t *lar_describe_words(const char *text)
{
    json_t *plain = json_string(text); /* NULL where it is not UTF-8 */
    if (plain) return plain;
    lar_text clean = { 0 };
    add_clean(&clean, text);
    json_t *words = json_string(lar_text_get(&clean));
    lar_text_clear(&clean);
    return words;
}

/* The largest cosine between two voxel axes: 0 where they are at right angles. */
static double shear(const lar_grid *grid)
{
    double spacing[3], largest = 0;
    const double(*m)[4] = grid->to_world.m;
    lar_grid_spacing(grid, spacing);
    for (int a = 0; a < 3; a++) {
        const int b = (a + 1) % 3;
        const double dot = m[0][a] * m[0][b] + m[1][a] * m[1][b] + m[2][a] * m[2][b];
        largest = fmax(largest, fabs(dot) / (spacing[a] * spacing[b]));
    }
    return largest;
}

/* What is not wrong, but may surprise; one a line. */
static void add_oddities(lar_text *out, const lar_image_about *about, const lar_voxel_facts *voxels)
{
    const double ratio_worth_a_word = 2, largest_cosine = 1e-3;
    const double smallest_mm = 0.05, largest_mm = 20; /* of a person's scan */
    double spacing[3];
    int longest = 0, shortest = 0;
    lar_grid_spacing(&about->grid, spacing);
    for (int n = 0; n < 3; n++) {
        if (spacing[n] > spacing[longest]) longest = n;
        if (spacing[n] < spacing[shortest]) shortest = n;
    }
    const double ratio = spacing[longest] / spacing[shortest];
    if (about->dims > 3 && about->channels == 1)
        lar_text_add(out, "it is stored with %lld dimensions, but is one volume\n",
                     (long long)about->dims);
    if (about->channels > 1)
        lar_text_add(out, "it holds %lld volumes; larmor convert --volume N makes a file of one\n",
                     (long long)about->channels);
    if (about->scales_differ)
        lar_text_add(out, "slices or volumes are scaled differently; what is shown is the first\n");
    if (about->scale_unset && about->stored < LAR_F32)
        lar_text_add(out,
                     "its scale is not set (slope 0 or no number): voxels are taken as they are "
                     "stored\n");
    if (about->dims < 3 || about->grid.size[0] == 1 || about->grid.size[1] == 1 ||
        about->grid.size[2] == 1)
        lar_text_add(out, "it is a single slice\n");
    if (ratio > ratio_worth_a_word)
        lar_text_add(out, "voxels are %.3g times longer along %c than along %c\n", ratio,
                     "ijk"[longest], "ijk"[shortest]);
    if (spacing[shortest] < smallest_mm || spacing[longest] > largest_mm)
        lar_text_add(out,
                     "a voxel edge of %.3g mm is unlikely in a scan of a person: is the unit "
                     "right?\n",
                     spacing[shortest] < smallest_mm ? spacing[shortest] : spacing[longest]);
    if (lar_affine_determinant(&about->grid.to_world) < 0)
        lar_text_add(out, "voxel axes are left-handed; larmor follows the affine, some tools do "
                          "not\n");
    if (shear(&about->grid) > largest_cosine)
        lar_text_add(out, "voxel axes are not at right angles (%.2f degrees off)\n",
                     asin(fmin(1, shear(&about->grid))) * 180 / acos(-1));
    if (about->stored == LAR_I64 || about->stored == LAR_U64)
        lar_text_add(out, "voxels are 64-bit integers, which some tools refuse\n");
    if (!voxels) return;
    if (voxels->range.not_finite)
        lar_text_add(out, "%lld voxels are not finite (NaN or infinite)\n",
                     (long long)voxels->range.not_finite);
    if (voxels->range.low == voxels->range.high)
        lar_text_add(out, "all finite voxels have the value %.9g\n", voxels->range.low);
}

static const char *code_name(int code)
{
    static const char *const names[] = { "unset",     "scanner", "aligned to another image",
                                         "Talairach", "MNI 152", "template" };
    return code >= 0 && code < 6 ? names[code] : "unknown";
}

static void add_lines(lar_text *out, const char *title, const char *lines)
{
    while (*lines) {
        const size_t length = strcspn(lines, "\n");
        lar_text_add(out, "  %-12s%.*s\n", title, (int)length, lines);
        lines += length + (lines[length] == '\n');
    }
}

static void add_note_lines(lar_text *out, const lar_image_about *about)
{
    const lar_notes *notes = about->notes;
    if (notes->description[0]) {
        lar_text_add(out, "  description ");
        add_clean(out, notes->description);
        lar_text_add(out, "\n");
    }
    if (notes->intent || notes->name[0]) {
        lar_text_add(out, "  intent      code %d", notes->intent);
        if (notes->name[0]) lar_text_add(out, ", ");
        add_clean(out, notes->name);
        lar_text_add(out, "\n");
    }
    if (notes->window[0] < notes->window[1])
        lar_text_add(out, "  window      %.9g to %.9g\n", notes->window[0], notes->window[1]);
    if (about->channels > 1 && notes->step > 0)
        lar_text_add(out, "  step        %.9g %s between volumes\n", notes->step,
                     notes->step_unit == 8    ? "s"
                     : notes->step_unit == 16 ? "ms"
                     : notes->step_unit == 24 ? "us"
                                              : "of an unknown unit");
    for (int64_t n = 0; n < notes->extension_count; n++)
        lar_text_add(out, "  extension   code %d, %lld bytes\n", notes->extensions[n].code,
                     (long long)notes->extensions[n].count);
}

/* How a series was acquired, in a line. */
static void add_acquisition(lar_text *out, const json_t *facts)
{
    static const struct {
        const char *fact, *shown, *unit;
        double factor;
    } numbers[] = {
        { "MagneticFieldStrength", "", " T", 1 },      { "EchoTime", "TE ", " ms", 1000 },
        { "RepetitionTime", "TR ", " ms", 1000 },      { "InversionTime", "TI ", " ms", 1000 },
        { "FlipAngle", "flip angle ", " degrees", 1 }, { "SliceThickness", "slices of ", " mm", 1 },
    };
    const char *modality = json_string_value(json_object_get(facts, "Modality"));
    lar_text_add(out, "  acquired    ");
    add_clean(out, modality ? modality : "unknown modality");
    for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++) {
        const json_t *value = json_object_get(facts, numbers[n].fact);
        if (json_is_number(value))
            lar_text_add(out, ", %s%.6g%s", numbers[n].shown,
                         json_number_value(value) * numbers[n].factor, numbers[n].unit);
    }
    lar_text_add(out, "\n");
}

void lar_describe_text(lar_text *out, const lar_described *what)
{
    const lar_image_about *about = what->about;
    const lar_voxel_facts *voxels = what->voxels;
    const int64_t *size = about->grid.size;
    double spacing[3];
    char axes[4];
    lar_text oddities = { 0 };
    lar_grid_spacing(&about->grid, spacing);
    lar_grid_axes(&about->grid, axes);
    add_oddities(&oddities, about, voxels);

    lar_text_add(out, "%s\n", what->path);
    if (what->series) {
        lar_text_add(out, "  series      %s\n", what->series->name);
        add_acquisition(out, what->series->facts);
    }
    lar_text_add(out, "  format      %s%s%s\n", about->format, about->gzip ? ", compressed" : "",
                 about->swapped ? ", the other byte order" : "");
    lar_text_add(out, "  size        %lld x %lld x %lld voxels", (long long)size[0],
                 (long long)size[1], (long long)size[2]);
    if (about->channels > 1) lar_text_add(out, ", %lld volumes", (long long)about->channels);
    lar_text_add(out, "\n  spacing     %.6g x %.6g x %.6g mm\n", spacing[0], spacing[1],
                 spacing[2]);
    lar_text_add(out, "  axes        %s\n", axes);
    lar_text_add(out, "  type        %s", lar_type_name(about->stored));
    if (about->slope != 1 || about->inter != 0)
        lar_text_add(out, ", times %.9g plus %.9g: %s", about->slope, about->inter,
                     lar_type_name(about->type));
    else if (about->type != about->stored)
        lar_text_add(out, ", scaled: %s", lar_type_name(about->type));
    lar_text_add(out, "\n  affine      by the %s", about->affine_from);
    if (about->form_codes[0] > 0 || about->form_codes[1] > 0)
        lar_text_add(out, " (sform %d, %s; qform %d, %s)", about->form_codes[0],
                     code_name(about->form_codes[0]), about->form_codes[1],
                     code_name(about->form_codes[1]));
    lar_text_add(out, "\n");
    for (int r = 0; r < 3; r++) {
        const double *m = about->grid.to_world.m[r];
        /* + 0.0: no negative zeros */
        lar_text_add(out, "              %11.6g %11.6g %11.6g %11.6g\n", m[0] + 0.0, m[1] + 0.0,
                     m[2] + 0.0, m[3] + 0.0);
    }
    add_note_lines(out, about);
    if (voxels && voxels->range.low <= voxels->range.high)
        lar_text_add(out, "  voxels      %.9g to %.9g, mean %.9g\n", voxels->range.low,
                     voxels->range.high, voxels->mean);
    add_lines(out, "note", lar_text_get(&oddities));
    add_lines(out, "warning", lar_text_get(&about->warnings));
    lar_text_clear(&oddities);
}

static json_t *lines_json(const char *lines)
{
    json_t *list = json_array();
    while (*lines) {
        const size_t length = strcspn(lines, "\n");
        json_array_append_new(list, json_stringn(lines, length));
        lines += length + (lines[length] == '\n');
    }
    return list;
}

/* JSON has no infinity and no NaN: null. */
static json_t *real_json(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *triple(const int64_t *values)
{
    return json_pack("[I, I, I]", (json_int_t)values[0], (json_int_t)values[1],
                     (json_int_t)values[2]);
}

json_t *lar_describe_json(const lar_described *what)
{
    const lar_image_about *about = what->about;
    const lar_voxel_facts *voxels = what->voxels;
    double spacing[3];
    char axes[4];
    lar_text oddities = { 0 };
    const lar_notes *notes = about->notes;
    json_t *affine = json_array();
    lar_grid_spacing(&about->grid, spacing);
    lar_grid_axes(&about->grid, axes);
    add_oddities(&oddities, about, voxels);
    for (int r = 0; r < 3; r++) {
        const double *m = about->grid.to_world.m[r];
        json_array_append_new(affine, json_pack("[f, f, f, f]", m[0], m[1], m[2], m[3]));
    }
    json_t *root = json_pack(
        "{s:o, s:s, s:b, s:b, s:o, s:I, s:[f, f, f], s:s, s:s, s:s, s:f, s:f, s:o, s:s, s:i, s:i, "
        "s:o, s:i, s:o, s:f, s:i, s:I, s:o, s:o}",
        "path", lar_describe_words(what->path), "format", about->format, "gzip", about->gzip,
        "other_byte_order", about->swapped, "size", triple(about->grid.size), "volumes",
        (json_int_t)about->channels, "spacing_mm", spacing[0], spacing[1], spacing[2], "axes", axes,
        "type", lar_type_name(about->type), "stored_type", lar_type_name(about->stored), "slope",
        about->slope, "intercept", about->inter, "affine", affine, "affine_from",
        about->affine_from, "sform_code", about->form_codes[0], "qform_code", about->form_codes[1],
        "description", lar_describe_words(notes->description), "intent", notes->intent,
        "intent_name", lar_describe_words(notes->name), "step", notes->step, "step_unit",
        notes->step_unit, "extensions", (json_int_t)notes->extension_count, "notes",
        lines_json(lar_text_get(&oddities)), "warnings",
        lines_json(lar_text_get(&about->warnings)));
    if (root && voxels)
        json_object_set_new(root, "voxels",
                            json_pack("{s:o, s:o, s:o, s:I}", "low", real_json(voxels->range.low),
                                      "high", real_json(voxels->range.high), "mean",
                                      real_json(voxels->mean), "not_finite",
                                      (json_int_t)voxels->range.not_finite));
    if (root && what->series) {
        json_object_set_new(root, "series", json_string(what->series->name));
        json_object_set(root, "facts", what->series->facts);
    }
    lar_text_clear(&oddities);
    return root;
}
