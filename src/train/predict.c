/* A trained network meets a scan: prepared as in training, the whole field of view, and back onto
 * the scan's own grid and into the target's units.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "image/image.h"
#include "train/session.h"

static const char *const precisions[] = { "auto", "float32", "bfloat16", NULL };

const lar_param lar_predict_table[] = {
    LAR_P_CHOICE(lar_predict_params, precision, "precision", 0, "auto", precisions,
                 "of the voxels inside the network; auto: as the model was trained"),
    LAR_P_SIZE(
        lar_predict_params, memory, "max-memory", 0, "auto",
        "that the whole program may take: in windows where the whole volume takes more; auto: "
        "what the machine has left"),
    LAR_P_INTS(lar_predict_params, tile, "tile", 0, "", 1, 65536, "voxels",
               "edges of a window at most, one number or XxYxZ"),
    LAR_P_REAL(lar_predict_params, overlap, "overlap", 0, "0.5", 0, 0.9, "fraction",
               "of neighbouring windows, where they have to be blended"),
    LAR_P_END
};

lar_predict_params lar_predict_default(void)
{
    lar_predict_params params = { 0 };
    lar_param_defaults(lar_predict_table, &params);
    return params;
}

static lar_status set_tile(int64_t tile[3], const lar_ints *asked)
{
    if (asked->count != 0 && asked->count != 1 && asked->count != 3)
        return lar_fail(LAR_EARGUMENT, "--tile is one number or three, not %lld",
                        (long long)asked->count);
    for (int a = 0; a < 3; a++) tile[a] = asked->count ? asked->at[asked->count == 3 ? a : 0] : 0;
    return LAR_OK;
}

/* What the network may take beside what is there and the volumes it writes; 0: not known. The
 * compute library's code and threads are not there before the first plan: 24 MB, measured. */
static size_t room_for_network(const lar_predict_params *params, double volumes)
{
    lar_memory memory;
    double room = 0;
    lar_memory_ask(&memory, "");
    if (memory.available > 0) room = memory.available - volumes;
    if (params->memory != LAR_INT_AUTO) {
        const double asked = (double)params->memory - memory.resident - volumes - 24e6;
        if (room == 0 || asked < room) room = asked;
    } else if (memory.available == 0) {
        return 0;
    }
    return (size_t)(room > 1 ? room : 1);
}

static void say_windows(const lar_tiles_about *about)
{
    const int64_t *n = about->count;
    if (n[0] * n[1] * n[2] == 1) return;
    if (about->blended)
        lar_log(LAR_LOG_NOTE,
                "%lld windows of %lldx%lldx%lld voxels, blended: the network depends on the whole "
                "volume, so the result depends on the windows",
                (long long)(n[0] * n[1] * n[2]), (long long)about->window[0],
                (long long)about->window[1], (long long)about->window[2]);
    else
        lar_log(LAR_LOG_DETAIL, "%lld windows of %lldx%lldx%lld voxels",
                (long long)(n[0] * n[1] * n[2]), (long long)about->window[0],
                (long long)about->window[1], (long long)about->window[2]);
}

lar_status lar_trained_run(lar_image **outputs, const lar_trained *t, lar_image *const *images,
                           const lar_predict_params *params, lar_progress progress)
{
    lar_status status = LAR_OK;
    lar_tiles *tiles = NULL;
    const lar_grid *grid = &images[t->inputs[0]]->grid;
    const double voxels = (double)grid->size[0] * (double)grid->size[1] * (double)grid->size[2];
    const float **inputs = lar_alloc(t->input_count, sizeof *inputs);
    float **results = lar_alloc(t->target_count, sizeof *results);
    lar_tiles_params how = { .precision = (lar_precision)t->precision, .overlap = params->overlap };

    for (int64_t n = 0; n < t->target_count; n++) outputs[n] = NULL;
    if (!inputs || !results) {
        status = LAR_EMEMORY;
        goto done;
    }
    if (params->precision > 0) how.precision = (lar_precision)(params->precision - 1);
    LAR_TRY(lar_precision_check((int)how.precision));
    LAR_TRY(set_tile(how.tile, &params->tile));
    how.memory = room_for_network(params, (double)t->target_count * voxels * sizeof(float));
    for (int64_t c = 0; c < t->input_count; c++) inputs[c] = images[t->inputs[c]]->voxels;
    for (int64_t n = 0; n < t->target_count; n++) {
        LAR_TRY(lar_image_new(&outputs[n], grid, 1, LAR_F32));
        results[n] = outputs[n]->voxels;
    }
    if (t->study->train.sample.kind == LAR_SAMPLE_SLICE) {
        status = lar_trained_slices(t, grid, &how, inputs, results, progress);
        goto done;
    }
    status = lar_tiles_new(&tiles, t->net, grid->size, &how);
    if (status == LAR_EMEMORY && params->memory != LAR_INT_AUTO)
        lar_hint(status, "a larger --max-memory%s",
                 how.precision == LAR_FLOAT32 ? ", or --precision bfloat16" : "");
    LAR_TRY(status);
    say_windows(lar_tiles_tell(tiles));
    LAR_TRY(lar_tiles_run(tiles, inputs, results, progress));
done:
    lar_tiles_free(tiles);
    lar_free(inputs);
    lar_free(results);
    for (int64_t n = 0; status != LAR_OK && n < t->target_count; n++) {
        lar_image_free(outputs[n]);
        outputs[n] = NULL;
    }
    return status;
}

/* From normalized units to those of the training targets, on average. */
static lar_status undo_fit(lar_image **image, const lar_fit *fit)
{
    lar_image *undone;
    if (!fit->method) return LAR_OK;
    const lar_status status = lar_curve_undo(&undone, &fit->curve, *image);
    if (status != LAR_OK) return status;
    lar_image_free(*image);
    *image = undone;
    return LAR_OK;
}

void lar_trained_units(lar_text *out, const lar_trained *t, int64_t target)
{
    const lar_fit *fit = &t->target_fits[target];
    const double *from = fit->curve.from, *to = fit->curve.to;
    const char *comma = ", ";
    if (lar_text_is(fit->method, "ct"))
        lar_text_add(out, "in Hounsfield units");
    else if (lar_text_is(fit->method, "zscore"))
        lar_text_add(out,
                     "in the units of the training targets on average (mean %.6g, standard "
                     "deviation %.6g)",
                     from[0] - to[0] * (from[1] - from[0]) / (to[1] - to[0]),
                     (from[1] - from[0]) / (to[1] - to[0]));
    else if (fit->method)
        lar_text_add(out, "in the units of the training targets on average");
    else
        comma = "";
    for (int64_t s = 0; s < t->study->step_count; s++) {
        const lar_step *step = &t->study->steps[s];
        if (!step->on[t->targets[target]] || !step->kind->stays) continue;
        lar_text_add(out, "%s%s", comma, step->kind->stays);
        comma = ", ";
    }
}

/* Onto the grid of the first scan, which a registration may have moved: then the way back. */
static lar_status onto_scan(lar_image **image, const lar_trained *t, const lar_case *prepared)
{
    lar_status status = LAR_OK;
    lar_chain *chain;
    lar_image *onto;
    const lar_resample_params resampling = lar_resample_default();
    LAR_TRY(lar_moved_chain(&chain, t->study, prepared->found, t->inputs[0], -1));
    status = lar_resample_through(&onto, *image, &prepared->raw[t->inputs[0]], chain, &resampling);
    lar_chain_free(chain);
    LAR_TRY(status);
    lar_image_free(*image);
    *image = onto;
done:
    return status;
}

/* A network sees the masks of the method that it was trained on. */
static void compare_strips(const lar_trained *t, const lar_case *prepared)
{
    for (int64_t n = 0; n < prepared->findings.strip_count; n++) {
        const lar_case_strip *strip = &prepared->findings.strips[n];
        lar_text words = { 0 }, trained = { 0 };
        if (lar_trained_strips_so(t, strip)) continue;
        lar_case_strip_words(&words, strip);
        for (const char *line = t->strips; *line; line += strcspn(line, "\n") + 1)
            lar_text_add(&trained, "%s%.*s", trained.length ? ", " : "", (int)strcspn(line, "\n"),
                         line);
        lar_log(LAR_LOG_WARNING,
                "%s: the mask is %s, in the training cases %s: the network may do worse",
                prepared->id, lar_text_get(&words), lar_text_get(&trained));
        lar_text_clear(&words);
        lar_text_clear(&trained);
    }
}

/* Outside the mask of a stripped target there was one value to learn, and there is no more to say:
 * it is set to that, exactly. The mask is carried from the scan that it was found in to the grid of
 * the first one. */
static lar_status clear_outside(lar_image **image, const lar_trained *t, const lar_case *prepared,
                                int64_t target)
{
    lar_status status = LAR_OK;
    lar_chain *chain = NULL;
    lar_image *mask = NULL, *cleared;
    int64_t made;
    const double value = lar_stripped_value(&made, t->study, target);
    lar_resample_params nearest = lar_resample_default();

    if (isnan(value) || !prepared->masks[made]) return LAR_OK;
    nearest.interpolation = LAR_NEAREST;
    nearest.pad = 0;
    LAR_TRY(lar_moved_chain(&chain, t->study, prepared->found, t->inputs[0], made));
    LAR_TRY(lar_resample_through(&mask, prepared->masks[made], &(*image)->grid, chain, &nearest));
    LAR_TRY(lar_mask_apply(&cleared, *image, mask, value));
    lar_image_free(*image);
    *image = cleared;
done:
    lar_image_free(mask);
    lar_chain_free(chain);
    return status;
}

/* The network's part of the whole, from 0.3 to 0.9. */
static bool say_network(void *user, const char *stage, double fraction)
{
    const lar_progress *whole = user;
    return lar_progress_say(*whole, stage, 0.3 + 0.6 * fraction);
}

lar_status lar_trained_predict(lar_image **outputs, const lar_trained *t, const char *const *paths,
                               const lar_predict_params *params, lar_progress progress)
{
    lar_status status = LAR_OK;
    lar_case *prepared = NULL;
    const char **by_image = lar_alloc(t->study->data.image_count, sizeof *by_image);

    for (int64_t n = 0; n < t->target_count; n++) outputs[n] = NULL;
    if (!by_image) return LAR_EMEMORY;
    for (int64_t c = 0; c < t->input_count; c++) by_image[t->inputs[c]] = paths[c];
    if (!lar_progress_say(progress, "prepare", 0)) goto stopped;
    LAR_TRY(lar_prepare_case(&prepared, t->study, t->standards, lar_path_name(paths[0]), by_image,
                             false));
    compare_strips(t, prepared);
    LAR_TRY(lar_trained_run(outputs, t, prepared->images, params,
                            (lar_progress){ say_network, &progress }));
    if (!lar_progress_say(progress, "back onto the scan's grid", 0.9)) goto stopped;
    for (int64_t n = 0; n < t->target_count; n++) {
        LAR_TRY(undo_fit(&outputs[n], &t->target_fits[n]));
        LAR_TRY(onto_scan(&outputs[n], t, prepared));
        LAR_TRY(clear_outside(&outputs[n], t, prepared, t->targets[n]));
    }
    goto done;
stopped:
    status = lar_fail(LAR_ESTOPPED, "stopped");
done:
    for (int64_t n = 0; status != LAR_OK && n < t->target_count; n++) {
        lar_image_free(outputs[n]);
        outputs[n] = NULL;
    }
    lar_case_free(prepared);
    lar_free(by_image);
    return status;
}
