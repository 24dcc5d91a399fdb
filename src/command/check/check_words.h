/* What larmor check prints. Of the room command.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_CHECK_WORDS_H
#define LAR_CHECK_WORDS_H

#include "command/command.h"
#include "prepare/prepare.h"

enum { LAR_CHECK_WORDS = 96, LAR_CHECK_FEW = 24 /* cases; of more, those alike share lines */ };

void lar_check_size_words(char words[LAR_CHECK_WORDS], const int64_t size[3]);
/* The geometry of every case, or of those that are alike; then warnings of the readers. */
void lar_check_add_pairs(lar_text *out, const lar_study *study, const lar_check *check, bool all);
void lar_check_add_warnings(lar_text *out, const lar_study *study, const lar_check *check,
                            bool all);
/* Scans that are there twice. */
void lar_check_add_twins(lar_text *out, const lar_check *check, bool all);
/* Which labels there are, and who lacks one that most have, or alone has one. */
void lar_check_add_labels(lar_text *out, const lar_study *study, const lar_check *check, bool all);
/* What each step does to the first case that can be prepared; what prepare learns before it begins;
 * the size that every case will have. */
void lar_check_add_steps(lar_text *out, const lar_study *study, const lar_check *check);
void lar_check_add_standards(lar_text *out, const lar_study *study, const lar_check *check);
void lar_check_add_sizes(lar_text *out, const lar_study *study, const lar_check *check, bool all);
/* Who is in which part, by what is known of each; and of whom something is not known. */
void lar_check_add_split(lar_text *out, const lar_check *check, bool all);
/* All of it, for machines; net: NULL where the study has none. */
struct lar_net;
lar_status lar_check_add_json(lar_text *out, const lar_study *study, const lar_check *check,
                              const struct lar_net *net);
const char *lar_check_network_name(const lar_study *study);
int64_t lar_check_training(const lar_check *check);

#endif
