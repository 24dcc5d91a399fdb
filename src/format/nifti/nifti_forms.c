/* Where NIfTI says that voxels are: the sform (an affine), the qform (a rotation by quaternion,
 * voxel sizes and a shift), or the voxel sizes alone.
 * https://nifti.nimh.nih.gov/nifti-1/documentation/nifti1fields/nifti1fields_pages/qsform.html
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "format/nifti/nifti.h"
#include "math/math.h"

const char *const lar_form_names[] = { "auto", "sform", "qform", NULL };

static const double agree_mm = 0.1, agree_degrees = 0.5; /* beyond these the forms disagree */

/* Millimetres in the file's unit of length (NIfTI code 1 m, 2 mm, 3 um). */
static double unit_mm(const lar_nifti_header *h)
{
    const int64_t code = h->xyzt_units & 7;
    return code == 1 ? 1000 : code == 3 ? 0.001 : 1;
}

static void scale_affine(lar_affine *a, double factor)
{
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 4; c++) a->m[r][c] *= factor;
}

static lar_affine sform_of(const lar_nifti_header *h)
{
    lar_affine a;
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 4; c++) a.m[r][c] = h->srow[4 * r + c];
    scale_affine(&a, unit_mm(h));
    return a;
}

double lar_nifti_edge(const lar_nifti_header *h, int a)
{
    return h->pixdim[a + 1] == 0 ? 1 : fabs(h->pixdim[a + 1]);
}

static lar_affine qform_of(const lar_nifti_header *h)
{
    double b = h->quatern[0], c = h->quatern[1], d = h->quatern[2];
    double a = 1 - (b * b + c * c + d * d);
    if (a < 1e-7) { /* a half turn, to the precision of float */
        const double length = sqrt(b * b + c * c + d * d);
        b /= length, c /= length, d /= length;
        a = 0;
    } else {
        a = sqrt(a);
    }
    const double rotation[3][3] = {
        { a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c) },
        { 2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b) },
        { 2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - c * c - b * b },
    };
    lar_affine q;
    for (int r = 0; r < 3; r++) {
        for (int n = 0; n < 3; n++)
            q.m[r][n] =
                rotation[r][n] * lar_nifti_edge(h, n) * (n == 2 && h->pixdim[0] < 0 ? -1 : 1);
        q.m[r][3] = h->qoffset[r];
    }
    scale_affine(&q, unit_mm(h));
    return q;
}

/* The largest distance of a corner, and the largest angle of an axis, between two affines. */
static void difference(const lar_affine *s, const lar_affine *q, const int64_t size[3], double *mm,
                       double *degrees)
{
    *mm = *degrees = 0;
    for (int corner = 0; corner < 8; corner++) {
        double ijk[3], at_s[3], at_q[3], square = 0;
        for (int n = 0; n < 3; n++) ijk[n] = corner >> n & 1 ? (double)(size[n] - 1) : 0;
        lar_affine_point(s, ijk, at_s);
        lar_affine_point(q, ijk, at_q);
        for (int r = 0; r < 3; r++) square += (at_s[r] - at_q[r]) * (at_s[r] - at_q[r]);
        *mm = fmax(*mm, sqrt(square));
    }
    for (int n = 0; n < 3; n++) {
        double dot = 0, s_square = 0, q_square = 0;
        for (int r = 0; r < 3; r++) {
            dot += s->m[r][n] * q->m[r][n];
            s_square += s->m[r][n] * s->m[r][n];
            q_square += q->m[r][n] * q->m[r][n];
        }
        const double cosine = dot / sqrt(s_square * q_square);
        *degrees = fmax(*degrees, acos(fmin(1, fmax(-1, cosine))) * 180 / acos(-1));
    }
}

static lar_status unusable(const lar_nifti_header *h, const char *which, const char *other,
                           bool other_usable, const char *name)
{
    bool finite = true;
    for (int n = 0; n < 12 && lar_text_is(which, "sform"); n++) finite &= isfinite(h->srow[n]) != 0;
    for (int n = 0; n < 3 && lar_text_is(which, "qform"); n++)
        finite &= isfinite(h->quatern[n]) && isfinite(h->qoffset[n]) && isfinite(h->pixdim[n + 1]);
    const lar_status status =
        lar_fail(LAR_EFORMAT, "the %s of '%s' is %s, so its voxels have no place", which, name,
                 finite ? "singular" : "not finite");
    if (other_usable)
        lar_hint(status, "larmor convert '%s' --affine %s -o mended.nii.gz, if its %s is right",
                 name, other, other);
    return status;
}

static lar_status compare_forms(lar_image_about *about, const lar_affine *sform,
                                const lar_affine *qform, int form, const char *name)
{
    double mm, degrees;
    if (lar_affine_determinant(sform) * lar_affine_determinant(qform) < 0) {
        if (form != LAR_FORM_AUTO) return LAR_OK;
        const lar_status status = lar_fail(
            LAR_EGEOMETRY,
            "the sform and the qform of '%s' differ in handedness: left and right cannot be told",
            name);
        return lar_hint(status,
                        "larmor convert '%s' --affine sform (or qform, whichever is right) -o "
                        "mended.nii.gz",
                        name);
    }
    difference(sform, qform, about->grid.size, &mm, &degrees);
    if (mm > agree_mm || degrees > agree_degrees)
        lar_text_add(&about->warnings,
                     "its sform and qform disagree by %.3g mm and %.2g degrees; the %s is used\n",
                     mm, degrees, form == LAR_FORM_QFORM ? "qform" : "sform");
    return LAR_OK;
}

/* The voxel sizes alone: axes as stored, the first voxel at the origin. */
static lar_status by_voxel_sizes(lar_image_about *about, const lar_nifti_header *h,
                                 const char *name)
{
    lar_affine a = lar_affine_identity();
    for (int n = 0; n < 3; n++) {
        if (!isfinite(h->pixdim[n + 1]))
            return lar_fail(LAR_EFORMAT, "the voxel size of '%s' along axis %c is not finite", name,
                            "ijk"[n]);
        a.m[n][n] = lar_nifti_edge(h, n);
    }
    scale_affine(&a, unit_mm(h));
    about->grid.to_world = a;
    about->affine_from = "voxel sizes";
    lar_text_add(&about->warnings,
                 "it says no orientation (neither sform nor qform): axes are taken as left to "
                 "right, back to front, foot to head\n");
    return lar_grid_is_valid(&about->grid)
               ? LAR_OK
               : lar_fail(LAR_EFORMAT, "the voxel sizes of '%s' cannot be used", name);
}

lar_status lar_nifti_affine(lar_image_about *about, const lar_nifti_header *h, int form,
                            const char *name)
{
    const bool has_s = h->sform_code > 0, has_q = h->qform_code > 0;
    if ((form == LAR_FORM_SFORM && !has_s) || (form == LAR_FORM_QFORM && !has_q))
        return lar_fail(LAR_EGEOMETRY, "'%s' has no %s", name, lar_form_names[form]);
    if (!has_s && !has_q) return by_voxel_sizes(about, h, name);

    const lar_affine sform = sform_of(h), qform = qform_of(h);
    lar_grid grid_s = about->grid, grid_q = about->grid;
    grid_s.to_world = sform;
    grid_q.to_world = qform;
    const bool s_ok = has_s && lar_grid_is_valid(&grid_s);
    const bool q_ok = has_q && lar_grid_is_valid(&grid_q);
    const bool use_s = form == LAR_FORM_SFORM || (form == LAR_FORM_AUTO && has_s);
    if (use_s && !s_ok) return unusable(h, "sform", "qform", q_ok, name);
    if (!use_s && !q_ok) return unusable(h, "qform", "sform", s_ok, name);
    if (s_ok && q_ok) {
        const lar_status status = compare_forms(about, &sform, &qform, form, name);
        if (status != LAR_OK) return status;
    } else if (has_s && has_q) {
        lar_text_add(&about->warnings, "its %s cannot be used; the %s is\n",
                     use_s ? "qform" : "sform", use_s ? "sform" : "qform");
    }
    if (!use_s)
        for (int n = 0; n < 3; n++)
            if (h->pixdim[n + 1] <= 0)
                lar_text_add(&about->warnings, "its voxel size along %c is %g; %g is used\n",
                             "ijk"[n], h -> pixdim[n + 1], lar_nifti_edge(h, n));
    about->grid.to_world = use_s ? sform : qform;
    about->affine_from = use_s ? "sform" : "qform";
    for (int n = 0; n < 3; n++) about->notes->edges_mm[n] = lar_nifti_edge(h, n) * unit_mm(h);
    about->notes->form_code = (int)(use_s ? h->sform_code : h->qform_code);
    return LAR_OK;
}

/* A rotation to its quaternion (b, c, d), a >= 0; by the largest of the four, for precision.
 * Shepperd 1978, doi:10.2514/3.55767. */
static void quaternion_of(double quatern[3], double r[3][3])
{
    double q[4]; /* a b c d, times 4 times the largest */
    const double trace[4] = { r[0][0] + r[1][1] + r[2][2], r[0][0] - r[1][1] - r[2][2],
                              r[1][1] - r[0][0] - r[2][2], r[2][2] - r[0][0] - r[1][1] };
    int best = 0;
    for (int n = 1; n < 4; n++)
        if (trace[n] > trace[best]) best = n;
    const double yz = r[2][1] - r[1][2], zx = r[0][2] - r[2][0], xy = r[1][0] - r[0][1];
    const double rows[4][4] = {
        { 1 + trace[0], yz, zx, xy },
        { yz, 1 + trace[1], r[0][1] + r[1][0], r[0][2] + r[2][0] },
        { zx, r[0][1] + r[1][0], 1 + trace[2], r[1][2] + r[2][1] },
        { xy, r[0][2] + r[2][0], r[1][2] + r[2][1], 1 + trace[3] },
    };
    double square = 0;
    for (int n = 0; n < 4; n++) {
        q[n] = rows[best][n];
        square += q[n] * q[n];
    }
    const double length = q[0] < 0 ? -sqrt(square) : sqrt(square);
    for (int n = 0; n < 3; n++) quatern[n] = q[n + 1] / length;
}

void lar_nifti_set_forms(lar_nifti_header *h, const lar_grid *grid, int code)
{
    double spacing[3], rotation[3][3];
    lar_grid_spacing(grid, spacing);
    h->pixdim[0] = lar_affine_determinant(&grid->to_world) < 0 ? -1 : 1;
    for (int r = 0; r < 3; r++) {
        for (int c = 0; c < 4; c++) h->srow[4 * r + c] = grid->to_world.m[r][c];
        for (int c = 0; c < 3; c++)
            rotation[r][c] = grid->to_world.m[r][c] / spacing[c] * (c == 2 ? h->pixdim[0] : 1);
        h->qoffset[r] = grid->to_world.m[r][3];
        h->pixdim[r + 1] = spacing[r];
    }
    h->xyzt_units = 2; /* millimetres */
    h->sform_code = code;
    quaternion_of(h->quatern, rotation);
    lar_grid by_qform = *grid;
    by_qform.to_world = qform_of(h);
    h->qform_code = lar_grid_matches(grid, &by_qform) ? code : 0;
    if (h->qform_code) return;
    for (int r = 0; r < 3; r++) h->quatern[r] = h->qoffset[r] = 0; /* sheared: no qform */
    h->pixdim[0] = 1;
}
