/* Small pictures of a case at each stage, and the histograms of its images before and after, in one
 * file per case that appears complete or not at all.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/report/report_pictures.h"

#include <stdatomic.h>

#include "image/image.h"

enum {
    FORM = 1,
    PICTURES_MAX = 16 << 20, /* bytes of a file */
    STAGE = 72,              /* pixels of the longest edge of a head: after a step */
    END = 80,                /* prepared, three planes */
    MAP = 88,                /* contours of what was registered */
    MAP_FLAGGED = 224
};

lar_status lar_drawer_init(lar_drawer *out, const char *work, const lar_image_spec *images,
                           int64_t image_count)
{
    *out = (lar_drawer){ .work = work, .images = images, .image_count = image_count };
    return lar_arena_new(&out->arena);
}

static void forget(lar_drawer *d)
{
    for (int64_t n = 0; n < d->image_count; n++) {
        lar_glance_free(d->places[n]);
        d->places[n] = NULL;
        d->windows[n][0] = d->windows[n][1] = 0;
    }
    json_decref(d->root);
    d->root = NULL;
    lar_free(d->id);
    d->id = NULL;
}

void lar_drawer_clear(lar_drawer *d)
{
    if (!d->arena) return;
    forget(d);
    lar_arena_free(d->arena);
    *d = (lar_drawer){ 0 };
}

const char *lar_pictures_path(lar_arena *arena, const char *work, const char *id)
{
    const char *name = lar_arena_format(arena, "report/%s/pictures.json", id);
    return name ? lar_path_join(arena, work, name) : NULL;
}

static void warn(lar_drawer *d)
{
    const bool told = d->failed || (d->told && atomic_exchange(d->told, true));
    if (!told) lar_log(LAR_LOG_WARNING, "no pictures for the report: %s", lar_error());
    d->failed = true;
}

/* ---- drawing --------------------------------------------------------------------------- */

/* Pictures of the case before are thrown away where it did not come to its end; those of an earlier
 * run are removed, so that none of another state stay. */
static lar_status begin(lar_drawer *d, const char *id)
{
    lar_status status = LAR_OK;
    if (d->id && lar_text_is(d->id, id)) return LAR_OK;
    forget(d);
    d->id = lar_alloc((int64_t)strlen(id) + 1, 1);
    if (!d->id) return LAR_EMEMORY;
    memcpy(d->id, id, strlen(id));
    d->root =
        json_pack("{s:i, s:{}, s:[], s:[]}", "form", FORM, "images", "registrations", "strips");
    const char *path = lar_pictures_path(d->arena, d->work, id);
    if (!d->root || !path) return LAR_EMEMORY;
    status = lar_file_remove(path);
    return status;
}

static json_t *image_object(const lar_drawer *d, int64_t image)
{
    json_t *images = json_object_get(d->root, "images");
    const char *name = d->images[image].name;
    if (!json_object_get(images, name))
        json_object_set_new(images, name, json_pack("{s:[]}", "pictures"));
    return json_object_get(images, name);
}

static lar_status add_png(json_t *list, int64_t step, const lar_text *png)
{
    lar_text base64 = { 0 };
    if (!png->failed) lar_base64(&base64, lar_text_get(png), png->length);
    const bool good = !png->failed && !base64.failed &&
                      json_array_append_new(list, json_pack("{s:I, s:s}", "step", (json_int_t)step,
                                                            "png", lar_text_get(&base64))) == 0;
    lar_text_clear(&base64);
    return good ? LAR_OK : lar_fail(LAR_EMEMORY, "out of memory");
}

static lar_status add_counts(json_t *object, const char *key, const lar_glance *place,
                             const lar_image *image)
{
    lar_glance_counts counts;
    json_t *list = json_array();
    const lar_status status = lar_glance_count(&counts, place, image);
    for (int n = 0; status == LAR_OK && n < LAR_GLANCE_BINS; n++)
        json_array_append_new(list, json_integer((json_int_t)counts.at[n]));
    if (status == LAR_OK)
        json_object_set_new(
            object, key,
            json_pack("{s:f, s:f, s:O}", "low", counts.low, "high", counts.high, "counts", list));
    json_decref(list);
    return status;
}

/* Labels and masks are few values from 0. */
static lar_status choose_window(lar_drawer *d, int64_t image, int64_t step, const lar_image *shown,
                                const lar_glance *place)
{
    lar_range range;
    double *window = d->windows[image];
    if (step < 0 && d->follows && window[0] < window[1]) return LAR_OK;
    if (lar_role_is_measured(d->images[image].role)) return lar_glance_window(window, place, shown);
    const lar_status status = lar_image_range(&range, shown);
    window[0] = 0;
    window[1] = status == LAR_OK && range.high > 0 ? range.high : 1;
    return status;
}

static lar_status draw(lar_drawer *d, int64_t image, int64_t step, const lar_image *shown,
                       const lar_glance *place)
{
    lar_status status = LAR_OK;
    lar_text png = { 0 };
    lar_glance_params how = { .planes = step < 0 ? LAR_GLANCE_BESIDE : LAR_GLANCE_AXIAL,
                              .longest = step < 0 ? END : STAGE };
    json_t *object = image_object(d, image);

    LAR_TRY(choose_window(d, image, step, shown, place));
    memcpy(how.window, d->windows[image], sizeof how.window);
    LAR_TRY(lar_glance_png(&png, place, shown, &how));
    LAR_TRY(add_png(json_object_get(object, "pictures"), step, &png));
    if (step <= 0 && lar_role_is_measured(d->images[image].role))
        LAR_TRY(add_counts(object, step < 0 ? "prepared" : "raw", place, shown));
done:
    lar_text_clear(&png);
    return status;
}

void lar_drawer_image(lar_drawer *d, const char *id, int64_t image, int64_t step,
                      const lar_image *shown)
{
    if (!lar_role_is_measured(d->images[image].role))
        return; /* is seen when it lies on the others */
    lar_status status = begin(d, id);
    if (status == LAR_OK && !d->places[image]) status = lar_glance_new(&d->places[image], shown);
    if (status == LAR_OK) status = draw(d, image, step, shown, d->places[image]);
    if (status != LAR_OK) warn(d);
}

static bool has_step(const json_t *list, int64_t step)
{
    for (size_t n = 0; n < json_array_size(list); n++)
        if (json_integer_value(json_object_get(json_array_get(list, n), "step")) == step)
            return true;
    return false;
}

/* The three planes of a mask, once for each step. */
static lar_status draw_mask(const lar_drawer *d, int64_t step, const lar_image *shown,
                            const lar_image *mask, const lar_glance *place, bool doubtful)
{
    lar_status status = LAR_OK;
    lar_text png = { 0 };
    json_t *list = json_object_get(d->root, "strips");
    const lar_glance_params how = { .planes = LAR_GLANCE_BESIDE,
                                    .longest = doubtful ? MAP_FLAGGED : MAP };
    if (has_step(list, step)) return LAR_OK;
    LAR_TRY(lar_glance_outline_png(&png, place, shown, mask, &how));
    LAR_TRY(add_png(list, step, &png));
done:
    lar_text_clear(&png);
    return status;
}

void lar_drawer_mask(lar_drawer *d, const char *id, int64_t image, int64_t step,
                     const lar_image *shown, const lar_image *mask,
                     const lar_strip_verdict *verdict)
{
    lar_text png = { 0 };
    lar_glance_params how = { .planes = LAR_GLANCE_AXIAL, .longest = STAGE };
    lar_status status = begin(d, id);
    if (status == LAR_OK && !d->places[image]) status = lar_glance_new(&d->places[image], shown);
    const lar_glance *place = d->places[image];
    double *window = d->windows[image];
    if (status == LAR_OK) status = lar_glance_window(window, place, shown);
    memcpy(how.window, window, sizeof how.window);
    if (status == LAR_OK) status = lar_glance_outline_png(&png, place, shown, mask, &how);
    if (status == LAR_OK)
        status = add_png(json_object_get(image_object(d, image), "pictures"), step, &png);
    if (status == LAR_OK) status = draw_mask(d, step, shown, mask, place, verdict->doubtful);
    lar_text_clear(&png);
    if (status != LAR_OK) warn(d);
}

static int64_t image_named(const lar_drawer *d, const char *name)
{
    for (int64_t n = 0; n < d->image_count; n++)
        if (lar_text_is(d->images[n].name, name)) return n;
    return -1;
}

static lar_status draw_maps(const lar_drawer *d, const lar_case_record *record,
                            lar_image *const *prepared, const lar_glance *place)
{
    lar_status status = LAR_OK;
    lar_text png = { 0 };
    const bool flagged = record->state == LAR_CASE_FLAGGED;
    lar_glance_params how = { .planes = LAR_GLANCE_BESIDE, .longest = flagged ? MAP_FLAGGED : MAP };
    for (int64_t m = 0; m < record->findings.map_count; m++) {
        const int64_t move = image_named(d, record->findings.maps[m].move),
                      to = image_named(d, record->findings.maps[m].to);
        if (move < 0 || to < 0 || !prepared[move] || !prepared[to]) continue;
        lar_text_clear(&png);
        memcpy(how.window, d->windows[to], sizeof how.window);
        LAR_TRY(lar_glance_contours_png(&png, place, prepared[to], prepared[move], &how));
        LAR_TRY(add_png(json_object_get(d->root, "registrations"), record->findings.maps[m].step,
                        &png));
    }
done:
    lar_text_clear(&png);
    return status;
}

/* Masks that were not seen when they were made, over the images as they were prepared. */
static lar_status draw_masks(const lar_drawer *d, const lar_case_record *record,
                             lar_image *const *prepared, const lar_glance *place)
{
    lar_status status = LAR_OK;
    for (int64_t n = 0; n < record->findings.strip_count; n++) {
        const lar_case_strip *strip = &record->findings.strips[n];
        const int64_t of = image_named(d, strip->of), mask = image_named(d, strip->mask);
        if (of < 0 || mask < 0 || !prepared[of] || !prepared[mask]) continue;
        LAR_TRY(draw_mask(d, strip->step, prepared[of], prepared[mask], place,
                          strip->verdict.doubtful));
    }
done:
    return status;
}

/* The images lie on one another now: what is drawn is the same place of all. */
static lar_status draw_end(lar_drawer *d, const lar_case_record *record, lar_image *const *prepared)
{
    lar_status status = LAR_OK;
    lar_glance *place = NULL;
    for (int64_t n = 0; n < d->image_count; n++) {
        if (!prepared[n] || d->images[n].made_of) continue; /* a mask is drawn over its scan */
        if (!place) LAR_TRY(lar_glance_new(&place, prepared[n]));
        LAR_TRY(draw(d, n, -1, prepared[n], place));
    }
    if (place) LAR_TRY(draw_maps(d, record, prepared, place));
    if (place) LAR_TRY(draw_masks(d, record, prepared, place));
done:
    lar_glance_free(place);
    return status;
}

static lar_status write_pictures(const lar_drawer *d)
{
    lar_status status = LAR_OK;
    const char *path = lar_pictures_path(d->arena, d->work, d->id);
    const char *folder = path ? lar_path_folder(d->arena, path) : NULL;
    char *text = json_dumps(d->root, JSON_COMPACT | JSON_REAL_PRECISION(9));
    if (!folder || !text) {
        status = lar_fail(LAR_EMEMORY, "out of memory for the pictures of '%s'", d->id);
        goto done;
    }
    LAR_TRY(lar_folder_make(folder));
    LAR_TRY(lar_file_write(path, text, strlen(text), true));
done:
    free(text);
    return status;
}

void lar_drawer_end(lar_drawer *d, const lar_case_record *record, lar_image *const *prepared)
{
    lar_status status = begin(d, record->id);
    if (status == LAR_OK && prepared) status = draw_end(d, record, prepared);
    if (status == LAR_OK) status = write_pictures(d);
    if (status != LAR_OK) warn(d);
    forget(d);
}

/* ---- reading --------------------------------------------------------------------------- */

json_t *lar_pictures_read(const char *work, const char *id)
{
    lar_arena *arena;
    char *text = NULL;
    size_t length;
    json_t *root = NULL;
    if (lar_arena_new(&arena) != LAR_OK) return NULL;
    const char *path = lar_pictures_path(arena, work, id);
    if (path && lar_path_exists(path) &&
        lar_file_read(&text, &length, path, PICTURES_MAX) == LAR_OK)
        root = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
    if (root && json_integer_value(json_object_get(root, "form")) != FORM) {
        json_decref(root);
        root = NULL;
    }
    lar_free(text);
    lar_arena_free(arena);
    return root;
}

bool lar_pictures_counts(lar_glance_counts *out, const json_t *object)
{
    const json_t *list = json_object_get(object, "counts");
    if (json_array_size(list) != LAR_GLANCE_BINS) return false;
    out->low = json_number_value(json_object_get(object, "low"));
    out->high = json_number_value(json_object_get(object, "high"));
    for (size_t n = 0; n < LAR_GLANCE_BINS; n++)
        out->at[n] = json_number_value(json_array_get(list, n));
    return out->high > out->low;
}
