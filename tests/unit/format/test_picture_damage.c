/* Damaged TIFF and PNG files: an error, the same image, or (of tags that no checksum covers) a
 * warning; never short data, never a crash; and failing memory loses nothing.
 * SPDX-License-Identifier: Apache-2.0 */
#include "codec/codec.h"
#include "scans.h"

typedef struct sample {
    lar_image *image;
    char *bytes;
    size_t count;
} sample;

/* One slice; of uint8 where PNG is asked for. */
static sample make_sample(const char *name, int level)
{
    sample s;
    const char *folder = check_folder();
    lar_grid grid = scan_grid(21);
    const lar_write_params params = { .level = level };
    char path[256];
    grid.size[2] = 1;
    s.image = scan_new(&grid, lar_text_ends(name, ".png") ? LAR_U8 : LAR_I16, 1);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    CHECK_OK(lar_image_write_with(s.image, path, &params));
    CHECK_OK(lar_file_read(&s.bytes, &s.count, path, 1 << 20));
    check_folder_remove(folder);
    return s;
}

static void drop_sample(sample *s)
{
    lar_image_free(s->image);
    lar_free(s->bytes);
}

static bool same(const lar_image *a, const lar_image *b)
{
    return a->type == b->type && memcmp(&a->grid, &b->grid, sizeof a->grid) == 0 &&
           memcmp(a->voxels, b->voxels,
                  (size_t)lar_image_voxel_count(a) * lar_type_size(a->type)) == 0;
}

/* Every bit of what larmor writes by default: an error, the same image, or a warning. */
static void a_flipped_bit_never_changes_the_image_silently(void **state)
{
    (void)state;
    const char *const names[] = { "a.tif", "a.png" };
    for (int n = 0; n < 2; n++) {
        sample s = make_sample(names[n], 0);
        int64_t refused = 0, warned = 0, unchanged = 0;
        for (size_t bit = 0; bit < 8 * s.count; bit++) {
            lar_image *image;
            scan_listen();
            s.bytes[bit / 8] = (char)(s.bytes[bit / 8] ^ 1 << bit % 8);
            const lar_status status = lar_image_read_bytes(&image, s.bytes, s.count, names[n]);
            s.bytes[bit / 8] = (char)(s.bytes[bit / 8] ^ 1 << bit % 8);
            if (status != LAR_OK) {
                assert_null(image);
                refused++;
                continue;
            }
            if (same(s.image, image))
                unchanged++;
            else if (*scan_said)
                warned++;
            else
                fail_msg("%s: bit %zu of byte %zu gives another image", names[n], bit % 8, bit / 8);
            lar_image_free(image);
        }
        printf("%s of %zu bytes: %lld bits refused, %lld without effect, %lld with a warning\n",
               names[n], s.count, (long long)refused, (long long)unchanged, (long long)warned);
        assert_true(refused > 5 * warned);
        drop_sample(&s);
    }
}

static void every_truncation_is_an_error(void **state)
{
    (void)state;
    const char *const names[] = { "a.tif", "a.png" };
    for (int n = 0; n < 2; n++)
        for (int level = -1; level < 2; level++) {
            sample s = make_sample(names[n], level);
            for (size_t count = 0; count < s.count; count++) {
                lar_image *image;
                char *cut = lar_alloc_raw((int64_t)count, 1);
                assert_non_null(cut);
                memcpy(cut, s.bytes, count);
                scan_listen();
                if (lar_image_read_bytes(&image, cut, count, names[n]) == LAR_OK) {
                    /* text at the end of a TIFF that names libtiff's words */
                    if (!*scan_said)
                        fail_msg("%s cut to %zu of %zu bytes is read", names[n], count, s.count);
                    lar_image_free(image);
                } else {
                    assert_null(image);
                    assert_non_null(strstr(lar_error(), names[n]));
                }
                lar_free(cut);
            }
            drop_sample(&s);
        }
}

/* Every byte of a TIFF with every value: an error, or an image whose data are all there. */
static void no_tag_gives_short_data(void **state)
{
    (void)state;
    sample s = make_sample("a.tif", -1);
    int64_t read = 0, refused = 0;
    for (size_t at = 0; at < s.count; at++) {
        const char old = s.bytes[at];
        for (int value = 0; value < 256; value += value % 16 < 3 ? 1 : 14) {
            lar_image *image;
            lar_range range;
            s.bytes[at] = (char)value;
            if (lar_image_read_bytes(&image, s.bytes, s.count, "a.tif") != LAR_OK) {
                assert_null(image);
                assert_true(*lar_error());
                refused++;
                continue;
            }
            read++;
            assert_true(lar_grid_is_valid(&image->grid));
            assert_in_range((size_t)lar_image_voxel_count(image) * lar_type_size(image->type), 1,
                            s.count);
            CHECK_OK(lar_image_range(&range, image));
            lar_image_free(image);
        }
        s.bytes[at] = old;
    }
    assert_true(read > 1000 && refused > 1000);
    drop_sample(&s);
}

/* The geometry under another checksum, or with another size than the picture's. */
static void the_geometry_is_checked(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *words;
        bool mend;
    } cases[] = {
        { "axes", "axis", "does not agree with its checksum", false },
        { "larmor=1;", "larmor=2;", "geometry of a later larmor", false },
        { "size 7 5 1", "size 5 7 1", "larmor's geometry in it is of 1 pages of", true },
        { "size 7 5 1", "size 7 5 0", "makes no sense", true },
        { "volumes 0 1 1", "volumes 0 1 0", "makes no sense", true },
        { "pixels int16", "pixels int17", "makes no sense", true },
        { "slices z 0 1 1", "slices w 0 1 1", "makes no sense", true },
        { "slices z 0 1 1", "slices z 0 1 0", "makes no sense", true },
        { "slices z 0 1 1", "slices z 1 1 1", "makes no sense", true },
        { "; of 0 0", "; of 0 9", "makes no sense", true },
        { "; of 0 0", "; of   0", "makes no sense", true },
        { "affine ", "affine x", "makes no sense", true },
        { "axes PRI", "axes PLI", "makes no sense", true },
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        sample s = make_sample("a.tif", -1);
        lar_image *image;
        char *line = NULL, *at = NULL;
        for (size_t b = 0; b + 20 < s.count; b++) {
            if (!line && memcmp(s.bytes + b, "larmor=1", 8) == 0) line = s.bytes + b;
            if (line && !at && memcmp(s.bytes + b, cases[n].from, strlen(cases[n].from)) == 0)
                at = s.bytes + b;
        }
        if (!at) fail_msg("no %s in %s", cases[n].from, line);
        memcpy(at, cases[n].to, strlen(cases[n].to));
        char *check = strstr(line, "; check ");
        char crc[9];
        assert_non_null(check);
        snprintf(crc, sizeof crc, "%08x", (unsigned)lar_crc32(line, (size_t)(check - line)));
        if (cases[n].mend) memcpy(check + 8, crc, 8);
        const lar_status status = lar_image_read_bytes(&image, s.bytes, s.count, "a.tif");
        if (status == LAR_OK || !strstr(lar_error(), cases[n].words))
            fail_msg("'%s' for '%s': %s", cases[n].to, cases[n].from,
                     status ? lar_error() : "read");
        drop_sample(&s);
    }
}

/* The k-th allocation fails, for every k until all succeed. A sanitizer sees what leaks. */
static void failing_memory_loses_nothing(void **state)
{
    (void)state;
    const char *const names[] = { "a.tif", "a.png" };
    const char *folder = check_folder();
    lar_grid grid = scan_grid(2);
    for (int n = 0; n < 2; n++) {
        if (n) grid.size[2] = 1;
        lar_image *image = scan_new(&grid, LAR_U16, n ? 1 : 2), *back;
        for (int sticky = 0; sticky < 2; sticky++)
            for (int reading = 0; reading < 2; reading++) {
                char path[256];
                int k = 1;
                snprintf(path, sizeof path, "%s/%d%s", folder, sticky, names[n]);
                for (;; k++) {
                    back = NULL;
                    lar_alloc_fail_at(k, sticky);
                    const lar_status status =
                        reading ? lar_image_read(&back, path) : lar_image_write(image, path, true);
                    const bool failed = status != LAR_OK;
                    lar_alloc_fail_at(0, false);
                    if (!failed) break;
                    assert_int_equal(status, LAR_EMEMORY);
                    assert_null(back);
                    assert_true(reading || !lar_path_exists(path));
                }
                assert_true(k > 3);
                if (reading) scan_same_voxels(image, back);
                lar_image_free(back);
            }
        lar_image_free(image);
    }
    check_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flipped_bit_never_changes_the_image_silently),
        cmocka_unit_test(every_truncation_is_an_error),
        cmocka_unit_test(no_tag_gives_short_data),
        cmocka_unit_test(the_geometry_is_checked),
        cmocka_unit_test(failing_memory_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
