/* dicom_tags: the few elements of a DICOM header that say which series a file belongs to and where
 * its slice is; of the room only. dcm2niix reads the voxels; this is what its work is checked with.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_DICOM_TAGS_H
#define LAR_DICOM_TAGS_H

#include "base/base.h"

enum { LAR_DICOM_UID = 65 };

typedef struct lar_dicom_tags {
    char series[LAR_DICOM_UID]; /* SeriesInstanceUID */
    int64_t number, instance;   /* of the series; of the image in it; 0 where not said */
    int64_t rows, columns, frames;
    bool placed;                           /* by the next: LPS mm, as stored */
    double position[3], along[3], down[3]; /* of the first voxel; along a row, down a column */
    double across_mm, down_mm;             /* between columns, between rows */
    bool has_tilt;
    double tilt;      /* GantryDetectorTilt, degrees */
    bool pixels;      /* it is an image */
    uint64_t end;     /* of what the header describes: bytes that the file must have */
    size_t packed_at; /* where the items of compressed pixels begin; 0 where not compressed */
} lar_dicom_tags;

/* False where these are not the beginning of a DICOM file, or of one in an encoding that is not
 * read here (deflated). `more`: the header goes on past the bytes. */
bool lar_dicom_tags_read(lar_dicom_tags *out, bool *more, const unsigned char *bytes, size_t count);

/* dcm2niix 1.0.20220720 takes an image that lies in several fragments for a damaged one. The file
 * with one fragment, or NULL where it has one already, or is damaged. Free with lar_free(). */
unsigned char *lar_dicom_join(size_t *out_count, const lar_dicom_tags *tags,
                              const unsigned char *bytes, size_t count);

#endif
