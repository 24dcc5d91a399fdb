/* The processor, memory, disk and fonts of this machine, and the share of it that the control group
 * (a container, a batch job) grants.
 * SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* sched_getaffinity */
#include <cairo.h>
#include <sched.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "command/machine.h"

enum { SMALL_FILE = 1 << 20 }; /* /proc/cpuinfo of a large machine */

/* The file's text, "" where it cannot be read: none of these files is on every machine. */
static char *read_small(const char *path)
{
    char *text = NULL;
    size_t count = 0;
    if (lar_file_read(&text, &count, path, SMALL_FILE) != LAR_OK) return NULL;
    return text;
}

/* What stands behind "key" and a colon, to the end of the line. */
static void copy_after(char *out, size_t room, const char *text, const char *key)
{
    *out = 0;
    const char *at = strstr(text, key);
    at = at ? strchr(at, ':') : NULL;
    if (!at) return;
    at += 1 + strspn(at + 1, " \t");
    snprintf(out, room, "%.*s", (int)strcspn(at, "\n"), at);
}

static void ask_processor(lar_machine *m)
{
    static const char *const wanted[] = { "avx2",        "fma",         "f16c",
                                          "avx512f",     "avx512_vnni", "avx512_bf16",
                                          "avx512_fp16", "amx_bf16",    NULL };
    char *text = read_small("/proc/cpuinfo");
    m->processors = (int)sysconf(_SC_NPROCESSORS_ONLN);
    if (!text) return;
    copy_after(m->processor, sizeof m->processor, text, "model name");
    const char *flags = strstr(text, "\nflags");
    const size_t length = flags ? strcspn(flags + 1, "\n") + 1 : 0;
    for (const char *const *word = wanted; *word; word++) {
        const size_t size = strlen(*word);
        for (const char *at = flags; at && (at = strstr(at, *word)) && at < flags + length; at++) {
            if (at[-1] != ' ' || (at[size] != ' ' && at[size] != '\n')) continue;
            lar_text_add(&m->instructions, "%s%s", m->instructions.length ? " " : "", *word);
            break;
        }
    }
    lar_free(text);
}

/* Two numbers of a control group's file; "max" and what cannot be read are 0. */
static void group_numbers(double out[2], const char *path)
{
    out[0] = out[1] = 0;
    char *text = read_small(path);
    if (!text) return;
    if (sscanf(text, "%lf %lf", &out[0], &out[1]) < 1) out[0] = 0;
    lar_free(text);
}

/* Version 2 of control groups has one tree; version 1 one for each resource. */
static void ask_group(lar_machine *m)
{
    double now[2], period[2];
    group_numbers(now, "/sys/fs/cgroup/cpu.max");
    if (now[0] > 0 && now[1] > 0) m->quota = now[0] / now[1];
    group_numbers(now, "/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
    group_numbers(period, "/sys/fs/cgroup/cpu/cpu.cfs_period_us");
    if (now[0] > 0 && period[0] > 0) m->quota = now[0] / period[0];
}

static double disk_free(const char *folder)
{
    struct statvfs about;
    if (statvfs(folder, &about) != 0) return -1;
    return (double)about.f_bavail * (double)about.f_frsize;
}

/* Without any font installed cairo falls back to one that it carries for tests (a "user" font). */
static bool ask_font(void)
{
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_A8, 8, 8);
    cairo_t *cr = cairo_create(surface);
    cairo_select_font_face(cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
    const bool found =
        cairo_scaled_font_get_type(cairo_get_scaled_font(cr)) != CAIRO_FONT_TYPE_USER;
    cairo_destroy(cr);
    cairo_surface_destroy(surface);
    return found;
}

lar_status lar_machine_ask(lar_machine *out)
{
    cpu_set_t allowed;
    *out = (lar_machine){ 0 };
    ask_processor(out);
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) out->allowed = CPU_COUNT(&allowed);
    lar_memory_ask(&out->memory, "");
    ask_group(out);
    out->temporary = getenv("TMPDIR");
    if (!out->temporary || !*out->temporary) out->temporary = "/tmp";
    out->disk_here = disk_free(".");
    out->disk_temporary = disk_free(out->temporary);
    out->has_font = ask_font();
    return out->instructions.failed ? LAR_EMEMORY : LAR_OK;
}

void lar_machine_clear(lar_machine *machine)
{
    lar_text_clear(&machine->instructions);
}
