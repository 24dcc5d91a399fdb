/* The fields of both NIfTI headers in one table: where each lies in version 1 and in version 2.
 * SPDX-License-Identifier: Apache-2.0 */
#include "format/nifti/nifti.h"

/* As stored: b h i q are integers of 1 2 4 8 bytes, f and d reals of 4 and 8, s text. */
typedef struct place {
    int at;
    char kind;
} place;

typedef struct field {
    size_t offset; /* in lar_nifti_header */
    char kind;     /* there: 'q' int64_t, 'd' double, 's' text */
    int count;
    place one, two;
} field;

#define INTS(name)  offsetof(lar_nifti_header, name), 'q'
#define REALS(name) offsetof(lar_nifti_header, name), 'd'
#define TEXT(name)  offsetof(lar_nifti_header, name), 's'

/* clang-format off */
static const field fields[] = {
    { INTS(dim), 8,         { 40, 'h' },  { 16, 'q' } },
    { REALS(intent_p), 3,   { 56, 'f' },  { 80, 'd' } },
    { INTS(intent_code), 1, { 68, 'h' },  { 504, 'i' } },
    { INTS(datatype), 1,    { 70, 'h' },  { 12, 'h' } },
    { INTS(bitpix), 1,      { 72, 'h' },  { 14, 'h' } },
    { REALS(pixdim), 8,     { 76, 'f' },  { 104, 'd' } },
    { REALS(vox_offset), 1, { 108, 'f' }, { 168, 'q' } },
    { REALS(scl_slope), 1,  { 112, 'f' }, { 176, 'd' } },
    { REALS(scl_inter), 1,  { 116, 'f' }, { 184, 'd' } },
    { INTS(xyzt_units), 1,  { 123, 'b' }, { 500, 'i' } },
    { REALS(cal_max), 1,    { 124, 'f' }, { 192, 'd' } },
    { REALS(cal_min), 1,    { 128, 'f' }, { 200, 'd' } },
    { TEXT(descrip), 80,    { 148, 's' }, { 240, 's' } },
    { INTS(qform_code), 1,  { 252, 'h' }, { 344, 'i' } },
    { INTS(sform_code), 1,  { 254, 'h' }, { 348, 'i' } },
    { REALS(quatern), 3,    { 256, 'f' }, { 352, 'd' } },
    { REALS(qoffset), 3,    { 268, 'f' }, { 376, 'd' } },
    { REALS(srow), 12,      { 280, 'f' }, { 400, 'd' } },
    { TEXT(intent_name), 16, { 328, 's' }, { 508, 's' } },
    { TEXT(magic), 4,       { 344, 's' }, { 4, 's' } },
};
/* clang-format on */

enum { FIELD_COUNT = sizeof fields / sizeof *fields };

static size_t width(char kind)
{
    return kind == 'b' ? 1 : kind == 'h' ? 2 : kind == 'i' || kind == 'f' ? 4 : 8;
}

static void copy_ordered(void *out, const void *in, size_t count, bool swapped)
{
    for (size_t n = 0; n < count; n++)
        ((unsigned char *)out)[n] = ((const unsigned char *)in)[swapped ? count - 1 - n : n];
}

/* One number as stored to the header's int64_t or double. */
static void load(void *out, char to, const unsigned char *bytes, char kind, bool swapped)
{
    union {
        uint8_t b;
        int16_t h;
        int32_t i;
        int64_t q;
        float f;
        double d;
    } v;
    copy_ordered(&v, bytes, width(kind), swapped);
    if (kind == 'f' || kind == 'd') {
        *(double *)out = kind == 'f' ? (double)v.f : v.d;
        return;
    }
    const int64_t whole = kind == 'b' ? v.b : kind == 'h' ? v.h : kind == 'i' ? v.i : v.q;
    if (to == 'd')
        *(double *)out = (double)whole;
    else
        *(int64_t *)out = whole;
}

static void store(unsigned char *bytes, char kind, const void *in, char from)
{
    const int64_t whole = from == 'd' ? 0 : *(const int64_t *)in;
    const double real = from == 'd' ? *(const double *)in : 0;
    const uint8_t b = (uint8_t)whole;
    const int16_t h = (int16_t)whole;
    const int32_t i = (int32_t)whole;
    const int64_t q = from == 'd' && kind == 'q' ? (int64_t)real : whole;
    const float f = (float)real;
    const void *v = kind == 'b'   ? (const void *)&b
                    : kind == 'h' ? (const void *)&h
                    : kind == 'i' ? (const void *)&i
                    : kind == 'q' ? (const void *)&q
                    : kind == 'f' ? (const void *)&f
                                  : (const void *)&real;
    memcpy(bytes, v, width(kind));
}

int32_t lar_nifti_int32(const unsigned char *bytes, bool swapped)
{
    int32_t value;
    copy_ordered(&value, bytes, sizeof value, swapped);
    return value;
}

int16_t lar_nifti_int16(const unsigned char *bytes, bool swapped)
{
    int16_t value;
    copy_ordered(&value, bytes, sizeof value, swapped);
    return value;
}

int lar_nifti_version(const unsigned char *bytes, size_t count, bool *swapped)
{
    *swapped = false;
    if (count < 4) return 0;
    for (int other = 0; other < 2; other++) {
        const int32_t length = lar_nifti_int32(bytes, other);
        *swapped = other;
        if (length == NIFTI1_BYTES) return 1;
        if (length == NIFTI2_BYTES) return 2;
    }
    return 0;
}

void lar_nifti_decode(lar_nifti_header *header, const unsigned char *bytes, int version,
                      bool swapped)
{
    *header = (lar_nifti_header){ .version = version, .swapped = swapped };
    for (const field *f = fields; f < fields + FIELD_COUNT; f++) {
        const place *p = version == 1 ? &f->one : &f->two;
        char *to = (char *)header + f->offset;
        if (f->kind == 's')
            memcpy(to, bytes + p->at, (size_t)f->count); /* a 0 byte follows in the struct */
        else
            for (int n = 0; n < f->count; n++)
                load(to + 8 * n, f->kind, bytes + p->at + (int)width(p->kind) * n, p->kind,
                     swapped);
    }
    if (version == 2) memcpy(header->magic, bytes + 4, 8);
}

void lar_nifti_encode(unsigned char *bytes, const lar_nifti_header *header)
{
    const int32_t length = header->version == 1 ? NIFTI1_BYTES : NIFTI2_BYTES;
    memset(bytes, 0, (size_t)length);
    memcpy(bytes, &length, sizeof length);
    for (const field *f = fields; f < fields + FIELD_COUNT; f++) {
        const place *p = header->version == 1 ? &f->one : &f->two;
        const char *from = (const char *)header + f->offset;
        if (f->kind == 's')
            memcpy(bytes + p->at, from, (size_t)f->count);
        else
            for (int n = 0; n < f->count; n++)
                store(bytes + p->at + (int)width(p->kind) * n, p->kind, from + 8 * n, f->kind);
    }
    /* NIfTI-2 ends its magic as PNG does, so that a transfer as text shows */
    if (header->version == 2) memcpy(bytes + 4 + 4, "\r\n\032\n", 4);
}
