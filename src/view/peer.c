/* Whose program is at the other end of a connection within this machine. Everybody who may log in
 * can see the words that a browser was started with, the token among them; they do not help them,
 * because the kernel tells who has opened a socket (/proc/net/tcp, proc(5)).
 * SPDX-License-Identifier: Apache-2.0 */
#include <netinet/in.h>
#include <unistd.h>

#include "view/http.h"

enum { LONGEST_LINE = 512 };

/* An address as the kernel prints it: words of the machine's byte order, and the port. */
static void print_place(char *out, size_t room, const struct sockaddr *at)
{
    if (at->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)at;
        snprintf(out, room, "%08X:%04X", (unsigned)v4->sin_addr.s_addr,
                 (unsigned)ntohs(v4->sin_port));
        return;
    }
    const struct sockaddr_in6 *v6 = (const void *)at;
    uint32_t word[4];
    memcpy(word, &v6->sin6_addr, sizeof word);
    snprintf(out, room, "%08X%08X%08X%08X:%04X", word[0], word[1], word[2], word[3],
             (unsigned)ntohs(v6->sin6_port));
}

bool lar_peer_is_own(const struct sockaddr *peer)
{
    char place[48], local[48], line[LONGEST_LINE];
    bool own = true; /* of another machine, or where the kernel does not tell: the token decides */
    if (!peer || (peer->sa_family != AF_INET && peer->sa_family != AF_INET6)) return true;
    print_place(place, sizeof place, peer);
    FILE *table = fopen(peer->sa_family == AF_INET ? "/proc/net/tcp" : "/proc/net/tcp6", "re");
    if (!table) return true;
    while (fgets(line, sizeof line, table)) {
        unsigned owner;
        if (sscanf(line, " %*d: %47s %*s %*s %*s %*s %*s %u", local, &owner) != 2 ||
            !lar_text_is(local, place))
            continue;
        own = owner == geteuid() || owner == 0;
        break;
    }
    fclose(table);
    return own;
}
