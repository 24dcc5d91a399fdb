/* Analyze 7.5: the pair of header and voxels that NIfTI took over, and read as such, but with an
 * older meaning of some fields, and none that says an orientation. As SPM99 and SPM2 have it: a
 * scale factor, and the voxel at the world's origin in place of the originator's name.
 * Mayo Foundation, "ANALYZE 7.5 File Format"; SPM's use as nibabel has it (MIT), spm2analyze.py.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "format/nifti/nifti.h"

static const char analyze[] = "Analyze 7.5";

enum { GLMAX_AT = 140, GLMIN_AT = 144, ORIENT_AT = 252, ORIGIN_AT = 253, MAGIC_AT = 344 };

/* A magic word with a few bits flipped, or one byte lost, is no number of Analyze. */
static bool resembles(const unsigned char *found, const char *magic)
{
    int same = 0, bits = 0;
    for (int n = 0; n < 4; n++) {
        const unsigned differ = found[n] ^ (unsigned char)magic[n];
        same += n < 3 && differ == 0;
        bits += __builtin_popcount(differ);
    }
    return same >= 2 || bits <= 4;
}

bool lar_analyze_is(const unsigned char *bytes, size_t count)
{
    bool swapped;
    return count >= NIFTI1_BYTES && lar_nifti_version(bytes, count, &swapped) == 1 &&
           !resembles(bytes + MAGIC_AT, "ni1") && !resembles(bytes + MAGIC_AT, "n+1");
}

bool lar_analyze_found(const lar_image_about *about)
{
    return about->format == analyze;
}

/* By the scale factor; else by the two ranges, before and after scaling, that SPM2 looks at. */
static void find_scale(lar_image_about *about, const lar_nifti_header *h,
                       const unsigned char *bytes)
{
    about->slope = 1;
    about->inter = 0;
    if (isfinite(h->scl_slope) && h->scl_slope != 0) {
        about->slope = h->scl_slope;
        about->inter = isfinite(h->scl_inter) ? h->scl_inter : 0;
        return;
    }
    const double most = lar_nifti_int32(bytes + GLMAX_AT, h->swapped);
    const double least = lar_nifti_int32(bytes + GLMIN_AT, h->swapped);
    const double range = h->cal_max - h->cal_min;
    if (most == least || range == 0 || !isfinite(range)) return;
    about->slope = range / (most - least);
    about->inter = h->cal_min - about->slope * least;
    lar_text_add(&about->warnings,
                 "it has no scale factor; %.9g to %.9g become %.9g to %.9g, as SPM2 takes its "
                 "glmin, glmax, cal_min and cal_max\n",
                 least, most, h->cal_min, h->cal_max);
}

lar_status lar_analyze_about(lar_image_about *about, const lar_nifti_header *h,
                             const unsigned char *bytes, int form, const char *name)
{
    about->format = analyze;
    if (form != LAR_FORM_AUTO)
        return lar_fail(LAR_EGEOMETRY, "'%s' is Analyze 7.5, which has no %s", name,
                        lar_form_names[form]);
    if (h->datatype > 128)
        return lar_fail(LAR_EFORMAT,
                        "'%s' has no known voxel type: datatype is %lld, beyond those of Analyze "
                        "7.5",
                        name, (long long)h->datatype);
    find_scale(about, h, bytes);
    return LAR_OK;
}

/* The voxel at the origin, from 0, where SPM's field is set and near the volume; else its centre.
 */
static void find_origin(double origin[3], const lar_image_about *about, const lar_nifti_header *h,
                        const unsigned char *bytes)
{
    bool set = false, near = true;
    for (int n = 0; n < 3; n++) {
        const int at = lar_nifti_int16(bytes + ORIGIN_AT + 2 * n, h->swapped);
        const int64_t size = about->grid.size[n];
        origin[n] = at - 1; /* SPM counts from 1 */
        set |= at != 0;
        near &= at > -size && at < 2 * size;
    }
    for (int n = 0; n < 3 && !(set && near); n++) origin[n] = (double)(about->grid.size[n] - 1) / 2;
}

static void say_orient(lar_image_about *about, int orient)
{
    static const char *const words[] = { "coronal", "sagittal", "transverse flipped",
                                         "coronal flipped", "sagittal flipped" };
    if (orient >= 1 && orient <= 5)
        lar_text_add(&about->warnings,
                     "its orient field says %s, which is not used: programs disagree about it\n",
                     words[orient - 1]);
}

static void take_notes(lar_image_about *about, const lar_nifti_header *h)
{
    lar_notes *notes = about->notes; /* its description may name a patient, and is left out */
    for (int n = 0; n < 3; n++) notes->edges_mm[n] = lar_nifti_edge(h, n);
    if (about->dims > 3 && isfinite(h->pixdim[4])) notes->step = h->pixdim[4];
    if (!isfinite(h->cal_min) || !isfinite(h->cal_max)) return;
    notes->window[0] = h->cal_min;
    notes->window[1] = h->cal_max;
}

lar_status lar_analyze_place(lar_image_about *about, const lar_nifti_header *h,
                             const unsigned char *bytes, const char *name)
{
    double origin[3];
    lar_affine a = { 0 };

    find_origin(origin, about, h, bytes);
    for (int n = 0; n < 3; n++) {
        if (!isfinite(h->pixdim[n + 1]))
            return lar_fail(LAR_EFORMAT, "the voxel size of '%s' along axis %c is not finite", name,
                            "ijk"[n]);
        if (h->pixdim[n + 1] <= 0)
            lar_text_add(&about->warnings, "its voxel size along %c is %g; %g is used\n", "ijk"[n],
                         h -> pixdim[n + 1], lar_nifti_edge(h, n));
        a.m[n][n] = n == 0 ? -lar_nifti_edge(h, n) : lar_nifti_edge(h, n);
        a.m[n][3] = -origin[n] * a.m[n][n];
    }
    about->grid.to_world = a;
    about->affine_from = "Analyze convention";
    lar_text_add(&about->warnings,
                 "Analyze does not say which side is left: by its convention, the first voxels are "
                 "taken as the right side, the back and the foot\n");
    say_orient(about, bytes[ORIENT_AT]);
    take_notes(about, h);
    return lar_grid_is_valid(&about->grid)
               ? LAR_OK
               : lar_fail(LAR_EFORMAT, "the voxel sizes of '%s' cannot be used", name);
}

static bool analyze_sniff(const lar_source *source)
{
    return lar_analyze_is(source->head, source->head_count);
}

static const char *const suffixes[] = { ".hdr", ".img", ".hdr.gz", ".img.gz", NULL };

const lar_format lar_format_analyze = {
    .name = "Analyze",
    .suffixes = suffixes,
    .sniff = analyze_sniff,
    .about = lar_nifti_open_header,
    .read = lar_nifti_open,
};
