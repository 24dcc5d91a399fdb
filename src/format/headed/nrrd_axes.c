/* The axes of an NRRD array: which are space, which one holds channels, and where voxels are.
 * Without a space that says which way is left, numbers are taken as LPS, as ITK does.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "format/headed/nrrd.h"
#include "math/math.h"

enum { MOST_SPACE = 4 };

/* One axis of the array. */
typedef struct nrrd_axis {
    bool space;                   /* a direction in space, or time where the space has it */
    double direction[MOST_SPACE]; /* to the next voxel, as the file says it */
    double spacing, least;        /* NaN where not said */
    bool node;                    /* `least` is the place of the first voxel, not its edge */
    const char *unit;
} nrrd_axis;

typedef struct nrrd_axes {
    const char *path;
    int64_t count;
    nrrd_axis at[NRRD_MOST_DIMS];
    int64_t space_dims; /* of vectors; 0 where no space is named */
    double flip[2];     /* of x and y, to RAS */
    bool said;          /* which way is left */
} nrrd_axes;

/* The next word of a value, cut off; NULL after the last. A word may be in quotes. */
static char *next_word(char **at)
{
    char *word = *at + strspn(*at, " \t");
    if (!*word) return NULL;
    const bool quoted = *word == '"';
    word += quoted;
    char *end = word + strcspn(word, quoted ? "\"" : " \t");
    *at = end + (*end != 0);
    *end = 0;
    return word;
}

/* A value of one word per axis. */
static lar_status take_words(char **out, int64_t count, char *value, const char *field,
                             const char *path)
{
    int64_t found = 0;
    for (char *word; (word = next_word(&value)); found++)
        if (found < count) out[found] = word;
    if (found == count) return LAR_OK;
    return lar_fail(LAR_EFORMAT, "the %s of '%s' have %lld words, expected %lld", field, path,
                    (long long)found, (long long)count);
}

/* A number, or NaN where the file says that there is none. */
static lar_status take_real(double *out, const char *word, const char *field, const char *path)
{
    static const char *const none[] = { "nan", "NaN", "NAN", "-nan", "none", NULL };
    *out = NAN;
    for (int n = 0; none[n]; n++)
        if (lar_text_is(none[n], word)) return LAR_OK;
    if (lar_parse_real(out, word)) return LAR_OK;
    return lar_fail(LAR_EFORMAT, "the %s of '%s' hold '%.40s', expected a number", field, path,
                    word);
}

/* "(1,0,0)": up to behind its bracket. False where it is not one of `count` numbers. */
static bool take_vector(double *out, int64_t count, char **at)
{
    char *text = *at + 1;
    if (**at != '(') return false;
    for (int64_t n = 0; n < count; n++) {
        text += strspn(text, " \t");
        char *end = text + strcspn(text, ",)");
        const char stop = *end;
        if (stop != (n + 1 < count ? ',' : ')')) return false;
        char *last = end;
        while (last > text && (last[-1] == ' ' || last[-1] == '\t')) last--;
        *last = 0;
        if (!lar_parse_real(&out[n], text)) return false;
        text = end + 1;
    }
    *at = text;
    return true;
}

static lar_status take_directions(nrrd_axes *axes, char *value)
{
    char *at = value;
    for (int64_t n = 0; n < axes->count; n++) {
        nrrd_axis *axis = &axes->at[n];
        at += strspn(at, " \t");
        axis->space = !lar_text_starts(at, "none");
        if (axis->space ? take_vector(axis->direction, axes->space_dims, &at) : (at += 4, true))
            continue;
        return lar_fail(LAR_EFORMAT,
                        "the space directions of '%s' are at fault for axis %lld, expected none or "
                        "%lld numbers in brackets",
                        axes->path, (long long)n + 1, (long long)axes->space_dims);
    }
    if (at[strspn(at, " \t")])
        return lar_fail(LAR_EFORMAT, "the space directions of '%s' are more than its %lld axes",
                        axes->path, (long long)axes->count);
    return LAR_OK;
}

static lar_status take_space(nrrd_axes *axes, const lar_nrrd *h)
{
    static const struct {
        const char *names[2];
        double flip[2];
        bool said;
    } spaces[] = {
        { { "right-anterior-superior", "ras" }, { 1, 1 }, true },
        { { "left-anterior-superior", "las" }, { -1, 1 }, true },
        { { "left-posterior-superior", "lps" }, { -1, -1 }, true },
        { { "scanner-xyz", NULL }, { -1, -1 }, false },
        { { "3d-right-handed", NULL }, { -1, -1 }, false },
        { { "3d-left-handed", NULL }, { -1, -1 }, false },
    };
    static const char *const times[2][2] = { { "", "-time" }, { "", "t" } };
    char *name = h->values[NRRD_SPACE], *dims = h->values[NRRD_SPACE_DIMENSION];
    axes->flip[0] = axes->flip[1] = -1;
    if (dims && name)
        return lar_fail(LAR_EFORMAT, "the header of '%s' says both space and space dimension",
                        h->path);
    if (dims) {
        if (lar_parse_int(&axes->space_dims, dims) && axes->space_dims >= 1 &&
            axes->space_dims <= MOST_SPACE)
            return LAR_OK;
        return lar_fail(LAR_EUNSUPPORTED,
                        "the space of '%s' has '%.20s' dimensions, expected 1 to "
                        "%d",
                        h->path, dims, MOST_SPACE);
    }
    if (!name) return LAR_OK;
    for (char *c = name; *c; c++)
        if (*c >= 'A' && *c <= 'Z') *c = (char)(*c - 'A' + 'a');
    for (size_t n = 0; n < sizeof spaces / sizeof *spaces; n++)
        for (int k = 0; k < 2 && spaces[n].names[k]; k++)
            for (int time = 0; time < 2; time++) {
                const size_t length = strlen(spaces[n].names[k]);
                if (!lar_text_starts(name, spaces[n].names[k]) ||
                    !lar_text_is(name + length, times[k][time]))
                    continue;
                axes->space_dims = 3 + time;
                for (int r = 0; r < 2; r++) axes->flip[r] = spaces[n].flip[r];
                axes->said = spaces[n].said;
                return LAR_OK;
            }
    return lar_fail(LAR_EFORMAT,
                    "the space of '%s' is '%.40s', expected one such as "
                    "left-posterior-superior",
                    h->path, name);
}

/* Kinds of an axis that is space, or time; those of any other hold channels. */
static lar_status kind_is_space(bool *out, const char *kind, const char *path)
{
    static const char *const spatial[] = { "domain", "space", "time", "none", "???", NULL };
    static const char *const others[] = {
        "list",
        "point",
        "vector",
        "covariant-vector",
        "normal",
        "stub",
        "scalar",
        "complex",
        "2-vector",
        "3-color",
        "rgb-color",
        "hsv-color",
        "xyz-color",
        "4-color",
        "rgba-color",
        "3-vector",
        "3-gradient",
        "3-normal",
        "4-vector",
        "quaternion",
        "2d-matrix",
        "3d-matrix",
        "2d-symmetric-matrix",
        "2d-masked-matrix",
        "3d-symmetric-matrix",
        "3d-masked-matrix",
        "2d-masked-symmetric-matrix",
        "3d-masked-symmetric-matrix",
        NULL,
    };
    for (int n = 0; spatial[n]; n++)
        if (lar_text_is(spatial[n], kind)) return *out = true, LAR_OK;
    for (int n = 0; others[n]; n++)
        if (lar_text_is(others[n], kind)) return *out = false, LAR_OK;
    return lar_fail(LAR_EFORMAT, "the kinds of '%s' hold '%.40s', which NRRD does not know", path,
                    kind);
}

/* What the fields say of each axis. */
static lar_status take_axes(nrrd_axes *axes, const lar_nrrd *h)
{
    lar_status status = LAR_OK;
    const int64_t count = h->dims;
    char *words[NRRD_MOST_DIMS], *const *values = h->values;
    for (int64_t n = 0; n < count; n++)
        axes->at[n] = (nrrd_axis){ .space = true, .spacing = NAN, .least = NAN, .unit = "" };
    if (values[NRRD_KINDS]) {
        LAR_TRY(take_words(words, count, values[NRRD_KINDS], "kinds", h->path));
        for (int64_t n = 0; n < count; n++) {
            for (char *c = words[n]; *c; c++)
                if (*c >= 'A' && *c <= 'Z') *c = (char)(*c - 'A' + 'a');
            LAR_TRY(kind_is_space(&axes->at[n].space, words[n], h->path));
        }
    }
    if (values[NRRD_SPACINGS]) {
        LAR_TRY(take_words(words, count, values[NRRD_SPACINGS], "spacings", h->path));
        for (int64_t n = 0; n < count; n++)
            LAR_TRY(take_real(&axes->at[n].spacing, words[n], "spacings", h->path));
    }
    if (values[NRRD_MINS]) {
        LAR_TRY(take_words(words, count, values[NRRD_MINS], "axis mins", h->path));
        for (int64_t n = 0; n < count; n++)
            LAR_TRY(take_real(&axes->at[n].least, words[n], "axis mins", h->path));
    }
    if (values[NRRD_CENTERS]) {
        LAR_TRY(take_words(words, count, values[NRRD_CENTERS], "centers", h->path));
        for (int64_t n = 0; n < count; n++) axes->at[n].node = lar_text_is(words[n], "node");
    }
    if (values[NRRD_UNITS]) {
        LAR_TRY(take_words(words, count, values[NRRD_UNITS], "units", h->path));
        for (int64_t n = 0; n < count; n++) axes->at[n].unit = words[n];
    }
done:
    return status;
}

/* Millimetres of the space's unit. ITK takes whatever it is as mm. */
static lar_status unit_mm(double *mm, lar_image_about *about, const nrrd_axes *axes, char *value)
{
    static const struct {
        const char *name;
        double mm;
    } units[] = { { "mm", 1 }, { "", 1 }, { "um", 1e-3 }, { "cm", 10 }, { "m", 1e3 } };
    char *words[MOST_SPACE];
    *mm = 1;
    if (!value) return LAR_OK;
    const lar_status status = take_words(words, axes->space_dims, value, "space units", axes->path);
    if (status != LAR_OK) return status;
    for (int64_t n = 1; n < axes->space_dims && n < 3; n++)
        if (!lar_text_is(words[n], words[0]))
            return lar_fail(LAR_EUNSUPPORTED,
                            "the space units of '%s' are '%.20s' and '%.20s'; "
                            "larmor reads one for all",
                            axes->path, words[0], words[n]);
    for (size_t n = 0; n < sizeof units / sizeof *units; n++) {
        if (!lar_text_is(units[n].name, words[0])) continue;
        *mm = units[n].mm;
        if (*mm != 1)
            lar_text_add(&about->warnings, "its lengths are in %s, and made mm\n", units[n].name);
        return LAR_OK;
    }
    lar_text_add(&about->warnings, "its unit of length, '%.20s', is unknown; taken as mm\n",
                 words[0]);
    return LAR_OK;
}

/* What was found of the axes: three of space, and the one that is left. */
typedef struct nrrd_order {
    int64_t space[3], spaces; /* axes in the order of the file */
    int64_t channels;         /* the axis; -1 where there is none */
    bool interleaved;
} nrrd_order;

static lar_status find_order(nrrd_order *order, const nrrd_axes *axes, const lar_nrrd *h)
{
    *order = (nrrd_order){ .channels = -1 };
    for (int64_t n = 0; n < axes->count; n++) {
        if (axes->at[n].space && order->spaces < 3) {
            order->space[order->spaces++] = n;
            continue;
        }
        if (h->size[n] == 1 && !(axes->at[n].space && order->channels < 0)) continue;
        if (order->channels >= 0 && h->size[order->channels] > 1)
            return lar_fail(LAR_EUNSUPPORTED,
                            "'%s' has more than one axis beside those of space; larmor reads one",
                            h->path);
        order->channels = n;
    }
    if (order->spaces < 2)
        return lar_fail(LAR_EUNSUPPORTED, "'%s' has %lld axes of space; larmor reads 2 or 3",
                        h->path, (long long)order->spaces);
    if (order->channels < 0) return LAR_OK;
    order->interleaved = order->channels < order->space[0];
    if (order->channels > order->space[0] && order->channels < order->space[order->spaces - 1] &&
        h->size[order->channels] > 1)
        return lar_fail(LAR_EUNSUPPORTED,
                        "the channels of '%s' lie between its axes of space; larmor reads them as "
                        "the first or the last",
                        h->path);
    return LAR_OK;
}

/* Of an image that is flat: across it. */
static void add_third(lar_affine *a)
{
    double length = 0;
    for (int r = 0; r < 3; r++) {
        const int s = (r + 1) % 3, t = (r + 2) % 3;
        a->m[r][2] = a->m[s][0] * a->m[t][1] - a->m[t][0] * a->m[s][1];
        length += a->m[r][2] * a->m[r][2];
    }
    for (int r = 0; r < 3 && length > 0; r++) a->m[r][2] /= sqrt(length);
}

/* The spacing of an axis with a direction: said twice, it must be the same. */
static lar_status compare_spacing(const nrrd_axis *axis, int64_t dims, const char *path)
{
    double square = 0;
    for (int64_t r = 0; r < dims; r++) square += axis->direction[r] * axis->direction[r];
    if (isnan(axis->spacing) || fabs(fabs(axis->spacing) - sqrt(square)) <= 1e-3 * sqrt(square))
        return LAR_OK;
    return lar_fail(LAR_EGEOMETRY,
                    "the header of '%s' contradicts itself: a spacing is %g, its space direction "
                    "has length %g",
                    path, axis->spacing, sqrt(square));
}

static lar_status by_directions(lar_image_about *about, const nrrd_axes *axes,
                                const nrrd_order *order, const lar_nrrd *h)
{
    lar_status status = LAR_OK;
    lar_affine *a = &about->grid.to_world;
    const int64_t dims = axes->space_dims;
    double mm, origin[MOST_SPACE] = { 0 };
    bool mixed = false;
    char *text = h->values[NRRD_ORIGIN];

    LAR_TRY(unit_mm(&mm, about, axes, h->values[NRRD_SPACE_UNITS]));
    if (!text)
        lar_text_add(&about->warnings, "it does not say its space origin: taken as 0\n");
    else if (!take_vector(origin, dims, &text) || text[strspn(text, " \t")])
        return lar_fail(LAR_EFORMAT,
                        "the space origin of '%s' is at fault, expected %lld numbers in brackets",
                        h->path, (long long)dims);
    if (!axes->said)
        lar_text_add(&about->warnings, "its space does not say which way its axes run: taken as "
                                       "left, posterior, superior, as ITK does\n");
    const nrrd_axis *time =
        order->channels >= 0 && axes->at[order->channels].space ? &axes->at[order->channels] : NULL;
    for (int r = 0; r < 3; r++) {
        const double sign = r < 2 ? axes->flip[r] * mm : mm;
        for (int n = 0; n < order->spaces; n++) {
            const nrrd_axis *axis = &axes->at[order->space[n]];
            LAR_TRY(compare_spacing(axis, dims, h->path));
            a->m[r][n] = r < dims ? sign * axis->direction[r] + 0.0 : 0;
            mixed |= dims == 4 && axis->direction[3] != 0;
        }
        a->m[r][3] = r < dims ? sign * origin[r] + 0.0 : 0;
        mixed |= time && time->direction[r] != 0;
    }
    if (mixed)
        return lar_fail(LAR_EGEOMETRY,
                        "the space directions of '%s' turn its fourth dimension into space",
                        h->path);
    if (time) about->notes->step = fabs(time->direction[3]);
    about->affine_from = "space directions";
    if (order->spaces == 2) {
        add_third(a);
        /* a plane without a space around it has no other side */
        if (dims == 2) a->m[2][2] = fabs(a->m[2][2]);
    }
done:
    return status;
}

/* Spacings along axes that run to left, posterior, superior; `least` is an edge of the first voxel
 * unless said otherwise. */
static lar_status by_spacings(lar_image_about *about, const nrrd_axes *axes,
                              const nrrd_order *order, const lar_nrrd *h)
{
    lar_affine *a = &about->grid.to_world;
    bool said = true;
    if (h->values[NRRD_SPACE] || h->values[NRRD_ORIGIN])
        return lar_fail(LAR_EGEOMETRY, "'%s' is in a space, but does not say its space directions",
                        h->path);
    for (int n = 0; n < order->spaces; n++) {
        const nrrd_axis *axis = &axes->at[order->space[n]];
        const double sign = n < 2 ? -1 : 1, spacing = isnan(axis->spacing) ? 1 : axis->spacing;
        said &= !isnan(axis->spacing);
        a->m[n][n] = sign * spacing;
        if (!isnan(axis->least))
            a->m[n][3] =
                sign * (axis->least + (axis->node || isnan(axis->spacing) ? 0 : spacing / 2));
    }
    about->affine_from = "spacings";
    lar_text_add(&about->warnings, "it says no orientation: axes are taken as right to left, front "
                                   "to back, foot to head, as ITK does\n");
    if (!said) lar_text_add(&about->warnings, "it does not say all its spacings: taken as 1\n");
    return LAR_OK;
}

/* Of the channels: how far apart in time. */
static void take_step(lar_image_about *about, const nrrd_axis *axis)
{
    static const struct {
        const char *name;
        int code; /* of NIfTI */
    } units[] = { { "s", 8 }, { "ms", 16 }, { "us", 24 } };
    if (about->notes->step == 0 && axis->spacing > 0) about->notes->step = axis->spacing;
    for (size_t n = 0; n < sizeof units / sizeof *units && about->notes->step > 0; n++)
        if (lar_text_is(units[n].name, axis->unit)) about->notes->step_unit = units[n].code;
}

lar_status lar_nrrd_axes(lar_image_about *about, lar_voxels *v, const lar_nrrd *h)
{
    lar_status status = LAR_OK;
    nrrd_axes axes = { .path = h->path, .count = h->dims };
    nrrd_order order;

    LAR_TRY(take_axes(&axes, h));
    LAR_TRY(take_space(&axes, h));
    const bool directed = h->values[NRRD_DIRECTIONS] != NULL;
    if (directed && axes.space_dims < 2)
        return lar_fail(LAR_EFORMAT,
                        "'%s' says space directions, but no space of 2 dimensions or "
                        "more",
                        h->path);
    if (directed) LAR_TRY(take_directions(&axes, h->values[NRRD_DIRECTIONS]));
    LAR_TRY(find_order(&order, &axes, h));
    about->grid.to_world = lar_affine_identity();
    for (int n = 0; n < 3; n++)
        about->grid.size[n] = n < order.spaces ? h->size[order.space[n]] : 1;
    about->channels = order.channels < 0 ? 1 : h->size[order.channels];
    v->interleaved = order.interleaved;
    LAR_TRY((directed ? by_directions : by_spacings)(about, &axes, &order, h));
    if (order.channels >= 0) take_step(about, &axes.at[order.channels]);
    if (!lar_grid_is_valid(&about->grid))
        status = lar_fail(LAR_EGEOMETRY,
                          "the axes of '%s' are singular, so its voxels have no place", h->path);
done:
    return status;
}
