/* base: what every room stands on. Errors, memory, text, paths, files, threads, parameter tables.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_BASE_H
#define LAR_BASE_H

#include <larmor/larmor.h>
#include <stdarg.h>

#include "base/banned.h"

/* ---- status ---------------------------------------------------------------------------- */

#define LAR_PRINTF(string, first) __attribute__((format(printf, string, first)))

/* Who detects an error speaks: sets the sentence and returns the status. Lower case, no full
 * stop, the subject in single quotes, what was found and what was expected. */
lar_status lar_fail(lar_status status, const char *format, ...) LAR_PRINTF(2, 3);
/* Who passes it on may add one line of context: "context\n  because <what was said>". */
lar_status lar_while(lar_status status, const char *format, ...) LAR_PRINTF(2, 3);
/* A last line that tells the user what to do: "\n  try ...". */
lar_status lar_hint(lar_status status, const char *format, ...) LAR_PRINTF(2, 3);
/* Sets the sentence as it is; for carrying one from another thread. */
void lar_error_set(const char *sentence);

/* The one macro that changes control flow. The function has `lar_status status` and `done:`. */
#define LAR_TRY(call)                                                                              \
    do {                                                                                           \
        status = (call);                                                                           \
        if (status != LAR_OK) goto done;                                                           \
    } while (0)

void lar_log(lar_log_level level, const char *format, ...) LAR_PRINTF(2, 3);
/* Lines that were kept back. */
typedef struct lar_log_kept {
    char *lines; /* of each its level, its text and a 0 */
    size_t length, room;
} lar_log_kept;
/* What this thread logs from now on is kept here, until NULL is given; so that what many threads
 * say of many cases can be said in order. */
void lar_log_keep(lar_log_kept *kept);
/* Logs what was kept, and forgets it. */
void lar_log_tell(lar_log_kept *kept);
/* False where the caller of the library asked to stop. */
bool lar_progress_say(lar_progress progress, const char *stage, double fraction);

/* Compiles a function once more for processors with wider vectors; which one runs is chosen when
 * the program starts. Results are the same bits: nothing is contracted or reordered. Not by clang,
 * whose clones of static functions have names that the whole library shares. */
#if defined(__x86_64__) && defined(__has_attribute) && !defined(__clang__) &&                      \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#if __has_attribute(target_clones)
#define LAR_CLONES __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#endif
#endif
#ifndef LAR_CLONES
#define LAR_CLONES
#endif

/* ---- memory ---------------------------------------------------------------------------- */

/* count * size bytes, aligned to 64, zero. NULL (with the sentence set) where the product
 * overflows or memory is short. A count of 0 gives a valid pointer. */
void *lar_alloc(int64_t count, size_t size);
/* The same, not zeroed; for large blocks that are written at once. */
void *lar_alloc_raw(int64_t count, size_t size);
void lar_free(void *pointer);
/* For tests: the n-th allocation from now fails (sticky: and all after). 0 turns it off. */
void lar_alloc_fail_at(int64_t n, bool sticky);
int64_t lar_alloc_count(void); /* allocations so far in this process */
bool lar_size_product(size_t *out, const int64_t *factors, int count, size_t size);

/* Things that die together: strings of a study, the tree of a parsed file. */
typedef struct lar_arena lar_arena;
lar_status lar_arena_new(lar_arena **out);
void *lar_arena_take(lar_arena *arena, int64_t count, size_t size); /* zero; NULL: no memory */
char *lar_arena_text(lar_arena *arena, const char *text, size_t length);
char *lar_arena_format(lar_arena *arena, const char *format, ...) LAR_PRINTF(2, 3);
void lar_arena_free(lar_arena *arena);

/* What memory there is, in bytes; 0 where the machine does not tell. */
typedef struct lar_memory {
    double total, free; /* of the machine; what can be had of it without swapping */
    double limit;       /* of the control group (a container, a batch job); 0: none */
    double available;   /* free, or what the control group leaves where that is less */
    double resident;    /* of this process, now */
    double peak;        /* and at most, so far */
} lar_memory;
/* root: "" but in tests: a folder that holds proc/ and sys/. */
void lar_memory_ask(lar_memory *out, const char *root);
enum { LAR_BYTES_WORDS = 24 };
/* "812 MB", "1.94 GB": powers of ten. */
void lar_bytes_words(char words[LAR_BYTES_WORDS], double bytes);

/* What the help says of a thing. */
typedef struct lar_topic {
    const char *summary; /* lower case, no full stop */
    const char *about;   /* a paragraph of whole sentences */
    const char *cite;    /* paper and DOI, or NULL */
} lar_topic;

/* ---- text ------------------------------------------------------------------------------ */

/* A string that grows. After a failed allocation it stays as it is and `failed` is set. */
typedef struct lar_text {
    char *at; /* never NULL after the first add; ends with 0 */
    size_t length, room;
    bool failed;
} lar_text;

void lar_text_add(lar_text *text, const char *format, ...) LAR_PRINTF(2, 3);
void lar_text_add_bytes(lar_text *text, const char *bytes, size_t count);
const char *lar_text_get(const lar_text *text); /* "" where nothing was added */
void lar_text_clear(lar_text *text);

/* Whole string, finite, the C locale whatever the process uses; false otherwise. */
bool lar_parse_real(double *out, const char *text);
bool lar_parse_int(int64_t *out, const char *text);
bool lar_parse_size(int64_t *out, const char *text); /* bytes: 1000, 900M, 2G, 1.5GiB; above 0 */
bool lar_text_is(const char *a, const char *b);      /* NULL is equal to nothing */
bool lar_text_ends(const char *text, const char *end);
bool lar_text_starts(const char *text, const char *start);
/* As strcmp(), but numbers by their value: Subj2 before Subj10. */
int lar_text_order(const char *a, const char *b);
/* Of a verdict: that it is doubtful, and why, unless that is set already: the first reason is the
 * strongest. */
void lar_doubt(bool *doubtful, char reason[256], const char *format, ...) LAR_PRINTF(3, 4);
/* The nearest word of a NULL-ended list, or NULL where none is near; for "did you mean". */
const char *lar_text_nearest(const char *word, const char *const *words);

/* ---- paths and files ------------------------------------------------------------------- */

/* All return text of the arena; NULL only where memory is short. */
char *lar_path_join(lar_arena *arena, const char *folder,
                    const char *name);                     /* absolute names win */
char *lar_path_folder(lar_arena *arena, const char *path); /* "." where none */
const char *lar_path_name(const char *path);               /* after the last / */
/* The name without its format suffix: "a/t1.nii.gz" gives "t1". */
char *lar_path_stem(lar_arena *arena, const char *path);
bool lar_path_exists(const char *path);
bool lar_path_is_folder(const char *path);
lar_status lar_folder_make(const char *path); /* with its parents; existing ones are fine */
/* Sorted names of a folder, hidden ones left out. */
lar_status lar_folder_list(lar_texts *out, const char *path, lar_arena *arena);
lar_status lar_file_remove(const char *path); /* absent is fine */

/* The whole of a regular file of at most `limit` bytes; a 0 byte follows the content.
 * Memory is taken as the bytes arrive, never by a declared length. Free with lar_free(). */
lar_status lar_file_read(char **out, size_t *count, const char *path, size_t limit);

/* The atomic writer: a temporary file beside the target, fsync, rename, fsync of the folder. Until
 * lar_writer_commit() returns LAR_OK the old file is as it was; lar_writer_free() without a
 * commit leaves nothing behind. An existing target is LAR_EEXISTS without `force`. */
typedef struct lar_writer lar_writer;
lar_status lar_writer_open(lar_writer **out, const char *path, bool force);
lar_status lar_writer_put(lar_writer *writer, const void *bytes, size_t count);
lar_status lar_writer_commit(lar_writer *writer);
void lar_writer_free(lar_writer *writer);
lar_status lar_file_write(const char *path, const void *bytes, size_t count, bool force);
/* Removes from a folder (not from those below it) the temporary files of writers that have died;
 * those of living ones, of this process or another, stay. */
void lar_folder_clean(const char *path);

/* The file `place`, relative to the folder that the library was loaded from, as an absolute path;
 * mode: as of access(). False, and no text, where it is not there. */
bool lar_library_beside(lar_text *path, const char *place, int mode);

/* ---- child programs --------------------------------------------------------------------- */

/* A new folder that this user alone may enter, in TMPDIR (else /tmp). End with
 * lar_folder_remove(), which removes all that is in it, whatever a child made there, and follows no
 * link; what it cannot remove is a warning. */
lar_status lar_folder_private(lar_text *out);
void lar_folder_remove(const char *path);

/* Runs a program apart from this one: no shell, an environment of its own, nothing on stdin, no
 * open file but its output, no new privileges, and as far as the kernel can be asked: no network,
 * no programs of its own, no file but the system's, `reads` and `folder`. */
typedef struct lar_child {
    const char *const *argv;  /* NULL at the end; the first is an absolute path */
    const char *folder;       /* where it works and may write; its HOME and TMPDIR */
    const char *const *reads; /* files and folders that it may read; NULL at the end, or NULL */
    double seconds;           /* of time that it may take */
    int64_t memory, file;     /* bytes of address space, and of a file that it writes */
    size_t output;            /* bytes kept of what it prints; the rest is thrown away */
    bool starts;              /* it may start others; all end with it */
    lar_progress progress;    /* asked while waiting, may be empty: false kills it */
} lar_child;
/* LAR_OK where it ended by itself: `exit_status` and what it printed (without 0 bytes) say how.
 * LAR_EUNSUPPORTED where it cannot be started, LAR_ESTOPPED, and LAR_EFORMAT where it crashed or
 * reached a limit: by what it was given to read, as programs go. Nothing of it runs on. */
lar_status lar_child_run(int *exit_status, lar_text *printed, const lar_child *child);

/* ---- threads --------------------------------------------------------------------------- */

/* Calls body on pieces [begin, end) of 0..n, `grain` each but the last. The pieces depend on n
 * and grain only, never on the number of threads. Nested calls run in the calling thread. The
 * failure of the lowest piece is the one reported. */
typedef lar_status (*lar_body)(void *arg, int64_t piece, int64_t begin, int64_t end);
lar_status lar_parallel(int64_t n, int64_t grain, lar_body body, void *arg);
/* Which of lar_threads_get() threads runs this body, from 0: for scratch memory, never for results.
 */
int lar_thread_number(void);
/* For a body that calls what would use threads: until it says false, this thread is the only one,
 * lar_threads_get() is 1 and lar_thread_number() 0, so that scratch memory is that of one thread.
 */
void lar_thread_alone(bool alone);
/* So many threads, and no more, for what this thread calls from now on: where several threads of a
 * caller's own share what lar_threads_get() gives to all. 0: no share of its own any more. */
void lar_threads_own(int count);
static inline int64_t lar_piece_count(int64_t n, int64_t grain)
{
    return (n + grain - 1) / grain;
}
/* Sums `count` partial results in pairs, in fixed order. Destroys them. */
double lar_sum_pairs(double *partial, int64_t count);

/* ---- parameter tables ------------------------------------------------------------------ */

/* The field's type is checked by the compiler: naming a double in LAR_INT does not build. */
#define LAR_FIELD(S, f, T) _Generic(&((S *)0)->f, T * : offsetof(S, f))

#define LAR_P_FLAG(S, f, name, letter, help)                                                       \
    {                                                                                              \
        name, letter, LAR_KIND_FLAG, LAR_FIELD(S, f, bool), "no", 0, 0, NULL, NULL, help           \
    }
#define LAR_P_INT(S, f, name, letter, fallback, low, high, unit, help)                             \
    {                                                                                              \
        name, letter, LAR_KIND_INT, LAR_FIELD(S, f, int64_t), fallback, low, high, NULL, unit,     \
            help                                                                                   \
    }
#define LAR_P_REAL(S, f, name, letter, fallback, low, high, unit, help)                            \
    {                                                                                              \
        name, letter, LAR_KIND_REAL, LAR_FIELD(S, f, double), fallback, low, high, NULL, unit,     \
            help                                                                                   \
    }
#define LAR_P_TEXT(S, f, name, letter, fallback, unit, help)                                       \
    {                                                                                              \
        name, letter, LAR_KIND_TEXT, LAR_FIELD(S, f, const char *), fallback, 0, 0, NULL, unit,    \
            help                                                                                   \
    }
#define LAR_P_CHOICE(S, f, name, letter, fallback, choices, help)                                  \
    {                                                                                              \
        name, letter, LAR_KIND_CHOICE, LAR_FIELD(S, f, int), fallback, 0, 0, choices, NULL, help   \
    }
#define LAR_P_REALS(S, f, name, letter, fallback, low, high, unit, help)                           \
    {                                                                                              \
        name, letter, LAR_KIND_REALS, LAR_FIELD(S, f, lar_reals), fallback, low, high, NULL, unit, \
            help                                                                                   \
    }
#define LAR_P_INTS(S, f, name, letter, fallback, low, high, unit, help)                            \
    {                                                                                              \
        name, letter, LAR_KIND_INTS, LAR_FIELD(S, f, lar_ints), fallback, low, high, NULL, unit,   \
            help                                                                                   \
    }
#define LAR_P_TEXTS(S, f, name, letter, unit, help)                                                \
    {                                                                                              \
        name, letter, LAR_KIND_TEXTS, LAR_FIELD(S, f, lar_texts), "", 0, 0, NULL, unit, help       \
    }
#define LAR_P_SIZE(S, f, name, letter, fallback, help)                                             \
    {                                                                                              \
        name, letter, LAR_KIND_SIZE, LAR_FIELD(S, f, int64_t), fallback, 0, 0, NULL, "size", help  \
    }
#define LAR_P_END                                                                                  \
    {                                                                                              \
        NULL, 0, LAR_KIND_END, 0, NULL, 0, 0, NULL, NULL, NULL                                     \
    }

/* Fills the fields that the table names with their defaults. */
void lar_param_defaults(const lar_param *table, void *params);
const lar_param *lar_param_find(const lar_param *table, const char *name);
/* Sets one field from text. A list takes its items separated by commas or blanks; TEXTS appends
 * the one item given. Texts are copied into the arena. On failure the sentence names the value, the
 * parameter as `shown` ("--spacing", "spacing") and what is valid. */
lar_status lar_param_set(const lar_param *param, void *params, const char *value, const char *shown,
                         lar_arena *arena);
/* The value as text that lar_param_set() reads back. */
void lar_param_get(lar_text *out, const lar_param *param, const void *params);
/* What is valid, in words: "a number from 0 to 1", "one of nearest linear cubic". */
void lar_param_valid(lar_text *out, const lar_param *param);
/* The table's names, for lar_text_nearest(); of the arena, NULL-ended. */
const char *const *lar_param_names(const lar_param *table, lar_arena *arena);

#endif
