/* Damaged MGH files: an error or the same image, or a change that a warning tells. What nothing in
 * an uncompressed file can tell (a voxel, a number of its place) is counted, so that no more of it
 * slips in; .mgz has a checksum.
 * SPDX-License-Identifier: Apache-2.0 */
#include "codec/codec.h"
#include "format/mgh.h"
#include "scans.h"

typedef struct sample {
    lar_image *image;
    unsigned char *bytes;
    size_t count;
} sample;

static sample make_sample(const char *suffix, lar_type type, int64_t channels)
{
    sample s;
    const char *folder = check_folder();
    const lar_grid grid = scan_grid(21);
    char path[256];
    s.image = scan_new(&grid, type, channels);
    snprintf(path, sizeof path, "%s/a%s", folder, suffix);
    CHECK_OK(lar_image_write(s.image, path, false));
    CHECK_OK(lar_file_read((char **)&s.bytes, &s.count, path, 1 << 20));
    check_folder_remove(folder);
    return s;
}

static void drop_sample(sample *s)
{
    lar_image_free(s->image);
    lar_free(s->bytes);
}

static bool same_image(const lar_image *a, const lar_image *b)
{
    bool same = a->type == b->type && a->channels == b->channels;
    for (int n = 0; n < 3; n++) same &= a->grid.size[n] == b->grid.size[n];
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 4; c++)
            same &= fabs(a->grid.to_world.m[r][c] - b->grid.to_world.m[r][c]) <= 2e-6;
    const size_t count = (size_t)(lar_image_voxel_count(a) * a->channels);
    return same && memcmp(a->voxels, b->voxels, count * lar_type_size(a->type)) == 0;
}

static void a_flipped_bit_of_mgz_never_changes_the_image(void **state)
{
    (void)state;
    sample s = make_sample(".mgz", LAR_I16, 2);
    int64_t refused = 0, same = 0;
    for (size_t bit = 0; bit < 8 * s.count; bit++) {
        lar_image *image;
        s.bytes[bit / 8] = (unsigned char)(s.bytes[bit / 8] ^ 1 << bit % 8);
        const lar_status status = lar_image_read_bytes(&image, s.bytes, s.count, "a.mgz");
        s.bytes[bit / 8] = (unsigned char)(s.bytes[bit / 8] ^ 1 << bit % 8);
        refused += status != LAR_OK;
        if (status != LAR_OK) {
            assert_null(image);
            continue;
        }
        same++;
        assert_true(same_image(s.image, image));
        lar_image_free(image);
    }
    assert_true(refused + same == 8 * (int64_t)s.count && same < refused / 20);
    drop_sample(&s);
}

/* Where a change may be silent: spacing, directions and centre. */
static bool is_place(size_t at)
{
    return at >= 30 && at < 90;
}

static void a_flipped_bit_of_a_header_is_told_where_it_can_be(void **state)
{
    (void)state;
    int64_t refused = 0, told = 0, same = 0, silent = 0;
    sample s = make_sample(".mgh", LAR_I16, 2);
    for (size_t bit = 0; bit < 8 * s.count; bit++) {
        lar_image *image;
        if (bit / 8 >= MGH_HEADER_BYTES && bit / 8 < s.count - MGH_FOOTER_BYTES) continue;
        s.bytes[bit / 8] = (unsigned char)(s.bytes[bit / 8] ^ 1 << bit % 8);
        scan_listen();
        const lar_status status = lar_image_read_bytes(&image, s.bytes, s.count, "a.mgh");
        s.bytes[bit / 8] = (unsigned char)(s.bytes[bit / 8] ^ 1 << bit % 8);
        if (status != LAR_OK) {
            refused++;
        } else if (same_image(s.image, image)) {
            same++;
        } else if (*scan_said) {
            told++;
        } else {
            silent++;
            if (!is_place(bit / 8))
                fail_msg("byte %zu bit %zu changes the image silently", bit / 8, bit % 8);
        }
        lar_image_free(image);
    }
    print_message("%lld refused, %lld told, %lld the same, %lld silent (of its place)\n",
                  (long long)refused, (long long)told, (long long)same, (long long)silent);
    assert_true(refused >= 190 && told >= 125 && silent <= 264);
    drop_sample(&s);
}

static void every_truncation_is_an_error(void **state)
{
    (void)state;
    const char *const names[] = { ".mgh", ".mgz" };
    for (int n = 0; n < 2; n++) {
        sample s = make_sample(names[n], LAR_F32, 1);
        const size_t needed = s.count - (n == 0 ? MGH_FOOTER_BYTES : 0);
        for (size_t count = 0; count < s.count; count++) {
            lar_image *image;
            char name[16];
            snprintf(name, sizeof name, "a%s", names[n]);
            unsigned char *cut = lar_alloc_raw((int64_t)count, 1); /* a sanitizer sees its end */
            assert_non_null(cut);
            memcpy(cut, s.bytes, count);
            scan_listen();
            const lar_status status = lar_image_read_bytes(&image, cut, count, name);
            if (count < needed) {
                if (status == LAR_OK)
                    fail_msg("%s cut to %zu of %zu bytes is read", name, count, s.count);
                assert_null(image);
                assert_non_null(strstr(lar_error(), name));
            } else { /* of the footer, which old files have not */
                CHECK_OK(status);
                scan_same_voxels(s.image, image);
                assert_int_equal(strstr(scan_said, "cut short") != NULL, (count - needed) % 4 != 0);
                lar_image_free(image);
            }
            lar_free(cut);
        }
        drop_sample(&s);
    }
}

/* Every byte of the header with every value: an error, or an image whose data are all there. */
static void no_header_gives_short_data(void **state)
{
    (void)state;
    sample s = make_sample(".mgh", LAR_I16, 1);
    int64_t read = 0, refused = 0;
    for (size_t at = 0; at < 90; at++) {
        const unsigned char old = s.bytes[at];
        for (int value = 0; value < 256; value++) {
            lar_image *image;
            lar_range range;
            s.bytes[at] = (unsigned char)value;
            if (lar_image_read_bytes(&image, s.bytes, s.count, "a.mgh") != LAR_OK) {
                assert_null(image);
                assert_true(*lar_error());
                refused++;
                continue;
            }
            read++;
            assert_true(lar_grid_is_valid(&image->grid));
            assert_in_range(lar_image_voxel_count(image) * image->channels, 1, 280 + 20);
            CHECK_OK(lar_image_range(&range, image)); /* touches every voxel */
            lar_image_free(image);
        }
        s.bytes[at] = old;
    }
    assert_true(read > 10000 && refused > 6000);
    drop_sample(&s);
}

static void put_int(unsigned char *bytes, uint32_t value)
{
    for (int n = 0; n < 4; n++) bytes[n] = (unsigned char)(value >> (24 - 8 * n));
}

static void lies_about_size_cost_nothing(void **state)
{
    (void)state;
    static const uint32_t sizes[][4] = {
        { 2147483647, 1, 1, 1 },                            /* 2^31 - 1 */
        { 65536, 32768, 1, 1 },                             /* 2^31 */
        { 65536, 65536, 1, 1 },                             /* 2^32 */
        { 65536, 65536, 65536, 32768 },                     /* 2^63 */
        { 65536, 65536, 65536, 65536 },                     /* 2^64 */
        { 2147483647, 2147483647, 1, 1 },                   /* nearly 2^62 */
        { 2147483647, 2147483647, 2147483647, 2147483647 }, /* nearly 2^124 */
    };
    sample s = make_sample(".mgh", LAR_F32, 1);
    for (size_t n = 0; n < sizeof sizes / sizeof *sizes; n++)
        for (int gzip = 0; gzip < 2; gzip++) {
            unsigned char *packed = NULL;
            size_t packed_count = 0;
            lar_image *image;
            for (int a = 0; a < 4; a++) put_int(s.bytes + 4 + 4 * a, sizes[n][a]);
            if (gzip) CHECK_OK(lar_gzip_deflate(&packed, &packed_count, s.bytes, s.count, 6));
            const lar_status status =
                gzip ? lar_image_read_bytes(&image, packed, packed_count, "a.mgz")
                     : lar_image_read_bytes(&image, s.bytes, s.count, "a.mgh");
            assert_int_equal(status, LAR_EFORMAT);
            assert_null(image);
            if (!strstr(lar_error(), "too many") && !strstr(lar_error(), "cannot hold") &&
                !strstr(lar_error(), "too short"))
                fail_msg("case %zu says '%s'", n, lar_error());
            lar_free(packed);
        }
    drop_sample(&s);
}

static void a_bomb_is_an_error(void **state)
{
    (void)state;
    sample s = make_sample(".mgh", LAR_U8, 1);
    const int64_t count = 64 << 20;
    unsigned char *zeros = lar_alloc(count, 1), *packed;
    size_t packed_count;
    lar_image *image;
    assert_non_null(zeros);
    memcpy(zeros, s.bytes, s.count);
    CHECK_OK(lar_gzip_deflate(&packed, &packed_count, zeros, (size_t)count, 6));
    lar_free(zeros);
    CHECK_FAILS(lar_image_read_bytes(&image, packed, packed_count, "bomb.mgz"), LAR_EFORMAT,
                "inflates to more than");
    lar_free(packed);
    drop_sample(&s);
}

/* Writes or reads, the k-th allocation failing (0: none). */
static lar_status with_failure(lar_image **back, const lar_image *image, const char *path,
                               int64_t k, bool sticky)
{
    *back = NULL;
    lar_alloc_fail_at(k, sticky);
    const lar_status status =
        image ? lar_image_write(image, path, true) : lar_image_read(back, path);
    lar_alloc_fail_at(0, false);
    return status;
}

static void failing_memory_loses_nothing(void **state)
{
    (void)state;
    const char *const names[] = { "a.mgh", "a.mgz" };
    const char *folder = check_folder();
    const lar_grid grid = scan_grid(2);
    lar_image *image = scan_new(&grid, LAR_I64, 2), *turned, *back;
    CHECK_OK(lar_image_to_ras(&turned, image)); /* so that writing makes a copy */
    for (int n = 0; n < 2; n++)
        for (int reading = 0; reading < 2; reading++)
            for (int sticky = 0; sticky < 2; sticky++) {
                const lar_image *written = reading ? NULL : turned;
                char path[256];
                int64_t failed = 0;
                snprintf(path, sizeof path, "%s/%s", folder, names[n]);
                const int64_t before = lar_alloc_count();
                CHECK_OK(with_failure(&back, written, path, 0, false));
                const int64_t count = lar_alloc_count() - before;
                lar_image_free(back);
                for (int64_t k = 1; k <= count; k++) {
                    if (!reading) CHECK_OK(lar_file_remove(path));
                    const lar_status status = with_failure(&back, written, path, k, sticky);
                    failed += status != LAR_OK;
                    if (status != LAR_OK) {
                        assert_int_equal(status, LAR_EMEMORY);
                        assert_null(back);
                        assert_true(reading || !lar_path_exists(path));
                    }
                    lar_image_free(back);
                }
                assert_true(failed >= 4);
                CHECK_OK(lar_image_write(turned, path, true));
            }
    lar_image_free(turned);
    lar_image_free(image);
    check_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flipped_bit_of_mgz_never_changes_the_image),
        cmocka_unit_test(a_flipped_bit_of_a_header_is_told_where_it_can_be),
        cmocka_unit_test(every_truncation_is_an_error),
        cmocka_unit_test(no_header_gives_short_data),
        cmocka_unit_test(lies_about_size_cost_nothing),
        cmocka_unit_test(a_bomb_is_an_error),
        cmocka_unit_test(failing_memory_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
