/* The section `data` of a study: images by name, how subjects are found and split.
 * SPDX-License-Identifier: Apache-2.0 */
#include "prepare/study.h"

bool lar_study_is_name(const char *name)
{
    const size_t length = strlen(name);
    return length > 0 && length <= 64 && name[0] != '.' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") ==
               length;
}

static lar_status read_image(lar_image_spec *image, const lar_study *study, const lar_walk *walk,
                             const lar_yaml *node)
{
    const lar_fields fields = { lar_image_spec_table, image };
    if (!lar_study_is_name(node->key))
        return lar_walk_fail(walk, node->key_line, node->key_column,
                             "'%s' cannot name an image: letters, digits, _ - . and at most 64",
                             node->key);
    lar_param_defaults(lar_image_spec_table, image);
    image->name = node->key;
    lar_status status = lar_walk_map(walk, node, node->key, &fields, 1, NULL);
    if (status != LAR_OK) return status;
    const lar_yaml *path = lar_walk_child(node, "path");
    if (study->data.folders && path)
        return lar_walk_fail(walk, path->key_line, path->key_column,
                             "image '%s' has a path, but 'folders' says where the images are",
                             image->name);
    if (study->data.folders) return LAR_OK;
    if (!image->path) {
        lar_walk_fail(walk, node->key_line, node->key_column, "image '%s' has no path",
                      image->name);
        return lar_hint(LAR_EARGUMENT, "%s: {path: \"%s/{subject}.nii.gz\"}", image->name,
                        image->name);
    }
    return lar_walk_place(walk, path->line, path->column, lar_find_check(image->path));
}

static lar_status read_images(lar_study *study, const lar_walk *walk, const lar_yaml *map)
{
    lar_status status = lar_walk_is_map(walk, map, "images");
    if (status != LAR_OK) return status;
    if (map->count == 0)
        return lar_walk_fail(walk, map->line, map->column, "'images' names no image");
    if (map->count > LAR_IMAGES_MAX)
        return lar_walk_fail(walk, map->line, map->column, "%lld images, more than %d",
                             (long long)map->count, LAR_IMAGES_MAX);
    /* with room for those that steps make */
    study->data.images = lar_arena_take(walk->arena, LAR_IMAGES_MAX, sizeof *study->data.images);
    if (!study->data.images) return LAR_EMEMORY;
    for (const lar_yaml *node = map->first; node && status == LAR_OK; node = node->next)
        status = read_image(&study->data.images[study->data.image_count++], study, walk, node);
    return status;
}

static lar_status read_split(lar_study *study, const lar_walk *walk, const lar_yaml *node)
{
    lar_split_params *split = &study->data.split;
    const lar_fields fields = { lar_split_table, split };
    if (study->data.folders)
        return lar_walk_fail(walk, node->key_line, node->key_column,
                             "a split is given, but the folders train, valid and test of '%s' say "
                             "it",
                             study->data.folders);
    if (node->kind == LAR_YAML_SCALAR && !node->absent && *node->text) {
        split->file = node->text;
        return LAR_OK;
    }
    return lar_walk_map(walk, node, "split", &fields, 1, NULL);
}

lar_status lar_study_read_data(lar_study *study, const lar_walk *walk, const lar_yaml *map)
{
    static const char *const rest[] = { "images", "split", NULL };
    lar_status status = LAR_OK;
    const lar_fields fields = { lar_data_table, &study->data };
    LAR_TRY(lar_walk_map(walk, map, "data", &fields, 1, rest));
    const lar_yaml *images = lar_walk_child(map, "images"), *split = lar_walk_child(map, "split");
    const lar_yaml *subjects = lar_walk_child(map, "subjects");
    if (!images) {
        status = lar_walk_fail(walk, map->line, map->column, "'data' has no 'images'");
        goto done;
    }
    if (subjects && study->data.folders) {
        status = lar_walk_fail(walk, subjects->key_line, subjects->key_column,
                               "'subjects' is given, but 'folders' says where the subjects are");
        goto done;
    }
    if (subjects)
        LAR_TRY(lar_walk_place(walk, subjects->line, subjects->column,
                               lar_find_check(study->data.subjects)));
    LAR_TRY(read_images(study, walk, images));
    if (split) LAR_TRY(read_split(study, walk, split));
done:
    return status;
}
