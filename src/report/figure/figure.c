/* Images side by side in three planes, or slice by slice: what is shown, where, in which window,
 * and what lies over it. SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "image/image.h"
#include "report/figure/parts.h"
#include "report/report.h"

static const char *const interpolations[] = { "nearest", "linear", NULL };

const char *const lar_overlay_kinds[] = { "auto", "mask",   "labels",   "outline",
                                          "map",  "signed", "contours", NULL };

const lar_param lar_figure_table[] = {
    LAR_P_TEXT(lar_figure_params, title, "title", 0, "", "text", "a line above the images"),
    LAR_P_TEXT(lar_figure_params, planes, "planes", 0, "", "list",
               "rows of the picture: some of axial coronal sagittal, in the order given (default: "
               "all three; of a mosaic axial)"),
    LAR_P_REALS(lar_figure_params, at, "at", 0, "", 0, 0, "mm",
                "x y z of the point that the planes go through (default: the centre of the head)"),
    LAR_P_FLAG(lar_figure_params, own, "own", 0,
               "each image in the frame of its own head, through its own centre"),
    LAR_P_INTS(lar_figure_params, mosaic, "mosaic", 0, "", 1, 1000, "count",
               "many slices of one plane: how many, or rows and columns as 3x5"),
    LAR_P_REALS(lar_figure_params, span, "span", 0, "", 0, 0, "mm",
                "of a mosaic: where its first and its last slice lie (default: over the head)"),
    LAR_P_INT(lar_figure_params, volume, "volume", 0, "auto", 0, 1000000, "count",
              "of images that have several, from 0; auto: the first"),
    LAR_P_TEXT(
        lar_figure_params, window, "window", 'w', "", "list",
        "what is drawn black and white: low high, or of CT brain, subdural, stroke, bone, "
        "soft-tissue, lung, mediastinum, abdomen, liver, spine; for all images, or for each, where "
        "auto is by percentiles"),
    LAR_P_REALS(
        lar_figure_params, percentiles, "percentiles", 0, "1 99.5", 0, 100, "percent",
        "of the voxels below skin and skull: what is drawn black and white without a window"),
    LAR_P_INTS(lar_figure_params, share, "share", 0, "", 1, 1000, "image",
               "numbers of the images that share one window, such as truth and synthesis"),
    LAR_P_INTS(lar_figure_params, difference, "difference", 0, "", 1, 1000, "image",
               "a b: one more column with image b minus image a, in colour"),
    LAR_P_REAL(lar_figure_params, difference_limit, "difference-limit", 0, "auto", 1e-300, 1e300,
               "value", "difference at the end of the colour bar; auto: by the head's voxels"),
    LAR_P_INTS(lar_figure_params, contours, "contours", 0, "", 1, 1000, "image",
               "a b: one more column with the contours of image b over image a"),
    LAR_P_INTS(lar_figure_params, checker, "checker", 0, "", 1, 1000, "image",
               "a b: one more column with squares of image a and of image b in turns"),
    LAR_P_REAL(lar_figure_params, square_mm, "square", 0, "auto", 1e-3, 1e4, "mm",
               "edge of the squares; auto: about 8 across the head"),
    LAR_P_FLAG(lar_figure_params, alone, "alone", 0,
               "draw the comparisons without the images themselves"),
    LAR_P_REAL(lar_figure_params, zoom, "zoom", 0, "auto", 1e-3, 1e3, "pixels/mm",
               "size of the images; auto: about 400 pixels for the longer side of the head"),
    LAR_P_CHOICE(lar_figure_params, interpolation, "interpolation", 0, "linear", interpolations,
                 "between voxels; nearest shows them as they are"),
    LAR_P_FLAG(lar_figure_params, radiological, "radiological", 0,
               "draw the patient's left on the right, as seen from the feet"),
    LAR_P_END,
};

lar_figure_params lar_figure_default(void)
{
    lar_figure_params params = { 0 };
    lar_param_defaults(lar_figure_table, &params);
    return params;
}

/* All that one figure is made of. */
typedef struct figure {
    int64_t count;      /* of images */
    lar_image **images; /* the volumes that are drawn */
    lar_look *looks;
    lar_head *heads;
    lar_window *windows;
    lar_layer *layers;
    lar_outlines contours;
    lar_scene scene;
    lar_arena *arena;
} figure;

static lar_status make_room(figure *f, int64_t count, int64_t layer_count)
{
    f->images = lar_alloc(count, sizeof *f->images);
    f->looks = lar_alloc(count, sizeof *f->looks);
    f->heads = lar_alloc(count, sizeof *f->heads);
    f->windows = lar_alloc(count, sizeof *f->windows);
    f->layers = lar_alloc(layer_count, sizeof *f->layers);
    f->scene.columns = lar_alloc(count + 3, sizeof *f->scene.columns);
    if (!f->images || !f->looks || !f->heads || !f->windows || !f->layers || !f->scene.columns)
        return LAR_EMEMORY;
    f->count = count;
    return lar_arena_new(&f->arena);
}

static void clear(figure *f)
{
    for (int64_t n = 0; n < f->count; n++) {
        lar_look_clear(&f->looks[n]);
        lar_head_clear(&f->heads[n]);
        lar_image_free(f->images[n]);
    }
    for (int64_t n = 0; n < f->scene.layer_count; n++) lar_layer_clear(&f->layers[n]);
    lar_outlines_clear(&f->contours);
    lar_free(f->images);
    lar_free(f->looks);
    lar_free(f->heads);
    lar_free(f->windows);
    lar_free(f->layers);
    lar_free(f->scene.columns);
    lar_free(f->scene.slices);
    lar_arena_free(f->arena);
}

static lar_status add_image(figure *f, const lar_image *image, const char *label, int64_t n,
                            const lar_figure_params *p)
{
    lar_status status = LAR_OK;
    lar_column *column = &f->scene.columns[n];
    column->number = n + 1;
    column->look = &f->looks[n];
    column->label = label ? label : lar_arena_format(f->arena, "image %lld", (long long)n + 1);
    if (!column->label) return LAR_EMEMORY;
    LAR_TRY(lar_volume_of(&f->images[n], image, p->volume, column->label));
    LAR_TRY(lar_look_init(&f->looks[n], f->images[n]));
    LAR_TRY(lar_head_init(&f->heads[n], &f->looks[n]));
    LAR_TRY(lar_window_choose(column, &f->heads[n], &f->windows[n], p));
done:
    return status;
}

/* A layer that lies nowhere on what it is drawn over is the wrong file, or one of another space. */
static void warn_outside(const figure *f, const lar_layer *layer)
{
    double low[3], high[3];
    lar_look_box(&layer->look, low, high);
    for (int64_t n = 0; n < f->count; n++) {
        const lar_frame *frame = &f->scene.columns[n].frame;
        bool meets = layer->on == 0 || layer->on == n + 1;
        for (int a = 0; a < 3; a++)
            meets = meets && low[a] < frame->high[a] && high[a] > frame->low[a];
        if (meets) return;
    }
    lar_log(LAR_LOG_WARNING, "the overlay '%s' lies outside of what it is drawn over", layer->name);
}

static lar_status add_layers(figure *f, const lar_figure_params *p)
{
    lar_status status = LAR_OK;
    int64_t masks = 0;
    f->scene.layers = f->layers;
    for (int64_t n = 0; n < p->overlay_count; n++) {
        LAR_TRY(lar_layer_init(&f->layers[n], &p->overlays[n], p->volume, masks));
        f->scene.layer_count++;
        masks += f->layers[n].over.single;
        warn_outside(f, &f->layers[n]);
    }
done:
    return status;
}

lar_status lar_figure(const lar_image *const *images, const char *const *labels, int64_t count,
                      const lar_figure_params *params, const char *path, bool force)
{
    lar_status status = LAR_OK;
    lar_canvas *canvas = NULL;
    figure f = { .scene = { .title = params->title,
                            .own = params->own,
                            .zoom = params->zoom,
                            .interpolation = params->interpolation,
                            .radiological = params->radiological } };

    LAR_TRY(lar_figure_check(params, count));
    LAR_TRY(lar_figure_planes(&f.scene, params));
    LAR_TRY(lar_canvas_open(&canvas, path, force));
    LAR_TRY(make_room(&f, count, params->overlay_count));
    LAR_TRY(lar_windows_read(f.windows, count, params->window));
    for (int64_t n = 0; n < count; n++)
        LAR_TRY(add_image(&f, images[n], labels ? labels[n] : NULL, n, params));
    lar_windows_share(f.scene.columns, &params->share);
    f.scene.column_count = count;
    if (!params->mosaic.count) lar_figure_drop_flat(&f.scene, f.looks, count);
    LAR_TRY(lar_place_frames(&f.scene, f.looks, f.heads, count, params));
    if (params->mosaic.count) LAR_TRY(lar_place_slices(&f.scene, f.looks, f.heads, count, params));
    LAR_TRY(add_layers(&f, params));
    LAR_TRY(lar_compare(&f.scene, &f.contours, f.looks, f.heads, (const lar_image *const *)f.images,
                        params, f.arena));
    LAR_TRY(lar_scene_draw(&f.scene, canvas));
    LAR_TRY(lar_canvas_finish(canvas));
done:
    clear(&f);
    lar_canvas_free(canvas);
    return status;
}
