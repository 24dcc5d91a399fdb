/* A mask of the brain and the verdict on it: which method runs, and what comes before and after.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/base.h"
#include "brain/brain.h"
#include "filter/filter.h"
#include "image/image.h"

/* AUTO with a model is learned; without one, surface where no model is there. */
static lar_status choose(const lar_strip_method **out, const lar_strip_params *params)
{
    const bool any = params->method == LAR_STRIP_AUTO;
    *out = lar_strip_methods[any ? 0 : params->method - LAR_STRIP_LEARNED];
    lar_status status = (*out)->ready(params);
    if (!any || params->model || status != LAR_ENOINPUT) return status;
    *out = lar_strip_methods[LAR_STRIP_SURFACE - LAR_STRIP_LEARNED];
    return (*out)->ready(params);
}

lar_status lar_strip(lar_image **mask, lar_image **distance, lar_strip_report *report,
                     const lar_image *in, const lar_strip_params *params)
{
    lar_status status = LAR_OK;
    const lar_strip_method *method;
    lar_image *floats = NULL;
    *mask = NULL;
    if (distance) *distance = NULL;
    *report = (lar_strip_report){ .contrast = params->contrast };
    LAR_TRY(choose(&method, params));
    LAR_TRY(lar_first_channel(&floats, in));
    LAR_TRY(method->run(mask, report->model, floats, report->contrast, params));
    report->method = method->name;
    LAR_TRY(lar_strip_judge(&report->verdict, in, *mask, report->contrast));
done:
    lar_image_free(floats);
    return status;
}
