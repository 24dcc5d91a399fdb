/* larmor view: images in the browser.
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <math.h>
#include <time.h>

#include "command/look/browser.h"
#include "command/look/view_find.h"

typedef struct options {
    lar_texts overlays;
    int64_t port;
    const char *listen, *token_file;
    double seconds;
    bool no_browser;
} options;

static const lar_param table[] = {
    LAR_P_TEXTS(options, overlays, "overlay", 0, "image",
                "a mask, labels or a map to lay over the images"),
    LAR_P_FLAG(options, no_browser, "no-browser", 0, "print the address alone, and open nothing"),
    LAR_P_INT(options, port, "port", 'p', "auto", 1, 65535, "number",
              "listen at this port; a free one where not given"),
    LAR_P_REAL(options, seconds, "for", 0, "auto", 0, 1e9, "seconds",
               "end by itself after this time; until ctrl-C where not given"),
    LAR_P_TEXT(options, listen, "listen", 0, "127.0.0.1", "address",
               "listen at this address of the machine; others than the loopback need --token-file"),
    LAR_P_TEXT(options, token_file, "token-file", 0, "", "file",
               "take the token from this file, which you alone may read; it is made where it is "
               "not there"),
    LAR_P_END,
};

/* The address to listen at, before anything is read. */
static lar_status check(const char **address, const options *o)
{
    *address = lar_text_is(o->listen, "localhost") ? "127.0.0.1" : o->listen;
    const lar_reach reach = lar_view_reach(*address);
    if (reach == LAR_REACH_LOOPBACK) return LAR_OK;
    if (reach == LAR_REACH_NONE) {
        const lar_status status =
            lar_fail(LAR_EARGUMENT, "'%s' is no address in numbers", o->listen);
        return lar_hint(status, "127.0.0.1, or what 'hostname -I' prints");
    }
    if (!o->token_file) {
        const lar_status status = lar_fail(
            LAR_EARGUMENT, "--listen %s lets other machines in, and needs --token-file", o->listen);
        return lar_hint(status, "ssh -L 8000:127.0.0.1:8000 on the other machine instead, and "
                                "--port 8000 here: nobody can listen in then");
    }
    lar_log(LAR_LOG_WARNING,
            "who reaches '%s' and learns the token sees the images, and what is sent is not "
            "encrypted; ssh -L is safer",
            o->listen);
    return LAR_OK;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Until ctrl-C, or the time is up. */
static void wait_for_end(const lar_call *call, double seconds)
{
    const double end = now() + seconds; /* NaN: never */
    const struct timespec moment = { .tv_nsec = 100000000 };
    while (lar_progress_say(call->progress, NULL, 0) && !(now() >= end)) nanosleep(&moment, NULL);
}

static lar_status tell(const lar_call *call, const lar_view *view)
{
    if (!call->json) {
        lar_text line = { 0 };
        lar_text_add(&line, "%s\n", lar_view_address(view));
        const lar_status status = lar_cli_print(lar_text_get(&line));
        lar_text_clear(&line);
        return status;
    }
    json_t *root = json_pack("{s:i, s:s, s:i}", "larmor", 1, "address", lar_view_address(view),
                             "port", lar_view_port(view));
    return lar_cli_print_json(root, JSON_INDENT(2));
}

static lar_status view_run(lar_call *call)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    lar_view_found found = { 0 };
    lar_view *view = NULL;
    char *token = NULL;

    const char *address;
    LAR_TRY(check(&address, o));
    LAR_TRY(lar_view_find(&found, call, &o->overlays));
    if (o->token_file) LAR_TRY(lar_view_token(&token, o->token_file));
    const lar_view_params params = { .title = found.title,
                                     .entries = found.entries,
                                     .count = found.count,
                                     .report = found.report,
                                     .address = address,
                                     .port = o->port == LAR_INT_AUTO ? 0 : o->port,
                                     .token = token };
    LAR_TRY(lar_view_open(&view, &params));
    LAR_TRY(tell(call, view));
    if (!o->no_browser && !lar_browser_open(lar_view_address(view)))
        lar_log(LAR_LOG_NOTE, "%s; open the address above in a browser", lar_error());
    if (isnan(o->seconds)) lar_log(LAR_LOG_NOTE, "ctrl-C ends it");
    wait_for_end(call, o->seconds);
done:
    lar_view_close(view);
    lar_view_found_clear(&found);
    lar_free(token);
    return status;
}

const lar_command lar_command_view = {
    .name = "view",
    .group = "look",
    .summary = "look at images in the browser",
    .about =
        "Starts a server on this machine, prints its address and opens it in the browser: three "
        "planes, the value and the place under the cross-hair, windowing by dragging, overlays, "
        "several images in step. Any format that larmor reads is shown; files are read when they "
        "are first looked at. Of a folder all images below it are a list to page through (of DICOM "
        "its series), and where larmor report or a training wrote report.html into it, that is "
        "shown too and kept fresh; a study stands for its work folder. Only this user of this "
        "machine can open it, by the token behind the # of the address, and nothing but what was "
        "named is served. It runs until ctrl-C. From another machine: ssh -L 8000:127.0.0.1:8000 "
        "HOST, there larmor view --port 8000 --no-browser, and the address that it prints.",
    .args = (const lar_arg[]){ { .name = "what",
                                 .help = "images, folders, or a study (.yaml)",
                                 .repeats = true,
                                 .is_path = true },
                               { 0 } },
    .tables = { { table, 0 } },
    .size = sizeof(options),
    .json = true,
    .examples =
        (const lar_example[]){
            { "larmor view t1.nii.gz flair.nii.gz --overlay mask.nii.gz --for 1",
              "two images side by side and a mask, for a second; leave out --for" },
            { "larmor view cohort --no-browser --for 1",
              "a folder, whose images are paged through" },
            { NULL, NULL } },
    .run = view_run,
};
