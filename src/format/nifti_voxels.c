/* The voxels of a NIfTI file to those of an image: byte order, and slope and intercept.
 * SPDX-License-Identifier: Apache-2.0 */
#include "format/nifti.h"

enum { PIECE = 1 << 17 }; /* voxels: large against the cost of handing out a piece */

typedef struct swap_job {
    unsigned char *at;
    size_t size;
} swap_job;

static lar_status swap_piece(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const swap_job *job = arg;
    unsigned char *at = job->at + begin * (int64_t)job->size;
    (void)piece;
    for (int64_t n = begin; n < end; n++, at += job->size) {
        if (job->size == 2) {
            uint16_t v;
            memcpy(&v, at, 2);
            v = __builtin_bswap16(v);
            memcpy(at, &v, 2);
        } else if (job->size == 4) {
            uint32_t v;
            memcpy(&v, at, 4);
            v = __builtin_bswap32(v);
            memcpy(at, &v, 4);
        } else {
            uint64_t v;
            memcpy(&v, at, 8);
            v = __builtin_bswap64(v);
            memcpy(at, &v, 8);
        }
    }
    return LAR_OK;
}

lar_status lar_nifti_swap(void *voxels, int64_t count, size_t size)
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

static lar_status scale_piece(void *arg, int64_t piece, int64_t begin, int64_t end)
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

lar_status lar_nifti_scale(void *out, const void *in, lar_type stored, int64_t count, double slope,
                           double inter)
{
    scale_job job = { .out = out, .in = in, .stored = stored, .slope = slope, .inter = inter };
    return lar_parallel(count, PIECE, scale_piece, &job);
}

lar_type lar_nifti_scaled_type(lar_type stored)
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
