/* The step strip: where the brain is in one image, as a mask that later steps can name; and air
 * outside of it. What is applied to others goes through the registrations that have run.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "brain/brain.h"
#include "math/math.h"
#include "prepare/pass.h"

typedef struct strip_step {
    lar_strip_params how; /* first: lar_strip_table is of it */
    const char *of, *mask;
    int apply; /* yes, no */
} strip_step;

static const char *const answers[] = { "yes", "no", NULL };

static const lar_param strip_own[] = {
    LAR_P_TEXT(strip_step, of, "of", 0, "", "image",
               "the image in which the brain is looked for; left out: the first input"),
    LAR_P_TEXT(strip_step, mask, "mask", 0, LAR_STRIP_MASK, "name",
               "what later steps call the mask, as an image of role mask; it is prepared with the "
               "images"),
    LAR_P_CHOICE(strip_step, apply, "apply", 0, "yes", answers,
                 "set what is outside to 0, in CT to air; no: make the mask alone"),
    LAR_P_END,
};

/* ---- what a study may say -------------------------------------------------------------- */

static int64_t image_of(const lar_step *step, const lar_data_params *data)
{
    const strip_step *p = step->params;
    const int64_t mask = lar_step_image(data, p->mask);
    return mask < 0 ? -1 : lar_step_image(data, data->images[mask].made_of);
}

static lar_status strip_check(const lar_step *step, const lar_data_params *data)
{
    lar_status status = LAR_OK;
    const strip_step *p = step->params;
    if (p->of) LAR_TRY(lar_step_find_image(data, p->of));
    const lar_image_spec *of = &data->images[image_of(step, data)];
    if (!lar_role_is_measured(of->role))
        status = lar_fail(LAR_EARGUMENT, "no brain can be found in '%s': its role is %s", of->name,
                          lar_role_names[of->role]);
    else if (p->apply && step->names_images)
        status = lar_fail(LAR_EARGUMENT, "'images' says where the mask is applied, and 'apply' "
                                         "that it is not");
    else if (p->how.model && p->how.method == LAR_STRIP_SURFACE)
        status = lar_fail(LAR_EARGUMENT, "a model is for the method learned, not surface");
done:
    return status;
}

static void strip_uses(const lar_step *step, const lar_data_params *data, bool *used)
{
    used[image_of(step, data)] = true;
    used[lar_step_image(data, ((const strip_step *)step->params)->mask)] = true;
}

/* The registration after the step that first brings an image to where the mask's lies; NULL: it
 * lies there. */
static const lar_step *brought_later(const lar_step *step, const lar_study *study, int64_t image)
{
    const int64_t of = image_of(step, &study->data);
    for (const lar_step *s = step + 1; s < study->steps + study->step_count; s++)
        if (lar_step_is_register(s) && s->on[image] != s->on[of]) return s;
    return NULL;
}

lar_status lar_strip_set_images(bool *on, const lar_step *step, const lar_study *study)
{
    const strip_step *p = step->params;
    const lar_data_params *data = &study->data;
    for (int64_t n = 0; n < data->image_count; n++) {
        const lar_step *later = on[n] ? brought_later(step, study, n) : NULL;
        if (p->apply) on[n] = false;
        if (!later) continue;
        on[n] = false;
        if (!step->names_images) continue;
        lar_fail(LAR_EARGUMENT,
                 "'%s' does not lie on '%s' yet: the registration in line %lld comes "
                 "later",
                 data->images[n].name, data->images[image_of(step, data)].name,
                 (long long)later->line);
        return lar_hint(LAR_EARGUMENT, "this step after that one, or a strip step of '%s' itself",
                        data->images[n].name);
    }
    on[lar_step_image(data, p->mask)] = true;
    return LAR_OK;
}

/* What the study says of the image, in the words of lar_strip(). */
static lar_strip_params asked(const lar_step *step, const lar_study *study)
{
    lar_strip_params how = ((const strip_step *)step->params)->how;
    const char *contrast = study->data.images[image_of(step, &study->data)].contrast;
    for (int n = 0; how.contrast == LAR_STRIP_CONTRAST_AUTO && lar_strip_contrast_names[n]; n++)
        if (lar_text_is(lar_strip_contrast_names[n], contrast)) {
            how.contrast = n;
            break;
        }
    return how;
}

/* ---- one case -------------------------------------------------------------------------- */

static void show(const lar_step *step, const lar_pass *pass, int64_t image, const lar_image *mask)
{
    const lar_prepare_watch *w = pass->watch;
    const int64_t s = step - pass->study->steps;
    if (w && w->masked)
        w->masked(w->user, pass->id, image, s + 1, pass->images[image], mask,
                  &pass->strips[s].verdict);
}

static lar_status find_mask(const lar_step *step, lar_pass *pass, int64_t of, int64_t made)
{
    lar_status status = LAR_OK;
    lar_image *mask = NULL, *ras;
    const lar_strip_params how = asked(step, pass->study);
    lar_strip_report *report = &pass->strips[step - pass->study->steps];

    status = lar_strip(&mask, NULL, report, pass->images[of], &how);
    if (status != LAR_OK) {
        lar_while(status, "no brain can be found in '%s'", pass->study->data.images[of].name);
        goto done;
    }
    LAR_TRY(lar_image_to_ras(&ras, mask));
    lar_pass_put(pass, made, ras);
    show(step, pass, of, ras);
    status = lar_pass_box_made(pass, made);
done:
    lar_image_free(mask);
    return status;
}

static bool is_ct(const lar_step *step, const lar_pass *pass, int64_t image)
{
    const char *contrast = pass->study->data.images[image].contrast;
    if (contrast) return lar_text_is(contrast, "ct");
    return image == image_of(step, &pass->study->data) &&
           pass->strips[step - pass->study->steps].contrast == LAR_STRIP_CT;
}

enum { AIR = -1000 }; /* HU */

/* Air as the steps before have made it. */
static lar_status air(double *out, const lar_step *step, const lar_pass *pass, int64_t image)
{
    lar_status status = LAR_OK;
    const lar_grid one = { .size = { 1, 1, 1 }, .to_world = lar_affine_identity() };
    lar_image *raw = NULL, *now = NULL;
    *out = is_ct(step, pass, image) ? AIR : 0;
    if (!pass->fits[image].method) return LAR_OK;
    LAR_TRY(lar_image_new(&raw, &one, 1, LAR_F32));
    *(float *)raw->voxels = (float)*out;
    LAR_TRY(lar_curve_apply(&now, &pass->fits[image].curve, raw));
    *out = *(const float *)now->voxels;
done:
    lar_image_free(raw);
    lar_image_free(now);
    return status;
}

static lar_status strip_run(const lar_step *step, lar_pass *pass, int64_t image)
{
    lar_status status = LAR_OK;
    const strip_step *p = step->params;
    const lar_data_params *data = &pass->study->data;
    const int64_t of = image_of(step, data), made = lar_step_image(data, p->mask);
    lar_image *mask = NULL, *stripped = NULL;
    double outside;

    if (!lar_pass_has(pass, of))
        return lar_fail(LAR_EARGUMENT, "the brain is looked for in '%s', which is not given",
                        data->images[of].name);
    /* once for all that it is applied to */
    if (!pass->images[made]) LAR_TRY(find_mask(step, pass, of, made));
    if (image == made) return LAR_OK;
    LAR_TRY(lar_pass_mask(&mask, pass, p->mask, image));
    if (image != of) show(step, pass, image, mask);
    LAR_TRY(air(&outside, step, pass, image));
    LAR_TRY(lar_mask_apply(&stripped, pass->images[image], mask, outside));
    lar_pass_put(pass, image, stripped);
done:
    lar_image_free(mask);
    return status;
}

/* ---- what check says ------------------------------------------------------------------- */

lar_status lar_strip_foretell(const char **method, const lar_step *step, const lar_study *study)
{
    const lar_strip_params how = asked(step, study);
    const lar_strip_method *chosen;
    const lar_status status = lar_strip_method_for(&chosen, &how);
    *method = chosen->name;
    return status;
}

lar_status lar_strip_ready(const lar_study *study)
{
    for (int64_t s = 0; s < study->step_count; s++) {
        const lar_step *step = &study->steps[s];
        const char *method;
        if (!lar_step_is_strip(step)) continue;
        const lar_status status = lar_strip_foretell(&method, step, study);
        if (status != LAR_OK)
            return lar_while(status, "step %lld, strip, cannot run its method %s", (long long)s + 1,
                             method);
    }
    return LAR_OK;
}

static void strip_words(lar_text *out, const lar_step *step, const lar_study *study)
{
    const strip_step *p = step->params;
    const lar_data_params *data = &study->data;
    const char *method;
    bool any = false;
    lar_text_add(out, " %s: the brain in %s", p->mask, data->images[image_of(step, data)].name);
    const lar_status status = lar_strip_foretell(&method, step, study);
    lar_text_add(out, ", method %s", method);
    if (status != LAR_OK)
        lar_text_add(out, ", which cannot run");
    else if (p->how.method == LAR_STRIP_AUTO && lar_text_is(method, "surface"))
        lar_text_add(out, " (there are no weights for learned)");
    for (int64_t n = 0; n < lar_data_scans(data); n++) {
        if (!step->on[n]) continue;
        lar_text_add(out, "%s %s", any ? "" : "; air outside of it in", data->images[n].name);
        any = true;
    }
}

/* A network looks at the head at 1 mm, whatever the scan: 15 channels of 240^3, by float32. */
static double strip_memory(const lar_step *step, const lar_study *study, double voxels)
{
    const char *method;
    const bool learned =
        lar_strip_foretell(&method, step, study) == LAR_OK && lar_text_is(method, "learned");
    return 15 * voxels + (learned ? 15 * 4.0 * 240 * 240 * 240 : 0);
}

const lar_step_kind lar_step_strip = {
    .name = "strip",
    .help = "the brain, as a mask, and air outside of it",
    .tables = { lar_strip_table, strip_own },
    .size = sizeof(strip_step),
    .shows = true,
    .stays = "without its skull",
    .check = strip_check,
    .words = strip_words,
    .uses = strip_uses,
    .memory = strip_memory,
    .run = strip_run,
};

/* ---- for others ------------------------------------------------------------------------ */

bool lar_step_is_strip(const lar_step *step)
{
    return step->kind == &lar_step_strip;
}

bool lar_step_makes(const lar_step *step, const lar_study *study, int64_t image)
{
    return lar_step_is_strip(step) &&
           lar_text_is(((const strip_step *)step->params)->mask, study->data.images[image].name);
}

lar_status lar_strip_findings(lar_case_findings *out, const lar_study *study,
                              const lar_strip_report *strips, lar_arena *arena)
{
    lar_case_strip *found = lar_arena_take(arena, study->step_count, sizeof *found);
    out->strip_count = 0;
    if (!found) return LAR_EMEMORY;
    for (int64_t s = 0; s < study->step_count; s++) {
        if (!strips[s].method) continue;
        const lar_step *step = &study->steps[s];
        found[out->strip_count++] = (lar_case_strip){
            .step = s + 1,
            .of = study->data.images[image_of(step, &study->data)].name,
            .mask = ((const strip_step *)step->params)->mask,
            .method = strips[s].method,
            .model = strips[s].model,
            .contrast = lar_strip_contrast_names[strips[s].contrast],
            .verdict = strips[s].verdict,
        };
    }
    out->strips = lar_case_strips_copy(found, out->strip_count, arena);
    return out->strips ? LAR_OK : LAR_EMEMORY;
}

double lar_stripped_value(int64_t *mask, const lar_study *study, int64_t image)
{
    const char *contrast = study->data.images[image].contrast;
    for (int64_t s = study->step_count - 1; s >= 0; s--) {
        const lar_step *step = &study->steps[s];
        if (!lar_step_is_strip(step) || !step->on[image]) continue;
        *mask = lar_step_image(&study->data, ((const strip_step *)step->params)->mask);
        return lar_text_is(contrast, "ct") ? AIR : 0;
    }
    *mask = -1;
    return NAN;
}
