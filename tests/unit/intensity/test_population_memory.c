/* A population of thirty takes no more memory than one of three, when images are shown and let go.
 * SPDX-License-Identifier: Apache-2.0 */
#include <sys/wait.h>

#include "population.h"

enum { EDGE = 64 }; /* a float32 volume of 1 MiB */

/* Three tissues in layers, another gain and noise for each. */
static lar_image *drawn(int64_t number)
{
    const lar_grid grid = { .size = { EDGE, EDGE, EDGE },
                            .to_world = { .m = { { 1 }, { 0, 1 }, { 0, 0, 1 } } } };
    lar_image *image;
    CHECK_OK(lar_image_new(&image, &grid, 1, LAR_F32));
    for (int64_t v = 0; v < EDGE * EDGE * EDGE; v++) {
        const int64_t k = v / (EDGE * EDGE);
        const double tissue = k < 12 ? 100 : k < 36 ? 240 : 330;
        const double noise = 6 * lar_random_normal(3, (uint64_t)number, (uint64_t)v);
        ((float *)image->voxels)[v] = (float)((1 + 0.1 * (double)(number % 7)) * (tissue + noise));
    }
    return image;
}

static double peak_of(const char *method, int64_t count)
{
    int ends[2];
    double peak = 0;
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        lar_normalize_params params = params_of(method);
        lar_normalizer *n;
        lar_memory memory;
        params.foreground = LAR_FOREGROUND_WHOLE;
        lar_threads_set(1);
        CHECK_OK(lar_normalizer_new(&n, &params));
        while (lar_normalizer_passes(n) > 0) {
            for (int64_t k = 0; k < count; k++) {
                lar_image *image = drawn(k);
                CHECK_OK(lar_normalizer_learn(n, image, NULL, NULL));
                lar_image_free(image);
            }
            CHECK_OK(lar_normalizer_end_pass(n));
        }
        lar_normalizer_free(n);
        lar_memory_ask(&memory, "");
        _exit(write(ends[1], &memory.peak, sizeof memory.peak) == sizeof memory.peak ? 0 : 1);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &peak, sizeof peak), sizeof peak);
    close(ends[0]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    return peak;
}

/* ravel keeps 10000 control voxels of each image: 40 kB. */
static void does_not_grow_with_the_population(void **state)
{
    (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    print_message("skipped: a sanitizer keeps memory that was let go\n");
    skip();
#endif
    static const char *const methods[] = { "nyul", "lsq", "ravel" };
    for (int m = 0; m < 3; m++) {
        const double three = peak_of(methods[m], 3), thirty = peak_of(methods[m], 30);
        if (three == 0) {
            print_message("skipped: the machine does not tell peak memory\n");
            skip();
        }
        print_message("%s: %.1f MB for 3, %.1f MB for 30\n", methods[m], three / 1e6, thirty / 1e6);
        assert_true(thirty - three < 4e6); /* 27 images more are 28 MB */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(does_not_grow_with_the_population) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
