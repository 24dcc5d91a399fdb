/* The table of normalizers, and the one way in which all of them learn, are fitted, applied and
 * undone. Adding one is its own file, a row here, a test and a line in the manual.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "filter/filter.h"
#include "image/image.h"
#include "intensity/intensity.h"
#include "intensity/normalizer.h"
#include "intensity/tissue.h"

extern const lar_normalizer_method lar_normalizer_lsq;
extern const lar_normalizer_method lar_normalizer_nyul;
extern const lar_normalizer_method lar_normalizer_ravel;
extern const lar_normalizer_method lar_normalizer_zscore;
extern const lar_normalizer_method lar_normalizer_fcm;
extern const lar_normalizer_method lar_normalizer_gmm;
extern const lar_normalizer_method lar_normalizer_kde;
extern const lar_normalizer_method lar_normalizer_whitestripe;
extern const lar_normalizer_method lar_normalizer_percentile;
extern const lar_normalizer_method lar_normalizer_ct;

const lar_normalizer_method *const lar_normalizer_methods[] = {
    /* clang-format off */
    &lar_normalizer_zscore,
    &lar_normalizer_fcm,
    &lar_normalizer_gmm,
    &lar_normalizer_kde,
    &lar_normalizer_whitestripe,
    &lar_normalizer_percentile,
    &lar_normalizer_ct,
    &lar_normalizer_nyul,
    &lar_normalizer_lsq,
    &lar_normalizer_ravel,
    NULL,
    /* clang-format on */
};

lar_status lar_normalizer_new(lar_normalizer **out, const lar_normalize_params *params)
{
    *out = NULL;
    lar_normalizer *n = lar_alloc(1, sizeof *n);
    if (!n) return LAR_EMEMORY;
    n->params = *params;
    n->method = lar_normalizer_methods[params->method];
    if (n->method->population) {
        n->standard = lar_alloc(1, n->method->population->size);
        if (!n->standard) {
            lar_free(n);
            return LAR_EMEMORY;
        }
    }
    *out = n;
    return LAR_OK;
}

const char *lar_normalizer_method_name(const lar_normalizer *n)
{
    return n->method->name;
}

/* ---- what a method sees ---------------------------------------------------------------- */

lar_status lar_mask_on_grid(const lar_image *image, const lar_image *other, const char *what)
{
    char on_image[96], on_other[96];
    if (!other || lar_grid_matches(&image->grid, &other->grid)) return LAR_OK;
    lar_grid_words(&image->grid, on_image, sizeof on_image);
    lar_grid_words(&other->grid, on_other, sizeof on_other);
    const lar_status status =
        lar_fail(LAR_EGEOMETRY, "the %s (%s) is not on the grid of the image (%s)", what, on_other,
                 on_image);
    return lar_hint(status, "larmor resample MASK -o NEW --like IMAGE --interpolation nearest");
}

/* `own` is the mask that was made here, to be freed. */
static lar_status see(lar_fitting *of, lar_image **own, const lar_normalizer *n,
                      const lar_image *image, const lar_image *mask, const lar_image *tissue)
{
    lar_status status = LAR_OK;
    *own = NULL;
    LAR_TRY(lar_mask_on_grid(image, mask, "mask"));
    LAR_TRY(lar_mask_on_grid(image, tissue, "tissue"));
    if (!mask && !(tissue && !n->method->population)) {
        const int asked = n->params.foreground;
        LAR_TRY(lar_foreground(own, image,
                               asked == LAR_FOREGROUND_AUTO ? n->method->foreground : asked));
    }
    *of = (lar_fitting){ .params = &n->params,
                         .image = image,
                         .mask = mask ? mask : *own,
                         .tissue = tissue,
                         .standard = n->standard };
done:
    return status;
}

/* ---- population ------------------------------------------------------------------------ */

int lar_normalizer_passes(const lar_normalizer *n)
{
    return n->method->population ? n->method->population->passes - n->pass : 0;
}

lar_status lar_normalizer_learn(lar_normalizer *n, const lar_image *image, const lar_image *mask,
                                const lar_image *tissue)
{
    lar_status status = LAR_OK;
    lar_fitting of;
    lar_image *own = NULL;
    if (lar_normalizer_passes(n) == 0)
        return lar_fail(LAR_EARGUMENT,
                        "'%s' has nothing to learn from a population, or has done so",
                        n->method->name);
    LAR_TRY(see(&of, &own, n, image, mask, tissue));
    LAR_TRY(n->method->population->learn(n->standard, n->pass, &of));
    n->seen++;
done:
    lar_image_free(own);
    return status;
}

lar_status lar_normalizer_end_pass(lar_normalizer *n)
{
    if (lar_normalizer_passes(n) == 0 || n->seen == 0)
        return lar_fail(LAR_EARGUMENT, "'%s' has seen no image to learn from", n->method->name);
    const lar_status status = n->method->population->end_pass(n->standard, n->pass, &n->params);
    if (status != LAR_OK) return status;
    n->pass++;
    n->seen = 0;
    return LAR_OK;
}

/* ---- one image ------------------------------------------------------------------------- */

lar_status lar_normalizer_fit(lar_normalizer *n, const lar_image *image, const lar_image *mask,
                              const lar_image *tissue)
{
    lar_status status = LAR_OK;
    lar_fitting of;
    lar_image *own = NULL;
    lar_found found = { 0 };
    if (lar_normalizer_passes(n) > 0) {
        lar_fail(LAR_EARGUMENT, "'%s' has not learned from a population yet", n->method->name);
        return lar_hint(LAR_EARGUMENT, "several images, or the fit of an earlier run");
    }
    LAR_TRY(see(&of, &own, n, image, mask, tissue));
    LAR_TRY(n->method->fit(&found, &of));
    n->found = found;
    n->fitted = true;
done:
    lar_image_free(own);
    return status;
}

static lar_status refuse_unfitted(const lar_normalizer *n)
{
    if (n->fitted) return LAR_OK;
    return lar_fail(LAR_EARGUMENT, "the normalizer '%s' has learned nothing yet", n->method->name);
}

lar_status lar_normalizer_apply(lar_image **out, const lar_normalizer *n, const lar_image *in)
{
    lar_status status = LAR_OK;
    lar_image *result = NULL;
    *out = NULL;
    LAR_TRY(refuse_unfitted(n));
    LAR_TRY(lar_curve_apply(&result, &n->found.curve, in));
    if (n->method->population && n->method->population->correct)
        LAR_TRY(n->method->population->correct(result, n->standard, &n->found));
    *out = result;
    result = NULL;
done:
    lar_image_free(result);
    return status;
}

lar_status lar_normalizer_undo(lar_image **out, const lar_normalizer *n, const lar_image *in)
{
    *out = NULL;
    const lar_status status = refuse_unfitted(n);
    if (status != LAR_OK) return status;
    if (n->method->population && n->method->population->correct)
        return lar_fail(LAR_EUNSUPPORTED, "what '%s' subtracts cannot be added again",
                        n->method->name);
    return lar_curve_undo(out, &n->found.curve, in);
}

lar_reals lar_normalizer_values(const lar_normalizer *n)
{
    return n->found.values;
}

const lar_curve *lar_normalizer_curve(const lar_normalizer *n)
{
    return &n->found.curve;
}

lar_status lar_normalizer_borrow(lar_normalizer **out, const lar_normalizer *from)
{
    *out = lar_alloc(1, sizeof **out);
    if (!*out) return LAR_EMEMORY;
    **out = *from;
    (*out)->fitted = false;
    (*out)->borrows = true;
    return LAR_OK;
}

void lar_normalizer_free(lar_normalizer *n)
{
    if (!n) return;
    if (n->borrows) n->standard = NULL;
    if (n->standard && n->method->population->clear) n->method->population->clear(n->standard);
    lar_free(n->standard);
    lar_free(n);
}
