/* A server to ask, and a client that says byte for byte what it is told to.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_VIEW_CLIENT_H
#define LAR_VIEW_CLIENT_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include "check.h"
#include "view/view.h"

typedef struct client {
    lar_view *view;
    int port;
    char host[32], token[64], cookie[128]; /* "127.0.0.1:40123", "larmor-40123=..." */
} client;

typedef struct reply {
    int code;           /* 0: the connection was closed without an answer */
    char *bytes, *body; /* of `bytes`; NULL: no body */
    size_t count, body_count;
} reply;

static inline double seconds_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static inline int dial(const client *c)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)c->port) };
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(file >= 0);
    if (connect(file, (const struct sockaddr *)&at, sizeof at) != 0)
        fail_msg("connect: %s", strerror(errno));
    return file;
}

/* As much of it as the other end takes. */
static inline void say(int file, const char *bytes, size_t count)
{
    while (count > 0) {
        const ssize_t done = send(file, bytes, count, MSG_NOSIGNAL);
        if (done <= 0) return;
        bytes += done;
        count -= (size_t)done;
    }
}

/* All that comes until the other end closes, or for 30 seconds. */
static inline reply hear(int file)
{
    reply r = { 0 };
    size_t room = 0;
    struct pollfd wait = { .fd = file, .events = POLLIN };
    for (;;) {
        if (r.count + 65536 > room) {
            room = 2 * room + 131072;
            r.bytes = realloc(r.bytes, room);
            assert_non_null(r.bytes);
        }
        if (poll(&wait, 1, 30000) <= 0) break;
        const ssize_t got = recv(file, r.bytes + r.count, 65536, 0);
        if (got <= 0) break;
        r.count += (size_t)got;
    }
    r.bytes[r.count] = 0;
    close(file);
    char *end = r.count ? strstr(r.bytes, "\r\n\r\n") : NULL;
    if (!end || sscanf(r.bytes, "HTTP/1.1 %d ", &r.code) != 1) return r;
    *end = 0; /* headers are a text, the body is bytes */
    r.body = end + 4;
    r.body_count = r.count - (size_t)(r.body - r.bytes);
    return r;
}

static inline void forget(reply *r)
{
    free(r->bytes);
    *r = (reply){ 0 };
}

static inline reply exchange_bytes(const client *c, const char *bytes, size_t count)
{
    const int file = dial(c);
    say(file, bytes, count);
    return hear(file);
}

/* headers: whole lines, each with \r\n; the host and the end of the connection are added. */
static inline reply ask_with(const client *c, const char *method, const char *target,
                             const char *headers)
{
    char text[8192];
    const int length =
        snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s\r\n",
                 method, target, c->host, headers);
    assert_true(length > 0 && length < (int)sizeof text);
    return exchange_bytes(c, text, (size_t)length);
}

/* With the cookie. */
static inline reply fetch(const client *c, const char *target)
{
    char cookie[192];
    snprintf(cookie, sizeof cookie, "Cookie: %s\r\n", c->cookie);
    return ask_with(c, "GET", target, cookie);
}

static inline void fetch_code(const client *c, const char *target, int code)
{
    reply r = fetch(c, target);
    if (r.code != code)
        fail_msg("%s: %d, expected %d: %s", target, r.code, code, r.body ? r.body : "nothing");
    forget(&r);
}

static inline reply post_token(const client *c, const char *token)
{
    char headers[256];
    snprintf(headers, sizeof headers, "Content-Length: %zu\r\n\r\n%s", strlen(token), token);
    char text[1024];
    const int length =
        snprintf(text, sizeof text, "POST /session HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s",
                 c->host, headers);
    return exchange_bytes(c, text, (size_t)length);
}

/* A server for the entries, and the cookie for its token. */
static inline void client_open(client *c, const lar_view_params *params)
{
    *c = (client){ 0 };
    CHECK_OK(lar_view_open(&c->view, params));
    c->port = lar_view_port(c->view);
    snprintf(c->host, sizeof c->host, "127.0.0.1:%d", c->port);
    const char *token = strchr(lar_view_address(c->view), '#');
    assert_non_null(token);
    snprintf(c->token, sizeof c->token, "%s", token + 1);
    reply r = post_token(c, c->token);
    assert_int_equal(r.code, 204);
    const char *cookie = strstr(r.bytes, "Set-Cookie: ");
    assert_non_null(cookie);
    cookie += strlen("Set-Cookie: ");
    snprintf(c->cookie, sizeof c->cookie, "%.*s", (int)strcspn(cookie, ";\r\n"), cookie);
    forget(&r);
}

static inline void client_close(client *c)
{
    lar_view_close(c->view);
    c->view = NULL;
}

/* An image file of `edge`^3 voxels with values that tell their places. */
static inline void make_image(const char *path, int64_t edge)
{
    lar_image *image;
    lar_grid grid = { .size = { edge, edge, edge } };
    for (int a = 0; a < 3; a++) {
        grid.to_world.m[a][a] = 2;
        grid.to_world.m[a][3] = -(double)edge;
    }
    CHECK_OK(lar_image_new(&image, &grid, 1, LAR_I16));
    int16_t *voxels = image->voxels;
    for (int64_t n = 0; n < edge * edge * edge; n++) voxels[n] = (int16_t)(n % 1009 * (n % 7 + 1));
    CHECK_OK(lar_image_write(image, path, true));
    lar_image_free(image);
}

#endif
