/* Laws of formats with a header that is text: what was written is read again, and what was damaged
 * is an error, is said, or makes no difference.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_APART_LAWS_H
#define LAR_APART_LAWS_H

#include "scans.h"

static inline const char *laws_in(const char *folder, const char *name)
{
    static char path[4][256];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

/* Bytes to a file of the folder, in place of what was there. */
static inline void laws_put(const char *folder, const char *name, const void *bytes, size_t count)
{
    CHECK_OK(lar_file_write(laws_in(folder, name), bytes, count, true));
}

/* Every type, one channel or several, packed or not; no warning, and the header alone says the
 * same. */
static inline void laws_round_trip(const char *const names[], const char *format)
{
    const char *folder = check_folder();
    const lar_grid grid = scan_grid(13);
    for (int type = 0; type < TYPE_COUNT; type++)
        for (int form = 0; names[form]; form++)
            for (int level = -1; level <= 9; level += 5)
                for (int64_t channels = 1; channels <= 3; channels += 2) {
                    lar_image *image = scan_new(&grid, (lar_type)type, channels), *back;
                    const lar_write_params params = { .force = true, .level = level };
                    const char *path = laws_in(folder, names[form]);
                    lar_image_about about;
                    scan_listen();
                    CHECK_OK(lar_image_write_with(image, path, &params));
                    CHECK_OK(lar_image_read(&back, path));
                    assert_string_equal(scan_said, "");
                    scan_same_voxels(image, back);
                    scan_same_grid(&image->grid, &back->grid, 1e-14);
                    CHECK_OK(lar_image_read_header(&about, path));
                    assert_string_equal(about.format, format);
                    assert_int_equal(about.type, type);
                    assert_int_equal(about.channels, channels);
                    assert_int_equal(about.gzip, level >= 0);
                    assert_memory_equal(&about.grid, &back->grid, sizeof about.grid);
                    lar_image_about_clear(&about);
                    lar_image_free(back);
                    lar_image_free(image);
                }
    check_folder_remove(folder);
}

/* All 48, some of them left-handed, then sheared; through a view, which is not contiguous. */
static inline void laws_orientations(const char *const names[])
{
    const char *folder = check_folder();
    for (int n = 0; n < 2 * ORIENTATIONS; n++) {
        lar_grid grid = scan_grid(n % ORIENTATIONS);
        if (n >= ORIENTATIONS) grid.to_world.m[0][1] += 0.3;
        lar_image *image = scan_new(&grid, LAR_I16, 2), *ras, *back;
        CHECK_OK(lar_image_to_ras(&ras, image));
        for (int form = 0; names[form]; form++) {
            const char *path = laws_in(folder, names[form]);
            CHECK_OK(lar_image_write(ras, path, true));
            CHECK_OK(lar_image_read(&back, path));
            scan_same_grid(&ras->grid, &back->grid, 1e-14);
            for (int corner = 0; corner < 8; corner++) {
                int64_t at[3];
                for (int r = 0; r < 3; r++) at[r] = corner >> r & 1 ? ras->grid.size[r] - 1 : 0;
                for (int c = 0; c < 2; c++)
                    CHECK_NEAR(lar_image_at(back, at[0], at[1], at[2], c),
                               lar_image_at(ras, at[0], at[1], at[2], c), 0);
            }
            lar_image_free(back);
        }
        lar_image_free(ras);
        lar_image_free(image);
    }
    check_folder_remove(folder);
}

/* A small file of the name in memory, and the image that was written. */
typedef struct laws_sample {
    lar_image *image;
    char *bytes;
    size_t count;
} laws_sample;

static inline laws_sample laws_make(const char *name, lar_type type, int64_t channels, int level)
{
    laws_sample s;
    const char *folder = check_folder();
    const lar_grid grid = scan_grid(21);
    const lar_write_params params = { .level = level };
    s.image = scan_new(&grid, type, channels);
    CHECK_OK(lar_image_write_with(s.image, laws_in(folder, name), &params));
    CHECK_OK(lar_file_read(&s.bytes, &s.count, laws_in(folder, name), 1 << 20));
    check_folder_remove(folder);
    return s;
}

static inline void laws_drop(laws_sample *s)
{
    lar_image_free(s->image);
    lar_free(s->bytes);
}

/* Is the byte of the sample in the value of one of these keys? */
static inline bool laws_within(const laws_sample *s, size_t byte, const char *const keys[])
{
    for (int n = 0; keys[n]; n++) {
        const char *line = strstr(s->bytes, keys[n]);
        if (!line) continue;
        const size_t begin = (size_t)(line - s->bytes) + strlen(keys[n]);
        if (byte >= begin && byte < begin + strcspn(s->bytes + begin, "\n")) return true;
    }
    return false;
}

/* Every bit, of the header too: an error, a warning, or the same voxels; and the same place, but
 * for bits of the numbers that say it (`keys`), of which no checksum tells. */
static inline void laws_flipped_bits(const char *name, const char *const keys[])
{
    for (int64_t channels = 1; channels <= 3; channels += 2) {
        laws_sample s = laws_make(name, LAR_I16, channels, 0);
        int64_t refused = 0, warned = 0, elsewhere = 0;
        for (size_t bit = 0; bit < 8 * s.count; bit++) {
            lar_image *image;
            s.bytes[bit / 8] = (char)(s.bytes[bit / 8] ^ 1 << bit % 8);
            scan_listen();
            const lar_status status = lar_image_read_bytes(&image, s.bytes, s.count, name);
            s.bytes[bit / 8] = (char)(s.bytes[bit / 8] ^ 1 << bit % 8);
            refused += status != LAR_OK;
            if (status != LAR_OK) continue;
            if (*scan_said) {
                warned++;
            } else {
                scan_same_voxels(s.image, image);
                if (!laws_within(&s, bit / 8, keys))
                    scan_same_grid(&s.image->grid, &image->grid, 1e-14);
                else
                    elsewhere++;
            }
            lar_image_free(image);
        }
        assert_true(refused > 6 * (int64_t)s.count && warned < refused / 20);
        assert_true(elsewhere > 100); /* or `keys` are wrong */
        laws_drop(&s);
    }
}

/* In one piece: every length. Of a pair: every length of both files. */
static inline void laws_truncated(const char *name)
{
    for (int level = -1; level < 1; level++) {
        laws_sample s = laws_make(name, LAR_F32, 2, level);
        for (size_t count = 0; count < s.count; count++) {
            lar_image *image;
            /* a block of just that length, so that a sanitizer sees a read past it */
            char *cut = lar_alloc_raw((int64_t)count, 1);
            assert_non_null(cut);
            memcpy(cut, s.bytes, count);
            if (lar_image_read_bytes(&image, cut, count, name) == LAR_OK)
                fail_msg("%s cut to %zu of %zu bytes is read", name, count, s.count);
            assert_null(image);
            assert_non_null(strstr(lar_error(), name));
            lar_free(cut);
        }
        laws_drop(&s);
    }
}

static inline void laws_truncated_pair(const char *header, const char *packed, const char *raw)
{
    const char *folder = check_folder();
    const lar_grid grid = scan_grid(21);
    lar_image *image = scan_new(&grid, LAR_U8, 1);
    for (int level = -1; level < 1; level++) {
        const lar_write_params params = { .force = true, .level = level };
        const char *voxels = level ? raw : packed, *names[2] = { header, voxels };
        CHECK_OK(lar_image_write_with(image, laws_in(folder, header), &params));
        for (int file = 0; file < 2; file++) {
            char *bytes;
            size_t count;
            CHECK_OK(lar_file_read(&bytes, &count, laws_in(folder, names[file]), 1 << 20));
            /* of the header up to its last but one character: an end of line is no loss */
            const size_t whole = file ? count : strlen(bytes) - 2;
            for (size_t cut = 0; cut < whole; cut++) {
                lar_image *back;
                laws_put(folder, names[file], bytes, cut);
                if (lar_image_read(&back, laws_in(folder, header)) == LAR_OK)
                    fail_msg("%s cut to %zu of %zu bytes is read", names[file], cut, count);
                assert_non_null(strstr(lar_error(), folder));
            }
            laws_put(folder, names[file], bytes, count);
            lar_free(bytes);
        }
    }
    lar_image_free(image);
    check_folder_remove(folder);
}

/* The k-th allocation fails, for every k until all succeed; once alone, once with all after it. A
 * sanitizer sees what leaks. */
static inline void laws_failing_memory(const char *const names[])
{
    const char *folder = check_folder();
    const lar_grid grid = scan_grid(2);
    lar_image *image = scan_new(&grid, LAR_I16, 2), *turned;
    scan_note(image);
    CHECK_OK(lar_image_to_ras(&turned, image)); /* so that writing makes a copy */
    for (int n = 0; names[n]; n++)
        for (int sticky = 0; sticky < 2; sticky++)
            for (int reading = 0; reading < 2; reading++) {
                char path[256];
                int k = 1;
                snprintf(path, sizeof path, "%s/%d%d%s", folder, n, sticky, names[n]);
                for (;; k++) {
                    lar_image *back = NULL;
                    lar_alloc_fail_at(k, sticky);
                    const lar_status status =
                        reading ? lar_image_read(&back, path) : lar_image_write(turned, path, true);
                    lar_alloc_fail_at(0, false);
                    lar_image_free(back);
                    if (status == LAR_OK) break;
                    if (status != LAR_EMEMORY) /* who could not look for the header beside it */
                        fail_msg("%s %d: %s", names[n], k, lar_error());
                    assert_null(back);
                    assert_true(reading || !lar_path_exists(path));
                }
                assert_true(k > 4);
            }
    lar_image_free(turned);
    lar_image_free(image);
    check_folder_remove(folder);
}

/* One header after another, each with its status and words. */
typedef struct laws_case {
    const char *head;
    lar_status status; /* LAR_OK: read, with these words as a warning ("": without one) */
    const char *words;
} laws_case;

static inline void laws_cases(const laws_case *cases, size_t count, const char *name,
                              const char *top, const char *bottom, const void *voxels,
                              size_t voxel_bytes)
{
    for (size_t n = 0; n < count; n++) {
        const laws_case *c = &cases[n];
        lar_image *image;
        lar_text file = { 0 };
        lar_text_add(&file, "%s%s%s", top, c->head, bottom);
        lar_text_add_bytes(&file, voxels, voxel_bytes);
        scan_listen();
        const lar_status status = lar_image_read_bytes(&image, file.at, file.length, name);
        const char *said = status == LAR_OK ? scan_said : lar_error();
        if (status != c->status || !strstr(said, c->words) ||
            (status == LAR_OK && !*c->words && *said))
            fail_msg("%s: %s '%s', expected %s '%s'", c->head, lar_status_name(status), said,
                     lar_status_name(c->status), c->words);
        lar_image_free(image);
        lar_text_clear(&file);
    }
}

#endif
