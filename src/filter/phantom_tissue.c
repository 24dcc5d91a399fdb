/* Tissues of the phantom, their relaxation at 3 T, and what a scanner makes of them.
 *
 * Relaxation times: T1 of grey and white matter and T2 of white after Wansapura 1999
 * (doi:10.1002/(SICI)1522-2586(199904)9:4<531::AID-JMRI4>3.0.CO;2-L); T2 of grey, and nerve, muscle
 * and blood after Stanisz 2005 (doi:10.1002/mrm.20605); fat after Gold 2004
 * (doi:10.2214/ajr.183.2.1830343); marrow after de Bazelaire 2004 (doi:10.1148/radiol.2303021331);
 * the longer T2 of limbic cortex after Georgiades 2001 (AJNR 22:1732). Rows marked * are chosen
 * between their neighbours.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "filter/phantom.h"
#include "math/math.h"

const char *const lar_phantom_contrasts[] = { "t1", "t2", "pd", "flair", "ct", NULL };

/* clang-format off */
static const struct row {
    const char *name;
    double t1_ms, t2_ms, density_percent, hounsfield;
    bool brain;
} rows[PH_TISSUE_COUNT] = {
    [PH_AIR]              = { "air",                    500,   1,   0, -1000, false },
    [PH_SKIN]             = { "skin",                   700,  32,  60,    40, false }, /* * */
    [PH_FAT]              = { "fat",                    371, 133,  80,  -100, false },
    [PH_MUSCLE]           = { "muscle",                1412,  40,  78,    55, false },
    [PH_BONE]             = { "bone",                   250,   1,   5,  1300, false }, /* * */
    [PH_MARROW]           = { "marrow",                 586,  49,  55,   350, false },
    [PH_CSF]              = { "csf",                   4000, 1800, 100,    8, false }, /* * */
    [PH_GREY]             = { "grey",                  1331,  99,  82,    38, true },
    [PH_WHITE]            = { "white",                  832,  80,  70,    29, true },
    [PH_CEREBELLAR_GREY]  = { "cerebellar grey",       1270,  96,  82,    38, true }, /* * */
    [PH_CEREBELLAR_WHITE] = { "cerebellar white",       860,  84,  71,    30, true }, /* * */
    [PH_BRAIN_STEM]       = { "brain stem",             930,  86,  72,    31, true }, /* * */
    [PH_CAUDATE]          = { "caudate",               1270,  92,  81,    37, true }, /* * */
    [PH_PUTAMEN]          = { "putamen",               1190,  88,  80,    37, true }, /* * */
    [PH_PALLIDUM]         = { "pallidum",               960,  66,  73,    36, true }, /* * */
    [PH_THALAMUS]         = { "thalamus",              1080,  88,  77,    35, true }, /* * */
    [PH_LIMBIC_GREY]      = { "limbic grey",           1331, 110,  82,    38, true },
    [PH_TRACT]            = { "tract",                  832,  91,  70,    29, true }, /* * */
    [PH_IRON_GREY]        = { "iron grey",             1000,  58,  74,    36, true }, /* * */
    [PH_VENTRICLE]        = { "ventricle",             4000, 1800, 100,    8, true }, /* * */
    [PH_CHOROID]          = { "choroid plexus",        1500, 105,  88,    45, true }, /* * */
    [PH_LESION]           = { "lesion",                1250, 165,  80,    22, true }, /* * */
    [PH_LESION_FLAIR]     = { "lesion in flair alone",  832, 135,  70,    28, true }, /* * */
    [PH_LESION_DARK]      = { "lesion with iron",      1250,  45,  80,    15, true }, /* * */
    [PH_VITREOUS]         = { "vitreous",              3900, 1400,  99,   10, false }, /* * */
    [PH_LENS]             = { "lens",                  1500,  30,  70,    80, false }, /* * */
    [PH_NERVE]            = { "nerve",                 1083,  78,  72,    32, false },
    [PH_MUCOSA]           = { "mucosa",                1600, 160,  85,    40, false }, /* * */
    [PH_BLOOD]            = { "blood",                 1932,  20,  45,    50, false }, /* * flow takes signal */
    [PH_DURA]             = { "dura",                  1100,  18,  55,    65, false }, /* * */
};
/* clang-format on */

/* Sequences, in ms; typical of 3 T protocols. */
enum { T1_TR = 2300, T1_TI = 1100, T2_TR = 5000, T2_TE = 95, PD_TR = 3000, PD_TE = 14 };
enum { FLAIR_TR = 9000, FLAIR_TE = 110 };

const char *lar_phantom_tissue_name(int code)
{
    return code >= 0 && code < PH_TISSUE_COUNT ? rows[code].name : NULL;
}

bool lar_phantom_is_brain(int code)
{
    return rows[code].brain;
}

/* Normal, cut at 2.5 deviations so that no tissue leaves its place. */
static double draw(uint64_t seed, uint64_t stream, uint64_t index)
{
    const double n = lar_random_normal(seed, stream, index);
    return n < -2.5 ? -2.5 : n > 2.5 ? 2.5 : n;
}

void lar_phantom_draw_tissues(lar_phantom_tissue tissues[PH_TISSUE_COUNT], uint64_t seed,
                              double variation_percent)
{
    enum { STREAM = 0x71550e };
    const double part = variation_percent / 100;
    /* a person's water content moves all tissues together */
    const double together = 1 + 0.6 * part * draw(seed, STREAM, 1000);
    for (int n = 0; n < PH_TISSUE_COUNT; n++) {
        const struct row *row = &rows[n];
        const uint64_t index = 4 * (uint64_t)n;
        const double t1 = row->t1_ms * together * (1 + part * draw(seed, STREAM, index));
        const double t2 = row->t2_ms * together * (1 + part * draw(seed, STREAM, index + 1));
        const double density =
            row->density_percent * (1 + 0.3 * part * draw(seed, STREAM, index + 2));
        tissues[n] = (lar_phantom_tissue){ .code = n,
                                           .name = row->name,
                                           .t1_ms = t1,
                                           .t2_ms = t2,
                                           .density_percent = density > 100 ? 100 : density,
                                           .hounsfield = row->hounsfield };
    }
    /* what looks alike in T1 does so in every subject */
    static const int alike[][2] = { { PH_LIMBIC_GREY, PH_GREY },
                                    { PH_TRACT, PH_WHITE },
                                    { PH_LESION_FLAIR, PH_WHITE },
                                    { PH_LESION_DARK, PH_LESION },
                                    { PH_VENTRICLE, PH_CSF } };
    for (size_t n = 0; n < sizeof alike / sizeof *alike; n++) {
        tissues[alike[n][0]].t1_ms = tissues[alike[n][1]].t1_ms;
        tissues[alike[n][0]].density_percent = tissues[alike[n][1]].density_percent;
    }
    tissues[PH_VENTRICLE].t2_ms = tissues[PH_CSF].t2_ms;
}

/* Magnetization along the field just before the pulse that follows an inversion, in repetitions:
 * Bernstein, King, Zhou, Handbook of MRI Pulse Sequences (2004), section 14.2. */
static double inversion_recovery(double inversion_ms, double repetition_ms, double t1_ms)
{
    return fabs(1 - 2 * exp(-inversion_ms / t1_ms) + exp(-repetition_ms / t1_ms));
}

double lar_phantom_signal(phantom_contrast contrast, const lar_phantom_tissue *tissue,
                          double t1_stretch, double t2_stretch)
{
    const double t1 = tissue->t1_ms * t1_stretch, t2 = tissue->t2_ms * t2_stretch;
    const double density = tissue->density_percent / 100;
    switch (contrast) {
    case PH_T1: /* magnetization-prepared gradient echo: Mugler 1990, doi:10.1002/mrm.1910150117;
                 * its short echo is left out, as is the signal that bone loses before any echo */
        return density * inversion_recovery(T1_TI, T1_TR, t1);
    case PH_T2:
        return density * (1 - exp(-T2_TR / t1)) * exp(-T2_TE / t2);
    case PH_PD:
        return density * (1 - exp(-PD_TR / t1)) * exp(-PD_TE / t2);
    case PH_FLAIR: {
        /* Hajnal 1992, doi:10.1097/00004728-199211000-00001: the inversion time at which nominal
         * fluid passes zero */
        const double fluid = rows[PH_CSF].t1_ms;
        const double inversion = fluid * log(2 / (1 + exp(-FLAIR_TR / fluid)));
        return density * inversion_recovery(inversion, FLAIR_TR, t1) * exp(-FLAIR_TE / t2);
    }
    default:
        return tissue->hounsfield;
    }
}

double lar_phantom_gain(phantom_contrast contrast)
{
    if (contrast == PH_CT) return 1;
    const struct row *row = &rows[PH_WHITE];
    const lar_phantom_tissue white = { .t1_ms = row->t1_ms,
                                       .t2_ms = row->t2_ms,
                                       .density_percent = row->density_percent };
    const double target = contrast == PH_T1 ? 500 : 350;
    return target / lar_phantom_signal(contrast, &white, 1, 1);
}
