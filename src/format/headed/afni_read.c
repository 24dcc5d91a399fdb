/* Reading AFNI: which files, and the row of the format.
 * SPDX-License-Identifier: Apache-2.0 */
#include "codec/codec.h"
#include "format/headed/afni.h"

/* How the voxels' file ends, in the order in which one is looked for; the last two larmor does not
 * unpack. */
static const char *const voxel_ends[] = { ".BRIK", ".BRIK.gz", ".BRIK.bz2", ".BRIK.Z" };
enum { READ_ENDS = 2, VOXEL_ENDS = 4 };

/* Blank lines, then "type = string-attribute" or another. */
static bool is_header(const lar_source *source)
{
    static const char *const kinds[] = { "string-attribute", "integer-attribute",
                                         "float-attribute" };
    char text[80] = "";
    memcpy(text, source->head,
           source->head_count < sizeof text ? source->head_count : sizeof text - 1);
    const char *at = text + strspn(text, " \t\r\n");
    if (!lar_text_starts(at, "type")) return false;
    at += 4;
    at += strspn(at, " \t");
    if (*at++ != '=') return false;
    at += strspn(at, " \t");
    for (int n = 0; n < 3; n++)
        if (lar_text_starts(at, kinds[n])) return true;
    return false;
}

static int voxel_end(const char *path)
{
    for (int n = 0; n < VOXEL_ENDS; n++)
        if (lar_text_ends(path, voxel_ends[n])) return n;
    return -1;
}

static bool afni_sniff(const lar_source *source)
{
    return is_header(source) || (!source->alone && voxel_end(source->path) >= 0);
}

static lar_status cannot_unpack(const char *path)
{
    const lar_status status =
        lar_fail(LAR_EUNSUPPORTED, "'%s' is compressed in a way that larmor does not read", path);
    return lar_hint(status, "to unpack it, or to pack it by gzip");
}

static lar_status open_header(lar_source *out, const char *path, bool partial, lar_arena *arena)
{
    const int end = voxel_end(path);
    if (end >= READ_ENDS) return cannot_unpack(path);
    const char *header =
        lar_arena_format(arena, "%.*s.HEAD", (int)(strlen(path) - strlen(voxel_ends[end])), path);
    if (!header) return LAR_EMEMORY;
    if (!lar_path_exists(header))
        return lar_fail(LAR_ENOINPUT, "the header of '%s' should be in '%s', which is not there",
                        path, header);
    return lar_source_open(out, header, partial);
}

static lar_status open_voxels(lar_source *out, const lar_source *header, lar_arena *arena)
{
    const char *path = header->path, *name = NULL;
    const size_t cut = strlen(path) - (lar_text_ends(path, ".HEAD") ? strlen(".HEAD") : 0);
    for (int n = 0; n < VOXEL_ENDS; n++) { /* the first that is there, else the first */
        const char *other = lar_arena_format(arena, "%.*s%s", (int)cut, path, voxel_ends[n]);
        if (!other) return LAR_EMEMORY;
        const bool there = lar_path_exists(other);
        if (there || n == 0) name = other;
        if (there) break;
    }
    if (voxel_end(name) >= READ_ENDS) return cannot_unpack(name);
    return lar_source_open_beside(out, header, lar_path_name(name), arena);
}

static lar_status read_voxels(lar_image **out, const lar_image_about *about,
                              const lar_voxels *voxels, lar_source *image)
{
    lar_status status = LAR_OK;
    lar_content content = { 0 };
    const lar_part all = { 0, SIZE_MAX, about->gzip ? LAR_PACKING_GZIP : LAR_PACKING_NONE };

    LAR_TRY(lar_source_part(&content, image, &all, voxels->bytes));
    if (content.count > voxels->bytes) { /* there is nothing else in it: the sizes are wrong */
        status = lar_fail(LAR_EFORMAT, "'%s' is too long: %s%zu bytes, its header describes %zu",
                          image->path, about->gzip ? "inflated it has " : "it has ", content.count,
                          voxels->bytes);
        goto done;
    }
    LAR_TRY(lar_voxels_image(out, about, voxels, &content));
done:
    lar_free(content.block);
    return status;
}

/* The header alone where the source is partial (out is then NULL). */
static lar_status afni_open(lar_image **out, lar_image_about *about, lar_source *source, int form)
{
    lar_status status = LAR_OK;
    lar_source other = { 0 };
    lar_arena *arena = NULL;
    lar_voxels voxels;
    afni_head head;
    char *text;
    const bool by_voxels = !is_header(source);
    lar_source *header = by_voxels ? &other : source, *image = by_voxels ? source : &other;

    if (form != LAR_FORM_AUTO)
        return lar_fail(LAR_EGEOMETRY, "'%s' is AFNI, which has no %s", source->path,
                        lar_form_names[form]);
    LAR_TRY(lar_arena_new(&arena));
    if (by_voxels) LAR_TRY(open_header(&other, source->path, source->partial, arena));
    LAR_TRY(lar_source_text(&text, header, arena));
    LAR_TRY(lar_afni_parse(&head, text, header->path, arena));
    LAR_TRY(lar_afni_about(about, &voxels, &head));
    if (!by_voxels) LAR_TRY(open_voxels(&other, source, arena));
    /* by the name, as voxels may begin like anything */
    about->gzip = source->alone ? image->gzip : lar_text_ends(image->path, ".gz");
    if (!about->gzip && image->file_count != voxels.bytes) {
        status = lar_fail(LAR_EFORMAT, "'%s' has %llu bytes, its header describes %zu", image->path,
                          (unsigned long long)image->file_count, voxels.bytes);
        goto done;
    }
    if (!source->partial) LAR_TRY(read_voxels(out, about, &voxels, image));
done:
    lar_source_clear(&other);
    lar_arena_free(arena);
    return status;
}

static lar_status afni_about(lar_image_about *about, lar_source *source, int form)
{
    return afni_open(NULL, about, source, form);
}

static const char *const suffixes[] = { ".HEAD", ".BRIK", ".BRIK.gz", NULL };

const lar_format lar_format_afni = {
    .name = "AFNI",
    .suffixes = suffixes,
    .sniff = afni_sniff,
    .about = afni_about,
    .read = afni_open,
};
