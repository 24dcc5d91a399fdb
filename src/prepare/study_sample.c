/* What a study says of samples: the key `sample` of the section `train`, and the list `augment`.
 * SPDX-License-Identifier: Apache-2.0 */
#include "prepare/study.h"

/* ---- train: sample --------------------------------------------------------------------------- */

static int kind_of(const char *name)
{
    int kind = 0;
    while (lar_sample_names[kind] && !lar_text_is(lar_sample_names[kind], name)) kind++;
    return kind;
}

/* "sample: patch", or "sample: {patch: {size: 64}}". */
lar_status lar_study_read_sample(lar_study *study, const lar_walk *walk, const lar_yaml *node)
{
    lar_status status = LAR_OK;
    lar_sample_params *params = &study->train.sample;
    const bool bare = node->kind == LAR_YAML_SCALAR && !node->absent;
    if (!bare && (node->kind != LAR_YAML_MAP || node->count != 1)) {
        lar_walk_fail(walk, node->line, node->column,
                      "'sample' is one of volume, patch, slice, "
                      "with its settings");
        return lar_hint(LAR_EARGUMENT, "sample: {patch: {size: 64}}");
    }
    const lar_yaml *inner = bare ? NULL : node->first;
    const int64_t line = bare ? node->line : inner->key_line;
    const int64_t column = bare ? node->column : inner->key_column;
    const char *name = bare ? node->text : inner->key;
    const int kind = kind_of(name);
    if (!lar_sample_names[kind]) {
        lar_walk_fail(walk, line, column, "a sample is no '%s' (one of volume patch slice)", name);
        const char *nearest = lar_text_nearest(name, lar_sample_names);
        return nearest ? lar_hint(LAR_EARGUMENT, "'%s'", nearest) : LAR_EARGUMENT;
    }
    *params = lar_sample_default(kind);
    const bool empty = bare || (inner->kind == LAR_YAML_SCALAR && inner->absent);
    const lar_fields fields = { lar_sample_table(kind), params };
    if (!empty) LAR_TRY(lar_walk_map(walk, inner, name, &fields, fields.table ? 1 : 0, NULL));
    status = lar_walk_place(walk, line, column,
                            lar_sample_check(params, study->data.images, study->data.image_count));
done:
    return status;
}

/* ---- augment -----------------------------------------------------------------------------------
 */

static lar_status unknown_augment(const lar_walk *walk, const lar_yaml *node)
{
    const char *names[64];
    lar_text all = { 0 };
    int count = 0;
    for (; lar_augment_kinds[count] && count < 63; count++) {
        names[count] = lar_augment_kinds[count]->name;
        lar_text_add(&all, count ? " %s" : "%s", names[count]);
    }
    names[count] = NULL;
    lar_walk_fail(walk, node->key_line, node->key_column, "there is no augmentation '%s'",
                  node->key);
    const char *nearest = lar_text_nearest(node->key, names);
    lar_hint(LAR_EARGUMENT, nearest ? "'%s'" : "one of %s", nearest ? nearest : lar_text_get(&all));
    lar_text_clear(&all);
    return LAR_EARGUMENT;
}

/* Spatial ones move all images; of the others `images` chooses, or the inputs are meant. */
static lar_status choose(lar_augment *augment, const lar_study *study, const lar_walk *walk,
                         const lar_yaml *node, const lar_texts *wanted)
{
    const lar_data_params *data = &study->data;
    if (augment->kind->spatial && wanted->count)
        return lar_walk_fail(walk, node->key_line, node->key_column,
                             "'%s' moves all images alike, and takes no 'images'", node->key);
    if (augment->kind->spatial) return LAR_OK;
    bool *on = lar_arena_take(walk->arena, data->image_count, sizeof *on);
    if (!on) return LAR_EMEMORY;
    for (int64_t n = 0; n < data->image_count; n++)
        on[n] = wanted->count == 0 && data->images[n].role == LAR_INPUT;
    for (int64_t n = 0; n < wanted->count; n++) {
        const int64_t image = lar_study_image(study, wanted->at[n]);
        if (image < 0)
            return lar_walk_fail(walk, node->key_line, node->key_column,
                                 "'%s' names '%s', but there is no such image in data", node->key,
                                 wanted->at[n]);
        if (!lar_role_is_measured(data->images[image].role))
            return lar_walk_fail(walk, node->key_line, node->key_column,
                                 "'%s' cannot be done to '%s': its role is %s", node->key,
                                 wanted->at[n], lar_role_names[data->images[image].role]);
        on[image] = true;
    }
    augment->on = on;
    return LAR_OK;
}

static lar_status read_augment(lar_study *study, const lar_walk *walk, const lar_yaml *item)
{
    lar_status status = LAR_OK;
    lar_augment *augment = &study->augments.at[study->augments.count];
    lar_augment_common common = { 0 };
    const lar_yaml *node = item->first;
    if (item->kind != LAR_YAML_MAP || item->count != 1) {
        lar_walk_fail(walk, item->line, item->column,
                      "an augmentation is one name with its settings");
        return lar_hint(LAR_EARGUMENT, "- flip: {axes: x}");
    }
    const lar_augment_kind *kind = lar_augment_find(node->key);
    if (!kind) return unknown_augment(walk, node);
    LAR_TRY(lar_augment_init(augment, kind, walk->arena));
    lar_param_defaults(lar_augment_common_table, &common);
    const lar_fields fields[2] = { { kind->table, augment->params },
                                   { lar_augment_common_table, &common } };
    if (!(node->kind == LAR_YAML_SCALAR && node->absent))
        LAR_TRY(lar_walk_map(walk, node, node->key, fields, 2, NULL));
    augment->chance = common.chance;
    LAR_TRY(choose(augment, study, walk, node, &common.images));
    study->augments.count++;
    status = lar_walk_place(walk, node->key_line, node->key_column,
                            lar_augment_check(&study->augments, study->augments.count - 1));
done:
    return status;
}

lar_status lar_study_read_augments(lar_study *study, const lar_walk *walk, const lar_yaml *list)
{
    lar_status status = LAR_OK;
    if (list->kind == LAR_YAML_SCALAR && list->absent) return LAR_OK;
    if (list->kind != LAR_YAML_LIST) {
        lar_walk_fail(walk, list->line, list->column, "'augment' must be a list");
        return lar_hint(LAR_EARGUMENT, "lines that begin with '- ', such as '- flip: {axes: x}'");
    }
    study->augments.at = lar_arena_take(walk->arena, list->count, sizeof *study->augments.at);
    if (!study->augments.at) return LAR_EMEMORY;
    for (const lar_yaml *item = list->first; item && status == LAR_OK; item = item->next)
        status = read_augment(study, walk, item);
    return status;
}

/* ---- as lines ----------------------------------------------------------------------------------
 */

static void describe(lar_text *out, const char *prefix, const lar_param *table, const void *params)
{
    for (; table && table->name; table++) {
        lar_text_add(out, "%s %s: ", prefix, table->name);
        lar_param_get(out, table, params);
        lar_text_add(out, "\n");
    }
}

void lar_study_describe_samples(lar_text *out, const lar_study *study)
{
    const lar_sample_params *sample = &study->train.sample;
    lar_text_add(out, "train sample: %s\n", lar_sample_names[sample->kind]);
    describe(out, "train sample", lar_sample_table(sample->kind), sample);
    for (int64_t n = 0; n < study->augments.count; n++) {
        const lar_augment *augment = &study->augments.at[n];
        char prefix[80];
        snprintf(prefix, sizeof prefix, "augment %lld %s", (long long)n + 1, augment->kind->name);
        lar_text_add(out, "%s chance: %.17g\n", prefix, augment->chance);
        describe(out, prefix, augment->kind->table, augment->params);
        if (!augment->on) continue;
        lar_text_add(out, "%s images:", prefix);
        for (int64_t m = 0; m < study->data.image_count; m++)
            if (augment->on[m]) lar_text_add(out, " %s", study->data.images[m].name);
        lar_text_add(out, "\n");
    }
}
