/* Kernels under weight norm and spectral norm: those of PyTorch, their gradients too, and what they
 * promise of any weights. SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "math/math.h"
#include "net/graph.h"

enum { KERNEL_MAX = 512 };

typedef struct setup {
    lar_net *net;
    int node;
} setup;

/* 3 -> 4 channels: a convolution of 3x3x1, or a transposed one of 2x2x2. */
static setup build(int normalize, bool up)
{
    setup s;
    CHECK_OK(lar_net_new(&s.net));
    const lar_node in = lar_net_input(s.net, 3);
    lar_conv_params params = { .filters = 4, .kernel = { 3, 3, 1 }, .normalize = normalize };
    const lar_conv_params down = { .filters = 3, .kernel = { 3, 3, 3 }, .stride = { 2, 2, 2 } };
    const lar_conv_params twice = {
        .filters = 4, .kernel = { 2, 2, 2 }, .stride = { 2, 2, 2 }, .normalize = normalize
    };
    if (up) params = twice;
    const lar_node x =
        up ? lar_net_upconv(s.net, lar_net_conv(s.net, in, "down", &down), in, "up", &params)
           : lar_net_conv(s.net, in, "conv", &params);
    lar_net_output(s.net, x);
    CHECK_OK(lar_net_finish(s.net, 3));
    s.node = x.id;
    return s;
}

static float *tensor_of(const setup *s, const char *name, bool gradient)
{
    int64_t count;
    const lar_net_param *list = lar_net_params(s->net, &count);
    for (int64_t n = 0; n < count; n++) {
        if (!lar_text_is(list[n].name, name)) continue;
        if (list[n].running) return lar_net_running(s->net) + list[n].offset;
        return (gradient ? lar_net_gradients(s->net) : lar_net_weights(s->net)) + list[n].offset;
    }
    fail_msg("no tensor '%s'", name);
    return NULL;
}

static const lar_safetensor *stored(const lar_safetensors *file, const char *prefix,
                                    const char *name)
{
    char full[96];
    snprintf(full, sizeof full, "%s.%s", prefix, name);
    const lar_safetensor *t = lar_safetensors_find(file, full);
    if (!t) fail_msg("the reference has no '%s'", full);
    return t;
}

static int64_t count_of(const lar_safetensor *t)
{
    int64_t count = 1;
    for (int d = 0; d < t->dims; d++) count *= t->size[d];
    return count;
}

/* Everything is summed in double and rounded to float once; of spectral norm the two vectors are
 * rounded too: a few 6e-8. */
static void check_close(const lar_safetensor *reference, const float *values, const char *what)
{
    const double *wanted = reference->data;
    double difference = 0, norm = 0;
    for (int64_t n = 0; n < count_of(reference); n++) {
        difference += pow((double)values[n] - wanted[n], 2);
        norm += wanted[n] * wanted[n];
    }
    if (!(sqrt(difference) <= 5e-7 * sqrt(norm)))
        fail_msg("%s is %g of its length away", what, sqrt(difference / norm));
}

static void set(const setup *s, const lar_safetensors *file, const char *prefix, const char *layer,
                const char *name)
{
    char own[64];
    snprintf(own, sizeof own, "%s.%s", layer, name);
    const lar_safetensor *t = stored(file, prefix, name);
    for (int64_t n = 0; n < count_of(t); n++)
        tensor_of(s, own, false)[n] = (float)((const double *)t->data)[n];
}

static void as_pytorch(void **state)
{
    lar_safetensors *file;
    (void)state;
    CHECK_OK(lar_safetensors_read(&file, TEST_SOURCE "/tests/golden/net/kernels.safetensors"));
    for (int c = 0; c < 4; c++) {
        const bool spectral = c & 1, up = c & 2;
        const char *layer = up ? "up" : "conv";
        char prefix[64], name[64];
        float kernel[KERNEL_MAX], gradient[KERNEL_MAX];
        snprintf(prefix, sizeof prefix, "%s.%s", spectral ? "spectral_norm" : "weight_norm", layer);
        const setup s = build(spectral ? LAR_KERNEL_SPECTRAL_NORM : LAR_KERNEL_WEIGHT_NORM, up);
        static const char *const names[2][3] = { { "weight_g", "weight_v", NULL },
                                                 { "weight_orig", "weight_u", "weight_v" } };
        for (int n = 0; n < 3 && names[spectral][n]; n++)
            set(&s, file, prefix, layer, names[spectral][n]);
        lar_kernel_of(s.net, s.node, true, kernel);
        check_close(stored(file, prefix, "kernel"), kernel, prefix);
        const lar_safetensor *g = stored(file, prefix, "gradient");
        assert_true(count_of(g) <= KERNEL_MAX);
        for (int64_t n = 0; n < count_of(g); n++) gradient[n] = (float)((const double *)g->data)[n];
        lar_kernel_gradient(s.net, s.node, gradient, false);
        for (int n = 0; n < (spectral ? 1 : 2); n++) {
            char full[96];
            snprintf(name, sizeof name, "%s.%s", layer, names[spectral][n]);
            snprintf(full, sizeof full, "gradient.%s", names[spectral][n]);
            check_close(stored(file, prefix, full), tensor_of(&s, name, true), full);
        }
        if (spectral) {
            snprintf(name, sizeof name, "%s.weight_u", layer);
            check_close(stored(file, prefix, "after.weight_u"), tensor_of(&s, name, false), name);
            snprintf(name, sizeof name, "%s.weight_v", layer);
            check_close(stored(file, prefix, "after.weight_v"), tensor_of(&s, name, false), name);
        }
        lar_net_free(s.net);
    }
    lar_safetensors_free(file);
}

/* A second gradient is added, and nothing of it twice. */
static void gradients_add_up(void **state)
{
    (void)state;
    for (int normalize = LAR_KERNEL_FREE; normalize <= LAR_KERNEL_SPECTRAL_NORM; normalize++) {
        float gradient[KERNEL_MAX], kernel[KERNEL_MAX];
        const setup s = build(normalize, false);
        const int64_t count = lar_net_weight_count(s.net);
        float *once = lar_alloc(count, sizeof *once);
        assert_non_null(once);
        lar_kernel_of(s.net, s.node, true, kernel);
        for (int n = 0; n < KERNEL_MAX; n++)
            gradient[n] = (float)lar_random_normal(1, 2, (uint64_t)n);
        lar_kernel_gradient(s.net, s.node, gradient, false);
        memcpy(once, lar_net_gradients(s.net), (size_t)count * sizeof *once);
        lar_kernel_gradient(s.net, s.node, gradient, true);
        for (int64_t n = 0; n < count; n++) assert_true(lar_net_gradients(s.net)[n] == 2 * once[n]);
        lar_free(once);
        lar_net_free(s.net);
    }
}

/* A normalized kernel starts where the free one of the same seed does; spectral norm's is that one
 * over its largest singular value, which no unit vector's image exceeds. */
static void starts_as_the_free_kernel(void **state)
{
    float kernel[KERNEL_MAX], other[KERNEL_MAX];
    (void)state;
    const setup g = build(LAR_KERNEL_WEIGHT_NORM, false),
                s = build(LAR_KERNEL_SPECTRAL_NORM, false);
    lar_kernel_of(g.net, g.node, false, kernel);
    const float *v = tensor_of(&g, "conv.weight_v", false);
    for (int n = 0; n < 4 * 27; n++) CHECK_NEAR(kernel[n], v[n], 1e-6);

    lar_kernel_of(s.net, s.node, false, kernel);
    lar_kernel_of(s.net, s.node, false, other); /* predicting moves nothing */
    assert_memory_equal(kernel, other, 4 * 27 * sizeof *kernel);
    for (int t = 0; t < 100; t++) {
        double unit[27], length = 0, image = 0;
        for (int c = 0; c < 27; c++) {
            unit[c] = lar_random_normal(4, (uint64_t)t, (uint64_t)c);
            length += unit[c] * unit[c];
        }
        for (int r = 0; r < 4; r++) {
            double sum = 0;
            for (int c = 0; c < 27; c++) sum += (double)kernel[27 * r + c] * unit[c] / sqrt(length);
            image += sum * sum;
        }
        assert_true(image <= 1.05); /* 15 iterations of the vectors: not all the way */
    }
    lar_net_free(g.net);
    lar_net_free(s.net);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(as_pytorch),
                                        cmocka_unit_test(gradients_add_up),
                                        cmocka_unit_test(starts_as_the_free_kernel) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
