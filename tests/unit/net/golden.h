/* The network, weights and samples of one reference case; the same formula as
 * tests/golden/make_net.py and make_models.py.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef GOLDEN_H
#define GOLDEN_H

#include "check.h"
#include "math/math.h"
#include "net/net.h"

enum { GOLDEN_SEED = 7 };

typedef struct golden {
    lar_safetensors *file;
    lar_arena *arena;
    lar_network_params params;
    lar_plan_params plan;
    int64_t inputs, outputs;
    lar_net *net;
} golden;

static inline uint64_t golden_stream(const char *name)
{
    uint64_t hash = 0xcbf29ce484222325;
    for (; *name; name++) hash = (hash ^ (unsigned char)*name) * 0x100000001b3;
    return hash;
}

static inline int64_t golden_int(const golden *g, const char *key)
{
    int64_t value = 0;
    assert_true(lar_parse_int(&value, lar_safetensors_note(g->file, key)));
    return value;
}

/* Weights: kaiming normal, gammas about 1, the rest about 0; vectors of a spectral norm normal. */
static inline void golden_weights(lar_net *net)
{
    int64_t count;
    const lar_net_param *params = lar_net_params(net, &count);
    for (int64_t n = 0; n < count; n++) {
        const lar_net_param *p = &params[n];
        const uint64_t stream = golden_stream(p->name);
        const bool spectral = p->running && strstr(p->name, ".weight_");
        if (p->running && !spectral) continue;
        for (int64_t w = 0; w < p->count; w++) {
            double x = lar_random_normal(GOLDEN_SEED, stream, (uint64_t)w);
            if (lar_text_ends(p->name, "norm.weight") || lar_text_ends(p->name, "weight_g"))
                x = 1 + 0.2 * x;
            else if (p->dims == 5)
                x *= sqrt(2 / (double)(p->count / p->size[0]));
            else if (!spectral)
                x *= 0.1;
            (p->running ? lar_net_running(net) : lar_net_weights(net))[p->offset + w] = (float)x;
        }
    }
}

static inline void golden_open(golden *g, const char *name, const char *backend)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/tests/golden/net/%s.safetensors", TEST_SOURCE, name);
    *g = (golden){ .params = lar_network_default() };
    CHECK_OK(lar_safetensors_read(&g->file, path));
    CHECK_OK(lar_arena_new(&g->arena));
    for (const lar_param *p = lar_network_table; p->name; p++) {
        const char *value = lar_safetensors_note(g->file, p->name);
        if (value) CHECK_OK(lar_param_set(p, &g->params, value, p->name, g->arena));
    }
    g->plan = (lar_plan_params){ .batch = golden_int(g, "batch"), .backend = backend };
    const char *size = lar_safetensors_note(g->file, "size");
    assert_int_equal(
        sscanf(size, "%ld %ld %ld", &g->plan.size[0], &g->plan.size[1], &g->plan.size[2]), 3);
    while (!lar_text_is(lar_losses[g->plan.loss].name, lar_safetensors_note(g->file, "loss")))
        g->plan.loss++;
    g->inputs = golden_int(g, "inputs");
    g->outputs = golden_int(g, "outputs");
    CHECK_OK(lar_network_build(&g->net, &g->params, g->inputs, g->outputs, 1));
    golden_weights(g->net);
}

/* input: normal; target: |first input| plus noise */
static inline void golden_load(const golden *g, lar_plan *plan)
{
    const int64_t voxels = g->plan.size[0] * g->plan.size[1] * g->plan.size[2];
    float *volume = lar_alloc(voxels, sizeof *volume);
    assert_non_null(volume);
    for (int64_t n = 0; n < g->plan.batch; n++) {
        for (int64_t c = 0; c < g->inputs; c++) {
            const int64_t at = (n * g->inputs + c) * voxels;
            for (int64_t v = 0; v < voxels; v++)
                volume[v] = (float)lar_random_normal(GOLDEN_SEED, 1, (uint64_t)(at + v));
            CHECK_OK(lar_plan_load_input(plan, n, c, volume));
        }
        for (int64_t c = 0; c < g->outputs; c++) {
            const int64_t at = (n * g->outputs + c) * voxels, first = n * g->inputs * voxels;
            for (int64_t v = 0; v < voxels; v++) {
                const double x = lar_random_normal(GOLDEN_SEED, 1, (uint64_t)(first + v));
                const double noise = lar_random_normal(GOLDEN_SEED, 2, (uint64_t)(at + v));
                volume[v] = (float)(fabs(x) + 0.5 * noise);
            }
            CHECK_OK(lar_plan_load_target(plan, n, c, volume));
        }
    }
    lar_free(volume);
}

static inline const double *golden_reals(const golden *g, const char *name)
{
    const lar_safetensor *tensor = lar_safetensors_find(g->file, name);
    assert_non_null(tensor);
    assert_int_equal(tensor->type, LAR_F64);
    return tensor->data;
}

/* |a - b| / |b| of a named float32 tensor; of a long one every seventh value is stored. */
static inline double golden_distance(const golden *g, const char *prefix, const char *name,
                                     const float *values, int64_t count)
{
    char full[256];
    snprintf(full, sizeof full, "%s%s", prefix, name);
    const lar_safetensor *tensor = lar_safetensors_find(g->file, full);
    assert_non_null(tensor);
    const float *reference = tensor->data;
    int64_t stored = 1;
    for (int d = 0; d < tensor->dims; d++) stored *= tensor->size[d];
    const int64_t stride = stored == count ? 1 : 7;
    assert_int_equal(stored, (count + stride - 1) / stride);
    double difference = 0, norm = 0;
    for (int64_t n = 0; n < stored; n++) {
        difference += pow((double)values[stride * n] - (double)reference[n], 2);
        norm += pow((double)reference[n], 2);
    }
    return sqrt(difference / norm);
}

static inline void golden_close(golden *g)
{
    lar_net_free(g->net);
    lar_safetensors_free(g->file);
    lar_arena_free(g->arena);
}

#endif
