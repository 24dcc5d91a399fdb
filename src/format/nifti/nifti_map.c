/* NIfTI voxels as pages of the file: what the loader reads prepared volumes with.
 * SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format/nifti/nifti.h"

static void release_map(void *bytes, size_t count)
{
    munmap(bytes, count);
}

/* The whole file as private pages, or NULL where that cannot be (an empty file, a pipe). */
static void *map_file(const char *path, size_t *count)
{
    struct stat about;
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) return NULL;
    void *map = MAP_FAILED;
    if (fstat(file, &about) == 0 && S_ISREG(about.st_mode) && about.st_size > 0) {
        *count = (size_t)about.st_size;
        /* private and writable: a change to the image is never one to the file */
        map = mmap(NULL, *count, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    }
    close(file);
    return map == MAP_FAILED ? NULL : map;
}

static bool can_map(const lar_image_about *about, const lar_voxels *v, size_t count)
{
    return !v->beside && !v->swapped && !v->scaled &&
           v->offset % (int64_t)lar_type_size(about->stored) == 0 &&
           (size_t)v->offset + v->bytes == count;
}

lar_status lar_nifti_map(lar_image **out, const char *path)
{
    lar_status status = LAR_OK;
    lar_image_about about = { 0 };
    lar_voxels v;
    lar_buffer *buffer;
    size_t count = 0;
    bool swapped;
    unsigned char *map = map_file(path, &count);

    *out = NULL;
    if (!map || !lar_nifti_version(map, count, &swapped) ||
        lar_nifti_about(&about, &v, map, count, LAR_FORM_AUTO, path) != LAR_OK ||
        !can_map(&about, &v, count)) {
        status = lar_image_read(out, path); /* says what is wrong, where something is */
        goto done;
    }
    LAR_TRY(lar_nifti_extensions(&about, map, (size_t)v.offset, path));
    lar_about_say(&about, path);
    unsigned char *voxels = map + v.offset;
    unsigned char *taken = map;
    map = NULL;
    LAR_TRY(lar_buffer_new(&buffer, taken, count, release_map));
    LAR_TRY(lar_image_over(out, &about.grid, about.channels, about.type, buffer, voxels));
    lar_image_set_notes(*out, about.notes);
done:
    if (map) munmap(map, count);
    lar_image_about_clear(&about);
    return status;
}
