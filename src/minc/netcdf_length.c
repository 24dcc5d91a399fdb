/* The header of a netCDF file (classic format, and with 64-bit offsets), for one question: how long
 * must the file be? The netCDF library reads what is missing at the end as zeros.
 * https://docs.unidata.ucar.edu/nug/current/file_format_specifications.html
 * SPDX-License-Identifier: Apache-2.0 */
#include "minc/netcdf_length.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/banned.h"

enum { DIMENSION = 10, VARIABLE = 11, ATTRIBUTE = 12, MOST_ITEMS = 4096, STREAMING = -1 };

/* The numbers of a header, all big-endian. */
typedef struct header {
    FILE *file;
    bool wide, bad; /* offsets of 8 bytes; cut short, or not as the format says */
} header;

static uint64_t take(header *h, int bytes)
{
    uint64_t value = 0;
    for (int n = 0; n < bytes; n++) {
        const int c = getc(h->file);
        if (c == EOF) h->bad = true;
        value = value << 8 | (uint64_t)(c & 255);
    }
    return h->bad ? 0 : value;
}

static void skip(header *h, uint64_t bytes)
{
    /* rounded up to 4; an offset past the end shows at the next number */
    if (bytes > INT32_MAX || fseeko(h->file, (off_t)((bytes + 3) & ~(uint64_t)3), SEEK_CUR) != 0)
        h->bad = true;
}

static uint64_t type_size(uint64_t type)
{
    static const uint64_t sizes[] = { 0, 1, 1, 2, 4, 4, 8 };
    return type < sizeof sizes / sizeof *sizes ? sizes[type] : 0;
}

/* How many items a list has. */
static uint64_t take_list(header *h, uint64_t kind)
{
    const uint64_t tag = take(h, 4), count = take(h, 4);
    if ((tag != kind && (tag || count)) || count > MOST_ITEMS) h->bad = true;
    return h->bad ? 0 : count;
}

static void skip_attributes(header *h)
{
    const uint64_t count = take_list(h, ATTRIBUTE);
    for (uint64_t n = 0; n < count && !h->bad; n++) {
        skip(h, take(h, 4)); /* its name */
        const uint64_t size = type_size(take(h, 4)), values = take(h, 4);
        if (!size) h->bad = true;
        skip(h, size * values);
    }
}

/* The end of what the variables need; those along the record dimension (its length is 0) repeat. */
static uint64_t variables_end(header *h, const uint64_t *lengths, uint64_t dims, uint64_t records)
{
    const uint64_t count = take_list(h, VARIABLE);
    uint64_t end = 0, record = 0, last = 0;
    for (uint64_t n = 0; n < count && !h->bad; n++) {
        bool repeats = false;
        skip(h, take(h, 4));
        uint64_t bytes = 1;
        const uint64_t of = take(h, 4);
        if (of > MOST_ITEMS) h->bad = true;
        for (uint64_t d = 0; d < of && !h->bad; d++) {
            const uint64_t which = take(h, 4);
            if (which >= dims)
                h->bad = true;
            else if (lengths[which] == 0)
                repeats = true;
            else if (__builtin_mul_overflow(bytes, lengths[which], &bytes))
                h->bad = true;
        }
        skip_attributes(h);
        const uint64_t size = type_size(take(h, 4));
        take(h, 4); /* its bytes once more, of 32 bits */
        const uint64_t begin = take(h, h->wide ? 8 : 4);
        if (!size || __builtin_mul_overflow(bytes, size, &bytes) || bytes > INT64_MAX / 4 ||
            begin > INT64_MAX / 4)
            h->bad = true;
        if (h->bad) return 0;
        if (!repeats && begin + bytes > end) end = begin + bytes;
        if (repeats) {
            record += (bytes + 3) & ~(uint64_t)3;
            if (begin + bytes > last) last = begin + bytes;
            if (record > INT64_MAX / 4) h->bad = true;
        }
    }
    if (!records || !record || h->bad) return end;
    uint64_t more;
    if (__builtin_mul_overflow(records - 1, record, &more) || more > INT64_MAX / 4)
        h->bad = true;
    else if (last + more > end)
        end = last + more;
    return end;
}

const char *lar_netcdf_fault(const char *path)
{
    header h = { .file = fopen(path, "rb") };
    if (!h.file) return NULL; /* libminc will say why */
    const char *fault = NULL;
    const uint64_t magic = take(&h, 4);
    h.wide = magic == 0x43444602;
    if (magic == 0x43444601 || h.wide) {
        static uint64_t lengths[MOST_ITEMS];
        const int32_t records = (int32_t)take(&h, 4);
        const uint64_t dims = take_list(&h, DIMENSION);
        for (uint64_t n = 0; n < dims; n++) {
            skip(&h, take(&h, 4));
            lengths[n] = take(&h, 4);
        }
        skip_attributes(&h);
        const uint64_t end =
            variables_end(&h, lengths, dims, records == STREAMING ? 0 : (uint32_t)records);
        if (h.bad)
            fault = "its netCDF header is damaged or cut short";
        else if (fseeko(h.file, 0, SEEK_END) != 0 || (uint64_t)ftello(h.file) < end)
            fault = "it is too short: its netCDF header describes more bytes than it has";
    }
    fclose(h.file);
    return fault;
}
