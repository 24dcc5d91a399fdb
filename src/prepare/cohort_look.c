/* What an earlier run left, and whether it still holds: by the bytes of the scans and of what was
 * made of them. Files that nobody has written to since they were hashed, as length, inode and times
 * tell, are taken at their word, unless --verify asks; all others are hashed again.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "prepare/cohort_pass.h"

static void say_why(lar_cohort_case *c, const char *format, ...) LAR_PRINTF(2, 3);
static void say_why(lar_cohort_case *c, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(c->why, sizeof c->why, format, list);
    va_end(list);
    c->todo = LAR_TODO_AGAIN;
}

/* ---- volumes --------------------------------------------------------------------------- */

/* A volume is older than the record that vouches for it, or it is hashed. */
static bool volume_holds(const lar_cohort_pass *p, lar_cohort_case *c, int64_t image,
                         int64_t recorded_ns, lar_arena *arena)
{
    lar_seen_file now;
    char hex[LAR_SHA256_ROOM];
    const lar_case_file *file = &c->before->files[image];
    const char *path =
        lar_cohort_volume(p, arena, c->before, image, c->before->state == LAR_CASE_FLAGGED);
    if (!path) return false;
    const char *name = lar_path_name(path);
    if (!lar_file_look(&now, path)) {
        say_why(c, "'%s' is missing", name);
        return false;
    }
    if (!*file->sha256) {
        say_why(c, "an older larmor made it");
        return false;
    }
    const int64_t last_ns = now.time_ns > now.change_ns ? now.time_ns : now.change_ns;
    if (now.bytes == file->bytes && last_ns < recorded_ns && !p->params.verify) return true;
    if (now.bytes == file->bytes && lar_sha256_file(hex, path) == LAR_OK &&
        lar_text_is(hex, file->sha256))
        return true;
    say_why(c, "'%s' is damaged", name);
    c->damaged = true;
    return false;
}

/* ---- scans ----------------------------------------------------------------------------- */

/* seen: filled where the files had to be looked into. */
static bool scan_holds(const lar_cohort_pass *p, lar_cohort_case *c, int64_t image)
{
    const lar_case_file *file = &c->before->files[image];
    const char *path = c->subject->paths[image], *name = p->study->data.images[image].name;
    char before[LAR_SHA256_ROOM], now[LAR_SHA256_ROOM];
    bool same = !p->params.verify && lar_text_is(file->source, path);
    if (!file->source && !path) return true; /* made by a step */
    for (int64_t n = 0; n < file->from_count && same; n++)
        same = lar_file_is_untouched(&file->from[n]);
    if (same) return true;
    if (!file->from_count || !path || lar_image_files(&c->seen[image], path) != LAR_OK) {
        say_why(c, "'%s' cannot be compared with the scan it was made of", name);
        return false;
    }
    lar_seen_mark(before, file->from, file->from_count);
    lar_seen_mark(now, c->seen[image].at, c->seen[image].count);
    if (lar_text_is(before, now)) return true;
    say_why(c, "the scan '%s' has changed", name);
    return false;
}

/* ---- cases ----------------------------------------------------------------------------- */

static lar_status look_at(const lar_cohort_pass *p, lar_cohort_case *c, int64_t recorded_ns)
{
    lar_arena *arena;
    c->todo = LAR_TODO_NEW;
    if (!c->before || c->before->state == LAR_CASE_PENDING) return LAR_OK;
    if (c->before->state == LAR_CASE_FAILED) {
        say_why(c, "it failed before");
        return LAR_OK;
    }
    const lar_status status = lar_arena_new(&arena);
    if (status != LAR_OK) return status;
    c->todo = LAR_TODO_KEEP;
    for (int64_t m = 0; m < p->study->data.image_count && c->todo == LAR_TODO_KEEP; m++)
        if (volume_holds(p, c, m, recorded_ns, arena)) scan_holds(p, c, m);
    lar_arena_free(arena);
    return LAR_OK;
}

static lar_status look_at_some(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    lar_status status = LAR_OK;
    lar_cohort_pass *p = arg;
    lar_seen_file record;
    (void)piece;
    lar_file_look(&record, p->record_path);
    const int64_t recorded_ns = record.time_ns;
    for (int64_t n = begin; n < end && status == LAR_OK; n++)
        status = look_at(p, &p->cases[n], recorded_ns);
    return status;
}

lar_status lar_cohort_look(lar_cohort_pass *p)
{
    for (int64_t n = 0; n < p->cohort->subject_count && p->before; n++)
        for (int64_t m = 0; m < p->before->case_count && !p->cases[n].before; m++)
            if (lar_text_is(p->before->cases[m].id, p->cases[n].subject->id))
                p->cases[n].before = &p->before->cases[m];
    return lar_parallel(p->cohort->subject_count, 1, look_at_some, p);
}

void lar_cohort_again(lar_cohort_pass *p, const char *why)
{
    for (int64_t n = 0; n < p->cohort->subject_count; n++)
        if (p->cases[n].todo == LAR_TODO_KEEP) say_why(&p->cases[n], "%s", why);
}

/* ---- what is kept ---------------------------------------------------------------------- */

static lar_status keep_files(const lar_cohort_pass *p, lar_case_record *record,
                             const lar_cohort_case *c)
{
    lar_status status = LAR_OK;
    const int64_t count = p->study->data.image_count;
    const lar_case_record *before = c->before;
    lar_case_file *files = lar_arena_take(p->arena, count, sizeof *files);
    if (!files) return LAR_EMEMORY;
    for (int64_t m = 0; m < count; m++) {
        lar_case_file file = before->files[m];
        if (c->seen[m].count) { /* the same bytes elsewhere, or touched */
            file.source = c->subject->paths[m];
            file.from_count = c->seen[m].count;
            file.from = c->seen[m].at;
        }
        LAR_TRY(lar_case_file_copy(&files[m], &file, p->arena));
    }
    record->files = files;
    record->grid = before->grid;
    record->version = before->version; /* which live as long as the pass */
    record->findings = before->findings;
done:
    return status;
}

/* A case that the study has come to trust, or no longer does: its volumes under the other names.
 * Stopped in between, some are missing under either, and it is prepared again. */
static lar_status rename_volumes(const lar_cohort_pass *p, const lar_case_record *record)
{
    const bool flagged = record->state == LAR_CASE_FLAGGED;
    for (int64_t m = 0; m < p->study->data.image_count; m++) {
        const char *from = lar_cohort_volume(p, p->arena, record, m, !flagged),
                   *to = lar_cohort_volume(p, p->arena, record, m, flagged),
                   *beside = lar_provenance_path(p, p->arena, record, m, !flagged);
        if (!from || !to || !beside) return LAR_EMEMORY;
        if (rename(from, to) != 0)
            return lar_fail(LAR_EIO, "'%s' cannot be renamed to '%s': %s", from, to,
                            strerror(errno));
        const lar_status status = lar_file_remove(beside);
        if (status != LAR_OK) return status;
    }
    return LAR_OK;
}

static lar_status keep(lar_cohort_pass *p, int64_t index)
{
    lar_status status = LAR_OK;
    const lar_cohort_case *c = &p->cases[index];
    lar_case_record *record = &p->record.cases[index];
    LAR_TRY(keep_files(p, record, c));
    LAR_TRY(lar_cohort_judge(p, record));
    if (record->state != c->before->state) LAR_TRY(rename_volumes(p, record));
    LAR_TRY(lar_provenance_write(p, record));
    if (record->state == LAR_CASE_FLAGGED)
        p->report->flagged++;
    else
        p->report->kept++;
done:
    return status;
}

lar_status lar_cohort_keep(lar_cohort_pass *p)
{
    lar_status status = LAR_OK;
    for (int64_t n = 0; n < p->cohort->subject_count && status == LAR_OK; n++) {
        lar_cohort_case *c = &p->cases[n];
        p->report->damaged += c->damaged;
        if (c->todo == LAR_TODO_KEEP)
            status = keep(p, n);
        else if (c->todo == LAR_TODO_AGAIN && lar_case_has_volumes(c->before->state))
            lar_log(LAR_LOG_NOTE, "'%s' is prepared again: %s", c->subject->id, c->why);
    }
    return status;
}
