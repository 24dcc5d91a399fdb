/* What unit tests share: cmocka, comparisons, and where real scans are.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_CHECK_H
#define LAR_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <math.h>
#include <unistd.h>

#include "base/base.h"

/* LAR_OK, or the test fails with the sentence. */
#define CHECK_OK(call)                                                                             \
    do {                                                                                           \
        const lar_status check_status = (call);                                                    \
        if (check_status != LAR_OK)                                                                \
            fail_msg("%s: %s: %s", #call, lar_status_name(check_status), lar_error());             \
    } while (0)
/* A given failure, whose sentence contains `words`. */
#define CHECK_FAILS(call, expected, words)                                                         \
    do {                                                                                           \
        const lar_status check_status = (call);                                                    \
        if (check_status != (expected) || !strstr(lar_error(), (words)))                           \
            fail_msg("%s: %s '%s', expected %s '%s'", #call, lar_status_name(check_status),        \
                     check_status ? lar_error() : "", lar_status_name(expected), (words));         \
    } while (0)
#define CHECK_NEAR(a, b, tolerance)                                                                \
    do {                                                                                           \
        const double check_a = (a), check_b = (b);                                                 \
        if (!(fabs(check_a - check_b) <= (tolerance)))                                             \
            fail_msg("%s = %.17g, expected %s = %.17g within %g", #a, check_a, #b, check_b,        \
                     (double)(tolerance));                                                         \
    } while (0)

/* A path below LARMOR_TEST_DATA (default: shared/data beside the project), or NULL where the real
 * scans are absent: then say so and skip(). */
static inline const char *check_data(const char *name)
{
    static char path[4096];
    const char *root = getenv("LARMOR_TEST_DATA");
    snprintf(path, sizeof path, "%s/%s", root ? root : TEST_SOURCE "/../shared/data", name);
    return access(path, R_OK) == 0 ? path : NULL;
}

/* An empty folder for this test, of this process; removed by check_folder_remove(). */
static inline const char *check_folder(void)
{
    static char path[64];
    snprintf(path, sizeof path, "/tmp/larmor-test-XXXXXX");
    return mkdtemp(path);
}

static inline void check_folder_remove(const char *path)
{
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        char name[4096];
        if (lar_text_is(entry->d_name, ".") || lar_text_is(entry->d_name, "..")) continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (entry->d_type == DT_DIR) check_folder_remove(name);
        unlink(name);
    }
    if (folder) closedir(folder);
    rmdir(path);
}

#endif
