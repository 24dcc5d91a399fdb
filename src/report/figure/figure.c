/* Images side by side in three planes: what is shown, where, and in which window.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "report/axis.h"
#include "report/figure/scene.h"
#include "report/report.h"

static const char *const interpolations[] = { "nearest", "linear", NULL };

const lar_param lar_figure_table[] = {
    LAR_P_TEXT(lar_figure_params, title, "title", 0, "", "text", "a line above the images"),
    LAR_P_TEXT(lar_figure_params, planes, "planes", 0, "axial,coronal,sagittal", "list",
               "rows of the picture: some of axial coronal sagittal, in the order given"),
    LAR_P_REALS(lar_figure_params, at, "at", 0, "", 0, 0, "mm",
                "x y z of the point that the planes go through (default: the centre of the head)"),
    LAR_P_REALS(lar_figure_params, window, "window", 'w', "", 0, 0, "value",
                "low high drawn black and white: two numbers for all images, or two for each"),
    LAR_P_REALS(
        lar_figure_params, percentiles, "percentiles", 0, "1 99.5", 0, 100, "percent",
        "of the voxels below skin and skull: what is drawn black and white without a window"),
    LAR_P_INTS(lar_figure_params, share, "share", 0, "", 1, 1000, "image",
               "numbers of the images that share one window, such as truth and synthesis"),
    LAR_P_INTS(lar_figure_params, difference, "difference", 0, "", 1, 1000, "image",
               "a b: one more column with image b minus image a, in colour"),
    LAR_P_REAL(lar_figure_params, difference_limit, "difference-limit", 0, "auto", 1e-300, 1e300,
               "value", "difference at the end of the colour bar; auto: by the head's voxels"),
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
    lar_figure_params params;
    lar_param_defaults(lar_figure_table, &params);
    return params;
}

static lar_status choose_planes(lar_scene *scene, const lar_plane *chosen[LAR_PLANES],
                                const char *list)
{
    static const char *const names[] = { "axial", "coronal", "sagittal", NULL };
    char word[16];
    for (list += strspn(list, ", "); *list; list += strspn(list, ", ")) {
        const size_t length = strcspn(list, ", ");
        const lar_plane *plane = NULL;
        snprintf(word, sizeof word, "%.*s", (int)(length < 15 ? length : 15), list);
        list += length;
        for (int n = 0; n < LAR_PLANES; n++)
            if (lar_text_is(word, names[n])) plane = &lar_planes[n];
        if (!plane) {
            const char *nearest = lar_text_nearest(word, names);
            const lar_status status = lar_fail(LAR_EARGUMENT, "there is no plane '%s'", word);
            return lar_hint(status, "%s", nearest ? nearest : "axial, coronal or sagittal");
        }
        for (int64_t n = 0; n < scene->plane_count; n++)
            if (chosen[n] == plane)
                return lar_fail(LAR_EARGUMENT, "the plane '%s' is named twice", word);
        chosen[scene->plane_count++] = plane;
    }
    if (scene->plane_count == 0) return lar_fail(LAR_EARGUMENT, "no plane is named");
    return LAR_OK;
}

/* One slice makes one plane: the others would be lines. */
static void drop_flat_planes(lar_scene *scene, const lar_plane *chosen[LAR_PLANES],
                             const lar_look *looks, int64_t count)
{
    int64_t kept = 0;
    const lar_plane *full[LAR_PLANES];
    for (int64_t row = 0; row < scene->plane_count; row++) {
        bool flat = true;
        for (int64_t n = 0; n < count; n++) {
            const int64_t *size = looks[n].ras->grid.size;
            flat = flat && (size[chosen[row]->across] == 1 || size[chosen[row]->up] == 1);
        }
        if (!flat) full[kept++] = chosen[row];
    }
    scene->plane_count = kept ? kept : 1;
    if (kept) memcpy(chosen, full, sizeof full);
}

static lar_status check_params(const lar_figure_params *p, int64_t count)
{
    if (count < 1) return lar_fail(LAR_EARGUMENT, "a figure needs at least one image");
    if (p->at.count != 0 && p->at.count != 3)
        return lar_fail(LAR_EARGUMENT, "at has %lld numbers, expected the 3 of a point",
                        (long long)p->at.count);
    if (p->window.count != 0 && p->window.count != 2 && p->window.count != 2 * count)
        return lar_fail(LAR_EARGUMENT,
                        "window has %lld numbers, expected low and high for all images, or two "
                        "for each of the %lld",
                        (long long)p->window.count, (long long)count);
    for (int64_t n = 0; n < p->window.count; n += 2)
        if (!(p->window.at[n] < p->window.at[n + 1]))
            return lar_fail(LAR_EARGUMENT, "the window from %g to %g is empty", p->window.at[n],
                            p->window.at[n + 1]);
    if (p->percentiles.count != 2 || !(p->percentiles.at[0] < p->percentiles.at[1]))
        return lar_fail(LAR_EARGUMENT, "percentiles are two numbers, the lower one first");
    if (p->difference.count != 0 && p->difference.count != 2)
        return lar_fail(LAR_EARGUMENT, "a difference is of 2 images, not of %lld",
                        (long long)p->difference.count);
    const lar_ints *lists[] = { &p->share, &p->difference };
    for (int l = 0; l < 2; l++)
        for (int64_t n = 0; n < lists[l]->count; n++)
            if (lists[l]->at[n] < 1 || lists[l]->at[n] > count)
                return lar_fail(LAR_EARGUMENT, "%s names image %lld, but there are %lld images",
                                l ? "difference" : "share", (long long)lists[l]->at[n],
                                (long long)count);
    return LAR_OK;
}

/* Low and high of one image, and what is said about it. */
static lar_status choose_window(lar_column *column, const lar_head *head,
                                const lar_figure_params *p, int64_t n)
{
    char low[LAR_TICK_ROOM], high[LAR_TICK_ROOM];
    if (p->window.count > 0) {
        const int64_t first = p->window.count == 2 ? 0 : 2 * n;
        for (int side = 0; side < 2; side++) column->window[side] = p->window.at[first + side];
    } else {
        const lar_status status = lar_head_window(column->window, head, p->percentiles.at);
        if (status != LAR_OK) return status;
    }
    lar_number_words(low, column->window[0], 4);
    lar_number_words(high, column->window[1], 4);
    snprintf(column->window_words, sizeof column->window_words, "%s to %s", low, high);
    if (head->finite == 0) {
        snprintf(column->window_words, sizeof column->window_words, "no finite voxel");
    } else if (head->constant) {
        lar_number_words(low, head->at_all, 4);
        snprintf(column->window_words, sizeof column->window_words, "constant %s", low);
    }
    return LAR_OK;
}

static void share_window(lar_column *columns, const lar_ints *share)
{
    for (int64_t n = 1; n < share->count; n++) {
        const lar_column *from = &columns[share->at[0] - 1];
        lar_column *to = &columns[share->at[n] - 1];
        memcpy(to->window, from->window, sizeof to->window);
        if (lar_text_ends(to->window_words, "voxel") || lar_text_starts(to->window_words, "const"))
            continue; /* worth more than the numbers */
        memcpy(to->window_words, from->window_words, sizeof to->window_words);
    }
}

static lar_status add_difference(lar_column *column, const lar_look *looks, const lar_head *heads,
                                 const lar_column *columns, const lar_figure_params *p,
                                 lar_arena *arena)
{
    const int64_t a = p->difference.at[0] - 1, b = p->difference.at[1] - 1;
    double limit = p->difference_limit;
    if (isnan(limit)) {
        const lar_status status =
            lar_head_difference(&limit, &heads[a], &looks[a], &looks[b], 99.5, p->interpolation);
        if (status != LAR_OK) return status;
        limit = limit > 0 ? lar_round_up(limit) : 1;
    }
    column->look = &looks[b];
    column->minus = &looks[a];
    column->window[0] = -limit;
    column->window[1] = limit;
    column->label =
        lar_arena_format(arena, "%s \xe2\x88\x92 %s", columns[b].label, columns[a].label);
    if (!column->label) return LAR_EMEMORY;
    char words[LAR_TICK_ROOM];
    lar_number_words(words, limit, 4);
    snprintf(column->window_words, sizeof column->window_words, "difference, \xc2\xb1%s", words);
    return LAR_OK;
}

/* The heads of all images with a little air around them, and the point that is looked at. */
static lar_status choose_place(lar_scene *scene, const lar_look *looks, const lar_head *heads,
                               int64_t count, const lar_reals *at)
{
    double field_low[3], field_high[3];
    bool inside = false;
    for (int a = 0; a < 3; a++) {
        scene->low[a] = INFINITY;
        scene->high[a] = -INFINITY;
        scene->at[a] = at->count ? at->at[a] : heads[0].centre[a];
    }
    for (int64_t n = 0; n < count; n++) {
        lar_look_box(&looks[n], field_low, field_high);
        bool here = true;
        for (int a = 0; a < 3; a++) {
            const double air = 0.04 * (heads[n].high[a] - heads[n].low[a]);
            scene->low[a] = fmin(scene->low[a], fmax(heads[n].low[a] - air, field_low[a]));
            scene->high[a] = fmax(scene->high[a], fmin(heads[n].high[a] + air, field_high[a]));
            here = here && scene->at[a] >= field_low[a] && scene->at[a] <= field_high[a];
        }
        inside = inside || here;
    }
    if (!inside) {
        lar_look_box(&looks[0], field_low, field_high);
        return lar_fail(LAR_EARGUMENT,
                        "the point %g %g %g lies outside of every image; the first reaches from "
                        "%.1f %.1f %.1f to %.1f %.1f %.1f mm",
                        scene->at[0], scene->at[1], scene->at[2], field_low[0], field_low[1],
                        field_low[2], field_high[0], field_high[1], field_high[2]);
    }
    return LAR_OK;
}

lar_status lar_figure(const lar_image *const *images, const char *const *labels, int64_t count,
                      const lar_figure_params *params, const char *path, bool force)
{
    lar_status status = LAR_OK;
    lar_arena *arena = NULL;
    lar_canvas *canvas = NULL;
    lar_look *looks = NULL;
    lar_head *heads = NULL;
    lar_column *columns = NULL;
    const lar_plane *chosen[LAR_PLANES];
    lar_scene scene = { .title = params->title,
                        .planes = chosen,
                        .zoom = params->zoom,
                        .interpolation = params->interpolation,
                        .radiological = params->radiological };

    LAR_TRY(check_params(params, count));
    LAR_TRY(choose_planes(&scene, chosen, params->planes ? params->planes : ""));
    LAR_TRY(lar_canvas_open(&canvas, path, force));
    LAR_TRY(lar_arena_new(&arena));
    looks = lar_alloc(count, sizeof *looks);
    heads = lar_alloc(count, sizeof *heads);
    columns = lar_alloc(count + 1, sizeof *columns);
    if (!looks || !heads || !columns) {
        status = LAR_EMEMORY;
        goto done;
    }
    for (int64_t n = 0; n < count; n++) {
        lar_column *column = &columns[n];
        column->look = &looks[n];
        column->label =
            labels ? labels[n] : lar_arena_format(arena, "image %lld", (long long)n + 1);
        if (!column->label) {
            status = LAR_EMEMORY;
            goto done;
        }
        LAR_TRY(lar_look_init(&looks[n], images[n]));
        LAR_TRY(lar_head_init(&heads[n], &looks[n]));
        LAR_TRY(choose_window(column, &heads[n], params, n));
        if (images[n]->channels > 1)
            lar_log(LAR_LOG_NOTE, "'%s' has %lld volumes; the first is drawn", column->label,
                    (long long)images[n]->channels);
    }
    share_window(columns, &params->share);
    if (params->difference.count)
        LAR_TRY(add_difference(&columns[count], looks, heads, columns, params, arena));
    drop_flat_planes(&scene, chosen, looks, count);
    LAR_TRY(choose_place(&scene, looks, heads, count, &params->at));
    scene.columns = columns;
    scene.column_count = count + (params->difference.count > 0);
    LAR_TRY(lar_scene_draw(&scene, canvas));
    LAR_TRY(lar_canvas_finish(canvas));
done:
    for (int64_t n = 0; n < count && looks; n++) lar_look_clear(&looks[n]);
    for (int64_t n = 0; n < count && heads; n++) lar_head_clear(&heads[n]);
    lar_free(looks);
    lar_free(heads);
    lar_free(columns);
    lar_canvas_free(canvas);
    lar_arena_free(arena);
    return status;
}
