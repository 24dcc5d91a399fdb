/* An overlay, looked at: a mask, labels or a map, by its values.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "image/image.h"
#include "math/math.h"
#include "report/axis.h"
#include "report/figure/over.h"

enum {
    MOST = 1 << 20, /* values that percentiles are taken of */
    FEW = 32        /* labels, whatever they look like */
};

/* More labels than that lie in regions: so many voxels are like the one before. Of a scan of 8 bits
 * a tenth is. */
static const double ALIKE = 0.5;

/* Signed: the end below zero is more than this of the end above. Around zero, as a part of the
 * limit, nothing is drawn. */
static const double BOTH_SIDES = 0.1, AROUND_ZERO = 0.1;

lar_status lar_volume_of(lar_image **out, const lar_image *image, int64_t volume, const char *name)
{
    const int64_t count = image->channels;
    *out = NULL;
    if (volume == LAR_INT_AUTO && count > 1)
        lar_log(LAR_LOG_NOTE, "'%s' has %lld volumes; the first is drawn", name, (long long)count);
    if (volume == LAR_INT_AUTO || count == 1) return lar_image_channel(out, image, 0);
    if (volume < 0 || volume >= count)
        return lar_fail(LAR_EARGUMENT, "'%s' has no volume %lld, only 0 to %lld", name,
                        (long long)volume, (long long)count - 1);
    return lar_image_channel(out, image, volume);
}

/* What the values are. */
typedef struct finding {
    bool whole;                  /* all of them that are finite */
    int64_t count, below, alike; /* not 0 and finite; of those below 0; as the one before */
} finding;

/* True where the code is listed, now or before. */
static bool list_code(lar_codes *codes, double code)
{
    int64_t low = 0, high = codes->count;
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (codes->at[middle] < code)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < codes->count && codes->at[low] == code) return true;
    if (codes->count == LAR_CODES_MAX) return false;
    memmove(codes->at + low + 1, codes->at + low, (size_t)(codes->count - low) * sizeof *codes->at);
    codes->at[low] = code;
    codes->count++;
    return true;
}

static void find_row(finding *found, lar_layer *layer, const double *row, int64_t count)
{
    double last = 0;
    for (int64_t n = 0; n < count; n++) {
        if (row[n] == 0 || !isfinite(row[n])) continue;
        found->count++;
        found->below += row[n] < 0;
        if (n && row[n] == row[n - 1]) found->alike++;
        if (row[n] == last) continue;
        last = row[n];
        found->whole = found->whole && last == rint(last);
        if (found->whole && !layer->many) layer->many = !list_code(&layer->codes, last);
    }
}

static lar_status look_through(finding *found, lar_layer *layer, const lar_image *image)
{
    const int64_t *size = image->grid.size;
    double *row = lar_alloc_raw(size[0], sizeof *row);
    if (!row) return LAR_EMEMORY;
    *found = (finding){ .whole = true };
    for (int64_t n = 0; n < size[1] * size[2]; n++) {
        lar_image_load(row, image, 0, n % size[1], n / size[1], 0, size[0]);
        find_row(found, layer, row, size[0]);
    }
    lar_free(row);
    return LAR_OK;
}

/* Quantiles of what is finite and not 0, of magnitudes where `magnitude`. */
static lar_status quantiles_of(double *out, const double *fractions, int64_t count, bool magnitude,
                               const lar_image *image, int64_t value_count)
{
    lar_status status = LAR_OK;
    const int64_t *size = image->grid.size, every = value_count / MOST + 1;
    int64_t seen = 0, taken = 0;
    float *values = lar_alloc_raw(value_count / every + 1, sizeof *values);
    double *row = lar_alloc_raw(size[0], sizeof *row);

    if (!values || !row) {
        status = LAR_EMEMORY;
        goto done;
    }
    for (int64_t n = 0; n < size[1] * size[2]; n++) {
        lar_image_load(row, image, 0, n % size[1], n / size[1], 0, size[0]);
        for (int64_t i = 0; i < size[0]; i++)
            if (row[i] != 0 && isfinite(row[i]) && seen++ % every == 0)
                values[taken++] = (float)(magnitude ? fabs(row[i]) : row[i]);
    }
    status = lar_quantiles(out, fractions, count, values, taken);
done:
    lar_free(values);
    lar_free(row);
    return status;
}

static lar_status choose_kind(lar_layer *layer, const finding *found, const lar_image *image)
{
    lar_status status = LAR_OK;
    static const double ends[2] = { 0.005, 0.995 };
    double values[2];

    if (layer->over.as != LAR_OVER_AUTO) return LAR_OK;
    if (found->whole && layer->codes.count <= 1) {
        layer->over.as = LAR_OVER_MASK;
    } else if (found->whole && !layer->many && found->below == 0 &&
               (layer->codes.count <= FEW || (double)found->alike > ALIKE * (double)found->count)) {
        layer->over.as = LAR_OVER_LABELS;
    } else {
        LAR_TRY(quantiles_of(values, ends, 2, false, image, found->count));
        layer->over.as = -values[0] > BOTH_SIDES * values[1] ? LAR_OVER_SIGNED : LAR_OVER_MAP;
    }
done:
    return status;
}

static lar_status choose_window(lar_layer *layer, const lar_overlay *overlay, const finding *found,
                                const lar_image *image)
{
    static const double ends[2] = { 0.01, 0.995 };
    lar_status status = LAR_OK;
    double *w = layer->over.window;
    const bool is_signed = layer->over.as == LAR_OVER_SIGNED;

    if (layer->over.as != LAR_OVER_MAP && !is_signed) return LAR_OK;
    memcpy(w, overlay->window, sizeof overlay->window);
    layer->over.from = w[0];
    if (w[0] < w[1]) return LAR_OK;
    layer->over.from = -INFINITY;
    w[0] = 0;
    w[1] = 1;
    if (found->count == 0) return LAR_OK;
    LAR_TRY(quantiles_of(w, ends, 2, is_signed, image, found->count));
    if (is_signed) {
        w[1] = lar_round_up(w[1]);
        w[0] = layer->over.from = AROUND_ZERO * w[1];
    }
    if (!(w[0] < w[1])) { /* one value */
        const double value = w[0];
        w[0] = fmin(0, value);
        w[1] = fmax(0, value);
    }
done:
    return status;
}

/* The colour of a label follows from its number; where another label has it already, the next that
 * is free. */
static void choose_colours(lar_codes *codes)
{
    bool taken[LAR_LABEL_COLOURS] = { false };
    for (int64_t n = 0; n < codes->count; n++) {
        int64_t colour = (int64_t)fmod(fabs(codes->at[n]) - 1, LAR_LABEL_COLOURS);
        for (int tries = 0; n < LAR_LABEL_COLOURS && taken[colour] && tries < LAR_LABEL_COLOURS;
             tries++)
            colour = (colour + 1) % LAR_LABEL_COLOURS;
        taken[colour] = true;
        codes->colour[n] = colour;
    }
}

lar_status lar_layer_init(lar_layer *out, const lar_overlay *overlay, int64_t volume,
                          int64_t number)
{
    static const double opacities[] = {
        [LAR_OVER_MASK] = 0.4, [LAR_OVER_LABELS] = 0.5, [LAR_OVER_OUTLINE] = 1,
        [LAR_OVER_MAP] = 0.8,  [LAR_OVER_SIGNED] = 0.8, [LAR_OVER_CONTOURS] = 1,
    };
    lar_status status = LAR_OK;
    lar_image *image = NULL;
    finding found = { 0 };
    lar_layer *l = out;

    *out = (lar_layer){ .name = overlay->name ? overlay->name : "overlay",
                        .names = overlay->names,
                        .on = overlay->on,
                        .over = { .as = overlay->as, .look = &out->look, .codes = &out->codes } };
    if (overlay->as < LAR_OVER_AUTO || overlay->as > LAR_OVER_CONTOURS)
        return lar_fail(LAR_EARGUMENT, "there is no overlay of kind %d", overlay->as);
    if (!isnan(overlay->opacity) && !(overlay->opacity >= 0 && overlay->opacity <= 1))
        return lar_fail(LAR_EARGUMENT, "an opacity of %g, expected 0 to 1", overlay->opacity);
    LAR_TRY(lar_volume_of(&image, overlay->image, volume, l->name));
    LAR_TRY(lar_look_init(&l->look, image));
    if (l->over.as == LAR_OVER_CONTOURS) {
        status = lar_outlines_init(&l->contours, image);
        if (status != LAR_OK) status = lar_while(status, "'%s' has no contours", l->name);
        goto done;
    }
    LAR_TRY(look_through(&found, l, image));
    l->empty = found.count == 0;
    if (l->empty)
        lar_log(LAR_LOG_WARNING, "the overlay '%s' is empty: it has no number but 0", l->name);
    LAR_TRY(choose_kind(l, &found, image));
    if (!found.whole && l->over.as == LAR_OVER_LABELS) {
        status =
            lar_fail(LAR_EARGUMENT, "'%s' holds fractions, and labels are whole numbers", l->name);
        goto done;
    }
    LAR_TRY(choose_window(l, overlay, &found, image));
    choose_colours(&l->codes);
    l->over.single = l->over.as == LAR_OVER_MASK ||
                     (l->over.as == LAR_OVER_OUTLINE && (l->codes.count <= 1 || !found.whole));
    /* lines in the second colour: the first is near those of maps and contours */
    l->over.colour = lar_colour_label(number + (l->over.as == LAR_OVER_OUTLINE));
done:
    l->over.opacity = isnan(overlay->opacity) ? opacities[l->over.as] : overlay->opacity;
    lar_image_free(image);
    if (status != LAR_OK) lar_layer_clear(out);
    return status;
}

void lar_layer_clear(lar_layer *layer)
{
    lar_look_clear(&layer->look);
    lar_outlines_clear(&layer->contours);
}

void lar_layer_code_words(char *text, size_t room, const lar_layer *layer, double code)
{
    char number[32];
    const int digits = snprintf(number, sizeof number, "%.0f", code);
    for (const char *c = layer->names; c && *c;) {
        const size_t length = strcspn(c, ",");
        if (strncmp(c, number, (size_t)digits) == 0 && c[digits] == '=') {
            snprintf(text, room, "%s  %.*s", number, (int)length - digits - 1, c + digits + 1);
            return;
        }
        c += length + (c[length] == ',');
    }
    snprintf(text, room, "%s", number);
}
