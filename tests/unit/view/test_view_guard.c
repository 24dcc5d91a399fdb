/* Who is answered: of all combinations of host, origin, what the browser says, method and cookie,
 * the good ones; and no path leads to another file.
 * SPDX-License-Identifier: Apache-2.0 */
#include <sys/stat.h>

#include "codec/codec.h"
#include "math/math.h"
#include "view_client.h"

static const char canary[] = "CANARY-5f2d1c";

typedef struct fixture {
    client c;
    char folder[64];
} fixture;

static int open_fixture(void **state)
{
    static fixture f;
    char path[128], beside[128];
    snprintf(f.folder, sizeof f.folder, "%s", check_folder());
    snprintf(path, sizeof path, "%s/t1.nii", f.folder);
    make_image(path, 6);
    snprintf(beside, sizeof beside, "%s/canary.txt", f.folder);
    CHECK_OK(lar_file_write(beside, canary, strlen(canary), false));
    const lar_view_entry entry = { .name = "t1.nii", .path = path };
    client_open(&f.c, &(lar_view_params){ .title = "t1", .entries = &entry, .count = 1 });
    *state = &f;
    return 0;
}

static int close_fixture(void **state)
{
    fixture *f = *state;
    client_close(&f->c);
    check_folder_remove(f->folder);
    return 0;
}

static int ask_as(const client *c, const char *method, const char *target, const char *host,
                  const char *more)
{
    char text[2048];
    const int length =
        snprintf(text, sizeof text,
                 "%s %s HTTP/1.1\r\nHost: %s\r\nCookie: a=b; %s\r\nConnection: close\r\n%s\r\n",
                 method, target, host, c->cookie, more);
    reply r = exchange_bytes(c, text, (size_t)length);
    const int code = r.code;
    if (r.bytes && strstr(r.bytes, "Access-Control")) fail_msg("a header of CORS");
    forget(&r);
    return code;
}

/* Five hosts, four origins, four words of the browser, five methods. */
static void test_combinations(void **state)
{
    const client *c = &((fixture *)*state)->c;
    char local[32], other_port[32], origin[64], other_origin[64];
    snprintf(local, sizeof local, "localhost:%d", c->port);
    snprintf(other_port, sizeof other_port, "127.0.0.1:%d", c->port == 80 ? 81 : c->port - 1);
    snprintf(origin, sizeof origin, "http://127.0.0.1:%d", c->port);
    snprintf(other_origin, sizeof other_origin, "https://127.0.0.1:%d", c->port);
    const char *const hosts[] = { c->host, local, other_port, "evil.test", "127.0.0.1" };
    const char *const origins[] = { "", origin, "null", other_origin, "http://evil.test" };
    const char *const sites[] = { "", "same-origin", "none", "same-site", "cross-site" };
    const char *const methods[] = { "GET", "HEAD", "PUT", "DELETE", "OPTIONS" };
    int good = 0, all = 0;
    for (int h = 0; h < 5; h++)
        for (int o = 0; o < 5; o++)
            for (int s = 0; s < 5; s++)
                for (int m = 0; m < 5; m++) {
                    char more[256] = "";
                    if (*origins[o]) snprintf(more, sizeof more, "Origin: %s\r\n", origins[o]);
                    if (*sites[s])
                        snprintf(more + strlen(more), sizeof more - strlen(more),
                                 "Sec-Fetch-Site: %s\r\n", sites[s]);
                    /* its origin is that of the host it was asked by */
                    const bool own = o == 0 || (o == 1 && h == 0);
                    const int expected = h > 1 ? 421 : !own || s > 2 ? 403 : m > 1 ? 405 : 200;
                    const int code = ask_as(c, methods[m], "/list", hosts[h], more);
                    if (code != expected)
                        fail_msg("%s by %s, origin '%s', site '%s': %d, expected %d", methods[m],
                                 hosts[h], origins[o], sites[s], code, expected);
                    good += code == 200;
                    all++;
                }
    assert_int_equal(all, 625);
    assert_int_equal(good, 2 * 3 * (2 + 1)); /* method x site x (own host and origins, localhost) */
}

/* A link elsewhere may open the page, and nothing else. */
static void test_navigation(void **state)
{
    const client *c = &((fixture *)*state)->c;
    const char *const visit = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n"
                              "Sec-Fetch-Dest: document\r\n";
    const char *const frame = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n"
                              "Sec-Fetch-Dest: iframe\r\n";
    assert_int_equal(ask_as(c, "GET", "/", c->host, visit), 200);
    assert_int_equal(ask_as(c, "GET", "/", c->host, frame), 403);
    assert_int_equal(ask_as(c, "GET", "/list", c->host, visit), 403);
    assert_int_equal(ask_as(c, "GET", "/view.js", c->host, visit), 403);
    assert_int_equal(ask_as(c, "POST", "/session", c->host, visit), 403);
    assert_int_equal(ask_as(c, "POST", "/", c->host, visit), 403);
}

static void test_token(void **state)
{
    const client *c = &((fixture *)*state)->c;
    static const char *const secret[] = { "/list",        "/about/0", "/volume/0.nii",
                                          "/slice/0.png", "/report",  "/value/0?at=0,0,0" };
    char wrong[64];
    for (size_t n = 0; n < sizeof secret / sizeof *secret; n++) {
        reply r = ask_with(c, "GET", secret[n], "");
        assert_int_equal(r.code, 401);
        assert_non_null(strstr(r.body, "token"));
        forget(&r);
        snprintf(wrong, sizeof wrong, "Cookie: larmor-%d=%032d\r\n", c->port, 0);
        r = ask_with(c, "GET", secret[n], wrong);
        assert_int_equal(r.code, 401);
        forget(&r);
    }
    snprintf(wrong, sizeof wrong, "%s", c->token);
    wrong[31] = wrong[31] == '0' ? '1' : '0';
    const char *const tokens[] = { "", wrong, "0", c->cookie };
    for (size_t n = 0; n < 4; n++) {
        reply r = post_token(c, tokens[n]);
        if (r.code != 403) fail_msg("token '%s': %d", tokens[n], r.code);
        assert_null(strstr(r.bytes, "Set-Cookie"));
        forget(&r);
    }
    wrong[31] = 0; /* the beginning of one is none */
    reply r = post_token(c, wrong);
    assert_int_equal(r.code, 403);
    forget(&r);
    r = ask_with(c, "GET", "/session", "");
    assert_int_equal(r.code, 405);
    assert_non_null(strstr(r.bytes, "Allow: POST"));
    forget(&r);
    assert_int_equal(strlen(c->token), 32);
    assert_null(strstr(c->cookie, c->token));
}

static void test_headers(void **state)
{
    const client *c = &((fixture *)*state)->c;
    static const char *const targets[] = { "/", "/list", "/volume/0.nii", "/slice/0.png",
                                           "/nothing" };
    static const char *const wanted[] = { "Content-Security-Policy: default-src 'none'",
                                          "frame-ancestors 'none'",
                                          "X-Content-Type-Options: nosniff",
                                          "Cross-Origin-Resource-Policy: same-origin",
                                          "Referrer-Policy: no-referrer" };
    for (size_t n = 0; n < sizeof targets / sizeof *targets; n++) {
        reply r = fetch(c, targets[n]);
        assert_int_equal(r.code, n < 4 ? 200 : 404);
        for (size_t w = 0; w < sizeof wanted / sizeof *wanted; w++)
            if (!strstr(r.bytes, wanted[w])) fail_msg("%s lacks '%s'", targets[n], wanted[w]);
        assert_null(strstr(r.bytes, "unsafe"));
        assert_null(strstr(r.bytes, "Access-Control"));
        if (n > 0) assert_non_null(strstr(r.bytes, "Cache-Control: no-store"));
        forget(&r);
    }
    /* a part of the page that the browser has already */
    reply r = fetch(c, "/");
    char tag[128];
    const char *at = strstr(r.bytes, "ETag: ");
    assert_non_null(at);
    snprintf(tag, sizeof tag, "If-None-Match: %.*s\r\n", (int)strcspn(at + 6, "\r"), at + 6);
    forget(&r);
    r = ask_with(c, "GET", "/", tag);
    assert_int_equal(r.code, 304);
    assert_int_equal(r.body_count, 0);
    forget(&r);
    /* HEAD says the length and sends nothing */
    char cookie[192];
    snprintf(cookie, sizeof cookie, "Cookie: %s\r\n", c->cookie);
    r = ask_with(c, "HEAD", "/volume/0.nii", cookie);
    assert_int_equal(r.code, 200);
    assert_non_null(strstr(r.bytes, "Content-Length: 784"));
    assert_int_equal(r.body_count, 0);
    forget(&r);
}

/* NiiVue is served where it is installed, compressed for who takes it so. */
static void test_niivue(void **state)
{
    const client *c = &((fixture *)*state)->c;
    lar_text path = { 0 };
    const bool there = lar_view_niivue(&path) == LAR_OK;
    reply r = fetch(c, "/list");
    assert_non_null(strstr(r.body, there ? "\"niivue\":true" : "\"niivue\":false"));
    forget(&r);
    r = ask_with(c, "GET", "/niivue.js", "Accept-Encoding: gzip, br\r\n");
    assert_int_equal(r.code, there ? 200 : 404);
    if (there) {
        assert_non_null(strstr(r.bytes, "Content-Encoding: gzip"));
        assert_non_null(strstr(r.bytes, "Content-Type: text/javascript"));
        assert_true(lar_gzip_is(r.body, r.body_count));
        reply plain = ask_with(c, "GET", "/niivue.js", "Accept-Encoding: br, gzip;q=0\r\n");
        assert_int_equal(plain.code, 200);
        assert_null(strstr(plain.bytes, "Content-Encoding"));
        assert_true(plain.body_count > r.body_count);
        forget(&plain);
    }
    forget(&r);
    lar_text_clear(&path);
}

static void expect_nothing(const client *c, const char *target)
{
    reply r = fetch(c, target);
    for (size_t n = 0; n + strlen(canary) <= r.count; n++)
        if (memcmp(r.bytes + n, canary, strlen(canary)) == 0)
            fail_msg("'%s' shows another file", target);
    if (r.code == 200) fail_msg("'%s' is answered", target);
    forget(&r);
}

/* Words that have led out of other servers, in every order that chance gives. */
static void test_paths(void **state)
{
    const fixture *f = *state;
    static const char *const pieces[] = {
        "/",     "..",     ".",      "%2e",    "%2E%2e", "%2f",   "%5c",   "\\",      "//",
        "%00",   "canary", ".txt",   "volume", "slice",  "about", "0",     ".nii",    ".png",
        "-1",    "1",      "etc",    "passwd", "?",      "at=",   "&",     "over=",   "%c0%af",
        "..%2f", "%252e",  "report", "proc",   "self",   "fd",    "file:", "http://", "#"
    };
    char named[256], target[1024];
    const char *const known[] = { "/canary.txt",
                                  "/../canary.txt",
                                  "/volume/../canary.txt",
                                  "/volume/0.nii/../../canary.txt",
                                  "/%2e%2e/canary.txt",
                                  "/volume/0.nii%00.txt",
                                  "/view.html%00.js",
                                  "//canary.txt",
                                  "/volume/00.nii",
                                  "/volume/+0.nii",
                                  "/volume/-1.nii",
                                  "/volume/1.nii",
                                  "/volume/0.nii.gz",
                                  "/volume/0",
                                  "/about/0/",
                                  "/about/4294967296",
                                  "/about/0x0",
                                  "/volume/0.nii/",
                                  "/about/",
                                  "/volume/99999999999999999999.nii",
                                  "/list/",
                                  "/LIST" };
    for (size_t n = 0; n < sizeof known / sizeof *known; n++) expect_nothing(&f->c, known[n]);
    snprintf(named, sizeof named, "%s/canary.txt", f->folder);
    expect_nothing(&f->c, named);
    for (int64_t n = 0; n < 5000; n++) {
        uint32_t bits[4];
        lar_random_bits(bits, 11, 1, (uint64_t)n);
        const int count = 1 + (int)(bits[0] % 6);
        snprintf(target, sizeof target, "/");
        for (int p = 0; p < count; p++) {
            uint32_t more[4];
            lar_random_bits(more, 11, 2 + (uint64_t)p, (uint64_t)n);
            const char *piece =
                more[0] % 40 == 0 ? f->folder : pieces[more[1] % (sizeof pieces / sizeof *pieces)];
            snprintf(target + strlen(target), sizeof target - strlen(target), "%s", piece);
        }
        /* those few that are right by chance */
        if (strchr(target, '?') == target + strlen(target) - 1) continue;
        if (lar_text_is(target, "/") || strchr(target, '#') || lar_text_starts(target, "/?"))
            continue;
        expect_nothing(&f->c, target);
    }
}

static void test_odd_requests(void **state)
{
    const client *c = &((fixture *)*state)->c;
    static const struct {
        const char *text; /* %s: the host */
        int code;
    } asks[] = {
        { "GET /list HTTP/1.1\r\nHost: %s\r\nHost: evil.test\r\nConnection: close\r\n\r\n", 400 },
        { "GET /list HTTP/1.1\r\nHost: evil.test\r\nhost: %s\r\nConnection: close\r\n\r\n", 400 },
        { "GET / HTTP/1.1\r\nHost: %s\r\nCookie: a\r\ncookie: b\r\nConnection: close\r\n\r\n",
          400 },
        { "GET http://%s/ HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n", 421 },
        { "GET / HTTP/1.0\r\n\r\n", 421 },
        { "GET / HTTP/1.1\r\nConnection: close\r\n\r\n", 400 },
        { "PUT /list HTTP/1.1\r\nHost: %s\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
          405 },
        { "POST /list HTTP/1.1\r\nHost: %s\r\nTransfer-Encoding: chunked\r\nConnection: "
          "close\r\n\r\n"
          "5\r\nhello\r\n0\r\n\r\n",
          405 },
        { "TRACE / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", 405 },
        { "POST /session HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", 403 },
    };
    for (size_t n = 0; n < sizeof asks / sizeof *asks; n++) {
        char text[1024];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        const int length = snprintf(text, sizeof text, asks[n].text, c->host);
#pragma GCC diagnostic pop
        reply r = exchange_bytes(c, text, (size_t)length);
        if (r.code != asks[n].code) fail_msg("'%s': %d, expected %d", text, r.code, asks[n].code);
        forget(&r);
    }
    fetch_code(c, "/value/0?at=1,2", 400);
    fetch_code(c, "/value/0?at=1,2,nan", 400);
    fetch_code(c, "/value/0?at=1,2,3&at=1,2,3", 400);
    fetch_code(c, "/value/0", 400);
    fetch_code(c, "/value/0?at=1,2,3&plane=axial", 400);
    fetch_code(c, "/slice/0.png?window=3,3", 400);
    fetch_code(c, "/slice/0.png?longest=5", 400);
    fetch_code(c, "/slice/0.png?longest=99999", 400);
    fetch_code(c, "/slice/0.png?plane=oblique", 400);
    fetch_code(c, "/slice/0.png?over=1", 404);
    fetch_code(c, "/slice/0.png?opacity=2", 400);
    fetch_code(c, "/volume/0.nii?channel=1", 400);
    fetch_code(c, "/volume/0.nii?channel=0", 200);
    fetch_code(c, "/value/0?at=1%2C2%2c3", 200);
    fetch_code(c, "/value/0?at=1%2C2%2", 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_combinations), cmocka_unit_test(test_navigation),
        cmocka_unit_test(test_token),        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_niivue),       cmocka_unit_test(test_paths),
        cmocka_unit_test(test_odd_requests),
    };
    return cmocka_run_group_tests(tests, open_fixture, close_fixture);
}
