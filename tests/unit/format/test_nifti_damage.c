/* Damaged files (R1, R8, R20): an error or the same image, never a different one, never short data,
 * never a crash; and failing memory loses nothing.
 * SPDX-License-Identifier: Apache-2.0 */
#include "codec/codec.h"
#include "format/nifti/nifti.h"
#include "scans.h"

/* A small file in memory, and the image that was written. */
typedef struct sample {
    lar_image *image;
    char *bytes;
    size_t count;
} sample;

static sample make_sample(const char *name, int version, lar_type type)
{
    sample s;
    const char *folder = check_folder();
    const lar_grid grid = scan_grid(21);
    const lar_write_params params = { .version = version };
    char path[256];
    s.image = scan_new(&grid, type, 1);
    scan_note(s.image);
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

/* Every bit of a .nii.gz: an error, or the same image (time and system of the header; in a run of
 * zeros another distance copies the same zeros). */
static void a_flipped_bit_never_changes_the_image(void **state)
{
    (void)state;
    for (int version = 1; version <= 2; version++) {
        sample s = make_sample("a.nii.gz", version, LAR_I16);
        int64_t refused = 0, same = 0;
        for (size_t bit = 0; bit < 8 * s.count; bit++) {
            lar_image *image;
            s.bytes[bit / 8] = (char)(s.bytes[bit / 8] ^ 1 << bit % 8);
            const lar_status status = lar_image_read_bytes(&image, s.bytes, s.count, "a.nii.gz");
            s.bytes[bit / 8] = (char)(s.bytes[bit / 8] ^ 1 << bit % 8);
            refused += status != LAR_OK;
            if (status != LAR_OK) {
                assert_null(image);
                continue;
            }
            same++;
            scan_same_voxels(s.image, image);
            scan_same_notes(s.image->notes, image->notes);
            scan_same_grid(&s.image->grid, &image->grid, 2e-6);
            lar_image_free(image);
        }
        assert_true(refused + same == 8 * (int64_t)s.count && same < refused / 20);
        drop_sample(&s);
    }
}

static void every_truncation_is_an_error(void **state)
{
    (void)state;
    const char *const names[] = { "a.nii", "a.nii.gz" };
    for (int n = 0; n < 2; n++) {
        sample s = make_sample(names[n], 1, LAR_F32);
        for (size_t count = 0; count < s.count; count++) {
            lar_image *image;
            /* a block of just that length, so that a sanitizer sees a read past it */
            char *cut = lar_alloc_raw((int64_t)count, 1);
            assert_non_null(cut);
            memcpy(cut, s.bytes, count);
            if (lar_image_read_bytes(&image, cut, count, names[n]) == LAR_OK)
                fail_msg("%s cut to %zu of %zu bytes is read", names[n], count, s.count);
            assert_null(image);
            assert_non_null(strstr(lar_error(), names[n]));
            lar_free(cut);
        }
        drop_sample(&s);
    }
}

/* Every byte of the header with every value: an error, or an image whose data are all there. */
static void no_header_gives_short_data(void **state)
{
    (void)state;
    for (int version = 1; version <= 2; version++) {
        sample s = make_sample("a.nii", version, LAR_I16);
        const size_t length = (version == 1 ? NIFTI1_BYTES : NIFTI2_BYTES) + NIFTI_FLAG_BYTES;
        int64_t read = 0, refused = 0;
        for (size_t at = 0; at < length; at++) {
            const char old = s.bytes[at];
            for (int value = 0; value < 256; value++) {
                lar_image *image;
                lar_range range;
                s.bytes[at] = (char)value;
                if (lar_image_read_bytes(&image, s.bytes, s.count, "a.nii") != LAR_OK) {
                    assert_null(image);
                    assert_true(*lar_error());
                    refused++;
                    continue;
                }
                read++;
                assert_true(lar_grid_is_valid(&image->grid));
                /* of the 280 bytes of voxels, at least one each */
                assert_in_range(lar_image_voxel_count(image) * image->channels, 1, 280 + 144);
                CHECK_OK(lar_image_range(&range, image)); /* touches every voxel */
                lar_image_free(image);
            }
            s.bytes[at] = old;
        }
        assert_true(read > 30000 && refused > 5000);
        drop_sample(&s);
    }
}

/* Extensions whose lengths lie. */
static void extensions_are_walked_within_bounds(void **state)
{
    (void)state;
    const int32_t lies[] = { -1, 1, 7, 8, 15, 17, 31, 1000, 100000, INT32_MAX, INT32_MIN };
    for (size_t n = 0; n < sizeof lies / sizeof *lies; n++) {
        sample s = make_sample("a.nii", 1, LAR_U8);
        lar_image *image;
        memcpy(s.bytes + NIFTI1_BYTES + NIFTI_FLAG_BYTES, &lies[n], 4);
        const lar_status status = lar_image_read_bytes(&image, s.bytes, s.count, "a.nii");
        if (lies[n] < 8 || lies[n] > 160) CHECK_FAILS(status, LAR_EFORMAT, "extension 1");
        if (status == LAR_OK) scan_same_voxels(s.image, image);
        lar_image_free(image);
        drop_sample(&s);
    }
}

static void other_contents_are_named(void **state)
{
    (void)state;
    const struct {
        const char *bytes;
        size_t count;
        const char *words;
    } cases[] = {
        { "", 0, "empty" },
        { "\x5c\x01", 2, "begins with 5c 01" },
        { "\x7f\x45LF\2\1\1\0", 8, "begins with 7f 45 4c 46" },
        { "\x5c\x01\0\0", 4, "too short for a NIfTI header: 4 bytes, expected 348" },
        { "\x1f\x8b", 2, "nothing" },
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        lar_image *image;
        CHECK_FAILS(lar_image_read_bytes(&image, cases[n].bytes, cases[n].count, "x"), LAR_EFORMAT,
                    cases[n].words);
    }
    lar_image *image;
    char analyze[NIFTI1_BYTES] = "\x5c\x01";
    CHECK_FAILS(lar_image_read_bytes(&image, analyze, sizeof analyze, "x.hdr"), LAR_EFORMAT,
                "no known voxel type"); /* Analyze has no magic word, but a name */
    CHECK_FAILS(lar_image_read_bytes(&image, analyze, sizeof analyze, "x.nii"), LAR_EFORMAT,
                "lacks its magic word 'n+1': it has 00 00 00 00");
    sample s = make_sample("a.nii", 1, LAR_U8);
    const struct {
        int16_t datatype, bits;
        lar_status status;
        const char *words;
    } types[] = { { 32, 64, LAR_EUNSUPPORTED, "complex" }, { 128, 24, LAR_EUNSUPPORTED, "colours" },
                  { 1, 1, LAR_EUNSUPPORTED, "bits" },      { 3, 8, LAR_EFORMAT, "datatype is 3" },
                  { 2, 16, LAR_EFORMAT, "contradicts" },   { 1536, 128, LAR_EUNSUPPORTED, "128" } };
    for (size_t n = 0; n < sizeof types / sizeof *types; n++) {
        memcpy(s.bytes + 70, &types[n].datatype, 2);
        memcpy(s.bytes + 72, &types[n].bits, 2);
        CHECK_FAILS(lar_image_read_bytes(&image, s.bytes, s.count, "x"), types[n].status,
                    types[n].words);
    }
    drop_sample(&s);
}

/* A header that describes more than its gzip stream can hold is refused before anything grows. */
static void lies_about_size_cost_nothing(void **state)
{
    (void)state;
    sample s = make_sample("a.nii", 1, LAR_F64);
    unsigned char *packed;
    size_t packed_count;
    lar_image *image;
    const int16_t dims[5] = { 4, 32767, 32767, 32767, 32767 };
    memcpy(s.bytes + 40, dims, sizeof dims);
    CHECK_OK(lar_gzip_deflate(&packed, &packed_count, s.bytes, s.count, 6));
    CHECK_FAILS(lar_image_read_bytes(&image, packed, packed_count, "lie.nii.gz"), LAR_EFORMAT,
                "cannot hold what its header describes");
    CHECK_FAILS(lar_image_read_bytes(&image, s.bytes, s.count, "lie.nii"), LAR_EFORMAT,
                "too short");
    lar_free(packed);
    drop_sample(&s);
}

/* Zeros that inflate to a thousand times their size, behind a header that describes little. */
static void a_bomb_is_an_error(void **state)
{
    (void)state;
    sample s = make_sample("a.nii", 1, LAR_U8);
    const int64_t count = 64 << 20;
    unsigned char *zeros = lar_alloc(count, 1), *packed;
    size_t packed_count;
    lar_image *image;
    assert_non_null(zeros);
    memcpy(zeros, s.bytes, s.count);
    CHECK_OK(lar_gzip_deflate(&packed, &packed_count, zeros, (size_t)count, 6));
    lar_free(zeros);
    CHECK_FAILS(lar_image_read_bytes(&image, packed, packed_count, "bomb.nii.gz"), LAR_EFORMAT,
                "inflates to more than");
    lar_free(packed);
    drop_sample(&s);
}

/* The k-th allocation fails, for every k until all succeed; once alone, once with all after it. A
 * sanitizer sees what leaks. */
static void failing_memory_loses_nothing(void **state)
{
    (void)state;
    const char *const names[] = { "a.nii", "a.nii.gz", "a.hdr", "a.hdr.gz" };
    const char *folder = check_folder();
    const lar_grid grid = scan_grid(2);
    lar_image *image = scan_new(&grid, LAR_I16, 2), *turned;
    scan_note(image);
    CHECK_OK(lar_image_to_ras(&turned, image)); /* so that writing makes a copy */
    for (int n = 0; n < 4; n++)
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
                    assert_int_equal(status, LAR_EMEMORY);
                    assert_null(back);
                    assert_true(reading || !lar_path_exists(path));
                }
                assert_true(k > 4);
            }
    lar_image_free(turned);
    lar_image_free(image);
    check_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flipped_bit_never_changes_the_image),
        cmocka_unit_test(every_truncation_is_an_error),
        cmocka_unit_test(no_header_gives_short_data),
        cmocka_unit_test(extensions_are_walked_within_bounds),
        cmocka_unit_test(other_contents_are_named),
        cmocka_unit_test(lies_about_size_cost_nothing),
        cmocka_unit_test(a_bomb_is_an_error),
        cmocka_unit_test(failing_memory_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
