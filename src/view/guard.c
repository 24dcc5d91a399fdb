/* Who may be answered. A page of somebody else, open in the same browser, can send requests to the
 * loopback too, also under a name of its own that it has led there (DNS rebinding): the host that
 * was asked, the origin, and what the browser says of the request (Fetch Metadata, W3C) tell it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "view/request.h"

void lar_guard_cookie_name(const lar_guard *guard, char name[LAR_COOKIE_NAME])
{
    /* cookies are shared between the ports of a host */
    snprintf(name, LAR_COOKIE_NAME, "larmor-%d", guard->port);
}

bool lar_secret_is(const char *secret, const char *given, size_t count)
{
    const size_t length = strlen(secret);
    unsigned char differs = length != count;
    for (size_t n = 0; n < count; n++)
        differs |= (unsigned char)(given[n] ^ secret[n < length ? n : 0]);
    return length > 0 && !differs;
}

bool lar_guard_knows(const lar_guard *guard, const char *token, size_t count)
{
    return lar_secret_is(guard->token, token, count);
}

/* "NAME:PORT", or "NAME" alone where the port is that of http. */
static bool is_named(const char *host, size_t count, const char *name, int port)
{
    char whole[300];
    const bool v6 = strchr(name, ':');
    const int length = snprintf(whole, sizeof whole, v6 ? "[%s]:%d" : "%s:%d", name, port);
    if ((size_t)length == count && memcmp(host, whole, count) == 0) return true;
    const char *colon = strrchr(whole, ':');
    return port == 80 && (size_t)(colon - whole) == count && memcmp(host, whole, count) == 0;
}

/* An address in numbers: no name, so that nobody can have led it here. */
static bool is_literal(const char *host, size_t count, int port)
{
    char text[64];
    if (count >= sizeof text) return false;
    memcpy(text, host, count);
    text[count] = 0;
    const bool v6 = text[0] == '[';
    char *colon = strrchr(text, ':');
    int64_t given = 80;
    if (colon && !(v6 && strchr(colon, ']'))) {
        if (!lar_parse_int(&given, colon + 1)) return false;
        *colon = 0;
    }
    const size_t length = strlen(text);
    if (given != port || length < 2) return false;
    if (v6) return text[length - 1] == ']' && strspn(text + 1, "0123456789abcdef:.") == length - 2;
    return strspn(text, "0123456789.") == length;
}

static bool is_own(const lar_guard *g, const char *host, size_t count)
{
    const bool everywhere = lar_text_is(g->address, "0.0.0.0") || lar_text_is(g->address, "::");
    if (is_named(host, count, "127.0.0.1", g->port) || is_named(host, count, "localhost", g->port))
        return true;
    if (is_named(host, count, g->address, g->port)) return true;
    if (*g->host && is_named(host, count, g->host, g->port)) return true;
    return everywhere && is_literal(host, count, g->port);
}

/* The cookie's value among others, "a=1; larmor-4000=abc; b=2". */
static bool has_cookie(const lar_guard *g, const char *cookie)
{
    char name[LAR_COOKIE_NAME];
    lar_guard_cookie_name(g, name);
    const size_t length = strlen(name);
    for (const char *c = cookie; c && *c;) {
        c += strspn(c, " ;");
        const size_t whole = strcspn(c, ";");
        if (whole > length && memcmp(c, name, length) == 0 && c[length] == '=' &&
            lar_secret_is(g->session, c + length + 1, whole - length - 1))
            return true;
        c += whole;
    }
    return false;
}

static bool is_reading(const char *method)
{
    return lar_text_is(method, "GET") || lar_text_is(method, "HEAD");
}

/* The browser says that the page itself asks, or the person. A link elsewhere may open the page,
 * which shows nothing by itself. */
static bool is_invited(const lar_asker *a, const lar_target *target)
{
    if (!a->site || lar_text_is(a->site, "same-origin") || lar_text_is(a->site, "none"))
        return true;
    return target->ask == LAR_ASK_FILE && lar_text_is(target->file, "/") && is_reading(a->method) &&
           lar_text_is(a->mode, "navigate") && lar_text_is(a->dest, "document");
}

int lar_guard_judge(const lar_guard *g, const lar_asker *a, const lar_target *target)
{
    if (a->repeated) {
        lar_fail(LAR_EARGUMENT, "a header that may stand once stands twice");
        return 400;
    }
    if (!a->host || !is_own(g, a->host, strlen(a->host))) {
        lar_fail(LAR_EARGUMENT, "this server does not go by the name it was asked by");
        lar_hint(LAR_EARGUMENT, "the address that larmor view printed");
        return 421;
    }
    const bool own_origin = !a->origin || (lar_text_starts(a->origin, "http://") &&
                                           lar_text_is(a->origin + 7, a->host));
    if (!own_origin || !is_invited(a, target)) {
        lar_fail(LAR_EARGUMENT, "a page of another origin asked");
        return 403;
    }
    const bool session = target->ask == LAR_ASK_SESSION;
    if (session ? !lar_text_is(a->method, "POST") : !is_reading(a->method)) {
        lar_fail(LAR_EARGUMENT, session ? "a session is asked for by POST"
                                        : "only GET and HEAD are answered here");
        return 405;
    }
    if (session || target->ask == LAR_ASK_FILE || has_cookie(g, a->cookie)) return 0;
    lar_fail(LAR_EARGUMENT, "the token is missing");
    lar_hint(LAR_EARGUMENT, "the whole address that larmor view printed, with what stands after #");
    return 401;
}

bool lar_accepts_gzip(const char *text)
{
    while (text && *text) {
        text += strspn(text, " ,\t");
        const size_t whole = strcspn(text, ","), name = strcspn(text, ",; \t");
        if (name == 4 && memcmp(text, "gzip", 4) == 0) {
            /* "gzip;q=0" refuses it */
            const char *q = memchr(text, '=', whole);
            return !q || strspn(q + 1, "0.") != (size_t)(text + whole - q - 1);
        }
        text += whole;
    }
    return false;
}
