/* The header of an MGH file, big-endian whatever machine wrote it.
 * https://surfer.nmr.mgh.harvard.edu/fswiki/FsTutorial/MghFormat; codes of types also from nibabel
 * (MIT), nibabel/freesurfer/mghformat.py.
 * SPDX-License-Identifier: Apache-2.0 */
#include "format/mgh.h"

enum { GOOD_RAS_AT = 28, PLACE_AT = 30, INTS = 7 };

static const struct {
    int32_t code;
    lar_type type;
    const char *refused;
} types[] = {
    { 0, LAR_U8, NULL },
    { 1, LAR_I32, NULL },
    { 3, LAR_F32, NULL },
    { 4, LAR_I16, NULL },
    { 10, LAR_U16, NULL },
    { 2, LAR_I64, "long integers, whose size the format leaves open" },
    { 5, LAR_U8, "single bits" },
    { 6, LAR_F32, "tensors" },
    { 7, LAR_F32, "complex numbers" },
    { 8, LAR_F64, "complex numbers" },
    { 9, LAR_U8, "colours" },
};

enum { TYPE_ROWS = sizeof types / sizeof *types };

bool lar_mgh_type(lar_type *out, const char **refused, int32_t code)
{
    for (int n = 0; n < TYPE_ROWS; n++) {
        if (types[n].code != code) continue;
        *out = types[n].type;
        *refused = types[n].refused;
        return true;
    }
    return false;
}

bool lar_mgh_code(int32_t *out, lar_type type)
{
    for (int n = 0; n < TYPE_ROWS; n++) {
        if (types[n].type != type || types[n].refused) continue;
        *out = types[n].code;
        return true;
    }
    return false;
}

static uint32_t load(const unsigned char *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static void store(unsigned char *b, uint32_t value)
{
    for (int n = 0; n < 4; n++) b[n] = (unsigned char)(value >> (24 - 8 * n));
}

float lar_mgh_real(const unsigned char *bytes)
{
    const uint32_t bits = load(bytes);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

void lar_mgh_put_real(unsigned char *bytes, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    store(bytes, bits);
}

/* The numbers of the header in the order of the file. */
typedef struct layout {
    int32_t *ints[INTS];
    float *reals[5];
} layout;

static layout layout_of(lar_mgh_header *h)
{
    return (layout){
        .ints = { &h->version, &h->size[0], &h->size[1], &h->size[2], &h->frames, &h->code,
                  &h->dof },
        .reals = { h->spacing, h->cosine[0], h->cosine[1], h->cosine[2], h->centre },
    };
}

void lar_mgh_decode(lar_mgh_header *h, const unsigned char *bytes)
{
    const layout l = layout_of(h);
    for (int n = 0; n < INTS; n++) *l.ints[n] = (int32_t)load(bytes + 4 * n);
    h->good_ras = (int16_t)(bytes[GOOD_RAS_AT] << 8 | bytes[GOOD_RAS_AT + 1]);
    for (int n = 0; n < 15; n++) l.reals[n / 3][n % 3] = lar_mgh_real(bytes + PLACE_AT + 4 * n);
}

void lar_mgh_encode(unsigned char *bytes, const lar_mgh_header *header)
{
    lar_mgh_header h = *header;
    const layout l = layout_of(&h);
    memset(bytes, 0, MGH_HEADER_BYTES);
    for (int n = 0; n < INTS; n++) store(bytes + 4 * n, (uint32_t)*l.ints[n]);
    bytes[GOOD_RAS_AT + 1] = h.good_ras != 0;
    for (int n = 0; n < 15; n++) lar_mgh_put_real(bytes + PLACE_AT + 4 * n, l.reals[n / 3][n % 3]);
}

void lar_mgh_default_place(lar_mgh_header *h)
{
    static const float coronal[3][3] = { { -1, 0, 0 }, { 0, 0, -1 }, { 0, 1, 0 } };
    memcpy(h->cosine, coronal, sizeof coronal);
    for (int n = 0; n < 3; n++) {
        h->spacing[n] = 1;
        h->centre[n] = 0;
    }
}

lar_affine lar_mgh_affine(const lar_mgh_header *h)
{
    lar_affine a;
    for (int r = 0; r < 3; r++) {
        a.m[r][3] = (double)h->centre[r];
        for (int c = 0; c < 3; c++) {
            a.m[r][c] = (double)h->cosine[c][r] * (double)h->spacing[c];
            a.m[r][3] -= a.m[r][c] * h->size[c] / 2;
        }
    }
    return a;
}
