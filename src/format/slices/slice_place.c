/* Where a slice comes from: one line of text that larmor keeps in the file, and what follows from
 * it. larmor=1; size I J K; affine (12 numbers, RAS+ mm); axes RAS; slices z FIRST COUNT STEP; of
 * FROM TO; volumes FIRST COUNT ALL; pixels TYPE; [values TYPE SLOPE INTER;] check CRC-32
 * SPDX-License-Identifier: Apache-2.0 */
#include "codec/codec.h"
#include "format/lines.h"
#include "format/slices/picture.h"

enum { LONGEST = 2000, MOST_SIZE = 1 << 20, MOST_SLICES = 1 << 22 };

void lar_place_axes(int axis[3], bool flipped[3], const lar_place *place)
{
    static const int planes[3][3] = { { 1, 2, 0 }, { 0, 2, 1 }, { 0, 1, 2 } };
    int order[3];
    bool back[3];
    lar_grid_axis_order(&place->volume, order, back);
    for (int n = 0; n < 3; n++) {
        axis[n] = order[planes[place->axis][n]];
        flipped[n] = back[planes[place->axis][n]] != (n == 1); /* rows: from the top */
    }
}

int64_t lar_place_index(const lar_place *place, int64_t n)
{
    int axis[3];
    bool flipped[3];
    lar_place_axes(axis, flipped, place);
    return flipped[2] ? place->volume.size[axis[2]] - 1 - n : n;
}

lar_grid lar_place_grid(const lar_place *place, int64_t first, int64_t count)
{
    int axis[3];
    bool flipped[3];
    lar_place_axes(axis, flipped, place);
    int64_t corner[3] = { 0, 0, 0 }, size[3];
    memcpy(size, place->volume.size, sizeof size);
    size[axis[2]] = count;
    corner[axis[2]] =
        lar_place_index(place, flipped[2] ? first + (count - 1) * place->step : first);
    lar_grid grid = lar_grid_box(&place->volume, corner, size);
    for (int r = 0; r < 3 && count > 1; r++) grid.to_world.m[r][axis[2]] *= (double)place->step;
    return grid;
}

void lar_place_whole(lar_place *out, const lar_image *image)
{
    *out = (lar_place){ .volume = image->grid,
                        .axis = 2,
                        .step = 1,
                        .channels = image->channels,
                        .all_channels = image->channels,
                        .type = image->type };
    int axis[3];
    bool flipped[3];
    lar_grid_axis_order(&image->grid, axis, flipped);
    for (int n = 0; n < 3; n++)
        if (image->grid.size[axis[n]] == 1) out->axis = n; /* of several the last: z */
    out->count = image->grid.size[axis[out->axis]];
    out->to = out->count - 1;
}

void lar_place_write(lar_text *out, const lar_place *p)
{
    lar_text line = { 0 };
    char code[4];
    lar_grid_axes(&p->volume, code);
    lar_text_add(&line, "larmor=1; size %lld %lld %lld; affine", (long long)p->volume.size[0],
                 (long long)p->volume.size[1], (long long)p->volume.size[2]);
    for (int n = 0; n < 12; n++) {
        lar_text_add(&line, " ");
        lar_add_number(&line, p->volume.to_world.m[n / 4][n % 4]);
    }
    lar_text_add(&line, "; axes %s; slices %c %lld %lld %lld; of %lld %lld", code, "xyz"[p->axis],
                 (long long)p -> first, (long long)p -> count, (long long)p -> step,
                 (long long)p -> from, (long long)p -> to);
    lar_text_add(&line, "; volumes %lld %lld %lld; pixels %s", (long long)p->channel,
                 (long long)p->channels, (long long)p->all_channels, lar_type_name(p->type));
    if (p->scaled) {
        lar_text_add(&line, "; values %s ", lar_type_name(p->meant));
        lar_add_number(&line, p->slope);
        lar_text_add(&line, " ");
        lar_add_number(&line, p->inter);
    }
    lar_text_add(out, "%s; check %08x\n", lar_text_get(&line),
                 (unsigned)lar_crc32(lar_text_get(&line), line.length));
    out->failed = out->failed || line.failed;
    lar_text_clear(&line);
}

/* The value of the next field, where it has that key. */
static char *field(char **at, const char *key)
{
    char *value = *at;
    const size_t length = strlen(key);
    if (!value || !lar_text_starts(value, key) || value[length] != ' ') return NULL;
    char *end = strstr(value, "; ");
    if (end) *end = 0;
    *at = end ? end + 2 : NULL;
    return value + length + 1;
}

static bool reals(double *out, int64_t count, char *value)
{
    int64_t found;
    return value && lar_line_numbers(out, &found, count, value, "") == LAR_OK && found == count;
}

static bool wholes(int64_t *out, int64_t count, char *value)
{
    double real[3];
    if (!reals(real, count, value)) return false;
    for (int64_t n = 0; n < count; n++) {
        if (!(real[n] >= 0 && real[n] <= MOST_SIZE)) return false;
        out[n] = (int64_t)real[n];
        if ((double)out[n] != real[n]) return false;
    }
    return true;
}

static bool type_named(lar_type *out, const char *value)
{
    for (int n = LAR_U8; n <= LAR_F64; n++)
        if (lar_text_is(value, lar_type_name((lar_type)n))) {
            *out = (lar_type)n;
            return true;
        }
    return false;
}

static bool parse_scale(lar_place *p, char *value)
{
    double scale[2];
    char *numbers = strchr(value, ' ');
    if (!numbers) return false;
    *numbers = 0;
    if (!type_named(&p->meant, value) || !reals(scale, 2, numbers + 1)) return false;
    p->scaled = true;
    p->slope = scale[0];
    p->inter = scale[1];
    return true;
}

static bool parse(lar_place *p, char *at, char code[4])
{
    double affine[12];
    int64_t three[3];
    char *value;
    if (!wholes(p->volume.size, 3, field(&at, "size"))) return false;
    if (!reals(affine, 12, field(&at, "affine"))) return false;
    for (int n = 0; n < 12; n++) p->volume.to_world.m[n / 4][n % 4] = affine[n];
    value = field(&at, "axes");
    if (!value || strlen(value) != 3) return false;
    memcpy(code, value, 4);
    value = field(&at, "slices");
    if (!value || value[0] < 'x' || value[0] > 'z' || value[1] != ' ') return false;
    p->axis = value[0] - 'x';
    if (!wholes(three, 3, value + 2)) return false;
    p->first = three[0];
    p->count = three[1];
    p->step = three[2];
    if (!wholes(three, 2, field(&at, "of"))) return false;
    p->from = three[0];
    p->to = three[1];
    if (!wholes(three, 3, field(&at, "volumes"))) return false;
    p->channel = three[0];
    p->channels = three[1];
    p->all_channels = three[2];
    value = field(&at, "pixels");
    if (!value || !type_named(&p->type, value)) return false;
    value = field(&at, "values");
    return !at && (!value || parse_scale(p, value));
}

static bool makes_sense(const lar_place *p, const char code[4])
{
    char again[4];
    int axis[3];
    bool flipped[3];
    if (!lar_grid_is_valid(&p->volume)) return false;
    lar_grid_axes(&p->volume, again);
    if (memcmp(code, again, 4) != 0) return false;
    lar_place_axes(axis, flipped, p);
    if (p->step < 1 || p->count < 1 || p->channels < 1) return false;
    const int64_t last = p->first + (p->count - 1) * p->step;
    return p->from <= p->first && last <= p->to && p->to < p->volume.size[axis[2]] &&
           (p->first - p->from) % p->step == 0 && (p->to - p->from) % p->step == 0 &&
           p->channel + p->channels <= p->all_channels &&
           (double)p->volume.size[axis[2]] * (double)p->all_channels <= MOST_SLICES &&
           (!p->scaled || p->slope > 0);
}

static const char *find_line(const char *text)
{
    static const char start[] = "larmor=";
    for (const char *at = text; at; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (lar_text_starts(at, start)) return at;
    }
    return NULL;
}

lar_status lar_place_read(lar_place *out, bool *found, const char *text, const char *name)
{
    static const char begin[] = "larmor=1; ", mark[] = "; check ";
    char line[LONGEST + 1], code[4], crc[9];
    *out = (lar_place){ 0 };
    const char *at = text ? find_line(text) : NULL;
    *found = at != NULL;
    if (!at) return LAR_OK;
    const size_t length = strcspn(at, "\r\n");
    snprintf(line, sizeof line, "%.*s", (int)(length < LONGEST ? length : LONGEST), at);
    if (lar_text_starts(line, "larmor=") && line[7] >= '2' && line[7] <= '9')
        return lar_fail(LAR_EUNSUPPORTED,
                        "'%s' holds the geometry of a later larmor: '%.12s', expected 'larmor=1'",
                        name, line);
    char *check = strstr(line, mark);
    if (check) snprintf(crc, sizeof crc, "%08x", (unsigned)lar_crc32(line, (size_t)(check - line)));
    if (!check || strcmp(check + strlen(mark), crc) != 0 || !lar_text_starts(line, begin)) {
        const lar_status status = lar_fail(
            LAR_EFORMAT,
            "the geometry that larmor wrote into '%s' does not agree with its checksum", name);
        return lar_hint(status, "another copy of the file");
    }
    *check = 0;
    if (parse(out, line + strlen(begin), code) && makes_sense(out, code)) return LAR_OK;
    return lar_fail(LAR_EFORMAT, "the geometry in '%s' makes no sense: '%.80s ...'", name, at);
}
