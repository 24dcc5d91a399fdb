/* N4 bias-field correction: the presets, the checks, and the order of the work. Tustison 2010,
 * doi:10.1109/TMI.2010.2046908.
 * SPDX-License-Identifier: Apache-2.0 */
#include <float.h>
#include <math.h>

#include "base/base.h"
#include "filter/n4_parts.h"
#include "image/image.h"

enum { SHRINK_MOST = 64 };

static const char *const presets[] = { "default", "ants", "fast", NULL };

const lar_param lar_n4_table[] = {
    LAR_P_CHOICE(lar_n4_params, like, "like", 'l', "default", presets,
                 "the preset: larmor's choice, the result of ANTsPy, or less work"),
    LAR_P_INT(lar_n4_params, shrink, "shrink", 's', "auto", 1, SHRINK_MOST, "factor",
              "estimate the field on a grid so much coarser"),
    LAR_P_INTS(lar_n4_params, iterations, "iterations", 'i', "", 0, 10000, "count",
               "iterations at most, for each level; the spline's mesh doubles between levels"),
    LAR_P_REAL(lar_n4_params, tolerance, "tolerance", 't', "auto", 0, 1, "number",
               "a level ends where the field changes by less"),
    LAR_P_REAL(lar_n4_params, spline_mm, "spline-mm", 'b', "auto", 1, 100000, "mm",
               "distance of the spline's knots at the first level, in place of --mesh"),
    LAR_P_INTS(lar_n4_params, mesh, "mesh", 0, "", 1, 256, "count",
               "pieces of the spline along each axis at the first level; one number, or three"),
    LAR_P_INT(lar_n4_params, bins, "bins", 0, "auto", 16, 4096, "count", "bins of the histogram"),
    LAR_P_REAL(lar_n4_params, fwhm, "fwhm", 0, "auto", 0.001, 10, "number",
               "full width at half maximum of the field's distribution, in log intensity"),
    LAR_P_REAL(lar_n4_params, wiener, "wiener", 0, "auto", 1e-12, 1e6, "number",
               "noise of the Wiener deconvolution"),
    LAR_P_FLAG(lar_n4_params, rescale, "rescale", 'r',
               "bring the result back to the range of the input inside the mask"),
    LAR_P_END,
};

lar_n4_params lar_n4_default(void)
{
    lar_n4_params params = { 0 };
    lar_param_defaults(lar_n4_table, &params);
    return params;
}

/* What the presets choose where nothing else was asked for. */
static const struct {
    double shrink; /* ITK's factor; of the others millimetres between samples */
    lar_ints iterations;
    double tolerance, fwhm, wiener;
    int64_t mesh, bins;
} chosen[] = {
    [LAR_N4_DEFAULT] = { 4, { 2, { 300, 300 } }, 2.5e-4, 0.15, 5e-4, 1, 200 },
    [LAR_N4_ANTS] = { 4, { 4, { 50, 50, 50, 50 } }, 1e-7, 0.15, 0.01, 1, 200 },
    [LAR_N4_FAST] = { 4, { 2, { 100, 100 } }, 5e-4, 0.15, 5e-4, 1, 200 },
};

static double either(double asked, double preset)
{
    return isnan(asked) ? preset : asked;
}

static lar_status make_plan(lar_n4_plan *plan, const lar_n4_params *params, const lar_grid *grid)
{
    const int like = params->like;
    double spacing[3];
    *plan = (lar_n4_plan){
        .itk = like == LAR_N4_ANTS,
        .iterations = params->iterations.count ? params->iterations : chosen[like].iterations,
        .tolerance = either(params->tolerance, chosen[like].tolerance),
        .spline_mm = params->spline_mm,
        .bins = params->bins == LAR_INT_AUTO ? chosen[like].bins : params->bins,
        .fwhm = either(params->fwhm, chosen[like].fwhm),
        .wiener = either(params->wiener, chosen[like].wiener),
        .rescale = params->rescale,
    };
    const int64_t count = params->mesh.count;
    if (count > 0 && !isnan(params->spline_mm))
        return lar_fail(LAR_EARGUMENT, "a mesh and a distance of knots exclude each other");
    if (count != 0 && count != 1 && count != 3)
        return lar_fail(LAR_EARGUMENT, "the mesh takes one number or three, not %lld",
                        (long long)count);
    lar_grid_spacing(grid, spacing);
    const double finest = fmin(spacing[0], fmin(spacing[1], spacing[2]));
    const double itk_shrink =
        params->shrink == LAR_INT_AUTO ? chosen[like].shrink : (double)params->shrink;
    for (int a = 0; a < 3; a++) {
        plan->mesh[a] = count ? params->mesh.at[count == 3 ? a : 0] : chosen[like].mesh;
        /* samples as wide as they are high: thick slices are not made thicker */
        const double wide =
            params->shrink == LAR_INT_AUTO ? chosen[like].shrink : (double)params->shrink * finest;
        const double fair = floor(wide / spacing[a] + 0.5);
        plan->shrink[a] = plan->itk            ? (int64_t)itk_shrink
                          : fair < 1           ? 1
                          : fair < SHRINK_MOST ? (int64_t)fair
                                               : SHRINK_MOST;
    }
    return LAR_OK;
}

static lar_status check_one(const lar_image *in, const lar_image *other, const char *what)
{
    if (!other) return LAR_OK;
    if (other->channels != 1)
        return lar_fail(LAR_EARGUMENT, "the %s in %lld volumes, not one", what,
                        (long long)other->channels);
    if (lar_grid_matches(&in->grid, &other->grid)) return LAR_OK;
    char here[96], there[96];
    lar_grid_words(&in->grid, here, sizeof here);
    lar_grid_words(&other->grid, there, sizeof there);
    const lar_status status = lar_fail(
        LAR_EGEOMETRY, "the %s on another grid: %s, and the image on %s", what, there, here);
    return lar_hint(status, "larmor resample --like the image, with --interpolation nearest");
}

typedef struct finding {
    const lar_image *image;
    int64_t *bad; /* of each piece */
} finding;

static lar_status find_bad(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const finding *job = arg;
    const int64_t *size = job->image->grid.size;
    double *row = lar_alloc_raw(size[0], sizeof *row);
    if (!row) return LAR_EMEMORY;
    for (int64_t r = begin * size[1]; r < end * size[1]; r++) {
        int64_t bad = 0;
        lar_image_load(row, job->image, 0, r % size[1], r / size[1], 0, size[0]);
        for (int64_t i = 0; i < size[0]; i++) bad += !(fabs(row[i]) <= (double)FLT_MAX);
        job->bad[piece] += bad;
    }
    lar_free(row);
    return LAR_OK;
}

/* Everything is done in float, so a double beyond its range is not finite either. */
static lar_status check_finite(const lar_image *image, const char *what)
{
    lar_status status = LAR_OK;
    if (!image || (image->type != LAR_F32 && image->type != LAR_F64)) return LAR_OK;
    const int64_t planes = image->grid.size[2];
    finding job = { .image = image, .bad = lar_alloc(planes, sizeof *job.bad) };
    if (!job.bad) return LAR_EMEMORY;
    LAR_TRY(lar_parallel(planes, 1, find_bad, &job));
    int64_t bad = 0;
    for (int64_t k = 0; k < planes; k++) bad += job.bad[k];
    if (bad) {
        status = lar_fail(LAR_ENUMERIC, "%lld of %lld voxels of the %s are not finite",
                          (long long)bad, (long long)lar_image_voxel_count(image), what);
        lar_hint(status, "larmor info --voxels");
    }
done:
    lar_free(job.bad);
    return status;
}

/* Smallest and largest inside the mask. */
static void find_range(double range[2], const lar_image *image, const lar_image *mask, double *room)
{
    const int64_t *size = image->grid.size;
    range[0] = INFINITY;
    range[1] = -INFINITY;
    for (int64_t r = 0; r < size[1] * size[2]; r++) {
        double *inside = room + size[0];
        lar_image_load(room, image, 0, r % size[1], r / size[1], 0, size[0]);
        if (mask) lar_image_load(inside, mask, 0, r % size[1], r / size[1], 0, size[0]);
        for (int64_t i = 0; i < size[0]; i++) {
            if (mask && inside[i] == 0) continue;
            range[0] = fmin(range[0], room[i]);
            range[1] = fmax(range[1], room[i]);
        }
    }
}

/* Inside the mask the smallest and largest value become what they were. */
static lar_status rescale(lar_image *out, const lar_image *in, const lar_image *mask)
{
    double before[2], after[2];
    const int64_t *size = in->grid.size;
    double *room = lar_alloc(2 * size[0], sizeof *room);
    if (!room) return LAR_EMEMORY;
    find_range(before, in, mask, room);
    find_range(after, out, mask, room);
    const double slope = after[1] > after[0] ? (before[1] - before[0]) / (after[1] - after[0]) : 1;
    for (int64_t r = 0; r < size[1] * size[2]; r++) {
        float *row = (float *)out->voxels + r * size[0];
        if (mask) lar_image_load(room, mask, 0, r % size[1], r / size[1], 0, size[0]);
        for (int64_t i = 0; i < size[0]; i++)
            if (!mask || room[i] != 0)
                row[i] = (float)(before[1] - slope * (after[1] - (double)row[i]));
    }
    lar_free(room);
    return LAR_OK;
}

static lar_status check(const lar_image *in, const lar_image *mask, const lar_image *weights)
{
    if (in->channels != 1) {
        const lar_status status =
            lar_fail(LAR_EARGUMENT, "the image has %lld volumes, and N4 takes one at a time",
                     (long long)in->channels);
        return lar_hint(status, "larmor convert --volume N for a file of each");
    }
    lar_status status = check_one(in, mask, "mask lies");
    if (status == LAR_OK) status = check_one(in, weights, "weights lie");
    if (status == LAR_OK) status = check_finite(in, "image");
    if (status == LAR_OK) status = check_finite(mask, "mask");
    if (status == LAR_OK) status = check_finite(weights, "weights");
    return status;
}

lar_status lar_n4(lar_image **out, lar_image **field, lar_n4_report *report, const lar_image *in,
                  const lar_image *mask, const lar_image *weights, const lar_n4_params *params)
{
    lar_status status = LAR_OK;
    lar_n4_plan plan;
    lar_n4_axis axes[3] = { { 0 } };
    lar_n4_grid grid = { 0 };
    lar_n4_lattice lattice = { 0 };
    lar_n4_report own;
    lar_image *divided = NULL, *bias = NULL;
    double spacing[3];
    int64_t box[3][2];

    *out = NULL;
    if (field) *field = NULL;
    if (!report) report = &own;
    *report = (lar_n4_report){ 0 };
    LAR_TRY(make_plan(&plan, params, &in->grid));
    LAR_TRY(check(in, mask, weights));
    lar_grid_spacing(&in->grid, spacing);
    for (int a = 0; a < 3; a++)
        LAR_TRY(lar_n4_axis_init(&axes[a], in->grid.size[a], spacing[a], a, &plan));
    if (plan.itk) lar_n4_axes_align(axes, in);
    LAR_TRY(lar_n4_grid_init(&grid, axes, &plan, in, mask, weights));
    lar_n4_grid_box(box, &grid);
    for (int a = 0; a < 3 && !plan.itk; a++)
        lar_n4_axis_narrow(&axes[a], spacing[a], a, &plan, box[a][0], box[a][1]);
    LAR_TRY(lar_n4_estimate(&lattice, report, &grid, axes, &plan));
    LAR_TRY(lar_image_blank(&divided, in, LAR_F32));
    if (field) LAR_TRY(lar_image_blank(&bias, in, LAR_F32));
    LAR_TRY(lar_n4_divide(divided, bias, in, plan.itk ? mask : NULL, &lattice, axes));
    if (plan.rescale) LAR_TRY(rescale(divided, in, mask));
    *out = divided;
    divided = NULL;
    if (field) {
        *field = bias;
        bias = NULL;
    }
done:
    lar_image_free(bias);
    lar_image_free(divided);
    lar_n4_lattice_clear(&lattice);
    lar_n4_grid_clear(&grid);
    for (int a = 0; a < 3; a++) lar_n4_axis_clear(&axes[a]);
    return status;
}
