/* dcm2niix (https://github.com/rordenlab/dcm2niix; doi:10.1016/j.jneumeth.2016.03.001), run apart
 * on the files of one series. Exit status, output and what it prints decide together whether it can
 * be believed. SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format/dicom/dicom.h"

#ifndef LARMOR_DCM2NIIX
#define LARMOR_DCM2NIIX "/usr/bin/dcm2niix"
#endif

lar_status lar_dicom_program(lar_text *path)
{
    const char *asked = getenv("LARMOR_DCM2NIIX");
    const char *const places[] = { asked && asked[0] == '/' ? asked : LARMOR_DCM2NIIX,
                                   LARMOR_DCM2NIIX, "/usr/bin/dcm2niix", "/usr/local/bin/dcm2niix",
                                   "/opt/dcm2niix/bin/dcm2niix" };
    lar_text_clear(path);
    /* one that was asked for is not replaced by another */
    const size_t count = asked && asked[0] == '/' ? 1 : sizeof places / sizeof *places;
    for (size_t n = 0; n < count; n++) {
        if (access(places[n], X_OK) != 0 || lar_path_is_folder(places[n])) continue;
        lar_text_add(path, "%s", places[n]);
        return path->failed ? lar_fail(LAR_EMEMORY, "out of memory") : LAR_OK;
    }
    const lar_status status =
        lar_fail(LAR_EUNSUPPORTED, "the program 'dcm2niix', which reads DICOM, is not installed");
    return lar_hint(status, "to install dcm2niix, or to set LARMOR_DCM2NIIX to its path");
}

/* A link to the file by a name of ours, so that no name of it matters; or a copy of it, with its
 * pixels in one piece. */
static lar_status give_file(const lar_dicom_file *file, const char *in, int64_t n)
{
    lar_status status = LAR_OK;
    lar_text name = { 0 };
    char *bytes = NULL;
    unsigned char *joined = NULL;
    size_t count, joined_count = 0;

    lar_text_add(&name, "%s/%06lld.dcm", in, (long long)n);
    if (name.failed) {
        status = lar_fail(LAR_EMEMORY, "out of memory");
        goto done;
    }
    if (file->known && file->tags.packed_at && file->tags.frames <= 1) {
        LAR_TRY(lar_file_read(&bytes, &count, file->path, (size_t)1 << 32));
        if (file->tags.packed_at < count)
            joined =
                lar_dicom_join(&joined_count, &file->tags, (const unsigned char *)bytes, count);
    }
    if (joined)
        LAR_TRY(lar_file_write(name.at, joined, joined_count, false));
    else if (symlink(file->path, name.at) != 0)
        status = lar_fail(LAR_EIO, "cannot make '%s': %s", name.at, strerror(errno));
done:
    lar_text_clear(&name);
    lar_free(bytes);
    lar_free(joined);
    return status;
}

/* The end of the line, without paths: those are of our folder, or tell names. */
static int shown_length(const char *line)
{
    const size_t length = strcspn(line, "\n"), path = strcspn(line, "/");
    size_t end = path < length ? path : length;
    while (end && (line[end - 1] == ' ' || line[end - 1] == '\'')) end--;
    return end < 200 ? (int)end : 200;
}

static const char *find_line(const char *printed, const char *const *words)
{
    for (const char *line = printed; *line;) {
        const size_t length = strcspn(line, "\n");
        for (const char *const *w = words; *w; w++) {
            const char *found = strstr(line, *w);
            if (found && found < line + length) return line;
        }
        line += length + (line[length] == '\n');
    }
    return NULL;
}

/* An image that it doubts itself is none. */
static lar_status believe(int exit_status, const char *printed)
{
    static const char *const errors[] = { "Error", "rror:", "No valid DICOM", "Unable to", NULL };
    static const char *const doubts[] = { "Catastrophic",
                                          "ecoding error",
                                          "ecompression error",
                                          "Decompression failed",
                                          "fread error",
                                          "Unsupported",
                                          "unsupported transfer",
                                          "Image size is zero",
                                          "Error: Compressed",
                                          "unable to convert",
                                          NULL };
    if (exit_status != 0) {
        const char *line = find_line(printed, errors);
        if (!line)
            return lar_fail(LAR_EFORMAT, "'dcm2niix' made no image of it (it ended with %d)",
                            exit_status);
        return lar_fail(LAR_EFORMAT, "'dcm2niix' made no image of it (it ended with %d): %.*s",
                        exit_status, shown_length(line), line);
    }
    const char *line = find_line(printed, doubts);
    if (!line) return LAR_OK;
    return lar_fail(LAR_EFORMAT, "'dcm2niix' could not read it whole: %.*s", shown_length(line),
                    line);
}

static lar_status run(lar_text *printed, const char *in, const char *out, const char *folder,
                      const char *source, uint64_t bytes, const lar_dicom_params *params)
{
    lar_status status = LAR_OK;
    lar_text program = { 0 };
    int exit_status;

    LAR_TRY(lar_dicom_program(&program));
    /* b: sidecar, without the patient; d: no folders below; x: neither cropped nor turned; z: not
     * compressed; l: the stored type; g: no defaults from a file */
    const char *const argv[] = { lar_text_get(&program),
                                 "-b",
                                 "y",
                                 "-ba",
                                 params->patient ? "n" : "y",
                                 "-d",
                                 "0",
                                 "-f",
                                 "s",
                                 "-g",
                                 "i",
                                 "-l",
                                 "o",
                                 "-m",
                                 "2",
                                 "-v",
                                 "n",
                                 "-w",
                                 "2",
                                 "-x",
                                 "i",
                                 "-z",
                                 "n",
                                 "-o",
                                 out,
                                 in,
                                 NULL };
    const char *const reads[] = { source, NULL };
    const lar_child child = {
        .argv = argv,
        .folder = folder,
        .reads = reads,
        .seconds = 60 + 2e-6 * (double)bytes,
        .memory = ((int64_t)2 << 30) + (int64_t)(bytes < (1ull << 40) ? 40 * bytes : 1ull << 45),
        .file = ((int64_t)64 << 20) + (int64_t)(bytes < (1ull << 40) ? 40 * bytes : 1ull << 45),
        .output = 1 << 18,
        .progress = params->progress,
    };
    LAR_TRY(lar_child_run(&exit_status, printed, &child));
    LAR_TRY(believe(exit_status, lar_text_get(printed)));
done:
    lar_text_clear(&program);
    return status;
}

lar_status lar_dicom_run(lar_text *printed, const lar_dicom_file *files, int64_t count,
                         const char *folder, const lar_dicom_params *params, lar_arena *arena)
{
    lar_status status = LAR_OK;
    const char *in = lar_path_join(arena, folder, "in"), *out = lar_path_join(arena, folder, "out");
    const char *source = lar_path_folder(arena, files[0].path);
    uint64_t bytes = 0;

    if (!in || !out || !source) return LAR_EMEMORY;
    LAR_TRY(lar_folder_make(in));
    LAR_TRY(lar_folder_make(out));
    for (int64_t n = 0; n < count; n++) {
        LAR_TRY(give_file(&files[n], in, n));
        bytes += files[n].bytes;
    }
    LAR_TRY(run(printed, in, out, folder, source, bytes, params));
done:
    return status;
}

void lar_dicom_say(lar_text *warnings, const char *printed)
{
    /* said better by the slices' own places, or of no use */
    static const char *const silent[] = { "gantry tilt",
                                          "nterslice distance",
                                          "Empty protocol",
                                          "mosaics saved",
                                          "ignorePatientID",
                                          "not tuned for vendor",
                                          NULL };
    int said = 0;
    for (const char *line = printed; *line && said < 5;) {
        const size_t length = strcspn(line, "\n");
        bool tell = lar_text_starts(line, "Warning: ") && !memchr(line, '/', length);
        for (const char *const *s = silent; *s && tell; s++) {
            const char *found = strstr(line, *s);
            if (found && found < line + length) tell = false;
        }
        if (tell) {
            lar_text_add(warnings, "dcm2niix says: %.*s\n", shown_length(line + 9), line + 9);
            said++;
        }
        line += length + (line[length] == '\n');
    }
}
