/* The study file: one text that says what the data are, how they are prepared, the network and the
 * training.
 * SPDX-License-Identifier: Apache-2.0 */
#include "prepare/study.h"

enum { STUDY_MAX = 1 << 20 }; /* bytes; as lar_yaml_parse() */

int64_t lar_study_image(const lar_study *study, const char *name)
{
    for (int64_t n = 0; n < study->data.image_count; n++)
        if (lar_text_is(study->data.images[n].name, name)) return n;
    return -1;
}

static lar_status read_sections(lar_study *study, const lar_walk *walk, const lar_yaml *root)
{
    static const char *const sections[] = {
        "data", "prepare", "augment", "network", "train", NULL
    };
    static const char *const own[] = { "sample", NULL }; /* of train */
    lar_status status = LAR_OK;
    const lar_fields train = { lar_train_table, &study->train };

    lar_param_defaults(lar_data_table, &study->data);
    lar_param_defaults(lar_data_care_table, &study->data);
    lar_param_defaults(lar_split_table, &study->data.split);
    lar_param_defaults(lar_split_more_table, &study->data.split);
    study->network = lar_network_default();
    study->train = lar_train_default();
    LAR_TRY(lar_walk_map(walk, root, "the study", NULL, 0, sections));
    const lar_yaml *node = lar_walk_child(root, "data");
    if (!node) {
        status = lar_walk_fail(walk, 1, 1, "the study has no section 'data'");
        goto done;
    }
    LAR_TRY(lar_study_read_data(study, walk, node));
    if ((node = lar_walk_child(root, "prepare"))) LAR_TRY(lar_study_read_steps(study, walk, node));
    if ((node = lar_walk_child(root, "augment")))
        LAR_TRY(lar_study_read_augments(study, walk, node));
    if ((node = lar_walk_child(root, "train"))) {
        LAR_TRY(lar_walk_map(walk, node, "train", &train, 1, own));
        const lar_yaml *sample = lar_walk_child(node, "sample");
        if (sample) LAR_TRY(lar_study_read_sample(study, walk, sample));
        const lar_yaml *momentum = lar_walk_child(node, "momentum");
        if (momentum && study->train.momentum.count != 2)
            status = lar_walk_fail(walk, momentum->line, momentum->column,
                                   "momentum is two numbers, the largest and the smallest");
        LAR_TRY(status);
    }
    if ((node = lar_walk_child(root, "network"))) /* after sample, which says how many channels */
        LAR_TRY(lar_study_read_network(study, walk, node));
done:
    return status;
}

lar_status lar_study_parse(lar_study **out, const char *text, int64_t length, const char *name,
                           const char *folder)
{
    lar_status status = LAR_OK;
    lar_arena *arena = NULL;
    lar_yaml *root;

    *out = NULL;
    LAR_TRY(lar_arena_new(&arena));
    lar_study *study = lar_arena_take(arena, 1, sizeof *study);
    if (!study) {
        status = LAR_EMEMORY;
        goto done;
    }
    study->name = lar_arena_text(arena, name, strlen(name));
    study->text = lar_arena_text(arena, text, (size_t)length);
    study->length = length;
    study->folder = lar_arena_text(arena, folder, strlen(folder));
    const char *stem = lar_path_stem(arena, name);
    study->work = study->folder && stem ? lar_path_join(arena, folder, stem) : NULL;
    if (!study->name || !study->text || !study->work) {
        status = LAR_EMEMORY;
        goto done;
    }
    if (lar_text_is(stem, lar_path_name(name))) /* no suffix: the folder would be the file */
        study->work = lar_arena_format(arena, "%s.work", study->work);
    const lar_walk walk = { .name = study->name, .arena = arena };
    LAR_TRY(lar_yaml_parse(&root, text, length, study->name, arena));
    LAR_TRY(read_sections(study, &walk, root));
    LAR_TRY(lar_study_describe(study, arena));
    study->arena = arena;
    *out = study;
    arena = NULL;
done:
    lar_arena_free(arena);
    return status;
}

lar_status lar_study_read(lar_study **out, const char *path)
{
    lar_status status = LAR_OK;
    lar_arena *arena = NULL;
    char *text = NULL;
    size_t length;

    *out = NULL;
    LAR_TRY(lar_arena_new(&arena));
    const char *folder = lar_path_folder(arena, path);
    if (!folder) {
        status = LAR_EMEMORY;
        goto done;
    }
    LAR_TRY(lar_file_read(&text, &length, path, STUDY_MAX + 1));
    status = lar_study_parse(out, text, (int64_t)length, path, folder);
done:
    lar_free(text);
    lar_arena_free(arena);
    return status;
}

void lar_study_free(lar_study *study)
{
    if (study) lar_arena_free(study->arena);
}

lar_status lar_study_cohort(lar_cohort **out, const lar_study *study)
{
    const lar_status status = lar_cohort_new(out, &study->data, study->folder);
    return status == LAR_OK ? status : lar_while(status, "'%s' cannot be paired", study->name);
}

/* The participants of prepared cases; each once. */
static int64_t list_subjects(const char **subjects, int64_t *who, const lar_cases *record)
{
    int64_t count = 0;
    for (int64_t n = 0; n < record->case_count; n++) {
        const lar_case_record *one = &record->cases[n];
        const char *subject = one->subject ? one->subject : one->id;
        int64_t at = count; /* cases of one subject mostly stand together */
        while (at > 0 && !lar_text_is(subjects[at - 1], subject)) at--;
        who[n] = at > 0 ? at - 1 : count;
        if (at == 0) subjects[count++] = subject;
    }
    return count;
}

static lar_status split_otherwise(const lar_case_record *one, const char *path, int now)
{
    return lar_fail(LAR_EARGUMENT, "'%s' was prepared as %s, but '%s' now says %s", one->id,
                    lar_split_names[one->split], path, lar_split_names[now]);
}

/* A split file that was edited since. */
static lar_status compare_split_file(const lar_study *study, const lar_cases *record)
{
    lar_status status = LAR_OK;
    lar_arena *arena = NULL;
    LAR_TRY(lar_arena_new(&arena));
    const char *path = lar_path_join(arena, study->folder, study->data.split.file);
    const char **ids = lar_arena_take(arena, record->case_count, sizeof *ids);
    int *splits = lar_arena_take(arena, record->case_count, sizeof *splits);
    int64_t *who = lar_arena_take(arena, record->case_count, sizeof *who);
    if (!path || !ids || !splits || !who) {
        status = LAR_EMEMORY;
        goto done;
    }
    if (!lar_path_exists(path)) goto done; /* a study may travel with its prepared data alone */
    const int64_t count = list_subjects(ids, who, record);
    LAR_TRY(lar_split_read(splits, ids, count, &study->data.leave_out, path));
    for (int64_t n = 0; n < record->case_count; n++)
        if (splits[who[n]] != record->cases[n].split) {
            status = split_otherwise(&record->cases[n], path, splits[who[n]]);
            goto done;
        }
done:
    lar_arena_free(arena);
    return status;
}

/* A table of the cases that was edited since. Both are in natural order of the ids. */
static lar_status compare_table(const lar_study *study, const lar_cases *record)
{
    lar_status status = LAR_OK;
    lar_cohort *cohort = NULL;
    lar_arena *arena = NULL;
    LAR_TRY(lar_arena_new(&arena));
    const char *path = lar_path_join(arena, study->folder, study->data.csv);
    if (!path) status = LAR_EMEMORY;
    if (!path || !lar_path_exists(path)) goto done;
    LAR_TRY(lar_study_cohort(&cohort, study));
    for (int64_t n = 0, m = 0; n < record->case_count || m < cohort->subject_count; n++, m++) {
        const lar_case_record *one = n < record->case_count ? &record->cases[n] : NULL;
        const lar_subject *now = m < cohort->subject_count ? &cohort->subjects[m] : NULL;
        const int order = !one ? 1 : !now ? -1 : lar_text_order(one->id, now->id);
        if (order != 0)
            status = lar_fail(LAR_EARGUMENT,
                              order < 0 ? "'%s' is prepared, but not a case of '%s'"
                                        : "'%s' is not prepared, but a case of '%s'",
                              order < 0 ? one->id : now->id, path);
        else if (one->split != now->split)
            status = split_otherwise(one, path, now->split);
        if (status != LAR_OK) goto done;
    }
done:
    lar_cohort_free(cohort);
    lar_arena_free(arena);
    return status;
}

lar_status lar_study_prepared(lar_prepared **out, const lar_study *study)
{
    lar_status status = lar_prepared_open(out, study->work, study->recipe, study->draw);
    if (status == LAR_OK && study->data.split.file)
        status = compare_split_file(study, (*out)->record);
    if (status == LAR_OK && study->data.csv) status = compare_table(study, (*out)->record);
    if (status == LAR_OK) {
        status = lar_cases_judge_twins((*out)->record, &study->data);
        if (status == LAR_OK) return status;
        lar_prepared_free(*out);
        *out = NULL;
        return status;
    }
    if (status == LAR_OK) return status;
    lar_prepared_free(*out);
    *out = NULL;
    return lar_hint(status, "larmor prepare %s", study->name);
}
