/* larmor info: what is in image files, and what is odd about them.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "command/command.h"
#include "command/describe.h"

typedef struct options {
    bool voxels;
    int form;
} options;

static const lar_param table[] = {
    LAR_P_FLAG(options, voxels, "voxels", 0,
               "read the voxels too: the whole file is verified, their range and mean shown"),
    LAR_P_CHOICE(options, form, "affine", 0, "auto", lar_form_names,
                 "which of a NIfTI file's two forms to follow"),
    LAR_P_END,
};

enum { ROWS = 1 << 16 }; /* voxels a piece */

typedef struct mean_job {
    const double *voxels;
    double *sums, *counts;
} mean_job;

static lar_status sum_piece(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const mean_job *job = arg;
    for (int64_t n = begin; n < end; n++) {
        if (!isfinite(job->voxels[n])) continue;
        job->sums[piece] += job->voxels[n];
        job->counts[piece]++;
    }
    return LAR_OK;
}

static lar_status find_facts(lar_voxel_facts *out, const lar_image *image)
{
    lar_status status = LAR_OK;
    lar_image *real = NULL;
    double *sums = NULL;
    const int64_t count = lar_image_voxel_count(image) * image->channels;
    const int64_t pieces = lar_piece_count(count, ROWS);

    LAR_TRY(lar_image_range(&out->range, image));
    LAR_TRY(lar_image_to_type(&real, image, LAR_F64));
    sums = lar_alloc(2 * pieces, sizeof *sums);
    if (!sums) {
        status = LAR_EMEMORY;
        goto done;
    }
    mean_job job = { .voxels = real->voxels, .sums = sums, .counts = sums + pieces };
    LAR_TRY(lar_parallel(count, ROWS, sum_piece, &job));
    const double finite = lar_sum_pairs(job.counts, pieces);
    out->mean = finite > 0 ? lar_sum_pairs(job.sums, pieces) / finite : NAN;
done:
    lar_free(sums);
    lar_image_free(real);
    return status;
}

/* One image to text, or to an object of the list. */
static lar_status add(lar_text *out, json_t *list, const lar_described *what)
{
    if (!list)
        lar_describe_text(out, what);
    else if (json_array_append_new(list, lar_describe_json(what)) != 0)
        return lar_fail(LAR_EMEMORY, "out of memory");
    return LAR_OK;
}

static lar_status describe(lar_text *out, json_t *list, const lar_described *what, const options *o)
{
    lar_status status = LAR_OK;
    lar_image *image = NULL;
    lar_image_about about = { 0 };
    lar_voxel_facts facts = { 0 };
    lar_described told = *what;

    if (what->series)
        LAR_TRY(lar_dicom_series_read(o->voxels ? &image : NULL, &about, what->series, what->path,
                                      o->form));
    else if (o->voxels)
        LAR_TRY(lar_image_read_about(&image, &about, what->path, o->form));
    else
        LAR_TRY(lar_image_read_header_form(&about, what->path, o->form));
    if (image) {
        LAR_TRY(find_facts(&facts, image));
        told.voxels = &facts;
    }
    told.about = &about;
    LAR_TRY(add(out, list, &told));
done:
    lar_image_about_clear(&about);
    lar_image_free(image);
    return status;
}

/* Every series of a folder that holds DICOM. */
static lar_status describe_series(lar_text *out, json_t *list, const char *path, lar_call *call)
{
    lar_status status = LAR_OK;
    const lar_dicom_params params = { .progress = call->progress };
    lar_dicom *dicom = NULL;
    LAR_TRY(lar_dicom_open(&dicom, path, &params));
    for (int64_t n = 0; n < dicom->count; n++) {
        const lar_described what = { .path = path, .series = &dicom->series[n] };
        LAR_TRY(describe(out, list, &what, call->options));
    }
    if (dicom->failed > 0)
        status = lar_fail(LAR_EPARTIAL, "%lld series of '%s' cannot be read: %.*s",
                          (long long)dicom->failed, path, (int)strlen(dicom->failures) - 1,
                          dicom->failures);
done:
    lar_dicom_free(dicom);
    return status;
}

static lar_status describe_path(lar_text *out, json_t *list, const char *path, lar_call *call)
{
    const lar_described what = { .path = path };
    if (lar_path_is_folder(path)) return describe_series(out, list, path, call);
    return describe(out, list, &what, call->options);
}

static lar_status info_run(lar_call *call)
{
    lar_status status = LAR_OK, failure = LAR_OK;
    lar_text text = { 0 };
    json_t *list = call->json ? json_array() : NULL;
    int64_t failed = 0;

    for (int64_t n = 0; n < call->arg_count; n++) {
        const char *path = call->args[n];
        failure = describe_path(&text, list, path, call);
        if (failure == LAR_OK) continue;
        failed++;
        if (list)
            json_array_append_new(list, json_pack("{s:o, s:o}", "path", lar_describe_words(path),
                                                  "error", lar_describe_words(lar_error())));
        if (call->arg_count == 1) { /* its own status, its own sentence */
            status = failure;
            break;
        }
        lar_log(LAR_LOG_WARNING, "%s", lar_error());
    }
    if (list) {
        char *dumped = json_dumps(list, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
        lar_text_add(&text, "%s\n", dumped ? dumped : "[]");
        free(dumped);
    }
    if (text.length > 0) {
        char sentence[2048]; /* printing may leave another */
        snprintf(sentence, sizeof sentence, "%s", lar_error());
        const lar_status printed = lar_cli_print(lar_text_get(&text));
        if (printed != LAR_OK)
            status = printed;
        else
            lar_error_set(sentence);
    }
    if (failed > 0 && status == LAR_OK)
        status = lar_fail(LAR_EPARTIAL, "%lld of %lld files could not be read", (long long)failed,
                          (long long)call->arg_count);
    json_decref(list);
    lar_text_clear(&text);
    return status;
}

const lar_command lar_command_info = {
    .name = "info",
    .group = "files",
    .summary = "tell what is in image files, and what is odd about them",
    .about =
        "Prints size, spacing, axes, voxel type and scaling, where the voxels sit in the world "
        "and by which rule, and what the file says of itself; then notes on what may surprise and "
        "warnings on what contradicts itself. Axes such as LPS name the direction in which each "
        "voxel axis runs (left, posterior, superior). Only headers are read; --voxels reads and "
        "verifies everything. Of a folder with DICOM each series is told. A file that cannot be "
        "read is reported, and the others are shown; the exit status is then 1.",
    .args = (const lar_arg[]){ { .name = "file",
                                 .help = "images, or folders with DICOM",
                                 .repeats = true,
                                 .is_path = true },
                               { 0 } },
    .tables = { { table, 0 } },
    .size = sizeof(options),
    .json = true,
    .examples = (const lar_example[]){ { "larmor info t1.nii.gz", "from the header" },
                                       { "larmor info --voxels t1.nii.gz flair.nii.gz",
                                         "whole files, with their ranges" },
                                       { "larmor info --json t1.nii.gz", "for a program" },
                                       { NULL, NULL } },
    .run = info_run,
};
