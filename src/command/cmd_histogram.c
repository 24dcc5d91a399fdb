/* larmor histogram: the intensities of many images in one picture, and how far they are from each
 * other.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/look/compared.h"
#include "command/look/histogram_table.h"
#include "command/look/labels.h"
#include "report/report.h"

typedef struct options {
    lar_compared_options compared;
    const char *output, *labels, *title, *table;
    bool percent, force;
} options;

static const lar_param files[] = {
    LAR_P_TEXT(options, output, "output", 'o', "", "file", "the picture: .png, .svg or .pdf"),
    LAR_P_FLAG(options, force, "force", 'f', "replace outputs that exist"),
    LAR_P_TEXT(options, title, "title", 0, "", "words", "above the picture"),
    LAR_P_TEXT(options, labels, "labels", 'l', "", "list",
               "words for the images, separated by commas (default: the names of the files)"),
    LAR_P_FLAG(options, percent, "percent", 0,
               "draw percent of each image's voxels, not their number: for images or masks of "
               "different size"),
    LAR_P_TEXT(options, table, "table", 0, "", "file", "every pair, as tab-separated text"),
    LAR_P_END,
};

/* What can be said before the work. */
static lar_status begin(const char ***labels, const lar_call *call)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    LAR_TRY(lar_cli_output(call, o->output, o->force));
    LAR_TRY(lar_picture_check(o->output));
    if (o->table) LAR_TRY(lar_cli_output(call, o->table, o->force));
    if (o->labels) LAR_TRY(lar_labels_split(labels, call, o->labels));
done:
    return status;
}

static void relabel(lar_compared *c, const char *const *labels)
{
    int64_t used = 0;
    for (int64_t n = 0; n < c->call->arg_count; n++)
        if (!c->bad[n]) c->labels[used++] = labels[n];
}

static lar_status write_table(const lar_compared *c, const char *path, bool force)
{
    lar_text text = { 0 };
    lar_histogram_tsv(&text, c);
    const lar_status status = text.failed ? lar_fail(LAR_EMEMORY, "out of memory for the table")
                                          : lar_file_write(path, text.at, text.length, force);
    lar_text_clear(&text);
    return status;
}

static lar_status histogram_run(lar_call *call)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    lar_text text = { 0 };
    lar_compared c = { 0 };
    const char **labels = NULL;

    LAR_TRY(begin(&labels, call));
    LAR_TRY(lar_compared_read(&c, call, &o->compared, NULL, 1));
    if (labels) relabel(&c, labels);
    const lar_compared_look look = { .heading = o->title,
                                     .percent = o->percent,
                                     .picked = c.count > LAR_HISTOGRAM_MANY
                                                   ? lar_histogram_farthest(&c) + 1
                                                   : 0 };
    LAR_TRY(lar_compared_draw(&c, &look, o->output, o->force));
    if (o->table) LAR_TRY(write_table(&c, o->table, o->force));
    if (call->json)
        LAR_TRY(lar_compared_json(&text, &c));
    else
        LAR_TRY(lar_histogram_words(&text, &c));
    LAR_TRY(lar_cli_print(lar_text_get(&text)));
    status = lar_compared_end(&c);
done:
    lar_compared_clear(&c);
    lar_text_clear(&text);
    return status;
}

const lar_command lar_command_histogram = {
    .name = "histogram",
    .group = "look",
    .summary = "draw the intensities of many images in one picture",
    .about =
        "One curve per image: how many voxels have which intensity, on a logarithmic axis or, with "
        "--linear, a plain one. With --after, the same images after normalization stand beside it: "
        "where it helped, the curves lie on each other. The table that is printed tells by how "
        "much: the Jensen-Shannon distance of each pair of images, which is the square root of "
        "their Jensen-Shannon divergence in nats, 0 where two histograms are alike and 0.833 where "
        "they share nothing. Of more than 12 images it shows those that are farthest from the "
        "others; --table and --json have all pairs. Images are read one at a time, twice; of an "
        "image of several volumes all count. One that cannot be used is left out, and the exit "
        "status is 1.",
    .cite = "Lin 1991, doi:10.1109/18.61115; Endres and Schindelin 2003, "
            "doi:10.1109/TIT.2003.813506",
    .args = (const lar_arg[]){ { .name = "image",
                                 .help = "the images, before normalization",
                                 .repeats = true,
                                 .is_path = true },
                               { 0 } },
    .tables = { { files, 0 },
                { lar_compared_table, offsetof(options, compared) },
                { lar_quality_table, offsetof(options, compared.quality) } },
    .size = sizeof(options),
    .json = true,
    .examples =
        (const lar_example[]){
            { "larmor histogram cohort/t1/*.nii.gz -o histograms.png",
              "the scans of a cohort, inside their heads" },
            { "larmor histogram cohort/t1/*.nii.gz --after 'cohort/t1/{name}.nii.gz' "
              "--mask 'cohort/truth/{subject}_brain.nii.gz' --table pairs.tsv -o before_after.svg",
              "before and after, in the brain, with every pair in a file" },
            { NULL, NULL } },
    .run = histogram_run,
};
