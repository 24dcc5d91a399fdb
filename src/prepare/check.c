/* A study against its scans, before anything is made: every scan is read through, and every case is
 * followed to the grid that it will end on.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "format/format.h"
#include "image/image.h"
#include "prepare/check_labels.h"
#include "prepare/pass.h"

const char *lar_reason(lar_arena *arena)
{
    lar_text text = { 0 };
    const char *hint = strstr(lar_error(), "\n  try ");
    const char *at = lar_error(), *end = hint ? hint : at + strlen(at);
    while (at < end) {
        const size_t length = strcspn(at, "\n\t");
        const char *stop = at + length < end ? at + length : end;
        lar_text_add_bytes(&text, at, (size_t)(stop - at));
        if (stop < end) lar_text_add(&text, *stop == '\n' ? ", " : " ");
        at = stop + strspn(stop, "\n\t ");
    }
    const char *reason = lar_arena_text(arena, lar_text_get(&text), text.length);
    lar_text_clear(&text);
    return reason;
}

static lar_status look_at_scan(lar_check_scan *scan, lar_arena *arena, const char *path)
{
    lar_image_about about;
    scan->path = path;
    scan->warnings = "";
    const lar_status status = lar_image_read_header(&about, path);
    if (status == LAR_OK) {
        scan->raw = about.grid;
        scan->stored = about.stored;
        scan->warnings =
            lar_arena_text(arena, lar_text_get(&about.warnings), about.warnings.length);
    }
    lar_image_about_clear(&about);
    return status;
}

/* How the image lies to the first one of its case. */
static void look_beside(lar_check_scan *scan, const lar_check_scan *first)
{
    if (scan->raw.size[0] == 0 || first->raw.size[0] == 0) return;
    const lar_grid a = lar_grid_to_ras(&scan->raw), b = lar_grid_to_ras(&first->raw);
    scan->beside = LAR_BESIDE_SAME;
    if (lar_grid_matches(&a, &b)) return;
    scan->beside = LAR_BESIDE_MOVED;
    for (int n = 0; n < 3; n++)
        if (a.size[n] != b.size[n]) scan->beside = LAR_BESIDE_OTHER;
    for (int corner = 0; corner < 8; corner++) {
        double ijk[3], at_a[3], at_b[3], square = 0;
        for (int n = 0; n < 3; n++) ijk[n] = corner >> n & 1 ? (double)(a.size[n] - 1) : 0;
        lar_grid_to_world(&a, ijk, at_a);
        lar_grid_to_world(&b, ijk, at_b);
        for (int n = 0; n < 3; n++) square += (at_a[n] - at_b[n]) * (at_a[n] - at_b[n]);
        scan->apart_mm = fmax(scan->apart_mm, sqrt(square));
    }
}

static lar_status look_at_labels(lar_check_scan *scan, lar_arena *arena, const lar_image *image)
{
    scan->labels = lar_arena_take(arena, 1, sizeof *scan->labels);
    return scan->labels ? lar_check_labels_find(scan->labels, image) : LAR_EMEMORY;
}

/* What the last error says to try; of the arena, or NULL. */
static const char *hint_of(lar_arena *arena)
{
    static const char lead[] = "\n  try ";
    const char *hint = strstr(lar_error(), lead);
    if (!hint) return NULL;
    hint += strlen(lead);
    return lar_arena_text(arena, hint, strcspn(hint, "\n"));
}

/* The last error, behind those that were found in the case before. */
static void add_reason(lar_check_case *found, lar_arena *arena)
{
    const char *more = lar_reason(arena);
    found->reason = found->reason ? lar_arena_format(arena, "%s\n%s", found->reason, more) : more;
    if (!found->reason) found->reason = "there is no memory to say why";
    if (!found->hint) found->hint = hint_of(arena);
}

/* What reading it through said, which its header said before: it is told of all cases together. */
static void take_warnings(lar_check_scan *scan, lar_log_kept *kept, lar_arena *arena)
{
    lar_text lines = { 0 };
    const char *end = kept->lines + kept->length;
    const size_t name = strlen(scan->path);
    for (const char *line = kept->lines; line < end; line += strlen(line) + 1) {
        const char *words = line + 1;
        if (*words == '\'' && strncmp(words + 1, scan->path, name) == 0 &&
            lar_text_starts(words + 1 + name, "': "))
            words += name + strlen("'': ");
        lar_text_add(&lines, "%s\n", words);
    }
    const char *warnings = lar_arena_text(arena, lar_text_get(&lines), lines.length);
    if (warnings) scan->warnings = warnings;
    lar_text_clear(&lines);
    lar_free(kept->lines);
}

/* One scan, read through. */
static lar_status look_through(lar_check_case *found, const lar_study *study, lar_arena *arena,
                               lar_marks *marks, int64_t index, int64_t image)
{
    lar_image *images[LAR_IMAGES_MAX] = { NULL };
    lar_grid boxes[LAR_IMAGES_MAX];
    const lar_image_spec *spec = &study->data.images[image];
    lar_check_scan *scan = &found->scans[image];
    lar_log_kept said = { 0 };
    lar_log_keep(&said);
    lar_status status = lar_prepare_read(&images[image], &scan->raw, spec, found->id, scan->path);
    lar_log_keep(NULL);
    if (status == LAR_OK)
        take_warnings(scan, &said, arena);
    else
        lar_log_tell(&said);
    if (status == LAR_OK) status = lar_marks_take(marks, index, image, images[image]);
    if (status == LAR_OK && spec->role == LAR_LABEL)
        status = look_at_labels(scan, arena, images[image]);
    if (status == LAR_OK) status = lar_pass_boxes(boxes, study, images);
    if (status == LAR_OK) found->boxes[image] = boxes[image];
    lar_image_free(images[image]);
    return status;
}

/* Every scan of the case, whatever the others are; then where they all end. */
static void look_at_case(lar_check_case *found, const lar_study *study, lar_arena *arena,
                         lar_marks *marks, int64_t index, const lar_subject *subject)
{
    lar_status status = LAR_OK;
    lar_grid raw[LAR_IMAGES_MAX] = { 0 }, grids[LAR_IMAGES_MAX];

    for (int64_t m = 0; m < lar_data_scans(&study->data); m++) {
        lar_check_scan *scan = &found->scans[m];
        const char *name = study->data.images[m].name;
        status = look_at_scan(scan, arena, subject->paths[m]);
        if (m) look_beside(scan, &found->scans[0]);
        if (status == LAR_OK)
            status = look_through(found, study, arena, marks, index, m);
        else
            lar_while(status, "case '%s': '%s' cannot be read", subject->id, name);
        if (status != LAR_OK) add_reason(found, arena);
        raw[m] = scan->raw;
    }
    if (found->reason) return;
    status = lar_prepare_grids(grids, study, raw, found->boxes, study->step_count, true);
    if (status == LAR_OK) status = lar_prepare_agree(study, subject->id, grids);
    if (status == LAR_OK)
        found->grid = grids[0];
    else
        add_reason(found, arena);
}

static void compare_sizes(lar_check *check)
{
    const lar_grid *first = NULL;
    check->equal = true;
    for (int64_t n = 0; n < check->cohort->subject_count; n++) {
        const lar_grid *grid = &check->cases[n].grid;
        if (grid->size[0] == 0) continue;
        if (!first) first = grid;
        for (int a = 0; a < 3; a++) {
            check->equal &= grid->size[a] == first->size[a];
            if (grid->size[a] > check->largest[a]) check->largest[a] = grid->size[a];
        }
    }
}

lar_status lar_study_check(lar_check **out, const lar_study *study, lar_progress progress)
{
    lar_status status = LAR_OK;
    lar_arena *arena = NULL;
    lar_cohort *cohort = NULL;
    lar_standards *standards = NULL;
    lar_marks *marks = NULL;

    *out = NULL;
    LAR_TRY(lar_study_cohort(&cohort, study));
    LAR_TRY(lar_marks_new(&marks, cohort));
    LAR_TRY(lar_arena_new(&arena));
    lar_check *check = lar_arena_take(arena, 1, sizeof *check);
    lar_check_case *cases = lar_arena_take(arena, cohort->subject_count, sizeof *cases);
    if (!check || !cases) {
        status = LAR_EMEMORY;
        goto done;
    }
    LAR_TRY(lar_standards_new(&standards, study));
    const bool ready = lar_strip_ready(study) == LAR_OK;
    const char *unready = ready ? NULL : lar_reason(arena);
    const char *unready_hint = ready ? NULL : hint_of(arena);
    check->cohort = cohort;
    check->cases = cases;
    check->standards = standards;
    for (int64_t n = 0; n < cohort->subject_count; n++) {
        const lar_subject *subject = &cohort->subjects[n];
        cases[n].id = subject->id;
        cases[n].split = subject->split;
        cases[n].scans = lar_arena_take(arena, study->data.image_count, sizeof *cases[n].scans);
        cases[n].boxes = lar_arena_take(arena, study->data.image_count, sizeof *cases[n].boxes);
        if (!cases[n].scans || !cases[n].boxes) {
            status = LAR_EMEMORY;
            goto done;
        }
        if (!lar_progress_say(progress, subject->id, (double)n / (double)cohort->subject_count)) {
            status = lar_fail(LAR_ESTOPPED, "stopped before '%s'", subject->id);
            goto done;
        }
        look_at_case(&cases[n], study, arena, marks, n, subject);
        if (!cases[n].reason) {
            cases[n].reason = unready;
            cases[n].hint = unready_hint;
        }
        check->bad_count += cases[n].reason != NULL;
    }
    compare_sizes(check);
    LAR_TRY(lar_marks_twins(&check->twins, marks));
    check->leaks = check->twins.across && study->data.duplicates == LAR_DUPLICATES_REFUSE;
    check->marks = marks;
    check->arena = arena;
    *out = check;
    arena = NULL;
    cohort = NULL;
    standards = NULL;
    marks = NULL;
done:
    lar_standards_free(standards);
    lar_marks_free(marks);
    lar_arena_free(arena);
    lar_cohort_free(cohort);
    return status;
}

void lar_check_free(lar_check *check)
{
    if (!check) return;
    lar_marks_free(check->marks);
    lar_cohort_free(check->cohort);
    lar_standards_free(check->standards);
    lar_arena_free(check->arena);
}

static bool is_moved(const lar_study *study, int64_t image)
{
    return lar_step_moved(study, study->steps + study->step_count, image) != NULL;
}

/* By the first case that can be prepared. */
void lar_check_left_behind(lar_text *out, const lar_study *study, const lar_check *check)
{
    const lar_check_case *found = check->cases, *end = found + check->cohort->subject_count;
    while (found < end && found->reason) found++;
    if (found == end) return;
    for (int64_t n = 0; n < lar_data_scans(&study->data); n++) {
        const char *name = study->data.images[n].name;
        if (is_moved(study, n)) continue;
        for (const lar_step *step = study->steps; step < study->steps + study->step_count; step++) {
            if (!lar_step_is_register(step)) continue;
            const int64_t move = lar_study_image(study, lar_register_move(step));
            const int64_t to = lar_study_image(study, lar_register_to(step));
            const lar_grid *raw = &found->scans[n].raw;
            if (n == to || !lar_grid_matches(raw, &found->scans[move].raw) ||
                lar_grid_matches(raw, &found->scans[to].raw))
                continue;
            lar_text_add(out,
                         "'%s' has the grid of '%s', which step %lld moves, and is left behind: if "
                         "it was drawn on it, add 'with: [%s]'\n",
                         name, lar_register_move(step), (long long)(step - study->steps) + 1, name);
        }
    }
}

void lar_study_unpredictable(lar_text *out, const lar_study *study)
{
    const lar_data_params *data = &study->data;
    for (int64_t s = 0; s < study->step_count; s++) {
        const lar_step *step = &study->steps[s];
        bool used[LAR_IMAGES_MAX] = { false }, on_input = false;
        for (int64_t n = 0; n < data->image_count; n++)
            on_input |= step->on[n] && data->images[n].role == LAR_INPUT;
        if (!on_input || step->only_training || !step->kind->uses) continue;
        step->kind->uses(step, data, used);
        for (int64_t n = 0; n < data->image_count; n++)
            if (used[n] && data->images[lar_step_follows(data, n)].role != LAR_INPUT)
                lar_text_add(out,
                             "step %lld, %s, reads '%s', which is no input: predict will not have "
                             "it\n",
                             (long long)s + 1, step->kind->name, data->images[n].name);
    }
}
