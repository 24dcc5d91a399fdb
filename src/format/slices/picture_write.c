/* Voxels to pages, and pages to the bytes of a TIFF or PNG file, with their place beside them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "codec/codec.h"
#include "format/lines.h"
#include "format/slices/picture.h"

enum {
    TIFF_LEVEL = 1, /* the noise of a scan gains little from more */
    PNG_LEVEL = 6
};

lar_status lar_picture_pages(lar_image **out, const lar_image *image, const lar_place *place)
{
    lar_status status = LAR_OK;
    lar_image *channel = NULL, *box = NULL, *turned = NULL;
    int axis[3];
    bool flipped[3];
    int64_t first[3] = { 0, 0, 0 }, size[3];

    *out = NULL;
    lar_place_axes(axis, flipped, place);
    memcpy(size, image->grid.size, sizeof size);
    if (place->count < size[axis[2]]) { /* one slice: of several, step apart, none is asked for */
        first[axis[2]] = lar_place_index(place, place->first);
        size[axis[2]] = 1;
    }
    if (place->channels < image->channels)
        LAR_TRY(lar_image_channel(&channel, image, place->channel));
    LAR_TRY(lar_image_box(&box, channel ? channel : image, first, size));
    LAR_TRY(lar_image_to_axes(&turned, box, axis, flipped));
    LAR_TRY(lar_image_to_type(out, turned, turned->type)); /* contiguous */
done:
    lar_image_free(turned);
    lar_image_free(box);
    lar_image_free(channel);
    return status;
}

/* What ImageJ and Fiji read. Their unit holds for the resolution too: centimetres, TIFF's own. */
static void describe(lar_text *out, const lar_image *pages, const lar_place *place,
                     const double spacing_mm[3])
{
    const int64_t slices = pages->grid.size[2];
    lar_text_add(out, "ImageJ=1.54f\n");
    if (slices * pages->channels > 1)
        lar_text_add(out, "images=%lld\nslices=%lld\n", (long long)(slices * pages->channels),
                     (long long)slices);
    if (pages->channels > 1)
        lar_text_add(out, "frames=%lld\nhyperstack=true\n", (long long)pages->channels);
    lar_text_add(out, "unit=cm\nspacing=");
    lar_add_number(out, spacing_mm[2] / 10);
    lar_text_add(out, "\nloop=false\n");
    lar_place_write(out, place);
}

/* Along columns, rows and pages. */
static void page_spacing(double spacing_mm[3], const lar_place *place)
{
    int axis[3];
    bool flipped[3];
    double spacing[3];
    lar_place_axes(axis, flipped, place);
    lar_grid_spacing(&place->volume, spacing);
    for (int n = 0; n < 3; n++) spacing_mm[n] = spacing[axis[n]];
    spacing_mm[2] *= (double)place->step;
}

lar_status lar_picture_tiff(unsigned char **out, size_t *count, const lar_image *pages,
                            const lar_place *place, int level)
{
    lar_status status = LAR_OK;
    lar_text text = { 0 };
    double spacing_mm[3];
    page_spacing(spacing_mm, place);
    describe(&text, pages, place, spacing_mm);
    if (text.failed) {
        status = lar_fail(LAR_EMEMORY, "out of memory");
        goto done;
    }
    const lar_tiff tiff = { .width = pages->grid.size[0],
                            .height = pages->grid.size[1],
                            .pages = pages->grid.size[2] * pages->channels,
                            .type = pages->type,
                            .resolution = { 10 / spacing_mm[0], 10 / spacing_mm[1] },
                            .unit = LAR_TIFF_CM,
                            .description = text.at };
    LAR_TRY(lar_tiff_write(out, count, &tiff, pages->voxels, level ? level : TIFF_LEVEL));
done:
    lar_text_clear(&text);
    return status;
}

static lar_status refuse_png(const lar_image *pages)
{
    lar_status status;
    if (pages->grid.size[2] * pages->channels > 1) {
        status = lar_fail(LAR_EARGUMENT, "a PNG file holds one slice, not %lld",
                          (long long)(pages->grid.size[2] * pages->channels));
        return lar_hint(status, "larmor slice --format png, or a name that ends in .tif");
    }
    if (pages->type == LAR_U8 || pages->type == LAR_U16) return LAR_OK;
    status = lar_fail(LAR_EARGUMENT, "a PNG file holds uint8 or uint16, not %s",
                      lar_type_name(pages->type));
    return lar_hint(status,
                    "--type uint8, larmor slice --format png with --window, or a name that ends in "
                    ".tif");
}

lar_status lar_picture_png(unsigned char **out, size_t *count, const lar_image *pages,
                           const lar_place *place, int level)
{
    lar_status status = LAR_OK;
    lar_text text = { 0 };
    double spacing_mm[3];
    LAR_TRY(refuse_png(pages));
    page_spacing(spacing_mm, place);
    lar_place_write(&text, place);
    if (text.failed) {
        status = lar_fail(LAR_EMEMORY, "out of memory");
        goto done;
    }
    text.at[text.length - 1] = 0; /* the line's end */
    const lar_png png = { .width = pages->grid.size[0],
                          .height = pages->grid.size[1],
                          .type = pages->type,
                          .per_metre = { 1000 / spacing_mm[0], 1000 / spacing_mm[1] },
                          .text = text.at };
    LAR_TRY(lar_png_write(out, count, &png, pages->voxels,
                          level > 0   ? level
                          : level < 0 ? 0
                                      : PNG_LEVEL));
done:
    lar_text_clear(&text);
    return status;
}
