/* Piecewise linear maps against their definition, there and back, and what they refuse.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "image/image.h"
#include "intensity/intensity.h"
#include "math/math.h"

enum { COUNT = 700 * 3 * 2 };

static lar_image *drawn(void)
{
    const lar_grid grid = { .size = { 700, 3, 2 },
                            .to_world = { .m = { { 1 }, { 0, 1 }, { 0, 0, 1 } } } };
    lar_image *image;
    CHECK_OK(lar_image_new(&image, &grid, 1, LAR_F32));
    for (int n = 0; n < COUNT; n++)
        ((float *)image->voxels)[n] = (float)(300 * lar_random_uniform(1, 2, (uint64_t)n) - 100);
    return image;
}

static const lar_curve curve = { .count = 5,
                                 .from = { -50, 0, 10, 100, 120 },
                                 .to = { 1, 3, 40, 41, 100 } };

static double by_definition(const lar_curve *c, double x)
{
    if (c->clips && x < c->from[0]) x = c->from[0];
    if (c->clips && x > c->from[c->count - 1]) x = c->from[c->count - 1];
    int64_t n = 0;
    while (n + 2 < c->count && x > c->from[n + 1]) n++;
    return c->to[n] + (x - c->from[n]) * (c->to[n + 1] - c->to[n]) / (c->from[n + 1] - c->from[n]);
}

static void values_follow_the_definition(void **state)
{
    (void)state;
    lar_image *image = drawn(), *out;
    for (int clips = 0; clips < 2; clips++) {
        lar_curve c = curve;
        c.clips = clips;
        CHECK_OK(lar_curve_apply(&out, &c, image));
        for (int n = 0; n < COUNT; n++) {
            const double want = by_definition(&c, (double)((float *)image->voxels)[n]);
            CHECK_NEAR(((float *)out->voxels)[n], want, 1e-6 * (1 + fabs(want)));
        }
        lar_image_free(out);
    }
    lar_image_free(image);
}

static void undo_brings_back(void **state)
{
    (void)state;
    lar_image *image = drawn(), *out, *back;
    CHECK_OK(lar_curve_apply(&out, &curve, image));
    CHECK_OK(lar_curve_undo(&back, &curve, out));
    for (int n = 0; n < COUNT; n++) /* the flattest piece rises by 1 over 90 */
        CHECK_NEAR(((float *)back->voxels)[n], ((float *)image->voxels)[n], 90 * 8e-6);
    lar_image_free(back);
    lar_image_free(out);
    lar_image_free(image);
}

static void refusals_say_why(void **state)
{
    (void)state;
    lar_image *image = drawn(), *out;
    lar_curve c = curve;
    c.to[3] = c.to[2];
    CHECK_FAILS(lar_curve_undo(&out, &c, image), LAR_EUNSUPPORTED, "from 10 to 100");
    c.from[3] = c.from[2];
    CHECK_FAILS(lar_curve_apply(&out, &c, image), LAR_EARGUMENT, "do not rise");
    ((float *)image->voxels)[7] = NAN;
    ((float *)image->voxels)[8] = 3e38F;
    CHECK_FAILS(lar_curve_apply(&out, &curve, image), LAR_ENUMERIC, "2 of 4200 voxels");
    assert_null(out);
    lar_image_free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_follow_the_definition),
        cmocka_unit_test(undo_brings_back),
        cmocka_unit_test(refusals_say_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
