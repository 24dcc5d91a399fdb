/* Writing NRRD: .nrrd in one piece, .nhdr with .raw.gz or .raw beside it. Several channels are the
 * last axis, a list; its spacing is their distance in time where it is known.
 * SPDX-License-Identifier: Apache-2.0 */
#include "format/headed/nrrd.h"
#include "format/headed/put_voxels.h"
#include "format/lines.h"

/* "(1,2,3)": RAS to LPS, x and y change sign. */
static void add_vector(lar_text *head, const lar_affine *a, int column)
{
    for (int r = 0; r < 3; r++) {
        lar_text_add(head, "%s", r ? "," : "(");
        lar_add_number(head, (r < 2 ? -1 : 1) * a->m[r][column] + 0.0); /* no -0 */
    }
    lar_text_add(head, ")");
}

static void add_step(lar_text *head, const lar_notes *notes)
{
    lar_text_add(head, "spacings: NaN NaN NaN ");
    lar_add_number(head, notes->step);
    const char *unit = notes->step_unit == 8    ? "s"
                       : notes->step_unit == 16 ? "ms"
                       : notes->step_unit == 24 ? "us"
                                                : NULL;
    if (unit) lar_text_add(head, "\nunits: \"\" \"\" \"\" \"%s\"", unit);
    lar_text_add(head, "\n");
}

static void fill_head(lar_text *head, const lar_image *image, bool packed, const char *data_file)
{
    const lar_affine *a = &image->grid.to_world;
    const bool several = image->channels > 1;
    lar_text_add(head,
                 "NRRD0004\n# Complete NRRD file format specification at:\n"
                 "# http://teem.sourceforge.net/nrrd/format.html\n"
                 "type: %s\ndimension: %d\nspace: left-posterior-superior\nsizes: %lld %lld %lld",
                 lar_nrrd_type(image->type), several ? 4 : 3, (long long)image->grid.size[0],
                 (long long)image->grid.size[1], (long long)image->grid.size[2]);
    if (several) lar_text_add(head, " %lld", (long long)image->channels);
    lar_text_add(head, "\nspace directions:");
    for (int n = 0; n < 3; n++) {
        lar_text_add(head, " ");
        add_vector(head, a, n);
    }
    lar_text_add(head, "%s\nkinds: domain domain domain%s\nendian: little\nencoding: %s\n",
                 several ? " none" : "", several ? " list" : "", packed ? "gzip" : "raw");
    if (several && image->notes && image->notes->step > 0) add_step(head, image->notes);
    lar_text_add(head, "space origin: ");
    add_vector(head, a, 3);
    if (data_file) lar_text_add(head, "\ndata file: %s", data_file);
    lar_text_add(head, "\n\n");
}

lar_status lar_nrrd_write(const lar_image *image, const char *path, const lar_write_params *params)
{
    lar_status status = LAR_OK;
    lar_image *dense = NULL;
    lar_packed voxels = { 0 };
    lar_text head = { 0 };
    lar_arena *arena = NULL;
    const char *beside = NULL;

    if (!lar_grid_is_valid(&image->grid))
        return lar_fail(LAR_EGEOMETRY,
                        "cannot write '%s': its grid is empty, singular or not finite", path);
    LAR_TRY(lar_arena_new(&arena));
    LAR_TRY(lar_image_to_type(&dense, image, image->type)); /* views become contiguous */
    LAR_TRY(lar_pack_voxels(&voxels, dense, LAR_PACKING_GZIP, params->level));
    if (lar_text_ends(path, ".nhdr")) {
        beside = lar_header_sibling(arena, path, ".nhdr", voxels.own ? ".raw.gz" : ".raw");
        if (!beside) {
            status = LAR_EMEMORY;
            goto done;
        }
    }
    fill_head(&head, image, voxels.own != NULL, beside ? lar_path_name(beside) : NULL);
    LAR_TRY(lar_put_voxels(path, &head, beside, &voxels, params->force));
done:
    lar_text_clear(&head);
    lar_free(voxels.own);
    lar_image_free(dense);
    lar_arena_free(arena);
    return status;
}
