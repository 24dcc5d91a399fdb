/* How gradients move the weights: AdamW with fastai v1's settings, decay before the step.
 * Loshchilov and Hutter 2019, arXiv:1711.05101; Kingma and Ba 2015, arXiv:1412.6980.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "net/net.h"

const lar_param lar_optimizer_table[] = {
    LAR_P_REAL(lar_optimizer_params, beta2, "beta2", 0, "0.99", 0, 0.999999, "",
               "how slowly the mean of squared gradients moves"),
    LAR_P_REAL(lar_optimizer_params, epsilon, "epsilon", 0, "1e-8", 1e-16, 1, "",
               "keeps the step finite where gradients vanish"),
    LAR_P_REAL(lar_optimizer_params, weight_decay, "weight-decay", 0, "0.01", 0, 1, "",
               "share of the rate by which weights shrink at each step"),
    LAR_P_END
};

lar_optimizer_params lar_optimizer_default(void)
{
    lar_optimizer_params params;
    lar_param_defaults(lar_optimizer_table, &params);
    return params;
}

typedef struct adam_step {
    float *weights, *mean, *square;
    const float *gradients;
    float keep, beta1, take1, beta2, take2; /* take: 1 - beta */
    float rate, root, epsilon;              /* rate and root corrected for bias */
} adam_step;

static lar_status adam_body(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const adam_step *s = arg;
    (void)piece;
    for (int64_t n = begin; n < end; n++) {
        const float g = s->gradients[n];
        s->mean[n] = s->beta1 * s->mean[n] + s->take1 * g;
        s->square[n] = s->beta2 * s->square[n] + s->take2 * g * g;
        s->weights[n] = s->keep * s->weights[n] -
                        s->rate * s->mean[n] / (sqrtf(s->square[n]) / s->root + s->epsilon);
    }
    return LAR_OK;
}

static lar_status adamw(lar_optimizer *o, float *weights, const float *gradients, double rate,
                        double beta1)
{
    const double steps = (double)++o->step;
    adam_step s = { .weights = weights,
                    .mean = o->moment[0],
                    .square = o->moment[1],
                    .gradients = gradients,
                    .keep = (float)(1 - o->params.weight_decay * rate),
                    .beta1 = (float)beta1,
                    .take1 = (float)(1 - beta1),
                    .beta2 = (float)o->params.beta2,
                    .take2 = (float)(1 - o->params.beta2),
                    .rate = (float)(rate / (1 - pow(beta1, steps))),
                    .root = (float)sqrt(1 - pow(o->params.beta2, steps)),
                    .epsilon = (float)o->params.epsilon };
    return lar_parallel(o->count, 1 << 14, adam_body, &s);
}

const lar_optimizer_kind lar_optimizers[] = { { "adamw", { "mean", "square" }, adamw },
                                              { NULL, { NULL, NULL }, NULL } };
const char *const lar_optimizer_names[] = { "adamw", NULL };

lar_status lar_optimizer_new(lar_optimizer **out, int kind, int64_t count,
                             const lar_optimizer_params *params)
{
    lar_optimizer *o = lar_alloc(1, sizeof *o);
    *out = NULL;
    if (!o) return LAR_EMEMORY;
    o->kind = &lar_optimizers[kind];
    o->params = *params;
    o->count = count;
    for (int m = 0; m < 2; m++) o->moment[m] = lar_alloc(count, sizeof(float));
    if (!o->moment[0] || !o->moment[1]) {
        lar_optimizer_free(o);
        return LAR_EMEMORY;
    }
    *out = o;
    return LAR_OK;
}

lar_status lar_optimizer_step(lar_optimizer *o, float *weights, const float *gradients, double rate,
                              double beta1)
{
    return o->kind->step(o, weights, gradients, rate, beta1);
}

void lar_optimizer_free(lar_optimizer *o)
{
    if (!o) return;
    for (int m = 0; m < 2; m++) lar_free(o->moment[m]);
    lar_free(o);
}
