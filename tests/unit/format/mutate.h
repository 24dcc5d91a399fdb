/* Files that are damaged by chance, and what is left behind by whoever read them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_MUTATE_H
#define LAR_MUTATE_H

#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "scans.h"

/* How many: LARMOR_MUTATIONS, else a few. */
static inline int mutate_count(void)
{
    int64_t count;
    const char *asked = getenv("LARMOR_MUTATIONS");
    return asked && lar_parse_int(&count, asked) && count > 0 ? (int)count : 40;
}

/* The number of the first: LARMOR_MUTATIONS_FROM, so that many can be run in pieces. */
static inline int mutate_first(void)
{
    int64_t first;
    const char *asked = getenv("LARMOR_MUTATIONS_FROM");
    return asked && lar_parse_int(&first, asked) && first > 0 ? (int)first : 0;
}

static inline uint32_t mutate_random(int n, int what)
{
    uint32_t bits[4];
    lar_random_bits(bits, 11, (uint64_t)n, (uint64_t)what);
    return bits[0];
}

/* Damage number n, in place: flipped bits, a cut, a range of noise, a lying length. Half of it is
 * near the beginning, where headers are. */
static inline void mutate(char *bytes, size_t *count, int n)
{
    const size_t near = *count < 1600 ? *count : 1600;
    const size_t within = mutate_random(n, 0) & 1 ? near : *count;
    const size_t at = mutate_random(n, 1) % within;
    static const char lies[][5] = { "\0\0\0\0", "\377\377\377\377", "\177\377\377\377",
                                    "\200\0\0\0", "\0\0\0\200" };
    switch (mutate_random(n, 2) % 4) {
    case 0:
        for (int k = 0; k <= (int)(mutate_random(n, 3) % 8); k++)
            bytes[mutate_random(n, 10 + k) % within] ^= (char)(1 << mutate_random(n, 20 + k) % 8);
        break;
    case 1:
        *count = mutate_random(n, 4) % *count;
        break;
    case 2:
        for (size_t k = 0; k < 1 + mutate_random(n, 5) % 32 && at + k < *count; k++)
            bytes[at + k] = (char)mutate_random(n, 100 + (int)k);
        break;
    default:
        if (at + 4 <= *count) memcpy(bytes + at, lies[mutate_random(n, 6) % 5], 4);
        break;
    }
}

/* No folder of ours in TMPDIR, no child. */
static inline void mutate_check_left(void)
{
    const char *temporary = getenv("TMPDIR");
    DIR *folder = opendir(temporary ? temporary : "/nonexistent");
    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder));)
        if (lar_text_starts(entry->d_name, "larmor-")) fail_msg("'%s' was left", entry->d_name);
    closedir(folder);
    assert_true(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
}

enum { NASTY_NAMES = 300 };

/* Name n of 300 that shells, options, formats and file systems trip over; of at most 255 bytes. */
static inline void nasty_name(char name[256], int n)
{
    static const char *const parts[] = {
        " ",  "\n",      "-o",       "--",           ";rm -rf ~", "$(id)", "`id`", "'",
        "\"", "%s%n",    "\xc3\xa9", "\xe8\x84\xb3", "\xff\xfe",  "*",     "?",    "&",
        "|",  ">x",      "\\",       "\t",           "\r",        "~",     "#",    "!",
        "..", ".nii.gz", "\x1b[31m", "CON",          "-f%i%n",    "a"
    };
    enum { PARTS = sizeof parts / sizeof *parts };
    lar_text text = { 0 };
    lar_text_add(&text, "%s", parts[n % PARTS]);
    for (int k = 0; k < n / PARTS; k++)
        lar_text_add(&text, "%s", parts[mutate_random(n, k) % PARTS]);
    if (n % 10 == 9)
        while (text.length < 255) lar_text_add(&text, "x");
    if (lar_text_is(text.at, "..") || lar_text_is(text.at, ".")) lar_text_add(&text, "x");
    snprintf(name, 256, "%s", text.at);
    lar_text_clear(&text);
}

#endif
