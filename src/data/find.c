/* Files by a pattern such as "sub-{subject}/anat/sub-{subject}_T1w.nii.gz": walks the folders name
 * by name, so that what a {subject} captured in a folder holds for the file in it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>

#include "data/find.h"
#include "format/format.h"

enum { CAPTURES = 4, NAME_ROOM = 256, ID_MAX = 200 };

/* In the order in which they make the id of a case. Runs and slices are numbers, so that
 * {subject}_{slice} knows where a subject with a "_" of its own ends. */
static const struct capture {
    const char *mark;
    bool digits;
} captures[CAPTURES] = {
    { "{subject}", false }, { "{session}", false }, { "{run}", true }, { "{slice}", true }
};

/* What each captured; "" while it is not known. */
typedef struct captured {
    char at[CAPTURES][NAME_ROOM];
} captured;

/* The capture that a pattern begins with, or -1. */
static int capture_at(const char *pattern)
{
    for (int n = 0; n < CAPTURES; n++)
        if (lar_text_starts(pattern, captures[n].mark)) return n;
    return -1;
}

bool lar_found_add(lar_found_list *list, const lar_found *found, lar_arena *arena)
{
    /* room doubles: it is full whenever the count is a power of two */
    if ((list->count & (list->count - 1)) == 0) {
        const int64_t room = list->count ? 2 * list->count : 1;
        lar_found *grown = lar_arena_take(arena, room, sizeof *grown);
        if (!grown) return false;
        if (list->count) memcpy(grown, list->at, (size_t)list->count * sizeof *grown);
        list->at = grown;
    }
    list->at[list->count++] = *found;
    return true;
}

/* A word in braces that captures nothing, such as {Subject} or {id}; "" where there is none. */
static void unknown_capture(const char *pattern, char word[32])
{
    word[0] = 0;
    for (const char *c = pattern; (c = strchr(c, '{')); c++) {
        size_t length = 1;
        while (isalpha((unsigned char)c[length])) length++;
        if (length < 2 || c[length] != '}' || capture_at(c) >= 0) continue;
        snprintf(word, 32, "%.*s", (int)length + 1, c);
        return;
    }
}

lar_status lar_find_check(const char *pattern)
{
    char word[32];
    unknown_capture(pattern, word);
    if (*word) {
        lar_fail(LAR_EARGUMENT, "the pattern '%s' has %s, which stands for nothing", pattern, word);
        return lar_hint(LAR_EARGUMENT, "one of {subject} {session} {run} {slice}, or *");
    }
    if (!strstr(pattern, captures[0].mark)) {
        lar_fail(LAR_EARGUMENT, "the pattern '%s' has no {subject}", pattern);
        return lar_hint(LAR_EARGUMENT, "'t1/{subject}_T1.nii.gz'");
    }
    bool before = false;
    for (const char *c = pattern; *c;) {
        const int n = capture_at(c);
        const bool open = n >= 0 || *c == '*';
        if (open && before) {
            lar_fail(LAR_EARGUMENT, "the pattern '%s' does not say where {subject} or * ends",
                     pattern);
            return lar_hint(LAR_EARGUMENT, "a character between them, such as '{subject}_*'");
        }
        before = open;
        c += n >= 0 ? strlen(captures[n].mark) : 1;
    }
    return LAR_OK;
}

bool lar_find_alike(const char *pattern, const char *other)
{
    for (int n = 0; n < CAPTURES; n++)
        if (!strstr(pattern, captures[n].mark) != !strstr(other, captures[n].mark)) return false;
    return true;
}

/* Does the name match the pattern of one path component? What is not known yet is set. */
static bool name_matches(const char *pattern, const char *name, captured *found)
{
    if (!*pattern) return !*name;
    if (*pattern == '*') {
        for (;; name++) {
            if (name_matches(pattern + 1, name, found)) return true;
            if (!*name) return false;
        }
    }
    const int n = capture_at(pattern);
    if (n < 0) return *pattern == *name && name_matches(pattern + 1, name + 1, found);
    char *id = found->at[n];
    const char *rest = pattern + strlen(captures[n].mark);
    if (*id) return lar_text_starts(name, id) && name_matches(rest, name + strlen(id), found);
    for (size_t length = 1; length <= strlen(name) && length < NAME_ROOM; length++) {
        if (captures[n].digits && !isdigit((unsigned char)name[length - 1])) break;
        memcpy(id, name, length);
        id[length] = 0;
        if (name_matches(rest, name + length, found)) return true;
    }
    id[0] = 0;
    return false;
}

typedef struct walk {
    lar_found_list *out;
    lar_arena *arena;
} walk;

static lar_status add_file(const walk *w, const char *path, const captured *found)
{
    lar_text id = { 0 };
    if (!*found->at[0]) return LAR_OK;
    for (int n = 0; n < CAPTURES; n++)
        if (*found->at[n]) lar_text_add(&id, n ? "_%s" : "%s", found->at[n]);
    lar_found file = { .path = path, .split = -1 };
    file.id = lar_arena_text(w->arena, lar_text_get(&id), id.length);
    file.subject = id.length == strlen(found->at[0])
                       ? file.id
                       : lar_arena_text(w->arena, found->at[0], strlen(found->at[0]));
    const bool failed = id.failed || !file.id || !file.subject;
    lar_text_clear(&id);
    if (failed) return LAR_EMEMORY;
    const lar_status status = lar_id_check(file.id, path);
    if (status != LAR_OK) return status;
    return lar_found_add(w->out, &file, w->arena) ? LAR_OK : LAR_EMEMORY;
}

static lar_status walk_folder(const walk *w, const char *folder, const char *pattern,
                              const captured *known)
{
    lar_status status = LAR_OK;
    char part[NAME_ROOM];
    lar_texts names;

    while (*pattern == '/') pattern++;
    const size_t length = strcspn(pattern, "/");
    if (length >= sizeof part)
        return lar_fail(LAR_EARGUMENT, "a name of the pattern '%s' is too long", pattern);
    memcpy(part, pattern, length);
    part[length] = 0;
    const char *rest = pattern + length + strspn(pattern + length, "/");
    bool open = strchr(part, '*') != NULL;
    for (int n = 0; n < CAPTURES; n++) open |= strstr(part, captures[n].mark) != NULL;
    if (!open) {
        const char *path = lar_path_join(w->arena, folder, part);
        if (!path) return LAR_EMEMORY;
        if (*rest) return walk_folder(w, path, rest, known);
        const bool is_file = lar_path_exists(path) && !lar_path_is_folder(path);
        return is_file ? add_file(w, path, known) : LAR_OK;
    }
    if (!lar_path_is_folder(folder)) return LAR_OK;
    LAR_TRY(lar_folder_list(&names, folder, w->arena));
    for (int64_t n = 0; n < names.count; n++) {
        captured found = *known;
        if (!name_matches(part, names.at[n], &found)) continue;
        const char *path = lar_path_join(w->arena, folder, names.at[n]);
        if (!path) return LAR_EMEMORY;
        const bool is_folder = lar_path_is_folder(path);
        if (*rest) {
            if (is_folder) LAR_TRY(walk_folder(w, path, rest, &found));
        } else if (!is_folder || lar_path_is_image(names.at[n])) {
            /* a folder that is called as a scan is a scan that cannot be read: of that case alone
             */
            LAR_TRY(add_file(w, path, &found));
        }
    }
done:
    return status;
}

lar_status lar_find_files(lar_found_list *out, const char *folder, const char *pattern,
                          lar_arena *arena)
{
    const walk w = { .out = out, .arena = arena };
    const captured none = { { { 0 } } };
    *out = (lar_found_list){ 0 };
    const lar_status status = lar_find_check(pattern);
    if (status != LAR_OK) return status;
    return walk_folder(&w, *pattern == '/' ? "/" : folder, pattern, &none);
}

const char *lar_find_shell(lar_arena *arena, const char *folder, const char *pattern)
{
    lar_text text = { 0 };
    const char *at = lar_path_join(arena, folder, pattern);
    while (at && *at) {
        const int n = capture_at(at);
        if (n < 0 && strchr(" \t\"'\\$`&|;<>()[]{}?!#~", *at)) lar_text_add(&text, "\\");
        if (n < 0)
            lar_text_add_bytes(&text, at, 1);
        else
            lar_text_add(&text, "*");
        at += n < 0 ? 1 : strlen(captures[n].mark);
    }
    const char *shown = lar_arena_text(arena, lar_text_get(&text), text.length);
    lar_text_clear(&text);
    return shown ? shown : pattern;
}

lar_status lar_find_patterns(lar_finder *f)
{
    const lar_image_spec *images = f->data->images;
    for (int64_t n = 0; n < lar_data_scans(f->data); n++) {
        if (!images[n].path)
            return lar_fail(LAR_EARGUMENT, "image '%s' has no path", images[n].name);
        if (!lar_find_alike(images[n].path, images[0].path))
            return lar_fail(LAR_EARGUMENT,
                            "the paths of '%s' and '%s' do not capture the same: '%s' and '%s'",
                            images[0].name, images[n].name, images[0].path, images[n].path);
        lar_status status = lar_find_files(&f->files[n], f->folder, images[n].path, f->arena);
        if (status != LAR_OK)
            return lar_while(status, "image '%s' cannot be found", images[n].name);
        if (f->files[n].count == 0) {
            lar_fail(LAR_EARGUMENT, "no file matches '%s' of image '%s'", images[n].path,
                     images[n].name);
            return lar_hint(LAR_EARGUMENT, "ls %s",
                            lar_find_shell(f->arena, f->folder, images[n].path));
        }
    }
    return LAR_OK;
}

lar_status lar_id_check(const char *id, const char *path)
{
    bool bad = id[0] == '.' || !*id;
    for (const char *c = id; *c; c++) bad |= (unsigned char)*c < ' ' || strchr("/,;\"'", *c);
    if (strlen(id) > ID_MAX)
        return lar_fail(LAR_EARGUMENT, "'%s' of '%s' is too long for an id: at most %d bytes", id,
                        path, ID_MAX);
    if (!bad) return LAR_OK;
    return lar_fail(LAR_EARGUMENT,
                    "'%s' of '%s' cannot be a subject id: it begins with a dot, or holds a comma, "
                    "a quote, a slash or a control character",
                    id, path);
}
