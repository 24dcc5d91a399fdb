/* Leakage: one hundred cohorts in which scans and people hide under other names, of which none may
 * be missed, and one hundred clean ones, of which none may be accused.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "codec/codec.h"
#include "data/data.h"
#include "format/format.h"
#include "image/image.h"
#include "math/math.h"

enum { COHORTS = 100, EDGE = 8, PEOPLE_MAX = 12 };

static char root[64];
static int turn; /* of the cohort, and what its draws are for */

static int root_remove(void **state)
{
    (void)state;
    if (*root) check_folder_remove(root);
    root[0] = 0;
    return 0;
}

static void root_make(void)
{
    snprintf(root, sizeof root, "%s", check_folder());
}

/* 0 .. below - 1, a function of the cohort and what it is for. */
static int64_t draw(int64_t below, uint64_t what)
{
    return (int64_t)(lar_random_uniform((uint64_t)turn, what, 7) * (double)below);
}

static const char *path_of(const char *format, ...) LAR_PRINTF(1, 2);
static const char *path_of(const char *format, ...)
{
    static char path[8][400];
    static int next;
    char *at = path[next++ % 8];
    va_list list;
    const int length = snprintf(at, sizeof path[0], "%s/", root);
    va_start(list, format);
    vsnprintf(at + length, sizeof path[0] - (size_t)length, format, list);
    va_end(list);
    return at;
}

static void put_image(const lar_image *image, const char *path)
{
    lar_arena *arena;
    CHECK_OK(lar_arena_new(&arena));
    CHECK_OK(lar_folder_make(lar_path_folder(arena, path)));
    CHECK_OK(lar_image_write(image, path, true));
    lar_arena_free(arena);
}

/* A head of noise: int16, no two alike. */
static lar_image *head(uint64_t number)
{
    lar_image *image;
    lar_grid grid = { .size = { EDGE, EDGE, EDGE }, .to_world = lar_affine_identity() };
    CHECK_OK(lar_image_new(&image, &grid, 1, LAR_I16));
    int16_t *voxels = image->voxels;
    for (int n = 0; n < EDGE * EDGE * EDGE; n++)
        voxels[n] =
            (int16_t)(1000 * lar_random_uniform((uint64_t)turn, number, (uint64_t)n + 1000));
    return image;
}

/* ---- ways in which a copy hides ------------------------------------------------------------ */

static void renamed(const char *from, const char *to)
{
    char *bytes;
    size_t count;
    CHECK_OK(lar_file_read(&bytes, &count, from, 1 << 20));
    CHECK_OK(lar_file_write(to, bytes, count, true));
    lar_free(bytes);
}

static void compressed_again(const char *from, const char *to)
{
    char *bytes;
    unsigned char *plain, *packed;
    size_t count, plain_count, packed_count;
    const lar_gzip_ask ask = { .name = from, .expected = 1 << 16, .limit = 1 << 20 };
    CHECK_OK(lar_file_read(&bytes, &count, from, 1 << 20));
    CHECK_OK(lar_gzip_inflate(&plain, &plain_count, bytes, count, &ask));
    CHECK_OK(lar_gzip_deflate(&packed, &packed_count, plain, plain_count, 9));
    assert_true(packed_count != count || memcmp(packed, bytes, count) != 0);
    CHECK_OK(lar_file_write(to, packed, packed_count, true));
    lar_free(bytes);
    lar_free(plain);
    lar_free(packed);
}

static void headed_otherwise(const char *from, const char *to)
{
    lar_image *image;
    CHECK_OK(lar_image_read(&image, from));
    for (int a = 0; a < 3; a++) {
        image->grid.to_world.m[a][a] *= 1.5;
        image->grid.to_world.m[a][3] = -20 + a;
    }
    put_image(image, to);
    lar_image_free(image);
}

static void typed_otherwise(const char *from, const char *to)
{
    lar_image *image, *other;
    CHECK_OK(lar_image_read(&image, from));
    CHECK_OK(lar_image_to_type(&other, image, LAR_F64));
    put_image(other, to);
    lar_image_free(image);
    lar_image_free(other);
}

/* Stored along other axes; the header says so, and the head is where it was. */
static void stored_otherwise(const char *from, const char *to)
{
    static const int axis[3] = { 2, 0, 1 };
    static const bool flipped[3] = { true, false, true };
    lar_image *image, *view, *copy;
    CHECK_OK(lar_image_read(&image, from));
    CHECK_OK(lar_image_to_axes(&view, image, axis, flipped));
    CHECK_OK(lar_image_copy(&copy, view));
    put_image(copy, to);
    lar_image_free(image);
    lar_image_free(view);
    lar_image_free(copy);
}

/* And the header that said so was lost: the head is mirrored or turned. */
static void turned(const char *from, const char *to)
{
    static const int axis[3] = { 1, 0, 2 };
    static const bool flipped[3] = { true, false, false };
    lar_image *image, *view, *copy;
    CHECK_OK(lar_image_read(&image, from));
    CHECK_OK(lar_image_to_axes(&view, image, axis, flipped));
    CHECK_OK(lar_image_copy(&copy, view));
    copy->grid.to_world = lar_affine_identity();
    put_image(copy, to);
    lar_image_free(image);
    lar_image_free(view);
    lar_image_free(copy);
}

static void named_by_the_scanner(const char *from, const char *to)
{
    lar_image *image;
    const char *const paths[] = { from, to };
    CHECK_OK(lar_image_read(&image, from));
    int16_t *voxels = image->voxels;
    for (int n = 0; n < EDGE; n++) voxels[n * 7]++; /* reconstructed once more */
    put_image(image, to);
    lar_image_free(image);
    for (int n = 0; n < 2; n++) {
        char name[400];
        snprintf(name, sizeof name, "%.*s.json", (int)strlen(paths[n]) - 7, paths[n]);
        static const char text[] = "{\"SeriesInstanceUID\": \"1.2.840.99\", \"Modality\": \"MR\"}";
        CHECK_OK(lar_file_write(name, text, strlen(text), true));
    }
}

static const struct {
    void (*hide)(const char *from, const char *to);
    int kind;
} ways[] = {
    { renamed, LAR_TWIN_VOXELS },           { compressed_again, LAR_TWIN_VOXELS },
    { headed_otherwise, LAR_TWIN_VOXELS },  { typed_otherwise, LAR_TWIN_VOXELS },
    { stored_otherwise, LAR_TWIN_VOXELS },  { turned, LAR_TWIN_TURNED },
    { named_by_the_scanner, LAR_TWIN_UID },
};
enum { WAYS = sizeof ways / sizeof *ways };

/* ---- cohorts ----------------------------------------------------------------------------- */

static lar_image_spec images[] = {
    { .name = "t1", .path = "t1/{subject}_{session}.nii.gz", .role = LAR_INPUT },
    { .name = "flair", .path = "flair/{subject}_{session}.nii.gz", .role = LAR_TARGET },
    { .name = "lesions", .path = "lesions/{subject}_{session}.nii.gz", .role = LAR_LABEL },
};

static lar_data_params params(void)
{
    lar_data_params data = { 0 };
    lar_param_defaults(lar_data_table, &data);
    lar_param_defaults(lar_data_care_table, &data);
    lar_param_defaults(lar_split_table, &data.split);
    lar_param_defaults(lar_split_more_table, &data.split);
    data.image_count = 3;
    data.images = images;
    data.split.parts[LAR_VALID] = 0.3;
    data.split.parts[LAR_TEST] = 0.2;
    data.split.seed = turn;
    return data;
}

/* 6 to 12 people of one to three sessions each; labels are the same for all, as empty ones are. */
static void make_cohort(void)
{
    const int64_t people = 6 + draw(7, 1);
    lar_grid grid = { .size = { EDGE, EDGE, EDGE }, .to_world = lar_affine_identity() };
    lar_image *lesions;
    CHECK_OK(lar_image_new(&lesions, &grid, 1, LAR_U8));
    for (int64_t p = 0; p < people; p++) {
        const int64_t sessions = 1 + draw(3, 100 + (uint64_t)p);
        for (int64_t s = 0; s < sessions; s++)
            for (int m = 0; m < 3; m++) {
                lar_image *image = m < 2 ? head((uint64_t)(1000 + p * 10 + s * 2 + m)) : lesions;
                put_image(image, path_of("%s/p%lld_s%lld.nii.gz", images[m].name, (long long)p,
                                         (long long)s));
                if (m < 2) lar_image_free(image);
            }
    }
    lar_image_free(lesions);
}

/* As prepare sees it. */
static lar_image *read_scan(const lar_cohort *cohort, int64_t n, int64_t m)
{
    lar_image *stored, *ras, *typed;
    CHECK_OK(lar_image_read(&stored, cohort->subjects[n].paths[m]));
    CHECK_OK(lar_image_to_ras(&ras, stored));
    CHECK_OK(lar_image_to_type(&typed, ras, LAR_F32));
    lar_image_free(stored);
    lar_image_free(ras);
    return typed;
}

static lar_marks *mark_all(const lar_cohort *cohort)
{
    lar_marks *marks;
    CHECK_OK(lar_marks_new(&marks, cohort));
    for (int64_t n = 0; n < cohort->subject_count; n++)
        for (int64_t m = 0; m < cohort->image_count; m++) {
            lar_image *scan = read_scan(cohort, n, m);
            CHECK_OK(lar_marks_take(marks, n, m, scan));
            lar_image_free(scan);
        }
    return marks;
}

/* No subject is in two parts: sessions follow their subject. */
static void check_subjects(const lar_cohort *cohort)
{
    for (int64_t n = 0; n < cohort->subject_count; n++)
        for (int64_t m = 0; m < n; m++)
            if (lar_text_is(cohort->subjects[n].subject, cohort->subjects[m].subject))
                assert_int_equal(cohort->subjects[n].split, cohort->subjects[m].split);
}

static void clean_cohorts_are_not_accused(void **state)
{
    (void)state;
    for (turn = 0; turn < COHORTS; turn++) {
        lar_cohort *cohort;
        lar_twins twins;
        const lar_data_params data = params();
        root_make();
        make_cohort();
        CHECK_OK(lar_cohort_new(&cohort, &data, root));
        check_subjects(cohort);
        lar_marks *marks = mark_all(cohort);
        CHECK_OK(lar_marks_twins(&twins, marks));
        assert_int_equal(twins.count, 0);
        CHECK_OK(lar_marks_judge(marks, &data));
        lar_marks_free(marks);
        lar_cohort_free(cohort);
        root_remove(NULL);
    }
}

/* Each of one hundred cohorts gets one to three hidden copies under new people, in all ways. */
static void hidden_copies_are_found(void **state)
{
    (void)state;
    int across = 0, found[WAYS] = { 0 };
    for (turn = 1000; turn < 1000 + COHORTS; turn++) {
        lar_cohort *cohort;
        lar_twins twins;
        const lar_data_params data = params();
        const int64_t copies = 1 + draw(3, 50);
        char from[3][400], to[3][400];
        int way[3];
        root_make();
        make_cohort();
        for (int64_t c = 0; c < copies; c++) {
            const int m = (int)draw(2, 60 + (uint64_t)c);
            way[c] = (turn + (int)c) % WAYS;
            /* of another person each, and the rest of the new one is new */
            snprintf(from[c], sizeof from[c], "%s",
                     path_of("%s/p%lld_s0.nii.gz", images[m].name, (long long)c));
            snprintf(to[c], sizeof to[c], "%s",
                     path_of("%s/new%lld_s0.nii.gz", images[m].name, (long long)c));
            for (int k = 0; k < 3; k++) {
                lar_image *image = head(5000 + (uint64_t)(10 * c + k));
                if (k == 2) memset(image->voxels, 0, 2 * EDGE * EDGE * EDGE);
                put_image(image, path_of("%s/new%lld_s0.nii.gz", images[k].name, (long long)c));
                lar_image_free(image);
            }
            ways[way[c]].hide(from[c], to[c]);
        }
        CHECK_OK(lar_cohort_new(&cohort, &data, root));
        check_subjects(cohort);
        lar_marks *marks = mark_all(cohort);
        CHECK_OK(lar_marks_twins(&twins, marks));
        int64_t uids = 0;
        for (int64_t c = 0; c < copies; c++) uids += ways[way[c]].kind == LAR_TWIN_UID;
        assert_true(uids <= 1);
        assert_int_equal(twins.count, copies);
        for (int64_t c = 0; c < copies; c++) {
            int64_t n = 0;
            for (; n < twins.count; n++) {
                const lar_twin *twin = &twins.at[n];
                const char *paths[2];
                for (int k = 0; k < 2; k++)
                    paths[k] = cohort->subjects[twin->cases[k]].paths[twin->images[k]];
                const bool is_one =
                    (lar_text_is(paths[0], from[c]) && lar_text_is(paths[1], to[c])) ||
                    (lar_text_is(paths[1], from[c]) && lar_text_is(paths[0], to[c]));
                if (!is_one) continue;
                assert_int_equal(twin->kind, ways[way[c]].kind);
                assert_int_equal(twin->across, cohort->subjects[twin->cases[0]].split !=
                                                   cohort->subjects[twin->cases[1]].split);
                across += twin->across;
                found[way[c]]++;
                break;
            }
            if (n == twins.count) fail_msg("cohort %d, way %d: missed", turn, way[c]);
        }
        if (twins.across)
            CHECK_FAILS(lar_marks_judge(marks, &data), LAR_EARGUMENT,
                        "one scan is in two parts: '");
        else
            CHECK_OK(lar_marks_judge(marks, &data));
        lar_data_params warns = data;
        warns.duplicates = LAR_DUPLICATES_WARN;
        CHECK_OK(lar_marks_judge(marks, &warns));
        lar_marks_free(marks);
        lar_cohort_free(cohort);
        root_remove(NULL);
    }
    assert_true(across > 50); /* it was a test of leaks */
    for (int n = 0; n < WAYS; n++) assert_true(found[n] > 10);
}

/* ---- slices ------------------------------------------------------------------------------ */

/* Thirty folders of TIFF slices in train and valid: slices of one head in both are refused by their
 * names, and copies under another head's name by what they hold. */
static void slices_do_not_leak(void **state)
{
    (void)state;
    static lar_image_spec one[] = { { .name = "t1", .role = LAR_INPUT } };
    for (turn = 2000; turn < 2030; turn++) {
        lar_cohort *cohort;
        lar_twins twins;
        lar_data_params data = params();
        data.image_count = 1;
        data.images = one;
        data.folders = "slices";
        data.names = "{subject}_z{slice}.tif";
        root_make();
        lar_grid grid = { .size = { EDGE, EDGE, 1 }, .to_world = lar_affine_identity() };
        for (int p = 0; p < 6; p++)
            for (int z = 0; z < 3; z++) {
                lar_image *slice;
                CHECK_OK(lar_image_new(&slice, &grid, 1, LAR_F32));
                float *voxels = slice->voxels;
                for (int n = 0; n < EDGE * EDGE; n++)
                    voxels[n] = (float)lar_random_uniform((uint64_t)turn, (uint64_t)(10 * p + z),
                                                          (uint64_t)n);
                put_image(slice,
                          path_of("slices/t1/%s/p_%d_z%03d.tif", p < 4 ? "train" : "valid", p, z));
                lar_image_free(slice);
            }
        CHECK_OK(lar_cohort_new(&cohort, &data, root));
        check_subjects(cohort);
        assert_int_equal(cohort->participant_count, 6);
        lar_marks *marks = mark_all(cohort);
        CHECK_OK(lar_marks_twins(&twins, marks));
        assert_int_equal(twins.count, 0);
        lar_marks_free(marks);
        lar_cohort_free(cohort);
        const char *from =
            path_of("slices/t1/train/p_%d_z%03d.tif", (int)draw(4, 5), (int)draw(3, 6));
        (turn % 2 ? turned : renamed)(from, path_of("slices/t1/valid/p_4_z009.tif"));
        CHECK_OK(lar_cohort_new(&cohort, &data, root));
        marks = mark_all(cohort);
        CHECK_OK(lar_marks_twins(&twins, marks));
        assert_int_equal(twins.count, 1);
        assert_true(twins.at[0].across);
        CHECK_FAILS(lar_marks_judge(marks, &data), LAR_EARGUMENT, "one scan is in two parts");
        lar_marks_free(marks);
        lar_cohort_free(cohort);
        renamed(from, path_of("slices/t1/valid/p_1_z009.tif"));
        CHECK_FAILS(lar_cohort_new(&cohort, &data, root), LAR_EARGUMENT,
                    "the subject 'p_1' is in two parts");
        root_remove(NULL);
    }
}

/* ---- what a mark is ------------------------------------------------------------------------ */

/* By tests/golden/make_mark.py. A place is that of the volume, not of a row or a part of one. */
static void marks_are_those_of_every_larmor(void **state)
{
    (void)state;
    char mark[LAR_MARK_ROOM], other[LAR_MARK_ROOM];
    const lar_grid grid = { .size = { 600, 3, 2 }, .to_world = lar_affine_identity() };
    lar_image *image;
    CHECK_OK(lar_image_new(&image, &grid, 1, LAR_I16));
    int16_t *v = image->voxels;
    for (int n = 0; n < 3600; n++) v[n] = (int16_t)(n * 7919 % 613 - 300);
    CHECK_OK(lar_mark_image(mark, image));
    assert_string_equal(mark, "dbb1bb61665bd63407d06e862c6504e1-67b7a052cb5424b1f7d49f49f03d1eb9");
    for (int apart = 1; apart < 3000; apart *= 2) {
        const int16_t kept = v[5];
        assert_int_not_equal(kept, v[5 + apart]);
        v[5] = v[5 + apart];
        v[5 + apart] = kept;
        CHECK_OK(lar_mark_image(other, image));
        assert_memory_not_equal(mark, other, 32);
        assert_memory_equal(mark + 33, other + 33, 32);
        v[5 + apart] = v[5];
        v[5] = kept;
    }
    lar_image_free(image);
}

static void marks_tell_what_they_can(void **state)
{
    (void)state;
    char mark[LAR_MARK_ROOM], other[LAR_MARK_ROOM];
    turn = 7;
    lar_image *a = head(1), *b = head(1), *f32;
    CHECK_OK(lar_mark_image(mark, a));
    assert_int_equal(strlen(mark), LAR_MARK_ROOM - 1);
    for (int n = 0; n < EDGE * EDGE * EDGE; n += 37) { /* one voxel by one step */
        ((int16_t *)b->voxels)[n]++;
        CHECK_OK(lar_mark_image(other, b));
        assert_memory_not_equal(mark, other, 32);
        assert_memory_not_equal(mark + 33, other + 33, 32);
        ((int16_t *)b->voxels)[n]--;
    }
    /* two voxels that change places: the same values, not the same image */
    int16_t *v = b->voxels, kept = v[3];
    assert_int_not_equal(v[3], v[400]);
    v[3] = v[400];
    v[400] = kept;
    CHECK_OK(lar_mark_image(other, b));
    assert_memory_not_equal(mark, other, 32);
    assert_memory_equal(mark + 33, other + 33, 32);
    /* any number of threads, and any type */
    const int threads = lar_threads_get();
    for (int t = 1; t <= 3; t++) {
        lar_threads_set(t);
        CHECK_OK(lar_mark_image(other, a));
        assert_string_equal(mark, other);
    }
    lar_threads_set(threads);
    CHECK_OK(lar_image_to_type(&f32, a, LAR_F32));
    CHECK_OK(lar_mark_image(other, f32));
    assert_string_equal(mark, other);
    float *g = f32->voxels; /* -0 and 0 are one value */
    g[5] = 0;
    CHECK_OK(lar_mark_image(mark, f32));
    g[5] = -0.0F;
    CHECK_OK(lar_mark_image(other, f32));
    assert_string_equal(mark, other);
    /* of a mask or an empty slice it says nothing */
    for (int n = 0; n < EDGE * EDGE * EDGE; n++) v[n] = (int16_t)(n % 3);
    CHECK_OK(lar_mark_image(mark, b));
    assert_string_equal(mark, "00000000000000000000000000000000-00000000000000000000000000000000");
    /* of a few values it knows the places alone */
    for (int n = 0; n < EDGE * EDGE * EDGE; n++) v[n] = (int16_t)(n % 11);
    CHECK_OK(lar_mark_image(mark, b));
    assert_memory_not_equal(mark, "00000000000000000000000000000000", 32);
    assert_string_equal(mark + 33, "00000000000000000000000000000000");
    lar_image_free(a);
    lar_image_free(b);
    lar_image_free(f32);
}

/* Two images of one case, the sessions of one subject, a dual echo. */
static void pairs_of_one_subject_are_told_but_no_leak(void **state)
{
    (void)state;
    lar_cohort *cohort;
    lar_twins twins;
    turn = 3;
    const lar_data_params data = params();
    root_make();
    make_cohort();
    renamed(path_of("t1/p2_s0.nii.gz"), path_of("flair/p2_s0.nii.gz"));
    named_by_the_scanner(path_of("t1/p3_s0.nii.gz"), path_of("flair/p3_s0.nii.gz"));
    CHECK_OK(lar_cohort_new(&cohort, &data, root));
    lar_marks *marks = mark_all(cohort);
    CHECK_OK(lar_marks_twins(&twins, marks));
    assert_int_equal(twins.count, 1);
    assert_false(twins.at[0].across);
    assert_int_equal(twins.at[0].cases[0], twins.at[0].cases[1]);
    CHECK_OK(lar_marks_judge(marks, &data));
    /* marks go into a record and come back */
    lar_marks *again;
    CHECK_OK(lar_marks_new(&again, cohort));
    for (int64_t n = 0; n < cohort->subject_count; n++)
        for (int64_t m = 0; m < 2; m++) {
            char mark[LAR_MARK_ROOM];
            lar_image *scan = read_scan(cohort, n, m);
            CHECK_OK(lar_mark_image(mark, scan));
            lar_marks_put(again, n, m, mark);
            lar_image_free(scan);
        }
    CHECK_OK(lar_marks_twins(&twins, again));
    assert_int_equal(twins.count, 1);
    for (int64_t n = 0; n < cohort->subject_count; n++) lar_marks_put(again, n, 0, "something");
    CHECK_OK(lar_marks_twins(&twins, again));
    assert_int_equal(twins.count, 0);
    lar_marks_free(again);
    lar_marks_free(marks);
    lar_cohort_free(cohort);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(clean_cohorts_are_not_accused, root_remove),
        cmocka_unit_test_teardown(hidden_copies_are_found, root_remove),
        cmocka_unit_test_teardown(slices_do_not_leak, root_remove),
        cmocka_unit_test(marks_are_those_of_every_larmor),
        cmocka_unit_test_teardown(marks_tell_what_they_can, root_remove),
        cmocka_unit_test_teardown(pairs_of_one_subject_are_told_but_no_leak, root_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
