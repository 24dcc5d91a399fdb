/* Who trains and who is held out: always whole subjects, drawn by a seed or read from a file.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "data/data.h"
#include "data/find.h"
#include "math/math.h"

const char *const lar_split_names[] = { "train", "valid", "test", NULL };

const lar_param lar_split_table[] = {
    LAR_P_REAL(lar_split_params, parts[LAR_TRAIN], "train", 0, "auto", 0, 1e9, "count or fraction",
               "subjects to train on; auto: all that the others leave"),
    LAR_P_REAL(lar_split_params, parts[LAR_VALID], "valid", 0, "0.2", 0, 1e9, "count or fraction",
               "subjects held out, by whose loss the best model is chosen"),
    LAR_P_REAL(lar_split_params, parts[LAR_TEST], "test", 0, "0", 0, 1e9, "count or fraction",
               "subjects that training never looks at"),
    LAR_P_INT(lar_split_params, seed, "seed", 0, "1", 0, 9e15, "number", "of the draw"),
    LAR_P_END,
};

const lar_param lar_split_more_table[] = {
    LAR_P_INT(lar_split_params, folds, "folds", 0, "0", 0, 1000, "count",
              "in so many folds, each of which is valid once; 0: none"),
    LAR_P_INT(lar_split_params, fold, "fold", 0, "1", 1, 1000, "number",
              "the fold that is valid, from 1"),
    LAR_P_TEXTS(lar_split_params, stratify, "stratify", 0, "covariate",
                "covariates of which every part gets its share"),
    LAR_P_INT(lar_split_params, bins, "bins", 0, "4", 2, 100, "count",
              "of a covariate that is a number, with as many subjects in each"),
    LAR_P_END,
};

typedef struct drawn {
    double key;   /* uniform in (0, 1), of the id and seed alone */
    double place; /* in the draw, 0 to 1: the key, or by the stratum */
    const char *id, *stratum;
    int64_t index;
} drawn;

static int drawn_compare(const void *a, const void *b)
{
    const drawn *x = a, *y = b;
    if (x->place != y->place) return x->place < y->place ? -1 : 1;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return strcmp(x->id, y->id);
}

static int stratum_compare(const void *a, const void *b)
{
    const drawn *x = a, *y = b;
    const int order = strcmp(x->stratum, y->stratum);
    return order ? order : drawn_compare(a, b);
}

/* FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/ */
static uint64_t text_hash(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *text; text++) hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    return hash;
}

/* How many subjects each part has. */
static lar_status part_counts(int64_t counts[LAR_SPLIT_COUNT], int64_t count,
                              const lar_split_params *params)
{
    double fractions = 0;
    bool all_fractions = true;
    int64_t sum = 0;
    for (int s = 0; s < LAR_SPLIT_COUNT; s++) {
        const double part = params->parts[s];
        if (part >= 1 && part != floor(part))
            return lar_fail(LAR_EARGUMENT,
                            "the split's %s is %g, neither a whole number nor a fraction below 1",
                            lar_split_names[s], part);
        all_fractions &= part < 1; /* false for NaN */
        fractions += part;
        counts[s] = isnan(part) ? 0 : (int64_t)(part < 1 ? round(part * (double)count) : part);
        if (part > 0 && counts[s] == 0) counts[s] = 1;
        sum += counts[s];
    }
    if (all_fractions && fabs(fractions - 1) > 1e-9)
        return lar_fail(LAR_EARGUMENT, "the split's fractions sum to %g, not to 1", fractions);
    if (isnan(params->parts[LAR_TRAIN]) || all_fractions) {
        counts[LAR_TRAIN] += count - sum;
        sum = count;
    }
    if (sum != count) {
        lar_fail(LAR_EARGUMENT,
                 "the split asks for %lld subjects (train %lld, valid %lld, test %lld), but there "
                 "are %lld",
                 (long long)sum, (long long)counts[0], (long long)counts[1], (long long)counts[2],
                 (long long)count);
        return lar_hint(LAR_EARGUMENT, "leaving out 'train', which then takes what the others "
                                       "leave, or name subjects in leave_out");
    }
    for (int s = LAR_TRAIN; s <= LAR_VALID; s++)
        if (counts[s] < 1) {
            lar_fail(LAR_EARGUMENT, "the split leaves no subject of %lld for '%s'",
                     (long long)count, lar_split_names[s]);
            return lar_hint(LAR_EARGUMENT, "split: {valid: 1} or another count");
        }
    return LAR_OK;
}

/* Spreads each stratum evenly over the whole draw, from a random start (systematic sampling, Madow
 * 1944, doi:10.1214/aoms/1177731312): any part then has its share of each, but for one. */
static void spread_strata(drawn *order, int64_t count, uint64_t seed)
{
    qsort(order, (size_t)count, sizeof *order, stratum_compare);
    for (int64_t first = 0, end; first < count; first = end) {
        for (end = first + 1; end < count; end++)
            if (!lar_text_is(order[end].stratum, order[first].stratum)) break;
        const double start = lar_random_uniform(seed, text_hash(order[first].stratum), 1);
        for (int64_t n = first; n < end; n++)
            order[n].place = ((double)(n - first) + start) / (double)(end - first);
    }
}

/* Where the fold begins and ends in the draw, which test comes first in. */
static lar_status fold_range(int64_t range[2], int64_t counts[LAR_SPLIT_COUNT], int64_t count,
                             const lar_split_params *params)
{
    const double test = params->parts[LAR_TEST];
    if (params->folds < 2 || params->fold < 1 || params->fold > params->folds)
        return lar_fail(LAR_EARGUMENT, "there is no fold %lld of %lld", (long long)params->fold,
                        (long long)params->folds);
    if (test >= 1 && test != floor(test))
        return lar_fail(LAR_EARGUMENT,
                        "the split's test is %g, neither a whole number nor a fraction below 1",
                        test);
    counts[LAR_TEST] = (int64_t)(test < 1 ? round(test * (double)count) : test);
    if (test > 0 && counts[LAR_TEST] == 0) counts[LAR_TEST] = 1;
    const int64_t rest = count - counts[LAR_TEST];
    if (rest < params->folds) {
        lar_fail(LAR_EARGUMENT, "%lld folds need as many subjects, but there %s %lld%s",
                 (long long)params->folds, rest == 1 ? "is" : "are", (long long)rest,
                 counts[LAR_TEST] ? " beside those of test" : "");
        return lar_hint(LAR_EARGUMENT, "fewer folds");
    }
    range[0] = counts[LAR_TEST] + rest * (params->fold - 1) / params->folds;
    range[1] = counts[LAR_TEST] + rest * params->fold / params->folds;
    return LAR_OK;
}

lar_status lar_split_draw(int *splits, const char *const *ids, const char *const *strata,
                          int64_t count, const lar_split_params *params)
{
    int64_t counts[LAR_SPLIT_COUNT], range[2] = { 0, 0 };
    lar_status status = params->folds ? fold_range(range, counts, count, params)
                                      : part_counts(counts, count, params);
    if (status != LAR_OK) return status;
    if (!params->folds) {
        range[0] = counts[LAR_TEST];
        range[1] = range[0] + counts[LAR_VALID];
    }
    drawn *order = lar_alloc(count, sizeof *order);
    if (!order) return LAR_EMEMORY;
    for (int64_t n = 0; n < count; n++) {
        const double key = lar_random_uniform((uint64_t)params->seed, text_hash(ids[n]), 0);
        order[n] = (drawn){
            .key = key, .place = key, .id = ids[n], .stratum = strata ? strata[n] : "", .index = n
        };
    }
    if (strata) spread_strata(order, count, (uint64_t)params->seed);
    qsort(order, (size_t)count, sizeof *order, drawn_compare);
    for (int64_t n = 0; n < count; n++)
        splits[order[n].index] = n < counts[LAR_TEST]            ? LAR_TEST
                                 : n >= range[0] && n < range[1] ? LAR_VALID
                                                                 : LAR_TRAIN;
    lar_free(order);
    return LAR_OK;
}

void lar_split_text(lar_text *out, const lar_cohort *cohort)
{
    lar_text_add(out, "subject,split\n");
    for (int64_t n = 0; n < cohort->participant_count; n++) {
        const lar_subject *first = &cohort->subjects[cohort->firsts[n]];
        lar_text_add(out, "%s,%s\n", first->subject, lar_split_names[first->split]);
    }
}

/* In a list in natural order. */
static int64_t find_id(const char *const *ids, int64_t count, const char *id)
{
    int64_t low = 0, high = count;
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (lar_text_order(ids[middle], id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && lar_text_is(ids[low], id) ? low : -1;
}

/* One "subject,split" line, cut in place. */
static lar_status take_line(int *splits, const char *const *ids, int64_t count,
                            const lar_texts *ignored, const char *path, int64_t line, char *text)
{
    char *comma = strchr(text, ',');
    if (!comma)
        return lar_fail(LAR_EARGUMENT, "%s:%lld: '%s' is not 'subject,split'", path,
                        (long long)line, text);
    *comma = 0;
    const char *split = comma + 1;
    if (line == 1 && lar_text_is(text, "subject") && lar_text_is(split, "split")) return LAR_OK;
    int s = 0;
    while (s < LAR_SPLIT_COUNT && !lar_text_is(split, lar_split_names[s])) s++;
    if (s == LAR_SPLIT_COUNT)
        return lar_fail(LAR_EARGUMENT, "%s:%lld: '%s' is not a split (one of train valid test)",
                        path, (long long)line, split);
    const int64_t n = find_id(ids, count, text);
    if (n < 0 && lar_find_listed(ignored, text)) return LAR_OK;
    if (n < 0)
        return lar_fail(LAR_EARGUMENT, "%s:%lld: no scans were found of the subject '%s'", path,
                        (long long)line, text);
    if (splits[n] >= 0)
        return lar_fail(LAR_EARGUMENT, "%s:%lld: the subject '%s' is here a second time", path,
                        (long long)line, text);
    splits[n] = s;
    return LAR_OK;
}

lar_status lar_split_read(int *splits, const char *const *ids, int64_t count,
                          const lar_texts *ignored, const char *path)
{
    lar_status status = LAR_OK;
    char *bytes = NULL;
    size_t length;
    int64_t line = 0, counts[LAR_SPLIT_COUNT] = { 0 };

    for (int64_t n = 0; n < count; n++) splits[n] = -1;
    LAR_TRY(lar_file_read(&bytes, &length, path, 16 << 20));
    for (char *at = bytes + (lar_text_starts(bytes, "\xef\xbb\xbf") ? 3 : 0); *at;) {
        char *end = at + strcspn(at, "\n");
        char *next = *end ? end + 1 : end;
        *end = 0;
        if (end > at && end[-1] == '\r') end[-1] = 0;
        line++;
        if (*at) LAR_TRY(take_line(splits, ids, count, ignored, path, line, at));
        at = next;
    }
    for (int64_t n = 0; n < count; n++) {
        if (splits[n] < 0) {
            status = lar_fail(LAR_EARGUMENT, "'%s' does not name the subject '%s'", path, ids[n]);
            goto done;
        }
        counts[splits[n]]++;
    }
    for (int s = LAR_TRAIN; s <= LAR_VALID; s++)
        if (!counts[s]) {
            status = lar_fail(LAR_EARGUMENT, "'%s' leaves no subject for '%s'", path,
                              lar_split_names[s]);
            goto done;
        }
done:
    lar_free(bytes);
    return status;
}
