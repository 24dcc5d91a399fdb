/* The network of MindGrab on the engine, once: its CPU and wall seconds, peak memory of the process
 * in kB, the plan's bytes, which code runs its convolutions, and a hash of what comes out.
 *   engine_mindgrab THREADS NX NY NZ PRECISION BACKEND [WEIGHTS [INPUT [OUTPUT]]]
 * WEIGHTS: MindGrab's model.bin (arXiv:2506.11860), float32, per layer [x][y][z][in][out], biases
 * last; "-" or none: drawn ones. INPUT, OUTPUT: raw float volumes, x fastest; the output has two.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "net/net.h"
#include "net/plan.h"
#include "ours.h"

static lar_net *build(void)
{
    lar_arena *arena = NULL;
    lar_network_params network = lar_network_default();
    lar_net *net = NULL;
    static const char *const settings[][2] = { { "name", "meshnet" },         { "channels", "15" },
                                               { "dilations", "16,8,4,2,1" }, { "repeat", "5" },
                                               { "norm", "instance" },        { "plain", "yes" },
                                               { "activation", "gelu" } };
    check(lar_arena_new(&arena));
    for (size_t n = 0; n < sizeof settings / sizeof *settings; n++)
        check(lar_param_set(lar_param_find(lar_network_table, settings[n][0]), &network,
                            settings[n][1], settings[n][0], arena));
    check(lar_network_build(&net, &network, 1, 2, 1));
    lar_arena_free(arena);
    return net;
}

static float *floats_of(const char *path, int64_t count)
{
    float *values = lar_alloc(count, sizeof *values);
    FILE *f = fopen(path, "rb");
    if (!f || !values || fread(values, sizeof *values, (size_t)count, f) != (size_t)count) {
        fprintf(stderr, "cannot read %lld floats from '%s'\n", (long long)count, path);
        exit(1);
    }
    fclose(f);
    return values;
}

static void load(lar_net *net, const char *path)
{
    int64_t count;
    const lar_net_param *params = lar_net_params(net, &count);
    float *file = floats_of(path, lar_net_weight_count(net)), *from = file;
    for (int64_t p = 0; p < count; p++) {
        float *to = lar_net_weights(net) + params[p].offset;
        const int64_t out = params[p].size[0], in = params[p].dims == 5 ? params[p].size[1] : 1;
        const int64_t edge = params[p].dims == 5 ? params[p].size[4] : 1;
        for (int64_t x = 0; x < edge; x++)
            for (int64_t y = 0; y < edge; y++)
                for (int64_t z = 0; z < edge; z++)
                    for (int64_t i = 0; i < in; i++)
                        for (int64_t o = 0; o < out; o++)
                            to[(((o * in + i) * edge + z) * edge + y) * edge + x] = *from++;
    }
    lar_free(file);
}

int main(int argc, char **argv)
{
    int64_t n[4];
    if (argc < 7) return 2;
    for (int a = 0; a < 4; a++) lar_parse_int(&n[a], argv[1 + a]);
    lar_threads_set((int)n[0]);
    const int64_t voxels = n[1] * n[2] * n[3];
    lar_net *net = build();
    if (argc > 7 && !lar_text_is(argv[7], "-")) load(net, argv[7]);
    const lar_plan_params params = {
        .batch = 1,
        .size = { n[1], n[2], n[3] },
        .mode = LAR_PLAN_PREDICT,
        .no_target = true,
        .precision = lar_text_is(argv[5], "bfloat16") ? LAR_BFLOAT16 : LAR_FLOAT32,
        .backend = argv[6],
    };
    lar_plan *plan = NULL;
    float *volume;
    if (argc > 8) {
        volume = floats_of(argv[8], voxels);
    } else {
        volume = lar_alloc(voxels, sizeof *volume);
        for (int64_t v = 0; v < voxels; v++)
            volume[v] = (float)((uint32_t)v * 2654435761U >> 8) * 0x1p-24f;
    }
    check(lar_plan_new(&plan, net, &params));
    check(lar_plan_load_input(plan, 0, 0, volume));
    const double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
    check(lar_plan_predict(plan));
    const double cpu_end = seconds(CLOCK_PROCESS_CPUTIME_ID), wall_end = seconds(CLOCK_MONOTONIC);
    FILE *out = argc > 9 ? fopen(argv[9], "wb") : NULL;
    uint64_t hash = 0xcbf29ce484222325;
    for (int c = 0; c < 2; c++) {
        check(lar_plan_output(plan, 0, c, volume));
        for (int64_t v = 0; v < voxels; v++) {
            uint32_t bits;
            memcpy(&bits, &volume[v], sizeof bits);
            hash = (hash ^ bits) * 0x100000001b3;
        }
        if (out) fwrite(volume, sizeof *volume, (size_t)voxels, out);
    }
    if (out) fclose(out);
    printf("%.3f s CPU, %.3f s wall, %.3f us CPU a voxel, %ld kB peak, %zu bytes planned, %s, "
           "%016llx\n",
           cpu_end - cpu, wall_end - wall, (cpu_end - cpu) / (double)voxels * 1e6,
           memory_kb("VmHWM"), lar_plan_bytes(plan),
           plan->backend->conv_about(plan->convs[plan->conv_count - 1], LAR_CONV_FORWARD),
           (unsigned long long)hash);
    lar_plan_free(plan);
    lar_free(volume);
    lar_net_free(net);
    return 0;
}
