/* Starts the user's browser, which is not waited for and has no part in this process: no shell, no
 * open file, no terminal.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/look/browser.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_WORDS = 16, LONGEST = 1024, LAST_FILE = 4096 };

/* The program of that name, as a shell would find it. */
static bool find_program(char out[LONGEST], const char *name)
{
    const char *path = getenv("PATH");
    if (strchr(name, '/')) {
        const int length = snprintf(out, LONGEST, "%s", name);
        return length < LONGEST && access(out, X_OK) == 0;
    }
    for (const char *at = path ? path : "/usr/bin:/bin"; *at;) {
        const size_t count = strcspn(at, ":");
        const int length = snprintf(out, LONGEST, "%.*s/%s", (int)count, at, name);
        if (count && length < LONGEST && access(out, X_OK) == 0 && !lar_path_is_folder(out))
            return true;
        at += count + (at[count] == ':');
    }
    return false;
}

/* Only calls to the system from here: other threads may hold any lock. */
static _Noreturn void become(const char *program, char *const *words)
{
    const struct sigaction plain = { .sa_handler = SIG_DFL };
    sigset_t none;
    if (fork() != 0) _Exit(0); /* the child of a child is nobody's to wait for */
    (void)setsid();
    for (int s = 1; s < NSIG; s++)
        if (s != SIGKILL && s != SIGSTOP) (void)sigaction(s, &plain, NULL);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    const int nothing = open("/dev/null", O_RDWR);
    if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(nothing, 1) < 0 || dup2(nothing, 2) < 0)
        _Exit(1);
    for (int file = 3; file < LAST_FILE; file++) (void)close(file);
    (void)execv(program, words);
    _Exit(1);
}

static bool start(const char *program, char *const *words)
{
    int code;
    const pid_t child = fork();
    if (child == 0) become(program, words);
    if (child < 0) {
        lar_fail(LAR_EIO, "the browser cannot be started: %s", strerror(errno));
        return false;
    }
    while (waitpid(child, &code, 0) < 0 && errno == EINTR) continue;
    return true;
}

static bool has_display(void)
{
    static const char *const names[] = { "DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME" };
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        const char *value = getenv(names[n]);
        if (value && *value) return true;
    }
    return false;
}

/* "firefox -P work": split at blanks; %s stands for the address. The first of several that are
 * separated by colons is taken. */
static bool open_with(const char *command, const char *address)
{
    char text[LONGEST], program[LONGEST], *words[MOST_WORDS + 2];
    int count = 0;
    bool placed = false;
    snprintf(text, sizeof text, "%.*s", (int)strcspn(command, ":"), command);
    for (char *at = text; *at && count < MOST_WORDS;) {
        at += strspn(at, " ");
        if (!*at) break;
        words[count] = at;
        at += strcspn(at, " ");
        if (*at) *at++ = 0;
        if (lar_text_is(words[count], "%s")) {
            words[count] = (char *)address;
            placed = true;
        }
        count++;
    }
    if (!placed) words[count++] = (char *)address;
    words[count] = NULL;
    if (count > 1 && find_program(program, words[0])) return start(program, words);
    lar_fail(LAR_ENOINPUT, "there is no program '%s' that opens a browser",
             count > 1 ? words[0] : command);
    return false;
}

bool lar_browser_open(const char *address)
{
    const char *wanted = getenv("BROWSER");
    if (wanted && *wanted) return open_with(wanted, address);
    if (has_display()) return open_with("xdg-open", address);
    lar_fail(LAR_ENOINPUT, "there is no display");
    return false;
}
