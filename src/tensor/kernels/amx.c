/* Whether there is AMX. SPDX-License-Identifier: Apache-2.0 */
#include "tensor/kernels/amx.h"

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool ready;

/* CPUID, leaf 7: EDX bits 22 and 24 are AMX-BF16 and AMX-TILE; leaf 1: ECX bit 27 says that the
 * system saves registers. Linux saves those of AMX for a process that has asked (Documentation/
 * arch/x86/xstate.rst): ARCH_REQ_XCOMP_PERM and ARCH_GET_XCOMP_PERM, component 18. Kernels that do
 * not know AMX fail the first. */
static void ask(void)
{
    enum { REQUEST = 0x1023, GET = 0x1022, TILE_DATA = 18, TILES = 1 << 22 | 1 << 24 };
    unsigned a, b, c, d;
    uint64_t granted = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & 1U << 27)) return;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (d & TILES) != TILES) return;
    if (syscall(SYS_arch_prctl, REQUEST, TILE_DATA) != 0) return;
    ready = syscall(SYS_arch_prctl, GET, &granted) == 0 && granted >> TILE_DATA & 1;
}

bool lar_amx_ready(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, ask);
    return ready;
}
#else
bool lar_amx_ready(void)
{
    return false;
}
#endif
