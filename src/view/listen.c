/* The socket that the server listens at.
 * SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <unistd.h>

#include "view/http.h"
#include "view/view.h"

enum { BACKLOG = 1024 };

typedef union place {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
} place;

static bool read_address(place *out, socklen_t *size, const char *address, int port)
{
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, address, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons((uint16_t)port);
        *size = sizeof out->v4;
        return true;
    }
    if (inet_pton(AF_INET6, address, &out->v6.sin6_addr) != 1) return false;
    out->v6.sin6_family = AF_INET6;
    out->v6.sin6_port = htons((uint16_t)port);
    *size = sizeof out->v6;
    return true;
}

lar_reach lar_view_reach(const char *address)
{
    place at;
    socklen_t size;
    if (!read_address(&at, &size, address, 0)) return LAR_REACH_NONE;
    const bool loopback = at.any.sa_family == AF_INET ? ntohl(at.v4.sin_addr.s_addr) >> 24 == 127
                                                      : IN6_IS_ADDR_LOOPBACK(&at.v6.sin6_addr);
    return loopback ? LAR_REACH_LOOPBACK : LAR_REACH_OTHERS;
}

static lar_status refuse(int reason, const char *address, int port)
{
    if (reason == EADDRINUSE) {
        const lar_status status =
            lar_fail(LAR_EIO, "port %d of '%s' is taken by another program", port, address);
        return lar_hint(status, "another --port, or none: a free one is then found");
    }
    if (reason == EACCES) {
        const lar_status status =
            lar_fail(LAR_EIO, "port %d of '%s' may not be listened at", port, address);
        return lar_hint(status, "a --port from 1024 on, or none: a free one is then found");
    }
    const lar_status status =
        lar_fail(LAR_EIO, "cannot listen at '%s': %s", address, strerror(reason));
    return reason == EADDRNOTAVAIL ? lar_hint(status, "an address of this machine") : status;
}

lar_status lar_listen(int *out, int *port, const char *address)
{
    place at;
    socklen_t size;
    const int on = 1;
    if (!read_address(&at, &size, address, *port)) {
        const lar_status status = lar_fail(LAR_EARGUMENT, "'%s' is no address in numbers", address);
        return lar_hint(status, "127.0.0.1, or what 'hostname -I' prints");
    }
    const int file = socket(at.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (file < 0) return refuse(errno, address, *port);
    (void)setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (at.any.sa_family == AF_INET6)
        (void)setsockopt(file, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(file, &at.any, size) != 0 || listen(file, BACKLOG) != 0 ||
        getsockname(file, &at.any, &size) != 0) {
        const int reason = errno;
        close(file);
        return refuse(reason, address, *port);
    }
    *port = ntohs(at.any.sa_family == AF_INET ? at.v4.sin_port : at.v6.sin6_port);
    *out = file;
    return LAR_OK;
}
