/* The geometry of the scans, side by side: of a few cases each, of hundreds those that are alike
 * together.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/check/check_words.h"
#include "image/image.h"

enum { KINDS_SHOWN = 10, IDS_SHOWN = 3, SAME_WARNINGS = 4, TWINS_SHOWN = 40, ROOM = 320 };

void lar_check_size_words(char words[LAR_CHECK_WORDS], const int64_t size[3])
{
    snprintf(words, LAR_CHECK_WORDS, "%lldx%lldx%lld", (long long)size[0], (long long)size[1],
             (long long)size[2]);
}

/* "181x217x181    1x1x1               RAS   int16    as t1" */
static void scan_words(char words[ROOM], const lar_check_scan *scan, const char *first)
{
    char size[LAR_CHECK_WORDS], spacing[LAR_CHECK_WORDS], beside[ROOM / 2] = "", axes[4];
    double mm[3];
    if (scan->raw.size[0] == 0) {
        snprintf(words, ROOM, "cannot be read");
        return;
    }
    lar_check_size_words(size, scan->raw.size);
    lar_grid_spacing(&scan->raw, mm);
    snprintf(spacing, sizeof spacing, "%.4gx%.4gx%.4g", mm[0], mm[1], mm[2]);
    lar_grid_axes(&scan->raw, axes);
    if (scan->beside == LAR_BESIDE_SAME)
        snprintf(beside, sizeof beside, "as %s", first);
    else if (scan->beside == LAR_BESIDE_MOVED)
        snprintf(beside, sizeof beside, "%.2g mm off %s", scan->apart_mm, first);
    else if (scan->beside == LAR_BESIDE_OTHER)
        snprintf(beside, sizeof beside, "other than %s", first);
    if (*beside)
        snprintf(words, ROOM, "%-13s  %-18s  %-4s  %-7s  %s", size, spacing, axes,
                 lar_type_name(scan->stored), beside);
    else
        snprintf(words, ROOM, "%-13s  %-18s  %-4s  %s", size, spacing, axes,
                 lar_type_name(scan->stored));
}

static int image_width(const lar_study *study)
{
    int width = 5;
    for (int64_t m = 0; m < lar_data_scans(&study->data); m++)
        if ((int)strlen(study->data.images[m].name) > width)
            width = (int)strlen(study->data.images[m].name);
    return width;
}

static void add_head(lar_text *out, const lar_study *study, const char *first, int first_width)
{
    lar_text_add(out, "%-*s  %-*s  %-13s  %-18s  axes  type%s\n", first_width, first,
                 image_width(study), "image", "voxels", "mm",
                 lar_data_scans(&study->data) > 1 ? "     grid" : "");
}

static void add_each(lar_text *out, const lar_study *study, const lar_check *check)
{
    int id_width = 7;
    char first[LAR_CHECK_WORDS], words[ROOM];
    for (int64_t n = 0; n < check->cohort->subject_count; n++)
        if ((int)strlen(check->cases[n].id) > id_width) id_width = (int)strlen(check->cases[n].id);
    const bool of_cases = check->cohort->participant_count < check->cohort->subject_count;
    snprintf(first, sizeof first, "%-*s  split", id_width > 60 ? 60 : id_width,
             of_cases ? "case" : "subject");
    add_head(out, study, first, (int)strlen(first));
    for (int64_t n = 0; n < check->cohort->subject_count; n++)
        for (int64_t m = 0; m < lar_data_scans(&study->data); m++) {
            const lar_check_case *c = &check->cases[n];
            scan_words(words, &c->scans[m], study->data.images[0].name);
            lar_text_add(out, "%-*s  %-5s  %-*s  %s\n", id_width, m ? "" : c->id,
                         m ? "" : lar_split_names[c->split], image_width(study),
                         study->data.images[m].name, words);
        }
}

/* ---- alike ------------------------------------------------------------------------------- */

/* Cases of which every scan is told by the same words. */
typedef struct kind {
    const char *words; /* a line of each image */
    int64_t index, count;
} kind;

static int kind_compare(const void *a, const void *b)
{
    const kind *x = a, *y = b;
    const int order = strcmp(x->words, y->words);
    if (order) return order;
    return x->index < y->index ? -1 : x->index > y->index;
}

static int count_compare(const void *a, const void *b)
{
    const kind *x = a, *y = b;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static const char *kind_words(const lar_study *study, const lar_check_case *c, lar_arena *arena)
{
    lar_text all = { 0 };
    char words[ROOM];
    for (int64_t m = 0; m < lar_data_scans(&study->data); m++) {
        scan_words(words, &c->scans[m], study->data.images[0].name);
        lar_text_add(&all, "%s\n", words);
    }
    const char *kept = lar_arena_text(arena, lar_text_get(&all), all.length);
    lar_text_clear(&all);
    return kept;
}

/* "sub-03, sub-17, sub-21 and 7 more" of those whose words are these. */
static void add_ids(lar_text *out, const lar_check *check, const char *const *words,
                    const kind *one)
{
    int64_t shown = 0;
    for (int64_t n = one->index; n < check->cohort->subject_count && shown < IDS_SHOWN; n++)
        if (lar_text_is(words[n], one->words))
            lar_text_add(out, "%s%s", shown++ ? ", " : "", check->cases[n].id);
    if (one->count > shown) lar_text_add(out, " and %lld more", (long long)(one->count - shown));
}

static void add_kind(lar_text *out, const lar_study *study, const lar_check *check,
                     const char *const *words, const kind *one)
{
    const char *at = one->words;
    for (int64_t m = 0; m < lar_data_scans(&study->data); m++) {
        const size_t length = strcspn(at, "\n");
        char count[24] = "";
        if (m == 0) snprintf(count, sizeof count, "%lld", (long long)one->count);
        lar_text_add(out, "%5s  %-*s  %.*s\n", count, image_width(study),
                     study->data.images[m].name, (int)length, at);
        at += length + 1;
    }
    lar_text_add(out, "       ");
    add_ids(out, check, words, one);
    lar_text_add(out, "\n");
}

static void add_alike(lar_text *out, const lar_study *study, const lar_check *check)
{
    const int64_t count = check->cohort->subject_count;
    lar_arena *arena = NULL;
    if (lar_arena_new(&arena) != LAR_OK) return;
    kind *kinds = lar_arena_take(arena, count, sizeof *kinds);
    const char **words = lar_arena_take(arena, count, sizeof *words);
    int64_t kept = 0, rest = 0;
    for (int64_t n = 0; kinds && words && n < count; n++) {
        words[n] = kind_words(study, &check->cases[n], arena);
        if (!words[n]) words[n] = "";
        kinds[n] = (kind){ .words = words[n], .index = n, .count = 1 };
    }
    if (!kinds || !words) goto done;
    qsort(kinds, (size_t)count, sizeof *kinds, kind_compare);
    for (int64_t n = 0; n < count; n++)
        if (kept && lar_text_is(kinds[kept - 1].words, kinds[n].words))
            kinds[kept - 1].count++;
        else
            kinds[kept++] = kinds[n];
    qsort(kinds, (size_t)kept, sizeof *kinds, count_compare);
    add_head(out, study, "cases", 5);
    const int64_t shown = kept > KINDS_SHOWN + 1 ? KINDS_SHOWN : kept;
    for (int64_t n = 0; n < shown; n++) add_kind(out, study, check, words, &kinds[n]);
    for (int64_t n = shown; n < kept; n++) rest += kinds[n].count;
    if (rest)
        lar_text_add(out, "%5lld  more, of %lld other geometries\n", (long long)rest,
                     (long long)(kept - shown));
    lar_text_add(out, "(--all lists each case)\n");
done:
    lar_arena_free(arena);
}

void lar_check_add_pairs(lar_text *out, const lar_study *study, const lar_check *check, bool all)
{
    if (all || check->cohort->subject_count <= LAR_CHECK_FEW)
        add_each(out, study, check);
    else
        add_alike(out, study, check);
}

/* ---- warnings ---------------------------------------------------------------------------- */

typedef struct warning {
    const char *at;
    size_t length;
    int64_t index, image;
} warning;

static int warning_compare(const void *a, const void *b)
{
    const warning *x = a, *y = b;
    const size_t common = x->length < y->length ? x->length : y->length;
    const int order = memcmp(x->at, y->at, common);
    if (order) return order;
    if (x->length != y->length) return x->length < y->length ? -1 : 1;
    if (x->index != y->index) return x->index < y->index ? -1 : 1;
    return x->image < y->image ? -1 : x->image > y->image;
}

/* One line of a warning that many scans share. */
static void add_shared(lar_text *out, const lar_study *study, const lar_check *check,
                       const warning *same, int64_t count)
{
    lar_text_add(out, "warning: %lld scans (", (long long)count);
    for (int64_t n = 0; n < IDS_SHOWN; n++)
        lar_text_add(out, "%s%s %s", n ? ", " : "", check->cases[same[n].index].id,
                     study->data.images[same[n].image].name);
    lar_text_add(out, ", ...): %.*s\n", (int)same->length, same->at);
}

void lar_check_add_warnings(lar_text *out, const lar_study *study, const lar_check *check, bool all)
{
    int64_t count = 0, room = 0;
    const int64_t images = lar_data_scans(&study->data);
    for (int64_t n = 0; n < check->cohort->subject_count; n++)
        for (int64_t m = 0; m < images; m++)
            for (const char *c = check->cases[n].scans[m].warnings; *c; c++)
                room += *c == '\n' || !c[1];
    warning *list = lar_alloc(room, sizeof *list);
    if (!list) return;
    for (int64_t n = 0; n < check->cohort->subject_count; n++)
        for (int64_t m = 0; m < images; m++)
            for (const char *line = check->cases[n].scans[m].warnings; *line && count < room;) {
                const size_t length = strcspn(line, "\n");
                list[count++] = (warning){ line, length, n, m };
                line += length + (line[length] == '\n');
            }
    if (!all && count) qsort(list, (size_t)count, sizeof *list, warning_compare);
    for (int64_t n = 0, next; n < count; n = next) {
        for (next = n + 1; next < count; next++)
            if (list[next].length != list[n].length ||
                memcmp(list[next].at, list[n].at, list[n].length) != 0)
                break;
        if (!all && next - n >= SAME_WARNINGS) {
            add_shared(out, study, check, &list[n], next - n);
            continue;
        }
        for (int64_t k = n; k < next; k++)
            lar_text_add(out, "warning: %s, %s: %.*s\n", check->cases[list[k].index].id,
                         study->data.images[list[k].image].name, (int)list[k].length, list[k].at);
    }
    lar_free(list);
}

void lar_check_add_twins(lar_text *out, const lar_check *check, bool all)
{
    const int64_t shown =
        all || check->twins.count <= TWINS_SHOWN ? check->twins.count : TWINS_SHOWN;
    for (int64_t n = 0; n < shown; n++) {
        const lar_twin *twin = &check->twins.at[n];
        lar_text_add(out, twin->across && check->leaks ? "bad: in two parts, " : "warning: ");
        lar_twin_words(out, check->cohort, twin);
        lar_text_add(out, "\n");
    }
    if (shown < check->twins.count)
        lar_text_add(out, "... and %lld more pairs of scans that are one (--all lists each)\n",
                     (long long)(check->twins.count - shown));
}
