/* The step register: where one image lies on another. It finds a map and moves the target grid; the
 * voxels follow at the end, through the map, in the one interpolation.
 * SPDX-License-Identifier: Apache-2.0 */
#include "math/math.h"
#include "prepare/pass.h"
#include "space/space.h"

typedef struct register_step {
    lar_register_params how; /* first: lar_register_table is of it */
    const char *move, *to, *mask, *moving_mask;
    lar_texts with;
} register_step;

static const lar_param register_own[] = {
    LAR_P_TEXT(register_step, move, "move", 0, "", "image", "the image that is moved"),
    LAR_P_TEXT(register_step, to, "to", 0, "", "image",
               "the image that stays, and whose grid at this step the moved one takes"),
    LAR_P_TEXTS(register_step, with, "with", 0, "image",
                "images of the moved one's world, which go with it: its labels and masks"),
    LAR_P_TEXT(register_step, mask, "mask", 0, "", "image",
               "look inside this mask alone in the image that stays"),
    LAR_P_TEXT(register_step, moving_mask, "moving-mask", 0, "", "image",
               "look inside this mask alone in the one that is moved"),
    LAR_P_END,
};

/* ---- what a study may say -------------------------------------------------------------- */

static lar_status check_measured(const lar_data_params *data, const char *name)
{
    const lar_status status = lar_step_find_image(data, name);
    if (status != LAR_OK) return status;
    const int role = data->images[lar_step_image(data, name)].role;
    if (lar_role_is_measured(role)) return LAR_OK;
    lar_fail(LAR_EARGUMENT, "'%s' cannot be registered: its role is %s", name,
             lar_role_names[role]);
    return lar_hint(LAR_EARGUMENT, "'with: [%s]' beside the scan that it was drawn on", name);
}

static lar_status register_check(const lar_step *step, const lar_data_params *data)
{
    lar_status status = LAR_OK;
    const register_step *p = step->params;
    if (!p->move || !p->to) {
        status = lar_fail(LAR_EARGUMENT, "register needs an image to move and one that stays");
        return lar_hint(status, "- register: {move: flair, to: t1}");
    }
    LAR_TRY(check_measured(data, p->move));
    LAR_TRY(check_measured(data, p->to));
    if (lar_text_is(p->move, p->to))
        return lar_fail(LAR_EARGUMENT, "'%s' cannot be registered to itself", p->move);
    for (int64_t n = 0; n < p->with.count; n++) {
        LAR_TRY(lar_step_find_image(data, p->with.at[n]));
        const lar_image_spec *with = &data->images[lar_step_image(data, p->with.at[n])];
        if (with->made_of) {
            lar_fail(LAR_EARGUMENT, "'%s' goes where '%s' goes, and is not named beside it",
                     with->name, with->made_of);
            return lar_hint(LAR_EARGUMENT, "'with' without '%s'", with->name);
        }
        if (lar_text_is(p->with.at[n], p->to))
            return lar_fail(LAR_EARGUMENT, "'%s' cannot stay and go with '%s'", p->to, p->move);
    }
    LAR_TRY(lar_step_find_mask(data, p->mask));
    LAR_TRY(lar_step_find_mask(data, p->moving_mask));
    if (p->how.iterations.count < 1 || p->how.iterations.count > 3)
        status = lar_fail(LAR_EARGUMENT, "iterations are given for 3 levels at most, not %lld",
                          (long long)p->how.iterations.count);
done:
    return status;
}

static void register_chooses(const lar_step *step, const lar_data_params *data, bool *on)
{
    const register_step *p = step->params;
    on[lar_step_image(data, p->move)] = true;
    for (int64_t n = 0; n < p->with.count; n++) on[lar_step_image(data, p->with.at[n])] = true;
}

static void register_uses(const lar_step *step, const lar_data_params *data, bool *used)
{
    const register_step *p = step->params;
    const char *const names[] = { p->move, p->to, p->mask, p->moving_mask };
    for (size_t n = 0; n < sizeof names / sizeof *names; n++)
        if (names[n]) used[lar_step_image(data, names[n])] = true;
}

/* An image that was bent lies on no grid of its scan: its voxels would have to be interpolated
 * before they could be compared again. */
static lar_status register_after(const lar_step *step, const lar_study *study)
{
    const register_step *p = step->params;
    const char *const names[] = { p->move, p->to };
    for (const lar_step *other = study->steps; other < step; other++)
        for (int n = 0; n < 2; n++) {
            if (!lar_step_moves(other, lar_step_image(&study->data, names[n]))) continue;
            const register_step *before = other->params;
            if (before->how.kind != LAR_REGISTER_DEFORMABLE) continue;
            lar_fail(LAR_EARGUMENT,
                     "'%s' was bent by the registration in line %lld, and cannot "
                     "take part in another",
                     names[n], (long long)other->line);
            return lar_hint(LAR_EARGUMENT, "this step before that one, which then takes its images "
                                           "along ('with: [...]')");
        }
    return LAR_OK;
}

/* ---- one case -------------------------------------------------------------------------- */

/* A view of what lies on an image's scan, with the header that earlier registrations left it. */
static lar_status see_now(lar_image **out, const lar_pass *pass, int64_t image,
                          const lar_image *what)
{
    lar_chain *chain;
    lar_affine back;
    lar_status status = lar_moved_chain(&chain, pass->study, pass->maps, image, -1);
    if (status != LAR_OK) return status;
    status = lar_image_to_ras(out, what);
    if (status == LAR_OK && chain) {
        lar_chain_affine(&back, chain);
        (*out)->grid.to_world = lar_affine_chain(&(*out)->grid.to_world, &back);
    }
    lar_chain_free(chain);
    return status;
}

static lar_status see_mask(lar_image **out, const lar_pass *pass, int64_t image, const char *name)
{
    lar_image *mask;
    *out = NULL;
    lar_status status = lar_pass_mask(&mask, pass, name, image);
    if (status == LAR_OK && mask) status = see_now(out, pass, image, mask);
    lar_image_free(mask);
    return status;
}

static lar_status find_map(const lar_step *step, lar_pass *pass)
{
    lar_status status = LAR_OK;
    const register_step *p = step->params;
    const lar_data_params *data = &pass->study->data;
    const int64_t move = lar_step_image(data, p->move), to = lar_step_image(data, p->to);
    lar_registration **found = &pass->maps[step - pass->study->steps];
    lar_image *fixed = NULL, *moving = NULL, *fixed_mask = NULL, *moving_mask = NULL;

    LAR_TRY(see_now(&fixed, pass, to, pass->images[to]));
    LAR_TRY(see_now(&moving, pass, move, pass->images[move]));
    LAR_TRY(see_mask(&fixed_mask, pass, to, p->mask));
    LAR_TRY(see_mask(&moving_mask, pass, move, p->moving_mask));
    LAR_TRY(lar_register(found, fixed, moving, fixed_mask, moving_mask, NULL, &p->how));
done:
    lar_image_free(moving_mask);
    lar_image_free(fixed_mask);
    lar_image_free(moving);
    lar_image_free(fixed);
    return status;
}

static lar_status register_run(const lar_step *step, lar_pass *pass, int64_t image)
{
    const register_step *p = step->params;
    const lar_data_params *data = &pass->study->data;
    const int64_t move = lar_step_image(data, p->move), to = lar_step_image(data, p->to);
    if (!lar_pass_has(pass, to))
        return lar_fail(LAR_EARGUMENT, "'%s' is to be registered to '%s', which is not given",
                        p->move, p->to);
    if (!lar_pass_has(pass, move))
        return lar_fail(LAR_EARGUMENT, "'%s' goes with '%s', which is not given",
                        data->images[image].name, p->move);
    /* once for all that it moves */
    if (pass->maps && !pass->maps[step - pass->study->steps]) {
        const lar_status status = find_map(step, pass);
        if (status != LAR_OK) return status;
    }
    pass->targets[image] = pass->targets[to];
    return LAR_OK;
}

/* The finest level is 2 mm at least: what grows with the scan are its copies. */
static double register_memory(const lar_step *step, const lar_study *study, double voxels)
{
    (void)study;
    return (((const register_step *)step->params)->how.kind == LAR_REGISTER_DEFORMABLE ? 17 : 14) *
           voxels;
}

const lar_step_kind lar_step_register = {
    .name = "register",
    .help = "one image onto another",
    .tables = { lar_register_table, register_own },
    .size = sizeof(register_step),
    .spatial = true,
    .later = "its map is found by prepare, which flags what does not fit",
    .check = register_check,
    .after = register_after,
    .chooses = register_chooses,
    .uses = register_uses,
    .memory = register_memory,
    .run = register_run,
};

/* ---- for others ------------------------------------------------------------------------ */

bool lar_step_is_register(const lar_step *step)
{
    return step->kind == &lar_step_register;
}

bool lar_step_moves(const lar_step *step, int64_t image)
{
    return lar_step_is_register(step) && step->on[image];
}

const char *lar_register_move(const lar_step *step)
{
    return ((const register_step *)step->params)->move;
}

const char *lar_register_to(const lar_step *step)
{
    return ((const register_step *)step->params)->to;
}

bool lar_register_can(const lar_step *step, const lar_pass *pass)
{
    bool used[LAR_IMAGES_MAX] = { false }, can = lar_step_is_register(step) && pass->maps;
    if (!can) return false;
    register_uses(step, &pass->study->data, used);
    for (int64_t n = 0; n < pass->study->data.image_count; n++)
        can &= !used[n] || lar_pass_has(pass, n);
    return can;
}

lar_status lar_register_record(lar_case_findings *out, const lar_study *study,
                               lar_registration *const *maps, lar_arena *arena)
{
    lar_case_map *found = lar_arena_take(arena, study->step_count, sizeof *found);
    int64_t *count = &out->map_count;
    *count = 0;
    if (!found) return LAR_EMEMORY;
    for (int64_t s = 0; s < study->step_count; s++) {
        if (!maps[s]) continue;
        const register_step *p = study->steps[s].params;
        found[(*count)++] = (lar_case_map){ .step = s + 1,
                                            .move = p->move,
                                            .to = p->to,
                                            .affine = maps[s]->affine,
                                            .verdict = maps[s]->verdict };
    }
    out->maps = lar_case_maps_copy(found, *count, arena); /* a case may outlive its study */
    return out->maps ? LAR_OK : LAR_EMEMORY;
}
