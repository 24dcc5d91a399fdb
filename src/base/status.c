/* The sentence of the last failure, one per thread, and the log.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

enum { SENTENCE_ROOM = 2048 };

static _Thread_local char sentence[SENTENCE_ROOM];
static lar_log_fn log_fn;
static void *log_user;

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

void lar_log(lar_log_level level, const char *format, ...)
{
    char line[SENTENCE_ROOM];
    if (!log_fn) return;
    va_list list;
    va_start(list, format);
    vsnprintf(line, sizeof line, format, list);
    va_end(list);
    log_fn(log_user, level, line);
}

bool lar_progress_say(lar_progress progress, const char *stage, double fraction)
{
    return !progress.fn || progress.fn(progress.user, stage, fraction);
}
