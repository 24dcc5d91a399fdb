/* The learning-rate range test: one rate per step, growing evenly in its logarithm, until the
 * smoothed loss has grown to four times its least (Smith 2017, doi:10.1109/WACV.2017.58, with
 * fastai version 1's numbers). SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "train/session.h"

const lar_param lar_rate_test_table[] = {
    LAR_P_REAL(lar_rate_test_params, start_rate, "start-rate", 0, "1e-7", 1e-12, 1, "rate",
               "the first learning rate"),
    LAR_P_REAL(lar_rate_test_params, stop_rate, "stop-rate", 0, "10", 1e-6, 1e6, "rate",
               "the last learning rate, unless the loss grows before"),
    LAR_P_INT(lar_rate_test_params, steps, "steps", 0, "100", 20, 100000, "count",
              "steps of the optimizer, each at one rate"),
    LAR_P_END
};

static const double smoothing = 0.98, stop_factor = 4, momentum = 0.9;

lar_status lar_rate_test_run(lar_rate_test **out, const lar_study *study,
                             const lar_rate_test_params *params, lar_progress progress)
{
    lar_status status = LAR_OK;
    lar_session *s = NULL;
    lar_forecast forecast;
    lar_rate_test *test = lar_alloc(1, sizeof *test);
    double mean = 0, least = INFINITY;

    *out = NULL;
    if (!test) return LAR_EMEMORY;
    test->rate = lar_alloc(params->steps, sizeof *test->rate);
    test->loss = lar_alloc(params->steps, sizeof *test->loss);
    test->smooth = lar_alloc(params->steps, sizeof *test->smooth);
    if (!test->rate || !test->loss || !test->smooth) {
        status = LAR_EMEMORY;
        goto done;
    }
    if (params->stop_rate <= params->start_rate) {
        status = lar_fail(LAR_EARGUMENT, "the last rate %g is not above the first %g",
                          params->stop_rate, params->start_rate);
        goto done;
    }
    LAR_TRY(lar_session_open(&s, study));
    LAR_TRY(lar_session_forecast(s, &forecast));
    const double ratio = params->stop_rate / params->start_rate;
    for (; test->count < params->steps; test->count++) {
        const int64_t n = test->count;
        int64_t count;
        char stage[96];
        const double rate = params->start_rate * pow(ratio, (double)n / (double)params->steps);
        snprintf(stage, sizeof stage, "step %lld/%lld, rate %.2e, loss %.4f", (long long)n + 1,
                 (long long)params->steps, rate, n ? test->smooth[n - 1] : NAN);
        if (!lar_progress_say(progress, stage, (double)n / (double)params->steps)) {
            status = lar_fail(LAR_ESTOPPED, "stopped after step %lld", (long long)n);
            goto done;
        }
        s->step = n;
        status = lar_session_gradients(s, &test->loss[n], &count);
        if (status == LAR_ENUMERIC && n > 0) { /* diverged: that ends the test, as it should */
            status = LAR_OK;
            break;
        }
        if (status != LAR_OK) goto done;
        LAR_TRY(lar_optimizer_step(s->optimizer, lar_net_weights(s->trained->net),
                                   lar_net_gradients(s->trained->net), rate, momentum));
        test->rate[n] = rate;
        mean = smoothing * mean + (1 - smoothing) * test->loss[n];
        test->smooth[n] = mean / (1 - pow(smoothing, (double)n + 1));
        if (n > 0 && test->smooth[n] > stop_factor * least) {
            test->count++;
            break;
        }
        least = fmin(least, test->smooth[n]);
    }
    LAR_TRY(lar_rate_suggest(&test->suggestion, test->rate, test->smooth, test->count));
    *out = test;
    test = NULL;
done:
    lar_session_free(s);
    lar_rate_test_free(test);
    return status;
}

void lar_rate_test_free(lar_rate_test *test)
{
    if (!test) return;
    lar_free(test->rate);
    lar_free(test->loss);
    lar_free(test->smooth);
    lar_free(test);
}
