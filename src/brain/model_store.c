/* The folder of models: which are there, by which name, and how one gets in.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/base.h"
#include "brain/brain.h"

#define SUFFIX ".safetensors"
enum { MOST_BYTES = 64 << 20 };

lar_status lar_strip_store(lar_text *folder)
{
    const char *own = getenv("LARMOR_MODELS"), *data = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");
    if (own && *own)
        lar_text_add(folder, "%s", own);
    else if (data && *data == '/') /* a relative one is to be ignored (XDG base directories) */
        lar_text_add(folder, "%s/larmor/models", data);
    else if (home && *home)
        lar_text_add(folder, "%s/.local/share/larmor/models", home);
    else
        return lar_hint(lar_fail(LAR_ENOINPUT, "there is no home folder to keep models in"),
                        "LARMOR_MODELS=FOLDER");
    return folder->failed ? lar_fail(LAR_EMEMORY, "out of memory") : LAR_OK;
}

lar_status lar_strip_store_list(lar_texts *paths, lar_arena *arena)
{
    lar_status status = LAR_OK;
    lar_text folder = { 0 };
    lar_texts names;
    int64_t count = 0;

    *paths = (lar_texts){ 0 };
    LAR_TRY(lar_strip_store(&folder));
    if (!lar_path_exists(lar_text_get(&folder))) goto done;
    LAR_TRY(lar_folder_list(&names, lar_text_get(&folder), arena));
    const char **at = lar_arena_take(arena, names.count + 1, sizeof *at);
    if (!at) {
        status = LAR_EMEMORY;
        goto done;
    }
    for (int64_t n = 0; n < names.count; n++) {
        if (!lar_text_ends(names.at[n], SUFFIX)) continue;
        at[count] = lar_path_join(arena, lar_text_get(&folder), names.at[n]);
        if (!at[count++]) {
            status = LAR_EMEMORY;
            goto done;
        }
    }
    *paths = (lar_texts){ count, at };
done:
    lar_text_clear(&folder);
    return status;
}

static lar_status none(const char *name, const lar_texts *paths, lar_arena *arena)
{
    lar_text folder = { 0 }, there = { 0 };
    (void)lar_strip_store(&folder);
    for (int64_t n = 0; n < paths->count; n++)
        lar_text_add(&there, "%s%s", n ? ", " : "", lar_path_stem(arena, paths->at[n]));
    if (name)
        lar_fail(LAR_ENOINPUT, "there is no model '%s' in '%s'", name, lar_text_get(&folder));
    else
        lar_fail(LAR_ENOINPUT, "no model is there, in '%s'", lar_text_get(&folder));
    if (there.length)
        lar_hint(LAR_ENOINPUT, "one of %s", lar_text_get(&there));
    else
        lar_hint(LAR_ENOINPUT, "larmor models add FILE, as larmor help models says");
    lar_text_clear(&folder);
    lar_text_clear(&there);
    return LAR_ENOINPUT;
}

/* A model is called as its file is; one that says otherwise was renamed, and is told. */
static lar_status open_stored(lar_strip_model **out, const char *path, lar_arena *arena)
{
    lar_status status = lar_strip_model_read(out, path);
    if (status != LAR_OK) return status;
    const char *stem = lar_path_stem(arena, path);
    if (lar_text_is(stem, (*out)->name)) return LAR_OK;
    status = lar_fail(LAR_EFORMAT, "'%s' holds the model '%s', so there may be two of that name",
                      path, (*out)->name);
    lar_hint(status, "removing it, or naming it %s" SUFFIX, (*out)->name);
    lar_strip_model_free(*out);
    *out = NULL;
    return status;
}

lar_status lar_strip_store_open(lar_strip_model **out, const char *name)
{
    lar_status status = LAR_OK;
    lar_arena *arena = NULL;
    lar_texts paths;
    const char *found = NULL;

    *out = NULL;
    if (name && (strchr(name, '/') || lar_text_ends(name, SUFFIX))) {
        status = lar_strip_model_read(out, name);
        if (status != LAR_EFORMAT || lar_text_ends(name, SUFFIX)) return status;
        return lar_hint(status, "larmor models add %s, where that is published weights", name);
    }
    LAR_TRY(lar_arena_new(&arena));
    LAR_TRY(lar_strip_store_list(&paths, arena));
    for (int64_t n = 0; n < paths.count && !found; n++)
        if (!name || lar_text_is(name, lar_path_stem(arena, paths.at[n]))) found = paths.at[n];
    LAR_TRY(found ? open_stored(out, found, arena) : none(name, &paths, arena));
done:
    lar_arena_free(arena);
    return status;
}

static bool same(const lar_strip_model *a, const char *path)
{
    lar_strip_model *b = NULL;
    const bool is = lar_strip_model_read(&b, path) == LAR_OK && lar_text_is(a->sha256, b->sha256) &&
                    lar_text_is(a->name, b->name);
    lar_strip_model_free(b);
    return is;
}

lar_status lar_strip_store_add(lar_strip_model **out, lar_text *path, bool *fresh, const char *file,
                               bool force)
{
    lar_status status = LAR_OK;
    char *bytes = NULL;
    size_t count = 0;
    lar_strip_model *m = NULL;

    *out = NULL;
    *fresh = false;
    LAR_TRY(lar_file_read(&bytes, &count, file, MOST_BYTES));
    if (lar_strip_model_is(bytes, count)) {
        char *taken = bytes;
        bytes = NULL;
        LAR_TRY(lar_strip_model_parse(&m, taken, count, file));
    } else {
        LAR_TRY(lar_strip_model_import(&m, bytes, count, file));
    }
    LAR_TRY(lar_strip_store(path));
    LAR_TRY(lar_folder_make(lar_text_get(path)));
    lar_text_add(path, "/%s" SUFFIX, m->name);
    if (path->failed) {
        status = lar_fail(LAR_EMEMORY, "out of memory");
        goto done;
    }
    *fresh = force || !same(m, lar_text_get(path));
    if (*fresh) {
        status = lar_strip_model_write(m, lar_text_get(path), force);
        if (status == LAR_EEXISTS) lar_while(status, "another model is called '%s'", m->name);
        LAR_TRY(status);
    }
    *out = m;
    m = NULL;
done:
    lar_strip_model_free(m);
    lar_free(bytes);
    return status;
}
