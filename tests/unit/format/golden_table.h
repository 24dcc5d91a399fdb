/* Tables of what another program reads from files: a line is file, type, size, channels, affine,
 * sum of all values, and eight voxels as i j k channel value.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_GOLDEN_TABLE_H
#define LAR_GOLDEN_TABLE_H

#include "scans.h"

enum { GOLDEN_PICKS = 8 };

/* The next word of a line as a number. */
static inline double golden_number(char **at)
{
    char *end;
    const double value = strtod(*at, &end);
    if (end == *at) fail_msg("no number at '%.20s'", *at);
    *at = end;
    return value;
}

/* Larmor rounds a scaled value to float32, nibabel keeps double. */
static inline double golden_tolerance(const lar_image *image, double value)
{
    return image->type == LAR_F32 ? fabs(value) * 6e-8 + 1e-30 : fabs(value) * 2e-16;
}

/* The folder of a name that begins with "data:" is that of the real scans; false where they are not
 * here. */
static inline bool golden_line(const char *folder, char *line, double tolerance_mm)
{
    char path[4096], type[16];
    int used = 0;
    lar_image *image;
    const char *name = line;
    line += strcspn(line, " ");
    *line++ = 0;
    assert_int_equal(sscanf(line, "%15s%n", type, &used), 1);
    line += used;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (lar_text_starts(name, "data:")) {
        const char *real = check_data(name + strlen("data:"));
        if (!real) return false;
        snprintf(path, sizeof path, "%s", real);
    }
    CHECK_OK(lar_image_read(&image, path));
    assert_string_equal(lar_type_name(image->type), type);
    for (int a = 0; a < 3; a++)
        assert_int_equal(image->grid.size[a], (int64_t)golden_number(&line));
    assert_int_equal(image->channels, (int64_t)golden_number(&line));
    for (int n = 0; n < 12; n++) {
        const double wanted = golden_number(&line);
        CHECK_NEAR(image->grid.to_world.m[n / 4][n % 4], wanted, tolerance_mm);
    }
    const double wanted_sum = golden_number(&line);
    double sum = 0, size = 0;
    for (int64_t c = 0; c < image->channels; c++)
        for (int64_t k = 0; k < image->grid.size[2]; k++)
            for (int64_t j = 0; j < image->grid.size[1]; j++)
                for (int64_t i = 0; i < image->grid.size[0]; i++) {
                    const double value = lar_image_at(image, i, j, k, c);
                    sum += value;
                    size += fabs(value);
                }
    /* a systematic rounding of float32 shows in the sum of them */
    CHECK_NEAR(sum, wanted_sum, size * (image->type == LAR_F32 ? 6e-8 : 1e-12));
    for (int n = 0; n < GOLDEN_PICKS; n++) {
        int64_t at[4];
        for (int a = 0; a < 4; a++) at[a] = (int64_t)golden_number(&line);
        const double wanted = golden_number(&line);
        CHECK_NEAR(lar_image_at(image, at[0], at[1], at[2], at[3]), wanted,
                   golden_tolerance(image, wanted));
    }
    lar_image_free(image);
    return true;
}

/* How many lines were compared. */
static inline int golden_table(const char *table, const char *folder, double tolerance_mm)
{
    char *text, *line;
    size_t count;
    int lines = 0;
    CHECK_OK(lar_file_read(&text, &count, table, 1 << 20));
    for (line = text; *line;) {
        char *end = line + strcspn(line, "\n");
        *end = 0;
        lines += golden_line(folder, line, tolerance_mm);
        line = end + 1;
    }
    lar_free(text);
    return lines;
}

#endif
