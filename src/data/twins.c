/* Scans that are twice in a cohort: found by what they hold, or by what the scanner called them. In
 * two parts such a pair is a leak: what is learned by heart is then taken for what was understood.
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <sys/stat.h>

#include "data/data.h"

enum { DIGITS = 32, SIDECAR_MAX = 1 << 20, LISTED_MAX = 20 };
static const char unknown[] = "00000000000000000000000000000000";

struct lar_marks {
    const lar_cohort *cohort;
    lar_arena *arena;
    char (*at)[LAR_MARK_ROOM]; /* of each image of each case; "": none */
};

/* One scan's place in the list that is sorted by what it holds. */
typedef struct entry {
    const char *key; /* `length` bytes of it count */
    int64_t length, index, image;
} entry;

lar_status lar_marks_new(lar_marks **out, const lar_cohort *cohort)
{
    lar_status status = LAR_OK;
    lar_arena *arena = NULL;
    *out = NULL;
    LAR_TRY(lar_arena_new(&arena));
    lar_marks *marks = lar_arena_take(arena, 1, sizeof *marks);
    if (marks)
        marks->at =
            lar_arena_take(arena, cohort->subject_count * cohort->image_count, sizeof *marks->at);
    if (!marks || !marks->at) {
        status = LAR_EMEMORY;
        goto done;
    }
    marks->cohort = cohort;
    marks->arena = arena;
    *out = marks;
    arena = NULL;
done:
    lar_arena_free(arena);
    return status;
}

void lar_marks_free(lar_marks *marks)
{
    if (marks) lar_arena_free(marks->arena);
}

static char *mark_at(const lar_marks *marks, int64_t index, int64_t image)
{
    return marks->at[index * marks->cohort->image_count + image];
}

lar_status lar_marks_take(lar_marks *marks, int64_t index, int64_t image, const lar_image *scan)
{
    if (!lar_role_is_measured(marks->cohort->images[image].role)) return LAR_OK;
    return lar_mark_image(mark_at(marks, index, image), scan);
}

void lar_marks_put(lar_marks *marks, int64_t index, int64_t image, const char *mark)
{
    const bool whole = strlen(mark) == 2 * DIGITS + 1 && mark[DIGITS] == '-' &&
                       strspn(mark, "0123456789abcdef-") == strlen(mark);
    snprintf(mark_at(marks, index, image), LAR_MARK_ROOM, "%s", whole ? mark : "");
}

/* ---- what a scanner called a series ------------------------------------------------------ */

/* The SeriesInstanceUID in the .json beside a scan; NULL where none is. */
static const char *sidecar_uid(const char *path, lar_arena *arena)
{
    static const char *const suffixes[] = { ".nii.gz", ".nii", ".mgz" };
    size_t stem = 0;
    for (size_t n = 0; n < sizeof suffixes / sizeof *suffixes && !stem; n++)
        if (lar_text_ends(path, suffixes[n])) stem = strlen(path) - strlen(suffixes[n]);
    char *name = stem ? lar_arena_format(arena, "%.*s.json", (int)stem, path) : NULL;
    struct stat about;
    if (!name || stat(name, &about) != 0 || !S_ISREG(about.st_mode)) return NULL;
    char *text = NULL;
    size_t length;
    json_t *root = NULL;
    if (lar_file_read(&text, &length, name, SIDECAR_MAX) == LAR_OK)
        root = json_loadb(text, length, 0, NULL);
    const char *uid = json_string_value(json_object_get(root, "SeriesInstanceUID"));
    const char *kept = uid && *uid ? lar_arena_text(arena, uid, strlen(uid)) : NULL;
    json_decref(root);
    lar_free(text);
    return kept;
}

/* ---- pairs ------------------------------------------------------------------------------- */

static int entry_compare(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->length != y->length) return x->length < y->length ? -1 : 1;
    const int order = memcmp(x->key, y->key, (size_t)x->length);
    if (order) return order;
    if (x->index != y->index) return x->index < y->index ? -1 : 1;
    return x->image < y->image ? -1 : x->image > y->image;
}

static bool same_key(const entry *a, const entry *b)
{
    return a->length == b->length && memcmp(a->key, b->key, (size_t)a->length) == 0;
}

/* Whether two scans are one by what stands above `kind`. */
static bool is_said(const lar_marks *marks, const entry *a, const entry *b, int kind)
{
    const char *first = mark_at(marks, a->index, a->image);
    const char *second = mark_at(marks, b->index, b->image);
    if (kind == LAR_TWIN_VOXELS || !*first || !*second) return false;
    if (memcmp(first, second, DIGITS) == 0 && memcmp(first, unknown, DIGITS) != 0) return true;
    const char *x = first + DIGITS + 1, *y = second + DIGITS + 1;
    return kind == LAR_TWIN_UID && memcmp(x, y, DIGITS) == 0 && memcmp(x, unknown, DIGITS) != 0;
}

/* The key by which a scan is compared; false where it has none. */
static bool key_of(entry *out, const lar_marks *marks, int kind)
{
    const lar_cohort *cohort = marks->cohort;
    const char *mark = mark_at(marks, out->index, out->image);
    if (kind == LAR_TWIN_UID) {
        if (!lar_role_is_measured(cohort->images[out->image].role)) return false;
        out->key = sidecar_uid(cohort->subjects[out->index].paths[out->image], marks->arena);
        out->length = out->key ? (int64_t)strlen(out->key) : 0;
        return out->key != NULL;
    }
    if (!*mark) return false;
    out->key = kind == LAR_TWIN_VOXELS ? mark : mark + DIGITS + 1;
    out->length = DIGITS;
    return memcmp(out->key, unknown, DIGITS) != 0;
}

static void add_pairs(lar_twins *out, const lar_marks *marks, const entry *entries, int64_t count,
                      int kind)
{
    const lar_subject *cases = marks->cohort->subjects;
    for (int64_t first = 0, n = 1; n < count; n++) {
        const entry *a = &entries[first], *b = &entries[n];
        if (!same_key(a, b)) {
            first = n;
            continue;
        }
        if (is_said(marks, a, b, kind)) continue;
        /* a dual echo is two images of one series */
        if (kind == LAR_TWIN_UID && lar_text_is(cases[a->index].subject, cases[b->index].subject))
            continue;
        out->at[out->count++] =
            (lar_twin){ .cases = { a->index, b->index },
                        .images = { a->image, b->image },
                        .kind = kind,
                        .across = cases[a->index].split != cases[b->index].split };
    }
}

static int twin_compare(const void *a, const void *b)
{
    const lar_twin *x = a, *y = b;
    if (x->across != y->across) return x->across ? -1 : 1;
    for (int n = 0; n < 2; n++) {
        if (x->cases[n] != y->cases[n]) return x->cases[n] < y->cases[n] ? -1 : 1;
        if (x->images[n] != y->images[n]) return x->images[n] < y->images[n] ? -1 : 1;
    }
    return x->kind - y->kind;
}

lar_status lar_marks_twins(lar_twins *out, lar_marks *marks)
{
    const lar_cohort *cohort = marks->cohort;
    const int64_t all = cohort->subject_count * cohort->image_count;
    *out = (lar_twins){ 0 };
    entry *entries = lar_alloc(all, sizeof *entries);
    out->at = lar_arena_take(marks->arena, 3 * all, sizeof *out->at);
    if (!entries || !out->at) {
        lar_free(entries);
        return LAR_EMEMORY;
    }
    for (int kind = LAR_TWIN_VOXELS; kind <= LAR_TWIN_UID; kind++) {
        int64_t count = 0;
        for (int64_t n = 0; n < all; n++) {
            entry *next = &entries[count];
            *next = (entry){ .index = n / cohort->image_count, .image = n % cohort->image_count };
            count += key_of(next, marks, kind);
        }
        if (count) qsort(entries, (size_t)count, sizeof *entries, entry_compare);
        add_pairs(out, marks, entries, count, kind);
    }
    lar_free(entries);
    if (out->count) qsort(out->at, (size_t)out->count, sizeof *out->at, twin_compare);
    while (out->across < out->count && out->at[out->across].across) out->across++;
    return LAR_OK;
}

void lar_twin_words(lar_text *out, const lar_cohort *cohort, const lar_twin *twin)
{
    static const char *const said[] = { "holds the voxels of",
                                        "holds the voxels, mirrored or turned, of",
                                        "has the SeriesInstanceUID of" };
    const lar_subject *first = &cohort->subjects[twin->cases[0]],
                      *second = &cohort->subjects[twin->cases[1]];
    lar_text_add(out, "'%s' (%s, %s) %s '%s' (%s, %s)", second->paths[twin->images[1]], second->id,
                 lar_split_names[second->split], said[twin->kind], first->paths[twin->images[0]],
                 first->id, lar_split_names[first->split]);
}

void lar_twins_leave_out(lar_text *out, const lar_cohort *cohort, const lar_twins *twins)
{
    int64_t listed = 0;
    for (int64_t n = 0; n < twins->across; n++) {
        bool known = false;
        for (int64_t m = 0; m < n && !known; m++)
            known = twins->at[m].cases[1] == twins->at[n].cases[1];
        if (known) continue;
        if (listed++ == LISTED_MAX) {
            lar_text_add(out, ", ...");
            return;
        }
        lar_text_add(out, "%s%s", listed > 1 ? ", " : "",
                     cohort->subjects[twins->at[n].cases[1]].id);
    }
}

lar_status lar_marks_judge(lar_marks *marks, const lar_data_params *data)
{
    lar_twins twins;
    lar_status status = lar_marks_twins(&twins, marks);
    if (status != LAR_OK) return status;
    const bool refuse = data->duplicates == LAR_DUPLICATES_REFUSE && twins.across > 0;
    for (int64_t n = refuse ? twins.across : 0; n < twins.count; n++) {
        lar_text words = { 0 };
        lar_twin_words(&words, marks->cohort, &twins.at[n]);
        lar_log(LAR_LOG_WARNING, "%s", lar_text_get(&words));
        lar_text_clear(&words);
    }
    if (!refuse) return LAR_OK;
    lar_text words = { 0 };
    lar_twin_words(&words, marks->cohort, &twins.at[0]);
    if (twins.across > 1)
        lar_text_add(&words, ", and %lld more such pairs", (long long)twins.across - 1);
    status = lar_fail(LAR_EARGUMENT, "one scan is in two parts: %s", lar_text_get(&words));
    lar_text_clear(&words);
    lar_twins_leave_out(&words, marks->cohort, &twins);
    lar_hint(status,
             "leave_out: [%s], or one subject id for both, or 'duplicates: warn' under data",
             lar_text_get(&words));
    lar_text_clear(&words);
    return status;
}
