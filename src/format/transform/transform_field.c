/* Displacement fields in NIfTI as ITK and ANTs write them: five dimensions, a vector of millimetres
 * for each voxel. SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "format/transform/transform.h"

enum {
    DISPLACEMENT_INTENT = 1006, /* NIfTI's own, along RAS */
    VECTOR_INTENT = 1007,       /* what ITK writes, along LPS */
    ALIGNED = 2                 /* NIfTI's code of the space */
};

static lar_status check_field(const lar_image_about *about, const char *path)
{
    const int intent = about->notes->intent;
    if (about->dims == 5 && about->dim[3] == 1 && about->dim[4] == 3 &&
        (intent == VECTOR_INTENT || intent == DISPLACEMENT_INTENT))
        return LAR_OK;
    const lar_status status = lar_fail(
        LAR_EFORMAT,
        "'%s' is an image, but not a displacement field: it has %lld dimensions, %lld values a "
        "voxel and intent code %d, expected 5, 3 and %d (vectors)",
        path, (long long)about->dims, (long long)about->channels, intent, VECTOR_INTENT);
    return lar_hint(status, "a field as ITK or ANTs writes it, such as ...1Warp.nii.gz");
}

/* Between LPS and RAS. */
static void turn_about(lar_image *vectors)
{
    float *voxels = vectors->voxels;
    const int64_t count = 2 * lar_image_voxel_count(vectors);
    for (int64_t n = 0; n < count; n++) voxels[n] = -voxels[n];
}

lar_status lar_transform_add_field(lar_chain *chain, const char *path, bool inverse)
{
    lar_status status = LAR_OK;
    lar_image *image = NULL, *vectors = NULL;
    lar_image_about about = { 0 };
    LAR_TRY(lar_image_read_about(&image, &about, path, LAR_FORM_AUTO));
    LAR_TRY(check_field(&about, path));
    LAR_TRY(lar_image_to_type(&vectors, image, LAR_F32));
    lar_image_free(image);
    image = NULL;
    if (about.notes->intent == VECTOR_INTENT) turn_about(vectors);
    status =
        inverse ? lar_chain_add_field_inverse(chain, vectors) : lar_chain_add_field(chain, vectors);
    if (status != LAR_OK) lar_while(status, "cannot use '%s' as a displacement field", path);
done:
    lar_image_about_clear(&about);
    lar_image_free(vectors);
    lar_image_free(image);
    return status;
}

lar_status lar_field_write(const lar_image *displacement_mm, const char *path, bool force)
{
    lar_status status = LAR_OK;
    lar_image *as_float = NULL, *vectors = NULL;
    lar_notes *notes = NULL;
    if (displacement_mm->channels != 3)
        return lar_fail(LAR_EARGUMENT, "a displacement field has 3 channels, along x y z, not %lld",
                        (long long)displacement_mm->channels);
    if (!lar_text_ends(path, ".nii") && !lar_text_ends(path, ".nii.gz")) {
        status = lar_fail(LAR_EARGUMENT,
                          "the displacement field '%s' cannot be written: it has to "
                          "be NIfTI",
                          path);
        return lar_hint(status, "a name that ends in .nii.gz");
    }
    LAR_TRY(lar_image_to_type(&as_float, displacement_mm, LAR_F32));
    LAR_TRY(lar_image_copy(&vectors, as_float));
    turn_about(vectors);
    LAR_TRY(lar_notes_new(&notes, 0));
    notes->intent = VECTOR_INTENT;
    notes->form_code = ALIGNED;
    lar_image_set_notes(vectors, notes);
    status = lar_image_write(vectors, path, force);
done:
    lar_notes_drop(notes);
    lar_image_free(vectors);
    lar_image_free(as_float);
    return status;
}
