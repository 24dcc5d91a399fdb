/* RAVEL: after WhiteStripe, what varies together in CSF, where nothing of interest does, is taken
 * out of every voxel (Fortin 2016, doi:10.1016/j.neuroimage.2016.02.036). The population streams by
 * three times, so that memory holds a few volumes and the values of the control voxels alone:
 * which voxels are CSF in every image; their values; the regression of every voxel on the factors.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "image/image.h"
#include "intensity/ravel.h"
#include "intensity/tissue.h"
#include "math/math.h"

extern const lar_normalizer_method lar_normalizer_whitestripe;

enum { CHUNK = 256, PIECE = 1 << 16, CONTROLS = 10000, PASSES = 3 };

static void ravel_clear(void *ravel)
{
    lar_ravel *r = ravel;
    lar_image_free(r->mean);
    lar_image_free(r->slopes);
    lar_image_free(r->control);
    lar_free(r->common);
    lar_free(r->places);
    lar_free(r->values);
    lar_free(r->scores);
    lar_free(r->sums);
}

static lar_status check_grid(const lar_image *image, const lar_grid *grid)
{
    char here[96], there[96];
    if (image->channels != 1)
        return lar_fail(LAR_EARGUMENT, "'ravel' takes one volume, and the image holds %lld",
                        (long long)image->channels);
    if (lar_grid_matches(&image->grid, grid)) return LAR_OK;
    lar_grid_words(&image->grid, here, sizeof here);
    lar_grid_words(grid, there, sizeof there);
    lar_fail(LAR_EGEOMETRY,
             "'ravel' compares images voxel by voxel, and this one (%s) is not on the grid of the "
             "population (%s)",
             here, there);
    return lar_hint(LAR_EGEOMETRY, "images that were registered to one another, on one grid");
}

static lar_status whitestripe(lar_image **out, const lar_fitting *of)
{
    lar_found found = { 0 };
    *out = NULL;
    const lar_status status = lar_normalizer_whitestripe.fit(&found, of);
    return status == LAR_OK ? lar_curve_apply(out, &found.curve, of->image) : status;
}

/* ---- first pass: where every image is CSF -------------------------------------------------- */

static lar_status find_centres(double centres[3], const lar_fitting *of)
{
    lar_status status = LAR_OK;
    lar_sample sample = { 0 };
    lar_tissues tissues;
    const int contrast = of->params->contrast;
    if (of->tissue) return LAR_OK; /* its first volume tells */
    if (contrast != LAR_CONTRAST_AUTO && contrast != LAR_CONTRAST_T1) {
        lar_fail(LAR_EARGUMENT, "which tissue is which can be seen on a T1 alone");
        return lar_hint(LAR_EARGUMENT, "the map of CSF from the same head's T1");
    }
    LAR_TRY(lar_sample_take(&sample, of->image, of->mask));
    LAR_TRY(lar_tissues_find(&tissues, &sample));
    memcpy(centres, tissues.centres, sizeof tissues.centres);
done:
    lar_sample_clear(&sample);
    return status;
}

static lar_status keep_common(lar_ravel *r, const lar_fitting *of)
{
    const int64_t *size = r->grid.size;
    double row[CHUNK], inside[CHUNK], centres[3] = { 0 }, shares[3];
    const lar_status status = find_centres(centres, of);
    if (status != LAR_OK) return status;
    for (int64_t n = 0; n < CHUNK; n++) inside[n] = 1;
    for (int64_t v = 0; v < size[1] * size[2]; v++)
        for (int64_t i = 0; i < size[0]; i += CHUNK) {
            const int64_t count = size[0] - i < CHUNK ? size[0] - i : CHUNK;
            uint8_t *common = r->common + v * size[0] + i;
            lar_image_load(row, of->tissue ? of->tissue : of->image, i, v % size[1], v / size[1], 0,
                           count);
            if (of->mask) lar_image_load(inside, of->mask, i, v % size[1], v / size[1], 0, count);
            for (int64_t n = 0; n < count; n++) {
                shares[0] = row[n];
                if (!of->tissue) lar_tissues_membership(shares, centres, row[n]);
                common[n] &= inside[n] != 0 && shares[0] > of->params->control;
            }
        }
    return LAR_OK;
}

/* All of them, or CONTROLS at even distances in the order of the voxels. */
static lar_status choose_controls(lar_ravel *r)
{
    const int64_t voxels = r->grid.size[0] * r->grid.size[1] * r->grid.size[2];
    int64_t count = 0, seen = 0;
    for (int64_t v = 0; v < voxels; v++) count += r->common[v];
    if (count == 0) {
        lar_fail(LAR_ENUMERIC, "no voxel is CSF in all of the %lld images", (long long)r->images);
        return lar_hint(LAR_ENUMERIC,
                        "a lower --control, masks that hold CSF, or images that are registered");
    }
    r->place_count = count < CONTROLS ? count : CONTROLS;
    r->places = lar_alloc(r->place_count, sizeof *r->places);
    if (!r->places) return LAR_EMEMORY;
    for (int64_t v = 0, n = 0; v < voxels; v++) {
        if (!r->common[v]) continue;
        if (n < r->place_count && seen == n * count / r->place_count)
            r->places[n++] = v;
        else
            r->common[v] = 0;
        seen++;
    }
    return LAR_OK;
}

/* ---- second pass: the values of the control voxels ------------------------------------------ */

static lar_status keep_values(lar_ravel *r, const lar_image *striped)
{
    if (r->seen == r->room) {
        const int64_t room = r->room ? 2 * r->room : 16;
        float *values = lar_alloc(room, (size_t)r->place_count * sizeof *values);
        if (!values) return LAR_EMEMORY;
        if (r->room) memcpy(values, r->values, (size_t)(r->seen * r->place_count) * sizeof *values);
        lar_free(r->values);
        r->values = values;
        r->room = room;
    }
    const float *from = striped->voxels;
    for (int64_t n = 0; n < r->place_count; n++)
        r->values[r->seen * r->place_count + n] = from[r->places[n]];
    return LAR_OK;
}

typedef struct products {
    const lar_ravel *ravel;
    double *gram;
} products;

static lar_status multiply_rows(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const products *p = arg;
    const int64_t images = p->ravel->images, count = p->ravel->place_count;
    for (int64_t a = begin; a < end; a++)
        for (int64_t b = 0; b <= a; b++) {
            const float *x = p->ravel->values + a * count, *y = p->ravel->values + b * count;
            double sum = 0;
            for (int64_t n = 0; n < count; n++) sum += (double)x[n] * (double)y[n];
            p->gram[a * images + b] = sum;
        }
    return LAR_OK;
}

/* The right singular vectors of controls x images are the eigenvectors of its Gram matrix. */
static lar_status find_factors(lar_ravel *r)
{
    lar_status status = LAR_OK;
    const int64_t n = r->images, voxels = r->grid.size[0] * r->grid.size[1] * r->grid.size[2];
    double *gram = lar_alloc(n * n, sizeof *gram), *vectors = lar_alloc(n * n, sizeof *vectors);
    double *values = lar_alloc(n, sizeof *values);
    products job = { r, gram };

    r->scores = lar_alloc(n * r->factors, sizeof *r->scores);
    r->sums = lar_alloc((1 + r->factors) * voxels, sizeof *r->sums);
    if (!gram || !vectors || !values || !r->scores || !r->sums) {
        status = LAR_EMEMORY;
        goto done;
    }
    LAR_TRY(lar_parallel(n, 1, multiply_rows, &job));
    for (int64_t a = 0; a < n; a++)
        for (int64_t b = 0; b < a; b++) gram[b * n + a] = gram[a * n + b];
    LAR_TRY(lar_eigen_symmetric(values, vectors, gram, n));
    if (!(values[r->factors - 1] > 1e-12 * values[0]) || !(values[0] > 0)) {
        status =
            lar_fail(LAR_ENUMERIC, "the control voxels of the %lld images do not vary in %lld ways",
                     (long long)n, (long long)r->factors);
        lar_hint(status, "fewer --factors");
        goto done;
    }
    for (int64_t a = 0; a < n; a++)
        for (int64_t k = 0; k < r->factors; k++) r->scores[a * r->factors + k] = vectors[k * n + a];
done:
    lar_free(gram);
    lar_free(vectors);
    lar_free(values);
    return status;
}

/* ---- third pass: every voxel on the factors ---------------------------------------------------
 */

typedef struct adding {
    double *sums;
    const float *voxels;
    const double *scores;
    int64_t factors, count;
} adding;

static lar_status add_voxels(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const adding *job = arg;
    for (int64_t k = 0; k <= job->factors; k++) {
        const double weight = k ? job->scores[k - 1] : 1;
        double *restrict sums = job->sums + k * job->count;
        for (int64_t v = begin; v < end; v++) sums[v] += weight * (double)job->voxels[v];
    }
    return LAR_OK;
}

static lar_status add_image(lar_ravel *r, const lar_image *striped)
{
    const float *from = striped->voxels, *before = r->values + r->seen * r->place_count;
    bool same = r->seen < r->images;
    for (int64_t n = 0; same && n < r->place_count; n++) same = from[r->places[n]] == before[n];
    if (!same)
        return lar_fail(LAR_EARGUMENT,
                        "image %lld is not the one that was shown at its place in the pass before",
                        (long long)r->seen + 1);
    adding job = { r->sums, from, r->scores + r->seen * r->factors, r->factors,
                   lar_image_voxel_count(striped) };
    return lar_parallel(job.count, PIECE, add_voxels, &job);
}

static lar_status keep_maps(lar_ravel *r)
{
    lar_status status = LAR_OK;
    const int64_t voxels = r->grid.size[0] * r->grid.size[1] * r->grid.size[2];
    LAR_TRY(lar_image_new(&r->mean, &r->grid, 1, LAR_F32));
    LAR_TRY(lar_image_new(&r->slopes, &r->grid, r->factors, LAR_F32));
    LAR_TRY(lar_image_new(&r->control, &r->grid, 1, LAR_U8));
    float *mean = r->mean->voxels, *slopes = r->slopes->voxels;
    for (int64_t v = 0; v < voxels; v++) mean[v] = (float)(r->sums[v] / (double)r->images);
    for (int64_t v = 0; v < voxels * r->factors; v++) slopes[v] = (float)r->sums[voxels + v];
    memcpy(r->control->voxels, r->common, (size_t)voxels);
    LAR_TRY(lar_ravel_measure(r));
    lar_free(r->sums);
    lar_free(r->values);
    lar_free(r->common);
    r->sums = NULL;
    r->values = NULL;
    r->common = NULL;
done:
    return status;
}

/* ---- the population ----------------------------------------------------------------------------
 */

static lar_status begin(lar_ravel *r, const lar_image *image)
{
    r->grid = image->grid;
    const int64_t voxels = lar_image_voxel_count(image);
    r->common = lar_alloc_raw(voxels, 1);
    if (!r->common) return LAR_EMEMORY;
    memset(r->common, 1, (size_t)voxels);
    return LAR_OK;
}

static lar_status ravel_learn(void *ravel, int pass, const lar_fitting *of)
{
    lar_status status = LAR_OK;
    lar_ravel *r = ravel;
    lar_image *striped = NULL;
    if (!r->common) LAR_TRY(begin(r, of->image));
    LAR_TRY(check_grid(of->image, &r->grid));
    if (pass == 0) {
        lar_found found = { 0 };
        LAR_TRY(lar_normalizer_whitestripe.fit(&found, of)); /* what fails, fails in this pass */
        LAR_TRY(keep_common(r, of));
    } else {
        LAR_TRY(whitestripe(&striped, of));
        LAR_TRY(pass == 1 ? keep_values(r, striped) : add_image(r, striped));
    }
    r->seen++;
done:
    lar_image_free(striped);
    if (status != LAR_OK && pass == 0 && r->seen == 0) { /* another may be the first */
        lar_free(r->common);
        r->common = NULL;
    }
    return status;
}

static lar_status ravel_end_pass(void *ravel, int pass, const lar_normalize_params *params)
{
    lar_ravel *r = ravel;
    const int64_t seen = r->seen;
    r->seen = 0;
    if (pass == 0) {
        r->images = seen;
        r->factors = params->factors;
        if (seen <= r->factors)
            return lar_fail(LAR_EARGUMENT,
                            "%lld unwanted factor%s can be found in more than %lld image%s, and "
                            "the population has %lld",
                            (long long)r->factors, r->factors == 1 ? "" : "s",
                            (long long)r->factors, r->factors == 1 ? "" : "s", (long long)seen);
        return choose_controls(r);
    }
    if (seen != r->images)
        return lar_fail(LAR_EARGUMENT, "%lld images were shown in pass %d, and %lld in the first",
                        (long long)seen, pass + 1, (long long)r->images);
    return pass == 1 ? find_factors(r) : keep_maps(r);
}

/* ---- one image
 * ----------------------------------------------------------------------------------- */

/* For each factor the sum over control voxels of its slope times a voxel, where `of` is NULL times
 * the slope itself. */
static void project(double sums[LAR_RAVEL_FACTORS], const lar_ravel *r, const lar_image *of)
{
    const int64_t voxels = lar_image_voxel_count(r->mean);
    const uint8_t *control = r->control->voxels;
    for (int64_t k = 0; k < r->factors; k++) {
        const float *slopes = (const float *)r->slopes->voxels + k * voxels;
        const float *values = of ? of->voxels : slopes;
        sums[k] = 0;
        for (int64_t v = 0; v < voxels; v++)
            if (control[v]) sums[k] += (double)slopes[v] * (double)values[v];
    }
}

lar_status lar_ravel_measure(lar_ravel *r)
{
    project(r->strengths, r, NULL);
    for (int64_t k = 0; k < r->factors; k++)
        if (!(r->strengths[k] > 0))
            return lar_fail(LAR_ENUMERIC, "factor %lld is zero in all control voxels",
                            (long long)k + 1);
    return LAR_OK;
}

/* The scores of an image follow from its control voxels; of one of the population they are those
 * of the decomposition, for slopes there are singular values times left singular vectors. */
static lar_status ravel_fit(lar_found *out, const lar_fitting *of)
{
    lar_status status = LAR_OK;
    const lar_ravel *r = of->standard;
    lar_image *striped = NULL;
    double sums[LAR_RAVEL_FACTORS];
    LAR_TRY(check_grid(of->image, &r->mean->grid));
    LAR_TRY(lar_normalizer_whitestripe.fit(out, of));
    LAR_TRY(lar_curve_apply(&striped, &out->curve, of->image));
    project(sums, r, striped);
    for (int64_t k = 0; k < r->factors; k++)
        out->values.at[out->values.count++] = sums[k] / r->strengths[k];
done:
    lar_image_free(striped);
    return status;
}

typedef struct correcting {
    float *voxels;
    const lar_ravel *ravel;
    const double *scores;
    int64_t count;
} correcting;

static lar_status correct_voxels(void *arg, int64_t piece, int64_t begin_at, int64_t end)
{
    (void)piece;
    const correcting *job = arg;
    const float *mean = job->ravel->mean->voxels, *slopes = job->ravel->slopes->voxels;
    for (int64_t v = begin_at; v < end; v++) {
        double value = (double)job->voxels[v];
        for (int64_t k = 0; k < job->ravel->factors; k++)
            value -= job->scores[k] * (double)slopes[k * job->count + v];
        job->voxels[v] = (float)(value + (double)mean[v]);
    }
    return LAR_OK;
}

static lar_status ravel_correct(lar_image *image, const void *standard, const lar_found *found)
{
    const lar_ravel *r = standard;
    const lar_status status = check_grid(image, &r->mean->grid);
    if (status != LAR_OK) return status;
    if (found->values.count < r->factors) /* of a file */
        return lar_fail(LAR_EFORMAT,
                        "the fit holds %lld values, too few for the scores of %lld "
                        "factors",
                        (long long)found->values.count, (long long)r->factors);
    correcting job = { image->voxels, r, found->values.at + found->values.count - r->factors,
                       lar_image_voxel_count(image) };
    return lar_parallel(job.count, PIECE, correct_voxels, &job);
}

static const char *const value_names[] = { "mode",    "mean",    "std",     "low",     "high",
                                           "score 1", "score 2", "score 3", "score 4", "score 5",
                                           "score 6", "score 7", "score 8", NULL };
static const char *const keys[] = { "contrast", "foreground", "width", "factors", "control", NULL };
static const lar_population population = {
    .passes = PASSES,
    .size = sizeof(lar_ravel),
    .learn = ravel_learn,
    .end_pass = ravel_end_pass,
    .write = lar_ravel_write,
    .read = lar_ravel_read,
    .correct = ravel_correct,
    .clear = ravel_clear,
};

const lar_normalizer_method lar_normalizer_ravel = {
    .name = "ravel",
    .summary = "whitestripe, then less of what varies together in CSF over a population",
    .about =
        "For images of a population on one grid, registered to one another. Each is normalized by "
        "whitestripe. Control voxels are those whose membership in CSF (of fuzzy c-means on a T1, "
        "or the first volume of a map) is above --control in every image; of more than 10000 so "
        "many at even distances are taken. The first --factors right singular vectors of control "
        "voxels by images are the unwanted factors; every voxel is regressed on them, and the "
        "residual and the voxel's mean are kept. The population is read three times, so that "
        "memory holds a few volumes whatever the number of images. A fit is JSON and three maps "
        "beside it: the mean, the slopes, and the control voxels. From these an image that was not "
        "in the population can be corrected too: its factor scores follow from its control voxels.",
    .cite = "Fortin 2016, doi:10.1016/j.neuroimage.2016.02.036",
    .value_names = value_names,
    .keys = keys,
    .foreground = LAR_FOREGROUND_HEAD,
    .takes_tissue = true,
    .population = &population,
    .fit = ravel_fit,
};
