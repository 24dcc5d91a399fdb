/* The sentence of the last failure, one per thread, and the log.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

enum { SENTENCE_ROOM = 2048 };

static _Thread_local char sentence[SENTENCE_ROOM];
static lar_log_fn log_fn;
static void *log_user;
static _Thread_local lar_log_kept *keeper;

static const char *const status_names[] = {
    "ok",     "partial", "argument", "format",   "no input", "unsupported", "internal",
    "memory", "exists",  "io",       "geometry", "numeric",  "device",      "stopped",
};

const char *lar_error(void)
{
    return sentence;
}

const char *lar_status_name(lar_status status)
{
    const size_t count = sizeof status_names / sizeof *status_names;
    return (size_t)status < count ? status_names[status] : "unknown";
}

const char *lar_version(void)
{
    return LAR_VERSION;
}

void lar_error_set(const char *text)
{
    snprintf(sentence, sizeof sentence, "%s", text);
}

lar_status lar_fail(lar_status status, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(sentence, sizeof sentence, format, list);
    va_end(list);
    return status;
}

lar_status lar_while(lar_status status, const char *format, ...)
{
    char inner[SENTENCE_ROOM];
    va_list list;
    snprintf(inner, sizeof inner, "%s", sentence);
    va_start(list, format);
    vsnprintf(sentence, sizeof sentence, format, list);
    va_end(list);
    const size_t used = strlen(sentence);
    snprintf(sentence + used, sizeof sentence - used, "\n  because %s", inner);
    return status;
}

lar_status lar_hint(lar_status status, const char *format, ...)
{
    const size_t used = strlen(sentence);
    int lead = snprintf(sentence + used, sizeof sentence - used, "\n  try ");
    if (lead > 0 && used + (size_t)lead < sizeof sentence) {
        va_list list;
        va_start(list, format);
        vsnprintf(sentence + used + lead, sizeof sentence - used - (size_t)lead, format, list);
        va_end(list);
    }
    return status;
}

void lar_log_to(lar_log_fn fn, void *user)
{
    log_fn = fn;
    log_user = user;
}

/* False where memory is short: then it is said at once. */
static bool keep_line(lar_log_kept *kept, lar_log_level level, const char *line)
{
    const size_t count = strlen(line) + 2;
    if (kept->room - kept->length < count) {
        const size_t room = 2 * kept->room + count;
        char *grown = lar_alloc_raw((int64_t)room, 1);
        if (!grown) return false;
        if (kept->length) memcpy(grown, kept->lines, kept->length);
        lar_free(kept->lines);
        kept->lines = grown;
        kept->room = room;
    }
    kept->lines[kept->length] = (char)('0' + (int)level);
    memcpy(kept->lines + kept->length + 1, line, count - 1);
    kept->length += count;
    return true;
}

void lar_log(lar_log_level level, const char *format, ...)
{
    char line[SENTENCE_ROOM];
    if (!log_fn) return;
    va_list list;
    va_start(list, format);
    vsnprintf(line, sizeof line, format, list);
    va_end(list);
    if (!keeper || !keep_line(keeper, level, line)) log_fn(log_user, level, line);
}

void lar_log_keep(lar_log_kept *kept)
{
    keeper = kept;
}

void lar_log_tell(lar_log_kept *kept)
{
    const char *end = kept->lines + kept->length;
    for (const char *line = kept->lines; line < end && log_fn; line += strlen(line) + 1)
        log_fn(log_user, (lar_log_level)(*line - '0'), line + 1);
    lar_free(kept->lines);
    *kept = (lar_log_kept){ 0 };
}

bool lar_progress_say(lar_progress progress, const char *stage, double fraction)
{
    return !progress.fn || progress.fn(progress.user, stage, fraction);
}
