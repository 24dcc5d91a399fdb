/* What a TIFF or PNG file says of its pixels: by larmor's own line, by ImageJ's description
 * (https://imagej.net/ij/source/ij/io/FileInfo.java names its keys), by the tags of resolution.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "codec/codec.h"
#include "format/slices/picture.h"

/* ImageJ's description: lines of key=value. */
typedef struct imagej {
    int64_t images, channels, slices, frames; /* 0: not said */
    double spacing;                           /* between slices, in `unit` */
    double unit_mm;                           /* 0: not said, or pixels */
    bool there;
} imagej;

static double unit_of(const char *word)
{
    static const struct {
        const char *word;
        double mm;
    } units[] = { { "mm", 1 },         { "millimeter", 1 },   { "cm", 10 },
                  { "m", 1000 },       { "inch", 25.4 },      { "um", 1e-3 },
                  { "micron", 1e-3 },  { "\xc2\xb5m", 1e-3 }, { "\\u00B5m", 1e-3 },
                  { "microns", 1e-3 }, { "nm", 1e-6 } };
    for (size_t n = 0; n < sizeof units / sizeof *units; n++)
        if (lar_text_is(word, units[n].word)) return units[n].mm;
    return 0;
}

static void imagej_line(imagej *out, const char *key, const char *value)
{
    int64_t *const counts[] = { &out->images, &out->channels, &out->slices, &out->frames };
    static const char *const keys[] = { "images", "channels", "slices", "frames" };
    int64_t count;
    for (int n = 0; n < 4; n++)
        if (lar_text_is(key, keys[n]) && lar_parse_int(&count, value) && count > 0)
            *counts[n] = count;
    if (lar_text_is(key, "unit")) out->unit_mm = unit_of(value);
    if (lar_text_is(key, "spacing") && lar_parse_real(&out->spacing, value))
        out->spacing = fabs(out->spacing);
}

static imagej imagej_read(const char *text)
{
    imagej out = { .there = text && lar_text_starts(text, "ImageJ=") };
    for (const char *at = out.there ? text : ""; *at;) {
        char line[100];
        const size_t length = strcspn(at, "\r\n");
        snprintf(line, sizeof line, "%.*s", length < 99 ? (int)length : 99, at);
        char *value = strchr(line, '=');
        if (value) *value = 0;
        if (value) imagej_line(&out, line, value + 1);
        at += length + (at[length] != 0);
    }
    return out;
}

/* How the pages divide into slices and volumes. */
static lar_status divide(lar_picture *p, int64_t pages, const imagej *j)
{
    p->slices = pages;
    p->channels = 1;
    if (j->images && j->images != pages)
        return lar_fail(LAR_EUNSUPPORTED,
                        "'%s' says that it has %lld images, but has %lld pages: pixels beyond the "
                        "pages, as ImageJ writes them for large files, are not read",
                        p->name, (long long)j->images, (long long)pages);
    const int64_t channels = j->channels ? j->channels : 1, frames = j->frames ? j->frames : 1;
    if (channels == 1 && frames == 1) return LAR_OK;
    const int64_t slices = j->slices ? j->slices : 1;
    if ((double)channels * (double)frames * (double)slices != (double)pages)
        return lar_fail(
            LAR_EFORMAT,
            "'%s' says that its %lld pages are %lld slices of %lld channels at %lld times", p->name,
            (long long)pages, (long long)slices, (long long)channels, (long long)frames);
    if (channels > 1 && frames > 1)
        return lar_fail(LAR_EUNSUPPORTED,
                        "'%s' has %lld channels at %lld times; larmor reads one of both", p->name,
                        (long long)channels, (long long)frames);
    p->slices = slices;
    p->channels = channels * frames;
    p->interleaved = channels > 1;
    return LAR_OK;
}

/* Millimetres that a unit of the resolution has. */
static double resolution_unit(const lar_tiff *t, const imagej *j)
{
    if (j->unit_mm > 0) return j->unit_mm; /* ImageJ divides by it whatever the tag says */
    if (t->unit == LAR_TIFF_CM) return 10;
    /* 72 per inch is what programs write that know nothing */
    return t->unit == LAR_TIFF_INCH && t->resolution[0] != 72 ? 25.4 : 0;
}

static lar_status open_tiff(lar_picture *p, char **text, lar_text *warnings,
                            const lar_source *source, bool pixels)
{
    lar_status status = LAR_OK;
    lar_tiff tiff = { 0 };

    p->format = "TIFF";
    if (pixels)
        LAR_TRY(lar_tiff_read(&p->pixels, &tiff, source->bytes, source->count, source->path));
    else
        LAR_TRY(lar_tiff_look(&tiff, source->bytes, source->count, source->path));
    const imagej j = imagej_read(tiff.description);
    const double unit = resolution_unit(&tiff, &j);
    p->width = tiff.width;
    p->height = tiff.height;
    p->type = tiff.type;
    p->swapped = tiff.swapped;
    for (int n = 0; n < 2; n++)
        if (tiff.resolution[n] > 0) p->spacing_mm[n] = unit / tiff.resolution[n];
    p->spacing_mm[2] = j.spacing * j.unit_mm;
    LAR_TRY(divide(p, tiff.pages, &j));
    if (*tiff.warning) lar_text_add(warnings, "libtiff says: %s\n", tiff.warning);
    if (tiff.description && strstr(tiff.description, "<OME"))
        lar_text_add(warnings, "what it says in OME's way is not read: its %lld pages are slices\n",
                     (long long)tiff.pages);
    *text = tiff.description;
    tiff.description = NULL;
done:
    lar_tiff_clear(&tiff);
    return status;
}

static lar_status open_png(lar_picture *p, char **text, const lar_source *source, bool pixels)
{
    lar_status status = LAR_OK;
    lar_png png = { 0 };

    p->format = "PNG";
    if (pixels)
        LAR_TRY(lar_png_read(&p->pixels, &png, source->bytes, source->count, source->path));
    else
        LAR_TRY(lar_png_look(&png, source->bytes, source->count, source->path));
    p->width = png.width;
    p->height = png.height;
    p->slices = p->channels = 1;
    p->type = png.type;
    for (int n = 0; n < 2; n++)
        if (png.per_metre[n] > 0) p->spacing_mm[n] = 1000 / png.per_metre[n];
    *text = png.text;
    png.text = NULL;
done:
    lar_png_clear(&png);
    return status;
}

/* Does the place that the text says agree with the pixels? */
static lar_status check_place(lar_picture *p, lar_text *warnings)
{
    int axis[3];
    bool flipped[3];
    double spacing[3];
    const lar_place *place = &p->place;
    const int64_t *size = place->volume.size;
    lar_place_axes(axis, flipped, place);
    lar_grid_spacing(&place->volume, spacing);
    if (p->width != size[axis[0]] || p->height != size[axis[1]] ||
        p->slices * p->channels != place->count * place->channels) {
        const lar_status status = lar_fail(
            LAR_EGEOMETRY,
            "'%s' has %lld pages of %lldx%lld pixels, but larmor's geometry in it is of %lld "
            "pages of %lldx%lld",
            p->name, (long long)(p->slices * p->channels), (long long)p->width,
            (long long)p->height, (long long)(place->count * place->channels),
            (long long)size[axis[0]], (long long)size[axis[1]]);
        return lar_hint(status, "the slice as larmor wrote it, or one without that text");
    }
    p->slices = place->count;
    p->channels = place->channels;
    p->interleaved = false;
    if (p->type != place->type)
        lar_text_add(warnings, "its pixels are %s, larmor wrote %s\n", lar_type_name(p->type),
                     lar_type_name(place->type));
    for (int n = 0; n < 2; n++) /* 1 pixel in a metre: PNG says no fractions of it */
        if (p->spacing_mm[n] > 0 && fabs(1000 / p->spacing_mm[n] - 1000 / spacing[axis[n]]) >
                                        0.51 + 1e-4 * 1000 / spacing[axis[n]])
            lar_text_add(
                warnings,
                "its resolution says %.6g mm %s, larmor's geometry %.6g mm; the geometry is "
                "taken\n",
                p->spacing_mm[n], n ? "down a column" : "along a row", spacing[axis[n]]);
    for (int n = 0; n < 3; n++)
        p->spacing_mm[n] = spacing[axis[n]] * (n == 2 ? (double)place->step : 1);
    return LAR_OK;
}

static void say_no_place(const lar_picture *p, lar_text *warnings)
{
    lar_text_add(warnings, "it says no place in the patient: %s%s\n",
                 p->spacing_mm[0] > 0 && p->spacing_mm[1] > 0 ? "pixels as large as its resolution"
                                                              : "pixels of 1 mm",
                 p->slices == 1         ? ""
                 : p->spacing_mm[2] > 0 ? ", slices as far apart as it says"
                                        : ", slices 1 mm apart");
}

lar_status lar_picture_open(lar_picture *out, lar_text *warnings, const lar_source *source,
                            bool pixels)
{
    lar_status status = LAR_OK;
    char *text = NULL;

    *out = (lar_picture){ .name = source->path };
    if (source->gzip) {
        status = lar_fail(LAR_EUNSUPPORTED, "'%s' is a picture inside gzip", source->path);
        lar_hint(status, "gunzip first");
        goto done;
    }
    if (lar_png_is(source->head, source->head_count))
        LAR_TRY(open_png(out, &text, source, pixels));
    else
        LAR_TRY(open_tiff(out, &text, warnings, source, pixels));
    LAR_TRY(lar_place_read(&out->place, &out->placed, text, source->path));
    if (out->placed)
        LAR_TRY(check_place(out, warnings));
    else
        say_no_place(out, warnings);
done:
    lar_free(text);
    return status;
}

bool lar_picture_is(const lar_source *source)
{
    return lar_png_is(source->head, source->head_count) ||
           lar_tiff_is(source->head, source->head_count);
}

void lar_picture_clear(lar_picture *picture)
{
    lar_free(picture->pixels);
    picture->pixels = NULL;
}
