/* What a NIfTI header says, each field checked before it is believed.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "format/nifti/nifti.h"

/* NIfTI's codes of voxel types; those without a place in larmor have a reason. */
static const struct {
    int64_t code;
    int bits;
    lar_type type;
    const char *refused;
} datatypes[] = {
    { 2, 8, LAR_U8, NULL },
    { 256, 8, LAR_I8, NULL },
    { 512, 16, LAR_U16, NULL },
    { 4, 16, LAR_I16, NULL },
    { 768, 32, LAR_U32, NULL },
    { 8, 32, LAR_I32, NULL },
    { 1280, 64, LAR_U64, NULL },
    { 1024, 64, LAR_I64, NULL },
    { 16, 32, LAR_F32, NULL },
    { 64, 64, LAR_F64, NULL },
    { 1, 1, LAR_U8, "single bits" },
    { 32, 64, LAR_F32, "complex numbers" },
    { 128, 24, LAR_U8, "colours" },
    { 1536, 128, LAR_F64, "reals of 128 bits" },
    { 2304, 32, LAR_U8, "colours" },
    { 1792, 128, LAR_F64, "complex numbers" },
    { 2048, 256, LAR_F64, "complex numbers" },
};

enum { DATATYPE_COUNT = sizeof datatypes / sizeof *datatypes };

int64_t lar_nifti_datatype(lar_type type)
{
    for (int n = 0; n < DATATYPE_COUNT; n++)
        if (datatypes[n].type == type && !datatypes[n].refused) return datatypes[n].code;
    return 0;
}

static lar_status check_type(lar_image_about *about, const lar_nifti_header *h, const char *name)
{
    for (int n = 0; n < DATATYPE_COUNT; n++) {
        if (datatypes[n].code != h->datatype) continue;
        if (datatypes[n].refused)
            return lar_fail(LAR_EUNSUPPORTED,
                            "'%s' holds %s (NIfTI datatype %lld), which larmor does not read", name,
                            datatypes[n].refused, (long long)h->datatype);
        if (h->bitpix == 0)
            lar_text_add(&about->warnings, "its bitpix is 0, not %d\n", datatypes[n].bits);
        else if (h->bitpix != datatypes[n].bits)
            return lar_fail(LAR_EFORMAT,
                            "the header of '%s' contradicts itself: datatype %lld has %d bits, "
                            "bitpix says %lld",
                            name, (long long)h->datatype, datatypes[n].bits, (long long)h->bitpix);
        about->stored = about->type = datatypes[n].type;
        return LAR_OK;
    }
    return lar_fail(LAR_EFORMAT, "'%s' has no known voxel type: datatype is %lld", name,
                    (long long)h->datatype);
}

static lar_status check_sizes(lar_image_about *about, const lar_nifti_header *h, const char *name)
{
    if (h->dim[0] < 1 || h->dim[0] > 7)
        return lar_fail(LAR_EFORMAT, "'%s' has %lld dimensions, expected 1 to 7", name,
                        (long long)h->dim[0]);
    about->dims = h->dim[0];
    for (int n = 0; n < 7; n++) {
        const int64_t size = n < about->dims ? h->dim[n + 1] : 1;
        if (size < 1)
            return lar_fail(LAR_EFORMAT, "'%s' has size %lld in dimension %d, expected at least 1",
                            name, (long long)size, n + 1);
        if (n > 4 && size > 1)
            return lar_fail(LAR_EUNSUPPORTED,
                            "'%s' has size %lld in dimension %d; larmor reads up to 5 dimensions",
                            name, (long long)size, n + 1);
        about->dim[n] = size;
        if (n < 3) about->grid.size[n] = size;
    }
    if (__builtin_mul_overflow(about->dim[3], about->dim[4], &about->channels))
        return lar_fail(LAR_EFORMAT, "the sizes of '%s' overflow", name);
    if (about->dim[3] > 1 && about->dim[4] > 1)
        lar_text_add(&about->warnings, "it has 5 dimensions; %lld times %lld volumes become %lld\n",
                     (long long)about->dim[3], (long long)about->dim[4],
                     (long long)about->channels);
    return LAR_OK;
}

static lar_status check_place(lar_voxels *voxels, const lar_image_about *about,
                              const lar_nifti_header *h, const char *name)
{
    const int least =
        voxels->beside ? 0 : (h->version == 1 ? NIFTI1_BYTES : NIFTI2_BYTES) + NIFTI_FLAG_BYTES;
    /* 2^62: far past any file, far before an overflow */
    if (!(h->vox_offset >= least && h->vox_offset <= 0x1p62 &&
          h->vox_offset == floor(h->vox_offset)))
        return lar_fail(LAR_EFORMAT,
                        "the voxels of '%s' cannot begin at byte %.17g, expected a whole number "
                        "from %d",
                        name, h->vox_offset, least);
    voxels->offset = (int64_t)h->vox_offset;
    voxels->swapped = h->swapped;
    return lar_voxels_plan(voxels, about, least, name);
}

/* slope 0 or not finite: no scaling (fMRIPrep and others write NaN into masks). */
static lar_status check_scale(lar_image_about *about, const lar_nifti_header *h, const char *name)
{
    about->slope = 1;
    about->inter = 0;
    if (h->scl_slope == 0 || !isfinite(h->scl_slope)) {
        about->scale_unset = true;
        if (isfinite(h->scl_inter) && h->scl_inter != 0)
            lar_text_add(
                &about->warnings,
                "its slope is %g, though its intercept is %g; voxels are taken as they are "
                "stored\n",
                h->scl_slope, h->scl_inter);
        return LAR_OK;
    }
    if (!isfinite(h->scl_inter))
        return lar_fail(LAR_EFORMAT, "'%s' scales its voxels by %g and adds %g, which is no number",
                        name, h->scl_slope, h->scl_inter);
    about->slope = h->scl_slope;
    about->inter = h->scl_inter;
    return LAR_OK;
}

static double finite_or_zero(double value)
{
    return isfinite(value) ? value : 0;
}

static void take_notes(lar_image_about *about, const lar_nifti_header *h)
{
    lar_notes *notes = about->notes;
    memcpy(notes->description, h->descrip, sizeof notes->description - 1);
    memcpy(notes->name, h->intent_name, sizeof notes->name - 1);
    notes->intent = (int)h->intent_code;
    for (int n = 0; n < 3; n++) notes->intent_values[n] = finite_or_zero(h->intent_p[n]);
    notes->step = about->dims > 3 ? finite_or_zero(h->pixdim[4]) : 0;
    notes->step_unit = about->dims > 3 ? (int)(h->xyzt_units & 0x38) : 0;
    notes->window[0] = finite_or_zero(h->cal_min);
    notes->window[1] = finite_or_zero(h->cal_max);
}

static lar_status check_magic(lar_voxels *voxels, const lar_nifti_header *h, const char *name)
{
    static const char *const known[3][2] = { { NULL, NULL }, { "n+1", "ni1" }, { "n+2", "ni2" } };
    voxels->beside = memcmp(h->magic, known[h->version][1], 4) == 0;
    if (voxels->beside || memcmp(h->magic, known[h->version][0], 4) == 0) return LAR_OK;
    const unsigned char *found = (const unsigned char *)h->magic;
    return lar_fail(LAR_EFORMAT,
                    "'%s' begins as NIfTI-%d does, but lacks its magic word '%s': it has %02x %02x "
                    "%02x %02x",
                    name, h->version, known[h->version][0], (unsigned)found[0], (unsigned)found[1],
                    (unsigned)found[2], (unsigned)found[3]);
}

/* Analyze has no magic word: it must have its name. */
static bool is_analyze(const unsigned char *bytes, size_t count, const char *name)
{
    return (lar_text_ends(name, ".hdr") || lar_text_ends(name, ".hdr.gz")) &&
           lar_analyze_is(bytes, count);
}

lar_status lar_nifti_about(lar_image_about *about, lar_voxels *voxels, const unsigned char *bytes,
                           size_t count, int form, const char *name)
{
    lar_status status = LAR_OK;
    lar_nifti_header h;
    bool swapped;
    const int version = lar_nifti_version(bytes, count, &swapped);
    const size_t length = version == 1 ? NIFTI1_BYTES : NIFTI2_BYTES;

    *voxels = (lar_voxels){ 0 };
    if (!version || count < length)
        return lar_fail(LAR_EFORMAT,
                        "'%s' is too short for a NIfTI header: %zu bytes, expected %zu", name,
                        count, length);
    lar_nifti_decode(&h, bytes, version, swapped);
    const bool analyze = is_analyze(bytes, count, name);
    about->format = version == 1 ? "NIfTI-1" : "NIfTI-2";
    about->swapped = swapped;
    if (!about->notes) LAR_TRY(lar_notes_new(&about->notes, 0));
    if (analyze) {
        voxels->beside = true;
        LAR_TRY(lar_analyze_about(about, &h, bytes, form, name));
    } else {
        about->form_codes[0] = (int)h.sform_code;
        about->form_codes[1] = (int)h.qform_code;
        LAR_TRY(check_magic(voxels, &h, name));
        LAR_TRY(check_scale(about, &h, name));
    }
    LAR_TRY(check_type(about, &h, name));
    LAR_TRY(check_sizes(about, &h, name));
    LAR_TRY(check_place(voxels, about, &h, name));
    lar_voxels_set_type(voxels, about);
    if (analyze) return lar_analyze_place(about, &h, bytes, name);
    take_notes(about, &h);
    if ((h.xyzt_units & 7) > 3)
        lar_text_add(&about->warnings,
                     "its unit of length has the unknown code %lld; taken as mm\n",
                     (long long)(h.xyzt_units & 7));
    LAR_TRY(lar_nifti_affine(about, &h, form, name));
done:
    return status;
}

lar_status lar_nifti_extensions(lar_image_about *about, const unsigned char *bytes, size_t count,
                                const char *name)
{
    lar_status status = LAR_OK;
    lar_notes *notes = NULL;
    const size_t first =
        (lar_text_is(about->format, "NIfTI-1") ? NIFTI1_BYTES : NIFTI2_BYTES) + NIFTI_FLAG_BYTES;
    int64_t found = 0;

    if (count < first + 8 || bytes[first - NIFTI_FLAG_BYTES] == 0) return LAR_OK;
    for (int pass = 0; pass < 2; pass++) { /* counts, then copies */
        int64_t n = 0;
        for (size_t at = first; at + 8 <= count; n++) {
            const int32_t size = lar_nifti_int32(bytes + at, about->swapped);
            if (size == 0) break; /* room that nothing uses */
            if (size < 8 || (size_t)size > count - at) {
                status = lar_fail(LAR_EFORMAT,
                                  "extension %lld of '%s' cannot have %d bytes, of the %zu that "
                                  "are left",
                                  (long long)n + 1, name, size, count - at);
                goto done;
            }
            if (pass) {
                lar_extension *e = &notes->extensions[n];
                e->code = lar_nifti_int32(bytes + at + 4, about->swapped);
                e->count = size - 8;
                e->bytes = lar_alloc_raw(e->count, 1);
                if (!e->bytes) {
                    status = LAR_EMEMORY;
                    goto done;
                }
                memcpy(e->bytes, bytes + at + 8, (size_t)e->count);
            }
            at += (size_t)size;
        }
        if (pass) break;
        found = n;
        LAR_TRY(lar_notes_new(&notes, found));
    }
    /* all but the list of extensions as it was */
    lar_extension *extensions = notes->extensions;
    *notes = *about->notes;
    notes->extensions = extensions;
    notes->extension_count = found;
    notes->holders = 1;
    lar_notes_drop(about->notes);
    about->notes = notes;
    notes = NULL;
done:
    lar_notes_drop(notes);
    return status;
}
