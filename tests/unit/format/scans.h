/* Small images with every kind of value and note, and what makes two of them the same.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_SCANS_H
#define LAR_SCANS_H

#include "check.h"
#include "format/format.h"
#include "math/math.h"

enum { TYPE_COUNT = LAR_F64 + 1, ORIENTATIONS = 48 };

/* Orientation n of the 48, oblique by a few degrees, of unequal spacing; a rotation, no shear. */
static inline lar_grid scan_grid(int n)
{
    static const int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
                                      { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
    const double a = 0.1, b = -0.07; /* radians about z, then x */
    const double turn[3][3] = { { cos(a), -sin(a), 0 },
                                { cos(b) * sin(a), cos(b) * cos(a), -sin(b) },
                                { sin(b) * sin(a), sin(b) * cos(a), cos(b) } };
    const double spacing[3] = { 1, 2, 3.5 };
    lar_grid grid = { .size = { 7, 5, 4 } };
    for (int c = 0; c < 3; c++)
        for (int r = 0; r < 3; r++)
            grid.to_world.m[r][c] = (n >> c & 1 ? -1 : 1) * spacing[c] * turn[r][orders[n / 8][c]];
    for (int r = 0; r < 3; r++) grid.to_world.m[r][3] = 12.25 * r - 17;
    return grid;
}

static inline void scan_set(lar_image *image, int64_t n, uint64_t bits, double real)
{
    const size_t size = lar_type_size(image->type);
    char *at = (char *)image->voxels + n * (int64_t)size;
    const float single = (float)real;
    if (image->type == LAR_F32)
        memcpy(at, &single, size);
    else if (image->type == LAR_F64)
        memcpy(at, &real, size);
    else
        memcpy(at, &bits, size); /* the low bytes: this machine is little-endian */
}

/* Voxels of every size the type has, its limits among them. */
static inline lar_image *scan_new(const lar_grid *grid, lar_type type, int64_t channels)
{
    lar_image *image;
    CHECK_OK(lar_image_new(&image, grid, channels, type));
    const int64_t count = lar_image_voxel_count(image) * channels;
    for (int64_t n = 0; n < count; n++) {
        uint32_t bits[4];
        lar_random_bits(bits, 7, (uint64_t)type, (uint64_t)n);
        scan_set(image, n, (uint64_t)bits[1] << 32 | bits[0],
                 lar_random_normal(7, 99, (uint64_t)n) * 1e3);
    }
    scan_set(image, 0, UINT64_MAX, INFINITY);
    scan_set(image, 1, 0, -0.0);
    scan_set(image, 2, (uint64_t)1 << (8 * lar_type_size(type) - 1), NAN);
    scan_set(image, 3, ((uint64_t)1 << (8 * lar_type_size(type) - 1)) - 1, 1e-310);
    return image;
}

/* Everything a file can say beside the voxels, two extensions among it. */
static inline void scan_note(lar_image *image)
{
    lar_notes *notes;
    CHECK_OK(lar_notes_new(&notes, 2));
    snprintf(notes->description, sizeof notes->description, "seventy-nine %066d", 1);
    snprintf(notes->name, sizeof notes->name, "sixteen letters!");
    notes->intent = 5;
    notes->intent_values[0] = 0.5;
    notes->intent_values[2] = -2;
    notes->step = image->channels > 1 ? 1.5 : 0;
    notes->step_unit = image->channels > 1 ? 16 : 0;
    notes->form_code = 2;
    notes->window[0] = -10;
    notes->window[1] = 250.5;
    for (int n = 0; n < 2; n++) {
        lar_extension *e = &notes->extensions[n];
        e->code = n ? 44 : 6;
        e->count = n ? 120 : 24; /* with their 8 bytes of head, multiples of 16 */
        e->bytes = lar_alloc(e->count, 1);
        assert_non_null(e->bytes);
        for (int64_t b = 0; b < e->count; b++) e->bytes[b] = (unsigned char)(b * 7 + n);
    }
    lar_image_set_notes(image, notes);
    lar_notes_drop(notes);
}

static inline void scan_same_voxels(const lar_image *a, const lar_image *b)
{
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->channels, b->channels);
    for (int n = 0; n < 3; n++) assert_int_equal(a->grid.size[n], b->grid.size[n]);
    assert_true(lar_image_is_contiguous(a) && lar_image_is_contiguous(b));
    assert_memory_equal(a->voxels, b->voxels,
                        (size_t)(lar_image_voxel_count(a) * a->channels) * lar_type_size(a->type));
}

static inline void scan_same_notes(const lar_notes *a, const lar_notes *b)
{
    assert_string_equal(a->description, b->description);
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->intent, b->intent);
    for (int n = 0; n < 3; n++) CHECK_NEAR(a->intent_values[n], b->intent_values[n], 0);
    CHECK_NEAR(a->step, b->step, 0);
    assert_int_equal(a->step_unit, b->step_unit);
    assert_int_equal(a->form_code, b->form_code);
    for (int n = 0; n < 2; n++) CHECK_NEAR(a->window[n], b->window[n], 0);
    assert_int_equal(a->extension_count, b->extension_count);
    for (int64_t n = 0; n < a->extension_count; n++) {
        assert_int_equal(a->extensions[n].code, b->extensions[n].code);
        assert_int_equal(a->extensions[n].count, b->extensions[n].count);
        assert_memory_equal(a->extensions[n].bytes, b->extensions[n].bytes,
                            (size_t)a->extensions[n].count);
    }
}

static inline void scan_same_grid(const lar_grid *a, const lar_grid *b, double tolerance_mm)
{
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 4; c++)
            CHECK_NEAR(a->to_world.m[r][c], b->to_world.m[r][c], tolerance_mm);
}

/* Warnings since the last scan_listen(). */
static char scan_said[4096];
static inline void scan_hear(void *user, lar_log_level level, const char *line)
{
    (void)user, (void)level;
    const size_t used = strlen(scan_said);
    snprintf(scan_said + used, sizeof scan_said - used, "%s\n", line);
}
static inline void scan_listen(void)
{
    scan_said[0] = 0;
    lar_log_to(scan_hear, NULL);
}

#endif
