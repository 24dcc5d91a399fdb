/* The law of files: what was written is read again, for every voxel type, form of file, version and
 * byte order.
 * SPDX-License-Identifier: Apache-2.0 */
#include "format/nifti/nifti.h"
#include "scans.h"

static const char *const forms[] = { "a.nii", "a.nii.gz", "a.hdr", "a.hdr.gz", "a.img", NULL };

static const char *in(const char *folder, const char *name)
{
    static char path[2][256];
    static int turn;
    turn ^= 1;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

static void written_is_read_again(void **state)
{
    (void)state;
    const char *folder = check_folder();
    const lar_grid grid = scan_grid(13);
    for (int type = 0; type < TYPE_COUNT; type++)
        for (int form = 0; forms[form]; form++)
            for (int version = 1; version <= 2; version++)
                for (int64_t channels = 1; channels <= 3; channels += 2) {
                    lar_image *image = scan_new(&grid, (lar_type)type, channels), *back;
                    const lar_write_params params = { .force = true, .version = version };
                    const char *path = in(folder, forms[form]);
                    lar_image_about about;
                    scan_note(image);
                    scan_listen();
                    CHECK_OK(lar_image_write_with(image, path, &params));
                    CHECK_OK(lar_image_read(&back, path));
                    assert_string_equal(scan_said, "");
                    scan_same_voxels(image, back);
                    scan_same_notes(image->notes, back->notes);
                    /* NIfTI-1 holds the affine as float */
                    scan_same_grid(&image->grid, &back->grid, version == 1 ? 2e-6 : 0);
                    CHECK_OK(lar_image_read_header(&about, path));
                    assert_string_equal(about.format, version == 1 ? "NIfTI-1" : "NIfTI-2");
                    assert_int_equal(about.type, type);
                    assert_int_equal(about.channels, channels);
                    assert_memory_equal(&about.grid, &back->grid, sizeof about.grid);
                    scan_same_notes(image->notes, about.notes);
                    lar_image_about_clear(&about);
                    lar_image_free(back);
                    lar_image_free(image);
                }
    check_folder_remove(folder);
}

static void a_view_is_written_as_it_looks(void **state)
{
    (void)state;
    const char *folder = check_folder(), *path = in(folder, "v.nii.gz");
    const lar_grid grid = scan_grid(37);
    lar_image *image = scan_new(&grid, LAR_I16, 2), *ras, *back;
    CHECK_OK(lar_image_to_ras(&ras, image));
    CHECK_OK(lar_image_write(ras, path, false));
    CHECK_OK(lar_image_read(&back, path));
    for (int64_t c = 0; c < 2; c++)
        for (int64_t k = 0; k < ras->grid.size[2]; k++)
            for (int64_t j = 0; j < ras->grid.size[1]; j++)
                for (int64_t i = 0; i < ras->grid.size[0]; i++)
                    assert_true(lar_image_at(ras, i, j, k, c) == lar_image_at(back, i, j, k, c));
    assert_true(lar_grid_matches(&ras->grid, &back->grid));
    lar_image_free(back);
    lar_image_free(ras);
    lar_image_free(image);
    check_folder_remove(folder);
}

static void turn(unsigned char *bytes, size_t width, size_t count)
{
    for (size_t n = 0; n < count; n++, bytes += width)
        for (size_t b = 0; b < width / 2; b++) {
            const unsigned char held = bytes[b];
            bytes[b] = bytes[width - 1 - b];
            bytes[width - 1 - b] = held;
        }
}

/* The file as a machine of the other byte order writes it: places and widths are those of the
 * standard, written here a second time. */
static void turn_file(unsigned char *bytes, int version, size_t first, size_t voxel_size,
                      size_t voxel_count)
{
    static const int one[][3] = { { 0, 4, 1 },   { 40, 2, 8 },  { 56, 4, 3 },
                                  { 68, 2, 4 },  { 76, 4, 11 }, { 120, 2, 1 },
                                  { 124, 4, 6 }, { 252, 2, 2 }, { 256, 4, 18 } };
    static const int two[][3] = { { 0, 4, 1 },   { 12, 2, 2 },   { 16, 8, 28 },
                                  { 344, 4, 2 }, { 352, 8, 18 }, { 496, 4, 3 } };
    const int(*table)[3] = version == 1 ? one : two;
    const size_t rows = version == 1 ? sizeof one / sizeof *one : sizeof two / sizeof *two;
    for (size_t n = 0; n < rows; n++)
        turn(bytes + table[n][0], (size_t)table[n][1], (size_t)table[n][2]);
    for (size_t at = (version == 1 ? NIFTI1_BYTES : NIFTI2_BYTES) + 4; at < first;) {
        const int32_t size = lar_nifti_int32(bytes + at, false);
        turn(bytes + at, 4, 2);
        at += (size_t)size;
    }
    turn(bytes + first, voxel_size, voxel_count);
}

static void the_other_byte_order_is_read(void **state)
{
    (void)state;
    const char *folder = check_folder();
    const lar_grid grid = scan_grid(5);
    for (int type = 0; type < TYPE_COUNT; type++)
        for (int version = 1; version <= 2; version++) {
            lar_image *image = scan_new(&grid, (lar_type)type, 2), *back;
            const char *path = in(folder, "a.nii");
            const lar_write_params params = { .force = true, .version = version };
            char *bytes;
            size_t count;
            scan_note(image);
            CHECK_OK(lar_image_write_with(image, path, &params));
            CHECK_OK(lar_file_read(&bytes, &count, path, 1 << 20));
            const size_t voxels = (size_t)lar_image_voxel_count(image) * 2;
            const size_t size = lar_type_size(image->type);
            turn_file((unsigned char *)bytes, version, count - voxels * size, size, voxels);
            CHECK_OK(lar_image_read_bytes(&back, bytes, count, "turned"));
            scan_same_voxels(image, back);
            scan_same_notes(image->notes, back->notes);
            scan_same_grid(&image->grid, &back->grid, 2e-6);
            lar_image_free(back);
            lar_image_free(image);
            lar_free(bytes);
        }
    check_folder_remove(folder);
}

/* Writes, changes header fields, and reads. */
static lar_status read_changed(lar_image **out, lar_type type, int64_t channels,
                               void (*change)(lar_nifti_header *h))
{
    const char *folder = check_folder(), *path = in(folder, "a.nii");
    const lar_grid grid = scan_grid(0);
    lar_image *image = scan_new(&grid, type, channels);
    char *bytes;
    size_t count;
    lar_nifti_header h;
    CHECK_OK(lar_image_write(image, path, true));
    CHECK_OK(lar_file_read(&bytes, &count, path, 1 << 20));
    lar_nifti_decode(&h, (unsigned char *)bytes, 1, false);
    change(&h);
    lar_nifti_encode((unsigned char *)bytes, &h);
    scan_listen();
    const lar_status status = lar_image_read_bytes(out, bytes, count, "a.nii");
    lar_free(bytes);
    lar_image_free(image);
    check_folder_remove(folder);
    return status;
}

static double slope, inter;
static void set_slope(lar_nifti_header *h)
{
    h->scl_slope = slope;
    h->scl_inter = inter;
}

/* value = slope * stored + inter, to float (double where 32 bits or more were stored); slope 0 or
 * no number: as stored. */
static void slopes_are_applied(void **state)
{
    (void)state;
    const double slopes[] = { 1, 0.5, -2, 0, NAN, INFINITY, 1e-3, 0.1 };
    const double inters[] = { 0, -1024, 0.25 };
    const lar_grid grid = scan_grid(0);
    for (int type = 0; type < TYPE_COUNT; type++)
        for (size_t s = 0; s < sizeof slopes / sizeof *slopes; s++)
            for (size_t n = 0; n < 3; n++) {
                lar_image *plain = scan_new(&grid, (lar_type)type, 1), *image;
                slope = slopes[s], inter = inters[n];
                const double float_slope = (double)(float)slope;
                const bool none = slope == 0 || !isfinite(slope) || (slope == 1 && inter == 0);
                CHECK_OK(read_changed(&image, (lar_type)type, 1, set_slope));
                const bool narrow = lar_type_size(plain->type) < 4 || type == LAR_F32;
                assert_int_equal(image->type, none ? (lar_type)type : narrow ? LAR_F32 : LAR_F64);
                for (int64_t i = 0; i < 7; i++) {
                    const double stored = lar_image_at(plain, i, 0, 0, 0);
                    double wanted = none ? stored : stored * float_slope + inter;
                    if (!none && narrow) wanted = (double)(float)wanted;
                    const double found = lar_image_at(image, i, 0, 0, 0);
                    if (found != wanted && !(isnan(found) && isnan(wanted)))
                        fail_msg("%s %g %g: %.17g, not %.17g", lar_type_name((lar_type)type), slope,
                                 inter, found, wanted);
                }
                lar_image_free(image);
                lar_image_free(plain);
            }
    lar_image *image;
    slope = 2, inter = NAN;
    CHECK_FAILS(read_changed(&image, LAR_U8, 1, set_slope), LAR_EFORMAT, "no number");
}

static int64_t dims[8];
static void set_dims(lar_nifti_header *h)
{
    memcpy(h->dim, dims, sizeof dims);
}

static void dimensions_become_channels(void **state)
{
    (void)state;
    static const struct {
        int64_t dim[8], channels;
        const char *words; /* of the warning or error */
        lar_status status;
    } cases[] = {
        { { 3, 7, 5, 4, 0, 0, 0, 0 }, 1, "follow its voxels", LAR_OK },
        { { 4, 7, 5, 4, 6, -1, 0, 0 }, 6, "", LAR_OK },
        { { 5, 7, 5, 4, 1, 6, 0, 0 }, 6, "", LAR_OK },
        { { 5, 7, 5, 4, 2, 3, 0, 0 }, 6, "5 dimensions", LAR_OK },
        { { 7, 7, 5, 4, 6, 1, 1, 1 }, 6, "", LAR_OK },
        { { 6, 7, 5, 4, 2, 1, 3, 1 }, 6, "up to 5 dimensions", LAR_EUNSUPPORTED },
        { { 2, 7, 5, 9, 9, 9, 9, 9 }, 1, "follow its voxels", LAR_OK },
        { { 0, 7, 5, 4, 6, 1, 1, 1 }, 0, "0 dimensions", LAR_EFORMAT },
        { { 8, 7, 5, 4, 6, 1, 1, 1 }, 0, "8 dimensions", LAR_EFORMAT },
        { { 4, 7, 5, 0, 6, 1, 1, 1 }, 0, "size 0 in dimension 3", LAR_EFORMAT },
        { { 4, 7, -5, 4, 6, 1, 1, 1 }, 0, "size -5 in dimension 2", LAR_EFORMAT },
        { { 4, 7, 5, 4, 7, 1, 1, 1 }, 0, "its header describes 2312", LAR_EFORMAT },
        { { 4, 32767, 32767, 32767, 32767, 1, 1, 1 }, 0, "describes", LAR_EFORMAT },
        { { 5, 32767, 32767, 32767, 32767, 32767, 1, 1 }, 0, "too many", LAR_EFORMAT },
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        lar_image *image;
        memcpy(dims, cases[n].dim, sizeof dims);
        if (cases[n].status != LAR_OK) {
            CHECK_FAILS(read_changed(&image, LAR_I16, 6, set_dims), cases[n].status,
                        cases[n].words);
            assert_null(image);
            continue;
        }
        CHECK_OK(read_changed(&image, LAR_I16, 6, set_dims));
        assert_int_equal(image->channels, cases[n].channels);
        if (!strstr(scan_said, cases[n].words) || (!*cases[n].words && *scan_said))
            fail_msg("said '%s', not '%s'", scan_said, cases[n].words);
        lar_image_free(image);
    }
}

static void large_sizes_become_nifti_2(void **state)
{
    (void)state;
    const char *folder = check_folder(), *path = in(folder, "a.nii.gz");
    for (int64_t size = 32767; size <= 32768; size++) {
        const lar_grid grid = { .size = { size, 2, 1 }, .to_world = lar_affine_identity() };
        lar_image *image, *back;
        lar_image_about about;
        CHECK_OK(lar_image_new(&image, &grid, 1, LAR_U8));
        ((unsigned char *)image->voxels)[2 * size - 1] = 7;
        CHECK_OK(lar_image_write(image, path, true));
        CHECK_OK(lar_image_read_header(&about, path));
        assert_string_equal(about.format, size > 32767 ? "NIfTI-2" : "NIfTI-1");
        lar_image_about_clear(&about);
        CHECK_OK(lar_image_read(&back, path));
        scan_same_voxels(image, back);
        lar_image_free(back);
        const lar_write_params params = { .force = true, .version = 1 };
        if (size > 32767)
            CHECK_FAILS(lar_image_write_with(image, path, &params), LAR_EARGUMENT, "32768");
        lar_image_free(image);
    }
    check_folder_remove(folder);
}

static void vectors_keep_dimension_five(void **state)
{
    (void)state;
    const char *folder = check_folder(), *path = in(folder, "warp.nii");
    const lar_grid grid = scan_grid(0);
    lar_image *image = scan_new(&grid, LAR_F32, 3), *back;
    lar_notes *notes;
    lar_image_about about;
    CHECK_OK(lar_notes_new(&notes, 0));
    notes->intent = 1007;
    lar_image_set_notes(image, notes);
    lar_notes_drop(notes);
    CHECK_OK(lar_image_write(image, path, false));
    CHECK_OK(lar_image_read_header(&about, path));
    assert_int_equal(about.dims, 5);
    assert_int_equal(about.dim[3], 1);
    assert_int_equal(about.dim[4], 3);
    lar_image_about_clear(&about);
    CHECK_OK(lar_image_read(&back, path));
    scan_same_voxels(image, back);
    lar_image_free(back);
    lar_image_free(image);
    check_folder_remove(folder);
}

static void a_mapped_file_is_the_file(void **state)
{
    (void)state;
    const char *folder = check_folder();
    const lar_grid grid = scan_grid(3);
    for (int type = 0; type < TYPE_COUNT; type++) {
        lar_image *image = scan_new(&grid, (lar_type)type, 2), *mapped, *again;
        const char *path = in(folder, "a.nii");
        scan_note(image);
        CHECK_OK(lar_image_write(image, path, true));
        const int64_t before = lar_alloc_count();
        CHECK_OK(lar_nifti_map(&mapped, path));
        assert_true(lar_alloc_count() - before < 16);
        scan_same_voxels(image, mapped);
        scan_same_notes(image->notes, mapped->notes);
        *(unsigned char *)mapped->voxels ^= 1; /* stays here */
        CHECK_OK(lar_nifti_map(&again, path));
        scan_same_voxels(image, again);
        lar_image_free(again);
        lar_image_free(mapped);
        path = in(folder, "b.nii.gz"); /* and others are read */
        CHECK_OK(lar_image_write(image, path, true));
        CHECK_OK(lar_nifti_map(&mapped, path));
        scan_same_voxels(image, mapped);
        lar_image_free(mapped);
        lar_image_free(image);
    }
    lar_image *image;
    CHECK_FAILS(lar_nifti_map(&image, in(folder, "none.nii")), LAR_ENOINPUT, "none.nii");
    check_folder_remove(folder);
}

/* Content decides; a name that says otherwise is a warning. No file stands in for another. */
static void names_come_second(void **state)
{
    (void)state;
    const char *folder = check_folder();
    const lar_grid grid = scan_grid(0);
    lar_image *image = scan_new(&grid, LAR_U8, 1), *back;
    char from[256], to[256];
    CHECK_OK(lar_image_write(image, in(folder, "a.nii"), false));
    CHECK_FAILS(lar_image_read(&back, in(folder, "a.nii.gz")), LAR_ENOINPUT, "a.nii.gz");
    CHECK_FAILS(lar_image_read(&back, in(folder, "a")), LAR_ENOINPUT, "open");
    CHECK_FAILS(lar_image_read(&back, in(folder, "a.hdr")), LAR_ENOINPUT, "open");
    snprintf(from, sizeof from, "%s/a.nii", folder);
    snprintf(to, sizeof to, "%s/b.nii.gz", folder);
    assert_int_equal(rename(from, to), 0);
    scan_listen();
    CHECK_OK(lar_image_read(&back, to));
    assert_non_null(strstr(scan_said, "b.nii.gz': its name says compressed, its content is not"));
    scan_same_voxels(image, back);
    lar_image_free(back);
    snprintf(from, sizeof from, "%s/c.img", folder);
    assert_int_equal(rename(to, from), 0);
    scan_listen();
    CHECK_OK(lar_image_read(&back, from));
    assert_non_null(strstr(scan_said, "in one piece"));
    lar_image_free(back);

    CHECK_OK(lar_image_write(image, in(folder, "d.hdr"), false));
    CHECK_OK(lar_image_read(&back, in(folder, "d.img")));
    scan_same_voxels(image, back);
    lar_image_free(back);
    snprintf(from, sizeof from, "%s/d.img", folder);
    snprintf(to, sizeof to, "%s/e.img", folder);
    assert_int_equal(rename(from, to), 0);
    CHECK_FAILS(lar_image_read(&back, in(folder, "d.hdr")), LAR_ENOINPUT, "d.img', which is not");
    CHECK_FAILS(lar_image_read(&back, to), LAR_ENOINPUT, "e.hdr', which is not");
    CHECK_FAILS(lar_image_write(image, in(folder, "x.bmp"), false), LAR_EARGUMENT, ".nii.gz");
    CHECK_FAILS(lar_image_write(image, in(folder, ".nii.gz"), false), LAR_EARGUMENT, "format");
    lar_image_free(image);
    check_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_is_read_again),
        cmocka_unit_test(a_view_is_written_as_it_looks),
        cmocka_unit_test(the_other_byte_order_is_read),
        cmocka_unit_test(slopes_are_applied),
        cmocka_unit_test(dimensions_become_channels),
        cmocka_unit_test(large_sizes_become_nifti_2),
        cmocka_unit_test(vectors_keep_dimension_five),
        cmocka_unit_test(a_mapped_file_is_the_file),
        cmocka_unit_test(names_come_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
