/* Clients that ask for nothing, ask slowly, too much, or go away: the others are answered, and no
 * memory stays behind.
 * SPDX-License-Identifier: Apache-2.0 */
#include <sys/resource.h>

#include "view_client.h"

enum { IDLE = 1000, EDGE = 160 }; /* 8 MB of voxels */

typedef struct fixture {
    client c;
    char folder[64];
} fixture;

static int open_fixture(void **state)
{
    static fixture f;
    static char path[128];
    snprintf(f.folder, sizeof f.folder, "%s", check_folder());
    snprintf(path, sizeof path, "%s/t1.nii", f.folder);
    make_image(path, EDGE);
    const lar_view_entry entry = { .name = "t1.nii", .path = path };
    client_open(&f.c, &(lar_view_params){ .title = "t1", .entries = &entry, .count = 1 });
    fetch_code(&f.c, "/volume/0.nii", 200);
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

static double resident(void)
{
    lar_memory memory;
    lar_memory_ask(&memory, "");
    return memory.resident;
}

static void test_idle(void **state)
{
    const client *c = &((fixture *)*state)->c;
    static int files[IDLE];
    struct rlimit most;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &most), 0);
    most.rlim_cur = most.rlim_max < 4096 ? most.rlim_max : 4096;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &most), 0);
    const int count = most.rlim_cur < 2 * IDLE ? (int)most.rlim_cur / 4 : IDLE;
    const double before = resident();
    /* half of them say nothing, half begin a request that they do not end */
    for (int n = 0; n < count; n++) {
        files[n] = dial(c);
        if (n % 2) say(files[n], "GET /list HTTP/1.1\r\nHost: ", 26);
    }
    const double begin = seconds_now();
    fetch_code(c, "/list", 200);
    const double first = seconds_now() - begin;
    fetch_code(c, "/slice/0.png", 200);
    for (int n = 0; n < 100; n++) fetch_code(c, "/list", 200);
    print_message("%d idle connections: answered in %.1f ms, %.1f MB more memory\n", count,
                  1e3 * first, (resident() - before) / 1e6);
    assert_true(resident() - before < 64e6);
    assert_true(first < 5); /* not by waiting until silent ones are given up, which takes 10 s */
    for (int n = 0; n < count; n++) close(files[n]);
    fetch_code(c, "/list", 200);
}

/* A person's connection is not hung up on for the sake of those that ask for nothing. */
static void test_trusted(void **state)
{
    const client *c = &((fixture *)*state)->c;
    char text[512];
    int others[200], small = 65536;
    const int file = dial(c);
    setsockopt(file, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    const int length = snprintf(text, sizeof text,
                                "GET /volume/0.nii HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\n"
                                "Connection: close\r\n\r\n",
                                c->host, c->cookie);
    say(file, text, (size_t)length);
    assert_int_equal(recv(file, text, 12, MSG_WAITALL), 12); /* it is being sent */
    for (int n = 0; n < 200; n++) others[n] = dial(c);
    fetch_code(c, "/list", 200);
    reply r = hear(file);
    assert_true(r.count > 2 * (size_t)EDGE * EDGE * EDGE);
    forget(&r);
    for (int n = 0; n < 200; n++) close(others[n]);
}

static void test_slow(void **state)
{
    const client *c = &((fixture *)*state)->c;
    char text[512];
    const int file = dial(c);
    const int length = snprintf(text, sizeof text,
                                "GET /about/0 HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\n"
                                "Connection: close\r\n\r\n",
                                c->host, c->cookie);
    for (int n = 0; n < length; n++) {
        const struct timespec moment = { .tv_nsec = 2000000 };
        say(file, text + n, 1);
        nanosleep(&moment, NULL);
        if (n % 40 == 0) fetch_code(c, "/list", 200);
    }
    reply r = hear(file);
    assert_int_equal(r.code, 200);
    forget(&r);
}

/* In the middle of a volume, before its first byte, and before the request is whole. */
static void test_gone(void **state)
{
    const client *c = &((fixture *)*state)->c;
    char text[512], byte[4096];
    const int length =
        snprintf(text, sizeof text, "GET /volume/0.nii HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\n\r\n",
                 c->host, c->cookie);
    double after_ten = 0;
    for (int n = 0; n < 120; n++) {
        const struct linger hard = { .l_onoff = n % 2, .l_linger = 0 }; /* a reset, or an end */
        const int file = dial(c);
        say(file, text, n % 3 == 2 ? (size_t)length / 2 : (size_t)length);
        if (n % 3 == 0) assert_true(recv(file, byte, sizeof byte, 0) > 0);
        setsockopt(file, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        close(file);
        if (n == 10) after_ten = resident();
    }
    fetch_code(c, "/volume/0.nii", 200);
    assert_true(resident() - after_ten < 32e6);
}

static void test_large(void **state)
{
    const client *c = &((fixture *)*state)->c;
    enum { HEADER = 100 << 10, BODY = 4 << 20 };
    char *text = malloc(BODY + 1024);
    assert_non_null(text);
    /* a header of 20 kB is read */
    int length =
        snprintf(text, 1024, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nX: ", c->host);
    memset(text + length, 'x', HEADER);
    memcpy(text + length + 20000, "\r\n\r\n", 4);
    reply r = exchange_bytes(c, text, (size_t)length + 20004);
    assert_int_equal(r.code, 200);
    forget(&r);
    /* one of 100 kB is not */
    memset(text + length, 'x', HEADER);
    memcpy(text + length + HEADER, "\r\n\r\n", 4);
    r = exchange_bytes(c, text, (size_t)length + HEADER + 4);
    assert_true(r.code == 0 || r.code == 431 || r.code == 413);
    forget(&r);
    /* an address without end */
    length = snprintf(text, 1024, "GET /");
    memset(text + length, 'a', HEADER);
    r = exchange_bytes(c, text, (size_t)length + HEADER);
    assert_true(r.code == 0 || r.code == 414 || r.code == 431);
    forget(&r);
    /* a token of 4 MB */
    length = snprintf(text, 1024,
                      "POST /session HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n"
                      "Content-Length: %d\r\n\r\n",
                      c->host, BODY);
    memset(text + length, 'a', BODY);
    r = exchange_bytes(c, text, (size_t)length + BODY);
    assert_true(r.code == 0 || r.code == 403);
    forget(&r);
    /* many small headers */
    length = snprintf(text, 1024, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", c->host);
    for (int n = 0; n < 20000; n++) length += snprintf(text + length, 32, "a%d: b\r\n", n);
    r = exchange_bytes(c, text, (size_t)length);
    assert_true(r.code == 0 || r.code == 431 || r.code == 413);
    forget(&r);
    /* ranges are not served: the whole is sent */
    char headers[512];
    snprintf(headers, sizeof headers, "Cookie: %s\r\nRange: bytes=0-0,5-9,3-\r\n", c->cookie);
    r = ask_with(c, "GET", "/volume/0.nii", headers);
    assert_int_equal(r.code, 200);
    assert_int_equal(r.body_count, 352 + 2 * EDGE * EDGE * EDGE);
    forget(&r);
    free(text);
    fetch_code(c, "/list", 200);
}

/* Without memory a request is refused, or its connection closed; the next one is answered. */
static void test_no_memory(void **state)
{
    const client *c = &((fixture *)*state)->c;
    static const char *const targets[] = {
        "/", "/list", "/about/0", "/slice/0.png?plane=coronal", "/volume/0.nii", "/value/0?at=0,0,0"
    };
    int refused = 0;
    for (int t = 0; t < 6; t++)
        for (int n = 1; n < 24; n++) {
            lar_alloc_fail_at(n, n % 2);
            reply r = fetch(c, targets[t]);
            lar_alloc_fail_at(0, false);
            if (r.code != 0 && r.code != 200 && r.code != 503)
                fail_msg("%s without allocation %d: %d", targets[t], n, r.code);
            refused += r.code != 200;
            forget(&r);
            fetch_code(c, targets[t], 200);
        }
    assert_true(refused > 6);
}

/* It ends while others wait for answers. */
static void test_end(void **state)
{
    fixture *f = *state;
    char path[128], text[512];
    snprintf(path, sizeof path, "%s/t1.nii", f->folder);
    const lar_view_entry entry = { .name = "t1.nii", .path = path };
    for (int round = 0; round < 8; round++) {
        client c;
        int files[6];
        client_open(&c, &(lar_view_params){ .title = "t1", .entries = &entry, .count = 1 });
        const int length =
            snprintf(text, sizeof text, "GET /%s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\n\r\n",
                     round % 2 ? "about/0" : "volume/0.nii", c.host, c.cookie);
        for (int n = 0; n < 6; n++) {
            files[n] = dial(&c);
            say(files[n], text, (size_t)length);
        }
        client_close(&c);
        for (int n = 0; n < 6; n++) close(files[n]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_idle),  cmocka_unit_test(test_trusted),
        cmocka_unit_test(test_slow),  cmocka_unit_test(test_gone),
        cmocka_unit_test(test_large), cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_end),
    };
    return cmocka_run_group_tests(tests, open_fixture, close_fixture);
}
