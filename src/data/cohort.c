/* Cases and their scans, from wherever a study says: paired by their ids, never by the order of
 * names.
 * SPDX-License-Identifier: Apache-2.0 */
#include "data/csv.h"
#include "data/find.h"

/* Ids that a sentence names before "and N more", and bytes of ids that a hint lists. */
enum { NAMED_MAX = 8, LISTED_MAX = 1000 };

typedef struct pairing {
    lar_finder f;
    lar_cohort *cohort;
    bool of_cases; /* some subject has more than one case, or one that is named otherwise */
} pairing;

static int found_compare(const void *a, const void *b)
{
    const lar_found *x = a, *y = b;
    const int order = lar_text_order(x->id, y->id);
    return order ? order : strcmp(x->path, y->path);
}

static void sort_found(lar_found_list *list)
{
    if (list->count) qsort(list->at, (size_t)list->count, sizeof *list->at, found_compare);
}

static lar_status sort_files(lar_found_list *files, const lar_data_params *data, const char *image)
{
    sort_found(files);
    for (int64_t n = 1; n < files->count; n++)
        if (lar_text_is(files->at[n - 1].id, files->at[n].id) &&
            !lar_find_left_out(data, &files->at[n]))
            return lar_fail(LAR_EARGUMENT,
                            "image '%s' of subject '%s' is twice there: '%s' and '%s'", image,
                            files->at[n].id, files->at[n - 1].path, files->at[n].path);
    return LAR_OK;
}

static int64_t find_id(const lar_found_list *files, const char *id)
{
    int64_t low = 0, high = files->count;
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (lar_text_order(files->at[middle].id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < files->count && lar_text_is(files->at[low].id, id) ? low : -1;
}

/* All ids of all images, of the source, and of the pattern `subjects`, in natural order. */
static lar_status gather_ids(pairing *p, lar_found_list *ids)
{
    lar_status status = LAR_OK;
    const lar_finder *f = &p->f;
    lar_found_list listed = { 0 }, subjects = { 0 };
    *ids = (lar_found_list){ 0 };
    for (int64_t n = 0; n < lar_data_scans(f->data); n++)
        for (int64_t m = 0; m < f->files[n].count; m++)
            if (!lar_found_add(ids, &f->files[n].at[m], f->arena)) return LAR_EMEMORY;
    for (int64_t n = 0; n < f->known.count; n++)
        if (!lar_found_add(ids, &f->known.at[n], f->arena)) return LAR_EMEMORY;
    if (f->data->subjects) {
        LAR_TRY(lar_find_files(&listed, f->folder, f->data->subjects, f->arena));
        if (listed.count == 0)
            return lar_fail(LAR_EARGUMENT, "no file matches '%s' of subjects", f->data->subjects);
        for (int64_t m = 0; m < ids->count; m++) {
            lar_found one = ids->at[m];
            one.id = one.subject;
            if (!lar_found_add(&subjects, &one, f->arena)) return LAR_EMEMORY;
        }
        sort_found(&subjects);
    }
    /* a pattern of subjects alone stands for all of their cases */
    for (int64_t n = 0; n < listed.count; n++)
        if (find_id(&subjects, listed.at[n].id) < 0 && !lar_found_add(ids, &listed.at[n], f->arena))
            return LAR_EMEMORY;
    sort_found(ids);
    int64_t kept = 0;
    for (int64_t n = 0; n < ids->count; n++) {
        const lar_found *last = kept ? &ids->at[kept - 1] : NULL, *next = &ids->at[n];
        if (last && lar_text_is(last->id, next->id)) {
            if (!lar_text_is(last->subject, next->subject))
                return lar_fail(LAR_EARGUMENT,
                                "'%s' is a case of the subject '%s', and of '%s': '%s' and '%s'",
                                next->id, last->subject, next->subject, last->path, next->path);
            continue;
        }
        p->of_cases |= !lar_text_is(next->id, next->subject);
        ids->at[kept++] = *next;
    }
    ids->count = kept;
done:
    return status;
}

static lar_status check_listed(const pairing *p, const lar_found_list *ids, const lar_texts *listed,
                               const char *key, bool subjects)
{
    for (int64_t n = 0; n < listed->count; n++) {
        bool known = find_id(ids, listed->at[n]) >= 0;
        for (int64_t m = 0; m < ids->count && subjects && !known; m++)
            known = lar_text_is(ids->at[m].subject, listed->at[n]);
        if (known) continue;
        const char **names = lar_arena_take(p->f.arena, ids->count + 1, sizeof *names);
        if (!names) return LAR_EMEMORY;
        for (int64_t m = 0; m < ids->count; m++) names[m] = ids->at[m].id;
        lar_fail(LAR_EARGUMENT, "%s names '%s', but there is no such %s", key, listed->at[n],
                 p->of_cases && !subjects ? "case" : "subject");
        const char *nearest = lar_text_nearest(listed->at[n], names);
        if (nearest) lar_hint(LAR_EARGUMENT, "'%s'", nearest);
        return LAR_EARGUMENT;
    }
    return LAR_OK;
}

/* What to try where no case at all has every image: its names say more than the id. */
static const char *pairing_hint(const lar_data_params *data)
{
    if (data->folders && !data->names)
        return "names: \"{subject}_*.nii.gz\" under data, if the id is a part of the name";
    if (data->folders || lar_data_source(data) == LAR_SOURCE_PATTERNS)
        return "patterns in which {subject} is what the names of all images share";
    return NULL;
}

/* Every case has every image, or the sentence says who lacks what. */
static lar_status check_complete(const pairing *p, const lar_found_list *ids)
{
    const lar_finder *f = &p->f;
    lar_text lacks = { 0 }, names = { 0 };
    int64_t count = 0, wanted = 0;
    for (int64_t n = 0; n < ids->count; n++) {
        bool complete = true;
        if (lar_find_left_out(f->data, &ids->at[n])) continue;
        wanted++;
        for (int64_t m = 0; m < lar_data_scans(f->data); m++) {
            if (find_id(&f->files[m], ids->at[n].id) >= 0) continue;
            if (count < NAMED_MAX && complete)
                lar_text_add(&lacks, "%s'%s' has no %s", count ? ", " : "", ids->at[n].id,
                             f->data->images[m].name);
            else if (count < NAMED_MAX)
                lar_text_add(&lacks, " and no %s", f->data->images[m].name);
            complete = false;
        }
        if (complete) continue;
        lar_text_add(&names, "%s%s", count ? ", " : "", ids->at[n].id);
        count++;
    }
    if (count > NAMED_MAX) lar_text_add(&lacks, " and %lld more", (long long)count - NAMED_MAX);
    if (count) {
        const char *what = p->of_cases ? "case" : "subject";
        lar_fail(LAR_EARGUMENT, "%lld %s%s not complete: %s", (long long)count, what,
                 count == 1 ? " is" : "s are", lar_text_get(&lacks));
        const char *hint = count == wanted && count > 1 ? pairing_hint(f->data) : NULL;
        if (hint)
            lar_hint(LAR_EARGUMENT, "%s", hint);
        else if (names.length <= LISTED_MAX)
            lar_hint(LAR_EARGUMENT, "mending the names, or leave_out: [%s]", lar_text_get(&names));
    }
    lar_text_clear(&lacks);
    lar_text_clear(&names);
    return count ? LAR_EARGUMENT : LAR_OK;
}

/* The part that the source says, which must be one for all images. */
static lar_status split_by_source(const pairing *p, lar_subject *subject, const char *id)
{
    const lar_finder *f = &p->f;
    for (int64_t m = 0; m < lar_data_scans(f->data); m++) {
        const int split = f->files[m].at[find_id(&f->files[m], id)].split;
        if (m && split != subject->split)
            return lar_fail(LAR_EARGUMENT, "subject '%s' is in %s of '%s', but in %s of '%s'", id,
                            subject->split < 0 ? "no part" : lar_split_names[subject->split],
                            f->data->images[0].name, split < 0 ? "no part" : lar_split_names[split],
                            f->data->images[m].name);
        subject->split = split;
    }
    return LAR_OK;
}

/* Records, manifests and JSON hold names as UTF-8, and would lose any other. */
static lar_status check_name(const char *path)
{
    if (!lar_not_utf8(path, path + strlen(path))) return LAR_OK;
    lar_fail(LAR_EARGUMENT, "the name of '%s' is not UTF-8", path);
    return lar_hint(LAR_EARGUMENT, "renaming it, such as by convmv -f latin1 -t utf8");
}

static lar_status fill_subjects(pairing *p, const lar_found_list *ids)
{
    const lar_finder *f = &p->f;
    lar_cohort *cohort = p->cohort;
    cohort->subjects = lar_arena_take(f->arena, ids->count + 1, sizeof *cohort->subjects);
    if (!cohort->subjects) return LAR_EMEMORY;
    for (int64_t n = 0; n < ids->count; n++) {
        if (lar_find_left_out(f->data, &ids->at[n])) continue;
        const char **paths = lar_arena_take(f->arena, f->data->image_count, sizeof *paths);
        if (!paths) return LAR_EMEMORY;
        for (int64_t m = 0; m < lar_data_scans(f->data); m++)
            paths[m] = f->files[m].at[find_id(&f->files[m], ids->at[n].id)].path;
        lar_subject *subject = &cohort->subjects[cohort->subject_count++];
        *subject =
            (lar_subject){ .id = ids->at[n].id, .subject = ids->at[n].subject, .paths = paths };
        lar_status status = split_by_source(p, subject, ids->at[n].id);
        for (int64_t m = 0; m < lar_data_scans(f->data) && status == LAR_OK; m++)
            status = check_name(paths[m]);
        if (status != LAR_OK) return status;
    }
    if (cohort->subject_count == 0) return lar_fail(LAR_EARGUMENT, "every subject is left out");
    return LAR_OK;
}

static lar_status find_files(lar_finder *f)
{
    static lar_status (*const find[])(lar_finder *) = {
        [LAR_SOURCE_PATTERNS] = lar_find_patterns, [LAR_SOURCE_FOLDERS] = lar_find_folders,
        [LAR_SOURCE_BIDS] = lar_find_bids,         [LAR_SOURCE_NNUNET] = lar_find_nnunet,
        [LAR_SOURCE_CSV] = lar_find_csv,
    };
    lar_status status = LAR_OK;
    LAR_TRY(find[lar_data_source(f->data)](f));
    for (int64_t n = 0; n < lar_data_scans(f->data); n++)
        LAR_TRY(sort_files(&f->files[n], f->data, f->data->images[n].name));
done:
    return status;
}

lar_status lar_cohort_new(lar_cohort **out, const lar_data_params *data, const char *folder)
{
    lar_status status = LAR_OK;
    lar_arena *arena = NULL;
    lar_found_list ids;

    *out = NULL;
    LAR_TRY(lar_arena_new(&arena));
    pairing p = { .f = { .data = data, .folder = folder, .arena = arena } };
    p.cohort = lar_arena_take(arena, 1, sizeof *p.cohort);
    p.f.files = lar_arena_take(arena, lar_data_scans(data), sizeof *p.f.files);
    if (!p.cohort || !p.f.files) {
        status = LAR_EMEMORY;
        goto done;
    }
    p.cohort->image_count = lar_data_scans(data);
    p.cohort->images = data->images;
    LAR_TRY(find_files(&p.f));
    LAR_TRY(gather_ids(&p, &ids));
    LAR_TRY(check_listed(&p, &ids, &data->leave_out, "leave_out", true));
    LAR_TRY(check_listed(&p, &ids, &data->trust, "trust", false));
    LAR_TRY(check_complete(&p, &ids));
    LAR_TRY(fill_subjects(&p, &ids));
    LAR_TRY(lar_covariates_join(p.cohort, &p.f));
    LAR_TRY(lar_cohort_split(p.cohort, &p.f));
    p.cohort->arena = arena;
    *out = p.cohort;
    arena = NULL;
done:
    lar_arena_free(arena);
    return status;
}

void lar_cohort_free(lar_cohort *cohort)
{
    if (cohort) lar_arena_free(cohort->arena);
}
