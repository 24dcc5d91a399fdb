/* Reading NIfTI: a single file or a pair, inflated or read straight into the image's buffer.
 * SPDX-License-Identifier: Apache-2.0 */
#include "format/nifti/nifti.h"

/* The name with another ending, of the arena. */
static char *with_suffix(lar_arena *arena, const char *path, size_t cut, const char *suffix)
{
    return lar_arena_format(arena, "%.*s%s", (int)(strlen(path) - cut), path, suffix);
}

/* The other file of a pair: same compression first, then the other. NULL where the name is not that
 * of a pair. */
static lar_status find_partner(const char **out, lar_arena *arena, const char *path,
                               const char *own, const char *other)
{
    char own_gz[16], other_gz[16];
    snprintf(own_gz, sizeof own_gz, "%s.gz", own);
    snprintf(other_gz, sizeof other_gz, "%s.gz", other);
    const bool gz = lar_text_ends(path, own_gz);
    *out = NULL;
    if (!gz && !lar_text_ends(path, own)) return LAR_OK;
    const size_t cut = strlen(gz ? own_gz : own);
    const char *same = with_suffix(arena, path, cut, gz ? other_gz : other);
    const char *second = with_suffix(arena, path, cut, gz ? other : other_gz);
    if (!same || !second) return LAR_EMEMORY;
    *out = lar_path_exists(same) || !lar_path_exists(second) ? same : second;
    return LAR_OK;
}

static bool named_img(const char *path)
{
    return lar_text_ends(path, ".img") || lar_text_ends(path, ".img.gz");
}

static bool nifti_sniff(const lar_source *source)
{
    bool swapped;
    return (lar_nifti_version(source->head, source->head_count, &swapped) != 0 &&
            !lar_analyze_is(source->head, source->head_count)) ||
           (!source->alone && named_img(source->path));
}

/* A .img that is not itself a NIfTI file in one piece: its header is beside it. */
static bool is_voxels_of_pair(const lar_source *source)
{
    bool swapped;
    const int version = lar_nifti_version(source->head, source->head_count, &swapped);
    lar_nifti_header h;
    if (source->alone || !named_img(source->path)) return false;
    if (!version || source->head_count < (version == 1 ? NIFTI1_BYTES : NIFTI2_BYTES)) return true;
    lar_nifti_decode(&h, source->head, version, swapped);
    return !lar_text_is(h.magic, version == 1 ? "n+1" : "n+2");
}

static lar_status read_single(lar_image **out, lar_image_about *about, lar_voxels *v,
                              lar_source *source)
{
    lar_status status = LAR_OK;
    lar_content content = { 0 };
    const size_t needed = (size_t)v->offset + v->bytes;

    if (lar_text_ends(source->path, ".hdr") || lar_text_ends(source->path, ".img"))
        lar_text_add(&about->warnings,
                     "it is named as one of a pair, but is a NIfTI file in one piece\n");
    LAR_TRY(lar_source_content(&content, source, needed, (size_t)v->offset));
    LAR_TRY(
        lar_nifti_extensions(about, content.block + content.lead, (size_t)v->offset, source->path));
    lar_voxels_say_spare(about, content.count, needed);
    LAR_TRY(lar_voxels_image(out, about, v, &content));
done:
    lar_free(content.block);
    return status;
}

/* What a pair's header file says, extensions included; `source` is that of the header. */
static lar_status read_pair_header(lar_image_about *about, lar_source *source)
{
    lar_status status = LAR_OK;
    lar_content content = { 0 };
    if (source->count < source->file_count) return LAR_OK; /* the beginning of a long one */
    LAR_TRY(lar_source_content(&content, source, source->head_count, 0));
    if (lar_analyze_found(about)) {
        if (content.count > NIFTI1_BYTES)
            lar_text_add(&about->warnings, "%zu bytes follow its header; they are left out\n",
                         content.count - NIFTI1_BYTES);
        goto done;
    }
    LAR_TRY(lar_nifti_extensions(about, content.block + content.lead, content.count, source->path));
done:
    lar_free(content.block);
    return status;
}

static lar_status not_a_pair(const char *path)
{
    const lar_status status =
        lar_fail(LAR_EFORMAT, "the header in '%s' says that its voxels are in another file", path);
    return lar_hint(status, "to name it .hdr, with its voxels beside it as .img");
}

lar_status lar_nifti_read_pair(lar_image **out, lar_image_about *about, lar_source *header,
                               lar_source *image, int form)
{
    lar_status status = LAR_OK;
    lar_voxels v;
    lar_content content = { 0 };

    LAR_TRY(lar_nifti_about(about, &v, header->head, header->head_count, form, header->path));
    if (!v.beside)
        return lar_fail(LAR_EFORMAT, "'%s' is a NIfTI file in one piece, not the header of '%s'",
                        header->path, image->path);
    LAR_TRY(read_pair_header(about, header));
    if (!image->bytes) {
        if (!lar_path_exists(image->path))
            return lar_fail(LAR_ENOINPUT,
                            "the voxels of '%s' should be in '%s', which is not there",
                            header->path, image->path);
        LAR_TRY(lar_source_open(image, image->path, header->partial));
    }
    about->gzip = image->gzip;
    const size_t needed = (size_t)v.offset + v.bytes;
    if (header->partial) return lar_source_check_length(image, needed);
    LAR_TRY(lar_source_content(&content, image, needed, (size_t)v.offset));
    lar_voxels_say_spare(about, content.count, needed);
    LAR_TRY(lar_voxels_image(out, about, &v, &content));
done:
    lar_free(content.block);
    return status;
}

/* SPM keeps a place in a third file beside an Analyze pair. */
static lar_status say_mat(lar_image_about *about, const char *header, lar_arena *arena)
{
    const char *mat;
    if (!lar_analyze_found(about)) return LAR_OK;
    const lar_status status = find_partner(&mat, arena, header, ".hdr", ".mat");
    if (status == LAR_OK && mat && lar_path_exists(mat))
        lar_text_add(&about->warnings, "the affine in '%s' beside it is not read\n",
                     lar_path_name(mat));
    return status;
}

/* From the name of the voxels: the header is beside them. */
static lar_status open_by_voxels(lar_image **out, lar_image_about *about, lar_source *source,
                                 int form, lar_arena *arena)
{
    lar_status status = LAR_OK;
    lar_source header = { 0 };
    const char *path;

    LAR_TRY(find_partner(&path, arena, source->path, ".img", ".hdr"));
    if (!lar_path_exists(path))
        return lar_fail(LAR_ENOINPUT, "the header of '%s' should be in '%s', which is not there",
                        source->path, path);
    LAR_TRY(lar_source_open(&header, path, source->partial));
    LAR_TRY(lar_nifti_read_pair(out, about, &header, source, form));
    LAR_TRY(say_mat(about, path, arena));
done:
    lar_source_clear(&header);
    return status;
}

static lar_status open_by_header(lar_image **out, lar_image_about *about, lar_source *source,
                                 int form, lar_arena *arena)
{
    lar_status status = LAR_OK;
    lar_source image = { 0 };

    if (!source->alone) LAR_TRY(find_partner(&image.path, arena, source->path, ".hdr", ".img"));
    if (!image.path) return not_a_pair(source->path);
    LAR_TRY(lar_nifti_read_pair(out, about, source, &image, form));
    LAR_TRY(say_mat(about, source->path, arena));
done:
    lar_source_clear(&image);
    return status;
}

lar_status lar_nifti_open(lar_image **out, lar_image_about *about, lar_source *source, int form)
{
    lar_status status = LAR_OK;
    lar_voxels v;
    lar_arena *arena = NULL;

    LAR_TRY(lar_arena_new(&arena));
    if (is_voxels_of_pair(source)) {
        LAR_TRY(open_by_voxels(out, about, source, form, arena));
        goto done;
    }
    LAR_TRY(lar_nifti_about(about, &v, source->head, source->head_count, form, source->path));
    about->gzip = source->gzip;
    if (v.beside) {
        LAR_TRY(open_by_header(out, about, source, form, arena));
        goto done;
    }
    if (!source->partial) {
        LAR_TRY(read_single(out, about, &v, source));
        goto done;
    }
    LAR_TRY(lar_source_check_length(source, (size_t)v.offset + v.bytes));
    if ((size_t)v.offset <= source->head_count)
        LAR_TRY(lar_nifti_extensions(about, source->head, (size_t)v.offset, source->path));
done:
    lar_arena_free(arena);
    return status;
}

lar_status lar_nifti_open_header(lar_image_about *about, lar_source *source, int form)
{
    return lar_nifti_open(NULL, about, source, form);
}

static const char *const suffixes[] = { ".nii",    ".nii.gz", ".hdr", ".img",
                                        ".hdr.gz", ".img.gz", NULL };

const lar_format lar_format_nifti = {
    .name = "NIfTI",
    .suffixes = suffixes,
    .sniff = nifti_sniff,
    .about = lar_nifti_open_header,
    .read = lar_nifti_open,
    .write = lar_nifti_write,
};
