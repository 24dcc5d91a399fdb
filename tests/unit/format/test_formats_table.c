/* Laws of the whole table of formats, whatever rows it has: between every two that are written an
 * image keeps its voxels and its place; content decides over names; and noise is no image.
 * SPDX-License-Identifier: Apache-2.0 */
#include <strings.h>

#include "format/nifti/nifti.h"
#include "scans.h"

/* What a format has less than an image: the test asks no more of it. */
typedef struct limits {
    const char *format;
    int64_t slices, channels; /* at most; 0: any */
    bool narrow;              /* uint8 and uint16 alone */
} limits;
static const limits exceptions[] = {
    { .format = "PNG", .slices = 1, .channels = 1, .narrow = true },
    { 0 },
};

static limits limits_of(const char *format)
{
    const limits *at = exceptions;
    while (at->format && strcasecmp(at->format, format) != 0) at++;
    return *at;
}

typedef struct ending {
    const char *format, *suffix;
    bool written;
} ending;

enum { MOST_ENDINGS = 128 };
static ending endings[MOST_ENDINGS];
static int ending_count;

/* The endings of all rows; one that two rows share is that of the first. */
static int find_endings(void **state)
{
    (void)state;
    const char *name, *const *suffixes;
    for (int n = 0; lar_format_at(n, &name, &suffixes); n++)
        for (; *suffixes; suffixes++) {
            char path[64];
            int known = 0;
            while (known < ending_count && !lar_text_is(endings[known].suffix, *suffixes)) known++;
            if (known < ending_count) continue;
            assert_true(ending_count < MOST_ENDINGS);
            snprintf(path, sizeof path, "a%s", *suffixes);
            endings[ending_count++] = (ending){ name, *suffixes, lar_path_is_image(path) };
        }
    return 0;
}

static const char *in(const char *folder, const char *stem, const char *suffix)
{
    static char path[4][256];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof path[turn], "%s/%s%s", folder, stem, suffix);
    return path[turn];
}

/* In memory where that can be: thousands of files, each with its fsync. */
static const char *fast_folder(void)
{
    static char path[64];
    snprintf(path, sizeof path, "/dev/shm/larmor-test-XXXXXX");
    return mkdtemp(path) ? path : check_folder();
}

static void put_file(const char *path, const void *bytes, size_t count)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
}

/* Small whole numbers, which every type holds. */
static lar_image *small_numbers(int orientation, lar_type type, const limits *limit,
                                int64_t channels)
{
    lar_grid grid = scan_grid(orientation);
    lar_image *image;
    if (limit->slices) grid.size[2] = limit->slices;
    if (limit->channels) channels = limit->channels;
    if (limit->narrow && type != LAR_U16) type = LAR_U8;
    CHECK_OK(lar_image_new(&image, &grid, channels, type));
    const int64_t count = lar_image_voxel_count(image) * channels;
    for (int64_t n = 0; n < count; n++)
        scan_set(image, n, (uint64_t)(n * 37 % 101), (double)(n * 37 % 101));
    return image;
}

static void same_values(const lar_image *a, const lar_image *b, const char *what)
{
    bool same = a->channels == b->channels;
    for (int n = 0; n < 3; n++) same &= a->grid.size[n] == b->grid.size[n];
    if (!same) fail_msg("%s changes the sizes", what);
    for (int64_t c = 0; c < a->channels; c++)
        for (int64_t k = 0; k < a->grid.size[2]; k++)
            for (int64_t j = 0; j < a->grid.size[1]; j++)
                for (int64_t i = 0; i < a->grid.size[0]; i++)
                    same &= lar_image_at(a, i, j, k, c) == lar_image_at(b, i, j, k, c);
    if (!same) fail_msg("%s changes voxels", what);
}

static double worst_mm;

static void same_place(const lar_grid *a, const lar_grid *b, const char *what)
{
    for (int corner = 0; corner < 8; corner++) {
        double ijk[3], at_a[3], at_b[3], square = 0;
        for (int n = 0; n < 3; n++) ijk[n] = corner >> n & 1 ? (double)(a->size[n] - 1) : 0;
        lar_grid_to_world(a, ijk, at_a);
        lar_grid_to_world(b, ijk, at_b);
        for (int n = 0; n < 3; n++) square += (at_a[n] - at_b[n]) * (at_a[n] - at_b[n]);
        if (!(sqrt(square) <= 1e-4)) fail_msg("%s moves a corner by %g mm", what, sqrt(square));
        worst_mm = fmax(worst_mm, sqrt(square));
    }
}

/* As NIfTI says a place: 0 by sform, 1 by qform, 2 by both, 3 by neither. */
enum { FORMS = 4 };
static lar_image *through_form(const char *folder, const lar_image *image, int form)
{
    const char *path = in(folder, "form", ".nii");
    char *bytes;
    size_t count;
    lar_nifti_header h;
    lar_image *back;
    CHECK_OK(lar_image_write(image, path, true));
    CHECK_OK(lar_file_read(&bytes, &count, path, 1 << 20));
    lar_nifti_decode(&h, (unsigned char *)bytes, 1, false);
    assert_true(h.sform_code > 0 && h.qform_code > 0);
    if (form == 1 || form == 3) h.sform_code = 0;
    if (form == 0 || form == 3) h.qform_code = 0;
    lar_nifti_encode((unsigned char *)bytes, &h);
    CHECK_OK(lar_image_read_bytes(&back, bytes, count, "form.nii"));
    lar_free(bytes);
    return back;
}

/* A's limits, then B's: what both can keep. */
static void between(const char *folder, const ending *a, const ending *b, int orientation, int form,
                    lar_type type)
{
    const limits one = limits_of(a->format), two = limits_of(b->format);
    const limits both = { .slices = one.slices ? one.slices : two.slices,
                          .channels = one.channels ? one.channels : two.channels,
                          .narrow = one.narrow || two.narrow };
    char what[128];
    lar_image *made = small_numbers(orientation, type, &both, 1 + orientation % 3), *first, *second;
    lar_image *image = through_form(folder, made, form);
    snprintf(what, sizeof what, "%s to %s (orientation %d, form %d, %s)", a->suffix, b->suffix,
             orientation, form, lar_type_name(image->type));
    CHECK_OK(lar_image_write(image, in(folder, "one", a->suffix), true));
    CHECK_OK(lar_image_read(&first, in(folder, "one", a->suffix)));
    CHECK_OK(lar_image_write(first, in(folder, "two", b->suffix), true));
    CHECK_OK(lar_image_read(&second, in(folder, "two", b->suffix)));
    same_values(image, second, what);
    same_place(&image->grid, &second->grid, what);
    lar_image_free(second);
    lar_image_free(first);
    lar_image_free(image);
    lar_image_free(made);
}

static void every_pair_keeps_the_image(void **state)
{
    (void)state;
    static const int orientations[] = { 0, 5, 13, 22, 30, 39, 47 };
    static const lar_type types[] = { LAR_U8, LAR_I16, LAR_F32, LAR_U16, LAR_I32 };
    int pairs = 0, turn = 0;
    for (int a = 0; a < ending_count; a++)
        for (int b = 0; b < ending_count; b++) {
            if (!endings[a].written || !endings[b].written) continue;
            const char *folder = fast_folder();
            pairs++;
            for (int o = 0; o < 7; o++)
                for (int form = o % 2; form < FORMS; form += 2, turn++)
                    between(folder, &endings[a], &endings[b], orientations[o], form,
                            types[turn % 5]);
            check_folder_remove(folder);
        }
    print_message("%d pairs of endings, corners within %.2g mm\n", pairs, worst_mm);
    assert_true(pairs >= 36); /* of NIfTI and MGH alone there are more */
}

static int files_in(const char *folder)
{
    int count = 0;
    DIR *open = opendir(folder);
    assert_non_null(open);
    for (struct dirent *entry; (entry = readdir(open));) count += entry->d_name[0] != '.';
    closedir(open);
    return count;
}

/* A file under the name of another format: the image, and a warning that names both. */
static void content_decides_over_the_name(void **state)
{
    (void)state;
    int tried = 0;
    for (int a = 0; a < ending_count; a++) {
        if (!endings[a].written) continue;
        const limits limit = limits_of(endings[a].format);
        const char *folder = fast_folder(), *path = in(folder, "one", endings[a].suffix);
        lar_image *image = small_numbers(9, LAR_U8, &limit, 1), *right, *back;
        char *bytes;
        size_t count;
        CHECK_OK(lar_image_write(image, path, false));
        const bool alone = files_in(folder) == 1;
        CHECK_OK(lar_image_read(&right, path));
        CHECK_OK(lar_file_read(&bytes, &count, path, 1 << 20));
        check_folder_remove(folder);
        for (int b = 0; alone && b < ending_count; b++) {
            char words[128];
            if (lar_text_is(endings[a].format, endings[b].format)) continue;
            folder = fast_folder();
            path = in(folder, "two", endings[b].suffix);
            put_file(path, bytes, count);
            scan_listen();
            CHECK_OK(lar_image_read(&back, path));
            snprintf(words, sizeof words, "its name is that of %s, its content is %s",
                     endings[b].format, endings[a].format);
            if (!strstr(scan_said, words))
                fail_msg("%s named %s says '%s'", endings[a].suffix, endings[b].suffix, scan_said);
            same_values(right, back, words);
            assert_memory_equal(&right->grid, &back->grid, sizeof right->grid);
            lar_image_free(back);
            check_folder_remove(folder);
            tried++;
        }
        lar_free(bytes);
        lar_image_free(right);
        lar_image_free(image);
    }
    print_message("%d files under another name\n", tried);
    assert_true(tried >= 10);
}

/* Random bytes of many lengths. */
static void noise_is_no_image(void **state)
{
    (void)state;
    const char *folder = fast_folder();
    for (int e = 0; e < ending_count; e++) {
        const char *path = in(folder, "noise", endings[e].suffix);
        for (uint64_t n = 0; n < 60; n++) {
            uint32_t noise[2500];
            lar_image *image;
            lar_image_about about;
            const size_t count = (size_t)(1 + n * n * 2777 / 1000);
            for (uint64_t w = 0; w < 2500; w += 4) lar_random_bits(noise + w, 5, n, w);
            put_file(path, noise, count);
            if (lar_image_read(&image, path) == LAR_OK || image || !*lar_error())
                fail_msg("%zu random bytes are an image of the name %s", count, endings[e].suffix);
            const lar_status status = lar_image_read_header(&about, path);
            lar_image_about_clear(&about);
            if (status == LAR_OK)
                fail_msg("%zu random bytes have a header of %s", count, endings[e].suffix);
        }
        CHECK_OK(lar_file_remove(path)); /* it would be the header or the voxels of another */
    }
    check_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_keeps_the_image),
        cmocka_unit_test(content_decides_over_the_name),
        cmocka_unit_test(noise_is_no_image),
    };
    return cmocka_run_group_tests(tests, find_endings, NULL);
}
