/* A trained network meets a scan: prepared as in training, the whole field of view, and back onto
 * the scan's own grid and into the target's units.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "image/image.h"
#include "train/train.h"

lar_status lar_trained_run(lar_image **outputs, const lar_trained *t, lar_image *const *images)
{
    lar_status status = LAR_OK;
    lar_plan *plan = NULL;
    const lar_grid *grid = &images[t->inputs[0]]->grid;
    const lar_plan_params params = {
        .batch = 1,
        .size = { grid->size[0], grid->size[1], grid->size[2] },
        .mode = LAR_PLAN_PREDICT,
        .loss = t->study->train.loss,
    };

    for (int64_t n = 0; n < t->target_count; n++) outputs[n] = NULL;
    LAR_TRY(lar_plan_new(&plan, t->net, &params));
    for (int64_t c = 0; c < t->input_count; c++)
        LAR_TRY(lar_plan_load_input(plan, 0, c, images[t->inputs[c]]->voxels));
    LAR_TRY(lar_plan_predict(plan));
    for (int64_t n = 0; n < t->target_count; n++) {
        LAR_TRY(lar_image_new(&outputs[n], grid, 1, LAR_F32));
        LAR_TRY(lar_plan_output(plan, 0, n, outputs[n]->voxels));
    }
done:
    lar_plan_free(plan);
    for (int64_t n = 0; status != LAR_OK && n < t->target_count; n++) {
        lar_image_free(outputs[n]);
        outputs[n] = NULL;
    }
    return status;
}

/* From normalized units to those of the training targets, on average. */
static lar_status undo_fit(lar_image **image, const lar_fit *fit)
{
    lar_status status = LAR_OK;
    lar_normalizer *normalizer = NULL;
    lar_image *undone = NULL;

    if (!fit->method) return LAR_OK;
    LAR_TRY(lar_normalizer_new(&normalizer, fit->method));
    LAR_TRY(lar_normalizer_set(normalizer, &fit->values));
    LAR_TRY(lar_normalizer_undo(&undone, normalizer, *image));
    lar_image_free(*image);
    *image = undone;
done:
    lar_normalizer_free(normalizer);
    return status;
}

lar_status lar_trained_predict(lar_image **outputs, const lar_trained *t, const char *const *paths,
                               lar_progress progress)
{
    lar_status status = LAR_OK;
    lar_case *prepared = NULL;
    lar_image *onto = NULL;
    const lar_resample_params resampling = lar_resample_default();
    const char **by_image = lar_alloc(t->study->data.image_count, sizeof *by_image);

    for (int64_t n = 0; n < t->target_count; n++) outputs[n] = NULL;
    if (!by_image) return LAR_EMEMORY;
    for (int64_t c = 0; c < t->input_count; c++) by_image[t->inputs[c]] = paths[c];
    if (!lar_progress_say(progress, "prepare", 0)) goto stopped;
    LAR_TRY(lar_prepare_case(&prepared, t->study, lar_path_name(paths[0]), by_image, false));
    if (!lar_progress_say(progress, "network", 0.3)) goto stopped;
    LAR_TRY(lar_trained_run(outputs, t, prepared->images));
    if (!lar_progress_say(progress, "back onto the scan's grid", 0.9)) goto stopped;
    for (int64_t n = 0; n < t->target_count; n++) {
        LAR_TRY(undo_fit(&outputs[n], &t->target_fits[n]));
        LAR_TRY(lar_resample(&onto, outputs[n], &prepared->raw[t->inputs[0]], &resampling));
        lar_image_free(outputs[n]);
        outputs[n] = onto;
        onto = NULL;
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
