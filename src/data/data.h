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

typedef struct lar_image_spec {
    const char *name;     /* "t1" */
    const char *path;     /* pattern with {subject}; NULL where folders are used */
    int role;             /* lar_role */
    const char *contrast; /* "t1", "flair", "ct" ...; NULL where not said */
    const char *made_of; /* a mask that a step finds in the image of this name, and which goes where
                            that one goes; NULL: a scan of a file */
} lar_image_spec;
extern const lar_param lar_image_spec_table[]; /* path, role, contrast */

/* Numbers below 1 are fractions, whole numbers are counts. */
typedef struct lar_split_params {
    double parts[LAR_SPLIT_COUNT]; /* NaN: what the others leave (train only) */
    int64_t seed;
    const char *file; /* "subject,split" lines; NULL: drawn */
} lar_split_params;
extern const lar_param lar_split_table[]; /* train, valid, test, seed */

typedef struct lar_data_params {
    const char *subjects; /* pattern that finds the ids; NULL: those of the images' patterns */
    const char *folders;  /* folder of image folders of train, valid, test; or NULL */
    lar_split_params split;
    lar_texts leave_out;
    lar_texts trust; /* used though their preparation flags them */
    int64_t image_count;
    int64_t made_count; /* of the images: the last ones, which no file holds but a step makes */
    lar_image_spec *images;
} lar_data_params;
extern const lar_param lar_data_table[]; /* subjects, folders, leave-out, trust */
/* The images of files, which come first. */
static inline int64_t lar_data_scans(const lar_data_params *data)
{
    return data->image_count - data->made_count;
}
/* Whether `trust` lists the id. */
bool lar_data_trusts(const lar_data_params *data, const char *id);

/* ---- cohort ------------------------------------------------------------------------------ */

typedef struct lar_subject {
    const char *id;
    int split;                /* lar_split */
    const char *const *paths; /* one of each image, in the order of the study's; NULL of those that
                                 steps make */
} lar_subject;

/* Subjects in natural order of their ids (Subj2 before Subj10), whatever order the folder gave. */
typedef struct lar_cohort {
    lar_arena *arena;
    int64_t image_count; /* of files */
    const lar_image_spec *images;
    int64_t subject_count;
    lar_subject *subjects;
} lar_cohort;

/* Finds and pairs the files by subject id, and splits the subjects. Relative paths start at
 * `folder`. Borrows the images of `data`. Ids that some image lacks, no subjects, an empty train or
 * valid part, and ids to leave out or to trust that do not exist are LAR_EARGUMENT, named. */
lar_status lar_cohort_new(lar_cohort **out, const lar_data_params *data, const char *folder);
void lar_cohort_free(lar_cohort *cohort);

/* A pattern of files: {subject} captures part of one name, * stands for anything in one name.
 * LAR_EARGUMENT where it has no {subject}, or does not say where {subject} or * ends. */
lar_status lar_find_check(const char *pattern);

/* The draw: each subject's place is a function of (seed, id) alone, so that a subject more moves
 * at most the one at each border. splits: subject_count of them. */
lar_status lar_split_draw(int *splits, const char *const *ids, int64_t count,
                          const lar_split_params *params);
/* "subject,split" lines, with a header line; the text to write, and the same read back. */
void lar_split_text(lar_text *out, const lar_cohort *cohort);
/* Fills splits of the given ids; a line of `ignored` ids is passed over, any other that is not in
 * ids, and an id without a line, is LAR_EARGUMENT. */
lar_status lar_split_read(int *splits, const char *const *ids, int64_t count,
                          const lar_texts *ignored, const char *path);

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
