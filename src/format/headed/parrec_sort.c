/* The slices of a PAR file's table, volume after volume. Those of a volume are told from each other
 * by their numbers alone, so the n-th slice 1 and the n-th slice 2 of the table are one volume:
 * nibabel's order, and Philips' own. Where that would mix what does not belong together, the keys
 * decide. SPDX-License-Identifier: Apache-2.0 */
#include "format/headed/parrec.h"

static const char *const key_names[PAR_KEYS] = {
    "image type",      "scanning sequence", "dynamic scan", "label type", "diffusion value",
    "gradient orient", "cardiac phase",     "echo",         "slice"
};

static int compare_numbers(const void *a, const void *b)
{
    const int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;
    return (one > other) - (one < other);
}

static int compare_keys(const par_slice *a, const par_slice *b, int count)
{
    for (int n = 0; n < count; n++)
        if (a->key[n] != b->key[n]) return a->key[n] < b->key[n] ? -1 : 1;
    return 0;
}

static int compare_slices(const void *a, const void *b)
{
    const par_slice *one = a, *other = b;
    const int order = compare_keys(one, other, PAR_KEYS);
    return order ? order : compare_numbers(&one->line, &other->line);
}

static int compare_lines(const void *a, const void *b)
{
    return compare_numbers(&((const par_slice *)a)->line, &((const par_slice *)b)->line);
}

static int64_t count_distinct(const par_file *file, int key, int64_t *room)
{
    int64_t distinct = 1;
    for (int64_t n = 0; n < file->count; n++) room[n] = file->slices[n].key[key];
    qsort(room, (size_t)file->count, sizeof *room, compare_numbers);
    for (int64_t n = 1; n < file->count; n++) distinct += room[n] != room[n - 1];
    return distinct;
}

/* What the general information says that there is, and what the table has. */
static lar_status check_counts(const par_file *file, lar_image_about *about, int64_t *room)
{
    static const int said[] = { PAR_SLICE, PAR_ECHO,    PAR_DYNAMIC,
                                PAR_PHASE, PAR_B_VALUE, PAR_GRADIENT };
    for (size_t n = 0; n < sizeof said / sizeof *said; n++) {
        const int key = said[n];
        const bool diffusion = key == PAR_B_VALUE || key == PAR_GRADIENT;
        const int64_t most = file->general.most[key], found = count_distinct(file, key, room);
        if (most == -1 || most == found || (diffusion && file->slices[0].key[key] == 0)) continue;
        if (!diffusion || found > 1)
            return lar_fail(
                LAR_EFORMAT,
                "'%s' says it has %lld %ss, its table of %lld lines has %lld; it is cut "
                "short or was edited",
                file->name, (long long)most, key_names[key], (long long)file->count,
                (long long)found);
        /* a map that was computed from a diffusion scan */
        lar_text_add(&about->warnings, "it says it has %lld %ss, its table has one\n",
                     (long long)most, key_names[key]);
    }
    return LAR_OK;
}

/* "dynamic scan 2, echo 1": what sets a slice's volume apart in this file. */
static void volume_words(lar_text *out, const par_file *file, const par_slice *slice)
{
    for (int key = 0; key < PAR_SLICE; key++) {
        bool differs = false;
        for (int64_t n = 1; n < file->count && !differs; n++)
            differs = file->slices[n].key[key] != file->slices[0].key[key];
        if (differs)
            lar_text_add(out, "%s%s %lld", out->length ? ", " : "", key_names[key],
                         (long long)slice->key[key]);
    }
    if (!out->length) lar_text_add(out, "the only volume");
}

static lar_status say_missing(const par_file *file, const par_slice *slice, int64_t found)
{
    lar_text words = { 0 };
    volume_words(&words, file, slice);
    const lar_status status =
        lar_fail(LAR_EFORMAT, "'%s' has %lld of %lld slices of a volume (%s)", file->name,
                 (long long)found, (long long)file->general.most[PAR_SLICE], lar_text_get(&words));
    lar_text_clear(&words);
    return status;
}

/* Of slices sorted by their keys: each volume has each slice, and has it once. Diffusion volumes of
 * old versions, and mixes, differ in nothing that the table says: they have it equally often. */
static lar_status check_volumes(const par_file *file)
{
    const int64_t most = file->general.most[PAR_SLICE];
    const bool alike = file->general.diffusion > 0 || file->general.mixes > 1;
    for (int64_t n = 0; n < file->count;) {
        const par_slice *first = &file->slices[n];
        int64_t numbers = 0, times = 0;
        while (n < file->count && compare_keys(first, &file->slices[n], PAR_SLICE) == 0) {
            const par_slice *slice = &file->slices[n];
            int64_t same = 0;
            while (n < file->count && compare_keys(slice, &file->slices[n], PAR_KEYS) == 0)
                n++, same++;
            if (same > 1 && !alike)
                return lar_fail(LAR_EFORMAT, "'%s' has slice %lld twice, in lines %lld and %lld",
                                file->name, (long long)slice->key[PAR_SLICE],
                                (long long)slice->line, (long long)slice[1].line);
            if (numbers > 0 && same != times)
                return lar_fail(LAR_EFORMAT,
                                "'%s' has slice %lld %lld times, slice %lld %lld times", file->name,
                                (long long)first->key[PAR_SLICE], (long long)times,
                                (long long)slice->key[PAR_SLICE], (long long)same);
            times = same;
            numbers++;
        }
        if (numbers != most) return say_missing(file, first, numbers);
    }
    return LAR_OK;
}

/* Each slice of the REC file is that of one line. */
static lar_status check_indices(const par_file *file, int64_t *room)
{
    memset(room, 0, (size_t)file->count * sizeof *room);
    for (int64_t n = 0; n < file->count; n++) {
        const par_slice *slice = &file->slices[n];
        if (slice->index < 0 || slice->index >= file->count)
            return lar_fail(LAR_EFORMAT,
                            "line %lld of '%s' says that its slice has index %lld in the REC file, "
                            "the table has %lld slices",
                            (long long)slice->line, file->name, (long long)slice->index,
                            (long long)file->count);
        if (room[slice->index])
            return lar_fail(LAR_EFORMAT, "lines %lld and %lld of '%s' both say index %lld",
                            (long long)room[slice->index], (long long)slice->line, file->name,
                            (long long)slice->index);
        room[slice->index] = slice->line;
    }
    return LAR_OK;
}

/* The n-th of each slice number to volume n. Every number was counted before: it comes equally
 * often. */
static void by_appearance(par_slice *out, const par_file *file, int64_t *seen)
{
    const int64_t most = file->general.most[PAR_SLICE];
    memset(seen, 0, (size_t)most * sizeof *seen);
    for (int64_t n = 0; n < file->count; n++) {
        const int64_t number = file->slices[n].key[PAR_SLICE] - 1;
        out[number + most * seen[number]++] = file->slices[n];
    }
}

static bool are_mixed(const par_slice *slices, int64_t count, int64_t most)
{
    for (int64_t n = 0; n < count; n++)
        if (compare_keys(&slices[n], &slices[n - n % most], PAR_SLICE) != 0) return true;
    return false;
}

lar_status lar_par_sort(par_file *file, lar_image_about *about, lar_arena *arena)
{
    lar_status status = LAR_OK;
    const int64_t most = file->general.most[PAR_SLICE], count = file->count;
    int64_t *room = lar_arena_take(arena, count, sizeof *room);
    par_slice *sorted = lar_arena_take(arena, count, sizeof *sorted);

    if (!room || !sorted) return LAR_EMEMORY;
    LAR_TRY(check_counts(file, about, room)); /* so `most` is not above `count` */
    for (int64_t n = 0; n < count; n++) {
        const par_slice *slice = &file->slices[n];
        if (slice->key[PAR_SLICE] < 1 || slice->key[PAR_SLICE] > most) {
            status = lar_fail(LAR_EFORMAT, "line %lld of '%s' is of slice %lld, expected 1 to %lld",
                              (long long)slice->line, file->name, (long long)slice->key[PAR_SLICE],
                              (long long)most);
            goto done;
        }
    }
    LAR_TRY(check_indices(file, room));
    qsort(file->slices, (size_t)count, sizeof *file->slices, compare_slices);
    LAR_TRY(check_volumes(file));
    file->volumes = count / most;
    qsort(file->slices, (size_t)count, sizeof *file->slices, compare_lines);
    by_appearance(sorted, file, room);
    if (are_mixed(sorted, count, most)) {
        lar_text_add(
            &about->warnings,
            "its table lists the slices of its volumes in different orders; sorted by what "
            "they are\n");
        qsort(file->slices, (size_t)count, sizeof *file->slices, compare_slices);
        by_appearance(sorted, file, room);
    }
    file->slices = sorted;
done:
    return status;
}

static const char *kind_word(int64_t kind)
{
    static const char *const words[] = { "magnitude", "real", "imaginary", "phase" };
    return kind >= 0 && kind < 4 ? words[kind] : NULL;
}

void lar_par_say_channels(const par_file *file, lar_image_about *about)
{
    static const int apart[] = { PAR_KIND, PAR_SEQUENCE, PAR_LABEL, PAR_PHASE, PAR_ECHO };
    enum { APART = sizeof apart / sizeof *apart, MOST_SAID = 16 };
    const int64_t most = file->general.most[PAR_SLICE];
    bool differs[APART] = { false }, any = false;

    for (int64_t v = 1; v < file->volumes; v++)
        for (int n = 0; n < APART; n++)
            if (file->slices[v * most].key[apart[n]] != file->slices[0].key[apart[n]])
                differs[n] = any = true;
    if (differs[0]) differs[1] = false; /* each kind has its sequence */
    if (any) lar_text_add(&about->warnings, "its %lld channels are:", (long long)file->volumes);
    for (int64_t v = 0; any && v < file->volumes && v < MOST_SAID; v++) {
        if (v) lar_text_add(&about->warnings, ",");
        for (int n = 0; n < APART; n++) {
            const int64_t key = file->slices[v * most].key[apart[n]];
            const char *word = n == 0 ? kind_word(key) : NULL;
            if (differs[n] && word) lar_text_add(&about->warnings, " %s", word);
            if (differs[n] && !word)
                lar_text_add(&about->warnings, " %s %lld", key_names[apart[n]], (long long)key);
        }
    }
    if (any) lar_text_add(&about->warnings, file->volumes > MOST_SAID ? ", ...\n" : "\n");
    if (file->general.diffusion > 0 && file->volumes > 1)
        lar_text_add(&about->warnings,
                     "it is a diffusion scan of %lld volumes; its b-values and gradient directions "
                     "are not kept\n",
                     (long long)file->volumes);
}
