/* The page, from its parts; and when it is written again while something runs.
 * SPDX-License-Identifier: Apache-2.0 */
#include <sys/stat.h>
#include <time.h>

#include "command/report/report_make.h"

enum { RELOAD_S = 5 };

static double seconds_of(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ---- where it stands ------------------------------------------------------------------- */

/* When a file was last changed. */
static const char *time_of(const lar_report *r, const char *name)
{
    struct stat about;
    const char *path = lar_path_join(r->arena, r->work, name);
    if (!path || stat(path, &about) != 0) return "an unknown time";
    return lar_report_time(r->arena, (double)about.st_mtime);
}

/* Held-out loss has not fallen for as long as the study waits for it. */
static bool ended_early(const lar_report *r)
{
    int64_t best = 0;
    for (int64_t n = 1; n < r->epoch_count; n++)
        if (r->history[n].valid_loss < r->history[best].valid_loss) best = n;
    return r->patience != LAR_INT_AUTO && r->epoch_count > 0 &&
           r->epoch_count - 1 - best >= r->patience;
}

static void add_running(lar_page *page, const lar_report *r)
{
    lar_page_text(
        page, LAR_PAGE_WARNING,
        "%s runs: this page was written %s, and loads itself again every %d seconds. If that time "
        "is long past, the run was stopped: the same command again goes on, and larmor report "
        "writes this page as things stand. What takes long to draw comes at the end.",
        r->running == LAR_REPORT_TRAINS ? "The training" : "The preparation",
        lar_report_time(r->arena, seconds_of(CLOCK_REALTIME)), RELOAD_S);
}

static void add_unfinished(lar_page *page, const lar_report *r)
{
    const int64_t pending = lar_report_count(r, LAR_CASE_PENDING);
    if (r->stopped) lar_page_text(page, LAR_PAGE_WARNING, "Not finished: %s.", r->stopped);
    if (pending > 0)
        lar_page_text(page, LAR_PAGE_WARNING,
                      "The preparation is not finished: %lld of %lld cases are still to be done "
                      "(last written %s). larmor prepare goes on where it was.",
                      (long long)pending, (long long)r->cases->case_count,
                      time_of(r, "prepared/cases.json"));
    if (r->epoch_count > 0 && r->epochs > r->epoch_count && !ended_early(r))
        lar_page_text(page, LAR_PAGE_WARNING,
                      "The training is not finished: %lld of %lld epochs have run (last written "
                      "%s). larmor train goes on where it was.",
                      (long long)r->epoch_count, (long long)r->epochs,
                      time_of(r, "train/history.csv"));
}

static void add_case_tiles(lar_page *page, const lar_report *r)
{
    const int64_t failed = lar_report_count(r, LAR_CASE_FAILED),
                  flagged = lar_report_count(r, LAR_CASE_FLAGGED),
                  pending = lar_report_count(r, LAR_CASE_PENDING);
    lar_page_tile(page, LAR_PAGE_PLAIN, "cases", "%lld", (long long)r->cases->case_count);
    lar_page_tile(page, LAR_PAGE_PLAIN, "prepared", "%lld",
                  (long long)lar_report_count(r, LAR_CASE_DONE));
    lar_page_tile(page, flagged ? LAR_PAGE_WARNING : LAR_PAGE_PLAIN, "flagged", "%lld",
                  (long long)flagged);
    lar_page_tile(page, failed ? LAR_PAGE_BAD : LAR_PAGE_PLAIN, "failed", "%lld",
                  (long long)failed);
    if (pending) lar_page_tile(page, LAR_PAGE_PLAIN, "to be done", "%lld", (long long)pending);
}

static void add_epoch_tiles(lar_page *page, const lar_report *r)
{
    double best = r->history[0].valid_loss;
    for (int64_t n = 1; n < r->epoch_count; n++)
        if (r->history[n].valid_loss < best) best = r->history[n].valid_loss;
    if (r->epochs >= r->epoch_count)
        lar_page_tile(page, LAR_PAGE_PLAIN, "epochs", "%lld of %lld", (long long)r->epoch_count,
                      (long long)r->epochs);
    else
        lar_page_tile(page, LAR_PAGE_PLAIN, "epochs", "%lld", (long long)r->epoch_count);
    lar_page_tile(page, LAR_PAGE_PLAIN, "best held-out loss", "%.4f", best);
}

void lar_report_add_status(lar_page *page, const lar_report *r)
{
    if (r->running)
        add_running(page, r);
    else
        add_unfinished(page, r);
    if (r->study_changed)
        lar_page_text(page, LAR_PAGE_WARNING,
                      "The study file says something else now than when it was last run; this page "
                      "is about what was run.");
    lar_page_tiles_open(page);
    if (r->cases) add_case_tiles(page, r);
    if (r->epoch_count > 0) add_epoch_tiles(page, r);
    lar_page_close(page);
}

/* ---- the page -------------------------------------------------------------------------- */

/* Lines of the recipe stand in for a study that is not known. */
void lar_report_add_study(lar_page *page, const lar_report *r)
{
    lar_page_section(page, "study", "The study");
    if (r->study_text) {
        lar_page_text(page, LAR_PAGE_SOFT, "%s, as it was run, to the letter.",
                      lar_path_name(r->study_name));
        lar_page_code(page, r->study_text);
    } else {
        lar_page_text(page, LAR_PAGE_WARNING,
                      "The study file is not known here; this is what the preparation recorded of "
                      "it. larmor report with the study file shows its text.");
    }
    if (!r->cases) return;
    lar_page_fold_open(page, !r->study_text,
                       "Every setting, with its default where none was given");
    lar_page_code(page, r->cases->recipe);
    lar_page_code(page, r->cases->draw);
    lar_page_close(page);
}

lar_status lar_report_write(lar_report *r, const char *path, bool force)
{
    lar_status status = LAR_OK;
    lar_page *page = NULL;
    const char *name = lar_path_name(r->work);
    const char *title = lar_arena_format(r->arena, "%s: %s", *name ? name : r->work,
                                         r->epoch_count || r->running == LAR_REPORT_TRAINS
                                             ? "preparation and training"
                                             : "preparation");
    if (!title) return LAR_EMEMORY;
    LAR_TRY(lar_page_new(&page, title, r->running ? RELOAD_S : 0));
    lar_report_add_status(page, r);
    if (r->cases) lar_report_add_doubtful(page, r);
    if (r->epoch_count) LAR_TRY(lar_report_add_training(page, r));
    if (!r->running) lar_report_add_scores(page, r);
    if (r->cases) lar_report_add_cases(page, r);
    if (r->cases) lar_report_add_strips(page, r);
    if (r->cases && !r->running) {
        LAR_TRY(lar_report_add_histograms(page, r));
        lar_report_add_geometry(page, r);
    }
    lar_report_add_study(page, r);
    LAR_TRY(lar_report_add_machine(page));
    LAR_TRY(lar_page_write(page, path, force));
done:
    lar_page_free(page);
    return status;
}

/* ---- while something runs -------------------------------------------------------------- */

bool lar_report_is_due(const lar_report_pace *pace)
{
    const double wait = pace->took_s * 30 > 3 ? pace->took_s * 30 : 3;
    return pace->last_s == 0 || seconds_of(CLOCK_MONOTONIC) - pace->last_s >= wait;
}

void lar_report_refresh(lar_report_pace *pace, lar_report *report)
{
    const double began = seconds_of(CLOCK_MONOTONIC);
    const char *path = lar_report_path(report->arena, report->work);
    const lar_status status = path ? lar_report_write(report, path, true) : LAR_EMEMORY;
    if (status != LAR_OK && !pace->failed) lar_log(LAR_LOG_WARNING, "no report: %s", lar_error());
    pace->failed |= status != LAR_OK;
    pace->last_s = seconds_of(CLOCK_MONOTONIC);
    pace->took_s = pace->last_s - began;
}

void lar_report_end(lar_report_pace *pace, const lar_call *call, const lar_study *study,
                    lar_status ended, bool score, int64_t memory)
{
    lar_report report;
    lar_text told = { 0 };
    const bool whole = ended == LAR_OK || ended == LAR_EPARTIAL;
    const char *reason = whole ? NULL : lar_reason(call->arena);

    lar_text_add(&told, "%s", lar_error());
    lar_status status = lar_report_open(&report, call, study, study->work);
    report.stopped = reason;
    if (status == LAR_OK) {
        status = whole ? lar_report_fill(&report, !pace->no_pictures, score, memory)
                       : lar_report_score(&report, false, memory);
        if (status != LAR_OK) { /* stopped: the page must not wait for more */
            report.no_scores = lar_reason(call->arena);
            lar_log(LAR_LOG_WARNING, "the report is not complete: %s", lar_error());
        }
        lar_report_refresh(pace, &report);
    } else if (!pace->failed) {
        lar_log(LAR_LOG_WARNING, "no report: %s", lar_error());
    }
    lar_report_clear(&report);
    lar_error_set(lar_text_get(&told));
    lar_text_clear(&told);
}
