/* Where the parts of a figure go on its page: planes as rows and images as columns, or a block of
 * slices for each image, one below the other.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "report/figure/scene.h"

/* pixels */
enum {
    GAP = 10,
    CLOSE = 4, /* between the slices of a mosaic */
    TITLE = 40,
    BLOCK_LABEL = 30,
    FOOT = 40,
    NARROWEST = 200, /* column: its label wants to be read */
    LONGEST = 400,   /* side of a panel, by default */
    SMALLEST = 48,   /* and of a mosaic's, by default */
    PAGE = 2400,     /* widest page, by default */
    MOSAIC_PAGE = 1600,
    PAGE_LIMIT = 20000
};

static lar_status too_large(const char *what, double width, double height, const char *hint)
{
    const lar_status status =
        lar_fail(LAR_EARGUMENT, "%s would be %.0f x %.0f pixels, more than %d", what, width, height,
                 PAGE_LIMIT);
    return lar_hint(status, "%s", hint);
}

/* The longest and the widest extent of all panels, millimetres. */
static void measure(const lar_scene *s, double *longest, double *widest)
{
    *longest = *widest = 0;
    for (int64_t c = 0; c < s->column_count; c++)
        for (int64_t row = 0; row < s->plane_count; row++) {
            const lar_frame *f = &s->columns[c].frame;
            const int across = s->planes[row]->across, up = s->planes[row]->up;
            *widest = fmax(*widest, f->high[across] - f->low[across]);
            *longest = fmax(*longest, fmax(*widest, f->high[up] - f->low[up]));
        }
}

static double choose_zoom(const lar_scene *s)
{
    double longest, widest;
    measure(s, &longest, &widest);
    if (s->slice_count) {
        const double fit = (double)MOSAIC_PAGE / (double)s->per_row - CLOSE;
        return fmax(fmin(LONGEST / longest, fit / widest), SMALLEST / longest);
    }
    const double fit = (double)PAGE / (double)s->column_count - GAP;
    return fmax(fmin(LONGEST / longest, fit / widest), NARROWEST / longest);
}

static lar_status size_cell(lar_cell *cell, double zoom)
{
    double size[2];
    const lar_frame *f = &cell->column->frame;
    lar_panel_size(size, cell->plane, f->low, f->high, zoom);
    if (!(size[0] <= PAGE_LIMIT && size[1] <= PAGE_LIMIT))
        return too_large("one image", size[0], size[1], "a smaller --zoom");
    for (int n = 0; n < 2; n++) cell->size[n] = (int64_t)size[n];
    return LAR_OK;
}

/* Rows of planes, columns of images. */
static lar_status place_planes(lar_layout *l, const lar_scene *s)
{
    lar_status status = LAR_OK;
    lar_cell *cell = l->cells;
    l->column_width = NARROWEST;
    for (int64_t row = 0; row < s->plane_count; row++)
        for (int64_t c = 0; c < s->column_count; c++, cell++) {
            *cell = (lar_cell){ .column = &s->columns[c],
                                .plane = s->planes[row],
                                .lettered = true,
                                .placed = s->own };
            memcpy(cell->at, cell->column->frame.at, sizeof cell->at);
            LAR_TRY(size_cell(cell, l->zoom));
            l->column_width = fmax(l->column_width, (double)cell->size[0]);
            l->row_height[row] = fmax(l->row_height[row], (double)cell->size[1]);
        }
    double y = l->top;
    cell = l->cells;
    for (int64_t row = 0; row < s->plane_count; row++) {
        l->row_y[row] = y;
        for (int64_t c = 0; c < s->column_count; c++, cell++) {
            const double left = l->left + (double)c * (l->column_width + GAP);
            cell->x = left + floor((l->column_width - (double)cell->size[0]) / 2);
            cell->y = y + floor((l->row_height[row] - (double)cell->size[1]) / 2);
        }
        y += l->row_height[row] + GAP;
    }
    l->right = l->left + (double)s->column_count * (l->column_width + GAP) - GAP;
    l->bottom = y - GAP;
done:
    return status;
}

/* Blocks of slices. */
static lar_status place_mosaic(lar_layout *l, const lar_scene *s)
{
    lar_status status = LAR_OK;
    const int64_t rows = (s->slice_count + s->per_row - 1) / s->per_row;
    double y = l->top, width = 0;
    lar_cell *cell = l->cells;
    l->right = l->left + NARROWEST;
    for (int64_t c = 0; c < s->column_count; c++) { /* one width for all blocks */
        lar_cell one = { .column = &s->columns[c], .plane = s->planes[0] };
        LAR_TRY(size_cell(&one, l->zoom));
        width = fmax(width, (double)one.size[0]);
    }
    for (int64_t c = 0; c < s->column_count; c++) {
        double height = 0;
        y += BLOCK_LABEL;
        for (int64_t n = 0; n < s->slice_count; n++, cell++) {
            *cell = (lar_cell){
                .column = &s->columns[c], .plane = s->planes[0], .lettered = n == 0, .placed = true
            };
            cell->at[cell->plane->normal] = s->columns[c].slices[n];
            LAR_TRY(size_cell(cell, l->zoom));
            height = (double)cell->size[1];
            cell->x = l->left + (double)(n % s->per_row) * (width + CLOSE) +
                      floor((width - (double)cell->size[0]) / 2);
            cell->y = y + (double)(n / s->per_row) * (height + CLOSE);
        }
        y += (double)rows * (height + CLOSE) - CLOSE + GAP;
    }
    l->column_width = (double)s->per_row * (width + CLOSE) - CLOSE;
    l->right = fmax(l->right, l->left + l->column_width);
    l->column_width = l->right - l->left;
    l->bottom = y - GAP;
done:
    return status;
}

lar_status lar_layout_init(lar_layout *out, const lar_scene *s)
{
    lar_status status = LAR_OK;
    lar_layout l = { .zoom = isnan(s->zoom) ? choose_zoom(s) : s->zoom };

    l.cell_count = s->column_count * (s->slice_count ? s->slice_count : s->plane_count);
    l.cells = lar_alloc(l.cell_count, sizeof *l.cells);
    if (!l.cells) return LAR_EMEMORY;
    l.left = LAR_PAGE_MARGIN + (s->slice_count ? 0 : LAR_PAGE_SIDE);
    l.top = LAR_PAGE_MARGIN + (s->title ? TITLE : 0) + (s->slice_count ? 0 : LAR_PAGE_LABELS);
    LAR_TRY(s->slice_count ? place_mosaic(&l, s) : place_planes(&l, s));
    l.legend_y = l.top + (s->slice_count ? BLOCK_LABEL : 0);
    l.legend_bottom = s->slice_count ? l.bottom : l.row_y[0] + l.row_height[0];
    l.legend_bottom = fmax(l.legend_bottom, l.legend_y + 1);
    l.width = l.right + lar_legend_width(s, &l) + LAR_PAGE_MARGIN;
    l.height = fmax(l.bottom, l.legend_bottom) + FOOT;
    if (!(l.width <= PAGE_LIMIT && l.height <= PAGE_LIMIT)) {
        status = too_large("the picture", l.width, l.height,
                           s->slice_count ? "fewer slices or a smaller --zoom"
                                          : "fewer images or a smaller --zoom");
        goto done;
    }
    *out = l;
    l.cells = NULL;
done:
    lar_free(l.cells);
    return status;
}

void lar_layout_clear(lar_layout *layout)
{
    lar_free(layout->cells);
    *layout = (lar_layout){ 0 };
}
