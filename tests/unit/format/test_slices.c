/* The law of slices: cut up and stacked again, a volume is what it was, on every axis, in every
 * orientation; and sets that are not whole are refused by name.
 * SPDX-License-Identifier: Apache-2.0 */
#include "codec/codec.h"
#include "scans.h"

/* Paths of the files in a folder, of an arena. */
static lar_texts files_in(const char *folder, lar_arena *arena)
{
    lar_texts names;
    CHECK_OK(lar_folder_list(&names, folder, arena));
    const char **paths = lar_arena_take(arena, names.count + 1, sizeof *paths);
    for (int64_t n = 0; n < names.count; n++) paths[n] = lar_path_join(arena, folder, names.at[n]);
    return (lar_texts){ names.count, paths };
}

static const lar_progress silent = { NULL, NULL };

static lar_image *stack_all(const char *folder, double fill)
{
    lar_arena *arena;
    lar_image *back;
    lar_stack_params params = lar_stack_default();
    params.fill = fill;
    CHECK_OK(lar_arena_new(&arena));
    const lar_texts files = files_in(folder, arena);
    scan_listen();
    CHECK_OK(lar_stack(&back, files.at, files.count, &params));
    assert_string_equal(scan_said, "");
    lar_arena_free(arena);
    return back;
}

static void write_all(const lar_image *image, const char *folder, const lar_slice_params *params,
                      int64_t expected)
{
    lar_slice_report report;
    CHECK_OK(lar_slices_write(&report, image, folder, "a", params, false, silent));
    assert_int_equal(report.written, expected);
}

static void tiff_slices_give_the_volume_again(void **state)
{
    (void)state;
    for (int n = 0; n < ORIENTATIONS; n++)
        for (int axis = 0; axis < 3; axis++) {
            const char *folder = check_folder();
            const lar_grid grid = scan_grid(n);
            const int64_t channels = n % 5 ? 1 : 3;
            lar_image *image = scan_new(&grid, (lar_type)(n % TYPE_COUNT), channels);
            lar_slice_params params = lar_slice_default();
            int order[3];
            bool flipped[3];
            params.axis = axis;
            lar_grid_axis_order(&grid, order, flipped);
            write_all(image, folder, &params, grid.size[order[axis]] * channels);
            lar_image *back = stack_all(folder, NAN);
            scan_same_voxels(image, back);
            scan_same_grid(&image->grid, &back->grid, 0);
            lar_image_free(back);
            lar_image_free(image);
            check_folder_remove(folder);
        }
}

/* Within half a grey value; exactly where they are at most 1 apart and the values were whole. */
static void png_slices_give_it_to_the_rounding(void **state)
{
    (void)state;
    for (int n = 0; n < ORIENTATIONS; n += 5)
        for (int bits = 0; bits < 2; bits++)
            for (int type = 0; type < TYPE_COUNT; type++) {
                const char *folder = check_folder();
                const lar_grid grid = scan_grid(n);
                lar_image *image = scan_new(&grid, (lar_type)type, 1);
                lar_slice_params params = lar_slice_default();
                lar_slice_report report;
                params.format = LAR_SLICES_PNG;
                params.bits = bits;
                if (type >= LAR_F32) scan_set(image, 0, 0, 17.25); /* its infinity */
                if (type >= LAR_F32) scan_set(image, 2, 0, -3.5);  /* its NaN */
                CHECK_OK(lar_slices_write(&report, image, folder, "a", &params, false, silent));
                if (report.outside)
                    fail_msg("type %d bits %d: %lld outside of %g %g", type, bits,
                             (long long)report.outside, report.window[0], report.window[1]);
                lar_image *back = stack_all(folder, NAN);
                scan_same_grid(&image->grid, &back->grid, 0);
                const double step = (report.window[1] - report.window[0]) / (bits ? 65535 : 255);
                const bool exact = type < LAR_F32 && step <= 1;
                assert_int_equal(back->type, exact ? image->type : LAR_F32);
                for (int64_t k = 0; k < 4; k++)
                    for (int64_t j = 0; j < 5; j++)
                        for (int64_t i = 0; i < 7; i++) {
                            const double value = lar_image_at(image, i, j, k, 0);
                            /* and float32 of what comes back */
                            CHECK_NEAR(lar_image_at(back, i, j, k, 0), value,
                                       exact ? 0 : step / 2 + 1.2e-7 * (fabs(value) + step));
                        }
                lar_image_free(back);
                lar_image_free(image);
                check_folder_remove(folder);
            }
}

/* Voxel values that say where they lie: x + 1000 y + 1e6 z of the RAS order. */
static lar_image *told_apart(const lar_grid *grid)
{
    lar_image *image, *ras;
    CHECK_OK(lar_image_new(&image, grid, 1, LAR_I32));
    CHECK_OK(lar_image_to_ras(&ras, image));
    for (int64_t k = 0; k < ras->grid.size[2]; k++)
        for (int64_t j = 0; j < ras->grid.size[1]; j++)
            for (int64_t i = 0; i < ras->grid.size[0]; i++)
                ((int32_t *)
                     ras->voxels)[i * ras->stride[0] + j * ras->stride[1] + k * ras->stride[2]] =
                    (int32_t)(i + 1000 * j + 1000000 * k);
    lar_image_free(ras);
    return image;
}

/* Columns to the right (of sagittal slices: to the front), the front or the head at the top. */
static void pictures_stand_upright(void **state)
{
    (void)state;
    static const int columns[] = { 1, 0, 0 }, rows[] = { 2, 2, 1 };
    static const int64_t weight[] = { 1, 1000, 1000000 };
    for (int n = 0; n < ORIENTATIONS; n++)
        for (int axis = 0; axis < 3; axis++) {
            const char *folder = check_folder();
            const lar_grid grid = scan_grid(n);
            lar_image *image = told_apart(&grid);
            lar_slice_params params = lar_slice_default();
            char path[256];
            char *bytes;
            size_t count;
            lar_tiff tiff;
            unsigned char *pixels;
            params.axis = axis;
            const lar_grid ras = lar_grid_to_ras(&grid);
            write_all(image, folder, &params, ras.size[axis]);
            snprintf(path, sizeof path, "%s/a_%c002.tif", folder, "xyz"[axis]);
            CHECK_OK(lar_file_read(&bytes, &count, path, 1 << 20));
            CHECK_OK(lar_tiff_read(&pixels, &tiff, bytes, count, path));
            const int u = columns[axis], v = rows[axis];
            assert_int_equal(tiff.width, ras.size[u]);
            assert_int_equal(tiff.height, ras.size[v]);
            for (int64_t row = 0; row < tiff.height; row++)
                for (int64_t column = 0; column < tiff.width; column++)
                    assert_int_equal(((int32_t *)(void *)pixels)[row * tiff.width + column],
                                     2 * weight[axis] + column * weight[u] +
                                         (tiff.height - 1 - row) * weight[v]);
            double spacing[3];
            lar_grid_spacing(&ras, spacing);
            CHECK_NEAR(10 / tiff.resolution[0], spacing[u], 1e-6);
            CHECK_NEAR(10 / tiff.resolution[1], spacing[v], 1e-6);
            lar_free(pixels);
            lar_tiff_clear(&tiff);
            lar_free(bytes);
            lar_image_free(image);
            check_folder_remove(folder);
        }
}

/* A range and a step: that part of the volume, every voxel where it was; or all of it, filled. */
static void a_part_comes_back_to_its_place(void **state)
{
    (void)state;
    for (int n = 0; n < ORIENTATIONS; n += 3)
        for (int axis = 0; axis < 3; axis++)
            for (int64_t step = 1; step <= 2; step++) {
                const char *folder = check_folder();
                const lar_grid grid = scan_grid(n);
                lar_image *image = told_apart(&grid), *ras, *part_ras;
                lar_slice_params params = lar_slice_default();
                int order[3];
                bool flipped[3];
                params.axis = axis;
                params.step = step;
                params.range = (lar_reals){ 2, { 0.26, 1 } };
                lar_grid_axis_order(&grid, order, flipped);
                const int64_t first = (int64_t)(0.26 * (double)grid.size[order[axis]]);
                const int64_t left = grid.size[order[axis]] - first,
                              expected = (left + step - 1) / step;
                write_all(image, folder, &params, expected);
                lar_image *part = stack_all(folder, NAN), *whole = stack_all(folder, -5);
                CHECK_OK(lar_image_to_ras(&ras, image));
                CHECK_OK(lar_image_to_ras(&part_ras, part));
                assert_int_equal(part_ras->grid.size[axis], expected);
                for (int64_t s = 0; s < expected; s++) {
                    int64_t at[3] = { 0, 1, 1 }, from[3];
                    double ijk[3], xyz[3], ijk_from[3], xyz_from[3];
                    if (axis) at[0] = 1;
                    at[axis] = s;
                    memcpy(from, at, sizeof from);
                    from[axis] = first + s * step;
                    CHECK_NEAR(lar_image_at(part_ras, at[0], at[1], at[2], 0),
                               lar_image_at(ras, from[0], from[1], from[2], 0), 0);
                    for (int a = 0; a < 3; a++) ijk[a] = (double)at[a];
                    for (int a = 0; a < 3; a++) ijk_from[a] = (double)from[a];
                    lar_grid_to_world(&part_ras->grid, ijk, xyz);
                    lar_grid_to_world(&ras->grid, ijk_from, xyz_from);
                    for (int a = 0; a < 3; a++) CHECK_NEAR(xyz[a], xyz_from[a], 1e-9);
                }
                scan_same_grid(&image->grid, &whole->grid, 0);
                for (int64_t k = 0; k < 4; k++)
                    for (int64_t j = 0; j < 5; j++)
                        for (int64_t i = 0; i < 7; i++) {
                            const double value = lar_image_at(image, i, j, k, 0);
                            const int64_t slice = (int64_t)(value / (axis == 2 ? 1e6
                                                                     : axis    ? 1e3
                                                                               : 1)) %
                                                  (axis == 2 ? 1000000 : 1000);
                            const bool there = slice >= first && (slice - first) % step == 0;
                            CHECK_NEAR(lar_image_at(whole, i, j, k, 0), there ? value : -5, 0);
                        }
                lar_image_free(part_ras);
                lar_image_free(ras);
                lar_image_free(whole);
                lar_image_free(part);
                lar_image_free(image);
                check_folder_remove(folder);
            }
}

static void one_of_several_volumes(void **state)
{
    (void)state;
    const char *folder = check_folder();
    const lar_grid grid = scan_grid(11);
    lar_image *image = scan_new(&grid, LAR_I16, 3), *one;
    lar_slice_params params = lar_slice_default();
    params.volume = 1;
    write_all(image, folder, &params, lar_grid_to_ras(&grid).size[2]);
    lar_image *back = stack_all(folder, NAN);
    CHECK_OK(lar_image_channel(&one, image, 1));
    assert_int_equal(back->channels, 1);
    assert_memory_equal(back->voxels, one->voxels, 140 * 2);
    lar_slice_report report;
    params.volume = 3;
    CHECK_FAILS(lar_slices_write(&report, image, folder, "b", &params, false, silent),
                LAR_EARGUMENT, "no volume 3");
    lar_image_free(one);
    lar_image_free(back);
    lar_image_free(image);
    check_folder_remove(folder);
}

static void empty_slices_are_left_out(void **state)
{
    (void)state;
    const char *folder = check_folder();
    lar_grid grid = scan_grid(0);
    lar_image *image;
    lar_slice_params params = lar_slice_default();
    CHECK_OK(lar_image_new(&image, &grid, 1, LAR_F32));
    for (int64_t n = 0; n < 140; n++) ((float *)image->voxels)[n] = n / 35 == 2 ? 100 : -7;
    params.skip_empty = true;
    write_all(image, folder, &params, 1);
    lar_arena *arena;
    lar_image *none;
    lar_stack_params stack = lar_stack_default();
    CHECK_OK(lar_arena_new(&arena));
    const lar_texts files = files_in(folder, arena);
    assert_non_null(strstr(files.at[0], "/a_z002.tif"));
    CHECK_FAILS(lar_stack(&none, files.at, files.count, &stack), LAR_EGEOMETRY, "3 slices beside");
    assert_non_null(strstr(lar_error(), "are missing: z 0 to 1, z 3\n  try --fill 0"));
    lar_image *back = stack_all(folder, -7);
    scan_same_voxels(image, back);
    lar_arena_free(arena);
    lar_image_free(back);
    lar_image_free(image);
    check_folder_remove(folder);
}

/* Slices of `image` under a name, and the paths of some of them. */
static const char *sliced(const lar_image *image, const char *folder, const char *name, int axis,
                          int n, lar_arena *arena)
{
    lar_slice_params params = lar_slice_default();
    params.axis = axis;
    CHECK_OK(lar_slices_write(NULL, image, folder, name, &params, true, silent));
    return lar_arena_format(arena, "%s/%s_%c%03d.tif", folder, name, "xyz"[axis], n);
}

static void sets_that_are_not_whole_are_named(void **state)
{
    (void)state;
    const char *folder = check_folder();
    const lar_grid grid = scan_grid(0), other_grid = scan_grid(1);
    lar_image *image = scan_new(&grid, LAR_I16, 1), *other = scan_new(&other_grid, LAR_I16, 1);
    lar_image *floats = scan_new(&grid, LAR_F32, 1), *out;
    lar_arena *arena;
    const lar_stack_params params = lar_stack_default();
    lar_stack_params spaced = params;
    CHECK_OK(lar_arena_new(&arena));
    const char *files[6];
    for (int n = 0; n < 4; n++) files[n] = sliced(image, folder, "a", 2, n, arena);
    CHECK_FAILS(lar_stack(&out, files, 3, &params), LAR_EGEOMETRY, "1 slices beside");
    files[3] = files[1];
    CHECK_FAILS(lar_stack(&out, files, 4, &params), LAR_EGEOMETRY, "slice z 1 is in both");
    files[3] = sliced(other, folder, "b", 2, 3, arena);
    CHECK_FAILS(lar_stack(&out, files, 4, &params), LAR_EGEOMETRY,
                "a_z000.tif' and 'b_z003.tif' are slices of two volumes: their names differ");
    const char *stranger = lar_arena_format(arena, "%s/a_z009.tif", folder);
    assert_int_equal(rename(files[3], stranger), 0);
    files[3] = stranger;
    CHECK_FAILS(lar_stack(&out, files, 4, &params), LAR_EGEOMETRY, "their volumes lie elsewhere");
    files[3] = sliced(image, folder, "a", 0, 3, arena);
    CHECK_FAILS(lar_stack(&out, files, 4, &params), LAR_EGEOMETRY, "cut across two axes");
    const char *real = sliced(floats, folder, "c", 2, 3, arena);
    assert_int_equal(rename(real, stranger), 0);
    files[3] = stranger;
    CHECK_FAILS(lar_stack(&out, files, 4, &params), LAR_EGEOMETRY,
                "a_z000.tif' is int16, 'a_z009.tif' is float32");
    files[3] = TEST_SOURCE "/tests/golden/slices/plain_i2.tif";
    CHECK_FAILS(lar_stack(&out, files, 4, &params), LAR_EGEOMETRY, "says where its slice lies");
    spaced.spacing = (lar_reals){ 1, { 2 } };
    files[3] = lar_arena_format(arena, "%s/a_z003.tif", folder);
    CHECK_FAILS(lar_stack(&out, files, 4, &spaced), LAR_EARGUMENT, "are known");
    files[3] = TEST_SOURCE "/tests/golden/make_slices.py";
    CHECK_FAILS(lar_stack(&out, files, 4, &params), LAR_EFORMAT, "no TIFF or PNG");
    assert_null(out);
    lar_arena_free(arena);
    lar_image_free(floats);
    lar_image_free(other);
    lar_image_free(image);
    check_folder_remove(folder);
}

/* Slices without a place: by their names, 2 before 10, with what was said of spacing and axes. */
static void slices_of_others_are_stacked_by_name(void **state)
{
    (void)state;
    const char *folder = check_folder();
    lar_arena *arena;
    const char *files[12];
    lar_image *out;
    CHECK_OK(lar_arena_new(&arena));
    for (int n = 0; n < 12; n++) {
        unsigned char pixels[6], *bytes;
        size_t count;
        const lar_png png = { .width = 3, .height = 2, .type = LAR_U8, .per_metre = { 2000, 500 } };
        memset(pixels, n, sizeof pixels);
        pixels[5] = 99;
        files[11 - n] = lar_arena_format(arena, "%s/slice %d.png", folder, n);
        CHECK_OK(lar_png_write(&bytes, &count, &png, pixels, 1));
        CHECK_OK(lar_file_write(files[11 - n], bytes, count, false));
        lar_free(bytes);
    }
    lar_stack_params params = lar_stack_default();
    scan_listen();
    CHECK_OK(lar_stack(&out, files, 12, &params));
    assert_non_null(strstr(scan_said, "slice 0.png': it says no place in the patient"));
    assert_null(strstr(scan_said, "slice 1.png"));
    double spacing[3];
    char code[4];
    for (int64_t k = 0; k < 12; k++) {
        CHECK_NEAR(lar_image_at(out, 1, 1, k, 0), (double)k, 0);
        CHECK_NEAR(lar_image_at(out, 2, 1, k, 0), 99, 0);
    }
    lar_grid_spacing(&out->grid, spacing);
    CHECK_NEAR(spacing[0], 0.5, 1e-9);
    CHECK_NEAR(spacing[1], 2, 1e-9);
    lar_image_free(out);
    params.spacing = (lar_reals){ 3, { 1, 2, 3 } };
    params.axes = "LIA";
    CHECK_OK(lar_stack(&out, files, 12, &params));
    lar_grid_axes(&out->grid, code);
    lar_grid_spacing(&out->grid, spacing);
    assert_string_equal(code, "LIA");
    for (int n = 0; n < 3; n++) CHECK_NEAR(spacing[n], n + 1, 0);
    lar_image_free(out);
    params.axes = "LRA";
    CHECK_FAILS(lar_stack(&out, files, 12, &params), LAR_EARGUMENT, "'LRA' is no code of axes");
    params = lar_stack_default();
    params.fill = 0;
    CHECK_FAILS(lar_stack(&out, files, 12, &params), LAR_EARGUMENT, "no gap to fill");
    files[3] = TEST_SOURCE "/tests/golden/slices/grey_8.png";
    params = lar_stack_default();
    CHECK_FAILS(lar_stack(&out, files, 12, &params), LAR_EGEOMETRY, "the slices differ");
    lar_arena_free(arena);
    check_folder_remove(folder);
}

static bool stop_at_second(void *user, const char *stage, double fraction)
{
    (void)stage, (void)fraction;
    return ++*(int *)user < 2;
}

/* After ctrl-C, or where a file cannot be written: no half set. */
static void a_set_is_whole_or_absent(void **state)
{
    (void)state;
    const char *folder = check_folder();
    lar_grid grid = scan_grid(0);
    grid.size[2] = 300;
    lar_image *image = scan_new(&grid, LAR_U8, 1);
    lar_slice_params params = lar_slice_default();
    lar_arena *arena;
    lar_texts names;
    int calls = 0;
    const lar_progress progress = { stop_at_second, &calls };
    char path[256];
    CHECK_OK(lar_arena_new(&arena));
    CHECK_FAILS(lar_slices_write(NULL, image, folder, "a", &params, false, progress), LAR_ESTOPPED,
                "no slice of 'a' is kept");
    CHECK_OK(lar_folder_list(&names, folder, arena));
    assert_int_equal(names.count, 0);
    snprintf(path, sizeof path, "%s/a_z250.tif", folder);
    CHECK_OK(lar_file_write(path, "old", 3, false));
    CHECK_FAILS(lar_slices_write(NULL, image, folder, "a", &params, false, silent), LAR_EEXISTS,
                "a_z250.tif' exists already");
    CHECK_OK(lar_folder_list(&names, folder, arena));
    assert_int_equal(names.count, 1);
    CHECK_OK(lar_slices_write(NULL, image, folder, "a", &params, true, silent));
    CHECK_OK(lar_folder_list(&names, folder, arena));
    assert_int_equal(names.count, 300);
    lar_arena_free(arena);
    lar_image_free(image);
    check_folder_remove(folder);
}

static void bad_parameters_are_refused(void **state)
{
    (void)state;
    const lar_grid grid = scan_grid(0);
    lar_image *image = scan_new(&grid, LAR_U8, 1);
    lar_slice_params params = lar_slice_default();
    params.range = (lar_reals){ 2, { 0.5, 0.4 } };
    CHECK_FAILS(lar_slices_write(NULL, image, "/tmp", "a", &params, false, silent), LAR_EARGUMENT,
                "0 <= low < high <= 1");
    params.range.count = 1;
    CHECK_FAILS(lar_slices_write(NULL, image, "/tmp", "a", &params, false, silent), LAR_EARGUMENT,
                "two numbers, not 1");
    params = lar_slice_default();
    params.window = (lar_reals){ 2, { 0, 80 } };
    CHECK_FAILS(lar_slices_write(NULL, image, "/tmp", "a", &params, false, silent), LAR_EARGUMENT,
                "a window is for PNG");
    params.format = LAR_SLICES_PNG;
    params.window.at[1] = 0;
    CHECK_FAILS(lar_slices_write(NULL, image, "/tmp", "a", &params, false, silent), LAR_EARGUMENT,
                "is empty");
    lar_image_free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiff_slices_give_the_volume_again),
        cmocka_unit_test(png_slices_give_it_to_the_rounding),
        cmocka_unit_test(pictures_stand_upright),
        cmocka_unit_test(a_part_comes_back_to_its_place),
        cmocka_unit_test(one_of_several_volumes),
        cmocka_unit_test(empty_slices_are_left_out),
        cmocka_unit_test(sets_that_are_not_whole_are_named),
        cmocka_unit_test(slices_of_others_are_stacked_by_name),
        cmocka_unit_test(a_set_is_whole_or_absent),
        cmocka_unit_test(bad_parameters_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
