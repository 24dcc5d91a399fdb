/* Files that hold a map between worlds, found by content: affine maps by the table below,
 * displacement fields among the formats of images.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "format/transform/transform.h"
#include "math/math.h"

enum { BYTES_MAX = 1 << 20 };

/* In the order in which names are tried: ".fsl.mat" before ".mat". */
static const lar_transform_format *const formats[] = {
    &lar_transform_itk, &lar_transform_fsl, &lar_transform_mat, &lar_transform_lta, NULL,
};

static const lar_transform_format *format_of(const lar_source *source)
{
    for (const lar_transform_format *const *f = formats; *f && !source->gzip; f++)
        if ((*f)->sniff(source)) return *f;
    return NULL;
}

static lar_status not_a_transform(const char *path)
{
    const lar_status status = lar_fail(
        LAR_EFORMAT,
        "'%s' is neither an affine transform (of ITK, ANTs, FSL or FreeSurfer) nor a displacement "
        "field",
        path);
    if (lar_text_ends(path, ".h5") || lar_text_ends(path, ".xfm"))
        lar_hint(status,
                 "to write it as text first, with SimpleITK.WriteTransform(transform, 'name.tfm')");
    return status;
}

lar_status lar_transform_one(lar_affine **out, int64_t *count, const lar_affine *map,
                             const char *path)
{
    lar_affine inverse;
    *out = NULL;
    *count = 0;
    for (int n = 0; n < 12; n++)
        if (!isfinite(map->m[n / 4][n % 4]))
            return lar_fail(LAR_ENUMERIC, "the numbers of '%s' overflow", path);
    if (!lar_affine_invert(&inverse, map))
        return lar_fail(LAR_ENUMERIC, "the matrix of '%s' is singular: its determinant is %g", path,
                        lar_affine_determinant(map));
    *out = lar_alloc(1, sizeof **out);
    if (!*out) return LAR_EMEMORY;
    **out = *map;
    *count = 1;
    return LAR_OK;
}

lar_status lar_transform_affines(lar_affine **out, int64_t *count, char *bytes, size_t length,
                                 const char *path, const lar_transform_use *use)
{
    lar_source source;
    *out = NULL;
    *count = 0;
    lar_status status = lar_source_over(&source, bytes, length, path);
    const lar_transform_format *format = status == LAR_OK ? format_of(&source) : NULL;
    lar_source_clear(&source);
    if (status != LAR_OK) return status;
    return format ? format->read(out, count, bytes, length, path, use) : not_a_transform(path);
}

static lar_status add_affines(lar_chain *chain, const char *path, const lar_transform_use *use)
{
    lar_status status = LAR_OK;
    char *bytes = NULL;
    size_t length;
    lar_affine *affines = NULL;
    int64_t count;
    LAR_TRY(lar_file_read(&bytes, &length, path, BYTES_MAX));
    LAR_TRY(lar_transform_affines(&affines, &count, bytes, length, path, use));
    for (int64_t n = 0; n < count; n++) {
        lar_affine map = affines[n];
        /* a composite's inverse: those of its parts, the other way round */
        if (use && use->inverse) (void)lar_affine_invert(&map, &affines[count - 1 - n]);
        LAR_TRY(lar_chain_add_affine(chain, &map));
    }
done:
    lar_free(affines);
    lar_free(bytes);
    return status;
}

lar_status lar_chain_add_file_as(lar_chain *chain, const char *path, const lar_transform_use *use)
{
    lar_status status = LAR_OK;
    lar_source source = { 0 };
    bool is_image = false, is_affine = false;
    LAR_TRY(lar_source_open(&source, path, true));
    is_affine = format_of(&source) != NULL;
    for (const lar_format *const *f = lar_formats; *f; f++)
        is_image = is_image || (*f)->sniff(&source);
done:
    lar_source_clear(&source);
    if (status != LAR_OK) return status;
    return is_affine  ? add_affines(chain, path, use)
           : is_image ? lar_transform_add_field(chain, path, use && use->inverse)
                      : not_a_transform(path);
}

lar_status lar_chain_add_file(lar_chain *chain, const char *path)
{
    return lar_chain_add_file_as(chain, path, NULL);
}

/* ---- writing ----------------------------------------------------------------------------- */

static const lar_transform_format *format_named(const char *path)
{
    for (const lar_transform_format *const *f = formats; *f; f++)
        for (const char *const *s = (*f)->suffixes; *s; s++)
            if (lar_text_ends(path, *s)) return *f;
    return NULL;
}

static lar_status check_writable(const lar_transform_format *format, const lar_affine *map,
                                 const lar_grid *fixed, const lar_grid *moving, const char *path)
{
    lar_affine inverse;
    lar_status status = LAR_OK;
    if (!format) {
        status = lar_fail(LAR_EARGUMENT, "the name '%s' does not say which kind of transform it is",
                          path);
        return lar_hint(status, ".txt or .tfm for ITK, .mat for ANTs, .fsl.mat for FSL, .lta for "
                                "FreeSurfer");
    }
    if (!lar_affine_invert(&inverse, map))
        return lar_fail(LAR_ENUMERIC, "cannot write '%s': its map is singular or not finite", path);
    if (!format->needs_grids) return LAR_OK;
    if (!fixed || !moving) {
        status =
            lar_fail(LAR_EARGUMENT,
                     "cannot write '%s': %s lies between the grids of two images, and both must "
                     "be known",
                     path, format->name);
        return lar_hint(status, "to name the fixed image (--like), and the moving one where it is "
                                "not the input (--moving)");
    }
    if (!lar_grid_is_valid(fixed) || !lar_grid_is_valid(moving))
        return lar_fail(LAR_EGEOMETRY, "cannot write '%s': a grid of it has no extent", path);
    return LAR_OK;
}

lar_status lar_affine_write(const lar_affine *fixed_to_moving, const lar_grid *fixed,
                            const lar_grid *moving, const char *path, bool force)
{
    const lar_transform_format *format = format_named(path);
    lar_text text = { 0 };
    lar_status status = check_writable(format, fixed_to_moving, fixed, moving, path);
    if (status != LAR_OK) return status;
    format->write(&text, fixed_to_moving, fixed, moving);
    status = text.failed ? LAR_EMEMORY : lar_file_write(path, text.at, text.length, force);
    lar_text_clear(&text);
    return status;
}
