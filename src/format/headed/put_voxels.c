/* Writing a header that is text and its voxels, in one file or two.
 * SPDX-License-Identifier: Apache-2.0 */
#include "format/headed/put_voxels.h"

#include "codec/codec.h"

lar_status lar_pack_voxels(lar_packed *out, const lar_image *image, lar_packing packing, int level)
{
    const size_t count =
        (size_t)(lar_image_voxel_count(image) * image->channels) * lar_type_size(image->type);
    *out = (lar_packed){ .bytes = image->voxels, .count = count };
    if (packing == LAR_PACKING_NONE || level < 0) return LAR_OK;
    const lar_status status = (packing == LAR_PACKING_ZLIB ? lar_zlib_deflate : lar_gzip_deflate)(
        &out->own, &out->count, image->voxels, count, level ? level : LAR_GZIP_FAST);
    out->bytes = out->own;
    return status;
}

lar_status lar_put_voxels(const char *path, const lar_text *head, const char *beside,
                          const lar_packed *voxels, bool force)
{
    lar_status status = LAR_OK;
    lar_writer *header = NULL, *image = NULL;

    if (head->failed) return LAR_EMEMORY;
    LAR_TRY(lar_writer_open(&header, path, force));
    if (beside) LAR_TRY(lar_writer_open(&image, beside, force));
    LAR_TRY(lar_writer_put(header, head->at, head->length));
    LAR_TRY(lar_writer_put(image ? image : header, voxels->bytes, voxels->count));
    if (image) LAR_TRY(lar_writer_commit(image));
    LAR_TRY(lar_writer_commit(header));
done:
    lar_writer_free(header);
    lar_writer_free(image);
    return status;
}
