/* A volume as slices, one file each.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "format/slices/picture.h"
#include "math/math.h"

static const char *const axis_names[] = { "x", "y", "z", NULL };
static const char *const format_names[] = { "tif", "png", NULL };
static const char *const bit_names[] = { "8", "16", NULL };

const lar_param lar_slice_table[] = {
    LAR_P_CHOICE(lar_slice_params, axis, "axis", 'a', "z", axis_names,
                 "the slices lie across it: x sagittal, y coronal, z axial"),
    LAR_P_REALS(lar_slice_params, range, "range", 'r', "", 0, 1, "fraction",
                "the part of the axis, as two fractions of its extent; all of it where nothing is "
                "said"),
    LAR_P_INT(lar_slice_params, step, "step", 0, "1", 1, 100000, "count", "every n-th slice"),
    LAR_P_INT(lar_slice_params, volume, "volume", 0, "auto", 0, 1000000, "count",
              "one of several volumes, from 0; auto: all of them"),
    LAR_P_FLAG(lar_slice_params, skip_empty, "skip-empty", 0,
               "leave out slices that show too little"),
    LAR_P_REAL(lar_slice_params, foreground, "foreground", 0, "0.01", 0, 1, "fraction",
               "of --skip-empty: the share of a slice that must lie above 0.1 of the way from the "
               "volume's minimum to its 99th percentile"),
    LAR_P_CHOICE(lar_slice_params, format, "format", 0, "tif", format_names,
                 "tif keeps type and values; png is for looking at"),
    LAR_P_REALS(lar_slice_params, window, "window", 'w', "", -1e30, 1e30, "value",
                "of PNG: what becomes black and what white; the image's extremes where nothing is "
                "said, or the values as they are where they are whole, not negative and fit"),
    LAR_P_CHOICE(lar_slice_params, bits, "bits", 0, "8", bit_names, "of a PNG's pixels"),
    LAR_P_END,
};

lar_slice_params lar_slice_default(void)
{
    lar_slice_params params;
    lar_param_defaults(lar_slice_table, &params);
    return params;
}

/* One file. */
typedef struct slice {
    lar_place place;
    char *path;
    bool there; /* written by this call */
} slice;

typedef struct slicing {
    const lar_image *image;
    const lar_slice_params *params;
    bool force;
    slice *slices;
    int64_t begin; /* of the slices that are being written */
    double window[2];
    bool scaled;
    int64_t *outside; /* of each slice */
} slicing;

/* Slices from, from + step ... to of the axis. */
static lar_status choose_range(lar_place *place, const lar_image *image, const lar_slice_params *p)
{
    int64_t first[3];
    int axis[3];
    bool flipped[3];
    lar_grid part;
    const lar_reals *range = &p->range;

    lar_place_whole(place, image);
    place->axis = p->axis;
    place->step = p->step;
    lar_place_axes(axis, flipped, place);
    place->from = 0;
    place->to = image->grid.size[axis[2]] - 1;
    if (range->count) {
        const lar_status status = lar_grid_crop_range(&part, first, &image->grid, "xyz"[p->axis],
                                                      range -> at[0], range -> at[1]);
        if (status != LAR_OK) return status;
        const int64_t low = first[axis[2]], high = low + part.size[axis[2]] - 1;
        place->from = flipped[2] ? place->to - high : low;
        place->to = place->from + high - low;
    }
    place->to -= (place->to - place->from) % place->step;
    place->first = place->from;
    place->count = 1;
    return LAR_OK;
}

static lar_status check_params(const lar_image *image, const lar_slice_params *p)
{
    if (p->axis < 0 || p->axis > 2) return lar_fail(LAR_EARGUMENT, "an axis is one of x y z");
    if (p->step < 1) return lar_fail(LAR_EARGUMENT, "a step is at least 1");
    if (p->range.count != 0 && p->range.count != 2)
        return lar_fail(LAR_EARGUMENT, "a range is two numbers, not %lld",
                        (long long)p->range.count);
    if (p->window.count != 0 && p->window.count != 2)
        return lar_fail(LAR_EARGUMENT, "a window is two numbers, not %lld",
                        (long long)p->window.count);
    if (p->window.count && !(p->window.at[0] < p->window.at[1]))
        return lar_fail(LAR_EARGUMENT, "a window from %g to %g is empty", p->window.at[0],
                        p->window.at[1]);
    if (p->window.count && p->format != LAR_SLICES_PNG)
        return lar_fail(LAR_EARGUMENT, "a window is for PNG; TIFF keeps the values as they are");
    if (p->volume != LAR_INT_AUTO && (p->volume < 0 || p->volume >= image->channels))
        return lar_fail(LAR_EARGUMENT, "there is no volume %lld: the image has %lld, from 0",
                        (long long)p->volume, (long long)image->channels);
    if (!lar_grid_is_valid(&image->grid))
        return lar_fail(LAR_EGEOMETRY, "its grid is empty, singular or not finite");
    return LAR_OK;
}

/* Where nothing is said: the values as they are, or the image's extremes. */
static lar_status choose_window(slicing *s)
{
    lar_range range;
    const lar_slice_params *p = s->params;
    const bool fits =
        s->image->type == LAR_U8 || (s->image->type == LAR_U16 && p->bits == LAR_SLICE_BITS_16);
    if (p->format != LAR_SLICES_PNG || (fits && !p->window.count)) return LAR_OK;
    s->scaled = true;
    if (p->window.count) {
        memcpy(s->window, p->window.at, sizeof s->window);
        return LAR_OK;
    }
    const lar_status status = lar_image_range(&range, s->image);
    if (status != LAR_OK) return status;
    s->window[0] = range.low;
    s->window[1] = range.high > range.low ? range.high : range.low + 1;
    return LAR_OK;
}

/* Above it a pixel counts as foreground. */
static lar_status find_threshold(double *out, const lar_image *volume)
{
    lar_status status = LAR_OK;
    lar_image *floats = NULL;
    const double fractions[2] = { 0, 0.99 };
    double ends[2];
    LAR_TRY(lar_image_to_type(&floats, volume, LAR_F32));
    LAR_TRY(lar_quantiles(ends, fractions, 2, floats->voxels, lar_image_voxel_count(floats)));
    *out = ends[0] + 0.1 * (ends[1] - ends[0]);
done:
    lar_image_free(floats);
    return status;
}

/* How many pixels of a slice lie above the threshold. */
static lar_status count_above(int64_t *out, const lar_image *image, const lar_place *place,
                              double threshold)
{
    lar_status status = LAR_OK;
    lar_image *page = NULL;
    double *row = NULL;
    *out = 0;
    LAR_TRY(lar_picture_pages(&page, image, place));
    row = lar_alloc(page->grid.size[0], sizeof *row);
    if (!row) {
        status = LAR_EMEMORY;
        goto done;
    }
    for (int64_t j = 0; j < page->grid.size[1]; j++) {
        lar_image_load(row, page, 0, j, 0, 0, page->grid.size[0]);
        for (int64_t i = 0; i < page->grid.size[0]; i++) *out += row[i] > threshold;
    }
done:
    lar_free(row);
    lar_image_free(page);
    return status;
}

static int digits_of(int64_t most, int least)
{
    int digits = 1;
    for (int64_t n = most; n >= 10; n /= 10) digits++;
    return digits < least ? least : digits;
}

/* The slices of one volume that are not empty, after those that are there. */
static lar_status add_volume(slicing *s, int64_t *count, lar_slice_report *report,
                             const lar_place *set, const char *start, lar_arena *arena)
{
    lar_status status = LAR_OK;
    lar_image *volume = NULL;
    double threshold = 0;
    int axis[3];
    bool flipped[3];
    const lar_slice_params *p = s->params;
    lar_place place = *set;

    lar_place_axes(axis, flipped, set);
    const int64_t *size = set->volume.size;
    const int digits = digits_of(size[axis[2]] - 1, 3);
    const double pixels = (double)size[axis[0]] * (double)size[axis[1]];
    LAR_TRY(lar_image_channel(&volume, s->image, set->channel));
    if (p->skip_empty) LAR_TRY(find_threshold(&threshold, volume));
    for (place.first = set->from; place.first <= set->to; place.first += set->step) {
        int64_t above = 0;
        if (p->skip_empty) LAR_TRY(count_above(&above, s->image, &place, threshold));
        if (p->skip_empty && (double)above < p->foreground * pixels) {
            report->skipped++;
            continue;
        }
        slice *one = &s->slices[(*count)++];
        one->place = place;
        one->path = lar_arena_format(arena, "%s_%c%0*lld.%s", start, "xyz"[p->axis], digits,
                                     (long long)place.first, format_names[p->format]);
        if (!one->path) {
            status = LAR_EMEMORY;
            goto done;
        }
    }
done:
    lar_image_free(volume);
    return status;
}

static lar_status plan(slicing *s, int64_t *count, lar_slice_report *report, const char *folder,
                       const char *name, lar_arena *arena)
{
    lar_status status = LAR_OK;
    lar_place set;
    const lar_slice_params *p = s->params;
    const int64_t channels = s->image->channels;
    const bool one = p->volume != LAR_INT_AUTO;

    *count = 0;
    LAR_TRY(choose_range(&set, s->image, p));
    LAR_TRY(choose_window(s));
    set.channels = 1;
    if (p->format == LAR_SLICES_PNG) set.type = p->bits == LAR_SLICE_BITS_8 ? LAR_U8 : LAR_U16;
    set.scaled = s->scaled || set.type != s->image->type;
    set.meant = s->image->type;
    set.slope = s->scaled ? (s->window[1] - s->window[0]) / (set.type == LAR_U8 ? 255 : 65535) : 1;
    set.inter = s->scaled ? s->window[0] : 0;
    s->slices = lar_alloc((set.to - set.from) / set.step * channels + channels, sizeof *s->slices);
    if (!s->slices) return LAR_EMEMORY;
    for (int64_t c = one ? p->volume : 0; c < (one ? p->volume + 1 : channels); c++) {
        const char *stem = channels == 1
                               ? name
                               : lar_arena_format(arena, "%s_v%0*lld", name,
                                                  digits_of(channels - 1, 2), (long long)c);
        const char *start = stem ? lar_path_join(arena, folder, stem) : NULL;
        if (!start) return LAR_EMEMORY;
        set.channel = c;
        LAR_TRY(add_volume(s, count, report, &set, start, arena));
    }
done:
    return status;
}

/* Grey values of the picture for those of the image. */
static lar_status scale_page(lar_image **page, const slicing *s, const lar_place *place,
                             int64_t *outside)
{
    lar_status status = LAR_OK;
    lar_image *made = NULL;
    double *row = NULL;
    const int64_t *size = (*page)->grid.size;
    const double most = place->type == LAR_U8 ? 255 : 65535;

    LAR_TRY(lar_image_like(&made, *page, place->type));
    row = lar_alloc(size[0], sizeof *row);
    if (!row) {
        status = LAR_EMEMORY;
        goto done;
    }
    for (int64_t j = 0; j < size[1]; j++) {
        lar_image_load(row, *page, 0, j, 0, 0, size[0]);
        for (int64_t i = 0; i < size[0] && s->scaled; i++) {
            *outside += !(row[i] >= s->window[0] && row[i] <= s->window[1]);
            const double grey = (row[i] - place->inter) / place->slope;
            row[i] = isnan(grey) ? 0 : fmin(fmax(grey, 0), most);
        }
        lar_image_store(made, 0, j, 0, 0, row, size[0]);
    }
    lar_image_free(*page);
    *page = made;
    made = NULL;
done:
    lar_free(row);
    lar_image_free(made);
    return status;
}

static lar_status write_slice(const slicing *s, slice *one, int64_t *outside)
{
    lar_status status = LAR_OK;
    lar_image *page = NULL;
    unsigned char *bytes = NULL;
    size_t count = 0;

    LAR_TRY(lar_picture_pages(&page, s->image, &one->place));
    if (one->place.type != page->type || s->scaled)
        LAR_TRY(scale_page(&page, s, &one->place, outside));
    LAR_TRY((s->params->format == LAR_SLICES_PNG ? lar_picture_png : lar_picture_tiff)(
        &bytes, &count, page, &one->place, 0));
    LAR_TRY(lar_file_write(one->path, bytes, count, s->force));
    one->there = true;
done:
    lar_free(bytes);
    lar_image_free(page);
    return status;
}

static lar_status write_piece(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    lar_status status = LAR_OK;
    slicing *s = arg;
    (void)piece;
    for (int64_t n = s->begin + begin; n < s->begin + end; n++)
        LAR_TRY(write_slice(s, &s->slices[n], &s->outside[n]));
done:
    return status;
}

static lar_status write_all(slicing *s, int64_t count, const char *name, lar_progress progress)
{
    const int64_t together = 8 * (int64_t)lar_threads_get(); /* between two looks at ctrl-C */
    s->outside = lar_alloc(count, sizeof *s->outside);
    if (!s->outside) return LAR_EMEMORY;
    for (int64_t n = 0; n < count && !s->force; n++)
        if (lar_path_exists(s->slices[n].path)) {
            const lar_status status =
                lar_fail(LAR_EEXISTS, "'%s' exists already", s->slices[n].path);
            return lar_hint(status, "--force to replace it, or another folder");
        }
    for (s->begin = 0; s->begin < count; s->begin += together) {
        if (!lar_progress_say(progress, name, (double)s->begin / (double)count))
            return lar_fail(LAR_ESTOPPED, "stopped: no slice of '%s' is kept", name);
        const int64_t left = count - s->begin;
        const lar_status status =
            lar_parallel(left < together ? left : together, 1, write_piece, s);
        if (status != LAR_OK) return status;
    }
    return LAR_OK;
}

/* No half set: what this call wrote goes again, but what replaced another file. */
static void take_back(slicing *s, int64_t count)
{
    char sentence[1024];
    snprintf(sentence, sizeof sentence, "%s", lar_error());
    for (int64_t n = 0; n < count && !s->force; n++)
        if (s->slices[n].there) lar_file_remove(s->slices[n].path);
    lar_error_set(sentence);
}

lar_status lar_slices_write(lar_slice_report *report, const lar_image *image, const char *folder,
                            const char *name, const lar_slice_params *params, bool force,
                            lar_progress progress)
{
    lar_status status = LAR_OK;
    lar_arena *arena = NULL;
    int64_t count = 0;
    slicing s = { .image = image, .params = params, .force = force };
    lar_slice_report own = { 0 };

    LAR_TRY(lar_arena_new(&arena));
    LAR_TRY(check_params(image, params));
    LAR_TRY(plan(&s, &count, &own, folder, name, arena));
    LAR_TRY(lar_folder_make(folder));
    LAR_TRY(write_all(&s, count, name, progress));
    own.written = count;
    memcpy(own.window, s.window, sizeof own.window);
    for (int64_t n = 0; n < count; n++) own.outside += s.outside[n];
    if (report) *report = own;
done:
    if (status != LAR_OK && s.slices) take_back(&s, count);
    lar_free(s.slices);
    lar_free(s.outside);
    lar_arena_free(arena);
    return status;
}
