/* DICOM: every series of a folder through dcm2niix, each in a process apart; what comes back is
 * checked against the headers of its files, cleaned of the patient, and named.
 * SPDX-License-Identifier: Apache-2.0 */
#include "format/dicom.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format/nifti.h"

enum { MOST_NAME = 64, MOST_RESULTS = 4096 };

/* What belongs to an open folder. */
struct lar_dicom_parts {
    lar_arena *arena;
    lar_text folder, failures;
    int64_t room;
};

typedef struct opening {
    lar_dicom *dicom;
    lar_arena *arena;
    lar_dicom_params params;
    const char *path;
    int64_t strange; /* files that may have been slices */
} opening;

/* ---- one image --------------------------------------------------------------------------- */

/* The header of a NIfTI file that we own, once more: without the text that says when it was scanned
 * (dcm2niix issue 557), and with another affine where there is one. */
static lar_status rewrite_header(const char *path, const lar_grid *grid)
{
    unsigned char bytes[NIFTI2_BYTES];
    bool swapped;
    lar_nifti_header h;
    const int file = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    const ssize_t got = file < 0 ? -1 : pread(file, bytes, sizeof bytes, 0);
    const int version = got > 0 ? lar_nifti_version(bytes, (size_t)got, &swapped) : 0;
    const size_t length = version == 1 ? NIFTI1_BYTES : NIFTI2_BYTES;
    bool done = version && !swapped && (size_t)got >= length;
    if (done) {
        lar_nifti_decode(&h, bytes, version, false);
        memset(h.descrip, 0, sizeof h.descrip);
        memset(h.intent_name, 0, sizeof h.intent_name); /* dcm2niix: the name of the study */
        if (grid) lar_nifti_set_forms(&h, grid, 1);
        lar_nifti_encode(bytes, &h);
        done = pwrite(file, bytes, length, 0) == (ssize_t)length;
    }
    if (file >= 0) close(file);
    return done ? LAR_OK : lar_fail(LAR_EIO, "cannot rewrite the header of '%s'", path);
}

/* Hounsfield units are whole numbers, stored with 1024 added: as int16 where they fit. */
static lar_status fold_offset(const char *path, const lar_image_about *header)
{
    lar_status status = LAR_OK;
    lar_image *image = NULL, *whole = NULL;
    lar_image_about about = { 0 };
    lar_range range;
    const bool small = header->stored == LAR_I16 || header->stored == LAR_U16 ||
                       header->stored == LAR_U8 || header->stored == LAR_I8;
    if (!small || header->slope != 1 || header->inter == 0 || header->inter != floor(header->inter))
        return LAR_OK;
    LAR_TRY(lar_image_read_about(&image, &about, path, LAR_FORM_AUTO));
    LAR_TRY(lar_image_range(&range, image));
    if (range.low < INT16_MIN || range.high > INT16_MAX) goto done;
    LAR_TRY(lar_image_to_type(&whole, image, LAR_I16));
    LAR_TRY(lar_image_write(whole, path, true));
done:
    lar_image_about_clear(&about);
    lar_image_free(image);
    lar_image_free(whole);
    return status;
}

static lar_status correct_image(const char *path, const lar_dicom_place *place)
{
    lar_status status = LAR_OK;
    lar_image *image = NULL, *made = NULL;
    lar_image_about about = { 0 };
    LAR_TRY(lar_image_read_about(&image, &about, path, LAR_FORM_AUTO));
    LAR_TRY(lar_dicom_correct(&made, image, place));
    LAR_TRY(lar_image_write(made, path, true));
done:
    lar_image_about_clear(&about);
    lar_image_free(image);
    lar_image_free(made);
    return status;
}

static double corners_apart(const lar_grid *grid, const lar_affine *other)
{
    double most = 0;
    for (int corner = 0; corner < 8; corner++) {
        double apart = 0;
        for (int r = 0; r < 3; r++) {
            double sum = grid->to_world.m[r][3] - other->m[r][3];
            for (int c = 0; c < 3; c++)
                sum += (corner >> c & 1) * (double)(grid->size[c] - 1) *
                       (grid->to_world.m[r][c] - other->m[r][c]);
            apart += sum * sum;
        }
        most = fmax(most, sqrt(apart));
    }
    return most;
}

/* Where it is, by its slices: dcm2niix is believed where the two agree. */
static lar_status settle_place(lar_text *warnings, const opening *o, const char *path,
                               const lar_dicom_file *files, int64_t count, int64_t *slices)
{
    lar_status status = LAR_OK;
    lar_image_about about = { 0 };
    lar_dicom_place place;

    LAR_TRY(rewrite_header(path, NULL)); /* also refuses what is no plain file */
    LAR_TRY(lar_image_read_header(&about, path));
    *slices = about.grid.size[2] * about.channels;
    LAR_TRY(lar_dicom_find_place(&place, &about.grid, files, count, o->arena));
    if (place.places && place.places < about.grid.size[2]) {
        status =
            lar_fail(LAR_EFORMAT,
                     "its %lld slices are at %lld places: some are there twice, and all behind "
                     "them would be misplaced",
                     (long long)about.grid.size[2], (long long)place.places);
        goto done;
    }
    const double apart = place.known ? corners_apart(&about.grid, &place.to_world) : 0;
    const bool odd = place.known && (place.tilted || place.uneven);
    if (place.known && !odd && apart > 0.1)
        lar_text_add(warnings,
                     "dcm2niix places it up to %.3g mm from where its slices say they are; the "
                     "slices are believed\n",
                     apart);
    if (place.known) lar_dicom_say_place(warnings, &place, about.grid.size[2], o->params.correct);
    lar_grid grid = about.grid;
    if (place.known) grid.to_world = place.to_world;
    if (odd || apart > 0.1) LAR_TRY(rewrite_header(path, &grid));
    LAR_TRY(fold_offset(path, &about));
    if (odd && o->params.correct) LAR_TRY(correct_image(path, &place));
done:
    lar_image_about_clear(&about);
    return status;
}

/* ---- names ------------------------------------------------------------------------------- */

/* Letters, digits, _ and -; anything between them becomes one _. */
static void add_word(char name[MOST_NAME + 1], const char *word)
{
    size_t length = strlen(name);
    bool gap = length > 0;
    for (; *word && length < MOST_NAME - 1; word++) {
        const bool plain = (*word >= 'a' && *word <= 'z') || (*word >= 'A' && *word <= 'Z') ||
                           (*word >= '0' && *word <= '9') || *word == '-';
        if (plain && gap) name[length++] = '_';
        if (plain) name[length++] = *word;
        gap = !plain && length > 0;
    }
    name[length] = 0;
}

static bool is_taken(const lar_dicom *dicom, const char *name)
{
    for (int64_t n = 0; n < dicom->count; n++)
        if (lar_text_is(dicom->series[n].name, name)) return true;
    return false;
}

/* "3_pd_t2_tse_e1": `apart` is what dcm2niix added to the name of ours. */
static const char *make_name(const opening *o, int64_t number, const json_t *facts,
                             const char *apart)
{
    char name[MOST_NAME + 1] = "", digits[24];
    const char *words = json_string_value(json_object_get(facts, "SeriesDescription"));
    if (!words || !*words) words = json_string_value(json_object_get(facts, "ProtocolName"));
    if (!words || !*words) words = json_string_value(json_object_get(facts, "Modality"));
    snprintf(digits, sizeof digits, "%lld", (long long)number);
    add_word(name, digits);
    if (words) add_word(name, words);
    name[MOST_NAME - 16] = 0; /* room for what sets apart */
    add_word(name, apart);
    char *text = lar_arena_format(o->arena, "%s", name);
    for (int again = 2; text && is_taken(o->dicom, text); again++)
        text = lar_arena_format(o->arena, "%s_%d", name, again);
    return text;
}

static int64_t leading_number(const char **at)
{
    int64_t value = 0;
    for (; **at >= '0' && **at <= '9' && value < 1000000000; ++*at)
        value = 10 * value + (**at - '0');
    return value;
}

static int series_compare(const void *a, const void *b)
{
    const char *one = ((const lar_dicom_series *)a)->name;
    const char *other = ((const lar_dicom_series *)b)->name;
    const int64_t first = leading_number(&one), second = leading_number(&other);
    if (first != second) return first < second ? -1 : 1;
    return strcmp(one, other);
}

/* ---- one series -------------------------------------------------------------------------- */

static lar_dicom_series *new_series(opening *o)
{
    lar_dicom *d = o->dicom;
    if (d->count == d->parts->room) {
        const int64_t room = d->parts->room ? 2 * d->parts->room : 16;
        lar_dicom_series *grown = lar_arena_take(o->arena, room, sizeof *grown);
        if (!grown) return NULL;
        if (d->count) memcpy(grown, d->series, (size_t)d->count * sizeof *grown);
        d->series = grown;
        d->parts->room = room;
    }
    return &d->series[d->count];
}

/* One file that dcm2niix made: "s_e1.nii" is `stem` "s_e1". */
static lar_status take_result(opening *o, const char *folder, const char *stem,
                              const lar_dicom_file *files, int64_t count, const char *printed,
                              int64_t *slices)
{
    lar_status status = LAR_OK;
    lar_text warnings = { 0 };
    json_t *facts = NULL;
    lar_dicom_series *s = new_series(o);
    const char *file = lar_arena_format(o->arena, "%s/%s.nii", folder, stem);
    const char *sidecar = lar_arena_format(o->arena, "%s/%s.json", folder, stem);
    int64_t dropped, here = 0;

    if (!s || !file || !sidecar) return LAR_EMEMORY;
    LAR_TRY(lar_dicom_facts(&facts, &dropped, sidecar, o->params.patient));
    if (o->strange)
        lar_text_add(&warnings, "%lld of the files beside it are named as DICOM, but are not\n",
                     (long long)o->strange);
    LAR_TRY(settle_place(&warnings, o, file, files, count, &here));
    lar_dicom_say(&warnings, printed);
    *slices += here;
    const int64_t number = files[0].known
                               ? files[0].tags.number
                               : json_integer_value(json_object_get(facts, "SeriesNumber"));
    *s = (lar_dicom_series){ .file = file, .facts = facts, .dropped = dropped };
    s->name = make_name(o, number, facts, stem + 1);
    s->warnings = lar_arena_text(o->arena, lar_text_get(&warnings), warnings.length);
    if (!s->name || !s->warnings) {
        status = LAR_EMEMORY;
        goto done;
    }
    o->dicom->count++;
    facts = NULL;
done:
    lar_text_clear(&warnings);
    json_decref(facts);
    return status;
}

/* dcm2niix's own corrections, which end in these, are left: ours start from the slices' places. */
static bool is_corrected(const char *stem)
{
    return strstr(stem, "_Tilt") || strstr(stem, "_Eq");
}

static bool is_image_name(const char *name)
{
    return lar_text_starts(name, "s") && lar_text_ends(name, ".nii");
}

/* A word where slices of the series are in none of its images. */
static void say_lost(opening *o, int64_t first, const lar_dicom_file *files, int64_t count,
                     int64_t slices)
{
    int64_t frames = 0;
    for (int64_t n = 0; n < count; n++) frames += files[n].known ? files[n].tags.frames : 1;
    if (slices >= frames) return; /* a mosaic has more */
    for (int64_t n = first; n < o->dicom->count; n++) {
        lar_dicom_series *s = &o->dicom->series[n];
        const char *more =
            lar_arena_format(o->arena, "%s%lld of the series' %lld slices are in no image\n",
                             s->warnings, (long long)(frames - slices), (long long)frames);
        if (more) s->warnings = more;
    }
}

static lar_status check_length(const lar_dicom_file *files, int64_t count)
{
    for (int64_t n = 0; n < count; n++)
        if (files[n].known && files[n].tags.end > files[n].bytes)
            return lar_fail(LAR_EFORMAT,
                            "'%s' is too short: it has %llu bytes, its header describes %llu",
                            lar_path_name(files[n].path), (unsigned long long)files[n].bytes,
                            (unsigned long long)files[n].tags.end);
    return LAR_OK;
}

static lar_status convert_series(opening *o, const lar_dicom_file *files, int64_t count, int64_t n)
{
    lar_status status = LAR_OK;
    lar_text printed = { 0 };
    lar_texts names;
    const int64_t first = o->dicom->count;
    int64_t slices = 0, skipped = 0;
    const char *folder =
        lar_arena_format(o->arena, "%s/%lld", lar_text_get(&o->dicom->parts->folder), (long long)n);
    const char *out = folder ? lar_path_join(o->arena, folder, "out") : NULL;

    if (!out) return LAR_EMEMORY;
    LAR_TRY(check_length(files, count));
    LAR_TRY(lar_folder_make(folder));
    LAR_TRY(lar_dicom_run(&printed, files, count, folder, &o->params, o->arena));
    LAR_TRY(lar_folder_list(&names, out, o->arena));
    for (int64_t f = 0; f < names.count; f++) {
        if (!is_image_name(names.at[f]) || f > MOST_RESULTS) continue;
        const char *stem = lar_arena_text(o->arena, names.at[f], strlen(names.at[f]) - 4);
        if (!stem) {
            status = LAR_EMEMORY;
            goto done;
        }
        if (is_corrected(stem))
            skipped++;
        else
            LAR_TRY(take_result(o, out, stem, files, count, lar_text_get(&printed), &slices));
    }
    if (o->dicom->count == first)
        status = lar_fail(LAR_EFORMAT, "'dcm2niix' made no image of it%s",
                          skipped ? ", but corrected ones" : "");
    else
        say_lost(o, first, files, count, slices);
done:
    lar_text_clear(&printed);
    return status;
}

/* Failures that the next series would meet, too. */
static bool is_general(lar_status status)
{
    return status == LAR_EMEMORY || status == LAR_ESTOPPED || status == LAR_EUNSUPPORTED ||
           status == LAR_EIO || status == LAR_EEXISTS;
}

static lar_status convert_all(opening *o, const lar_dicom_table *table)
{
    lar_status status = LAR_OK;
    lar_dicom *d = o->dicom;
    int64_t group = 0;
    for (int64_t begin = 0, end; begin < table->count; begin = end) {
        const lar_dicom_file *first = &table->files[begin];
        for (end = begin + 1; end < table->count && first->known == table->files[end].known &&
                              lar_text_is(first->tags.series, table->files[end].tags.series);)
            end++;
        status = convert_series(o, first, end - begin, group++);
        if (is_general(status)) return status;
        if (status == LAR_OK) continue;
        d->failed++;
        lar_text_add(&d->parts->failures, "series %lld (%lld file%s): %s\n",
                     (long long)first->tags.number, (long long)(end - begin),
                     end - begin == 1 ? "" : "s", lar_error());
    }
    if (d->count) {
        qsort(d->series, (size_t)d->count, sizeof *d->series, series_compare);
        return LAR_OK;
    }
    if (d->failed > 1)
        return lar_fail(LAR_EFORMAT, "none of the %lld series in '%s' gives an image: %.500s",
                        (long long)d->failed, o->path, lar_text_get(&d->parts->failures));
    return lar_while(status, "'%s' is not read as DICOM", o->path);
}

lar_status lar_dicom_open(lar_dicom **out, const char *path, const lar_dicom_params *params)
{
    lar_status status = LAR_OK;
    lar_dicom_table table;
    lar_text program = { 0 };
    lar_dicom *d = lar_alloc(1, sizeof *d);
    opening o = { .dicom = d, .path = path };

    *out = NULL;
    if (!d) return LAR_EMEMORY;
    if (params) o.params = *params;
    d->parts = lar_alloc(1, sizeof *d->parts);
    if (!d->parts) {
        status = LAR_EMEMORY;
        goto done;
    }
    LAR_TRY(lar_arena_new(&d->parts->arena));
    o.arena = d->parts->arena;
    LAR_TRY(lar_dicom_list(&table, path, o.arena));
    o.strange = table.strange;
    LAR_TRY(lar_dicom_program(&program));
    LAR_TRY(lar_folder_private(&d->parts->folder));
    LAR_TRY(convert_all(&o, &table));
    d->failures = lar_text_get(&d->parts->failures);
    *out = d;
    d = NULL;
done:
    lar_text_clear(&program);
    lar_dicom_free(d);
    return status;
}

void lar_dicom_free(lar_dicom *dicom)
{
    if (!dicom) return;
    for (int64_t n = 0; n < dicom->count; n++) json_decref(dicom->series[n].facts);
    if (dicom->parts) {
        if (dicom->parts->folder.length) lar_folder_remove(lar_text_get(&dicom->parts->folder));
        lar_text_clear(&dicom->parts->folder);
        lar_text_clear(&dicom->parts->failures);
        lar_arena_free(dicom->parts->arena);
    }
    lar_free(dicom->parts);
    lar_free(dicom);
}
