/* Reading NIfTI: a single file or a pair, inflated or read straight into the image's buffer.
 * SPDX-License-Identifier: Apache-2.0 */
#include "format/nifti.h"
#include "format/source.h"

static void release_block(void *bytes, size_t count)
{
    (void)count;
    lar_free(bytes);
}

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
    return lar_nifti_version(source->head, source->head_count, &swapped) != 0 ||
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

/* Voxels of the content to an image; takes over the block. */
static lar_status make_image(lar_image **out, const lar_image_about *about,
                             const lar_nifti_voxels *v, lar_content *content)
{
    lar_status status = LAR_OK;
    lar_buffer *buffer;
    void *scaled = NULL;
    const size_t size = lar_type_size(about->stored);
    unsigned char *voxels = content->block + content->lead + v->offset;

    if ((uintptr_t)voxels % size) { /* the header is not needed any more: over it */
        memmove(content->block, voxels, v->bytes);
        voxels = content->block;
    }
    if (v->swapped) LAR_TRY(lar_nifti_swap(voxels, v->count, size));
    if (v->scaled) {
        const size_t bytes = (size_t)v->count * lar_type_size(about->type);
        scaled = lar_alloc_raw(v->count, lar_type_size(about->type));
        if (!scaled) {
            status = LAR_EMEMORY;
            goto done;
        }
        LAR_TRY(
            lar_nifti_scale(scaled, voxels, about->stored, v->count, about->slope, about->inter));
        void *taken = scaled;
        scaled = NULL;
        LAR_TRY(lar_buffer_new(&buffer, taken, bytes, release_block));
        voxels = taken;
    } else {
        unsigned char *block = content->block;
        content->block = NULL;
        LAR_TRY(lar_buffer_new(&buffer, block, content->lead + content->count, release_block));
    }
    LAR_TRY(lar_image_over(out, &about->grid, about->channels, about->type, buffer, voxels));
    lar_image_set_notes(*out, about->notes);
done:
    lar_free(scaled);
    return status;
}

static void say_spare(lar_image_about *about, size_t found, size_t needed)
{
    if (found > needed)
        lar_text_add(&about->warnings, "%zu bytes follow its voxels; they are left out\n",
                     found - needed);
}

static lar_status read_single(lar_image **out, lar_image_about *about, lar_nifti_voxels *v,
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
    say_spare(about, content.count, needed);
    LAR_TRY(make_image(out, about, v, &content));
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
    LAR_TRY(lar_nifti_extensions(about, content.block + content.lead, content.count, source->path));
done:
    lar_free(content.block);
    return status;
}

/* Where the voxels were not asked for: is the file as long as its header says? What is compressed
 * is not known before it is inflated. */
static lar_status check_length(const lar_source *source, size_t needed)
{
    if (source->gzip || source->file_count >= needed) return LAR_OK;
    return lar_fail(LAR_EFORMAT, "'%s' is too short: it has %llu bytes, its header describes %zu",
                    source->path, (unsigned long long)source->file_count, needed);
}

static lar_status not_a_pair(const char *path)
{
    const lar_status status =
        lar_fail(LAR_EFORMAT, "the header in '%s' says that its voxels are in another file", path);
    return lar_hint(status, "to name it .hdr, with its voxels beside it as .img");
}

/* `image` is open already, or has its path alone. */
static lar_status read_pair(lar_image **out, lar_image_about *about, lar_source *header,
                            lar_source *image, int form)
{
    lar_status status = LAR_OK;
    lar_nifti_voxels v;
    lar_content content = { 0 };

    LAR_TRY(lar_nifti_about(about, &v, header->head, header->head_count, form, header->path));
    if (!v.pair)
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
    if (header->partial) return check_length(image, needed);
    LAR_TRY(lar_source_content(&content, image, needed, (size_t)v.offset));
    say_spare(about, content.count, needed);
    LAR_TRY(make_image(out, about, &v, &content));
done:
    lar_free(content.block);
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
    LAR_TRY(read_pair(out, about, &header, source, form));
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
    LAR_TRY(read_pair(out, about, source, &image, form));
done:
    lar_source_clear(&image);
    return status;
}

/* The header alone where the source is partial (out is then NULL). */
static lar_status nifti_open(lar_image **out, lar_image_about *about, lar_source *source, int form)
{
    lar_status status = LAR_OK;
    lar_nifti_voxels v;
    lar_arena *arena = NULL;

    LAR_TRY(lar_arena_new(&arena));
    if (is_voxels_of_pair(source)) {
        LAR_TRY(open_by_voxels(out, about, source, form, arena));
        goto done;
    }
    LAR_TRY(lar_nifti_about(about, &v, source->head, source->head_count, form, source->path));
    about->gzip = source->gzip;
    if (v.pair) {
        LAR_TRY(open_by_header(out, about, source, form, arena));
        goto done;
    }
    if (!source->partial) {
        LAR_TRY(read_single(out, about, &v, source));
        goto done;
    }
    LAR_TRY(check_length(source, (size_t)v.offset + v.bytes));
    if ((size_t)v.offset <= source->head_count)
        LAR_TRY(lar_nifti_extensions(about, source->head, (size_t)v.offset, source->path));
done:
    lar_arena_free(arena);
    return status;
}

static lar_status nifti_about(lar_image_about *about, lar_source *source, int form)
{
    return nifti_open(NULL, about, source, form);
}

static const char *const suffixes[] = { ".nii",    ".nii.gz", ".hdr", ".img",
                                        ".hdr.gz", ".img.gz", NULL };

const lar_format lar_format_nifti = {
    .name = "NIfTI",
    .suffixes = suffixes,
    .sniff = nifti_sniff,
    .about = nifti_about,
    .read = nifti_open,
    .write = lar_nifti_write,
};
