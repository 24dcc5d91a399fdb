/* The table of methods, and what is asked of them.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "base/base.h"
#include "brain/brain.h"

extern const lar_strip_method lar_strip_learned, lar_strip_surface;

const lar_strip_method *const lar_strip_methods[] = { &lar_strip_learned, &lar_strip_surface,
                                                      NULL };

static const char *const method_names[] = { "auto", "learned", "surface", NULL };
const char *const lar_strip_contrast_names[] = { "auto", "t1", "t2", "flair", "pd", "ct", NULL };
static const char *const precision_names[] = { "auto", "float32", "bfloat16", NULL };

const lar_param lar_strip_table[] = {
    LAR_P_CHOICE(lar_strip_params, method, "method", 'm', "auto", method_names,
                 "learned: a network (larmor models); surface: a closed surface of least cost, "
                 "needs no weights; auto: learned where its weights are there"),
    LAR_P_CHOICE(lar_strip_params, contrast, "contrast", 'c', "auto", lar_strip_contrast_names,
                 "what the image is; auto: CT where values are Hounsfield units, else MR"),
    LAR_P_TEXT(lar_strip_params, model, "model", 0, "", "name",
               "learned: one that larmor models lists, or a file; left out: the first"),
    LAR_P_CHOICE(lar_strip_params, precision, "precision", 0, "auto", precision_names,
                 "learned; auto: bfloat16 where this processor computes with it"),
    LAR_P_REAL(lar_strip_params, grow_mm, "grow", 0, "0", -20, 20, "mm",
               "move the finished mask outwards, or inwards below 0"),
    LAR_P_END,
};

lar_strip_params lar_strip_default(void)
{
    lar_strip_params p;
    lar_param_defaults(lar_strip_table, &p);
    return p;
}

lar_status lar_strip_method_for(const lar_strip_method **out, const lar_strip_params *params)
{
    const bool any = params->method == LAR_STRIP_AUTO;
    *out = lar_strip_methods[any ? 0 : params->method - LAR_STRIP_LEARNED];
    const lar_status status = (*out)->ready(params);
    if (!any || params->model || status != LAR_ENOINPUT) return status;
    *out = lar_strip_methods[LAR_STRIP_SURFACE - LAR_STRIP_LEARNED];
    return (*out)->ready(params);
}
