/* What a request asks for and whether it may: pure functions of its text. Inside view/ only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_VIEW_REQUEST_H
#define LAR_VIEW_REQUEST_H

#include "base/base.h"

typedef enum lar_ask {
    LAR_ASK_FILE, /* of the list that is compiled in */
    LAR_ASK_SESSION,
    LAR_ASK_LIST,
    LAR_ASK_REPORT,
    LAR_ASK_ABOUT, /* from here on: of one image */
    LAR_ASK_VOLUME,
    LAR_ASK_SLICE,
    LAR_ASK_VALUE
} lar_ask;

enum { LAR_ASK_NAME = 64 };

/* An address, read. */
typedef struct lar_target {
    lar_ask ask;
    char file[LAR_ASK_NAME]; /* "/view.css"; whether there is one is not known */
    int64_t id, over;        /* over: -1 where there is none */
    int64_t channel, longest;
    int plane; /* 0 axial, 1 coronal, 2 sagittal */
    bool has_at, has_window;
    double at[3], window[2], opacity;
} lar_target;

/* Path and query as they came over the wire. LAR_ENOINPUT where nothing is served by such a name,
 * LAR_EARGUMENT where the query is not as view.h says, or holds a 0 byte. */
lar_status lar_target_read(lar_target *out, const char *text);

/* Headers that say who asks; NULL where one is absent. */
typedef struct lar_asker {
    const char *method, *host, *origin, *cookie;
    const char *site, *mode, *dest; /* Sec-Fetch-... */
    bool repeated;                  /* one of these stands twice */
} lar_asker;

/* What a server goes by. */
typedef struct lar_guard {
    char address[48]; /* it listens at; without the brackets of IPv6 */
    char host[256];   /* this machine's name, where others may come by it; else "" */
    int port;
    char token[132], session[40]; /* secrets */
} lar_guard;

enum { LAR_COOKIE_NAME = 24 };
void lar_guard_cookie_name(const lar_guard *guard, char name[LAR_COOKIE_NAME]);

/* 0 where the answer may be given; else 400, 401, 403, 405 or 421, with the sentence set. */
int lar_guard_judge(const lar_guard *guard, const lar_asker *asker, const lar_target *target);
/* True of the token; takes the same time for every text of its length. */
bool lar_guard_knows(const lar_guard *guard, const char *token, size_t count);
/* As strcmp() == 0, in a time that does not depend on where the two differ. */
bool lar_secret_is(const char *secret, const char *given, size_t count);

/* "*", "gzip, deflate;q=0": whether gzip may be sent. */
bool lar_accepts_gzip(const char *accept_encoding);

#endif
