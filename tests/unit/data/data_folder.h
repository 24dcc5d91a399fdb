/* Folders of empty files, and cohorts of them, for tests of who belongs to whom.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_DATA_FOLDER_H
#define LAR_DATA_FOLDER_H

#include "check.h"
#include "data/data.h"
#include "data/find.h"

static char data_root[64]; /* of the running test */

static inline int data_folder_make(void **state)
{
    (void)state;
    snprintf(data_root, sizeof data_root, "%s", check_folder());
    return 0;
}

static inline int data_folder_remove(void **state)
{
    (void)state;
    check_folder_remove(data_root);
    return 0;
}

static inline const char *data_path(const char *name)
{
    static char path[8][512];
    static int next;
    char *at = path[next++ % 8];
    snprintf(at, sizeof path[0], "%s/%s", data_root, name);
    return at;
}

static inline void data_write(const char *name, const char *text)
{
    lar_arena *arena;
    CHECK_OK(lar_arena_new(&arena));
    CHECK_OK(lar_folder_make(lar_path_folder(arena, data_path(name))));
    CHECK_OK(lar_file_write(data_path(name), text, strlen(text), true));
    lar_arena_free(arena);
}

/* Names, separated by blanks. */
static inline void data_touch(const char *names)
{
    char name[256];
    while (*names) {
        const size_t length = strcspn(names, " ");
        snprintf(name, sizeof name, "%.*s", (int)length, names);
        if (length) data_write(name, "");
        names += length + (names[length] == ' ');
    }
}

/* Warnings that were logged since data_listen(), and the last one. */
static int data_warnings;
static char data_warned[512];

static inline void data_take(void *user, lar_log_level level, const char *text)
{
    (void)user;
    if (level != LAR_LOG_WARNING) return;
    data_warnings++;
    snprintf(data_warned, sizeof data_warned, "%s", text);
}

static inline void data_listen(void)
{
    data_warnings = 0;
    lar_log_to(data_take, NULL);
}

static inline lar_data_params data_params(lar_image_spec *images, int64_t count)
{
    lar_data_params data = { 0 };
    lar_param_defaults(lar_data_table, &data);
    lar_param_defaults(lar_data_care_table, &data);
    lar_param_defaults(lar_split_table, &data.split);
    lar_param_defaults(lar_split_more_table, &data.split);
    data.image_count = count;
    data.images = images;
    return data;
}

/* "id=subject ..." of every case; two are kept. */
static inline const char *data_cases(const lar_cohort *cohort)
{
    static lar_text texts[2];
    static int next;
    lar_text *text = &texts[next++ % 2];
    lar_text_clear(text);
    for (int64_t n = 0; n < cohort->subject_count; n++) {
        const lar_subject *one = &cohort->subjects[n];
        lar_text_add(text, "%s%s", n ? " " : "", one->id);
        if (!lar_text_is(one->id, one->subject)) lar_text_add(text, "=%s", one->subject);
    }
    return lar_text_get(text);
}

/* The cohort of the data below the root; its cases as words. */
static inline lar_cohort *found(const lar_data_params *data, const char *cases)
{
    lar_cohort *cohort;
    CHECK_OK(lar_cohort_new(&cohort, data, data_root));
    assert_string_equal(data_cases(cohort), cases);
    return cohort;
}

static inline void finds(const lar_data_params *data, const char *cases)
{
    lar_cohort_free(found(data, cases));
}

static inline void refuses(const lar_data_params *data, const char *words)
{
    lar_cohort *cohort;
    CHECK_FAILS(lar_cohort_new(&cohort, data, data_root), LAR_EARGUMENT, words);
    assert_null(cohort);
}

#endif
