/* FreeSurfer's .lta: a 4 x 4 matrix from the source (moving) image to the destination (fixed), in
 * voxels (type 0) or in RAS mm (type 1), and both images' geometry: directions, voxel sizes, and
 * the place of voxel size / 2. (Format: nitransforms and FreeSurfer's wiki,
 * "LinearTransformArray".) SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "format/transform/transform.h"
#include "image/image.h"
#include "math/math.h"

static const char *const suffixes[] = { ".lta", NULL };
enum { VOXELS, RAS };

typedef struct geometry {
    double valid, volume[3], voxelsize[3], axes[3][3], centre[3]; /* axes: xras, yras, zras */
    int found;                                                    /* how many of its lines */
} geometry;

typedef struct lta {
    double type, transforms;
    lar_affine matrix;
    int rows; /* of the matrix; -1: its head "1 4 4" is still to come */
    geometry source, destination;
    geometry *now; /* whose lines these are */
} lta;

static const char *skip_comments(const char *at)
{
    for (;;) {
        at += strspn(at, " \t\r\n");
        if (*at != '#') return at;
        at += strcspn(at, "\r\n");
    }
}

static bool sniff(const lar_source *source)
{
    char head[1024];
    const size_t count = source->head_count < sizeof head ? source->head_count : sizeof head - 1;
    memcpy(head, source->head, count);
    head[count] = 0;
    const char *at = skip_comments(head);
    return lar_text_starts(at, "type") && at[4 + strspn(at + 4, " \t")] == '=';
}

/* "key = numbers", for a geometry or the whole file; false where the key is not known. */
static bool find_key(double **at, int *count, lta *l, const char *key)
{
    geometry *g = l->now;
    const struct {
        const char *key;
        double *at;
        int count;
    } whole[] = { { "type", &l->type, 1 }, { "nxforms", &l->transforms, 1 } },
      part[] = { { "valid", g ? &g->valid : NULL, 1 },        { "volume", g ? g->volume : NULL, 3 },
                 { "voxelsize", g ? g->voxelsize : NULL, 3 }, { "xras", g ? g->axes[0] : NULL, 3 },
                 { "yras", g ? g->axes[1] : NULL, 3 },        { "zras", g ? g->axes[2] : NULL, 3 },
                 { "cras", g ? g->centre : NULL, 3 } };
    *at = NULL;
    for (size_t n = 0; !g && n < sizeof whole / sizeof *whole; n++)
        if (lar_text_is(whole[n].key, key)) *at = whole[n].at, *count = whole[n].count;
    for (size_t n = 0; g && n < sizeof part / sizeof *part; n++)
        if (lar_text_is(part[n].key, key)) *at = part[n].at, *count = part[n].count;
    if (*at && g) g->found++;
    return *at != NULL;
}

static lar_status take_value(lta *l, char *line, char *equals, const char *path)
{
    double *at, numbers[3];
    int wanted;
    int64_t found;
    char *value = equals + 1;
    while (equals > line && (equals[-1] == ' ' || equals[-1] == '\t')) equals--;
    *equals = 0;
    if (!find_key(&at, &wanted, l, line)) return LAR_OK; /* filename, mean, sigma */
    const lar_status status = lar_line_numbers(numbers, &found, 3, value, path);
    if (status != LAR_OK) return status;
    if (found != wanted)
        return lar_fail(LAR_EFORMAT, "'%s' gives '%s' %lld numbers, expected %d", path, line,
                        (long long)found, wanted);
    memcpy(at, numbers, (size_t)wanted * sizeof *numbers);
    return LAR_OK;
}

static lar_status take_row(lta *l, char *line, const char *path)
{
    double numbers[4];
    int64_t found;
    const lar_status status = lar_line_numbers(numbers, &found, 4, line, path);
    if (status != LAR_OK) return status;
    if (l->rows < 0) {
        if (found != 3 || numbers[0] != 1 || numbers[1] != 4 || numbers[2] != 4)
            return lar_fail(LAR_EFORMAT, "'%s' holds a matrix that is not announced as 1 4 4",
                            path);
        l->rows = 0;
        return LAR_OK;
    }
    if (found != 4)
        return lar_fail(LAR_EFORMAT, "row %d of the matrix of '%s' holds %lld numbers, expected 4",
                        l->rows + 1, path, (long long)found);
    if (l->rows < 3)
        memcpy(l->matrix.m[l->rows], numbers, sizeof numbers);
    else if (numbers[0] != 0 || numbers[1] != 0 || numbers[2] != 0 || numbers[3] != 1)
        return lar_fail(LAR_EFORMAT, "the last row of the matrix of '%s' is not 0 0 0 1", path);
    l->rows++;
    return LAR_OK;
}

static lar_status take_line(lta *l, char *line, const char *path)
{
    line[strcspn(line, "#")] = 0;
    line += strspn(line, " \t");
    char *equals = strchr(line, '=');
    if (!*line) return LAR_OK;
    if (lar_text_starts(line, "src volume info"))
        l->now = &l->source;
    else if (lar_text_starts(line, "dst volume info"))
        l->now = &l->destination;
    else if (equals)
        return take_value(l, line, equals, path);
    else if (l->rows < 4)
        return take_row(l, line, path);
    return LAR_OK; /* subject, fscale */
}

static lar_status to_world(lar_affine *out, const geometry *g, const char *what, const char *path)
{
    lar_affine inverse;
    if (g->valid != 1 || g->found < 7)
        return lar_fail(LAR_EFORMAT,
                        "'%s' maps voxels, but does not say where those of its %s image are", path,
                        what);
    for (int r = 0; r < 3; r++) {
        out->m[r][3] = g->centre[r];
        for (int c = 0; c < 3; c++) {
            out->m[r][c] = g->axes[c][r] * g->voxelsize[c];
            out->m[r][3] -= out->m[r][c] * g->volume[c] / 2;
        }
    }
    if (!lar_affine_invert(&inverse, out))
        return lar_fail(LAR_EGEOMETRY, "the %s image of '%s' has no extent along some direction",
                        what, path);
    return LAR_OK;
}

/* The maps of other types are between coordinates that this file does not define. */
static lar_status check(const lta *l, const char *path)
{
    if (l->type != VOXELS && l->type != RAS) {
        const lar_status status =
            lar_fail(LAR_EUNSUPPORTED, "'%s' is an .lta of type %g, expected 0 or 1 (%s)", path,
                     l->type, "from voxels to voxels, from RAS to RAS");
        return lar_hint(status, "lta_convert --outlta of FreeSurfer, which writes type 1");
    }
    if (l->transforms != 1)
        return lar_fail(LAR_EUNSUPPORTED, "'%s' holds %g transforms, expected 1", path,
                        l->transforms);
    if (l->rows != 4)
        return lar_fail(LAR_EFORMAT, "'%s' ends before the fourth row of its matrix", path);
    return LAR_OK;
}

static lar_status read(lar_affine **out, int64_t *count, char *text, size_t length,
                       const char *path, const lar_transform_use *use)
{
    (void)use;
    lar_status status = LAR_OK;
    lta l = { .type = -1, .transforms = 1, .rows = -1 };
    lar_affine source, destination, back, whole, map;
    if (strlen(text) != length) return lar_fail(LAR_EFORMAT, "'%s' is not text", path);
    for (char *line; (line = lar_next_line(&text));) LAR_TRY(take_line(&l, line, path));
    LAR_TRY(check(&l, path));
    whole = l.matrix;
    if (l.type == VOXELS) {
        LAR_TRY(to_world(&source, &l.source, "source", path));
        LAR_TRY(to_world(&destination, &l.destination, "destination", path));
        (void)lar_affine_invert(&back, &source);
        map = lar_affine_chain(&back, &l.matrix);
        whole = lar_affine_chain(&map, &destination);
    }
    if (!lar_affine_invert(&map, &whole)) {
        status = lar_fail(LAR_ENUMERIC, "the matrix of '%s' is singular: its determinant is %g",
                          path, lar_affine_determinant(&whole));
        goto done;
    }
    status = lar_transform_one(out, count, &map, path);
done:
    return status;
}

static void put_row(lar_text *out, const char *name, double x, double y, double z)
{
    const double numbers[3] = { x, y, z };
    lar_text_add(out, "%s =", name);
    for (int n = 0; n < 3; n++) {
        lar_text_add(out, " ");
        lar_add_number(out, numbers[n]);
    }
    lar_text_add(out, "\n");
}

static void put_geometry(lar_text *out, const char *name, const lar_grid *grid)
{
    static const char *const axes[] = { "xras  ", "yras  ", "zras  " };
    const double(*m)[4] = grid->to_world.m;
    const double half[3] = { (double)grid->size[0] / 2, (double)grid->size[1] / 2,
                             (double)grid->size[2] / 2 };
    double spacing[3], centre[3];
    lar_grid_spacing(grid, spacing);
    lar_grid_to_world(grid, half, centre);
    lar_text_add(out, "%s volume info\nvalid = 1  # volume info valid\nfilename = unknown\n", name);
    lar_text_add(out, "volume = %lld %lld %lld\n", (long long)grid->size[0],
                 (long long)grid->size[1], (long long)grid->size[2]);
    put_row(out, "voxelsize", spacing[0], spacing[1], spacing[2]);
    for (int a = 0; a < 3; a++)
        put_row(out, axes[a], m[0][a] / spacing[a], m[1][a] / spacing[a], m[2][a] / spacing[a]);
    put_row(out, "cras  ", centre[0], centre[1], centre[2]);
}

static void write(lar_text *out, const lar_affine *fixed_to_moving, const lar_grid *fixed,
                  const lar_grid *moving)
{
    lar_affine map;
    if (!lar_affine_invert(&map, fixed_to_moving)) return;
    lar_text_add(out, "type      = 1 # LINEAR_RAS_TO_RAS\nnxforms   = 1\n"
                      "mean      = 0.0000 0.0000 0.0000\nsigma     = 1.0000\n1 4 4\n");
    for (int r = 0; r < 4; r++)
        for (int c = 0; c < 4; c++) {
            lar_add_number(out, r < 3 ? map.m[r][c] : c == 3);
            lar_text_add(out, c < 3 ? " " : "\n");
        }
    put_geometry(out, "src", moving);
    put_geometry(out, "dst", fixed);
}

const lar_transform_format lar_transform_lta = {
    .name = "a FreeSurfer .lta",
    .suffixes = suffixes,
    .needs_grids = true,
    .sniff = sniff,
    .read = read,
    .write = write,
};
