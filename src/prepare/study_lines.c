/* A study as lines 'prepare.2.spacing: 1', complete with defaults and blind to comments and order:
 * what prepared volumes were made by, compared line by line.
 * SPDX-License-Identifier: Apache-2.0 */
#include "prepare/study.h"

static void add_table(lar_text *out, const char *prefix, const lar_param *table, const void *params)
{
    for (const lar_param *param = table; param->name; param++) {
        lar_text_add(out, "%s.%s: ", prefix, param->name);
        lar_param_get(out, param, params);
        lar_text_add(out, "\n");
    }
}

static void add_step(lar_text *out, const lar_study *study, int64_t n)
{
    const lar_step *step = &study->steps[n];
    char prefix[64];
    snprintf(prefix, sizeof prefix, "prepare.%lld.%s", (long long)n + 1, step->kind->name);
    for (int t = 0; t < LAR_STEP_TABLES && step->kind->tables[t]; t++)
        add_table(out, prefix, step->kind->tables[t], step->params);
    if (step->kind->version) lar_text_add(out, "%s.version: %d\n", prefix, step->kind->version);
    lar_text_add(out, "%s.images:", prefix);
    for (int64_t m = 0; m < study->data.image_count; m++)
        if (step->on[m]) lar_text_add(out, " %s", study->data.images[m].name);
    lar_text_add(out, "\n%s.when: %s\n", prefix, step->only_training ? "training" : "always");
}

lar_status lar_study_describe(lar_study *study, lar_arena *arena)
{
    lar_text recipe = { 0 }, draw = { 0 };
    const lar_data_params *data = &study->data;
    const char *const places[][2] = { { "names", data->names },
                                      { "bids", data->bids },
                                      { "nnunet", data->nnunet },
                                      { "csv", data->csv } };
    lar_text_add(&recipe, "data.folders: %s\n", data->folders ? data->folders : "");
    for (size_t n = 0; n < sizeof places / sizeof *places; n++)
        if (places[n][1]) lar_text_add(&recipe, "data.%s: %s\n", places[n][0], places[n][1]);
    for (int64_t n = 0; n < data->image_count; n++) {
        char prefix[96];
        snprintf(prefix, sizeof prefix, "data.images.%s", data->images[n].name);
        add_table(&recipe, prefix, lar_image_spec_table, &data->images[n]);
        if (lar_data_source(data) != LAR_SOURCE_PATTERNS)
            add_table(&recipe, prefix, lar_image_source_table, &data->images[n]);
    }
    for (int64_t n = 0; n < study->step_count; n++) add_step(&recipe, study, n);
    add_table(&draw, "data", lar_data_table, data);
    if (data->split.file)
        lar_text_add(&draw, "data.split: %s\n", data->split.file);
    else
        add_table(&draw, "data.split", lar_split_table, &data->split);
    if (data->split.folds || data->split.stratify.count)
        add_table(&draw, "data.split", lar_split_more_table, &data->split);
    study->recipe = lar_arena_text(arena, lar_text_get(&recipe), recipe.length);
    study->draw = lar_arena_text(arena, lar_text_get(&draw), draw.length);
    const bool failed = recipe.failed || draw.failed || !study->recipe || !study->draw;
    lar_text_clear(&recipe);
    lar_text_clear(&draw);
    return failed ? LAR_EMEMORY : LAR_OK;
}
