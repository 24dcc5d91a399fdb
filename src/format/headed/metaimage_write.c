/* Writing MetaImage: .mha in one piece, .mhd with .zraw or .raw beside it; header as ITK writes it.
 * Several channels are interleaved; those of known distance in time are a fourth dimension.
 * SPDX-License-Identifier: Apache-2.0 */
#include "format/headed/metaimage.h"
#include "format/headed/put_voxels.h"
#include "format/lines.h"

static void add_key(lar_text *head, const char *key, const double *values, int64_t count)
{
    lar_text_add(head, "%s =", key);
    for (int64_t n = 0; n < count; n++) {
        lar_text_add(head, " ");
        lar_add_number(head, values[n] + 0.0); /* no -0 */
    }
    lar_text_add(head, "\n");
}

/* Where each axis comes from, as ITK has it: "RAI" where it runs to L, P, S. */
static void add_anatomy(lar_text *head, const lar_grid *grid)
{
    static const char toward[] = "RASLPI", from[] = "LPIRAS";
    char code[4];
    lar_grid_axes(grid, code);
    for (int n = 0; n < 3; n++) code[n] = from[strchr(toward, code[n]) - toward];
    lar_text_add(head, "AnatomicalOrientation = %s\n", code);
}

static void add_place(lar_text *head, const lar_image *image, int64_t dims, double step)
{
    const lar_affine *a = &image->grid.to_world;
    double spacing[4], matrix[16] = { 0 }, offset[4] = { 0 };
    const double zero[4] = { 0 };
    lar_grid_spacing(&image->grid, spacing);
    spacing[3] = step;
    matrix[15] = 1;
    for (int r = 0; r < 3; r++) { /* RAS to LPS: x and y change sign */
        const double sign = r < 2 ? -1 : 1;
        for (int n = 0; n < 3; n++) matrix[n * dims + r] = sign * a->m[r][n] / spacing[n];
        offset[r] = sign * a->m[r][3];
    }
    add_key(head, "TransformMatrix", matrix, dims * dims);
    add_key(head, "Offset", offset, dims);
    add_key(head, "CenterOfRotation", zero, dims);
    if (dims == 3) add_anatomy(head, &image->grid);
    add_key(head, "ElementSpacing", spacing, dims);
}

static void fill_head(lar_text *head, const lar_image *image, const lar_packed *voxels, bool series,
                      const char *data_file)
{
    const bool packed = voxels->own != NULL;
    lar_text_add(head,
                 "ObjectType = Image\nNDims = %d\nBinaryData = True\n"
                 "BinaryDataByteOrderMSB = False\nCompressedData = %s\n",
                 series ? 4 : 3, packed ? "True" : "False");
    if (packed) lar_text_add(head, "CompressedDataSize = %zu\n", voxels->count);
    add_place(head, image, series ? 4 : 3, series ? image->notes->step : 0);
    lar_text_add(head, "DimSize = %lld %lld %lld", (long long)image->grid.size[0],
                 (long long)image->grid.size[1], (long long)image->grid.size[2]);
    if (series) lar_text_add(head, " %lld", (long long)image->channels);
    lar_text_add(head, "\n");
    if (!series && image->channels > 1)
        lar_text_add(head, "ElementNumberOfChannels = %lld\n", (long long)image->channels);
    lar_text_add(head, "ElementType = %s\nElementDataFile = %s\n", lar_metaimage_type(image->type),
                 data_file);
}

typedef struct mix_job {
    unsigned char *out;
    const unsigned char *in;
    size_t size;
    int64_t channels, count; /* of voxels in a channel */
} mix_job;

static lar_status mix_piece(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const mix_job *job = arg;
    (void)piece;
    for (int64_t c = 0; c < job->channels; c++)
        for (int64_t n = begin; n < end; n++)
            memcpy(job->out + (size_t)(n * job->channels + c) * job->size,
                   job->in + (size_t)(c * job->count + n) * job->size, job->size);
    return LAR_OK;
}

/* An image whose voxels are those of `in`, the channels of each side by side: for writing alone. */
static lar_status mix_channels(lar_image **out, const lar_image *in)
{
    lar_status status = lar_image_blank(out, in, in->type);
    if (status != LAR_OK) return status;
    mix_job job = { (*out)->voxels, in->voxels, lar_type_size(in->type), in->channels,
                    lar_image_voxel_count(in) };
    return lar_parallel(job.count, 1 << 16, mix_piece, &job);
}

lar_status lar_metaimage_write(const lar_image *image, const char *path,
                               const lar_write_params *params)
{
    lar_status status = LAR_OK;
    lar_image *dense = NULL, *mixed = NULL;
    lar_packed voxels = { 0 };
    lar_text head = { 0 };
    lar_arena *arena = NULL;
    const char *beside = NULL;
    const bool series = image->channels > 1 && image->notes && image->notes->step > 0;

    if (!lar_grid_is_valid(&image->grid))
        return lar_fail(LAR_EGEOMETRY,
                        "cannot write '%s': its grid is empty, singular or not finite", path);
    LAR_TRY(lar_arena_new(&arena));
    LAR_TRY(lar_image_to_type(&dense, image, image->type)); /* views become contiguous */
    if (image->channels > 1 && !series) LAR_TRY(mix_channels(&mixed, dense));
    LAR_TRY(lar_pack_voxels(&voxels, mixed ? mixed : dense, LAR_PACKING_ZLIB, params->level));
    if (lar_text_ends(path, ".mhd")) {
        beside = lar_header_sibling(arena, path, ".mhd", voxels.own ? ".zraw" : ".raw");
        if (!beside) {
            status = LAR_EMEMORY;
            goto done;
        }
    }
    fill_head(&head, image, &voxels, series, beside ? lar_path_name(beside) : "LOCAL");
    LAR_TRY(lar_put_voxels(path, &head, beside, &voxels, params->force));
done:
    lar_text_clear(&head);
    lar_free(voxels.own);
    lar_image_free(mixed);
    lar_image_free(dense);
    lar_arena_free(arena);
    return status;
}
