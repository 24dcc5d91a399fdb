/* The sheet of larmor show-batch: samples as rows of pictures, with what was drawn for each.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/look/batch_sheet.h"
#include "math/math.h"
#include "report/report.h"

enum { LINE = 116, LINES_MOST = 14 };

/* Words that become lines, as long as the narrowest sheet is wide. */
typedef struct note {
    const char **lines;
    int64_t count;
    lar_text line;
    lar_arena *arena;
} note;

static lar_status end_line(note *n)
{
    const bool full = n->count == LINES_MOST; /* its last line then says so */
    const char *kept = full ? "... and more, which --history tells"
                            : lar_arena_text(n->arena, lar_text_get(&n->line), n->line.length);
    const bool failed = n->line.failed || !kept;
    n->lines[full ? LINES_MOST - 1 : n->count++] = kept;
    lar_text_clear(&n->line);
    return failed ? LAR_EMEMORY : LAR_OK;
}

static lar_status add_words(note *n, const char *between, const char *words)
{
    lar_status status = LAR_OK;
    if (n->line.length + strlen(between) + strlen(words) > LINE) {
        status = end_line(n);
        between = lar_text_is(between, " ") ? "    " : "";
    }
    lar_text_add(&n->line, "%s%s", between, words);
    return status;
}

/* "flip x 1; affine scale_x 1.04 ..." in lines: what is 0, and seeds, are for the file. */
static lar_status history_lines(const char **lines, int64_t *count, const lar_history *history,
                                lar_arena *arena)
{
    note n = { .lines = lines, .arena = arena };
    lar_status status = LAR_OK;
    for (int64_t d = 0; d < history->count; d++) {
        const lar_drawn *drawn = &history->at[d];
        LAR_TRY(add_words(&n, d ? "; " : "", drawn->kind->name));
        for (int v = 0; drawn->kind->names[v]; v++) {
            char words[64];
            if (strstr(drawn->kind->names[v], "seed") || drawn->values[v] == 0) continue;
            snprintf(words, sizeof words, "%s %.3g", drawn->kind->names[v], drawn->values[v]);
            LAR_TRY(add_words(&n, " ", words));
        }
    }
    if (n.line.length) status = end_line(&n);
done:
    *count = n.count;
    lar_text_clear(&n.line);
    return status;
}

/* Black and white of an image in all its pictures: the 1st and 99.5th percentile. */
static lar_status window_of(double window[2], const lar_batch *b, int64_t channel)
{
    static const double percentiles[2] = { 0.01, 0.995 };
    lar_status status = LAR_OK;
    int64_t count = 0, at = 0;
    for (int64_t n = 0; n < b->count; n++)
        count += b->items[n].size[0] * b->items[n].size[1] * b->items[n].size[2];
    float *values = lar_alloc_raw(count, sizeof *values);
    if (!values) return LAR_EMEMORY;
    for (int64_t n = 0; n < b->count; n++) {
        const int64_t voxels = b->items[n].size[0] * b->items[n].size[1] * b->items[n].size[2];
        memcpy(values + at, b->items[n].channels[channel], (size_t)voxels * sizeof *values);
        at += voxels;
    }
    status = lar_quantiles(window, percentiles, 2, values, count);
    if (!(window[1] > window[0])) window[1] = window[0] + 1;
    lar_free(values);
    return status;
}

/* Pictures of one channel: its middle slices across z, y and x; of a slice itself. */
static void add_cells(lar_sheet_cell *cells, const lar_item *item, int64_t channel, int span,
                      const lar_sheet_cell *how)
{
    static const int across[3] = { 2, 1, 0 }, right[3] = { 0, 0, 1 }, up[3] = { 1, 2, 2 };
    const int64_t *size = item->size, stride[3] = { 1, size[0], size[0] * size[1] };
    lar_item plain = *item; /* voxels as large as they were */
    lar_grid grid;
    double mm[3];
    plain.history.count = 0;
    lar_item_grid(&grid, &plain);
    lar_grid_spacing(&grid, mm);
    for (int n = 0; n < span; n++)
        cells[n] = (lar_sheet_cell){
            .values = item->channels[channel] + size[across[n]] / 2 * stride[across[n]],
            .size = { size[right[n]], size[up[n]] },
            .stride = { stride[right[n]], stride[up[n]] },
            .edge = { mm[right[n]], mm[up[n]] },
            .window = { how->window[0], how->window[1] },
            .labels = how->labels,
        };
}

/* "t1", of neighbouring slices "t1 -1", "t1", "t1 +1"; inputs first, then the others. */
static lar_status name_channels(const char **names, lar_sheet_cell *how, const lar_study *study,
                                lar_arena *arena)
{
    static const int order[] = { LAR_INPUT, LAR_TARGET, LAR_LABEL, LAR_MASK };
    const int64_t around = lar_sample_slices(&study->train.sample) / 2;
    int64_t count = 0;
    for (int r = 0; r < 4; r++)
        for (int64_t n = 0; n < study->data.image_count; n++) {
            if (study->data.images[n].role != order[r]) continue;
            const int64_t most = r == 0 ? around : 0;
            for (int64_t k = -most; k <= most; k++) {
                how[count].labels = !lar_role_is_measured(order[r]);
                names[count] = k ? lar_arena_format(arena, "%s %+lld", study->data.images[n].name,
                                                    (long long)k)
                                 : study->data.images[n].name;
                if (!names[count++]) return LAR_EMEMORY;
            }
        }
    return LAR_OK;
}

lar_status lar_batch_draw(const lar_batch *b, const char *path, lar_arena *arena)
{
    lar_status status = LAR_OK;
    const int64_t channels = lar_sampler_channels(b->sampler);
    const int span =
        b->study->train.sample.kind == LAR_SAMPLE_SLICE || b->items[0].size[2] == 1 ? 1 : 3;
    const int64_t columns = channels * span;
    lar_sheet_cell *cells = lar_arena_take(arena, b->count * columns, sizeof *cells);
    const char **names = lar_arena_take(arena, b->count, sizeof *names);
    const char **heads = lar_arena_take(arena, channels, sizeof *heads);
    const char **notes = lar_arena_take(arena, b->count * LINES_MOST, sizeof *notes);
    const char **packed = lar_arena_take(arena, b->count * LINES_MOST, sizeof *packed);
    lar_sheet_cell *how = lar_arena_take(arena, channels, sizeof *how); /* each channel is drawn */
    if (!cells || !names || !heads || !notes || !packed || !how) return LAR_EMEMORY;
    lar_sheet sheet = { .rows = b->count,
                        .columns = columns,
                        .span = span,
                        .heads = heads,
                        .cells = cells,
                        .names = names };
    LAR_TRY(name_channels(heads, how, b->study, arena));
    for (int64_t c = 0; c < channels; c++) {
        LAR_TRY(window_of(how[c].window, b, c));
        how[c].window[0] = how[c].labels ? 0 : how[c].window[0];
        for (int64_t n = 0; n < b->count; n++)
            add_cells(cells + n * columns + c * span, &b->items[n], c, span, &how[c]);
    }
    for (int64_t n = 0; n < b->count; n++) {
        const lar_item *item = &b->items[n];
        const int64_t *corner = item->box.corner, *size = item->box.size;
        int64_t lines;
        names[n] = lar_arena_format(
            arena, "%s, sample %lld of epoch %lld: %lldx%lldx%lld voxels from (%lld, %lld, %lld)",
            b->prepared->cases[item->case_index].id, (long long)item->number + 1,
            (long long)item->epoch + 1, (long long)size[0], (long long)size[1], (long long)size[2],
            (long long)corner[0], (long long)corner[1], (long long)corner[2]);
        if (!names[n]) return LAR_EMEMORY;
        LAR_TRY(history_lines(notes + n * LINES_MOST, &lines, &item->history, arena));
        if (lines > sheet.note_lines) sheet.note_lines = lines;
    }
    for (int64_t n = 0; n < b->count; n++)
        for (int64_t line = 0; line < sheet.note_lines; line++)
            packed[n * sheet.note_lines + line] = notes[n * LINES_MOST + line];
    sheet.notes = packed;
    sheet.title = lar_arena_format(arena, "%s: what the network sees", b->study->name);
    status = lar_sheet_draw(&sheet, path, true);
done:
    return status;
}
