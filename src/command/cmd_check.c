/* larmor check: a study against its scans, before anything is made.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/check/check_words.h"
#include "net/net.h"
#include "prepare/prepare.h"

enum { BAD_SHOWN = 40 };

typedef struct options {
    const char *manifest;
    bool all, force;
} options;

static const lar_param table[] = {
    LAR_P_TEXT(options, manifest, "manifest", 'm', "", "file",
               "write who is who into this CSV, which 'csv:' of a study reads"),
    LAR_P_FLAG(options, all, "all", 'a', "list each case, however many there are"),
    LAR_P_FLAG(options, force, "force", 'f', "replace the manifest where there is one"),
    LAR_P_END,
};

/* "bad: ..." and "warning: ..." lines. */
static void add_lines(lar_text *out, const char *kind, const char *lines)
{
    while (*lines) {
        const size_t length = strcspn(lines, "\n");
        lar_text_add(out, "%s: %.*s\n", kind, (int)length, lines);
        lines += length + (lines[length] == '\n');
    }
}

static void add_doubts(lar_text *out, const lar_study *study, const lar_check *check)
{
    lar_text lines = { 0 };
    lar_check_left_behind(&lines, study, check);
    lar_study_unpredictable(&lines, study);
    add_lines(out, "warning", lar_text_get(&lines));
    lar_text_clear(&lines);
}

/* The network that the study asks for; NULL where it has no inputs or no targets. */
static lar_status network_of(lar_net **out, const lar_study *study)
{
    int64_t roles[LAR_MASK + 1] = { 0 };
    *out = NULL;
    for (int64_t m = 0; m < study->data.image_count; m++) roles[study->data.images[m].role]++;
    if (!roles[LAR_INPUT] || !roles[LAR_TARGET]) return LAR_OK;
    return lar_network_build(out, &study->network, roles[LAR_INPUT], roles[LAR_TARGET],
                             (uint64_t)study->train.seed);
}

static void add_network(lar_text *out, const lar_study *study, const lar_net *net)
{
    const lar_reach reach = lar_net_reach(net);
    const int64_t *halo = reach.halo;
    char words[LAR_CHECK_WORDS];
    if (halo[0] == halo[1] && halo[1] == halo[2])
        snprintf(words, sizeof words, "%lld voxels", (long long)halo[0]);
    else
        snprintf(words, sizeof words, "%lld, %lld and %lld voxels along x, y and z",
                 (long long)halo[0], (long long)halo[1], (long long)halo[2]);
    lar_text_add(out, "network: %s, %lld weights; it sees %s to each side%s\n",
                 lar_check_network_name(study), (long long)lar_net_weight_count(net), words,
                 reach.global ? ", and through its norms the whole volume" : "");
}

/* A hint stands once behind all that it is for. */
static void add_bad(lar_text *out, const lar_check *check, bool all)
{
    int64_t shown = 0;
    const char *hint = NULL;
    for (int64_t n = 0; n < check->cohort->subject_count; n++) {
        const lar_check_case *one = &check->cases[n];
        if (!one->reason || (!all && shown == BAD_SHOWN)) continue;
        if (hint && !lar_text_is(hint, one->hint)) lar_text_add(out, "  try %s\n", hint);
        hint = one->hint;
        add_lines(out, "bad", one->reason);
        shown++;
    }
    if (hint) lar_text_add(out, "  try %s\n", hint);
    if (shown < check->bad_count)
        lar_text_add(out, "... and %lld more bad cases (--all lists each)\n",
                     (long long)(check->bad_count - shown));
}

static void add_words(lar_text *out, const lar_study *study, const lar_check *check,
                      const lar_net *net, bool all)
{
    int64_t counts[LAR_SPLIT_COUNT] = { 0 }, heads[LAR_SPLIT_COUNT] = { 0 },
            roles[LAR_MASK + 1] = { 0 };
    for (int64_t n = 0; n < check->cohort->subject_count; n++) counts[check->cases[n].split]++;
    for (int64_t m = 0; m < study->data.image_count; m++) roles[study->data.images[m].role]++;
    for (int64_t n = 0; n < check->cohort->participant_count; n++)
        heads[check->cohort->subjects[check->cohort->firsts[n]].split]++;
    lar_check_add_pairs(out, study, check, all);
    lar_check_add_warnings(out, study, check, all);
    lar_check_add_twins(out, check, all);
    lar_check_add_labels(out, study, check, all);
    if (!roles[LAR_INPUT] || !roles[LAR_TARGET])
        lar_text_add(out, "warning: without an %s this can be prepared, but not trained on\n",
                     roles[LAR_INPUT] ? "image of role target" : "image of role input");
    add_bad(out, check, all);
    lar_check_add_steps(out, study, check);
    lar_check_add_standards(out, study, check);
    lar_check_add_sizes(out, study, check, all);
    if (net) add_doubts(out, study, check);
    if (net) add_network(out, study, net);
    lar_check_add_split(out, check, all);
    lar_text_add(out, "split: train %lld, valid %lld, test %lld\n", (long long)counts[LAR_TRAIN],
                 (long long)counts[LAR_VALID], (long long)counts[LAR_TEST]);
    if (check->cohort->participant_count < check->cohort->subject_count)
        lar_text_add(out, "subjects: train %lld, valid %lld, test %lld\n",
                     (long long)heads[LAR_TRAIN], (long long)heads[LAR_VALID],
                     (long long)heads[LAR_TEST]);
    if (check->bad_count)
        lar_text_add(out, "%lld of %lld cases would fail; every one was read through\n",
                     (long long)check->bad_count, (long long)check->cohort->subject_count);
    else
        lar_text_add(out, "%lld cases, every one read through: %s\n",
                     (long long)check->cohort->subject_count,
                     check->leaks ? "each can be prepared, but parts of the split share scans"
                                  : "all can be prepared");
}

static lar_status write_manifest(const lar_check *check, const options *o)
{
    lar_status status = LAR_OK;
    lar_text text = { 0 };
    lar_arena *arena = NULL;
    LAR_TRY(lar_arena_new(&arena));
    const char *folder = lar_path_folder(arena, o->manifest);
    if (!folder) {
        status = LAR_EMEMORY;
        goto done;
    }
    LAR_TRY(lar_folder_make(folder));
    LAR_TRY(lar_manifest_text(&text, check->cohort, folder));
    status = lar_file_write(o->manifest, lar_text_get(&text), text.length, o->force);
done:
    lar_text_clear(&text);
    lar_arena_free(arena);
    return status;
}

/* Before every scan is read for it. */
static lar_status check_manifest(const options *o)
{
    if (!o->manifest || o->force || !lar_path_exists(o->manifest)) return LAR_OK;
    lar_fail(LAR_EEXISTS, "'%s' exists already", o->manifest);
    return lar_hint(LAR_EEXISTS, "--force to replace it, or another name");
}

static lar_status verdict(const lar_check *check)
{
    char bad[64] = "", leaks[96] = "";
    if (!check->bad_count && !check->leaks) return LAR_OK;
    if (check->bad_count)
        snprintf(bad, sizeof bad, "%lld of %lld cases would fail", (long long)check->bad_count,
                 (long long)check->cohort->subject_count);
    if (check->leaks && check->twins.across == 1)
        snprintf(leaks, sizeof leaks, "one scan is in two parts");
    else if (check->leaks)
        snprintf(leaks, sizeof leaks, "%lld pairs of scans in two parts are one scan",
                 (long long)check->twins.across);
    const lar_status status =
        lar_fail(LAR_EPARTIAL, "%s%s%s", bad, *bad && *leaks ? ", and " : "", leaks);
    if (!*leaks) return status;
    lar_text ids = { 0 };
    lar_twins_leave_out(&ids, check->cohort, &check->twins);
    lar_hint(status,
             "leave_out: [%s] under data, or one subject id for both, or 'duplicates: warn'",
             lar_text_get(&ids));
    lar_text_clear(&ids);
    return status;
}

static lar_status check_run(lar_call *call)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    lar_study *study = NULL;
    lar_check *check = NULL;
    lar_net *net = NULL;
    lar_text text = { 0 };

    LAR_TRY(check_manifest(o));
    LAR_TRY(lar_study_read(&study, call->args[0]));
    LAR_TRY(network_of(&net, study));
    LAR_TRY(lar_study_check(&check, study, call->progress));
    if (call->json)
        LAR_TRY(lar_check_add_json(&text, study, check, net));
    else
        add_words(&text, study, check, net, o->all);
    LAR_TRY(lar_cli_print(lar_text_get(&text)));
    if (o->manifest)
        LAR_TRY(write_manifest(check, o)); /* what was found is said even if it fails */
    status = verdict(check);
done:
    lar_text_clear(&text);
    lar_net_free(net);
    lar_check_free(check);
    lar_study_free(study);
    return status;
}

const lar_command lar_command_check = {
    .name = "check",
    .group = "learn",
    .summary = "check a study and its scans before anything is made",
    .about =
        "Reads the study, pairs the scans by subject, reads every scan through, and tells "
        "the geometry of each and how the images of a case lie to each other (of many cases, "
        "those that are alike share a line), scans that are twice there, what each step does to "
        "the first case, the size that every case will have, how many weights the network has and "
        "how far it sees, and who is in which part of the split, by age, sex or whatever else is "
        "known. A scan that two parts hold, whatever its files are called, is bad, unless the "
        "study "
        "says 'duplicates: warn'. The exit status is 1 where something is bad, 2 where the study "
        "is "
        "wrong. Nothing is written but the manifest, where one is asked for: a table with a line "
        "of each case, which people can edit and 'csv:' of a study reads.",
    .args =
        (const lar_arg[]){ { .name = "study", .help = "the study file", .is_path = true }, { 0 } },
    .tables = { { table, 0 } },
    .size = sizeof(options),
    .json = true,
    .examples = (const lar_example[]){ { "larmor check study.yaml", "before 'larmor prepare'" },
                                       { "larmor check study.yaml --manifest cases.csv",
                                         "who is who, as a table to look at, edit and read again" },
                                       { NULL, NULL } },
    .run = check_run,
};
