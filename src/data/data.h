/* data: which scans belong to which subject, who trains and who is held out, and the prepared
 * volumes that a training reads.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_DATA_H
#define LAR_DATA_H

#include "base/base.h"
#include "format/format.h"

/* ---- what a study says about its data ---------------------------------------------------- */

/* Inputs and targets are measured intensities; labels and masks are looked up, never mixed. */
typedef enum lar_role { LAR_INPUT, LAR_TARGET, LAR_LABEL, LAR_MASK } lar_role;
extern const char *const lar_role_names[]; /* NULL-ended */
static inline bool lar_role_is_measured(int role)
{
    return role == LAR_INPUT || role == LAR_TARGET;
}

/* Which part of the subjects one belongs to. */
typedef enum lar_split { LAR_TRAIN, LAR_VALID, LAR_TEST, LAR_SPLIT_COUNT } lar_split;
extern const char *const lar_split_names[]; /* "train", "valid", "test"; NULL-ended */

/* What a BIDS file name says beside subject and suffix, "acq-highres"; by which an image is picked.
 */
enum { LAR_BIDS_ENTITIES = 15 };

typedef struct lar_image_spec {
    const char *name;     /* "t1" */
    const char *path;     /* pattern with {subject}; NULL where the source says where images are */
    int role;             /* lar_role */
    const char *contrast; /* "t1", "flair", "ct" ...; NULL where not said */
    const char *made_of; /* a mask that a step finds in the image of this name, and which goes where
                            that one goes; NULL: a scan of a file */
    const char *column;  /* of a CSV; NULL: the image's name */
    const char *channel; /* of an nnU-Net folder: its name or number; NULL: the contrast or name */
    const char *suffix;  /* of BIDS: "T1w"; NULL: by the contrast or name */
    const char *tree;    /* folder below the BIDS tree, laid out as it; NULL: the tree itself */
    const char *entities[LAR_BIDS_ENTITIES]; /* as lar_bids_entities; "none": absent; NULL: any */
} lar_image_spec;
extern const lar_param lar_image_spec_table[];   /* path, role, contrast */
extern const lar_param lar_image_source_table[]; /* column, channel, suffix, tree, entities */

/* Numbers below 1 are fractions, whole numbers are counts; of participants. */
typedef struct lar_split_params {
    double parts[LAR_SPLIT_COUNT]; /* NaN: what the others leave (train only) */
    int64_t seed;
    const char *file;   /* "subject,split" lines; NULL: drawn */
    int64_t folds;      /* 0: none; else part `fold` of so many is valid, and the rest train */
    int64_t fold;       /* from 1 */
    lar_texts stratify; /* covariates of which every part gets its share */
    int64_t bins;       /* of a covariate that is a number */
    bool said;          /* the study has a split */
} lar_split_params;
extern const lar_param lar_split_table[];      /* train, valid, test, seed */
extern const lar_param lar_split_more_table[]; /* folds, fold, stratify, bins */

/* Where the scans are. Patterns of each image, unless another is named. */
typedef enum lar_source_kind {
    LAR_SOURCE_PATTERNS,
    LAR_SOURCE_FOLDERS,
    LAR_SOURCE_BIDS,
    LAR_SOURCE_NNUNET,
    LAR_SOURCE_CSV
} lar_source_kind;

enum { LAR_DUPLICATES_REFUSE, LAR_DUPLICATES_WARN };

typedef struct lar_data_params {
    const char *subjects;     /* pattern that finds the ids; NULL: those of the images' patterns */
    const char *folders;      /* folder of image folders, of train, valid, test or not; or NULL */
    const char *names;        /* pattern of the file names in `folders`; NULL: the id alone */
    const char *bids;         /* a BIDS tree; or NULL */
    const char *nnunet;       /* an nnU-Net folder, with dataset.json; or NULL */
    const char *csv;          /* a line of each case, with a column of each image; or NULL */
    const char *participants; /* table of covariates by subject; NULL: BIDS' own, or none */
    lar_split_params split;
    lar_texts leave_out;
    lar_texts trust; /* used though their preparation flags them */
    int duplicates;  /* one scan in two parts: LAR_DUPLICATES_REFUSE ... */
    int64_t image_count;
    int64_t made_count; /* of the images: the last ones, which no file holds but a step makes */
    lar_image_spec *images;
} lar_data_params;
/* subjects, folders, names, bids, nnunet, csv, participants, leave-out, trust */
extern const lar_param lar_data_table[];
extern const lar_param lar_data_care_table[]; /* duplicates: nothing that is made depends on it */
/* The images of files, which come first. */
static inline int64_t lar_data_scans(const lar_data_params *data)
{
    return data->image_count - data->made_count;
}
lar_source_kind lar_data_source(const lar_data_params *data);
/* Whether `trust` lists the case. */
bool lar_data_trusts(const lar_data_params *data, const char *id);

/* ---- cohort ------------------------------------------------------------------------------ */

/* One case: a line of what a network is shown. Of one participant there may be several (sessions,
 * runs, slices), which always are in the same part. */
typedef struct lar_subject {
    const char *id;      /* of the case: the subject's, with session, run and slice behind it */
    const char *subject; /* of the participant; the same text where one case is all there is */
    int split;           /* lar_split */
    const char *const *paths;  /* one of each image, in the order of the study's; NULL of those that
                                  steps make */
    const char *const *values; /* of each covariate; "": not known */
} lar_subject;

/* Cases in natural order of their ids (Subj2 before Subj10), whatever order the folder gave. */
typedef struct lar_cohort {
    lar_arena *arena;
    int64_t image_count; /* of files */
    const lar_image_spec *images;
    int64_t subject_count; /* cases */
    lar_subject *subjects;
    int64_t participant_count;
    const int64_t *firsts; /* the first case of each, in natural order of the subjects */
    int64_t covariate_count;
    const char *const *covariates; /* their names */
} lar_cohort;

/* Finds and pairs the files by case, joins the covariates, and splits the participants. Relative
 * paths start at `folder`. Borrows the images of `data`. Cases that some image lacks, no subjects,
 * an empty train or valid part, a participant in two parts, and ids to leave out or to trust that
 * do not exist are LAR_EARGUMENT, named. */
lar_status lar_cohort_new(lar_cohort **out, const lar_data_params *data, const char *folder);
void lar_cohort_free(lar_cohort *cohort);

/* A pattern of files: {subject}, {session}, {run} and {slice} capture part of one name, * stands
 * for anything in one name. LAR_EARGUMENT where it has no {subject}, names another in braces, or
 * does not say where one of them ends. */
lar_status lar_find_check(const char *pattern);
/* Both capture the same, so that their files can be paired. */
bool lar_find_alike(const char *pattern, const char *other);

/* The whole cohort as a CSV (RFC 4180) of columns subject, case, split, one of each image, and the
 * covariates, which `csv:` of a study reads to the same cohort. Paths are relative to the folder
 * that it will lie in, where both lie below a common one. */
lar_status lar_manifest_text(lar_text *out, const lar_cohort *cohort, const char *folder);

/* The draw: each participant's place is a function of (seed, id) alone, so that one more moves
 * at most the one at each border, or two at that of train where valid and test are fractions and
 * both grow. splits: `count` of them. strata: what they are stratified by, a
 * text of each; NULL: not. Then a place also depends on how many others have the same text, and one
 * more moves at most two at each border of each stratum. */
lar_status lar_split_draw(int *splits, const char *const *ids, const char *const *strata,
                          int64_t count, const lar_split_params *params);
/* "subject,split" lines, of each participant, with a header line; the text to write, and the same
 * read back. */
void lar_split_text(lar_text *out, const lar_cohort *cohort);
/* Fills splits of the given ids, which are in natural order; a line of `ignored` ids is passed
 * over, any other that is not in ids, and an id without a line, is LAR_EARGUMENT. */
lar_status lar_split_read(int *splits, const char *const *ids, int64_t count,
                          const lar_texts *ignored, const char *path);

/* ---- the same scan twice ----------------------------------------------------------------- */

/* What a scan holds, whatever its file is called and however it is compressed, ordered and headed:
 * a mark of its voxels in RAS, and one of their values in any order, which a mirrored or turned
 * copy shares. Of few values (a mask, air) it tells nothing, and is equal to none. Not meant
 * against somebody who tries to make two scans look alike. */
enum { LAR_MARK_ROOM = 66 };
/* image: in RAS, one channel, as lar_prepare_read() gives it. */
lar_status lar_mark_image(char mark[LAR_MARK_ROOM], const lar_image *image);

/* How two scans are the same, the strongest first. */
typedef enum lar_twin_kind { LAR_TWIN_VOXELS, LAR_TWIN_TURNED, LAR_TWIN_UID } lar_twin_kind;
/* Two scans of a cohort that are one. */
typedef struct lar_twin {
    int64_t cases[2], images[2]; /* the one that comes first in the cohort first */
    int kind;                    /* lar_twin_kind */
    bool across;                 /* in different parts: what is learned is also scored */
} lar_twin;
typedef struct lar_twins {
    int64_t count, across; /* of them; those across parts come first */
    lar_twin *at;
} lar_twins;

/* The marks of a cohort's scans. lar_marks_take() and _put() of different scans may run at once. */
typedef struct lar_marks lar_marks;
/* Borrows the cohort. */
lar_status lar_marks_new(lar_marks **out, const lar_cohort *cohort);
/* Of a scan that was read; labels and masks are passed over: those of two people may be equal. */
lar_status lar_marks_take(lar_marks *marks, int64_t index, int64_t image, const lar_image *scan);
/* The text of lar_mark_image(), such as an earlier run kept; any other text is as good as none. */
void lar_marks_put(lar_marks *marks, int64_t index, int64_t image, const char *mark);
/* Every scan that is another one's copy, by its voxels, or by the SeriesInstanceUID of the .json
 * beside both, which two images of one participant may share. Of many copies each is named with the
 * first. Of the arena of the marks. */
lar_status lar_marks_twins(lar_twins *out, lar_marks *marks);
/* "'b/t1.nii.gz' (subj2, valid) holds the voxels of 'a/t1.nii.gz' (subj1, train)". */
void lar_twin_words(lar_text *out, const lar_cohort *cohort, const lar_twin *twin);
/* "subj2, subj7": the later case of each two that lie across parts; without them none does. Of many
 * the first ones, and "...". */
void lar_twins_leave_out(lar_text *out, const lar_cohort *cohort, const lar_twins *twins);
/* LAR_EARGUMENT that names two that lie across parts, unless the study says `duplicates: warn`;
 * every other is a warning. Scans without a mark are not compared. */
lar_status lar_marks_judge(lar_marks *marks, const lar_data_params *data);
void lar_marks_free(lar_marks *marks);

/* ---- prepared volumes -------------------------------------------------------------------- */

/* What a normalizer found in one image; method NULL where none ran. */
typedef struct lar_fit {
    const char *method; /* "zscore" */
    lar_reals values;   /* as lar_normalizer_values(): mean, standard deviation */
    lar_curve curve;    /* the map that was applied */
} lar_fit;
/* To and from a JSON object; a new reference, NULL where memory is short. The method's text goes to
 * the arena. LAR_EFORMAT without a sentence where it is none. */
struct json_t *lar_fit_to_json(const lar_fit *fit);
lar_status lar_fit_from_json(lar_fit *out, const struct json_t *object, lar_arena *arena);
/* The mean of values and curves; all of one method. With method NULL where nothing was fitted. */
lar_status lar_fit_average(lar_fit *out, const lar_fit *const *fits, int64_t count,
                           lar_arena *arena);

/* One prepared volume, and the scan that it was made of. */
typedef struct lar_case_file {
    int64_t bytes;                /* of the prepared file */
    char sha256[LAR_SHA256_ROOM]; /* of the same; "": an older larmor made it */
    const char *source;           /* path of the scan; NULL where a step made the image, and then
                                     nothing below is set */
    int64_t from_count;           /* the files that the scan was read from: one, two ...; 0: an
                                     older larmor made it */
    const lar_seen_file *from;
    lar_grid raw; /* of the scan, as stored */
    lar_fit fit;
    char mark[LAR_MARK_ROOM]; /* of the scan, by lar_mark_image(); "" where it has none */
} lar_case_file;
/* To and from a JSON object, as lar_fit_to_json(); `made`: by a step, of no file. Copies have all
 * their texts in the arena. */
struct json_t *lar_case_file_to_json(const lar_case_file *file);
lar_status lar_case_file_from_json(lar_case_file *out, const struct json_t *object, bool made,
                                   lar_arena *arena);
lar_status lar_case_file_copy(lar_case_file *out, const lar_case_file *from, lar_arena *arena);
/* What was in the files of a scan, in one hash: that of the file where there is one. */
void lar_seen_mark(char hex[LAR_SHA256_ROOM], const lar_seen_file *files, int64_t count);
struct json_t *lar_grid_to_json(const lar_grid *grid);
bool lar_grid_from_json(lar_grid *out, const struct json_t *object);

/* What a registration found in one case. */
typedef struct lar_case_map {
    int64_t step;          /* of the study, from 1 */
    const char *move, *to; /* images */
    lar_affine affine;     /* from a point of the world of `to` to that of `move`, RAS+ mm */
    lar_register_verdict verdict;
} lar_case_map;
/* To and from a JSON object, as lar_fit_to_json(). */
struct json_t *lar_case_map_to_json(const lar_case_map *map);
lar_status lar_case_map_from_json(lar_case_map *out, const struct json_t *object, lar_arena *arena);
/* A copy, with its texts, of the arena; NULL: no memory. */
lar_case_map *lar_case_maps_copy(const lar_case_map *maps, int64_t count, lar_arena *arena);

/* The brain that was found in one image of a case. */
typedef struct lar_case_strip {
    int64_t step;               /* of the study, from 1 */
    const char *of, *mask;      /* images: it was found in, and that it made */
    const char *method, *model; /* as lar_strip_report tells them; model "" where it has none */
    const char *contrast;       /* as it was taken: "auto", "t1" ... */
    lar_strip_verdict verdict;
} lar_case_strip;
struct json_t *lar_case_strip_to_json(const lar_case_strip *strip);
lar_status lar_case_strip_from_json(lar_case_strip *out, const struct json_t *object,
                                    lar_arena *arena);
/* "brain by surface": the mask, by which method and model; "brain by learned (mindgrab
 * 0123456789ab)".
 */
void lar_case_strip_words(lar_text *out, const lar_case_strip *strip);
lar_case_strip *lar_case_strips_copy(const lar_case_strip *strips, int64_t count, lar_arena *arena);

/* What steps found in a case, each list by step. */
typedef struct lar_case_findings {
    int64_t map_count, strip_count;
    lar_case_map *maps;
    lar_case_strip *strips;
} lar_case_findings;
/* Why a case is flagged, on one line: of each map and each mask that is doubtful. False, and
 * nothing, where none is. */
bool lar_case_doubt(lar_text *out, const lar_case_findings *findings);

/* Flagged: prepared, but a verdict doubts it, and the study does not trust it. */
typedef enum lar_case_state {
    LAR_CASE_PENDING,
    LAR_CASE_DONE,
    LAR_CASE_FAILED,
    LAR_CASE_FLAGGED
} lar_case_state;
static inline bool lar_case_has_volumes(int state)
{
    return state == LAR_CASE_DONE || state == LAR_CASE_FLAGGED;
}

typedef struct lar_case_record {
    const char *id;
    const char *subject;  /* the participant; NULL: there is no other name than the id */
    int split;            /* lar_split */
    int state;            /* lar_case_state */
    const char *reason;   /* why it failed or is flagged */
    const char *version;  /* of the larmor that prepared it; "": not known */
    lar_grid grid;        /* of its prepared volumes, where done or flagged */
    lar_case_file *files; /* of each image, the same */
    lar_case_findings findings;
} lar_case_record;

/* WORK/prepared/cases.json: what was prepared, and by which study. */
typedef struct lar_cases {
    lar_arena *arena;
    const char *recipe, *draw; /* lines of the study */
    const char *standards;     /* lines, of what was learned from its training subjects; or "" */
    int64_t image_count;
    const lar_image_spec *images; /* name, role, contrast, made_of */
    int64_t case_count;
    lar_case_record *cases;
} lar_cases;
/* Whether a mask was made by one method in some cases and by another in others, and how often each,
 * as words. */
bool lar_cases_mixed(lar_text *out, const lar_cases *cases);
/* As lar_marks_judge(), of the cases that are done, by what is recorded of their scans. */
lar_status lar_cases_judge_twins(const lar_cases *cases, const lar_data_params *data);
/* Replaces the file. */
lar_status lar_cases_write(const lar_cases *cases, const char *path);
/* LAR_EFORMAT where it is not what lar_cases_write() writes. */
lar_status lar_cases_read(lar_cases **out, const char *path);
void lar_cases_free(lar_cases *cases);
/* "work/prepared/cases.json"; "work/prepared/Subj1/t1.nii", or flagged "t1.flagged.nii"; of the
 * arena. */
const char *lar_cases_path(lar_arena *arena, const char *work);
const char *lar_cases_volume(lar_arena *arena, const char *work, const char *id, const char *image,
                             bool flagged);
/* Where two line lists first differ, as words for a sentence; false where they do not. A line that
 * gives its key no value is as good as none: keys that older versions did not know. */
bool lar_lines_differ(lar_text *out, const char *before, const char *now);

typedef struct lar_prepared_case {
    const char *id;
    int split;                  /* lar_split */
    lar_grid grid;              /* of all its images; RAS */
    const char *const *paths;   /* prepared, of each image */
    const lar_fit *fits;        /* of each image */
    const lar_case_file *files; /* the same, as recorded */
    _Atomic bool *checked;      /* the same: compared with its hash */
} lar_prepared_case;

/* A prepared folder: what `larmor prepare` finished. Failed and flagged cases are not listed. */
typedef struct lar_prepared {
    lar_arena *arena;
    const char *work;
    int64_t image_count;
    const lar_image_spec *images; /* name, role, contrast */
    int64_t case_count;
    lar_prepared_case *cases; /* in the order of the cohort */
    int64_t failed_count;     /* cases that prepare could not do */
    int64_t flagged_count;    /* cases that it doubts */
    lar_cases *record;
} lar_prepared;

/* `work` is the study's work folder. `recipe` and `draw`, where not NULL, are lines of the study
 * that the preparation must have been made by; others are LAR_EARGUMENT that names the first line
 * that differs and says to run prepare again. Not prepared yet, or not to the end: LAR_ENOINPUT. */
lar_status lar_prepared_open(lar_prepared **out, const char *work, const char *recipe,
                             const char *draw);
/* How many cases a split has. */
int64_t lar_prepared_count(const lar_prepared *prepared, int split);
/* The image named `name`, or -1. */
int64_t lar_prepared_find(const lar_prepared *prepared, const char *name);
/* The first mask that a step made, such as the brain; or -1. */
int64_t lar_prepared_made_mask(const lar_prepared *prepared);
/* One volume, float32 for inputs and targets, mapped from its file where it can be. Its grid is the
 * case's. The first time since the folder was opened, its bytes are compared with the hash that
 * prepare recorded: LAR_EFORMAT where one differs. By many threads at once. */
lar_status lar_prepared_map(lar_image **out, const lar_prepared *prepared, int64_t index,
                            int64_t image);
void lar_prepared_free(lar_prepared *prepared);

/* ---- BIDS (https://bids-specification.readthedocs.io) ------------------------------------- */

/* Keys of file names by which an image may be picked, as a study writes them and as files do. */
typedef struct lar_bids_entity {
    const char *key, *tag; /* "session", "ses" */
} lar_bids_entity;
extern const lar_bids_entity lar_bids_entities[LAR_BIDS_ENTITIES];
enum { LAR_BIDS_SESSION = 0, LAR_BIDS_RUN = 1 };

/* What tells the kind of an image. */
typedef struct lar_bids_clues {
    const char *modality;                     /* DICOM's: "MR", "CT"; NULL: not known */
    const char *words;                        /* description, protocol, name of file and folder */
    double echo_s, repetition_s, inversion_s; /* NaN: not known */
} lar_bids_clues;
/* Its suffix: "T1w", "T2w", "FLAIR", "PDw", "T2starw" or "ct"; NULL where the clues do not
 * tell. First by the words; where these name none or several, by the times. */
const char *lar_bids_suffix(const lar_bids_clues *clues);
/* True where the word alone, such as a folder "t1" or "FLAIR", names a kind of image. */
bool lar_bids_names_kind(const char *word);
/* The suffixes that lar_bids_suffix() gives, NULL-ended; and the folder of one: "anat" or "ct". */
extern const char *const lar_bids_suffixes[];
const char *lar_bids_folder(const char *suffix);
/* The letters and digits of a text, without a "sub-" or "ses-" that it begins with: a BIDS label.
 * Of the arena; "" where nothing is left. */
char *lar_bids_label(const char *text, lar_arena *arena);

#endif
