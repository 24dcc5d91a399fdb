/* The server: its parts, and how its answers look. Inside view/ only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_VIEW_SERVER_H
#define LAR_VIEW_SERVER_H

#include <jansson.h>
#include <pthread.h>

#include "view/files.h"
#include "view/http.h"
#include "view/shelf.h"

struct lar_view {
    lar_guard guard;
    lar_http *http;
    lar_crew *readers, *drawers;
    lar_shelf *shelf;
    lar_arena *arena;
    const char *title, *report, *address;
    lar_niivue niivue;
    pthread_mutex_t lock; /* of a request that is being looked at, and: */
    bool ends;
};

/* A text that stands where it is for as long as the view. */
void lar_answer_file(lar_exchange *exchange, const lar_http_request *request,
                     const lar_view_file *file, bool gzip);
/* Takes over `root`; NULL: no memory. */
void lar_answer_json(lar_exchange *exchange, int code, json_t *root);
/* The sentence of this thread; `allow`: the methods of a 405. */
void lar_answer_failure(lar_exchange *exchange, int code, const char *allow);
/* By the status: 400, 422, 503. */
void lar_answer_status(lar_exchange *exchange, lar_status status);
/* Bytes of somebody, which release(owner) gives back; `policy` NULL: nothing may be loaded. */
void lar_answer_bytes(lar_exchange *exchange, const char *type, const char *policy,
                      const lar_bytes parts[2], void (*release)(void *owner), void *owner);
void lar_answer_session(lar_exchange *exchange, const lar_guard *guard);
/* Text of a file or a person as JSON, whatever its bytes are. */
json_t *lar_view_words(const char *text);

/* What needs an image or a file: done by the crews. */
void lar_errand_start(lar_view *view, lar_exchange *exchange, const lar_target *target);
/* Reads an image that will be asked for soon; nobody is answered. */
void lar_errand_ahead(lar_view *view, int64_t id);

#endif
