/* What is told and sent of images: voxels as they are in the file, in whatever way it stores them,
 * and sentences about files that are none.
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <pthread.h>

#include "format/format.h"
#include "image/image.h"
#include "math/math.h"
#include "view_client.h"

enum { MOST = 16 };

typedef struct fixture {
    char paths[MOST][128];
    lar_view_entry entries[MOST];
    int64_t count;
    client c;
} fixture;

static fixture f;
static const char *folder; /* of its files */

static int64_t add(const char *name)
{
    char *path = f.paths[f.count];
    const int room = (int)sizeof f.paths[0], length = snprintf(path, 64, "%s/", folder);
    snprintf(path + length, (size_t)(room - length), "%s", name);
    f.entries[f.count] = (lar_view_entry){ .name = name, .path = f.paths[f.count] };
    return f.count++;
}

static int begin(void **state)
{
    (void)state;
    f = (fixture){ 0 };
    folder = check_folder();
    return 0;
}

static void serve(void)
{
    client_open(&f.c,
                &(lar_view_params){
                    .title = "scans", .entries = f.entries, .count = f.count, .memory = 1 << 20 });
}

static int end(void **state)
{
    (void)state;
    client_close(&f.c);
    check_folder_remove(folder);
    return 0;
}

/* 9 x 7 x 5, oblique; values that differ from place to place. */
static lar_image *make(lar_type type, int64_t channels)
{
    lar_image *image;
    const lar_grid grid = { .size = { 9, 7, 5 },
                            .to_world = {
                                { { 1.5, 0.2, 0, -6 }, { -0.2, 1.5, 0, -4 }, { 0, 0, 3, -8 } } } };
    CHECK_OK(lar_image_new(&image, &grid, channels, type));
    for (int64_t c = 0; c < channels; c++)
        for (int64_t n = 0; n < 9 * 7 * 5; n++) {
            const double value = (double)((n * 37 + c * 11) % 101);
            CHECK_OK(lar_type_store(
                (char *)image->voxels + (c * 315 + n) * (int64_t)lar_type_size(type), type, value));
        }
    return image;
}

static json_t *ask_json(const char *target)
{
    reply r = fetch(&f.c, target);
    if (r.code != 200) fail_msg("%s: %d %s", target, r.code, r.body ? r.body : "");
    json_t *root = json_loadb(r.body, r.body_count, 0, NULL);
    forget(&r);
    assert_non_null(root);
    return root;
}

static lar_image *ask_volume(const char *target)
{
    lar_image *image;
    reply r = fetch(&f.c, target);
    if (r.code != 200) fail_msg("%s: %d %s", target, r.code, r.body ? r.body : "");
    CHECK_OK(lar_image_read_bytes(&image, r.body, r.body_count, "answer.nii"));
    forget(&r);
    return image;
}

static void check_same(const lar_image *a, const lar_image *b, int64_t channel)
{
    assert_true(lar_grid_matches(&a->grid, &b->grid));
    const int64_t *size = b->grid.size;
    for (int64_t n = 0; n < size[0] * size[1] * size[2]; n++) {
        const int64_t i = n % size[0], j = n / size[0] % size[1], k = n / size[0] / size[1];
        const double x = lar_image_at(a, i, j, k, 0), y = lar_image_at(b, i, j, k, channel);
        if (x != y && !(isnan(x) && isnan(y)))
            fail_msg("voxel %lld: %g, expected %g", (long long)n, x, y);
    }
}

/* Every type, through formats that have it. */
static void test_types(void **state)
{
    (void)state;
    lar_image *images[LAR_F64 + 1];
    for (int t = 0; t <= LAR_F64; t++) {
        char name[32];
        snprintf(name, sizeof name, "%s.nrrd", lar_type_name((lar_type)t));
        images[t] = make((lar_type)t, 1);
        add(strdup(name));
        CHECK_OK(lar_image_write(images[t], f.paths[t], false));
    }
    serve();
    for (int t = 0; t <= LAR_F64; t++) {
        char target[64];
        snprintf(target, sizeof target, "/volume/%d.nii", t);
        lar_image *got = ask_volume(target);
        check_same(got, images[t], 0);
        /* 64 bits: those that no viewer reads become 32 where they fit */
        assert_int_equal(got->type, t == LAR_I64 || t == LAR_U64 ? LAR_I32 : t);
        snprintf(target, sizeof target, "/about/%d", t);
        json_t *about = ask_json(target);
        assert_int_equal(json_integer_value(json_object_get(about, "finite")), 315);
        const json_t *range = json_object_get(about, "range");
        CHECK_NEAR(json_real_value(json_array_get(range, 0)), 0, 0);
        CHECK_NEAR(json_real_value(json_array_get(range, 1)), 100, 0);
        const json_t *counts = json_object_get(json_object_get(about, "histogram"), "counts");
        int64_t sum = 0;
        for (size_t b = 0; b < json_array_size(counts); b++)
            sum += json_integer_value(json_array_get(counts, b));
        assert_int_equal(json_array_size(counts), 256);
        assert_int_equal(sum, 315);
        assert_false(json_is_true(json_object_get(about, "labels")));
        json_decref(about);
        lar_image_free(got);
        lar_image_free(images[t]);
        free((char *)f.entries[t].name);
    }
}

/* Values under a point, of several volumes, against the voxels. */
static void test_values(void **state)
{
    (void)state;
    lar_image *image = make(LAR_F32, 3), *lps;
    ((float *)image->voxels)[4] = NAN;
    CHECK_OK(lar_image_reorient(&lps, image, "LPS"));
    add("one.nii.gz");
    add("two.nii");
    CHECK_OK(lar_image_write(image, f.paths[0], false));
    CHECK_OK(lar_image_write(lps, f.paths[1], false));
    serve();
    for (int64_t n = 0; n < 3 * 315; n += 13) {
        const double ijk[3] = { (double)(n % 9), (double)(n / 9 % 7), (double)(n / 63 % 5) };
        const int64_t c = n / 315;
        double xyz[3];
        char target[160];
        lar_grid_to_world(&image->grid, ijk, xyz);
        for (int which = 0; which < 2; which++) {
            snprintf(target, sizeof target, "/value/%d?at=%.17g,%.17g,%.17g&channel=%d", which,
                     xyz[0] + 0.1, xyz[1], xyz[2], (int)c);
            json_t *told = ask_json(target);
            const json_t *at = json_object_get(told, "ijk");
            const lar_image *of = which ? lps : image;
            int64_t i[3];
            for (size_t a = 0; a < 3; a++) i[a] = json_integer_value(json_array_get(at, a));
            const json_t *value = json_object_get(told, "value");
            const double expected = lar_image_at(image, n % 9, n / 9 % 7, n / 63 % 5, c);
            assert_true(json_is_true(json_object_get(told, "inside")));
            if (isnan(expected))
                assert_true(json_is_null(value));
            else
                CHECK_NEAR(json_number_value(value), expected, 0);
            const double stored = lar_image_at(of, i[0], i[1], i[2], c);
            assert_true(stored == expected || isnan(expected));
            json_decref(told);
        }
    }
    json_t *out = ask_json("/value/0?at=100,0,0");
    assert_false(json_is_true(json_object_get(out, "inside")));
    json_decref(out);
    lar_image *third = ask_volume("/volume/1.nii?channel=2");
    check_same(third, lps, 2);
    lar_image_free(third);
    fetch_code(&f.c, "/volume/1.nii?channel=3", 400);
    lar_image_free(lps);
    lar_image_free(image);
}

/* The same head, stored otherwise, is the same picture; another place is another one. */
static void test_orientations(void **state)
{
    (void)state;
    lar_image *image = make(LAR_I16, 2), *las;
    for (int r = 0; r < 3; r++)
        for (int a = 0; a < 3; a++) image->grid.to_world.m[r][a] = r == a ? 1.5 : 0;
    CHECK_OK(lar_image_reorient(&las, image, "LAS"));
    add("ras.nii.gz");
    add("las.mha");
    CHECK_OK(lar_image_write(image, f.paths[0], false));
    CHECK_OK(lar_image_write(las, f.paths[1], false));
    serve();
    static const char *const planes[] = { "axial", "coronal", "sagittal" };
    for (int p = 0; p < 3; p++) {
        char a[128], b[128], other[128];
        snprintf(a, sizeof a, "/slice/0.png?plane=%s&at=1,1,1&longest=200&channel=1", planes[p]);
        snprintf(b, sizeof b, "/slice/1.png?plane=%s&at=1,1,1&longest=200&channel=1", planes[p]);
        snprintf(other, sizeof other, "/slice/0.png?plane=%s&at=-2,-2,-3&longest=200&channel=1",
                 planes[p]);
        reply x = fetch(&f.c, a), y = fetch(&f.c, b), z = fetch(&f.c, other);
        assert_int_equal(x.code, 200);
        assert_true(x.body_count > 100 && memcmp(x.body, "\x89PNG", 4) == 0);
        assert_true(x.body_count == y.body_count && memcmp(x.body, y.body, x.body_count) == 0);
        assert_false(x.body_count == z.body_count && memcmp(x.body, z.body, x.body_count) == 0);
        forget(&x);
        forget(&y);
        forget(&z);
    }
    lar_image_free(las);
    lar_image_free(image);
}

static void fill(lar_image *image, float value)
{
    for (int64_t n = 0; n < lar_image_voxel_count(image); n++) ((float *)image->voxels)[n] = value;
}

/* Images with nothing in them are shown too. */
static void test_odd_images(void **state)
{
    (void)state;
    static const float values[] = { NAN, 7, 0, INFINITY };
    static const char *const names[] = { "nan.nii", "constant.nii", "empty.nii", "inf.nii" };
    for (int n = 0; n < 4; n++) {
        lar_image *image = make(LAR_F32, 1);
        fill(image, values[n]);
        add(names[n]);
        CHECK_OK(lar_image_write(image, f.paths[n], false));
        lar_image_free(image);
    }
    lar_image *one;
    lar_grid grid = { .size = { 1, 1, 1 },
                      .to_world = { { { 1, 0, 0, 0 }, { 0, 1, 0, 0 }, { 0, 0, 1, 0 } } } };
    CHECK_OK(lar_image_new(&one, &grid, 1, LAR_U8));
    *(unsigned char *)one->voxels = 200;
    add("one.mha");
    CHECK_OK(lar_image_write(one, f.paths[4], false));
    lar_image_free(one);
    lar_image *huge = make(LAR_F64, 1);
    for (int64_t n = 0; n < 315; n++) ((double *)huge->voxels)[n] = n % 2 ? 1.7e308 : -1.7e308;
    add("huge.nii");
    CHECK_OK(lar_image_write(huge, f.paths[5], false));
    lar_image_free(huge);
    serve();
    for (int n = 0; n < 6; n++) {
        char target[64];
        snprintf(target, sizeof target, "/about/%d", n);
        json_t *about = ask_json(target);
        const json_t *window = json_object_get(about, "window");
        assert_true(json_number_value(json_array_get(window, 0)) <
                    json_number_value(json_array_get(window, 1)));
        assert_int_equal(json_integer_value(json_object_get(about, "finite")), n == 0 || n == 3 ? 0
                                                                               : n == 4         ? 1
                                                                                        : 315);
        json_decref(about);
        snprintf(target, sizeof target, "/volume/%d.nii", n);
        fetch_code(&f.c, target, 200);
        snprintf(target, sizeof target, "/slice/%d.png?plane=coronal&over=%d", n, (n + 1) % 5);
        fetch_code(&f.c, target, 200);
    }
    json_t *told = ask_json("/value/4?at=0,0,0");
    CHECK_NEAR(json_number_value(json_object_get(told, "value")), 200, 0);
    json_decref(told);
}

/* A file that is none, one that is cut, one that is gone: a sentence each, and the others go on. */
static void test_damage(void **state)
{
    (void)state;
    lar_image *image = make(LAR_I16, 1);
    add("good.nii.gz");
    add("cut.nii.gz");
    add("words.nii");
    add("gone.nii");
    CHECK_OK(lar_image_write(image, f.paths[0], false));
    CHECK_OK(lar_image_write(image, f.paths[1], false));
    assert_int_equal(truncate(f.paths[1], 300), 0);
    CHECK_OK(lar_file_write(f.paths[2], "<script>alert(1)</script>", 25, false));
    serve();
    static const char *const words[] = { "", "is damaged", "words.nii", "gone.nii" };
    for (int round = 0; round < 2; round++)
        for (int n = 1; n < 4; n++) {
            static const char *const targets[] = { "/volume/%d.nii", "/about/%d", "/slice/%d.png",
                                                   "/value/%d?at=0,0,0" };
            for (int t = 0; t < 4; t++) {
                char target[64];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
                snprintf(target, sizeof target, targets[t], n);
#pragma GCC diagnostic pop
                reply r = fetch(&f.c, target);
                assert_int_equal(r.code, 422);
                if (!strstr(r.body, words[n])) fail_msg("%s: %s", target, r.body);
                json_t *root = json_loadb(r.body, r.body_count, 0, NULL);
                assert_true(json_is_string(json_object_get(root, "error")));
                json_decref(root);
                forget(&r);
            }
        }
    lar_image *got = ask_volume("/volume/0.nii");
    check_same(got, image, 0);
    lar_image_free(got);
    /* what was mended is read, and what was changed is read anew */
    CHECK_OK(lar_image_write(image, f.paths[3], false));
    fetch_code(&f.c, "/volume/3.nii", 200);
    ((int16_t *)image->voxels)[0] = 77;
    CHECK_OK(lar_image_write(image, f.paths[0], true));
    got = ask_volume("/volume/0.nii");
    assert_int_equal(((int16_t *)got->voxels)[0], 77);
    lar_image_free(got);
    lar_image_free(image);
}

/* Labels are told from scans; names are text, whatever their bytes are. */
static void test_names(void **state)
{
    (void)state;
    lar_image *labels = make(LAR_U8, 1);
    for (int64_t n = 0; n < 315; n++) ((unsigned char *)labels->voxels)[n] = n > 99 ? 3 : 0;
    const int64_t a = add("<img src=x onerror=alert(1)>\r\nX: y.nii"),
                  b = add("bad\xff\xfe\"utf8.nii");
    CHECK_OK(lar_image_write(labels, f.paths[a], false));
    CHECK_OK(lar_image_write(labels, f.paths[b], false));
    serve();
    json_t *list = ask_json("/list");
    const json_t *entries = json_object_get(list, "entries");
    const json_t *brain = json_object_get(json_object_get(list, "ct_windows"), "brain");
    assert_true(json_number_value(json_array_get(brain, 1)) == 80);
    assert_string_equal(json_string_value(json_object_get(json_array_get(entries, 0), "name")),
                        "<img src=x onerror=alert(1)>\r\nX: y.nii");
    assert_string_equal(json_string_value(json_object_get(json_array_get(entries, 1), "name")),
                        "bad??\"utf8.nii");
    json_decref(list);
    reply r = fetch(&f.c, "/about/0");
    assert_null(strstr(r.bytes, "\r\nX: y")); /* no header of it */
    forget(&r);
    json_t *about = ask_json("/about/1");
    assert_true(json_is_true(json_object_get(about, "labels")));
    json_decref(about);
    lar_image_free(labels);
}

static void *ask_often(void *arg)
{
    const int64_t which = (int64_t)(intptr_t)arg;
    for (int n = 0; n < 10; n++) {
        char target[96];
        snprintf(target, sizeof target, "/slice/%d.png?longest=64&over=%d&channel=%d",
                 (int)((which + n) % 3), (int)((which + 1) % 3), n % 2);
        reply r = fetch(&f.c, target);
        const int code = r.code;
        forget(&r);
        if (code != 200) return (void *)(intptr_t)code;
    }
    return NULL;
}

/* Several ask at once for images of which not all have room. */
static void test_threads(void **state)
{
    (void)state;
    pthread_t threads[6];
    const lar_grid grid = { .size = { 60, 60, 60 },
                            .to_world = { { { 1, 0, 0, 0 }, { 0, 1, 0, 0 }, { 0, 0, 1, 0 } } } };
    for (int n = 0; n < 3; n++) {
        lar_image *image;
        char name[16];
        CHECK_OK(lar_image_new(&image, &grid, 2, LAR_I16)); /* 0.9 MB; there is room for one */
        for (int64_t v = 0; v < 2 * 216000; v++) ((int16_t *)image->voxels)[v] = (int16_t)(v % 999);
        snprintf(name, sizeof name, "%d.nii", n);
        add(name);
        f.entries[n].name = "scan";
        CHECK_OK(lar_image_write(image, f.paths[n], false));
        lar_image_free(image);
    }
    serve();
    for (int64_t n = 0; n < 6; n++)
        assert_int_equal(pthread_create(&threads[n], NULL, ask_often, (void *)(intptr_t)n), 0);
    for (int n = 0; n < 6; n++) {
        void *code;
        pthread_join(threads[n], &code);
        assert_null(code);
    }
}

/* A report is served as it is now, apart from everything. */
static void test_report(void **state)
{
    (void)state;
    char path[128];
    snprintf(path, sizeof path, "%s/report.html", folder);
    client_open(&f.c, &(lar_view_params){ .title = "study", .report = path });
    fetch_code(&f.c, "/report", 404);
    json_t *list = ask_json("/list");
    assert_false(json_is_true(json_object_get(list, "report")));
    assert_int_equal(json_array_size(json_object_get(list, "entries")), 0);
    json_decref(list);
    for (int n = 0; n < 2; n++) {
        const char *text = n ? "<h1>second</h1>" : "<h1>first</h1>";
        CHECK_OK(lar_file_write(path, text, strlen(text), true));
        reply r = fetch(&f.c, "/report");
        assert_int_equal(r.code, 200);
        assert_string_equal(r.body, text);
        assert_non_null(strstr(r.bytes, "; sandbox"));
        assert_null(strstr(r.bytes, "allow-scripts"));
        assert_non_null(strstr(r.bytes, "frame-ancestors 'self'"));
        assert_null(strstr(r.bytes, "script-src"));
        forget(&r);
    }
    list = ask_json("/list");
    assert_true(json_is_true(json_object_get(list, "report")));
    json_decref(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_types, begin, end),
        cmocka_unit_test_setup_teardown(test_values, begin, end),
        cmocka_unit_test_setup_teardown(test_orientations, begin, end),
        cmocka_unit_test_setup_teardown(test_odd_images, begin, end),
        cmocka_unit_test_setup_teardown(test_damage, begin, end),
        cmocka_unit_test_setup_teardown(test_names, begin, end),
        cmocka_unit_test_setup_teardown(test_threads, begin, end),
        cmocka_unit_test_setup_teardown(test_report, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
