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

/* What each kind of source is called in a study, and how a line of an image may look there. */
static const struct source {
    const char *key, *hint; /* the hint with the image's name twice */
} sources[] = {
    [LAR_SOURCE_PATTERNS] = { NULL, "%s: {path: \"%s/{subject}.nii.gz\"}" },
    [LAR_SOURCE_FOLDERS] = { "folders", NULL },
    [LAR_SOURCE_BIDS] = { "bids", NULL },
    [LAR_SOURCE_NNUNET] = { "nnunet", NULL },
    [LAR_SOURCE_CSV] = { "csv", NULL },
};
enum { SOURCES = sizeof sources / sizeof *sources };

/* The source whose key says how an image is found in it. */
static lar_source_kind source_of_key(const char *key)
{
    if (lar_text_is(key, "path")) return LAR_SOURCE_PATTERNS;
    if (lar_text_is(key, "column")) return LAR_SOURCE_CSV;
    if (lar_text_is(key, "channel")) return LAR_SOURCE_NNUNET;
    return LAR_SOURCE_BIDS;
}

/* No key of an image speaks of another source than the study's. */
static lar_status check_keys(const lar_study *study, const lar_walk *walk, const lar_yaml *node)
{
    const lar_source_kind source = lar_data_source(&study->data);
    for (const lar_yaml *key = node->first; key; key = key->next) {
        if (lar_text_is(key->key, "role") || lar_text_is(key->key, "contrast")) continue;
        const lar_source_kind other = source_of_key(key->key);
        if (other == source) continue;
        if (other == LAR_SOURCE_PATTERNS)
            return lar_walk_fail(walk, key->key_line, key->key_column,
                                 "image '%s' has a path, but '%s' says where the images are",
                                 node->key, sources[source].key);
        lar_walk_fail(walk, key->key_line, key->key_column,
                      "'%s' of image '%s' is for data that '%s' names, which is not there",
                      key->key, node->key, sources[other].key);
        return source == LAR_SOURCE_PATTERNS
                   ? lar_hint(LAR_EARGUMENT, "'%s: ...' under data", sources[other].key)
                   : LAR_EARGUMENT;
    }
    return LAR_OK;
}

static lar_status read_image(lar_image_spec *image, const lar_study *study, const lar_walk *walk,
                             const lar_yaml *node)
{
    const lar_fields fields[] = { { lar_image_spec_table, image },
                                  { lar_image_source_table, image } };
    const lar_image_spec *first = study->data.images;
    if (!lar_study_is_name(node->key))
        return lar_walk_fail(walk, node->key_line, node->key_column,
                             "'%s' cannot name an image: letters, digits, _ - . and at most 64",
                             node->key);
    if (node->kind == LAR_YAML_SCALAR && !node->absent && *node->text) {
        lar_walk_fail(walk, node->line, node->column, "image '%s' has a word in place of keys",
                      node->key);
        return lar_hint(LAR_EARGUMENT, "%s: {path: \"%s\"}", node->key, node->text);
    }
    lar_param_defaults(lar_image_spec_table, image);
    lar_param_defaults(lar_image_source_table, image);
    image->name = node->key;
    lar_status status = lar_walk_map(walk, node, node->key, fields, 2, NULL);
    if (status == LAR_OK) status = check_keys(study, walk, node);
    if (status != LAR_OK || lar_data_source(&study->data) != LAR_SOURCE_PATTERNS) return status;
    if (!image->path) {
        lar_walk_fail(walk, node->key_line, node->key_column, "image '%s' has no path",
                      image->name);
        return lar_hint(LAR_EARGUMENT, sources[LAR_SOURCE_PATTERNS].hint, image->name, image->name);
    }
    const lar_yaml *path = lar_walk_child(node, "path");
    status = lar_walk_place(walk, path->line, path->column, lar_find_check(image->path));
    if (status != LAR_OK || lar_find_alike(image->path, first->path)) return status;
    lar_walk_fail(walk, path->line, path->column,
                  "'%s' does not capture what '%s' of image '%s' does, so they cannot be paired",
                  image->path, first->path, first->name);
    return lar_hint(LAR_EARGUMENT, "the same of {subject} {session} {run} {slice} in both");
}

/* Of BIDS: images of one session beside images of every session have no pairs. */
static lar_status check_sessions(const lar_study *study, const lar_walk *walk, const lar_yaml *map)
{
    const lar_image_spec *images = study->data.images;
    int64_t n = 0;
    for (const lar_yaml *node = map->first; node; node = node->next, n++) {
        const char *session = images[n].entities[LAR_BIDS_SESSION];
        const char *first = images[0].entities[LAR_BIDS_SESSION];
        if (!session == !first) continue;
        lar_walk_fail(walk, node->key_line, node->key_column,
                      "image '%s' says which session, and '%s' does not, so they have no pairs",
                      images[session ? n : 0].name, images[session ? 0 : n].name);
        return lar_hint(LAR_EARGUMENT, "a session for each image, or for none: then each session "
                                       "is a case");
    }
    return LAR_OK;
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

/* Keys that say the same twice, or nothing. */
static lar_status check_folds(const lar_split_params *split, const lar_walk *walk,
                              const lar_yaml *node)
{
    const lar_yaml *folds = lar_walk_child(node, "folds"), *fold = lar_walk_child(node, "fold");
    const lar_yaml *bins = lar_walk_child(node, "bins");
    if (bins && !split->stratify.count)
        return lar_walk_fail(walk, bins->key_line, bins->key_column,
                             "'bins' is of covariates, but 'stratify' names none");
    if (!folds && fold)
        return lar_walk_fail(walk, fold->key_line, fold->key_column,
                             "'fold' is one of 'folds', which is not there");
    if (!folds || split->folds == 0) return LAR_OK;
    if (split->folds == 1)
        return lar_walk_fail(walk, folds->line, folds->column,
                             "1 is not a valid folds: 2 at least");
    if (split->fold > split->folds)
        return lar_walk_fail(walk, fold->line, fold->column, "there is no fold %lld of %lld",
                             (long long)split->fold, (long long)split->folds);
    for (int s = LAR_TRAIN; s <= LAR_VALID; s++) {
        const lar_yaml *part = lar_walk_child(node, lar_split_names[s]);
        if (part)
            return lar_walk_fail(walk, part->key_line, part->key_column,
                                 "'%s' is given, but 'folds' says who is valid", part->key);
    }
    return LAR_OK;
}

static lar_status read_split(lar_study *study, const lar_walk *walk, const lar_yaml *node)
{
    lar_split_params *split = &study->data.split;
    const lar_fields fields[] = { { lar_split_table, split }, { lar_split_more_table, split } };
    split->said = true;
    if (node->kind == LAR_YAML_SCALAR && !node->absent && *node->text) {
        double number;
        if (lar_parse_real(&number, node->text)) {
            lar_walk_fail(walk, node->line, node->column,
                          "'%s' is no file that says who is in which part", node->text);
            return lar_hint(LAR_EARGUMENT, "split: {valid: %s}", node->text);
        }
        split->file = node->text;
        return LAR_OK;
    }
    const lar_status status = lar_walk_map(walk, node, "split", fields, 2, NULL);
    return status == LAR_OK ? check_folds(split, walk, node) : status;
}

/* One source at most, and nothing that is of another. */
static lar_status check_source(const lar_study *study, const lar_walk *walk, const lar_yaml *map)
{
    const lar_data_params *data = &study->data;
    const lar_source_kind source = lar_data_source(data);
    const lar_yaml *subjects = lar_walk_child(map, "subjects"),
                   *names = lar_walk_child(map, "names");
    const lar_yaml *participants = lar_walk_child(map, "participants");
    for (int n = 0; n < SOURCES; n++) {
        const lar_yaml *other = sources[n].key ? lar_walk_child(map, sources[n].key) : NULL;
        if (!other) continue;
        if (!*other->text)
            return lar_walk_fail(walk, other->key_line, other->key_column, "'%s' names nothing",
                                 other->key);
        if (n != (int)source)
            return lar_walk_fail(walk, other->key_line, other->key_column,
                                 "'%s' is given, but '%s' says where the images are", other->key,
                                 sources[source].key);
    }
    if (subjects && source != LAR_SOURCE_PATTERNS)
        return lar_walk_fail(walk, subjects->key_line, subjects->key_column,
                             "'subjects' is given, but '%s' says where the subjects are",
                             sources[source].key);
    if (names && source != LAR_SOURCE_FOLDERS)
        return lar_walk_fail(walk, names->key_line, names->key_column,
                             "'names' is of files in 'folders', which is not there");
    if (participants && source == LAR_SOURCE_CSV)
        return lar_walk_fail(walk, participants->key_line, participants->key_column,
                             "'participants' is given, but the covariates are columns of '%s'",
                             data->csv);
    if (names) return lar_walk_place(walk, names->line, names->column, lar_find_check(data->names));
    return LAR_OK;
}

lar_status lar_study_read_data(lar_study *study, const lar_walk *walk, const lar_yaml *map)
{
    static const char *const rest[] = { "images", "split", NULL };
    lar_status status = LAR_OK;
    lar_data_params *data = &study->data;
    const lar_fields fields[] = { { lar_data_table, data }, { lar_data_care_table, data } };
    LAR_TRY(lar_walk_map(walk, map, "data", fields, 2, rest));
    const lar_yaml *images = lar_walk_child(map, "images"), *split = lar_walk_child(map, "split");
    const lar_yaml *subjects = lar_walk_child(map, "subjects");
    if (!images) {
        status = lar_walk_fail(walk, map->line, map->column, "'data' has no 'images'");
        goto done;
    }
    LAR_TRY(check_source(study, walk, map));
    if (subjects)
        LAR_TRY(
            lar_walk_place(walk, subjects->line, subjects->column, lar_find_check(data->subjects)));
    LAR_TRY(read_images(study, walk, images));
    if (data->bids) LAR_TRY(check_sessions(study, walk, images));
    if (split) LAR_TRY(read_split(study, walk, split));
done:
    return status;
}
