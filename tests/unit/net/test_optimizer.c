/* AdamW against its formula in double, and the same bits for any number of threads; losses.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "math/math.h"
#include "net/net.h"

enum { COUNT = 40000 };

static void adamw_is_its_formula(void **state)
{
    static float weights[2][COUNT], gradients[COUNT];
    static double w[COUNT], m[COUNT], v[COUNT];
    const lar_optimizer_params params = lar_optimizer_default();
    (void)state;
    assert_true(params.beta2 == 0.99 && params.epsilon == 1e-8 && params.weight_decay == 0.01);
    for (int threads = 1; threads <= 2; threads++) {
        lar_optimizer *o;
        lar_threads_set(threads);
        float *own = weights[threads - 1];
        CHECK_OK(lar_optimizer_new(&o, 0, COUNT, &params));
        for (int n = 0; n < COUNT; n++) {
            w[n] = (double)(own[n] = (float)lar_random_normal(1, 1, (uint64_t)n));
            m[n] = v[n] = 0;
        }
        for (int step = 1; step <= 5; step++) {
            const double rate = 1e-2 / step, beta1 = 0.95 - 0.02 * step;
            for (int n = 0; n < COUNT; n++) {
                gradients[n] =
                    (float)(1e-3 * lar_random_normal(1, (uint64_t)(2 + step), (uint64_t)n));
                const double g = (double)gradients[n];
                w[n] *= 1 - 0.01 * rate;
                m[n] = beta1 * m[n] + (1 - beta1) * g;
                v[n] = 0.99 * v[n] + (1 - 0.99) * g * g;
                w[n] -= rate / (1 - pow(beta1, step)) * m[n] /
                        (sqrt(v[n]) / sqrt(1 - pow(0.99, step)) + 1e-8);
            }
            CHECK_OK(lar_optimizer_step(o, own, gradients, rate, beta1));
        }
        assert_int_equal(o->step, 5);
        for (int n = 0; n < COUNT; n++) CHECK_NEAR(own[n], w[n], 2e-6);
        lar_optimizer_free(o);
    }
    lar_threads_set(0);
    assert_memory_equal(weights[0], weights[1], sizeof weights[0]);
}

static void losses_are_their_formulas(void **state)
{
    const float output[4] = { 1, 2, 3, 4 }, target[4] = { 1, 4, 2, 1 };
    float gradient[4];
    (void)state;
    CHECK_NEAR(lar_losses[0].sum(output, target, gradient, 4, 0.5f), 0 + 4 + 1 + 9, 0);
    for (int n = 0; n < 4; n++) CHECK_NEAR(gradient[n], output[n] - target[n], 0);
    CHECK_NEAR(lar_losses[1].sum(output, target, gradient, 4, 0.5f), 0 + 2 + 1 + 3, 0);
    const double sign[4] = { 0, -0.5, 0.5, 0.5 };
    for (int n = 0; n < 4; n++) CHECK_NEAR(gradient[n], sign[n], 0);
    for (int n = 0; lar_losses[n].name; n++)
        assert_string_equal(lar_losses[n].name, lar_loss_names[n]);
    for (int n = 0; lar_optimizers[n].name; n++)
        assert_string_equal(lar_optimizers[n].name, lar_optimizer_names[n]);
}

static void model_names_are_the_choices(void **state)
{
    (void)state;
    const lar_param *param = lar_param_find(lar_network_table, "name");
    int n = 0;
    for (; lar_models[n].name; n++) assert_string_equal(lar_models[n].name, param->choices[n]);
    assert_null(param->choices[n]);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(adamw_is_its_formula),
                                        cmocka_unit_test(losses_are_their_formulas),
                                        cmocka_unit_test(model_names_are_the_choices) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
