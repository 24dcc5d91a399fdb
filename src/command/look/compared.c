/* Images whose intensities are compared: their files by name, which voxels count, one image in
 * memory at a time.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/look/compared.h"

static const char *const foregrounds[] = { "head", "whole", "positive", "mean", "otsu", NULL };
static const int foreground_kinds[] = { LAR_FOREGROUND_HEAD, LAR_FOREGROUND_WHOLE,
                                        LAR_FOREGROUND_POSITIVE, LAR_FOREGROUND_MEAN,
                                        LAR_FOREGROUND_OTSU };

const lar_param lar_compared_table[] = {
    LAR_P_TEXT(
        lar_compared_options, after, "after", 'a', "", "pattern",
        "the same images after normalization: the folder of NAME.nii.gz or NAME_METHOD.nii.gz, "
        "or a name with {name}, {subject} or {folder} in it"),
    LAR_P_TEXT(lar_compared_options, mask, "mask", 'm', "", "pattern",
               "voxels that count, before and after: an image, or a name with {name}, {subject} or "
               "{folder}"),
    LAR_P_CHOICE(lar_compared_options, foreground, "foreground", 0, "head", foregrounds,
                 "the voxels that count where no mask is given; found before, used after too"),
    LAR_P_FLAG(lar_compared_options, linear, "linear", 0, "draw counts, not their logarithms"),
    LAR_P_END,
};

const char *const lar_group_names[LAR_GROUPS] = { "before", "after" };

/* ---- names ------------------------------------------------------------------------------ */

/* {name} is the file's name without its suffix, {subject} the part of it before the last _,
 * {folder} the name of its folder. */
static const char *expand(const char *pattern, const lar_compared *c, int64_t n)
{
    lar_text text = { 0 };
    const char *name = c->stems[n], *last = strrchr(name, '_');
    const char *folder = lar_path_folder(c->call->arena, c->call->args[n]);
    const struct {
        const char *word, *value;
        size_t length;
    } words[] = { { "{name}", name, strlen(name) },
                  { "{subject}", name, last ? (size_t)(last - name) : strlen(name) },
                  { "{folder}", folder ? lar_path_name(folder) : NULL,
                    folder ? strlen(lar_path_name(folder)) : 0 } };
    if (!folder) return NULL;
    for (const char *at = pattern; *at;) {
        size_t w = 0, count = sizeof words / sizeof *words;
        while (w < count && !lar_text_starts(at, words[w].word)) w++;
        lar_text_add_bytes(&text, w < count ? words[w].value : at, w < count ? words[w].length : 1);
        at += w < count ? strlen(words[w].word) : 1;
    }
    const char *out = text.failed ? NULL : lar_arena_text(c->call->arena, text.at, text.length);
    lar_text_clear(&text);
    return out;
}

/* In a folder: the file of the same name, or the one that begins with NAME_ (as the outputs of
 * larmor normalize do). */
static lar_status find_in_folder(const char **out, const lar_compared *c, const char *folder,
                                 int64_t n)
{
    lar_status status = LAR_OK;
    lar_texts files;
    lar_arena *arena = c->call->arena;
    const char *name = c->stems[n], *found = NULL;
    *out = lar_path_join(arena, folder, lar_path_name(c->call->args[n]));
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
                        folder, lar_path_name(c->call->args[n]), name);
    *out = lar_path_join(arena, folder, found);
done:
    return *out ? status : LAR_EMEMORY;
}

/* The image that belongs to image n by a flag. */
static lar_status read_named(lar_image **out, const lar_compared *c, const char *flag, int64_t n)
{
    const char *path;
    if (lar_path_is_folder(flag)) {
        const lar_status status = find_in_folder(&path, c, flag, n);
        if (status != LAR_OK) return status;
    } else {
        path = expand(flag, c, n);
        if (!path) return LAR_EMEMORY;
    }
    return lar_image_read(out, path);
}

static bool stem_is_shared(const lar_compared *c, int64_t n)
{
    for (int64_t m = 0; m < c->call->arg_count; m++)
        if (m != n && lar_text_is(c->stems[n], c->stems[m])) return true;
    return false;
}

/* Of the images that are left: the name of the file, or the path where names are the same. */
static lar_status choose_labels(lar_compared *c)
{
    lar_arena *arena = c->call->arena;
    for (int64_t n = 0; n < c->call->arg_count; n++) {
        if (c->bad[n]) continue;
        const char *path = c->call->args[n];
        const size_t length = (size_t)(lar_path_name(path) - path) + strlen(c->stems[n]);
        c->labels[c->count] =
            stem_is_shared(c, n) ? lar_arena_text(arena, path, length) : c->stems[n];
        if (!c->labels[c->count++]) return LAR_EMEMORY;
    }
    return LAR_OK;
}

/* ---- images, one at a time ---------------------------------------------------------------- */

typedef struct shown {
    lar_image *images[LAR_GROUPS], *mask, *labels;
} shown;

static void shown_clear(shown *s)
{
    for (int g = 0; g < LAR_GROUPS; g++) lar_image_free(s->images[g]);
    lar_image_free(s->mask);
    lar_image_free(s->labels);
}

static lar_status show(shown *s, const lar_compared *c, int64_t n)
{
    lar_status status = LAR_OK;
    const int kind = foreground_kinds[c->o->foreground];
    *s = (shown){ 0 };
    LAR_TRY(lar_image_read(&s->images[LAR_BEFORE], c->call->args[n]));
    if (c->o->after) LAR_TRY(read_named(&s->images[LAR_AFTER], c, c->o->after, n));
    if (c->o->mask)
        LAR_TRY(read_named(&s->mask, c, c->o->mask, n));
    else
        LAR_TRY(lar_foreground(&s->mask, s->images[LAR_BEFORE], kind));
    if (c->tissue) LAR_TRY(read_named(&s->labels, c, c->tissue, n));
done:
    return status;
}

static lar_status visit(lar_compared *c, int64_t n, int pass)
{
    lar_status status = LAR_OK;
    shown s;
    LAR_TRY(show(&s, c, n));
    for (int g = c->groups - 1; g >= 0; g--) {
        status = pass == 0 ? lar_quality_look(c->quality[g], s.images[g], s.mask)
                           : lar_quality_add(c->quality[g], s.images[g], s.mask, s.labels);
        if (status == LAR_OK) continue;
        if (c->groups > 1)
            lar_while(status, "it cannot be used %s normalization", lar_group_names[g]);
        if (status == LAR_EGEOMETRY && g == LAR_AFTER)
            lar_hint(status, "images on the grid of the raw ones, as larmor normalize writes them");
        goto done;
    }
done:
    shown_clear(&s);
    return status;
}

static lar_status visit_all(lar_compared *c)
{
    const int64_t count = c->call->arg_count;
    for (int pass = 0; pass < 2; pass++)
        for (int64_t n = 0; n < count; n++) {
            if (c->bad[n]) continue;
            if (!lar_progress_say(c->call->progress, pass == 0 ? "range" : "histograms",
                                  (double)n / (double)count))
                return LAR_ESTOPPED;
            const lar_status status = visit(c, n, pass);
            if (status == LAR_OK) continue;
            if (count == 1) return lar_while(status, "'%s' cannot be used", c->call->args[n]);
            lar_while(status, "'%s' is left out", c->call->args[n]);
            if (pass > 0) return status; /* it was well a moment ago */
            lar_log(LAR_LOG_WARNING, "%s", lar_error());
            c->bad[n] = true;
            c->bad_count++;
        }
    return LAR_OK;
}

/* A range for both groups, or one for each. */
static lar_status new_quality(lar_compared *c)
{
    const lar_reals *range = &c->o->quality.range;
    const bool each = c->groups > 1 && range->count == 4;
    for (int g = 0; g < c->groups; g++) {
        lar_quality_params params = c->o->quality;
        if (each)
            params.range =
                (lar_reals){ .count = 2, .at = { range->at[2 * g], range->at[2 * g + 1] } };
        const lar_status status = lar_quality_new(&c->quality[g], &params);
        if (status != LAR_OK) return status;
    }
    return LAR_OK;
}

static lar_status begin(lar_compared *c)
{
    const lar_call *call = c->call;
    const char *after = c->o->after;
    c->groups = after ? 2 : 1;
    if (after && call->arg_count > 1 && !strchr(after, '{') && !lar_path_is_folder(after)) {
        const lar_status status =
            lar_fail(LAR_EARGUMENT,
                     "'%s' names neither a folder nor, with {name}, an image for each of %lld",
                     after, (long long)call->arg_count);
        return lar_hint(status, "--after 'normalized/{name}.nii.gz', in quotes");
    }
    c->stems = lar_arena_take(call->arena, call->arg_count, sizeof *c->stems);
    c->labels = lar_arena_take(call->arena, call->arg_count, sizeof *c->labels);
    c->bad = lar_arena_take(call->arena, call->arg_count, sizeof *c->bad);
    if (!c->stems || !c->labels || !c->bad) return LAR_EMEMORY;
    for (int64_t n = 0; n < call->arg_count; n++) {
        c->stems[n] = lar_path_stem(call->arena, lar_path_name(call->args[n]));
        if (!c->stems[n]) return LAR_EMEMORY;
    }
    return new_quality(c);
}

static lar_status check_left(int64_t left, int64_t least)
{
    if (left >= least) return LAR_OK;
    if (least < 2) return lar_fail(LAR_ENUMERIC, "none of the images can be used");
    return lar_fail(LAR_EARGUMENT,
                    "images are compared in pairs: at least two are needed, and there %s %lld",
                    left == 1 ? "is" : "are", (long long)left);
}

lar_status lar_compared_read(lar_compared *out, const lar_call *call, const lar_compared_options *o,
                             const char *tissue, int64_t least)
{
    lar_status status = LAR_OK;
    *out = (lar_compared){ .call = call, .o = o, .tissue = tissue };
    LAR_TRY(check_left(call->arg_count, least));
    LAR_TRY(begin(out));
    LAR_TRY(visit_all(out));
    LAR_TRY(check_left(call->arg_count - out->bad_count, least));
    LAR_TRY(choose_labels(out));
    for (int g = 0; g < out->groups; g++)
        LAR_TRY(lar_quality_end(&out->results[g], out->quality[g]));
done:
    return status;
}

void lar_compared_clear(lar_compared *c)
{
    for (int g = 0; g < LAR_GROUPS; g++) lar_quality_free(c->quality[g]);
}

lar_status lar_compared_end(const lar_compared *c)
{
    if (c->bad_count == 0) return LAR_OK;
    return lar_fail(LAR_EPARTIAL, "%lld of %lld images were left out", (long long)c->bad_count,
                    (long long)c->call->arg_count);
}
