/* One case through the steps: images are viewed as RAS, intensity steps run on their native grids
 * in the order given, spatial steps only move the target grids, and at the end each image is
 * interpolated once.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <time.h>

#include "prepare/pass.h"

static const char *image_name(const lar_study *study, int64_t n)
{
    return study->data.images[n].name;
}

static double clock_s(clockid_t which)
{
    struct timespec now;
    clock_gettime(which, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

lar_cost lar_cost_begin(void)
{
    const int threads = lar_threads_get();
    return (lar_cost){ .threads = threads,
                       .begun_s = threads > 1 ? clock_s(CLOCK_MONOTONIC)
                                              : clock_s(CLOCK_THREAD_CPUTIME_ID) };
}

void lar_cost_end(double *sum_s, lar_cost cost)
{
    const clockid_t which = cost.threads > 1 ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID;
    *sum_s += cost.threads * (clock_s(which) - cost.begun_s);
}

static void show(const lar_pass *pass, int64_t image, int64_t step)
{
    const lar_prepare_watch *w = pass->watch;
    if (!w || !w->image) return;
    const lar_cost cost = lar_cost_begin();
    w->image(w->user, pass->id, image, step, pass->images[image]);
    if (pass->costs) lar_cost_end(&pass->costs->shown_s, cost);
}

/* Threads that have become free meanwhile, or are needed elsewhere. */
static void take_share(const lar_pass *pass)
{
    if (pass->threads) lar_threads_own(atomic_load(pass->threads));
}

/* The step itself, and nothing around it. */
static lar_status do_step(const lar_step *step, lar_pass *pass, int64_t image)
{
    take_share(pass);
    const lar_cost cost = lar_cost_begin();
    const lar_status status = step->kind->run(step, pass, image);
    if (pass->costs) lar_cost_end(&pass->costs->steps_s, cost);
    return status;
}

/* Images whose voxels the step reads for another come last, so that all see them as the steps
 * before left them. */
static lar_status run_step(const lar_step *step, lar_pass *pass)
{
    lar_status status = LAR_OK;
    const lar_data_params *data = &pass->study->data;
    bool used[LAR_IMAGES_MAX] = { false };
    if (step->kind->uses) step->kind->uses(step, data, used);
    for (int last = 0; last < 2; last++)
        for (int64_t n = 0; n < data->image_count; n++) {
            if (!step->on[n] || !lar_pass_has(pass, n) || used[n] != last) continue;
            status = do_step(step, pass, n);
            if (status != LAR_OK)
                return lar_while(status, "step %lld, %s, cannot be done to '%s'",
                                 (long long)(step - pass->study->steps) + 1, step->kind->name,
                                 image_name(pass->study, n));
            if (!step->kind->spatial && !step->kind->shows)
                show(pass, n, step - pass->study->steps + 1);
        }
    return status;
}

lar_status lar_pass_run(lar_pass *pass, int64_t step_count, bool training)
{
    lar_status status = LAR_OK;
    for (int64_t s = 0; s < step_count && status == LAR_OK; s++) {
        const lar_step *step = &pass->study->steps[s];
        if (step->only_training && !training) continue;
        if (!step->kind->spatial ? !pass->images : pass->native && !lar_register_can(step, pass))
            continue;
        status = run_step(step, pass);
    }
    return status;
}

lar_status lar_prepare_grids(lar_grid *out, const lar_study *study, const lar_grid *raw,
                             const lar_grid *boxes, int64_t step_count, bool training)
{
    lar_grid known[LAR_IMAGES_MAX];
    lar_pass pass = { .study = study, .targets = out, .boxes = boxes ? known : NULL };
    for (int64_t n = 0; n < study->data.image_count; n++) {
        const lar_grid *grid = &raw[lar_step_follows(&study->data, n)];
        out[n] = grid->size[0] > 0 ? lar_grid_to_ras(grid) : *grid;
        if (boxes) known[n] = boxes[n];
    }
    return lar_pass_run(&pass, step_count, training);
}

/* The largest distance of corresponding corners. */
static double corner_distance_mm(const lar_grid *a, const lar_grid *b)
{
    double most = 0;
    for (int corner = 0; corner < 8; corner++) {
        double ijk_a[3], ijk_b[3], xyz_a[3], xyz_b[3], square = 0;
        for (int r = 0; r < 3; r++) {
            const bool far = corner >> r & 1;
            ijk_a[r] = far ? (double)(a->size[r] - 1) : 0;
            ijk_b[r] = far ? (double)(b->size[r] - 1) : 0;
        }
        lar_grid_to_world(a, ijk_a, xyz_a);
        lar_grid_to_world(b, ijk_b, xyz_b);
        for (int r = 0; r < 3; r++) square += (xyz_a[r] - xyz_b[r]) * (xyz_a[r] - xyz_b[r]);
        if (square > most) most = square;
    }
    return sqrt(most);
}

lar_status lar_prepare_agree(const lar_study *study, const char *id, const lar_grid *grids)
{
    int64_t first = -1;
    for (int64_t n = 0; n < study->data.image_count; n++) {
        char words[96], first_words[96];
        if (grids[n].size[0] == 0) continue;
        if (first < 0) first = n;
        if (lar_grid_matches(&grids[n], &grids[first])) continue;
        lar_grid_words(&grids[n], words, sizeof words);
        lar_grid_words(&grids[first], first_words, sizeof first_words);
        lar_fail(LAR_EGEOMETRY,
                 "case '%s': '%s' is on another grid (%s) than '%s' (%s); their corners are up to "
                 "%.3g mm apart",
                 id, image_name(study, n), words, image_name(study, first), first_words,
                 corner_distance_mm(&grids[n], &grids[first]));
        return lar_hint(LAR_EGEOMETRY, "the step '- resample: {images: [%s], onto: %s}'",
                        image_name(study, n), image_name(study, first));
    }
    return LAR_OK;
}

/* ---- voxels ---------------------------------------------------------------------------- */

/* The one interpolation, through the registrations that moved the image. */
static lar_status onto_target(lar_pass *pass, int64_t image)
{
    lar_status status = LAR_OK;
    lar_image *moved;
    lar_chain *chain = NULL;
    LAR_TRY(lar_moved_chain(&chain, pass->study, pass->maps, -1, image));
    if (!chain && lar_grid_matches(&pass->images[image]->grid, &pass->targets[image])) goto done;
    take_share(pass);
    const lar_cost cost = lar_cost_begin();
    LAR_TRY(lar_resample_through(&moved, pass->images[image], &pass->targets[image], chain,
                                 &pass->sampling[image]));
    if (pass->costs) lar_cost_end(&pass->costs->steps_s, cost);
    lar_pass_put(pass, image, moved);
done:
    lar_chain_free(chain);
    return status;
}

static lar_resample_params usual_sampling(const lar_image_spec *spec)
{
    lar_resample_params how = lar_resample_default();
    how.interpolation = lar_role_is_measured(spec->role) ? LAR_CUBIC : LAR_NEAREST;
    if (!lar_role_is_measured(spec->role)) how.pad = 0;
    return how;
}

/* No one trusts or leaves out the one scan that predict was given. */
static void warn_of_doubt(const lar_case *prepared)
{
    lar_text doubt = { 0 };
    if (lar_case_doubt(&doubt, &prepared->findings))
        lar_log(LAR_LOG_WARNING, "%s, %s", prepared->id, lar_text_get(&doubt));
    lar_text_clear(&doubt);
}

/* What is kept of a made mask beside its prepared volume. */
static lar_status keep_masks(lar_case *prepared, const lar_study *study)
{
    lar_status status = LAR_OK;
    for (int64_t n = lar_data_scans(&study->data); n < study->data.image_count; n++)
        if (prepared->images[n])
            LAR_TRY(lar_image_to_ras(&prepared->masks[n], prepared->images[n]));
done:
    return status;
}

/* What the grids of the scans already tell, before time is spent on their voxels. */
static lar_status check_grids(const lar_pass *pass, const lar_grid *raw, bool training)
{
    lar_grid ends[LAR_IMAGES_MAX];
    const lar_study *study = pass->study;
    const lar_status status =
        lar_prepare_grids(ends, study, raw, pass->boxes, study->step_count, training);
    return status == LAR_OK ? lar_prepare_agree(study, pass->id, ends) : LAR_OK; /* later */
}

static lar_status run_case(lar_case *prepared, const lar_study *study, lar_standards *standards,
                           const char *const *paths, bool training, const lar_prepare_aside *aside)
{
    lar_status status = LAR_OK;
    lar_grid targets[LAR_IMAGES_MAX], boxes[LAR_IMAGES_MAX];
    lar_resample_params sampling[LAR_IMAGES_MAX];
    lar_strip_report *strips = lar_arena_take(prepared->arena, study->step_count, sizeof *strips);
    lar_pass pass = { .study = study,
                      .images = prepared->images,
                      .targets = targets,
                      .sampling = sampling,
                      .fits = prepared->fits,
                      .boxes = boxes,
                      .standards = standards,
                      .maps = prepared->found,
                      .strips = strips,
                      .watch = aside->watch,
                      .threads = aside->threads,
                      .costs = &prepared->costs,
                      .id = prepared->id };
    bool any = false;

    if (!strips) return LAR_EMEMORY;
    for (int64_t n = 0; n < study->data.image_count; n++) {
        const lar_image_spec *spec = &study->data.images[n];
        targets[n] = (lar_grid){ 0 };
        sampling[n] = usual_sampling(spec);
        if (spec->made_of) targets[n] = targets[lar_step_follows(&study->data, n)];
        if (spec->made_of || !paths[n]) continue;
        take_share(&pass);
        const lar_cost cost = lar_cost_begin();
        LAR_TRY(lar_prepare_read_seen(&prepared->images[n], &prepared->raw[n], spec, prepared->id,
                                      paths[n], aside->seen ? &aside->seen[n] : NULL));
        if (training && lar_role_is_measured(spec->role))
            LAR_TRY(lar_mark_image(prepared->marks[n], prepared->images[n]));
        lar_cost_end(&prepared->costs.reading_s, cost);
        targets[n] = prepared->images[n]->grid;
        show(&pass, n, 0);
        any = true;
    }
    if (!any) {
        status = lar_fail(LAR_EARGUMENT, "case '%s' has no image", prepared->id);
        goto done;
    }
    status = lar_pass_boxes(boxes, study, prepared->images);
    if (status == LAR_OK) LAR_TRY(check_grids(&pass, prepared->raw, training));
    if (status == LAR_OK) status = lar_pass_run(&pass, study->step_count, training);
    if (status != LAR_OK) {
        lar_while(status, "case '%s' cannot be prepared", prepared->id);
        goto done;
    }
    LAR_TRY(lar_prepare_agree(study, prepared->id, targets));
    LAR_TRY(keep_masks(prepared, study));
    for (int64_t n = study->data.image_count - 1; n >= 0; n--) {
        if (!prepared->images[n]) continue;
        status = onto_target(&pass, n);
        if (status != LAR_OK) {
            lar_while(status, "case '%s': '%s' cannot be brought onto its grid", prepared->id,
                      image_name(study, n));
            goto done;
        }
        prepared->grid = targets[n]; /* that of the first in the end */
    }
    for (int64_t n = 0; n < study->data.image_count; n++)
        if (prepared->images[n]) prepared->images[n]->grid = prepared->grid;
    LAR_TRY(lar_register_record(&prepared->findings, study, prepared->found, prepared->arena));
    LAR_TRY(lar_strip_findings(&prepared->findings, study, strips, prepared->arena));
    if (!training) warn_of_doubt(prepared);
done:
    return status;
}

lar_status lar_prepare_case_beside(lar_case **out, const lar_study *study, lar_standards *standards,
                                   const char *id, const char *const *paths, bool training,
                                   const lar_prepare_aside *aside)
{
    lar_status status = LAR_OK;
    lar_arena *arena = NULL;
    const int64_t count = study->data.image_count;

    *out = NULL;
    LAR_TRY(lar_arena_new(&arena));
    lar_case *prepared = lar_arena_take(arena, 1, sizeof *prepared);
    if (!prepared) {
        lar_arena_free(arena);
        return LAR_EMEMORY;
    }
    prepared->arena = arena;
    prepared->image_count = count;
    prepared->id = lar_arena_text(arena, id, strlen(id));
    prepared->images = lar_arena_take(arena, count, sizeof(lar_image *));
    prepared->masks = lar_arena_take(arena, count, sizeof(lar_image *));
    prepared->raw = lar_arena_take(arena, count, sizeof *prepared->raw);
    prepared->fits = lar_arena_take(arena, count, sizeof *prepared->fits);
    prepared->marks = lar_arena_take(arena, count, sizeof *prepared->marks);
    prepared->step_count = study->step_count;
    prepared->found = lar_arena_take(arena, study->step_count, sizeof *prepared->found);
    if (!prepared->images || !prepared->masks) prepared->image_count = 0;
    if (!prepared->found) prepared->step_count = 0;
    const bool whole = prepared->id && prepared->images && prepared->masks && prepared->raw &&
                       prepared->fits && prepared->marks && prepared->found;
    status = whole ? run_case(prepared, study, standards, paths, training, aside) : LAR_EMEMORY;
    if (status == LAR_OK)
        *out = prepared;
    else
        lar_case_free(prepared);
done:
    return status;
}

lar_status lar_prepare_case(lar_case **out, const lar_study *study, lar_standards *standards,
                            const char *id, const char *const *paths, bool training)
{
    const lar_prepare_aside aside = { 0 };
    return lar_prepare_case_beside(out, study, standards, id, paths, training, &aside);
}

void lar_case_free(lar_case *prepared)
{
    if (!prepared) return;
    for (int64_t n = 0; n < prepared->image_count; n++) {
        lar_image_free(prepared->images[n]);
        lar_image_free(prepared->masks[n]);
    }
    for (int64_t s = 0; s < prepared->step_count; s++) lar_registration_free(prepared->found[s]);
    lar_arena_free(prepared->arena);
}
