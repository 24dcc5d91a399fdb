/* The step normalize: intensities to a common scale, by the image alone or by what a population
 * taught (learn.c).
 * SPDX-License-Identifier: Apache-2.0 */
#include "intensity/intensity.h"
#include "prepare/pass.h"

typedef struct normalize_step {
    lar_normalize_params how; /* first: lar_normalize_table is of it */
    const char *mask, *tissue_of;
} normalize_step;

static const lar_param normalize_own[] = {
    LAR_P_TEXT(normalize_step, mask, "mask", 0, "", "image",
               "learn inside this mask; left out: where `foreground` says"),
    LAR_P_TEXT(normalize_step, tissue_of, "tissue-of", 0, "", "image",
               "the tissue is found in this image of the same head: the T1"),
    LAR_P_END,
};

static bool reads(const lar_normalizer_method *method, const char *name)
{
    if (lar_text_is(name, "method")) return true;
    for (const char *const *key = method->keys; *key; key++)
        if (lar_text_is(*key, name)) return true;
    return false;
}

/* What was set to another value than its default, and the method does not read. */
static lar_status refuse_unread(const lar_normalize_params *how)
{
    lar_status status = LAR_OK;
    const lar_normalizer_method *method = lar_normalizer_methods[how->method];
    const lar_normalize_params defaults = lar_normalize_default();
    for (const lar_param *p = lar_normalize_table; p->name && status == LAR_OK; p++) {
        lar_text set = { 0 }, usual = { 0 }, keys = { 0 };
        if (reads(method, p->name)) continue;
        lar_param_get(&set, p, how);
        lar_param_get(&usual, p, &defaults);
        if (set.failed || usual.failed) {
            status = LAR_EMEMORY;
        } else if (!lar_text_is(lar_text_get(&set), lar_text_get(&usual))) {
            for (const char *const *key = method->keys; *key; key++)
                lar_text_add(&keys, " %s", *key);
            status = lar_fail(LAR_EARGUMENT, "'%s' is not a key of the method %s; it has%s",
                              p->name, method->name, lar_text_get(&keys));
        }
        lar_text_clear(&set);
        lar_text_clear(&usual);
        lar_text_clear(&keys);
    }
    return status;
}

/* What the study says of the image; LAR_CONTRAST_AUTO where it says nothing. */
static int contrast_of(const lar_image_spec *spec)
{
    const char *const *names = lar_param_find(lar_normalize_table, "contrast")->choices;
    if (!spec->contrast) return LAR_CONTRAST_AUTO;
    for (int n = LAR_CONTRAST_T1; names[n]; n++)
        if (lar_text_is(names[n], spec->contrast)) return n;
    return LAR_CONTRAST_OTHER;
}

static bool may_be_t1(const normalize_step *p, const lar_image_spec *spec)
{
    const int contrast = p->how.contrast == LAR_CONTRAST_AUTO ? contrast_of(spec) : p->how.contrast;
    return contrast == LAR_CONTRAST_AUTO || contrast == LAR_CONTRAST_T1;
}

/* Tissue is seen on a T1: in the image itself, or in the one named. */
static lar_status refuse_untold_tissue(const lar_step *step, const lar_data_params *data)
{
    const normalize_step *p = step->params;
    const int64_t from = p->tissue_of ? lar_step_image(data, p->tissue_of) : -1;
    for (int64_t n = 0; n < data->image_count; n++) {
        const bool looks = n == from || (from < 0 && step->on[n]);
        if (!looks || may_be_t1(p, &data->images[n])) continue;
        lar_fail(LAR_EARGUMENT, "the tissue for %s is seen on a T1, and '%s' has the contrast %s",
                 lar_normalizer_methods[p->how.method]->name, data->images[n].name,
                 data->images[n].contrast ? data->images[n].contrast : "that the step says");
        return lar_hint(LAR_EARGUMENT, "'tissue_of:' and the T1 of the same head");
    }
    return LAR_OK;
}

static lar_status normalize_check(const lar_step *step, const lar_data_params *data)
{
    lar_status status = LAR_OK;
    const normalize_step *p = step->params;
    LAR_TRY(refuse_unread(&p->how));
    LAR_TRY(lar_step_find_mask(data, p->mask));
    const bool takes = lar_normalizer_methods[p->how.method]->takes_tissue;
    if (!p->tissue_of) {
        if (takes) status = refuse_untold_tissue(step, data);
        goto done;
    }
    if (!takes) {
        status = lar_fail(LAR_EARGUMENT, "the method %s looks at no tissue",
                          lar_normalizer_methods[p->how.method]->name);
        goto done;
    }
    LAR_TRY(lar_step_find_image(data, p->tissue_of));
    const int role = data->images[lar_step_image(data, p->tissue_of)].role;
    if (!lar_role_is_measured(role))
        status = lar_fail(LAR_EARGUMENT, "no tissue can be found in '%s': its role is %s",
                          p->tissue_of, lar_role_names[role]);
    else
        status = refuse_untold_tissue(step, data);
done:
    return status;
}

static void normalize_uses(const lar_step *step, const lar_data_params *data, bool *used)
{
    const normalize_step *p = step->params;
    if (p->mask) used[lar_step_image(data, p->mask)] = true;
    if (p->tissue_of) used[lar_step_image(data, p->tissue_of)] = true;
}

/* ---- one image ------------------------------------------------------------------------- */

bool lar_normalize_is_bound(const lar_step *step)
{
    const int method = ((const normalize_step *)step->params)->how.method;
    const lar_population *population = lar_normalizer_methods[method]->population;
    return population && population->correct;
}

lar_normalize_params lar_normalize_asked(const lar_step *step, const lar_study *study,
                                         int64_t image)
{
    lar_normalize_params how = ((const normalize_step *)step->params)->how;
    if (how.contrast == LAR_CONTRAST_AUTO) how.contrast = contrast_of(&study->data.images[image]);
    return how;
}

lar_status lar_normalize_new(lar_normalizer **out, const lar_step *step, const lar_study *study,
                             int64_t image)
{
    const lar_normalize_params how = lar_normalize_asked(step, study, image);
    return lar_normalizer_new(out, &how);
}

/* The tissues of the T1, found on its own grid, as they lie at the voxels of `image`. */
static lar_status tissue_onto(lar_image **out, const lar_step *step, const lar_pass *pass,
                              int64_t image)
{
    lar_status status = LAR_OK;
    const normalize_step *p = step->params;
    const int64_t from = lar_step_image(&pass->study->data, p->tissue_of);
    lar_image *mask = NULL, *map = NULL;
    const lar_resample_params linear = { .interpolation = LAR_LINEAR, .pad = 0 };

    *out = NULL;
    if (!lar_pass_has(pass, from))
        return lar_fail(LAR_EARGUMENT, "the tissue of '%s' is needed, which is not given",
                        p->tissue_of);
    const lar_image *t1 = pass->images[from];
    LAR_TRY(lar_pass_mask(&mask, pass, p->mask, from));
    if (!p->mask)
        LAR_TRY(lar_foreground(&mask, t1,
                               p->how.foreground == LAR_FOREGROUND_AUTO ? LAR_FOREGROUND_HEAD
                                                                        : p->how.foreground));
    status = lar_tissue_map(&map, t1, mask);
    if (status != LAR_OK) {
        lar_while(status, "no tissue can be found in '%s'", p->tissue_of);
        goto done;
    }
    LAR_TRY(lar_pass_carry(out, pass, map, from, image, &linear));
done:
    lar_image_free(map);
    lar_image_free(mask);
    return status;
}

lar_status lar_normalize_show(lar_shown *out, const lar_step *step, const lar_pass *pass,
                              int64_t image)
{
    lar_status status = LAR_OK;
    const normalize_step *p = step->params;
    *out = (lar_shown){ 0 };
    LAR_TRY(lar_pass_mask(&out->mask, pass, p->mask, image));
    if (p->tissue_of && image != lar_step_image(&pass->study->data, p->tissue_of))
        LAR_TRY(tissue_onto(&out->tissue, step, pass, image));
done:
    if (status != LAR_OK) lar_shown_clear(out);
    return status;
}

void lar_shown_clear(lar_shown *shown)
{
    lar_image_free(shown->mask);
    lar_image_free(shown->tissue);
    *shown = (lar_shown){ 0 };
}

/* The standard that was learned for this step and image; NULL: none. */
static const lar_normalizer *standard_of(const lar_pass *pass, const lar_step *step, int64_t image)
{
    const int64_t s = step - pass->study->steps;
    for (int64_t n = 0; pass->standards && n < pass->standards->count; n++)
        if (pass->standards->at[n].step == s && pass->standards->at[n].image == image)
            return pass->standards->at[n].normalizer;
    return NULL;
}

static lar_status normalize_run(const lar_step *step, lar_pass *pass, int64_t image)
{
    lar_status status = LAR_OK;
    lar_normalizer *normalizer = NULL;
    const lar_normalizer *standard = standard_of(pass, step, image);
    lar_shown shown = { 0 };
    lar_image *normal = NULL;

    if (standard)
        LAR_TRY(lar_normalizer_borrow(&normalizer, standard));
    else
        LAR_TRY(lar_normalize_new(&normalizer, step, pass->study, image));
    LAR_TRY(lar_normalize_show(&shown, step, pass, image));
    LAR_TRY(lar_normalizer_fit(normalizer, pass->images[image], shown.mask, shown.tissue));
    LAR_TRY(lar_normalizer_apply(&normal, normalizer, pass->images[image]));
    lar_pass_put(pass, image, normal);
    const lar_reals values = lar_normalizer_values(normalizer);
    lar_fit_add(&pass->fits[image], lar_normalizer_method_name(normalizer), &values,
                lar_normalizer_curve(normalizer));
done:
    lar_shown_clear(&shown);
    lar_normalizer_free(normalizer);
    return status;
}

/* Maps of tissues are several volumes. */
static double normalize_memory(const lar_step *step, const lar_study *study, double voxels)
{
    const lar_normalizer_method *method =
        lar_normalizer_methods[((const normalize_step *)step->params)->how.method];
    (void)study;
    return (method->takes_tissue ? 28 : 14) * voxels;
}

const lar_step_kind lar_step_normalize = {
    .name = "normalize",
    .help = "intensities to a common scale",
    .tables = { lar_normalize_table, normalize_own },
    .size = sizeof(normalize_step),
    .once = true,
    .check = normalize_check,
    .uses = normalize_uses,
    .memory = normalize_memory,
    .run = normalize_run,
};

bool lar_step_is_normalize(const lar_step *step)
{
    return step->kind == &lar_step_normalize;
}
