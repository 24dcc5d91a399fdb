/* larmor check: a study against its scans, before anything is made.
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>

#include "command/command.h"
#include "image/image.h"
#include "net/net.h"
#include "prepare/prepare.h"

enum { WORDS = 96 };

static void size_words(char words[WORDS], const int64_t size[3])
{
    snprintf(words, WORDS, "%lldx%lldx%lld", (long long)size[0], (long long)size[1],
             (long long)size[2]);
}

static void spacing_words(char words[WORDS], const lar_grid *grid)
{
    double mm[3];
    lar_grid_spacing(grid, mm);
    snprintf(words, WORDS, "%.4gx%.4gx%.4g", mm[0], mm[1], mm[2]);
}

/* ---- words ----------------------------------------------------------------------------- */

static void add_pairs(lar_text *out, const lar_study *study, const lar_check *check)
{
    int id_width = 7, name_width = 5;
    for (int64_t n = 0; n < check->cohort->subject_count; n++)
        if ((int)strlen(check->cases[n].id) > id_width) id_width = (int)strlen(check->cases[n].id);
    for (int64_t m = 0; m < lar_data_scans(&study->data); m++)
        if ((int)strlen(study->data.images[m].name) > name_width)
            name_width = (int)strlen(study->data.images[m].name);
    lar_text_add(out, "%-*s  split  %-*s  %-13s  %-18s  axes  type\n", id_width, "subject",
                 name_width, "image", "voxels", "mm");
    for (int64_t n = 0; n < check->cohort->subject_count; n++)
        for (int64_t m = 0; m < lar_data_scans(&study->data); m++) {
            const lar_check_case *c = &check->cases[n];
            const lar_check_scan *scan = &c->scans[m];
            lar_text_add(out, "%-*s  %-5s  %-*s  ", id_width, m ? "" : c->id,
                         m ? "" : lar_split_names[c->split], name_width,
                         study->data.images[m].name);
            if (scan->raw.size[0] == 0) {
                lar_text_add(out, "cannot be read\n");
                continue;
            }
            char size[WORDS], spacing[WORDS], axes[4];
            size_words(size, scan->raw.size);
            spacing_words(spacing, &scan->raw);
            lar_grid_axes(&scan->raw, axes);
            lar_text_add(out, "%-13s  %-18s  %-4s  %s\n", size, spacing, axes,
                         lar_type_name(scan->stored));
        }
}

static void add_warnings(lar_text *out, const lar_study *study, const lar_check *check)
{
    for (int64_t n = 0; n < check->cohort->subject_count; n++)
        for (int64_t m = 0; m < lar_data_scans(&study->data); m++)
            for (const char *line = check->cases[n].scans[m].warnings; *line;) {
                const size_t length = strcspn(line, "\n");
                lar_text_add(out, "warning: %s, %s: %.*s\n", check->cases[n].id,
                             study->data.images[m].name, (int)length, line);
                line += length + (line[length] == '\n');
            }
}

/* "  2 resample   t1 flair: 96x112x80, 2x2x2 mm, RAS": images that end alike share a line. */
static void add_grids(lar_text *out, const lar_study *study, const char *step, const bool *on,
                      const lar_grid *grids, const char *more)
{
    bool said[LAR_IMAGES_MAX] = { false };
    for (int64_t m = 0; m < study->data.image_count; m++) {
        char words[WORDS], other[WORDS];
        if (!on[m] || said[m]) continue;
        lar_grid_words(&grids[m], words, sizeof words);
        lar_text_add(out, "  %-14s %s", step, study->data.images[m].name);
        for (int64_t n = m + 1; n < study->data.image_count; n++) {
            lar_grid_words(&grids[n], other, sizeof other);
            if (!on[n] || !lar_text_is(words, other)) continue;
            lar_text_add(out, " %s", study->data.images[n].name);
            said[n] = true;
        }
        lar_text_add(out, ": %s%s\n", words, more);
    }
}

/* What each step does to the first case that can be prepared. */
static void add_steps(lar_text *out, const lar_study *study, const lar_check *check)
{
    int64_t first = 0;
    bool all[LAR_IMAGES_MAX];
    lar_grid raw[LAR_IMAGES_MAX], grids[LAR_IMAGES_MAX];
    while (first < check->cohort->subject_count && check->cases[first].reason) first++;
    if (first == check->cohort->subject_count) return;
    const lar_grid *boxes = check->cases[first].boxes;
    for (int64_t m = 0; m < study->data.image_count; m++) {
        raw[m] = check->cases[first].scans[m].raw;
        all[m] = m < lar_data_scans(&study->data);
    }
    if (lar_prepare_grids(grids, study, raw, boxes, 0, true) != LAR_OK) return;
    lar_text_add(out, "\nsteps, on %s\n", check->cases[first].id);
    add_grids(out, study, "0 seen as RAS", all, grids, "");
    for (int64_t s = 0; s < study->step_count; s++) {
        const lar_step *step = &study->steps[s];
        char name[64];
        snprintf(name, sizeof name, "%lld %s", (long long)s + 1, step->kind->name);
        if (step->kind->spatial) {
            if (lar_prepare_grids(grids, study, raw, boxes, s + 1, true) != LAR_OK) return;
            char more[160] = "";
            const char *later = lar_step_waits(step, study)
                                    ? "before it is cropped to the mask, which prepare makes"
                                    : step->kind->later;
            if (step->only_training || later)
                snprintf(more, sizeof more, " (%s%s%s)", step->only_training ? "training only" : "",
                         step->only_training && later ? "; " : "", later ? later : "");
            add_grids(out, study, name, step->on, grids, more);
            continue;
        }
        lar_text_add(out, "  %-14s", name);
        if (step->kind->words) {
            step->kind->words(out, step, study);
            lar_text_add(out, "\n");
            continue;
        }
        for (int64_t m = 0; m < study->data.image_count; m++)
            if (step->on[m]) lar_text_add(out, " %s", study->data.images[m].name);
        lar_text_add(out, ": intensities\n");
    }
}

static int64_t count_training(const lar_check *check)
{
    int64_t count = 0;
    for (int64_t n = 0; n < check->cohort->subject_count; n++)
        count += check->cases[n].split == LAR_TRAIN && !check->cases[n].reason;
    return count;
}

/* What prepare would learn before it begins. */
static void add_standards(lar_text *out, const lar_study *study, const lar_check *check)
{
    for (int64_t n = 0; n < check->standards->count; n++) {
        const lar_standard *standard = &check->standards->at[n];
        const int64_t count = count_training(check);
        lar_text_add(out, "%s  step %lld learns from '%s' of %lld training subject%s\n",
                     n ? "" : "\n", (long long)standard->step + 1,
                     study->data.images[standard->image].name, (long long)count,
                     count == 1 ? "" : "s");
    }
    if (check->standards->count && lar_standards_travel(check->standards, study) != LAR_OK)
        lar_text_add(out, "warning: %s\n", lar_error());
}

static void add_doubts(lar_text *out, const lar_study *study, const lar_check *check)
{
    lar_text lines = { 0 };
    lar_check_left_behind(&lines, study, check);
    lar_study_unpredictable(&lines, study);
    for (const char *line = lar_text_get(&lines); *line;) {
        const size_t length = strcspn(line, "\n");
        lar_text_add(out, "warning: %.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
    lar_text_clear(&lines);
}

static void add_sizes(lar_text *out, const lar_study *study, const lar_check *check)
{
    char size[WORDS];
    if (check->largest[0] == 0) return;
    for (int64_t s = 0; s < study->step_count; s++)
        if (lar_step_waits(&study->steps[s], study)) {
            lar_text_add(out, "\nprepared: as large as the masks that prepare makes\n");
            return;
        }
    size_words(size, check->largest);
    if (check->equal) {
        lar_text_add(out, "\nprepared: %s in every case\n", size);
        return;
    }
    lar_text_add(out, "\nprepared sizes differ:\n");
    for (int64_t n = 0; n < check->cohort->subject_count; n++) {
        if (check->cases[n].reason) continue;
        size_words(size, check->cases[n].grid.size);
        lar_text_add(out, "  %s %s\n", check->cases[n].id, size);
    }
    if (study->train.batch > 1 && !study->train.accumulate)
        lar_text_add(out,
                     "warning: a batch of %lld needs one size; try the step '- fit: {size: [%lld, "
                     "%lld, %lld], when: training}', or 'accumulate: yes' in train\n",
                     (long long)study->train.batch, (long long)check->largest[0],
                     (long long)check->largest[1], (long long)check->largest[2]);
}

/* The network that the study asks for; NULL where it has no inputs or no targets. */
static lar_status network_of(lar_net **out, const lar_study *study)
{
    int64_t roles[LAR_MASK + 1] = { 0 };
    *out = NULL;
    for (int64_t m = 0; m < study->data.image_count; m++) roles[study->data.images[m].role]++;
    if (!roles[LAR_INPUT] || !roles[LAR_TARGET]) return LAR_OK;
    return lar_network_build(out, &study->network, roles[LAR_INPUT], roles[LAR_TARGET],
                             (uint64_t)study->train.seed);
}

static const char *network_name(const lar_study *study)
{
    return study->network.layers ? "layers" : lar_models[study->network.name].name;
}

static void add_network(lar_text *out, const lar_study *study, const lar_net *net)
{
    const lar_reach reach = lar_net_reach(net);
    const int64_t *halo = reach.halo;
    char words[WORDS];
    if (halo[0] == halo[1] && halo[1] == halo[2])
        snprintf(words, sizeof words, "%lld voxels", (long long)halo[0]);
    else
        snprintf(words, sizeof words, "%lld, %lld and %lld voxels along x, y and z",
                 (long long)halo[0], (long long)halo[1], (long long)halo[2]);
    lar_text_add(out, "network: %s, %lld weights; it sees %s to each side%s\n", network_name(study),
                 (long long)lar_net_weight_count(net), words,
                 reach.global ? ", and through its norms the whole volume" : "");
}

static void add_words(lar_text *out, const lar_study *study, const lar_check *check,
                      const lar_net *net)
{
    int64_t counts[LAR_SPLIT_COUNT] = { 0 }, roles[LAR_MASK + 1] = { 0 };
    for (int64_t n = 0; n < check->cohort->subject_count; n++) counts[check->cases[n].split]++;
    for (int64_t m = 0; m < study->data.image_count; m++) roles[study->data.images[m].role]++;
    add_pairs(out, study, check);
    add_warnings(out, study, check);
    if (!roles[LAR_INPUT] || !roles[LAR_TARGET])
        lar_text_add(out, "warning: without an %s this can be prepared, but not trained on\n",
                     roles[LAR_INPUT] ? "image of role target" : "image of role input");
    for (int64_t n = 0; n < check->cohort->subject_count; n++)
        if (check->cases[n].reason) lar_text_add(out, "bad: %s\n", check->cases[n].reason);
    add_steps(out, study, check);
    add_standards(out, study, check);
    add_sizes(out, study, check);
    if (net) add_doubts(out, study, check);
    if (net) add_network(out, study, net);
    lar_text_add(out, "split: train %lld, valid %lld, test %lld\n", (long long)counts[LAR_TRAIN],
                 (long long)counts[LAR_VALID], (long long)counts[LAR_TEST]);
    if (check->bad_count)
        lar_text_add(out, "%lld of %lld cases would fail; every one was read through\n",
                     (long long)check->bad_count, (long long)check->cohort->subject_count);
    else
        lar_text_add(out, "%lld cases, every one read through: all can be prepared\n",
                     (long long)check->cohort->subject_count);
}

/* ---- JSON ------------------------------------------------------------------------------ */

static json_t *grid_json(const lar_grid *grid)
{
    double mm[3];
    char axes[4];
    lar_grid_spacing(grid, mm);
    lar_grid_axes(grid, axes);
    return json_pack("{s:[I,I,I], s:[f,f,f], s:s}", "size", (json_int_t)grid->size[0],
                     (json_int_t)grid->size[1], (json_int_t)grid->size[2], "spacing_mm", mm[0],
                     mm[1], mm[2], "axes", axes);
}

static json_t *scan_json(const lar_check_scan *scan)
{
    json_t *out = json_pack("{s:s}", "path", scan->path);
    if (scan->raw.size[0] == 0) return out;
    json_object_set_new(out, "grid", grid_json(&scan->raw));
    json_object_set_new(out, "type", json_string(lar_type_name(scan->stored)));
    json_t *warnings = json_array();
    for (const char *line = scan->warnings; *line;) {
        const size_t length = strcspn(line, "\n");
        json_array_append_new(warnings, json_stringn(line, length));
        line += length + (line[length] == '\n');
    }
    json_object_set_new(out, "warnings", warnings);
    return out;
}

static json_t *network_json(const lar_study *study, const lar_net *net)
{
    const lar_reach reach = lar_net_reach(net);
    return json_pack("{s:s, s:I, s:[I,I,I], s:b}", "name", network_name(study), "weights",
                     (json_int_t)lar_net_weight_count(net), "reach", (json_int_t)reach.halo[0],
                     (json_int_t)reach.halo[1], (json_int_t)reach.halo[2], "whole_volume",
                     reach.global);
}

static lar_status add_json(lar_text *out, const lar_study *study, const lar_check *check,
                           const lar_net *net)
{
    json_t *cases = json_array();
    for (int64_t n = 0; n < check->cohort->subject_count; n++) {
        const lar_check_case *c = &check->cases[n];
        json_t *images = json_object();
        for (int64_t m = 0; m < lar_data_scans(&study->data); m++)
            json_object_set_new(images, study->data.images[m].name, scan_json(&c->scans[m]));
        json_t *one =
            json_pack("{s:s, s:s, s:b, s:o}", "subject", c->id, "split", lar_split_names[c->split],
                      "ok", c->reason == NULL, "images", images);
        if (c->reason)
            json_object_set_new(one, "reason", json_string(c->reason));
        else
            json_object_set_new(one, "prepared", grid_json(&c->grid));
        json_array_append_new(cases, one);
    }
    json_t *root =
        json_pack("{s:s, s:I, s:b, s:o}", "study", study->name, "bad", (json_int_t)check->bad_count,
                  "equal_sizes", check->equal, "cases", cases);
    if (net) json_object_set_new(root, "network", network_json(study, net));
    json_t *standards = json_array();
    for (int64_t n = 0; n < check->standards->count; n++)
        json_array_append_new(standards,
                              json_pack("{s:I, s:s, s:I}", "step",
                                        (json_int_t)check->standards->at[n].step + 1, "image",
                                        study->data.images[check->standards->at[n].image].name,
                                        "training_subjects", (json_int_t)count_training(check)));
    json_object_set_new(root, "standards", standards);
    json_t *strips = json_array();
    for (int64_t s = 0; s < study->step_count; s++) {
        const char *method;
        if (!lar_step_is_strip(&study->steps[s])) continue;
        const bool ready = lar_strip_foretell(&method, &study->steps[s], study) == LAR_OK;
        json_array_append_new(strips, json_pack("{s:I, s:s, s:b}", "step", (json_int_t)s + 1,
                                                "method", method, "ready", ready));
    }
    json_object_set_new(root, "strips", strips);
    char *text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
    json_decref(root);
    if (!text) return lar_fail(LAR_EMEMORY, "names must be UTF-8 for JSON");
    lar_text_add(out, "%s\n", text);
    free(text);
    return LAR_OK;
}

static lar_status check_run(lar_call *call)
{
    lar_status status = LAR_OK;
    lar_study *study = NULL;
    lar_check *check = NULL;
    lar_net *net = NULL;
    lar_text text = { 0 };

    LAR_TRY(lar_study_read(&study, call->args[0]));
    LAR_TRY(network_of(&net, study));
    LAR_TRY(lar_study_check(&check, study, call->progress));
    if (call->json)
        LAR_TRY(add_json(&text, study, check, net));
    else
        add_words(&text, study, check, net);
    LAR_TRY(lar_cli_print(lar_text_get(&text)));
    if (check->bad_count)
        status = lar_fail(LAR_EPARTIAL, "%lld of %lld cases would fail",
                          (long long)check->bad_count, (long long)check->cohort->subject_count);
done:
    lar_text_clear(&text);
    lar_net_free(net);
    lar_check_free(check);
    lar_study_free(study);
    return status;
}

const lar_command lar_command_check = {
    .name = "check",
    .group = "learn",
    .summary = "check a study and its scans before anything is made",
    .about =
        "Reads the study, pairs the scans by subject, reads every scan through, and tells "
        "the geometry of each, what each step does to the first case, the size that every "
        "case will have, how many weights the network has and how far it sees, and the split. The "
        "exit status is 1 where some cases are bad, 2 "
        "where the study is wrong. Nothing is written.",
    .args =
        (const lar_arg[]){ { .name = "study", .help = "the study file", .is_path = true }, { 0 } },
    .json = true,
    .examples = (const lar_example[]){ { "larmor check study.yaml", "before 'larmor prepare'" },
                                       { NULL, NULL } },
    .run = check_run,
};
