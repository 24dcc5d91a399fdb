/* Which files of a folder are DICOM, and of which series.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format/dicom/dicom.h"

enum { HEAD_BYTES = 1 << 16 }; /* holds most headers */

static bool is_dicom(const unsigned char *bytes, size_t count)
{
    return count >= 132 && memcmp(bytes + 128, "DICM", 4) == 0;
}

bool lar_dicom_is(const char *path)
{
    unsigned char bytes[132];
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) return false;
    const bool is =
        read(file, bytes, sizeof bytes) == (ssize_t)sizeof bytes && is_dicom(bytes, sizeof bytes);
    close(file);
    return is;
}

/* The beginning of a regular file; *count is 0 where it is none, or cannot be read. */
static void read_head(unsigned char *bytes, size_t *count, uint64_t *whole, const char *path)
{
    struct stat about;
    *count = 0;
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) return;
    if (fstat(file, &about) == 0 && S_ISREG(about.st_mode)) {
        *whole = (uint64_t)about.st_size;
        while (*count < HEAD_BYTES) {
            const ssize_t got = read(file, bytes + *count, HEAD_BYTES - *count);
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) break;
            *count += (size_t)got;
        }
    }
    close(file);
}

/* A row of the table, where the file is DICOM. */
static lar_status look(bool *is, lar_dicom_file *out, unsigned char *head, const char *path)
{
    size_t count;
    bool more;
    *out = (lar_dicom_file){ .path = path };
    read_head(head, &count, &out->bytes, path);
    out->known = lar_dicom_tags_read(&out->tags, &more, head, count);
    *is = out->known || is_dicom(head, count);
    if (!*is || !more || count == out->bytes) return LAR_OK;
    char *whole;
    const lar_status status = lar_file_read(&whole, &count, path, (size_t)1 << 32);
    if (status != LAR_OK) return status;
    out->known = lar_dicom_tags_read(&out->tags, &more, (const unsigned char *)whole, count);
    lar_free(whole);
    return LAR_OK;
}

static bool is_named_so(const char *path)
{
    return lar_text_ends(path, ".dcm") || lar_text_ends(path, ".DCM") ||
           lar_text_ends(path, ".ima") || lar_text_ends(path, ".IMA");
}

static int files_compare(const void *a, const void *b)
{
    const lar_dicom_file *one = a, *other = b;
    if (one->known != other->known) return one->known ? -1 : 1;
    const int series = strcmp(one->tags.series, other->tags.series);
    if (series) return series;
    if (one->tags.instance != other->tags.instance)
        return one->tags.instance < other->tags.instance ? -1 : 1;
    return strcmp(one->path, other->path);
}

/* A report or an index is a series without any image. A file without one in a series that has
 * others stays: it is damaged. */
static void leave_reports(lar_dicom_table *table)
{
    int64_t kept = 0;
    for (int64_t begin = 0, end; begin < table->count; begin = end) {
        const lar_dicom_file *first = &table->files[begin];
        bool image = !first->known;
        for (end = begin; end < table->count && first->known == table->files[end].known &&
                          lar_text_is(first->tags.series, table->files[end].tags.series);
             end++) {
            const lar_dicom_file *f = &table->files[end];
            image |= f->tags.pixels || f->tags.rows || f->tags.end > f->bytes;
        }
        if (!image) table->empty += end - begin;
        for (int64_t n = begin; n < end && image; n++) table->files[kept++] = table->files[n];
    }
    table->count = kept;
}

lar_status lar_dicom_list(lar_dicom_table *out, const char *path, lar_arena *arena)
{
    lar_status status = LAR_OK;
    lar_texts names = { 0 };
    unsigned char *head = NULL;
    char *whole = realpath(path, NULL); /* a link is led to from elsewhere */
    const bool folder = lar_path_is_folder(path);
    const char *single = lar_path_name(path);

    *out = (lar_dicom_table){ 0 };
    if (!whole) return lar_fail(LAR_ENOINPUT, "cannot open '%s': %s", path, strerror(errno));
    if (folder)
        LAR_TRY(lar_folder_list(&names, whole, arena));
    else
        names = (lar_texts){ .count = 1, .at = &single };
    out->files = lar_arena_take(arena, names.count + 1, sizeof *out->files);
    head = lar_alloc_raw(HEAD_BYTES, 1);
    if (!out->files || !head) {
        status = LAR_EMEMORY;
        goto done;
    }
    for (int64_t n = 0; n < names.count; n++) {
        bool is;
        const char *file = folder ? lar_arena_format(arena, "%s/%s", whole, names.at[n])
                                  : lar_arena_text(arena, whole, strlen(whole));
        if (!file) {
            status = LAR_EMEMORY;
            goto done;
        }
        LAR_TRY(look(&is, &out->files[out->count], head, file));
        if (is)
            out->count++;
        else
            out->strange += is_named_so(file);
    }
    if (out->count) qsort(out->files, (size_t)out->count, sizeof *out->files, files_compare);
    leave_reports(out);
    if (!out->count && out->empty)
        status = lar_fail(LAR_ENOINPUT, "'%s' holds no image: %lld DICOM file%s without one", path,
                          (long long)out->empty, out->empty == 1 ? "" : "s");
    else if (!out->count)
        status = lar_fail(LAR_ENOINPUT, "'%s' %s", path,
                          folder ? "holds no DICOM file" : "is no DICOM file");
done:
    lar_free(head);
    free(whole);
    return status;
}
