/* What our sides of the benches share: an error ends them, time, and memory.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_BENCH_OURS_H
#define LAR_BENCH_OURS_H

#include <larmor/larmor.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static inline void check(lar_status status)
{
    if (status == LAR_OK) return;
    fprintf(stderr, "%s\n", lar_error());
    exit(1);
}

static inline double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline long memory_kb(const char *field)
{
    char line[256];
    long kb = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, field, strlen(field)) == 0) sscanf(line + strlen(field), ": %ld", &kb);
    if (f) fclose(f);
    return kb;
}

#endif
