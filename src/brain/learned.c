/* The learned method: a network that sees the head's box at 1 mm. Its norms take their statistics
 * of the whole box, so it runs in one piece.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/base.h"
#include "brain/brain.h"
#include "brain/learned_box.h"
#include "image/image.h"
#include "net/net.h"

static lar_status ready(const lar_strip_params *params)
{
    lar_strip_model *model;
    const lar_status status = lar_strip_store_open(&model, params->model);
    lar_strip_model_free(status == LAR_OK ? model : NULL);
    return status;
}

static lar_status choose_precision(lar_precision *out, int asked)
{
    const lar_backend *backend;
    *out = asked == LAR_STRIP_FLOAT32 ? LAR_FLOAT32 : LAR_BFLOAT16;
    const lar_status status = lar_backend_find(&backend, NULL, *out);
    if (asked != LAR_STRIP_PRECISION_AUTO || status == LAR_OK) return status;
    *out = LAR_FLOAT32;
    return LAR_OK;
}

/* The box (freed as soon as the plan has it) through the network. */
static lar_status predict(lar_image **logits, lar_image **box, struct lar_net *net,
                          lar_precision precision)
{
    lar_status status = LAR_OK;
    const lar_grid grid = (*box)->grid;
    const lar_plan_params how = { .batch = 1,
                                  .size = { grid.size[0], grid.size[1], grid.size[2] },
                                  .mode = LAR_PLAN_PREDICT,
                                  .precision = precision };
    lar_plan *plan = NULL;
    LAR_TRY(lar_plan_new(&plan, net, &how));
    LAR_TRY(lar_plan_load_input(plan, 0, 0, (*box)->voxels));
    lar_image_free(*box);
    *box = NULL;
    LAR_TRY(lar_plan_predict(plan));
    LAR_TRY(lar_image_new(logits, &grid, 1, LAR_F32));
    LAR_TRY(lar_plan_output(plan, 0, 0, (*logits)->voxels));
done:
    lar_plan_free(plan);
    return status;
}

static lar_status run(lar_image **mask, char model[128], const lar_image *in, int contrast,
                      const lar_strip_params *params)
{
    lar_status status = LAR_OK;
    lar_strip_model *m = NULL;
    lar_image *box = NULL, *logits = NULL;
    lar_precision precision;
    lar_grid grid;

    *mask = NULL;
    model[0] = 0;
    LAR_TRY(choose_precision(&precision, params->precision));
    LAR_TRY(lar_strip_store_open(&m, params->model));
    snprintf(model, 128, "%s %.12s", m->name, m->sha256);
    LAR_TRY(lar_learned_grid(&grid, in, &m->recipe));
    lar_log(LAR_LOG_DETAIL, "%s sees %lldx%lldx%lld voxels of %g mm, in %s", m->name,
            (long long)grid.size[0], (long long)grid.size[1], (long long)grid.size[2],
            m->recipe.spacing_mm, lar_precision_names[precision]);
    LAR_TRY(lar_learned_input(&box, in, &grid, contrast == LAR_STRIP_CT, &m->recipe));
    LAR_TRY(predict(&logits, &box, m->net, precision));
    LAR_TRY(lar_learned_mask(mask, logits, in));
done:
    lar_image_free(logits);
    lar_image_free(box);
    lar_strip_model_free(m);
    return status;
}

const lar_strip_method lar_strip_learned = {
    .name = "learned",
    .help = "a network that was trained on heads of any contrast",
    .cite = "Fani 2025, arXiv:2506.11860",
    .ready = ready,
    .run = run,
};
