/* larmor normalize METHOD: intensities to one scale. One row per method; what the help says of a
 * method, and which parameters it offers, is in the method's own row.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/command.h"
#include "command/normalize_run.h"

typedef lar_normalize_options options;

static const lar_param files[] = {
    LAR_P_TEXT(options, output, "output", 'o', "", "file",
               "the image to write; of several a folder, or a name with {name} in it"),
    LAR_P_TEXT(options, mask, "mask", 'm', "", "image",
               "where to learn: voxels that are not zero; {name} stands for the image's"),
    LAR_P_FLAG(options, force, "force", 'f', "replace outputs that exist"),
    LAR_P_END,
};

static const lar_param tissue[] = {
    LAR_P_TEXT(options, tissue_map, "tissue-map", 't', "", "image",
               "how much each voxel is of the tissue, from the T1; {name} as for --mask"),
    LAR_P_END,
};

static const lar_param population[] = {
    LAR_P_TEXT(options, save_fit, "save-fit", 0, "", "json",
               "write what was learned of the population"),
    LAR_P_TEXT(options, fit, "fit", 0, "", "json",
               "take what was learned from this file, so that one image is enough"),
    LAR_P_END,
};

static const lar_arg args[] = {
    { .name = "in", .help = "the image, or several", .repeats = true, .is_path = true }, { 0 }
};

#define ABOUT                                                                                      \
    "All voxels are mapped, outside the mask too. Prints what was found; writes float32. Of "      \
    "several images each is NAME_METHOD.nii.gz in the folder -o, or the name that -o makes of "    \
    "{name}; an image that fails is told of and does not stop the others (exit status 1)."
#define LEARNS                                                                                     \
    " The images given are the population: they are read one at a time, once per pass and once "   \
    "more to be written."

#define KEYS(id)                                                                                   \
    {                                                                                              \
        lar_normalize_table, offsetof(options, normalize), &lar_normalizer_##id.keys               \
    }
#define ROW(id, about_, examples_, ...)                                                            \
    extern const lar_normalizer_method lar_normalizer_##id;                                        \
    const lar_command lar_command_normalize_##id = {                                               \
        .name = "normalize " #id,                                                                  \
        .group = "prepare",                                                                        \
        .about = about_,                                                                           \
        .topic = &lar_normalizer_##id.topic,                                                       \
        .args = args,                                                                              \
        .tables = { { files, 0, NULL }, KEYS(id), __VA_ARGS__ },                                   \
        .size = sizeof(options),                                                                   \
        .json = true,                                                                              \
        .examples = examples_,                                                                     \
        .run = lar_normalize_run,                                                                  \
    }

#define TISSUE                                                                                     \
    {                                                                                              \
        tissue, 0, NULL                                                                            \
    }
#define POPULATION                                                                                 \
    {                                                                                              \
        population, 0, NULL                                                                        \
    }
#define NONE                                                                                       \
    {                                                                                              \
        NULL, 0, NULL                                                                              \
    }

static const lar_example zscore_examples[] = {
    { "larmor normalize zscore t1.nii.gz -o t1_z.nii.gz", "over the whole image" },
    { "larmor normalize zscore t1.nii.gz -o t1_brain_z.nii.gz --mask mask.nii.gz",
      "over the brain" },
    { NULL, NULL }
};
ROW(zscore, ABOUT, zscore_examples, NONE);

static const lar_example fcm_examples[] = {
    { "larmor normalize fcm t1.nii.gz -o t1_fcm.nii.gz --mask mask.nii.gz",
      "white matter of the T1 becomes 1" },
    { "larmor normalize fcm t1.nii.gz -o t1_grey.nii.gz --mask mask.nii.gz --tissue grey --to 100",
      "grey matter becomes 100" },
    { "larmor normalize fcm t1.nii.gz -o t1_map.nii.gz --tissue-map mask.nii.gz",
      "the mean under a map becomes 1" },
    { NULL, NULL }
};
ROW(fcm, ABOUT, fcm_examples, TISSUE);

static const lar_example gmm_examples[] = {
    { "larmor normalize gmm t1.nii.gz -o t1_gmm.nii.gz --mask mask.nii.gz",
      "the brightest of three Gaussians becomes 1" },
    { NULL, NULL }
};
ROW(gmm, ABOUT, gmm_examples, NONE);

static const lar_example kde_examples[] = {
    { "larmor normalize kde t1.nii.gz -o t1_kde.nii.gz --mask mask.nii.gz",
      "the mode of white matter becomes 1" },
    { "larmor normalize kde t1.nii.gz flair.nii.gz -o kde/", "several images, into a folder" },
    { NULL, NULL }
};
ROW(kde, ABOUT, kde_examples, NONE);

static const lar_example whitestripe_examples[] = {
    { "larmor normalize whitestripe t1.nii.gz -o t1_ws.nii.gz --mask mask.nii.gz",
      "white matter to mean 0 and deviation 1" },
    { NULL, NULL }
};
ROW(whitestripe, ABOUT, whitestripe_examples, NONE);

static const lar_example percentile_examples[] = {
    { "larmor normalize percentile t1.nii.gz -o t1_01.nii.gz --clip", "into 0 to 1" },
    { "larmor normalize percentile t1.nii.gz -o t1_p.nii.gz --percentiles 1 99 --range -1 1",
      "other percentiles, another scale" },
    { NULL, NULL }
};
ROW(percentile, ABOUT, percentile_examples, NONE);

static const lar_example ct_examples[] = {
    { "larmor normalize ct ct.nii.gz -o ct_brain.nii.gz",
      "0 to 80 Hounsfield units become 0 to 1" },
    { "larmor normalize ct ct.nii.gz -o ct_hu.nii.gz --window hounsfield",
      "clipped to 12 bits, in Hounsfield units" },
    { "larmor normalize ct ct.nii.gz -o ct_own.nii.gz --limits -100 300", "limits of one's own" },
    { NULL, NULL }
};
ROW(ct, ABOUT, ct_examples, NONE);

static const lar_example nyul_examples[] = {
    { "larmor normalize nyul t1.nii.gz flair.nii.gz -o nyul/ --save-fit nyul.json",
      "learn from these, and bring them to the standard" },
    { "larmor normalize nyul t2.nii.gz -o t2_nyul.nii.gz --fit nyul.json",
      "one more, later, with what was learned" },
    { NULL, NULL }
};
ROW(nyul, ABOUT LEARNS, nyul_examples, POPULATION);

static const lar_example lsq_examples[] = {
    { "larmor normalize lsq cohort/t1/sub-01_T1.nii.gz cohort/t1/sub-02_T1.nii.gz -o lsq/",
      "tissue means as close as one factor brings them" },
    { NULL, NULL }
};
ROW(lsq, ABOUT LEARNS, lsq_examples, TISSUE, POPULATION);

static const lar_example ravel_examples[] = {
    { "larmor normalize ravel cohort/t1/sub-01_T1.nii.gz cohort/t1/sub-02_T1.nii.gz "
      "cohort/t1/sub-03_T1.nii.gz -o ravel/ --save-fit ravel.json",
      "scans on one grid, less what varies together in their CSF" },
    { NULL, NULL }
};
ROW(ravel, ABOUT LEARNS, ravel_examples, TISSUE, POPULATION);
