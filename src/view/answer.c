/* How answers look: what a browser may do with them stands in their headers. Nothing is ever given
 * to another origin, and no header invites one (CORS).
 * SPDX-License-Identifier: Apache-2.0 */
#include "view/server.h"

/* NiiVue sets styles of elements through their objects, which this permits, and makes pictures and
 * threads of data it holds. */
static const char page_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self' data: blob:; worker-src 'self' blob:; frame-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";
static const char no_policy[] =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

static void add_common(lar_http_answer *a, const char *type, const char *policy, bool secret)
{
    if (type) lar_http_header(a, "Content-Type", type);
    lar_http_header(a, "Content-Security-Policy", policy);
    lar_http_header(a, "X-Content-Type-Options", "nosniff");
    lar_http_header(a, "Cross-Origin-Resource-Policy", "same-origin");
    lar_http_header(a, "Cross-Origin-Opener-Policy", "same-origin");
    lar_http_header(a, "Referrer-Policy", "no-referrer");
    lar_http_header(a, "Cache-Control", secret ? "no-store" : "no-cache");
}

void lar_answer_file(lar_exchange *exchange, const lar_http_request *request,
                     const lar_view_file *file, bool gzip)
{
    lar_http_answer a = { .code = 200 };
    add_common(&a, file->type, page_policy, false);
    lar_http_header(&a, "ETag", file->tag);
    lar_http_header(&a, "Vary", "Accept-Encoding");
    if (gzip) lar_http_header(&a, "Content-Encoding", "gzip");
    if (request->known && lar_text_is(request->known, file->tag))
        a.code = 304;
    else
        a.parts[0] = (lar_bytes){ file->bytes, file->count };
    lar_http_send(exchange, &a);
}

static void release_malloc(void *owner)
{
    free(owner);
}

json_t *lar_view_words(const char *text)
{
    json_t *words = json_string(text); /* NULL where it is not UTF-8 */
    if (words) return words;
    lar_text clean = { 0 };
    for (const char *c = text; *c; c++)
        lar_text_add(&clean, "%c", (unsigned char)*c >= ' ' && (unsigned char)*c < 127 ? *c : '?');
    words = json_string(lar_text_get(&clean));
    lar_text_clear(&clean);
    return words;
}

static void send_json(lar_exchange *exchange, int code, json_t *root, const char *allow)
{
    static const char none[] = "{\"error\": \"out of memory\", \"try\": null}";
    lar_http_answer a = { .code = root ? code : 503 };
    char *text = root ? json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
    json_decref(root);
    if (!text) a.code = 503;
    add_common(&a, "application/json", no_policy, true);
    if (allow) lar_http_header(&a, "Allow", allow);
    a.parts[0] = (lar_bytes){ text ? text : none, strlen(text ? text : none) };
    a.release = text ? release_malloc : NULL;
    a.owner = text;
    lar_http_send(exchange, &a);
}

void lar_answer_json(lar_exchange *exchange, int code, json_t *root)
{
    send_json(exchange, code, root, NULL);
}

void lar_answer_failure(lar_exchange *exchange, int code, const char *allow)
{
    lar_text sentence = { 0 }, advice = { 0 };
    for (const char *line = lar_error(); *line;) {
        const size_t length = strcspn(line, "\n");
        lar_text *to = &sentence;
        const char *words = line;
        if (lar_text_starts(line, "  try ")) {
            to = &advice;
            words += 6;
        }
        while (*words == ' ') words++;
        if (to->length) lar_text_add(to, " ");
        lar_text_add_bytes(to, words, length - (size_t)(words - line));
        line += length + (line[length] == '\n');
    }
    json_t *root = json_pack("{s:o, s:o}", "error", lar_view_words(lar_text_get(&sentence)), "try",
                             advice.length ? lar_view_words(advice.at) : json_null());
    send_json(exchange, code, root, allow);
    lar_text_clear(&sentence);
    lar_text_clear(&advice);
}

void lar_answer_status(lar_exchange *exchange, lar_status status)
{
    const int code = status == LAR_EARGUMENT                           ? 400
                     : status == LAR_EMEMORY || status == LAR_ESTOPPED ? 503
                                                                       : 422;
    lar_answer_failure(exchange, code, NULL);
}

void lar_answer_bytes(lar_exchange *exchange, const char *type, const char *policy,
                      const lar_bytes parts[2], void (*release)(void *owner), void *owner)
{
    lar_http_answer a = {
        .code = 200, .parts = { parts[0], parts[1] }, .release = release, .owner = owner
    };
    add_common(&a, type, policy ? policy : no_policy, true);
    lar_http_send(exchange, &a);
}

void lar_answer_session(lar_exchange *exchange, const lar_guard *guard)
{
    char cookie[160], name[LAR_COOKIE_NAME];
    lar_http_answer a = { .code = 204 };
    lar_guard_cookie_name(guard, name);
    snprintf(cookie, sizeof cookie, "%s=%s; Path=/; HttpOnly; SameSite=Strict", name,
             guard->session);
    add_common(&a, NULL, no_policy, true);
    lar_http_header(&a, "Set-Cookie", cookie);
    lar_http_send(exchange, &a);
}
