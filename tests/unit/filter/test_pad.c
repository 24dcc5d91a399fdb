/* Crop and pad: every voxel keeps its value, type and place; pad undoes crop; the modes are
 * numpy's; and what they refuse. SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "filter/filter.h"
#include "image/image.h"

enum { NI = 6, NJ = 5, NK = 4 };
static const int64_t sizes[3] = { NI, NJ, NK };

/* Every voxel another value; axes LPS, so that low ends are high voxel numbers along i and j. */
static lar_image *counted(lar_type type, int64_t channels)
{
    const lar_grid grid = { .size = { NI, NJ, NK },
                            .to_world = {
                                .m = { { -2, 0, 0, 30 }, { 0, -1, 0, 9 }, { 0, 0, 3, 1 } } } };
    lar_image *image;
    CHECK_OK(lar_image_new(&image, &grid, channels, type));
    for (int64_t c = 0; c < channels; c++)
        for (int64_t k = 0; k < NK; k++)
            for (int64_t j = 0; j < NJ; j++) {
                double row[NI];
                for (int64_t i = 0; i < NI; i++)
                    row[i] = (double)(i + NI * (j + NJ * (k + NK * c)) + 1);
                assert_int_equal(lar_image_store(image, 0, j, k, c, row, NI), 0);
            }
    return image;
}

/* What numpy.pad makes of an index: edge, or reflect. */
static int64_t stands_for(int64_t n, int64_t size, int mode)
{
    if (mode == LAR_PAD_EDGE) return n < 0 ? 0 : n >= size ? size - 1 : n;
    while (n < 0 || n >= size) n = n < 0 ? -n : 2 * size - 2 - n;
    return n;
}

static void modes_are_those_of_numpy(void **state)
{
    (void)state;
    static const lar_type types[] = { LAR_U8, LAR_I16, LAR_F32, LAR_F64, LAR_U64 };
    for (int t = 0; t < 5; t++)
        for (int mode = LAR_PAD_CONSTANT; mode <= LAR_PAD_MIRROR; mode++) {
            lar_image *image = counted(types[t], 2), *out;
            lar_pad_params p = lar_pad_default();
            p.mode = mode;
            p.value = 9;
            p.by = (lar_ints){ 6, { 1, 9, 0, 2, 3, 0 } }; /* left right back front foot head */
            CHECK_OK(lar_pad(&out, image, NULL, &p));
            assert_int_equal(out->type, types[t]);
            assert_int_equal(out->channels, 2);
            const int64_t first[3] = { 9, 2, 3 }, wanted[3] = { NI + 10, NJ + 2, NK + 3 };
            for (int a = 0; a < 3; a++) assert_int_equal(out->grid.size[a], wanted[a]);
            double here[3], there[3];
            lar_grid_to_world(&image->grid, (double[3]){ 1, 2, 3 }, here);
            lar_grid_to_world(&out->grid, (double[3]){ 10, 4, 6 }, there);
            for (int a = 0; a < 3; a++) CHECK_NEAR(here[a], there[a], 1e-9);
            for (int64_t c = 0; c < 2; c++)
                for (int64_t k = 0; k < wanted[2]; k++)
                    for (int64_t j = 0; j < wanted[1]; j++)
                        for (int64_t i = 0; i < wanted[0]; i++) {
                            const int64_t at[3] = { i - first[0], j - first[1], k - first[2] };
                            int64_t from[3];
                            bool inside = true;
                            for (int a = 0; a < 3; a++) {
                                inside = inside && at[a] >= 0 && at[a] < sizes[a];
                                from[a] = stands_for(at[a], sizes[a], mode);
                            }
                            const double expected =
                                mode == LAR_PAD_CONSTANT && !inside
                                    ? 9
                                    : lar_image_at(image, from[0], from[1], from[2], c);
                            CHECK_NEAR(lar_image_at(out, i, j, k, c), expected, 0);
                        }
            lar_image_free(out);
            lar_image_free(image);
        }
}

static void sizes_are_those_asked_for(void **state)
{
    (void)state;
    lar_image *image = counted(LAR_I16, 1), *out;
    lar_pad_params p = lar_pad_default();
    p.size = (lar_ints){ 3, { 9, 5, 8 } };
    CHECK_OK(lar_pad(&out, image, NULL, &p));
    lar_grid fitted;
    CHECK_OK(lar_grid_fit(&fitted, &image->grid, (int64_t[3]){ 9, 5, 8 }));
    assert_true(lar_grid_matches(&out->grid, &fitted));
    lar_image_free(out);
    p.size.count = 0;
    p.multiple_of = (lar_ints){ 1, { 4 } };
    CHECK_OK(lar_pad(&out, image, NULL, &p));
    for (int a = 0; a < 3; a++) assert_int_equal(out->grid.size[a], ((int64_t[3]){ 8, 8, 4 })[a]);
    lar_image_free(out);
    p.multiple_of.count = 0;
    p.by = (lar_ints){ 1, { 0 } };
    CHECK_OK(lar_pad(&out, image, NULL, &p));
    assert_true(lar_grid_matches(&out->grid, &image->grid));
    lar_image_free(out);
    lar_image_free(image);
}

static lar_image *cropped(const lar_image *image, const lar_image *mask, lar_crop_params p)
{
    lar_image *out;
    CHECK_OK(lar_crop(&out, image, mask, &p));
    return out;
}

/* Each way to crop, put back where it was: the same inside, the padding around. */
static void padding_undoes_cropping(void **state)
{
    (void)state;
    lar_image *image = counted(LAR_I16, 2), *mask = counted(LAR_U8, 1);
    memset(mask->voxels, 0, NI * NJ * NK);
    ((uint8_t *)mask->voxels)[2 + NI * (1 + NJ * 1)] = 1;
    ((uint8_t *)mask->voxels)[3 + NI * (3 + NJ * 2)] = 200;
    for (int way = 0; way < 5; way++) {
        lar_crop_params p = lar_crop_default();
        int64_t first[3] = { 0, 0, 0 }, size[3] = { NI, NJ, NK };
        if (way == 0) { /* the default: 0.2 to 0.8 of z */
            first[2] = 0;
            size[2] = 3;
        } else if (way == 1) {
            p.box = (lar_ints){ 6, { 1, 4, 0, 5, 2, 3 } };
            memcpy(first, (int64_t[3]){ 1, 0, 2 }, sizeof first);
            memcpy(size, (int64_t[3]){ 3, 5, 1 }, sizeof size);
        } else if (way == 2) {
            p.size = (lar_ints){ 3, { 3, 4, 4 } };
            memcpy(first, (int64_t[3]){ 1, 0, 0 }, sizeof first);
            memcpy(size, (int64_t[3]){ 3, 4, 4 }, sizeof size);
        } else { /* 1.9 mm is one voxel of 2, two of 1 (as far as there are), one of 3 */
            p.margin_mm = way == 4 ? 1.9 : 0;
            memcpy(first, way == 4 ? (int64_t[3]){ 1, 0, 0 } : (int64_t[3]){ 2, 1, 1 },
                   sizeof first);
            memcpy(size, way == 4 ? (int64_t[3]){ 4, 5, 4 } : (int64_t[3]){ 2, 3, 2 }, sizeof size);
        }
        lar_image *part = cropped(image, way >= 3 ? mask : NULL, p), *back;
        for (int a = 0; a < 3; a++) assert_int_equal(part->grid.size[a], size[a]);
        lar_pad_params pad = lar_pad_default();
        pad.value = -5;
        CHECK_OK(lar_pad(&back, part, &image->grid, &pad));
        assert_true(lar_grid_matches(&back->grid, &image->grid));
        for (int64_t c = 0; c < 2; c++)
            for (int64_t k = 0; k < NK; k++)
                for (int64_t j = 0; j < NJ; j++)
                    for (int64_t i = 0; i < NI; i++) {
                        const int64_t at[3] = { i, j, k };
                        bool inside = true;
                        for (int a = 0; a < 3; a++)
                            inside = inside && at[a] >= first[a] && at[a] < first[a] + size[a];
                        CHECK_NEAR(lar_image_at(back, i, j, k, c),
                                   inside ? lar_image_at(image, i, j, k, c) : -5, 0);
                    }
        lar_image_free(back);
        lar_image_free(part);
    }
    lar_image_free(mask);
    lar_image_free(image);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    lar_image *image = counted(LAR_U8, 1), *out;
    lar_pad_params p = lar_pad_default();
    CHECK_FAILS(lar_pad(&out, image, NULL, &p), LAR_EARGUMENT, "is missing");
    p.size = (lar_ints){ 1, { 5 } };
    CHECK_FAILS(lar_pad(&out, image, NULL, &p), LAR_EARGUMENT, "6 voxels do not fit into 5");
    CHECK_FAILS(lar_pad(&out, image, &image->grid, &p), LAR_EARGUMENT, "excludes");
    p.by = p.size;
    CHECK_FAILS(lar_pad(&out, image, NULL, &p), LAR_EARGUMENT, "exclude each other");
    p.size.count = 0;
    p.by = (lar_ints){ 2, { 1, 1 } };
    CHECK_FAILS(lar_pad(&out, image, NULL, &p), LAR_EARGUMENT, "not 2");
    p.by = (lar_ints){ 1, { -1 } };
    CHECK_FAILS(lar_pad(&out, image, NULL, &p), LAR_EARGUMENT, "-1 voxels");
    p.by.at[0] = 1;
    p.value = 300;
    CHECK_FAILS(lar_pad(&out, image, NULL, &p), LAR_EARGUMENT, "uint8 cannot hold 300");
    p = lar_pad_default();
    lar_grid grid = image->grid;
    grid.to_world.m[0][3] += 0.5;
    CHECK_FAILS(lar_pad(&out, image, &grid, &p), LAR_EGEOMETRY, "are not among those");
    grid = image->grid;
    grid.to_world.m[1][1] = -1.2;
    CHECK_FAILS(lar_pad(&out, image, &grid, &p), LAR_EGEOMETRY, "are not among those");
    grid = image->grid;
    grid.size[1]--;
    CHECK_FAILS(lar_pad(&out, image, &grid, &p), LAR_EGEOMETRY, "reaches out");
    assert_null(out);

    lar_crop_params c = lar_crop_default();
    c.box = (lar_ints){ 6, { 0, 6, 0, 5, 2, 2 } };
    CHECK_FAILS(lar_crop(&out, image, NULL, &c), LAR_EARGUMENT, "the box 2 2 along axis k");
    c.box.at[5] = 5;
    CHECK_FAILS(lar_crop(&out, image, NULL, &c), LAR_EARGUMENT, "0 <= k0 < k1 <= 4");
    c.box.count = 5;
    CHECK_FAILS(lar_crop(&out, image, NULL, &c), LAR_EARGUMENT, "six numbers");
    c.head = true;
    CHECK_FAILS(lar_crop(&out, image, NULL, &c), LAR_EARGUMENT, "exclude each other");
    c = lar_crop_default();
    c.size = (lar_ints){ 1, { 6 } };
    CHECK_FAILS(lar_crop(&out, image, NULL, &c), LAR_EARGUMENT, "6 voxels cannot be cut out of 5");
    c = lar_crop_default();
    c.margin_mm = 3;
    CHECK_FAILS(lar_crop(&out, image, NULL, &c), LAR_EARGUMENT, "margin");
    c.margin_mm = -3;
    CHECK_FAILS(lar_crop(&out, image, image, &c), LAR_EARGUMENT, "negative");
    c.margin_mm = 0;
    lar_image *mask = counted(LAR_U8, 1);
    memset(mask->voxels, 0, NI * NJ * NK);
    CHECK_FAILS(lar_crop(&out, image, mask, &c), LAR_ENUMERIC, "the mask is empty");
    mask->grid.to_world.m[2][3] = 99;
    CHECK_FAILS(lar_crop(&out, image, mask, &c), LAR_EGEOMETRY, "not on the grid");
    assert_null(out);
    lar_image_free(mask);
    lar_image_free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modes_are_those_of_numpy),
        cmocka_unit_test(sizes_are_those_asked_for),
        cmocka_unit_test(padding_undoes_cropping),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
