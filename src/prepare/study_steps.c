/* The section `prepare` of a study: a list of steps, each a map of one key.
 * SPDX-License-Identifier: Apache-2.0 */
#include "prepare/pass.h"
#include "prepare/study.h"

static const lar_step_kind *find_kind(const char *name)
{
    for (int n = 0; lar_steps[n]; n++)
        if (lar_text_is(lar_steps[n]->name, name)) return lar_steps[n];
    return NULL;
}

static lar_status unknown_step(const lar_walk *walk, const lar_yaml *node)
{
    const char *names[64];
    lar_text all = { 0 };
    int count = 0;
    for (; lar_steps[count] && count < 63; count++) {
        names[count] = lar_steps[count]->name;
        lar_text_add(&all, count ? " %s" : "%s", names[count]);
    }
    names[count] = NULL;
    lar_walk_fail(walk, node->key_line, node->key_column, "there is no step '%s'", node->key);
    const char *nearest = lar_text_nearest(node->key, names);
    if (nearest)
        lar_hint(LAR_EARGUMENT, "'%s'", nearest);
    else
        lar_hint(LAR_EARGUMENT, "one of %s", lar_text_get(&all));
    lar_text_clear(&all);
    return LAR_EARGUMENT;
}

/* Where the n-th name of the key `images` stands. */
static const lar_yaml *place_of_name(const lar_yaml *node, int64_t n)
{
    const lar_yaml *images = lar_walk_child(node, "images");
    if (images->kind == LAR_YAML_SCALAR) return images;
    const lar_yaml *item = images->first;
    while (n-- > 0) item = item->next;
    return item;
}

static lar_status choose_images(lar_step *step, bool *on, const lar_study *study,
                                const lar_walk *walk, const lar_yaml *node, const lar_texts *wanted)
{
    const lar_data_params *data = &study->data;
    for (int64_t n = 0; n < data->image_count && wanted->count == 0; n++)
        on[n] = step->kind->spatial || lar_role_is_measured(data->images[n].role);
    for (int64_t n = 0; n < wanted->count; n++) {
        const lar_yaml *place = place_of_name(node, n);
        const int64_t image = lar_study_image(study, wanted->at[n]);
        if (image < 0) {
            const char *names[LAR_IMAGES_MAX + 1] = { NULL };
            for (int64_t m = 0; m < data->image_count; m++) names[m] = data->images[m].name;
            lar_walk_fail(walk, place->line, place->column, "there is no image '%s' in data",
                          wanted->at[n]);
            const char *nearest = lar_text_nearest(wanted->at[n], names);
            if (nearest) lar_hint(LAR_EARGUMENT, "'%s'", nearest);
            return LAR_EARGUMENT;
        }
        if (step->kind->spatial && data->images[image].made_of) {
            lar_walk_fail(walk, place->line, place->column,
                          "'%s' goes where '%s' goes, and is not named beside it", wanted->at[n],
                          data->images[image].made_of);
            return lar_hint(LAR_EARGUMENT, "'images' without '%s'", wanted->at[n]);
        }
        if (!step->kind->spatial && !lar_role_is_measured(data->images[image].role))
            return lar_walk_fail(walk, place->line, place->column,
                                 "'%s' cannot be done to '%s': its role is %s", step->kind->name,
                                 wanted->at[n], lar_role_names[data->images[image].role]);
        on[image] = true;
    }
    step->on = on;
    return LAR_OK;
}

/* Of a step whose own keys choose. */
static lar_status refuse_images(lar_step *step, const bool *on, const lar_walk *walk,
                                const lar_texts *wanted)
{
    step->on = on;
    if (wanted->count == 0) return LAR_OK;
    return lar_walk_fail(walk, step->line, step->column,
                         "'%s' has no key 'images': its other keys say which it is done to",
                         step->kind->name);
}

/* A mask that was made goes through the spatial steps of the image that it was made of, those
 * before it as well: it lies on the same scan. */
static void follow(const lar_step *step, bool *on, const lar_data_params *data)
{
    for (int64_t n = lar_data_scans(data); n < data->image_count; n++)
        if (step->kind->spatial) on[n] = on[lar_step_follows(data, n)];
}

/* A mask is there after the step that makes it. */
static lar_status refuse_unmade(const lar_step *step, const lar_study *study)
{
    const lar_data_params *data = &study->data;
    bool used[LAR_IMAGES_MAX] = { false };
    if (step->kind->uses) step->kind->uses(step, data, used);
    for (int64_t n = lar_data_scans(data); n < data->image_count; n++) {
        bool made = lar_step_makes(step, study, n);
        for (const lar_step *before = study->steps; before < step; before++)
            made |= lar_step_makes(before, study, n);
        if (!used[n] || made) continue;
        lar_fail(LAR_EARGUMENT, "there is no '%s' yet: the step that makes it comes later",
                 data->images[n].name);
        return lar_hint(LAR_EARGUMENT, "that step before this one");
    }
    return LAR_OK;
}

/* What a normalizer learned is kept once per image. */
static lar_status refuse_second(const lar_study *study, const lar_walk *walk, const lar_step *step)
{
    for (const lar_step *other = study->steps; step->kind->once && other < step; other++)
        for (int64_t n = 0; n < study->data.image_count; n++)
            if (other->kind->once && other->on[n] && step->on[n])
                return lar_walk_fail(walk, step->line, step->column,
                                     "'%s' is normalized a second time, first in line %lld",
                                     study->data.images[n].name, (long long)other->line);
    return LAR_OK;
}

static lar_status read_step(lar_step *step, const lar_study *study, const lar_walk *walk,
                            const lar_yaml *item)
{
    lar_status status = LAR_OK;
    lar_fields fields[LAR_STEP_TABLES + 1];
    lar_step_common common = { 0 };
    int64_t count = 0;
    const lar_yaml *node = item->first;

    if (item->kind != LAR_YAML_MAP || item->count != 1) {
        lar_walk_fail(walk, item->line, item->column, "a step is one name with its settings");
        return lar_hint(LAR_EARGUMENT, "- normalize: {method: zscore}");
    }
    step->kind = find_kind(node->key);
    if (!step->kind) return unknown_step(walk, node);
    step->line = node->key_line;
    step->column = node->key_column;
    step->params = lar_arena_take(walk->arena, 1, step->kind->size);
    bool *on = lar_arena_take(walk->arena, study->data.image_count, sizeof *on);
    if (!step->params || !on) return LAR_EMEMORY;
    for (int n = 0; n < LAR_STEP_TABLES && step->kind->tables[n]; n++) {
        lar_param_defaults(step->kind->tables[n], step->params);
        fields[count++] = (lar_fields){ step->kind->tables[n], step->params };
    }
    lar_param_defaults(lar_step_common_table, &common);
    fields[count++] = (lar_fields){ lar_step_common_table, &common };
    if (!(node->kind == LAR_YAML_SCALAR && node->absent)) /* "- normalize:" alone is fine */
        LAR_TRY(lar_walk_map(walk, node, node->key, fields, count, NULL));
    step->names_images = common.images.count > 0;
    step->only_training = common.when != 0;
    if (step->only_training && !step->kind->spatial) {
        status = lar_walk_fail(walk, step->line, step->column,
                               "'%s' changes intensities, so predict cannot leave it out",
                               step->kind->name);
        goto done;
    }
    if (step->kind->chooses)
        LAR_TRY(refuse_images(step, on, walk, &common.images));
    else
        LAR_TRY(choose_images(step, on, study, walk, node, &common.images));
    LAR_TRY(refuse_second(study, walk, step));
    status = step->kind->check ? step->kind->check(step, &study->data) : LAR_OK;
    if (status == LAR_OK && step->kind->chooses) step->kind->chooses(step, &study->data, on);
    if (status == LAR_OK) follow(step, on, &study->data);
    if (status == LAR_OK) status = refuse_unmade(step, study);
    if (status == LAR_OK && step->kind->after) status = step->kind->after(step, study);
    LAR_TRY(lar_walk_place(walk, step->line, step->column, status));
done:
    return status;
}

lar_status lar_study_read_steps(lar_study *study, const lar_walk *walk, const lar_yaml *list)
{
    lar_status status = LAR_OK;
    if (list->kind == LAR_YAML_SCALAR && list->absent) return LAR_OK;
    if (list->kind != LAR_YAML_LIST) {
        lar_walk_fail(walk, list->line, list->column, "'prepare' must be a list of steps");
        return lar_hint(LAR_EARGUMENT, "lines that begin with '- ', such as '- normalize: {}'");
    }
    study->steps = lar_arena_take(walk->arena, list->count, sizeof *study->steps);
    if (!study->steps) return LAR_EMEMORY;
    status = lar_study_foresee(study, walk, list);
    for (const lar_yaml *item = list->first; item && status == LAR_OK; item = item->next) {
        status = read_step(&study->steps[study->step_count], study, walk, item);
        study->step_count++;
    }
    for (int64_t s = 0; s < study->step_count && status == LAR_OK; s++) {
        lar_step *step = &study->steps[s];
        bool *on = lar_arena_take(walk->arena, study->data.image_count, sizeof *on);
        if (!lar_step_is_strip(step)) continue;
        if (!on) return LAR_EMEMORY;
        memcpy(on, step->on, (size_t)study->data.image_count * sizeof *on);
        step->on = on;
        status =
            lar_walk_place(walk, step->line, step->column, lar_strip_set_images(on, step, study));
    }
    return status;
}
