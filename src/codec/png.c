/* PNG (W3C PNG 1.2, ISO 15948) through libspng, from memory and to it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <spng.h>

#include "base/base.h"
#include "codec/codec.h"

enum {
    MOST_EDGE = 1 << 20,  /* pixels of a row or column */
    MOST_CHUNK = 1 << 20, /* bytes of a text or another chunk beside the pixels */
    MOST_CHUNKS = 4 << 20 /* of all of them */
};
static const char keyword[] = "larmor";

bool lar_png_is(const void *bytes, size_t count)
{
    static const unsigned char magic[8] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
    return count >= sizeof magic && memcmp(bytes, magic, sizeof magic) == 0;
}

void lar_png_clear(lar_png *png)
{
    lar_free(png->text);
    *png = (lar_png){ 0 };
}

static lar_status damaged(const char *name, int error)
{
    if (error == SPNG_EMEM) return lar_fail(LAR_EMEMORY, "out of memory for '%s'", name);
    return lar_fail(LAR_EFORMAT, "'%s' is damaged: %s", name,
                    error == SPNG_IO_EOF ? "it is cut short" : spng_strerror(error));
}

static lar_status refuse(const char *name, const char *what)
{
    const lar_status status =
        lar_fail(LAR_EUNSUPPORTED, "'%s' is %s; larmor reads one grey value per pixel", name, what);
    return lar_hint(status, "to save it as greyscale");
}

static lar_status look_kind(lar_png *out, spng_ctx *png, size_t count, const char *name)
{
    struct spng_ihdr head;
    const int error = spng_get_ihdr(png, &head);
    if (error) return damaged(name, error);
    if (head.color_type == SPNG_COLOR_TYPE_INDEXED)
        return refuse(name, "in the colours of a palette");
    if (head.color_type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA) return refuse(name, "transparent");
    if (head.color_type != SPNG_COLOR_TYPE_GRAYSCALE) return refuse(name, "in colours");
    out->width = head.width;
    out->height = head.height;
    out->type = head.bit_depth == 16 ? LAR_U16 : LAR_U8;
    /* pixels of 1 bit grow by 8 */
    const double stored = (double)head.width * head.height * head.bit_depth / 8;
    if (stored > (double)lar_gzip_most(count))
        return lar_fail(LAR_EFORMAT,
                        "'%s' cannot hold what it says: %u x %u pixels in a file of %zu bytes",
                        name, head.width, head.height, count);
    return LAR_OK;
}

/* The text under our keyword; the first of several. */
static lar_status take_text(lar_png *out, spng_ctx *png, const char *name)
{
    lar_status status = LAR_OK;
    uint32_t count = 0;
    struct spng_text *texts = NULL;
    int error = spng_get_text(png, NULL, &count);
    if (error == SPNG_ECHUNKAVAIL) return LAR_OK;
    if (error) return damaged(name, error);
    texts = lar_alloc(count, sizeof *texts);
    if (!texts) return LAR_EMEMORY;
    error = spng_get_text(png, texts, &count);
    if (error) {
        status = damaged(name, error);
        goto done;
    }
    for (uint32_t n = 0; n < count && !out->text; n++) {
        if (!lar_text_is(texts[n].keyword, keyword)) continue;
        const size_t length = strnlen(texts[n].text, texts[n].length);
        out->text = lar_alloc((int64_t)length + 1, 1);
        if (!out->text) {
            status = LAR_EMEMORY;
            goto done;
        }
        memcpy(out->text, texts[n].text, length);
    }
done:
    lar_free(texts);
    return status;
}

static lar_status look_chunks(lar_png *out, spng_ctx *png, const char *name)
{
    struct spng_phys phys;
    struct spng_trns clear;
    int error = spng_get_trns(png, &clear);
    if (!error) return refuse(name, "transparent in one of its grey values");
    if (error != SPNG_ECHUNKAVAIL) return damaged(name, error);
    error = spng_get_phys(png, &phys);
    if (error && error != SPNG_ECHUNKAVAIL) return damaged(name, error);
    if (!error && phys.unit_specifier == 1) {
        out->per_metre[0] = phys.ppu_x;
        out->per_metre[1] = phys.ppu_y;
    }
    return take_text(out, png, name);
}

static lar_status open_reader(spng_ctx **out, const void *bytes, size_t count, const char *name)
{
    *out = spng_ctx_new(0);
    if (!*out) return lar_fail(LAR_EMEMORY, "out of memory for '%s'", name);
    int error = spng_set_crc_action(*out, SPNG_CRC_ERROR, SPNG_CRC_ERROR);
    if (!error) error = spng_set_image_limits(*out, MOST_EDGE, MOST_EDGE);
    if (!error) error = spng_set_chunk_limits(*out, MOST_CHUNK, MOST_CHUNKS);
    if (!error) error = spng_set_png_buffer(*out, bytes, count);
    return error ? damaged(name, error) : LAR_OK;
}

/* libspng leaves the last checksum unread: the chunks must lie in the file to the end of the last.
 */
static bool ends_well(const unsigned char *bytes, size_t count)
{
    for (size_t at = 8; at < count && count - at >= 12;) {
        const unsigned char *chunk = bytes + at;
        const size_t length =
            (size_t)chunk[0] << 24 | (size_t)chunk[1] << 16 | (size_t)chunk[2] << 8 | chunk[3];
        if (length > count - at - 12) return false;
        if (memcmp(chunk + 4, "IEND", 4) == 0) return length == 0;
        at += 12 + length;
    }
    return false;
}

static lar_status decode(unsigned char **pixels, const lar_png *what, spng_ctx *png,
                         const char *name)
{
    const size_t needed = (size_t)(what->width * what->height) * lar_type_size(what->type);
    const int format = what->type == LAR_U16 ? SPNG_FMT_PNG : SPNG_FMT_G8;
    size_t size = 0;
    int error = spng_decoded_image_size(png, format, &size);
    if (error || size != needed) return damaged(name, error ? error : SPNG_EINTERNAL);
    *pixels = lar_alloc_raw((int64_t)needed, 1);
    if (!*pixels) return LAR_EMEMORY;
    error = spng_decode_image(png, *pixels, needed, format, 0);
    if (!error) error = spng_decode_chunks(png); /* to the end: what follows has checksums too */
    return error ? damaged(name, error) : LAR_OK;
}

static lar_status png_open(unsigned char **pixels, lar_png *out, const void *bytes, size_t count,
                           const char *name)
{
    lar_status status = LAR_OK;
    spng_ctx *png = NULL;
    *out = (lar_png){ 0 };
    LAR_TRY(open_reader(&png, bytes, count, name));
    LAR_TRY(look_kind(out, png, count, name));
    if (!ends_well(bytes, count)) {
        status = damaged(name, SPNG_IO_EOF);
        goto done;
    }
    LAR_TRY(decode(pixels, out, png, name));
    LAR_TRY(look_chunks(out, png, name));
done:
    spng_ctx_free(png);
    return status;
}

lar_status lar_png_look(lar_png *out, const void *bytes, size_t count, const char *name)
{
    unsigned char *pixels = NULL; /* what is said may stand behind them */
    const lar_status status = png_open(&pixels, out, bytes, count, name);
    lar_free(pixels);
    return status;
}

lar_status lar_png_read(unsigned char **pixels, lar_png *out, const void *bytes, size_t count,
                        const char *name)
{
    *pixels = NULL;
    const lar_status status = png_open(pixels, out, bytes, count, name);
    if (status != LAR_OK) {
        lar_free(*pixels);
        *pixels = NULL;
    }
    return status;
}

static int fill(spng_ctx *png, const lar_png *what, int level)
{
    struct spng_ihdr head = { .width = (uint32_t)what->width,
                              .height = (uint32_t)what->height,
                              .bit_depth = what->type == LAR_U16 ? 16 : 8,
                              .color_type = SPNG_COLOR_TYPE_GRAYSCALE };
    struct spng_phys phys = { .unit_specifier = 1 };
    struct spng_text text = { .type = SPNG_TEXT };
    int error = spng_set_option(png, SPNG_ENCODE_TO_BUFFER, 1);
    if (!error) error = spng_set_image_limits(png, MOST_EDGE, MOST_EDGE);
    if (!error) error = spng_set_option(png, SPNG_IMG_COMPRESSION_LEVEL, level > 9 ? 9 : level);
    if (!error) error = spng_set_ihdr(png, &head);
    if (!error && what->per_metre[0] >= 1 && what->per_metre[1] >= 1 &&
        what->per_metre[0] < INT32_MAX && what->per_metre[1] < INT32_MAX) {
        phys.ppu_x = (uint32_t)(what->per_metre[0] + 0.5);
        phys.ppu_y = (uint32_t)(what->per_metre[1] + 0.5);
        error = spng_set_phys(png, &phys);
    }
    if (!error && what->text) {
        memcpy(text.keyword, keyword, sizeof keyword);
        text.text = what->text;
        text.length = strlen(what->text);
        error = spng_set_text(png, &text, 1);
    }
    return error;
}

lar_status lar_png_write(unsigned char **out, size_t *out_count, const lar_png *what,
                         const void *pixels, int level)
{
    lar_status status = LAR_OK;
    const size_t count = (size_t)(what->width * what->height) * lar_type_size(what->type);
    void *made = NULL;
    *out = NULL;
    spng_ctx *png = spng_ctx_new(SPNG_CTX_ENCODER);
    int error = png ? fill(png, what, level) : SPNG_EMEM;
    if (!error) error = spng_encode_image(png, pixels, count, SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE);
    if (!error) made = spng_get_png_buffer(png, out_count, &error);
    if (error || !made) {
        status = lar_fail(error == SPNG_EMEM ? LAR_EMEMORY : LAR_EARGUMENT,
                          "a PNG of %lldx%lld pixels could not be made: %s", (long long)what->width,
                          (long long)what->height, spng_strerror(error));
        goto done;
    }
    *out = lar_alloc_raw((int64_t)*out_count, 1); /* for lar_free(), as all blocks */
    if (!*out) {
        status = LAR_EMEMORY;
        goto done;
    }
    memcpy(*out, made, *out_count);
done:
    free(made);
    spng_ctx_free(png);
    return status;
}
