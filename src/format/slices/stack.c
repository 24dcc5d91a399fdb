/* Slices back to a volume: by what larmor wrote into them, else by the order of their names.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "format/slices/picture.h"

const lar_param lar_stack_table[] = {
    LAR_P_REAL(
        lar_stack_params, fill, "fill", 0, "auto", -1e30, 1e30, "value",
        "give the whole volume, with this value where there is no slice (auto: every slice of "
        "the set must be there)"),
    LAR_P_REALS(lar_stack_params, spacing, "spacing", 's', "", 1e-6, 1e6, "mm",
                "of slices that larmor did not write: between columns, rows and slices, or one "
                "number for all (default: what they say, or 1)"),
    LAR_P_TEXT(lar_stack_params, axes, "axes", 0, "", "code",
               "of those too: where columns, rows and slices run to, such as LPS (default: RPS)"),
    LAR_P_END,
};

lar_stack_params lar_stack_default(void)
{
    lar_stack_params params;
    lar_param_defaults(lar_stack_table, &params);
    return params;
}

/* One file. */
typedef struct part {
    lar_picture picture; /* without its pixels */
    lar_text warnings;
    int64_t at; /* without a place: its first slice in the volume */
} part;

typedef struct stacking {
    part *parts;
    int64_t count;
    const lar_stack_params *params;
    lar_image *volume;
    int along;   /* the volume's axis across the slices */
    bool whole;  /* the volume that was sliced, not only the set */
    bool united; /* each file says that it is a volume by itself */
} stacking;

bool lar_slice_name(const char *path, int *length)
{
    const char *name = lar_path_name(path);
    const char *end = strrchr(name, '.');
    if (!end) end = name + strlen(name);
    const char *at = end;
    while (at > name && at[-1] >= '0' && at[-1] <= '9') at--;
    if (end - at < 3 || at - name < 3 || at[-1] < 'x' || at[-1] > 'z' || at[-2] != '_')
        return false;
    at -= 2;
    const char *v = at;
    while (v > name && v[-1] >= '0' && v[-1] <= '9') v--;
    if (at - v >= 2 && v - name > 2 && v[-1] == 'v' && v[-2] == '_') at = v - 2;
    *length = (int)(at - name);
    return true;
}

static lar_status look_piece(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    lar_status status = LAR_OK;
    const stacking *s = arg;
    lar_source source = { 0 };
    (void)piece;
    for (int64_t n = begin; n < end; n++) {
        part *one = &s->parts[n];
        const char *path = one->picture.name;
        LAR_TRY(lar_source_open(&source, path, false));
        if (!lar_picture_is(&source)) {
            status = lar_fail(LAR_EFORMAT, "'%s' is no TIFF or PNG file", path);
            goto done;
        }
        LAR_TRY(lar_picture_open(&one->picture, &one->warnings, &source, false));
        lar_source_clear(&source);
    }
done:
    lar_source_clear(&source);
    return status;
}

static const char *name_of(const part *one)
{
    return lar_path_name(one->picture.name);
}

static lar_status two_volumes(const part *a, const part *b, const char *what)
{
    const lar_status status = lar_fail(LAR_EGEOMETRY, "'%s' and '%s' are slices of two volumes: %s",
                                       a->picture.name, name_of(b), what);
    return lar_hint(status, "the slices of one volume, or a folder for the output");
}

/* Do all belong together? */
static lar_status check_alike(const stacking *s)
{
    const part *a = s->parts;
    int length, other;
    for (const part *b = a + 1; b < a + s->count; b++) {
        const lar_picture *p = &a->picture, *q = &b->picture;
        if (p->placed != q->placed)
            return lar_fail(LAR_EGEOMETRY, "'%s' says where its slice lies, '%s' does not",
                            p->placed ? p->name : q->name, p->placed ? name_of(b) : name_of(a));
        if (lar_picture_type(p) != lar_picture_type(q))
            return lar_fail(LAR_EGEOMETRY, "the slices are of two types: '%s' is %s, '%s' is %s",
                            p->name, lar_type_name(lar_picture_type(p)), name_of(b),
                            lar_type_name(lar_picture_type(q)));
        if (lar_slice_name(p->name, &length) &&
            (!lar_slice_name(q->name, &other) || length != other ||
             strncmp(name_of(a), name_of(b), (size_t)length) != 0))
            return two_volumes(a, b, "their names differ");
    }
    return LAR_OK;
}

static lar_status check_places(const stacking *s)
{
    const part *a = s->parts;
    const lar_place *p = &a->picture.place;
    for (const part *b = a + 1; b < a + s->count; b++) {
        const lar_place *q = &b->picture.place;
        if (p->axis != q->axis) return two_volumes(a, b, "they were cut across two axes");
        if (memcmp(p->volume.size, q->volume.size, sizeof p->volume.size) != 0 ||
            memcmp(&p->volume.to_world, &q->volume.to_world, sizeof p->volume.to_world) != 0 ||
            p->all_channels != q->all_channels)
            return two_volumes(a, b, "their volumes lie elsewhere, or are of another size");
        if (p->from != q->from || p->to != q->to || p->step != q->step)
            return two_volumes(a, b, "they were cut from two ranges");
    }
    return LAR_OK;
}

/* Slices of the volume that no part holds, as ranges. */
static lar_status say_missing(const stacking *s, const int64_t *owner, int64_t slices,
                              int64_t channels)
{
    lar_text list = { 0 };
    int64_t missing = 0, shown = 0;
    const lar_place *p = &s->parts->picture.place;
    for (int64_t c = 0; c < channels; c++)
        for (int64_t n = 0; n < slices; n++) {
            if (owner[c * slices + n]) continue;
            int64_t end = n;
            while (end + 1 < slices && !owner[c * slices + end + 1]) end++;
            missing += end - n + 1;
            if (shown++ < 8) {
                lar_text_add(&list, "%s%c %lld", shown > 1 ? ", " : "", "xyz"[p->axis],
                             (long long)(p->from + n * p->step));
                if (end > n) lar_text_add(&list, " to %lld", (long long)(p->from + end * p->step));
                if (channels > 1) lar_text_add(&list, " of volume %lld", (long long)c);
            }
            n = end;
        }
    const lar_status status =
        lar_fail(LAR_EGEOMETRY, "%lld slices beside '%s' are missing: %s%s", (long long)missing,
                 s->parts->picture.name, lar_text_get(&list), shown > 8 ? " ..." : "");
    lar_text_clear(&list);
    return lar_hint(status, "--fill 0 for a volume with that value in their place");
}

/* How many volumes the parts hold; *first is the only one where it is one of several. */
static int64_t count_channels(int64_t *first, const stacking *s)
{
    const lar_place *p = &s->parts->picture.place;
    *first = p->channel;
    for (int64_t n = 0; n < s->count; n++) {
        const lar_place *q = &s->parts[n].picture.place;
        if (q->channel != p->channel || q->channels != 1) {
            *first = 0;
            return p->all_channels;
        }
    }
    return 1;
}

static lar_status check_complete(const stacking *s, int64_t first, int64_t channels)
{
    lar_status status = LAR_OK;
    const lar_place *p = &s->parts->picture.place;
    const int64_t slices = (p->to - p->from) / p->step + 1;
    int64_t found = 0;
    int64_t *owner = lar_alloc(slices * channels, sizeof *owner); /* number of the part, from 1 */
    if (!owner) return LAR_EMEMORY;
    for (int64_t n = 0; n < s->count; n++) {
        const lar_place *q = &s->parts[n].picture.place;
        for (int64_t c = 0; c < q->channels; c++)
            for (int64_t k = 0; k < q->count; k++, found++) {
                int64_t *at =
                    &owner[(q->channel - first + c) * slices + (q->first - p->from) / p->step + k];
                if (*at) {
                    status = lar_fail(LAR_EGEOMETRY, "slice %c %lld is in both '%s' and '%s'",
                                      "xyz"[p->axis], (long long)(q->first + k * p->step),
                                      s -> parts[*at - 1].picture.name, name_of(&s->parts[n]));
                    goto done;
                }
                *at = n + 1;
            }
    }
    if (found < slices * channels && isnan(s->params->fill))
        status = say_missing(s, owner, slices, channels);
done:
    lar_free(owner);
    return status;
}

static lar_status fill_with(lar_image *volume, double value)
{
    unsigned char one[8] = { 0 };
    const size_t size = lar_type_size(volume->type);
    const lar_status status = lar_type_store(one, volume->type, value);
    if (status != LAR_OK) return status;
    unsigned char *at = volume->voxels;
    const int64_t count = lar_image_voxel_count(volume) * volume->channels;
    for (int64_t n = 0; n < count; n++, at += size) memcpy(at, one, size);
    return LAR_OK;
}

static lar_status unite(stacking *s)
{
    lar_place **places = lar_alloc(s->count, sizeof *places);
    if (!places) return LAR_EMEMORY;
    for (int64_t n = 0; n < s->count; n++) places[n] = &s->parts[n].picture.place;
    const lar_status status = lar_places_unite(&s->united, places, s->count);
    lar_free(places);
    return status;
}

/* The volume that the places describe, still empty. */
static lar_status plan_placed(stacking *s)
{
    lar_status status = LAR_OK;
    const lar_place *p = &s->parts->picture.place;
    int64_t first;
    int axis[3];
    bool flipped[3];

    if (s->params->spacing.count || s->params->axes) {
        status = lar_fail(LAR_EARGUMENT,
                          "'%s' says where its slice lies: its spacing and axes are known",
                          s->parts->picture.name);
        goto done;
    }
    LAR_TRY(unite(s));
    LAR_TRY(check_places(s));
    const int64_t channels = count_channels(&first, s);
    LAR_TRY(check_complete(s, first, channels));
    lar_place_axes(axis, flipped, p);
    s->along = axis[2];
    s->whole = !isnan(s->params->fill);
    const lar_grid grid =
        s->whole ? p->volume : lar_place_grid(p, p->from, (p->to - p->from) / p->step + 1);
    LAR_TRY(lar_image_new(&s->volume, &grid, channels, lar_picture_type(&s->parts->picture)));
    if (s->whole) LAR_TRY(fill_with(s->volume, s->params->fill));
    for (int64_t n = 0; n < s->count && channels == 1; n++) s->parts[n].picture.place.channel = 0;
done:
    return status;
}

/* The grid of pictures without a place, in the axes that were asked for. */
static lar_status plain_grid(lar_grid *out, const stacking *s, int64_t slices)
{
    const lar_reals *given = &s->params->spacing;
    const char *code = s->params->axes ? s->params->axes : "RPS";
    int axis[3];
    bool backward[3];

    *out = lar_picture_grid(&s->parts->picture);
    out->size[2] = slices;
    if (given->count != 0 && given->count != 1 && given->count != 3)
        return lar_fail(LAR_EARGUMENT, "a spacing is one number or three, not %lld",
                        (long long)given->count);
    const lar_status status = lar_axes_parse(axis, backward, code);
    if (status != LAR_OK) return status;
    for (int n = 0; n < 3; n++) {
        const double own = fabs(out->to_world.m[n][n]);
        const double mm = given->count ? given->at[given->count == 3 ? n : 0] : own;
        for (int r = 0; r < 3; r++)
            out->to_world.m[r][n] = r != axis[n] ? 0 : backward[n] ? -mm : mm;
    }
    if (lar_grid_is_valid(out)) return LAR_OK;
    return lar_fail(LAR_EGEOMETRY, "the pixels of '%s' have no size that can be",
                    s->parts->picture.name);
}

static int by_name(const void *a, const void *b)
{
    return lar_text_order(((const part *)a)->picture.name, ((const part *)b)->picture.name);
}

static lar_status plan_plain(stacking *s)
{
    lar_status status = LAR_OK;
    lar_grid grid;
    int64_t slices = 0;
    const lar_picture *p = &s->parts->picture;

    if (!isnan(s->params->fill))
        return lar_fail(LAR_EARGUMENT,
                        "'%s' does not say where its slice lies: there is no gap to fill", p->name);
    qsort(s->parts, (size_t)s->count, sizeof *s->parts, by_name);
    for (int64_t n = 0; n < s->count; n++) {
        const lar_picture *q = &s->parts[n].picture;
        if (q->width != p->width || q->height != p->height || q->channels != 1)
            return lar_fail(LAR_EGEOMETRY,
                            "the slices differ: '%s' has %lldx%lld pixels, '%s' %lldx%lld%s",
                            p->name, (long long)p->width, (long long)p->height,
                            name_of(&s->parts[n]), (long long)q->width, (long long)q->height,
                            q->channels > 1 ? " of several channels" : "");
        for (int a = 0; a < 2 && !s->params->spacing.count; a++)
            if (!(fabs(q->spacing_mm[a] - p->spacing_mm[a]) <= 1e-3 * p->spacing_mm[a]))
                return lar_fail(LAR_EGEOMETRY,
                                "the slices differ: pixels of '%s' are %.6g mm, of '%s' "
                                "%.6g",
                                p->name, p->spacing_mm[a], name_of(&s->parts[n]), q->spacing_mm[a]);
        s->parts[n].at = slices;
        slices += q->slices;
    }
    LAR_TRY(plain_grid(&grid, s, slices));
    LAR_TRY(lar_image_new(&s->volume, &grid, 1, lar_picture_type(p)));
    s->along = 2;
done:
    return status;
}

/* Slice n of an image into place `to` of the volume, both contiguous. */
static void put_slice(const stacking *s, int64_t to, int64_t channel, const lar_image *image,
                      int64_t n, int64_t c)
{
    const int64_t *size = s->volume->grid.size;
    const size_t bytes = lar_type_size(image->type);
    size_t run = bytes;
    int64_t runs = 1;
    for (int a = 0; a < 3; a++)
        if (a < s->along)
            run *= (size_t)size[a];
        else if (a > s->along)
            runs *= size[a];
    const int64_t deep = size[s->along], own = image->grid.size[s->along];
    unsigned char *out =
        (unsigned char *)s->volume->voxels + (size_t)(channel * runs * deep + to) * run;
    const unsigned char *in =
        (const unsigned char *)image->voxels + (size_t)(c * runs * own + n) * run;
    for (int64_t r = 0; r < runs; r++)
        memcpy(out + (size_t)(r * deep) * run, in + (size_t)(r * own) * run, run);
}

/* Where slice n of the part's image, along the volume's voxel axis, belongs. */
static int64_t place_of(const stacking *s, const lar_picture *p, const part *one, int64_t n)
{
    if (!p->placed) return one->at + n;
    const lar_place *place = &p->place;
    int axis[3];
    bool flipped[3];
    lar_place_axes(axis, flipped, place);
    const int64_t slice = place->first + (flipped[2] ? place->count - 1 - n : n) * place->step;
    if (s->whole) return lar_place_index(place, slice);
    const int64_t in_set = (slice - place->from) / place->step;
    return flipped[2] ? (place->to - place->from) / place->step - in_set : in_set;
}

static lar_status read_part(const stacking *s, const part *one)
{
    lar_status status = LAR_OK;
    lar_source source = { 0 };
    lar_picture p = { 0 };
    lar_image *image = NULL;
    lar_text said = { 0 }; /* as before */
    const lar_picture *known = &one->picture;

    LAR_TRY(lar_source_open(&source, known->name, false));
    LAR_TRY(lar_picture_open(&p, &said, &source, true));
    p.place.channel = known->place.channel;
    if (s->united) p.place = known->place;
    if (p.width != known->width || p.height != known->height || p.slices != known->slices ||
        p.channels != known->channels || lar_picture_type(&p) != lar_picture_type(known) ||
        p.placed != known->placed || p.place.first != known->place.first) {
        status = lar_fail(LAR_EIO, "'%s' was changed while it was read", known->name);
        goto done;
    }
    LAR_TRY(lar_picture_image(&image, &p));
    for (int64_t c = 0; c < image->channels; c++)
        for (int64_t n = 0; n < image->grid.size[s->along]; n++)
            put_slice(s, place_of(s, &p, one, n), p.placed ? p.place.channel + c : 0, image, n, c);
done:
    lar_image_free(image);
    lar_picture_clear(&p);
    lar_text_clear(&said);
    lar_source_clear(&source);
    return status;
}

static lar_status read_piece(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    lar_status status = LAR_OK;
    const stacking *s = arg;
    (void)piece;
    for (int64_t n = begin; n < end; n++) LAR_TRY(read_part(s, &s->parts[n]));
done:
    return status;
}

/* Each warning once, with the first file that it is of. */
static void say_warnings(const stacking *s)
{
    for (int64_t n = 0; n < s->count; n++) {
        const char *said = lar_text_get(&s->parts[n].warnings);
        bool new = *said != 0;
        for (int64_t other = 0; other < n && new; other++)
            new = !lar_text_is(said, lar_text_get(&s->parts[other].warnings));
        const lar_image_about about = { .warnings = s->parts[n].warnings };
        if (new) lar_about_say(&about, s->parts[n].picture.name);
    }
}

lar_status lar_stack(lar_image **out, const char *const *files, int64_t count,
                     const lar_stack_params *params)
{
    lar_status status = LAR_OK;
    stacking s = { .count = count, .params = params };

    *out = NULL;
    if (count < 1) return lar_fail(LAR_EARGUMENT, "there are no slices to stack");
    s.parts = lar_alloc(count, sizeof *s.parts);
    if (!s.parts) return LAR_EMEMORY;
    for (int64_t n = 0; n < count; n++) s.parts[n].picture.name = files[n];
    LAR_TRY(lar_parallel(count, 1, look_piece, &s));
    LAR_TRY(check_alike(&s));
    LAR_TRY((s.parts->picture.placed ? plan_placed : plan_plain)(&s));
    LAR_TRY(lar_parallel(count, 1, read_piece, &s));
    say_warnings(&s);
    *out = s.volume;
    s.volume = NULL;
done:
    lar_image_free(s.volume);
    for (int64_t n = 0; n < count; n++) lar_text_clear(&s.parts[n].warnings);
    lar_free(s.parts);
    return status;
}
