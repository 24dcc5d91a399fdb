/* How the files of a cohort are found: by patterns, in folders, a BIDS tree, an nnU-Net folder, a
 * table. Of the room data.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_FIND_H
#define LAR_FIND_H

#include "data/data.h"

typedef struct lar_found {
    const char *id, *subject, *path;
    int split; /* lar_split that the source says, or -1 */
} lar_found;

typedef struct lar_found_list {
    int64_t count;
    lar_found *at;
} lar_found_list;

/* Covariates by the id of a case or of a subject. */
typedef struct lar_covariates {
    int64_t count; /* of names */
    const char *const *names;
    bool of_cases;
    int64_t row_count;
    struct lar_covariate_row {
        const char *id;
        const char *const *values; /* "": not known */
    } * rows;
} lar_covariates;

/* What a source finds. */
typedef struct lar_finder {
    const lar_data_params *data;
    const char *folder;
    lar_arena *arena;
    lar_found_list *files;     /* of each image */
    lar_found_list known;      /* cases that the source names, with or without files */
    const char *splits_by;     /* what says the parts, in words; NULL: they are drawn or read */
    lar_covariates covariates; /* that the source knows */
} lar_finder;

/* One for each kind of source: the files of every image, in any order. */
lar_status lar_find_patterns(lar_finder *f);
lar_status lar_find_folders(lar_finder *f);
lar_status lar_find_bids(lar_finder *f);
lar_status lar_find_nnunet(lar_finder *f);
lar_status lar_find_csv(lar_finder *f);

/* What a pattern finds. {subject} and {session} capture part of one name, {run} and {slice} digits,
 * * stands for anything in one name, and all take as little as they can; a second {subject} must be
 * what the first was. Every file that matches, in the order of the names. The id of a case is what
 * was captured, joined by "_" in this order. Folders that do not exist match nothing. */
lar_status lar_find_files(lar_found_list *out, const char *folder, const char *pattern,
                          lar_arena *arena);
/* Adds one; false where memory is short. */
bool lar_found_add(lar_found_list *list, const lar_found *found, lar_arena *arena);
bool lar_find_listed(const lar_texts *ids, const char *id);
/* Whether the study leaves the file's case out, or its subject. */
bool lar_find_left_out(const lar_data_params *data, const lar_found *found);
/* The pattern as a shell would take it, from where the user is. */
const char *lar_find_shell(lar_arena *arena, const char *folder, const char *pattern);

/* Ids name folders and stand in tables: no leading dot, no slash, comma, quote or control
 * character, at most 200 bytes. */
lar_status lar_id_check(const char *id, const char *path);

/* A table of participants, by a column participant_id, subject or subject_id; ids may begin with
 * "sub-" on either side. */
lar_status lar_covariates_read(lar_covariates *out, const char *path, lar_arena *arena);
/* The row of an id, or NULL. */
const struct lar_covariate_row *lar_covariates_find(const lar_covariates *covariates,
                                                    const char *id);
/* What is known of each case, from the source, or from the table that the study names. */
lar_status lar_covariates_join(lar_cohort *cohort, lar_finder *f);

/* Fills in the part of every case that has none (-1), by the study's split; the participants are
 * counted. LAR_EARGUMENT where the source and the study both say it, where one participant is in
 * two parts, or where train or valid stays empty. */
lar_status lar_cohort_split(lar_cohort *cohort, const lar_finder *f);
/* A warning where ids that name one head, such as two of its sessions, are in different parts. */
void lar_cohort_tell_heads(const lar_cohort *cohort);

#endif
