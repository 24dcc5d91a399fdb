/* Writing NIfTI: a single file or a pair, slope 1, both forms where they can say the same.
 * SPDX-License-Identifier: Apache-2.0 */
#include "codec/codec.h"
#include "format/nifti/nifti.h"

enum { BIGGEST_NIFTI1 = 32767, FIRST_VECTOR_INTENT = 1004, LAST_VECTOR_INTENT = 1007 };

/* Intents whose channels NIfTI keeps in dimension 5: matrices and vectors per voxel. */
static bool is_vector(const lar_image *image)
{
    const int intent = image->notes ? image->notes->intent : 0;
    return image->channels > 1 && intent >= FIRST_VECTOR_INTENT && intent <= LAST_VECTOR_INTENT;
}

static lar_status set_sizes(lar_nifti_header *h, const lar_image *image, int version,
                            const char *path)
{
    int64_t largest = image->channels;
    for (int n = 0; n < 8; n++) h->dim[n] = 1;
    for (int n = 0; n < 3; n++) {
        h->dim[n + 1] = image->grid.size[n];
        if (image->grid.size[n] > largest) largest = image->grid.size[n];
    }
    h->dim[0] = is_vector(image) ? 5 : image->channels > 1 ? 4 : 3;
    h->dim[is_vector(image) ? 5 : 4] = image->channels;
    if (version == 1 && largest > BIGGEST_NIFTI1)
        return lar_fail(LAR_EARGUMENT,
                        "'%s' cannot be NIfTI-1: its largest size is %lld, NIfTI-1 goes to %d",
                        path, (long long)largest, BIGGEST_NIFTI1);
    h->version = version ? version : largest > BIGGEST_NIFTI1 ? 2 : 1;
    return LAR_OK;
}

static void set_notes(lar_nifti_header *h, const lar_notes *notes)
{
    snprintf(h->descrip, sizeof h->descrip, "%.79s", notes->description);
    snprintf(h->intent_name, sizeof h->intent_name, "%.16s", notes->name);
    h->intent_code = notes->intent;
    for (int n = 0; n < 3; n++) h->intent_p[n] = notes->intent_values[n];
    h->cal_min = notes->window[0];
    h->cal_max = notes->window[1];
    if (h->dim[0] < 4) return;
    h->pixdim[4] = notes->step;
    h->xyzt_units |= notes->step_unit & 0x38;
}

static size_t padded(int64_t count)
{
    return (size_t)(count + 8 + 15) / 16 * 16; /* the standard wants multiples of 16 */
}

/* The header with the extensions of the notes (NULL: none), as one block; `single` where the voxels
 * follow it. */
static lar_status make_head(unsigned char **out, size_t *out_count, lar_nifti_header *h,
                            const lar_notes *notes, bool single)
{
    const int64_t extension_count = notes ? notes->extension_count : 0;
    const size_t first = (h->version == 1 ? NIFTI1_BYTES : NIFTI2_BYTES) + NIFTI_FLAG_BYTES;
    size_t count = first;
    for (int64_t n = 0; n < extension_count; n++) {
        if (notes->extensions[n].count > INT32_MAX - 32)
            return lar_fail(LAR_EARGUMENT, "a NIfTI extension cannot have %lld bytes",
                            (long long)notes->extensions[n].count);
        count += padded(notes->extensions[n].count);
    }
    unsigned char *head = lar_alloc((int64_t)count, 1);
    if (!head) return LAR_EMEMORY;
    h->vox_offset = single ? (double)count : 0;
    lar_nifti_encode(head, h);
    head[first - NIFTI_FLAG_BYTES] = extension_count > 0;
    unsigned char *at = head + first;
    for (int64_t n = 0; n < extension_count; n++) {
        const lar_extension *e = &notes->extensions[n];
        const int32_t size = (int32_t)padded(e->count);
        memcpy(at, &size, 4);
        memcpy(at + 4, &e->code, 4);
        if (e->count) memcpy(at + 8, e->bytes, (size_t)e->count);
        at += size;
    }
    *out = head;
    *out_count = count;
    return LAR_OK;
}

static lar_status fill_header(lar_nifti_header *h, const lar_image *image, int version, bool single,
                              const char *path)
{
    *h = (lar_nifti_header){ 0 };
    if (!lar_grid_is_valid(&image->grid))
        return lar_fail(LAR_EGEOMETRY,
                        "cannot write '%s': its grid is empty, singular or not finite", path);
    const lar_status status = set_sizes(h, image, version, path);
    if (status != LAR_OK) return status;
    snprintf(h->magic, sizeof h->magic, "%s%d", single ? "n+" : "ni", h->version);
    h->datatype = lar_nifti_datatype(image->type);
    h->bitpix = 8 * (int64_t)lar_type_size(image->type);
    h->scl_slope = 1;
    /* 1: "scanner", what other tools write for an image of their own */
    const int code = image->notes && image->notes->form_code > 0 ? image->notes->form_code : 1;
    lar_nifti_set_forms(h, &image->grid, code);
    if (image->notes) set_notes(h, image->notes);
    return LAR_OK;
}

lar_status lar_nifti_head(unsigned char **out, size_t *count, const lar_image *image)
{
    lar_nifti_header h;
    const lar_status status = fill_header(&h, image, 1, true, "image.nii");
    return status == LAR_OK ? make_head(out, count, &h, NULL, true) : status;
}

static lar_status put_packed(void *user, const void *bytes, size_t count)
{
    return lar_writer_put(user, bytes, count);
}

/* Head and voxels, one after the other, compressed where the name says so. */
static lar_status put(lar_writer *writer, const char *path, const lar_bytes *parts, int part_count,
                      int level)
{
    lar_status status = LAR_OK;
    if (lar_text_ends(path, ".gz"))
        return lar_gzip_deflate_to(put_packed, writer, parts, part_count,
                                   level > 0 ? level : LAR_GZIP_FAST);
    for (int n = 0; n < part_count && status == LAR_OK; n++)
        status = lar_writer_put(writer, parts[n].at, parts[n].count);
    return status;
}

static lar_status write_single(const char *path, const lar_bytes parts[2],
                               const lar_write_params *params)
{
    lar_status status = LAR_OK;
    lar_writer *writer = NULL;
    LAR_TRY(lar_writer_open(&writer, path, params->force));
    LAR_TRY(put(writer, path, parts, 2, params->level));
    LAR_TRY(lar_writer_commit(writer));
done:
    lar_writer_free(writer);
    return status;
}

/* Both files are complete before either appears. */
static lar_status write_pair(const char *path, const lar_bytes parts[2],
                             const lar_write_params *params)
{
    lar_status status = LAR_OK;
    lar_writer *header = NULL, *image = NULL;
    lar_arena *arena = NULL;
    const bool gz = lar_text_ends(path, ".gz");
    const int stem = (int)(strlen(path) - strlen(gz ? ".hdr.gz" : ".hdr"));

    LAR_TRY(lar_arena_new(&arena));
    const char *header_path = lar_arena_format(arena, "%.*s.hdr%s", stem, path, gz ? ".gz" : "");
    const char *image_path = lar_arena_format(arena, "%.*s.img%s", stem, path, gz ? ".gz" : "");
    if (!header_path || !image_path) {
        status = LAR_EMEMORY;
        goto done;
    }
    LAR_TRY(lar_writer_open(&header, header_path, params->force));
    LAR_TRY(lar_writer_open(&image, image_path, params->force));
    LAR_TRY(put(header, header_path, &parts[0], 1, params->level));
    LAR_TRY(put(image, image_path, &parts[1], 1, params->level));
    LAR_TRY(lar_writer_commit(image));
    LAR_TRY(lar_writer_commit(header));
done:
    lar_writer_free(header);
    lar_writer_free(image);
    lar_arena_free(arena);
    return status;
}

lar_status lar_nifti_write(const lar_image *image, const char *path, const lar_write_params *params)
{
    lar_status status = LAR_OK;
    lar_image *dense = NULL;
    unsigned char *head = NULL;
    size_t head_count = 0;
    lar_nifti_header h;
    const bool single = lar_text_ends(path, ".nii") || lar_text_ends(path, ".nii.gz");

    LAR_TRY(fill_header(&h, image, params->version, single, path));
    LAR_TRY(make_head(&head, &head_count, &h, image->notes, single));
    LAR_TRY(lar_image_to_type(&dense, image, image->type)); /* views become contiguous */
    const size_t bytes =
        (size_t)(lar_image_voxel_count(dense) * dense->channels) * lar_type_size(dense->type);
    const lar_bytes parts[2] = { { head, head_count }, { dense->voxels, bytes } };
    LAR_TRY((single ? write_single : write_pair)(path, parts, params));
done:
    lar_image_free(dense);
    lar_free(head);
    return status;
}
