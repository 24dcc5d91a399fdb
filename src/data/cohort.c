/* Subjects and their scans: found by a pattern of each image or in folders, and paired by subject
 * id, never by the order of names.
 * SPDX-License-Identifier: Apache-2.0 */
#include "data/data.h"
#include "data/find.h"

const char *const lar_role_names[] = { "input", "target", "label", "mask", NULL };

const lar_param lar_image_spec_table[] = {
    LAR_P_TEXT(lar_image_spec, path, "path", 0, "", "pattern",
               "where the files are; {subject} stands for the id, * for anything"),
    LAR_P_CHOICE(lar_image_spec, role, "role", 0, "input", lar_role_names,
                 "what the network does with it"),
    LAR_P_TEXT(lar_image_spec, contrast, "contrast", 0, "", "word",
               "what was measured: t1, t2, pd, flair, ct"),
    LAR_P_END,
};

const lar_param lar_data_table[] = {
    LAR_P_TEXT(lar_data_params, subjects, "subjects", 0, "", "pattern",
               "which ids there are; left out: the ids of the images' own patterns"),
    LAR_P_TEXT(lar_data_params, folders, "folders", 0, "", "folder",
               "holds a folder of each image with folders train, valid and test of id.nii.gz"),
    LAR_P_TEXTS(lar_data_params, leave_out, "leave-out", 0, "id", "subjects not to use"),
    LAR_P_TEXTS(lar_data_params, trust, "trust", 0, "id",
                "subjects to use though prepare flags them"),
    LAR_P_END,
};

enum { NAMED_MAX = 8 }; /* ids that a sentence names before "and N more" */

typedef struct finder {
    const lar_data_params *data;
    const char *folder;
    lar_arena *arena;
    lar_cohort *cohort;
    lar_found_list *files; /* of each image, in natural order of the ids */
} finder;

static int found_compare(const void *a, const void *b)
{
    const lar_found *x = a, *y = b;
    const int order = lar_text_order(x->id, y->id);
    return order ? order : strcmp(x->path, y->path);
}

static lar_status sort_files(lar_found_list *files, const char *what)
{
    if (files->count) qsort(files->at, (size_t)files->count, sizeof *files->at, found_compare);
    for (int64_t n = 1; n < files->count; n++)
        if (lar_text_is(files->at[n - 1].id, files->at[n].id))
            return lar_fail(LAR_EARGUMENT, "%s of subject '%s' is twice there: '%s' and '%s'", what,
                            files->at[n].id, files->at[n - 1].path, files->at[n].path);
    return LAR_OK;
}

static int64_t find_id(const lar_found_list *files, const char *id)
{
    int64_t low = 0, high = files->count;
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (lar_text_order(files->at[middle].id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < files->count && lar_text_is(files->at[low].id, id) ? low : -1;
}

static bool is_listed(const lar_texts *ids, const char *id)
{
    for (int64_t n = 0; n < ids->count; n++)
        if (lar_text_is(ids->at[n], id)) return true;
    return false;
}

static bool is_left_out(const lar_data_params *data, const char *id)
{
    return is_listed(&data->leave_out, id);
}

bool lar_data_trusts(const lar_data_params *data, const char *id)
{
    return is_listed(&data->trust, id);
}

/* The pattern as a shell would take it, from where the user is. */
static const char *shell_pattern(const finder *f, const char *pattern)
{
    lar_text text = { 0 };
    const char *at = lar_path_join(f->arena, f->folder, pattern);
    for (const char *mark; at && (mark = strstr(at, "{subject}")); at = mark + 9)
        lar_text_add(&text, "%.*s*", (int)(mark - at), at);
    if (at) lar_text_add(&text, "%s", at);
    const char *shown = lar_arena_text(f->arena, lar_text_get(&text), text.length);
    lar_text_clear(&text);
    return shown ? shown : pattern;
}

static lar_status find_by_pattern(finder *f, int64_t n)
{
    const lar_image_spec *image = &f->data->images[n];
    char what[300];
    snprintf(what, sizeof what, "image '%s'", image->name);
    if (!image->path) return lar_fail(LAR_EARGUMENT, "%s has no path", what);
    lar_status status = lar_find_files(&f->files[n], f->folder, image->path, f->arena);
    if (status != LAR_OK) return lar_while(status, "%s cannot be found", what);
    if (f->files[n].count == 0) {
        lar_fail(LAR_EARGUMENT, "no file matches '%s' of %s", image->path, what);
        return lar_hint(LAR_EARGUMENT, "ls %s", shell_pattern(f, image->path));
    }
    return sort_files(&f->files[n], what);
}

/* The id of an image file by its name, or NULL for another file. */
static const char *id_of_name(const char *name, lar_arena *arena)
{
    static const char *const suffixes[] = { ".nii.gz", ".nii", ".hdr" };
    for (size_t n = 0; n < sizeof suffixes / sizeof *suffixes; n++)
        if (lar_text_ends(name, suffixes[n]) && strlen(name) > strlen(suffixes[n]))
            return lar_arena_text(arena, name, strlen(name) - strlen(suffixes[n]));
    return NULL;
}

static lar_status find_in_folders(finder *f, int64_t n)
{
    lar_status status = LAR_OK;
    const lar_image_spec *image = &f->data->images[n];
    char what[300];
    snprintf(what, sizeof what, "image '%s'", image->name);
    if (image->path)
        return lar_fail(LAR_EARGUMENT, "%s has a path, but 'folders' says where the images are",
                        what);
    const char *root = lar_path_join(f->arena, f->folder, f->data->folders);
    const char *base = root ? lar_path_join(f->arena, root, image->name) : NULL;
    if (!base) return LAR_EMEMORY;
    if (!lar_path_is_folder(base))
        return lar_fail(LAR_EARGUMENT, "there is no folder '%s' of %s", base, what);
    for (int s = 0; s < LAR_SPLIT_COUNT; s++) {
        lar_texts names;
        const char *part = lar_path_join(f->arena, base, lar_split_names[s]);
        if (!part) return LAR_EMEMORY;
        if (!lar_path_is_folder(part)) continue;
        LAR_TRY(lar_folder_list(&names, part, f->arena));
        for (int64_t m = 0; m < names.count; m++) {
            const char *id = id_of_name(names.at[m], f->arena);
            const char *path = lar_path_join(f->arena, part, names.at[m]);
            if (!path) return LAR_EMEMORY;
            if (!id) continue;
            LAR_TRY(lar_id_check(id, path));
            if (!lar_found_add(&f->files[n], id, path, f->arena)) return LAR_EMEMORY;
        }
    }
    if (f->files[n].count == 0)
        return lar_fail(LAR_EARGUMENT, "no image file is in '%s/train', valid or test", base);
    LAR_TRY(sort_files(&f->files[n], what));
done:
    return status;
}

/* The split that a file's folder says: .../train/id.nii.gz. */
static int split_of_path(const char *path, lar_arena *arena)
{
    const char *part = lar_path_folder(arena, path);
    for (int s = 0; part && s < LAR_SPLIT_COUNT; s++)
        if (lar_text_is(lar_path_name(part), lar_split_names[s])) return s;
    return -1;
}

/* All ids of all images, and of the pattern `subjects`, in natural order. */
static lar_status gather_ids(finder *f, lar_found_list *ids)
{
    lar_status status = LAR_OK;
    *ids = (lar_found_list){ 0 };
    if (f->data->subjects) {
        LAR_TRY(lar_find_files(ids, f->folder, f->data->subjects, f->arena));
        if (ids->count == 0) {
            status = lar_fail(LAR_EARGUMENT, "no file matches '%s' of subjects", f->data->subjects);
            goto done;
        }
    }
    for (int64_t n = 0; n < lar_data_scans(f->data); n++)
        for (int64_t m = 0; m < f->files[n].count; m++)
            if (!lar_found_add(ids, f->files[n].at[m].id, "", f->arena)) {
                status = LAR_EMEMORY;
                goto done;
            }
    if (ids->count) qsort(ids->at, (size_t)ids->count, sizeof *ids->at, found_compare);
    int64_t kept = 0;
    for (int64_t n = 0; n < ids->count; n++)
        if (kept == 0 || !lar_text_is(ids->at[kept - 1].id, ids->at[n].id))
            ids->at[kept++] = ids->at[n];
    ids->count = kept;
done:
    return status;
}

static lar_status check_listed(const finder *f, const lar_found_list *ids, const lar_texts *listed,
                               const char *key)
{
    for (int64_t n = 0; n < listed->count; n++) {
        if (find_id(ids, listed->at[n]) >= 0) continue;
        const char **names = lar_arena_take(f->arena, ids->count + 1, sizeof *names);
        if (!names) return LAR_EMEMORY;
        for (int64_t m = 0; m < ids->count; m++) names[m] = ids->at[m].id;
        lar_fail(LAR_EARGUMENT, "%s names '%s', but there is no such subject", key, listed->at[n]);
        const char *nearest = lar_text_nearest(listed->at[n], names);
        if (nearest) lar_hint(LAR_EARGUMENT, "'%s'", nearest);
        return LAR_EARGUMENT;
    }
    return LAR_OK;
}

/* Every subject has every image, or the sentence says who lacks what. */
static lar_status check_complete(const finder *f, const lar_found_list *ids)
{
    lar_text lacks = { 0 }, names = { 0 };
    int64_t count = 0;
    for (int64_t n = 0; n < ids->count; n++) {
        bool complete = true;
        if (is_left_out(f->data, ids->at[n].id)) continue;
        for (int64_t m = 0; m < lar_data_scans(f->data); m++) {
            if (find_id(&f->files[m], ids->at[n].id) >= 0) continue;
            if (count < NAMED_MAX && complete)
                lar_text_add(&lacks, "%s'%s' has no %s", count ? ", " : "", ids->at[n].id,
                             f->data->images[m].name);
            else if (count < NAMED_MAX)
                lar_text_add(&lacks, " and no %s", f->data->images[m].name);
            complete = false;
        }
        if (complete) continue;
        if (count < NAMED_MAX) lar_text_add(&names, "%s%s", count ? ", " : "", ids->at[n].id);
        count++;
    }
    if (count > NAMED_MAX) lar_text_add(&lacks, " and %lld more", (long long)count - NAMED_MAX);
    if (count) {
        lar_fail(LAR_EARGUMENT, "%lld subject%s not complete: %s", (long long)count,
                 count == 1 ? " is" : "s are", lar_text_get(&lacks));
        if (count <= NAMED_MAX)
            lar_hint(LAR_EARGUMENT, "mending the names, or leave_out: [%s]", lar_text_get(&names));
    }
    lar_text_clear(&lacks);
    lar_text_clear(&names);
    return count ? LAR_EARGUMENT : LAR_OK;
}

static lar_status fill_subjects(finder *f, const lar_found_list *ids)
{
    lar_cohort *cohort = f->cohort;
    cohort->subjects = lar_arena_take(f->arena, ids->count + 1, sizeof *cohort->subjects);
    if (!cohort->subjects) return LAR_EMEMORY;
    for (int64_t n = 0; n < ids->count; n++) {
        if (is_left_out(f->data, ids->at[n].id)) continue;
        const char **paths = lar_arena_take(f->arena, f->data->image_count, sizeof *paths);
        if (!paths) return LAR_EMEMORY;
        for (int64_t m = 0; m < lar_data_scans(f->data); m++)
            paths[m] = f->files[m].at[find_id(&f->files[m], ids->at[n].id)].path;
        cohort->subjects[cohort->subject_count++] =
            (lar_subject){ .id = ids->at[n].id, .paths = paths };
    }
    if (cohort->subject_count == 0) return lar_fail(LAR_EARGUMENT, "every subject is left out");
    return LAR_OK;
}

static lar_status split_by_folder(finder *f)
{
    int64_t counts[LAR_SPLIT_COUNT] = { 0 };
    for (int64_t n = 0; n < f->cohort->subject_count; n++) {
        lar_subject *subject = &f->cohort->subjects[n];
        subject->split = split_of_path(subject->paths[0], f->arena);
        for (int64_t m = 1; m < lar_data_scans(f->data); m++) {
            const int other = split_of_path(subject->paths[m], f->arena);
            if (other != subject->split)
                return lar_fail(LAR_EARGUMENT, "subject '%s' is in %s of '%s', but in %s of '%s'",
                                subject->id, lar_split_names[subject->split],
                                f->data->images[0].name, lar_split_names[other],
                                f->data->images[m].name);
        }
        counts[subject->split]++;
    }
    for (int s = LAR_TRAIN; s <= LAR_VALID; s++)
        if (!counts[s])
            return lar_fail(LAR_EARGUMENT, "no subject is in the folders '%s' of '%s'",
                            lar_split_names[s], f->data->folders);
    return LAR_OK;
}

static lar_status split_subjects(finder *f)
{
    lar_status status = LAR_OK;
    lar_cohort *cohort = f->cohort;
    if (f->data->folders) return split_by_folder(f);
    const char **ids = lar_arena_take(f->arena, cohort->subject_count, sizeof *ids);
    int *splits = lar_arena_take(f->arena, cohort->subject_count, sizeof *splits);
    if (!ids || !splits) return LAR_EMEMORY;
    for (int64_t n = 0; n < cohort->subject_count; n++) ids[n] = cohort->subjects[n].id;
    if (f->data->split.file) {
        const char *path = lar_path_join(f->arena, f->folder, f->data->split.file);
        if (!path) return LAR_EMEMORY;
        status = lar_split_read(splits, ids, cohort->subject_count, &f->data->leave_out, path);
    } else {
        status = lar_split_draw(splits, ids, cohort->subject_count, &f->data->split);
    }
    for (int64_t n = 0; n < cohort->subject_count; n++) cohort->subjects[n].split = splits[n];
    return status;
}

lar_status lar_cohort_new(lar_cohort **out, const lar_data_params *data, const char *folder)
{
    lar_status status = LAR_OK;
    lar_arena *arena = NULL;
    lar_found_list ids;

    *out = NULL;
    LAR_TRY(lar_arena_new(&arena));
    finder f = { .data = data, .folder = folder, .arena = arena };
    f.cohort = lar_arena_take(arena, 1, sizeof *f.cohort);
    f.files = lar_arena_take(arena, lar_data_scans(data), sizeof *f.files);
    if (!f.cohort || !f.files) {
        status = LAR_EMEMORY;
        goto done;
    }
    f.cohort->image_count = lar_data_scans(data);
    f.cohort->images = data->images;
    for (int64_t n = 0; n < lar_data_scans(data); n++)
        LAR_TRY(data->folders ? find_in_folders(&f, n) : find_by_pattern(&f, n));
    LAR_TRY(gather_ids(&f, &ids));
    LAR_TRY(check_listed(&f, &ids, &data->leave_out, "leave_out"));
    LAR_TRY(check_listed(&f, &ids, &data->trust, "trust"));
    LAR_TRY(check_complete(&f, &ids));
    LAR_TRY(fill_subjects(&f, &ids));
    LAR_TRY(split_subjects(&f));
    f.cohort->arena = arena;
    *out = f.cohort;
    arena = NULL;
done:
    lar_arena_free(arena);
    return status;
}

void lar_cohort_free(lar_cohort *cohort)
{
    if (cohort) lar_arena_free(cohort->arena);
}
