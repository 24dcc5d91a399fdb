/* Sheets of small pictures: voxels where they belong, grey by a window, labels in colours.
 * SPDX-License-Identifier: Apache-2.0 */
#include "pictures.h"
#include "report/colour.h"
#include "report/report.h"

enum {
    FROM_LEFT = 14,
    FROM_TOP = 34,
    SIDE = 150,
    APART = 4
}; /* pixels, as the sheet lays itself out */

/* The pixel in the middle of voxel (i, j) of 2 x 2 in a column; j upwards. */
static uint32_t at(const picture *p, int column, int i, int j)
{
    return pixel(p, FROM_LEFT + column * (SIDE + APART) + SIDE / 4 + i * SIDE / 2,
                 FROM_TOP + SIDE / 4 + (1 - j) * SIDE / 2);
}

static void voxels_are_grey_and_labels_in_colours(void **state)
{
    (void)state;
    const float values[] = { 0, 1, 3, 40 };
    const char *const heads[] = { "scan", "labels", "one of them" }, *const names[] = { "Subj1" };
    const lar_sheet_cell scan = {
        .values = values, .size = { 2, 2 }, .stride = { 1, 2 }, .edge = { 1, 1 }, .window = { 0, 3 }
    };
    lar_sheet_cell cells[] = { scan, scan, scan };
    cells[1].labels = true;
    cells[2].stride[0] = 2; /* the axes change places */
    cells[2].stride[1] = 1;
    const lar_sheet sheet = {
        .rows = 1, .columns = 3, .span = 1, .heads = heads, .cells = cells, .names = names
    };
    CHECK_OK(lar_sheet_draw(&sheet, file("sheet.png"), true));
    picture p = open_picture(file("sheet.png"));
    assert_int_equal(at(&p, 0, 0, 0), 0);
    assert_int_equal(at(&p, 0, 1, 0), 0x555555);
    assert_int_equal(at(&p, 0, 0, 1), 0xffffff);
    assert_int_equal(at(&p, 0, 1, 1), 0xffffff);
    assert_int_equal(at(&p, 1, 0, 0), 0);
    assert_int_equal(at(&p, 1, 1, 0), lar_colour_pixel(lar_colour_label(0)) & 0xffffff);
    assert_int_equal(at(&p, 1, 0, 1), lar_colour_pixel(lar_colour_label(2)) & 0xffffff);
    assert_int_not_equal(at(&p, 1, 1, 1), at(&p, 1, 0, 1));
    assert_int_equal(at(&p, 2, 1, 0), 0xffffff);
    assert_int_equal(at(&p, 2, 0, 1), 0x555555);
    cairo_surface_destroy(p.surface);
}

static void what_is_no_sheet_is_refused(void **state)
{
    (void)state;
    const lar_sheet none = { .rows = 0, .columns = 3, .span = 1 };
    CHECK_FAILS(lar_sheet_draw(&none, file("none.png"), true), LAR_EARGUMENT, "0 x 3");
    assert_false(lar_path_exists(file("none.png")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(voxels_are_grey_and_labels_in_colours),
        cmocka_unit_test(what_is_no_sheet_is_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
