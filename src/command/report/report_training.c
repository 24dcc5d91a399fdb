/* A training on the page: its losses and its learning rate, epoch by epoch.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "command/report/report_make.h"

enum { HISTORY_MAX = 64 << 20, COLUMNS = 5, LAST = 8 };

/* One line of history.csv; false where it is not whole. */
static bool read_line(lar_epoch *out, const char *line, size_t length, int64_t number)
{
    double values[COLUMNS];
    const char *end = line + length;
    for (int n = 0; n < COLUMNS; n++) {
        char field[64];
        const size_t size = strcspn(line, ",\n");
        if (size == 0 || size >= sizeof field || line + size > end) return false;
        memcpy(field, line, size);
        field[size] = 0;
        if (!lar_parse_real(&values[n], field) && !(n > 0 && lar_text_is(field, "nan")))
            return false;
        if (lar_text_is(field, "nan")) values[n] = NAN;
        line += size;
        if (n < COLUMNS - 1 && *line++ != ',') return false;
    }
    *out = (lar_epoch){ values[1], values[2], values[3], values[4] };
    return line == end && values[0] == (double)number;
}

/* A line that is cut short, or out of its turn, ends what is believed. */
lar_status lar_report_read_history(lar_report *r)
{
    lar_status status = LAR_OK;
    char *text = NULL;
    size_t length;
    int64_t lines = 0;
    const char *path = lar_path_join(r->arena, r->work, "train/history.csv");

    if (!path) return LAR_EMEMORY;
    if (!lar_path_exists(path)) return LAR_OK;
    LAR_TRY(lar_file_read(&text, &length, path, HISTORY_MAX));
    for (size_t n = 0; n < length; n++) lines += text[n] == '\n';
    lar_epoch *history = lar_arena_take(r->arena, lines + 1, sizeof *history);
    if (!history) {
        status = LAR_EMEMORY;
        goto done;
    }
    const char *line = strchr(text, '\n');
    while (line && *++line) {
        const size_t size = strcspn(line, "\n");
        if (!line[size] || !read_line(&history[r->epoch_count], line, size, r->epoch_count + 1)) {
            lar_log(LAR_LOG_WARNING, "'%s' is not whole: what follows epoch %lld is left out", path,
                    (long long)r->epoch_count);
            break;
        }
        r->epoch_count++;
        line += size;
    }
    r->history = history;
done:
    lar_free(text);
    return status;
}

static lar_status add_plot(lar_page *page, const lar_plot_params *params, const lar_series *series,
                           int64_t count, const char *alt)
{
    lar_text svg = { 0 };
    const lar_status status = lar_plot_svg(&svg, params, series, count);
    if (status == LAR_OK)
        lar_page_picture(page, &(lar_page_image){ .alt = alt,
                                                  .bytes = lar_text_get(&svg),
                                                  .count = svg.length,
                                                  .svg = true,
                                                  .plot = true });
    lar_text_clear(&svg);
    return status;
}

lar_status lar_report_add_training(lar_page *page, const lar_report *r)
{
    lar_status status = LAR_OK;
    static const lar_page_column columns[] = { { "epoch", true },
                                               { "loss", true },
                                               { "held out", true },
                                               { "rate", true },
                                               { "seconds", true } };
    const int64_t count = r->epoch_count;
    double *values = lar_arena_take(r->arena, 3 * count, sizeof *values);
    int64_t best = 0;
    double seconds = 0;

    if (!values) return LAR_EMEMORY;
    for (int64_t n = 0; n < count; n++) {
        values[n] = r->history[n].train_loss;
        values[count + n] = r->history[n].valid_loss;
        values[2 * count + n] = r->history[n].rate;
        seconds += r->history[n].seconds;
        if (r->history[n].valid_loss < r->history[best].valid_loss) best = n;
    }
    const lar_series losses[] = {
        { .name = "training", .y = values, .count = count },
        { .name = "held out", .y = values + count, .count = count, .dashed = true }
    };
    const lar_series rate = { .y = values + 2 * count, .count = count };
    const lar_mark mark = { (double)best + 1, r->history[best].valid_loss, "best" };
    lar_page_section(page, "training", "Training");
    lar_page_text(page, LAR_PAGE_PLAIN,
                  "%lld epoch%s in %.1f s: loss %.4f, held out %.4f; best held-out loss %.4f after "
                  "epoch %lld.",
                  (long long)count, count == 1 ? "" : "s", seconds,
                  r->history[count - 1].train_loss, r->history[count - 1].valid_loss,
                  r->history[best].valid_loss, (long long)best + 1);
    LAR_TRY(add_plot(page,
                     &(lar_plot_params){ .title = "Loss",
                                         .x_label = "epoch",
                                         .y_label = "loss",
                                         .log_y = true,
                                         .marks = &mark,
                                         .mark_count = 1,
                                         .width = 960,
                                         .height = 460 },
                     losses, 2, "training and held-out loss after each epoch"));
    LAR_TRY(add_plot(page,
                     &(lar_plot_params){ .title = "Learning rate",
                                         .x_label = "epoch",
                                         .y_label = "rate of its last step",
                                         .width = 960,
                                         .height = 320 },
                     &rate, 1, "learning rate at the end of each epoch"));
    lar_page_fold_open(page, false, "The last epochs of %lld in numbers", (long long)count);
    lar_page_table_open(page, columns, COLUMNS);
    for (int64_t n = count > LAST ? count - LAST : 0; n < count; n++) {
        const lar_epoch *e = &r->history[n];
        lar_page_cell(page, "%lld", (long long)n + 1);
        lar_page_cell(page, "%.6f", e->train_loss);
        lar_page_cell(page, "%.6f", e->valid_loss);
        lar_page_cell(page, "%.6e", e->rate);
        lar_page_cell(page, "%.2f", e->seconds);
    }
    lar_page_close(page);
    lar_page_close(page);
done:
    return status;
}
