/* Any bytes as an Analyze pair, the header's 348 first: an error, or an image all of whose voxels
 * can be read.
 * SPDX-License-Identifier: Apache-2.0 */
#include "format/nifti/nifti.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    const size_t head = count < NIFTI1_BYTES ? count : NIFTI1_BYTES;
    lar_source header = { 0 }, voxels = { 0 };
    lar_image_about about = { 0 };
    lar_image *image = NULL;
    lar_range range;
    lar_status status = lar_source_over(&header, bytes, head, "fuzz.hdr");
    if (status == LAR_OK) status = lar_source_over(&voxels, bytes + head, count - head, "fuzz.img");
    if (status == LAR_OK)
        status = lar_nifti_read_pair(&image, &about, &header, &voxels, LAR_FORM_AUTO);
    if ((status == LAR_OK) != (image != NULL)) abort();
    if (!image && !lar_error()[0]) abort();
    if (image) {
        if (lar_image_range(&range, image) != LAR_OK && !lar_error()[0]) abort();
        if (!lar_grid_is_valid(&image->grid) || !lar_image_is_contiguous(image)) abort();
    }
    lar_image_free(image);
    lar_image_about_clear(&about);
    lar_source_clear(&header);
    lar_source_clear(&voxels);
    return 0;
}
