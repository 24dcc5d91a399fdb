/* Connections that are open. Some ask for nothing and never will (a browser keeps a few, an enemy
 * opens thousands): when there are many, the oldest of those is hung up on.
 * SPDX-License-Identifier: Apache-2.0 */
#include <time.h>

#include "view/http.h"

enum { MOST = 128 };
static const double PATIENCE = 10; /* seconds that a request may take to arrive */

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* The socket is closed by who owns it, who sees the end of the connection. */
static void drop(lar_crowd *crowd, lar_caller *caller)
{
    caller->dropped = true;
    crowd->count--;
    shutdown(caller->socket, SHUT_RDWR);
}

static lar_caller *oldest(const lar_crowd *crowd, int kind)
{
    for (lar_caller *c = crowd->first; c; c = c->next)
        if (!c->dropped && (int)c->kind == kind) return c;
    return NULL;
}

static void unlink_caller(lar_crowd *crowd, lar_caller *caller)
{
    *(caller->before ? &caller->before->next : &crowd->first) = caller->next;
    *(caller->next ? &caller->next->before : &crowd->last) = caller->before;
}

static void append(lar_crowd *crowd, lar_caller *caller)
{
    caller->next = NULL;
    caller->before = crowd->last;
    *(crowd->last ? &crowd->last->next : &crowd->first) = caller;
    crowd->last = caller;
}

void lar_crowd_add(lar_crowd *crowd, lar_caller *caller, int socket)
{
    *caller = (lar_caller){ .socket = socket, .since = now() };
    append(crowd, caller);
    crowd->count++;
    for (lar_caller *c = crowd->first; c && c->since < caller->since - PATIENCE; c = c->next)
        if (c->kind == LAR_CALLER_SILENT && !c->dropped) drop(crowd, c);
    while (crowd->count > MOST) {
        lar_caller *victim = oldest(crowd, LAR_CALLER_SILENT);
        if (victim == caller || !victim) victim = oldest(crowd, LAR_CALLER_ASKS);
        if (!victim) break;
        drop(crowd, victim);
    }
}

void lar_crowd_remove(lar_crowd *crowd, lar_caller *caller)
{
    if (!caller->dropped) crowd->count--;
    unlink_caller(crowd, caller);
}

void lar_crowd_wait(lar_crowd *crowd, lar_caller *caller)
{
    caller->kind = LAR_CALLER_SILENT;
    caller->since = now();
    unlink_caller(crowd, caller);
    append(crowd, caller);
}
