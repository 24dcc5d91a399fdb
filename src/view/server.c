/* The server: who asks for what, and which part answers.
 * SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "image/image.h"
#include "view/secret.h"
#include "view/server.h"

/* Reading a compressed file keeps one processor busy; more readers than that would only keep more
 * files in memory at once. */
enum { READERS = 2, DRAWERS = 3, AHEAD = 4 };

static const lar_view_file *find_file(const char *path)
{
    for (const lar_view_file *file = lar_view_files; file->path; file++)
        if (lar_text_is(file->path, path)) return file;
    return NULL;
}

static void release_block(void *owner)
{
    lar_free(owner);
}

static void answer_niivue(lar_view *view, lar_exchange *exchange, const lar_http_request *request)
{
    const char *type = "text/javascript; charset=utf-8";
    const lar_niivue *n = &view->niivue;
    if (lar_accepts_gzip(request->accepts)) {
        const lar_view_file file = {
            .type = type, .tag = n->tag, .bytes = (const unsigned char *)n->bytes, .count = n->count
        };
        lar_answer_file(exchange, request, &file, true);
        return;
    }
    unsigned char *block;
    size_t count;
    const lar_gzip_ask ask = { .name = "niivue.js.gz", .limit = 64 << 20 };
    const lar_status status = lar_gzip_inflate(&block, &count, n->bytes, n->count, &ask);
    if (status != LAR_OK) {
        lar_answer_status(exchange, status);
        return;
    }
    const lar_bytes parts[2] = { { block, count }, { NULL, 0 } };
    lar_answer_bytes(exchange, type, NULL, parts, release_block, block);
}

static void answer_file(lar_view *view, lar_exchange *exchange, const lar_http_request *request,
                        const char *path)
{
    const lar_view_file *file = find_file(path);
    if (file) {
        lar_answer_file(exchange, request, file, false);
    } else if (view->niivue.bytes && lar_text_is(path, "/niivue.js")) {
        answer_niivue(view, exchange, request);
    } else {
        lar_fail(LAR_ENOINPUT, "there is nothing at this address");
        lar_answer_failure(exchange, 404, NULL);
    }
}

static void answer_list(lar_view *view, lar_exchange *exchange)
{
    static const char *const roles[] = { "image", "overlay", "page" };
    json_t *entries = json_array();
    for (int64_t n = 0; n < lar_shelf_count(view->shelf); n++) {
        const lar_view_entry *entry = lar_shelf_entry(view->shelf, n);
        json_array_append_new(entries,
                              json_pack("{s:I, s:o, s:s}", "id", (json_int_t)n, "name",
                                        lar_view_words(entry->name), "role", roles[entry->role]));
    }
    json_t *windows = json_object();
    for (int n = 0; lar_window_names[n]; n++)
        json_object_set_new(windows, lar_window_names[n],
                            json_pack("[f, f]", lar_window_limits[n][0], lar_window_limits[n][1]));
    const bool report = view->report && lar_path_exists(view->report);
    lar_answer_json(exchange, 200,
                    json_pack("{s:i, s:s, s:o, s:b, s:b, s:o, s:o}", "larmor", 1, "version",
                              lar_version(), "title", lar_view_words(view->title), "niivue",
                              view->niivue.bytes != NULL, "report", report, "ct_windows", windows,
                              "entries", entries));
}

/* The page will ask for what it shows at once; while the browser gets ready to, that is read. */
static void read_ahead(lar_view *view)
{
    int64_t ahead = 0;
    for (int64_t n = 0; n < lar_shelf_count(view->shelf) && ahead < AHEAD; n++) {
        const bool page = lar_shelf_entry(view->shelf, n)->role == LAR_VIEW_PAGE;
        if (page && n > 0) continue;
        lar_errand_ahead(view, n);
        ahead++;
    }
}

static void open_session(lar_view *view, lar_exchange *exchange, const lar_http_request *request)
{
    size_t count = request->body_count; /* a file of one line ends with a newline */
    while (count && (request->body[count - 1] == '\n' || request->body[count - 1] == '\r')) count--;
    if (!lar_guard_knows(&view->guard, request->body, count)) {
        lar_fail(LAR_EARGUMENT, "this is not the token");
        lar_hint(LAR_EARGUMENT, "the whole address that larmor view printed last");
        lar_answer_failure(exchange, 403, NULL);
    } else if (!lar_peer_is_own(request->peer)) {
        lar_fail(LAR_EARGUMENT, "the token is that of another user of this machine");
        lar_answer_failure(exchange, 403, NULL);
    } else {
        lar_answer_session(exchange, &view->guard);
        read_ahead(view);
    }
}

static void look_at(lar_view *view, lar_exchange *exchange, const lar_http_request *request)
{
    lar_target target;
    lar_error_set("");
    const lar_status status = lar_target_read(&target, request->target);
    char sentence[256];
    snprintf(sentence, sizeof sentence, "%s", lar_error());
    if (status != LAR_OK) target = (lar_target){ .ask = LAR_ASK_FILE };
    int code = lar_guard_judge(&view->guard, &request->asker, &target);
    if (code == 0 && status != LAR_OK) {
        lar_error_set(sentence);
        code = status == LAR_EARGUMENT ? 400 : 404;
    }
    if (code) {
        lar_answer_failure(exchange, code,
                           code != 405                     ? NULL
                           : target.ask == LAR_ASK_SESSION ? "POST"
                                                           : "GET, HEAD");
        return;
    }
    if (target.ask != LAR_ASK_FILE && target.ask != LAR_ASK_SESSION) lar_http_trust(exchange);
    if (view->ends) {
        lar_answer_status(exchange, lar_fail(LAR_ESTOPPED, "larmor view ends"));
        return;
    }
    const int64_t count = lar_shelf_count(view->shelf);
    if (target.ask >= LAR_ASK_ABOUT && (target.id >= count || target.over >= count)) {
        lar_fail(LAR_ENOINPUT, "there is no image of this number");
        lar_answer_failure(exchange, 404, NULL);
        return;
    }
    switch (target.ask) {
    case LAR_ASK_FILE:
        answer_file(view, exchange, request, target.file);
        break;
    case LAR_ASK_SESSION:
        open_session(view, exchange, request);
        break;
    case LAR_ASK_LIST:
        answer_list(view, exchange);
        break;
    default:
        lar_errand_start(view, exchange, &target);
    }
}

static void ask(void *user, lar_exchange *exchange, const lar_http_request *request)
{
    lar_view *view = user;
    pthread_mutex_lock(&view->lock);
    look_at(view, exchange, request);
    pthread_mutex_unlock(&view->lock);
}

static lar_status set_guard(lar_view *view, const lar_view_params *params, const char *address)
{
    lar_guard *g = &view->guard;
    lar_status status = lar_secret_new(g->session);
    if (status != LAR_OK) return status;
    snprintf(g->address, sizeof g->address, "%s", address);
    if (lar_view_reach(address) == LAR_REACH_OTHERS &&
        gethostname(g->host, sizeof g->host - 1) != 0)
        g->host[0] = 0;
    for (char *c = g->host; *c; c++) /* as browsers write it */
        if (*c >= 'A' && *c <= 'Z') *c = (char)(*c - 'A' + 'a');
    if (!params->token) return lar_secret_new(g->token);
    if (strlen(params->token) >= sizeof g->token)
        return lar_fail(LAR_EARGUMENT, "a token has at most %zu letters", sizeof g->token - 1);
    snprintf(g->token, sizeof g->token, "%s", params->token);
    return LAR_OK;
}

static lar_status copy_words(lar_view *view, const lar_view_params *params)
{
    lar_status status = lar_arena_new(&view->arena);
    if (status != LAR_OK) return status;
    const lar_guard *g = &view->guard;
    const bool everywhere = lar_text_is(g->address, "0.0.0.0") || lar_text_is(g->address, "::");
    const char *shown = everywhere && *g->host ? g->host : g->address;
    const bool v6 = strchr(shown, ':');
    view->title = lar_arena_format(view->arena, "%s", params->title ? params->title : "larmor");
    view->report = params->report ? lar_arena_format(view->arena, "%s", params->report) : NULL;
    view->address = lar_arena_format(view->arena, v6 ? "http://[%s]:%d/#%s" : "http://%s:%d/#%s",
                                     shown, g->port, g->token);
    return view->title && view->address && (view->report || !params->report) ? LAR_OK : LAR_EMEMORY;
}

lar_status lar_view_open(lar_view **out, const lar_view_params *params)
{
    lar_status status = LAR_OK;
    const char *address = params->address ? params->address : "127.0.0.1";
    int socket = -1;
    lar_view *view = lar_alloc(1, sizeof *view);

    *out = NULL;
    if (!view) return LAR_EMEMORY;
    pthread_mutex_init(&view->lock, NULL);
    (void)lar_threads_get(); /* decided now, by one thread */
    LAR_TRY(set_guard(view, params, address));
    view->guard.port = (int)params->port;
    LAR_TRY(lar_listen(&socket, &view->guard.port, address));
    LAR_TRY(copy_words(view, params));
    LAR_TRY(lar_crew_new(&view->readers, READERS));
    LAR_TRY(lar_crew_new(&view->drawers, DRAWERS));
    LAR_TRY(lar_shelf_new(&view->shelf, params, view->readers, view->drawers));
    lar_niivue_load(&view->niivue);
    const int listening = socket;
    socket = -1;
    LAR_TRY(lar_http_open(&view->http, listening, ask, view));
    *out = view;
    view = NULL;
done:
    if (socket >= 0) close(socket);
    lar_view_close(view);
    return status;
}

const char *lar_view_address(const lar_view *view)
{
    return view->address;
}

int lar_view_port(const lar_view *view)
{
    return view->guard.port;
}

void lar_view_close(lar_view *view)
{
    if (!view) return;
    pthread_mutex_lock(&view->lock);
    view->ends = true;
    pthread_mutex_unlock(&view->lock);
    if (view->http) lar_http_quiet(view->http);
    if (view->shelf) lar_shelf_stop(view->shelf);
    lar_crew_free(view->readers); /* all that waits is answered */
    lar_crew_free(view->drawers);
    lar_http_close(view->http);
    lar_shelf_free(view->shelf);
    lar_free(view->niivue.bytes);
    lar_arena_free(view->arena);
    pthread_mutex_destroy(&view->lock);
    lar_free(view);
}
