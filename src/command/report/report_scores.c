/* Scores of the held-out subjects: made once for a model and what it was scored on, kept in the
 * work folder, with pictures of the best and the worst. SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <math.h>

#include "codec/codec.h"
#include "command/report/report_make.h"

enum { FORM = 1, SCORES_MAX = 64 << 20, SHOWN = 150 /* pixels of the head's longest edge */ };
static const char *const columns[] = { "input", "truth", "synthesis", "difference" };
enum { COLUMNS = 4 };

/* ---- what was scored ------------------------------------------------------------------- */

/* Length and checksum of a file, as text; "" where it cannot be read. */
static const char *mark_of(lar_arena *arena, const char *path)
{
    char *bytes = NULL;
    size_t count;
    const char *out = "";
    if (lar_file_read(&bytes, &count, path, (size_t)1 << 40) == LAR_OK)
        out = lar_arena_format(arena, "%zu:%08x", count, lar_crc32(bytes, count));
    lar_free(bytes);
    return out ? out : "";
}

typedef struct scoring {
    lar_report *report;
    const char *model, *path;           /* files: of the weights, of the scores */
    const char *model_mark, *data_mark; /* what they are now */
    json_t *root;
    lar_status drawing;
} scoring;

static lar_status scoring_init(scoring *s, lar_report *report)
{
    const char *cases = lar_cases_path(report->arena, report->work);
    *s = (scoring){ .report = report };
    s->model = lar_path_join(report->arena, report->work, "train/best.safetensors");
    s->path = lar_path_join(report->arena, report->work, "report/scores.json");
    if (!s->model || !s->path || !cases) return LAR_EMEMORY;
    if (!lar_path_exists(s->model)) return LAR_OK;
    s->model_mark = mark_of(report->arena, s->model);
    s->data_mark = mark_of(report->arena, cases);
    return LAR_OK;
}

static bool is_current(const scoring *s, const json_t *root)
{
    return json_integer_value(json_object_get(root, "form")) == FORM &&
           lar_text_is(json_string_value(json_object_get(root, "model")), s->model_mark) &&
           lar_text_is(json_string_value(json_object_get(root, "data")), s->data_mark);
}

static json_t *read_scores(const scoring *s)
{
    char *text = NULL;
    size_t length;
    json_t *root = NULL;
    if (lar_path_exists(s->path) && lar_file_read(&text, &length, s->path, SCORES_MAX) == LAR_OK)
        root = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
    lar_free(text);
    if (root && is_current(s, root)) return root;
    json_decref(root);
    return NULL;
}

/* ---- scoring --------------------------------------------------------------------------- */

static json_t *number_or_null(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static lar_status keep_png(json_t *object, const char *key, lar_text *png)
{
    lar_text base64 = { 0 };
    if (!png->failed) lar_base64(&base64, lar_text_get(png), png->length);
    const bool good = !png->failed && !base64.failed &&
                      json_object_set_new(object, key, json_string(lar_text_get(&base64))) == 0;
    lar_text_clear(png);
    lar_text_clear(&base64);
    return good ? LAR_OK : lar_fail(LAR_EMEMORY, "out of memory");
}

/* Truth and synthesis in the same window. */
static lar_status draw(json_t *out, const lar_image *const images[3])
{
    lar_status status = LAR_OK;
    lar_text png = { 0 };
    lar_glance *place = NULL;
    double truth[2], limit = NAN;

    LAR_TRY(lar_glance_new(&place, images[0]));
    LAR_TRY(lar_glance_window(truth, place, images[1]));
    for (int n = 0; n < 3; n++) {
        lar_glance_params how = { .planes = LAR_GLANCE_BELOW, .longest = SHOWN };
        if (n > 0) memcpy(how.window, truth, sizeof truth);
        LAR_TRY(lar_glance_png(&png, place, images[n], &how));
        LAR_TRY(keep_png(out, columns[n], &png));
    }
    const lar_glance_params how = { .planes = LAR_GLANCE_BELOW, .longest = SHOWN };
    LAR_TRY(lar_glance_difference_png(&png, &limit, place, images[1], images[2], &how));
    LAR_TRY(keep_png(out, columns[3], &png));
    json_object_set_new(out, "limit", json_real(limit));
done:
    lar_text_clear(&png);
    lar_glance_free(place);
    return status;
}

/* Takes the place of the best or the worst so far of its target. */
static void add_row(void *user, const lar_score_row *row, const lar_image *input,
                    const lar_image *truth, const lar_image *synthesis)
{
    static const char *const ends[] = { "best", "worst" };
    scoring *s = user;
    const lar_scores *v = &row->scores;
    const lar_image *const images[] = { input, truth, synthesis };
    json_array_append_new(json_object_get(s->root, "rows"),
                          json_pack("{s:s, s:s, s:I, s:f, s:f, s:o, s:f, s:f}", "subject", row->id,
                                    "target", row->target, "voxels", (json_int_t)v->voxels, "mae",
                                    v->mae, "mse", v->mse, "psnr", number_or_null(v->psnr), "ssim",
                                    v->ssim, "ncc", v->ncc));
    json_t *shown = json_object_get(s->root, "shown"), *pictures = NULL;
    if (!json_object_get(shown, row->target))
        json_object_set_new(shown, row->target, json_object());
    json_t *target = json_object_get(shown, row->target);
    for (int n = 0; n < 2 && s->drawing == LAR_OK; n++) {
        const json_t *before = json_object_get(target, ends[n]);
        const double value = json_number_value(json_object_get(before, "mae"));
        if (before && !(n == 0 ? v->mae < value : v->mae > value)) continue;
        if (!pictures) {
            pictures = json_object();
            s->drawing = draw(pictures, images);
        }
        json_object_set_new(
            target, ends[n],
            json_pack("{s:s, s:f, s:O}", "subject", row->id, "mae", v->mae, "pictures", pictures));
    }
    json_decref(pictures);
}

static lar_status compute(scoring *s, int64_t memory)
{
    lar_status status = LAR_OK;
    lar_trained *trained = NULL;
    lar_prepared *prepared = NULL;
    lar_evaluation *e = NULL;
    char *text = NULL;
    const lar_report *r = s->report;
    const lar_evaluate_params how = {
        .split = LAR_VALID, .inside = LAR_INSIDE_AUTO, .memory = memory, .fn = add_row, .user = s
    };

    s->root = json_pack("{s:i, s:s, s:s, s:[], s:{}}", "form", FORM, "model", s->model_mark, "data",
                        s->data_mark, "rows", "shown");
    if (!s->root) return lar_fail(LAR_EMEMORY, "out of memory");
    LAR_TRY(lar_trained_read(&trained, s->model));
    LAR_TRY(lar_prepared_open(&prepared, r->work, trained->study->recipe, NULL));
    LAR_TRY(lar_evaluate(&e, trained, prepared, &how, r->call->progress));
    json_object_set_new(s->root, "epoch", json_integer((json_int_t)trained->epoch));
    json_object_set_new(s->root, "inside", json_string(e->inside));
    text = json_dumps(s->root, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
    if (!text) {
        status = lar_fail(LAR_EMEMORY, "out of memory");
        goto done;
    }
    const char *folder = lar_path_folder(r->arena, s->path);
    if (!folder || lar_folder_make(folder) != LAR_OK ||
        lar_file_write(s->path, text, strlen(text), true) != LAR_OK)
        lar_log(LAR_LOG_WARNING, "the scores are not kept: %s", lar_error());
done:
    free(text);
    lar_evaluation_free(e);
    lar_prepared_free(prepared);
    lar_trained_free(trained);
    return status;
}

lar_status lar_report_score(lar_report *report, bool may_compute, int64_t memory)
{
    scoring s;
    lar_status status = scoring_init(&s, report);
    if (status != LAR_OK || !s.model_mark) return status;
    report->scores = read_scores(&s);
    if (report->scores) return LAR_OK;
    if (!may_compute) {
        report->no_scores = "larmor report scores the model";
        return LAR_OK;
    }
    status = compute(&s, memory);
    if (status == LAR_OK) {
        report->scores = s.root;
        return LAR_OK;
    }
    json_decref(s.root);
    if (status == LAR_ESTOPPED || status == LAR_EMEMORY) return status;
    report->no_scores = lar_reason(report->arena);
    return LAR_OK;
}

/* ---- on the page ----------------------------------------------------------------------- */

static void add_shown(lar_page *page, const lar_report *r, const char *title, const char *target,
                      const json_t *shown)
{
    const char *id = json_string_value(json_object_get(shown, "subject"));
    const json_t *pictures = json_object_get(shown, "pictures");
    if (!id) return;
    const char *beside = lar_arena_format(r->arena, "%s of %s, mean absolute error %.4g", target,
                                          id, json_number_value(json_object_get(shown, "mae")));
    lar_page_card_open(page, LAR_PAGE_PLAIN, title, beside ? beside : "");
    lar_page_row_open(page, "");
    for (int n = 0; n < COLUMNS; n++) {
        const char *png = json_string_value(json_object_get(pictures, columns[n]));
        const char *caption =
            n < COLUMNS - 1
                ? columns[n]
                : lar_arena_format(r->arena, "synthesis - truth, %.3g (blue: less) to %.3g",
                                   -json_number_value(json_object_get(pictures, "limit")),
                                   json_number_value(json_object_get(pictures, "limit")));
        if (png && caption)
            lar_page_picture(
                page, &(lar_page_image){ .alt = caption, .caption = caption, .base64 = png });
    }
    lar_page_close(page);
    lar_page_close(page);
}

static double value_of(const json_t *row, const char *key)
{
    const json_t *value = json_object_get(row, key);
    return json_is_number(value) ? json_number_value(value) : INFINITY; /* PSNR of equal images */
}

static void add_scores(lar_page *page, const json_t *row, const char *subject, double count)
{
    const char *target = json_string_value(json_object_get(row, "target"));
    lar_page_cell(page, "%s", subject ? subject : "");
    lar_page_cell(page, "%s", target ? target : "");
    lar_page_cell(page, "%.4g", value_of(row, "mae") / count);
    lar_page_cell(page, "%.4g", value_of(row, "mse") / count);
    lar_page_cell(page, "%.2f", value_of(row, "psnr") / count);
    lar_page_cell(page, "%.4f", value_of(row, "ssim") / count);
    lar_page_cell(page, "%.4f", value_of(row, "ncc") / count);
}

/* The mean of the rows of one target. */
static void add_mean(lar_page *page, const json_t *rows, const char *target)
{
    static const char *const keys[] = { "mae", "mse", "psnr", "ssim", "ncc" };
    double sums[5] = { 0 };
    int64_t count = 0;
    for (size_t n = 0; n < json_array_size(rows); n++) {
        const json_t *row = json_array_get(rows, n);
        if (!lar_text_is(json_string_value(json_object_get(row, "target")), target)) continue;
        for (int k = 0; k < 5; k++) sums[k] += value_of(row, keys[k]);
        count++;
    }
    if (count < 2) return;
    json_t *sum = json_pack("{s:s}", "target", target);
    for (int k = 0; k < 5; k++) json_object_set_new(sum, keys[k], number_or_null(sums[k]));
    add_scores(page, sum, "mean", (double)count);
    json_decref(sum);
}

void lar_report_add_scores(lar_page *page, const lar_report *r)
{
    static const lar_page_column heads[] = { { "subject", false }, { "target", false },
                                             { "MAE", true },      { "MSE", true },
                                             { "PSNR", true },     { "SSIM", true },
                                             { "NCC", true } };
    const json_t *rows = json_object_get(r->scores, "rows");
    const char *target;
    json_t *ends;

    if (!r->scores && !r->no_scores) return;
    lar_page_section(page, "scores", "Scores");
    if (!r->scores) {
        lar_page_text(page, LAR_PAGE_WARNING, "Not scored: %s.", r->no_scores);
        return;
    }
    const char *inside = json_string_value(json_object_get(r->scores, "inside"));
    const bool head = !inside || lar_text_is(inside, LAR_INSIDE_HEAD);
    lar_page_text(page, LAR_PAGE_PLAIN,
                  "The model with the least held-out loss (after epoch %lld) on the held-out "
                  "subjects, inside the %s%s, in normalized units, as larmor evaluate tells it.",
                  (long long)json_integer_value(json_object_get(r->scores, "epoch")),
                  head ? "head" : "mask ", head ? "" : inside);
    json_object_foreach(json_object_get(r->scores, "shown"), target, ends)
    {
        const json_t *best = json_object_get(ends, "best"), *worst = json_object_get(ends, "worst");
        const bool one = lar_text_is(json_string_value(json_object_get(best, "subject")),
                                     json_string_value(json_object_get(worst, "subject")));
        add_shown(page, r, one ? "The only one" : "Best", target, best);
        if (!one) add_shown(page, r, "Worst", target, worst);
    }
    lar_page_table_open(page, heads, 7);
    for (size_t n = 0; n < json_array_size(rows); n++) {
        const json_t *row = json_array_get(rows, n);
        add_scores(page, row, json_string_value(json_object_get(row, "subject")), 1);
    }
    json_object_foreach(json_object_get(r->scores, "shown"), target, ends)
        add_mean(page, rows, target);
    lar_page_close(page);
    lar_page_text(page, LAR_PAGE_SOFT,
                  "MAE and MSE: mean absolute and squared error; PSNR in dB; SSIM and NCC: 1 where "
                  "equal. larmor evaluate --baselines tells what a synthesis must beat.");
}
