/* Columns that show two images in one: what is left of their difference, the contours of one over
 * the other, and squares of both.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "report/axis.h"
#include "report/figure/parts.h"

enum { SQUARES = 8 }; /* across the frame, about */

/* The column of a comparison of images a and b; NULL: no memory for its label. */
static lar_column *add_column(lar_scene *scene, const lar_ints *pair, const char *between,
                              lar_arena *arena)
{
    const int64_t a = pair->at[0] - 1, b = pair->at[1] - 1;
    lar_column *column = &scene->columns[scene->column_count];
    *column = scene->columns[a];
    column->number = 0;
    column->other = scene->columns[b].look;
    memcpy(column->other_window, scene->columns[b].window, sizeof column->other_window);
    column->label = lar_arena_format(arena, "%s %s %s", scene->columns[a].label, between,
                                     scene->columns[b].label);
    if (!column->label) return NULL;
    scene->column_count++;
    return column;
}

static lar_status add_difference(lar_scene *scene, const lar_look *looks, const lar_head *heads,
                                 const lar_figure_params *p, lar_arena *arena)
{
    const int64_t a = p->difference.at[0] - 1, b = p->difference.at[1] - 1;
    const lar_ints turned = { 2, { b + 1, a + 1 } };
    double limit = p->difference_limit;
    if (isnan(limit)) {
        const lar_status status =
            lar_head_difference(&limit, &heads[a], &looks[a], &looks[b], 99.5, p->interpolation);
        if (status != LAR_OK) return status;
        limit = limit > 0 ? lar_round_up(limit) : 1;
    }
    lar_column *column = add_column(scene, &turned, "\xe2\x88\x92", arena);
    if (!column) return LAR_EMEMORY;
    column->frame = scene->columns[a].frame;
    column->slices = scene->columns[a].slices;
    column->shows = LAR_SHOWS_DIFFERENCE;
    column->window[0] = -limit;
    column->window[1] = limit;
    char words[LAR_TICK_ROOM];
    lar_number_words(words, limit, 4);
    snprintf(column->words, sizeof column->words, "difference, \xc2\xb1%s", words);
    return LAR_OK;
}

static lar_status add_contours(lar_scene *scene, lar_outlines *contours,
                               const lar_image *const *images, const lar_figure_params *p,
                               lar_arena *arena)
{
    const int64_t b = p->contours.at[1] - 1;
    lar_status status = lar_outlines_init(contours, images[b]);
    if (status != LAR_OK) return lar_while(status, "'%s' has no contours", scene->columns[b].label);
    lar_column *column = add_column(scene, &p->contours, "under", arena);
    if (!column) return LAR_EMEMORY;
    column->label = lar_arena_format(arena, "%s over %s", scene->columns[b].label,
                                     scene->columns[p->contours.at[0] - 1].label);
    if (!column->label) return LAR_EMEMORY;
    column->shows = LAR_SHOWS_CONTOURS;
    column->contours = contours;
    snprintf(column->words, sizeof column->words, "contours of %s", scene->columns[b].label);
    return LAR_OK;
}

static lar_status add_checker(lar_scene *scene, const lar_figure_params *p, lar_arena *arena)
{
    double longest = 0;
    char words[LAR_TICK_ROOM];
    lar_column *column = add_column(scene, &p->checker, "|", arena);
    if (!column) return LAR_EMEMORY;
    for (int a = 0; a < 3; a++)
        longest = fmax(longest, column->frame.high[a] - column->frame.low[a]);
    column->shows = LAR_SHOWS_CHECKER;
    column->square_mm =
        isnan(p->square_mm) ? lar_round_down(longest / SQUARES * 1.3) : p->square_mm;
    lar_number_words(words, column->square_mm, 4);
    snprintf(column->words, sizeof column->words, "squares of %s mm", words);
    return LAR_OK;
}

lar_status lar_compare(lar_scene *scene, lar_outlines *contours, const lar_look *looks,
                       const lar_head *heads, const lar_image *const *images,
                       const lar_figure_params *p, lar_arena *arena)
{
    lar_status status = LAR_OK;
    if (p->difference.count) LAR_TRY(add_difference(scene, looks, heads, p, arena));
    if (p->contours.count) LAR_TRY(add_contours(scene, contours, images, p, arena));
    if (p->checker.count) LAR_TRY(add_checker(scene, p, arena));
    if (p->alone) {
        int64_t kept = 0;
        for (int64_t n = 0; n < scene->column_count; n++)
            if (scene->columns[n].number == 0) scene->columns[kept++] = scene->columns[n];
        scene->column_count = kept;
    }
done:
    return status;
}
