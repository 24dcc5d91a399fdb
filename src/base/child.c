/* Running another program apart from this one: what it was given to read may be hostile, and the
 * program may crash, hang, or write without end. Between fork and exec only system calls are made:
 * other threads of this process may hold any lock.
 * SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* pipe2 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"
#include "base/child_cage.h"

enum {
    CHILD_FILES = 64, /* that it may have open */
    ASK_MS = 50,      /* between two questions whether to go on */
};

/* All that the child needs, made before the fork. */
typedef struct start {
    const lar_child *child;
    const char *const *environment;
    int nothing, output, trouble; /* files: /dev/null, its output, why it could not start */
    int ruleset;
    pid_t parent;
} start;

static bool limit(int what, uint64_t soft, uint64_t hard)
{
    struct rlimit old, wanted = { .rlim_cur = soft, .rlim_max = hard };
    if (getrlimit((__rlimit_resource_t)what, &old) != 0) return false;
    /* what is narrower already stays so */
    if (old.rlim_max < wanted.rlim_max) wanted.rlim_max = old.rlim_max;
    if (wanted.rlim_max < wanted.rlim_cur) wanted.rlim_cur = wanted.rlim_max;
    return setrlimit((__rlimit_resource_t)what, &wanted) == 0;
}

static bool set_limits(const lar_child *c)
{
    /* time of the processor; time of the clock is watched from outside */
    const uint64_t seconds = (uint64_t)ceil(c->seconds) + 1;
    return limit(RLIMIT_CORE, 0, 0) && limit(RLIMIT_NOFILE, CHILD_FILES, CHILD_FILES) &&
           limit(RLIMIT_CPU, seconds, seconds + 1) &&
           limit(RLIMIT_FSIZE, (uint64_t)c->file, (uint64_t)c->file) &&
           limit(RLIMIT_AS, (uint64_t)c->memory, (uint64_t)c->memory);
}

/* All but the first three are closed by exec. */
static void close_others(void)
{
#ifdef SYS_close_range
    if (syscall(SYS_close_range, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */) == 0) return;
#endif
    struct rlimit most;
    const int end =
        getrlimit(RLIMIT_NOFILE, &most) == 0 && most.rlim_max < 65536 ? (int)most.rlim_max : 65536;
    for (int file = 3; file < end; file++) (void)fcntl(file, F_SETFD, FD_CLOEXEC);
}

static void default_signals(void)
{
    sigset_t none;
    const struct sigaction plain = { .sa_handler = SIG_DFL };
    for (int s = 1; s < NSIG; s++)
        if (s != SIGKILL && s != SIGSTOP) (void)sigaction(s, &plain, NULL);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void run_child(const start *s)
{
    const lar_child *c = s->child;
    int reason;
    default_signals();
    (void)setsid(); /* also a process group of its own, and no terminal */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != s->parent) _Exit(126);
    (void)umask(077);
    if (dup2(s->nothing, 0) < 0 || dup2(s->output, 1) < 0 || dup2(s->output, 2) < 0 ||
        chdir(c->folder) != 0)
        goto failed;
    close_others();
    if (!set_limits(c)) goto failed;
    lar_cage_enter(c, s->ruleset);
    (void)execve(c->argv[0], (char *const *)c->argv, (char *const *)s->environment);
failed:
    reason = errno;
    (void)!write(s->trouble, &reason, sizeof reason);
    _Exit(126);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* What is there to be read; false at the end of it. */
static bool take_output(lar_text *printed, int file, size_t most)
{
    char bytes[16384];
    const ssize_t got = read(file, bytes, sizeof bytes);
    if (got < 0) return errno == EINTR || errno == EAGAIN;
    for (ssize_t n = 0; n < got;) { /* a text ends at its first 0 byte: leave those out */
        const size_t run = strnlen(bytes + n, (size_t)(got - n));
        const size_t room = printed->length < most ? most - printed->length : 0;
        if (run && room) lar_text_add_bytes(printed, bytes + n, run < room ? run : room);
        n += (ssize_t)run + 1;
    }
    return got > 0;
}

/* Has it ended? It is not reaped yet, so that its number is not given to another. */
static bool has_ended(pid_t process)
{
    siginfo_t info = { 0 };
    if (waitid(P_PID, (id_t)process, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
        return info.si_pid != 0;
    return errno == ECHILD; /* who called us has the kernel reap children (SIGCHLD is ignored) */
}

typedef enum ending { ENDED, TIMEOUT, STOPPED } ending;

/* Until it has ended, its time is up, or somebody asks to stop. The end of its output is not waited
 * for: others that it started may keep that open. */
static ending wait_child(pid_t process, int output, lar_text *printed, const lar_child *c)
{
    const double begin = now();
    bool open = true;
#ifdef SYS_pidfd_open
    const int watch = (int)syscall(SYS_pidfd_open, process, 0);
#else
    const int watch = -1;
#endif
    ending how = ENDED;
    do { /* asks once, however soon it ends */
        const double spent = now() - begin;
        if (spent >= c->seconds) {
            how = TIMEOUT;
            break;
        }
        if (!lar_progress_say(c->progress, "waiting for another program", spent / c->seconds)) {
            how = STOPPED;
            break;
        }
        struct pollfd files[2] = { { .fd = open ? output : -1, .events = POLLIN },
                                   { .fd = watch, .events = POLLIN } };
        (void)poll(files, 2, watch >= 0 ? ASK_MS : 5);
        if (files[0].revents) open = take_output(printed, output, c->output);
    } while (!has_ended(process));
    if (watch >= 0) close(watch);
    return how;
}

/* The last of what it printed. */
static void drain(lar_text *printed, int output, size_t most)
{
    for (struct pollfd file = { .fd = output, .events = POLLIN };
         poll(&file, 1, 0) > 0 && (file.revents & POLLIN);)
        if (!take_output(printed, output, most)) break;
}

static lar_status tell(int *exit_status, int code, ending how, const lar_child *c)
{
    const char *name = lar_path_name(c->argv[0]);
    if (how == STOPPED) return lar_fail(LAR_ESTOPPED, "'%s' was stopped", name);
    if (how == TIMEOUT)
        return lar_fail(LAR_EFORMAT, "'%s' was stopped: it had not ended after %g s", name,
                        c->seconds);
    if (WIFEXITED(code)) {
        *exit_status = WEXITSTATUS(code);
        return LAR_OK;
    }
    const int signal = WTERMSIG(code);
    char words[LAR_BYTES_WORDS];
    lar_bytes_words(words, (double)c->file);
    if (signal == SIGXFSZ)
        return lar_fail(LAR_EFORMAT, "'%s' was stopped: it wrote a file of more than %s", name,
                        words);
    if (signal == SIGXCPU)
        return lar_fail(LAR_EFORMAT, "'%s' was stopped: it computed without end", name);
    return lar_fail(LAR_EFORMAT, "'%s' crashed (signal %d, %s)", name, signal,
                    sigabbrev_np(signal) ? sigabbrev_np(signal) : "unknown");
}

static lar_status watch(int *exit_status, lar_text *printed, pid_t process, int output, int trouble,
                        const lar_child *c)
{
    int reason = 0, code = 0;
    const bool refused = read(trouble, &reason, sizeof reason) == (ssize_t)sizeof reason;
    const ending how = wait_child(process, output, printed, c);
    /* its group first: while it is not reaped, the number is its own */
    (void)kill(-process, SIGKILL);
    (void)kill(process, SIGKILL);
    pid_t reaped;
    while ((reaped = waitpid(process, &code, 0)) < 0 && errno == EINTR) continue;
    drain(printed, output, c->output);
    if (refused)
        return lar_fail(LAR_EUNSUPPORTED, "cannot start '%s': %s", c->argv[0], strerror(reason));
    if (printed->failed) return lar_fail(LAR_EMEMORY, "out of memory");
    if (reaped < 0 && how == ENDED)
        return lar_fail(LAR_EIO, "cannot tell how '%s' ended: this process ignores SIGCHLD",
                        c->argv[0]);
    return tell(exit_status, code, how, c);
}

static lar_status make_environment(const char *out[6], lar_arena *arena, const lar_child *c)
{
    out[0] = "PATH=/usr/bin:/bin";
    out[1] = "LC_ALL=C";
    out[2] = "OMP_NUM_THREADS=1"; /* files are read by many threads of ours already */
    out[3] = lar_arena_format(arena, "HOME=%s", c->folder);
    out[4] = lar_arena_format(arena, "TMPDIR=%s", c->folder);
    out[5] = NULL;
    return out[3] && out[4] ? LAR_OK : LAR_EMEMORY;
}

lar_status lar_child_run(int *exit_status, lar_text *printed, const lar_child *child)
{
    lar_status status = LAR_OK;
    lar_arena *arena = NULL;
    const char *environment[6];
    int output[2] = { -1, -1 }, trouble[2] = { -1, -1 };
    start s = { .child = child, .environment = environment, .nothing = -1, .ruleset = -1 };

    *exit_status = -1;
    if (child->argv[0][0] != '/' || child->folder[0] != '/')
        return lar_fail(LAR_EINTERNAL, "'%s' is no absolute path", child->argv[0]);
    LAR_TRY(lar_arena_new(&arena));
    LAR_TRY(make_environment(environment, arena, child));
    s.nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (s.nothing < 0 || pipe2(output, O_CLOEXEC) != 0 || pipe2(trouble, O_CLOEXEC) != 0) {
        status = lar_fail(LAR_EIO, "cannot start '%s': %s", child->argv[0], strerror(errno));
        goto done;
    }
    s.output = output[1];
    s.trouble = trouble[1];
    s.ruleset = lar_cage_new(child);
    s.parent = getpid();
    const pid_t process = fork();
    if (process == 0) run_child(&s);
    if (process < 0) {
        status = lar_fail(LAR_EIO, "cannot start '%s': %s", child->argv[0], strerror(errno));
        goto done;
    }
    close(output[1]);
    close(trouble[1]);
    output[1] = trouble[1] = -1;
    status = watch(exit_status, printed, process, output[0], trouble[0], child);
done:
    for (int n = 0; n < 2; n++) {
        if (output[n] >= 0) close(output[n]);
        if (trouble[n] >= 0) close(trouble[n]);
    }
    if (s.nothing >= 0) close(s.nothing);
    if (s.ruleset >= 0) close(s.ruleset);
    lar_arena_free(arena);
    return status;
}
