/* safetensors: what is written comes back, and every lie of a header is an error that says which.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "codec/codec.h"

static void round_trip(void **state)
{
    const float weights[6] = { 1, -2, 3.5f, 0, NAN, 1e30f };
    const int64_t step = -5;
    const double rate = 0.1;
    const unsigned char small[3] = { 1, 2, 255 };
    const lar_safetensor tensors[] = {
        { "small", LAR_U8, 1, { 3 }, small }, { "a.weight", LAR_F32, 2, { 2, 3 }, weights },
        { "step", LAR_I64, 0, { 0 }, &step }, { "nothing", LAR_F32, 2, { 0, 4 }, weights },
        { "rate", LAR_F64, 1, { 1 }, &rate },
    };
    const lar_safetensor_note notes[] = { { "study", "data:\n  \"x\": ü\n" }, { "empty", "" } };
    char path[128];
    lar_safetensors *file;
    (void)state;
    const char *folder = check_folder();
    snprintf(path, sizeof path, "%s/x.safetensors", folder);
    CHECK_OK(lar_safetensors_write(path, tensors, 5, notes, 2, false));
    CHECK_FAILS(lar_safetensors_write(path, tensors, 5, notes, 2, false), LAR_EEXISTS, path);
    CHECK_OK(lar_safetensors_read(&file, path));
    assert_int_equal(file->count, 5);
    for (int n = 0; n < 5; n++) {
        const lar_safetensor *t = lar_safetensors_find(file, tensors[n].name);
        assert_non_null(t);
        assert_int_equal(t->type, tensors[n].type);
        assert_int_equal(t->dims, tensors[n].dims);
        size_t bytes = lar_type_size(t->type);
        for (int d = 0; d < t->dims; d++) {
            assert_int_equal(t->size[d], tensors[n].size[d]);
            bytes *= (size_t)t->size[d];
        }
        assert_int_equal((uintptr_t)t->data % lar_type_size(t->type), 0);
        assert_memory_equal(t->data, tensors[n].data, bytes);
    }
    assert_string_equal(lar_safetensors_note(file, "study"), notes[0].text);
    assert_string_equal(lar_safetensors_note(file, "empty"), "");
    assert_null(lar_safetensors_note(file, "absent"));
    assert_null(lar_safetensors_find(file, "absent"));
    lar_safetensors_free(file);

    const lar_safetensor twice[] = { tensors[1], tensors[1] };
    CHECK_FAILS(lar_safetensors_write(path, twice, 2, NULL, 0, true), LAR_EARGUMENT, "twice");
    const lar_safetensor_note latin[] = { { "x", "\xff" } };
    CHECK_FAILS(lar_safetensors_write(path, tensors, 1, latin, 1, true), LAR_EARGUMENT, "UTF-8");
    CHECK_OK(lar_safetensors_read(&file, path)); /* the old file is still there */
    lar_safetensors_free(file);
    CHECK_OK(lar_file_remove(path));
    rmdir(folder);
}

static lar_status parse(const char *header, size_t data, int64_t length)
{
    lar_safetensors *file = NULL;
    const size_t count = 8 + strlen(header) + data;
    char *bytes = lar_alloc((int64_t)count, 1);
    assert_non_null(bytes);
    const uint64_t said = length < 0 ? strlen(header) : (uint64_t)length;
    for (int b = 0; b < 8; b++) bytes[b] = (char)(said >> (8 * b));
    memcpy(bytes + 8, header, strlen(header));
    const lar_status status = lar_safetensors_parse(&file, bytes, count, "x");
    lar_safetensors_free(file);
    return status;
}

#define T(dtype, shape, offsets)                                                                   \
    "{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static void lies_are_found(void **state)
{
    static const struct {
        const char *header, *words;
        size_t data;
        lar_status status;
    } cases[] = {
        { "{}", "belong to no tensor", 1, LAR_EFORMAT },
        { "[]", "not a JSON object", 0, LAR_EFORMAT },
        { "{", "not a JSON object", 0, LAR_EFORMAT },
        { "{\"a\":" T("F32", "[1]", "[0,4]") ",\"a\":" T("F32", "[1]", "[0,4]") "}",
          "not a JSON object", 4, LAR_EFORMAT },
        { "{\"a\":" T("F32", "[2]", "[0,8]") "}", "bytes 0 to 8 of 4", 4, LAR_EFORMAT },
        { "{\"a\":" T("F32", "[2]", "[0,4]") "}", "does not fit its 4 bytes", 4, LAR_EFORMAT },
        { "{\"a\":" T("F32", "[4294967296,4294967296]", "[0,0]") "}", "does not fit", 0,
          LAR_EFORMAT },
        { "{\"a\":" T("F32", "[-1]", "[0,4]") "}", "not a whole number", 4, LAR_EFORMAT },
        { "{\"a\":" T("F32", "[1.5]", "[0,4]") "}", "not a whole number", 4, LAR_EFORMAT },
        { "{\"a\":" T("F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]") "}", "at most 8", 4, LAR_EFORMAT },
        { "{\"a\":" T("F32", "[1]", "[4,0]") "}", "bytes 4 to 0", 4, LAR_EFORMAT },
        { "{\"a\":" T("F32", "[1]", "[-4,0]") "}", "bytes -4 to 0", 4, LAR_EFORMAT },
        { "{\"a\":" T("F32", "[1]", "[0]") "}", "no two data_offsets", 4, LAR_EFORMAT },
        { "{\"a\":" T("F32", "[1]", "[4,8]") "}", "begins at byte 4, expected 0", 8, LAR_EFORMAT },
        { "{\"a\":" T("F32", "[2]", "[0,8]") ",\"b\":" T("F32", "[1]", "[4,8]") "}",
          "begins at byte 4, expected 8", 8, LAR_EFORMAT },
        { "{\"a\":" T("F32", "[1]", "[0,4]") "}", "1 bytes of data belong", 5, LAR_EFORMAT },
        { "{\"a\":" T("BF16", "[2]", "[0,4]") "}", "type BF16", 4, LAR_EUNSUPPORTED },
        { "{\"a\":7}", "no dtype", 0, LAR_EFORMAT },
        { "{\"__metadata__\":7}", "not an object", 0, LAR_EFORMAT },
        { "{\"__metadata__\":{\"x\":7}}", "'x' is not text", 0, LAR_EFORMAT },
        { "{\"a\":" T("U8", "[1]", "[0,1]") ",\"b\":" T("F32", "[1]", "[1,5]") "}", "not aligned",
          5, LAR_EUNSUPPORTED },
    };
    (void)state;
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++)
        CHECK_FAILS(parse(cases[n].header, cases[n].data, -1), cases[n].status, cases[n].words);
    CHECK_OK(parse("{}", 0, -1));
    CHECK_OK(parse("{\"a\":" T("F32", "[1]", "[0,4]") "}   ", 4, -1));
    CHECK_FAILS(parse("{}", 0, 3), LAR_EFORMAT, "is cut");
    CHECK_FAILS(parse("{}", 0, INT64_MAX), LAR_EFORMAT, "is cut");
    lar_safetensors *file;
    CHECK_FAILS(lar_safetensors_parse(&file, lar_alloc(7, 1), 7, "x"), LAR_EFORMAT, "7 bytes");
    CHECK_FAILS(lar_safetensors_read(&file, "/nonexistent"), LAR_ENOINPUT, "/nonexistent");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(round_trip),
                                        cmocka_unit_test(lies_are_found) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
