/* The distances of images in pairs, for people and as a table.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/look/histogram_table.h"

#include <math.h>

enum { SHOWN_IMAGES = 3, SHOWN_PAIRS = 5, WIDEST = 40 };

/* ---- order --------------------------------------------------------------------------------- */

/* A pair, or an image (then m is n), with a distance of each group. */
typedef struct item {
    int64_t n, m;
    double distances[LAR_GROUPS];
    double key; /* that of the last group */
} item;

static int farthest_first(const void *a, const void *b)
{
    const item *x = a, *y = b;
    if (x->key != y->key) return x->key > y->key ? -1 : 1;
    return x->n != y->n ? (x->n > y->n) - (x->n < y->n) : (x->m > y->m) - (x->m < y->m);
}

static double mean_to_others(const lar_compared *c, int group, int64_t n)
{
    double sum = 0;
    for (int64_t m = 0; m < c->count; m++) sum += lar_compared_distance(c, group, n, m);
    return c->count > 1 ? sum / (double)(c->count - 1) : 0;
}

int64_t lar_histogram_farthest(const lar_compared *c)
{
    int64_t found = 0;
    for (int64_t n = 1; n < c->count; n++)
        if (mean_to_others(c, c->groups - 1, n) > mean_to_others(c, c->groups - 1, found))
            found = n;
    return found;
}

/* All images, or all pairs, the farthest first. */
static item *sorted(const lar_compared *c, bool pairs)
{
    const int64_t count = pairs ? lar_compared_pairs(c) : c->count;
    item *items = lar_arena_take(c->call->arena, count, sizeof *items), *at = items;
    if (!items) return NULL;
    for (int64_t n = 0; n < c->count; n++)
        for (int64_t m = pairs ? n + 1 : n; m < (pairs ? c->count : n + 1); m++, at++) {
            *at = (item){ .n = n, .m = m };
            for (int g = 0; g < c->groups; g++)
                at->distances[g] =
                    pairs ? lar_compared_distance(c, g, n, m) : mean_to_others(c, g, n);
            at->key = at->distances[c->groups - 1];
        }
    qsort(items, (size_t)count, sizeof *items, farthest_first);
    return items;
}

/* ---- words --------------------------------------------------------------------------------- */

static int letters(const char *text)
{
    int count = 0;
    for (; *text; text++) count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

/* A name of a file may hold anything; a screen and a field of a table may not. */
static void add_plain(lar_text *out, const char *name)
{
    for (; *name; name++) {
        const char c = (unsigned char)*name < 32 || *name == 127 ? '?' : *name;
        lar_text_add_bytes(out, &c, 1);
    }
}

/* `width` letters; of a long name its end, which is what tells it from others. */
static void add_name(lar_text *out, const char *name, int width)
{
    const int count = letters(name), cut = count > WIDEST ? count - WIDEST + 1 : 0;
    const int used = cut ? WIDEST : count;
    for (int n = 0; n < cut; n++) do
            name++;
        while (((unsigned char)*name & 0xc0) == 0x80);
    if (cut) lar_text_add(out, "~");
    add_plain(out, name);
    lar_text_add(out, "%*s", width > used ? width - used : 0, "");
}

static int widest_name(const lar_compared *c)
{
    int width = 12;
    for (int64_t n = 0; n < c->count; n++)
        width = letters(c->labels[n]) > width ? letters(c->labels[n]) : width;
    return width < WIDEST ? width : WIDEST;
}

static void add_values(lar_text *out, const lar_compared *c, const double *values)
{
    for (int g = 0; g < c->groups; g++) lar_text_add(out, "  %6.3f", values[g]);
    lar_text_add(out, "\n");
}

static void add_matrix(lar_text *out, const lar_compared *c)
{
    const int width = widest_name(c);
    if (c->groups > 1)
        lar_text_add(out, "above the diagonal before, below it after normalization\n");
    lar_text_add(out, "%*s", width + 3, "");
    for (int64_t n = 0; n < c->count; n++) lar_text_add(out, "  %5lld", (long long)n + 1);
    lar_text_add(out, "\n");
    for (int64_t n = 0; n < c->count; n++) {
        lar_text_add(out, "%2lld ", (long long)n + 1);
        add_name(out, c->labels[n], width);
        for (int64_t m = 0; m < c->count; m++) {
            const int group = m > n ? LAR_BEFORE : c->groups - 1;
            if (m == n)
                lar_text_add(out, "  %5s", "-");
            else
                lar_text_add(out, "  %5.3f", lar_compared_distance(c, group, n, m));
        }
        lar_text_add(out, "\n");
    }
}

static lar_status add_extremes(lar_text *out, const lar_compared *c)
{
    const int width = widest_name(c);
    const item *images = sorted(c, false), *pairs = sorted(c, true);
    if (!images || !pairs) return LAR_EMEMORY;
    const char *when = c->groups > 1 ? " after normalization" : "";
    lar_text_add(out, "images farthest from the others%s, mean distance\n", when);
    for (int64_t n = 0; n < c->count && n < SHOWN_IMAGES; n++) {
        lar_text_add(out, "  ");
        add_name(out, c->labels[images[n].n], 2 * width + 2);
        add_values(out, c, images[n].distances);
    }
    lar_text_add(out, "pairs farthest from each other%s\n", when);
    for (int64_t n = 0; n < lar_compared_pairs(c) && n < SHOWN_PAIRS; n++) {
        lar_text_add(out, "  ");
        add_name(out, c->labels[pairs[n].n], width + 2);
        add_name(out, c->labels[pairs[n].m], width);
        add_values(out, c, pairs[n].distances);
    }
    return LAR_OK;
}

static void add_means(lar_text *out, const lar_compared *c)
{
    double means[LAR_GROUPS], most[LAR_GROUPS] = { 0 };
    const int width = c->count > LAR_HISTOGRAM_MANY ? 2 * widest_name(c) + 4 : widest_name(c) + 3;
    for (int g = 0; g < c->groups; g++) {
        means[g] = c->results[g]->distance;
        for (int64_t n = 0; n < c->count * c->count; n++)
            most[g] = fmax(most[g], sqrt(c->results[g]->divergences[n]));
    }
    if (c->groups > 1) lar_text_add(out, "%*s  before   after\n", width, "");
    lar_text_add(out, "%-*s", width, "mean");
    add_values(out, c, means);
    lar_text_add(out, "%-*s", width, "largest");
    add_values(out, c, most);
}

static void add_verdict(lar_text *out, const lar_compared *c)
{
    const lar_quality_result *a = c->results[LAR_BEFORE], *b = c->results[LAR_AFTER];
    char change[24];
    lar_compared_change(change, a->distance, b->distance);
    lar_text_add(out,
                 "normalization %s: mean distance %.3f before, %.3f after%s, %lld of %lld pairs "
                 "closer",
                 lar_compared_verdict(c), a->distance, b->distance, change,
                 (long long)lar_compared_closer(c), (long long)lar_compared_pairs(c));
    if ((a->distance > b->distance) != (a->divergence > b->divergence))
        lar_text_add(out, "; the mean divergence %s from %.4g to %.4g",
                     b->divergence > a->divergence ? "rose" : "fell", a->divergence, b->divergence);
    lar_text_add(out, "\n");
}

lar_status lar_histogram_words(lar_text *out, const lar_compared *c)
{
    lar_status status = LAR_OK;
    if (c->count < 2) {
        lar_text_add(out, "one image: there is no pair to compare\n");
        return LAR_OK;
    }
    lar_text_add(out,
                 "Jensen-Shannon distance of %lld images, %lld pair%s (0: alike, 0.833: nothing in "
                 "common)\n",
                 (long long)c->count, (long long)lar_compared_pairs(c),
                 lar_compared_pairs(c) == 1 ? "" : "s");
    if (c->count <= LAR_HISTOGRAM_MANY) add_matrix(out, c);
    add_means(out, c);
    if (c->count > LAR_HISTOGRAM_MANY) LAR_TRY(add_extremes(out, c));
    if (c->groups > 1) add_verdict(out, c);
    if (c->count > LAR_HISTOGRAM_MANY)
        lar_text_add(out, "--table FILE and --json have every pair\n");
done:
    return status;
}

/* ---- the whole table ----------------------------------------------------------------------- */

void lar_histogram_tsv(lar_text *out, const lar_compared *c)
{
    lar_text_add(out, "image\tother");
    for (int g = 0; g < c->groups; g++)
        lar_text_add(out, "\tdistance_%s\tdivergence_%s", lar_group_names[g], lar_group_names[g]);
    lar_text_add(out, "\n");
    for (int64_t n = 0; n < c->count; n++)
        for (int64_t m = n + 1; m < c->count; m++) {
            add_plain(out, c->labels[n]);
            lar_text_add(out, "\t");
            add_plain(out, c->labels[m]);
            for (int g = 0; g < c->groups; g++)
                lar_text_add(out, "\t%.9g\t%.9g", lar_compared_distance(c, g, n, m),
                             c->results[g]->divergences[n * c->count + m]);
            lar_text_add(out, "\n");
        }
}
