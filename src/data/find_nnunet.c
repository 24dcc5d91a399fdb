/* The folder of an nnU-Net data set: imagesTr/CASE_0000.nii.gz of each channel,
 * labelsTr/CASE.nii.gz, and imagesTs, which are test.
 * https://github.com/MIC-DKFZ/nnUNet/blob/master/documentation/dataset_format.md
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <strings.h>

#include "data/find.h"

enum { JSON_MAX = 16 << 20, CHANNELS_MAX = 64 };

typedef struct nnunet {
    lar_finder *f;
    const char *root, *json;
    const char *ending;                 /* ".nii.gz" */
    const char *channels[CHANNELS_MAX]; /* their names */
    int64_t channel_count;
    int64_t told; /* cases for training, by numTraining; -1: not said */
    bool tested;
} nnunet;

static lar_status broken(const nnunet *u, const char *words)
{
    return lar_fail(LAR_EARGUMENT, "'%s' does not describe an nnU-Net folder: %s", u->json, words);
}

/* Channels by number: "channel_names": {"0": "T1"}, or "modality" as version 1 called it. */
static lar_status read_channels(nnunet *u, const json_t *root)
{
    const json_t *names = json_object_get(root, "channel_names");
    if (!names) names = json_object_get(root, "modality");
    if (!json_is_object(names)) return broken(u, "it has no map 'channel_names'");
    for (; u->channel_count < (int64_t)json_object_size(names); u->channel_count++) {
        char key[24];
        if (u->channel_count == CHANNELS_MAX) return broken(u, "more than 64 channels");
        snprintf(key, sizeof key, "%lld", (long long)u->channel_count);
        const char *name = json_string_value(json_object_get(names, key));
        if (!name) return broken(u, "its channels are not named by the numbers from 0");
        u->channels[u->channel_count] = lar_arena_text(u->f->arena, name, strlen(name));
        if (!u->channels[u->channel_count]) return LAR_EMEMORY;
    }
    if (u->channel_count == 0) return broken(u, "'channel_names' names none");
    const json_t *told = json_object_get(root, "numTraining");
    u->told = json_is_integer(told) ? json_integer_value(told) : -1;
    const json_t *ending = json_object_get(root, "file_ending");
    const char *text = ending ? json_string_value(ending) : ".nii.gz";
    if (!text || text[0] != '.' || strchr(text, '/')) return broken(u, "'file_ending' is none");
    u->ending = lar_arena_text(u->f->arena, text, strlen(text));
    return u->ending ? LAR_OK : LAR_EMEMORY;
}

static lar_status read_json(nnunet *u)
{
    lar_status status = LAR_OK;
    char *text = NULL;
    size_t length;
    json_t *root = NULL;
    json_error_t error;

    if (!lar_path_exists(u->json)) {
        lar_fail(LAR_EARGUMENT, "'%s' is no nnU-Net folder: it has no dataset.json", u->root);
        return lar_hint(LAR_EARGUMENT, "the folder that holds imagesTr and labelsTr");
    }
    LAR_TRY(lar_file_read(&text, &length, u->json, JSON_MAX));
    root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (!root) {
        status = lar_fail(LAR_EARGUMENT, "%s:%d: %s", u->json, error.line, error.text);
        goto done;
    }
    status = read_channels(u, root);
done:
    json_decref(root);
    lar_free(text);
    return status;
}

/* The channel of an image, by its number or name; -1: none. */
static int64_t channel_of(const nnunet *u, const lar_image_spec *spec)
{
    const char *const words[] = { spec->channel, spec->contrast, spec->name };
    int64_t number;
    if (spec->channel && lar_parse_int(&number, spec->channel))
        return number >= 0 && number < u->channel_count ? number : -1;
    for (int w = spec->channel ? 0 : 1; w < (spec->channel ? 1 : 3); w++)
        for (int64_t n = 0; n < u->channel_count; n++)
            if (words[w] && strcasecmp(words[w], u->channels[n]) == 0) return n;
    return -1;
}

/* The files of one folder whose names end in `end` are cases. */
static lar_status list_files(nnunet *u, int64_t image, const char *name, const char *end, int split)
{
    lar_status status = LAR_OK;
    lar_arena *arena = u->f->arena;
    lar_texts names;
    const char *folder = lar_path_join(arena, u->root, name);
    if (!folder) return LAR_EMEMORY;
    if (!lar_path_is_folder(folder))
        return lar_fail(LAR_EARGUMENT, "there is no folder '%s' of image '%s'", folder,
                        u->f->data->images[image].name);
    LAR_TRY(lar_folder_list(&names, folder, arena));
    for (int64_t n = 0; n < names.count; n++) {
        const size_t length = strlen(names.at[n]);
        if (!lar_text_ends(names.at[n], end) || length == strlen(end)) continue;
        lar_found found = { .split = split };
        found.path = lar_path_join(arena, folder, names.at[n]);
        found.id = found.subject = lar_arena_text(arena, names.at[n], length - strlen(end));
        if (!found.path || !found.id) return LAR_EMEMORY;
        LAR_TRY(lar_id_check(found.id, found.path));
        if (!lar_found_add(&u->f->files[image], &found, arena)) return LAR_EMEMORY;
    }
done:
    return status;
}

static lar_status find_image(nnunet *u, int64_t n)
{
    lar_status status = LAR_OK;
    const lar_image_spec *spec = &u->f->data->images[n];
    const bool label = !lar_role_is_measured(spec->role) && !spec->channel;
    const char *end = u->ending;
    if (!label) {
        const int64_t channel = channel_of(u, spec);
        if (channel < 0) {
            lar_text all = { 0 };
            for (int64_t k = 0; k < u->channel_count; k++)
                lar_text_add(&all, "%s%s", k ? ", " : "", u->channels[k]);
            lar_fail(LAR_EARGUMENT, "'%s' has no channel '%s' for image '%s'", u->json,
                     spec->channel ? spec->channel : spec->name, spec->name);
            lar_hint(LAR_EARGUMENT, "%s: {channel: ...} with one of %s", spec->name,
                     lar_text_get(&all));
            lar_text_clear(&all);
            return LAR_EARGUMENT;
        }
        end = lar_arena_format(u->f->arena, "_%04d%s", (int)channel, u->ending);
        if (!end) return LAR_EMEMORY;
    }
    LAR_TRY(list_files(u, n, label ? "labelsTr" : "imagesTr", end, -1));
    if (u->f->files[n].count == 0)
        return lar_fail(LAR_EARGUMENT, "no file of '%s/%s' ends in '%s', for image '%s'", u->root,
                        label ? "labelsTr" : "imagesTr", end, spec->name);
    if (n == 0 && u->told >= 0 && u->told != u->f->files[n].count)
        lar_log(LAR_LOG_WARNING,
                "'%s' tells of %lld cases for training, but there are %lld of '%s'", u->json,
                (long long)u->told, (long long)u->f->files[n].count, spec->name);
    if (u->tested) status = list_files(u, n, label ? "labelsTs" : "imagesTs", end, LAR_TEST);
done:
    return status;
}

/* imagesTs are test where every image of the study is there. */
static lar_status look_for_test(nnunet *u)
{
    bool labels = false;
    for (int64_t n = 0; n < lar_data_scans(u->f->data); n++)
        labels |=
            !lar_role_is_measured(u->f->data->images[n].role) && !u->f->data->images[n].channel;
    const char *images = lar_path_join(u->f->arena, u->root, "imagesTs");
    const char *truth = lar_path_join(u->f->arena, u->root, "labelsTs");
    if (!images || !truth) return LAR_EMEMORY;
    if (!lar_path_is_folder(images)) return LAR_OK;
    lar_texts names;
    const lar_status status = lar_folder_list(&names, images, u->f->arena);
    if (status != LAR_OK || names.count == 0) return status;
    u->tested = !labels || lar_path_is_folder(truth);
    if (!u->tested)
        lar_log(LAR_LOG_WARNING,
                "the cases of '%s' are left out: there is no folder '%s' of their labels", images,
                truth);
    return LAR_OK;
}

lar_status lar_find_nnunet(lar_finder *f)
{
    lar_status status = LAR_OK;
    nnunet u = { .f = f };
    u.root = lar_path_join(f->arena, f->folder, f->data->nnunet);
    u.json = u.root ? lar_path_join(f->arena, u.root, "dataset.json") : NULL;
    if (!u.json) return LAR_EMEMORY;
    if (!lar_path_is_folder(u.root))
        return lar_fail(LAR_EARGUMENT, "there is no folder '%s' of 'nnunet'", u.root);
    LAR_TRY(read_json(&u));
    LAR_TRY(look_for_test(&u));
    for (int64_t n = 0; n < lar_data_scans(f->data); n++) LAR_TRY(find_image(&u, n));
done:
    return status;
}
