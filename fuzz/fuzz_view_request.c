/* Any lines as a request to the viewer: address, method, and headers. What is read is in range, and
 * nothing secret is given without the cookie, or under another name.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "fuzz.h"
#include "view/request.h"

enum { LINES = 9 };

static const lar_guard guard = { .address = "127.0.0.1",
                                 .port = 4000,
                                 .token = "0123456789abcdef0123456789abcdef",
                                 .session = "fedcba9876543210fedcba9876543210" };

static void check_target(const lar_target *t)
{
    bool fine = t->id >= 0 && t->over >= -1 && t->channel >= 0 && t->longest >= 16 &&
                t->longest <= 4096 && t->plane >= 0 && t->plane <= 2 && t->opacity >= 0 &&
                t->opacity <= 1 && memchr(t->file, 0, sizeof t->file);
    for (int a = 0; a < 3; a++) fine = fine && isfinite(t->at[a]);
    if (t->has_window) fine = fine && t->window[0] < t->window[1];
    if (t->ask == LAR_ASK_FILE) /* one name, and no way out of a folder */
        fine = fine && t->file[0] == '/' && !strchr(t->file + 1, '/') && !strchr(t->file, '%');
    if (!fine) abort();
}

static void check_guard(const lar_asker *a, const lar_target *t)
{
    const int code = lar_guard_judge(&guard, a, t);
    if (code != 0) {
        if (code != 400 && code != 401 && code != 403 && code != 405 && code != 421) abort();
        return;
    }
    if (!lar_text_is(a->host, "127.0.0.1:4000") && !lar_text_is(a->host, "localhost:4000")) abort();
    if (a->origin &&
        (!lar_text_starts(a->origin, "http://") || !lar_text_is(a->origin + 7, a->host)))
        abort();
    if (t->ask == LAR_ASK_FILE) return;
    if (a->site && !lar_text_is(a->site, "same-origin") && !lar_text_is(a->site, "none")) abort();
    if (t->ask == LAR_ASK_SESSION && !lar_text_is(a->method, "POST")) abort();
    if (t->ask != LAR_ASK_SESSION && (!a->cookie || !strstr(a->cookie, guard.session))) abort();
}

/* An absent header is an empty line; what is behind the last line is a token. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    const char *line[LINES] = { 0 };
    lar_target target;
    char *text = lar_alloc((int64_t)count + 1, 1);
    if (!text) return 0;
    if (count) memcpy(text, bytes, count);
    char *at = text;
    for (int n = 0; n < LINES && at; n++) {
        char *end = strchr(at, '\n');
        if (end) *end = 0;
        if (*at || n == 0) line[n] = at;
        at = end ? end + 1 : NULL;
    }
    const lar_status status = lar_target_read(&target, line[0]);
    if (status == LAR_OK)
        check_target(&target);
    else if (status != LAR_EARGUMENT && status != LAR_ENOINPUT)
        abort();
    else
        target = (lar_target){ .ask = LAR_ASK_LIST };
    const lar_asker asker = { .method = line[1] ? line[1] : "GET",
                              .host = line[2],
                              .origin = line[3],
                              .cookie = line[4],
                              .site = line[5],
                              .mode = line[6],
                              .dest = line[7] };
    check_guard(&asker, &target);
    (void)lar_accepts_gzip(line[8]);
    if (at && lar_guard_knows(&guard, at, strlen(at)) != lar_text_is(at, guard.token)) abort();
    lar_free(text);
    return 0;
}
