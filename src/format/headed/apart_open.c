/* From the file that was named, a header or its voxels, to the image.
 * SPDX-License-Identifier: Apache-2.0 */
#include "format/headed/apart.h"
#include "format/headed/header_lines.h"

enum { LONGEST_PATH = 4096 }; /* what Linux opens */

/* The header beside a file of voxels. No memory is taken: what a file is, is asked of every file.
 */
static bool find_header(char path[LONGEST_PATH], const lar_source *source,
                        const lar_apart_kind *kind)
{
    const size_t length = strlen(source->path);
    for (const char *const *end = kind->voxel_ends; *end; end++) {
        if (!lar_text_ends(source->path, *end) || length > LONGEST_PATH - 8) continue;
        snprintf(path, LONGEST_PATH, "%.*s%s", (int)(length - strlen(*end)), source->path,
                 kind->header_end);
        if (lar_path_exists(path)) return true;
    }
    return false;
}

bool lar_apart_sniff(const lar_source *source, const lar_apart_kind *kind)
{
    char path[LONGEST_PATH];
    return kind->is(source->head, source->head_count) ||
           (!source->alone && find_header(path, source, kind));
}

/* voxels_path: the file that was named, where it is not the header. */
static lar_status open_header(lar_image **out, lar_image_about *about, lar_source *source,
                              const char *voxels_path, const lar_apart_kind *kind, lar_arena *arena)
{
    lar_status status = LAR_OK;
    lar_voxels v;
    lar_apart apart;
    lar_content content = { 0 };

    LAR_TRY(kind->about(about, &v, &apart, source, arena));
    if (voxels_path && !apart.list && !apart.numbered &&
        !lar_text_is(apart.name ? lar_path_name(apart.name) : NULL, lar_path_name(voxels_path)))
        return lar_fail(LAR_EFORMAT, "the header '%s' beside '%s' says that its voxels are in '%s'",
                        source->path, voxels_path, apart.name ? apart.name : source->path);
    if (source->partial) return lar_apart_read(NULL, about, source, &apart, v.bytes, arena);
    LAR_TRY(lar_apart_read(&content, about, source, &apart, v.bytes, arena));
    LAR_TRY(lar_voxels_image(out, about, &v, &content));
done:
    lar_free(content.block);
    return status;
}

lar_status lar_apart_open(lar_image **out, lar_image_about *about, lar_source *source,
                          const lar_apart_kind *kind)
{
    lar_status status = LAR_OK;
    lar_arena *arena = NULL;
    lar_source header = { 0 };
    char path[LONGEST_PATH];

    LAR_TRY(lar_arena_new(&arena));
    if (kind->is(source->head, source->head_count)) {
        LAR_TRY(open_header(out, about, source, NULL, kind, arena));
        goto done;
    }
    if (!find_header(path, source, kind)) { /* it was there when the format was found */
        status = lar_fail(LAR_ENOINPUT, "the header of '%s' is not there", source->path);
        goto done;
    }
    lar_source_clear(source); /* it is read again, as the header says */
    LAR_TRY(lar_source_open(&header, path, source->partial));
    LAR_TRY(open_header(out, about, &header, source->path, kind, arena));
done:
    lar_source_clear(&header);
    lar_arena_free(arena);
    return status;
}
