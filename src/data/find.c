/* Files by a pattern such as "sub-{subject}/anat/sub-{subject}_T1w.nii.gz": walks the folders name
 * by name, so that what a {subject} captured in a folder holds for the file in it.
 * SPDX-License-Identifier: Apache-2.0 */

#include "data/find.h"
#include "data/data.h"

static const char mark[] = "{subject}";
enum { MARK = sizeof mark - 1, NAME_ROOM = 256 };

bool lar_found_add(lar_found_list *list, const char *id, const char *path, lar_arena *arena)
{
    /* room doubles: it is full whenever the count is a power of two */
    if ((list->count & (list->count - 1)) == 0) {
        const int64_t room = list->count ? 2 * list->count : 1;
        lar_found *grown = lar_arena_take(arena, room, sizeof *grown);
        if (!grown) return false;
        if (list->count) memcpy(grown, list->at, (size_t)list->count * sizeof *grown);
        list->at = grown;
    }
    list->at[list->count++] = (lar_found){ .id = id, .path = path };
    return true;
}

lar_status lar_find_check(const char *pattern)
{
    const char *first = strstr(pattern, mark);
    if (!first) {
        lar_fail(LAR_EARGUMENT, "the pattern '%s' has no {subject}", pattern);
        return lar_hint(LAR_EARGUMENT, "'t1/{subject}_T1.nii.gz'");
    }
    if (strstr(pattern, "*{subject}") || strstr(pattern, "{subject}*") ||
        strstr(pattern, "{subject}{subject}") || strstr(pattern, "**")) {
        lar_fail(LAR_EARGUMENT, "the pattern '%s' does not say where {subject} or * ends", pattern);
        return lar_hint(LAR_EARGUMENT, "a character between them, such as '{subject}_*'");
    }
    return LAR_OK;
}

/* Does the name match the pattern of one path component? id: what {subject} is, or "" while it is
 * not known; then it is set. */
static bool name_matches(const char *pattern, const char *name, char id[NAME_ROOM])
{
    if (!*pattern) return !*name;
    if (*pattern == '*') {
        for (;; name++) {
            if (name_matches(pattern + 1, name, id)) return true;
            if (!*name) return false;
        }
    }
    if (!lar_text_starts(pattern, mark))
        return *pattern == *name && name_matches(pattern + 1, name + 1, id);
    if (*id)
        return lar_text_starts(name, id) && name_matches(pattern + MARK, name + strlen(id), id);
    for (size_t length = 1; length <= strlen(name) && length < NAME_ROOM; length++) {
        memcpy(id, name, length);
        id[length] = 0;
        if (name_matches(pattern + MARK, name + length, id)) return true;
    }
    id[0] = 0;
    return false;
}

typedef struct walk {
    lar_found_list *out;
    lar_arena *arena;
} walk;

static lar_status walk_folder(const walk *w, const char *folder, const char *pattern,
                              const char *id)
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
    if (!strchr(part, '*') && !strstr(part, mark)) {
        const char *path = lar_path_join(w->arena, folder, part);
        if (!path) return LAR_EMEMORY;
        if (*rest) return walk_folder(w, path, rest, id);
        if (*id && lar_path_exists(path) && !lar_path_is_folder(path))
            return lar_found_add(w->out, id, path, w->arena) ? LAR_OK : LAR_EMEMORY;
        return LAR_OK;
    }
    if (!lar_path_is_folder(folder)) return LAR_OK;
    LAR_TRY(lar_folder_list(&names, folder, w->arena));
    for (int64_t n = 0; n < names.count; n++) {
        char found[NAME_ROOM];
        snprintf(found, sizeof found, "%s", id);
        if (!name_matches(part, names.at[n], found)) continue;
        const char *path = lar_path_join(w->arena, folder, names.at[n]);
        const char *kept = lar_arena_text(w->arena, found, strlen(found));
        if (!path || !kept) return LAR_EMEMORY;
        if (*rest) {
            if (lar_path_is_folder(path)) LAR_TRY(walk_folder(w, path, rest, kept));
        } else if (*kept && (lar_path_is_image(names.at[n]) || !lar_path_is_folder(path))) {
            /* a folder that is called as a scan is a scan that cannot be read: of that case alone
             */
            LAR_TRY(lar_id_check(kept, path));
            if (!lar_found_add(w->out, kept, path, w->arena)) return LAR_EMEMORY;
        }
    }
done:
    return status;
}

lar_status lar_find_files(lar_found_list *out, const char *folder, const char *pattern,
                          lar_arena *arena)
{
    const walk w = { .out = out, .arena = arena };
    *out = (lar_found_list){ 0 };
    const lar_status status = lar_find_check(pattern);
    if (status != LAR_OK) return status;
    return walk_folder(&w, *pattern == '/' ? "/" : folder, pattern, "");
}

lar_status lar_id_check(const char *id, const char *path)
{
    bool bad = id[0] == '.';
    for (const char *c = id; *c; c++) bad |= (unsigned char)*c < ' ' || strchr(",;\"'", *c);
    if (!bad) return LAR_OK;
    return lar_fail(LAR_EARGUMENT,
                    "'%s' of '%s' cannot be a subject id: it begins with a dot, or holds a comma, "
                    "a quote or a control character",
                    id, path);
}
