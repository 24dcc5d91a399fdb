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
