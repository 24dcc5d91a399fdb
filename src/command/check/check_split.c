/* Who is in which part, by what is known of the participants.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "command/check/check_words.h"

enum { COVARIATES_SHOWN = 8, LEVELS_SHOWN = 8, IDS_SHOWN = 5, CELL = 40 };

/* One covariate, of each participant. */
typedef struct known {
    const char *name;
    int64_t count; /* participants */
    const char **values;
    int *splits;
    bool numbers;        /* all that are known */
    int64_t level_count; /* of different values */
    const char **levels; /* the values, in order */
    int64_t missing;
} known;

static int level_compare(const void *a, const void *b)
{
    return lar_text_order(*(const char *const *)a, *(const char *const *)b);
}

static int real_compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static bool look_at(known *k, const lar_cohort *cohort, int64_t covariate, lar_arena *arena)
{
    *k = (known){ .name = cohort->covariates[covariate], .count = cohort->participant_count };
    k->values = lar_arena_take(arena, k->count, sizeof *k->values);
    k->splits = lar_arena_take(arena, k->count, sizeof *k->splits);
    k->levels = lar_arena_take(arena, k->count, sizeof *k->levels);
    if (!k->values || !k->splits || !k->levels) return false;
    k->numbers = true;
    int64_t filled = 0;
    for (int64_t n = 0; n < k->count; n++) {
        const lar_subject *first = &cohort->subjects[cohort->firsts[n]];
        double number;
        k->values[n] = first->values[covariate];
        k->splits[n] = first->split;
        k->missing += !*k->values[n];
        if (!*k->values[n]) continue;
        k->numbers &= lar_parse_real(&number, k->values[n]);
        k->levels[filled++] = k->values[n];
    }
    if (filled) qsort(k->levels, (size_t)filled, sizeof *k->levels, level_compare);
    for (int64_t n = 0; n < filled; n++)
        if (n == 0 || !lar_text_is(k->levels[k->level_count - 1], k->levels[n]))
            k->levels[k->level_count++] = k->levels[n];
    k->numbers &= k->level_count > LEVELS_SHOWN;
    return true;
}

/* "61 (23 to 88)": median and range; "" where nothing is known. */
static void number_words(char words[CELL], const known *k, int split, double *room)
{
    int64_t count = 0;
    for (int64_t n = 0; n < k->count; n++)
        if (k->splits[n] == split && *k->values[n])
            count += lar_parse_real(&room[count], k->values[n]);
    words[0] = 0;
    if (!count) return;
    qsort(room, (size_t)count, sizeof *room, real_compare);
    const double median = (room[(count - 1) / 2] + room[count / 2]) / 2;
    snprintf(words, CELL, "%.4g (%.4g to %.4g)", median, room[0], room[count - 1]);
}

static void count_words(char words[CELL], const known *k, int split, const char *level)
{
    int64_t count = 0, all = 0;
    for (int64_t n = 0; n < k->count; n++) {
        all += k->splits[n] == split;
        count += k->splits[n] == split && lar_text_is(k->values[n], level);
    }
    snprintf(words, CELL, "%lld (%.0f %%)", (long long)count,
             all ? 100 * (double)count / (double)all : 0);
}

static void add_row(lar_text *out, const char *name, const char *level, char cells[][CELL],
                    const bool *there)
{
    lar_text line = { 0 };
    lar_text_add(&line, "  %-14s %-12s", name, level);
    for (int s = 0; s < LAR_SPLIT_COUNT; s++)
        if (there[s]) lar_text_add(&line, "  %-20s", cells[s]);
    while (line.length && line.at[line.length - 1] == ' ') line.at[--line.length] = 0;
    lar_text_add(out, "%s\n", lar_text_get(&line));
    lar_text_clear(&line);
}

static void add_covariate(lar_text *out, const known *k, const bool *there, lar_arena *arena)
{
    char cells[LAR_SPLIT_COUNT][CELL];
    double *room = lar_arena_take(arena, k->count, sizeof *room);
    if (!room) return;
    if (k->numbers) {
        for (int s = 0; s < LAR_SPLIT_COUNT; s++) number_words(cells[s], k, s, room);
        add_row(out, k->name, "median", cells, there);
    }
    for (int64_t n = 0; !k->numbers && n < k->level_count; n++) {
        for (int s = 0; s < LAR_SPLIT_COUNT; s++) count_words(cells[s], k, s, k->levels[n]);
        add_row(out, n ? "" : k->name, k->levels[n], cells, there);
    }
    if (!k->missing) return;
    for (int s = 0; s < LAR_SPLIT_COUNT; s++) count_words(cells[s], k, s, "");
    add_row(out, k->numbers || k->level_count ? "" : k->name, "not known", cells, there);
}

static void add_missing(lar_text *out, const lar_cohort *cohort, const known *k, bool all)
{
    int64_t shown = 0;
    if (!k->missing || k->missing == k->count) return;
    lar_text_add(out, "warning: '%s' is not known of ", k->name);
    for (int64_t n = 0; n < k->count && (all || shown < IDS_SHOWN); n++)
        if (!*k->values[n])
            lar_text_add(out, "%s%s", shown++ ? ", " : "",
                         cohort->subjects[cohort->firsts[n]].subject);
    if (k->missing > shown) lar_text_add(out, " and %lld more", (long long)(k->missing - shown));
    lar_text_add(out, "\n");
}

void lar_check_add_split(lar_text *out, const lar_check *check, bool all)
{
    const lar_cohort *cohort = check->cohort;
    lar_arena *arena = NULL;
    bool there[LAR_SPLIT_COUNT] = { false };
    char heads[LAR_SPLIT_COUNT][CELL];
    lar_text rest = { 0 }, missing = { 0 };
    int64_t shown = 0;

    if (cohort->covariate_count == 0 || lar_arena_new(&arena) != LAR_OK) return;
    for (int64_t n = 0; n < cohort->subject_count; n++) there[cohort->subjects[n].split] = true;
    for (int s = 0; s < LAR_SPLIT_COUNT; s++) snprintf(heads[s], CELL, "%s", lar_split_names[s]);
    for (int64_t c = 0; c < cohort->covariate_count; c++) {
        known k;
        if (!look_at(&k, cohort, c, arena)) break;
        if (shown == COVARIATES_SHOWN || (!k.numbers && k.level_count > LEVELS_SHOWN)) {
            lar_text_add(&rest, "%s%s (%lld value%s)", rest.length ? ", " : "", k.name,
                         (long long)k.level_count, k.level_count == 1 ? "" : "s");
            continue;
        }
        if (!shown++) {
            lar_text_add(out, "\n");
            add_row(out, "covariate", "", heads, there);
        }
        add_covariate(out, &k, there, arena);
        add_missing(&missing, cohort, &k, all);
    }
    if (rest.length) lar_text_add(out, "%s  other covariates: %s\n", shown ? "" : "\n", rest.at);
    lar_text_add(out, "%s", lar_text_get(&missing));
    lar_text_clear(&missing);
    lar_text_clear(&rest);
    lar_arena_free(arena);
}
