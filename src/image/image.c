/* Images: shared storage, views, notes.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>

#include "base/base.h"
#include "image/image.h"

struct lar_buffer {
    atomic_int_fast64_t holders;
    void *bytes;
    size_t count;
    lar_buffer_release release;
};

static const struct {
    const char *name;
    size_t size;
} types[] = {
    [LAR_U8] = { "uint8", 1 },    [LAR_I8] = { "int8", 1 },    [LAR_U16] = { "uint16", 2 },
    [LAR_I16] = { "int16", 2 },   [LAR_U32] = { "uint32", 4 }, [LAR_I32] = { "int32", 4 },
    [LAR_U64] = { "uint64", 8 },  [LAR_I64] = { "int64", 8 },  [LAR_F32] = { "float32", 4 },
    [LAR_F64] = { "float64", 8 },
};

const char *lar_type_name(lar_type type)
{
    return types[type].name;
}

size_t lar_type_size(lar_type type)
{
    return types[type].size;
}

static void release_alloc(void *bytes, size_t count)
{
    (void)count;
    lar_free(bytes);
}

lar_status lar_buffer_new(lar_buffer **out, void *bytes, size_t count, lar_buffer_release release)
{
    lar_buffer *buffer = lar_alloc(1, sizeof *buffer);
    *out = buffer;
    if (!buffer) {
        if (release) release(bytes, count);
        return LAR_EMEMORY;
    }
    atomic_init(&buffer->holders, 1);
    buffer->bytes = bytes;
    buffer->count = count;
    buffer->release = release;
    return LAR_OK;
}

static void buffer_drop(lar_buffer *buffer)
{
    if (!buffer || atomic_fetch_sub(&buffer->holders, 1) > 1) return;
    if (buffer->release) buffer->release(buffer->bytes, buffer->count);
    lar_free(buffer);
}

lar_status lar_notes_new(lar_notes **out, int64_t extension_count)
{
    lar_notes *notes = lar_alloc(1, sizeof *notes);
    *out = NULL;
    if (!notes) return LAR_EMEMORY;
    notes->holders = 1;
    notes->extensions = lar_alloc(extension_count, sizeof *notes->extensions);
    if (!notes->extensions) {
        lar_free(notes);
        return LAR_EMEMORY;
    }
    notes->extension_count = extension_count;
    *out = notes;
    return LAR_OK;
}

void lar_notes_drop(lar_notes *notes)
{
    if (!notes || __atomic_fetch_sub(&notes->holders, 1, __ATOMIC_ACQ_REL) > 1) return;
    for (int64_t n = 0; n < notes->extension_count; n++) lar_free(notes->extensions[n].bytes);
    lar_free(notes->extensions);
    lar_free(notes);
}

void lar_image_set_notes(lar_image *image, lar_notes *notes)
{
    if (notes) __atomic_fetch_add(&notes->holders, 1, __ATOMIC_ACQ_REL);
    lar_notes_drop(image->notes);
    image->notes = notes;
}

lar_status lar_image_over(lar_image **out, const lar_grid *grid, int64_t channels, lar_type type,
                          lar_buffer *buffer, void *voxels)
{
    lar_image *image = lar_alloc(1, sizeof *image);
    *out = image;
    if (!image) {
        buffer_drop(buffer);
        return LAR_EMEMORY;
    }
    image->grid = *grid;
    image->channels = channels;
    image->type = type;
    image->stride[0] = 1;
    for (int a = 0; a < 3; a++) image->stride[a + 1] = image->stride[a] * grid->size[a];
    image->voxels = voxels;
    image->buffer = buffer;
    return LAR_OK;
}

static lar_status image_make(lar_image **out, const lar_grid *grid, int64_t channels, lar_type type,
                             bool zero)
{
    const int64_t factors[4] = { grid->size[0], grid->size[1], grid->size[2], channels };
    size_t bytes;
    lar_buffer *buffer;

    *out = NULL;
    for (int n = 0; n < 4; n++)
        if (factors[n] < 1)
            return lar_fail(LAR_EARGUMENT, "an image cannot have %lld voxels along an axis",
                            (long long)factors[n]);
    if (!lar_size_product(&bytes, factors, 4, lar_type_size(type)))
        return lar_fail(LAR_EMEMORY, "an image of %lldx%lldx%lldx%lld voxels cannot be addressed",
                        (long long)factors[0], (long long)factors[1], (long long)factors[2],
                        (long long)factors[3]);
    void *voxels = zero ? lar_alloc((int64_t)bytes, 1) : lar_alloc_raw((int64_t)bytes, 1);
    if (!voxels) return LAR_EMEMORY;
    const lar_status status = lar_buffer_new(&buffer, voxels, bytes, release_alloc);
    if (status != LAR_OK) return status;
    return lar_image_over(out, grid, channels, type, buffer, voxels);
}

lar_status lar_image_new(lar_image **out, const lar_grid *grid, int64_t channels, lar_type type)
{
    return image_make(out, grid, channels, type, true);
}

lar_status lar_image_blank(lar_image **out, const lar_image *model, lar_type type)
{
    const lar_status status = image_make(out, &model->grid, model->channels, type, false);
    if (status == LAR_OK) lar_image_set_notes(*out, model->notes);
    return status;
}

lar_status lar_image_like(lar_image **out, const lar_image *model, lar_type type)
{
    const lar_status status = lar_image_new(out, &model->grid, model->channels, type);
    if (status == LAR_OK) lar_image_set_notes(*out, model->notes);
    return status;
}

/* A second image over the same storage. */
static lar_status image_share(lar_image **out, const lar_image *in)
{
    lar_image *view = lar_alloc(1, sizeof *view);
    *out = view;
    if (!view) return LAR_EMEMORY;
    *view = *in;
    view->notes = NULL;
    lar_image_set_notes(view, in->notes);
    atomic_fetch_add(&view->buffer->holders, 1);
    return LAR_OK;
}

static void view_move(lar_image *view, int64_t elements)
{
    view->voxels = (char *)view->voxels + elements * (int64_t)lar_type_size(view->type);
}

lar_status lar_image_box(lar_image **out, const lar_image *in, const int64_t first[3],
                         const int64_t size[3])
{
    *out = NULL;
    for (int a = 0; a < 3; a++)
        if (first[a] < 0 || size[a] < 1 || first[a] > in->grid.size[a] - size[a])
            return lar_fail(LAR_EARGUMENT,
                            "the box from voxel %lld of %lld voxels leaves an image of %lld along "
                            "axis %c",
                            (long long)first[a], (long long)size[a], (long long)in->grid.size[a],
                            "ijk"[a]);
    const lar_status status = image_share(out, in);
    if (status != LAR_OK) return status;
    (*out)->grid = lar_grid_box(&in->grid, first, size);
    for (int a = 0; a < 3; a++) view_move(*out, first[a] * in->stride[a]);
    return LAR_OK;
}

lar_status lar_image_channel(lar_image **out, const lar_image *in, int64_t channel)
{
    *out = NULL;
    if (channel < 0 || channel >= in->channels)
        return lar_fail(LAR_EARGUMENT, "there is no volume %lld in an image of %lld",
                        (long long)channel, (long long)in->channels);
    const lar_status status = image_share(out, in);
    if (status != LAR_OK) return status;
    (*out)->channels = 1;
    view_move(*out, channel * in->stride[3]);
    return LAR_OK;
}

lar_status lar_image_to_axes(lar_image **out, const lar_image *in, const int axis[3],
                             const bool flipped[3])
{
    const lar_status status = image_share(out, in);
    if (status != LAR_OK) return status;
    (*out)->grid = lar_grid_to_axes(&in->grid, axis, flipped);
    for (int n = 0; n < 3; n++) {
        const int64_t stride = in->stride[axis[n]];
        (*out)->stride[n] = flipped[n] ? -stride : stride;
        if (flipped[n]) view_move(*out, (in->grid.size[axis[n]] - 1) * stride);
    }
    return LAR_OK;
}

lar_status lar_image_to_ras(lar_image **out, const lar_image *in)
{
    int axis[3];
    bool flipped[3];
    lar_grid_axis_order(&in->grid, axis, flipped);
    return lar_image_to_axes(out, in, axis, flipped);
}

lar_status lar_image_reorient(lar_image **out, const lar_image *in, const char *code)
{
    int order[3], axis[3];
    bool backward[3], flipped[3];
    *out = NULL;
    const lar_status status = lar_axes_parse(axis, flipped, code);
    if (status != LAR_OK) return status;
    lar_grid_axis_order(&in->grid, order, backward);
    for (int n = 0; n < 3; n++) {
        flipped[n] = flipped[n] != backward[axis[n]];
        axis[n] = order[axis[n]];
    }
    return lar_image_to_axes(out, in, axis, flipped);
}

bool lar_image_is_contiguous(const lar_image *image)
{
    int64_t stride = 1;
    for (int a = 0; a < 4; a++) {
        const int64_t size = a < 3 ? image->grid.size[a] : image->channels;
        if (size > 1 && image->stride[a] != stride) return false;
        stride *= size;
    }
    return true;
}

bool lar_image_writable(const lar_image *image)
{
    return atomic_load(&image->buffer->holders) == 1;
}

int64_t lar_image_voxel_count(const lar_image *image)
{
    return image->grid.size[0] * image->grid.size[1] * image->grid.size[2];
}

void lar_image_free(lar_image *image)
{
    if (!image) return;
    buffer_drop(image->buffer);
    lar_notes_drop(image->notes);
    lar_free(image);
}
