/* A page in one file, put together part by part. It is finished in memory and written at once, so
 * that a browser that loads it again and again never meets half a page.
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/page/page_style.h"
#include "report/report.h"

enum { DEPTH = 12, COLUMNS = 64 };

struct lar_page {
    lar_text title, contents, body;
    int64_t reload_s;
    bool in_section;
    const char *ends[DEPTH]; /* what closes each part that is open */
    int depth;
    bool numbers[COLUMNS];   /* of the open table: its columns of numbers */
    int64_t columns, column; /* how many, and the cells of its last row */
    bool failed;             /* a mistake of the caller's in opening and closing */
};

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
static const char *const kinds[] = { "", "soft", "warning", "bad", "good" };

lar_status lar_page_new(lar_page **out, const char *title, int64_t reload_s)
{
    *out = lar_alloc(1, sizeof **out);
    if (!*out) return LAR_EMEMORY;
    lar_page_escape(&(*out)->title, title);
    (*out)->reload_s = reload_s;
    return LAR_OK;
}

void lar_page_free(lar_page *page)
{
    if (!page) return;
    lar_text_clear(&page->title);
    lar_text_clear(&page->contents);
    lar_text_clear(&page->body);
    lar_free(page);
}

static void add_list(lar_text *out, const char *format, va_list list)
{
    va_list again;
    va_copy(again, list);
    const int length = vsnprintf(NULL, 0, format, list);
    char *words = length < 0 ? NULL : lar_alloc_raw((int64_t)length + 1, 1);
    if (words) {
        vsnprintf(words, (size_t)length + 1, format, again);
        lar_page_escape(out, words);
    } else {
        out->failed = true;
    }
    va_end(again);
    lar_free(words);
}

static void open(lar_page *page, const char *end)
{
    if (page->depth == DEPTH)
        page->failed = true;
    else
        page->ends[page->depth++] = end;
}

void lar_page_close(lar_page *page)
{
    if (page->depth == 0) {
        page->failed = true;
        return;
    }
    if (page->columns && page->column) {
        page->failed |= page->column != page->columns;
        lar_text_add(&page->body, "</tr>");
    }
    page->columns = page->column = 0;
    lar_text_add(&page->body, "%s\n", page->ends[--page->depth]);
}

/* ---- text ------------------------------------------------------------------------------ */

void lar_page_section(lar_page *page, const char *anchor, const char *title)
{
    while (page->depth) lar_page_close(page);
    lar_text_add(&page->body, "%s<section id=\"%s\">\n<h2>", page->in_section ? "</section>\n" : "",
                 anchor);
    lar_page_escape(&page->body, title);
    lar_text_add(&page->body, "</h2>\n");
    lar_text_add(&page->contents, "<a href=\"#%s\">", anchor);
    lar_page_escape(&page->contents, title);
    lar_text_add(&page->contents, "</a>\n");
    page->in_section = true;
}

void lar_page_heading(lar_page *page, const char *title)
{
    lar_text_add(&page->body, "<h3>");
    lar_page_escape(&page->body, title);
    lar_text_add(&page->body, "</h3>\n");
}

void lar_page_text(lar_page *page, int kind, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    lar_text_add(&page->body, "<p class=\"%s\">", kinds[kind]);
    add_list(&page->body, format, list);
    lar_text_add(&page->body, "</p>\n");
    va_end(list);
}

void lar_page_code(lar_page *page, const char *text)
{
    lar_text_add(&page->body, "<pre>");
    lar_page_escape(&page->body, text);
    lar_text_add(&page->body, "</pre>\n");
}

/* ---- lists ----------------------------------------------------------------------------- */

void lar_page_tiles_open(lar_page *page)
{
    lar_text_add(&page->body, "<div class=\"tiles\">\n");
    open(page, "</div>");
}

void lar_page_tile(lar_page *page, int kind, const char *name, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    lar_text_add(&page->body, "<div class=\"tile %s\"><b>", kinds[kind]);
    add_list(&page->body, format, list);
    lar_text_add(&page->body, "</b><span>");
    lar_page_escape(&page->body, name);
    lar_text_add(&page->body, "</span></div>\n");
    va_end(list);
}

void lar_page_facts_open(lar_page *page)
{
    lar_text_add(&page->body, "<dl>\n");
    open(page, "</dl>");
}

void lar_page_fact(lar_page *page, const char *name, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    lar_text_add(&page->body, "<dt>");
    lar_page_escape(&page->body, name);
    lar_text_add(&page->body, "</dt><dd>");
    add_list(&page->body, format, list);
    lar_text_add(&page->body, "</dd>\n");
    va_end(list);
}

void lar_page_table_open(lar_page *page, const lar_page_column *columns, int64_t count)
{
    lar_text_add(&page->body, "<div class=\"scroll\"><table><thead><tr>");
    page->failed |= count > COLUMNS;
    for (int64_t n = 0; n < count && n < COLUMNS; n++) {
        page->numbers[n] = columns[n].number;
        lar_text_add(&page->body, "<th%s>", columns[n].number ? " class=\"n\"" : "");
        lar_page_escape(&page->body, columns[n].name);
        lar_text_add(&page->body, "</th>");
    }
    lar_text_add(&page->body, "</tr></thead><tbody>\n");
    open(page, "</tbody></table></div>");
    page->columns = count < COLUMNS ? count : COLUMNS;
    page->column = 0;
}

void lar_page_cell(lar_page *page, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    if (page->column == page->columns) {
        lar_text_add(&page->body, "</tr>\n");
        page->column = 0;
    }
    lar_text_add(&page->body, "%s<td%s>", page->column ? "" : "<tr>",
                 page->numbers[page->column] ? " class=\"n\"" : "");
    add_list(&page->body, format, list);
    lar_text_add(&page->body, "</td>");
    page->column++;
    va_end(list);
}

/* ---- parts ----------------------------------------------------------------------------- */

void lar_page_fold_open(lar_page *page, bool is_open, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    lar_text_add(&page->body, "<details%s><summary>", is_open ? " open=\"open\"" : "");
    add_list(&page->body, format, list);
    lar_text_add(&page->body, "</summary>\n");
    open(page, "</details>");
    va_end(list);
}

void lar_page_card_open(lar_page *page, int kind, const char *title, const char *beside)
{
    lar_text_add(&page->body, "<div class=\"card %s\"><h3>", kinds[kind]);
    lar_page_escape(&page->body, title);
    lar_text_add(&page->body, "</h3> <span class=\"beside\">");
    lar_page_escape(&page->body, beside);
    lar_text_add(&page->body, "</span>\n");
    open(page, "</div>");
}

void lar_page_row_open(lar_page *page, const char *name)
{
    lar_text_add(&page->body, "<div class=\"row\"><span class=\"name\">");
    lar_page_escape(&page->body, name);
    lar_text_add(&page->body, "</span>\n");
    open(page, "</div>");
}

/* The size that a PNG in base64 says at its begin; 0 where it is none. */
static void png_size(int64_t size[2], const char *text)
{
    unsigned char head[24] = { 0 };
    size[0] = size[1] = 0;
    for (int n = 0; n < 32; n++) { /* 32 letters are the 24 bytes up to the height */
        const char *letter = text[n] ? strchr(base64, text[n]) : NULL;
        if (!letter || *letter == '=') return;
        const unsigned long six = (unsigned long)(letter - base64) << (18 - n % 4 * 6);
        for (int b = 0; b < 3; b++) head[n / 4 * 3 + b] |= (unsigned char)(six >> (16 - b * 8));
    }
    for (int n = 0; n < 2; n++)
        for (int b = 0; b < 4; b++) size[n] = size[n] << 8 | head[16 + n * 4 + b];
}

void lar_page_picture(lar_page *page, const lar_page_image *image)
{
    lar_text *body = &page->body;
    int64_t size[2] = { 0 };
    lar_text_add(body, "<figure class=\"%s\"><img class=\"%s\" alt=\"",
                 image->plot ? "wide" : "small", image->plot ? "plot" : "scan");
    lar_page_escape(body, image->alt);
    if (image->base64 && !image->svg) png_size(size, image->base64);
    if (size[0] > 0 && size[0] < 10000 && size[1] > 0 && size[1] < 10000) {
        const double scale = image->scale > 0 ? image->scale : 1;
        lar_text_add(body, "\" width=\"%.0f\" height=\"%.0f", scale * (double)size[0],
                     scale * (double)size[1]);
    }
    lar_text_add(body, "\" src=\"data:image/%s;base64,", image->svg ? "svg+xml" : "png");
    if (image->base64 && !image->base64[strspn(image->base64, base64)])
        lar_text_add_bytes(body, image->base64, strlen(image->base64));
    else if (!image->base64)
        lar_base64(body, image->bytes, image->count);
    lar_text_add(body, "\"/>");
    if (image->caption) {
        lar_text_add(body, "<figcaption>");
        lar_page_escape(body, image->caption);
        lar_text_add(body, "</figcaption>");
    }
    lar_text_add(body, "</figure>\n");
}

/* ---- the file -------------------------------------------------------------------------- */

static void add_head(lar_text *out, const lar_page *page)
{
    lar_text_add(out,
                 "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
                 "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                 "img-src data:; style-src 'unsafe-inline'; base-uri 'none'; "
                 "form-action 'none'\"/>\n"
                 "<meta name=\"referrer\" content=\"no-referrer\"/>\n"
                 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n");
    if (page->reload_s > 0)
        lar_text_add(out, "<meta http-equiv=\"refresh\" content=\"%lld\"/>\n",
                     (long long)page->reload_s);
    lar_text_add(out, "<title>%s</title>\n<style>\n%s</style>\n</head>\n<body>\n<h1>%s</h1>\n",
                 lar_text_get(&page->title), lar_page_style, lar_text_get(&page->title));
    if (page->contents.length)
        lar_text_add(out, "<nav>\n%s</nav>\n", lar_text_get(&page->contents));
}

lar_status lar_page_write(lar_page *page, const char *path, bool force)
{
    lar_status status = LAR_OK;
    lar_writer *writer = NULL;
    lar_text head = { 0 }, foot = { 0 };

    while (page->depth) lar_page_close(page);
    add_head(&head, page);
    lar_text_add(&foot, "%s<footer>larmor ", page->in_section ? "</section>\n" : "");
    lar_page_escape(&foot, lar_version());
    lar_text_add(&foot, "</footer>\n</body>\n</html>\n");
    if (page->failed) {
        status = lar_fail(LAR_EINTERNAL, "the page '%s' was put together wrongly", path);
        goto done;
    }
    if (page->title.failed || page->contents.failed || page->body.failed || head.failed ||
        foot.failed) {
        status = lar_fail(LAR_EMEMORY, "out of memory for the page '%s'", path);
        goto done;
    }
    LAR_TRY(lar_writer_open(&writer, path, force));
    LAR_TRY(lar_writer_put(writer, head.at, head.length));
    LAR_TRY(lar_writer_put(writer, lar_text_get(&page->body), page->body.length));
    LAR_TRY(lar_writer_put(writer, foot.at, foot.length));
    LAR_TRY(lar_writer_commit(writer));
done:
    lar_writer_free(writer);
    lar_text_clear(&head);
    lar_text_clear(&foot);
    return status;
}
