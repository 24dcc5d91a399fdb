/* The section `network` of a study: a network by name with the keys that are its own, or a list of
 * layers. It is put together once as it is read, so that a mistake has a line.
 * SPDX-License-Identifier: Apache-2.0 */
#include "net/net.h"
#include "prepare/study.h"

/* ---- by name --------------------------------------------------------------------------- */

static lar_status foreign_key(const lar_walk *walk, const lar_yaml *node, const lar_model *model)
{
    lar_text own = { 0 }, others = { 0 };
    for (const char *const *key = model->keys; *key; key++)
        lar_text_add(&own, own.length ? ", %s" : "%s", *key);
    for (const lar_model *m = lar_models; m->name; m++)
        if (lar_model_has(m, node->key))
            lar_text_add(&others, others.length ? ", or of %s" : "name: %s", m->name);
    lar_walk_fail(walk, node->key_line, node->key_column,
                  "'%s' is not a key of the network %s; it has %s", node->key, model->name,
                  lar_text_get(&own));
    lar_hint(LAR_EARGUMENT, "leaving it out; it is a key of '%s'", lar_text_get(&others));
    lar_text_clear(&own);
    lar_text_clear(&others);
    return LAR_EARGUMENT;
}

static lar_status read_named(lar_study *study, const lar_walk *walk, const lar_yaml *map)
{
    lar_status status = LAR_OK;
    const lar_fields fields = { lar_network_table, &study->network };
    static const char *const rest[] = { "layers", NULL };
    LAR_TRY(lar_walk_map(walk, map, "network", &fields, 1, rest));
    const lar_model *model = &lar_models[study->network.name];
    for (const lar_yaml *node = map->first; node; node = node->next)
        if (!lar_model_has(model, node->key)) return foreign_key(walk, node, model);
done:
    return status;
}

/* ---- as a list of layers ----------------------------------------------------------------- */

static lar_status unknown_layer(const lar_walk *walk, const lar_yaml *place, const char *name)
{
    const char *names[64];
    lar_text all = { 0 };
    int count = 0;
    for (; lar_listed_kinds[count].name && count < 63; count++) {
        names[count] = lar_listed_kinds[count].name;
        lar_text_add(&all, count ? " %s" : "%s", names[count]);
    }
    names[count] = NULL;
    const bool key = place->kind == LAR_YAML_MAP;
    lar_walk_fail(walk, key ? place->first->key_line : place->line,
                  key ? place->first->key_column : place->column, "there is no layer '%s'", name);
    const char *nearest = lar_text_nearest(name, names);
    if (nearest)
        lar_hint(LAR_EARGUMENT, "'%s'", nearest);
    else
        lar_hint(LAR_EARGUMENT, "one of %s", lar_text_get(&all));
    lar_text_clear(&all);
    return LAR_EARGUMENT;
}

/* Lists along x y z: one number or three. */
static lar_status check_edges(const lar_walk *walk, const lar_yaml *node, const lar_listed *layer)
{
    for (const lar_param *p = layer->kind->table; p->name; p++) {
        const lar_ints *list = (const lar_ints *)((const char *)&layer->params + p->offset);
        if (p->kind != LAR_KIND_INTS || list->count == 1 || list->count == 3) continue;
        const lar_yaml *place = lar_walk_child(node, p->name);
        if (!place) continue; /* its default */
        return lar_walk_fail(walk, place->line, place->column,
                             "'%s' is one number or three, not %lld", p->name,
                             (long long)list->count);
    }
    return LAR_OK;
}

static lar_status read_layer(lar_listed *layer, const lar_walk *walk, const lar_yaml *item)
{
    lar_status status = LAR_OK;
    const bool bare = item->kind == LAR_YAML_SCALAR && !item->absent;
    if (!bare && (item->kind != LAR_YAML_MAP || item->count != 1)) {
        lar_walk_fail(walk, item->line, item->column, "a layer is one name with its settings");
        return lar_hint(LAR_EARGUMENT, "- conv: {filters: 16}");
    }
    const lar_yaml *node = bare ? item : item->first;
    const char *name = bare ? item->text : node->key;
    for (layer->kind = lar_listed_kinds; layer->kind->name; layer->kind++)
        if (lar_text_is(layer->kind->name, name)) break;
    if (!layer->kind->name) return unknown_layer(walk, item, name);
    layer->line = bare ? item->line : node->key_line;
    layer->column = bare ? item->column : node->key_column;
    lar_param_defaults(lar_listed_table, &layer->params);
    lar_param_defaults(layer->kind->table, &layer->params);
    if (bare || (node->kind == LAR_YAML_SCALAR && node->absent)) return LAR_OK;
    if (node->kind != LAR_YAML_MAP) { /* one value alone: the first parameter */
        if (node->kind == LAR_YAML_LIST || !layer->kind->table->name)
            return lar_walk_fail(walk, node->line, node->column,
                                 "the settings of '%s' must be a map of keys and values", name);
        return lar_walk_place(walk, node->line, node->column,
                              lar_param_set(layer->kind->table, &layer->params, node->text,
                                            layer->kind->table->name, walk->arena));
    }
    const lar_fields fields[2] = { { layer->kind->table, &layer->params },
                                   { lar_listed_table, &layer->params } };
    LAR_TRY(lar_walk_map(walk, node, name, fields, 2, NULL));
    status = check_edges(walk, node, layer);
done:
    return status;
}

static lar_status read_layers(lar_study *study, const lar_walk *walk, const lar_yaml *map,
                              const lar_yaml *list)
{
    lar_status status = LAR_OK;
    for (const lar_yaml *node = map->first; node; node = node->next)
        if (node != list)
            return lar_walk_fail(walk, node->key_line, node->key_column,
                                 "'%s' is given, but 'layers' says what the network is", node->key);
    if (list->kind != LAR_YAML_LIST || list->count == 0) {
        lar_walk_fail(walk, list->line, list->column, "'layers' must be a list of layers");
        return lar_hint(LAR_EARGUMENT, "lines that begin with '- ', such as '- conv: 16'");
    }
    lar_layer_list *layers = lar_arena_take(walk->arena, 1, sizeof *layers);
    if (!layers) return LAR_EMEMORY;
    layers->rows = lar_arena_take(walk->arena, list->count, sizeof *layers->rows);
    if (!layers->rows) return LAR_EMEMORY;
    for (const lar_yaml *item = list->first; item && status == LAR_OK; item = item->next)
        status = read_layer(&layers->rows[layers->count++], walk, item);
    study->network.layers = layers;
    return status;
}

lar_status lar_study_read_network(lar_study *study, const lar_walk *walk, const lar_yaml *map)
{
    lar_status status = LAR_OK;
    int64_t roles[LAR_MASK + 1] = { 0 }, layer = -1;

    LAR_TRY(lar_walk_is_map(walk, map, "network"));
    const lar_yaml *list = lar_walk_child(map, "layers");
    status = list ? read_layers(study, walk, map, list) : read_named(study, walk, map);
    LAR_TRY(status);
    for (int64_t n = 0; n < study->data.image_count; n++) roles[study->data.images[n].role]++;
    if (!roles[LAR_INPUT] || !roles[LAR_TARGET]) goto done; /* to be prepared, not trained on */
    status =
        lar_network_try(&study->network, roles[LAR_INPUT] * lar_sample_slices(&study->train.sample),
                        roles[LAR_TARGET], &layer);
    if (layer >= 0) {
        const lar_listed *wrong = &study->network.layers->rows[layer];
        status = lar_walk_place(walk, wrong->line, wrong->column, status);
    } else {
        status = lar_walk_place(walk, map->key_line, map->key_column, status);
    }
done:
    return status;
}
