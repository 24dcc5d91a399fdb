/* The images of a BIDS tree, by their suffix and what else their names say.
 * https://bids-specification.readthedocs.io/en/v1.10.0/common-principles.html
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "data/bids_name.h"
#include "data/find.h"

enum { SHOWN = 4, SUFFIXES_MAX = 24, EMPTY_SHOWN = 8 };

typedef struct bids {
    lar_finder *f;
    int64_t image;
    const char *root, *suffix;
    const char *near;                /* a file of the suffix that the image's other keys refuse */
    const char *other[SUFFIXES_MAX]; /* suffixes that are there */
    int64_t other_count;
} bids;

static void note_suffix(bids *b, const char *suffix)
{
    for (int64_t n = 0; n < b->other_count; n++)
        if (lar_text_is(b->other[n], suffix)) return;
    if (b->other_count == SUFFIXES_MAX) return;
    const char *kept = lar_arena_text(b->f->arena, suffix, strlen(suffix));
    if (kept) b->other[b->other_count++] = kept;
}

/* A file that was put into another one's folder belongs to nobody knows whom. */
static lar_status check_place(const lar_bids_name *what, const char *path, const char *subject,
                              const char *session)
{
    const char *name = lar_path_name(path), *label = what->labels[LAR_BIDS_SESSION];
    if (!lar_text_starts(name, subject) || name[strlen(subject)] != '_') {
        lar_fail(LAR_EARGUMENT, "'%s' lies in the folder of '%s', but is named after '%.*s'", path,
                 subject, (int)strcspn(name, "_"), name);
    } else if (session && *label && !lar_text_is(label, session + strlen("ses-"))) {
        lar_fail(LAR_EARGUMENT, "'%s' lies in the folder of '%s', but is named after 'ses-%s'",
                 path, session, label);
    } else {
        return LAR_OK;
    }
    return lar_hint(LAR_EARGUMENT, "moving it, or renaming it");
}

/* session: its folder, "ses-1"; NULL where the subject has none. */
static lar_status look_at_file(bids *b, const char *folder, const char *name, const char *subject,
                               const char *session)
{
    const lar_image_spec *spec = &b->f->data->images[b->image];
    lar_arena *arena = b->f->arena;
    lar_bids_name what;
    if (!lar_bids_parse(&what, name)) return LAR_OK;
    note_suffix(b, what.suffix);
    if (!lar_text_is(what.suffix, b->suffix)) return LAR_OK;
    const char *label = what.labels[LAR_BIDS_SESSION];
    lar_found found = { .id = subject, .subject = subject, .split = -1 };
    found.path = lar_path_join(arena, folder, name);
    if (!found.path) return LAR_EMEMORY;
    for (int n = 0; n < LAR_BIDS_ENTITIES; n++)
        if (spec->entities[n] && !lar_bids_label_is(what.labels[n], spec->entities[n])) {
            b->near = found.path;
            return LAR_OK;
        }
    if (*label && !spec->entities[LAR_BIDS_SESSION])
        found.id = lar_arena_format(arena, "%s_ses-%s", subject, label);
    if (!found.id) return LAR_EMEMORY;
    lar_status status = lar_id_check(found.id, found.path);
    if (status == LAR_OK && !lar_find_left_out(b->f->data, &found))
        status = check_place(&what, found.path, subject, session);
    if (status != LAR_OK) return status;
    return lar_found_add(&b->f->files[b->image], &found, arena) ? LAR_OK : LAR_EMEMORY;
}

/* The folders of one kind (anat, ct ...) of a subject or session. */
static lar_status look_at_kinds(bids *b, const char *folder, const char *subject,
                                const char *session)
{
    lar_status status = LAR_OK;
    lar_texts kinds, names;
    LAR_TRY(lar_folder_list(&kinds, folder, b->f->arena));
    for (int64_t k = 0; k < kinds.count; k++) {
        const char *kind = lar_path_join(b->f->arena, folder, kinds.at[k]);
        if (!kind) return LAR_EMEMORY;
        if (lar_text_starts(kinds.at[k], "ses-") || !lar_path_is_folder(kind)) continue;
        LAR_TRY(lar_folder_list(&names, kind, b->f->arena));
        for (int64_t n = 0; n < names.count; n++)
            LAR_TRY(look_at_file(b, kind, names.at[n], subject, session));
    }
done:
    return status;
}

static lar_status look_at_subject(bids *b, const char *folder, const char *subject)
{
    lar_status status = LAR_OK;
    lar_texts names;
    LAR_TRY(look_at_kinds(b, folder, subject, NULL));
    LAR_TRY(lar_folder_list(&names, folder, b->f->arena));
    for (int64_t n = 0; n < names.count; n++) {
        const char *path = lar_path_join(b->f->arena, folder, names.at[n]);
        if (!path) return LAR_EMEMORY;
        if (lar_text_starts(names.at[n], "ses-") && lar_path_is_folder(path))
            LAR_TRY(look_at_kinds(b, path, subject, names.at[n]));
    }
done:
    return status;
}

/* ---- two files for one place ------------------------------------------------------------- */

static int found_compare(const void *a, const void *b)
{
    const lar_found *x = a, *y = b;
    const int order = lar_text_order(x->id, y->id);
    return order ? order : lar_text_order(x->path, y->path);
}

/* The key by which some of the files differ, with the first one's label: "acq: highres". */
static void telling_key(char words[2 * LAR_BIDS_ROOM], const lar_found *files, int64_t count)
{
    lar_bids_name first, other;
    words[0] = 0;
    lar_bids_parse(&first, lar_path_name(files[0].path));
    for (int n = 0; n < LAR_BIDS_ENTITIES && !*words; n++)
        for (int64_t m = 1; m < count && !*words; m++) {
            lar_bids_parse(&other, lar_path_name(files[m].path));
            if (!lar_text_is(first.labels[n], other.labels[n]))
                snprintf(words, 2 * LAR_BIDS_ROOM, "%s: %s", lar_bids_entities[n].key,
                         *first.labels[n] ? first.labels[n] : "none");
        }
}

static lar_status refuse_ambiguous(const bids *b)
{
    lar_found_list *files = &b->f->files[b->image];
    const lar_image_spec *spec = &b->f->data->images[b->image];
    int64_t first = -1, end = 0, cases = 0;
    qsort(files->at, (size_t)files->count, sizeof *files->at, found_compare);
    for (int64_t n = 0; n < files->count;) {
        int64_t next = n + 1;
        while (next < files->count && lar_text_is(files->at[next].id, files->at[n].id)) next++;
        if (next - n > 1 && !lar_find_left_out(b->f->data, &files->at[n])) {
            if (first < 0) {
                first = n;
                end = next;
            }
            cases++;
        }
        n = next;
    }
    if (first < 0) return LAR_OK;
    lar_text list = { 0 };
    char key[2 * LAR_BIDS_ROOM];
    const lar_found *files_of = &files->at[first];
    for (int64_t n = 0; n < end - first && n < SHOWN; n++)
        lar_text_add(&list, "%s'%s'", n ? ", " : "", files_of[n].path);
    if (end - first > SHOWN)
        lar_text_add(&list, " and %lld more", (long long)(end - first - SHOWN));
    telling_key(key, files_of, end - first);
    lar_fail(LAR_EARGUMENT, "%lld files of '%s' could be image '%s': %s%s",
             (long long)(end - first), files_of->id, spec->name, lar_text_get(&list),
             cases > 1 ? lar_arena_format(b->f->arena, "; and so of %lld other case%s",
                                          (long long)cases - 1, cases == 2 ? "" : "s")
                       : "");
    lar_text_clear(&list);
    if (*key)
        return lar_hint(LAR_EARGUMENT,
                        "%s: {suffix: %s, %s}, which picks the first (none: the one without)",
                        spec->name, b->suffix, key);
    return lar_hint(LAR_EARGUMENT, "moving one of them out of the tree");
}

/* ---- the tree ---------------------------------------------------------------------------- */

static const char *suffix_of(const lar_image_spec *spec)
{
    if (spec->suffix) return spec->suffix;
    if (!lar_role_is_measured(spec->role)) return NULL;
    lar_bids_clues clues = {
        .words = spec->contrast, .echo_s = NAN, .repetition_s = NAN, .inversion_s = NAN
    };
    const char *by_contrast = spec->contrast ? lar_bids_suffix(&clues) : NULL;
    clues.words = spec->name;
    return by_contrast ? by_contrast : lar_bids_suffix(&clues);
}

static lar_status none_found(const bids *b)
{
    const char *image = b->f->data->images[b->image].name;
    lar_text others = { 0 };
    if (b->near) {
        lar_fail(LAR_EARGUMENT, "no file of '%s' with the suffix '%s' has the keys of image '%s'",
                 b->root, b->suffix, image);
        return lar_hint(LAR_EARGUMENT, "those of '%s'", b->near);
    }
    for (int64_t n = 0; n < b->other_count; n++)
        lar_text_add(&others, "%s%s", n ? " " : "", b->other[n]);
    lar_fail(LAR_EARGUMENT, "no file of '%s' is image '%s', suffix '%s'%s", b->root, image,
             b->suffix, b->other_count ? "" : "; it holds no images at all");
    if (b->other_count)
        lar_hint(LAR_EARGUMENT, "one of the suffixes that are there: %s", lar_text_get(&others));
    lar_text_clear(&others);
    return LAR_EARGUMENT;
}

static lar_status find_image(bids *b)
{
    lar_status status = LAR_OK;
    lar_arena *arena = b->f->arena;
    const lar_image_spec *spec = &b->f->data->images[b->image];
    int64_t subjects = 0;
    lar_texts names;

    b->suffix = suffix_of(spec);
    if (!b->suffix) {
        lar_fail(LAR_EARGUMENT, "which images of the BIDS tree are '%s' is not said", spec->name);
        return lar_hint(LAR_EARGUMENT, "%s: {suffix: %s}", spec->name,
                        lar_role_is_measured(spec->role) ? "T1w" : "dseg");
    }
    b->root = lar_path_join(arena, b->f->folder, b->f->data->bids);
    if (b->root && !lar_path_is_folder(b->root))
        return lar_fail(LAR_EARGUMENT, "there is no folder '%s' of 'bids'", b->root);
    if (b->root && spec->tree) b->root = lar_path_join(arena, b->root, spec->tree);
    if (!b->root) return LAR_EMEMORY;
    if (!lar_path_is_folder(b->root))
        return lar_fail(LAR_EARGUMENT, "there is no folder '%s' of image '%s'", b->root,
                        spec->name);
    LAR_TRY(lar_folder_list(&names, b->root, arena));
    for (int64_t n = 0; n < names.count; n++) {
        const char *path = lar_path_join(arena, b->root, names.at[n]);
        if (!path) return LAR_EMEMORY;
        if (!lar_text_starts(names.at[n], "sub-") || !lar_path_is_folder(path)) continue;
        subjects++;
        LAR_TRY(look_at_subject(b, path, names.at[n]));
    }
    if (!subjects) {
        lar_fail(LAR_EARGUMENT, "'%s' is no BIDS tree: it holds no folder 'sub-...'", b->root);
        return lar_hint(LAR_EARGUMENT, "ls %s", b->root);
    }
    if (b->f->files[b->image].count == 0) return none_found(b);
    return refuse_ambiguous(b);
done:
    return status;
}

static int subject_compare(const void *a, const void *b)
{
    const lar_found *x = a, *y = b;
    return strcmp(x->subject, y->subject);
}

/* Subjects of the tree of whom no image was found are no error: many have other scans alone. */
static lar_status tell_of_empty(const lar_finder *f, const char *root)
{
    lar_status status = LAR_OK;
    lar_texts names;
    lar_found_list all = { 0 };
    lar_text empty = { 0 };
    int64_t count = 0;
    for (int64_t n = 0; n < lar_data_scans(f->data); n++)
        for (int64_t m = 0; m < f->files[n].count; m++)
            if (!lar_found_add(&all, &f->files[n].at[m], f->arena)) return LAR_EMEMORY;
    qsort(all.at, (size_t)all.count, sizeof *all.at, subject_compare);
    LAR_TRY(lar_folder_list(&names, root, f->arena));
    for (int64_t n = 0; n < names.count; n++) {
        const lar_found wanted = { .subject = names.at[n] };
        const char *path = lar_path_join(f->arena, root, names.at[n]);
        if (!path) {
            status = LAR_EMEMORY;
            goto done;
        }
        if (!lar_text_starts(names.at[n], "sub-") || !lar_path_is_folder(path) ||
            bsearch(&wanted, all.at, (size_t)all.count, sizeof *all.at, subject_compare))
            continue;
        if (count++ < EMPTY_SHOWN) lar_text_add(&empty, "%s%s", count > 1 ? ", " : "", names.at[n]);
    }
    if (count > EMPTY_SHOWN)
        lar_text_add(&empty, " and %lld more", (long long)(count - EMPTY_SHOWN));
    if (count)
        lar_log(LAR_LOG_WARNING, "%lld subject%s of '%s' %s none of the images: %s",
                (long long)count, count == 1 ? "" : "s", root, count == 1 ? "has" : "have",
                lar_text_get(&empty));
done:
    lar_text_clear(&empty);
    return status;
}

lar_status lar_find_bids(lar_finder *f)
{
    for (int64_t n = 0; n < lar_data_scans(f->data); n++) {
        bids b = { .f = f, .image = n };
        const lar_status status = find_image(&b);
        if (status != LAR_OK) return status;
    }
    const char *root = lar_path_join(f->arena, f->folder, f->data->bids);
    const char *table = root ? lar_path_join(f->arena, root, "participants.tsv") : NULL;
    if (!table) return LAR_EMEMORY;
    const lar_status status = tell_of_empty(f, root);
    if (status != LAR_OK) return status;
    if (f->data->participants || !lar_path_exists(table)) return LAR_OK;
    return lar_covariates_read(&f->covariates, table, f->arena);
}
