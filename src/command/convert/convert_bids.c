/* BIDS names for what `larmor convert --bids` writes: whose image it is, and of which kind.
 * https://bids-specification.readthedocs.io/en/v1.10.0/common-principles.html
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "command/convert/convert.h"
#include "data/data.h"

/* The n-th part of a path, or NULL. */
static const char *part(const char *path, int n, lar_arena *arena)
{
    for (; *path; path += strcspn(path, "/"), path += *path == '/') {
        const size_t length = strcspn(path, "/");
        if (length > 0 && n-- == 0) return lar_arena_text(arena, path, length);
    }
    return NULL;
}

/* Without the parts that name a kind of image: "Subj3_T1" gives "Subj3". */
static const char *without_kinds(const char *name, lar_arena *arena)
{
    lar_text kept = { 0 };
    for (const char *at = name; *at;) {
        const size_t length = strcspn(at, "_- ."), all = length + (at[length] != 0);
        const char *word = lar_arena_text(arena, at, length);
        if (word && length > 0 && !lar_bids_names_kind(word)) lar_text_add(&kept, "%s_", word);
        at += all;
    }
    const size_t length = kept.length ? kept.length - 1 : 0;
    const char *text = lar_arena_text(arena, lar_text_get(&kept), length);
    lar_text_clear(&kept);
    return text && *text ? text : name;
}

/* What an input's folders and name say: the part that begins with `mark` ("sub-"), or NULL. */
static const char *marked(const lar_convert_input *input, const char *mark, lar_arena *arena)
{
    const char *paths[3] = { input->inside, input->named, input->path };
    for (int p = 0; p < 3; p++)
        for (int n = 0;; n++) {
            const char *found = part(paths[p], n, arena);
            if (!found) break;
            if (lar_text_starts(found, mark))
                return lar_arena_text(arena, found, strcspn(found, "_."));
        }
    return NULL;
}

lar_status lar_convert_subject(const char **label, const char **said,
                               const lar_convert_input *input, const lar_convert_options *o,
                               lar_arena *arena)
{
    *said = o->subject ? o->subject : marked(input, "sub-", arena);
    for (int n = 0; !*said; n++) {
        const char *folder = part(input->inside, n, arena);
        if (!folder) break;
        if (!lar_bids_names_kind(folder)) *said = folder;
    }
    if (!*said && input->is_dicom) {
        for (int n = 0;; n++) { /* the last part of what was named */
            const char *folder = part(input->named, n, arena);
            if (!folder) break;
            *said = folder;
        }
    } else if (!*said) {
        const char *stem = lar_path_stem(arena, input->path);
        *said = stem ? without_kinds(stem, arena) : NULL;
    }
    *label = *said ? lar_bids_label(*said, arena) : NULL;
    if (!*label) return LAR_EMEMORY;
    if (**label) return LAR_OK;
    const lar_status status =
        lar_fail(LAR_EARGUMENT, "cannot tell whose image '%s' is", input->path);
    return lar_hint(status, "--subject LABEL, letters and digits");
}

static const char *fact_text(const json_t *facts, const char *key)
{
    const char *text = json_string_value(json_object_get(facts, key));
    return text ? text : "";
}

static double fact_number(const json_t *facts, const char *key)
{
    const json_t *value = json_object_get(facts, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static const char *suffix_of(const lar_convert_image *image, const lar_convert_options *o,
                             lar_arena *arena)
{
    const json_t *facts = image->facts;
    const char *described = lar_arena_format(arena, "%s %s", fact_text(facts, "SeriesDescription"),
                                             fact_text(facts, "ProtocolName"));
    const char *ways[] = { described, image->name, image->input->inside, NULL };
    if (o->suffix) return o->suffix;
    for (int n = 0; ways[n]; n++) {
        const lar_bids_clues clues = {
            .modality = json_string_value(json_object_get(facts, "Modality")),
            .words = ways[n],
            .echo_s = fact_number(facts, "EchoTime"),
            .repetition_s = fact_number(facts, "RepetitionTime"),
            .inversion_s = fact_number(facts, "InversionTime"),
        };
        const char *suffix = lar_bids_suffix(&clues);
        if (suffix) return suffix;
    }
    return NULL;
}

static bool is_phase(const lar_convert_image *image)
{
    const json_t *types = json_object_get(image->facts, "ImageType"), *type;
    size_t n;
    json_array_foreach(types, n,
                       type) if (lar_text_is(json_string_value(type), "PHASE")) return true;
    return false;
}

/* Of one volume, as the images of anat/ are. */
static lar_status check_volume(const lar_convert_image *image, const lar_convert_options *o)
{
    lar_image_about about;
    lar_status status = lar_image_read_header_form(&about, image->file, o->form);
    if (status == LAR_OK && about.channels > 1 && o->volume == LAR_INT_AUTO) {
        status = lar_fail(LAR_EFORMAT, "'%s' (%s) holds %lld volumes, an image of anat/ is one",
                          image->input->path, image->name, (long long)about.channels);
        lar_hint(status, "--volume N, or without --bids");
    }
    lar_image_about_clear(&about);
    return status;
}

/* Everything of the name but the run and the suffix. */
static const char *stem_of(const lar_convert_image *image, const char *subject,
                           const lar_convert_options *o, lar_arena *arena)
{
    const char *session = o->session ? o->session : marked(image->input, "ses-", arena);
    const char *label = session ? lar_bids_label(session, arena) : "";
    const bool has = label && *label;
    return lar_arena_format(arena, "sub-%s%s%s", subject, has ? "_ses-" : "", has ? label : "");
}

lar_status lar_convert_bids_names(lar_convert_image *images, int64_t count, const char *subject,
                                  const lar_convert_options *o, const lar_convert_sink *sink,
                                  lar_arena *arena)
{
    const char **stems = lar_arena_take(arena, count, sizeof *stems);
    const char **ends = lar_arena_take(arena, count, sizeof *ends);
    const char **folders = lar_arena_take(arena, count, sizeof *folders);
    if (!stems || !ends || !folders) return LAR_EMEMORY;
    for (int64_t n = 0; n < count; n++) {
        const char *suffix = suffix_of(&images[n], o, arena);
        if (!suffix) {
            const lar_status status =
                lar_fail(LAR_EUNSUPPORTED, "'%s': nothing says what kind of image '%s' is",
                         images[n].input->path, images[n].name);
            lar_hint(status, "--suffix T1w (or T2w, FLAIR, PDw ...) with that input alone");
            sink->failed(sink->user);
            continue;
        }
        if (check_volume(&images[n], o) != LAR_OK) {
            sink->failed(sink->user);
            continue;
        }
        stems[n] = stem_of(&images[n], subject, o, arena);
        ends[n] =
            lar_arena_format(arena, "%s_%s", is_phase(&images[n]) ? "_part-phase" : "", suffix);
        folders[n] = lar_bids_folder(suffix);
        if (!stems[n] || !ends[n]) return LAR_EMEMORY;
    }
    for (int64_t n = 0; n < count; n++) {
        int run = 1, runs = 0;
        if (!ends[n]) continue;
        for (int64_t m = 0; m < count; m++) {
            if (!lar_text_is(ends[m], ends[n]) || !lar_text_is(stems[m], stems[n])) continue;
            runs++;
            if (m < n) run++;
        }
        const char *numbered = runs > 1 ? lar_arena_format(arena, "_run-%d", run) : "";
        const char *session = strstr(stems[n], "_ses-");
        const char *relative =
            lar_arena_format(arena, "sub-%s%s%s/%s/%s%s%s%s", subject, session ? "/" : "",
                             session ? session + 1 : "", folders[n], stems[n],
                             numbered ? numbered : "", ends[n], o->extension);
        images[n].target = relative ? lar_path_join(arena, o->output, relative) : NULL;
        if (!images[n].target || !numbered) return LAR_EMEMORY;
    }
    return LAR_OK;
}
