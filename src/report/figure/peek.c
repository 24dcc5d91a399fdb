/* An image that is looked at slice by slice.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "image/image.h"
#include "math/math.h"
#include "report/figure/over.h"
#include "report/figure/panel.h"
#include "report/report.h"

struct lar_peek {
    lar_look look;
    lar_grid stored; /* of the image that was given */
    lar_peek_place place;
};

lar_status lar_peek_new(lar_peek **out, const lar_image *image)
{
    static const double percentiles[2] = { 1, 99.5 }; /* of lar_figure() */
    lar_status status = LAR_OK;
    lar_head head = { 0 };
    lar_peek *peek = lar_alloc(1, sizeof *peek);

    *out = NULL;
    if (!peek) return LAR_EMEMORY;
    peek->stored = image->grid;
    LAR_TRY(lar_look_init(&peek->look, image));
    LAR_TRY(lar_head_init(&head, &peek->look));
    lar_peek_place *place = &peek->place;
    LAR_TRY(lar_head_window(place->window, &head, percentiles));
    lar_look_box(&peek->look, place->field_low, place->field_high);
    memcpy(place->head_low, head.low, sizeof head.low);
    memcpy(place->head_high, head.high, sizeof head.high);
    memcpy(place->centre, head.centre, sizeof head.centre);
    *out = peek;
    peek = NULL;
done:
    lar_head_clear(&head);
    lar_peek_free(peek);
    return status;
}

void lar_peek_free(lar_peek *peek)
{
    if (!peek) return;
    lar_look_clear(&peek->look);
    lar_free(peek);
}

void lar_peek_find(lar_peek_place *out, const lar_peek *peek)
{
    *out = peek->place;
}

static lar_status draw_over(uint32_t *pixels, const lar_peek_params *params, const lar_slice *slice,
                            const double *below)
{
    lar_over over = { .look = &params->over->look,
                      .as = params->labels ? LAR_OVER_LABELS : LAR_OVER_MAP,
                      .opacity = params->opacity };
    const bool chosen = params->over_window[0] < params->over_window[1];
    memcpy(over.window, chosen ? params->over_window : params->over->place.window,
           sizeof over.window);
    over.from = chosen ? over.window[0] : -INFINITY;
    return lar_over_blend(pixels, &over, slice, below);
}

lar_status lar_peek_png(lar_text *out, const lar_peek *peek, const lar_peek_params *params)
{
    lar_status status = LAR_OK;
    const lar_plane *plane = &lar_planes[params->plane];
    lar_canvas *canvas = NULL;
    cairo_t *cr = NULL;
    double side[2], *values = NULL;
    uint32_t *pixels = NULL;
    const double longest_mm = fmax(params->high[plane->across] - params->low[plane->across],
                                   params->high[plane->up] - params->low[plane->up]);
    const double zoom = (double)params->longest / longest_mm;

    if (!(longest_mm > 0) || params->longest < 1 || params->longest > 4096)
        return lar_fail(LAR_EARGUMENT, "a picture of %g mm in %lld pixels, expected 1 to 4096",
                        longest_mm, (long long)params->longest);
    if (params->over && !(params->opacity >= 0 && params->opacity <= 1))
        return lar_fail(LAR_EARGUMENT, "an opacity of %g, expected 0 to 1", params->opacity);
    lar_panel_size(side, plane, params->low, params->high, zoom);
    const int64_t size[2] = { (int64_t)side[0], (int64_t)side[1] }, count = size[0] * size[1];
    const lar_slice slice =
        lar_panel_slice(plane, params->low, params->high, params->at, zoom, size, false);
    values = lar_alloc_raw(count, sizeof *values);
    pixels = lar_alloc_raw(count, sizeof *pixels);
    if (!values || !pixels) {
        status = LAR_EMEMORY;
        goto done;
    }
    LAR_TRY(lar_slice_sample(values, &peek->look, &slice, LAR_LINEAR));
    for (int64_t n = 0; n < count; n++) pixels[n] = lar_panel_grey(values[n], params->window);
    if (params->over) LAR_TRY(draw_over(pixels, params, &slice, values));
    LAR_TRY(lar_canvas_keep(&canvas, out, ".png"));
    LAR_TRY(lar_canvas_begin(&cr, canvas, side[0], side[1]));
    LAR_TRY(lar_panel_paint(cr, pixels, size[0], size[1], 0, 0));
    if (params->sides) lar_panel_sides(cr, plane, false, 0, 0, side[0], side[1]);
    LAR_TRY(lar_canvas_finish(canvas));
done:
    lar_canvas_free(canvas);
    lar_free(values);
    lar_free(pixels);
    return status;
}

bool lar_peek_value(double *out, int64_t ijk[3], const lar_peek *peek, const double xyz[3])
{
    double at[3];
    lar_affine world_to_stored;
    *out = lar_look_at(&peek->look, xyz, LAR_NEAREST);
    if (isinf(*out) || !lar_affine_invert(&world_to_stored, &peek->stored.to_world)) return false;
    lar_affine_point(&world_to_stored, xyz, at);
    for (int a = 0; a < 3; a++) {
        const int64_t last = peek->stored.size[a] - 1, n = (int64_t)floor(at[a] + 0.5);
        ijk[a] = n < 0 ? 0 : n > last ? last : n;
    }
    return true;
}
