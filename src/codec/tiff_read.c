/* TIFF 6.0 (Adobe 1992) and BigTIFF, through libtiff, from memory. Every length is held against the
 * bytes that are there before memory is taken.
 * SPDX-License-Identifier: Apache-2.0 */
#include <tiffio.h>

#include "base/base.h"
#include "codec/codec.h"

enum {
    MOST_PAGES = 65536,      /* libtiff compares each page with all before it */
    LIBTIFF_ROOM = 64 << 20, /* what libtiff may take at once, beside four times the file */
    /* bytes that one byte can give: libtiff's LZW table ends at 5119 entries, whose lengths add up
     * to less than 1800 times the bits that make them; PackBits gives 128 for 2 */
    MOST_LZW = 2048,
    MOST_PACKBITS = 64
};

/* The file, and what libtiff said of it. */
typedef struct reader {
    TIFF *tif;
    const unsigned char *bytes;
    uint64_t count, at;
    const char *name;
    int compression;
    char error[200], warning[200];
} reader;

static tmsize_t read_bytes(thandle_t handle, void *out, tmsize_t wanted)
{
    reader *r = handle;
    const uint64_t left = r->at < r->count ? r->count - r->at : 0;
    const uint64_t got = (uint64_t)wanted < left ? (uint64_t)wanted : left;
    memcpy(out, r->bytes + r->at, got);
    r->at += got;
    return (tmsize_t)got;
}

static tmsize_t write_nothing(thandle_t handle, void *bytes, tmsize_t count)
{
    (void)handle, (void)bytes, (void)count;
    return 0;
}

static toff_t seek_to(thandle_t handle, toff_t to, int from)
{
    reader *r = handle;
    r->at = from == SEEK_SET ? to : from == SEEK_CUR ? r->at + to : r->count + to;
    if (r->at > r->count) r->at = r->count;
    return r->at;
}

static int close_nothing(thandle_t handle)
{
    (void)handle;
    return 0;
}

static toff_t size_of(thandle_t handle)
{
    return ((reader *)handle)->count;
}

/* libtiff only reads what it maps. */
static int map_bytes(thandle_t handle, void **out, toff_t *count)
{
    reader *r = handle;
    union {
        const unsigned char *from;
        void *to;
    } bytes = { .from = r->bytes };
    *out = bytes.to;
    *count = r->count;
    return 1;
}

static void unmap_nothing(thandle_t handle, void *bytes, toff_t count)
{
    (void)handle, (void)bytes, (void)count;
}

LAR_PRINTF(4, 0)
static int hear_error(TIFF *tif, void *user, const char *module, const char *format, va_list args)
{
    reader *r = user;
    (void)tif, (void)module;
    if (!*r->error) vsnprintf(r->error, sizeof r->error, format, args);
    return 1;
}

/* Tags that libtiff does not know are common and harmless. */
LAR_PRINTF(4, 0)
static int hear_warning(TIFF *tif, void *user, const char *module, const char *format, va_list args)
{
    reader *r = user;
    (void)tif, (void)module;
    if (!*r->warning && !lar_text_starts(format, "Unknown field"))
        vsnprintf(r->warning, sizeof r->warning, format, args);
    return 1;
}

static lar_status damaged(const reader *r, const char *what)
{
    for (const char *at = r->error; *at; at++)
        if ((unsigned char)*at < ' ')
            return lar_fail(LAR_EFORMAT, "'%s' is damaged: %s", r->name, what);
    return lar_fail(LAR_EFORMAT, "'%s' is damaged: %s%s%s", r->name, what, *r->error ? ": " : "",
                    r->error);
}

static lar_status reader_open(reader *r, const void *bytes, size_t count, const char *name)
{
    *r = (reader){ .bytes = bytes, .count = count, .name = name };
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options) return lar_fail(LAR_EMEMORY, "out of memory for '%s'", name);
    TIFFOpenOptionsSetErrorHandlerExtR(options, hear_error, r);
    TIFFOpenOptionsSetWarningHandlerExtR(options, hear_warning, r);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)(LIBTIFF_ROOM + 4 * r->count));
    r->tif = TIFFClientOpenExt(name, "r", r, read_bytes, write_nothing, seek_to, close_nothing,
                               size_of, map_bytes, unmap_nothing, options);
    TIFFOpenOptionsFree(options);
    return r->tif ? LAR_OK : damaged(r, "its first page cannot be found");
}

static void reader_close(reader *r)
{
    if (r->tif) TIFFClose(r->tif);
    r->tif = NULL;
}

bool lar_tiff_is(const void *bytes, size_t count)
{
    static const char magics[4][4] = { "II*", { 'M', 'M', 0, '*' }, "II+", { 'M', 'M', 0, '+' } };
    for (int n = 0; n < 4 && count >= 4; n++)
        if (memcmp(bytes, magics[n], 4) == 0) return true;
    return false;
}

void lar_tiff_clear(lar_tiff *tiff)
{
    lar_free(tiff->description);
    *tiff = (lar_tiff){ 0 };
}

static uint16_t word(TIFF *tif, uint32_t tag, uint16_t absent)
{
    uint16_t value;
    return TIFFGetField(tif, tag, &value) ? value : absent;
}

/* False where there is no such type. */
static bool type_of(lar_type *out, uint16_t format, uint16_t bits)
{
    static const struct {
        uint16_t format, bits;
        lar_type type;
    } types[] = {
        { SAMPLEFORMAT_UINT, 8, LAR_U8 },     { SAMPLEFORMAT_INT, 8, LAR_I8 },
        { SAMPLEFORMAT_UINT, 16, LAR_U16 },   { SAMPLEFORMAT_INT, 16, LAR_I16 },
        { SAMPLEFORMAT_UINT, 32, LAR_U32 },   { SAMPLEFORMAT_INT, 32, LAR_I32 },
        { SAMPLEFORMAT_UINT, 64, LAR_U64 },   { SAMPLEFORMAT_INT, 64, LAR_I64 },
        { SAMPLEFORMAT_IEEEFP, 32, LAR_F32 }, { SAMPLEFORMAT_IEEEFP, 64, LAR_F64 },
    };
    for (size_t n = 0; n < sizeof types / sizeof *types; n++)
        if (types[n].format == format && types[n].bits == bits) {
            *out = types[n].type;
            return true;
        }
    return false;
}

static lar_status refuse_colours(const reader *r, const char *what)
{
    const lar_status status = lar_fail(
        LAR_EUNSUPPORTED, "'%s' is %s; larmor reads one grey value per pixel", r->name, what);
    return lar_hint(status, "to save it as greyscale");
}

/* What the pixels mean. */
static lar_status look_kind(lar_tiff *page, const reader *r)
{
    TIFF *tif = r->tif;
    const uint16_t samples = word(tif, TIFFTAG_SAMPLESPERPIXEL, 1);
    const uint16_t meaning = word(tif, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
    const uint16_t bits = word(tif, TIFFTAG_BITSPERSAMPLE, 1);
    const uint16_t format = word(tif, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);

    if (meaning == PHOTOMETRIC_PALETTE) return refuse_colours(r, "in the colours of a palette");
    if (meaning != PHOTOMETRIC_MINISBLACK && meaning != PHOTOMETRIC_MINISWHITE)
        return refuse_colours(r, meaning == PHOTOMETRIC_RGB ? "in colours (RGB)"
                                                            : "in colours, or a mask");
    if (samples != 1) {
        char what[48];
        snprintf(what, sizeof what, "of %u values per pixel", (unsigned)samples);
        return refuse_colours(r, what);
    }
    if (!type_of(&page->type, format, bits))
        return lar_fail(
            LAR_EUNSUPPORTED,
            "'%s' has pixels of %u bits in sample format %u; larmor reads integers of 8 to "
            "64 bits, and floats of 32 and 64",
            r->name, (unsigned)bits, (unsigned)format);
    page->inverted = meaning == PHOTOMETRIC_MINISWHITE;
    if (page->inverted && page->type != LAR_U8 && page->type != LAR_U16 && page->type != LAR_U32)
        return lar_fail(
            LAR_EUNSUPPORTED,
            "'%s' says that 0 is white, of pixels that are %s: it is not said what black "
            "is",
            r->name, lar_type_name(page->type));
    const uint16_t turned = word(tif, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
    if (turned != ORIENTATION_TOPLEFT)
        return lar_fail(
            LAR_EUNSUPPORTED,
            "'%s' is stored turned or mirrored (orientation %u); larmor reads rows from "
            "the top, from the left",
            r->name, (unsigned)turned);
    return LAR_OK;
}

/* The most bytes that the file can give. */
static double most_bytes(const reader *r)
{
    switch (r->compression) {
    case COMPRESSION_NONE:
        return (double)r->count;
    case COMPRESSION_LZW:
        return (double)MOST_LZW * (double)r->count;
    case COMPRESSION_PACKBITS:
        return (double)MOST_PACKBITS * (double)r->count;
    default:
        return (double)lar_gzip_most(r->count);
    }
}

static lar_status look_compression(reader *r)
{
    r->compression = word(r->tif, TIFFTAG_COMPRESSION, COMPRESSION_NONE);
    switch (r->compression) {
    case COMPRESSION_NONE:
    case COMPRESSION_LZW:
    case COMPRESSION_PACKBITS:
    case COMPRESSION_ADOBE_DEFLATE:
    case COMPRESSION_DEFLATE:
        return LAR_OK;
    case COMPRESSION_JPEG:
    case COMPRESSION_OJPEG:
        return lar_fail(LAR_EUNSUPPORTED, "'%s' is compressed by JPEG, which larmor does not read",
                        r->name);
    default:
        return lar_fail(LAR_EUNSUPPORTED,
                        "'%s' is compressed by scheme %d; larmor reads deflate, LZW and PackBits",
                        r->name, r->compression);
    }
}

static lar_status look_page(lar_tiff *page, reader *r)
{
    lar_status status = LAR_OK;
    uint32_t width = 0, height = 0, tile[2] = { 0, 0 };
    TIFFGetField(r->tif, TIFFTAG_IMAGEWIDTH, &width);
    TIFFGetField(r->tif, TIFFTAG_IMAGELENGTH, &height);
    if (width == 0 || height == 0) return damaged(r, "a page says not how large it is");
    LAR_TRY(look_compression(r));
    LAR_TRY(look_kind(page, r));
    page->width = width;
    page->height = height;
    if (TIFFIsTiled(r->tif)) {
        TIFFGetField(r->tif, TIFFTAG_TILEWIDTH, &tile[0]);
        TIFFGetField(r->tif, TIFFTAG_TILELENGTH, &tile[1]);
    }
    const double size = (double)lar_type_size(page->type);
    if ((double)width * height * size > most_bytes(r) ||
        (double)tile[0] * tile[1] * size > most_bytes(r))
        return lar_fail(LAR_EFORMAT,
                        "'%s' cannot hold what it says: %u x %u pixels in a file of %llu bytes",
                        r->name, width, height, (unsigned long long)r->count);
done:
    return status;
}

static lar_status look_first(lar_tiff *out, const reader *r)
{
    float resolution;
    const char *text;
    out->swapped = TIFFIsByteSwapped(r->tif) != 0;
    out->unit = word(r->tif, TIFFTAG_RESOLUTIONUNIT, LAR_TIFF_INCH);
    for (int n = 0; n < 2; n++)
        if (TIFFGetField(r->tif, n ? TIFFTAG_YRESOLUTION : TIFFTAG_XRESOLUTION, &resolution) &&
            resolution > 0 && resolution < 1e12F)
            out->resolution[n] = (double)resolution;
    if (!TIFFGetField(r->tif, TIFFTAG_IMAGEDESCRIPTION, &text)) return LAR_OK;
    const size_t length = strlen(text);
    out->description = lar_alloc_raw((int64_t)length + 1, 1);
    if (!out->description) return LAR_EMEMORY;
    memcpy(out->description, text, length + 1);
    return LAR_OK;
}

/* Goes to the next page; false after the last. */
static lar_status next_page(bool *there, reader *r)
{
    *there = !TIFFLastDirectory(r->tif);
    if (!*there || TIFFReadDirectory(r->tif)) return LAR_OK;
    return damaged(r, "a page that it announces cannot be found");
}

static lar_status look(lar_tiff *out, reader *r)
{
    lar_status status = LAR_OK;
    bool more = true;
    double bytes = 0;

    for (; more; out->pages++) {
        lar_tiff page = *out;
        LAR_TRY(look_page(&page, r));
        if (out->pages == 0) {
            *out = page;
            LAR_TRY(look_first(out, r));
        } else if (page.width != out->width || page.height != out->height ||
                   page.type != out->type || page.inverted != out->inverted) {
            return lar_fail(
                LAR_EUNSUPPORTED,
                "the pages of '%s' differ: page 1 is %lldx%lld %s, page %lld is %lldx%lld "
                "%s",
                r->name, (long long)out->width, (long long)out->height, lar_type_name(out->type),
                (long long)out->pages + 1, (long long)page.width, (long long)page.height,
                lar_type_name(page.type));
        }
        bytes += (double)out->width * (double)out->height * (double)lar_type_size(out->type);
        if (bytes > most_bytes(r) || out->pages == MOST_PAGES)
            return lar_fail(
                LAR_EFORMAT,
                "'%s' cannot hold what it says: at least %lld pages of %lldx%lld pixels in "
                "a file of %llu bytes",
                r->name, (long long)out->pages + 1, (long long)out->width, (long long)out->height,
                (unsigned long long)r->count);
        LAR_TRY(next_page(&more, r));
    }
done:
    memcpy(out->warning, r->warning, sizeof out->warning);
    for (char *at = out->warning; *at; at++)
        if ((unsigned char)*at < ' ') *at = ' '; /* one line */
    return status;
}

lar_status lar_tiff_look(lar_tiff *out, const void *bytes, size_t count, const char *name)
{
    lar_status status = LAR_OK;
    reader r;
    *out = (lar_tiff){ 0 };
    LAR_TRY(reader_open(&r, bytes, count, name));
    LAR_TRY(look(out, &r));
done:
    reader_close(&r);
    return status;
}

/* libtiff takes a deflate stream that gives too much for a right one, and then asks for no
 * checksum: each is inflated here first, to its end. `most`: of a last strip as long as the others,
 * which some programs write. */
static lar_status check_stream(const reader *r, uint32_t number, size_t needed, size_t most)
{
    if (r->compression != COMPRESSION_DEFLATE && r->compression != COMPRESSION_ADOBE_DEFLATE)
        return LAR_OK;
    unsigned char *block;
    size_t got;
    const uint64_t offset = TIFFGetStrileOffset(r->tif, number);
    const uint64_t count = TIFFGetStrileByteCount(r->tif, number);
    if (offset > r->count || count > r->count - offset)
        return damaged(r, "it is cut short, or a strip of it lies elsewhere");
    const lar_gzip_ask ask = { .name = r->name, .expected = needed, .limit = most };
    const lar_status status = lar_zlib_inflate(&block, &got, r->bytes + offset, count, &ask);
    if (status != LAR_OK) return status;
    lar_free(block);
    return got < needed ? damaged(r, "a strip of it inflates to too little") : LAR_OK;
}

static lar_status read_strips(unsigned char *page, const lar_tiff *t, reader *r)
{
    lar_status status = LAR_OK;
    uint32_t rows = 0;
    const size_t row_bytes = (size_t)t->width * lar_type_size(t->type);
    TIFFGetFieldDefaulted(r->tif, TIFFTAG_ROWSPERSTRIP, &rows);
    if (rows == 0) return damaged(r, "its strips have no rows");
    for (int64_t row = 0; row < t->height; row += rows) {
        const int64_t here = t->height - row < rows ? t->height - row : rows;
        const tmsize_t needed = (tmsize_t)((size_t)here * row_bytes);
        const uint32_t strip = TIFFComputeStrip(r->tif, (uint32_t)row, 0);
        const size_t most = (size_t)(t->height < rows ? t->height : rows) * row_bytes;
        LAR_TRY(check_stream(r, strip, (size_t)needed, most));
        if (TIFFReadEncodedStrip(r->tif, strip, page + (size_t)row * row_bytes, needed) != needed ||
            *r->error)
            return damaged(r, "its pixels cannot be decoded");
    }
done:
    return status;
}

static lar_status read_tiles(unsigned char *page, const lar_tiff *t, reader *r)
{
    lar_status status = LAR_OK;
    uint32_t wide = 0, high = 0;
    const size_t size = lar_type_size(t->type);
    TIFFGetField(r->tif, TIFFTAG_TILEWIDTH, &wide);
    TIFFGetField(r->tif, TIFFTAG_TILELENGTH, &high);
    const tmsize_t bytes = TIFFTileSize(r->tif);
    if (wide == 0 || high == 0 || (double)bytes != (double)wide * high * (double)size)
        return damaged(r, "its tiles have no size");
    unsigned char *tile = lar_alloc_raw(bytes, 1);
    if (!tile) return LAR_EMEMORY;
    for (int64_t y = 0; y < t->height; y += high)
        for (int64_t x = 0; x < t->width; x += wide) {
            const uint32_t number = TIFFComputeTile(r->tif, (uint32_t)x, (uint32_t)y, 0, 0);
            LAR_TRY(check_stream(r, number, (size_t)bytes, (size_t)bytes));
            if (TIFFReadEncodedTile(r->tif, number, tile, bytes) != bytes || *r->error) {
                status = damaged(r, "its pixels cannot be decoded");
                goto done;
            }
            const size_t part = (size_t)(t->width - x < wide ? t->width - x : wide) * size;
            for (int64_t row = 0; row < high && y + row < t->height; row++)
                memcpy(page + (size_t)((y + row) * t->width + x) * size,
                       tile + (size_t)(row * wide) * size, part);
        }
done:
    lar_free(tile);
    return status;
}

#define INVERT(T)                                                                                  \
    do {                                                                                           \
        T *at = (T *)(void *)pixels;                                                               \
        for (int64_t n = 0; n < count; n++) at[n] = (T)~at[n];                                     \
    } while (0)

/* 0 is white: from the largest value down. */
static void invert(unsigned char *pixels, lar_type type, int64_t count)
{
    if (type == LAR_U8)
        INVERT(uint8_t);
    else if (type == LAR_U16)
        INVERT(uint16_t);
    else
        INVERT(uint32_t);
}

static lar_status read_pages(unsigned char *pixels, const lar_tiff *t, reader *r)
{
    lar_status status = LAR_OK;
    bool more = true;
    const size_t page_bytes = (size_t)(t->width * t->height) * lar_type_size(t->type);
    for (int64_t n = 0; n < t->pages && more; n++) {
        unsigned char *page = pixels + (size_t)n * page_bytes;
        LAR_TRY((TIFFIsTiled(r->tif) ? read_tiles : read_strips)(page, t, r));
        if (n + 1 < t->pages) LAR_TRY(next_page(&more, r));
    }
    if (t->inverted) invert(pixels, t->type, t->width * t->height * t->pages);
done:
    return status;
}

lar_status lar_tiff_read(unsigned char **pixels, lar_tiff *out, const void *bytes, size_t count,
                         const char *name)
{
    lar_status status = LAR_OK;
    reader r;
    *pixels = NULL;
    *out = (lar_tiff){ 0 };
    LAR_TRY(reader_open(&r, bytes, count, name));
    LAR_TRY(look(out, &r));
    *pixels = lar_alloc_raw(out->width * out->height * out->pages, lar_type_size(out->type));
    if (!*pixels) {
        status = LAR_EMEMORY;
        goto done;
    }
    if (out->pages > 1 && !TIFFSetDirectory(r.tif, 0)) {
        status = damaged(&r, "its first page cannot be found again");
        goto done;
    }
    LAR_TRY(read_pages(*pixels, out, &r));
done:
    reader_close(&r);
    if (status != LAR_OK) {
        lar_free(*pixels);
        *pixels = NULL;
    }
    return status;
}
