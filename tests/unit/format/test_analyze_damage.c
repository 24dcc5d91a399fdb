/* Damaged Analyze pairs. The format has little that can be checked: what no check finds (scale,
 * voxel sizes, origin) is counted, so that no more of it slips in.
 * SPDX-License-Identifier: Apache-2.0 */
#include "analyze_pair.h"
#include "codec/codec.h"

static bool same_image(const lar_image *a, const lar_image *b)
{
    return a->type == b->type && a->channels == b->channels &&
           memcmp(&a->grid, &b->grid, sizeof a->grid) == 0 &&
           memcmp(a->voxels, b->voxels,
                  (size_t)(lar_image_voxel_count(a) * a->channels) * lar_type_size(a->type)) == 0;
}

/* Voxel sizes; scale, intercept and the two ranges; origin. */
static bool is_meaning(size_t at)
{
    return (at >= 80 && at < 92) || (at >= 112 && at < 120) || (at >= 253 && at < 259);
}

static void a_flipped_bit_is_told_where_it_can_be(void **state)
{
    (void)state;
    int64_t refused = 0, told = 0, same = 0, silent = 0;
    for (int big = 0; big < 2; big++) {
        pair p = pair_new(LAR_I16, 2, big);
        lar_image *right;
        char usual[512];
        CHECK_OK(pair_read(&right, &p));
        snprintf(usual, sizeof usual, "%s", scan_said);
        for (size_t bit = 0; bit < 8 * sizeof p.head; bit++) {
            lar_image *image;
            p.head[bit / 8] = (unsigned char)(p.head[bit / 8] ^ 1 << bit % 8);
            const lar_status status = pair_read(&image, &p);
            p.head[bit / 8] = (unsigned char)(p.head[bit / 8] ^ 1 << bit % 8);
            if (status != LAR_OK) {
                assert_null(image);
                refused++;
            } else if (same_image(right, image)) {
                same++;
            } else if (!lar_text_is(scan_said, usual)) {
                told++;
            } else {
                silent++;
                if (!is_meaning(bit / 8))
                    fail_msg("byte %zu bit %zu changes the image silently", bit / 8, bit % 8);
            }
            lar_image_free(image);
        }
        lar_image_free(right);
        pair_drop(&p);
    }
    print_message("%lld refused, %lld told, %lld the same, %lld silent\n", (long long)refused,
                  (long long)told, (long long)same, (long long)silent);
    assert_true(refused >= 340 && told >= 12 && silent <= 266);
}

static void every_truncation_is_an_error(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++) {
        pair p = pair_new(LAR_U8, 1, big);
        lar_image *image;
        for (size_t head = 0; head < sizeof p.head; head++)
            CHECK_FAILS(pair_read_cut(&image, &p, head, p.count), LAR_EFORMAT, "a.hdr");
        for (size_t count = 0; count < p.count; count++)
            CHECK_FAILS(pair_read_cut(&image, &p, sizeof p.head, count), LAR_EFORMAT, "a.img");
        pair_drop(&p);
    }
}

static void lies_about_size_cost_nothing(void **state)
{
    (void)state;
    static const uint64_t dims[][5] = {
        { 4, 32767, 32767, 32767, 32767 }, /* nearly 2^60 */
        { 5, 32767, 32767, 32767, 32767 }, /* with the fifth nearly 2^75 */
        { 3, 2048, 1024, 1024, 1 },        /* 2^31 */
        { 3, 4096, 1024, 1024, 1 },        /* 2^32 */
    };
    pair p = pair_new(LAR_F64, 1, false);
    for (size_t n = 0; n < sizeof dims / sizeof *dims; n++) {
        lar_image *image;
        for (size_t a = 0; a < 5; a++) pair_put(&p, 40 + 2 * a, dims[n][a], 2);
        pair_put(&p, 50, 32767, 2);
        CHECK_FAILS(pair_read(&image, &p), LAR_EFORMAT, dims[n][0] == 5 ? "too many" : "too short");
        assert_null(image);
    }
    pair_drop(&p);
}

static void a_bomb_is_an_error(void **state)
{
    (void)state;
    pair p = pair_new(LAR_U8, 1, false);
    const int64_t count = 64 << 20;
    unsigned char *zeros = lar_alloc(count, 1);
    lar_image *image;
    assert_non_null(zeros);
    lar_free(p.voxels);
    CHECK_OK(lar_gzip_deflate(&p.voxels, &p.count, zeros, (size_t)count, 6));
    lar_free(zeros);
    CHECK_FAILS(pair_read(&image, &p), LAR_EFORMAT, "inflates to more than");
    pair_drop(&p);
}

static void failing_memory_loses_nothing(void **state)
{
    (void)state;
    pair p = pair_new(LAR_I16, 2, true);
    for (int sticky = 0; sticky < 2; sticky++) {
        int k = 1;
        for (;; k++) {
            lar_image *image;
            lar_alloc_fail_at(k, sticky);
            const lar_status status = pair_read(&image, &p);
            lar_alloc_fail_at(0, false);
            lar_image_free(image);
            if (status == LAR_OK) break;
            assert_int_equal(status, LAR_EMEMORY);
            assert_null(image);
        }
        assert_true(k > 3);
    }
    pair_drop(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flipped_bit_is_told_where_it_can_be),
        cmocka_unit_test(every_truncation_is_an_error),
        cmocka_unit_test(lies_about_size_cost_nothing),
        cmocka_unit_test(a_bomb_is_an_error),
        cmocka_unit_test(failing_memory_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
