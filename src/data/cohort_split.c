/* Which part each participant belongs to: as the source says, a file, or a draw. All cases of one
 * participant go together, whatever says it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "data/find.h"

typedef struct dealing {
    lar_cohort *cohort;
    const lar_finder *f;
    int64_t *who;     /* participant of each case */
    const char **ids; /* of the participants */
} dealing;

typedef struct named {
    const char *subject;
    int64_t index;
} named;

static int named_compare(const void *a, const void *b)
{
    const named *x = a, *y = b;
    const int order = lar_text_order(x->subject, y->subject);
    if (order) return order;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* Numbers the participants, in natural order. */
static lar_status count_participants(dealing *d)
{
    lar_cohort *cohort = d->cohort;
    lar_arena *arena = d->f->arena;
    const int64_t count = cohort->subject_count;
    int64_t *firsts = lar_arena_take(arena, count, sizeof *firsts);
    named *all = lar_arena_take(arena, count, sizeof *all);
    d->who = lar_arena_take(arena, count, sizeof *d->who);
    d->ids = lar_arena_take(arena, count, sizeof *d->ids);
    if (!firsts || !all || !d->who || !d->ids) return LAR_EMEMORY;
    for (int64_t n = 0; n < count; n++) all[n] = (named){ cohort->subjects[n].subject, n };
    qsort(all, (size_t)count, sizeof *all, named_compare);
    for (int64_t n = 0; n < count; n++) {
        if (n == 0 || !lar_text_is(all[n - 1].subject, all[n].subject)) {
            firsts[cohort->participant_count] = all[n].index;
            d->ids[cohort->participant_count++] = all[n].subject;
        }
        d->who[all[n].index] = cohort->participant_count - 1;
    }
    cohort->firsts = firsts;
    return LAR_OK;
}

/* ---- strata ------------------------------------------------------------------------------ */

static lar_status find_covariate(const dealing *d, int64_t *out, const char *name)
{
    const lar_cohort *cohort = d->cohort;
    const char **names = lar_arena_take(d->f->arena, cohort->covariate_count + 1, sizeof *names);
    if (!names) return LAR_EMEMORY;
    for (int64_t n = 0; n < cohort->covariate_count; n++) {
        names[n] = cohort->covariates[n];
        if (!lar_text_is(names[n], name)) continue;
        *out = n;
        return LAR_OK;
    }
    lar_fail(LAR_EARGUMENT, "the split is stratified by '%s', but there is no such covariate",
             name);
    const char *nearest = lar_text_nearest(name, names);
    if (nearest) return lar_hint(LAR_EARGUMENT, "'%s'", nearest);
    if (cohort->covariate_count == 0)
        return lar_hint(LAR_EARGUMENT,
                        "participants: FILE, a table with the columns "
                        "participant_id and %s",
                        name);
    lar_text all = { 0 };
    for (int64_t n = 0; n < cohort->covariate_count; n++)
        lar_text_add(&all, n ? " %s" : "%s", names[n]);
    lar_hint(LAR_EARGUMENT, "one of %s", lar_text_get(&all));
    lar_text_clear(&all);
    return LAR_EARGUMENT;
}

/* What is known of each participant: one value, whatever its cases are. */
static lar_status gather_values(const dealing *d, const char **values, int64_t covariate)
{
    const lar_cohort *cohort = d->cohort;
    for (int64_t n = 0; n < cohort->subject_count; n++) {
        const char *value = cohort->subjects[n].values[covariate], **known = &values[d->who[n]];
        if (*known && **known && *value && !lar_text_is(*known, value))
            return lar_fail(LAR_EARGUMENT,
                            "the split is stratified by '%s', but the cases of '%s' do not agree: "
                            "'%s' and '%s'",
                            cohort->covariates[covariate], cohort->subjects[n].subject, *known,
                            value);
        if (!*known || !**known) *known = value;
    }
    return LAR_OK;
}

static int text_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int real_compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Numbers of which there are more than bins become the number of their bin, of equal counts. */
static lar_status bin_values(const dealing *d, const char **values, int64_t covariate, int64_t bins)
{
    const int64_t count = d->cohort->participant_count;
    const char **sorted = lar_arena_take(d->f->arena, count, sizeof *sorted);
    double *numbers = lar_arena_take(d->f->arena, count, sizeof *numbers);
    int64_t known = 0, distinct = 0, words = 0, word = 0;
    if (!sorted || !numbers) return LAR_EMEMORY;
    for (int64_t n = 0; n < count; n++) {
        if (!*values[n]) continue;
        if (lar_parse_real(&numbers[known], values[n]))
            sorted[known++] = values[n];
        else if (!words++)
            word = n;
    }
    if (known == 0) return LAR_OK;
    qsort(sorted, (size_t)known, sizeof *sorted, text_compare);
    for (int64_t n = 0; n < known; n++)
        distinct += n == 0 || !lar_text_is(sorted[n - 1], sorted[n]);
    if (distinct <= bins) return LAR_OK;
    if (words && words < known)
        lar_log(LAR_LOG_WARNING,
                "the split is stratified by '%s', a number of %lld subjects, but '%s' of '%s', so "
                "that it has no bins: write n/a, or nothing, where it is not known",
                d->cohort->covariates[covariate], (long long)known, values[word], d->ids[word]);
    if (words) return LAR_OK;
    qsort(numbers, (size_t)known, sizeof *numbers, real_compare);
    for (int64_t n = 0; n < count; n++) {
        double value;
        int64_t bin = 0;
        if (!lar_parse_real(&value, values[n])) continue;
        for (int64_t b = 1; b < bins; b++) bin += value >= numbers[known * b / bins];
        values[n] = lar_arena_format(d->f->arena, "%lld", (long long)bin);
        if (!values[n]) return LAR_EMEMORY;
    }
    return LAR_OK;
}

/* The stratum of each participant, as a text; NULL where the split has none. */
static lar_status find_strata(const dealing *d, const char ***out)
{
    lar_status status = LAR_OK;
    const lar_split_params *split = &d->f->data->split;
    const int64_t count = d->cohort->participant_count;
    *out = NULL;
    if (split->stratify.count == 0) return LAR_OK;
    const char **strata = lar_arena_take(d->f->arena, count, sizeof *strata);
    if (!strata) return LAR_EMEMORY;
    for (int64_t n = 0; n < count; n++) strata[n] = "";
    for (int64_t k = 0; k < split->stratify.count; k++) {
        int64_t covariate = 0;
        const char **values = lar_arena_take(d->f->arena, count, sizeof *values);
        if (!values) return LAR_EMEMORY;
        LAR_TRY(find_covariate(d, &covariate, split->stratify.at[k]));
        LAR_TRY(gather_values(d, values, covariate));
        LAR_TRY(bin_values(d, values, covariate, split->bins));
        for (int64_t n = 0; n < count; n++) {
            strata[n] = lar_arena_format(d->f->arena, "%s%s\n", strata[n], values[n]);
            if (!strata[n]) return LAR_EMEMORY;
        }
    }
    *out = strata;
done:
    return status;
}

/* ---- parts ------------------------------------------------------------------------------- */

/* No participant is in two parts, and there is somebody to learn from and to choose by. */
static lar_status check_parts(const dealing *d)
{
    int64_t counts[LAR_SPLIT_COUNT] = { 0 };
    const lar_cohort *cohort = d->cohort;
    for (int64_t n = 0; n < cohort->subject_count; n++) {
        const lar_subject *subject = &cohort->subjects[n];
        const lar_subject *first = &cohort->subjects[cohort->firsts[d->who[n]]];
        counts[subject->split]++;
        if (subject->split == first->split) continue;
        lar_fail(LAR_EARGUMENT, "the subject '%s' is in two parts: '%s' is %s, '%s' is %s",
                 subject->subject, first->id, lar_split_names[first->split], subject->id,
                 lar_split_names[subject->split]);
        return lar_hint(LAR_EARGUMENT,
                        "one part for all of a subject's scans: a network knows a head again");
    }
    for (int s = LAR_TRAIN; s <= LAR_VALID; s++)
        if (!counts[s])
            return lar_fail(LAR_EARGUMENT, "no subject is '%s' by %s", lar_split_names[s],
                            d->f->splits_by);
    return LAR_OK;
}

/* The file names everybody; of whom the source says something, it says the same. */
static lar_status deal_by_file(const dealing *d, int *splits)
{
    lar_cohort *cohort = d->cohort;
    const lar_data_params *data = d->f->data;
    const char *path = lar_path_join(d->f->arena, d->f->folder, data->split.file);
    if (!path) return LAR_EMEMORY;
    const lar_status status =
        lar_split_read(splits, d->ids, cohort->participant_count, &data->leave_out, path);
    for (int64_t n = 0; n < cohort->subject_count && status == LAR_OK; n++) {
        lar_subject *subject = &cohort->subjects[n];
        const int split = splits[d->who[n]];
        if (subject->split >= 0 && subject->split != split)
            return lar_fail(LAR_EARGUMENT, "'%s' says that '%s' is %s, but by its folder it is %s",
                            path, subject->subject, lar_split_names[split],
                            lar_split_names[subject->split]);
        subject->split = split;
    }
    return status;
}

/* Those of whom the source says nothing are drawn, or stand in the study's file. */
static lar_status deal(const dealing *d)
{
    lar_status status = LAR_OK;
    lar_cohort *cohort = d->cohort;
    lar_arena *arena = d->f->arena;
    const lar_data_params *data = d->f->data;
    const int64_t count = cohort->participant_count;
    const char **ids = lar_arena_take(arena, count, sizeof *ids), **strata;
    int *splits = lar_arena_take(arena, count, sizeof *splits);
    int64_t *places = lar_arena_take(arena, count, sizeof *places);
    int64_t open = 0;
    if (!ids || !splits || !places) return LAR_EMEMORY;
    if (data->split.file) return deal_by_file(d, splits);
    LAR_TRY(find_strata(d, &strata));
    for (int64_t n = 0; n < count; n++) {
        places[n] = -1;
        if (cohort->subjects[cohort->firsts[n]].split >= 0) continue;
        ids[open] = d->ids[n];
        if (strata) strata[open] = strata[n];
        places[n] = open++;
    }
    LAR_TRY(lar_split_draw(splits, ids, strata, open, &data->split));
    for (int64_t n = 0; n < cohort->subject_count; n++)
        if (places[d->who[n]] >= 0) cohort->subjects[n].split = splits[places[d->who[n]]];
done:
    return status;
}

lar_status lar_cohort_split(lar_cohort *cohort, const lar_finder *f)
{
    lar_status status = LAR_OK;
    dealing d = { .cohort = cohort, .f = f };
    LAR_TRY(count_participants(&d));
    if (f->splits_by && f->data->split.said) {
        status = lar_fail(LAR_EARGUMENT, "a split is given, but %s say%s it", f->splits_by,
                          f->data->folders ? "" : "s");
        lar_hint(status, "leaving one of the two out");
        goto done;
    }
    LAR_TRY(f->splits_by ? check_parts(&d) : deal(&d));
    lar_cohort_tell_heads(cohort);
done:
    return status;
}
