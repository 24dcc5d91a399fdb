/* Files that hold a map between worlds: ITK's text transforms, and displacement fields in NIfTI as
 * ITK and ANTs write them, a vector of millimetres for each voxel.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "format/source.h"
#include "format/transform.h"

enum {
    TEXT_BYTES_MAX = 1 << 20,
    DISPLACEMENT_INTENT = 1006, /* NIfTI's own, along RAS */
    VECTOR_INTENT = 1007        /* what ITK writes, along LPS */
};

static lar_status add_text(lar_chain *chain, const char *path)
{
    lar_status status = LAR_OK;
    char *text = NULL;
    size_t length;
    lar_affine *affines = NULL;
    int64_t count;
    LAR_TRY(lar_file_read(&text, &length, path, TEXT_BYTES_MAX));
    LAR_TRY(lar_itk_text_affines(&affines, &count, text, path));
    for (int64_t n = 0; n < count; n++) LAR_TRY(lar_chain_add_affine(chain, &affines[n]));
done:
    lar_free(affines);
    lar_free(text);
    return status;
}

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

static lar_status add_field(lar_chain *chain, const char *path)
{
    lar_status status = LAR_OK;
    lar_image *image = NULL, *vectors = NULL;
    lar_image_about about = { 0 };
    LAR_TRY(lar_image_read_about(&image, &about, path, LAR_FORM_AUTO));
    LAR_TRY(check_field(&about, path));
    LAR_TRY(lar_image_to_type(&vectors, image, LAR_F32));
    lar_image_free(image);
    image = NULL;
    if (about.notes->intent == VECTOR_INTENT) { /* LPS to RAS */
        float *voxels = vectors->voxels;
        const int64_t count = 2 * lar_image_voxel_count(vectors);
        for (int64_t n = 0; n < count; n++) voxels[n] = -voxels[n];
    }
    status = lar_chain_add_field(chain, vectors);
    if (status != LAR_OK) lar_while(status, "cannot use '%s' as a displacement field", path);
done:
    lar_image_about_clear(&about);
    lar_image_free(vectors);
    lar_image_free(image);
    return status;
}

static lar_status not_a_transform(const char *path)
{
    const lar_status status = lar_fail(
        LAR_EFORMAT, "'%s' is neither an ITK text transform nor a displacement field", path);
    if (lar_text_ends(path, ".mat") || lar_text_ends(path, ".h5") || lar_text_ends(path, ".lta") ||
        lar_text_ends(path, ".xfm"))
        lar_hint(status, "to write it as text first, with ANTs' ConvertTransformFile or "
                         "SimpleITK.WriteTransform(transform, 'name.tfm')");
    return status;
}

lar_status lar_chain_add_file(lar_chain *chain, const char *path)
{
    lar_status status = LAR_OK;
    lar_source source = { 0 };
    bool is_text = false, is_image = false;
    LAR_TRY(lar_source_open(&source, path, true));
    is_text = source.head_count >= strlen(LAR_ITK_TEXT) &&
              memcmp(source.head, LAR_ITK_TEXT, strlen(LAR_ITK_TEXT)) == 0;
    for (const lar_format *const *f = lar_formats; *f; f++)
        is_image = is_image || (*f)->sniff(&source);
done:
    lar_source_clear(&source);
    if (status != LAR_OK) return status;
    return is_text    ? add_text(chain, path)
           : is_image ? add_field(chain, path)
                      : not_a_transform(path);
}
