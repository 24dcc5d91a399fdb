/* Any bytes as a header that is text, with its voxels behind it or in files beside it: an error, or
 * an image all of whose voxels can be read.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_FUZZ_APART_H
#define LAR_FUZZ_APART_H

#include <sys/stat.h>
#include <unistd.h>

#include "codec/codec.h"
#include "format/format.h"
#include "fuzz.h"

/* What headers may name beside them; 240 bytes are voxels enough for the seeds. */
static const char *const fuzz_beside[] = { "x.raw",  "x.zraw", "x.raw.gz", "s1.raw",
                                           "s2.raw", "s3.raw", "d/x.raw" };
enum { FUZZ_BESIDE = sizeof fuzz_beside / sizeof *fuzz_beside, FUZZ_VOXELS = 240 };

static char fuzz_folder[64];

static inline const char *fuzz_path(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", fuzz_folder, name);
    return path;
}

static inline void fuzz_remove(void)
{
    for (int n = 0; n < FUZZ_BESIDE; n++) unlink(fuzz_path(fuzz_beside[n]));
    unlink(fuzz_path("x.mhd"));
    unlink(fuzz_path("x.nhdr"));
    rmdir(fuzz_path("d"));
    rmdir(fuzz_folder);
}

static inline void fuzz_put(const char *name, const void *bytes, size_t count)
{
    FILE *file = fopen(fuzz_path(name), "wb");
    if (!file || fwrite(bytes, 1, count, file) != count || fclose(file) != 0) abort();
}

/* In memory where there is a folder for it. */
static inline void fuzz_prepare(void)
{
    unsigned char voxels[FUZZ_VOXELS], *packed;
    size_t count;
    snprintf(fuzz_folder, sizeof fuzz_folder, "/dev/shm/larmor-fuzz-XXXXXX");
    if (!mkdtemp(fuzz_folder)) {
        snprintf(fuzz_folder, sizeof fuzz_folder, "/tmp/larmor-fuzz-XXXXXX");
        if (!mkdtemp(fuzz_folder)) abort();
    }
    atexit(fuzz_remove);
    mkdir(fuzz_path("d"), 0700);
    for (int n = 0; n < FUZZ_VOXELS; n++) voxels[n] = (unsigned char)(n * 37 % 251);
    for (int n = 0; n < FUZZ_BESIDE; n++) fuzz_put(fuzz_beside[n], voxels, n < 3 ? FUZZ_VOXELS : 8);
    if (lar_zlib_deflate(&packed, &count, voxels, FUZZ_VOXELS, 6) != LAR_OK) abort();
    fuzz_put("x.zraw", packed, count);
    lar_free(packed);
    if (lar_gzip_deflate(&packed, &count, voxels, FUZZ_VOXELS, 6) != LAR_OK) abort();
    fuzz_put("x.raw.gz", packed, count);
    lar_free(packed);
}

static inline void fuzz_check(lar_status status, lar_image *image)
{
    lar_range range;
    if ((status == LAR_OK) != (image != NULL) || (!image && !lar_error()[0])) abort();
    if (!image) return;
    if (lar_image_range(&range, image) != LAR_OK && !lar_error()[0]) abort();
    if (!lar_grid_is_valid(&image->grid) || !lar_image_is_contiguous(image)) abort();
    lar_image_free(image);
}

/* header: the name that a header with its voxels in x.raw has. */
static inline void fuzz_apart(const uint8_t *bytes, size_t count, const char *header)
{
    lar_image *image = NULL;
    lar_image_about about;
    lar_error_set("");
    lar_status status = lar_image_read_bytes(&image, bytes, count, "fuzz");
    const bool elsewhere = status != LAR_OK && strstr(lar_error(), "in another file");
    fuzz_check(status, image);
    if (!elsewhere) return;
    if (!*fuzz_folder) fuzz_prepare();
    fuzz_put(header, bytes, count);
    image = NULL;
    lar_error_set("");
    status = lar_image_read(&image, fuzz_path(header));
    const bool read = status == LAR_OK;
    fuzz_check(status, image);
    /* what can be read has a header that can be read */
    if (lar_image_read_header(&about, fuzz_path(header)) != LAR_OK && read) abort();
    lar_image_about_clear(&about);
    if (count % 4) return;
    image = NULL;
    lar_error_set("");
    status = lar_image_read(&image, fuzz_path("x.raw"));
    fuzz_check(status, image);
}

#endif
