/* Reading MGH and MGZ: a header, voxels, and a footer of which the repetition time is kept. Its
 * tags are left out: they hold paths and command lines.
 * https://surfer.nmr.mgh.harvard.edu/fswiki/FsTutorial/MghFormat
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "codec/codec.h"
#include "format/mgh.h"
#include "format/voxels.h"

static const char *const suffixes[] = { ".mgh", ".mgz", ".mgh.gz", NULL };

static bool named_mgh(const char *path)
{
    for (const char *const *s = suffixes; *s; s++)
        if (lar_text_ends(path, *s)) return true;
    return false;
}

/* Of the directions' lengths, how far the worst is from 1; NaN where one is not finite. */
static double cosine_error(const lar_mgh_header *h)
{
    double worst = 0;
    for (int n = 0; n < 3; n++) {
        double square = 0;
        for (int r = 0; r < 3; r++) square += (double)h->cosine[n][r] * (double)h->cosine[n][r];
        const double error = fabs(sqrt(square) - 1);
        if (!(error <= worst)) worst = error;
        if (isnan(worst)) break;
    }
    return worst;
}

/* The largest cosine between two directions: 0 where they stand at right angles. */
static double shear(const lar_mgh_header *h)
{
    double worst = 0;
    for (int n = 0; n < 3; n++) {
        double dot = 0;
        for (int r = 0; r < 3; r++)
            dot += (double)h->cosine[n][r] * (double)h->cosine[(n + 1) % 3][r];
        worst = fmax(worst, fabs(dot));
    }
    return worst;
}

static const double unit_length = 1e-3; /* what is taken for rounding of a direction */

/* The format has no magic word: whatever its name, a file that says all of this is one. */
static bool says_mgh(const lar_mgh_header *h, const lar_source *source)
{
    lar_type type;
    const char *refused;
    size_t bytes;
    const int64_t sizes[4] = { h->size[0], h->size[1], h->size[2], h->frames };
    if (h->version != 1 || !lar_mgh_type(&type, &refused, h->code) || refused || h->good_ras != 1)
        return false;
    for (int n = 0; n < 4; n++)
        if (sizes[n] < 1) return false;
    for (int n = 0; n < 3; n++)
        if (!(isfinite(h->spacing[n]) && h->spacing[n] > 0 && isfinite(h->centre[n]))) return false;
    if (!(cosine_error(h) <= unit_length)) return false;
    if (!lar_size_product(&bytes, sizes, 4, lar_type_size(type))) return false;
    const size_t most =
        source->gzip ? lar_gzip_most((size_t)source->file_count) : (size_t)source->file_count;
    return bytes <= most && most - bytes >= MGH_HEADER_BYTES;
}

static bool mgh_sniff(const lar_source *source)
{
    static const unsigned char one[4] = { 0, 0, 0, 1 };
    lar_mgh_header h;
    const bool begins = source->head_count >= 4 && memcmp(source->head, one, 4) == 0;
    if (begins && named_mgh(source->path)) return true;
    if (source->head_count < MGH_HEADER_BYTES) return false;
    lar_mgh_decode(&h, source->head);
    if (named_mgh(source->path)) { /* of another version, which then is the sentence */
        bool sizes = h.code >= 0 && h.code <= 10;
        for (int n = 0; n < 3; n++) sizes &= h.size[n] > 0 && h.size[n] < 1 << 20;
        return sizes && h.frames > 0;
    }
    return says_mgh(&h, source);
}

static lar_status check_type(lar_image_about *about, const lar_mgh_header *h, const char *name)
{
    const char *refused;
    if (!lar_mgh_type(&about->stored, &refused, h->code))
        return lar_fail(LAR_EFORMAT, "'%s' has no known voxel type: its code is %d", name, h->code);
    if (refused)
        return lar_fail(LAR_EUNSUPPORTED, "'%s' holds %s (MGH type %d), which larmor does not read",
                        name, refused, h->code);
    about->slope = 1;
    about->inter = 0;
    return LAR_OK;
}

static lar_status check_sizes(lar_image_about *about, const lar_mgh_header *h, const char *name)
{
    about->dims = h->frames > 1 ? 4 : 3;
    for (int n = 0; n < 7; n++) {
        about->dim[n] = n < 3 ? h->size[n] : n == 3 ? h->frames : 1;
        if (about->dim[n] < 1)
            return lar_fail(LAR_EFORMAT, "'%s' has size %lld in dimension %d, expected at least 1",
                            name, (long long)about->dim[n], n + 1);
        if (n < 3) about->grid.size[n] = about->dim[n];
    }
    about->channels = h->frames;
    return LAR_OK;
}

static lar_status check_place(lar_image_about *about, const lar_mgh_header *h, const char *name)
{
    for (int n = 0; n < 3; n++)
        if (!(h->spacing[n] > 0 && isfinite(h->spacing[n])))
            return lar_fail(LAR_EFORMAT,
                            "the voxel size of '%s' along axis %c is %g, expected above 0", name,
                            "ijk"[n], (double)h -> spacing[n]);
    const double error = cosine_error(h);
    if (error > unit_length) /* as nibabel takes them */
        lar_text_add(&about->warnings,
                     "its direction cosines are not of length 1, but up to %.3g from it\n", error);
    else if (shear(h) > unit_length) /* so shows a sign that was lost */
        lar_text_add(&about->warnings,
                     "its directions do not stand at right angles: up to %.3g degrees from it\n",
                     asin(fmin(1, shear(h))) * 180 / acos(-1));
    about->grid.to_world = lar_mgh_affine(h);
    if (!lar_grid_is_valid(&about->grid))
        return lar_fail(LAR_EFORMAT,
                        "the direction cosines and the centre of '%s' are singular or not finite, "
                        "so its voxels have no place",
                        name);
    for (int n = 0; n < 3; n++) about->notes->edges_mm[n] = (double)h->spacing[n];
    return LAR_OK;
}

static lar_status find_place(lar_image_about *about, lar_mgh_header *h, const char *name)
{
    if (h->good_ras != 0) {
        if (h->good_ras != 1)
            lar_text_add(&about->warnings,
                         "its flag of a place in the world is %d, neither 0 nor 1; taken as 1\n",
                         h->good_ras);
        about->affine_from = "direction cosines";
        return check_place(about, h, name);
    }
    about->affine_from = "MGH default";
    lar_text_add(&about->warnings,
                 "it says no orientation: taken as a coronal volume of 1 mm voxels about the "
                 "origin%s\n",
                 h->spacing[0] > 0 && cosine_error(h) <= unit_length
                     ? ", though it holds directions, which it says are not good"
                     : "");
    lar_mgh_default_place(h);
    about->grid.to_world = lar_mgh_affine(h);
    return LAR_OK;
}

static lar_status decode(lar_image_about *about, lar_voxels *v, const lar_source *source)
{
    lar_status status = LAR_OK;
    lar_mgh_header h;

    about->format = "MGH";
    about->gzip = source->gzip;
    about->swapped = MGH_SWAPPED;
    if (source->head_count < MGH_HEADER_BYTES)
        return lar_fail(LAR_EFORMAT, "'%s' is too short for an MGH header: %zu bytes, expected %d",
                        source->path, source->head_count, MGH_HEADER_BYTES);
    lar_mgh_decode(&h, source->head);
    if (h.version != 1)
        return lar_fail(LAR_EUNSUPPORTED, "'%s' is of MGH version %d, larmor reads version 1",
                        source->path, h.version);
    if (!about->notes) LAR_TRY(lar_notes_new(&about->notes, 0));
    LAR_TRY(check_type(about, &h, source->path));
    LAR_TRY(check_sizes(about, &h, source->path));
    *v = (lar_voxels){ .offset = MGH_HEADER_BYTES, .swapped = MGH_SWAPPED };
    LAR_TRY(lar_voxels_plan(v, about, MGH_HEADER_BYTES, source->path));
    lar_voxels_set_type(v, about);
    LAR_TRY(find_place(about, &h, source->path));
done:
    return status;
}

/* A tag: its number, its length in 8 bytes (the oldest have another way), its bytes. */
static bool is_tag(const unsigned char *tag, size_t count)
{
    if (count < 4 || tag[0] || tag[1]) return false;
    const int number = tag[2] << 8 | tag[3];
    if (number == 1 || number == 2 || number == 20 || number == 30) return true;
    if (number == 0 || count < 12) return false;
    uint64_t length = 0;
    for (int n = 4; n < 12; n++) length = length << 8 | tag[n];
    return length <= count - 12;
}

static bool is_plausible(float value)
{
    const double size = fabs((double)value);
    return size == 0 || (size > 1e-9 && size < 1e9);
}

/* Repetition time, flip angle, echo time, inversion time, field of view; old files have four of
 * them or none. Then tags. */
static void read_footer(lar_image_about *about, const unsigned char *footer, size_t count)
{
    float real[MGH_FOOTER_BYTES / 4] = { 0 };
    bool good = true;
    for (size_t n = 0; n < MGH_FOOTER_BYTES / 4 && 4 * n + 4 <= count; n++) {
        real[n] = lar_mgh_real(footer + 4 * n);
        good &= is_plausible(real[n]);
    }
    if (!good || real[0] < 0) {
        lar_text_add(&about->warnings,
                     "the %zu bytes that follow its voxels are no footer of MGH (times, flip "
                     "angle, field of view); they are left out\n",
                     count);
        return;
    }
    if (real[0] > 0 && about->channels > 1) {
        about->notes->step = (double)real[0];
        about->notes->step_unit = 16; /* NIfTI's code of ms */
    }
    if (count < MGH_FOOTER_BYTES && count % 4)
        lar_text_add(&about->warnings, "its footer is cut short: it has %zu bytes, expected %d\n",
                     count, MGH_FOOTER_BYTES);
    if (count > MGH_FOOTER_BYTES && !is_tag(footer + MGH_FOOTER_BYTES, count - MGH_FOOTER_BYTES))
        lar_text_add(&about->warnings,
                     "%zu bytes follow its footer that are no tags of MGH; they are left out\n",
                     count - MGH_FOOTER_BYTES);
}

/* The header alone where the source is partial (out is then NULL). */
static lar_status mgh_open(lar_image **out, lar_image_about *about, lar_source *source, int form)
{
    lar_status status = LAR_OK;
    lar_voxels v;
    lar_content content = { 0 };

    if (form != LAR_FORM_AUTO)
        return lar_fail(LAR_EGEOMETRY, "'%s' is MGH, which has no %s", source->path,
                        lar_form_names[form]);
    LAR_TRY(decode(about, &v, source));
    const size_t needed = (size_t)v.offset + v.bytes;
    if (source->partial) {
        LAR_TRY(lar_source_check_length(source, needed));
        if (!source->gzip && source->count == source->file_count)
            read_footer(about, source->bytes + needed, source->count - needed);
        goto done;
    }
    LAR_TRY(lar_source_content(&content, source, needed, (size_t)v.offset));
    read_footer(about, content.block + content.lead + needed, content.count - needed);
    LAR_TRY(lar_voxels_image(out, about, &v, &content));
done:
    lar_free(content.block);
    return status;
}

static lar_status mgh_about(lar_image_about *about, lar_source *source, int form)
{
    return mgh_open(NULL, about, source, form);
}

const lar_format lar_format_mgh = {
    .name = "MGH",
    .suffixes = suffixes,
    .sniff = mgh_sniff,
    .about = mgh_about,
    .read = mgh_open,
    .write = lar_mgh_write,
};
