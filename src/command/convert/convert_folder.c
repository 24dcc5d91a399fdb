/* All inputs of `larmor convert` into a folder, by all threads.
 * SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>

#include "command/convert/convert.h"

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
        work w = { .run = r, .job = &r->jobs[n] };
        if (!go_on(&w, "", 0)) return LAR_OK;
        const lar_status status = run_job(r, w.job);
        if (lar_convert_is_empty(status, &r->inputs[w.job->first]))
            lar_log(LAR_LOG_NOTE, "%s", lar_error());
        else if (status != LAR_OK && status != LAR_ESTOPPED)
            note_failure(&w);
        pthread_mutex_lock(&r->lock);
        r->done++;
        pthread_mutex_unlock(&r->lock);
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

lar_status lar_convert_folder(lar_call *call, const lar_convert_options *o)
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
