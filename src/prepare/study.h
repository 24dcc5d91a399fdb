/* The sections of a study. Of the room prepare.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_STUDY_H
#define LAR_STUDY_H

#include "prepare/prepare.h"
#include "prepare/walk.h"

lar_status lar_study_read_data(lar_study *study, const lar_walk *walk, const lar_yaml *map);
/* Names of images become names of files. */
bool lar_study_is_name(const char *name);
/* Adds the masks that steps of the list will make to the images, so that steps can name them. */
lar_status lar_study_foresee(lar_study *study, const lar_walk *walk, const lar_yaml *list);
lar_status lar_study_read_steps(lar_study *study, const lar_walk *walk, const lar_yaml *list);
/* The key `sample` of the section train, and the list `augment`; after the steps, which make
 * masks. */
lar_status lar_study_read_sample(lar_study *study, const lar_walk *walk, const lar_yaml *node);
lar_status lar_study_read_augments(lar_study *study, const lar_walk *walk, const lar_yaml *list);
/* After the data, whose roles say how many channels come in and go out. */
lar_status lar_study_read_network(lar_study *study, const lar_walk *walk, const lar_yaml *map);
/* Fills recipe and draw from what was read. */
lar_status lar_study_describe(lar_study *study, lar_arena *arena);

#endif
