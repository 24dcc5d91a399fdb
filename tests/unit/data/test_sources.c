/* The layouts that people have, and every way that they can be wrong: BIDS trees, nnU-Net folders,
 * folders with and without parts, names with session, run and slice.
 * SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "data_folder.h"

/* ---- patterns ---------------------------------------------------------------------------- */

static void patterns_capture_session_run_and_slice(void **state)
{
    (void)state;
    lar_image_spec images[] = { { .name = "t1", .path = "t1/{subject}_{slice}.tif" },
                                { .name = "fl", .path = "fl/{subject}_z{slice}_x.tif" } };
    lar_data_params data = data_params(images, 2);
    data.split.parts[LAR_VALID] = 1;
    /* a subject may have a "_" of its own, since slices are digits; 2 before 10 */
    data_touch("t1/a_b_2.tif t1/a_b_10.tif t1/c_1.tif t1/c_x.tif t1/d_e_.tif "
               "fl/c_z1_x.tif fl/a_b_z10_x.tif fl/a_b_z2_x.tif");
    lar_cohort *cohort = found(&data, "a_b_2=a_b a_b_10=a_b c_1=c");
    assert_int_equal(cohort->participant_count, 2);
    assert_int_equal(cohort->subjects[0].split, cohort->subjects[1].split);
    assert_true(lar_text_ends(cohort->subjects[1].paths[1], "fl/a_b_z10_x.tif"));
    lar_cohort_free(cohort);
    /* leaving out a subject leaves out its slices, a case one alone */
    data_touch("t1/d_4.tif fl/d_z4_x.tif");
    const char *const out[] = { "a_b", "c_1" };
    data.leave_out = (lar_texts){ 1, out };
    finds(&data, "c_1=c d_4=d");
    data.leave_out = (lar_texts){ 1, out + 1 };
    finds(&data, "a_b_2=a_b a_b_10=a_b d_4=d");
    data.leave_out = (lar_texts){ 0 };
    data.trust = (lar_texts){ 1, out }; /* flagged are cases */
    refuses(&data, "trust names 'a_b', but there is no such case\n  try 'a_b_2'");
    data.trust = (lar_texts){ 0 };
    data_touch("t1/c_2.tif");
    refuses(&data, "1 case is not complete: 'c_2' has no fl\n");
    images[1].path = "fl/{subject}.tif";
    refuses(&data, "do not capture the same");

    /* sessions in folders, runs, in any order of the pattern */
    lar_image_spec one[] = { { .name = "t1", .path = "s/{session}/run{run}/{subject}.nii" } };
    data = data_params(one, 1);
    data.split.parts[LAR_VALID] = 1;
    data_touch(
        "s/pre/run1/x.nii s/pre/run2/x.nii s/post/run1/x.nii s/pre/run1/y.nii s/pre/runs/y.nii");
    finds(&data, "x_post_1=x x_pre_1=x x_pre_2=x y_pre_1=y");
    data.subjects = "s/pre/run1/{subject}.nii"; /* who must have a case */
    finds(&data, "x_post_1=x x_pre_1=x x_pre_2=x y_pre_1=y");
    data_touch("who/z.txt who/x.txt");
    data.subjects = "who/{subject}.txt";
    refuses(&data, "1 case is not complete: 'z' has no t1");

    /* two captures may not make one id of two people */
    lar_image_spec joined[] = { { .name = "t1", .path = "j/{subject}-{session}.nii" },
                                { .name = "t2", .path = "k/{subject}-{session}.nii" } };
    data = data_params(joined, 2);
    data_touch("j/a_b-c.nii k/a-b_c.nii");
    refuses(&data, "'a_b_c' is a case of the subject 'a");

    CHECK_FAILS(lar_find_check("{subject}{slice}.nii"), LAR_EARGUMENT, "where {subject} or * ends");
    CHECK_FAILS(
        lar_find_check("{subject}/{Session}.nii"), LAR_EARGUMENT,
        "has {Session}, which stands for nothing\n  try one of {subject} {session} {run} {slice}");
    CHECK_OK(lar_find_check("{subject}/{}_{1}.nii"));
}

static void names_of_all_kinds_are_paired(void **state)
{
    (void)state;
    lar_image_spec images[] = { { .name = "t1", .path = "t1 scans/{subject} T1.nii" },
                                { .name = "fl", .path = "fl/{subject}.nii" } };
    lar_data_params data = data_params(images, 2);
    data_write("t1 scans/Zo\xc3\xab M T1.nii", "");
    data_write("fl/Zo\xc3\xab M.nii", "");
    data_write("t1 scans/\xe5\xb1\xb1 T1.nii", "");
    data_write("fl/\xe5\xb1\xb1.nii", "");
    finds(&data, "Zo\xc3\xab M \xe5\xb1\xb1");
    /* a link that leads to itself is no folder and no scan; it stays alone */
    assert_int_equal(symlink("loop", data_path("loop")), 0);
    assert_int_equal(symlink("self.nii", data_path("fl/self.nii")), 0);
    assert_int_equal(symlink("..", data_path("fl/up")), 0);
    refuses(&data, "1 subject is not complete: 'self' has no t1");
    images[0].path = "*/{subject} T1.nii";
    refuses(&data, "1 subject is not complete: 'self' has no t1");
    /* a name of another encoding, that no record could hold */
    lar_image_spec one[] = { { .name = "t1", .path = "t1 scans/{subject} T1.nii" } };
    lar_data_params latin = data_params(one, 1);
    data_write("t1 scans/Zo\xeb T1.nii", "");
    refuses(&latin, "/t1 scans/Zo\xeb T1.nii' is not UTF-8\n  try renaming it");
    const char *const out[] = { "Zo\xeb" };
    latin.leave_out = (lar_texts){ 1, out };
    finds(&latin, "Zo\xc3\xab M \xe5\xb1\xb1");
    char longest[300];
    memset(longest, 'x', 230);
    snprintf(longest + 230, sizeof longest - 230, ".nii");
    images[0].path = images[1].path = "long/{subject}.nii";
    char name[320];
    snprintf(name, sizeof name, "long/%s", longest);
    data_write(name, "");
    refuses(&data, "is too long for an id");
}

/* ---- folders ----------------------------------------------------------------------------- */

static void folders_with_and_without_parts(void **state)
{
    (void)state;
    lar_image_spec images[] = { { .name = "t1" }, { .name = "fl" } };
    lar_data_params data = data_params(images, 2);
    data.folders = "d";
    refuses(&data, "there is no folder '");
    data_touch("d/t1/1.nii.gz d/t1/2.mgz d/t1/README.txt d/fl/1.nii d/fl/2.tif");
    finds(&data, "1 2");
    data.split.said = true; /* nothing else says it */
    finds(&data, "1 2");
    data_touch("d/t1/train/1.nii.gz");
    refuses(&data, "'t1' has folders train, valid or test, but 'fl' has its files in itself");
    data_touch("d/fl/train/1.nii.gz d/fl/valid/2.nii.gz d/t1/valid/2.nii.gz");
    refuses(&data, "a split is given, but the folders train, valid and test of 'd' say it\n");
    data.split.said = false;
    lar_cohort *cohort = found(&data, "1 2");
    assert_int_equal(cohort->subjects[1].split, LAR_VALID);
    lar_cohort_free(cohort);
    data_listen(); /* what lies beside the parts */
    data_touch("d/fl/val/3.nii d/fl/notes.txt");
    finds(&data, "1 2");
    lar_log_to(NULL, NULL);
    assert_int_equal(data_warnings, 2);
    assert_non_null(strstr(data_warned, "/d/fl', which has folders train, valid or test: '1.nii', "
                                        "'2.tif', 'val'"));
    /* names of every format; of two files, the header's */
    lar_image_spec all[] = { { .name = "all" } };
    lar_data_params formats = data_params(all, 1);
    formats.folders = "g";
    formats.split.parts[LAR_VALID] = 1;
    data_touch("g/all/a.hdr g/all/a.img g/all/b.HEAD g/all/b.BRIK.gz g/all/c.PAR g/all/c.REC "
               "g/all/d.nhdr g/all/d.raw.gz g/all/e.mnc g/all/f.png g/all/g.hdr.gz "
               "g/all/g.img.gz g/all/h.mgh.gz g/all/i.par g/all/i.rec g/all/j.json");
    finds(&formats, "a b c d e f g h i");
    lar_text each = { 0 };
    const char *format, *const *suffixes;
    for (int n = 0; lar_format_at(n, &format, &suffixes); n++) {
        if (lar_text_is(format, "DICOM")) continue; /* a series is a folder */
        char name[64];
        snprintf(name, sizeof name, "h/all/x%d%s", n, suffixes[0]);
        data_touch(name);
        lar_text_add(&each, "%sx%d", n ? " " : "", n);
    }
    formats.folders = "h";
    finds(&formats, lar_text_get(&each));
    lar_text_clear(&each);
    data_touch("d/fl/valid/1_2.nii");
    /* slices: the subject is in the name, and may not be in two parts */
    data = data_params(images, 1);
    data.folders = "s";
    data.names = "{subject}_z{slice}.tif";
    data_touch("s/t1/train/a_z1.tif s/t1/train/a_z2.tif s/t1/valid/b_z1.tif s/t1/valid/note.tif");
    finds(&data, "a_1=a a_2=a b_1=b");
    data_touch("s/t1/valid/a_z3.tif");
    refuses(&data, "the subject 'a' is in two parts: 'a_1' is train, 'a_3' is valid\n  try ");
    data.names = "{subject}_y{slice}.tif";
    refuses(&data, "no image file '{subject}_y{slice}.tif' is in '");
    data.folders = "e";
    CHECK_OK(lar_folder_make(data_path("e/t1/train")));
    data.names = NULL;
    refuses(&data, "no image file 'ID.nii.gz' is in '");
    data.folders = "f";
    CHECK_OK(lar_folder_make(data_path("f/t1")));
    refuses(&data, "no image file 'ID.nii.gz' is in '");
    data.folders = "d/t1";
    refuses(&data, "there is no folder '");
}

/* ---- BIDS -------------------------------------------------------------------------------- */

static void bids_trees(void **state)
{
    (void)state;
    lar_image_spec images[] = { { .name = "t1" }, { .name = "x", .contrast = "flair" } };
    lar_data_params data = data_params(images, 2);
    data.bids = "b";
    data.split.parts[LAR_VALID] = 1;
    refuses(&data, "/b' of 'bids'");
    data_touch("b/README b/derivatives/p/sub-03/anat/sub-03_T1w.nii.gz "
               "b/sourcedata/sub-04/anat/sub-04_T1w.nii.gz");
    refuses(&data, "it holds no folder 'sub-...'");
    data_touch("b/sub-01/anat/sub-01_T1w.nii.gz b/sub-01/anat/sub-01_T1w.json "
               "b/sub-01/anat/sub-01_T2w.nii.gz b/sub-01/func/sub-01_task-rest_bold.nii.gz "
               "b/sub-02/anat/sub-02_T1w.nii b/sub-02/anat/.sub-02_FLAIR.nii.gz "
               "b/sub-02/anat/sub-02_FLAIR_old.nii.gz b/sub-02/anat/FLAIR.nii.gz");
    refuses(&data,
            "is image 'x', suffix 'FLAIR'\n  try one of the suffixes that are there: T1w T2w");
    data_touch("b/sub-01/anat/sub-01_FLAIR.nii.gz b/sub-02/anat/sub-02_FLAIR.nii.gz");
    lar_cohort *cohort = found(&data, "sub-01 sub-02");
    assert_true(lar_text_ends(cohort->subjects[1].paths[0], "b/sub-02/anat/sub-02_T1w.nii"));
    assert_int_equal(cohort->covariate_count, 0);
    lar_cohort_free(cohort);

    /* derivatives only where they are asked for */
    lar_image_spec with[] = {
        images[0], { .name = "m", .role = LAR_MASK, .suffix = "mask", .tree = "derivatives/p" }
    };
    lar_data_params masked = data_params(with, 2);
    masked.bids = "b";
    data_touch("b/derivatives/p/sub-01/anat/sub-01_desc-brain_mask.nii.gz "
               "b/derivatives/p/sub-01/anat/sub-01_desc-csf_mask.nii.gz "
               "b/derivatives/p/sub-02/anat/sub-02_desc-brain_mask.nii.gz");
    refuses(&masked, "2 files of 'sub-01' could be image 'm': ");
    assert_non_null(strstr(lar_error(), "try m: {suffix: mask, desc: brain}"));
    with[1].entities[14] = "brain";
    finds(&masked, "sub-01 sub-02");
    with[1].suffix = NULL;
    refuses(&masked, "is not said\n  try m: {suffix: dseg}");
    with[1].tree = "derivatives/q";
    with[1].suffix = "mask";
    refuses(&masked, "there is no folder '");

    /* sessions are cases; one may be picked of each */
    data_touch(
        "b/sub-02/ses-2/anat/sub-02_ses-2_T1w.nii b/sub-02/ses-2/anat/sub-02_ses-2_FLAIR.nii "
        "b/sub-02/ses-10/anat/sub-02_ses-10_T1w.nii b/sub-02/ses-10/anat/sub-02_ses-10_FLAIR.nii");
    finds(&data, "sub-01 sub-02 sub-02_ses-2=sub-02 sub-02_ses-10=sub-02");
    images[0].entities[LAR_BIDS_SESSION] = "2";
    images[1].entities[LAR_BIDS_SESSION] = "10"; /* from one time to another */
    lar_cohort *picked;
    CHECK_FAILS(lar_cohort_new(&picked, &data, data_root), LAR_EARGUMENT, "leaves no subject of 1");
    images[0].entities[LAR_BIDS_SESSION] = images[1].entities[LAR_BIDS_SESSION] = "none";
    finds(&data, "sub-01 sub-02");

    /* runs are told, with the key that picks one */
    data_touch(
        "b/sub-01/anat/sub-01_acq-lo_run-01_T1w.nii.gz "
        "b/sub-01/anat/sub-01_acq-lo_run-02_T1w.nii.gz "
        "b/sub-02/anat/sub-02_acq-lo_run-1_T1w.nii b/sub-02/anat/sub-02_acq-lo_run-02_T1w.nii.gz");
    refuses(&data, "; and so of 1 other case\n  try t1: {suffix: T1w, run: none}");
    images[0].entities[2] = "lo";
    refuses(&data, "2 files of 'sub-01' could be image 't1'");
    assert_non_null(strstr(lar_error(), "try t1: {suffix: T1w, run: 01}"));
    images[0].entities[LAR_BIDS_RUN] = "1"; /* an index: 01 too */
    cohort = found(&data, "sub-01 sub-02");
    assert_true(lar_text_ends(cohort->subjects[0].paths[0], "sub-01_acq-lo_run-01_T1w.nii.gz"));
    lar_cohort_free(cohort);
    data_touch("b/sub-02/anat/sub-02_acq-lo_run-1_T1w.nii.gz"); /* compressed and not */
    refuses(&data, "try moving one of them out of the tree");
    /* what is left out need not be told apart */
    const char *const out[] = { "sub-02" };
    data.leave_out = (lar_texts){ 1, out };
    data_touch("b/sub-05/anat/sub-05_acq-lo_run-1_T1w.nii b/sub-05/anat/sub-05_FLAIR.nii");
    finds(&data, "sub-01 sub-05");
}

/* Files in the wrong folder, keys that none has, subjects of whom nothing is there. */
static void bids_trees_with_oddities(void **state)
{
    (void)state;
    lar_image_spec images[] = { { .name = "t1" }, { .name = "flair" } };
    lar_data_params data = data_params(images, 2);
    data.bids = "b";
    data.split.parts[LAR_VALID] = 1;
    data_touch("b/sub-01/ses-1/anat/sub-01_ses-1_T1w.nii "
               "b/sub-01/ses-1/anat/sub-01_ses-1_FLAIR.nii b/sub-02/anat/sub-02_T1w.nii "
               "b/sub-02/anat/sub-02_FLAIR.nii");
    finds(&data, "sub-01_ses-1=sub-01 sub-02");
    /* who has nothing is told; what is in another's tree is not asked for */
    data_touch("b/sub-03/func/sub-03_bold.nii b/sub-04/note.txt b/sub-05");
    data_listen();
    finds(&data, "sub-01_ses-1=sub-01 sub-02");
    lar_log_to(NULL, NULL);
    assert_int_equal(data_warnings, 1);
    assert_non_null(strstr(data_warned, "2 subjects of '"));
    assert_non_null(strstr(data_warned, "/b' have none of the images: sub-03, sub-04"));
    images[0].entities[2] = "fast";
    refuses(&data, "/b' with the suffix 'T1w' has the keys of image 't1'\n  try those of '");
    images[0].entities[2] = NULL;
    /* never the scan of one under the id of another */
    data_touch("b/sub-06/anat/sub-02_T1w.nii b/sub-06/anat/sub-06_FLAIR.nii");
    refuses(&data, "/b/sub-06/anat/sub-02_T1w.nii' lies in the folder of 'sub-06', but is named "
                   "after 'sub-02'\n  try moving it");
    const char *const out[] = { "sub-06" };
    data.leave_out = (lar_texts){ 1, out };
    finds(&data, "sub-01_ses-1=sub-01 sub-02");
    data_touch("b/sub-0/anat/sub-01_T1w.nii");
    refuses(&data, "lies in the folder of 'sub-0', but is named after 'sub-01'");
    data.leave_out = (lar_texts){ 0 };
    images[0].name = images[1].name = "t2"; /* two sessions, each in the other's folder */
    data.image_count = 1;
    data_touch("b/sub-01/ses-1/anat/sub-01_ses-2_T2w.nii b/sub-01/ses-2/anat/sub-01_ses-1_T2w.nii");
    refuses(&data, "lies in the folder of 'ses-1', but is named after 'ses-2'");
}

static void covariates_are_joined_by_id(void **state)
{
    (void)state;
    lar_image_spec images[] = { { .name = "t1" } };
    lar_data_params data = data_params(images, 1);
    data.bids = "b";
    data_touch(
        "b/sub-01/anat/sub-01_T1w.nii b/sub-02/anat/sub-02_T1w.nii b/sub-3/anat/sub-3_T1w.nii");
    /* with a byte order mark and CRLF, in any order, one with and one without "sub-" */
    data_write(
        "b/participants.tsv",
        "\xef\xbb\xbfparticipant_id\tage\tsite of scan\r\n02\t41\tB \"x\"\r\nsub-01\tn/a\tA\r\n");
    lar_cohort *cohort = found(&data, "sub-01 sub-02 sub-3");
    assert_int_equal(cohort->covariate_count, 2);
    assert_string_equal(cohort->covariates[1], "site of scan");
    assert_string_equal(cohort->subjects[0].values[0], "");
    assert_string_equal(cohort->subjects[1].values[0], "41");
    assert_string_equal(cohort->subjects[1].values[1], "B \"x\"");
    assert_string_equal(cohort->subjects[2].values[1], "");
    lar_cohort_free(cohort);
    static const struct {
        const char *text, *words;
    } wrong[] = {
        { "id\tage\nsub-01\t3\n", "has no column 'participant_id'\n  try naming" },
        { "participant_id\tage\nsub-01\t3\n01\t4\n", "has two lines of '" },
        { "participant_id\tage\nsub-01\n", "participants.tsv:2: 1 cell, but there are 2 columns" },
        { "participant_id,age\nsub-01,3\n", "participants.tsv:1: columns seem to be separated by "
                                            "','\n  try a name that ends in .csv" },
        { "", "is empty" },
        { "participant_id\tage\tage\n", "two columns 'age'" },
    };
    for (size_t n = 0; n < sizeof wrong / sizeof *wrong; n++) {
        data_write("b/participants.tsv", wrong[n].text);
        refuses(&data, wrong[n].words);
    }
    /* another table may be named, also beside patterns */
    data_write("more.csv", "subject,\"age, in years\"\n01,7\n");
    data.participants = "more.csv";
    cohort = found(&data, "sub-01 sub-02 sub-3");
    assert_string_equal(cohort->covariates[0], "age, in years");
    assert_string_equal(cohort->subjects[0].values[0], "7");
    lar_cohort_free(cohort);
    data.participants = "none.csv";
    CHECK_FAILS(lar_cohort_new(&cohort, &data, data_root), LAR_ENOINPUT, "none.csv");
}

/* ---- nnU-Net ----------------------------------------------------------------------------- */

static void nnunet_folders(void **state)
{
    (void)state;
    static const char json[] =
        "{\"channel_names\": {\"0\": \"T1\", \"1\": \"FLAIR\"}, \"file_ending\": \".nii.gz\"}";
    lar_image_spec images[] = { { .name = "t1" },
                                { .name = "x", .contrast = "flair" },
                                { .name = "lesions", .role = LAR_LABEL } };
    lar_data_params data = data_params(images, 3);
    data.nnunet = "n";
    data.split.parts[LAR_VALID] = 1;
    refuses(&data, "there is no folder '");
    data_touch("n/imagesTr/a_1_0000.nii.gz n/imagesTr/a_1_0001.nii.gz n/labelsTr/a_1.nii.gz "
               "n/imagesTr/b_0000.nii.gz n/imagesTr/b_0001.nii.gz n/labelsTr/b.nii.gz "
               "n/imagesTr/b_0000.json");
    refuses(&data, "is no nnU-Net folder: it has no dataset.json");
    data_write("n/dataset.json", json);
    lar_cohort *cohort = found(&data, "a_1 b");
    assert_true(lar_text_ends(cohort->subjects[0].paths[1], "imagesTr/a_1_0001.nii.gz"));
    assert_true(lar_text_ends(cohort->subjects[0].paths[2], "labelsTr/a_1.nii.gz"));
    lar_cohort_free(cohort);
    /* imagesTs are test where their labels are there, or none are asked for */
    data_touch("n/imagesTs/t_0000.nii.gz n/imagesTs/t_0001.nii.gz");
    finds(&data, "a_1 b");
    data.image_count = 2;
    cohort = found(&data, "a_1 b t");
    assert_int_equal(cohort->subjects[2].split, LAR_TEST);
    lar_cohort_free(cohort);
    data.image_count = 3;
    data_touch("n/labelsTs/t.nii.gz");
    cohort = found(&data, "a_1 b t");
    assert_int_equal(cohort->subjects[2].split, LAR_TEST);
    lar_cohort_free(cohort);
    /* a split file names all of them, and may not say otherwise */
    data.split.file = "split.csv";
    data_write("split.csv", "subject,split\na_1,valid\nb,train\nt,test\n");
    cohort = found(&data, "a_1 b t");
    assert_int_equal(cohort->subjects[0].split, LAR_VALID);
    lar_cohort_free(cohort);
    data_write("split.csv", "a_1,valid\nb,train\nt,train\n");
    refuses(&data, "says that 't' is train, but by its folder it is test");
    data.split.file = NULL;
    data_touch("n/labelsTs/u.nii.gz");
    refuses(&data, "'u' has no t1 and no x");
    images[0].channel = "1";
    data.image_count = 1;
    cohort = found(&data, "a_1 b t");
    assert_true(lar_text_ends(cohort->subjects[0].paths[0], "_0001.nii.gz"));
    lar_cohort_free(cohort);
    images[0].channel = "2";
    refuses(&data,
            "has no channel '2' for image 't1'\n  try t1: {channel: ...} with one of T1, FLAIR");
    images[0].channel = NULL;
    images[0].name = "t2";
    refuses(&data, "has no channel 't2' for image 't2'");
    images[0].name = "t1";
    static const struct {
        const char *text, *words;
    } wrong[] = {
        { "", "dataset.json:1: " },
        { "{\"channel_names\": ", "dataset.json:1: " },
        { "[1]", "it has no map 'channel_names'" },
        { "{\"channel_names\": {\"1\": \"T1\"}}", "not named by the numbers from 0" },
        { "{\"channel_names\": {\"0\": 3}}", "not named by the numbers from 0" },
        { "{\"channel_names\": {}}", "names none" },
        { "{\"channel_names\": {\"0\": \"T1\"}, \"file_ending\": 7}", "'file_ending' is none" },
        { "{\"channel_names\": {\"0\": \"T1\"}, \"file_ending\": \"/../x\"}",
          "'file_ending' is none" },
        { "{\"channel_names\": {\"0\": \"T1\"}, \"file_ending\": \".mha\"}",
          "ends in '_0000.mha'" },
        { "{\"a\": 1, \"a\": 2}", "dataset.json:1: duplicate" },
    };
    for (size_t n = 0; n < sizeof wrong / sizeof *wrong; n++) {
        data_write("n/dataset.json", wrong[n].text);
        refuses(&data, wrong[n].words);
    }
    /* another count than the one that it says: told, and no error */
    for (int told = 2; told < 4; told++) {
        char text[80];
        snprintf(text, sizeof text, "{\"channel_names\": {\"0\": \"T1\"}, \"numTraining\": %d}",
                 told);
        data_write("n/dataset.json", text);
        data_listen();
        finds(&data, "a_1 b t");
        lar_log_to(NULL, NULL);
        assert_int_equal(data_warnings, told == 3);
    }
    assert_non_null(strstr(data_warned, "tells of 3 cases for training, but there are 2 of 't1'"));
    data_write("n/dataset.json", "{\"modality\": {\"0\": \"T1\"}}"); /* version 1 */
    finds(&data, "a_1 b t");
}

/* Short of memory at any moment: an error, and nothing is lost. */
static void survives_failed_allocations(void **state)
{
    (void)state;
    lar_image_spec images[] = { { .name = "t1" } };
    data_touch("b/sub-01/ses-1/anat/sub-01_ses-1_T1w.nii b/sub-02/anat/sub-02_T1w.nii "
               "b/sub-03/none b/sub-04/none f/t1/train/a_ses-1.nii f/t1/valid/a_ses-2.nii "
               "f/t1/val/c.nii f/t1/vali/d.nii");
    data_write("b/participants.tsv", "participant_id\tage\nsub-01\t3\n");
    const char *const by[] = { "age" };
    lar_cohort *cohort;
    for (int source = 0; source < 2; source++)
        for (int64_t n = 1;; n++) {
            lar_data_params data = data_params(images, 1);
            if (source) data.folders = "f";
            if (!source) data.bids = "b";
            if (!source) data.split.stratify = (lar_texts){ 1, by };
            lar_alloc_fail_at(n, n % 2);
            lar_text text = { 0 };
            lar_status status = lar_cohort_new(&cohort, &data, data_root);
            if (status == LAR_OK) status = lar_manifest_text(&text, cohort, data_root);
            lar_alloc_fail_at(0, false);
            lar_text_clear(&text);
            lar_cohort_free(cohort);
            if (status == LAR_OK) break;
            assert_int_equal(status, LAR_EMEMORY);
            assert_true(n < 10000);
        }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, data_folder_make, data_folder_remove)
    const struct CMUnitTest tests[] = {
        TEST(patterns_capture_session_run_and_slice),
        TEST(names_of_all_kinds_are_paired),
        TEST(folders_with_and_without_parts),
        TEST(bids_trees),
        TEST(bids_trees_with_oddities),
        TEST(covariates_are_joined_by_id),
        TEST(nnunet_folders),
        TEST(survives_failed_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
