/* The picture of contours: what is refused, what is odd but drawn, and that nothing is left behind.
 * SPDX-License-Identifier: Apache-2.0 */
#include "pictures.h"

static double seven(const double xyz[3])
{
    (void)xyz;
    return 7;
}

static double holed(const double xyz[3])
{
    return distance(xyz) < 6 ? NAN : head(xyz);
}

static double speck(const double xyz[3])
{
    return distance(xyz) < 4;
}

static double scan_in_hounsfield(const double xyz[3])
{
    const double r = distance(xyz);
    return r > 60 ? -1000 : r > 54 ? 900 : 35;
}

static void wrong_requests_are_refused(void **state)
{
    (void)state;
    const lar_grid grid = box_grid(4, 4, 4, 150);
    lar_image *good = fill(&grid, head, LAR_F32), *flat = fill(&grid, seven, LAR_F32),
              *bad = fill(&grid, holed, LAR_F32);
    char *bytes;
    size_t count;
    CHECK_FAILS(lar_contours(good, good, NULL, NULL, file("a.jpg"), false), LAR_EARGUMENT,
                "which kind of picture");
    CHECK_FAILS(lar_contours(good, flat, NULL, NULL, file("a.png"), false), LAR_ENUMERIC,
                "constant");
    CHECK_FAILS(lar_contours(good, good, flat, NULL, file("a.png"), false), LAR_ENUMERIC,
                "constant");
    CHECK_FAILS(lar_contours(good, bad, NULL, NULL, file("a.png"), false), LAR_ENUMERIC, "finite");
    assert_false(lar_path_exists(file("a.png")));

    CHECK_OK(lar_file_write(file("old.png"), "old", 3, false));
    CHECK_FAILS(lar_contours(good, good, NULL, NULL, file("old.png"), false), LAR_EEXISTS,
                "exists already");
    CHECK_OK(lar_file_read(&bytes, &count, file("old.png"), 100));
    assert_int_equal(count, 3);
    lar_free(bytes);
    lar_image_free(good);
    lar_image_free(flat);
    lar_image_free(bad);
}

/* A constant or holed fixed image, masks, CT, one voxel, one slice, a head without air around. */
static void odd_images_are_drawn(void **state)
{
    (void)state;
    const scene_fn fixed[] = { seven, holed, speck, scan_in_hounsfield };
    const scene_fn moved[] = { head, speck, scan_in_hounsfield };
    const lar_grid whole = box_grid(3, 3, 3, 150);
    lar_grid inner = box_grid(3, 3, 3, 60), slice = whole, voxel = box_grid(2, 2, 2, 1);
    slice.size[2] = 1;
    slice.to_world.m[2][3] = 0;
    const lar_grid grids[] = { whole, inner, slice, voxel };
    for (int n = 0; n < 16; n++) {
        const int g = n % 4,
                  m = g == 1 ? n / 4 % 2 : n / 4 % 3; /* CT is constant in the inner box */
        lar_image *below = fill(&grids[g], fixed[(n / 4 + g) % 4], LAR_F32);
        lar_image *over = fill(&grids[g < 3 ? g : 0], moved[m], LAR_F32);
        CHECK_OK(lar_contours(below, over, NULL, NULL, file("odd.png"), true));
        lar_image_free(below);
        lar_image_free(over);
    }
}

static void every_kind_begins_as_it_should(void **state)
{
    (void)state;
    static const struct {
        const char *name, *begin;
    } kinds[] = { { "k.png", "\x89PNG" }, { "k.svg", "<?xml" }, { "k.PDF", "%PDF-" } };
    const lar_grid grid = box_grid(5, 5, 5, 150);
    lar_image *image = fill(&grid, head, LAR_F32);
    for (int n = 0; n < 3; n++) {
        char *bytes;
        size_t count;
        CHECK_OK(lar_contours(image, image, image, "caf\xc3\xa9 \xff", file(kinds[n].name), false));
        CHECK_OK(lar_file_read(&bytes, &count, file(kinds[n].name), 1 << 26));
        assert_true(count > 1000 && lar_text_starts(bytes, kinds[n].begin));
        lar_free(bytes);
    }
    lar_image_free(image);
}

static void short_memory_leaves_nothing(void **state)
{
    (void)state;
    const lar_grid grid = box_grid(8, 8, 8, 150);
    lar_image *image = fill(&grid, head, LAR_F32);
    int64_t n = 1;
    for (;; n += n < 50 ? 1 : 29) {
        lar_alloc_fail_at(n, true);
        const lar_status status = lar_contours(image, image, NULL, "t", file("m.png"), false);
        lar_alloc_fail_at(0, false);
        if (status == LAR_OK) break;
        assert_int_equal(status, LAR_EMEMORY);
        assert_false(lar_path_exists(file("m.png")));
    }
    assert_true(n > 60);
    lar_image_free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_requests_are_refused),
        cmocka_unit_test(odd_images_are_drawn),
        cmocka_unit_test(every_kind_begins_as_it_should),
        cmocka_unit_test(short_memory_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
