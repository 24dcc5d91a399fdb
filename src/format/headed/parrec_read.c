/* Reading Philips PAR/REC: what the slices mean, which files, and the row of the format.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "format/headed/parrec.h"

/* ---- meaning ----------------------------------------------------------------------------- */

/* One number that differs between slices where it must not; NULL where none does. */
static const char *find_difference(double said[2], const par_slice *a, const par_slice *b)
{
    const struct {
        const char *name;
        double a, b;
    } same[] = {
        { "image pixel size", (double)a->bits, (double)b->bits },
        { "recon resolution x", (double)a->size[0], (double)b->size[0] },
        { "recon resolution y", (double)a->size[1], (double)b->size[1] },
        { "slice orientation", (double)a->orientation, (double)b->orientation },
        { "slice thickness", a->thickness_mm, b->thickness_mm },
        { "slice gap", a->gap_mm, b->gap_mm },
        { "pixel spacing x", a->spacing_mm[0], b->spacing_mm[0] },
        { "pixel spacing y", a->spacing_mm[1], b->spacing_mm[1] },
    };
    for (size_t n = 0; n < sizeof same / sizeof *same; n++) {
        if (same[n].a == same[n].b) continue;
        said[0] = same[n].a;
        said[1] = same[n].b;
        return same[n].name;
    }
    return NULL;
}

static lar_status check_slices(const par_file *file)
{
    const par_slice *first = &file->slices[0];
    for (int64_t n = 1; n < file->count; n++) {
        const par_slice *slice = &file->slices[n];
        double said[2];
        const char *name = find_difference(said, first, slice);
        if (name)
            return lar_fail(LAR_EUNSUPPORTED,
                            "the slices of '%s' are not of one image: their %s is %.15g in line "
                            "%lld, %.15g in line %lld",
                            file->name, name, said[0], (long long)first->line, said[1],
                            (long long)slice->line);
    }
    if (first->bits != 8 && first->bits != 16)
        return lar_fail(LAR_EUNSUPPORTED, "'%s' has voxels of %lld bits; larmor reads 8 and 16",
                        file->name, (long long)first->bits);
    if (first->size[0] < 1 || first->size[1] < 1)
        return lar_fail(LAR_EFORMAT, "'%s' has slices of %lldx%lld voxels", file->name,
                        (long long)first->size[0], (long long)first->size[1]);
    if (first->orientation < 1 || first->orientation > 3)
        return lar_fail(LAR_EFORMAT,
                        "'%s' says that its slice orientation is %lld, expected 1 (transverse), 2 "
                        "(sagittal) or 3 (coronal)",
                        file->name, (long long)first->orientation);
    if (!(first->spacing_mm[0] > 0 && first->spacing_mm[1] > 0 &&
          first->thickness_mm + first->gap_mm > 0))
        return lar_fail(LAR_EFORMAT, "the voxels of '%s' measure %gx%gx%g mm, expected more than 0",
                        file->name, first->spacing_mm[0], first->spacing_mm[1],
                        first->thickness_mm + first->gap_mm);
    return LAR_OK;
}

/* DV = PV * RS + RI, FP = DV / (RS * SS) */
static lar_status set_scales(lar_image_about *about, lar_voxels *voxels, const par_file *file,
                             int scaling, lar_arena *arena)
{
    lar_scale *scales = lar_arena_take(arena, file->count, sizeof *scales);
    if (!scales) return LAR_EMEMORY;
    for (int64_t n = 0; n < file->count; n++) {
        const par_slice *slice = &file->slices[n];
        scales[n] = (lar_scale){ slice->slope, slice->inter };
        if (scaling == LAR_SCALING_FLOATING)
            scales[n] =
                (lar_scale){ 1 / slice->scale, slice->inter / (slice->slope * slice->scale) };
        if (slice->slope == 0 || !isfinite(scales[n].slope) || !isfinite(scales[n].inter))
            return lar_fail(
                LAR_EFORMAT,
                "line %lld of '%s' cannot be scaled: its rescale slope is %g, its scale "
                "slope %g",
                (long long)slice->line, file->name, slice->slope, slice->scale);
        about->scales_differ |=
            scales[n].slope != scales[0].slope || scales[n].inter != scales[0].inter;
    }
    about->slope = scales[0].slope;
    about->inter = scales[0].inter;
    if (about->scales_differ) {
        voxels->scales = scales;
        voxels->scale_count = file->count;
    }
    return LAR_OK;
}

/* The time between channels, where they are dynamic scans and nothing else. */
static void take_time(lar_image_about *about, const par_file *file)
{
    if (file->general.dynamic <= 0 || about->channels < 2 ||
        about->channels != file->general.most[PAR_DYNAMIC] || file->general.repetitions < 1)
        return;
    about->notes->step = file->general.repetition_ms;
    about->notes->step_unit = 16; /* ms */
    if (file->general.repetitions > 1)
        lar_text_add(&about->warnings, "it says %lld repetition times; the first is taken, %g ms\n",
                     (long long)file->general.repetitions, file->general.repetition_ms);
}

static lar_status describe(lar_image_about *about, lar_voxels *voxels, par_file *file, int scaling,
                           lar_arena *arena)
{
    lar_status status = LAR_OK;
    const par_slice *slice;

    LAR_TRY(lar_par_sort(file, about, arena));
    LAR_TRY(check_slices(file));
    slice = &file->slices[0];
    *voxels = (lar_voxels){ .beside = true };
    about->format = "Philips PAR/REC";
    about->affine_from = "angulation and off centre";
    about->stored = slice->bits == 8 ? LAR_U8 : LAR_U16;
    about->grid.size[0] = slice->size[0];
    about->grid.size[1] = slice->size[1];
    about->grid.size[2] = file->general.most[PAR_SLICE];
    about->channels = file->volumes;
    about->dims = about->channels > 1 ? 4 : 3;
    for (int n = 0; n < 7; n++)
        about->dim[n] = n < 3 ? about->grid.size[n] : n == 3 ? about->channels : 1;
    LAR_TRY(lar_notes_new(&about->notes, 0));
    about->notes->form_code = 1; /* the scanner's coordinates */
    take_time(about, file);
    LAR_TRY(set_scales(about, voxels, file, scaling, arena));
    lar_voxels_set_type(voxels, about);
    LAR_TRY(lar_par_place(about, file));
    lar_par_say_channels(file, about);
    if (!file->ended)
        lar_text_add(&about->warnings, "its table has no last line that says that it ends\n");
    LAR_TRY(lar_voxels_plan(voxels, about, 0, file->name));
done:
    return status;
}

/* ---- files ------------------------------------------------------------------------------- */

static bool is_header(const lar_source *source)
{
    static const char first[] = "# === DATA DESCRIPTION FILE";
    const size_t length = sizeof first - 1;
    return source->head_count >= length && memcmp(source->head, first, length) == 0;
}

static bool par_sniff(const lar_source *source)
{
    return is_header(source) || (!source->alone && (lar_text_ends(source->path, ".REC") ||
                                                    lar_text_ends(source->path, ".rec")));
}

/* The other file of the pair, in the same case first; of the arena, NULL where memory is short. */
static const char *find_partner(lar_arena *arena, const char *path, bool from_voxels)
{
    static const char *const ends[2][2] = { { ".REC", ".rec" }, { ".PAR", ".par" } };
    const size_t length = strlen(path), cut = length < 4 ? length : length - 4;
    const bool small = lar_text_ends(path, ".par") || lar_text_ends(path, ".rec");
    const char *first = NULL;
    for (int n = 0; n < 2; n++) {
        const char *other = lar_arena_format(arena, "%.*s%s", (int)cut, path,
                                             ends[from_voxels][n == 0 ? small : !small]);
        if (!other || lar_path_exists(other)) return other;
        if (!first) first = other;
    }
    return first;
}

/* The slices in the order of the channels, where the file has another. */
static lar_status order_slices(lar_content *content, const par_file *file, size_t bytes)
{
    bool sorted = true;
    for (int64_t n = 0; n < file->count && sorted; n++) sorted = file->slices[n].index == n;
    if (sorted) return LAR_OK;
    unsigned char *made = lar_alloc_raw(file->count, bytes);
    if (!made) return LAR_EMEMORY;
    for (int64_t n = 0; n < file->count; n++)
        memcpy(made + (size_t)n * bytes,
               content->block + content->lead + (size_t)file->slices[n].index * bytes, bytes);
    lar_free(content->block);
    *content = (lar_content){ .block = made, .count = (size_t)file->count * bytes };
    return LAR_OK;
}

/* The length says once more how many slices there are. */
static lar_status check_length(const lar_source *image, const par_file *file, size_t needed)
{
    if (image->file_count == needed) return LAR_OK;
    return lar_fail(LAR_EFORMAT,
                    "'%s' has %llu bytes, '%s' describes %lld slices of %lldx%lld voxels of %lld "
                    "bits, %zu bytes",
                    image->path, (unsigned long long)image->file_count, file->name,
                    (long long)file->count, (long long)file->slices[0].size[0],
                    (long long)file->slices[0].size[1], (long long)file->slices[0].bits, needed);
}

static lar_status read_slices(lar_image **out, const lar_image_about *about,
                              const lar_voxels *voxels, const par_file *file, lar_source *image)
{
    lar_status status = LAR_OK;
    lar_content content = { 0 };
    const lar_part all = { 0, SIZE_MAX, LAR_PACKING_NONE };

    LAR_TRY(lar_source_part(&content, image, &all, voxels->bytes));
    LAR_TRY(order_slices(&content, file, voxels->bytes / (size_t)file->count));
    LAR_TRY(lar_voxels_image(out, about, voxels, &content));
done:
    lar_free(content.block);
    return status;
}

/* The header alone where the source is partial (out is then NULL). */
static lar_status par_open(lar_image **out, lar_image_about *about, lar_source *source, int form)
{
    lar_status status = LAR_OK;
    lar_source other = { 0 };
    lar_arena *arena = NULL;
    lar_voxels voxels;
    par_file file;
    char *text;
    const bool by_voxels = !is_header(source);

    if (form != LAR_FORM_AUTO)
        return lar_fail(LAR_EGEOMETRY, "'%s' is Philips PAR/REC, which has no %s", source->path,
                        lar_form_names[form]);
    LAR_TRY(lar_arena_new(&arena));
    const char *path = source->alone ? NULL : find_partner(arena, source->path, by_voxels);
    if (!source->alone && !path) {
        status = LAR_EMEMORY;
        goto done;
    }
    if (by_voxels && !lar_path_exists(path)) {
        status = lar_fail(LAR_ENOINPUT, "the header of '%s' should be in '%s', which is not there",
                          source->path, path);
        goto done;
    }
    if (by_voxels) LAR_TRY(lar_source_open(&other, path, source->partial));
    LAR_TRY(lar_source_text(&text, by_voxels ? &other : source, arena));
    LAR_TRY(lar_par_parse(&file, text, by_voxels ? path : source->path, arena));
    LAR_TRY(describe(about, &voxels, &file, source->scaling, arena));
    if (!by_voxels)
        LAR_TRY(
            lar_source_open_beside(&other, source, path ? lar_path_name(path) : "voxels", arena));
    lar_source *image = by_voxels ? source : &other;
    LAR_TRY(check_length(image, &file, voxels.bytes));
    if (!source->partial) LAR_TRY(read_slices(out, about, &voxels, &file, image));
done:
    lar_source_clear(&other);
    lar_arena_free(arena);
    return status;
}

static lar_status par_about(lar_image_about *about, lar_source *source, int form)
{
    return par_open(NULL, about, source, form);
}

static const char *const suffixes[] = { ".PAR", ".par", ".REC", ".rec", NULL };

const lar_format lar_format_parrec = {
    .name = "Philips PAR/REC",
    .suffixes = suffixes,
    .sniff = par_sniff,
    .about = par_about,
    .read = par_open,
};
