/* TIFF through libtiff, to memory: one strip for each page, packed by all threads.
 * SPDX-License-Identifier: Apache-2.0 */
#include <tiffio.h>

#include "base/base.h"
#include "codec/codec.h"

/* BigTIFF from here on: classic offsets end at 2^32, and tags need room too */
static const double most_classic = 4.0e9;

/* Bytes that grow as libtiff writes them. */
typedef struct sink {
    unsigned char *bytes;
    uint64_t count, room, at;
    char error[200];
} sink;

static bool grow(sink *s, uint64_t needed)
{
    if (needed <= s->room) return true;
    if (needed > PTRDIFF_MAX / 4) return false;
    const uint64_t room = needed < 4096 ? 8192 : 2 * needed;
    unsigned char *bytes = lar_alloc_raw((int64_t)room, 1);
    if (!bytes) return false;
    if (s->count) memcpy(bytes, s->bytes, s->count);
    lar_free(s->bytes);
    s->bytes = bytes;
    s->room = room;
    return true;
}

static tmsize_t write_bytes(thandle_t handle, void *bytes, tmsize_t count)
{
    sink *s = handle;
    const uint64_t end = s->at + (uint64_t)count;
    if (!grow(s, end)) return 0;
    if (s->at > s->count) memset(s->bytes + s->count, 0, s->at - s->count);
    memcpy(s->bytes + s->at, bytes, (size_t)count);
    s->at = end;
    if (end > s->count) s->count = end;
    return count;
}

static tmsize_t read_back(thandle_t handle, void *out, tmsize_t wanted)
{
    sink *s = handle;
    const uint64_t left = s->at < s->count ? s->count - s->at : 0;
    const uint64_t got = (uint64_t)wanted < left ? (uint64_t)wanted : left;
    if (got) memcpy(out, s->bytes + s->at, got);
    s->at += got;
    return (tmsize_t)got;
}

static toff_t seek_to(thandle_t handle, toff_t to, int from)
{
    sink *s = handle;
    s->at = from == SEEK_SET ? to : from == SEEK_CUR ? s->at + to : s->count + to;
    return s->at;
}

static int close_nothing(thandle_t handle)
{
    (void)handle;
    return 0;
}

static toff_t size_of(thandle_t handle)
{
    return ((sink *)handle)->count;
}

LAR_PRINTF(4, 0)
static int hear(TIFF *tif, void *user, const char *module, const char *format, va_list args)
{
    sink *s = user;
    (void)tif, (void)module;
    if (!*s->error) vsnprintf(s->error, sizeof s->error, format, args);
    return 1;
}

static TIFF *sink_open(sink *s, const char *mode)
{
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options) return NULL;
    TIFFOpenOptionsSetErrorHandlerExtR(options, hear, s);
    TIFFOpenOptionsSetWarningHandlerExtR(options, hear, s);
    TIFF *tif = TIFFClientOpenExt("memory", mode, s, read_back, write_bytes, seek_to, close_nothing,
                                  size_of, NULL, NULL, options);
    TIFFOpenOptionsFree(options);
    return tif;
}

/* What a page weighs; `packed` is NULL where it is not compressed. */
typedef struct pages {
    const lar_tiff *what;
    const unsigned char *pixels;
    size_t page_bytes;
    int level;
    unsigned char **packed;
    size_t *packed_count;
} pages;

static lar_status pack_piece(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    lar_status status = LAR_OK;
    const pages *p = arg;
    (void)piece;
    for (int64_t n = begin; n < end; n++)
        LAR_TRY(lar_zlib_deflate(&p->packed[n], &p->packed_count[n],
                                 p->pixels + (size_t)n * p->page_bytes, p->page_bytes, p->level));
done:
    return status;
}

static bool put_page(TIFF *tif, const pages *p, int64_t n)
{
    const lar_tiff *w = p->what;
    const bool real = w->type == LAR_F32 || w->type == LAR_F64;
    const bool sign =
        w->type == LAR_I8 || w->type == LAR_I16 || w->type == LAR_I32 || w->type == LAR_I64;
    bool ok = TIFFSetField(tif, TIFFTAG_IMAGEWIDTH, (uint32_t)w->width) &&
              TIFFSetField(tif, TIFFTAG_IMAGELENGTH, (uint32_t)w->height) &&
              TIFFSetField(tif, TIFFTAG_BITSPERSAMPLE, (int)(8 * lar_type_size(w->type))) &&
              TIFFSetField(tif, TIFFTAG_SAMPLESPERPIXEL, 1) &&
              TIFFSetField(tif, TIFFTAG_SAMPLEFORMAT,
                           real   ? SAMPLEFORMAT_IEEEFP
                           : sign ? SAMPLEFORMAT_INT
                                  : SAMPLEFORMAT_UINT) &&
              TIFFSetField(tif, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK) &&
              TIFFSetField(tif, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) &&
              TIFFSetField(tif, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT) &&
              TIFFSetField(tif, TIFFTAG_ROWSPERSTRIP, (uint32_t)w->height) &&
              TIFFSetField(tif, TIFFTAG_COMPRESSION,
                           p->packed ? COMPRESSION_ADOBE_DEFLATE : COMPRESSION_NONE) &&
              TIFFSetField(tif, TIFFTAG_SOFTWARE, "larmor " LAR_VERSION);
    if (w->resolution[0] > 0 && w->resolution[1] > 0)
        ok = ok && TIFFSetField(tif, TIFFTAG_RESOLUTIONUNIT, w->unit) &&
             TIFFSetField(tif, TIFFTAG_XRESOLUTION, w->resolution[0]) &&
             TIFFSetField(tif, TIFFTAG_YRESOLUTION, w->resolution[1]);
    if (n == 0 && w->description)
        ok = ok && TIFFSetField(tif, TIFFTAG_IMAGEDESCRIPTION, w->description);
    union {
        const unsigned char *from;
        unsigned char *to; /* libtiff's argument is not const; it only reads */
    } at = { .from = p->packed ? p->packed[n] : p->pixels + (size_t)n * p->page_bytes };
    const tmsize_t count = (tmsize_t)(p->packed ? p->packed_count[n] : p->page_bytes);
    return ok && TIFFWriteRawStrip(tif, 0, at.to, count) == count && TIFFWriteDirectory(tif);
}

static lar_status pack_pages(pages *p)
{
    const int64_t count = p->what->pages;
    if (p->level <= 0) return LAR_OK;
    p->packed = lar_alloc(count, sizeof *p->packed);
    p->packed_count = lar_alloc(count, sizeof *p->packed_count);
    if (!p->packed || !p->packed_count) return LAR_EMEMORY;
    return lar_parallel(count, 1, pack_piece, p);
}

lar_status lar_tiff_write(unsigned char **out, size_t *out_count, const lar_tiff *what,
                          const void *pixels, int level)
{
    lar_status status = LAR_OK;
    sink s = { 0 };
    pages p = { .what = what, .pixels = pixels, .level = level };
    TIFF *tif = NULL;

    *out = NULL;
    if (what->width > INT32_MAX || what->height > INT32_MAX)
        return lar_fail(LAR_EARGUMENT, "TIFF holds no page of %lldx%lld pixels",
                        (long long)what->width, (long long)what->height);
    p.page_bytes = (size_t)(what->width * what->height) * lar_type_size(what->type);
    LAR_TRY(pack_pages(&p));
    tif = sink_open(&s, (double)p.page_bytes * (double)what->pages > most_classic ? "w8" : "w4");
    bool ok = tif != NULL;
    for (int64_t n = 0; n < what->pages && ok; n++) ok = put_page(tif, &p, n);
    if (tif) TIFFClose(tif);
    if (!ok || *s.error) {
        status = lar_fail(LAR_EMEMORY, "a TIFF could not be made: %s",
                          *s.error ? s.error : "out of memory");
        goto done;
    }
    *out = s.bytes;
    *out_count = s.count;
    s.bytes = NULL;
done:
    for (int64_t n = 0; p.packed && n < what->pages; n++) lar_free(p.packed[n]);
    lar_free(p.packed);
    lar_free(p.packed_count);
    lar_free(s.bytes);
    return status;
}
