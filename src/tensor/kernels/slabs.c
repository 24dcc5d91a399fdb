/* A convolution in the place of the tensor that it reads, so that one tensor goes through a whole
 * line of layers: a slab takes some planes, norm and activation are applied as they are read into
 * it, the sums for the next norm are taken as results go back over voxels that all their readers
 * have in slabs. Voxels that are a dilation apart are gathered, so that the kernels of the table
 * run without dilation, on volumes that stay in the second-level cache, with the halo inside.
 *
 * Work is a chunk of a class of planes and rows; one thread takes it plane by plane. What a chunk
 * reads beyond its rows is copied before any chunk begins, so that all are independent, and results
 * have the same bits for any number of threads. SPDX-License-Identifier: Apache-2.0 */
#include "tensor/kernels/slabs.h"

/* Bytes of a slab and of what a kernel makes of it: most of a second-level cache of 2 MB. */
enum { SLAB_BYTES = 1792 << 10, TASKS = 16 };

typedef struct work {
    const lar_conv_shape *s;
    slab_cut cut;
    slab_rows rows;
    const lar_conv_kernel *kernel;
    const lar_taken *taken;
    const void *packed;
    char *tensor; /* of one sample */
    int64_t sample;
    char *saved, *slabs;
    size_t scratch_bytes; /* of the kernel, for one thread */
    float *sums;          /* [row of the volume][sum, square][channel] */
} work;

static const slabs_code *code_of_processor(void)
{
#ifdef __x86_64__
    const values_code *values = lar_values_code();
    if (values == &lar_values_bf16) return &lar_slabs_bf16;
    if (values == &lar_values_v4) return &lar_slabs_v4;
    if (values == &lar_values_v3) return &lar_slabs_v3;
#endif
    return &lar_slabs_any;
}

/* ---- how a volume is cut --------------------------------------------------------------- */

static size_t aligned(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static int64_t even(int64_t count)
{
    return (count + 1) / 2 * 2;
}

/* A class of x of `planes` planes of `rows` rows: what goes in, and what comes out. */
static size_t in_slab(const slab_cut *c, int64_t planes, int64_t rows)
{
    const int64_t voxels = (planes + 2 * c->halo[0]) * (rows + 2 * c->halo[1]) * c->pitch;
    return aligned((size_t)(voxels * c->blocks) * c->voxel + 256); /* kernels may read on */
}

static size_t out_slab(const slab_cut *c, int64_t planes, int64_t rows)
{
    return aligned((size_t)(planes * rows * c->count[2] * c->blocks) * c->voxel);
}

static bool in_cache(const slab_cut *c, int64_t planes, int64_t rows)
{
    const size_t bytes = in_slab(c, planes, rows) + out_slab(c, planes, rows);
    return (size_t)c->classes[2] * bytes <= SLAB_BYTES;
}

/* The shape that a kernel runs: `planes` and `rows` of a class of x of one sample. */
static lar_conv_shape slab_shape(const lar_conv_shape *s, const slab_cut *c, int64_t planes,
                                 int64_t rows)
{
    lar_conv_shape slab = *s;
    slab.batch = 1;
    slab.in_place = false;
    const int64_t out[3] = { planes, rows, c->count[2] };
    for (int a = 0; a < 3; a++) {
        slab.dilation[a] = 1;
        slab.padding[a] = 0;
        slab.out_size[a] = out[a];
        slab.size[a] = out[a] + 2 * c->halo[a];
    }
    return slab;
}

/* As many rows as fit with two planes, in chunks alike; then as many planes as fit. Nothing here
 * knows of threads. */
static slab_cut cut_of(const lar_conv_shape *s, int block)
{
    slab_cut c = { .blocks = s->in / block };
    for (int a = 0; a < 3; a++) {
        c.halo[a] = (s->kernel[a] - 1) / 2;
        c.classes[a] = c.halo[a] == 0                ? 1
                       : s->dilation[a] < s->size[a] ? s->dilation[a]
                                                     : s->size[a];
        c.count[a] = lar_piece_count(s->size[a], c.classes[a]);
    }
    c.pitch = c.count[2] + 2 * c.halo[2];
    c.voxel = (size_t)block * voxel_bytes(s->type);
    const int64_t least = even(c.halo[1] > 1 ? c.halo[1] : 1);
    const int64_t parallel = c.classes[0] * c.classes[1];
    const int64_t depth = even(c.count[0]);
    for (c.chunks = 1;; c.chunks++) {
        c.rows = even(lar_piece_count(c.count[1], c.chunks));
        const bool many = parallel * c.chunks >= TASKS || c.rows <= 8;
        if (c.rows <= least || (many && in_cache(&c, 2, c.rows))) break;
    }
    c.rows = c.rows < least ? least : c.rows;
    c.chunks = lar_piece_count(c.count[1], c.rows);
    for (c.planes = 2; c.planes < depth && in_cache(&c, c.planes + 2, c.rows);) c.planes += 2;
    c.planes = even(lar_piece_count(c.count[0], lar_piece_count(c.count[0], c.planes)));
    c.slab_bytes = in_slab(&c, c.planes, c.rows);
    c.out_slab_bytes = out_slab(&c, c.planes, c.rows);
    const int64_t rows = (c.chunks - 1) * c.classes[1] * 2 * c.halo[1] * s->size[0];
    c.saved_bytes = aligned((size_t)(c.blocks * rows * s->size[2]) * c.voxel);
    c.sum_bytes = aligned((size_t)(s->size[0] * s->size[1] * 2 * s->in) * sizeof(float));
    return c;
}

/* Shapes that kernels run are this one, and less at the ends of classes. */
static lar_conv_shape largest(const work *w)
{
    return slab_shape(w->s, &w->cut, w->cut.planes, w->cut.rows);
}

/* The first of the table that runs; the direct one runs all. */
static work work_of(const lar_conv_shape *s, int block)
{
    work w = { .s = s, .cut = cut_of(s, block), .kernel = &lar_conv_direct };
    const lar_conv_shape slab = largest(&w);
    w.rows = (slab_rows){ .type = s->type,
                          .block = block,
                          .activation = -1,
                          .voxels = s->size[2],
                          .classes = w.cut.classes[2] };
    for (int k = 0; lar_conv_kernels[k]; k++)
        if (lar_conv_kernels[k]->runs(&slab, block, LAR_CONV_FORWARD)) {
            w.kernel = lar_conv_kernels[k];
            break;
        }
    return w;
}

/* What is left at the end of a class, of lengths that are `each`. */
static int64_t last_of(int64_t count, int64_t each)
{
    return count > 0 && count % each ? count % each : each;
}

/* Of the kernel, for one thread, whichever the shape. */
static size_t kernel_scratch(const work *w)
{
    const slab_cut *c = &w->cut;
    size_t most = 0;
    lar_thread_alone(true);
    for (int n = 0; n < 9; n++) { /* whole, or the last of a long class or of a short one */
        const int64_t z = n % 3, y = n / 3;
        const lar_conv_shape slab =
            slab_shape(w->s, c, z ? last_of(c->count[0] - z + 1, c->planes) : c->planes,
                       y ? last_of(c->count[1] - y + 1, c->rows) : c->rows);
        const size_t bytes = w->kernel->scratch(&slab, w->rows.block, LAR_CONV_FORWARD);
        if (bytes > most) most = bytes;
    }
    lar_thread_alone(false);
    return aligned(most);
}

static size_t thread_bytes(const work *w)
{
    return (size_t)w->cut.classes[2] * (w->cut.slab_bytes + w->cut.out_slab_bytes) +
           w->scratch_bytes;
}

bool lar_slabs_runs(const lar_conv_shape *s, int block)
{
    bool fits = s->batch > 0 && !s->planar && s->groups == 1 && s->in == s->out &&
                (block == 16 || block == 8);
    for (int a = 0; a < 3; a++)
        fits = fits && s->kernel[a] % 2 == 1 && s->stride[a] == 1 && s->out_size[a] == s->size[a] &&
               s->padding[a] == s->dilation[a] * (s->kernel[a] - 1) / 2;
    return fits;
}

size_t lar_slabs_packed(const lar_conv_shape *s, int block)
{
    const work w = work_of(s, block);
    const lar_conv_shape slab = largest(&w);
    return w.kernel->packed(&slab, block, LAR_CONV_FORWARD);
}

size_t lar_slabs_scratch(const lar_conv_shape *s, int block)
{
    work w = work_of(s, block);
    w.scratch_bytes = kernel_scratch(&w);
    return w.cut.saved_bytes + w.cut.sum_bytes + (size_t)lar_threads_get() * thread_bytes(&w);
}

void lar_slabs_pack(const lar_conv_shape *s, int block, const float *weights, void *packed)
{
    const work w = work_of(s, block);
    const lar_conv_shape slab = largest(&w);
    w.kernel->pack(&slab, block, LAR_CONV_FORWARD, weights, packed);
}

const char *lar_slabs_about(const lar_conv_shape *s, int block)
{
    return work_of(s, block).kernel->name;
}

/* ---- rows ------------------------------------------------------------------------------ */

/* Of a block of the sample; z and y of the volume. */
static char *tensor_row(const work *w, int64_t b, int64_t z, int64_t y)
{
    const int64_t *size = w->s->size;
    return w->tensor + (size_t)(((b * size[0] + z) * size[1] + y) * size[2]) * w->cut.voxel;
}

/* Row `n` of a class of rows, of those around the border where `chunk` begins. */
static char *saved_row(const work *w, int64_t b, int64_t z, int64_t class, int64_t chunk, int64_t n)
{
    const slab_cut *c = &w->cut;
    const int64_t around = n - chunk * c->rows + c->halo[1];
    const int64_t border = (b * c->classes[1] + class) * (c->chunks - 1) + chunk - 1;
    const int64_t row = (border * 2 * c->halo[1] + around) * w->s->size[0] + z;
    return w->saved + (size_t)(row * w->s->size[2]) * c->voxel;
}

/* How many voxels there are in a class along an axis. */
static int64_t class_count(const work *w, int axis, int64_t class)
{
    return lar_piece_count(w->s->size[axis] - class, w->cut.classes[axis]);
}

static lar_status save_plane(void *arg, int64_t number, int64_t begin, int64_t end)
{
    const work *w = arg;
    const slab_cut *c = &w->cut;
    (void)number, (void)end;
    for (int64_t b = 0; b < c->blocks; b++)
        for (int64_t class = 0; class < c->classes[1]; class ++)
            for (int64_t chunk = 1; chunk < c->chunks; chunk++)
                for (int64_t around = 0; around < 2 * c->halo[1]; around++) {
                    const int64_t n = chunk * c->rows - c->halo[1] + around;
                    if (n >= class_count(w, 1, class)) continue;
                    memcpy(saved_row(w, b, begin, class, chunk, n),
                           tensor_row(w, b, begin, n * c->classes[1] + class),
                           (size_t)w->s->size[2] * c->voxel);
                }
    return LAR_OK;
}

/* ---- a chunk --------------------------------------------------------------------------- */

typedef struct chunk {
    int64_t class[2]; /* of planes, of rows */
    int64_t number, first, rows, depth;
    int64_t at, planes; /* of the slab: its first, how many */
    char *in, *out, *scratch;
} chunk;

/* The place of row (plane, row) of a slab, halo and all; `planes` with the halo. */
static size_t slab_place(const work *w, const chunk *k, int64_t b, int64_t plane, int64_t row)
{
    const slab_cut *c = &w->cut;
    const int64_t planes = k->planes + 2 * c->halo[0], rows = k->rows + 2 * c->halo[1];
    return (size_t)(((b * planes + plane) * rows + row) * c->pitch) * c->voxel;
}

static size_t plane_bytes(const work *w, const chunk *k)
{
    return (size_t)((k->rows + 2 * w->cut.halo[1]) * w->cut.pitch) * w->cut.voxel;
}

/* Plane n of the class into the slab; zeros beyond the volume. */
static void take_plane(const work *w, const chunk *k, int64_t n)
{
    const slab_cut *c = &w->cut;
    const int64_t plane = n - k->at + c->halo[0], z = n * c->classes[0] + k->class[0];
    const int64_t rows = class_count(w, 1, k->class[1]), last = k->first + k->rows;
    if (n >= k->depth) {
        for (int64_t x = 0; x < c->classes[2]; x++)
            for (int64_t b = 0; b < c->blocks; b++)
                memset(k->in + (size_t)x * c->slab_bytes + slab_place(w, k, b, plane, 0), 0,
                       plane_bytes(w, k));
        return;
    }
    slab_rows r = w->rows;
    r.class_bytes = c->slab_bytes;
    for (int64_t b = 0; b < c->blocks; b++) {
        const flat_term term =
            flatten(&w->taken->term, r.block, w->sample * w->s->in + b * r.block);
        for (int64_t y = k->first - c->halo[1]; y < last + c->halo[1]; y++) {
            if (y < 0 || y >= rows) continue;
            const char *from = y < k->first ? saved_row(w, b, z, k->class[1], k -> number, y)
                               : y >= last  ? saved_row(w, b, z, k->class[1], k -> number + 1, y)
                                            : tensor_row(w, b, z, y * c->classes[1] + k->class[1]);
            code_of_processor()->take(&r, &term, from,
                                      k->in +
                                          slab_place(w, k, b, plane, y - k->first + c->halo[1]) +
                                          (size_t)c->halo[2] * c->voxel);
        }
    }
}

/* The last planes of the slab before are the first ones of this. */
static void keep_planes(const work *w, const chunk *k)
{
    const slab_cut *c = &w->cut;
    for (int64_t x = 0; x < c->classes[2]; x++)
        for (int64_t b = 0; b < c->blocks; b++) {
            char *slab = k->in + (size_t)x * c->slab_bytes;
            memmove(slab + slab_place(w, k, b, 0, 0), slab + slab_place(w, k, b, k->planes, 0),
                    (size_t)(2 * c->halo[0]) * plane_bytes(w, k));
        }
}

static void give_planes(const work *w, const chunk *k, int64_t planes)
{
    const slab_cut *c = &w->cut;
    const int64_t *size = w->s->size;
    slab_rows r = w->rows;
    r.class_bytes = c->out_slab_bytes;
    for (int64_t b = 0; b < c->blocks; b++)
        for (int64_t p = 0; p < planes; p++)
            for (int64_t y = 0; y < k->rows; y++) {
                const int64_t z = (k->at + p) * c->classes[0] + k->class[0];
                const int64_t row = (k->first + y) * c->classes[1] + k->class[1];
                const int64_t from = ((b * k->planes + p) * k->rows + y) * c->count[2];
                float *sum = w->sums + (z * size[1] + row) * 2 * w->s->in + b * w->rows.block;
                code_of_processor()->give(&r, k->out + (size_t)from * c->voxel,
                                          tensor_row(w, b, z, row), sum, sum + w->s->in);
            }
}

static lar_status run_chunk(const work *w, chunk *k)
{
    lar_status status = LAR_OK;
    const slab_cut *c = &w->cut;
    memset(k->in, 0, (size_t)c->classes[2] * c->slab_bytes);
    for (k->at = 0; k->at < k->depth; k->at += c->planes) {
        const int64_t left = k->depth - k->at, planes = left < c->planes ? left : c->planes;
        const int64_t from = k->at == 0 ? 0 : k->at + c->halo[0];
        if (k->at > 0) keep_planes(w, k);
        if (c->blocks == 1) k->planes = planes; /* one block: the slab may be shorter */
        const lar_conv_shape slab = slab_shape(w->s, c, k->planes, k->rows);
        for (int64_t n = from; n < k->at + k->planes + c->halo[0]; n++) take_plane(w, k, n);
        for (int64_t x = 0; x < c->classes[2]; x++)
            LAR_TRY(w->kernel->run(&slab, w->rows.block, LAR_CONV_FORWARD, w->packed,
                                   k->in + (size_t)x * c->slab_bytes,
                                   k->out + (size_t)x * c->out_slab_bytes, NULL, false,
                                   k->scratch));
        give_planes(w, k, planes);
    }
done:
    return status;
}

/* Number: (class of planes, class of rows, chunk). */
static lar_status chunk_body(void *arg, int64_t number, int64_t begin, int64_t end)
{
    const work *w = arg;
    const slab_cut *c = &w->cut;
    (void)number, (void)end;
    chunk k = { .class = { begin / (c->classes[1] * c->chunks), begin / c->chunks % c->classes[1] },
                .number = begin % c->chunks,
                .planes = c->planes };
    const int64_t rows = class_count(w, 1, k.class[1]);
    k.first = k.number * c->rows;
    if (k.first >= rows) return LAR_OK;
    k.rows = rows - k.first < c->rows ? rows - k.first : c->rows;
    k.depth = class_count(w, 0, k.class[0]);
    k.in = w->slabs + (size_t)lar_thread_number() * thread_bytes(w);
    k.out = k.in + (size_t)c->classes[2] * c->slab_bytes;
    k.scratch = k.out + (size_t)c->classes[2] * c->out_slab_bytes;
    lar_thread_alone(true);
    const lar_status status = run_chunk(w, &k);
    lar_thread_alone(false);
    return status;
}

/* Mean and variance of one sample, from the sums of rows in the order of rows. */
static void statistics(const work *w, double *mean, double *variance)
{
    const int64_t *size = w->s->size, channels = w->s->in, rows = size[0] * size[1];
    const double count = (double)(rows * size[2]);
    for (int64_t c = 0; c < channels; c++) mean[c] = variance[c] = 0;
    for (int64_t row = 0; row < rows; row++)
        for (int64_t c = 0; c < channels; c++) {
            mean[c] += (double)w->sums[2 * row * channels + c];
            variance[c] += (double)w->sums[(2 * row + 1) * channels + c];
        }
    for (int64_t c = 0; c < channels; c++) {
        mean[c] /= count;
        variance[c] = variance[c] / count - mean[c] * mean[c];
        if (variance[c] < 0) variance[c] = 0;
    }
}

lar_status lar_slabs_run(const lar_conv_shape *s, int block, const void *packed, void *tensor,
                         const lar_taken *taken, double *mean, double *variance, void *scratch)
{
    lar_status status = LAR_OK;
    work w = work_of(s, block);
    const slab_cut *c = &w.cut;
    const lar_layout one = { 1, s->in, s->size[0] * s->size[1] * s->size[2], block, s->type };
    w.packed = packed;
    w.taken = taken;
    w.saved = scratch;
    w.sums = (float *)(void *)(w.saved + c->saved_bytes);
    w.slabs = w.saved + c->saved_bytes + c->sum_bytes;
    w.scratch_bytes = kernel_scratch(&w);
    if (taken->activates) {
        w.rows.activation = (int)taken->activation;
        w.rows.alpha = (float)taken->alpha;
    }
    for (w.sample = 0; w.sample < s->batch; w.sample++) {
        w.tensor = (char *)tensor + (size_t)w.sample * lar_layout_bytes(&one);
        if (c->saved_bytes) LAR_TRY(lar_parallel(s->size[0], 1, save_plane, &w));
        LAR_TRY(lar_parallel(c->classes[0] * c->classes[1] * c->chunks, 1, chunk_body, &w));
        statistics(&w, mean + w.sample * s->in, variance + w.sample * s->in);
    }
done:
    return status;
}
