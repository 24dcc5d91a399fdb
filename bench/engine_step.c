/* Our side of bench_engine.py: steps on request. Each line on stdin is one step (or prediction),
 * answered by its CPU seconds, wall seconds, loss, and a hash of what it left (gradients, or the
 * output). Then one line: peak and base memory in kB, and the plan's bytes.
 *   engine_step THREADS FOLDER NX NY NZ train|predict PRECISION MEMORY KEY=VALUE ...
 * FOLDER holds weights.safetensors, input and target; MEMORY is lar_plan_params.memory; the keys
 * are those of lar_network_table. SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "net/net.h"
#include "ours.h"

static uint64_t hash(uint64_t so_far, const float *values, int64_t count)
{
    for (int64_t n = 0; n < count; n++) {
        uint32_t bits;
        memcpy(&bits, &values[n], sizeof bits);
        so_far = (so_far ^ bits) * 0x100000001b3;
    }
    return so_far;
}

static FILE *open_in(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return fopen(path, "rb");
}

static lar_status load_file(float *volume, int64_t voxels, const char *folder, const char *name)
{
    FILE *f = open_in(folder, name);
    const size_t got = f ? fread(volume, sizeof *volume, (size_t)voxels, f) : 0;
    if (f) fclose(f);
    return got == (size_t)voxels ? LAR_OK : lar_fail(LAR_ENOINPUT, "cannot read '%s'", name);
}

/* Mean square difference to a file that is never held: memory is being measured. */
static double loss_in_pieces(const float *out, int64_t voxels, const char *folder)
{
    float piece[4096];
    double sum = 0;
    FILE *f = open_in(folder, "target");
    for (int64_t v = 0; v < voxels;) {
        const size_t got = f ? fread(piece, sizeof *piece, 4096, f) : 0;
        if (got == 0) return -1;
        for (size_t n = 0; n < got && v < voxels; n++, v++)
            sum += ((double)out[v] - (double)piece[n]) * ((double)out[v] - (double)piece[n]);
    }
    fclose(f);
    return sum / (double)voxels;
}

static lar_status set_network(lar_network_params *network, char **settings, lar_arena *arena)
{
    lar_status status = LAR_OK;
    for (; *settings; settings++) {
        char key[64] = "";
        const char *value = strchr(*settings, '=');
        if (!value || value - *settings >= (long)sizeof key) return LAR_EARGUMENT;
        memcpy(key, *settings, (size_t)(value - *settings));
        const lar_param *param = lar_param_find(lar_network_table, key);
        if (!param) return lar_fail(LAR_EARGUMENT, "there is no '%s'", key);
        LAR_TRY(lar_param_set(param, network, value + 1, key, arena));
    }
done:
    return status;
}

typedef struct work {
    const char *mode, *folder;
    int64_t size[3], voxels, memory;
    lar_precision precision;
    lar_net *net;
    lar_plan *plan;
    lar_tiles *tiles;
    lar_optimizer *adam;
    float *input, *volume; /* the volume that was read; that which is predicted */
} work;

static bool trains(const work *w)
{
    return lar_text_is(w->mode, "train");
}

static lar_status prepare(work *w)
{
    lar_status status = LAR_OK;
    const lar_optimizer_params defaults = lar_optimizer_default();
    w->input = lar_alloc(w->voxels, sizeof *w->input);
    if (!w->input) return LAR_EMEMORY;
    LAR_TRY(load_file(w->input, w->voxels, w->folder, "input"));
    if (lar_text_is(w->mode, "slabs")) {
        const lar_tiles_params params = { .precision = w->precision, .memory = (size_t)w->memory };
        LAR_TRY(lar_tiles_new(&w->tiles, w->net, w->size, &params));
    } else {
        const lar_plan_params params = {
            .batch = 1,
            .size = { w->size[0], w->size[1], w->size[2] },
            .mode = trains(w) ? LAR_PLAN_TRAIN : LAR_PLAN_PREDICT,
            .precision = w->precision,
            .memory = (size_t)w->memory,
        };
        LAR_TRY(lar_plan_new(&w->plan, w->net, &params));
        LAR_TRY(lar_plan_load_input(w->plan, 0, 0, w->input));
    }
    if (trains(w)) {
        LAR_TRY(lar_optimizer_new(&w->adam, 0, lar_net_weight_count(w->net), &defaults));
        LAR_TRY(load_file(w->input, w->voxels, w->folder, "target"));
        LAR_TRY(lar_plan_load_target(w->plan, 0, 0, w->input));
    } else if (!(w->volume = lar_alloc(w->voxels, sizeof *w->volume))) {
        status = LAR_EMEMORY;
    }
    if (w->plan) { /* has its own copy, as PyTorch has one */
        lar_free(w->input);
        w->input = NULL;
    }
done:
    return status;
}

static lar_status step(work *w)
{
    lar_status status = LAR_OK;
    double loss = 0;
    uint64_t left = 0xcbf29ce484222325;
    double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
    if (trains(w)) {
        LAR_TRY(lar_plan_step(w->plan, 1, false, &loss));
        left = hash(left, lar_net_gradients(w->net), lar_net_weight_count(w->net));
        LAR_TRY(lar_optimizer_step(w->adam, lar_net_weights(w->net), lar_net_gradients(w->net),
                                   1e-3, 0.9));
    } else if (w->tiles) {
        LAR_TRY(lar_tiles_run(w->tiles, (const float *const *)&w->input, &w->volume,
                              (lar_progress){ 0 }));
    } else {
        LAR_TRY(lar_plan_predict(w->plan));
        LAR_TRY(lar_plan_output(w->plan, 0, 0, w->volume));
    }
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    wall = seconds(CLOCK_MONOTONIC) - wall;
    if (!trains(w)) {
        left = hash(left, w->volume, w->voxels);
        loss = loss_in_pieces(w->volume, w->voxels, w->folder);
    }
    fprintf(stdout, "%.6f %.6f %.8f %llu\n", cpu, wall, loss, (unsigned long long)left);
    fflush(stdout);
done:
    return status;
}

static lar_status serve(char **argv)
{
    lar_status status = LAR_OK;
    work w = { .folder = argv[2], .mode = argv[6], .voxels = 1 };
    int64_t threads;
    lar_network_params network = lar_network_default();
    lar_arena *arena = NULL;
    lar_safetensors *file = NULL;
    char line[16], path[4096];

    lar_parse_int(&threads, argv[1]);
    lar_threads_set((int)threads);
    for (int a = 0; a < 3; a++) {
        lar_parse_int(&w.size[a], argv[3 + a]);
        w.voxels *= w.size[a];
    }
    w.precision = lar_text_is(argv[7], "bfloat16") ? LAR_BFLOAT16 : LAR_FLOAT32;
    lar_parse_int(&w.memory, argv[8]);
    const long base = memory_kb("VmRSS");
    LAR_TRY(lar_arena_new(&arena));
    LAR_TRY(set_network(&network, argv + 9, arena));
    LAR_TRY(lar_network_build(&w.net, &network, 1, 1, 1));
    snprintf(path, sizeof path, "%s/weights.safetensors", w.folder);
    LAR_TRY(lar_safetensors_read(&file, path));
    LAR_TRY(lar_net_load(w.net, file));
    lar_safetensors_free(file);
    file = NULL;
    LAR_TRY(prepare(&w));
    while (fgets(line, sizeof line, stdin)) LAR_TRY(step(&w));
    fprintf(stdout, "%ld %ld %zu\n", memory_kb("VmHWM"), base,
            w.tiles ? lar_tiles_tell(w.tiles)->bytes : lar_plan_bytes(w.plan));
done:
    lar_free(w.input);
    lar_free(w.volume);
    lar_safetensors_free(file);
    lar_optimizer_free(w.adam);
    lar_plan_free(w.plan);
    lar_tiles_free(w.tiles);
    lar_net_free(w.net);
    lar_arena_free(arena);
    return status;
}

int main(int argc, char **argv)
{
    if (argc < 9) return 2;
    if (serve(argv) == LAR_OK) return 0;
    fprintf(stderr, "%s\n", lar_error());
    return 1;
}
