/* A model and its baselines on a split, subject by subject.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "filter/filter.h"
#include "image/image.h"
#include "train/train.h"

/* One case: the study's images that are inputs or targets, and where to score. */
typedef struct held_out {
    lar_image **images;
    int64_t count;
    lar_image *inside; /* NULL: everywhere */
} held_out;

static void close_case(held_out *h)
{
    for (int64_t n = 0; h->images && n < h->count; n++) lar_image_free(h->images[n]);
    lar_image_free(h->inside);
    lar_free(h->images);
    *h = (held_out){ 0 };
}

static lar_status open_case(held_out *h, const lar_trained *t, const lar_prepared *prepared,
                            int64_t index, const char *inside)
{
    lar_status status = LAR_OK;
    *h = (held_out){ .count = prepared->image_count };
    h->images = lar_alloc(h->count, sizeof *h->images);
    if (!h->images) return LAR_EMEMORY;
    for (int64_t n = 0; n < h->count; n++)
        if (lar_role_is_measured(prepared->images[n].role))
            LAR_TRY(lar_prepared_map(&h->images[n], prepared, index, n));
    if (lar_text_is(inside, LAR_INSIDE_HEAD))
        LAR_TRY(lar_head_mask(&h->inside, h->images[t->inputs[0]]));
    else if (!lar_text_is(inside, LAR_INSIDE_ALL))
        LAR_TRY(lar_prepared_map(&h->inside, prepared, index, lar_prepared_find(prepared, inside)));
done:
    if (status != LAR_OK) close_case(h);
    return status;
}

static lar_status add_row(lar_evaluation *e, const char *id, const char *target, const char *method,
                          const lar_image *truth, const lar_image *synthesis,
                          const lar_image *inside)
{
    lar_score_row *row = &e->rows[e->count];
    row->id = lar_arena_text(e->arena, id, strlen(id));
    row->target = lar_arena_text(e->arena, target, strlen(target));
    row->method = method;
    if (!row->id || !row->target) return LAR_EMEMORY;
    const lar_status status = lar_score(&row->scores, truth, synthesis, inside);
    if (status != LAR_OK) return lar_while(status, "cannot score '%s' of '%s'", target, id);
    e->count++;
    return LAR_OK;
}

/* All rows of one case. baselines: one of each target, or NULL. */
static lar_status score_case(lar_evaluation *e, const lar_trained *t, const lar_prepared *prepared,
                             int64_t index, const lar_evaluate_params *params,
                             lar_baselines *const *baselines)
{
    lar_status status = LAR_OK;
    held_out h = { 0 };
    lar_predict_params how = lar_predict_default();
    lar_image *guess = NULL;
    lar_image **outputs = lar_alloc(t->target_count, sizeof *outputs);

    if (!outputs) return LAR_EMEMORY;
    how.memory = params->memory;
    LAR_TRY(open_case(&h, t, prepared, index, e->inside));
    LAR_TRY(lar_trained_run(outputs, t, h.images, &how, (lar_progress){ 0 }));
    for (int64_t n = 0; n < t->target_count; n++) {
        const lar_image *truth = h.images[t->targets[n]];
        const char *id = prepared->cases[index].id, *name = prepared->images[t->targets[n]].name;
        LAR_TRY(add_row(e, id, name, "network", truth, outputs[n], h.inside));
        if (params->fn)
            params->fn(params->user, &e->rows[e->count - 1], h.images[t->inputs[0]], truth,
                       outputs[n]);
        for (int b = 0; baselines && b < LAR_BASELINE_COUNT; b++) {
            if (b == LAR_BASELINE_MEAN && !lar_baselines_has_mean(baselines[n])) continue;
            LAR_TRY(lar_baselines_apply(&guess, baselines[n], b, h.images[t->inputs[0]]));
            LAR_TRY(add_row(e, id, name, lar_baseline_names[b], truth, guess, h.inside));
            lar_image_free(guess);
            guess = NULL;
        }
    }
done:
    lar_image_free(guess);
    for (int64_t n = 0; n < t->target_count; n++) lar_image_free(outputs[n]);
    lar_free(outputs);
    close_case(&h);
    return status;
}

/* That `inside` names a mask of the study, where it is no word of ours. */
static lar_status check_inside(const lar_prepared *prepared, const char *inside)
{
    if (lar_text_is(inside, LAR_INSIDE_HEAD) || lar_text_is(inside, LAR_INSIDE_ALL) ||
        lar_text_is(inside, LAR_INSIDE_AUTO))
        return LAR_OK;
    const int64_t image = lar_prepared_find(prepared, inside);
    if (image >= 0 && !lar_role_is_measured(prepared->images[image].role)) return LAR_OK;
    const lar_status status = lar_fail(
        LAR_EARGUMENT, "the study has no mask or label image '%s' to score inside", inside);
    return lar_hint(status, "%s, %s, or an image with 'role: mask' in the study", LAR_INSIDE_HEAD,
                    LAR_INSIDE_ALL);
}

/* Of the evaluation's arena; NULL: no memory. */
static const char *choose_inside(lar_evaluation *e, const lar_prepared *prepared,
                                 const char *inside)
{
    const int64_t made = lar_prepared_made_mask(prepared);
    if (lar_text_is(inside, LAR_INSIDE_AUTO))
        inside = made < 0 ? LAR_INSIDE_HEAD : prepared->images[made].name;
    return lar_arena_text(e->arena, inside, strlen(inside));
}

lar_status lar_evaluate(lar_evaluation **out, const lar_trained *t, const lar_prepared *prepared,
                        const lar_evaluate_params *params, lar_progress progress)
{
    const int split = params->split;
    const bool baselines = params->baselines;
    lar_status status = LAR_OK;
    lar_evaluation *e = lar_alloc(1, sizeof *e);
    lar_baselines **fitted = lar_alloc(t->target_count, sizeof *fitted);
    const int64_t cases = lar_prepared_count(prepared, split);

    *out = NULL;
    if (!e || !fitted) {
        status = LAR_EMEMORY;
        goto done;
    }
    if (cases == 0) {
        status = lar_fail(LAR_EARGUMENT, "the %s part of the data has no prepared case",
                          lar_split_names[split]);
        goto done;
    }
    LAR_TRY(check_inside(prepared, params->inside));
    LAR_TRY(lar_arena_new(&e->arena));
    e->inside = choose_inside(e, prepared, params->inside);
    e->rows = lar_arena_take(e->arena, cases * t->target_count * (1 + LAR_BASELINE_COUNT),
                             sizeof *e->rows);
    if (!e->rows || !e->inside) {
        status = LAR_EMEMORY;
        goto done;
    }
    for (int64_t n = 0; baselines && n < t->target_count; n++)
        LAR_TRY(lar_baselines_fit(&fitted[n], prepared, t->inputs[0], t->targets[n]));
    int64_t done_count = 0;
    for (int64_t n = 0; n < prepared->case_count; n++) {
        if (prepared->cases[n].split != split) continue;
        if (!lar_progress_say(progress, prepared->cases[n].id,
                              (double)done_count++ / (double)cases)) {
            status = lar_fail(LAR_ESTOPPED, "stopped before '%s'", prepared->cases[n].id);
            goto done;
        }
        LAR_TRY(score_case(e, t, prepared, n, params, baselines ? fitted : NULL));
    }
    *out = e;
    e = NULL;
done:
    for (int64_t n = 0; fitted && n < t->target_count; n++) lar_baselines_free(fitted[n]);
    lar_free(fitted);
    lar_evaluation_free(e);
    return status;
}

void lar_evaluation_free(lar_evaluation *e)
{
    if (!e) return;
    lar_arena_free(e->arena);
    lar_free(e);
}
