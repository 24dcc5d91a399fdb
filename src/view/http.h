/* Listening, reading requests and sending answers; libmicrohttpd is behind it. Inside view/ only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_VIEW_HTTP_H
#define LAR_VIEW_HTTP_H

#include <sys/socket.h>

#include "codec/codec.h"
#include "view/request.h"

/* A request that has arrived whole; its texts live until it is answered. */
typedef struct lar_exchange lar_exchange;
typedef struct lar_http_request {
    const char *target; /* path and query, as sent */
    lar_asker asker;
    const char *accepts, *known; /* Accept-Encoding, If-None-Match */
    const char *body;
    size_t body_count; /* what is longer than a token is cut */
    const struct sockaddr *peer;
} lar_http_request;

enum { LAR_HTTP_HEADERS = 16 };
typedef struct lar_http_answer {
    int code;
    int header_count;
    const char *headers[LAR_HTTP_HEADERS][2]; /* copied */
    lar_bytes parts[2];                       /* the body; not copied */
    void (*release)(void *owner);             /* when all is sent, or never will be; may be NULL */
    void *owner;
} lar_http_answer;
void lar_http_header(lar_http_answer *answer, const char *name, const char *value);

/* Called in the one thread that serves all: answers at once, or leaves it to another thread. */
typedef void (*lar_http_ask)(void *user, lar_exchange *exchange, const lar_http_request *request);

typedef struct lar_http lar_http;
/* Takes over the socket, which listens already, also on failure. */
lar_status lar_http_open(lar_http **out, int socket, lar_http_ask ask, void *user);
/* Once for each exchange, from any thread. Until then the connection waits, for as long as it
 * takes. */
void lar_http_send(lar_exchange *exchange, const lar_http_answer *answer);
/* What a connection is for: one of a person with the cookie is never closed for others' sake. */
void lar_http_trust(lar_exchange *exchange);
/* No new connections from now. */
void lar_http_quiet(lar_http *http);
/* Every exchange must have been answered. */
void lar_http_close(lar_http *http);

/* A socket that listens at an address and port (0: a free one, which is told). */
lar_status lar_listen(int *out, int *port, const char *address);
/* False where the other end of a connection within this machine belongs to another user. */
bool lar_peer_is_own(const struct sockaddr *peer);

/* Connections, so that those which ask for nothing do not keep others out. Not for two threads. */
typedef struct lar_caller {
    struct lar_caller *next, *before;
    int socket;
    double since; /* seconds; when it was last waited for its request */
    enum { LAR_CALLER_SILENT, LAR_CALLER_ASKS, LAR_CALLER_TRUSTED } kind;
    bool dropped;
} lar_caller;
typedef struct lar_crowd {
    lar_caller *first, *last; /* the oldest first */
    int count;                /* that are not dropped */
} lar_crowd;
void lar_crowd_add(lar_crowd *crowd, lar_caller *caller, int socket);
void lar_crowd_remove(lar_crowd *crowd, lar_caller *caller);
/* Its request is answered: the next one may take its time. */
void lar_crowd_wait(lar_crowd *crowd, lar_caller *caller);

#endif
