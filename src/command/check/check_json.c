/* What larmor check found, as JSON.
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>

#include "command/check/check_words.h"
#include "image/image.h"
#include "net/net.h"

int64_t lar_check_training(const lar_check *check)
{
    int64_t count = 0;
    for (int64_t n = 0; n < check->cohort->subject_count; n++)
        count += check->cases[n].split == LAR_TRAIN && !check->cases[n].reason;
    return count;
}

const char *lar_check_network_name(const lar_study *study)
{
    return study->network.layers ? "layers" : lar_models[study->network.name].name;
}

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

/* "same", "moved", "other": how its grid lies to the first image's; NULL: it is the first. */
static const char *const beside_names[] = {
    [LAR_BESIDE_NONE] = NULL,
    [LAR_BESIDE_SAME] = "same",
    [LAR_BESIDE_MOVED] = "moved",
    [LAR_BESIDE_OTHER] = "other",
};

static json_t *scan_json(const lar_check_scan *scan)
{
    json_t *out = json_pack("{s:s}", "path", scan->path);
    if (scan->raw.size[0] == 0) return out;
    json_object_set_new(out, "grid", grid_json(&scan->raw));
    json_object_set_new(out, "type", json_string(lar_type_name(scan->stored)));
    if (beside_names[scan->beside])
        json_object_set_new(out, "beside_first", json_string(beside_names[scan->beside]));
    if (scan->beside == LAR_BESIDE_MOVED)
        json_object_set_new(out, "apart_mm", json_real(scan->apart_mm));
    if (scan->labels && !scan->labels->many) {
        json_t *labels = json_array();
        for (int64_t n = 0; n < scan->labels->count; n++)
            json_array_append_new(labels, json_integer((json_int_t)scan->labels->at[n]));
        json_object_set_new(out, "labels", labels);
    }
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
    return json_pack("{s:s, s:I, s:[I,I,I], s:b}", "name", lar_check_network_name(study), "weights",
                     (json_int_t)lar_net_weight_count(net), "reach", (json_int_t)reach.halo[0],
                     (json_int_t)reach.halo[1], (json_int_t)reach.halo[2], "whole_volume",
                     reach.global);
}

static json_t *covariates_json(const lar_cohort *cohort, const lar_subject *subject)
{
    json_t *out = json_object();
    for (int64_t n = 0; n < cohort->covariate_count; n++)
        if (*subject->values[n])
            json_object_set_new(out, cohort->covariates[n], json_string(subject->values[n]));
    return out;
}

static json_t *twins_json(const lar_check *check)
{
    static const char *const how[] = { "voxels", "turned", "uid" };
    json_t *out = json_array();
    for (int64_t n = 0; n < check->twins.count; n++) {
        const lar_twin *twin = &check->twins.at[n];
        json_t *files = json_array();
        for (int k = 0; k < 2; k++)
            json_array_append_new(
                files, json_string(check->cohort->subjects[twin->cases[k]].paths[twin->images[k]]));
        json_array_append_new(out, json_pack("{s:o, s:s, s:b}", "files", files, "by",
                                             how[twin->kind], "across_parts", twin->across));
    }
    return out;
}

lar_status lar_check_add_json(lar_text *out, const lar_study *study, const lar_check *check,
                              const lar_net *net)
{
    json_t *cases = json_array();
    for (int64_t n = 0; n < check->cohort->subject_count; n++) {
        const lar_check_case *c = &check->cases[n];
        json_t *images = json_object();
        for (int64_t m = 0; m < lar_data_scans(&study->data); m++)
            json_object_set_new(images, study->data.images[m].name, scan_json(&c->scans[m]));
        json_t *one =
            json_pack("{s:s, s:s, s:s, s:b, s:o}", "subject", c->id, "participant",
                      check->cohort->subjects[n].subject, "split", lar_split_names[c->split], "ok",
                      c->reason == NULL, "images", images);
        json_object_set_new(one, "covariates",
                            covariates_json(check->cohort, &check->cohort->subjects[n]));
        if (c->hint) json_object_set_new(one, "try", json_string(c->hint));
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
        json_array_append_new(
            standards,
            json_pack("{s:I, s:s, s:I}", "step", (json_int_t)check->standards->at[n].step + 1,
                      "image", study->data.images[check->standards->at[n].image].name,
                      "training_subjects", (json_int_t)lar_check_training(check)));
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
    json_object_set_new(root, "same_scans", twins_json(check));
    json_object_set_new(root, "leaks", json_boolean(check->leaks));
    char *text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
    json_decref(root);
    if (!text) return lar_fail(LAR_EMEMORY, "names must be UTF-8 for JSON");
    lar_text_add(out, "%s\n", text);
    free(text);
    return LAR_OK;
}
