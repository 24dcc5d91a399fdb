/* Right stays right (R2): 48 orientations, each in a file with the sform, the qform, both or
 * neither, through the commands: the world position of a marked voxel is kept to 1e-4 mm.
 * SPDX-License-Identifier: Apache-2.0 */
#include "../format/scans.h"
#include "command/command.h"

enum { FORMS = 4, WORDS = 16 };

/* Each makes out.EXT of in.nii; some first make ras.nii, or a folder. */
static const char *const lines[] = {
    "convert in.nii -o out.nii.gz",
    "convert in.nii -o out.nii --nifti 2 --type float32",
    "convert in.nii -o out.hdr",
    "convert in.nii -o out.mha",
    "convert in.nii -o out.nrrd",
    "convert in.nii -o out.mgz",
    "reorient in.nii -o out.nii",
    "reorient in.nii -o out.nii --to PIL",
    "reorient in.nii -o ras.nii|resample in.nii -o out.nii --like ras.nii",
    "crop in.nii -o out.nii --axis z --range 0 0.9",
    "pad in.nii -o out.nii --size 16",
    "smooth in.nii -o out.nii --fwhm 3",
    "clip in.nii -o out.nii --range 10 5000",
    "rescale in.nii -o out.nii",
    "n4 in.nii -o out.nii --shrink 1 --iterations 2",
    "mask in.nii -o out.nii --method threshold --low 900",
    "normalize zscore in.nii -o out.nii",
    "warp in.nii -o out.nii --like in.nii -t id.txt",
    "slice in.nii -o slices/ --axis x|stack slices -o out.nii",
};

static void run(const char *line)
{
    char text[256], *words[WORDS];
    int count = 0, used;
    lar_common common;
    snprintf(text, sizeof text, "%s", line);
    for (char *at = text; *at && count < WORDS;) {
        words[count++] = at;
        at += strcspn(at, " ");
        if (*at) *at++ = 0;
    }
    lar_call call = { .command = lar_cli_find(words[0], count > 1 ? words[1] : NULL, &used) };
    if (!call.command) fail_msg("there is no command for '%s'", line);
    CHECK_OK(lar_arena_new(&call.arena));
    lar_status status = lar_cli_parse(&call, &common, count - used, words + used);
    if (status == LAR_OK) status = call.command->run(&call);
    if (status != LAR_OK) fail_msg("larmor %s: %s", line, lar_error());
    lar_arena_free(call.arena);
}

/* The centre of the brightest voxel. */
static void brightest(const char *path, double world[3])
{
    lar_image *image;
    double most = -INFINITY;
    CHECK_OK(lar_image_read(&image, path));
    for (int64_t k = 0; k < image->grid.size[2]; k++)
        for (int64_t j = 0; j < image->grid.size[1]; j++)
            for (int64_t i = 0; i < image->grid.size[0]; i++) {
                const double value = lar_image_at(image, i, j, k, 0);
                if (value <= most) continue;
                most = value;
                lar_grid_to_world(&image->grid, (double[3]){ (double)i, (double)j, (double)k },
                                  world);
            }
    lar_image_free(image);
}

static const char identity[] = "#Insight Transform File V1.0\nTransform: "
                               "TranslationTransform_double_3_3\nParameters: 0 0 0\n"
                               "FixedParameters:\n";

/* in.nii: values between 100 and 300, and one of 2000, off the middle in every direction. */
static void make_input(int orientation, int form)
{
    lar_grid grid = scan_grid(orientation);
    lar_image *image;
    char *bytes;
    size_t count;
    for (int a = 0; a < 3; a++) grid.size[a] = 13 - a;
    CHECK_OK(lar_image_new(&image, &grid, 1, LAR_I16));
    int16_t *v = image->voxels;
    for (int64_t n = 0; n < lar_image_voxel_count(image); n++)
        v[n] = (int16_t)(100 + 200 * n / lar_image_voxel_count(image));
    v[8 + 13 * (3 + 12 * 4)] = 2000;
    CHECK_OK(lar_image_write(image, "in.nii", true));
    lar_image_free(image);
    CHECK_OK(lar_file_read(&bytes, &count, "in.nii", 1 << 20));
    CHECK_OK(lar_file_write("id.txt", identity, sizeof identity - 1, true));
    if (!(form & 1)) memset(bytes + 252, 0, 2); /* qform_code */
    if (!(form & 2)) memset(bytes + 254, 0, 2); /* sform_code */
    CHECK_OK(lar_file_write("in.nii", bytes, count, true));
    lar_free(bytes);
}

/* Runs a line's commands, and returns what the last one wrote. */
static const char *run_line(const char *line)
{
    static char output[64];
    char part[256];
    for (const char *at = line; *at;) {
        const size_t length = strcspn(at, "|");
        snprintf(part, sizeof part, "%.*s", (int)length, at);
        run(part);
        at += length + (at[length] != 0);
    }
    const char *name = strstr(part, "-o ") + 3;
    snprintf(output, sizeof output, "%.*s", (int)strcspn(name, " "), name);
    return output;
}

static void remove_all(void)
{
    DIR *folder = opendir(".");
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        if (entry->d_name[0] == '.') continue;
        if (unlink(entry->d_name) != 0) check_folder_remove(entry->d_name);
    }
    if (folder) closedir(folder);
}

static void a_marked_voxel_stays_where_it_is(void **state)
{
    (void)state;
    /* thousands of files that are made sure of: in memory where there is a folder for that */
    char memory[] = "/dev/shm/larmor-test-XXXXXX";
    const char *folder = mkdtemp(memory) ? memory : check_folder();
    if (chdir(folder) != 0) fail_msg("cannot go to '%s'", folder);
    int64_t runs = 0;
    double farthest = 0;
    for (int n = 0; n < ORIENTATIONS; n++)
        for (int form = 0; form < FORMS; form++) {
            double before[3], after[3];
            make_input(n, form);
            brightest("in.nii", before);
            for (size_t l = 0; l < sizeof lines / sizeof *lines; l++) {
                const char *output = run_line(lines[l]);
                brightest(output, after);
                for (int r = 0; r < 3; r++) {
                    if (!(fabs(after[r] - before[r]) <= 1e-4))
                        fail_msg("larmor %s, orientation %d, form %d: %.6f becomes %.6f", lines[l],
                                 n, form, before[r], after[r]);
                    farthest = fmax(farthest, fabs(after[r] - before[r]));
                }
                runs++;
                remove_all();
                make_input(n, form);
            }
        }
    print_message("%lld runs, farthest %.2g mm\n", (long long)runs, farthest);
    if (chdir("/") != 0) fail_msg("cannot leave '%s'", folder);
    check_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_marked_voxel_stays_where_it_is) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
