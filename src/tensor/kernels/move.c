/* Moving voxels: between volumes and tensors, and parts of channels between tensors. On processors
 * all backends share it. SPDX-License-Identifier: Apache-2.0 */
#include "tensor/kernels/kernels.h"
#include "tensor/kernels/voxel.h"

enum { GRAIN = 1 << 15 }; /* voxels, or bytes, that are worth a thread */

typedef struct volume {
    lar_precision type;
    int block;
    char *tensor; /* at voxel 0 of the channel */
    const float *in;
    float *out;
} volume;

static volume volume_of(const lar_layout *l, const void *tensor, int64_t n, int64_t c)
{
    const int64_t first = voxel_index(l, n, c, 0);
    return (volume){ l->type, l->block, (char *)tensor + (size_t)first * voxel_bytes(l->type), NULL,
                     NULL };
}

static lar_status upload_body(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const volume *w = arg;
    (void)piece;
    if (w->type == LAR_FLOAT32 && w->block == 1)
        memcpy((float *)(void *)w->tensor + begin, w->in + begin,
               (size_t)(end - begin) * sizeof(float));
    else if (w->type == LAR_FLOAT32)
        for (int64_t v = begin; v < end; v++)
            voxel_set(LAR_FLOAT32, w->tensor, v * w->block, w->in[v]);
    else
        for (int64_t v = begin; v < end; v++)
            voxel_set(LAR_BFLOAT16, w->tensor, v * w->block, w->in[v]);
    return LAR_OK;
}

void lar_cpu_upload(const lar_layout *l, void *tensor, int64_t n, int64_t c, const float *from)
{
    volume w = volume_of(l, tensor, n, c);
    w.in = from;
    lar_parallel(l->voxels, GRAIN, upload_body, &w);
}

static lar_status download_body(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const volume *w = arg;
    (void)piece;
    if (w->type == LAR_FLOAT32 && w->block == 1)
        memcpy(w->out + begin, (const float *)(const void *)w->tensor + begin,
               (size_t)(end - begin) * sizeof(float));
    else if (w->type == LAR_FLOAT32)
        for (int64_t v = begin; v < end; v++)
            w->out[v] = voxel_at(LAR_FLOAT32, w->tensor, v * w->block);
    else
        for (int64_t v = begin; v < end; v++)
            w->out[v] = voxel_at(LAR_BFLOAT16, w->tensor, v * w->block);
    return LAR_OK;
}

void lar_cpu_download(const lar_layout *l, const void *tensor, int64_t n, int64_t c, float *to)
{
    volume w = volume_of(l, tensor, n, c);
    w.out = to;
    lar_parallel(l->voxels, GRAIN, download_body, &w);
}

typedef struct part {
    char *to;
    const char *from;
} part;

static lar_status copy_body(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const part *w = arg;
    (void)piece;
    memcpy(w->to + begin, w->from + begin, (size_t)(end - begin));
    return LAR_OK;
}

/* Between a tensor of layout l and channels `first` on of one with `channels`. Whole blocks lie
 * together; other parts go voxel by voxel. */
static void move(const lar_layout *l, void *small, void *large, int64_t channels, int64_t first,
                 bool join)
{
    const size_t size = voxel_bytes(l->type);
    lar_layout whole = *l;
    whole.channels = channels;
    for (int64_t n = 0; n < l->batch && first % l->block == 0; n++) {
        char *a = (char *)small + (size_t)voxel_index(l, n, 0, 0) * size;
        char *b = (char *)large + (size_t)voxel_index(&whole, n, first, 0) * size;
        part w = { join ? b : a, join ? a : b };
        lar_parallel((int64_t)size * l->channels * l->voxels, GRAIN * 16, copy_body, &w);
    }
    for (int64_t n = 0; n < l->batch && first % l->block != 0; n++)
        for (int64_t c = 0; c < l->channels; c++)
            for (int64_t v = 0; v < l->voxels; v++) {
                char *a = (char *)small + (size_t)voxel_index(l, n, c, v) * size;
                char *b = (char *)large + (size_t)voxel_index(&whole, n, first + c, v) * size;
                memcpy(join ? b : a, join ? a : b, size);
            }
}

void lar_cpu_slice(const lar_layout *l, void *out, const void *from, int64_t channels,
                   int64_t first)
{
    move(l, out, (void *)from, channels, first, false);
}

void lar_cpu_join(const lar_layout *l, void *to, const void *in, int64_t channels, int64_t first)
{
    move(l, (void *)in, to, channels, first, true);
}
