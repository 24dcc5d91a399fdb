/* Tables of points: columns by name, all else kept to the byte, and bad tables by line and column.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "format/format.h"

static lar_points *read_text(const char *text, const char *name)
{
    lar_points *points;
    CHECK_OK(lar_points_read_bytes(&points, text, strlen(text), name));
    return points;
}

static void all_but_the_numbers_is_kept(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after, *name;
    } cases[] = {
        { "x,y,z\n1,2,3\n4.5,-6e1,.25\n", "x,y,z\n2,4,6\n9,-120,0.5\n", "a.csv" },
        { "label,Z,\"x\", y ,note\r\n\"a,b\",3, 1 ,\"2\",\r\n\r\n,6,4,5,last",
          "label,Z,\"x\", y ,note\r\n\"a,b\",6, 2 ,\"4\",\r\n\r\n,12,8,10,last", "b.csv" },
        { "\xef\xbb\xbfx\ty\tz\r1,5\t2\t3", NULL, "c.tsv" },
        { "\xef\xbb\xbfx\ty\tt\tz\n1\t2\t \t0.1\n", "\xef\xbb\xbfx\ty\tt\tz\n2\t4\t \t0.2\n",
          "d.tsv" },
    };
    const char *folder = check_folder();
    char path[128], *text;
    size_t length;
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        lar_points *points;
        if (!cases[n].after) { /* a comma is no decimal point */
            CHECK_FAILS(lar_points_read_bytes(&points, cases[n].before, strlen(cases[n].before),
                                              cases[n].name),
                        LAR_EFORMAT, "line 2 of 'c.tsv' holds '1,5' in column x");
            continue;
        }
        points = read_text(cases[n].before, cases[n].name);
        for (int64_t p = 0; p < points->count; p++)
            for (int r = 0; r < 3; r++) points->xyz[p][r] *= 2;
        snprintf(path, sizeof path, "%s/%s", folder, cases[n].name);
        CHECK_OK(lar_points_write(points, path, false));
        CHECK_FAILS(lar_points_write(points, path, false), LAR_EEXISTS, cases[n].name);
        CHECK_OK(lar_file_read(&text, &length, path, 1 << 20));
        assert_string_equal(text, cases[n].after);
        lar_free(text);
        points->xyz[0][1] = INFINITY;
        CHECK_FAILS(lar_points_write(points, path, true), LAR_ENUMERIC, "point 1 is not finite");
        lar_points_free(points);
    }
    check_folder_remove(folder);
}

static void bad_tables_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } cases[] = {
        { "", "'t.csv' is empty" },
        { "\n \n", "'t.csv' is empty" },
        { "x,y,z\n", "has a header, but no points" },
        { "1,2,3\n4,5,6\n", "no column 'x': its first line is '1,2,3'" },
        { "x,y\n1,2\n", "no column 'z'" },
        { "x\ty\tz\n1\t2\t3\n", "no column 'x'" },
        { "x,y,z,X\n1,2,3,4\n", "two columns 'x'" },
        { "x,y,z\n1,2,3\n1,two,3\n", "line 3 of 't.csv' holds 'two' in column y" },
        { "x,y,z\n1,2,nan\n", "line 2 of 't.csv' holds 'nan' in column z" },
        { "x,y,z\n1,,3\n", "line 2 of 't.csv' holds '' in column y" },
        { "x,y,z\n1,2,1e999\n", "holds '1e999' in column z" },
        { "x,y,z\r\n1,2,3\r\n\r\n1,2\r\n", "line 4 of 't.csv' has 2 columns, its header 3" },
        { "x,y,z\n1,2,3,4\n", "has 4 columns, its header 3" },
        { "x,y,z\n1,\"2,3\n", "line 2 of 't.csv' holds a quote that is not closed" },
        { "x,y,\"z\n1,2,3\n", "line 1 of 't.csv' holds a quote" },
        { "x,y,z\n1,2,0000000000000000000000000000000000000000000000000000000000000000003\n",
          "expected a number" },
    };
    lar_points *points;
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++)
        CHECK_FAILS(lar_points_read_bytes(&points, cases[n].text, strlen(cases[n].text), "t.csv"),
                    LAR_EFORMAT, cases[n].words);
    CHECK_FAILS(lar_points_read_bytes(&points, "x,y,z\n1,2,3\0,", 14, "t.csv"), LAR_EFORMAT,
                "is not text");
    CHECK_FAILS(lar_points_read(&points, "absent.csv"), LAR_ENOINPUT, "'absent.csv'");
    assert_null(points);
}

static void failing_memory_leaves_nothing(void **state)
{
    (void)state;
    lar_status status = LAR_EMEMORY;
    int failures = 0;
    for (int64_t n = 1; status != LAR_OK; n++) {
        lar_points *points = NULL;
        lar_alloc_fail_at(n, false);
        status = lar_points_read_bytes(&points, "x,y,z\n1,2,3\n", 12, "t.csv");
        lar_alloc_fail_at(0, false);
        assert_true(status == LAR_OK || (status == LAR_EMEMORY && !points));
        failures += status != LAR_OK;
        lar_points_free(points);
    }
    assert_true(failures >= 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_but_the_numbers_is_kept),
        cmocka_unit_test(bad_tables_are_named),
        cmocka_unit_test(failing_memory_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
