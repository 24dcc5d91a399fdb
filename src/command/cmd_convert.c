/* larmor convert: images into other files, formats or voxel types; one, a folder, or a tree.
 * SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>

#include "command/convert.h"
#include "data/data.h"

/* keep, then what --type may name; 64-bit integers are left out: many tools refuse them */
static const char *const type_names[] = { "keep",  "uint8",  "int8",    "uint16",  "int16",
                                          "int32", "uint32", "float32", "float64", NULL };
static const char *const version_names[] = { "auto", "1", "2", NULL };

static const lar_param table[] = {
    LAR_P_TEXT(lar_convert_options, output, "output", 'o', "", "path",
               "the file to write, or a folder (one that exists, or a name that ends in /)"),
    LAR_P_CHOICE(lar_convert_options, type, "type", 't', "keep", type_names,
                 "voxel type of the output; integers are rounded and limited to their range"),
    LAR_P_INT(lar_convert_options, volume, "volume", 0, "auto", 0, 1e9, "number",
              "of several volumes this one alone, counted from 0"),
    LAR_P_TEXT(lar_convert_options, extension, "format", 0, "nii.gz", "ending",
               "of files in a folder, such as nii.gz, nii, mha, nrrd or mgz"),
    LAR_P_TEXT(
        lar_convert_options, name, "name", 0, "{path}/{name}", "pattern",
        "of files in a folder; {path} is the input's folder below what was named, {name} its name "
        "or that of its series; {folder}, {format}, and of DICOM {number} {description} "
        "{protocol} {modality} {echo} {sequence}"),
    LAR_P_TEXT(lar_convert_options, series, "series", 0, "", "text",
               "of DICOM only the series whose names have this in them"),
    LAR_P_FLAG(lar_convert_options, correct, "correct", 0,
               "of DICOM: resample what has a tilted gantry or uneven slices"),
    LAR_P_FLAG(lar_convert_options, sidecar, "sidecar", 0,
               "write how it was acquired beside each image, as BIDS' NAME.json"),
    LAR_P_FLAG(lar_convert_options, bids, "bids", 0,
               "name files as BIDS does, with sidecars; the folder becomes a dataset"),
    LAR_P_TEXT(lar_convert_options, subject, "subject", 0, "", "label",
               "whose images they are; else by folder or name"),
    LAR_P_TEXT(lar_convert_options, session, "session", 0, "", "label", "which visit"),
    LAR_P_TEXT(lar_convert_options, suffix, "suffix", 0, "", "suffix",
               "what kind of image they are (T1w, T2w, FLAIR, PDw, T2starw, ct); else found out"),
    LAR_P_FLAG(lar_convert_options, patient, "patient", 0,
               "keep in sidecars what the files say of the person, places and dates"),
    LAR_P_CHOICE(lar_convert_options, form, "affine", 0, "auto", lar_form_names,
                 "which of a NIfTI file's two forms is right"),
    LAR_P_CHOICE(lar_convert_options, scaling, "scaling", 0, "dv", lar_scaling_names,
                 "of Philips PAR/REC: values as displayed, or floating point ones"),
    LAR_P_CHOICE(lar_convert_options, version, "nifti", 0, "auto", version_names,
                 "NIfTI version; auto is 1 where the sizes fit it"),
    LAR_P_INT(lar_convert_options, compress, "compress", 0, "auto", 0, 12, "level",
              "of compression, 0 for none where the format has a choice; auto is 1"),
    LAR_P_FLAG(lar_convert_options, force, "force", 'f', "replace an output that exists"),
    LAR_P_END,
};

/* Inputs that are opened together: one, or all of a subject. */
typedef struct job {
    int64_t first, count;
    const char *subject, *said; /* of BIDS */
    bool has_images;            /* that are written */
} job;

typedef struct run {
    const lar_convert_options *o;
    const lar_progress *progress;
    const lar_convert_input *inputs;
    job *jobs;
    int64_t job_count;
    pthread_mutex_t lock; /* of all that follows */
    int64_t done, written, failed;
    bool stopped, has_ct;
    lar_arena *arena; /* of the names */
    const char **names;
    int64_t name_count, name_room;
} run;

/* The work of one job on its way through lar_convert_open(). */
typedef struct work {
    run *run;
    job *job;
} work;

static void note_failure(void *user)
{
    run *r = ((work *)user)->run;
    lar_log(LAR_LOG_WARNING, "%s", lar_error());
    pthread_mutex_lock(&r->lock);
    r->failed++;
    pthread_mutex_unlock(&r->lock);
}

/* Two inputs must not become one file, with --force neither. */
static lar_status claim(run *r, const lar_convert_image *image)
{
    lar_status status = LAR_OK;
    pthread_mutex_lock(&r->lock);
    for (int64_t n = 0; n < r->name_count && status == LAR_OK; n++)
        if (lar_text_is(r->names[n], image->target)) {
            status = lar_fail(LAR_EARGUMENT, "'%s' would become '%s', as another input does",
                              image->input->path, image->target);
            lar_hint(status, "--name with {path}, {folder} or {number} in the pattern");
        }
    if (r->name_count == r->name_room && status == LAR_OK) {
        const int64_t room = r->name_room ? 2 * r->name_room : 64;
        const char **grown = lar_arena_take(r->arena, room, sizeof *grown);
        if (grown && r->name_count) memcpy(grown, r->names, (size_t)r->name_count * sizeof *grown);
        if (grown) {
            r->names = grown;
            r->name_room = room;
        } else {
            status = LAR_EMEMORY;
        }
    }
    if (status == LAR_OK) {
        r->names[r->name_count] = lar_arena_text(r->arena, image->target, strlen(image->target));
        if (!r->names[r->name_count++]) status = LAR_EMEMORY;
    }
    pthread_mutex_unlock(&r->lock);
    return status;
}

static lar_status take_images(void *user, lar_convert_image *images, int64_t count,
                              lar_arena *arena)
{
    lar_status status = LAR_OK;
    const work *w = user;
    run *r = w->run;
    const lar_convert_sink sink = { .failed = note_failure, .user = user };

    if (r->o->bids)
        LAR_TRY(lar_convert_bids_names(images, count, w->job->subject, r->o, &sink, arena));
    for (int64_t n = 0; n < count; n++) {
        if (r->o->bids && !images[n].target) continue; /* was told */
        if (!images[n].target) status = lar_convert_name(&images[n], r->o, arena);
        if (status == LAR_OK) status = claim(r, &images[n]);
        if (status == LAR_OK) status = lar_convert_write(&images[n], r->o, arena);
        if (status == LAR_OK) {
            pthread_mutex_lock(&r->lock);
            r->written++;
            w->job->has_images = true;
            r->has_ct |= strstr(images[n].target, "_ct.") != NULL;
            pthread_mutex_unlock(&r->lock);
            continue;
        }
        if (count == 1 && r->job_count == 1) goto done; /* its own status, its own sentence */
        note_failure(user);
        status = LAR_OK;
    }
done:
    return status;
}

/* From several threads: one at a time, and the same answer for all. */
static bool go_on(void *user, const char *stage, double fraction)
{
    const work *w = user;
    run *r = w->run;
    (void)stage; /* of one input; what is told is that of all */
    (void)fraction;
    pthread_mutex_lock(&r->lock);
    r->stopped = r->stopped || !lar_progress_say(*r->progress, r->inputs[w->job->first].path,
                                                 (double)r->done / (double)r->job_count);
    const bool stopped = r->stopped;
    pthread_mutex_unlock(&r->lock);
    return !stopped;
}

static lar_status run_job(run *r, job *one)
{
    lar_status status = LAR_OK;
    lar_arena *arena = NULL;
    work w = { .run = r, .job = one };
    const lar_convert_sink sink = { .take = take_images,
                                    .failed = note_failure,
                                    .user = &w,
                                    .progress = { .fn = go_on, .user = &w } };
    LAR_TRY(lar_arena_new(&arena));
    LAR_TRY(lar_convert_open(r->inputs + one->first, one->count, r->o, arena, &sink));
done:
    lar_arena_free(arena);
    return status;
}

static lar_status run_jobs(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    run *r = arg;
    (void)piece;
    for (int64_t n = begin; n < end; n++) {
        pthread_mutex_lock(&r->lock);
        r->stopped = r->stopped || !lar_progress_say(*r->progress, r->inputs[r->jobs[n].first].path,
                                                     (double)r->done++ / (double)r->job_count);
        const bool stopped = r->stopped;
        pthread_mutex_unlock(&r->lock);
        if (stopped) return LAR_OK;
        if (run_job(r, &r->jobs[n]) != LAR_OK) note_failure(&(work){ .run = r });
    }
    return LAR_OK;
}

static int by_subject(const void *a, const void *b)
{
    const job *one = a, *two = b;
    const int order = strcmp(one->subject, two->subject);
    return order ? order : one->first < two->first ? -1 : one->first > two->first;
}

/* Inputs in the order of their subjects, and one job for each of these. */
static lar_status group_subjects(run *r, lar_convert_input *inputs, job *jobs, lar_arena *arena)
{
    lar_status status = LAR_OK;
    const int64_t count = r->job_count;
    lar_convert_input *sorted = lar_arena_take(arena, count, sizeof *sorted);
    if (!sorted) return LAR_EMEMORY;
    for (int64_t n = 0; n < count; n++)
        LAR_TRY(lar_convert_subject(&jobs[n].subject, &jobs[n].said, &inputs[n], r->o, arena));
    qsort(jobs, (size_t)count, sizeof *jobs, by_subject);
    int64_t subjects = 0;
    for (int64_t n = 0; n < count; n++) {
        sorted[n] = inputs[jobs[n].first];
        job *last = subjects ? &jobs[subjects - 1] : NULL;
        if (!last || !lar_text_is(last->subject, jobs[n].subject)) {
            jobs[subjects++] =
                (job){ .first = n, .count = 1, .subject = jobs[n].subject, .said = jobs[n].said };
            continue;
        }
        if (!lar_text_is(last->said, jobs[n].said)) {
            status = lar_fail(LAR_EARGUMENT, "both '%s' and '%s' would become sub-%s", last->said,
                              jobs[n].said, last->subject);
            lar_hint(status, "one after the other, with --subject LABEL");
            goto done;
        }
        last->count++;
    }
    r->inputs = sorted;
    r->job_count = subjects;
done:
    return status;
}

/* Two files of one name are told before anything is written. Names that need a sidecar, and those
 * of series, are not known yet: claim() looks at them. */
static lar_status check_names(const lar_convert_inputs *inputs, const lar_convert_options *o,
                              lar_arena *arena)
{
    lar_convert_image *images = lar_arena_take(arena, inputs->count, sizeof *images);
    if (!images) return LAR_EMEMORY;
    for (int64_t n = 0; n < inputs->count; n++) {
        images[n] = (lar_convert_image){ .input = &inputs->at[n] };
        images[n].name = lar_path_stem(arena, inputs->at[n].path);
        if (!images[n].name) return LAR_EMEMORY;
        if (inputs->at[n].is_dicom || lar_convert_name(&images[n], o, arena) != LAR_OK) continue;
        for (int64_t m = 0; m < n; m++)
            if (lar_text_is(images[m].target, images[n].target)) {
                const lar_status status =
                    lar_fail(LAR_EARGUMENT, "'%s' and '%s' would both become '%s'",
                             inputs->at[m].path, inputs->at[n].path, images[n].target);
                return lar_hint(status, "--name with {path}, {folder} or {format} in the pattern");
            }
    }
    return LAR_OK;
}

static lar_status into_folder(lar_call *call, const lar_convert_options *o)
{
    lar_status status = LAR_OK;
    lar_convert_inputs inputs;
    run r = { .o = o, .progress = &call->progress, .arena = call->arena };

    LAR_TRY(lar_convert_find(&inputs, call, o->output));
    job *jobs = lar_arena_take(call->arena, inputs.count, sizeof *jobs);
    if (!jobs) return LAR_EMEMORY;
    for (int64_t n = 0; n < inputs.count; n++) jobs[n] = (job){ .first = n, .count = 1 };
    r.inputs = inputs.at;
    r.jobs = jobs;
    r.job_count = inputs.count;
    LAR_TRY(o->bids ? group_subjects(&r, inputs.at, jobs, call->arena)
                    : check_names(&inputs, o, call->arena));
    LAR_TRY(lar_folder_make(o->output));
    pthread_mutex_init(&r.lock, NULL);
    if (r.job_count == 1)
        status = run_job(&r, jobs); /* its volumes are worked on by all threads */
    else
        status = lar_parallel(r.job_count, 1, run_jobs, &r);
    pthread_mutex_destroy(&r.lock);
    if (status != LAR_OK) goto done;
    if (r.stopped) {
        status = lar_fail(LAR_ESTOPPED, "stopped; %lld images are written", (long long)r.written);
        goto done;
    }
    if (o->bids && r.written > 0) {
        const char **subjects = lar_arena_take(call->arena, r.job_count, sizeof *subjects);
        if (!subjects) return LAR_EMEMORY;
        int64_t count = 0;
        for (int64_t n = 0; n < r.job_count; n++)
            if (jobs[n].has_images) subjects[count++] = jobs[n].subject;
        LAR_TRY(lar_convert_dataset(o, subjects, count, r.has_ct, call->arena));
    }
    if (inputs.slices)
        lar_log(LAR_LOG_NOTE, "%lld slices (.tif, .png) were left alone: larmor stack joins them",
                (long long)inputs.slices);
    if (inputs.other_files)
        lar_log(LAR_LOG_NOTE, "%lld other files were left alone", (long long)inputs.other_files);
    if (r.failed > 0)
        status = lar_fail(LAR_EPARTIAL, "%lld images were written, %lld could not be converted",
                          (long long)r.written, (long long)r.failed);
done:
    return status;
}

static void say_failure(void *user)
{
    (void)user;
    lar_log(LAR_LOG_WARNING, "%s", lar_error());
}

/* The one image of one input, into a file. */
static lar_status take_one(void *user, lar_convert_image *images, int64_t count, lar_arena *arena)
{
    const lar_convert_options *o = user;
    if (count == 1) {
        images[0].target = o->output;
        return lar_convert_write(&images[0], o, arena);
    }
    lar_text names = { 0 };
    for (int64_t n = 0; n < count; n++) lar_text_add(&names, " %s", images[n].name);
    const lar_status status =
        lar_fail(LAR_EARGUMENT, "'%s' holds %lld images, which cannot become one file:%s",
                 images[0].input->path, (long long)count, lar_text_get(&names));
    lar_text_clear(&names);
    return lar_hint(status, "--series NAME for one of them, or -o FOLDER/ for all");
}

static lar_status into_file(lar_call *call, const lar_convert_options *o)
{
    lar_status status = LAR_OK;
    lar_convert_inputs inputs;
    const lar_convert_sink sink = { .take = take_one,
                                    .failed = say_failure,
                                    .user = (void *)(uintptr_t)o,
                                    .progress = call->progress };

    LAR_TRY(lar_cli_output(call, o->output, o->force));
    LAR_TRY(lar_convert_find(&inputs, call, o->output));
    if (inputs.count > 1) {
        status =
            lar_fail(LAR_EARGUMENT, "%lld images cannot become one file", (long long)inputs.count);
        lar_hint(status, "-o FOLDER/ to write one file for each");
        goto done;
    }
    LAR_TRY(lar_convert_open(inputs.at, 1, o, call->arena, &sink));
done:
    return status;
}

/* "mha" and ".mha" to ".mha", of a format that can be written. */
static lar_status check_options(lar_call *call, lar_convert_options *o)
{
    const char *dot = o->extension[0] == '.' ? "" : ".";
    const char *named = lar_arena_format(call->arena, "image%s%s", dot, o->extension);
    if (!named) return LAR_EMEMORY;
    if (!lar_path_is_image(named))
        return lar_fail(LAR_EARGUMENT, "'%s' is not a valid --format, expected one such as nii.gz",
                        o->extension);
    o->extension = named + strlen("image");
    if (o->bids && !lar_text_is(o->extension, ".nii.gz") && !lar_text_is(o->extension, ".nii"))
        return lar_fail(LAR_EARGUMENT, "BIDS knows .nii.gz and .nii, not --format '%s'",
                        o->extension);
    if (o->suffix && !lar_text_is(o->suffix, lar_bids_label(o->suffix, call->arena)))
        return lar_fail(LAR_EARGUMENT,
                        "'%s' is not a valid --suffix, expected letters and digits such as T1w",
                        o->suffix);
    return LAR_OK;
}

static lar_status convert_run(lar_call *call)
{
    lar_convert_options *o = call->options;
    const lar_status status = check_options(call, o);
    if (status != LAR_OK) return status;
    const bool folder =
        o->output && (lar_text_ends(o->output, "/") || lar_path_is_folder(o->output));
    return folder || (o->output && o->bids) ? into_folder(call, o) : into_file(call, o);
}

const lar_command lar_command_convert = {
    .name = "convert",
    .group = "files",
    .summary = "write images in another format, form or voxel type",
    .about =
        "Reads any image that larmor knows, by its content, and writes the format that the name "
        "of the output says. Voxels and their place in the world are kept, and what the format "
        "has room for of description, units and extensions; a scaling in the file is applied. A "
        "folder is read with all below it: each image becomes NAME.nii.gz in the same folder of "
        "the output, and each series of a folder with DICOM one that is named by its number and "
        "description. One that fails is reported and the others are written; the exit status is "
        "then 1. With --bids, whose image it is follows from sub-LABEL in its path, else the "
        "first folder, else its name; what kind from the sidecar or the names, else from the "
        "times of echo, repetition and inversion. Nothing that DICOM says of the patient is "
        "written unless --patient asks for it.",
    .args =
        (const lar_arg[]){
            { .name = "in", .help = "images, folders", .repeats = true, .is_path = true }, { 0 } },
    .tables = { { table, 0 } },
    .size = sizeof(lar_convert_options),
    .examples =
        (const lar_example[]){
            { "larmor convert t1.nii.gz -o t1.nii", "without compression" },
            { "larmor convert ct.nii.gz -o ct16.nii.gz --type int16", "as 16-bit integers" },
            { "larmor convert t1.nii.gz flair.nii.gz -o copies/", "several, into a folder" },
            { "larmor convert cohort/t1 cohort/flair -o bids/ --bids",
              "folders, named as BIDS does" },
            { NULL, NULL } },
    .run = convert_run,
};
