/* Real files of every format give the voxels and the places that nibabel, SimpleITK and dcm2niix
 * give. tests/golden/make_formats.py made the table. SPDX-License-Identifier: Apache-2.0 */
#include "format/format.h"
#include "scans.h"

enum { CORNERS = 8, PICKS = 8 };

static const double corner_mm = 1e-3;

static double next(char **at)
{
    char *end;
    const double value = strtod(*at, &end);
    if (end == *at) fail_msg("no number at '%.20s'", *at);
    *at = end;
    return value;
}

/* Where a point of the world lies in voxels; farther than corner_mm from a whole one fails. */
static void find_voxel(int64_t ijk[3], const lar_image *image, const lar_affine *to_voxel,
                       const double xyz[3], const char *name)
{
    double at[3], there[3], whole[3];
    lar_affine_point(to_voxel, xyz, at);
    for (int a = 0; a < 3; a++) {
        whole[a] = floor(at[a] + 0.5);
        ijk[a] = (int64_t)whole[a];
        if (ijk[a] < 0 || ijk[a] >= image->grid.size[a])
            fail_msg("%s: (%g, %g, %g) is not in the image", name, xyz[0], xyz[1], xyz[2]);
    }
    lar_grid_to_world(&image->grid, whole, there);
    for (int a = 0; a < 3; a++) CHECK_NEAR(there[a], xyz[a], corner_mm);
}

static void check_line(const char *root, char *line)
{
    char path[4096];
    lar_image *image;
    lar_affine to_voxel;
    int64_t ijk[3];
    char *name = line, *peer = line + strcspn(line, " ");
    *peer++ = 0;
    line = peer + strcspn(peer, " ");
    *line++ = 0;
    snprintf(path, sizeof path, "%s/%s", root, name);
    const lar_status status = lar_image_read(&image, path);
    if (status == LAR_EUNSUPPORTED) { /* a child program that is not installed */
        print_message("skipped: %s: %s\n", name, lar_error());
        return;
    }
    if (status != LAR_OK) fail_msg("%s: %s", name, lar_error());
    assert_int_equal(image->channels, (int64_t)next(&line));
    assert_int_equal(lar_image_voxel_count(image), (int64_t)next(&line));
    assert_true(lar_affine_invert(&to_voxel, &image->grid.to_world));
    const double wanted_sum = next(&line);
    double sum = 0, size = 0;
    for (int64_t c = 0; c < image->channels; c++)
        for (int64_t k = 0; k < image->grid.size[2]; k++)
            for (int64_t j = 0; j < image->grid.size[1]; j++)
                for (int64_t i = 0; i < image->grid.size[0]; i++) {
                    const double value = lar_image_at(image, i, j, k, c);
                    sum += value;
                    size += fabs(value);
                }
    /* float32 rounds each value to 6e-8 of it */
    const double rounding = image->type == LAR_F32 ? 6e-8 : 1e-12;
    if (!(fabs(sum - wanted_sum) <= size * rounding))
        fail_msg("%s: the sum of values is %.17g, %s says %.17g", name, sum, peer, wanted_sum);
    for (int n = 0; n < CORNERS; n++) {
        double xyz[3];
        for (int a = 0; a < 3; a++) xyz[a] = next(&line);
        find_voxel(ijk, image, &to_voxel, xyz, name);
        for (int a = 0; a < 3; a++) assert_true(ijk[a] == 0 || ijk[a] == image->grid.size[a] - 1);
    }
    for (int n = 0; n < PICKS; n++) {
        double xyz[3];
        for (int a = 0; a < 3; a++) xyz[a] = next(&line);
        find_voxel(ijk, image, &to_voxel, xyz, name);
        const int64_t c = (int64_t)next(&line);
        const double wanted = next(&line), is = lar_image_at(image, ijk[0], ijk[1], ijk[2], c);
        if (!(fabs(is - wanted) <= fabs(wanted) * rounding + 1e-30))
            fail_msg("%s: the value at (%g, %g, %g) is %.17g, %s says %.17g", name, xyz[0], xyz[1],
                     xyz[2], is, peer, wanted);
    }
    lar_image_free(image);
}

static void real_files(void **state)
{
    (void)state;
    char *text, root[4096];
    size_t count;
    int lines = 0;
    const char *folder = check_data("formats");
    if (!folder) {
        print_message("skipped: the real scans are not here\n");
        skip();
    }
    snprintf(root, sizeof root, "%.*s", (int)(strlen(folder) - strlen("/formats")), folder);
    CHECK_OK(lar_file_read(&text, &count, TEST_SOURCE "/tests/golden/formats.txt", 1 << 20));
    for (char *line = text; *line; lines++) {
        char *end = line + strcspn(line, "\n");
        *end = 0;
        check_line(root, line);
        line = end + 1;
    }
    assert_true(lines >= 18);
    lar_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(real_files) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
