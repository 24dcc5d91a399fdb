/* The slices of a volume, one after the other, through a network that was trained on slices: with
 * as many to each side as it was trained with; beyond the volume lies each input's least value, as
 * in training.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "train/session.h"

typedef struct slicer {
    int axis, a, b; /* the axes that a slice has, in their order */
    int64_t stride[3], size[3], plane, around;
    const float *const *inputs;
    float *outside, *block; /* of each input; of all channels */
    const float **channels;
    float **results, *result_block;
} slicer;

static void slicer_free(slicer *s)
{
    lar_free(s->outside);
    lar_free(s->block);
    lar_free((void *)s->channels);
    lar_free(s->results);
    lar_free(s->result_block);
}

static lar_status slicer_init(slicer *s, const lar_trained *t, const lar_grid *grid,
                              const float *const *inputs)
{
    const lar_sample_params *sample = &t->study->train.sample;
    const int64_t channels = t->input_count * lar_sample_slices(sample);
    *s = (slicer){ .axis = sample->axis,
                   .a = sample->axis == 0 ? 1 : 0,
                   .b = sample->axis == 2 ? 1 : 2,
                   .size = { grid->size[0], grid->size[1], grid->size[2] },
                   .stride = { 1, grid->size[0], grid->size[0] * grid->size[1] },
                   .around = sample->neighbours,
                   .inputs = inputs };
    s->plane = s->size[s->a] * s->size[s->b];
    s->outside = lar_alloc(t->input_count, sizeof *s->outside);
    s->block = lar_alloc_raw(channels * s->plane, sizeof *s->block);
    s->channels = lar_alloc(channels, sizeof *s->channels);
    s->results = lar_alloc(t->target_count, sizeof *s->results);
    s->result_block = lar_alloc_raw(t->target_count * s->plane, sizeof *s->result_block);
    if (!s->outside || !s->block || !s->channels || !s->results || !s->result_block)
        return LAR_EMEMORY;
    for (int64_t c = 0; c < channels; c++) s->channels[c] = s->block + c * s->plane;
    for (int64_t c = 0; c < t->target_count; c++) s->results[c] = s->result_block + c * s->plane;
    for (int64_t c = 0; c < t->input_count; c++) {
        s->outside[c] = inputs[c][0];
        for (int64_t n = 1; n < s->size[0] * s->size[1] * s->size[2]; n++)
            s->outside[c] = fminf(s->outside[c], inputs[c][n]);
    }
    return LAR_OK;
}

static void take_slices(const slicer *s, int64_t inputs, int64_t middle)
{
    float *out = s->block;
    for (int64_t c = 0; c < inputs; c++)
        for (int64_t k = middle - s->around; k <= middle + s->around; k++, out += s->plane) {
            if (k >= 0 && k < s->size[s->axis])
                lar_slice_take(out, s->inputs[c], s->size, s->axis, k);
            else
                for (int64_t n = 0; n < s->plane; n++) out[n] = s->outside[c];
        }
}

static void put_slice(const slicer *s, float *out, const float *in, int64_t slice)
{
    for (int64_t v = 0; v < s->size[s->b]; v++)
        for (int64_t u = 0; u < s->size[s->a]; u++)
            out[u * s->stride[s->a] + v * s->stride[s->b] + slice * s->stride[s->axis]] = *in++;
}

lar_status lar_trained_slices(const lar_trained *t, const lar_grid *grid,
                              const lar_tiles_params *how, const float *const *inputs,
                              float *const *outputs, lar_progress progress)
{
    lar_status status = LAR_OK;
    lar_tiles *tiles = NULL;
    slicer s;
    LAR_TRY(slicer_init(&s, t, grid, inputs));
    const int64_t size[3] = { s.size[s.a], s.size[s.b], 1 }, count = s.size[s.axis];
    LAR_TRY(lar_tiles_new(&tiles, t->net, size, how));
    for (int64_t n = 0; n < count; n++) {
        if (!lar_progress_say(progress, "slice by slice", (double)n / (double)count)) {
            status = lar_fail(LAR_ESTOPPED, "stopped");
            goto done;
        }
        take_slices(&s, t->input_count, n);
        LAR_TRY(lar_tiles_run(tiles, s.channels, s.results, (lar_progress){ 0 }));
        for (int64_t c = 0; c < t->target_count; c++) put_slice(&s, outputs[c], s.results[c], n);
    }
done:
    lar_tiles_free(tiles);
    slicer_free(&s);
    return status;
}
