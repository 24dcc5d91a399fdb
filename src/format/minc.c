/* MINC1 and MINC2, by way of larmor-minc: a program apart that turns them into NIfTI, so that what
 * happens in libminc, HDF5 and netCDF stays there.
 * https://en.wikibooks.org/wiki/MINC/Reference/MINC2.0_File_Format_Reference
 * SPDX-License-Identifier: Apache-2.0 */
#include <sys/stat.h>
#include <unistd.h>

#include "codec/codec.h"
#include "format/source.h"

#ifndef LARMOR_LIBEXEC
#define LARMOR_LIBEXEC "../libexec/larmor" /* from the library's folder */
#endif

static const unsigned char hdf5_magic[8] = { 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n' };

static bool is_hdf5(const lar_source *source)
{
    return source->head_count >= 8 && memcmp(source->head, hdf5_magic, 8) == 0;
}

static bool minc_sniff(const lar_source *source)
{
    return is_hdf5(source) || (source->head_count >= 4 && (memcmp(source->head, "CDF\1", 4) == 0 ||
                                                           memcmp(source->head, "CDF\2", 4) == 0));
}

lar_status lar_minc_program(lar_text *path)
{
    if (lar_library_beside(path, "larmor-minc", X_OK) ||
        lar_library_beside(path, LARMOR_LIBEXEC "/larmor-minc", X_OK))
        return LAR_OK;
    const lar_status status =
        lar_fail(LAR_EUNSUPPORTED, "the program 'larmor-minc', which reads MINC, is not installed");
    return lar_hint(status, "to install libminc-dev, and to build and install larmor anew");
}

/* What larmor-minc reads: a link to the file, so that no name of it matters, or its content where
 * it is compressed. */
static lar_status give_input(const char *input, lar_source *source)
{
    lar_status status = LAR_OK;
    lar_source whole = { 0 };
    lar_source *all = source;
    unsigned char *block = NULL;
    size_t count;

    if (!source->gzip) {
        char *path = realpath(source->path, NULL);
        if (!path || symlink(path, input) != 0)
            status = lar_fail(LAR_EIO, "cannot link to '%s' from '%s'", source->path, input);
        free(path);
        return status;
    }
    if (source->partial) {
        LAR_TRY(lar_source_open(&whole, source->path, false));
        all = &whole;
    }
    const lar_gzip_ask ask = { .name = source->path, .limit = (size_t)1 << 36 };
    LAR_TRY(lar_gzip_inflate(&block, &count, all->bytes, all->count, &ask));
    LAR_TRY(lar_file_write(input, block, count, false));
done:
    lar_free(block);
    lar_source_clear(&whole);
    return status;
}

/* A file cannot need more than it holds: netCDF is not compressed; HDF5 is by deflate, 1032:1 at
 * most, and voxels become eight times as long at most. */
static void set_limits(lar_child *child, const lar_source *source, const char *input)
{
    struct stat about;
    const int64_t most = (int64_t)1 << 40, spare = (int64_t)1 << 20;
    const int64_t bytes = stat(input, &about) == 0 ? (int64_t)about.st_size : 0;
    const int64_t ratio = is_hdf5(source) ? 8 * 1032 : 8;
    child->file = bytes > (most - spare) / ratio ? most : ratio * bytes + spare;
    child->memory = ((int64_t)2 << 30) + (bytes > most / 100 ? most : 100 * bytes);
    child->seconds = 60 + 1e-6 * (double)bytes;
    child->output = 1 << 16;
}

/* Its lines: warnings for the user, and what says why it failed. */
static lar_status take_lines(lar_image_about *about, lar_type *stored, lar_text *printed,
                             int exit_status, const char *path)
{
    const char *reason = NULL;
    char *line = printed->at;
    for (char *next; line && *line; line = next) {
        next = line + strcspn(line, "\n");
        if (*next) *next++ = 0;
        if (lar_text_starts(line, "warning: ")) lar_text_add(&about->warnings, "%s\n", line + 9);
        if (lar_text_starts(line, "error: ") && !reason) reason = line + 7;
        for (int t = 0; lar_text_starts(line, "stored: ") && t <= LAR_F64; t++)
            if (lar_text_is(line + 8, lar_type_name((lar_type)t))) *stored = (lar_type)t;
    }
    if (exit_status == 0) return LAR_OK;
    if (reason) return lar_fail(LAR_EFORMAT, "'%s' is not read as MINC: %.300s", path, reason);
    return lar_fail(LAR_EFORMAT, "'%s' is not read as MINC: 'larmor-minc' ended with %d", path,
                    exit_status);
}

static lar_status convert(lar_image **out, lar_image_about *about, lar_source *source,
                          const char *folder, lar_arena *arena)
{
    lar_status status = LAR_OK;
    lar_text program = { 0 }, printed = { 0 };
    lar_type stored = LAR_F32;
    int exit_status;
    const char *input = lar_path_join(arena, folder, "in.mnc");
    const char *result = lar_path_join(arena, folder, "out.nii");

    if (!input || !result) return LAR_EMEMORY;
    LAR_TRY(lar_minc_program(&program));
    LAR_TRY(give_input(input, source));
    const char *const argv[] = { lar_text_get(&program), input, result, out ? NULL : "header",
                                 NULL };
    const char *const reads[] = { input, NULL };
    lar_child child = { .argv = argv, .folder = folder, .reads = reads };
    set_limits(&child, source, input);
    status = lar_child_run(&exit_status, &printed, &child);
    if (status != LAR_OK) {
        lar_while(status, "'%s' is not read as MINC", source->path);
        goto done;
    }
    LAR_TRY(take_lines(about, &stored, &printed, exit_status, source->path));
    LAR_TRY(lar_about_adopt(out, about, result, source->path, LAR_FORM_AUTO));
    about->format = is_hdf5(source) ? "MINC2" : "MINC1";
    about->gzip = source->gzip;
    about->affine_from = "direction cosines";
    about->stored = stored;
done:
    lar_text_clear(&program);
    lar_text_clear(&printed);
    return status;
}

/* The header alone where `out` is NULL. */
static lar_status minc_open(lar_image **out, lar_image_about *about, lar_source *source, int form)
{
    lar_status status = LAR_OK;
    lar_text folder = { 0 };
    lar_arena *arena = NULL;

    (void)form;
    if (source->alone)
        return lar_fail(LAR_EUNSUPPORTED, "'%s' is MINC, which is read from files alone",
                        source->path);
    LAR_TRY(lar_arena_new(&arena));
    LAR_TRY(lar_folder_private(&folder));
    status = convert(out, about, source, lar_text_get(&folder), arena);
    lar_folder_remove(lar_text_get(&folder));
done:
    lar_text_clear(&folder);
    lar_arena_free(arena);
    return status;
}

static lar_status minc_about(lar_image_about *about, lar_source *source, int form)
{
    return minc_open(NULL, about, source, form);
}

static const char *const suffixes[] = { ".mnc", ".mnc.gz", ".mnc2", NULL };

const lar_format lar_format_minc = {
    .name = "MINC",
    .suffixes = suffixes,
    .sniff = minc_sniff,
    .about = minc_about,
    .read = minc_open,
};
