/* Prediction in windows: how axes are cut, that exact windows give what the whole volume gives,
 * that a network reaches as far as it says and no farther, and the laws of blended windows.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "math/math.h"
#include "net/net.h"
#include "net/tiles_cut.h"

/* ---- networks -------------------------------------------------------------------------- */

/* Norms that do something, so that nothing hides behind a zero or an identity. */
static void stir(lar_net *net)
{
    int64_t count;
    const lar_net_param *list = lar_net_params(net, &count);
    for (int64_t n = 0; n < count; n++) {
        const bool variance = lar_text_ends(list[n].name, "running_var");
        const bool mean = lar_text_ends(list[n].name, "running_mean");
        float *at =
            (list[n].running ? lar_net_running(net) : lar_net_weights(net)) + list[n].offset;
        for (int64_t v = 0; v < list[n].count && list[n].dims == 1; v++) {
            const double u = lar_random_uniform(3, (uint64_t)n, (uint64_t)v);
            at[v] = (float)(variance ? 0.5 + u : mean ? u - 0.5 : 0.5 + 0.5 * u);
        }
    }
}

static lar_net *built(const lar_network_params *params)
{
    lar_net *net;
    CHECK_OK(lar_network_build(&net, params, 2, 1, 7));
    stir(net);
    return net;
}

static lar_network_params small(int name, int norm)
{
    lar_network_params params = lar_network_default();
    params.name = name;
    params.norm = norm;
    params.channels = 3;
    params.blocks = 1;
    params.levels = 3;
    params.dilations = (lar_ints){ 3, { 1, 3, 2 } };
    return params;
}

enum { RESNET, UNET, MESHNET };

/* Two convolutions with borders of one kind. */
static lar_net *bordered(int padding)
{
    lar_net *net;
    CHECK_OK(lar_net_new(&net));
    const lar_conv_params conv = { .filters = 3, .kernel = { 3, 5, 3 }, .padding = padding };
    lar_node x = lar_net_input(net, 2);
    x = lar_net_relu(net, lar_net_conv(net, x, "a", &conv));
    x = lar_net_conv(net, x, "b", &conv);
    lar_net_output(net, lar_net_linear(net, x, "last", 1));
    CHECK_OK(lar_net_finish(net, 5));
    return net;
}

/* Coarse by `by` and back, beside a path at full resolution. */
static lar_net *zoomed(lar_layer_kind down, lar_layer_kind up, int64_t by)
{
    lar_net *net;
    CHECK_OK(lar_net_new(&net));
    const int64_t factor[3] = { by, by, by };
    const lar_conv_params conv = { .filters = 3, .kernel = { 3, 3, 3 } };
    const lar_conv_params strided = { .filters = 3,
                                      .kernel = { 3, 3, 3 },
                                      .stride = { by, by, by } };
    const lar_conv_params wide = { .filters = 3,
                                   .kernel = { by + 1, by + 2, by },
                                   .stride = { by, by, by } };
    lar_node in = lar_net_input(net, 2);
    lar_node fine = lar_net_relu(net, lar_net_conv(net, in, "fine", &conv));
    lar_node x = down == LAR_LAYER_PAD ? lar_net_conv(net, fine, "down", &strided)
                                       : lar_net_pool(net, fine, down, factor, factor);
    x = lar_net_conv(net, x, "coarse", &conv);
    x = up == LAR_LAYER_PAD ? lar_net_upconv(net, x, fine, "up", &wide)
                            : lar_net_upsample(net, x, fine, up, factor);
    lar_net_output(net, lar_net_linear(net, lar_net_concat(net, x, fine), "last", 1));
    CHECK_OK(lar_net_finish(net, 5));
    return net;
}

/* ---- running --------------------------------------------------------------------------- */

enum { CHANNELS = 2 };

static float *noise(const int64_t size[3])
{
    const int64_t voxels = size[0] * size[1] * size[2];
    float *out = lar_alloc(CHANNELS * voxels, sizeof *out);
    assert_non_null(out);
    for (int64_t v = 0; v < CHANNELS * voxels; v++)
        out[v] = (float)lar_random_normal(1, 2, (uint64_t)v);
    return out;
}

static float *run(lar_net *net, const int64_t size[3], const float *input,
                  const lar_tiles_params *params, lar_tiles_about *about)
{
    lar_tiles *tiles;
    const int64_t voxels = size[0] * size[1] * size[2];
    float *out = lar_alloc(voxels, sizeof *out);
    assert_non_null(out);
    const float *inputs[CHANNELS] = { input, input + voxels };
    CHECK_OK(lar_tiles_new(&tiles, net, size, params));
    CHECK_OK(lar_tiles_run(tiles, inputs, &out, (lar_progress){ 0 }));
    if (about) *about = *lar_tiles_tell(tiles);
    lar_tiles_free(tiles);
    return out;
}

static double largest_difference(const float *a, const float *b, int64_t count, double *scale)
{
    double most = 0;
    *scale = 0;
    for (int64_t n = 0; n < count; n++) {
        assert_true(isfinite(a[n]) && isfinite(b[n]));
        most = fmax(most, fabs((double)a[n] - (double)b[n]));
        *scale = fmax(*scale, fabs((double)b[n]));
    }
    return most;
}

/* ---- axes ------------------------------------------------------------------------------ */

/* Windows lie inside, begin at multiples of the step, keep the halo off inner borders, and their
 * parts are the axis, each voxel once. */
static void axes_are_cut_without_gaps(void **state)
{
    lar_arena *arena;
    (void)state;
    CHECK_OK(lar_arena_new(&arena));
    for (int64_t size = 1; size < 60; size += size < 20 ? 1 : 7)
        for (int64_t halo = 0; halo < 9; halo += 2)
            for (int64_t step = 1; step <= 8; step *= 2) {
                const int64_t least = lar_tiles_least(size, halo, step);
                assert_true(least >= 2 * halo + step && least < 2 * halo + 2 * step);
                assert_true((size - least) % step == 0);
                for (int64_t window = least; window < size; window += step) {
                    tiles_axis x;
                    int64_t next = 0;
                    CHECK_OK(lar_tiles_exact(&x, size, window, halo, step, arena));
                    assert_int_equal(x.count, lar_tiles_count(size, window, halo, step));
                    for (int64_t n = 0; n < x.count; n++) {
                        assert_true(x.start[n] >= 0 && x.start[n] + window <= size);
                        assert_true(x.start[n] % step == 0);
                        assert_true(x.from[n] == next && x.to[n] > next);
                        assert_true(x.start[n] == 0 || x.from[n] >= x.start[n] + halo);
                        assert_true(x.start[n] + window == size ||
                                    x.to[n] <= x.start[n] + window - halo);
                        next = x.to[n];
                    }
                    assert_int_equal(next, size);
                }
            }
    lar_arena_free(arena);
}

static void weights_sum_to_one(void **state)
{
    lar_arena *arena;
    (void)state;
    CHECK_OK(lar_arena_new(&arena));
    for (int64_t size = 1; size < 40; size += 3)
        for (int64_t window = 1; window <= size; window += 2)
            for (double overlap = 0; overlap < 0.91; overlap += 0.3) {
                tiles_axis x;
                double sum[40] = { 0 };
                CHECK_OK(lar_tiles_blended(&x, size, window, overlap, arena));
                for (int64_t n = 0; n < x.count; n++) {
                    assert_true(x.start[n] >= 0 && x.start[n] + window <= size);
                    for (int64_t v = 0; v < window; v++)
                        sum[x.start[n] + v] += (double)x.weight[n * window + v];
                    if (n > 0)
                        assert_true((double)(x.start[n] - x.start[n - 1]) <=
                                    fmax(1, (1 - overlap) * (double)window) + 1);
                }
                for (int64_t v = 0; v < size; v++) CHECK_NEAR(sum[v], 1, 1e-6);
            }
    lar_arena_free(arena);
}

/* ---- exact windows --------------------------------------------------------------------- */

/* In windows of several sizes, down to the smallest, as in one piece. 1e-5 of the largest value:
 * the order of sums changes with the shape. */
static void check_exact(lar_net *net, const int64_t size[3], const char *what)
{
    const int64_t voxels = size[0] * size[1] * size[2];
    const lar_reach reach = lar_net_reach(net);
    float *input = noise(size);
    lar_tiles_about about;
    float *whole = run(net, size, input, &(lar_tiles_params){ 0 }, &about);
    assert_true(about.count[0] * about.count[1] * about.count[2] == 1 && !about.blended);
    assert_true(!reach.global && reach.same_size);
    bool cut = false;
    for (int n = 0; n < 4; n++) {
        lar_tiles_params params = { 0 };
        for (int a = 0; a < 3; a++) { /* one axis in the smallest windows, or all in larger ones */
            const int64_t least = lar_tiles_least(size[a], reach.halo[a], reach.step[a]);
            if (n < 3 && a == n) params.tile[a] = least + n;
            if (n == 3) params.tile[a] = least + 9;
        }
        float *tiled = run(net, size, input, &params, &about);
        double scale;
        const double difference = largest_difference(tiled, whole, voxels, &scale);
        if (!(difference <= 1e-5 * scale && scale > 1e-3))
            fail_msg("%s: windows %lldx%lldx%lld of %lldx%lldx%lld differ by %g of %g", what,
                     (long long)about.window[0], (long long)about.window[1],
                     (long long)about.window[2], (long long)size[0], (long long)size[1],
                     (long long)size[2], difference, scale);
        cut = cut || about.count[0] * about.count[1] * about.count[2] > 1;
        lar_free(tiled);
    }
    if (!cut) fail_msg("%s: never cut", what);
    lar_free(whole);
    lar_free(input);
}

static void windows_do_not_change_the_result(void **state)
{
    static const int64_t size[3] = { 37, 24, 31 };
    (void)state;
    lar_network_params p = small(RESNET, LAR_NORMS_BATCH);
    lar_net *net = built(&p);
    check_exact(net, size, "resnet");
    check_exact(net, (int64_t[3]){ 8, 45, 22 }, "resnet");
    lar_net_free(net);
    p = small(MESHNET, LAR_NORMS_BATCH);
    net = built(&p);
    check_exact(net, size, "meshnet");
    lar_net_free(net);
    for (int padding = LAR_PAD_REFLECT; padding < LAR_PAD_CIRCULAR; padding++) {
        net = bordered(padding);
        check_exact(net, (int64_t[3]){ 17, 14, 19 }, "borders");
        lar_net_free(net);
    }
}

static void windows_do_not_change_what_is_coarse(void **state)
{
    static const int64_t size[3] = { 101, 18, 22 };
    static const lar_layer_kind downs[] = { LAR_LAYER_PAD, LAR_LAYER_MAX_POOL,
                                            LAR_LAYER_MEAN_POOL };
    static const lar_layer_kind ups[] = { LAR_LAYER_PAD, LAR_LAYER_NEAREST, LAR_LAYER_LINEAR };
    char what[64];
    (void)state;
    for (int n = 0; n < 6; n++) {
        lar_network_params p = small(UNET, LAR_NORMS_BATCH);
        p.down = n % 2;
        p.up = n % 3;
        p.residual = n > 2;
        p.skip = n / 2 % 2;
        snprintf(what, sizeof what, "unet %d", n);
        lar_net *net = built(&p);
        check_exact(net, size, what);
        lar_net_free(net);
    }
    for (int d = 0; d < 3; d++)
        for (int u = 0; u < 3; u++)
            for (int64_t by = 2 + (d + u) % 3; by < 5; by += 3) {
                snprintf(what, sizeof what, "down %d, up %d, by %d", d, u, (int)by);
                lar_net *net = zoomed(downs[d], ups[u], by);
                check_exact(net, (int64_t[3]){ 43, 26, 29 }, what);
                lar_net_free(net);
            }
}

/* One voxel of the input moves, and the farthest voxel of the output that notices is as far as the
 * network says: less would be wrong, more would be work for nothing. */
static void check_reach(lar_net *net, int64_t expected, const char *what)
{
    const int64_t size[3] = { 97, 3, 2 };
    const lar_reach reach = lar_net_reach(net);
    float *input = noise(size);
    int64_t farthest = 0;
    float *still = run(net, size, input, &(lar_tiles_params){ 0 }, NULL);
    for (int64_t at = 40; at < 40 + reach.step[0]; at++) {
        const float kept = input[at];
        input[at] += 1000;
        float *moved = run(net, size, input, &(lar_tiles_params){ 0 }, NULL);
        for (int64_t v = 0; v < size[0]; v++)
            if (moved[v] != still[v] && llabs(v - at) > farthest) farthest = llabs(v - at);
        lar_free(moved);
        input[at] = kept;
    }
    if (farthest > reach.halo[0] || (expected && reach.halo[0] != expected))
        fail_msg("%s: reaches %lld, says %lld, expected %lld", what, (long long)farthest,
                 (long long)reach.halo[0], (long long)expected);
    lar_free(still);
    lar_free(input);
}

static void reach_is_what_it_says(void **state)
{
    (void)state;
    lar_network_params p = small(RESNET, LAR_NORMS_BATCH);
    p.blocks = 2;
    lar_net *net = built(&p);
    check_reach(net, 5, "resnet"); /* five convolutions of 3 */
    lar_net_free(net);
    p = small(MESHNET, LAR_NORMS_BATCH);
    net = built(&p);
    check_reach(net, 6, "meshnet"); /* 1 + 3 + 2 */
    lar_net_free(net);
    for (int n = 0; n < 6; n++) {
        p = small(UNET, LAR_NORMS_BATCH);
        p.down = n % 2;
        p.up = n % 3;
        net = built(&p);
        check_reach(net, 0, "unet");
        lar_net_free(net);
    }
    for (int64_t by = 2; by < 6; by++) {
        net = zoomed(LAR_LAYER_PAD, LAR_LAYER_LINEAR, by);
        check_reach(net, 0, "linear");
        lar_net_free(net);
    }
    net = bordered(LAR_PAD_REPLICATE);
    check_reach(net, 2, "borders");
    assert_int_equal(lar_net_reach(net).halo[1], 4);
    lar_net_free(net);
    net = bordered(LAR_PAD_CIRCULAR);
    assert_true(lar_net_reach(net).global);
    lar_net_free(net);
}

/* ---- choice ---------------------------------------------------------------------------- */

/* Less memory: windows that fit, the same result; the work grows no faster than it must. */
static void memory_chooses_windows(void **state)
{
    static const int64_t size[3] = { 60, 52, 64 };
    (void)state;
    lar_network_params p = small(RESNET, LAR_NORMS_BATCH);
    lar_net *net = built(&p);
    float *input = noise(size);
    lar_tiles_about whole, cut;
    float *expected = run(net, size, input, &(lar_tiles_params){ 0 }, &whole);
    double before = whole.work;
    for (int part = 2; part < 33; part *= 2) {
        lar_tiles_params params = { .memory = whole.bytes / (size_t)part };
        float *out = run(net, size, input, &params, &cut);
        double scale;
        assert_true(largest_difference(out, expected, 60 * 52 * 64, &scale) <= 1e-5 * scale);
        assert_true(cut.bytes <= params.memory && cut.work >= before && !cut.blended);
        if (part == 2) /* slabs: the first choice, and less than a quarter is done twice */
            assert_true(cut.count[0] == 1 && cut.count[1] == 1 && cut.work < 1.25 * whole.work);
        before = cut.work;
        lar_free(out);
    }
    lar_tiles *tiles;
    CHECK_FAILS(lar_tiles_new(&tiles, net, size, &(lar_tiles_params){ .memory = 1000 }),
                LAR_EMEMORY, "60 x 52 x 64 voxels do not go through the network within 0 MB");
    assert_null(tiles);
    CHECK_FAILS(lar_tiles_new(&tiles, net, size, &(lar_tiles_params){ .tile = { 0, 0, 6 } }),
                LAR_EARGUMENT, "windows of 6 voxels along k are too small: the network reaches 3");
    assert_non_null(strstr(lar_error(), "at least 7"));
    lar_free(expected);
    lar_free(input);
    lar_net_free(net);
}

static void what_cannot_be_read_is_said(void **state)
{
    lar_tiles *tiles;
    (void)state;
    lar_net *net = bordered(LAR_PAD_REFLECT);
    CHECK_FAILS(lar_tiles_new(&tiles, net, (int64_t[3]){ 9, 2, 9 }, &(lar_tiles_params){ 0 }),
                LAR_EGEOMETRY, "the network cannot read 9 x 2 x 9 voxels");
    lar_net_free(net);
    net = bordered(LAR_PAD_NONE);
    CHECK_FAILS(lar_tiles_new(&tiles, net, (int64_t[3]){ 9, 12, 9 }, &(lar_tiles_params){ 0 }),
                LAR_EGEOMETRY, "makes 5 x 4 x 5 voxels of 9 x 12 x 9");
    lar_net_free(net);
}

/* ---- blended windows ------------------------------------------------------------------- */

/* Without statistics a network of one-voxel kernels gives the same in any window: blending must
 * give it back, and a constant is a constant. */
static void blending_keeps_what_agrees(void **state)
{
    static const int64_t size[3] = { 23, 30, 17 };
    lar_net *net;
    (void)state;
    CHECK_OK(lar_net_new(&net));
    lar_node x = lar_net_input(net, 2);
    const lar_conv_params conv = { .filters = 3,
                                   .kernel = { 1, 3, 1 },
                                   .padding = LAR_PAD_CIRCULAR };
    x = lar_net_conv(net, x, "a", &conv);
    lar_net_output(net, lar_net_linear(net, x, "last", 1));
    CHECK_OK(lar_net_finish(net, 5));
    assert_true(lar_net_reach(net).global);
    float *input = noise(size);
    for (int constant = 0; constant < 2; constant++) {
        for (int64_t v = 0; constant && v < 2 * 23 * 30 * 17; v++) input[v] = 3;
        lar_tiles_about about;
        const lar_tiles_params params = { .tile = { 8, constant ? 7 : 0, 5 }, .overlap = 0.5 };
        float *whole = run(net, size, input, &(lar_tiles_params){ 0 }, NULL);
        float *blended = run(net, size, input, &params, &about);
        double scale;
        assert_true(about.blended && about.count[0] == 5 && about.count[2] == 6);
        const double difference = largest_difference(blended, whole, 23 * 30 * 17, &scale);
        assert_true(difference <= 1e-5 * scale && scale > 1e-2);
        lar_free(whole);
        lar_free(blended);
    }
    lar_free(input);
    lar_net_free(net);
}

/* With instance norm the result depends on the windows, and stays near the whole one: of noise,
 * whose statistics are the same everywhere. */
static void statistics_of_windows_are_near(void **state)
{
    static const int64_t size[3] = { 40, 36, 44 };
    (void)state;
    lar_network_params p = small(UNET, LAR_NORMS_INSTANCE);
    lar_net *net = built(&p);
    float *input = noise(size);
    lar_tiles_about about;
    double square = 0, sum = 0, size_of = 0;
    float *whole = run(net, size, input, &(lar_tiles_params){ .overlap = 0.5 }, &about);
    assert_false(about.blended);
    const lar_tiles_params params = { .memory = about.bytes / 3, .overlap = 0.5 };
    float *blended = run(net, size, input, &params, &about);
    assert_true(about.blended && about.bytes <= params.memory);
    for (int64_t v = 0; v < 40 * 36 * 44; v++) {
        const double d = (double)blended[v] - (double)whole[v];
        assert_true(isfinite(blended[v]));
        square += d * d;
        sum += (double)whole[v];
        size_of += (double)whole[v] * (double)whole[v];
    }
    const double variance = size_of - sum * sum / (40.0 * 36 * 44);
    assert_true(square < 0.1 * variance && square > 0);
    lar_free(whole);
    lar_free(blended);
    lar_free(input);
    lar_net_free(net);
}

/* The same windows, the same bits, for any number of threads. */
static void threads_do_not_matter(void **state)
{
    static const int64_t size[3] = { 30, 28, 26 };
    (void)state;
    for (int norm = LAR_NORMS_BATCH; norm <= LAR_NORMS_INSTANCE; norm++) {
        lar_network_params p = small(UNET, norm);
        p.levels = 2;
        lar_net *net = built(&p);
        float *input = noise(size), *first = NULL;
        const lar_tiles_params params = { .tile = { 24, 24, 24 }, .overlap = 0.5 };
        for (int threads = 1; threads < 4; threads++) {
            lar_threads_set(threads);
            float *out = run(net, size, input, &params, NULL);
            if (first) assert_memory_equal(first, out, 30 * 28 * 26 * sizeof *out);
            if (first) lar_free(out);
            if (!first) first = out;
        }
        lar_threads_set(0);
        lar_free(first);
        lar_free(input);
        lar_net_free(net);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(axes_are_cut_without_gaps),
        cmocka_unit_test(weights_sum_to_one),
        cmocka_unit_test(windows_do_not_change_the_result),
        cmocka_unit_test(windows_do_not_change_what_is_coarse),
        cmocka_unit_test(reach_is_what_it_says),
        cmocka_unit_test(memory_chooses_windows),
        cmocka_unit_test(what_cannot_be_read_is_said),
        cmocka_unit_test(blending_keeps_what_agrees),
        cmocka_unit_test(statistics_of_windows_are_near),
        cmocka_unit_test(threads_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
