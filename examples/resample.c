/* Reads a scan, puts it on voxels of 1 mm, and writes it.
 *
 *     cc resample.c -o resample $(pkg-config --cflags --libs larmor)
 *     ./resample t1.nii.gz t1_1mm.nii.gz
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <larmor/larmor.h>
#include <stdio.h>

/* Warnings of the library, such as about an odd header, come here. */
static void show(void *user, lar_log_level level, const char *line)
{
    (void)user;
    if (level == LAR_LOG_WARNING) fprintf(stderr, "warning: %s\n", line);
}

int main(int argc, char **argv)
{
    const double spacing_mm[3] = { 1, 1, 1 };
    lar_image *scan = NULL, *fine = NULL;
    lar_status status;

    if (argc != 3) {
        fprintf(stderr, "usage: %s IN OUT\n", argv[0]);
        return 2;
    }
    lar_log_to(show, NULL);

    status = lar_image_read(&scan, argv[1]);
    if (status != LAR_OK) goto done;

    /* the same field of view, at another spacing; cubic B-splines are the default */
    const lar_grid onto = lar_grid_with_spacing(&scan->grid, spacing_mm);
    const lar_resample_params params = lar_resample_default();
    status = lar_resample(&fine, scan, &onto, &params);
    if (status != LAR_OK) goto done;

    status = lar_image_write(fine, argv[2], false); /* an existing file is not replaced */
    if (status != LAR_OK) goto done;
    printf("%s: %lld x %lld x %lld voxels of 1 mm\n", argv[2], (long long)onto.size[0],
           (long long)onto.size[1], (long long)onto.size[2]);
done:
    if (status != LAR_OK) fprintf(stderr, "%s: %s\n", argv[0], lar_error());
    lar_image_free(fine);
    lar_image_free(scan);
    return status == LAR_OK ? 0 : 1;
}
