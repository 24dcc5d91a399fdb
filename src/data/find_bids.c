/* The images of a BIDS tree, by their suffix and what else their names say.
 * https://bids-specification.readthedocs.io/en/v1.10.0/common-principles.html
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "data/find.h"

/* Of the specification's appendix on entities, those that set images of one kind apart. */
const lar_bids_entity lar_bids_entities[LAR_BIDS_ENTITIES] = {
    [LAR_BIDS_SESSION] = { "session", "ses" },
    [LAR_BIDS_RUN] = { "run", "run" },
    { "acq", "acq" },
    { "ce", "ce" },
    { "rec", "rec" },
    { "dir", "dir" },
    { "echo", "echo" },
    { "flip", "flip" },
    { "inv", "inv" },
    { "mt", "mt" },
    { "part", "part" },
    { "space", "space" },
    { "res", "res" },
    { "label", "label" },
    { "desc", "desc" },
};

enum { LABEL_ROOM = 256, SHOWN = 4, SUFFIXES_MAX = 24 };

/* A file name, cut into what it says. */
typedef struct parsed {
    char labels[LAR_BIDS_ENTITIES][LABEL_ROOM]; /* "": not there */
    char suffix[LABEL_ROOM];
} parsed;

typedef struct bids {
    lar_finder *f;
    int64_t image;
    const char *root, *suffix;
    const char *other[SUFFIXES_MAX]; /* suffixes that are there */
    int64_t other_count;
} bids;

/* False where the name is none of an image of BIDS: sub-01[_key-label]..._suffix.nii[.gz]. */
static bool parse_name(parsed *out, const char *name)
{
    *out = (parsed){ 0 };
    size_t end = strlen(name);
    if (lar_text_ends(name, ".nii.gz"))
        end -= 7;
    else if (lar_text_ends(name, ".nii"))
        end -= 4;
    else
        return false;
    if (!lar_text_starts(name, "sub-") || end >= LABEL_ROOM) return false;
    for (const char *at = name, *stop = name + end; at < stop;) {
        size_t length = strcspn(at, "_");
        if (at + length > stop) length = (size_t)(stop - at);
        const char *dash = memchr(at, '-', length);
        if (!dash) { /* the suffix stands last */
            if (at + length != stop || length == 0) return false;
            snprintf(out->suffix, LABEL_ROOM, "%.*s", (int)length, at);
            return true;
        }
        for (int n = 0; n < LAR_BIDS_ENTITIES; n++) {
            const char *tag = lar_bids_entities[n].tag;
            if ((size_t)(dash - at) == strlen(tag) && lar_text_starts(at, tag))
                snprintf(out->labels[n], LABEL_ROOM, "%.*s", (int)(at + length - dash - 1),
                         dash + 1);
        }
        at += length + 1;
    }
    return false;
}

/* "1" and "01" are the same index. */
static bool label_is(const char *label, const char *wanted)
{
    int64_t a, b;
    if (lar_text_is(wanted, "none")) return !*label;
    return lar_text_is(label, wanted) ||
           (lar_parse_int(&a, label) && lar_parse_int(&b, wanted) && a == b);
}

static void note_suffix(bids *b, const char *suffix)
{
    for (int64_t n = 0; n < b->other_count; n++)
        if (lar_text_is(b->other[n], suffix)) return;
    if (b->other_count == SUFFIXES_MAX) return;
    const char *kept = lar_arena_text(b->f->arena, suffix, strlen(suffix));
    if (kept) b->other[b->other_count++] = kept;
}

static lar_status look_at_file(bids *b, const char *folder, const char *name, const char *subject)
{
    const lar_image_spec *spec = &b->f->data->images[b->image];
    lar_arena *arena = b->f->arena;
    parsed what;
    if (!parse_name(&what, name)) return LAR_OK;
    note_suffix(b, what.suffix);
    if (!lar_text_is(what.suffix, b->suffix)) return LAR_OK;
    for (int n = 0; n < LAR_BIDS_ENTITIES; n++)
        if (spec->entities[n] && !label_is(what.labels[n], spec->entities[n])) return LAR_OK;
    const char *session = what.labels[LAR_BIDS_SESSION];
    lar_found found = { .id = subject, .subject = subject, .split = -1 };
    found.path = lar_path_join(arena, folder, name);
    if (*session && !spec->entities[LAR_BIDS_SESSION])
        found.id = lar_arena_format(arena, "%s_ses-%s", subject, session);
    if (!found.path || !found.id) return LAR_EMEMORY;
    const lar_status status = lar_id_check(found.id, found.path);
    if (status != LAR_OK) return status;
    return lar_found_add(&b->f->files[b->image], &found, arena) ? LAR_OK : LAR_EMEMORY;
}

/* The folders of one kind (anat, ct ...) of a subject or session. */
static lar_status look_at_kinds(bids *b, const char *folder, const char *subject)
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
            LAR_TRY(look_at_file(b, kind, names.at[n], subject));
    }
done:
    return status;
}

static lar_status look_at_subject(bids *b, const char *folder, const char *subject)
{
    lar_status status = LAR_OK;
    lar_texts names;
    LAR_TRY(look_at_kinds(b, folder, subject));
    LAR_TRY(lar_folder_list(&names, folder, b->f->arena));
    for (int64_t n = 0; n < names.count; n++) {
        const char *path = lar_path_join(b->f->arena, folder, names.at[n]);
        if (!path) return LAR_EMEMORY;
        if (lar_text_starts(names.at[n], "ses-") && lar_path_is_folder(path))
            LAR_TRY(look_at_kinds(b, path, subject));
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
static void telling_key(char words[2 * LABEL_ROOM], const lar_found *files, int64_t count)
{
    parsed first, other;
    words[0] = 0;
    parse_name(&first, lar_path_name(files[0].path));
    for (int n = 0; n < LAR_BIDS_ENTITIES && !*words; n++)
        for (int64_t m = 1; m < count && !*words; m++) {
            parse_name(&other, lar_path_name(files[m].path));
            if (!lar_text_is(first.labels[n], other.labels[n]))
                snprintf(words, 2 * LABEL_ROOM, "%s: %s", lar_bids_entities[n].key,
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
    char key[2 * LABEL_ROOM];
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
    if (b->f->files[b->image].count == 0) {
        lar_text others = { 0 };
        for (int64_t n = 0; n < b->other_count; n++)
            lar_text_add(&others, "%s%s", n ? " " : "", b->other[n]);
        lar_fail(LAR_EARGUMENT, "no file of '%s' is image '%s', suffix '%s'%s", b->root, spec->name,
                 b->suffix, b->other_count ? "" : "; it holds no images at all");
        if (b->other_count)
            lar_hint(LAR_EARGUMENT, "one of the suffixes that are there: %s",
                     lar_text_get(&others));
        lar_text_clear(&others);
        return LAR_EARGUMENT;
    }
    return refuse_ambiguous(b);
done:
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
    if (f->data->participants || !lar_path_exists(table)) return LAR_OK;
    return lar_covariates_read(&f->covariates, table, f->arena);
}
