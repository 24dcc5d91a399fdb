/* A network with its plan, and its gradients against finite differences.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SLOPES_H
#define SLOPES_H

#include "check.h"
#include "math/math.h"
#include "net/net.h"

typedef struct setup {
    lar_net *net;
    lar_plan *plan;
} setup;

/* Weights that are all in use: gammas are not zero, biases neither. */
static inline void stir(lar_net *net)
{
    int64_t count;
    const lar_net_param *params = lar_net_params(net, &count);
    for (int64_t n = 0; n < count; n++)
        for (int64_t w = 0; w < params[n].count && params[n].dims == 1 && !params[n].running; w++)
            lar_net_weights(net)[params[n].offset + w] +=
                (float)(0.5 + 0.3 * lar_random_normal(5, (uint64_t)n, (uint64_t)w));
}

static inline void load(lar_plan *plan, const int64_t size[3], int64_t batch, int64_t inputs,
                        int64_t outputs, uint64_t seed)
{
    int64_t out[3];
    lar_plan_output_size(plan, out);
    const int64_t inside = size[0] * size[1] * size[2], outside = out[0] * out[1] * out[2];
    const int64_t voxels = inside > outside ? inside : outside;
    float *volume = lar_alloc(voxels, sizeof *volume);
    assert_non_null(volume);
    for (int64_t n = 0; n < batch; n++)
        for (int64_t c = 0; c < inputs + outputs; c++) {
            for (int64_t v = 0; v < voxels; v++)
                volume[v] = (float)lar_random_normal(seed, (uint64_t)(n * 16 + c), (uint64_t)v);
            if (c < inputs)
                CHECK_OK(lar_plan_load_input(plan, n, c, volume));
            else
                CHECK_OK(lar_plan_load_target(plan, n, c - inputs, volume));
        }
    lar_free(volume);
}

static inline double loss_along(const setup *s, const lar_net_param *p, const double *direction,
                                double h)
{
    float *w = lar_net_weights(s->net) + p->offset;
    float *kept = lar_alloc(p->count, sizeof *kept);
    double loss;
    assert_non_null(kept);
    memcpy(kept, w, (size_t)p->count * sizeof *w);
    for (int64_t n = 0; n < p->count; n++) w[n] = (float)((double)w[n] + h * direction[n]);
    CHECK_OK(lar_plan_step(s->plan, 1, false, &loss));
    memcpy(w, kept, (size_t)p->count * sizeof *w);
    lar_free(kept);
    return loss;
}

static inline void check_tensor(const setup *s, const lar_net_param *p, const float *gradient)
{
    double *direction = lar_alloc(p->count, sizeof *direction);
    double length = 0;
    assert_non_null(direction);
    for (int64_t n = 0; n < p->count; n++) length += pow((double)gradient[p->offset + n], 2);
    length = sqrt(length);
    assert_true(length > 1e-4);
    for (int random = 0; random < 2; random++) {
        double expected = 0, norm = 0;
        for (int64_t n = 0; n < p->count; n++) {
            direction[n] = random ? lar_random_normal(9, (uint64_t)p->offset, (uint64_t)n)
                                  : (double)gradient[p->offset + n];
            norm += direction[n] * direction[n];
        }
        for (int64_t n = 0; n < p->count; n++) {
            direction[n] /= sqrt(norm);
            expected += direction[n] * (double)gradient[p->offset + n];
        }
        /* float32 outputs: smaller steps drown in rounding, larger ones cross kinks of the ReLU */
        const double h = 1e-3;
        const double found =
            (loss_along(s, p, direction, h) - loss_along(s, p, direction, -h)) / (2 * h);
        if (!(fabs(found - expected) <= 0.01 * length + 1e-3))
            fail_msg("%s: slope %g, gradient says %g (length %g)", p->name, found, expected,
                     length);
    }
    lar_free(direction);
}

/* All tensors of weights but those whose name holds `without` (NULL: none). */
static inline void check_gradients(setup *s, const lar_plan_params *params, int64_t inputs,
                                   int64_t outputs, const char *without)
{
    double value;
    int64_t count;
    stir(s->net);
    CHECK_OK(lar_plan_new(&s->plan, s->net, params));
    load(s->plan, params->size, params->batch, inputs, outputs, 1);
    CHECK_OK(lar_plan_step(s->plan, 1, false, &value));
    float *gradient = lar_alloc(lar_net_weight_count(s->net), sizeof *gradient);
    assert_non_null(gradient);
    memcpy(gradient, lar_net_gradients(s->net),
           (size_t)lar_net_weight_count(s->net) * sizeof *gradient);
    const lar_net_param *list = lar_net_params(s->net, &count);
    for (int64_t n = 0; n < count; n++)
        if (!list[n].running && !(without && strstr(list[n].name, without)))
            check_tensor(s, &list[n], gradient);
    lar_free(gradient);
    lar_plan_free(s->plan);
    lar_net_free(s->net);
}

#endif
