/* Pages by cairo: PNG, SVG or PDF through the atomic writer. Fonts are the system's; where there
 * are none cairo draws letters of its own.
 * SPDX-License-Identifier: Apache-2.0 */
#include <cairo-pdf.h>
#include <cairo-svg.h>

#include "codec/codec.h"
#include "report/canvas.h"
#include "report/report.h"

struct lar_canvas {
    lar_writer *writer; /* or */
    lar_text *kept;     /* borrowed */
    lar_arena *arena;
    const char *path; /* of a kept picture: its suffix alone */
    cairo_surface_t *surface;
    cairo_t *cr;
    lar_status write_status;
};

static bool ends_any_case(const char *path, const char *suffix)
{
    const size_t length = strlen(path), tail = strlen(suffix);
    if (length < tail) return false;
    for (size_t n = 0; n < tail; n++)
        if ((path[length - tail + n] | 0x20) != (suffix[n] | 0x20)) return false;
    return true;
}

static cairo_status_t put(void *user, const unsigned char *bytes, unsigned int count)
{
    lar_canvas *canvas = user;
    if (canvas->kept)
        lar_text_add_bytes(canvas->kept, (const char *)bytes, count);
    else if (canvas->write_status == LAR_OK)
        canvas->write_status = lar_writer_put(canvas->writer, bytes, count);
    return canvas->write_status == LAR_OK ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

static lar_status cairo_failed(const lar_canvas *canvas, cairo_status_t failure)
{
    if (canvas->write_status != LAR_OK) return canvas->write_status; /* its sentence stands */
    const bool memory = failure == CAIRO_STATUS_NO_MEMORY;
    return lar_fail(memory ? LAR_EMEMORY : LAR_EINTERNAL, "cannot draw '%s': %s", canvas->path,
                    cairo_status_to_string(failure));
}

lar_status lar_picture_check(const char *path)
{
    if (ends_any_case(path, ".png") || ends_any_case(path, ".svg") || ends_any_case(path, ".pdf"))
        return LAR_OK;
    const lar_status status =
        lar_fail(LAR_EARGUMENT, "the name '%s' does not say which kind of picture", path);
    return lar_hint(status, "a name that ends in .png, .svg or .pdf");
}

lar_status lar_canvas_open(lar_canvas **out, const char *path, bool force)
{
    lar_canvas *canvas = NULL;

    *out = NULL;
    lar_status status = lar_picture_check(path);
    if (status != LAR_OK) return status;
    canvas = lar_alloc(1, sizeof *canvas);
    if (!canvas) return LAR_EMEMORY;
    LAR_TRY(lar_arena_new(&canvas->arena));
    canvas->path = lar_arena_text(canvas->arena, path, strlen(path));
    if (!canvas->path) {
        status = LAR_EMEMORY;
        goto done;
    }
    LAR_TRY(lar_writer_open(&canvas->writer, path, force));
    *out = canvas;
    canvas = NULL;
done:
    lar_canvas_free(canvas);
    return status;
}

lar_status lar_canvas_keep(lar_canvas **out, lar_text *bytes, const char *suffix)
{
    lar_canvas *canvas = lar_alloc(1, sizeof *canvas);
    *out = canvas;
    if (!canvas) return LAR_EMEMORY;
    canvas->path = suffix;
    canvas->kept = bytes;
    return LAR_OK;
}

lar_status lar_canvas_begin(cairo_t **out, lar_canvas *canvas, double width, double height)
{
    const double points = 72.0 / 96; /* of a pixel, on paper */
    *out = NULL;
    if (ends_any_case(canvas->path, ".pdf")) {
        canvas->surface =
            cairo_pdf_surface_create_for_stream(put, canvas, points * width, points * height);
    } else if (ends_any_case(canvas->path, ".svg")) {
        canvas->surface =
            cairo_svg_surface_create_for_stream(put, canvas, points * width, points * height);
    } else {
        canvas->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)width, (int)height);
    }
    canvas->cr = cairo_create(canvas->surface);
    if (cairo_status(canvas->cr) != CAIRO_STATUS_SUCCESS)
        return cairo_failed(canvas, cairo_status(canvas->cr));
    if (!ends_any_case(canvas->path, ".png")) cairo_scale(canvas->cr, points, points);
    *out = canvas->cr;
    return LAR_OK;
}

/* In a third of the time that cairo takes for it. */
static lar_status put_png(lar_canvas *canvas)
{
    unsigned char *bytes;
    size_t count;
    cairo_surface_flush(canvas->surface);
    const lar_status status = lar_png_write_colour(
        &bytes, &count,
        (const uint32_t *)(const void *)cairo_image_surface_get_data(canvas->surface),
        cairo_image_surface_get_width(canvas->surface),
        cairo_image_surface_get_height(canvas->surface),
        cairo_image_surface_get_stride(canvas->surface) / 4);
    if (status != LAR_OK) return status;
    put(canvas, bytes, (unsigned int)count);
    lar_free(bytes);
    return canvas->write_status;
}

lar_status lar_canvas_finish(lar_canvas *canvas)
{
    cairo_status_t failure = cairo_status(canvas->cr);
    if (failure == CAIRO_STATUS_SUCCESS && ends_any_case(canvas->path, ".png")) {
        const lar_status status = put_png(canvas);
        if (status != LAR_OK) return status;
    }
    cairo_surface_finish(canvas->surface); /* here the others write */
    if (failure == CAIRO_STATUS_SUCCESS) failure = cairo_surface_status(canvas->surface);
    if (failure != CAIRO_STATUS_SUCCESS || canvas->write_status != LAR_OK)
        return cairo_failed(canvas, failure);
    if (!canvas->kept) return lar_writer_commit(canvas->writer);
    return canvas->kept->failed ? lar_fail(LAR_EMEMORY, "out of memory") : LAR_OK;
}

void lar_canvas_free(lar_canvas *canvas)
{
    if (!canvas) return;
    cairo_destroy(canvas->cr);
    cairo_surface_destroy(canvas->surface);
    lar_writer_free(canvas->writer);
    lar_arena_free(canvas->arena);
    lar_free(canvas);
}

/* Bytes of the UTF-8 character at `text`, 0 where it is none (RFC 3629). */
static int character_length(const unsigned char *text)
{
    static const struct {
        unsigned char low, high, second_low, second_high;
        int length;
    } forms[] = { { 0x20, 0x7e, 0, 0, 1 },       { 0xc3, 0xdf, 0x80, 0xbf, 2 },
                  { 0xc2, 0xc2, 0xa0, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
                  { 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 },
                  { 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
                  { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 } };
    for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
        if (text[0] < forms[f].low || text[0] > forms[f].high) continue;
        if (forms[f].length == 1) return 1;
        if (text[1] < forms[f].second_low || text[1] > forms[f].second_high) return 0;
        for (int n = 2; n < forms[f].length; n++)
            if ((text[n] & 0xc0) != 0x80) return 0;
        return forms[f].length;
    }
    return 0;
}

enum { TEXT_ROOM = 512 };

/* Cairo refuses a whole page for one wrong byte. Ends of characters go to `ends`. */
static int clean(char out[TEXT_ROOM], int ends[TEXT_ROOM], const char *text)
{
    int used = 0, count = 0;
    while (*text && used + 8 < TEXT_ROOM) {
        int length = character_length((const unsigned char *)text);
        if (length) {
            memcpy(out + used, text, (size_t)length);
        } else {
            out[used] = '?';
            length = 1;
        }
        used += length;
        text += length;
        ends[count++] = used;
    }
    out[used] = 0;
    return count;
}

static double advance(cairo_t *cr, const char *text)
{
    cairo_text_extents_t extents;
    cairo_text_extents(cr, text, &extents);
    return extents.x_advance;
}

static double set_text(cairo_t *cr, char shown[TEXT_ROOM], const char *text, const lar_style *style)
{
    int ends[TEXT_ROOM];
    int count = clean(shown, ends, text);
    cairo_select_font_face(cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                           style->bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cr, style->size);
    double width = advance(cr, shown);
    while (style->widest > 0 && width > style->widest && count > 1) {
        count--;
        snprintf(shown + ends[count - 1], 4, "\xe2\x80\xa6");
        width = advance(cr, shown);
    }
    return width;
}

double lar_canvas_text_width(cairo_t *cr, const char *text, const lar_style *style)
{
    char shown[TEXT_ROOM];
    return set_text(cr, shown, text, style);
}

void lar_canvas_text(cairo_t *cr, const char *text, double x, double y, const lar_style *style)
{
    char shown[TEXT_ROOM];
    const double width = set_text(cr, shown, text, style);
    cairo_move_to(cr, x - style->align * width, y);
    if (style->halo) {
        cairo_text_path(cr, shown);
        cairo_set_source_rgba(cr, 0, 0, 0, 0.75);
        cairo_set_line_width(cr, 3);
        cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
        cairo_stroke(cr);
        cairo_move_to(cr, x - style->align * width, y);
    }
    lar_canvas_colour(cr, style->colour);
    cairo_show_text(cr, shown);
    cairo_new_path(cr);
}

void lar_canvas_colour(cairo_t *cr, lar_colour colour)
{
    cairo_set_source_rgb(cr, colour.r, colour.g, colour.b);
}

void lar_canvas_box(cairo_t *cr, double x, double y, double width, double height, lar_colour colour)
{
    lar_canvas_colour(cr, colour);
    cairo_rectangle(cr, x, y, width, height);
    cairo_fill(cr);
}
