/* larmor show-batch: what the network is about to see.
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <math.h>

#include "batch/batch.h"
#include "command/command.h"
#include "math/math.h"
#include "prepare/prepare.h"
#include "report/report.h"

enum { COUNT_MOST = 64, LINE = 116, LINES_MOST = 14, HISTORY_MAX = 256 << 20 };

typedef struct options {
    const char *output, *work, *history, *replay;
    int64_t epoch, count;
    int split;
    bool force;
} options;

static const char *const splits[] = { "train", "valid", NULL };

static const lar_param params[] = {
    LAR_P_TEXT(options, output, "output", 'o', "", "path",
               "the picture (.png, .svg, .pdf); WORK/batch.png where not given"),
    LAR_P_INT(options, count, "count", 'n', "6", 1, COUNT_MOST, "samples", "how many are shown"),
    LAR_P_INT(options, epoch, "epoch", 'e', "1", 1, 1000000, "number",
              "whose samples: other epochs have others"),
    LAR_P_CHOICE(options, split, "split", 0, "train", splits,
                 "of which cases; held-out ones are not augmented"),
    LAR_P_TEXT(options, history, "history", 0, "", "path",
               "write what was drawn, one JSON object a line: all samples of the epoch"),
    LAR_P_TEXT(options, replay, "replay", 0, "", "path",
               "show the samples of such a file, made again from it"),
    LAR_P_TEXT(options, work, "work", 0, "", "folder",
               "work folder; the study's name without its suffix where not given"),
    LAR_P_FLAG(options, force, "force", 'f', "replace files that exist"),
    LAR_P_END,
};

/* ---- words -------------------------------------------------------------------------------------
 */

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

/* ---- which samples -----------------------------------------------------------------------------
 */

/* Every sample of the epoch, or of a file: calls `each` until it says no. */
typedef struct shower {
    const options *o;
    lar_sampler *sampler;
    lar_augment_scratch *scratch;
    lar_item *items; /* those that are shown */
    int64_t shown;
    lar_text told;
} shower;

static lar_status draw_epoch(shower *s)
{
    lar_status status = LAR_OK;
    const int64_t all = lar_sampler_count(s->sampler);
    lar_item spare = { 0 };
    LAR_TRY(lar_item_init(&spare, s->sampler));
    for (int64_t n = 0; n < all && (s->o->history || n < s->o->count); n++) {
        lar_item *item = n < s->o->count ? &s->items[n] : &spare;
        LAR_TRY(lar_item_draw(item, s->sampler, s->o->epoch - 1, n));
        if (s->o->history) LAR_TRY(lar_item_tell(&s->told, item));
        if (n >= s->o->count) continue;
        LAR_TRY(lar_item_make(item, s->sampler, s->scratch));
        s->shown++;
    }
done:
    lar_item_clear(&spare);
    return status;
}

static lar_status read_told(shower *s)
{
    lar_status status = LAR_OK;
    char *text = NULL;
    size_t length;
    int64_t line = 0;
    LAR_TRY(lar_file_read(&text, &length, s->o->replay, HISTORY_MAX));
    for (char *at = text; *at && s->shown < s->o->count;) {
        char *end = at + strcspn(at, "\n"), *next = *end ? end + 1 : end;
        json_error_t error;
        line++;
        json_t *object = json_loadb(at, (size_t)(end - at), JSON_REJECT_DUPLICATES, &error);
        at = next;
        if (!object) {
            status = lar_fail(LAR_EFORMAT, "'%s:%lld' is no JSON: %s", s->o->replay,
                              (long long)line, error.text);
            goto done;
        }
        status = lar_item_from_json(&s->items[s->shown], object);
        json_decref(object);
        if (status != LAR_OK) {
            lar_while(status, "'%s:%lld' cannot be shown", s->o->replay, (long long)line);
            goto done;
        }
        LAR_TRY(lar_item_make(&s->items[s->shown], s->sampler, s->scratch));
        s->shown++;
    }
    if (s->shown == 0) status = lar_fail(LAR_EFORMAT, "'%s' has no sample", s->o->replay);
done:
    lar_free(text);
    return status;
}

/* ---- the picture -------------------------------------------------------------------------------
 */

/* Black and white of an image in all its pictures: the 1st and 99.5th percentile. */
static lar_status window_of(double window[2], const shower *s, int64_t channel)
{
    static const double percentiles[2] = { 0.01, 0.995 };
    lar_status status = LAR_OK;
    int64_t count = 0, at = 0;
    for (int64_t n = 0; n < s->shown; n++)
        count += s->items[n].size[0] * s->items[n].size[1] * s->items[n].size[2];
    float *values = lar_alloc_raw(count, sizeof *values);
    if (!values) return LAR_EMEMORY;
    for (int64_t n = 0; n < s->shown; n++) {
        const int64_t voxels = s->items[n].size[0] * s->items[n].size[1] * s->items[n].size[2];
        memcpy(values + at, s->items[n].channels[channel], (size_t)voxels * sizeof *values);
        at += voxels;
    }
    status = lar_quantiles(window, percentiles, 2, values, count);
    if (!(window[1] > window[0])) window[1] = window[0] + 1;
    lar_free(values);
    return status;
}

/* Pictures of one channel: its middle slices across z, y and x; of a slice itself. */
static void add_cells(lar_sheet_cell *cells, const lar_item *item, int64_t channel, int span,
                      const double window[2])
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
            .window = { window[0], window[1] },
        };
}

/* "t1", of neighbouring slices "t1 -1", "t1", "t1 +1"; inputs first, then the others. */
static lar_status name_channels(const char **names, const lar_study *study, bool labels,
                                lar_arena *arena)
{
    static const int order[] = { LAR_INPUT, LAR_TARGET, LAR_LABEL, LAR_MASK };
    const int64_t around = lar_sample_slices(&study->train.sample) / 2;
    int64_t count = 0;
    for (int r = 0; r < (labels ? 4 : 2); r++)
        for (int64_t n = 0; n < study->data.image_count; n++) {
            if (study->data.images[n].role != order[r]) continue;
            const int64_t most = r == 0 ? around : 0;
            for (int64_t k = -most; k <= most; k++) {
                names[count] = k ? lar_arena_format(arena, "%s %+lld", study->data.images[n].name,
                                                    (long long)k)
                                 : study->data.images[n].name;
                if (!names[count++]) return LAR_EMEMORY;
            }
        }
    return LAR_OK;
}

static lar_status draw(const shower *s, const lar_study *study, const lar_prepared *prepared,
                       const char *path, lar_arena *arena)
{
    lar_status status = LAR_OK;
    const int64_t channels = lar_sampler_channels(s->sampler);
    const int span =
        study->train.sample.kind == LAR_SAMPLE_SLICE || s->items[0].size[2] == 1 ? 1 : 3;
    const int64_t columns = channels * span;
    lar_sheet_cell *cells = lar_arena_take(arena, s->shown * columns, sizeof *cells);
    const char **names = lar_arena_take(arena, s->shown, sizeof *names);
    const char **heads = lar_arena_take(arena, channels, sizeof *heads);
    const char **notes = lar_arena_take(arena, s->shown * LINES_MOST, sizeof *notes);
    const char **packed = lar_arena_take(arena, s->shown * LINES_MOST, sizeof *packed);
    if (!cells || !names || !heads || !notes || !packed) return LAR_EMEMORY;
    lar_sheet sheet = { .rows = s->shown,
                        .columns = columns,
                        .span = span,
                        .heads = heads,
                        .cells = cells,
                        .names = names };
    LAR_TRY(name_channels(heads, study, true, arena));
    for (int64_t c = 0; c < channels; c++) {
        double window[2];
        LAR_TRY(window_of(window, s, c));
        for (int64_t n = 0; n < s->shown; n++)
            add_cells(cells + n * columns + c * span, &s->items[n], c, span, window);
    }
    for (int64_t n = 0; n < s->shown; n++) {
        const lar_item *item = &s->items[n];
        const int64_t *corner = item->box.corner, *size = item->box.size;
        int64_t lines;
        names[n] = lar_arena_format(
            arena, "%s, sample %lld of epoch %lld: %lldx%lldx%lld voxels from (%lld, %lld, %lld)",
            prepared->cases[item->case_index].id, (long long)item->number + 1,
            (long long)item->epoch + 1, (long long)size[0], (long long)size[1], (long long)size[2],
            (long long)corner[0], (long long)corner[1], (long long)corner[2]);
        if (!names[n]) return LAR_EMEMORY;
        LAR_TRY(history_lines(notes + n * LINES_MOST, &lines, &item->history, arena));
        if (lines > sheet.note_lines) sheet.note_lines = lines;
    }
    for (int64_t n = 0; n < s->shown; n++)
        for (int64_t line = 0; line < sheet.note_lines; line++)
            packed[n * sheet.note_lines + line] = notes[n * LINES_MOST + line];
    sheet.notes = packed;
    sheet.title = lar_arena_format(arena, "%s: what the network sees", study->name);
    status = lar_sheet_draw(&sheet, path, true);
done:
    return status;
}

static lar_status show_batch_run(lar_call *call)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    lar_study *study = NULL;
    lar_prepared *prepared = NULL;
    shower s = { .o = o };

    if (o->history && o->replay)
        return lar_fail(LAR_EARGUMENT, "--history and --replay exclude each other");
    LAR_TRY(lar_study_read(&study, call->args[0]));
    if (o->work) study->work = o->work;
    const char *path = o->output ? o->output : lar_path_join(call->arena, study->work, "batch.png");
    if (!path) {
        status = LAR_EMEMORY;
        goto done;
    }
    LAR_TRY(lar_cli_output(call, path, o->force || !o->output));
    if (o->history) LAR_TRY(lar_cli_output(call, o->history, o->force));
    LAR_TRY(lar_picture_check(path));
    LAR_TRY(lar_study_prepared(&prepared, study));
    LAR_TRY(lar_study_sampler(&s.sampler, study, prepared, o->split, true));
    LAR_TRY(lar_augment_scratch_new(&s.scratch));
    s.items = lar_arena_take(call->arena, o->count, sizeof *s.items);
    if (!s.items) {
        status = LAR_EMEMORY;
        goto done;
    }
    for (int64_t n = 0; n < o->count; n++) LAR_TRY(lar_item_init(&s.items[n], s.sampler));
    LAR_TRY(o->replay ? read_told(&s) : draw_epoch(&s));
    LAR_TRY(draw(&s, study, prepared, path, call->arena));
    if (o->history) LAR_TRY(lar_file_write(o->history, lar_text_get(&s.told), s.told.length, true));
    lar_text text = { 0 };
    lar_text_add(&text, "samples  %lld in an epoch, %lld shown\npicture  %s\n",
                 (long long)lar_sampler_count(s.sampler), (long long)s.shown, path);
    if (o->history) lar_text_add(&text, "history  %s\n", o->history);
    status = lar_cli_print(lar_text_get(&text));
    lar_text_clear(&text);
done:
    for (int64_t n = 0; s.items && n < o->count; n++) lar_item_clear(&s.items[n]);
    lar_augment_scratch_free(s.scratch);
    lar_text_clear(&s.told);
    lar_sampler_free(s.sampler);
    lar_prepared_free(prepared);
    lar_study_free(study);
    return status;
}

const lar_command lar_command_show_batch = {
    .name = "show-batch",
    .group = "learn",
    .summary = "draw what the network is about to see",
    .about =
        "Draws samples of a study's prepared data as its training will meet them: the patches, "
        "slices or volumes, augmented, inputs beside targets and labels, each with what was drawn "
        "for it. Patches are shown in their middle, from above, from the front and from the left. "
        "With --history all that is drawn for the samples of an epoch goes into a file, from which "
        "--replay makes them again, bit for bit.",
    .args =
        (const lar_arg[]){ { .name = "study", .help = "the study file", .is_path = true }, { 0 } },
    .tables = { { params, 0 } },
    .size = sizeof(options),
    .examples =
        (const lar_example[]){
            { "larmor show-batch study.yaml", "six samples of the first epoch" },
            { "larmor show-batch study.yaml -o batch.png -n 12 --epoch 3 --history epoch3.jsonl",
              "twelve of the third, and what was drawn for all of it" },
            { 0 } },
    .run = show_batch_run,
};
