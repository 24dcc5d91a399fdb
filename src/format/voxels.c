/* The voxels of a file to those of an image: byte order, slope and intercept, order of channels.
 * SPDX-License-Identifier: Apache-2.0 */
#include "format/voxels.h"

enum { PIECE = 1 << 17 }; /* voxels: large against the cost of handing out a piece */

typedef struct swap_job {
    unsigned char *at;
    size_t size;
} swap_job;

/* No alignment is asked of the voxels: they are copied to a word and back. */
#define SWAP(T, SWAPPED)                                                                           \
    for (int64_t n = begin; n < end; n++) {                                                        \
        T v;                                                                                       \
        memcpy(&v, job->at + n * (int64_t)sizeof v, sizeof v);                                     \
        v = SWAPPED(v);                                                                            \
        memcpy(job->at + n * (int64_t)sizeof v, &v, sizeof v);                                     \
    }

LAR_CLONES static lar_status swap_piece(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const swap_job job_is = *(const swap_job *)arg, *job = &job_is;
    (void)piece;
    if (job->size == 2) {
        SWAP(uint16_t, __builtin_bswap16)
    } else if (job->size == 4) {
        SWAP(uint32_t, __builtin_bswap32)
    } else {
        SWAP(uint64_t, __builtin_bswap64)
    }
    return LAR_OK;
}

lar_status lar_voxels_swap(void *voxels, int64_t count, size_t size)
{
    swap_job job = { .at = voxels, .size = size };
    return size == 1 ? LAR_OK : lar_parallel(count, PIECE, swap_piece, &job);
}

typedef struct scale_job {
    void *out;
    const void *in;
    lar_type stored;
    double slope, inter;
} scale_job;

/* Computed in double, as nibabel does, then rounded once to the image's type. */
#define SCALE(IN, OUT)                                                                             \
    do {                                                                                           \
        const IN *in = job->in;                                                                    \
        OUT *out = job->out;                                                                       \
        for (int64_t n = begin; n < end; n++) out[n] = (OUT)((double)in[n] * slope + inter);       \
    } while (0)

LAR_CLONES static lar_status scale_piece(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const scale_job *job = arg;
    const double slope = job->slope, inter = job->inter;
    (void)piece;
    switch (job->stored) {
    case LAR_U8:
        SCALE(uint8_t, float);
        break;
    case LAR_I8:
        SCALE(int8_t, float);
        break;
    case LAR_U16:
        SCALE(uint16_t, float);
        break;
    case LAR_I16:
        SCALE(int16_t, float);
        break;
    case LAR_U32:
        SCALE(uint32_t, double);
        break;
    case LAR_I32:
        SCALE(int32_t, double);
        break;
    case LAR_U64:
        SCALE(uint64_t, double);
        break;
    case LAR_I64:
        SCALE(int64_t, double);
        break;
    case LAR_F32:
        SCALE(float, float);
        break;
    case LAR_F64:
        SCALE(double, double);
        break;
    }
    return LAR_OK;
}

/* `in` of the stored type to float32 or float64. */
static lar_status scale(void *out, const void *in, lar_type stored, int64_t count,
                        const lar_scale *by)
{
    scale_job job = {
        .out = out, .in = in, .stored = stored, .slope = by->slope, .inter = by->inter
    };
    return lar_parallel(count, PIECE, scale_piece, &job);
}

static lar_type scaled_type(lar_type stored)
{
    switch (stored) {
    case LAR_U8:
    case LAR_I8:
    case LAR_U16:
    case LAR_I16:
    case LAR_F32:
        return LAR_F32;
    default:
        return LAR_F64;
    }
}

void lar_voxels_set_type(lar_voxels *v, lar_image_about *about)
{
    const bool one = !v->scales && about->slope == 1 && about->inter == 0;
    v->scaled = !one;
    about->type = one ? about->stored : scaled_type(about->stored);
}

lar_status lar_voxels_plan(lar_voxels *v, const lar_image_about *about, int64_t least,
                           const char *name)
{
    const int64_t *size = about->grid.size;
    const int64_t factors[4] = { size[0], size[1], size[2], about->channels };
    if (!lar_size_product(&v->bytes, factors, 4, lar_type_size(about->stored)))
        return lar_fail(LAR_EFORMAT, "'%s' says it has %lldx%lldx%lldx%lld voxels, too many", name,
                        (long long)factors[0], (long long)factors[1], (long long)factors[2],
                        (long long)factors[3]);
    if (v->offset < least || v->bytes > (size_t)PTRDIFF_MAX - (size_t)v->offset)
        return lar_fail(LAR_EFORMAT, "the voxels of '%s' cannot begin at byte %lld", name,
                        (long long)v->offset);
    v->count = (int64_t)(v->bytes / lar_type_size(about->stored));
    return LAR_OK;
}

typedef struct part_job {
    unsigned char *out;
    const unsigned char *in;
    size_t size;
    int64_t channels, count; /* of voxels in a channel */
} part_job;

#define PART(T)                                                                                    \
    for (int64_t c = 0; c < job->channels; c++) {                                                  \
        T *out = (T *)(void *)job->out + c * job->count;                                           \
        const T *in = (const T *)(const void *)job->in + c;                                        \
        for (int64_t n = begin; n < end; n++) out[n] = in[n * job->channels];                      \
    }

LAR_CLONES static lar_status part_piece(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const part_job *job = arg;
    (void)piece;
    switch (job->size) {
    case 1:
        PART(uint8_t)
        break;
    case 2:
        PART(uint16_t)
        break;
    case 4:
        PART(uint32_t)
        break;
    default:
        PART(uint64_t)
        break;
    }
    return LAR_OK;
}

static void release_block(void *bytes, size_t count)
{
    (void)count;
    lar_free(bytes);
}

/* A block of the image's type in place of the file's bytes. */
static void replace(lar_content *content, unsigned char *made, size_t bytes)
{
    lar_free(content->block);
    *content = (lar_content){ .block = made, .count = bytes };
}

/* Channel after channel, where they lay side by side. */
static lar_status part_channels(lar_content *content, const unsigned char *voxels,
                                const lar_image_about *about, const lar_voxels *v)
{
    const size_t size = lar_type_size(about->stored);
    unsigned char *made = lar_alloc_raw((int64_t)v->bytes, 1);
    if (!made) return LAR_EMEMORY;
    part_job job = { made, voxels, size, about->channels, v->count / about->channels };
    const lar_status status = lar_parallel(job.count, PIECE, part_piece, &job);
    if (status == LAR_OK)
        replace(content, made, v->bytes);
    else
        lar_free(made);
    return status;
}

static lar_status scale_runs(lar_content *content, const unsigned char *voxels,
                             const lar_image_about *about, const lar_voxels *v)
{
    lar_status status = LAR_OK;
    const lar_scale one = { about->slope, about->inter };
    const int64_t runs = v->scales ? v->scale_count : 1, run = v->count / runs;
    const size_t from = lar_type_size(about->stored), to = lar_type_size(about->type);
    unsigned char *made = lar_alloc_raw(v->count, to);
    if (!made) return LAR_EMEMORY;
    for (int64_t n = 0; n < runs && status == LAR_OK; n++)
        status = scale(made + (size_t)(n * run) * to, voxels + (size_t)(n * run) * from,
                       about->stored, run, v->scales ? &v->scales[n] : &one);
    if (status == LAR_OK)
        replace(content, made, (size_t)v->count * to);
    else
        lar_free(made);
    return status;
}

lar_status lar_voxels_image(lar_image **out, const lar_image_about *about, const lar_voxels *v,
                            lar_content *content)
{
    lar_status status = LAR_OK;
    lar_buffer *buffer;
    const size_t size = lar_type_size(about->stored);
    unsigned char *voxels = content->block + content->lead + v->offset;

    if ((uintptr_t)voxels % size) { /* what stands before them is not needed any more: over it */
        memmove(content->block, voxels, v->bytes);
        voxels = content->block;
    }
    if (v->swapped) LAR_TRY(lar_voxels_swap(voxels, v->count, size));
    if (v->interleaved && about->channels > 1) {
        LAR_TRY(part_channels(content, voxels, about, v));
        voxels = content->block;
    }
    if (v->scaled) {
        LAR_TRY(scale_runs(content, voxels, about, v));
        voxels = content->block;
    }
    unsigned char *block = content->block;
    content->block = NULL;
    LAR_TRY(lar_buffer_new(&buffer, block, content->lead + content->count, release_block));
    LAR_TRY(lar_image_over(out, &about->grid, about->channels, about->type, buffer, voxels));
    lar_image_set_notes(*out, about->notes);
done:
    return status;
}

void lar_voxels_say_spare(lar_image_about *about, size_t found, size_t needed)
{
    if (found > needed)
        lar_text_add(&about->warnings, "%zu bytes follow its voxels; they are left out\n",
                     found - needed);
}
