/* Laws of gzip: there and back, and a damaged stream is an error or the same content.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "codec/codec.h"
#include "math/math.h"

enum { COUNT = 3000 };

static void fill(unsigned char *bytes, size_t count)
{
    for (size_t n = 0; n < count; n++)
        bytes[n] = (unsigned char)(40 + 30 * sin((double)n / 50) +
                                   5 * lar_random_uniform(1, 2, (uint64_t)n));
}

static lar_status inflate_all(unsigned char **out, size_t *out_count, const void *bytes,
                              size_t count, size_t expected, size_t limit)
{
    const lar_gzip_ask ask = { .name = "t", .expected = expected, .limit = limit };
    return lar_gzip_inflate(out, out_count, bytes, count, &ask);
}

static void there_and_back_at_every_level(void **state)
{
    (void)state;
    unsigned char content[COUNT];
    fill(content, COUNT);
    for (int level = 0; level <= 12; level++) {
        for (size_t count = 0; count <= COUNT; count += COUNT / 3) {
            unsigned char *packed, *out;
            size_t packed_count, out_count;
            CHECK_OK(lar_gzip_deflate(&packed, &packed_count, content, count, level));
            for (size_t expected = 0; expected <= COUNT; expected += COUNT / 2) {
                CHECK_OK(inflate_all(&out, &out_count, packed, packed_count, expected, COUNT));
                assert_int_equal(out_count, count);
                if (count) assert_memory_equal(out, content, count);
                lar_free(out);
            }
            assert_int_equal(packed[4] | packed[5] | packed[6] | packed[7], 0); /* no time */
            lar_free(packed);
        }
    }
}

static void members_are_joined(void **state)
{
    (void)state;
    unsigned char content[COUNT], joined[3 * COUNT + 200], *packed, *out;
    size_t used = 0, packed_count, out_count;
    fill(content, COUNT);
    const size_t cuts[4] = { 0, 1000, 1000, COUNT }; /* the second one is empty */
    for (int n = 0; n < 3; n++) {
        CHECK_OK(
            lar_gzip_deflate(&packed, &packed_count, content + cuts[n], cuts[n + 1] - cuts[n], 6));
        memcpy(joined + used, packed, packed_count);
        used += packed_count;
        lar_free(packed);
    }
    for (size_t expected = 0; expected <= 2 * COUNT; expected += 500) {
        CHECK_OK(inflate_all(&out, &out_count, joined, used, expected, 2 * COUNT));
        assert_int_equal(out_count, COUNT);
        assert_memory_equal(out, content, COUNT);
        lar_free(out);
    }
    memcpy(joined + used, "more", 4);
    CHECK_FAILS(inflate_all(&out, &out_count, joined, used + 4, COUNT, COUNT), LAR_EFORMAT,
                "4 bytes follow the end");
    assert_null(out);
}

static void every_truncation_is_an_error(void **state)
{
    (void)state;
    unsigned char content[COUNT], *packed, *out;
    size_t packed_count, out_count;
    fill(content, COUNT);
    CHECK_OK(lar_gzip_deflate(&packed, &packed_count, content, COUNT, 1));
    for (size_t count = 0; count < packed_count; count++) {
        const lar_status status = inflate_all(&out, &out_count, packed, count, COUNT, COUNT);
        if (status != LAR_EFORMAT) fail_msg("cut at %zu of %zu bytes", count, packed_count);
        assert_null(out);
    }
    lar_free(packed);
}

/* Every single bit: an error, or the same content where the bit carries none. */
static void every_flipped_bit_is_seen(void **state)
{
    (void)state;
    unsigned char content[COUNT], *packed, *out;
    size_t packed_count, out_count;
    int64_t harmless = 0;
    fill(content, COUNT);
    CHECK_OK(lar_gzip_deflate(&packed, &packed_count, content, COUNT, 1));
    for (size_t bit = 0; bit < 8 * packed_count; bit++) {
        packed[bit / 8] ^= (unsigned char)(1 << bit % 8);
        const lar_status status =
            inflate_all(&out, &out_count, packed, packed_count, COUNT, 2 * COUNT);
        if (status == LAR_OK) {
            assert_int_equal(out_count, COUNT);
            assert_memory_equal(out, content, COUNT);
            /* the header, or what fills the last byte of the deflate stream */
            assert_true(bit / 8 < 10 || bit / 8 == packed_count - 9);
            harmless++;
        }
        lar_free(out);
        packed[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    assert_true(harmless >= 48); /* time, speed and system at least */
    lar_free(packed);
}

static void a_bomb_is_refused_before_it_grows(void **state)
{
    (void)state;
    const size_t count = 100 << 20;
    unsigned char *zeros = lar_alloc((int64_t)count, 1), *packed, *out;
    size_t packed_count, out_count;
    assert_non_null(zeros);
    CHECK_OK(lar_gzip_deflate(&packed, &packed_count, zeros, count, 9));
    lar_free(zeros);
    CHECK_FAILS(inflate_all(&out, &out_count, packed, packed_count, 1000, 100000), LAR_EFORMAT,
                "more than the 100000 bytes");
    assert_true(packed_count < 200000 && lar_gzip_most(packed_count) > count);
    /* without a limit it grows in steps, each backed by the one before */
    CHECK_OK(inflate_all(&out, &out_count, packed, packed_count, SIZE_MAX, SIZE_MAX));
    assert_int_equal(out_count, count);
    lar_free(out);
    /* a length that lies changes nothing but the verdict */
    memset(packed + packed_count - 4, 0xff, 4);
    CHECK_FAILS(inflate_all(&out, &out_count, packed, packed_count, count, SIZE_MAX), LAR_EFORMAT,
                "does not agree");
    lar_free(packed);
}

static void peeking_gives_the_beginning(void **state)
{
    (void)state;
    unsigned char content[COUNT], head[COUNT + 10], *packed;
    size_t packed_count, got;
    fill(content, COUNT);
    CHECK_OK(lar_gzip_deflate(&packed, &packed_count, content, COUNT, 6));
    for (size_t room = 1; room <= sizeof head; room += 501) {
        CHECK_OK(lar_gzip_peek(head, room, &got, packed, packed_count, "t"));
        assert_int_equal(got, room < COUNT ? room : COUNT);
        assert_memory_equal(head, content, got);
    }
    /* cut short: what is there */
    CHECK_OK(lar_gzip_peek(head, 100, &got, packed, packed_count / 2, "t"));
    assert_int_equal(got, 100);
    packed[2] = 9;
    CHECK_FAILS(lar_gzip_peek(head, 100, &got, packed, packed_count, "t"), LAR_EFORMAT,
                "cannot be read");
    lar_free(packed);
}

static void failing_memory_is_an_error(void **state)
{
    (void)state;
    unsigned char content[COUNT], *packed, *out;
    size_t packed_count, out_count;
    fill(content, COUNT);
    CHECK_OK(lar_gzip_deflate(&packed, &packed_count, content, COUNT, 1));
    for (int k = 1;; k++) {
        const int64_t before = lar_alloc_count();
        lar_alloc_fail_at(k, false);
        const lar_status status = inflate_all(&out, &out_count, packed, packed_count, 0, COUNT);
        lar_alloc_fail_at(0, false);
        if (status == LAR_OK) {
            assert_true(k > 1 && lar_alloc_count() - before == k - 1);
            lar_free(out);
            break;
        }
        assert_int_equal(status, LAR_EMEMORY);
        assert_null(out);
    }
    lar_free(packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back_at_every_level),
        cmocka_unit_test(members_are_joined),
        cmocka_unit_test(every_truncation_is_an_error),
        cmocka_unit_test(every_flipped_bit_is_seen),
        cmocka_unit_test(a_bomb_is_refused_before_it_grows),
        cmocka_unit_test(peeking_gives_the_beginning),
        cmocka_unit_test(failing_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
