/* One input of `larmor convert` to its images: a file, or the series of a folder with DICOM.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/convert/convert.h"

enum { LARGEST_SIDECAR = 16 << 20 };

/* What a file's own sidecar says, NAME.json beside NAME.nii.gz; NULL where there is none. */
static lar_status read_sidecar(json_t **out, const char *path, lar_arena *arena)
{
    char *text;
    size_t count;
    json_error_t error;
    const char *folder = lar_path_folder(arena, path), *stem = lar_path_stem(arena, path);
    const char *name = stem ? lar_arena_format(arena, "%s.json", stem) : NULL;
    const char *beside = folder && name ? lar_path_join(arena, folder, name) : NULL;
    *out = NULL;
    if (!beside) return LAR_EMEMORY;
    if (!lar_path_exists(beside)) return LAR_OK;
    const lar_status status = lar_file_read(&text, &count, beside, LARGEST_SIDECAR);
    if (status != LAR_OK) return status;
    *out = json_loadb(text, count, JSON_REJECT_DUPLICATES, &error);
    lar_free(text);
    if (json_is_object(*out)) return LAR_OK;
    json_decref(*out);
    *out = NULL;
    return lar_fail(LAR_EFORMAT, "the sidecar '%s' is no JSON object: line %d, %s", beside,
                    error.line, error.text);
}

static lar_status open_file(lar_convert_image *out, json_t **facts, const lar_convert_input *input,
                            lar_arena *arena)
{
    *out = (lar_convert_image){ .input = input, .file = input->path, .warnings = "" };
    out->name = lar_path_stem(arena, input->path);
    if (!out->name) return LAR_EMEMORY;
    const lar_status status = read_sidecar(facts, input->path, arena);
    out->facts = *facts;
    return status;
}

/* The images of one input; `dicom` or `facts` hold what they borrow. */
static lar_status open_input(lar_convert_image **out, int64_t *count, lar_dicom **dicom,
                             json_t **facts, const lar_convert_input *input,
                             const lar_convert_options *o, const lar_convert_sink *sink,
                             lar_arena *arena)
{
    lar_status status = LAR_OK;
    const lar_dicom_params params = { .correct = o->correct,
                                      .patient = o->patient,
                                      .progress = sink->progress };
    int64_t series_count = 1;

    if (input->is_dicom) {
        LAR_TRY(lar_dicom_open(dicom, input->path, &params));
        series_count = (*dicom)->count;
        for (const char *line = (*dicom)->failures; *line;) {
            const size_t length = strcspn(line, "\n");
            lar_fail(LAR_EFORMAT, "'%s', %.*s", input->path, (int)length, line);
            sink->failed(sink->user);
            line += length + (line[length] == '\n');
        }
    }
    *count = 0;
    *out = lar_arena_take(arena, series_count, sizeof **out);
    if (!*out) return LAR_EMEMORY;
    if (!input->is_dicom) {
        LAR_TRY(open_file(*out, facts, input, arena));
        *count = 1;
        return LAR_OK;
    }
    for (int64_t n = 0; n < series_count; n++) {
        const lar_dicom_series *s = &(*dicom)->series[n];
        if (o->series && !strstr(s->name, o->series)) continue;
        (*out)[(*count)++] = (lar_convert_image){ .input = input,
                                                  .file = s->file,
                                                  .name = s->name,
                                                  .warnings = s->warnings,
                                                  .facts = s->facts };
    }
    if (*count > 0) return LAR_OK;
    lar_text names = { 0 };
    for (int64_t n = 0; n < series_count; n++)
        lar_text_add(&names, " %s", (*dicom)->series[n].name);
    status = lar_fail(LAR_EARGUMENT, "no series of '%s' has '%s' in its name, they are:%s",
                      input->path, o->series, lar_text_get(&names));
    lar_text_clear(&names);
done:
    return status;
}

bool lar_convert_is_empty(lar_status status, const lar_convert_input *input)
{
    return status == LAR_ENOINPUT && input->is_dicom;
}

lar_status lar_convert_open(const lar_convert_input *inputs, int64_t count,
                            const lar_convert_options *o, lar_arena *arena,
                            const lar_convert_sink *sink)
{
    lar_status status = LAR_OK;
    int64_t total = 0;
    lar_convert_image *all = NULL;
    lar_convert_image **lists = lar_arena_take(arena, count, sizeof *lists);
    int64_t *counts = lar_arena_take(arena, count, sizeof *counts);
    lar_dicom **dicoms = lar_arena_take(arena, count, sizeof *dicoms);
    json_t **facts = lar_arena_take(arena, count, sizeof *facts);

    if (!lists || !counts || !dicoms || !facts) return LAR_EMEMORY;
    for (int64_t n = 0; n < count; n++) {
        status =
            open_input(&lists[n], &counts[n], &dicoms[n], &facts[n], &inputs[n], o, sink, arena);
        if (status != LAR_OK) {
            if (count == 1) goto done;
            counts[n] = 0;
            if (lar_convert_is_empty(status, &inputs[n]))
                lar_log(LAR_LOG_NOTE, "%s", lar_error());
            else
                sink->failed(sink->user); /* one bad input never stops the others */
        }
        total += counts[n];
    }
    all = lar_arena_take(arena, total, sizeof *all);
    if (!all) {
        status = LAR_EMEMORY;
        goto done;
    }
    total = 0;
    for (int64_t n = 0; n < count; n++)
        for (int64_t k = 0; k < counts[n]; k++) all[total++] = lists[n][k];
    status = sink->take(sink->user, all, total, arena);
done:
    for (int64_t n = 0; n < count; n++) {
        lar_dicom_free(dicoms[n]);
        json_decref(facts[n]);
    }
    return status;
}
