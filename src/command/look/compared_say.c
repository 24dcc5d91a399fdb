/* What a comparison of intensities says: the verdict, numbers for machines, the picture.
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <math.h>

#include "command/look/compared.h"
#include "report/report.h"

double lar_compared_distance(const lar_compared *c, int group, int64_t n, int64_t m)
{
    return sqrt(c->results[group]->divergences[n * c->count + m]);
}

int64_t lar_compared_pairs(const lar_compared *c)
{
    return c->count * (c->count - 1) / 2;
}

int64_t lar_compared_closer(const lar_compared *c)
{
    const double *a = c->results[LAR_BEFORE]->divergences, *b = c->results[LAR_AFTER]->divergences;
    int64_t closer = 0;
    for (int64_t n = 0; n < c->count; n++)
        for (int64_t m = n + 1; m < c->count; m++)
            closer += b[n * c->count + m] < a[n * c->count + m];
    return closer;
}

const char *lar_compared_verdict(const lar_compared *c)
{
    const lar_quality_result *a = c->results[LAR_BEFORE], *b = c->results[LAR_AFTER];
    const double measures[][2] = { { a->distance, b->distance },
                                   { a->divergence, b->divergence },
                                   { a->scatter, b->scatter } };
    int known = 0, less = 0;
    for (size_t n = 0; n < sizeof measures / sizeof *measures; n++) {
        if (isnan(measures[n][0]) || isnan(measures[n][1])) continue;
        known++;
        less += measures[n][1] < measures[n][0];
    }
    return less == 0 ? "did not help" : less == known ? "helped" : "helped in part";
}

void lar_compared_change(char words[24], double before, double after)
{
    words[0] = 0;
    if (before > 0) snprintf(words, 24, " (%+.0f %%)", 100 * (after / before - 1));
}

/* ---- for machines ------------------------------------------------------------------------- */

static json_t *number_or_null(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *matrix(const lar_compared *c, int group, bool roots)
{
    json_t *rows = json_array();
    const double *divergences = c->results[group]->divergences;
    for (int64_t n = 0; n < c->count; n++) {
        json_t *row = json_array();
        for (int64_t m = 0; m < c->count; m++) {
            const double value = divergences[n * c->count + m];
            json_array_append_new(row, json_real(roots ? sqrt(value) : value));
        }
        json_array_append_new(rows, row);
    }
    return rows;
}

static json_t *group_json(const lar_compared *c, int group)
{
    const lar_quality_result *r = c->results[group];
    json_t *tissues = json_array();
    for (int64_t n = 0; n < r->tissue_count; n++) {
        const lar_quality_tissue *t = &r->tissues[n];
        json_array_append_new(
            tissues, json_pack("{s:I, s:I, s:o, s:o, s:o, s:o}", "label", (json_int_t)t->code,
                               "images", (json_int_t)t->images, "mean", number_or_null(t->mean),
                               "scatter", number_or_null(t->scatter), "across",
                               number_or_null(t->across), "within", number_or_null(t->within)));
    }
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:[f,f], s:o}", "distance",
                     number_or_null(r->distance), "divergence", number_or_null(r->divergence),
                     "scatter", number_or_null(r->scatter), "across", number_or_null(r->across),
                     "within", number_or_null(r->within), "distances", matrix(c, group, true),
                     "divergences", matrix(c, group, false), "range", r->low, r->high, "tissues",
                     tissues);
}

lar_status lar_compared_json(lar_text *out, const lar_compared *c)
{
    json_t *root = json_pack("{s:s, s:I}", "logarithm", "natural", "bins",
                             (json_int_t)c->results[LAR_BEFORE]->bins);
    json_t *images = json_array(), *failed = json_array();
    for (int64_t n = 0; n < c->call->arg_count; n++)
        json_array_append_new(c->bad[n] ? failed : images, json_string(c->call->args[n]));
    json_object_set_new(root, "images", images);
    json_object_set_new(root, "failed", failed);
    for (int g = 0; g < c->groups; g++)
        json_object_set_new(root, lar_group_names[g], group_json(c, g));
    if (c->groups > 1 && c->count > 1) {
        json_object_set_new(root, "closer_pairs", json_integer(lar_compared_closer(c)));
        json_object_set_new(root, "verdict", json_string(lar_compared_verdict(c)));
    }
    char *dumped = json_dumps(root, JSON_REAL_PRECISION(9));
    json_decref(root);
    if (!dumped) return lar_fail(LAR_EMEMORY, "out of memory for the result");
    lar_text_add(out, "%s\n", dumped);
    free(dumped);
    return LAR_OK;
}

/* ---- the picture -------------------------------------------------------------------------- */

static const char *title_of(const lar_compared *c, int group)
{
    const char *name = c->groups == 1        ? "Histograms"
                       : group == LAR_BEFORE ? "Before normalization"
                                             : "After normalization";
    if (c->count < 2) return c->groups == 1 ? "Histogram" : name;
    if (c->groups == 1)
        return lar_arena_format(c->call->arena, "%lld images: mean distance %.3f",
                                (long long)c->count, c->results[group]->distance);
    return lar_arena_format(c->call->arena, "%s: mean distance %.3f", name,
                            c->results[group]->distance);
}

lar_status lar_compared_draw(const lar_compared *c, const lar_compared_look *look, const char *path,
                             bool force)
{
    lar_histograms groups[LAR_GROUPS];
    const lar_reals *ends = &c->o->quality.percentiles;
    for (int g = 0; g < c->groups; g++) {
        const lar_quality_result *r = c->results[g];
        groups[g] = (lar_histograms){
            .title = title_of(c, g),
            .counts = r->counts,
            .images = r->images,
            .bins = r->bins,
            .low = r->low,
            .high = r->high,
            .heading = look->heading,
            .percent = look->percent,
            .cut = c->o->quality.range.count || ends->at[0] > 0 || ends->at[1] < 100,
            .picked = look->picked,
        };
        if (!groups[g].title) return LAR_EMEMORY;
    }
    return lar_histograms_draw(groups, c->groups, c->labels, c->o->linear, path, force);
}
