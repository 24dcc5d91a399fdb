/* Whether a brain mask can be trusted.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/base.h"
#include "brain/brain.h"
#include "brain/strip_parts.h"
#include "filter/filter.h"
#include "image/image.h"

/* Brain and fluid of a newborn, and of the largest adults (Bethlehem 2022,
 * doi:10.1038/s41586-022-04554-y). */
#define LEAST_ML 300.0
#define MOST_ML  2100.0

static void doubt(lar_strip_verdict *v, const char *format, ...) LAR_PRINTF(2, 3);
static void doubt(lar_strip_verdict *v, const char *format, ...)
{
    va_list list;
    if (v->doubtful) return; /* the first reason is the strongest */
    v->doubtful = true;
    va_start(list, format);
    vsnprintf(v->reason, sizeof v->reason, format, list);
    va_end(list);
}

static void decide(lar_strip_verdict *v)
{
    if (v->millilitres < LEAST_ML || v->millilitres > MOST_ML)
        doubt(v, "its volume is %.0f ml, and that of a brain %.0f to %.0f", v->millilitres,
              LEAST_ML, MOST_ML);
    if (v->pieces > 1)
        doubt(v, "it is in %lld pieces, the largest with %.0f %% of it", (long long)v->pieces,
              100 * v->largest);
    if (v->holes > 10) doubt(v, "it has holes of %.0f ml", v->holes);
    if (v->edge > 0.1)
        doubt(v, "%.0f %% of its surface lie on the edge of the image: it is cut off",
              100 * v->edge);
}

lar_status lar_strip_judge_seen(lar_strip_verdict *out, const lar_image *floats,
                                const lar_image *mask, int contrast, const lar_strip_look *look)
{
    lar_status status = LAR_OK;
    (void)floats, (void)contrast, (void)look;
    *out = (lar_strip_verdict){ 0 };
    LAR_TRY(lar_verdict_size(out, mask));
    decide(out);
done:
    return status;
}

lar_status lar_strip_judge(lar_strip_verdict *out, const lar_image *in, const lar_image *mask,
                           int contrast)
{
    lar_status status = LAR_OK;
    lar_image *floats = NULL, *bytes = NULL;
    lar_strip_look look;
    *out = (lar_strip_verdict){ 0 };
    LAR_TRY(lar_strip_check(in));
    LAR_TRY(lar_first_channel(&floats, in));
    LAR_TRY(lar_mask_bytes(&bytes, mask, &in->grid));
    LAR_TRY(lar_strip_look_at(&look, floats));
    LAR_TRY(lar_strip_settle_contrast(&contrast, &look));
    LAR_TRY(lar_strip_judge_seen(out, floats, bytes, contrast, &look));
done:
    lar_image_free(bytes);
    lar_image_free(floats);
    return status;
}
