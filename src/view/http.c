/* HTTP/1.1 through libmicrohttpd: one thread waits for all connections; answers that take time are
 * made by others while the connection sleeps.
 * SPDX-License-Identifier: Apache-2.0 */
#include <microhttpd.h>
#include <pthread.h>
#include <unistd.h>

#include "view/http.h"

enum {
    TRUSTED_SECONDS = 120,   /* a slow line takes megabytes at a time */
    SECONDS = 10,            /* without a byte, and the connection is closed */
    CONNECTIONS = 512,       /* more wait to be accepted; see crowd.c */
    HEADER_BYTES = 40 << 10, /* of a connection: headers up to 32 kB, and what is beside them */
    LONGEST_BODY = 64 << 10, /* which nobody needs; the connection is closed */
    LONGEST_KEPT_BODY = 256  /* a token */
};

struct lar_http {
    struct MHD_Daemon *daemon;
    lar_http_ask ask;
    void *user;
    lar_crowd crowd; /* of the server's thread */
};

struct lar_exchange {
    struct MHD_Connection *connection;
    lar_caller *caller;
    char *target;
    char body[LONGEST_KEPT_BODY];
    size_t body_count, body_whole;
    bool begun;
    pthread_mutex_t lock; /* of what follows */
    bool asked, sleeps;
    struct MHD_Response *response;
    unsigned code;
};

void lar_http_header(lar_http_answer *answer, const char *name, const char *value)
{
    if (answer->header_count == LAR_HTTP_HEADERS) return;
    answer->headers[answer->header_count][0] = name;
    answer->headers[answer->header_count++][1] = value;
}

/* ---- answers ----------------------------------------------------------------------------- */

static void release_nothing(void *owner)
{
    (void)owner;
}

static struct MHD_Response *make_response(const lar_http_answer *a)
{
    const struct MHD_IoVec parts[2] = { { a->parts[0].at, a->parts[0].count },
                                        { a->parts[1].at, a->parts[1].count } };
    const unsigned count = a->parts[1].count ? 2 : a->parts[0].count ? 1 : 0;
    struct MHD_Response *response = MHD_create_response_from_iovec(
        parts, count, a->release ? a->release : release_nothing, a->owner);
    if (!response) {
        if (a->release) a->release(a->owner);
        return NULL;
    }
    for (int n = 0; n < a->header_count; n++)
        if (MHD_add_response_header(response, a->headers[n][0], a->headers[n][1]) != MHD_YES) {
            MHD_destroy_response(response); /* rather none than one that lacks a header */
            return NULL;
        }
    return response;
}

void lar_http_send(lar_exchange *exchange, const lar_http_answer *answer)
{
    struct MHD_Response *response = make_response(answer);
    pthread_mutex_lock(&exchange->lock);
    exchange->asked = true;
    exchange->response = response;
    exchange->code = (unsigned)answer->code;
    if (exchange->sleeps) {
        exchange->sleeps = false;
        MHD_resume_connection(exchange->connection);
    }
    pthread_mutex_unlock(&exchange->lock);
}

void lar_http_trust(lar_exchange *exchange)
{
    if (exchange->caller) exchange->caller->kind = LAR_CALLER_TRUSTED;
    MHD_set_connection_option(exchange->connection, MHD_CONNECTION_OPTION_TIMEOUT,
                              (unsigned)TRUSTED_SECONDS);
}

/* ---- requests ---------------------------------------------------------------------------- */

static void *on_target(void *user, const char *target, struct MHD_Connection *connection)
{
    (void)user;
    const union MHD_ConnectionInfo *context =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    lar_exchange *exchange = lar_alloc(1, sizeof *exchange);
    const size_t length = strlen(target);
    char *copy = exchange ? lar_alloc((int64_t)length + 1, 1) : NULL;
    if (!copy) {
        lar_free(exchange);
        return NULL;
    }
    memcpy(copy, target, length);
    exchange->target = copy;
    exchange->connection = connection;
    exchange->caller = context ? context->socket_context : NULL;
    pthread_mutex_init(&exchange->lock, NULL);
    return exchange;
}

static void on_completed(void *user, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode how)
{
    lar_http *http = user;
    lar_exchange *exchange = *state;
    (void)connection;
    (void)how;
    *state = NULL;
    if (!exchange) return;
    pthread_mutex_lock(&exchange->lock); /* who has answered is done with it */
    pthread_mutex_unlock(&exchange->lock);
    if (exchange->caller) lar_crowd_wait(&http->crowd, exchange->caller);
    if (exchange->response) MHD_destroy_response(exchange->response);
    pthread_mutex_destroy(&exchange->lock);
    lar_free(exchange->target);
    lar_free(exchange);
}

static void on_connection(void *user, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    lar_http *http = user;
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (*context) lar_crowd_remove(&http->crowd, *context);
        lar_free(*context);
        *context = NULL;
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    *context = info ? lar_alloc(1, sizeof(lar_caller)) : NULL;
    if (*context) lar_crowd_add(&http->crowd, *context, info->connect_fd);
}

/* Counts the headers that decide who is answered: a second one of a name is no request. */
static enum MHD_Result count_header(void *user, enum MHD_ValueKind kind, const char *key,
                                    const char *value)
{
    static const char *const once[] = { "host",           "origin",         "cookie",
                                        "sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest" };
    int *counts = user;
    (void)kind;
    (void)value;
    for (int n = 0; n < 6; n++) {
        size_t c = 0;
        while (key[c] && (key[c] | 0x20) == once[n][c]) c++;
        if (strlen(once[n]) == strlen(key) && (!once[n][c] || c == strlen(key))) counts[n]++;
    }
    return MHD_YES;
}

static void read_request(lar_http_request *r, const lar_exchange *exchange, const char *method)
{
    struct MHD_Connection *c = exchange->connection;
    int counts[6] = { 0 };
    const union MHD_ConnectionInfo *peer =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    *r = (lar_http_request){ .target = exchange->target,
                             .body = exchange->body,
                             .body_count = exchange->body_count,
                             .peer = peer ? peer->client_addr : NULL };
    MHD_get_connection_values(c, MHD_HEADER_KIND, count_header, counts);
    for (int n = 0; n < 6; n++) r->asker.repeated |= counts[n] > 1;
    r->asker.method = method;
    r->asker.host = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Host");
    r->asker.origin = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Origin");
    r->asker.cookie = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Cookie");
    r->asker.site = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Sec-Fetch-Site");
    r->asker.mode = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Sec-Fetch-Mode");
    r->asker.dest = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Sec-Fetch-Dest");
    r->accepts = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Accept-Encoding");
    r->known = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "If-None-Match");
}

/* What was sent so far of a body; false: enough. An answer before its end would be taken for a
 * broken connection. */
static bool take_body(lar_exchange *exchange, const char *bytes, size_t count)
{
    const size_t room = sizeof exchange->body - exchange->body_count;
    const size_t kept = count < room ? count : room;
    memcpy(exchange->body + exchange->body_count, bytes, kept);
    exchange->body_count += kept;
    exchange->body_whole += count;
    return exchange->body_whole <= LONGEST_BODY;
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_count, void **state)
{
    lar_http *http = user;
    lar_exchange *exchange = *state;
    enum MHD_Result result = MHD_YES;
    (void)url;
    (void)version;
    if (!exchange) return MHD_NO; /* no memory */
    if (!exchange->begun) {
        exchange->begun = true;
        return MHD_YES;
    }
    if (*upload_count) {
        const bool goes_on = take_body(exchange, upload, *upload_count);
        *upload_count = 0;
        return goes_on ? MHD_YES : MHD_NO;
    }
    if (exchange->caller && exchange->caller->kind == LAR_CALLER_SILENT)
        exchange->caller->kind = LAR_CALLER_ASKS;
    pthread_mutex_lock(&exchange->lock);
    const bool first = !exchange->asked;
    pthread_mutex_unlock(&exchange->lock);
    if (first) {
        lar_http_request request;
        read_request(&request, exchange, method);
        http->ask(http->user, exchange, &request);
    }
    pthread_mutex_lock(&exchange->lock);
    if (exchange->response) {
        result = MHD_queue_response(connection, exchange->code, exchange->response);
    } else if (exchange->asked) {
        result = MHD_NO; /* no memory for an answer */
    } else {
        exchange->sleeps = true;
        MHD_suspend_connection(connection);
    }
    pthread_mutex_unlock(&exchange->lock);
    return result;
}

static size_t leave_address(void *user, struct MHD_Connection *connection, char *text)
{
    (void)user;
    (void)connection;
    return strlen(text); /* request.c reads it */
}

static void log_line(void *user, const char *format, va_list list) LAR_PRINTF(2, 0);
static void log_line(void *user, const char *format, va_list list)
{
    char line[512];
    (void)user;
    vsnprintf(line, sizeof line, format, list);
    line[strcspn(line, "\r\n")] = 0;
    lar_log(LAR_LOG_DETAIL, "%s", line);
}

lar_status lar_http_open(lar_http **out, int socket, lar_http_ask ask, void *user)
{
    const unsigned flags =
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    lar_http *http = lar_alloc(1, sizeof *http);
    *out = NULL;
    if (!http) {
        close(socket);
        return LAR_EMEMORY;
    }
    http->ask = ask;
    http->user = user;
    http->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, http, MHD_OPTION_EXTERNAL_LOGGER, log_line, NULL,
        MHD_OPTION_LISTEN_SOCKET, socket, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SECONDS,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)HEADER_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK,
        on_target, NULL, MHD_OPTION_UNESCAPE_CALLBACK, leave_address, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, http, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, http, MHD_OPTION_END);
    if (!http->daemon) {
        close(socket);
        lar_free(http);
        return lar_fail(LAR_EIO, "the server cannot be started: no files or threads are left");
    }
    *out = http;
    return LAR_OK;
}

void lar_http_quiet(lar_http *http)
{
    const MHD_socket socket = MHD_quiesce_daemon(http->daemon);
    if (socket != MHD_INVALID_SOCKET) close(socket);
}

void lar_http_close(lar_http *http)
{
    if (!http) return;
    MHD_stop_daemon(http->daemon);
    lar_free(http);
}
