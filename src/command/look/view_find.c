/* Arguments of `larmor view` to a list of images: files, folders, series of DICOM, studies.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/look/view_find.h"

#include "command/convert/convert.h"
#include "prepare/prepare.h"

typedef struct finder {
    lar_view_found *out;
    lar_call *call;
    bool alone; /* one image was named, and nothing else */
} finder;

static lar_status add(finder *f, const lar_view_entry *entry)
{
    lar_view_found *out = f->out;
    if (out->count == out->room) {
        const int64_t room = out->room ? 2 * out->room : 64;
        lar_view_entry *grown = lar_arena_take(f->call->arena, room, sizeof *grown);
        if (!grown) return LAR_EMEMORY;
        if (out->count) memcpy(grown, out->entries, (size_t)out->count * sizeof *grown);
        out->entries = grown;
        out->room = room;
    }
    out->entries[out->count++] = *entry;
    return LAR_OK;
}

/* What a person calls a file of a folder: its path below what was named. */
static const char *name_inside(const lar_convert_input *input, lar_arena *arena)
{
    const char *name = lar_path_name(input->path);
    return *input->inside ? lar_path_join(arena, input->inside, name) : name;
}

/* Every series of a folder with DICOM; `named`: the folder itself was the argument. */
static lar_status add_series(finder *f, const lar_convert_input *input)
{
    lar_status status = LAR_OK;
    lar_arena *arena = f->call->arena;
    const lar_dicom_params params = { .progress = f->call->progress };
    lar_dicom *dicom = NULL;
    LAR_TRY(lar_dicom_open(&dicom, input->path, &params));
    lar_dicom **grown = lar_arena_take(arena, f->out->dicom_count + 1, sizeof *grown);
    if (!grown) {
        status = LAR_EMEMORY;
        goto done;
    }
    for (int64_t n = 0; n < f->out->dicom_count; n++) grown[n] = f->out->dicoms[n];
    grown[f->out->dicom_count++] = dicom;
    f->out->dicoms = grown;
    for (int64_t n = 0; n < dicom->count; n++) {
        const lar_dicom_series *s = &dicom->series[n];
        lar_view_entry entry = { .path = input->path, .role = LAR_VIEW_PAGE, .series = s };
        entry.name = *input->inside ? lar_path_join(arena, input->inside, s->name) : s->name;
        if (!entry.name) return LAR_EMEMORY;
        LAR_TRY(add(f, &entry));
    }
    for (const char *line = dicom->failures; *line;) {
        const size_t length = strcspn(line, "\n");
        lar_log(LAR_LOG_WARNING, "'%s', %.*s", input->path, (int)length, line);
        line += length + (line[length] == '\n');
    }
    return LAR_OK;
done:
    lar_dicom_free(dicom);
    return status;
}

static lar_status add_folder(finder *f, const char *path)
{
    lar_status status = LAR_OK, failure = LAR_OK;
    lar_convert_inputs inputs;
    lar_call one = *f->call;
    lar_arena *arena = f->call->arena;
    const int64_t before = f->out->count;
    const char *const args[] = { path };
    one.args = args;
    one.arg_count = 1;

    const char *report = lar_path_join(arena, path, "report.html");
    if (!report) return LAR_EMEMORY;
    const bool reported = lar_path_exists(report);
    if (!f->out->report || reported) f->out->report = report;
    status = lar_convert_find(&inputs, &one, "");
    if (status == LAR_ENOINPUT && reported) return LAR_OK; /* a training that has only begun */
    if (status != LAR_OK) return status;
    for (int64_t n = 0; n < inputs.count; n++) {
        const lar_convert_input *input = &inputs.at[n];
        if (input->is_dicom) {
            failure = add_series(f, input);
            if (failure == LAR_ESTOPPED || (failure != LAR_OK && inputs.count == 1)) return failure;
            if (failure != LAR_OK && !lar_convert_is_empty(failure, input))
                lar_log(LAR_LOG_WARNING, "%s", lar_error());
            continue;
        }
        const lar_view_entry entry = { .name = name_inside(input, arena),
                                       .path = input->path,
                                       .role = LAR_VIEW_PAGE };
        if (!entry.name) return LAR_EMEMORY;
        LAR_TRY(add(f, &entry));
    }
    if (f->out->count == before && !reported) status = failure;
done:
    return status;
}

/* The folder of a study's results. */
static lar_status add_study(finder *f, const char *path)
{
    lar_study *study = NULL;
    lar_status status = lar_study_read(&study, path);
    if (status != LAR_OK) return status;
    const char *work = lar_arena_format(f->call->arena, "%s", study->work);
    lar_study_free(study);
    if (!work) return LAR_EMEMORY;
    if (!lar_path_is_folder(work)) {
        status = lar_fail(LAR_ENOINPUT,
                          "the study '%s' has no results yet: there is no folder '%s'", path, work);
        return lar_hint(status, "larmor prepare '%s' first", path);
    }
    return add_folder(f, work);
}

/* Headers are looked at before anything is served: a file that is no image ends the command where
 * it is the only one, else it is told, and shown as what it is. */
static lar_status add_file(finder *f, const char *path, int role)
{
    const lar_view_entry entry = { .name = lar_path_name(path), .path = path, .role = role };
    lar_image_about about = { 0 };
    lar_status status = LAR_OK;
    if (!lar_path_exists(path))
        return lar_fail(LAR_ENOINPUT, "cannot open '%s': there is no such file", path);
    if (!lar_path_is_folder(path) && !lar_dicom_is(path))
        status = lar_image_read_header(&about, path);
    lar_image_about_clear(&about);
    if (status != LAR_OK && f->alone) return status;
    if (status != LAR_OK) lar_log(LAR_LOG_WARNING, "%s", lar_error());
    return add(f, &entry);
}

/* Two of one name are called by their paths. */
static void tell_apart(const lar_view_found *found)
{
    for (int64_t n = 0; n < found->count; n++) {
        lar_view_entry *a = &found->entries[n];
        if (a->role == LAR_VIEW_PAGE) continue;
        for (int64_t m = n + 1; m < found->count; m++) {
            lar_view_entry *b = &found->entries[m];
            if (b->role == LAR_VIEW_PAGE ||
                !lar_text_is(lar_path_name(a->path), lar_path_name(b->path)))
                continue;
            a->name = a->path;
            b->name = b->path;
        }
    }
}

static const char *find_title(const lar_call *call)
{
    const char *first = call->args[0];
    if (call->arg_count == 1) return lar_path_is_folder(first) ? first : lar_path_name(first);
    return lar_arena_format(call->arena, "%s and %lld more", lar_path_name(first),
                            (long long)call->arg_count - 1);
}

lar_status lar_view_find(lar_view_found *out, lar_call *call, const lar_texts *overlays)
{
    lar_status status = LAR_OK;
    finder f = { .out = out, .call = call, .alone = call->arg_count + overlays->count == 1 };
    *out = (lar_view_found){ 0 };
    out->title = find_title(call);
    if (!out->title) return LAR_EMEMORY;
    for (int64_t n = 0; n < call->arg_count; n++) {
        const char *path = call->args[n];
        if (lar_path_is_folder(path))
            LAR_TRY(add_folder(&f, path));
        else if (lar_text_ends(path, ".yaml") || lar_text_ends(path, ".yml"))
            LAR_TRY(add_study(&f, path));
        else
            LAR_TRY(add_file(&f, path, LAR_VIEW_IMAGE));
    }
    for (int64_t n = 0; n < overlays->count; n++)
        LAR_TRY(add_file(&f, overlays->at[n], LAR_VIEW_OVERLAY));
    tell_apart(out);
done:
    if (status != LAR_OK) lar_view_found_clear(out);
    return status;
}

void lar_view_found_clear(lar_view_found *found)
{
    for (int64_t n = 0; n < found->dicom_count; n++) lar_dicom_free(found->dicoms[n]);
    *found = (lar_view_found){ 0 };
}
