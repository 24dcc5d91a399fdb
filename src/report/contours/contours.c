/* One image in grey, the contours of another over it, in slices that spread over the head: whether
 * two images lie on one another is seen where contours follow edges, or leave them.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "image/image.h"
#include "math/math.h"
#include "report/axis.h"
#include "report/contours/outlines.h"

enum {
    SLICES = 3,
    BLOCKS = 2,
    /* pixels */
    MARGIN = 22,
    GAP = 4,
    APART = 24, /* the blocks */
    TITLE = 40,
    LABELS = 30,
    FOOT = 40,
    LONGEST = 400 /* side of a panel; of two blocks each is drawn smaller */
};

/* Millimetres: below the top of the head the neck is left out, and slices go no further than the
 * base of the skull. */
static const double DRAWN_MM = 190, SPREAD_MM = 140, AIR_MM = 6;

/* Of the height below the top, or of the width: where brain, ventricles and skull are in view. */
static const double places[LAR_PLANES][SLICES] = { { 0.28, 0.50, 0.72 },
                                                   { 0.30, 0.50, 0.70 },
                                                   { 0.30, 0.50, 0.70 } };

typedef struct scene {
    const char *title;
    const char *const *words; /* whose contours, over what */
    const lar_look *fixed;
    double window[2];
    const lar_outlines *blocks[BLOCKS];
    int block_count;
    double low[3], high[3], at[LAR_PLANES][SLICES];
    double zoom, column_width, block_width, width, height, row_y[LAR_PLANES];
    int64_t size[LAR_PLANES][2];
} scene;

/* The box of the head with some air, and the slices in it: on voxels where the grid is upright, so
 * that thick slices are shown as they were acquired. */
static void choose_places(scene *s, const lar_head *head)
{
    for (int a = 0; a < 3; a++) {
        s->low[a] = head->low[a] - AIR_MM;
        s->high[a] = head->high[a] + AIR_MM;
    }
    s->low[2] = fmax(s->low[2], head->high[2] - DRAWN_MM);
    for (int p = 0; p < LAR_PLANES; p++)
        for (int n = 0; n < SLICES; n++) {
            const int normal = lar_planes[p].normal;
            const double extent = head->high[normal] - head->low[normal];
            double xyz[3], ijk[3];
            for (int a = 0; a < 3; a++) xyz[a] = (head->low[a] + head->high[a]) / 2;
            xyz[normal] = normal == 2 ? head->high[2] - (1 - places[p][n]) * fmin(extent, SPREAD_MM)
                                      : head->low[normal] + places[p][n] * extent;
            lar_affine_point(&s->fixed->world_to_voxel, xyz, ijk);
            ijk[normal] = floor(ijk[normal] + 0.5 - 1e-6); /* a tie goes down */
            lar_grid_to_world(&s->fixed->ras->grid, ijk, xyz);
            s->at[p][n] = xyz[normal];
        }
}

static void lay_out(scene *s)
{
    double longest = 0, y = MARGIN + (s->title ? TITLE : 0) + (s->block_count > 1 ? LABELS : 0);
    for (int a = 0; a < 3; a++) longest = fmax(longest, s->high[a] - s->low[a]);
    s->zoom = LONGEST * (s->block_count > 1 ? 0.8 : 1) / longest;
    for (int p = 0; p < LAR_PLANES; p++) {
        double size[2];
        lar_panel_size(size, &lar_planes[p], s->low, s->high, s->zoom);
        for (int n = 0; n < 2; n++) s->size[p][n] = (int64_t)size[n];
        s->column_width = fmax(s->column_width, size[0]);
        s->row_y[p] = y;
        y += size[1] + GAP;
    }
    s->block_width = SLICES * (s->column_width + GAP) - GAP;
    s->width = 2 * MARGIN + s->block_count * (s->block_width + APART) - APART;
    s->height = y - GAP + FOOT;
}

static lar_status draw_panel(cairo_t *cr, const scene *s, int block, int p, int n)
{
    lar_status status = LAR_OK;
    const lar_plane *plane = &lar_planes[p];
    const double width = (double)s->size[p][0], height = (double)s->size[p][1], y = s->row_y[p],
                 x = MARGIN + block * (s->block_width + APART) + n * (s->column_width + GAP) +
                     floor((s->column_width - width) / 2);
    const int64_t count = s->size[p][0] * s->size[p][1];
    double at[3] = { 0 };
    at[plane->normal] = s->at[p][n];
    const lar_slice slice = lar_panel_slice(plane, s->low, s->high, at, s->zoom, s->size[p], false);
    double *values = lar_alloc_raw(count, sizeof *values);
    uint32_t *pixels = lar_alloc_raw(count, sizeof *pixels);

    if (!values || !pixels) {
        status = LAR_EMEMORY;
        goto done;
    }
    LAR_TRY(lar_slice_sample(values, s->fixed, &slice, LAR_LINEAR));
    for (int64_t v = 0; v < count; v++) pixels[v] = lar_panel_grey(values[v], s->window);
    LAR_TRY(lar_panel_paint(cr, pixels, slice.width, slice.height, x, y));
    cairo_save(cr);
    cairo_rectangle(cr, x, y, width, height);
    cairo_clip(cr);
    status = lar_outlines_draw(cr, s->blocks[block], &slice, values, s->zoom, x, y);
    cairo_restore(cr);
    if (n == 0) lar_panel_sides(cr, plane, false, x, y, width, height);
    char text[LAR_TICK_ROOM + 8], number[LAR_TICK_ROOM];
    lar_number_words(number, rint(s->at[p][n] * 10) / 10, 6);
    snprintf(text, sizeof text, "%c %s", "xyz"[plane->normal], number);
    lar_canvas_text(cr, text, x + 6, y + height - 6,
                    &(lar_style){ .size = 11, .halo = true, .colour = lar_panel_soft });
done:
    lar_free(values);
    lar_free(pixels);
    return status;
}

static void draw_foot(cairo_t *cr, const scene *s)
{
    const double y = s->height - MARGIN + 4, end = s->width - MARGIN;
    const double right = lar_panel_ruler(cr, s->zoom, 0.3 * s->column_width, end, y);
    lar_style style = { .size = 13, .colour = lar_outlines_colour };
    double x = MARGIN;
    for (int n = 0; n < 2; n++) {
        style.widest = right - x - 12;
        if (style.widest > 40) lar_canvas_text(cr, s->words[n], x, y, &style);
        x += lar_canvas_text_width(cr, s->words[n], &style) + 6;
        style.colour = lar_panel_soft;
    }
}

static lar_status draw(const scene *s, lar_canvas *canvas)
{
    static const char *const labels[BLOCKS] = { "before", "after" };
    lar_status status = LAR_OK;
    cairo_t *cr = NULL;

    LAR_TRY(lar_canvas_begin(&cr, canvas, s->width, s->height));
    lar_canvas_box(cr, 0, 0, s->width, s->height, lar_panel_page);
    lar_style style = { .size = 21, .bold = true, .colour = lar_panel_bright };
    style.widest = s->width - 2 * MARGIN;
    if (s->title) lar_canvas_text(cr, s->title, MARGIN, MARGIN + 20, &style);
    style = (lar_style){ .size = 17, .bold = true, .align = 0.5, .colour = lar_panel_bright };
    for (int b = 0; b < s->block_count; b++) {
        if (s->block_count > 1)
            lar_canvas_text(cr, labels[b],
                            MARGIN + b * (s->block_width + APART) + s->block_width / 2,
                            s->row_y[0] - 12, &style);
        for (int p = 0; p < LAR_PLANES; p++)
            for (int n = 0; n < SLICES; n++) LAR_TRY(draw_panel(cr, s, b, p, n));
    }
    draw_foot(cr, s);
done:
    return status;
}

typedef lar_status (*init_fn)(lar_outlines *out, const lar_image *image);

static lar_status contours(const lar_image *fixed, const lar_image *moved, const lar_image *before,
                           init_fn init, const char *title, const char *const words[2],
                           const char *path, bool force)
{
    lar_status status = LAR_OK;
    lar_canvas *canvas = NULL;
    lar_look look = { 0 };
    lar_head head = { 0 };
    lar_outlines outlines[BLOCKS] = { 0 };
    scene s = { .title = title, .words = words, .fixed = &look };

    LAR_TRY(lar_canvas_open(&canvas, path, force));
    LAR_TRY(lar_look_init(&look, fixed));
    LAR_TRY(lar_head_init(&head, &look));
    LAR_TRY(lar_outlines_window(s.window, &head));
    const lar_image *const images[BLOCKS] = { before ? before : moved, moved };
    for (; s.block_count < (before ? 2 : 1); s.block_count++) {
        LAR_TRY(init(&outlines[s.block_count], images[s.block_count]));
        s.blocks[s.block_count] = &outlines[s.block_count];
    }
    choose_places(&s, &head);
    lay_out(&s);
    LAR_TRY(draw(&s, canvas));
    LAR_TRY(lar_canvas_finish(canvas));
done:
    for (int b = 0; b < BLOCKS; b++) lar_outlines_clear(&outlines[b]);
    lar_head_clear(&head);
    lar_look_clear(&look);
    lar_canvas_free(canvas);
    return status;
}

lar_status lar_contours(const lar_image *fixed, const lar_image *moved, const lar_image *before,
                        const char *title, const char *path, bool force)
{
    static const char *const words[2] = {
        "contours of the moved image", "over the fixed image in grey    L is the patient's left"
    };
    return contours(fixed, moved, before, lar_outlines_init, title, words, path, force);
}

lar_status lar_mask_contours(const lar_image *image, const lar_image *mask, const char *title,
                             const char *path, bool force)
{
    static const char *const words[2] = { "outline of the mask",
                                          "over the image in grey    L is the patient's left" };
    return contours(image, mask, NULL, lar_outlines_init_mask, title, words, path, force);
}
