/* Whether what steps found in a case can be trusted, all of them in one sentence.
 * SPDX-License-Identifier: Apache-2.0 */
#include "data/data.h"

static void add_map_doubt(lar_text *out, const lar_case_map *map)
{
    lar_text_add(out, "%sstep %lld: '%s' may not lie on '%s': %s", out->length ? "; " : "",
                 (long long)map->step, map->move, map->to, map->verdict.reason);
}

static void add_strip_doubt(lar_text *out, const lar_case_strip *strip)
{
    lar_text_add(out, "%sstep %lld: the mask '%s' of '%s' may not be the brain: %s",
                 out->length ? "; " : "", (long long)strip->step, strip->mask, strip->of,
                 strip->verdict.reason);
}

bool lar_case_doubt(lar_text *out, const lar_case_findings *f)
{
    int64_t m = 0, s = 0;
    bool any = false;
    while (m < f->map_count || s < f->strip_count) {
        const bool map =
            s == f->strip_count || (m < f->map_count && f->maps[m].step < f->strips[s].step);
        const bool doubtful = map ? f->maps[m].verdict.doubtful : f->strips[s].verdict.doubtful;
        if (doubtful && map)
            add_map_doubt(out, &f->maps[m]);
        else if (doubtful)
            add_strip_doubt(out, &f->strips[s]);
        any |= doubtful;
        m += map;
        s += !map;
    }
    return any;
}

enum { WAYS = 16 }; /* of making a mask, told apart */

bool lar_cases_mixed(lar_text *out, const lar_cases *cases)
{
    struct {
        lar_text words;
        const char *mask;
        int64_t count;
    } ways[WAYS] = { 0 };
    int known = 0;
    bool mixed = false;
    for (int64_t c = 0; c < cases->case_count; c++) {
        const lar_case_findings *f = &cases->cases[c].findings;
        for (int64_t s = 0; s < f->strip_count; s++) {
            lar_text words = { 0 };
            int n = 0;
            lar_case_strip_words(&words, &f->strips[s]);
            while (n < known && !lar_text_is(lar_text_get(&ways[n].words), lar_text_get(&words)))
                n++;
            for (int m = 0; m < known && n == known; m++)
                mixed |= lar_text_is(ways[m].mask, f->strips[s].mask);
            if (n == known && n < WAYS) {
                ways[known].mask = f->strips[s].mask;
                ways[known++].words = words;
            } else {
                lar_text_clear(&words);
            }
            if (n < WAYS) ways[n].count++;
        }
    }
    for (int n = 0; n < known; n++) {
        if (mixed)
            lar_text_add(out, "%s%s in %lld case%s", n ? ", " : "", lar_text_get(&ways[n].words),
                         (long long)ways[n].count, ways[n].count == 1 ? "" : "s");
        lar_text_clear(&ways[n].words);
    }
    return mixed;
}
