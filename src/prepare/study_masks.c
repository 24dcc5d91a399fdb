/* Masks that steps of a study make: they are images of the study, after those of files, so that
 * steps, prepared volumes and scores can name them. SPDX-License-Identifier: Apache-2.0 */
#include "prepare/pass.h"
#include "prepare/study.h"

/* The settings of a strip step; NULL: another step, or one that is not well formed, which is told
 * when it is read. */
static const lar_yaml *strip_of(const lar_yaml *item)
{
    const lar_yaml *node = item->kind == LAR_YAML_MAP && item->count == 1 ? item->first : NULL;
    return node && lar_text_is(node->key, "strip") ? node : NULL;
}

static const lar_yaml *setting(const lar_yaml *node, const char *key)
{
    const lar_yaml *found = node->kind == LAR_YAML_MAP ? lar_walk_child(node, key) : NULL;
    return found && found->kind == LAR_YAML_SCALAR && !found->absent && *found->text ? found : NULL;
}

static const char *first_input(const lar_data_params *data)
{
    for (int64_t n = 0; n < lar_data_scans(data); n++)
        if (data->images[n].role == LAR_INPUT) return data->images[n].name;
    return NULL;
}

static lar_status add_mask(lar_study *study, const lar_walk *walk, const lar_yaml *node)
{
    lar_data_params *data = &study->data;
    const lar_yaml *of = setting(node, "of"), *mask = setting(node, "mask"),
                   *place = mask ? mask : node;
    const int64_t line = mask ? mask->line : node->key_line,
                  column = mask ? mask->column : node->key_column;
    const char *name = place == node ? LAR_STRIP_MASK : mask->text,
               *made_of = of ? of->text : first_input(data);

    if (!made_of) {
        lar_walk_fail(walk, node->key_line, node->key_column,
                      "no image has the role input, so the brain is looked for in none");
        return lar_hint(LAR_EARGUMENT, "'of:' and the name of an image");
    }
    if (!lar_study_is_name(name))
        return lar_walk_fail(walk, line, column,
                             "'%s' cannot name a mask: letters, digits, _ - . and at most 64",
                             name);
    for (int64_t n = 0; n < data->image_count; n++) {
        if (!lar_text_is(data->images[n].name, name)) continue;
        lar_walk_fail(walk, line, column,
                      n < lar_data_scans(data)
                          ? "'%s' is an image of data, and the mask needs a name "
                            "of its own"
                          : "'%s' is made by a strip step before, and the mask "
                            "needs a name of its own",
                      name);
        return lar_hint(LAR_EARGUMENT, "'mask: %s_%s'", name, made_of);
    }
    if (data->image_count == LAR_IMAGES_MAX)
        return lar_walk_fail(walk, line, column, "%d images and masks, more than %d",
                             LAR_IMAGES_MAX + 1, LAR_IMAGES_MAX);
    data->made_count++;
    data->images[data->image_count++] =
        (lar_image_spec){ .name = name, .role = LAR_MASK, .made_of = made_of };
    return LAR_OK;
}

lar_status lar_study_foresee(lar_study *study, const lar_walk *walk, const lar_yaml *list)
{
    lar_status status = LAR_OK;
    for (const lar_yaml *item = list->first; item && status == LAR_OK; item = item->next) {
        const lar_yaml *node = strip_of(item);
        if (node) status = add_mask(study, walk, node);
    }
    return status;
}
