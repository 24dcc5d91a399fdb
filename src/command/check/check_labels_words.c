/* The labels of a cohort, in words.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/check/check_words.h"

enum { IDS_SHOWN = 5, WARNED_MAX = 8 };

/* "0-4 17": runs of numbers by their ends. */
static void add_values(lar_text *out, const lar_check_labels *list)
{
    for (int64_t n = 0; n < list->count;) {
        int64_t end = n;
        while (end + 1 < list->count && list->at[end + 1] == list->at[end] + 1) end++;
        if (end - n < 2) end = n;
        lar_text_add(out, " %.10g", list->at[n]);
        if (end > n) lar_text_add(out, "-%.10g", list->at[end]);
        n = end + 1;
    }
}

/* The cases that have the label, or those that have not: "sub-03, sub-04 and 2 more"; or all. */
static void add_ids(lar_text *out, const lar_check *check, int64_t image, double label, bool has,
                    bool every)
{
    int64_t shown = 0, rest = 0;
    for (int64_t n = 0; n < check->cohort->subject_count; n++) {
        const lar_check_labels *one = check->cases[n].scans[image].labels;
        if (!one || one->many || lar_check_labels_has(one, label) != has) continue;
        if (every || shown < IDS_SHOWN)
            lar_text_add(out, "%s%s", shown++ ? ", " : "", check->cases[n].id);
        else
            rest++;
    }
    if (rest) lar_text_add(out, " and %lld more", (long long)rest);
}

static int64_t count_cases(const lar_check *check, int64_t image, double label)
{
    int64_t count = 0;
    for (int64_t n = 0; n < check->cohort->subject_count; n++) {
        const lar_check_labels *one = check->cases[n].scans[image].labels;
        count += one && !one->many && lar_check_labels_has(one, label);
    }
    return count;
}

static void add_image(lar_text *out, const lar_study *study, const lar_check *check, int64_t image,
                      bool every)
{
    lar_check_labels all = { 0 };
    const char *name = study->data.images[image].name;
    int64_t cases = 0, warned = 0;
    for (int64_t n = 0; n < check->cohort->subject_count; n++) {
        const lar_check_labels *one = check->cases[n].scans[image].labels;
        if (!one) continue;
        if (one->many)
            lar_text_add(out, "warning: %s, %s: more than %d values, are these labels?\n",
                         check->cases[n].id, name, LAR_CHECK_LABELS);
        else
            lar_check_labels_join(&all, one);
        cases += !one->many;
    }
    if (all.count == 0) return;
    lar_text_add(out, "labels of '%s':", name);
    add_values(out, &all);
    lar_text_add(out, "\n");
    for (int64_t n = 0; n < all.count; n++) {
        const int64_t count = count_cases(check, image, all.at[n]);
        if (count == cases || (warned++ >= WARNED_MAX && !every)) continue;
        const bool has = 2 * count <= cases;
        lar_text_add(out, "warning: label %.10g of '%s' is %s ", all.at[n], name,
                     has ? "only in" : "not in");
        add_ids(out, check, image, all.at[n], has, every);
        lar_text_add(out, "\n");
    }
    if (warned > WARNED_MAX && !every)
        lar_text_add(out, "... and %lld more labels of '%s' that not all have (--all lists each)\n",
                     (long long)(warned - WARNED_MAX), name);
}

void lar_check_add_labels(lar_text *out, const lar_study *study, const lar_check *check, bool all)
{
    for (int64_t m = 0; m < lar_data_scans(&study->data); m++)
        if (study->data.images[m].role == LAR_LABEL) add_image(out, study, check, m, all);
}
