/* The table of normalizers, and the one way in which all of them are fitted, applied and undone.
 * Adding one is its own file, a row here, a test and a line in the manual.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "image/image.h"
#include "intensity/intensity.h"

extern const lar_normalizer_method lar_normalizer_zscore;

const lar_normalizer_method *const lar_normalizer_methods[] = {
    &lar_normalizer_zscore,
    NULL,
};

/* In the order of the table above; a test holds them together. */
static const char *const method_names[] = { "zscore", NULL };

const lar_param lar_normalize_table[] = {
    LAR_P_CHOICE(lar_normalize_params, method, "method", 0, "zscore", method_names,
                 "how intensities are brought to one scale"),
    LAR_P_END,
};

lar_normalize_params lar_normalize_default(void)
{
    lar_normalize_params params;
    lar_param_defaults(lar_normalize_table, &params);
    return params;
}

struct lar_normalizer {
    const lar_normalizer_method *method;
    lar_reals values;
    bool fitted;
};

lar_status lar_normalizer_new(lar_normalizer **out, const char *method)
{
    *out = NULL;
    for (const lar_normalizer_method *const *m = lar_normalizer_methods; *m; m++) {
        if (!lar_text_is((*m)->name, method)) continue;
        lar_normalizer *n = lar_alloc(1, sizeof *n);
        if (!n) return LAR_EMEMORY;
        n->method = *m;
        *out = n;
        return LAR_OK;
    }
    const lar_status status = lar_fail(LAR_EARGUMENT, "there is no normalizer '%s'", method);
    const char *nearest = lar_text_nearest(method, method_names);
    return nearest ? lar_hint(status, "%s", nearest) : status;
}

lar_status lar_normalizer_fit(lar_normalizer *n, const lar_image *image, const lar_image *mask)
{
    if (mask && !lar_grid_matches(&image->grid, &mask->grid)) {
        char on_image[96], on_mask[96];
        lar_grid_words(&image->grid, on_image, sizeof on_image);
        lar_grid_words(&mask->grid, on_mask, sizeof on_mask);
        const lar_status status = lar_fail(
            LAR_EGEOMETRY, "the mask (%s) is not on the grid of the image (%s)", on_mask, on_image);
        return lar_hint(status, "larmor resample MASK -o NEW --like IMAGE --interpolation nearest");
    }
    lar_reals values = { 0 };
    const lar_status status = n->method->fit(&values, image, mask);
    if (status != LAR_OK) return status;
    n->values = values;
    n->fitted = true;
    return LAR_OK;
}

enum { CHUNK = 512, ROWS = 64 }; /* voxels of a row at a time; rows of a piece */

typedef struct mapping {
    const lar_image *in;
    lar_image *out;
    const lar_reals *values;
    void (*map)(float *out, const double *in, int64_t count, const lar_reals *values);
} mapping;

static lar_status map_rows(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const mapping *job = arg;
    const int64_t *size = job->in->grid.size;
    double row[CHUNK];
    for (int64_t r = begin; r < end; r++) {
        const int64_t j = r % size[1], k = r / size[1] % size[2], c = r / (size[1] * size[2]);
        float *out = (float *)job->out->voxels + r * size[0];
        for (int64_t i = 0; i < size[0]; i += CHUNK) {
            const int64_t count = size[0] - i < CHUNK ? size[0] - i : CHUNK;
            lar_image_load(row, job->in, i, j, k, c, count);
            job->map(out + i, row, count, job->values);
        }
    }
    return LAR_OK;
}

static lar_status map_image(lar_image **out, const lar_normalizer *n, const lar_image *in,
                            bool undo)
{
    lar_status status = LAR_OK;
    lar_image *result = NULL;

    *out = NULL;
    if (!n->fitted)
        return lar_fail(LAR_EARGUMENT, "the normalizer '%s' has learned nothing yet",
                        n->method->name);
    LAR_TRY(lar_image_like(&result, in, LAR_F32));
    mapping job = { .in = in,
                    .out = result,
                    .values = &n->values,
                    .map = undo ? n->method->undo : n->method->apply };
    LAR_TRY(lar_parallel(in->grid.size[1] * in->grid.size[2] * in->channels, ROWS, map_rows, &job));
    *out = result;
    result = NULL;
done:
    lar_image_free(result);
    return status;
}

lar_status lar_normalizer_apply(lar_image **out, const lar_normalizer *n, const lar_image *in)
{
    return map_image(out, n, in, false);
}

lar_status lar_normalizer_undo(lar_image **out, const lar_normalizer *n, const lar_image *in)
{
    return map_image(out, n, in, true);
}

lar_reals lar_normalizer_values(const lar_normalizer *n)
{
    return n->values;
}

lar_status lar_normalizer_set(lar_normalizer *n, const lar_reals *values)
{
    int64_t wanted = 0;
    while (n->method->value_names[wanted]) wanted++;
    bool valid = values->count == wanted;
    for (int64_t v = 0; valid && v < wanted; v++) valid = isfinite(values->at[v]);
    if (!valid || !n->method->accepts(values))
        return lar_fail(LAR_EARGUMENT, "these %lld values cannot be those of a fitted '%s'",
                        (long long)values->count, n->method->name);
    n->values = *values;
    n->fitted = true;
    return LAR_OK;
}

void lar_normalizer_free(lar_normalizer *n)
{
    lar_free(n);
}
