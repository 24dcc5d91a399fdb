/* The files that make a folder a BIDS dataset.
 * https://bids-specification.readthedocs.io/en/v1.10.0/modality-agnostic-files.html
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/convert/convert.h"

enum { LARGEST_TABLE = 64 << 20 };

/* BIDS has no name for CT; other scripts leave these out by this file. */
static const char ignored[] = "**/ct/\n**/*_ct.*\n";

static const char readme[] =
    "# Scans in BIDS form\n\n"
    "These images were converted by larmor. Each folder sub-LABEL holds the scans of one person,\n"
    "as compressed NIfTI, with a sidecar (.json) that says how each was acquired. What the\n"
    "original files said of the person (name, birth date, identifiers, places, dates) was left\n"
    "out, unless it was asked for.\n\n"
    "Please say here where the data come from, who may use them, and how to cite them.\n";

static lar_status describe(const char *path, const lar_convert_options *o, lar_arena *arena)
{
    char *root = realpath(o->output, NULL);
    const char *name = lar_arena_text(arena, root ? lar_path_name(root) : "scans",
                                      strlen(root ? lar_path_name(root) : "scans"));
    free(root);
    json_t *about = json_pack("{s:s, s:s, s:s, s:[{s:s, s:s}]}", "Name", name ? name : "scans",
                              "BIDSVersion", "1.10.0", "DatasetType", "raw", "GeneratedBy", "Name",
                              "larmor", "Version", lar_version());
    char *text = about ? json_dumps(about, JSON_INDENT(2)) : NULL;
    json_decref(about);
    if (!text) return lar_fail(LAR_EMEMORY, "out of memory");
    lar_text line = { 0 };
    lar_text_add(&line, "%s\n", text);
    const lar_status status = lar_file_write(path, lar_text_get(&line), line.length, false);
    lar_text_clear(&line);
    free(text);
    return status;
}

/* True where a line of the table begins with the participant. */
static bool is_listed(const char *table, const char *subject)
{
    const size_t length = strlen(subject);
    for (const char *line = table; *line; line += strcspn(line, "\n"), line += *line == '\n')
        if (lar_text_starts(line, "sub-") && strncmp(line + 4, subject, length) == 0 &&
            strchr("\t\r\n", line[4 + length]))
            return true;
    return false;
}

/* Whoever is new goes to the end, with n/a in the columns that are there. */
static lar_status add_participants(const char *path, const char *const *subjects, int64_t count)
{
    lar_status status = LAR_OK;
    char *old = NULL;
    size_t length = 0;
    lar_text table = { 0 };
    int columns = 1;
    bool any = false;

    if (lar_path_exists(path)) {
        LAR_TRY(lar_file_read(&old, &length, path, LARGEST_TABLE));
        if (!lar_text_starts(old, "participant_id")) {
            status = lar_fail(LAR_EFORMAT, "the first column of '%s' is not participant_id", path);
            goto done;
        }
        lar_text_add_bytes(&table, old, length);
        for (const char *c = old; *c && *c != '\n'; c++) columns += *c == '\t';
        if (length > 0 && old[length - 1] != '\n') lar_text_add(&table, "\n");
    } else {
        lar_text_add(&table, "participant_id\n");
        any = true;
    }
    for (int64_t n = 0; n < count; n++) {
        if (old && is_listed(old, subjects[n])) continue;
        lar_text_add(&table, "sub-%s", subjects[n]);
        for (int c = 1; c < columns; c++) lar_text_add(&table, "\tn/a");
        lar_text_add(&table, "\n");
        any = true;
    }
    if (any) status = lar_file_write(path, lar_text_get(&table), table.length, true);
done:
    lar_text_clear(&table);
    lar_free(old);
    return status;
}

/* Added to what is there, once. */
static lar_status ignore_ct(const char *path)
{
    lar_status status = LAR_OK;
    char *old = NULL;
    size_t length = 0;
    lar_text lines = { 0 };
    if (lar_path_exists(path)) LAR_TRY(lar_file_read(&old, &length, path, LARGEST_TABLE));
    if (old && strstr(old, "_ct.")) goto done;
    if (old) lar_text_add_bytes(&lines, old, length);
    if (length > 0 && old[length - 1] != '\n') lar_text_add(&lines, "\n");
    lar_text_add(&lines, "%s", ignored);
    status = lar_file_write(path, lar_text_get(&lines), lines.length, true);
done:
    lar_text_clear(&lines);
    lar_free(old);
    return status;
}

lar_status lar_convert_dataset(const lar_convert_options *o, const char *const *subjects,
                               int64_t count, bool has_ct, lar_arena *arena)
{
    lar_status status = LAR_OK;
    const char *about = lar_path_join(arena, o->output, "dataset_description.json");
    const char *people = lar_path_join(arena, o->output, "participants.tsv");
    const char *words = lar_path_join(arena, o->output, "README");
    const char *ignore = lar_path_join(arena, o->output, ".bidsignore");
    if (!about || !people || !words || !ignore) return LAR_EMEMORY;
    if (!lar_path_exists(about)) LAR_TRY(describe(about, o, arena));
    LAR_TRY(add_participants(people, subjects, count));
    if (!lar_path_exists(words)) LAR_TRY(lar_file_write(words, readme, sizeof readme - 1, false));
    if (has_ct) LAR_TRY(ignore_ct(ignore));
done:
    return status;
}
