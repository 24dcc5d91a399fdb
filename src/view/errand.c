/* What is asked of one image: waits for it, then answers.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "view/server.h"

enum { LARGEST_REPORT = 512 << 20 };

/* The report is a page that may come from elsewhere: no script, no frame around it but the page's
 * own, and nothing loaded that is not in it. */
static const char report_policy[] = "default-src 'none'; img-src data:; font-src data:; style-src "
                                    "'unsafe-inline'; sandbox allow-same-origin; "
                                    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

typedef struct errand {
    lar_task task;
    lar_view *view;
    lar_exchange *exchange;
    lar_target target;
    lar_want base, over;
} errand;

static void finish(errand *e)
{
    lar_volume_drop(e->view->shelf, e->base.volume);
    lar_volume_drop(e->view->shelf, e->over.volume);
    lar_free(e);
}

/* ---- volume ------------------------------------------------------------------------------ */

/* What is sent, until it is sent. */
typedef struct parcel {
    lar_image *image;
    unsigned char *head;
} parcel;

static void release_parcel(void *owner)
{
    parcel *p = owner;
    lar_image_free(p->image);
    lar_free(p->head);
    lar_free(p);
}

/* Straight from the image's own memory, which the view of it holds. */
static lar_status send_volume(errand *e)
{
    lar_status status = LAR_OK;
    size_t count;
    parcel *p = lar_alloc(1, sizeof *p);
    if (!p) return LAR_EMEMORY;
    LAR_TRY(lar_image_channel(&p->image, e->base.volume->image, e->target.channel));
    LAR_TRY(lar_nifti_head(&p->head, &count, p->image));
    const lar_bytes parts[2] = { { p->head, count },
                                 { p->image->voxels, (size_t)lar_image_voxel_count(p->image) *
                                                         lar_type_size(p->image->type) } };
    lar_answer_bytes(e->exchange, "application/octet-stream", NULL, parts, release_parcel, p);
    p = NULL;
done:
    if (p) release_parcel(p);
    return status;
}

/* ---- about and value --------------------------------------------------------------------- */

static json_t *triple(const double v[3])
{
    return json_pack("[f, f, f]", v[0], v[1], v[2]);
}

static json_t *lines(const char *text)
{
    json_t *list = json_array();
    while (*text) {
        char line[1024];
        const size_t length = strcspn(text, "\n");
        snprintf(line, sizeof line, "%.*s", (int)length, text);
        json_array_append_new(list, lar_view_words(line));
        text += length + (text[length] == '\n');
    }
    return list;
}

static json_t *histogram(const lar_facts *facts)
{
    json_t *counts = json_array();
    for (int b = 0; b < LAR_FACTS_BINS; b++)
        json_array_append_new(counts, json_integer(facts->counts[b]));
    return json_pack("{s:f, s:f, s:o}", "low", facts->low, "high", facts->high, "counts", counts);
}

/* Between look and leave. */
static json_t *tell_about(const errand *e)
{
    const lar_volume *volume = e->base.volume;
    const lar_image *image = volume->image;
    const double(*m)[4] = image->grid.to_world.m;
    double spacing[3];
    char axes[4];
    lar_peek_place at;
    lar_peek_find(&at, volume->peek);
    lar_grid_spacing(&image->grid, spacing);
    lar_grid_axes(&image->grid, axes);
    json_t *affine = json_array();
    for (int r = 0; r < 3; r++)
        json_array_append_new(affine,
                              json_pack("[f, f, f, f]", m[r][0], m[r][1], m[r][2], m[r][3]));
    json_array_append_new(affine, json_pack("[f, f, f, f]", 0.0, 0.0, 0.0, 1.0));
    return json_pack(
        "{s:I, s:o, s:[I, I, I], s:o, s:s, s:s, s:I, s:o, s:[f, f], s:[f, f], s:b, s:I, s:o, s:o, "
        "s:[o, o], s:[o, o], s:o}",
        "id", (json_int_t)e->target.id, "name",
        lar_view_words(lar_shelf_entry(e->view->shelf, e->target.id)->name), "size",
        (json_int_t)image->grid.size[0], (json_int_t)image->grid.size[1],
        (json_int_t)image->grid.size[2], "spacing_mm", triple(spacing), "orientation", axes, "type",
        lar_type_name(image->type), "channels", (json_int_t)image->channels, "affine", affine,
        "window", at.window[0], at.window[1], "range", volume->facts.low, volume->facts.high,
        "labels", volume->facts.labels, "finite", (json_int_t)volume->facts.finite, "warnings",
        lines(lar_text_get(&volume->warnings)), "histogram", histogram(&volume->facts), "field",
        triple(at.field_low), triple(at.field_high), "head", triple(at.head_low),
        triple(at.head_high), "centre", triple(at.centre));
}

static lar_status send_about(errand *e)
{
    const lar_status status = lar_volume_look(e->base.volume, e->target.channel);
    if (status != LAR_OK) return status;
    json_t *root = tell_about(e);
    lar_volume_leave(e->base.volume);
    lar_answer_json(e->exchange, 200, root);
    return LAR_OK;
}

static lar_status send_value(errand *e)
{
    int64_t ijk[3];
    double value = NAN;
    if (!e->target.has_at)
        return lar_fail(LAR_EARGUMENT, "where the value is wanted is missing: ?at=x,y,z");
    const lar_status status = lar_volume_look(e->base.volume, e->target.channel);
    if (status != LAR_OK) return status;
    const bool inside = lar_peek_value(&value, ijk, e->base.volume->peek, e->target.at);
    lar_volume_leave(e->base.volume);
    json_t *place =
        inside ? json_pack("[I, I, I]", (json_int_t)ijk[0], (json_int_t)ijk[1], (json_int_t)ijk[2])
               : json_null();
    lar_answer_json(e->exchange, 200,
                    json_pack("{s:b, s:o, s:o}", "inside", inside, "ijk", place, "value",
                              inside && isfinite(value) ? json_real(value) : json_null()));
    return LAR_OK;
}

/* ---- slice ------------------------------------------------------------------------------- */

static void release_text(void *owner)
{
    lar_text *text = owner;
    lar_text_clear(text);
    lar_free(text);
}

/* Between look and leave. */
static lar_status draw(lar_text *out, const errand *e)
{
    const lar_target *t = &e->target;
    const lar_volume *over = e->over.volume;
    lar_peek_place place;
    lar_peek_params params = { .plane = t->plane, .longest = t->longest, .sides = true };
    lar_peek_find(&place, e->base.volume->peek);
    memcpy(params.low, place.field_low, sizeof params.low);
    memcpy(params.high, place.field_high, sizeof params.high);
    memcpy(params.at, t->has_at ? t->at : place.centre, sizeof params.at);
    memcpy(params.window, t->has_window ? t->window : place.window, sizeof params.window);
    if (over) {
        params.over = over->peek;
        params.labels = over->facts.labels;
        params.opacity = t->opacity;
    }
    return lar_peek_png(out, e->base.volume->peek, &params);
}

/* Two are always locked in the same order, so that no two threads wait for each other. */
static lar_status look_at_both(errand *e)
{
    lar_volume *base = e->base.volume, *over = e->over.volume;
    const int64_t channel = e->target.channel;
    if (!over) return lar_volume_look(base, channel);
    const bool first = (uintptr_t)base < (uintptr_t)over;
    lar_status status = lar_volume_look(first ? base : over, first ? channel : 0);
    if (status != LAR_OK) return status;
    status = lar_volume_look(first ? over : base, first ? 0 : channel);
    if (status != LAR_OK) lar_volume_leave(first ? base : over);
    return status;
}

static lar_status send_slice(errand *e)
{
    lar_status status = LAR_OK;
    lar_text *png = lar_alloc(1, sizeof *png);
    if (!png) return LAR_EMEMORY;
    LAR_TRY(look_at_both(e));
    status = draw(png, e);
    lar_volume_leave(e->base.volume);
    if (e->over.volume) lar_volume_leave(e->over.volume);
    if (status != LAR_OK) goto done;
    const lar_bytes parts[2] = { { png->at, png->length }, { NULL, 0 } };
    lar_answer_bytes(e->exchange, "image/png", NULL, parts, release_text, png);
    png = NULL;
done:
    if (png) release_text(png);
    return status;
}

/* ---- the rest ---------------------------------------------------------------------------- */

static void release_file(void *owner)
{
    lar_free(owner);
}

/* Read anew each time: a training writes it anew. */
static void run_report(lar_task *task)
{
    errand *e = (errand *)task; /* its first field */
    char *text;
    size_t count;
    if (!e->view->report || !lar_path_exists(e->view->report)) {
        lar_fail(LAR_ENOINPUT, "there is no report");
        lar_hint(LAR_ENOINPUT, "larmor report, which writes one");
        lar_answer_failure(e->exchange, 404, NULL);
    } else {
        const lar_status status = lar_file_read(&text, &count, e->view->report, LARGEST_REPORT);
        const lar_bytes parts[2] = { { text, count }, { NULL, 0 } };
        if (status == LAR_OK)
            lar_answer_bytes(e->exchange, "text/html; charset=utf-8", report_policy, parts,
                             release_file, text);
        else
            lar_answer_status(e->exchange, status);
    }
    finish(e);
}

static lar_status answer(errand *e)
{
    const lar_want *failed = e->base.status != LAR_OK ? &e->base : &e->over;
    if (failed->status != LAR_OK) {
        lar_error_set(failed->sentence);
        return failed->status;
    }
    if (e->target.channel >= e->base.volume->image->channels)
        return lar_fail(LAR_EARGUMENT, "the image has %lld volumes, counted from 0",
                        (long long)e->base.volume->image->channels);
    switch (e->target.ask) {
    case LAR_ASK_VOLUME:
        return send_volume(e);
    case LAR_ASK_ABOUT:
        return send_about(e);
    case LAR_ASK_VALUE:
        return send_value(e);
    default:
        return send_slice(e);
    }
}

/* The images are there, or will not be. */
static void run_answer(lar_task *task)
{
    errand *e = (errand *)task;
    const lar_status status = answer(e);
    if (status != LAR_OK) lar_answer_status(e->exchange, status);
    finish(e);
}

static void run_overlay(lar_task *task)
{
    errand *e = (errand *)task;
    e->task.run = run_answer;
    e->over.task = &e->task;
    lar_shelf_want(e->view->shelf, e->target.over, &e->over);
}

static void run_base(lar_task *task)
{
    errand *e = (errand *)task;
    const bool has_over = e->target.ask == LAR_ASK_SLICE && e->target.over >= 0 &&
                          e->target.over != e->target.id; /* over itself it shows nothing else */
    e->task.run = has_over ? run_overlay : run_answer;
    e->base.task = &e->task;
    lar_shelf_want(e->view->shelf, e->target.id, &e->base);
}

void lar_errand_start(lar_view *view, lar_exchange *exchange, const lar_target *target)
{
    errand *e = lar_alloc(1, sizeof *e);
    if (!e) {
        lar_answer_status(exchange, LAR_EMEMORY);
        return;
    }
    e->view = view;
    e->exchange = exchange;
    e->target = *target;
    /* not here, where all wait: looking at a file may take long */
    e->task.run = target->ask == LAR_ASK_REPORT ? run_report : run_base;
    lar_crew_add(view->drawers, &e->task);
}

/* ---- before it is asked for --------------------------------------------------------------- */

static void run_known(lar_task *task)
{
    errand *e = (errand *)task;
    if (e->base.status == LAR_OK && lar_volume_look(e->base.volume, 0) == LAR_OK)
        lar_volume_leave(e->base.volume);
    finish(e); /* what failed is told to who asks */
}

static void run_ahead(lar_task *task)
{
    errand *e = (errand *)task;
    e->task.run = run_known;
    e->base.task = &e->task;
    lar_shelf_want(e->view->shelf, e->target.id, &e->base);
}

void lar_errand_ahead(lar_view *view, int64_t id)
{
    errand *e = lar_alloc(1, sizeof *e);
    if (!e) return;
    e->view = view;
    e->target.id = id;
    e->task.run = run_ahead;
    lar_crew_add(view->drawers, &e->task);
}
