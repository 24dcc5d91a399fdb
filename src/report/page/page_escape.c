/* Text of strangers (names of files and of subjects, a study) as it may stand in a page.
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/report.h"

static const char *const replacement = "\xef\xbf\xbd"; /* U+FFFD */

/* Bytes of the character that begins here, and its number; 1 and -1 where it is no UTF-8 (RFC 3629:
 * no overlong forms, no surrogates, nothing above U+10FFFF). */
static size_t decode(long *out, const unsigned char *c)
{
    static const long least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
    const size_t length = c[0] < 0x80             ? 1
                          : (c[0] & 0xe0) == 0xc0 ? 2
                          : (c[0] & 0xf0) == 0xe0 ? 3
                          : (c[0] & 0xf8) == 0xf0 ? 4
                                                  : 0;
    *out = -1;
    if (length == 0) return 1;
    if (length == 1) {
        *out = c[0];
        return 1;
    }
    long code = c[0] & (0x7f >> length);
    for (size_t n = 1; n < length; n++) { /* a 0 byte ends the text and is no continuation */
        if ((c[n] & 0xc0) != 0x80) return 1;
        code = code << 6 | (c[n] & 0x3f);
    }
    if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return 1;
    *out = code;
    return length;
}

/* Characters that do not show, or that turn the order of those beside them (Unicode's bidirectional
 * controls), and those that XML has not. */
static bool is_hidden(long code)
{
    return code < 0 || (code < 0x20 && code != '\t' && code != '\n') ||
           (code >= 0x7f && code < 0xa0) || code == 0x61c || code == 0x200e || code == 0x200f ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
           code == 0xfeff || (code & 0xfffe) == 0xfffe;
}

void lar_page_escape(lar_text *out, const char *text)
{
    const unsigned char *c = (const unsigned char *)text, *plain = c; /* not added yet */
    while (*c) {
        long code;
        const size_t length = decode(&code, c);
        const char *instead = code == '&'       ? "&amp;"
                              : code == '<'     ? "&lt;"
                              : code == '>'     ? "&gt;"
                              : code == '"'     ? "&quot;"
                              : code == '\''    ? "&#39;"
                              : is_hidden(code) ? replacement
                                                : NULL;
        if (instead) {
            lar_text_add_bytes(out, (const char *)plain, (size_t)(c - plain));
            lar_text_add_bytes(out, instead, strlen(instead));
            plain = c + length;
        }
        c += length;
    }
    lar_text_add_bytes(out, (const char *)plain, (size_t)(c - plain));
}

void lar_base64(lar_text *out, const void *bytes, size_t count)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *b = bytes;
    for (size_t n = 0; n < count; n += 3) {
        const size_t left = count - n;
        const unsigned long group = (unsigned long)b[n] << 16 |
                                    (left > 1 ? (unsigned long)b[n + 1] << 8 : 0) |
                                    (left > 2 ? (unsigned long)b[n + 2] : 0);
        const char four[4] = { letters[group >> 18 & 63], letters[group >> 12 & 63],
                               left > 1 ? letters[group >> 6 & 63] : '=',
                               left > 2 ? letters[group & 63] : '=' };
        lar_text_add_bytes(out, four, 4);
    }
}
