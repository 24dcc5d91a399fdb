/* phantom: the parts of the digital head, for the files phantom*.c of this room.
 * World coordinates of the head are RAS millimetres with the origin near the anterior commissure,
 * in the proportions of the MNI space.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_PHANTOM_H
#define LAR_PHANTOM_H

#include "base/base.h"

/* ---- tissues --------------------------------------------------------------------------- */

typedef enum phantom_tissue {
    PH_AIR,
    PH_SKIN,
    PH_FAT,
    PH_MUSCLE,
    PH_BONE,
    PH_MARROW,
    PH_CSF,
    PH_GREY,
    PH_WHITE,
    PH_CEREBELLAR_GREY,
    PH_CEREBELLAR_WHITE,
    PH_BRAIN_STEM,
    PH_CAUDATE,
    PH_PUTAMEN,
    PH_PALLIDUM,
    PH_THALAMUS,
    PH_LIMBIC_GREY, /* as grey in T1, longer T2 */
    PH_TRACT,       /* as white in T1, longer T2 */
    PH_IRON_GREY,   /* red and dentate nuclei, substantia nigra */
    PH_VENTRICLE,
    PH_CHOROID,
    PH_LESION,       /* dark in T1, bright in FLAIR */
    PH_LESION_FLAIR, /* as white in T1, bright in FLAIR */
    PH_LESION_DARK,  /* as the first in T1, dark in FLAIR: iron */
    PH_VITREOUS,
    PH_LENS,
    PH_NERVE,
    PH_MUCOSA,
    PH_BLOOD,
    PH_DURA,
    PH_TISSUE_COUNT
} phantom_tissue;

typedef enum phantom_contrast {
    PH_T1,
    PH_T2,
    PH_PD,
    PH_FLAIR,
    PH_CT,
    PH_CONTRAST_COUNT
} phantom_contrast;

extern const char *const lar_phantom_contrasts[]; /* names by phantom_contrast; NULL at the end */
const char *lar_phantom_tissue_name(int code);
bool lar_phantom_is_brain(int code); /* counts for the brain mask: brain, its lesions, ventricles */
/* This subject's relaxation times, densities and Hounsfield units, by code. */
void lar_phantom_draw_tissues(lar_phantom_tissue tissues[PH_TISSUE_COUNT], uint64_t seed,
                              double variation_percent);
/* The signal equation of a contrast, in its own scale; Hounsfield units for ct. `stretch`
 * multiplies T1 and T2: the texture within a tissue. */
double lar_phantom_signal(phantom_contrast contrast, const lar_phantom_tissue *tissue,
                          double t1_stretch, double t2_stretch);
/* Units of the image per unit of signal; 1 for ct. Nominal white matter is at 500. */
double lar_phantom_gain(phantom_contrast contrast);

/* ---- smooth noise ---------------------------------------------------------------------- */

/* Four independent smooth random fields on one lattice: uniform quadratic B-splines with random
 * coefficients, periodic after PH_NOISE_SIZE knots. Deviation about 1 each. */
enum { PH_NOISE_SIZE = 32, PH_NOISE_CHANNELS = 4 };
typedef struct phantom_noise {
    float knots_per_mm;
    float *at; /* (z, y, x, channel) */
} phantom_noise;
/* `band`: take the slow part away, so that a wavelength of 2 to 4 knots remains. */
lar_status lar_phantom_noise_new(phantom_noise *noise, uint64_t seed, uint64_t stream,
                                 double knot_mm, bool band);
void lar_phantom_noise_clear(phantom_noise *noise);
void lar_phantom_noise_at(const phantom_noise *noise, const float p[3],
                          float value[PH_NOISE_CHANNELS]);
/* Channel 0 and its gradient per mm. */
float lar_phantom_noise_slope(const phantom_noise *noise, const float p[3], float slope[3]);

/* ---- anatomy --------------------------------------------------------------------------- */

enum { PH_LESION_MAX = 64, PH_CELL_MM = 10, PH_CELLS = 24 };

typedef struct phantom_lesion {
    float centre[3], radius[3];
    int tissue;
} phantom_lesion;

/* What differs between subjects. */
typedef struct phantom_anatomy {
    float age;                    /* 0 young to 1 old */
    float inverse_scale[3];       /* world to the standard head */
    float ventricle[2], third_mm; /* scale of the lateral ventricles, left and right */
    float csf_gap_mm, sulcus_mm, grey_mm, fissure_mm;
    float skull_mm, scalp_fat_mm;
    float torque; /* right front and left back protrude */
    float iris_degrees;
    float halo; /* ill white matter around the ventricles, 0 to 1 */
    phantom_noise shape, fine, fold, folia, texture;
    int64_t lesion_count;
    phantom_lesion lesions[PH_LESION_MAX];
    uint64_t cells[PH_CELLS * PH_CELLS * PH_CELLS]; /* bit n: lesion n may touch the cell */
} phantom_anatomy;

/* A head: drawn, or read from a label map. */
typedef struct phantom_head {
    phantom_anatomy *anatomy; /* also with a label map: its texture */
    lar_image *codes;         /* uint8 tissue codes, contiguous; NULL where drawn */
    lar_affine world_to_codes;
} phantom_head;

lar_status lar_phantom_anatomy_new(phantom_anatomy **out, uint64_t seed, int64_t lesions);
void lar_phantom_anatomy_free(phantom_anatomy *anatomy);
/* Adds the tissues at a point of the head to `mix`, `weight` in all; the boundaries are blurred
 * over `width_mm`. */
void lar_phantom_anatomy_add(const phantom_anatomy *anatomy, const double xyz[3], double width_mm,
                             float weight, float mix[PH_TISSUE_COUNT]);
/* Depths below the surfaces at a point of the standard head, mm, negative outside. */
typedef struct phantom_hull {
    float cerebrum, cerebellum, stem;
    float inside; /* below the inner table of the skull */
} phantom_hull;
void lar_phantom_hull_at(phantom_hull *hull, const phantom_anatomy *a, const float p[3]);
/* The tissues at a point inside the skull; sums to 1. */
void lar_phantom_brain_mix(const phantom_anatomy *a, const float p[3], const phantom_hull *hull,
                           float width_mm, float mix[PH_TISSUE_COUNT]);
/* The part of one tissue that covers what is there. */
static inline void lar_phantom_lay(float mix[PH_TISSUE_COUNT], int tissue, float part)
{
    if (part <= 0) return;
    for (int n = 0; n < PH_TISSUE_COUNT; n++) mix[n] *= 1 - part;
    mix[tissue] += part;
}

/* Sets head->codes from a label map; `table` NULL: the labels of FreeSurfer and of heads around
 * them. */
lar_status lar_phantom_codes_read(phantom_head *head, const char *labels, const char *table);
void lar_phantom_codes_add(const phantom_head *head, const double xyz[3], float weight,
                           bool nearest, float mix[PH_TISSUE_COUNT]);
/* ---- scans ----------------------------------------------------------------------------- */

/* What one image needs to be made. */
typedef struct phantom_shot {
    phantom_contrast contrast;
    lar_grid grid;
    lar_affine world_to_head;
    double thickness_mm; /* of the slices along k */
    uint64_t seed;       /* of this subject; the contrast chooses the stream */
} phantom_shot;
/* labels and brain: NULL, or where to put them. */
lar_status lar_phantom_shoot(lar_phantom_scan *scan, lar_image **labels, lar_image **brain,
                             const phantom_head *head, const phantom_shot *shot,
                             const lar_phantom_tissue *tissues, const lar_phantom_params *params);

/* ---- files ----------------------------------------------------------------------------- */

/* Parses "t1,flair": at least one, each once. */
lar_status lar_phantom_contrast_list(phantom_contrast list[PH_CONTRAST_COUNT], int64_t *count,
                                     const char *names);
/* The truth about one subject as JSON, and the study of a cohort. */
void lar_phantom_truth_text(lar_text *out, const lar_phantom *phantom,
                            const lar_phantom_params *params);
void lar_phantom_study_text(lar_text *out, const lar_phantom *first,
                            const lar_phantom_params *params, int64_t subjects);

#endif
