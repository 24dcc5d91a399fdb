/* The program: finds the command, runs it, says what went wrong.
 * SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <unistd.h>

#include "command/command.h"

/* sysexits, by status: what a script may do about it */
static const int exit_of[] = {
    [LAR_OK] = 0,        [LAR_EPARTIAL] = 1,      [LAR_EARGUMENT] = 2,  [LAR_EFORMAT] = 65,
    [LAR_ENOINPUT] = 66, [LAR_EUNSUPPORTED] = 69, [LAR_EINTERNAL] = 70, [LAR_EMEMORY] = 71,
    [LAR_EEXISTS] = 73,  [LAR_EIO] = 74,          [LAR_EGEOMETRY] = 65, [LAR_ENUMERIC] = 65,
    [LAR_EDEVICE] = 70,  [LAR_ESTOPPED] = 130,
};

static volatile sig_atomic_t stop_signal;

static void on_signal(int signal)
{
    stop_signal = signal;
}

typedef struct screen {
    bool quiet, terminal, drawn;
    int last_tenth;
} screen;

static bool show_progress(void *user, const char *stage, double fraction)
{
    screen *s = user;
    const int tenth = (int)(fraction * 10);
    if (s->quiet || !stage) return !stop_signal;
    if (s->terminal) {
        fprintf(stderr, "\r\033[K%3.0f %%  %s", 100 * fraction, stage);
        s->drawn = true;
    } else if (tenth != s->last_tenth) {
        fprintf(stderr, "%3.0f %%  %s\n", 100 * fraction, stage);
    }
    s->last_tenth = tenth;
    return !stop_signal;
}

static void end_progress(screen *s)
{
    if (s->drawn) fprintf(stderr, "\r\033[K");
    s->drawn = false;
}

typedef struct log_level {
    screen *screen;
    bool quiet, verbose;
} log_level;

static void show_log(void *user, lar_log_level level, const char *line)
{
    const log_level *l = user;
    if (level == LAR_LOG_DETAIL && !l->verbose) return;
    if (level == LAR_LOG_NOTE && l->quiet) return;
    end_progress(l->screen);
    fprintf(stderr, "%s%s\n", level == LAR_LOG_WARNING ? "warning: " : "", line);
}

static lar_status run_command(lar_call *call, int argc, char **argv, screen *s)
{
    lar_status status = LAR_OK;
    lar_common common;
    lar_text help = { 0 };
    log_level level;

    LAR_TRY(lar_arena_new(&call->arena));
    LAR_TRY(lar_cli_parse(call, &common, argc, argv));
    if (common.help) {
        lar_cli_help(&help, call->command);
        status = lar_cli_print(lar_text_get(&help));
        goto done;
    }
    if (common.threads != LAR_INT_AUTO) lar_threads_set((int)common.threads);
    s->quiet = call->quiet;
    level = (log_level){ .screen = s, .quiet = call->quiet, .verbose = call->verbose };
    lar_log_to(show_log, &level);
    call->progress = (lar_progress){ .fn = show_progress, .user = s };
    status = call->command->run(call);
    end_progress(s);
done:
    lar_log_to(NULL, NULL);
    lar_text_clear(&help);
    lar_arena_free(call->arena);
    return status;
}

/* "normalize" alone: its methods; anything else: the nearest name. */
static int unknown_command(const char *first, const char *second)
{
    const char *names[128];
    int count = 0, methods = 0;
    const size_t length = strlen(first);
    for (; lar_commands[count] && count < 127; count++) {
        names[count] = lar_commands[count]->name;
        if (lar_text_starts(names[count], first) && names[count][length] == ' ') methods++;
    }
    names[count] = NULL;
    if (methods && second && second[0] != '-')
        fprintf(stderr, "larmor: there is no command '%s %s'\n", first, second);
    else if (methods)
        fprintf(stderr, "larmor: '%s' needs its method\n", first);
    else
        fprintf(stderr, "larmor: there is no command '%s'\n", first);
    for (int n = 0; methods && n < count; n++)
        if (lar_text_starts(names[n], first) && names[n][length] == ' ')
            fprintf(stderr, "  try larmor %s\n", names[n]);
    const char *nearest = lar_text_nearest(first, names);
    if (!methods && nearest)
        fprintf(stderr, "  try larmor %s\n", nearest);
    else if (!methods)
        fprintf(stderr, "  try larmor, which lists them\n");
    return exit_of[LAR_EARGUMENT];
}

/* What the build, the tests and the shell ask: words that the list leaves out. */
static bool describe(lar_text *out, const char *word, const lar_command *command)
{
    if (lar_text_is(word, "man")) {
        lar_cli_man(out, command);
    } else if (lar_text_is(word, "complete")) {
        lar_cli_bash(out);
    } else if (lar_text_is(word, "commands")) {
        for (const lar_command *const *c = lar_commands; *c; c++)
            lar_text_add(out, "%s\n", (*c)->name);
    } else if (lar_text_is(word, "examples")) {
        for (const lar_command *const *c = lar_commands; *c; c++)
            for (const lar_example *e = (*c)->examples; e && e->line; e++)
                lar_text_add(out, "%s\n", e->line);
    } else if (lar_text_is(word, "--version") || lar_text_is(word, "-V")) {
        lar_text_add(out, "larmor %s\n", lar_version());
    } else if (lar_text_is(word, "help") || lar_text_is(word, "--help") ||
               lar_text_is(word, "-h")) {
        if (command)
            lar_cli_help(out, command);
        else
            lar_cli_overview(out);
    } else {
        return false;
    }
    return true;
}

static int print_text(lar_text *text)
{
    const lar_status status =
        text->failed ? lar_fail(LAR_EMEMORY, "out of memory") : lar_cli_print(lar_text_get(text));
    if (status != LAR_OK) fprintf(stderr, "larmor: %s\n", lar_error());
    lar_text_clear(text);
    return exit_of[status];
}

/* Idle threads of libgomp spin for milliseconds, which on a machine that others use too made a
 * small network 18 times slower. libgomp reads how to wait before main(), so the program starts
 * itself once more, unless the user has said how. */
static void wait_without_spinning(char **argv)
{
    char path[4096];
    if (getenv("OMP_WAIT_POLICY") || getenv("GOMP_SPINCOUNT")) return;
    const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length <= 0 || setenv("OMP_WAIT_POLICY", "passive", 1) != 0) return;
    path[length] = 0;
    execv(path, argv); /* where this fails, all works as before, only slower */
}

int main(int argc, char **argv)
{
    int words = 1;
    lar_text text = { 0 };

    wait_without_spinning(argv);
    const char *first = argc > 1 ? argv[1] : NULL, *second = argc > 2 ? argv[2] : NULL;

    if (!first) {
        lar_cli_overview(&text);
        print_text(&text);
        return exit_of[LAR_EARGUMENT];
    }
    const bool about_one = second && (lar_text_is(first, "help") || lar_text_is(first, "man"));
    const char *third = argc > 3 ? argv[3] : NULL;
    const lar_command *about = about_one ? lar_cli_find(second, third, &words) : NULL;
    if (about_one && !about) return unknown_command(second, third);
    if (describe(&text, first, about)) return print_text(&text);

    lar_call call = { .command = lar_cli_find(first, second, &words) };
    if (!call.command) return unknown_command(first, second);

    struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };
    sigaction(SIGINT, &action, NULL); /* once: a second ctrl-C ends the program at once */
    sigaction(SIGTERM, &action, NULL);
    struct sigaction hangup; /* the terminal is gone; nohup(1) has it ignored */
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
        sigaction(SIGHUP, &action, NULL);
    screen s = { .terminal = isatty(STDERR_FILENO) && !lar_text_is(getenv("TERM"), "dumb"),
                 .last_tenth = -1 };
    const lar_status status = run_command(&call, argc - 1 - words, argv + 1 + words, &s);
    if (status != LAR_OK) fprintf(stderr, "larmor %s: %s\n", call.command->name, lar_error());
    if (status == LAR_ESTOPPED && stop_signal) return 128 + stop_signal;
    return exit_of[status];
}
