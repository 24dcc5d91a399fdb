/* A cohort as one table that people read and edit, and that a study reads again.
 * SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>

#include "data/csv.h"
#include "data/data.h"

/* The path without links, ., and .. in its folder; the file itself may be a link, or absent. */
static const char *plain_path(const char *path, lar_arena *arena)
{
    char *folder = lar_path_folder(arena, path);
    char *real = folder ? realpath(folder, NULL) : NULL;
    const char *plain = real ? lar_path_join(arena, real, lar_path_name(path))
                             : lar_arena_text(arena, path, strlen(path));
    free(real);
    return plain;
}

/* How much of two absolute paths is the same folders, up to and with the slash. */
static size_t common_length(const char *a, const char *b)
{
    size_t common = 0;
    for (size_t n = 0; a[n] && a[n] == b[n]; n++)
        if (a[n] == '/') common = n + 1;
    return common;
}

/* The path as seen from `from`, a folder that ends with a slash; as it is where they share no
 * folder. */
static lar_status add_path(lar_text *out, const char *path, const char *from, lar_arena *arena)
{
    const char *plain = plain_path(path, arena);
    if (!plain) return LAR_EMEMORY;
    const size_t common = common_length(plain, from);
    lar_text relative = { 0 };
    if (common > 1)
        for (const char *c = from + common; *c; c++)
            if (*c == '/') lar_text_add(&relative, "../");
    lar_text_add(&relative, "%s", common > 1 ? plain + common : plain);
    lar_csv_add(out, lar_text_get(&relative), false);
    const bool failed = relative.failed;
    lar_text_clear(&relative);
    return failed ? LAR_EMEMORY : LAR_OK;
}

static lar_status check_names(const lar_cohort *cohort)
{
    static const char *const taken[] = { "subject", "case", "split" };
    for (int n = 0; n < 3; n++)
        for (int64_t m = 0; m < cohort->image_count; m++)
            if (lar_text_is(cohort->images[m].name, taken[n])) {
                lar_fail(LAR_EARGUMENT, "an image is called '%s', as a column of the manifest is",
                         taken[n]);
                return lar_hint(LAR_EARGUMENT, "another name for the image");
            }
    return LAR_OK;
}

/* A covariate that is called as another column would be read as that one: it is left out. */
static bool is_other_column(const lar_cohort *cohort, const char *name)
{
    bool other =
        lar_text_is(name, "subject") || lar_text_is(name, "case") || lar_text_is(name, "split");
    for (int64_t m = 0; m < cohort->image_count; m++)
        other |= lar_text_is(cohort->images[m].name, name);
    return other;
}

lar_status lar_manifest_text(lar_text *out, const lar_cohort *cohort, const char *folder)
{
    lar_status status = LAR_OK;
    lar_arena *arena = NULL;
    LAR_TRY(check_names(cohort));
    LAR_TRY(lar_arena_new(&arena));
    char *real = realpath(folder, NULL);
    const char *from = real ? lar_arena_format(arena, "%s%s", real, real[1] ? "/" : "") : "";
    free(real);
    if (!from) {
        status = LAR_EMEMORY;
        goto done;
    }
    lar_text_add(out, "subject,case,split");
    for (int64_t m = 0; m < cohort->image_count; m++)
        lar_csv_add(out, cohort->images[m].name, false);
    for (int64_t k = 0; k < cohort->covariate_count; k++)
        if (!is_other_column(cohort, cohort->covariates[k]))
            lar_csv_add(out, cohort->covariates[k], false);
    lar_text_add(out, "\n");
    for (int64_t n = 0; n < cohort->subject_count; n++) {
        const lar_subject *subject = &cohort->subjects[n];
        lar_csv_add(out, subject->subject, true);
        lar_csv_add(out, subject->id, false);
        lar_csv_add(out, lar_split_names[subject->split], false);
        for (int64_t m = 0; m < cohort->image_count; m++)
            LAR_TRY(add_path(out, subject->paths[m], from, arena));
        for (int64_t k = 0; k < cohort->covariate_count; k++)
            if (!is_other_column(cohort, cohort->covariates[k]))
                lar_csv_add(out, subject->values[k], false);
        lar_text_add(out, "\n");
    }
    if (out->failed) status = LAR_EMEMORY;
done:
    lar_arena_free(arena);
    return status;
}
