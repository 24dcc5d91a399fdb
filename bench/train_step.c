/* One side of bench_train.py: training steps on request. Each line on stdin is one step; answered
 * by its CPU seconds, wall seconds and loss. Then one line: peak and base memory in kB, and the
 * plan. SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <time.h>

#include "base/base.h"
#include "net/net.h"

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static long memory_kb(const char *field)
{
    char line[256];
    long kb = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (lar_text_starts(line, field)) sscanf(line + strlen(field), ": %ld", &kb);
    if (f) fclose(f);
    return kb;
}

static lar_status load_file(float *volume, int64_t voxels, const char *path)
{
    FILE *f = fopen(path, "rb");
    const size_t got = f ? fread(volume, sizeof *volume, (size_t)voxels, f) : 0;
    if (f) fclose(f);
    return got == (size_t)voxels ? LAR_OK : lar_fail(LAR_ENOINPUT, "cannot read '%s'", path);
}

static lar_status serve(char **argv)
{
    lar_status status = LAR_OK;
    int64_t threads, size[3], voxels = 1;
    lar_network_params network = lar_network_default();
    const lar_optimizer_params defaults = lar_optimizer_default();
    lar_net *net = NULL;
    lar_plan *plan = NULL;
    lar_optimizer *adam = NULL;
    lar_safetensors *file = NULL;
    float *volume = NULL;
    char line[16];

    lar_parse_int(&threads, argv[1]);
    lar_threads_set((int)threads);
    for (int a = 0; a < 3; a++) {
        lar_parse_int(&size[a], argv[5 + a]);
        voxels *= size[a];
    }
    const long base = memory_kb("VmRSS");
    LAR_TRY(lar_network_build(&net, &network, 1, 1, 1));
    LAR_TRY(lar_safetensors_read(&file, argv[2]));
    LAR_TRY(lar_net_load(net, file));
    LAR_TRY(lar_plan_new(&plan, net,
                         &(lar_plan_params){ .batch = 1,
                                             .size = { size[0], size[1], size[2] },
                                             .mode = LAR_PLAN_TRAIN }));
    LAR_TRY(lar_optimizer_new(&adam, 0, lar_net_weight_count(net), &defaults));
    volume = lar_alloc(voxels, sizeof *volume);
    if (!volume) return LAR_EMEMORY;
    LAR_TRY(load_file(volume, voxels, argv[3]));
    LAR_TRY(lar_plan_load_input(plan, 0, 0, volume));
    LAR_TRY(load_file(volume, voxels, argv[4]));
    LAR_TRY(lar_plan_load_target(plan, 0, 0, volume));
    while (fgets(line, sizeof line, stdin)) {
        double loss;
        const double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
        LAR_TRY(lar_plan_step(plan, 1, false, &loss));
        LAR_TRY(lar_optimizer_step(adam, lar_net_weights(net), lar_net_gradients(net), 1e-3, 0.9));
        fprintf(stdout, "%.6f %.6f %.8f\n", seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu,
                seconds(CLOCK_MONOTONIC) - wall, loss);
        fflush(stdout);
    }
    fprintf(stdout, "%ld %ld %zu\n", memory_kb("VmHWM"), base, lar_plan_bytes(plan));
done:
    lar_free(volume);
    lar_safetensors_free(file);
    lar_optimizer_free(adam);
    lar_plan_free(plan);
    lar_net_free(net);
    return status;
}

int main(int argc, char **argv)
{
    if (argc != 8) return 2; /* threads, weights, input, target, and voxels along i j k */
    if (serve(argv) == LAR_OK) return 0;
    fprintf(stderr, "%s\n", lar_error());
    return 1;
}
