/* DICOM: not read yet.
 * SPDX-License-Identifier: Apache-2.0 */
#include "format/format.h"

lar_status lar_dicom_open(lar_dicom **out, const char *path, const lar_dicom_params *params)
{
    (void)params;
    *out = NULL;
    return lar_fail(LAR_EUNSUPPORTED, "'%s' holds DICOM, which larmor does not read yet", path);
}

void lar_dicom_free(lar_dicom *dicom)
{
    (void)dicom;
}

bool lar_dicom_is_private(const char *fact)
{
    return lar_text_starts(fact, "Patient") || lar_text_starts(fact, "Acquisition");
}

bool lar_dicom_is(const char *path)
{
    return lar_text_ends(path, ".dcm");
}
