/* larmor figure: images side by side, as people look at them first.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "command/command.h"
#include "report/report.h"

typedef struct options {
    lar_figure_params figure;
    const char *output, *labels, *over_as, *over_names;
    lar_texts over;
    lar_reals opacity, over_window;
    bool force;
} options;

static const lar_param files[] = {
    LAR_P_TEXT(options, output, "output", 'o', "", "file", "the picture: .png, .svg or .pdf"),
    LAR_P_FLAG(options, force, "force", 'f', "replace an output that exists"),
    LAR_P_TEXT(options, labels, "labels", 'l', "", "list",
               "words above the images, separated by commas (default: the names of the files)"),
    LAR_P_TEXTS(
        options, over, "over", 0, "file",
        "a mask, labels or a map to draw over every image, or as 2:FILE over image 2 alone"),
    LAR_P_TEXT(options, over_as, "over-as", 0, "", "list",
               "how: auto, mask, labels, outline, map, signed or contours; for all that is drawn "
               "over, or for each (default: by its values)"),
    LAR_P_REALS(options, opacity, "opacity", 0, "", 0, 1, "fraction",
                "of what is drawn over: one for all, or one for each (left out: 0.4 of masks, 0.5 "
                "of labels, 0.8 of maps)"),
    LAR_P_REALS(options, over_window, "over-window", 0, "", 0, 0, "value",
                "of maps: drawn from, and the end of the colours; two numbers for all, or for each "
                "(left out: by percentiles)"),
    LAR_P_TEXT(options, over_names, "over-names", 0, "", "list",
               "names of labels for the legend: 1=lesion,2=oedema, or a table (.tsv, .csv) whose "
               "first two columns they are"),
    LAR_P_END,
};

/* One label per image: those asked for, or the names of the files. */
static lar_status choose_labels(const char ***out, lar_call *call)
{
    const options *o = call->options;
    const char **labels = lar_arena_take(call->arena, call->arg_count, sizeof *labels);
    int64_t count = 0;

    if (!labels) return LAR_EMEMORY;
    for (const char *c = o->labels; c; count++) {
        const size_t length = strcspn(c, ",");
        if (count < call->arg_count) {
            labels[count] = lar_arena_text(call->arena, c, length);
            if (!labels[count]) return LAR_EMEMORY;
        }
        c = c[length] ? c + length + 1 : NULL;
    }
    if (o->labels && count != call->arg_count)
        return lar_fail(LAR_EARGUMENT, "'%s' has %lld labels for %lld images", o->labels,
                        (long long)count, (long long)call->arg_count);
    for (int64_t n = 0; n < call->arg_count && !o->labels; n++) {
        labels[n] = lar_path_stem(call->arena, call->args[n]);
        if (!labels[n]) return LAR_EMEMORY;
    }
    *out = labels;
    return LAR_OK;
}

/* Words of --over-as to overlays: one for all, or one for each. */
static lar_status choose_kinds(lar_overlay *overlays, int64_t count, const char *list)
{
    int64_t found = 0;
    for (const char *c = list; c && *c; found++) {
        char word[16];
        int kind = -1;
        const size_t length = strcspn(c, ",");
        snprintf(word, sizeof word, "%.*s", (int)(length < 15 ? length : 15), c);
        c += length + (c[length] == ',');
        for (int n = 0; lar_overlay_kinds[n]; n++)
            if (lar_text_is(word, lar_overlay_kinds[n])) kind = n;
        if (kind < 0) {
            const char *nearest = lar_text_nearest(word, lar_overlay_kinds);
            const lar_status status =
                lar_fail(LAR_EARGUMENT, "'%s' is no way to draw an image over another", word);
            return lar_hint(status, "%s",
                            nearest ? nearest : "mask, labels, outline, map, signed or contours");
        }
        if (found < count) overlays[found].as = kind;
    }
    if (found == 1)
        for (int64_t n = 1; n < count; n++) overlays[n].as = overlays[0].as;
    else if (found != 0 && found != count)
        return lar_fail(LAR_EARGUMENT, "--over-as names %lld ways, expected one, or %lld",
                        (long long)found, (long long)count);
    return LAR_OK;
}

static lar_status choose_numbers(lar_overlay *overlays, int64_t count, const options *o)
{
    const lar_reals *opacity = &o->opacity, *window = &o->over_window;
    if (opacity->count > 1 && opacity->count != count)
        return lar_fail(LAR_EARGUMENT,
                        "--opacity has %lld numbers, expected one for all overlays, or %lld",
                        (long long)opacity->count, (long long)count);
    if (window->count && window->count != 2 && window->count != 2 * count)
        return lar_fail(LAR_EARGUMENT,
                        "--over-window has %lld numbers, expected two for all, or two for each of "
                        "the %lld that are drawn over",
                        (long long)window->count, (long long)count);
    for (int64_t n = 0; n < count; n++) {
        const double *w = &window->at[window->count == 2 ? 0 : 2 * n];
        overlays[n].opacity = opacity->count ? opacity->at[opacity->count > 1 ? n : 0] : NAN;
        if (!window->count) continue;
        if (!(w[0] < w[1]))
            return lar_fail(LAR_EARGUMENT, "the window from %g to %g is empty", w[0], w[1]);
        memcpy(overlays[n].window, w, sizeof overlays[n].window);
    }
    return LAR_OK;
}

/* "2:mask.nii.gz" is mask.nii.gz over image 2, unless a file has that whole name. */
static const char *split_over(int64_t *on, const char *word)
{
    const size_t digits = strspn(word, "0123456789");
    *on = 0;
    if (digits == 0 || digits > 4 || word[digits] != ':' || lar_path_exists(word)) return word;
    *on = strtol(word, NULL, 10);
    if (*on == 0) *on = -1; /* is refused: images count from 1 */
    return word + digits + 1;
}

/* Names of labels as they are, or of a table. */
static lar_status read_names(const char **out, const char *asked, lar_arena *arena)
{
    lar_status status = LAR_OK;
    lar_text list = { 0 };
    char *bytes = NULL;
    size_t count;

    *out = asked;
    if (!asked || strchr(asked, '=')) return LAR_OK;
    LAR_TRY(lar_file_read(&bytes, &count, asked, 1 << 20));
    for (const char *line = bytes; *line;) {
        const size_t length = strcspn(line, "\r\n"), digits = strspn(line, "0123456789");
        if (digits && digits < length && strchr("\t,", line[digits])) {
            const size_t name = strcspn(line + digits + 1, "\t,\r\n");
            lar_text_add(&list, "%.*s=%.*s,", (int)digits, line, (int)name, line + digits + 1);
        }
        line += length + strspn(line + length, "\r\n");
    }
    if (list.length == 0) {
        status = lar_fail(LAR_EFORMAT, "'%s' names no label", asked);
        lar_hint(status, "lines of a number, a tab or a comma, and a name");
        goto done;
    }
    *out = list.failed ? NULL : lar_arena_text(arena, list.at, list.length);
    if (!*out) status = LAR_EMEMORY;
done:
    lar_text_clear(&list);
    lar_free(bytes);
    return status;
}

/* Overlays without their images, so that a wrong word is told before anything is read. */
static lar_status choose_overlays(lar_overlay **out, const char ***paths, lar_call *call)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    const int64_t count = o->over.count;
    const char *names = NULL;
    lar_overlay *overlays = lar_arena_take(call->arena, count + 1, sizeof *overlays);

    *paths = lar_arena_take(call->arena, count + 1, sizeof **paths);
    if (!overlays || !*paths) return LAR_EMEMORY;
    if (count == 0 && (o->over_as || o->opacity.count || o->over_window.count || o->over_names)) {
        status = lar_fail(LAR_EARGUMENT, "nothing is drawn over the images");
        return lar_hint(status, "--over FILE with it");
    }
    LAR_TRY(choose_kinds(overlays, count, o->over_as));
    LAR_TRY(choose_numbers(overlays, count, o));
    LAR_TRY(read_names(&names, o->over_names, call->arena));
    for (int64_t n = 0; n < count; n++) {
        (*paths)[n] = split_over(&overlays[n].on, o->over.at[n]);
        overlays[n].name = lar_path_stem(call->arena, (*paths)[n]);
        overlays[n].names = names;
        if (!overlays[n].name) return LAR_EMEMORY;
        if (overlays[n].on < 0 || overlays[n].on > call->arg_count)
            return lar_fail(LAR_EARGUMENT,
                            "'%s' is for an image that is not there, expected 1 to %lld",
                            o->over.at[n], (long long)call->arg_count);
    }
    *out = overlays;
done:
    return status;
}

static lar_status figure_run(lar_call *call)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    const int64_t count = call->arg_count, over_count = o->over.count;
    const char **labels = NULL, **over_paths = NULL;
    lar_figure_params params = o->figure;
    lar_overlay *overlays = NULL;
    lar_image **images = NULL;

    LAR_TRY(lar_cli_output(call, o->output, o->force));
    LAR_TRY(choose_labels(&labels, call));
    LAR_TRY(choose_overlays(&overlays, &over_paths, call));
    images = lar_alloc(count + over_count, sizeof *images);
    if (!images) return LAR_EMEMORY;
    for (int64_t n = 0; n < count + over_count; n++)
        LAR_TRY(lar_image_read(&images[n], n < count ? call->args[n] : over_paths[n - count]));
    for (int64_t n = 0; n < over_count; n++) overlays[n].image = images[count + n];
    params.overlays = overlays;
    params.overlay_count = over_count;
    LAR_TRY(
        lar_figure((const lar_image *const *)images, labels, count, &params, o->output, o->force));
done:
    for (int64_t n = 0; images && n < count + over_count; n++) lar_image_free(images[n]);
    lar_free(images);
    return status;
}

const lar_command lar_command_figure = {
    .name = "figure",
    .group = "look",
    .summary = "draw images side by side, compare them, and lay masks and maps over them",
    .about =
        "Each column is an image, each row a plane through the same point of the world, sampled "
        "from the image's own grid and drawn in true millimetres; --mosaic draws many slices of "
        "one plane instead. Without --window, black and white are percentiles of the voxels below "
        "skin and skull, for each image alone; --share gives the window of its first image to the "
        "others it names. The numbers under each label are the window. --difference, --contours "
        "and --checker add a column that compares two images, which are numbered from 1. What "
        "--over names may lie on any grid: it is placed by its own header. By default the "
        "patient's left is on the left. Voxels that are not finite are violet. Of a file with "
        "several volumes the first is drawn, or --volume.",
    .args = (const lar_arg[]){ { .name = "image",
                                 .help = "an image; each becomes a column",
                                 .repeats = true,
                                 .is_path = true },
                               { 0 } },
    .tables = { { files, 0 }, { lar_figure_table, offsetof(options, figure) } },
    .size = sizeof(options),
    .examples =
        (const lar_example[]){
            { "larmor figure t1.nii.gz flair.nii.gz -o compare.png", "two images side by side" },
            { "larmor figure t1.nii.gz flair.nii.gz t2.nii.gz -o scores.png "
              "--labels T1,truth,synthesis --share 2 3 --difference 2 3",
              "truth and synthesis in one window, and their difference" },
            { "larmor figure ct.nii.gz -o ct.svg --window brain --planes axial",
              "one plane in the window for brain in CT" },
            { "larmor figure t1.nii.gz --over labels.nii.gz -o labels.png --mosaic 3x4",
              "labels over 12 axial slices" },
            { "larmor figure t1.nii.gz flair.nii.gz --over mask.nii.gz --over-as outline -o "
              "mask.png",
              "the outline of a mask over two images" },
            { "larmor figure t1.nii.gz flair.nii.gz --contours 1 2 --checker 1 2 --alone -o "
              "fit.png",
              "whether two images lie on one another" },
            { NULL, NULL } },
    .run = figure_run,
};
