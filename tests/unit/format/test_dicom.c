/* DICOM through dcm2niix: what pydicom reads (tests/golden/make_dicom.py made the files and the
 * numbers), tilt and gaps, nothing of the patient (R12), a dcm2niix that fails in every way, nasty
 * names (R38), and damage.
 * SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* memmem */
#include <jansson.h>

#include "mutate.h"

static const char *const golden = TEST_SOURCE "/tests/golden/dicom";

static char temporary[128]; /* TMPDIR of this test */

static double number(char **at)
{
    char *end;
    const double value = strtod(*at, &end);
    if (end == *at) fail_msg("no number at '%.20s'", *at);
    *at = end;
    return value;
}

static const char *golden_path(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", golden, name);
    return path;
}

static const lar_dicom_series *series_named(const lar_dicom *dicom, const char *name)
{
    for (int64_t n = 0; n < dicom->count; n++)
        if (lar_text_is(dicom->series[n].name, name)) return &dicom->series[n];
    for (int64_t n = 0; n < dicom->count; n++) printf("there is '%s'\n", dicom->series[n].name);
    fail_msg("no series '%s'", name);
    return NULL;
}

static void as_pydicom_reads_them(void **state)
{
    (void)state;
    char *text, *rest, *line;
    size_t count;
    int images = 0;
    CHECK_OK(lar_file_read(&text, &count, TEST_SOURCE "/tests/golden/dicom.txt", 1 << 20));
    for (rest = text; *rest; images++) {
        char folder[64], name[64];
        int used;
        lar_dicom *dicom;
        lar_image *image;
        line = rest;
        rest += strcspn(rest, "\n");
        if (*rest) *rest++ = 0;
        assert_int_equal(sscanf(line, "%63s %63s%n", folder, name, &used), 2);
        line += used;
        CHECK_OK(lar_dicom_open(&dicom, golden_path(folder), NULL));
        assert_int_equal(dicom->failed, 0);
        assert_int_equal(dicom->count, lar_text_is(folder, "two") ? 2 : 1);
        const lar_dicom_series *s = series_named(dicom, name);
        CHECK_OK(lar_image_read(&image, s->file));
        assert_int_equal(image->type, LAR_I16);
        for (int a = 0; a < 3; a++) assert_int_equal(image->grid.size[a], (int64_t)number(&line));
        for (int n = 0; n < 12; n++)
            CHECK_NEAR(image->grid.to_world.m[n / 4][n % 4], number(&line), 2e-5);
        for (int64_t k = 0; k < image->grid.size[2]; k++)
            for (int64_t j = 0; j < image->grid.size[1]; j++)
                for (int64_t i = 0; i < image->grid.size[0]; i++)
                    CHECK_NEAR(lar_image_at(image, i, j, k, 0), number(&line), 0);
        assert_string_equal(image->notes->description, "");
        const bool odd = lar_text_is(folder, "tilted") || lar_text_is(folder, "uneven") ||
                         lar_text_is(folder, "missing");
        assert_int_equal(*s->warnings != 0, odd);
        lar_image_free(image);
        lar_dicom_free(dicom);
    }
    assert_int_equal(images, 9);
    lar_free(text);
    mutate_check_left();
}

static void tilt_and_gaps_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *folder, *words;
    } odd[] = {
        { "tilted", "gantry tilt of -15.5 degrees: its slices are sheared" },
        { "uneven",
          "slices are unevenly spaced: 3 to 6 mm; written in equal steps, up to 2.25 mm" },
        { "missing", "3 to 6 mm, as if 1 were missing, the first behind slice 2" },
    };
    for (int n = 0; n < 3; n++) {
        lar_image *image;
        lar_image_about about;
        CHECK_OK(lar_image_read_about(&image, &about, golden_path(odd[n].folder), LAR_FORM_AUTO));
        if (!strstr(lar_text_get(&about.warnings), odd[n].words))
            fail_msg("%s: '%s'", odd[n].folder, lar_text_get(&about.warnings));
        assert_string_equal(about.format, "DICOM");
        lar_image_about_clear(&about);
        lar_image_free(image);
    }
}

/* A picture in colours and compressed frames are told, and do not stop the series beside them. */
static void what_is_no_scan_does_not_stop_the_others(void **state)
{
    (void)state;
    lar_dicom *dicom;
    CHECK_OK(lar_dicom_open(&dicom, golden_path("kinds"), NULL));
    assert_int_equal(dicom->count, 1);
    assert_string_equal(dicom->series[0].name, "3_made");
    assert_int_equal(dicom->failed, 2);
    if (!strstr(dicom->failures, "series 11 (1 file): its image holds colours") ||
        !strstr(dicom->failures, "series 12 (1 file): 'f01.dcm' holds 2 compressed frames"))
        fail_msg("%s", dicom->failures);
    lar_dicom_free(dicom);
}

/* The voxel of `image` that is nearest to a place, if one is there within 1e-3 mm. */
static bool voxel_at(double *value, const lar_image *image, const double xyz[3])
{
    for (int64_t k = 0; k < image->grid.size[2]; k++)
        for (int64_t j = 0; j < image->grid.size[1]; j++)
            for (int64_t i = 0; i < image->grid.size[0]; i++) {
                const double ijk[3] = { (double)i, (double)j, (double)k };
                double at[3];
                lar_grid_to_world(&image->grid, ijk, at);
                if (fabs(at[0] - xyz[0]) + fabs(at[1] - xyz[1]) + fabs(at[2] - xyz[2]) > 3e-3)
                    continue;
                *value = lar_image_at(image, i, j, k, 0);
                return true;
            }
    return false;
}

/* Corrected, a slice that lies on the new grid is where it was scanned, as it was; the image stands
 * upright. */
static void corrected_slices_keep_their_place(void **state)
{
    (void)state;
    static const char *const folders[] = { "tilted", "uneven", "missing" };
    const lar_dicom_params correct = { .correct = true };
    for (int n = 0; n < 3; n++) {
        lar_dicom *plain, *made;
        lar_image *scanned, *upright;
        int found = 0;
        CHECK_OK(lar_dicom_open(&plain, golden_path(folders[n]), NULL));
        CHECK_OK(lar_dicom_open(&made, golden_path(folders[n]), &correct));
        CHECK_OK(lar_image_read(&scanned, plain->series[0].file));
        CHECK_OK(lar_image_read(&upright, made->series[0].file));
        assert_non_null(strstr(made->series[0].warnings, "resampled to"));
        const lar_affine *a = &upright->grid.to_world;
        for (int c = 0; c < 2; c++)
            CHECK_NEAR(a->m[0][c] * a->m[0][2] + a->m[1][c] * a->m[1][2] + a->m[2][c] * a->m[2][2],
                       0, 1e-4);
        /* of every series the first slice; the missing one leaves all on the grid, in equal steps
         */
        for (int64_t k = 0; k < 4; k += 3)
            for (int64_t j = 0; j < 8; j++)
                for (int64_t i = 0; i < 6; i++) {
                    /* slices 0 and 3 of "missing" are 0 and 4 of the new grid */
                    const double place[3] = { (double)i, (double)j, (double)k };
                    double xyz[3], value;
                    lar_grid_to_world(&scanned->grid, place, xyz);
                    if (k && n != 2) continue;
                    if (!voxel_at(&value, upright, xyz)) continue;
                    found++;
                    CHECK_NEAR(value, lar_image_at(scanned, i, j, k, 0), 0);
                }
        assert_int_equal(found, n == 2 ? 96 : 48);
        if (n == 2) assert_int_equal(upright->grid.size[2], 5);
        lar_image_free(scanned);
        lar_image_free(upright);
        lar_dicom_free(plain);
        lar_dicom_free(made);
    }
    mutate_check_left();
}

static int has_mark(const char *text, size_t count)
{
    static const char *const marks[] = { "PHI0",     "19010203", "1901-02-03",
                                         "19040506", "070809",   "07:08:09" };
    for (size_t m = 0; m < sizeof marks / sizeof *marks; m++)
        if (memmem(text, count, marks[m], strlen(marks[m]))) return 1;
    return 0;
}

static void nothing_of_the_patient_is_kept(void **state)
{
    (void)state;
    lar_dicom *dicom;
    char *bytes;
    size_t count;
    lar_image *image;
    lar_image_about about;
    CHECK_OK(lar_file_read(&bytes, &count, golden_path("marked/s01.dcm"), 1 << 20));
    assert_true(has_mark(bytes, count));
    lar_free(bytes);
    scan_listen();
    CHECK_OK(lar_dicom_open(&dicom, golden_path("marked"), NULL));
    const lar_dicom_series *s = &dicom->series[0];
    CHECK_OK(lar_file_read(&bytes, &count, s->file, 1 << 20));
    assert_false(has_mark(bytes, count));
    lar_free(bytes);
    bytes = json_dumps(s->facts, 0);
    assert_false(has_mark(bytes, strlen(bytes)));
    free(bytes);
    assert_false(has_mark(s->name, strlen(s->name)));
    assert_false(has_mark(s->warnings, strlen(s->warnings)));
    assert_true(s->dropped > 3);
    assert_non_null(json_object_get(s->facts, "Modality"));
    assert_null(json_object_get(s->facts, "PatientName"));
    lar_dicom_free(dicom);
    CHECK_OK(lar_image_read_about(&image, &about, golden_path("marked"), LAR_FORM_AUTO));
    assert_false(has_mark(lar_text_get(&about.warnings), about.warnings.length));
    assert_false(has_mark(image->notes->description, sizeof image->notes->description));
    assert_false(has_mark(image->notes->name, sizeof image->notes->name));
    assert_false(has_mark(scan_said, strlen(scan_said)));
    lar_image_about_clear(&about);
    lar_image_free(image);
    lar_log_to(NULL, NULL);
    /* asked for, it is there */
    const lar_dicom_params patient = { .patient = true };
    CHECK_OK(lar_dicom_open(&dicom, golden_path("marked"), &patient));
    assert_non_null(json_object_get(dicom->series[0].facts, "PatientName"));
    assert_int_equal(dicom->series[0].dropped, 0);
    lar_dicom_free(dicom);
    mutate_check_left();
}

static void one_image_is_asked_for(void **state)
{
    (void)state;
    lar_image *image;
    lar_image_about about;
    CHECK_FAILS(lar_image_read(&image, golden_path("two")), LAR_EARGUMENT,
                "holds 2 images, one was expected: 2_etc_passwd_rm_-rf, 10_later");
    assert_non_null(strstr(lar_error(), "try larmor convert"));
    CHECK_OK(lar_image_read_header(&about, golden_path("plain")));
    assert_int_equal(about.grid.size[2], 5);
    lar_image_about_clear(&about);
    CHECK_OK(lar_image_read_about(&image, &about, golden_path("plain/s03.dcm"), LAR_FORM_AUTO));
    assert_int_equal(image->grid.size[2], 1);
    assert_non_null(strstr(lar_text_get(&about.warnings), "one of 5 files of its series"));
    CHECK_NEAR(image->grid.to_world.m[2][3], -32.057, 1e-3); /* its own place, not the first's */
    lar_image_about_clear(&about);
    lar_image_free(image);
    CHECK_FAILS(lar_image_read(&image, golden_path("two/report.dcm")), LAR_ENOINPUT,
                "holds no image: 1 DICOM file without one");
    CHECK_FAILS(lar_image_read(&image, TEST_SOURCE "/tests"), LAR_ENOINPUT, "holds no DICOM file");
    CHECK_FAILS(lar_image_read(&image, golden_path("absent")), LAR_ENOINPUT, "cannot open");
    assert_true(lar_dicom_is(golden_path("plain/s01.dcm")));
    assert_false(lar_dicom_is(golden_path("two/notes.txt")));
    assert_false(lar_dicom_is(golden_path("plain")));
    mutate_check_left();
}

/* Programs in place of dcm2niix; "$o" is the folder for its output. */
static void every_failure_is_an_error(void **state)
{
    (void)state;
    static const struct {
        const char *script, *words;
    } programs[] = {
        { "exit 0", "made no image" },
        { "echo 'Error: no luck with /home/patient'; exit 1", "(it ended with 1): Error: no luck" },
        { "exit 2", "it ended with 2" },
        { "printf x >$o/s.nii", "cannot rewrite the header" },
        { "exec ln -s /etc/passwd $o/s.nii", "cannot rewrite the header" },
        { "exec mkfifo $o/s.nii", "cannot rewrite the header" },
        { "exec mkdir $o/s.nii", "cannot rewrite the header" },
        { "printf x >$o/s.json", "made no image" },
        { "echo 'Catastrophic decompression error'; printf x >$o/s.nii", "Catastrophic" },
        { "ulimit -t 0; while :; do :; done", "crashed" },
        { "printf x >$o/s_Eq.nii", "but corrected ones" },
        { "exec rm -rf $o", "cannot open the folder" },
    };
    for (size_t n = 0; n < sizeof programs / sizeof *programs; n++) {
        char path[256];
        lar_text script = { 0 };
        lar_dicom *dicom;
        lar_text_add(&script,
                     "#!/bin/sh\nwhile [ $# -gt 0 ]; do [ \"$1\" = -o ] && o=$2; shift; done\n%s\n",
                     programs[n].script);
        /* where programs may be started from */
        snprintf(path, sizeof path, "%s/fake", temporary);
        CHECK_OK(lar_file_write(path, script.at, script.length, true));
        assert_int_equal(chmod(path, 0755), 0);
        setenv("LARMOR_DCM2NIIX", path, 1);
        const lar_status status = lar_dicom_open(&dicom, golden_path("plain"), NULL);
        if (status == LAR_OK || !strstr(lar_error(), programs[n].words))
            fail_msg("'%s': %s", programs[n].script, status ? lar_error() : "opened");
        assert_null(strstr(lar_error(), "/home/patient"));
        lar_text_clear(&script);
        mutate_check_left();
    }
    lar_dicom *dicom;
    setenv("LARMOR_DCM2NIIX", "/nonexistent", 1);
    CHECK_FAILS(lar_dicom_open(&dicom, golden_path("plain"), NULL), LAR_EUNSUPPORTED,
                "try to install dcm2niix");
    unsetenv("LARMOR_DCM2NIIX");
    mutate_check_left();
}

static bool never(void *user, const char *stage, double fraction)
{
    (void)user, (void)stage, (void)fraction;
    return false;
}

/* Copies the files of a golden folder. */
static void copy_files(const char *to, const char *from)
{
    DIR *folder = opendir(golden_path(from));
    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder));) {
        char path[768], *bytes;
        size_t count;
        if (!lar_text_ends(entry->d_name, ".dcm")) continue;
        snprintf(path, sizeof path, "%s/%s", golden_path(from), entry->d_name);
        CHECK_OK(lar_file_read(&bytes, &count, path, 1 << 20));
        snprintf(path, sizeof path, "%s/%s", to, entry->d_name);
        CHECK_OK(lar_file_write(path, bytes, count, false));
        lar_free(bytes);
    }
    closedir(folder);
}

/* What dcm2niix would place wrongly, or cannot know. */
static void doubled_slices_are_refused(void **state)
{
    (void)state;
    lar_image *image;
    CHECK_FAILS(lar_image_read(&image, golden_path("doubled")), LAR_EFORMAT,
                "its 6 slices are at 5 places");
    CHECK_OK(lar_image_read(&image, golden_path("time")));
    assert_int_equal(image->grid.size[2], 3);
    assert_int_equal(image->channels, 2);
    lar_image_free(image);
    mutate_check_left();
}

/* A slice that is cut short takes its series with it; the other series of the folder are there, and
 * the failure is told. What is named as DICOM and is none is told, too. */
static void a_cut_slice_is_an_error(void **state)
{
    (void)state;
    char folder[160], path[512], *bytes;
    size_t count;
    lar_dicom *dicom;
    lar_image *image;
    snprintf(folder, sizeof folder, "%s/cut", temporary);
    CHECK_OK(lar_folder_make(folder));
    copy_files(folder, "two");
    snprintf(path, sizeof path, "%s/b03.dcm", folder);
    CHECK_OK(lar_file_read(&bytes, &count, path, 1 << 20));
    for (size_t at = 0; at < count; at += at + 12 < count ? 37 : 1) {
        CHECK_OK(lar_file_write(path, bytes, at, true));
        CHECK_OK(lar_dicom_open(&dicom, folder, NULL));
        /* cut before its series is named, it is of no series */
        const bool told = dicom->failed == 1 && strstr(dicom->failures, "series ");
        const bool strange = strstr(dicom->series[0].warnings, "named as DICOM, but are not");
        if (!told && !strange) fail_msg("cut to %zu of %zu bytes, and no word", at, count);
        if (strstr(dicom->failures, "series 10")) assert_int_equal(dicom->count, 1);
        lar_dicom_free(dicom);
        CHECK_OK(lar_file_write(path, bytes, count, true));
    }
    CHECK_OK(lar_file_write(path, bytes, count - 1, true));
    CHECK_FAILS(lar_image_read(&image, path), LAR_EFORMAT, "'b03.dcm' is too short");
    lar_free(bytes);
    lar_folder_remove(folder);
    mutate_check_left();
}

static void it_can_be_stopped(void **state)
{
    (void)state;
    lar_dicom *dicom;
    const lar_dicom_params params = { .progress = { never, NULL } };
    CHECK_FAILS(lar_dicom_open(&dicom, golden_path("plain"), &params), LAR_ESTOPPED, "stopped");
    mutate_check_left();
}

static void no_name_is_too_nasty(void **state)
{
    (void)state;
    char parent[160], old[512], path[512], name[256], file[800];
    lar_image *wanted, *image;
    CHECK_OK(lar_image_read(&wanted, golden_path("plain")));
    snprintf(parent, sizeof parent, "%s/names", temporary);
    snprintf(old, sizeof old, "%s/first", parent);
    CHECK_OK(lar_folder_make(old));
    copy_files(old, "plain");
    snprintf(file, sizeof file, "%s/s01.dcm", old);
    assert_int_equal(chdir(parent), 0);
    for (int n = 0; n < NASTY_NAMES; n++) {
        nasty_name(name, n);
        snprintf(path, sizeof path, "%s/%s", parent, name);
        if (strcmp(old, path) != 0) assert_int_equal(rename(old, path), 0);
        /* and the file in it has the name of its folder */
        char before[800], after[800];
        snprintf(before, sizeof before, "%s/%s", path, n ? lar_path_name(file) : "s01.dcm");
        snprintf(after, sizeof after, "%s/%s", path, name[0] == '.' ? "dot" : name);
        assert_int_equal(rename(before, after), 0);
        snprintf(file, sizeof file, "%s", after);
        CHECK_OK(lar_image_read(&image, n & 1 ? path : name));
        scan_same_voxels(wanted, image);
        scan_same_grid(&wanted->grid, &image->grid, 0);
        lar_image_free(image);
        snprintf(old, sizeof old, "%s", path);
    }
    assert_int_equal(chdir("/"), 0);
    lar_folder_remove(parent);
    lar_image_free(wanted);
    mutate_check_left();
}

/* The real scans: the same voxels as dcm2niix's stored references, at the same place. */
static void real_scans_agree(void **state)
{
    (void)state;
    static const struct {
        const char *folder, *name, *reference;
    } scans[] = {
        { "pd_t2_siemens/in/Siemens/VE11", "3_pd_t2_tse_sag_ISO_1_8mm_e1",
          "pd_t2_siemens/Siemens_pd+t2_tse_sag_ISO_1.8mm_3_e1.nii" },
        { "pd_t2_siemens/in/Siemens/VE11", "3_pd_t2_tse_sag_ISO_1_8mm_e2",
          "pd_t2_siemens/Siemens_pd+t2_tse_sag_ISO_1.8mm_3_e2.nii" },
        { "mr_t1_siemens_jpeg/in", "5001_anat-T1w_acq-tfl",
          "mr_t1_siemens_jpeg/anat-T1w_acq-tfl_5001.nii" },
    };
    if (!check_data("dicom/pd_t2_siemens")) {
        printf("skipped: no DICOM scans in LARMOR_TEST_DATA\n");
        skip();
    }
    for (int n = 0; n < 3; n++) {
        char path[256];
        lar_dicom *dicom;
        lar_image *image, *turned, *mine, *reference, *theirs;
        snprintf(path, sizeof path, "dicom/%s", scans[n].folder);
        CHECK_OK(lar_dicom_open(&dicom, check_data(path), NULL));
        CHECK_OK(lar_image_read(&image, series_named(dicom, scans[n].name)->file));
        snprintf(path, sizeof path, "dicom/%s", scans[n].reference);
        CHECK_OK(lar_image_read(&reference, check_data(path)));
        CHECK_OK(lar_image_to_ras(&turned, image));
        CHECK_OK(lar_image_to_type(&mine, turned, turned->type));
        lar_image_free(turned);
        CHECK_OK(lar_image_to_ras(&turned, reference));
        CHECK_OK(lar_image_to_type(&theirs, turned, turned->type));
        scan_same_voxels(theirs, mine);
        scan_same_grid(&theirs->grid, &mine->grid, 1e-5);
        lar_image_free(turned);
        lar_image_free(mine);
        lar_image_free(theirs);
        lar_image_free(image);
        lar_image_free(reference);
        lar_dicom_free(dicom);
    }
}

/* A real CT, of which dcm2niix 1.0.20220720 says another place: corners of its first and last slice
 * by its own headers (LPS in the file, RAS here). */
static void a_tilted_ct_is_where_its_slices_are(void **state)
{
    (void)state;
    if (!check_data("dicom/ct_head_ge")) {
        printf("skipped: no CT in LARMOR_TEST_DATA\n");
        skip();
    }
    lar_image *image;
    lar_image_about about;
    CHECK_OK(lar_image_read_about(&image, &about, check_data("dicom/ct_head_ge"), LAR_FORM_AUTO));
    assert_non_null(strstr(lar_text_get(&about.warnings), "gantry tilt of 18.5 degrees"));
    assert_non_null(strstr(lar_text_get(&about.warnings), "1.14 to 7.38 mm"));
    for (int k = 0; k < 28; k += 27) {
        /* row 0 is j = 511 */
        const double first[3] = { 0, 511, k }, far[3] = { 511, 0, k };
        const double z = k ? 157.7760586 : 5.8360586;
        double xyz[3];
        lar_grid_to_world(&image->grid, first, xyz);
        CHECK_NEAR(xyz[0], 125, 1e-3);
        CHECK_NEAR(xyz[1], 123.5404569, 1e-3);
        CHECK_NEAR(xyz[2], z, 1e-3);
        lar_grid_to_world(&image->grid, far, xyz);
        CHECK_NEAR(xyz[0], 125 - 511 * 0.4882812, 1e-3);
        CHECK_NEAR(xyz[1], 123.5404569 - 511 * 0.4882812 * 0.9483237, 1e-3);
        CHECK_NEAR(xyz[2], z - 511 * 0.4882812 * 0.3173047, 1e-3);
    }
    lar_range range;
    CHECK_OK(lar_image_range(&range, image));
    CHECK_NEAR(range.low, -1500, 0); /* HU, as pydicom and GDCM have them */
    CHECK_NEAR(range.high, 2121, 0);
    lar_image_about_clear(&about);
    lar_image_free(image);
}

/* Damaged files, LARMOR_MUTATIONS of them, one in a series of five each. */
static void damage_stays_apart(void **state)
{
    (void)state;
    static const char *const folders[] = { "plain", "tilted", "implicit", "uneven", "big" };
    const int count = mutate_count(), first = mutate_first();
    int read = 0, whole = 0, refused = 0, crashed = 0, stopped = 0;
    char folder[160], path[512];
    for (int n = first; n < first + count; n++) {
        char *bytes;
        size_t size;
        lar_image *image;
        lar_image_about about;
        snprintf(folder, sizeof folder, "%s/damaged", temporary);
        CHECK_OK(lar_folder_make(folder));
        copy_files(folder, folders[n % 5]);
        const int which = 1 + (int)(mutate_random(n, 7) % 5);
        snprintf(path, sizeof path, "%s/s%02d.dcm", folder, which);
        CHECK_OK(lar_file_read(&bytes, &size, path, 1 << 20));
        mutate(bytes, &size, n);
        CHECK_OK(lar_file_write(path, bytes, size, true));
        /* every third: the damaged file alone */
        const char *asked = n % 3 == 2 ? path : folder;
        const lar_status status = lar_image_read_about(&image, &about, asked, LAR_FORM_AUTO);
        assert_true((status == LAR_OK) == (image != NULL));
        if (image) {
            lar_range range;
            assert_true(lar_grid_is_valid(&image->grid));
            CHECK_OK(lar_image_range(&range, image));
            read++;
            const bool all = image->grid.size[2] == 5;
            whole += all;
            /* an image of fewer slices is not given without a word */
            if (!all && asked == folder && !about.warnings.length)
                fail_msg("damage %d of %s: %lld slices, and no word", n, asked,
                         (long long)image->grid.size[2]);
        } else {
            assert_true(*lar_error() != 0);
            const bool crash = strstr(lar_error(), "crashed"),
                       stop = strstr(lar_error(), "stopped");
            crashed += crash;
            stopped += stop;
            refused += !crash && !stop;
        }
        lar_image_about_clear(&about);
        lar_image_free(image);
        lar_free(bytes);
        lar_folder_remove(folder);
        if (n % 50 == 0) mutate_check_left();
    }
    mutate_check_left();
    printf("%d damaged DICOM files: %d refused, %d read (%d of all five slices), %d crashed apart, "
           "%d stopped at a limit\n",
           count, refused, read, whole, crashed, stopped);
}

int main(void)
{
    lar_text program = { 0 };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_pydicom_reads_them),
        cmocka_unit_test(tilt_and_gaps_are_named),
        cmocka_unit_test(what_is_no_scan_does_not_stop_the_others),
        cmocka_unit_test(corrected_slices_keep_their_place),
        cmocka_unit_test(nothing_of_the_patient_is_kept),
        cmocka_unit_test(one_image_is_asked_for),
        cmocka_unit_test(every_failure_is_an_error),
        cmocka_unit_test(doubled_slices_are_refused),
        cmocka_unit_test(a_cut_slice_is_an_error),
        cmocka_unit_test(it_can_be_stopped),
        cmocka_unit_test(no_name_is_too_nasty),
        cmocka_unit_test(real_scans_agree),
        cmocka_unit_test(a_tilted_ct_is_where_its_slices_are),
        cmocka_unit_test(damage_stays_apart),
    };
    if (lar_dicom_program(&program) != LAR_OK) {
        printf("skipped: dcm2niix is not installed\n");
        return 77;
    }
    lar_text_clear(&program);
    snprintf(temporary, sizeof temporary, "%s", check_folder());
    setenv("TMPDIR", temporary, 1);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    check_folder_remove(temporary);
    return failed;
}
