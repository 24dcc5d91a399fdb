/* The atomic writer: whole or not at all, and the old file survives whatever happens.
 * SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "check.h"

static const char *folder;
static char target[256];

static int open_folder(void **state)
{
    (void)state;
    folder = check_folder();
    if (!folder) return 1;
    snprintf(target, sizeof target, "%s/out.bin", folder);
    return 0;
}

static int close_folder(void **state)
{
    (void)state;
    unlink(target);
    return rmdir(folder); /* fails where something was left behind */
}

static void check_content(const char *expected)
{
    char *bytes;
    size_t count;
    CHECK_OK(lar_file_read(&bytes, &count, target, 1 << 20));
    assert_int_equal(count, strlen(expected));
    assert_memory_equal(bytes, expected, count);
    lar_free(bytes);
}

static void check_alone(int64_t files)
{
    lar_arena *arena;
    lar_texts names;
    CHECK_OK(lar_arena_new(&arena));
    CHECK_OK(lar_folder_list(&names, folder, arena)); /* leaves hidden names out */
    assert_int_equal(names.count, files);
    lar_arena_free(arena);
}

static void nothing_exists_before_the_commit(void **state)
{
    (void)state;
    lar_writer *writer;
    CHECK_OK(lar_writer_open(&writer, target, false));
    CHECK_OK(lar_writer_put(writer, "half", 4));
    assert_false(lar_path_exists(target));
    lar_writer_free(writer); /* given up */
    assert_false(lar_path_exists(target));
    assert_int_equal(rmdir(folder), 0); /* and no temporary file either */
    assert_int_equal(mkdir(folder, 0700), 0);
    CHECK_OK(lar_writer_open(&writer, target, false));
    CHECK_OK(lar_writer_put(writer, "whole", 5));
    CHECK_OK(lar_writer_commit(writer));
    lar_writer_free(writer);
    check_content("whole");
    check_alone(1);
}

static void existing_file_needs_force(void **state)
{
    (void)state;
    CHECK_OK(lar_file_write(target, "old", 3, true));
    CHECK_FAILS(lar_file_write(target, "new", 3, false), LAR_EEXISTS, "try --force");
    check_content("old");
    CHECK_OK(lar_file_write(target, "new", 3, true));
    check_content("new");
}

static void file_that_appeared_meanwhile_is_kept(void **state)
{
    (void)state;
    lar_writer *writer;
    unlink(target);
    CHECK_OK(lar_writer_open(&writer, target, false));
    CHECK_OK(lar_writer_put(writer, "ours", 4));
    CHECK_OK(lar_file_write(target, "theirs", 6, false));
    CHECK_FAILS(lar_writer_commit(writer), LAR_EEXISTS, "exists already");
    lar_writer_free(writer);
    check_content("theirs");
    check_alone(1);
}

/* A limit on the size of files stands for the full disk: both fail in write(). */
static void full_disk_leaves_the_old_file(void **state)
{
    (void)state;
    CHECK_OK(lar_file_write(target, "old", 3, true));
    struct rlimit limit, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = limit;
    small.rlim_cur = 1000;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    char *bytes = lar_alloc(5000, 1);
    const lar_status status = lar_file_write(target, bytes, 5000, true);
    setrlimit(RLIMIT_FSIZE, &limit);
    assert_int_equal(status, LAR_EIO);
    assert_non_null(strstr(lar_error(), "after 1000 bytes"));
    lar_free(bytes);
    check_content("old");
}

/* Killed between put and commit: the old file is whole. What it began stays under a hidden name. */
static void killed_writer_leaves_the_old_file(void **state)
{
    (void)state;
    CHECK_OK(lar_file_write(target, "old", 3, true));
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        lar_writer *writer;
        if (lar_writer_open(&writer, target, true) == LAR_OK) lar_writer_put(writer, "new", 3);
        raise(SIGKILL);
    }
    int ended;
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_true(WIFSIGNALED(ended) && WTERMSIG(ended) == SIGKILL);
    check_content("old");
    check_alone(1);
    char path[300];
    DIR *left = opendir(folder);
    assert_non_null(left);
    for (const struct dirent *entry; (entry = readdir(left));)
        if (lar_text_starts(entry->d_name, ".larmor-")) {
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            unlink(path);
        }
    closedir(left);
}

static void places_that_cannot_be_written_are_named(void **state)
{
    (void)state;
    char path[300];
    snprintf(path, sizeof path, "%s/absent/out.bin", folder);
    CHECK_FAILS(lar_file_write(path, "x", 1, true), LAR_EEXISTS, path);
    CHECK_FAILS(lar_file_write(folder, "x", 1, true), LAR_EEXISTS, "it is a folder");
    char name[300];
    memset(name, 'n', sizeof name);
    name[299] = 0;
    CHECK_FAILS(lar_file_write(name, "x", 1, true), LAR_EIO, "rename");
}

static void reading_says_what_is_wrong(void **state)
{
    (void)state;
    char *bytes;
    size_t count;
    CHECK_OK(lar_file_write(target, "1234567890", 10, true));
    CHECK_FAILS(lar_file_read(&bytes, &count, target, 9), LAR_EFORMAT, "has 10 bytes");
    assert_null(bytes);
    CHECK_FAILS(lar_file_read(&bytes, &count, folder, 9), LAR_ENOINPUT, "it is a folder");
    CHECK_FAILS(lar_file_read(&bytes, &count, "/dev/zero", 9), LAR_ENOINPUT, "not a regular");
    CHECK_FAILS(lar_file_read(&bytes, &count, "/absent", 9), LAR_ENOINPUT, "No such file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_exists_before_the_commit),
        cmocka_unit_test(existing_file_needs_force),
        cmocka_unit_test(file_that_appeared_meanwhile_is_kept),
        cmocka_unit_test(full_disk_leaves_the_old_file),
        cmocka_unit_test(killed_writer_leaves_the_old_file),
        cmocka_unit_test(places_that_cannot_be_written_are_named),
        cmocka_unit_test(reading_says_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, open_folder, close_folder);
}
