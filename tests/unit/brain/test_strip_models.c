/* Models of the learned method: the layout of published weights against PyTorch, files of our own
 * there and back, and everything that is not a whole one refused by name.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <sys/stat.h>

#include "brain/brain.h"
#include "codec/codec.h"
#include "math/math.h"
#include "net/net.h"

enum { BYTES = 584948, SEED = 8, EVERY = 97 };

/* As make_mindgrab.py weights. */
static char *random_weights(void)
{
    char *bytes = lar_alloc(BYTES, 1);
    assert_non_null(bytes);
    for (int64_t n = 0; n < BYTES / 4; n++) {
        const float value = (float)(0.1 * lar_random_normal(SEED, 1, (uint64_t)n));
        memcpy(bytes + 4 * n, &value, 4);
    }
    return bytes;
}

static lar_strip_model *random_model(void)
{
    lar_strip_model *m;
    char *bytes = random_weights();
    CHECK_OK(lar_strip_model_lay_out(&m, 0, bytes, BYTES));
    lar_free(bytes);
    return m;
}

static const char *in_folder(const char *folder, const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* Kernels of random numbers, a box of three different edges: any other order of axes or channels
 * gives other numbers. */
static void layout_is_that_of_pytorch(void **state)
{
    const int64_t size[3] = { 20, 24, 28 }, count = 20 * 24 * 28;
    lar_strip_model *m = random_model();
    lar_plan *plan;
    char line[128];
    double worst = 0, sum = 0;
    int64_t n = 0;
    (void)state;
    float *box = lar_alloc(count, sizeof *box), *logits = lar_alloc(count, sizeof *logits);
    for (int64_t v = 0; v < count; v++) box[v] = (float)lar_random_uniform(SEED, 2, (uint64_t)v);
    const lar_plan_params how = { .batch = 1,
                                  .size = { size[0], size[1], size[2] },
                                  .mode = LAR_PLAN_PREDICT };
    CHECK_OK(lar_plan_new(&plan, m->net, &how));
    CHECK_OK(lar_plan_load_input(plan, 0, 0, box));
    CHECK_OK(lar_plan_predict(plan));
    CHECK_OK(lar_plan_output(plan, 0, 0, logits));
    FILE *f = fopen(TEST_SOURCE "/tests/golden/mindgrab.txt", "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f)) {
        if (line[0] == '#') continue;
        const double expected = strtod(line, NULL);
        worst = fmax(worst, fabs(expected - (double)logits[EVERY * n++]));
        sum += expected * expected;
    }
    fclose(f);
    assert_int_equal(n, (count + EVERY - 1) / EVERY);
    assert_true(sum / (double)n > 0.01); /* they say something */
    if (!(worst < 1e-4)) fail_msg("logits differ by %g", worst);
    lar_plan_free(plan);
    lar_free(box);
    lar_free(logits);
    lar_strip_model_free(m);
}

static void unknown_files_are_named(void **state)
{
    lar_strip_model *m;
    char *bytes = random_weights();
    (void)state;
    CHECK_FAILS(lar_strip_model_import(&m, bytes, BYTES, "model.bin"), LAR_EFORMAT,
                "'model.bin' is no file of weights that larmor knows: it has 584948 bytes and the");
    assert_non_null(strstr(lar_error(), "584948 bytes, SHA-256 c9a01490fe2d13ac"));
    CHECK_FAILS(lar_strip_model_import(&m, bytes, 0, "empty"), LAR_EFORMAT, "e3b0c44298fc1c14");
    CHECK_FAILS(lar_strip_model_lay_out(&m, 0, bytes, BYTES - 4), LAR_EFORMAT, "584944 bytes");
    lar_free(bytes);
}

/* Where it is there, the file that is published. */
static void published_weights(void **state)
{
    lar_strip_model *m;
    char *bytes;
    size_t count;
    (void)state;
    const char *path = check_data("networks/mindgrab/model.bin");
    if (!path) {
        print_message("skipped: MindGrab's weights are not there\n");
        skip();
    }
    CHECK_OK(lar_file_read(&bytes, &count, path, 1 << 20));
    CHECK_OK(lar_strip_model_import(&m, bytes, count, path));
    assert_string_equal(m->name, "mindgrab");
    assert_int_equal(lar_net_weight_count(m->net), 146221);
    assert_non_null(strstr(m->licence, "Copyright (c) 2021 neuroneural/brainchop"));
    lar_strip_model_free(m);
    /* cut short, or one bit changed */
    for (size_t part = 0; part < count; part += 9973)
        CHECK_FAILS(lar_strip_model_import(&m, bytes, part, "x"), LAR_EFORMAT,
                    "no file of weights");
    CHECK_FAILS(lar_strip_model_import(&m, bytes, count - 1, "x"), LAR_EFORMAT, "584947 bytes");
    bytes[count / 2] ^= 1;
    CHECK_FAILS(lar_strip_model_import(&m, bytes, count, "x"), LAR_EFORMAT, "no file of weights");
    lar_free(bytes);
}

static void there_and_back(void **state)
{
    lar_strip_model *m = random_model(), *back;
    (void)state;
    const char *folder = check_folder(), *path = in_folder(folder, "x.safetensors");
    CHECK_OK(lar_strip_model_write(m, path, false));
    CHECK_FAILS(lar_strip_model_write(m, path, false), LAR_EEXISTS, path);
    CHECK_OK(lar_strip_model_read(&back, path));
    assert_string_equal(back->name, m->name);
    assert_string_equal(back->about, m->about);
    assert_string_equal(back->cite, m->cite);
    assert_string_equal(back->licence, m->licence);
    assert_string_equal(back->origin, m->origin);
    assert_string_equal(back->origin_file, m->origin_file);
    assert_string_equal(back->sha256, m->sha256);
    assert_string_equal(back->recipe.axes, m->recipe.axes);
    assert_memory_equal(&back->recipe.margin_mm, &m->recipe.margin_mm, 3 * sizeof(double));
    assert_int_equal(lar_net_weight_count(back->net), lar_net_weight_count(m->net));
    assert_memory_equal(lar_net_weights(back->net), lar_net_weights(m->net),
                        (size_t)lar_net_weight_count(m->net) * sizeof(float));
    lar_strip_model_free(back);
    lar_strip_model_free(m);
    check_folder_remove(folder);
}

static void parse_fails(const char *bytes, size_t count, const char *words)
{
    lar_strip_model *m;
    char *copy = lar_alloc((int64_t)count, 1);
    memcpy(copy, bytes, count);
    CHECK_FAILS(lar_strip_model_parse(&m, copy, count, "x"), LAR_EFORMAT, words);
    assert_null(m);
}

/* Every prefix of the header, and of the data all that are one short of a block; every bit that
 * matters: in the notes, and of some weights. */
static void damage_is_told(void **state)
{
    lar_strip_model *m = random_model();
    size_t count, header = 0;
    char *bytes;
    int64_t told = 0, same = 0;
    (void)state;
    const char *folder = check_folder(), *path = in_folder(folder, "x.safetensors");
    CHECK_OK(lar_strip_model_write(m, path, false));
    CHECK_OK(lar_file_read(&bytes, &count, path, 1 << 20));
    memcpy(&header, bytes, 8);
    header += 8;
    for (size_t part = 0; part < count; part += part < header ? 1 : 997)
        parse_fails(bytes, part, "'x'");
    parse_fails(bytes, count - 1, "'x'");
    for (size_t at = 0; at < count; at += at < header ? 1 : 4999) {
        lar_strip_model *changed;
        char *copy = lar_alloc((int64_t)count, 1);
        memcpy(copy, bytes, count);
        copy[at] ^= (char)(1 << at % 7);
        const lar_status status = lar_strip_model_parse(&changed, copy, count, "x");
        if (status == LAR_OK) { /* the note of larmor's version, or blanks after the header */
            assert_string_equal(changed->sha256, m->sha256);
            lar_strip_model_free(changed);
            same++;
        } else {
            if (!strstr(lar_error(), "'x'")) fail_msg("byte %zu: '%s'", at, lar_error());
            told++;
        }
    }
    assert_true(told > 50 * same);
    lar_free(bytes);
    lar_strip_model_free(m);
    check_folder_remove(folder);
}

static void weights_that_are_no_numbers(void **state)
{
    lar_strip_model *m = random_model(), *back;
    (void)state;
    const char *folder = check_folder(), *path = in_folder(folder, "x.safetensors");
    lar_net_weights(m->net)[1234] = NAN;
    CHECK_OK(lar_strip_model_write(m, path, false));
    CHECK_FAILS(lar_strip_model_read(&back, path), LAR_EFORMAT, "a weight is not finite");
    lar_strip_model_free(m);
    check_folder_remove(folder);
}

/* Written by somebody else, with seals that hold. */
static void what_a_model_may_say(void **state)
{
    static const char *const names[] = { "-x", "", "a/b", "a.b" };
    lar_strip_model *m = random_model(), *back;
    (void)state;
    const char *folder = check_folder(), *path = in_folder(folder, "x.safetensors"),
               *name = m->name;
    for (int n = 0; n < 4; n++) {
        m->name = names[n];
        CHECK_OK(lar_strip_model_write(m, path, true));
        CHECK_FAILS(lar_strip_model_read(&back, path), LAR_EFORMAT, "expected up to 64 letters");
    }
    m->name = name;
    m->recipe.low = m->recipe.high;
    CHECK_OK(lar_strip_model_write(m, path, true));
    CHECK_FAILS(lar_strip_model_read(&back, path), LAR_EFORMAT, "limits of intensity do not rise");
    m->recipe.low = 0.02;
    m->recipe.hounsfield = (lar_reals){ .count = 2, .at = { 80, 80 } };
    CHECK_OK(lar_strip_model_write(m, path, true));
    CHECK_FAILS(lar_strip_model_read(&back, path), LAR_EFORMAT, "limits of intensity do not rise");
    m->recipe.axes = "LLA";
    CHECK_OK(lar_strip_model_write(m, path, true));
    CHECK_FAILS(lar_strip_model_read(&back, path), LAR_EFORMAT, "is damaged");
    lar_strip_model_free(m);
    check_folder_remove(folder);
}

static void other_kinds_are_named(void **state)
{
    const float one = 1;
    const lar_safetensor tensor = { "last.bias", LAR_F32, 1, { 1 }, &one };
    const lar_safetensor_note trained = { "study", "data:\n" }, kind = { "kind", "strip" };
    const lar_safetensor_note later[2] = { kind, { "version", "2" } };
    lar_strip_model *m;
    (void)state;
    const char *folder = check_folder(), *path = in_folder(folder, "x.safetensors");
    CHECK_OK(lar_safetensors_write(path, &tensor, 1, &trained, 1, true));
    CHECK_FAILS(lar_strip_model_read(&m, path), LAR_EFORMAT, "larmor trained on a study");
    CHECK_OK(lar_safetensors_write(path, &tensor, 1, NULL, 0, true));
    CHECK_FAILS(lar_strip_model_read(&m, path), LAR_EFORMAT, "not a model of larmor's");
    CHECK_OK(lar_safetensors_write(path, &tensor, 1, later, 2, true));
    CHECK_FAILS(lar_strip_model_read(&m, path), LAR_EFORMAT, "version 2, expected 1");
    CHECK_OK(lar_safetensors_write(path, &tensor, 1, &kind, 1, true));
    CHECK_FAILS(lar_strip_model_read(&m, path), LAR_EFORMAT, "version unknown, expected 1");
    check_folder_remove(folder);
}

static void the_store(void **state)
{
    lar_strip_model *m = random_model(), *got;
    lar_text path = { 0 };
    lar_strip_params params = lar_strip_default();
    char store[256], file[256], twin[256];
    bool fresh;
    (void)state;
    const char *folder = check_folder();
    snprintf(store, sizeof store, "%s/not/yet", folder);
    snprintf(file, sizeof file, "%s/given.safetensors", folder);
    snprintf(twin, sizeof twin, "%s/aaa.safetensors", store);
    setenv("LARMOR_MODELS", store, 1);
    CHECK_FAILS(lar_strip_store_open(&got, NULL), LAR_ENOINPUT, "no model is there");
    CHECK_FAILS(lar_strip_store_open(&got, "none"), LAR_ENOINPUT, "there is no model 'none'");
    CHECK_FAILS(lar_strip_methods[0]->ready(&params), LAR_ENOINPUT, "larmor models add");
    CHECK_OK(lar_strip_model_write(m, file, false));
    CHECK_OK(lar_strip_store_add(&got, &path, &fresh, file, false));
    assert_true(fresh);
    lar_strip_model_free(got);
    lar_text_clear(&path);
    CHECK_OK(lar_strip_store_add(&got, &path, &fresh, file, false)); /* once more */
    assert_false(fresh);
    lar_strip_model_free(got);
    for (int n = 0; n < 3; n++) {
        CHECK_OK(lar_strip_store_open(&got, n == 0 ? NULL : n == 1 ? "mindgrab" : file));
        assert_string_equal(got->sha256, m->sha256);
        lar_strip_model_free(got);
    }
    CHECK_FAILS(lar_strip_store_open(&got, "brain"), LAR_ENOINPUT, "one of mindgrab");
    CHECK_OK(lar_strip_methods[0]->ready(&params));
    /* another one of this name */
    lar_net_weights(m->net)[0] += 1;
    CHECK_OK(lar_strip_model_write(m, file, true));
    lar_text_clear(&path);
    CHECK_FAILS(lar_strip_store_add(&got, &path, &fresh, file, false), LAR_EEXISTS,
                "another model is called 'mindgrab'");
    lar_text_clear(&path);
    CHECK_OK(lar_strip_store_add(&got, &path, &fresh, file, true));
    assert_true(fresh);
    lar_strip_model_free(got);
    /* a copy by hand, under another name: two of one name */
    CHECK_OK(lar_strip_model_write(m, twin, false));
    CHECK_FAILS(lar_strip_store_open(&got, NULL), LAR_EFORMAT, "holds the model 'mindgrab'");
    CHECK_OK(lar_strip_store_open(&got, "mindgrab"));
    lar_strip_model_free(got);
    lar_text_clear(&path);
    lar_strip_model_free(m);
    unsetenv("LARMOR_MODELS");
    check_folder_remove(folder);
}

static void where_the_store_is(void **state)
{
    lar_text path = { 0 };
    (void)state;
    setenv("HOME", "/home/a", 1);
    unsetenv("XDG_DATA_HOME");
    CHECK_OK(lar_strip_store(&path));
    assert_string_equal(lar_text_get(&path), "/home/a/.local/share/larmor/models");
    lar_text_clear(&path);
    setenv("XDG_DATA_HOME", "relative", 1); /* to be ignored */
    CHECK_OK(lar_strip_store(&path));
    assert_string_equal(lar_text_get(&path), "/home/a/.local/share/larmor/models");
    lar_text_clear(&path);
    setenv("XDG_DATA_HOME", "/data", 1);
    CHECK_OK(lar_strip_store(&path));
    assert_string_equal(lar_text_get(&path), "/data/larmor/models");
    lar_text_clear(&path);
    setenv("LARMOR_MODELS", "mine", 1);
    CHECK_OK(lar_strip_store(&path));
    assert_string_equal(lar_text_get(&path), "mine");
    lar_text_clear(&path);
    unsetenv("LARMOR_MODELS");
    unsetenv("XDG_DATA_HOME");
    unsetenv("HOME");
    CHECK_FAILS(lar_strip_store(&path), LAR_ENOINPUT, "no home folder");
    lar_text_clear(&path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layout_is_that_of_pytorch),
        cmocka_unit_test(unknown_files_are_named),
        cmocka_unit_test(published_weights),
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(damage_is_told),
        cmocka_unit_test(weights_that_are_no_numbers),
        cmocka_unit_test(what_a_model_may_say),
        cmocka_unit_test(other_kinds_are_named),
        cmocka_unit_test(the_store),
        cmocka_unit_test(where_the_store_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
