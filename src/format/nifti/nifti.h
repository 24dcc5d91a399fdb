/* NIfTI-1 and NIfTI-2, of the room only: the header as numbers, its fields, its two forms.
 * https://nifti.nimh.nih.gov; Cox 2004, "A (sort of) new image data format standard: NIfTI-1".
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_NIFTI_H
#define LAR_NIFTI_H

#include "format/format.h"
#include "format/voxels.h"

enum { NIFTI1_BYTES = 348, NIFTI2_BYTES = 540, NIFTI_FLAG_BYTES = 4 };

/* Both versions, in this machine's byte order. Names are the standard's. */
typedef struct lar_nifti_header {
    int version;  /* 1 or 2 */
    bool swapped; /* the file is of the other byte order */
    char magic[9];
    int64_t dim[8], datatype, bitpix;
    int64_t qform_code, sform_code, intent_code, xyzt_units;
    double pixdim[8], vox_offset, scl_slope, scl_inter, cal_max, cal_min;
    double intent_p[3], quatern[3], qoffset[3], srow[12];
    char descrip[81], intent_name[17];
} lar_nifti_header;

/* Where the header begins with a length of NIfTI-1 or -2 in either byte order: 1 or 2; else 0. */
int lar_nifti_version(const unsigned char *bytes, size_t count, bool *swapped);
/* 348 or 540 bytes to numbers, and back; bytes without a field are 0. */
void lar_nifti_decode(lar_nifti_header *header, const unsigned char *bytes, int version,
                      bool swapped);
void lar_nifti_encode(unsigned char *bytes, const lar_nifti_header *header);

/* Byte order, for what is not in the header. */
int32_t lar_nifti_int32(const unsigned char *bytes, bool swapped);
int16_t lar_nifti_int16(const unsigned char *bytes, bool swapped);

/* The affine of a header by the rule of `form`; says which in about->affine_from, with warnings. */
lar_status lar_nifti_affine(lar_image_about *about, const lar_nifti_header *header, int form,
                            const char *name);
/* Fills both forms of the header, or the sform alone where a rotation and voxel sizes do not
 * give the affine. */
void lar_nifti_set_forms(lar_nifti_header *header, const lar_grid *grid, int code);

/* Checks a header and says what it means. `about` is cleared by the caller, also on failure. */
lar_status lar_nifti_about(lar_image_about *about, lar_voxels *voxels, const unsigned char *bytes,
                           size_t count, int form, const char *name);
/* The extensions between the header and `end`, kept in about->notes. */
lar_status lar_nifti_extensions(lar_image_about *about, const unsigned char *bytes, size_t count,
                                const char *name);
int64_t lar_nifti_datatype(lar_type type);
/* The voxel edge along axis a, 0 to 2, in the file's unit: positive, and 1 where it says 0. */
double lar_nifti_edge(const lar_nifti_header *header, int a);

/* The file in one piece, or the pair; the header alone where the source is partial. Of Analyze too,
 * which is the pair that NIfTI took over. */
lar_status lar_nifti_open(lar_image **out, lar_image_about *about, lar_source *source, int form);
lar_status lar_nifti_open_header(lar_image_about *about, lar_source *source, int form);
/* `image` is open already, or has its path alone. */
lar_status lar_nifti_read_pair(lar_image **out, lar_image_about *about, lar_source *header,
                               lar_source *image, int form);

/* True of a header with NIfTI-1's length, but without its magic word or one that resembles it. */
bool lar_analyze_is(const unsigned char *bytes, size_t count);
bool lar_analyze_found(const lar_image_about *about);
/* What fields mean that Analyze has otherwise than NIfTI: types and scaling; then, with the sizes
 * known, place and notes. */
lar_status lar_analyze_about(lar_image_about *about, const lar_nifti_header *header,
                             const unsigned char *bytes, int form, const char *name);
lar_status lar_analyze_place(lar_image_about *about, const lar_nifti_header *header,
                             const unsigned char *bytes, const char *name);
lar_status lar_nifti_write(const lar_image *image, const char *path,
                           const lar_write_params *params);

#endif
