/* Child programs (R38): what they are given, what they cannot do, and that nothing of them is left.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "check.h"

typedef struct run {
    lar_text folder, printed;
    int exit_status;
    lar_status status;
} run;

static lar_child shell_child(const char *argv[4], const char *script)
{
    argv[0] = "/bin/sh";
    argv[1] = "-c";
    argv[2] = script;
    argv[3] = NULL;
    return (lar_child){ .argv = argv,
                        .seconds = 20,
                        .memory = (int64_t)1 << 30,
                        .file = 1 << 20,
                        .output = 4096,
                        .starts = true };
}

/* Runs it in a private folder; the folder is left for a look. */
static run run_in_folder(lar_child child)
{
    run r = { 0 };
    CHECK_OK(lar_folder_private(&r.folder));
    child.folder = lar_text_get(&r.folder);
    r.status = lar_child_run(&r.exit_status, &r.printed, &child);
    return r;
}

static run run_shell(const char *script)
{
    const char *argv[4];
    return run_in_folder(shell_child(argv, script));
}

static void end_run(run *r)
{
    lar_folder_remove(lar_text_get(&r->folder));
    assert_false(lar_path_exists(lar_text_get(&r->folder)));
    /* no zombie: this process has no child */
    assert_true(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
    lar_text_clear(&r->folder);
    lar_text_clear(&r->printed);
}

static void exit_status_and_output_are_told(void **state)
{
    (void)state;
    run r = run_shell("echo out; echo err >&2; exit 7");
    assert_int_equal(r.status, LAR_OK);
    assert_int_equal(r.exit_status, 7);
    assert_string_equal(lar_text_get(&r.printed), "out\nerr\n");
    end_run(&r);
    r = run_shell("printf 'a\\000b'");
    assert_string_equal(lar_text_get(&r.printed), "ab");
    end_run(&r);
}

static void arguments_pass_as_they_are(void **state)
{
    (void)state;
    const char *argv[] = { "/bin/sh", "-c",         "printf '[%s]' \"$@\"",
                           "sh",      "; rm -rf ~", "-o",
                           "a\nb",    "\xc3\xa9'",  "$(id)",
                           NULL };
    const char *unused[4];
    lar_child child = shell_child(unused, "");
    child.argv = argv;
    run r = run_in_folder(child);
    assert_string_equal(lar_text_get(&r.printed), "[; rm -rf ~][-o][a\nb][\xc3\xa9'][$(id)]");
    end_run(&r);
}

static void the_environment_is_its_own(void **state)
{
    (void)state;
    setenv("LARMOR_SECRET", "seen", 1);
    run r = run_shell("set; pwd");
    unsetenv("LARMOR_SECRET");
    const char *printed = lar_text_get(&r.printed);
    assert_null(strstr(printed, "LARMOR_SECRET"));
    assert_non_null(strstr(printed, "LC_ALL='C'"));
    char home[256];
    snprintf(home, sizeof home, "HOME='%s'", lar_text_get(&r.folder));
    assert_non_null(strstr(printed, home));
    snprintf(home, sizeof home, "\n%s\n", lar_text_get(&r.folder));
    assert_non_null(strstr(printed, home));
    end_run(&r);
}

static void no_open_file_is_passed_on(void **state)
{
    (void)state;
    const int leak = open("/dev/null", O_RDONLY), high = fcntl(leak, F_DUPFD, 40);
    assert_true(leak > 2 && high >= 40);
    /* in a shell, opening the copy of a closed file fails */
    run r = run_shell("n=3; while [ $n -lt 64 ]; do "
                      "if (eval \"exec <&$n\") 2>/dev/null; then echo \"open $n\"; fi; n=$((n+1)); "
                      "done; read line; echo \"read $?\"");
    assert_string_equal(lar_text_get(&r.printed), "read 1\n");
    end_run(&r);
    close(leak);
    close(high);
}

static void a_crash_is_told_from_an_end(void **state)
{
    (void)state;
    run r = run_shell("kill -SEGV $$ || exec /bin/false"); /* the caged may not kill */
    assert_true(r.status == LAR_EFORMAT || r.exit_status == 1);
    end_run(&r);
    const char *argv[] = { "/bin/sh", "-c", "ulimit -t 0; while :; do :; done", NULL };
    const char *unused[4];
    lar_child child = shell_child(unused, "");
    child.argv = argv;
    r = run_in_folder(child);
    assert_int_equal(r.status, LAR_EFORMAT);
    assert_true(strstr(lar_error(), "'sh'") && strstr(lar_error(), "KILL"));
    end_run(&r);
}

static void its_time_is_limited(void **state)
{
    (void)state;
    const char *argv[4];
    const char *const scripts[] = { "exec sleep 1000", "while :; do :; done",
                                    "trap '' TERM INT HUP; sleep 1000; sleep 1000",
                                    "sleep 1000 & sleep 1000 & wait" };
    for (int n = 0; n < 4; n++) {
        lar_child child = shell_child(argv, scripts[n]);
        child.seconds = 0.3;
        run r = run_in_folder(child);
        assert_int_equal(r.status, LAR_EFORMAT);
        assert_non_null(strstr(lar_error(), "had not ended after 0.3 s"));
        end_run(&r);
    }
}

/* Whoever keeps the output open does not keep us: the group ends with its first process. */
static void what_it_starts_ends_with_it(void **state)
{
    (void)state;
    run r = run_shell("sleep 1000 & echo $!");
    assert_int_equal(r.status, LAR_OK);
    int64_t process;
    assert_true(lar_text_ends(r.printed.at, "\n"));
    r.printed.at[r.printed.length - 1] = 0;
    assert_true(lar_parse_int(&process, r.printed.at));
    char path[64];
    snprintf(path, sizeof path, "/proc/%lld/cmdline", (long long)process);
    for (int n = 0; n < 200; n++) { /* its new parent reaps it when it likes: an empty cmdline */
        const int file = open(path, O_RDONLY);
        char byte;
        const bool gone = file < 0 || read(file, &byte, 1) <= 0;
        if (file >= 0) close(file);
        if (gone) break;
        if (n == 199) fail_msg("process %lld runs on", (long long)process);
        usleep(10000);
    }
    end_run(&r);
}

static void endless_output_is_cut(void **state)
{
    (void)state;
    const char *argv[4];
    lar_child child = shell_child(argv, "while :; do echo 0123456789012345678901234567890; done");
    child.seconds = 0.5;
    run r = run_in_folder(child);
    assert_int_equal(r.status, LAR_EFORMAT);
    assert_int_equal(r.printed.length, 4096);
    end_run(&r);
}

static void a_fork_bomb_fizzles(void **state)
{
    (void)state;
    const char *argv[4];
    /* fifty, not without end: where the kernel has no filter, they live until the time is up */
    lar_child child = shell_child(
        argv, "n=0; while [ $n -lt 50 ]; do sleep 1000 & n=$((n+1)); done; wait; echo forked");
    child.starts = false;
    child.seconds = 2;
    run r = run_in_folder(child);
    assert_null(strstr(lar_text_get(&r.printed), "forked"));
    end_run(&r);
}

static void files_and_memory_are_limited(void **state)
{
    (void)state;
    run r = run_shell("exec head -c 3000000 /dev/zero >big");
    /* without the cage's read of /dev/zero there is nothing to write */
    if (r.status == LAR_OK) assert_int_not_equal(r.exit_status, 0);
    end_run(&r);
    r = run_shell("exec head -c 3000000 /bin/sh /usr/bin/env /usr/bin/sort /usr/bin/tail "
                  "/usr/lib/x86_64-linux-gnu/libc.so.6 >big");
    assert_true(r.status == LAR_EFORMAT || r.exit_status != 0);
    if (r.status == LAR_EFORMAT)
        assert_non_null(strstr(lar_error(), "wrote a file of more than 1 MB"));
    end_run(&r);
    const char *argv[4];
    lar_child child = shell_child(argv, "ulimit -v; ulimit -n; ulimit -c");
    run limits = run_in_folder(child);
    assert_string_equal(lar_text_get(&limits.printed), "1048576\n64\n0\n");
    end_run(&limits);
}

/* Landlock and seccomp, where this kernel has them. */
static void it_sees_and_changes_nothing_else(void **state)
{
    (void)state;
    const char *folder = check_folder(), *argv[4];
    char script[512], path[128], secret[128];
    snprintf(path, sizeof path, "%s/given", folder);
    snprintf(secret, sizeof secret, "%s/secret", folder);
    CHECK_OK(lar_file_write(path, "given\n", 6, false));
    CHECK_OK(lar_file_write(secret, "secret\n", 7, false));
    snprintf(script, sizeof script,
             "cat %s; cat %s 2>/dev/null; echo x >>%s; echo y >own && cat own; cat /etc/hostname",
             path, secret, path);
    const char *const reads[] = { path, NULL };
    lar_child child = shell_child(argv, script);
    child.reads = reads;
    run r = run_in_folder(child);
    const char *printed = lar_text_get(&r.printed);
    assert_true(lar_text_starts(printed, "given\n"));
    assert_non_null(strstr(printed, "y\n"));
    char *bytes;
    size_t count;
    CHECK_OK(lar_file_read(&bytes, &count, path, 100));
    const bool caged = count == 6;
    lar_free(bytes);
    if (caged) assert_null(strstr(printed, "secret\n"));
    if (!caged) printf("skipped: this kernel has no Landlock\n");
    end_run(&r);
    check_folder_remove(folder);
}

static void what_cannot_start_is_told(void **state)
{
    (void)state;
    const char *const absent[] = { "/nonexistent/program", NULL };
    const char *const text[] = { "/etc/passwd", NULL };
    const char *const relative[] = { "sh", NULL };
    const char *unused[4];
    lar_child child = shell_child(unused, "");
    child.argv = absent;
    run r = run_in_folder(child);
    assert_int_equal(r.status, LAR_EUNSUPPORTED);
    assert_non_null(strstr(lar_error(), "cannot start '/nonexistent/program': No such file"));
    end_run(&r);
    child.argv = text;
    r = run_in_folder(child);
    assert_int_equal(r.status, LAR_EUNSUPPORTED);
    end_run(&r);
    child.argv = relative;
    r = run_in_folder(child);
    assert_int_equal(r.status, LAR_EINTERNAL);
    end_run(&r);
}

static bool stop_at_third(void *user, const char *stage, double fraction)
{
    (void)stage;
    (void)fraction;
    return ++*(int *)user < 3;
}

/* A process that ignores SIGCHLD has no children to wait for. */
static void ignored_children_are_an_error(void **state)
{
    (void)state;
    void (*before)(int) = signal(SIGCHLD, SIG_IGN);
    run r = run_shell("exit 3");
    signal(SIGCHLD, before);
    assert_int_equal(r.status, LAR_EIO);
    assert_non_null(strstr(lar_error(), "SIGCHLD"));
    end_run(&r);
}

static void a_stop_kills_it(void **state)
{
    (void)state;
    const char *argv[4];
    int asked = 0;
    lar_child child = shell_child(argv, "sleep 1000");
    child.progress = (lar_progress){ stop_at_third, &asked };
    run r = run_in_folder(child);
    assert_int_equal(r.status, LAR_ESTOPPED);
    assert_int_equal(asked, 3);
    end_run(&r);
}

static void odd_things_in_the_folder_go_too(void **state)
{
    (void)state;
    const char *folder = check_folder();
    char path[128], script[1024];
    snprintf(path, sizeof path, "%s/kept", folder);
    CHECK_OK(lar_file_write(path, "kept", 4, false));
    snprintf(script, sizeof script,
             "mkfifo pipe; ln -s %s link; ln -s / root; ln -s absent broken; mkdir -p a/b/c/d; "
             "ln -s %s a/b/link; echo x >a/b/c/file; mkdir ' -rf' '.hidden'; echo >'a\nb'; "
             "n=0; while [ $n -lt 300 ]; do mkdir deep && cd deep; n=$((n+1)); done; "
             "cd $HOME; mkdir -p shut/in; echo >shut/in/f; chmod 0 shut/in shut; chmod 0 .",
             folder, folder);
    run r = run_shell(script);
    assert_int_equal(r.status, LAR_OK);
    assert_int_equal(r.exit_status, 0);
    end_run(&r);
    assert_true(lar_path_exists(path));
    check_folder_remove(folder);
}

static void private_folders_are_private(void **state)
{
    (void)state;
    lar_text path = { 0 };
    struct stat about;
    const char *folder = check_folder();
    setenv("TMPDIR", folder, 1);
    CHECK_OK(lar_folder_private(&path));
    assert_true(lar_text_starts(lar_text_get(&path), folder));
    assert_int_equal(stat(lar_text_get(&path), &about), 0);
    assert_int_equal(about.st_mode & 0777, 0700);
    lar_folder_remove(lar_text_get(&path));
    lar_folder_remove(lar_text_get(&path)); /* absent is fine */
    setenv("TMPDIR", "/nonexistent", 1);
    CHECK_FAILS(lar_folder_private(&path), LAR_EEXISTS, "try to set TMPDIR");
    unsetenv("TMPDIR");
    lar_text_clear(&path);
    check_folder_remove(folder);
}

static lar_status one_of_many(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    int *done = arg;
    (void)end;
    char script[64], wanted[16];
    const char *argv[4];
    lar_text folder = { 0 }, printed = { 0 };
    int exit_status;
    lar_status status = LAR_OK;
    snprintf(script, sizeof script, "echo %lld >f; cat f; exit %lld", (long long)begin,
             (long long)begin % 100);
    snprintf(wanted, sizeof wanted, "%lld\n", (long long)begin);
    LAR_TRY(lar_folder_private(&folder));
    lar_child child = shell_child(argv, script);
    child.folder = lar_text_get(&folder);
    LAR_TRY(lar_child_run(&exit_status, &printed, &child));
    done[piece] = exit_status == begin % 100 && lar_text_is(lar_text_get(&printed), wanted);
    lar_folder_remove(lar_text_get(&folder));
done:
    lar_text_clear(&folder);
    lar_text_clear(&printed);
    return status;
}

static void many_run_at_once(void **state)
{
    (void)state;
    int done[160] = { 0 };
    lar_threads_set(8);
    CHECK_OK(lar_parallel(160, 1, one_of_many, done));
    lar_threads_set(0);
    for (int n = 0; n < 160; n++) assert_true(done[n]);
    assert_true(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exit_status_and_output_are_told),
        cmocka_unit_test(arguments_pass_as_they_are),
        cmocka_unit_test(the_environment_is_its_own),
        cmocka_unit_test(no_open_file_is_passed_on),
        cmocka_unit_test(a_crash_is_told_from_an_end),
        cmocka_unit_test(its_time_is_limited),
        cmocka_unit_test(what_it_starts_ends_with_it),
        cmocka_unit_test(endless_output_is_cut),
        cmocka_unit_test(a_fork_bomb_fizzles),
        cmocka_unit_test(files_and_memory_are_limited),
        cmocka_unit_test(it_sees_and_changes_nothing_else),
        cmocka_unit_test(what_cannot_start_is_told),
        cmocka_unit_test(ignored_children_are_an_error),
        cmocka_unit_test(a_stop_kills_it),
        cmocka_unit_test(odd_things_in_the_folder_go_too),
        cmocka_unit_test(private_folders_are_private),
        cmocka_unit_test(many_run_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
