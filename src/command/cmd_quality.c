/* larmor quality: whether intensities of images agree, before and after a normalization.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "command/look/compared.h"
#include "report/report.h"

typedef struct options {
    lar_compared_options compared;
    const char *tissue, *plot;
    bool force;
} options;

static const lar_param table[] = {
    LAR_P_TEXT(options, tissue, "tissue", 't', "", "pattern",
               "labels of tissues (0: none): an image, or a name with {name}, {subject} or "
               "{folder}"),
    LAR_P_TEXT(options, plot, "plot", 'p', "", "file", "draw the histograms: .png, .svg or .pdf"),
    LAR_P_FLAG(options, force, "force", 'f', "replace a plot that exists"),
    LAR_P_END,
};

static void add_row(lar_text *text, const lar_compared *c, const char *name, size_t field,
                    double factor, const char *unit)
{
    lar_text_add(text, "%-11s", name);
    for (int g = 0; g < c->groups; g++) {
        const double value = *(const double *)((const char *)c->results[g] + field);
        if (isnan(value))
            lar_text_add(text, "  %8s", "-");
        else
            lar_text_add(text, "  %8.4g", factor * value);
    }
    lar_text_add(text, "  %s\n", unit);
}

static void add_verdict(lar_text *text, const lar_compared *c)
{
    const lar_quality_result *a = c->results[LAR_BEFORE], *b = c->results[LAR_AFTER];
    char change[24];
    lar_compared_change(change, a->divergence, b->divergence);
    lar_text_add(
        text, "normalization %s: divergence %.4g before, %.4g after%s, %lld of %lld pairs closer",
        lar_compared_verdict(c), a->divergence, b->divergence, change,
        (long long)lar_compared_closer(c), (long long)lar_compared_pairs(c));
    if (!isnan(a->scatter) && !isnan(b->scatter))
        lar_text_add(text, "; tissue scatter %.3g %% before, %.3g %% after", 100 * a->scatter,
                     100 * b->scatter);
    lar_text_add(text, "\n");
}

static void add_words(lar_text *text, const lar_compared *c)
{
    const long long pairs = (long long)lar_compared_pairs(c);
    char unit[96];
    if (c->groups > 1) lar_text_add(text, "%-11s  %8s  %8s\n", "", "before", "after");
    snprintf(unit, sizeof unit, "nats (0: alike, 0.693: apart), mean of %lld pair%s", pairs,
             pairs == 1 ? "" : "s");
    add_row(text, c, "divergence", offsetof(lar_quality_result, divergence), 1, unit);
    add_row(text, c, "distance", offsetof(lar_quality_result, distance), 1,
            "its square root (0: alike, 0.833: apart), mean of the same pairs");
    if (c->results[LAR_BEFORE]->tissue_count) {
        add_row(text, c, "scatter", offsetof(lar_quality_result, scatter), 100,
                "% of the contrast between tissues: means of a tissue over images");
        add_row(text, c, "across", offsetof(lar_quality_result, across), 100,
                "% coefficient of variation of a tissue's mean over images");
        add_row(text, c, "within", offsetof(lar_quality_result, within), 100,
                "% coefficient of variation inside a tissue of an image");
    }
    if (c->groups > 1) add_verdict(text, c);
}

static lar_status quality_run(lar_call *call)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    lar_text text = { 0 };
    lar_compared c = { 0 };

    if (o->plot) LAR_TRY(lar_cli_output(call, o->plot, o->force));
    if (o->plot) LAR_TRY(lar_picture_check(o->plot));
    LAR_TRY(lar_compared_read(&c, call, &o->compared, o->tissue, 2));
    if (o->plot) LAR_TRY(lar_compared_draw(&c, &(lar_compared_look){ 0 }, o->plot, o->force));
    if (call->json)
        LAR_TRY(lar_compared_json(&text, &c));
    else
        add_words(&text, &c);
    LAR_TRY(lar_cli_print(lar_text_get(&text)));
    status = lar_compared_end(&c);
done:
    lar_compared_clear(&c);
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
        "0.693 where they share nothing; its square root is a distance. With --after, does the "
        "same for the images after "
        "normalization, in the same voxels, and says in one line whether it helped. With labels of "
        "tissues also tells how far the mean of a tissue moves from image to image: as a "
        "coefficient of variation, which needs values of one sign, and as a fraction of the "
        "contrast between tissues, which compares any two scales. Images are read one at a time, "
        "twice. One that cannot be used is left out, and the exit status is 1.",
    .cite = "Lin 1991, doi:10.1109/18.61115; Endres and Schindelin 2003, "
            "doi:10.1109/TIT.2003.813506",
    .args = (const lar_arg[]){ { .name = "image",
                                 .help = "two images or more, before normalization",
                                 .repeats = true,
                                 .is_path = true },
                               { 0 } },
    .tables = { { lar_compared_table, offsetof(options, compared) },
                { table, 0 },
                { lar_quality_table, offsetof(options, compared.quality) } },
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
