/* How much memory this process may have: of the machine, and of the control group that a container
 * or a batch job runs in. SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "base/base.h"

enum { SMALL_FILE = 1 << 20, PATH = 512 };

/* NULL where it cannot be read: none of these files is on every machine. */
static char *read_small(const char *root, const char *path)
{
    char full[PATH], *text = NULL;
    size_t count = 0;
    if (snprintf(full, sizeof full, "%s%s", root, path) >= PATH) return NULL;
    return lar_file_read(&text, &count, full, SMALL_FILE) == LAR_OK ? text : NULL;
}

/* The number behind `key`, which begins a line; 0 where there is none. */
static double number_after(const char *text, const char *key)
{
    double value = 0;
    for (const char *line = text; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (!lar_text_starts(line, key)) continue;
        if (sscanf(line + strlen(key), "%lf", &value) != 1) value = 0;
        break;
    }
    return value;
}

/* A file with one number; "max" and what cannot be read are 0. */
static double number_of(const char *root, const char *folder, const char *name)
{
    char path[PATH];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    char *text = read_small(root, path);
    const double value = text ? number_after(text, "") : 0;
    lar_free(text);
    return value;
}

/* One level of the tree of control groups: its limit, and what it leaves (files that can be read
 * again do not count). */
static void ask_level(lar_memory *m, const char *root, const char *folder, const char *limit_name,
                      const char *used_name)
{
    char path[PATH];
    const double limit = number_of(root, folder, limit_name);
    if (limit <= 0 || (m->total > 0 && limit >= m->total))
        return; /* version 1 says 2^63 for none */
    snprintf(path, sizeof path, "%s/memory.stat", folder);
    char *stat = read_small(root, path);
    const double used = number_of(root, folder, used_name);
    const double cached = stat ? number_after(stat, "inactive_file") : 0;
    lar_free(stat);
    const double left = limit - (used > cached ? used - cached : 0);
    if (m->limit == 0 || limit < m->limit) m->limit = limit;
    if (m->available == 0 || left < m->available) m->available = left > 0 ? left : 0;
}

/* The group and those above it, up to `top`, where their tree begins. */
static void ask_tree(lar_memory *m, const char *root, const char *top, const char *own,
                     const char *limit_name, const char *used_name)
{
    char folder[PATH];
    snprintf(folder, sizeof folder, "%s%.*s", top, (int)strcspn(own, "\n"), own);
    for (char *end = folder + strlen(folder); end; end = strrchr(folder, '/')) {
        *end = 0;
        if (strlen(folder) < strlen(top)) break;
        ask_level(m, root, folder, limit_name, used_name);
    }
}

static void ask_groups(lar_memory *m, const char *root)
{
    char *text = read_small(root, "/proc/self/cgroup");
    const char *own = text ? strstr(text, "0::/") : NULL;
    ask_tree(m, root, "/sys/fs/cgroup", own ? own + 3 : "", "memory.max", "memory.current");
    own = text ? strstr(text, ":memory:/") : NULL; /* version 1: a tree for each resource */
    ask_tree(m, root, "/sys/fs/cgroup/memory", own ? own + 8 : "", "memory.limit_in_bytes",
             "memory.usage_in_bytes");
    lar_free(text);
}

void lar_memory_ask(lar_memory *out, const char *root)
{
    *out = (lar_memory){ 0 };
    char *text = read_small(root, "/proc/meminfo");
    if (text) {
        out->total = 1024 * number_after(text, "MemTotal:");
        out->available = out->free = 1024 * number_after(text, "MemAvailable:");
    }
    lar_free(text);
    ask_groups(out, root);
    double pages = 0, resident = 0;
    text = read_small(root, "/proc/self/statm");
    if (text && sscanf(text, "%lf %lf", &pages, &resident) == 2)
        out->resident = resident * (double)sysconf(_SC_PAGESIZE);
    lar_free(text);
    text = read_small(root, "/proc/self/status");
    if (text) out->peak = 1024 * number_after(text, "VmHWM:");
    lar_free(text);
}

void lar_bytes_words(char words[LAR_BYTES_WORDS], double bytes)
{
    if (bytes < 999.5e6)
        snprintf(words, LAR_BYTES_WORDS, "%.0f MB", bytes / 1e6);
    else
        snprintf(words, LAR_BYTES_WORDS, "%.2f GB", bytes / 1e9);
}
