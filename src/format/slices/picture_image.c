/* TIFF and PNG as images: the rows of the table of formats, and the way from pages to voxels.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "codec/codec.h"
#include "format/slices/picture.h"

lar_grid lar_picture_grid(const lar_picture *p)
{
    if (p->placed) return lar_place_grid(&p->place, p->place.first, p->place.count);
    lar_grid grid = { .size = { p->width, p->height, p->slices } };
    const bool known = p->spacing_mm[0] > 0 && p->spacing_mm[1] > 0;
    grid.to_world.m[0][0] = known ? p->spacing_mm[0] : 1;
    grid.to_world.m[1][1] = known ? -p->spacing_mm[1] : -1; /* the front is at the top */
    grid.to_world.m[2][2] = p->spacing_mm[2] > 0 ? p->spacing_mm[2] : 1;
    return grid;
}

lar_type lar_picture_type(const lar_picture *p)
{
    const lar_place *place = &p->place;
    if (!p->placed || !place->scaled) return p->type;
    /* grey values at most 1 apart: the integers that they were before come back by rounding */
    if (place->meant != LAR_F64 && place->meant != LAR_F32 && place->slope <= 1)
        return place->meant;
    return LAR_F32;
}

static void release_block(void *bytes, size_t count)
{
    (void)count;
    lar_free(bytes);
}

/* Pages as an image whose axes are columns, rows and pages; takes over the pixels. */
static lar_status over_pages(lar_image **out, lar_picture *p)
{
    lar_status status = LAR_OK;
    lar_buffer *buffer;
    unsigned char *pixels = p->pixels;
    const lar_grid grid = { .size = { p->width, p->height, p->slices },
                            .to_world.m = { { 1, 0, 0, 0 }, { 0, 1, 0, 0 }, { 0, 0, 1, 0 } } };
    const int64_t count = p->width * p->height * p->slices * p->channels;
    p->pixels = NULL;
    LAR_TRY(lar_buffer_new(&buffer, pixels, (size_t)count * lar_type_size(p->type), release_block));
    LAR_TRY(lar_image_over(out, &grid, p->channels, p->type, buffer, pixels));
    if (p->interleaved) {
        (*out)->stride[3] = p->width * p->height;
        (*out)->stride[2] = p->width * p->height * p->channels;
    }
done:
    return status;
}

/* What the grey values meant before they were fitted into the picture. */
static lar_status unscale(lar_image **image, const lar_picture *p)
{
    lar_status status = LAR_OK;
    lar_image *made = NULL;
    double *row = NULL;
    const lar_place *place = &p->place;

    LAR_TRY(lar_image_like(&made, *image, lar_picture_type(p)));
    row = lar_alloc(p->width, sizeof *row);
    if (!row) {
        status = LAR_EMEMORY;
        goto done;
    }
    for (int64_t r = 0; r < p->height * p->slices * p->channels; r++) {
        const int64_t j = r % p->height, k = r / p->height % p->slices;
        const int64_t c = r / p->height / p->slices;
        lar_image_load(row, *image, 0, j, k, c, p->width);
        for (int64_t i = 0; i < p->width; i++) row[i] = row[i] * place->slope + place->inter;
        lar_image_store(made, 0, j, k, c, row, p->width);
    }
    lar_image_free(*image);
    *image = made;
    made = NULL;
done:
    lar_free(row);
    lar_image_free(made);
    return status;
}

lar_status lar_picture_image(lar_image **out, lar_picture *p)
{
    lar_status status = LAR_OK;
    lar_image *pages = NULL, *turned = NULL;
    int axis[3] = { 0, 1, 2 }, back[3] = { 0, 1, 2 };
    bool flipped[3] = { false }, back_flipped[3] = { false };

    *out = NULL;
    LAR_TRY(over_pages(&pages, p));
    if (p->placed && p->place.scaled) LAR_TRY(unscale(&pages, p));
    if (p->placed) lar_place_axes(axis, flipped, &p->place);
    for (int n = 0; n < 3; n++) {
        back[axis[n]] = n;
        back_flipped[axis[n]] = flipped[n];
    }
    LAR_TRY(lar_image_to_axes(&turned, pages, back, back_flipped));
    LAR_TRY(lar_image_to_type(out, turned, turned->type)); /* contiguous */
    (*out)->grid = lar_picture_grid(p);
done:
    lar_image_free(turned);
    lar_image_free(pages);
    return status;
}

/* The header alone where out is NULL. */
static lar_status picture_open(lar_image **out, lar_image_about *about, lar_source *source)
{
    lar_status status = LAR_OK;
    lar_picture p = { 0 };
    lar_source whole = { 0 };

    /* what is said of a page may stand at the end of the file */
    if (source->partial) LAR_TRY(lar_source_open(&whole, source->path, false));
    LAR_TRY(lar_picture_open(&p, &about->warnings, source->partial ? &whole : source, out != NULL));
    LAR_TRY(lar_notes_new(&about->notes, 0));
    about->format = p.format;
    about->swapped = p.swapped;
    about->grid = lar_picture_grid(&p);
    about->channels = p.channels;
    about->stored = p.type;
    about->type = lar_picture_type(&p);
    about->slope = p.placed && p.place.scaled ? p.place.slope : 1;
    about->inter = p.placed && p.place.scaled ? p.place.inter : 0;
    about->affine_from = p.placed              ? "line that larmor wrote"
                         : p.spacing_mm[0] > 0 ? "resolution"
                                               : "pixels";
    about->dims = p.channels > 1 ? 4 : p.slices > 1 ? 3 : 2;
    const int64_t dim[4] = { p.width, p.height, p.slices, p.channels };
    memcpy(about->dim, dim, (size_t)about->dims * sizeof *dim);
    if (!lar_grid_is_valid(&about->grid)) {
        status = lar_fail(LAR_EFORMAT, "the pixels of '%s' have no size that can be: %g x %g mm",
                          source->path, p.spacing_mm[0], p.spacing_mm[1]);
        goto done;
    }
    if (!out) goto done;
    LAR_TRY(lar_picture_image(out, &p));
    lar_image_set_notes(*out, about->notes);
done:
    lar_picture_clear(&p);
    lar_source_clear(&whole);
    return status;
}

static lar_status picture_about(lar_image_about *about, lar_source *source, int form)
{
    (void)form;
    return picture_open(NULL, about, source);
}

static lar_status picture_read(lar_image **out, lar_image_about *about, lar_source *source,
                               int form)
{
    (void)form;
    return picture_open(out, about, source);
}

static lar_status write_with(const lar_image *image, const char *path,
                             const lar_write_params *params, lar_picture_encode encode)
{
    lar_status status = LAR_OK;
    lar_image *pages = NULL;
    unsigned char *bytes = NULL;
    size_t count = 0;
    lar_place place;

    if (!lar_grid_is_valid(&image->grid))
        return lar_fail(LAR_EGEOMETRY,
                        "cannot write '%s': its grid is empty, singular or not finite", path);
    lar_place_whole(&place, image);
    LAR_TRY(lar_picture_pages(&pages, image, &place));
    status = encode(&bytes, &count, pages, &place, params->level);
    if (status != LAR_OK) {
        lar_while(status, "cannot write '%s'", path);
        goto done;
    }
    LAR_TRY(lar_file_write(path, bytes, count, params->force));
done:
    lar_free(bytes);
    lar_image_free(pages);
    return status;
}

static lar_status tiff_write(const lar_image *image, const char *path,
                             const lar_write_params *params)
{
    return write_with(image, path, params, lar_picture_tiff);
}

static lar_status png_write(const lar_image *image, const char *path,
                            const lar_write_params *params)
{
    return write_with(image, path, params, lar_picture_png);
}

static bool tiff_sniff(const lar_source *source)
{
    return lar_tiff_is(source->head, source->head_count);
}

static bool png_sniff(const lar_source *source)
{
    return lar_png_is(source->head, source->head_count);
}

static const char *const tiff_suffixes[] = { ".tif", ".tiff", NULL };
static const char *const png_suffixes[] = { ".png", NULL };

const lar_format lar_format_tiff = {
    .name = "TIFF",
    .suffixes = tiff_suffixes,
    .sniff = tiff_sniff,
    .about = picture_about,
    .read = picture_read,
    .write = tiff_write,
};

const lar_format lar_format_png = {
    .name = "PNG",
    .suffixes = png_suffixes,
    .sniff = png_sniff,
    .about = picture_about,
    .read = picture_read,
    .write = png_write,
};
