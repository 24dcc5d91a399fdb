/* An image that dcm2niix made, settled: no text of the patient in its header, its place that of its
 * slices, whole Hounsfield units, and corrected where that was asked for.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <unistd.h>

#include "format/dicom/dicom.h"
#include "format/nifti/nifti.h"

/* The header of a NIfTI file that we own, once more: without the text that says when it was scanned
 * (dcm2niix issue 557), and with another affine where there is one. */
static lar_status rewrite_header(const char *path, const lar_grid *grid)
{
    unsigned char bytes[NIFTI2_BYTES];
    bool swapped;
    lar_nifti_header h;
    const int file = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    const ssize_t got = file < 0 ? -1 : pread(file, bytes, sizeof bytes, 0);
    const int version = got > 0 ? lar_nifti_version(bytes, (size_t)got, &swapped) : 0;
    const size_t length = version == 1 ? NIFTI1_BYTES : NIFTI2_BYTES;
    bool done = version && !swapped && (size_t)got >= length;
    if (done) {
        lar_nifti_decode(&h, bytes, version, false);
        memset(h.descrip, 0, sizeof h.descrip);
        memset(h.intent_name, 0, sizeof h.intent_name); /* dcm2niix: the name of the study */
        if (grid) lar_nifti_set_forms(&h, grid, 1);
        lar_nifti_encode(bytes, &h);
        done = pwrite(file, bytes, length, 0) == (ssize_t)length;
    }
    if (file >= 0) close(file);
    return done ? LAR_OK : lar_fail(LAR_EIO, "cannot rewrite the header of '%s'", path);
}

/* Hounsfield units are whole numbers, stored with 1024 added: as int16 where they fit. */
static lar_status fold_offset(const char *path, const lar_image_about *header)
{
    lar_status status = LAR_OK;
    lar_image *image = NULL, *whole = NULL;
    lar_image_about about = { 0 };
    lar_range range;
    const bool small = header->stored == LAR_I16 || header->stored == LAR_U16 ||
                       header->stored == LAR_U8 || header->stored == LAR_I8;
    if (!small || header->slope != 1 || header->inter == 0 || header->inter != floor(header->inter))
        return LAR_OK;
    LAR_TRY(lar_image_read_about(&image, &about, path, LAR_FORM_AUTO));
    LAR_TRY(lar_image_range(&range, image));
    if (range.low < INT16_MIN || range.high > INT16_MAX) goto done;
    LAR_TRY(lar_image_to_type(&whole, image, LAR_I16));
    LAR_TRY(lar_image_write(whole, path, true));
done:
    lar_image_about_clear(&about);
    lar_image_free(image);
    lar_image_free(whole);
    return status;
}

static lar_status correct_image(const char *path, const lar_dicom_place *place)
{
    lar_status status = LAR_OK;
    lar_image *image = NULL, *made = NULL;
    lar_image_about about = { 0 };
    LAR_TRY(lar_image_read_about(&image, &about, path, LAR_FORM_AUTO));
    LAR_TRY(lar_dicom_correct(&made, image, place));
    LAR_TRY(lar_image_write(made, path, true));
done:
    lar_image_about_clear(&about);
    lar_image_free(image);
    lar_image_free(made);
    return status;
}

static double corners_apart(const lar_grid *grid, const lar_affine *other)
{
    double most = 0;
    for (int corner = 0; corner < 8; corner++) {
        double apart = 0;
        for (int r = 0; r < 3; r++) {
            double sum = grid->to_world.m[r][3] - other->m[r][3];
            for (int c = 0; c < 3; c++)
                sum += (corner >> c & 1) * (double)(grid->size[c] - 1) *
                       (grid->to_world.m[r][c] - other->m[r][c]);
            apart += sum * sum;
        }
        most = fmax(most, sqrt(apart));
    }
    return most;
}

/* A series that is no image for larmor, such as a picture in colours, is not to stop the others;
 * and the name of a file that nobody knows tells nothing. */
static lar_status check_kind(lar_image_about *about, const char *path)
{
    const lar_status status = lar_image_read_header(about, path);
    if (status != LAR_EUNSUPPORTED) return status;
    const char *what = strstr(lar_error(), "' ");
    char words[256];
    snprintf(words, sizeof words, "%s", what ? what + 2 : "is of an unknown kind");
    return lar_fail(LAR_EFORMAT, "its image %s", words);
}

lar_status lar_dicom_settle(int64_t *slices, lar_text *warnings, const char *path,
                            const lar_dicom_file *files, int64_t count, bool correct,
                            lar_arena *arena)
{
    lar_status status = LAR_OK;
    lar_image_about about = { 0 };
    lar_dicom_place place;

    LAR_TRY(rewrite_header(path, NULL)); /* also refuses what is no plain file */
    LAR_TRY(check_kind(&about, path));
    *slices = about.grid.size[2] * about.channels;
    LAR_TRY(lar_dicom_find_place(&place, &about.grid, files, count, arena));
    if (place.places && place.places < about.grid.size[2]) {
        status =
            lar_fail(LAR_EFORMAT,
                     "its %lld slices are at %lld places: some are there twice, and all behind "
                     "them would be misplaced",
                     (long long)about.grid.size[2], (long long)place.places);
        goto done;
    }
    const double apart = place.known ? corners_apart(&about.grid, &place.to_world) : 0;
    const bool odd = place.known && (place.tilted || place.uneven);
    if (place.known && !odd && apart > 0.1)
        lar_text_add(warnings,
                     "dcm2niix places it up to %.3g mm from where its slices say they are; the "
                     "slices are believed\n",
                     apart);
    if (place.known) lar_dicom_say_place(warnings, &place, about.grid.size[2], correct);
    lar_grid grid = about.grid;
    if (place.known) grid.to_world = place.to_world;
    if (odd || apart > 0.1) LAR_TRY(rewrite_header(path, &grid));
    LAR_TRY(fold_offset(path, &about));
    if (odd && correct) LAR_TRY(correct_image(path, &place));
done:
    lar_image_about_clear(&about);
    return status;
}
