/* larmor quality: whether intensities of images agree, before and after a normalization.
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <math.h>

#include "command/command.h"
#include "report/report.h"

typedef struct options {
    lar_quality_params quality;
    const char *after, *mask, *tissue, *plot;
    int foreground;
    bool linear, force;
} options;

static const char *const foregrounds[] = { "head", "whole", "positive", "mean", "otsu", NULL };
static const int foreground_kinds[] = { LAR_FOREGROUND_HEAD, LAR_FOREGROUND_WHOLE,
                                        LAR_FOREGROUND_POSITIVE, LAR_FOREGROUND_MEAN,
                                        LAR_FOREGROUND_OTSU };

static const lar_param table[] = {
    LAR_P_TEXT(
        options, after, "after", 'a', "", "pattern",
        "the same images after normalization: the folder of NAME.nii.gz or NAME_METHOD.nii.gz, "
        "or a name with {name} or {subject} in it"),
    LAR_P_TEXT(options, mask, "mask", 'm', "", "pattern",
               "voxels that count, before and after: an image, or a name with {name} or {subject}"),
    LAR_P_CHOICE(options, foreground, "foreground", 0, "head", foregrounds,
                 "the voxels that count where no mask is given; found before, used after too"),
    LAR_P_TEXT(options, tissue, "tissue", 't', "", "pattern",
               "labels of tissues (0: none): an image, or a name with {name} or {subject}"),
    LAR_P_TEXT(options, plot, "plot", 'p', "", "file", "draw the histograms: .png, .svg or .pdf"),
    LAR_P_FLAG(options, linear, "linear", 0, "draw counts, not their logarithms"),
    LAR_P_FLAG(options, force, "force", 'f', "replace a plot that exists"),
    LAR_P_END,
};

enum { BEFORE, AFTER, GROUPS };
static const char *const group_names[GROUPS] = { "before", "after" };

typedef struct work {
    const lar_call *call;
    const options *o;
    const char **names; /* of images, for the legend and messages */
    bool *bad;
    int64_t bad_count;
    int groups;
    lar_quality *quality[GROUPS];
    const lar_quality_result *results[GROUPS];
} work;

/* ---- names ------------------------------------------------------------------------------------
 */

/* {name} is the file's name without its suffix, {subject} the part of it before the last _. */
static const char *expand(const char *pattern, const char *name, lar_arena *arena)
{
    lar_text text = { 0 };
    const char *last = strrchr(name, '_');
    const int subject = (int)(last ? (size_t)(last - name) : strlen(name));
    for (const char *c = pattern; *c;) {
        if (lar_text_starts(c, "{name}")) {
            lar_text_add(&text, "%s", name);
            c += strlen("{name}");
        } else if (lar_text_starts(c, "{subject}")) {
            lar_text_add(&text, "%.*s", subject, name);
            c += strlen("{subject}");
        } else {
            lar_text_add(&text, "%c", *c++);
        }
    }
    const char *out = text.failed ? NULL : lar_arena_text(arena, text.at, text.length);
    lar_text_clear(&text);
    return out;
}

/* In a folder: the file of the same name, or the one that begins with NAME_ (as the outputs of
 * larmor normalize do). */
static lar_status find_in_folder(const char **out, const work *w, const char *folder, int64_t n)
{
    lar_status status = LAR_OK;
    lar_texts files;
    lar_arena *arena = w->call->arena;
    const char *name = w->names[n], *found = NULL;
    *out = lar_path_join(arena, folder, lar_path_name(w->call->args[n]));
    if (!*out || lar_path_exists(*out)) return *out ? LAR_OK : LAR_EMEMORY;
    LAR_TRY(lar_folder_list(&files, folder, arena));
    for (int64_t k = 0; k < files.count; k++) {
        if (!lar_text_starts(files.at[k], name) || files.at[k][strlen(name)] != '_') continue;
        if (found)
            return lar_fail(LAR_EARGUMENT, "'%s' holds '%s' and '%s' for the image '%s'", folder,
                            found, files.at[k], name);
        found = files.at[k];
    }
    if (!found)
        return lar_fail(LAR_ENOINPUT, "'%s' holds neither '%s' nor a file that begins with '%s_'",
                        folder, lar_path_name(w->call->args[n]), name);
    *out = lar_path_join(arena, folder, found);
done:
    return *out ? status : LAR_EMEMORY;
}

/* The file of image n that a flag names. */
static lar_status path_of(const char **out, const work *w, const char *flag, int64_t n)
{
    if (lar_path_is_folder(flag)) return find_in_folder(out, w, flag, n);
    *out = expand(flag, w->names[n], w->call->arena);
    return *out ? LAR_OK : LAR_EMEMORY;
}

/* ---- images, one at a time ---------------------------------------------------------------------
 */

typedef struct shown {
    lar_image *images[GROUPS], *mask, *labels;
} shown;

static void shown_clear(shown *s)
{
    for (int g = 0; g < GROUPS; g++) lar_image_free(s->images[g]);
    lar_image_free(s->mask);
    lar_image_free(s->labels);
}

static lar_status read_named(lar_image **out, const work *w, const char *flag, int64_t n)
{
    const char *path;
    const lar_status status = path_of(&path, w, flag, n);
    return status == LAR_OK ? lar_image_read(out, path) : status;
}

static lar_status show(shown *s, const work *w, int64_t n, bool labels)
{
    lar_status status = LAR_OK;
    *s = (shown){ 0 };
    LAR_TRY(lar_image_read(&s->images[BEFORE], w->call->args[n]));
    if (w->o->after) LAR_TRY(read_named(&s->images[AFTER], w, w->o->after, n));
    if (w->o->mask)
        LAR_TRY(read_named(&s->mask, w, w->o->mask, n));
    else
        LAR_TRY(lar_foreground(&s->mask, s->images[BEFORE], foreground_kinds[w->o->foreground]));
    if (w->o->tissue && labels) LAR_TRY(read_named(&s->labels, w, w->o->tissue, n));
done:
    return status;
}

static lar_status visit(work *w, int64_t n, int pass)
{
    lar_status status = LAR_OK;
    shown s;
    LAR_TRY(show(&s, w, n, true)); /* in the first pass to see that they are there */
    for (int g = w->groups - 1; g >= 0; g--)
        LAR_TRY(pass == 0 ? lar_quality_look(w->quality[g], s.images[g], s.mask)
                          : lar_quality_add(w->quality[g], s.images[g], s.mask, s.labels));
done:
    shown_clear(&s);
    return status;
}

static lar_status visit_all(work *w)
{
    const int64_t count = w->call->arg_count;
    for (int pass = 0; pass < 2; pass++)
        for (int64_t n = 0; n < count; n++) {
            if (w->bad[n]) continue;
            if (!lar_progress_say(w->call->progress, pass == 0 ? "range" : "histograms",
                                  (double)n / (double)count))
                return LAR_ESTOPPED;
            const lar_status status = visit(w, n, pass);
            if (status == LAR_OK) continue;
            lar_while(status, "'%s' is left out", w->call->args[n]);
            if (pass > 0) return status; /* it was well a moment ago */
            lar_log(LAR_LOG_WARNING, "%s", lar_error());
            w->bad[n] = true;
            w->bad_count++;
        }
    return LAR_OK;
}

/* ---- what is printed
 * ------------------------------------------------------------------------------ */

/* Pairs of images that are more alike after than before. */
static int64_t closer_pairs(const work *w)
{
    const lar_quality_result *a = w->results[BEFORE], *b = w->results[AFTER];
    int64_t closer = 0;
    for (int64_t n = 0; n < a->images; n++)
        for (int64_t m = n + 1; m < a->images; m++)
            closer += b->divergences[n * a->images + m] < a->divergences[n * a->images + m];
    return closer;
}

/* Tissues tell more than whole histograms, where both are there. */
static const char *verdict(const work *w)
{
    const lar_quality_result *a = w->results[BEFORE], *b = w->results[AFTER];
    const bool closer = b->divergence < a->divergence;
    if (isnan(a->scatter) || isnan(b->scatter)) return closer ? "helped" : "did not help";
    const bool steadier = b->scatter < a->scatter;
    return closer == steadier ? closer ? "helped" : "did not help" : "helped in part";
}

static void add_row(lar_text *text, const work *w, const char *name, size_t field, double factor,
                    const char *unit)
{
    lar_text_add(text, "%-11s", name);
    for (int g = 0; g < w->groups; g++) {
        const double value = *(const double *)((const char *)w->results[g] + field);
        if (isnan(value))
            lar_text_add(text, "  %8s", "-");
        else
            lar_text_add(text, "  %8.4g", factor * value);
    }
    lar_text_add(text, "  %s\n", unit);
}

static void add_words(lar_text *text, const work *w)
{
    const lar_quality_result *a = w->results[BEFORE], *b = w->results[AFTER];
    const long long pairs = (long long)(a->images * (a->images - 1) / 2);
    char unit[96];
    if (w->groups > 1) lar_text_add(text, "%-11s  %8s  %8s\n", "", "before", "after");
    snprintf(unit, sizeof unit, "nats (0: alike, 0.693: apart), mean of %lld pair%s", pairs,
             pairs == 1 ? "" : "s");
    add_row(text, w, "divergence", offsetof(lar_quality_result, divergence), 1, unit);
    if (a->tissue_count) {
        add_row(text, w, "scatter", offsetof(lar_quality_result, scatter), 100,
                "% of the contrast between tissues: means of a tissue over images");
        add_row(text, w, "across", offsetof(lar_quality_result, across), 100,
                "% coefficient of variation of a tissue's mean over images");
        add_row(text, w, "within", offsetof(lar_quality_result, within), 100,
                "% coefficient of variation inside a tissue of an image");
    }
    if (w->groups == 1) return;
    lar_text_add(text,
                 "normalization %s: divergence %.4g before, %.4g after (%+.0f %%), %lld of %lld "
                 "pairs closer",
                 verdict(w), a->divergence, b->divergence,
                 100 * (b->divergence / a->divergence - 1), (long long)closer_pairs(w), pairs);
    if (!isnan(a->scatter) && !isnan(b->scatter))
        lar_text_add(text, "; tissue scatter %.3g %% before, %.3g %% after", 100 * a->scatter,
                     100 * b->scatter);
    lar_text_add(text, "\n");
}

static json_t *number_or_null(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *group_json(const lar_quality_result *r)
{
    json_t *pairs = json_array(), *tissues = json_array();
    for (int64_t n = 0; n < r->images; n++) {
        json_t *row = json_array();
        for (int64_t m = 0; m < r->images; m++)
            json_array_append_new(row, json_real(r->divergences[n * r->images + m]));
        json_array_append_new(pairs, row);
    }
    for (int64_t n = 0; n < r->tissue_count; n++) {
        const lar_quality_tissue *t = &r->tissues[n];
        json_array_append_new(
            tissues, json_pack("{s:I, s:I, s:o, s:o, s:o, s:o}", "label", (json_int_t)t->code,
                               "images", (json_int_t)t->images, "mean", number_or_null(t->mean),
                               "scatter", number_or_null(t->scatter), "across",
                               number_or_null(t->across), "within", number_or_null(t->within)));
    }
    return json_pack("{s:f, s:o, s:o, s:o, s:o, s:[f,f], s:o}", "divergence", r->divergence,
                     "scatter", number_or_null(r->scatter), "across", number_or_null(r->across),
                     "within", number_or_null(r->within), "divergences", pairs, "range", r->low,
                     r->high, "tissues", tissues);
}

static lar_status add_json(lar_text *text, const work *w)
{
    json_t *root = json_pack("{s:s, s:I}", "logarithm", "natural", "bins",
                             (json_int_t)w->results[BEFORE]->bins);
    json_t *images = json_array(), *failed = json_array();
    for (int64_t n = 0; n < w->call->arg_count; n++)
        json_array_append_new(w->bad[n] ? failed : images, json_string(w->call->args[n]));
    json_object_set_new(root, "images", images);
    json_object_set_new(root, "failed", failed);
    for (int g = 0; g < w->groups; g++)
        json_object_set_new(root, group_names[g], group_json(w->results[g]));
    if (w->groups > 1) {
        json_object_set_new(root, "closer_pairs", json_integer(closer_pairs(w)));
        json_object_set_new(root, "verdict", json_string(verdict(w)));
    }
    char *dumped = json_dumps(root, JSON_REAL_PRECISION(9));
    json_decref(root);
    if (!dumped) return lar_fail(LAR_EMEMORY, "out of memory for the result");
    lar_text_add(text, "%s\n", dumped);
    free(dumped);
    return LAR_OK;
}

static lar_status draw(const work *w)
{
    lar_histograms groups[GROUPS];
    const char **names = lar_arena_take(w->call->arena, w->call->arg_count, sizeof *names);
    if (!names) return LAR_EMEMORY;
    int64_t count = 0;
    for (int64_t n = 0; n < w->call->arg_count; n++)
        if (!w->bad[n]) names[count++] = w->names[n];
    for (int g = 0; g < w->groups; g++) {
        const lar_quality_result *r = w->results[g];
        const char *title = lar_arena_format(w->call->arena, "%s: divergence %.3g",
                                             w->groups == 1 ? "Histograms"
                                             : g == BEFORE  ? "Before"
                                                            : "After normalization",
                                             r->divergence);
        if (!title) return LAR_EMEMORY;
        groups[g] = (lar_histograms){ .title = title,
                                      .counts = r->counts,
                                      .images = r->images,
                                      .bins = r->bins,
                                      .low = r->low,
                                      .high = r->high };
    }
    return lar_histograms_draw(groups, w->groups, names, w->o->linear, w->o->plot, w->o->force);
}

static lar_status begin(work *w)
{
    lar_status status = LAR_OK;
    const lar_call *call = w->call;
    w->groups = w->o->after ? 2 : 1;
    if (w->o->plot) LAR_TRY(lar_cli_output(call, w->o->plot, w->o->force));
    if (call->arg_count < 2) {
        status = lar_fail(LAR_EARGUMENT, "images are compared in pairs: at least two are needed");
        goto done;
    }
    if (w->o->after && !strchr(w->o->after, '{') && !lar_path_is_folder(w->o->after)) {
        status = lar_fail(LAR_EARGUMENT,
                          "'%s' names neither a folder nor, with {name}, an image for each of %lld",
                          w->o->after, (long long)call->arg_count);
        lar_hint(status, "--after 'normalized/{name}.nii.gz', in quotes");
        goto done;
    }
    w->names = lar_arena_take(call->arena, call->arg_count, sizeof *w->names);
    w->bad = lar_arena_take(call->arena, call->arg_count, sizeof *w->bad);
    if (!w->names || !w->bad) return LAR_EMEMORY;
    for (int64_t n = 0; n < call->arg_count; n++) {
        w->names[n] = lar_path_stem(call->arena, lar_path_name(call->args[n]));
        if (!w->names[n]) return LAR_EMEMORY;
    }
    for (int g = 0; g < w->groups; g++) LAR_TRY(lar_quality_new(&w->quality[g], &w->o->quality));
done:
    return status;
}

static lar_status quality_run(lar_call *call)
{
    lar_status status = LAR_OK;
    lar_text text = { 0 };
    work w = { .call = call, .o = call->options };

    LAR_TRY(begin(&w));
    LAR_TRY(visit_all(&w));
    for (int g = 0; g < w.groups; g++) LAR_TRY(lar_quality_end(&w.results[g], w.quality[g]));
    if (w.o->plot) LAR_TRY(draw(&w));
    if (call->json)
        LAR_TRY(add_json(&text, &w));
    else
        add_words(&text, &w);
    LAR_TRY(lar_cli_print(lar_text_get(&text)));
    if (w.bad_count)
        status = lar_fail(LAR_EPARTIAL, "%lld of %lld images were left out", (long long)w.bad_count,
                          (long long)call->arg_count);
done:
    for (int g = 0; g < GROUPS; g++) lar_quality_free(w.quality[g]);
    lar_text_clear(&text);
    return status;
}

const lar_command lar_command_quality = {
    .name = "quality",
    .group = "look",
    .summary = "measure whether intensities of images agree",
    .about =
        "Compares the histograms of all images in pairs (200 bins over the range that they share) "
        "by the Jensen-Shannon divergence, in nats: natural logarithms, 0 where two are alike, "
        "0.693 where they share nothing. With --after, does the same for the images after "
        "normalization, in the same voxels, and says in one line whether it helped. With labels of "
        "tissues also tells how far the mean of a tissue moves from image to image: as a "
        "coefficient of variation, which needs values of one sign, and as a fraction of the "
        "contrast between tissues, which compares any two scales. Images are read one at a time, "
        "twice. One that cannot be used is left out, and the exit status is 1.",
    .cite = "Lin 1991, doi:10.1109/18.61115",
    .args = (const lar_arg[]){ { .name = "image",
                                 .help = "two images or more, before normalization",
                                 .repeats = true,
                                 .is_path = true },
                               { 0 } },
    .tables = { { table, 0 }, { lar_quality_table, offsetof(options, quality) } },
    .size = sizeof(options),
    .json = true,
    .examples =
        (const lar_example[]){
            { "larmor quality cohort/t1/*.nii.gz", "how different the scans of a cohort are" },
            { "larmor quality cohort/t1/*.nii.gz --after 'cohort/t1/{name}.nii.gz' "
              "--mask 'cohort/truth/{subject}_brain.nii.gz' "
              "--tissue 'cohort/truth/{subject}_labels.nii.gz' --plot histograms.png",
              "before and after, in the brain, with the histograms of both" },
            { NULL, NULL } },
    .run = quality_run,
};
