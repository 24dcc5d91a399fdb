/* The study file: defaults, every section, and mistakes named with line, column and the nearest
 * word.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "net/net.h"
#include "prepare/prepare.h"

#define IMAGES                                                                                     \
    "data:\n"                                                                                      \
    "  images:\n"                                                                                  \
    "    t1: {path: \"t1/{subject}.nii\"}\n"                                                       \
    "    flair: {path: \"flair/{subject}.nii\", role: target, contrast: flair}\n"                  \
    "    head: {path: \"head/{subject}.nii\", role: mask}\n"

static lar_status parse(lar_study **out, const char *text)
{
    return lar_study_parse(out, text, (int64_t)strlen(text), "lab/exp.yaml", "lab");
}

static void everything_but_data_has_a_default(void **state)
{
    (void)state;
    lar_study *study;
    CHECK_OK(parse(&study, IMAGES));
    assert_string_equal(study->work, "lab/exp");
    assert_string_equal(study->folder, "lab");
    assert_string_equal(study->text, IMAGES);
    assert_int_equal(study->data.image_count, 3);
    assert_string_equal(study->data.images[0].name, "t1");
    assert_int_equal(study->data.images[0].role, LAR_INPUT);
    assert_int_equal(study->data.images[1].role, LAR_TARGET);
    assert_string_equal(study->data.images[1].contrast, "flair");
    assert_null(study->data.images[0].contrast);
    assert_true(isnan(study->data.split.parts[LAR_TRAIN]));
    CHECK_NEAR(study->data.split.parts[LAR_VALID], 0.2, 0);
    assert_int_equal(study->step_count, 0);
    assert_int_equal(study->network.channels, 16);
    assert_int_equal(study->train.batch, 2);
    assert_int_equal(study->train.epochs, 100);
    assert_false(study->train.accumulate);
    CHECK_NEAR(study->train.rate, 3e-3, 0);
    CHECK_NEAR(study->train.weight_decay, 1e-2, 0);
    CHECK_NEAR(study->train.momentum.at[0], 0.95, 0);
    CHECK_NEAR(study->train.momentum.at[1], 0.85, 0);
    CHECK_NEAR(study->train.beta2, 0.99, 0);
    CHECK_NEAR(study->train.warm_up, 0.3, 0);
    CHECK_NEAR(study->train.div, 25, 0);
    assert_true(isnan(study->train.final_div));
    assert_int_equal(study->train.patience, LAR_INT_AUTO);
    lar_study_free(study);
}

static void sections_are_read(void **state)
{
    (void)state;
    lar_study *study;
    CHECK_OK(parse(&study, IMAGES "  split: {train: 9, valid: 3, seed: 7}\n"
                                  "  leave_out: [Subj3, Subj5]\n"
                                  "prepare:\n"
                                  "  - resample: {images: flair, onto: t1}\n"
                                  "  - normalize:\n"
                                  "  - crop: {axis: x, range: [0.2, 0.8], when: training}\n"
                                  "  - fit: {size: [16, 18, 20]}\n"
                                  "network: {channels: 8, final: relu}\n"
                                  "train:\n"
                                  "  weight_decay: 0\n"
                                  "  warm_up: 0.25\n"
                                  "  momentum: 0.9 0.8\n"
                                  "  patience: 10\n"
                                  "  accumulate: yes\n"
                                  "  schedule: constant\n"));
    assert_int_equal(study->data.leave_out.count, 2);
    assert_string_equal(study->data.leave_out.at[1], "Subj5");
    CHECK_NEAR(study->data.split.parts[LAR_TRAIN], 9, 0);
    assert_int_equal(study->data.split.seed, 7);
    assert_int_equal(study->step_count, 4);
    const bool on[4][3] = { { false, true, false },
                            { true, true, false }, /* intensities: not the mask */
                            { true, true, true },
                            { true, true, true } };
    const char *const names[] = { "resample", "normalize", "crop", "fit" };
    for (int s = 0; s < 4; s++) {
        assert_string_equal(study->steps[s].kind->name, names[s]);
        for (int n = 0; n < 3; n++) assert_int_equal(study->steps[s].on[n], on[s][n]);
        assert_int_equal(study->steps[s].only_training, s == 2);
    }
    assert_int_equal(study->network.channels, 8);
    assert_int_equal(study->network.final, LAR_FINAL_RELU);
    CHECK_NEAR(study->train.weight_decay, 0, 0);
    CHECK_NEAR(study->train.warm_up, 0.25, 0);
    CHECK_NEAR(study->train.momentum.at[1], 0.8, 0);
    assert_int_equal(study->train.patience, 10);
    assert_true(study->train.accumulate);
    assert_int_equal(study->train.schedule, 1);
    lar_study_free(study);
}

static void mistakes_have_a_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } cases[] = {
        { "train: {}\n", "exp.yaml:1:1: the study has no section 'data'" },
        { "data: {}\n", "exp.yaml:1:7: 'data' has no 'images'" },
        { "data: {images: {}}\n", "exp.yaml:1:16: 'images' names no image" },
        { "data: 3\n", "exp.yaml:1:7: 'data' must be a map" },
        { "[1]\n", "exp.yaml:1:1: 'the study' must be a map" },
        { IMAGES "trian: {}\n", "exp.yaml:6:1: 'the study' has no key 'trian'\n  try 'train'" },
        { IMAGES "train: {epoch: 3}\n",
          "exp.yaml:6:9: 'train' has no key 'epoch'\n  try 'epochs'" },
        { IMAGES "train: {weight-decay: 3}\n", "has no key 'weight-decay'\n  try 'weight_decay'" },
        { IMAGES "train: {xyz: 3}\n", "  try one of batch" },
        { IMAGES "train:\n  rate: fast\n", "exp.yaml:7:9: 'fast' is not a valid rate (a number" },
        { IMAGES "train: {rate: nan}\n", "exp.yaml:6:15: 'nan' is not a valid rate" },
        { IMAGES "train: {batch: 0}\n", "exp.yaml:6:16: '0' is not a valid batch" },
        { IMAGES "train: {batch: 1.5}\n", "exp.yaml:6:16: '1.5' is not a valid batch" },
        { IMAGES "train: {batch: [1, 2]}\n", "exp.yaml:6:16: 'batch' is one value, not a list" },
        { IMAGES "train: {batch: {a: 1}}\n", "'batch' is one value, not a map" },
        { IMAGES "train:\n  batch:\n", "exp.yaml:7:3: 'batch' has no value" },
        { IMAGES "train: {loss: msee}\n", "exp.yaml:6:15: 'msee' is not a valid loss (one of" },
        { IMAGES "train: {momentum: 0.9}\n", "exp.yaml:6:19: momentum is two numbers" },
        { IMAGES "  split: {train: 9, vald: 3}\n", "exp.yaml:6:21: 'split' has no key 'vald'" },
        { IMAGES "  folders: d\n", "exp.yaml:3:10: image 't1' has a path, but 'folders'" },
        { IMAGES "  subjects: \"t1/x.nii\"\n", "exp.yaml:6:13: the pattern 't1/x.nii' has no" },
        { "data: {images: {t1: {role: input}}}\n", "exp.yaml:1:17: image 't1' has no path" },
        { "data: {images: {t1: {path: a.nii}}}\n", "exp.yaml:1:28: the pattern 'a.nii' has no" },
        { "data: {images: {a/b: {path: x}}}\n", "exp.yaml:1:17: 'a/b' cannot name an image" },
        { "data: {images: {t1: {path: x, rol: input}}}\n", "'t1' has no key 'rol'\n  try 'role'" },
        { "data: {images: {t1: {path: \"{subject}\", role: inputs}}}\n", "is not a valid role" },
        { IMAGES "prepare: {normalize: {}}\n", "exp.yaml:6:10: 'prepare' must be a list" },
        { IMAGES "prepare: [normalize]\n", "exp.yaml:6:11: a step is one name" },
        { IMAGES "prepare: [{crop: {}, fit: {}}]\n", "exp.yaml:6:11: a step is one name" },
        { IMAGES "prepare:\n  - normalise: {}\n",
          "exp.yaml:7:5: there is no step 'normalise'\n  try 'normalize'" },
        { IMAGES "prepare:\n  - fourier: {}\n",
          "try one of strip n4 smooth mask clip rescale normalize register resample crop pad fit" },
        { IMAGES "prepare:\n  - n4: {mesh: [4, 4]}\n", "7:5: a mesh is one number or three" },
        { IMAGES "prepare:\n  - n4: {shrnk: 4}\n",
          "exp.yaml:7:10: 'n4' has no key 'shrnk'\n  try 'shrink'" },
        { IMAGES "prepare:\n  - n4: {mask: t1}\n", "7:5: 't1' cannot mask: its role is input" },
        { IMAGES "prepare:\n  - smooth: {}\n", "7:5: smooth takes either a fwhm or a sigma" },
        { IMAGES "prepare:\n  - smooth: {fwhm: 2, sigma: 1}\n", "smooth takes either a fwhm" },
        { IMAGES "prepare:\n  - smooth: {fwhm: [2, 3]}\n", "a width is one number or three" },
        { IMAGES "prepare:\n  - smooth: {fwhm: 2, images: head}\n",
          "exp.yaml:7:31: 'smooth' cannot be done to 'head': its role is mask" },
        { IMAGES "prepare:\n  - mask: {method: brain}\n", "7:20: 'brain' is not a valid method" },
        { IMAGES "prepare:\n  - mask: {low: 3, high: 2}\n", "low is 3 and high is 2" },
        { IMAGES "prepare:\n  - mask: {keep: heed}\n",
          "7:5: there is no image 'heed' in data\n  try 'head'" },
        { IMAGES "prepare:\n  - clip: {}\n", "7:5: clip takes either a range or percentiles" },
        { IMAGES "prepare:\n  - clip: {range: [3, 2]}\n", "a range is two numbers, the smaller" },
        { IMAGES "prepare:\n  - clip: {range: [2, 3], mask: head}\n", "values need none" },
        { IMAGES "prepare:\n  - rescale: {to: [1, 0]}\n", "7:5: to is two numbers, the smaller" },
        { IMAGES "prepare:\n  - rescale: {from: 1}\n", "7:5: from is two numbers" },
        { IMAGES "prepare:\n  - normalize: {width: 0.1}\n",
          "exp.yaml:7:5: 'width' is not a key of the method zscore; it has foreground" },
        { IMAGES "prepare:\n  - normalize: {method: fcm}\n",
          "7:5: the tissue for fcm is seen on a T1, and 'flair' has the contrast flair\n  try "
          "'tissue_of:'" },
        { IMAGES "prepare:\n  - normalize: {images: t1, method: lsq, tissue_of: flair}\n",
          "7:5: the tissue for lsq is seen on a T1, and 'flair' has" },
        { IMAGES "prepare:\n  - normalize: {tissue_of: t1}\n",
          "7:5: the method zscore looks at no tissue" },
        { IMAGES "prepare:\n  - normalize: {method: fcm, tissue_of: t2}\n",
          "there is no image 't2' in data" },
        { IMAGES "prepare:\n  - normalize: {method: fcm, tissue_of: head}\n",
          "7:5: no tissue can be found in 'head': its role is mask" },
        { IMAGES "prepare:\n  - resample: {spacing: 1, interpolation: nearest, antialias: yes}\n",
          "the nearest voxel is not smoothed" },
        { IMAGES "prepare:\n  - resample: {spacing: 1, interpolation: label}\n",
          "'label' is not a valid interpolation" },
        { IMAGES "prepare:\n  - crop: {head: t1, range: [0, 0.5]}\n", "exclude each other" },
        { IMAGES "prepare:\n  - crop: {margin: 5}\n", "a margin goes around the box" },
        { IMAGES "prepare:\n  - crop: {head: head}\n", "no head can be found in 'head'" },
        { IMAGES "prepare:\n  - crop: {mask: t1}\n", "'t1' cannot mask: its role is input" },
        { IMAGES "prepare:\n  - pad: {}\n", "exp.yaml:7:5: how far to pad is missing" },
        { IMAGES "prepare:\n  - pad: {size: 8, by: 2}\n", "exclude each other" },
        { IMAGES "prepare:\n  - pad: {by: [1, 2]}\n", "one number, three or six, not 2" },
        { IMAGES "prepare:\n  - pad: {by: 1, mode: edge, value: 3}\n", "a value is for the mode" },
        { IMAGES "prepare:\n  - crop: {axis: w}\n", "exp.yaml:7:18: 'w' is not a valid axis" },
        { IMAGES "prepare:\n  - crop: {range: [0.8, 0.2]}\n", "exp.yaml:7:5: a range is two" },
        { IMAGES "prepare:\n  - crop: {range: [0.2, 1.2]}\n", "exp.yaml:7:19: '0.2, 1.2' is not" },
        { IMAGES "prepare:\n  - crop: {axes: z}\n", "'crop' has no key 'axes'\n  try 'axis'" },
        { IMAGES "prepare:\n  - fit: {}\n", "exp.yaml:7:5: fit needs a size" },
        { IMAGES "prepare:\n  - resample: {}\n", "exp.yaml:7:5: resample takes either" },
        { IMAGES "prepare:\n  - resample: {spacing: 1, onto: t1}\n", "resample takes either" },
        { IMAGES "prepare:\n  - resample: {spacing: [1, 2]}\n", "one number or three, not 2" },
        { IMAGES "prepare:\n  - resample: {spacing: 0}\n", "exp.yaml:7:25: '0' is not a valid" },
        { IMAGES "prepare:\n  - resample: {onto: t2}\n", "there is no image 't2' in data" },
        { IMAGES "prepare:\n  - fit: {size: 8, images: [t1, flare]}\n",
          "exp.yaml:7:33: there is no image 'flare' in data\n  try 'flair'" },
        { IMAGES "prepare:\n  - normalize: {mask: t1}\n", "'t1' cannot mask: its role is input" },
        { IMAGES "prepare:\n  - normalize: {images: [head]}\n",
          "exp.yaml:7:26: 'normalize' cannot be done to 'head': its role is mask" },
        { IMAGES "prepare:\n  - normalize: {}\n  - normalize: {images: t1}\n",
          "exp.yaml:8:5: 't1' is normalized a second time, first in line 7" },
        { IMAGES "prepare:\n  - normalize: {when: training}\n", "so predict cannot leave it out" },
        { IMAGES "network: {levels: 3}\n",
          "exp.yaml:6:11: 'levels' is not a key of the network resnet; it has channels, blocks, " },
        { IMAGES "network: {levels: 3}\n", "\n  try leaving it out; it is a key of 'name: unet'" },
        { IMAGES "network:\n  name: meshnet\n  plain: yes\n  order: conv-norm-relu\n",
          "exp.yaml:9:3: 'order' is not a key of the network meshnet; it has channels, dilations" },
        { IMAGES "network: {name: unett}\n", "exp.yaml:6:17: 'unett' is not a valid name (one of" },
        { IMAGES "network: unet\n", "exp.yaml:6:10: 'network' must be a map" },
        { IMAGES "network: {level: 3}\n", "'network' has no key 'level'\n  try 'levels'" },
        { IMAGES "network: {name: unet, norm: group, groups: 3}\n",
          "exp.yaml:6:1: layer 'encoder.0.first.norm' needs groups that divide its channels" },
        { IMAGES "network: {kernel: 4}\n", "exp.yaml:6:1: layer 'first.conv' needs an odd kernel" },
        { IMAGES "network: {name: meshnet, dilations: [1, 0]}\n",
          "'1, 0' is not a valid dilations" },
        { IMAGES "network: {layers: []}\n", "exp.yaml:6:19: 'layers' must be a list of layers" },
        { IMAGES "network: {layers: {conv: 3}}\n", "exp.yaml:6:19: 'layers' must be a list" },
        { IMAGES "network: {channels: 3, layers: [linear: 1]}\n",
          "exp.yaml:6:11: 'channels' is given, but 'layers' says what the network is" },
        { IMAGES "network: {layers: [[conv]]}\n", "exp.yaml:6:20: a layer is one name" },
        { IMAGES "network:\n  layers:\n    - conv: 8\n      norm: batch\n",
          "exp.yaml:8:7: a layer is one name with its settings\n  try - conv" },
        { IMAGES "network: {layers: [conf: 8]}\n",
          "exp.yaml:6:20: there is no layer 'conf'\n  try 'conv'" },
        { IMAGES "network: {layers: [dense]}\n",
          "exp.yaml:6:20: there is no layer 'dense'\n  try one of conv" },
        { IMAGES "network: {layers: [conv: {filter: 8}]}\n",
          "exp.yaml:6:27: 'conv' has no key 'filter'\n  try 'filters'" },
        { IMAGES "network: {layers: [conv: x]}\n", "exp.yaml:6:26: 'x' is not a valid filters" },
        { IMAGES "network: {layers: [relu: 1]}\n",
          "exp.yaml:6:26: the settings of 'relu' must be" },
        { IMAGES "network: {layers: [conv: {kernel: [3, 3]}]}\n",
          "exp.yaml:6:35: 'kernel' is one number or three, not 2" },
        { IMAGES "network: {layers: [conv: {padding: same}]}\n", "'same' is not a valid padding" },
        { IMAGES "network:\n  layers:\n    - conv: 8\n    - linear: 2\n",
          "exp.yaml:9:7: the last layer gives 2 channels, but there is 1 target\n  try '- linear: "
          "1'" },
        { IMAGES "network:\n  layers:\n    - conv: {filters: 8, name: a}\n    - conv: 4\n"
                 "    - add: {with: a}\n    - linear: 1\n",
          "exp.yaml:10:7: the two sides of a sum have unequal channels, 4 and 8" },
        { IMAGES "network:\n  layers:\n    - conv: {filters: 8, name: a}\n    - conv: {from: b}\n",
          "exp.yaml:9:7: no layer above is named 'b'\n  try one of input a, or 'name: b'" },
        { IMAGES "network:\n  layers:\n    - conv: 8\n    - add\n",
          "exp.yaml:9:7: 'add' needs 'with', the second layer that it reads\n  try add: {with: "
          "input}" },
        { IMAGES "network:\n  layers:\n    - conv: {name: a}\n    - conv: {name: a}\n",
          "exp.yaml:9:7: a layer above is named 'a' already, in line 8" },
        { IMAGES "network:\n  layers:\n    - conv: {name: input}\n",
          "no layer may be named 'input'" },
        { IMAGES "network:\n  layers:\n    - conv: 8\n    - linear: {filters: 1, from: input}\n",
          "exp.yaml:8:7: no layer reads this one" },
        { IMAGES "network:\n  layers:\n    - conv: {name: a}\n    - pool\n"
                 "    - concat: {with: a}\n    - linear: 1\n",
          "exp.yaml:10:7: 24 x 24 x 24 voxels cannot meet 48 x 48 x 48\n  try layers of" },
        { IMAGES "network:\n  layers:\n    - conv: {stride: 2}\n    - linear: 1\n",
          "exp.yaml:9:7: the last layer gives 24 x 24 x 24 voxels where the input has 48 x 48" },
        { IMAGES "network:\n  layers:\n    - conv\n    - pool: {kernel: 4}\n"
                 "    - upsample: {like: input}\n    - linear: 1\n",
          "exp.yaml:10:7: 12 x 12 x 12 voxels cannot grow by this factor to 48 x 48 x 48" },
        { IMAGES "network:\n  layers:\n    - conv: {kernel: 2}\n    - linear: 1\n",
          "exp.yaml:8:7: layer '1.conv' needs an odd kernel, or no padding" },
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        lar_study *study;
        CHECK_FAILS(parse(&study, cases[n].text), LAR_EARGUMENT, cases[n].words);
        assert_true(lar_text_starts(lar_error(), "lab/exp.yaml:"));
        assert_null(study);
    }
}

/* The recipe says what prepared volumes depend on, and nothing else. */
static void recipe_is_blind_to_form(void **state)
{
    (void)state;
    lar_study *a, *b;
    CHECK_OK(parse(&a, IMAGES "prepare:\n  - resample: {spacing: 1}\ntrain: {rate: 1}\n"));
    CHECK_OK(parse(&b, "# said otherwise\ntrain: {rate: 2}\n" IMAGES "  leave_out: [x]\n"
                       "prepare:\n"
                       "  - resample:\n"
                       "      interpolation: cubic\n"
                       "      images: [t1, flair, head]\n"
                       "      spacing: [1.0]\n"));
    assert_string_equal(a->recipe, b->recipe);
    assert_string_not_equal(a->draw, b->draw);
    lar_study_free(b);
    CHECK_OK(parse(&b, IMAGES "prepare:\n  - resample: {spacing: 2}\n"));
    lar_text difference = { 0 };
    assert_true(lar_lines_differ(&difference, a->recipe, b->recipe));
    assert_string_equal(lar_text_get(&difference),
                        "it was made with 'prepare.1.resample.spacing: 1', the study now says "
                        "'prepare.1.resample.spacing: 2'");
    lar_text_clear(&difference);
    lar_study_free(a);
    lar_study_free(b);
}

/* Every default of every table is what lar_param_set() accepts, and every table's words are there.
 */
static void tables_are_complete(void **state)
{
    (void)state;
    const lar_param *tables[40] = { lar_train_table,        lar_data_table,
                                    lar_split_table,        lar_image_spec_table,
                                    lar_step_common_table,  lar_image_source_table,
                                    lar_split_more_table,   lar_data_care_table,
                                    lar_sample_patch_table, lar_sample_slice_table };
    int count = 10;
    for (int s = 0; lar_steps[s]; s++) {
        const lar_step_kind *kind = lar_steps[s];
        assert_non_null(kind->run);
        assert_true(*kind->help);
        for (int n = 0; n < LAR_STEP_TABLES && kind->tables[n]; n++)
            tables[count++] = kind->tables[n];
        assert_true(count <= 32);
    }
    lar_arena *arena;
    CHECK_OK(lar_arena_new(&arena));
    for (int t = 0; t < count; t++)
        for (const lar_param *param = tables[t]; param->name; param++) {
            char room[4096] = { 0 };
            assert_true(param->help && *param->help);
            assert_true(param->fallback != NULL);
            assert_null(strchr(param->name, '_'));
            if (*param->fallback)
                CHECK_OK(lar_param_set(param, room, param->fallback, param->name, arena));
        }
    lar_arena_free(arena);
}

/* docs/study.md has a row '| `key` |' of every key of every section. */
static void manual_lists_every_key(void **state)
{
    (void)state;
    char *text;
    size_t length;
    CHECK_OK(lar_file_read(&text, &length, TEST_SOURCE "/docs/study.md", 1 << 20));
    struct {
        const char *heading;
        const lar_param *tables[4];
    } sections[64] = { { "## data", { lar_data_table, lar_data_care_table } },
                       { "### data: images", { lar_image_spec_table, lar_image_source_table } },
                       { "### data: split", { lar_split_table, lar_split_more_table } },
                       { "## prepare", { lar_step_common_table } },
                       { "## network", { lar_network_table } },
                       { "### network: layers", { lar_listed_table } },
                       { "## train", { lar_train_table } },
                       { "### train: sample",
                         { lar_sample_patch_table, lar_sample_slice_table } } };
    enum { FIXED = 8 };
    char headings[64 - FIXED][64];
    int count = FIXED;
    for (int s = 0; lar_steps[s]; s++) {
        snprintf(headings[count - FIXED], sizeof headings[0], "### prepare: %s",
                 lar_steps[s]->name);
        sections[count].heading = headings[count - FIXED];
        memcpy(sections[count].tables, lar_steps[s]->tables, sizeof lar_steps[s]->tables);
        count++;
    }
    for (const lar_listed_kind *kind = lar_listed_kinds; kind->name; kind++) {
        char word[64];
        snprintf(word, sizeof word, "`%s`", kind->name);
        if (!kind->table->name && strstr(text, word)) continue;
        snprintf(headings[count - FIXED], sizeof headings[0], "#### layer: %s", kind->name);
        sections[count].heading = headings[count - FIXED];
        sections[count].tables[0] = kind->table;
        count++;
    }
    for (int s = 0; s < count; s++) {
        char heading[80];
        snprintf(heading, sizeof heading, "\n%s\n", sections[s].heading);
        const char *begin = strstr(text, heading);
        if (!begin) fail_msg("docs/study.md has no heading '%s'", sections[s].heading);
        const char *end = strstr(begin + strlen(heading), "\n##");
        int rows = 0, keys = 0;
        for (const char *at = begin; (at = strstr(at + 1, "\n| `")) && (!end || at < end);) rows++;
        for (int t = 0; t < 4 && sections[s].tables[t]; t++)
            for (const lar_param *param = sections[s].tables[t]; param->name; param++, keys++) {
                char row[80];
                snprintf(row, sizeof row, "\n| `%s` |", param->name);
                for (char *c = row; *c; c++)
                    if (*c == '-') *c = '_';
                const char *found = strstr(begin, row);
                if (!found || (end && found > end))
                    fail_msg("docs/study.md: '%s' does not list '%s'", sections[s].heading,
                             param->name);
                lar_text wanted = { 0 }; /* and its default stands in the next column */
                if (*param->fallback && param->kind != LAR_KIND_FLAG)
                    lar_text_add(&wanted, "%s `%s` |", row, param->fallback);
                if (wanted.length && !strstr(begin, wanted.at))
                    fail_msg("docs/study.md: the default of '%s' is not '%s'", param->name,
                             param->fallback);
                lar_text_clear(&wanted);
            }
        /* no key that does not exist; data has two more, which are maps of their own, train one */
        const bool train = lar_text_is(sections[s].heading, "## train");
        assert_int_equal(rows, keys + (s == 0 ? 2 : train ? 1 : 0));
    }
    lar_free(text);
}

/* The column `of` in the table of the section network names those that have the key. */
static void manual_says_whose_keys(void **state)
{
    (void)state;
    char *text;
    size_t length;
    CHECK_OK(lar_file_read(&text, &length, TEST_SOURCE "/docs/study.md", 1 << 20));
    const char *begin = strstr(text, "\n## network\n");
    assert_non_null(begin);
    for (const lar_param *p = lar_network_table; p->name; p++) {
        lar_text row = { 0 };
        int whose = 0, all = 0;
        for (const lar_model *m = lar_models; m->name; m++, all++)
            whose += lar_model_has(m, p->name);
        lar_text_add(&row, "\n| `%s` | ", p->name);
        lar_text_add(&row, p->kind == LAR_KIND_FLAG ? "%s | " : "`%s` | ", p->fallback);
        for (const lar_model *m = lar_models; m->name && whose < all; m++)
            if (lar_model_has(m, p->name))
                lar_text_add(&row, row.at[row.length - 2] == '|' ? "%s" : ", %s", m->name);
        lar_text_add(&row, whose == all ? "all |" : " |");
        if (!strstr(begin, row.at)) fail_msg("docs/study.md has no row '%s'", row.at + 1);
        lar_text_clear(&row);
    }
    lar_free(text);
}

/* Every example of a network in docs/study.md is one, also the single layers in a list of their
 * own.
 */
static void manual_examples_are_read(void **state)
{
    (void)state;
    char *text;
    size_t length;
    int found = 0, layers = 0;
    CHECK_OK(lar_file_read(&text, &length, TEST_SOURCE "/docs/study.md", 1 << 20));
    for (char *at = text; (at = strstr(at, "```yaml\n"));) {
        char *end = strstr(at + 8, "\n```");
        assert_non_null(end);
        lar_text study = { 0 };
        lar_text_add(&study, "%s%.*s\n", strstr(at, "data:") == at + 8 ? "" : IMAGES,
                     (int)(end - at - 8), at + 8);
        lar_study *read;
        CHECK_OK(parse(&read, study.at));
        lar_study_free(read);
        lar_text_clear(&study);
        at = end + 4;
        found++;
    }
    for (char *at = text; (at = strstr(at, "`- "));) {
        char *end = strchr(at + 1, '`');
        assert_non_null(end);
        const int size = (int)(end - at - 3);
        const char *layer = at + 3;
        at = end + 1;
        bool is_layer = false;
        for (const lar_listed_kind *kind = lar_listed_kinds; kind->name; kind++)
            is_layer = is_layer ||
                       (lar_text_starts(layer, kind->name) && layer[strlen(kind->name)] == ':');
        if (!is_layer) continue;
        const bool up = lar_text_starts(layer, "up");
        lar_text study = { 0 };
        lar_text_add(&study,
                     IMAGES "network:\n  layers:\n    - conv: {filters: 16, name: fine}\n"
                            "    - conv: {filters: 16, stride: %d}\n    - %.*s\n",
                     up ? 2 : 1, size, layer);
        if (lar_text_starts(layer, "pool")) lar_text_add(&study, "    - upsample: {like: input}\n");
        if (!lar_text_starts(layer, "add") && !lar_text_starts(layer, "concat"))
            lar_text_add(&study, "    - concat: {with: fine}\n");
        lar_text_add(&study, "    - linear: 1\n");
        lar_study *read;
        CHECK_OK(parse(&read, study.at));
        lar_study_free(read);
        lar_text_clear(&study);
        layers++;
    }
    lar_free(text);
    assert_int_equal(found, 10);
    assert_int_equal(layers, 11);
}

static void survives_failed_allocations(void **state)
{
    (void)state;
    const char *text = IMAGES "prepare: [{normalize: {}}, {fit: {size: 8}}]\ntrain: {batch: 1}\n";
    for (int64_t k = 1; k < 1000; k++) {
        lar_study *study;
        lar_alloc_fail_at(k, true);
        const lar_status status = parse(&study, text);
        lar_alloc_fail_at(0, false);
        if (status == LAR_OK) {
            lar_study_free(study);
            assert_true(k > 3);
            return;
        }
        assert_int_equal(status, LAR_EMEMORY);
        assert_null(study);
    }
    fail_msg("never succeeded");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_but_data_has_a_default),
        cmocka_unit_test(sections_are_read),
        cmocka_unit_test(mistakes_have_a_place),
        cmocka_unit_test(recipe_is_blind_to_form),
        cmocka_unit_test(tables_are_complete),
        cmocka_unit_test(manual_lists_every_key),
        cmocka_unit_test(manual_says_whose_keys),
        cmocka_unit_test(manual_examples_are_read),
        cmocka_unit_test(survives_failed_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
