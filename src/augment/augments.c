/* The table of augmentations, each in a file of its own.
 * SPDX-License-Identifier: Apache-2.0 */
#include "augment/augment_parts.h"

extern const lar_augment_kind lar_augment_flip, lar_augment_affine, lar_augment_elastic,
    lar_augment_crop, lar_augment_anisotropy, lar_augment_motion, lar_augment_ghosting,
    lar_augment_spike, lar_augment_bias, lar_augment_blur, lar_augment_noise, lar_augment_gamma,
    lar_augment_contrast, lar_augment_brightness, lar_augment_histogram, lar_augment_swap,
    lar_augment_cutout;

const lar_augment_kind *const lar_augment_kinds[] = {
    &lar_augment_flip,     &lar_augment_affine,     &lar_augment_elastic,
    &lar_augment_crop,     &lar_augment_anisotropy, &lar_augment_motion,
    &lar_augment_ghosting, &lar_augment_spike,      &lar_augment_bias,
    &lar_augment_blur,     &lar_augment_noise,      &lar_augment_gamma,
    &lar_augment_contrast, &lar_augment_brightness, &lar_augment_histogram,
    &lar_augment_swap,     &lar_augment_cutout,     NULL,
};

const lar_param lar_augment_common_table[] = {
    LAR_P_REAL(lar_augment_common, chance, "chance", 0, "1", 0, 1, "fraction",
               "of the samples that it is done to"),
    LAR_P_TEXTS(lar_augment_common, images, "images", 0, "image",
                "which images; left out: all that it can be done to"),
    LAR_P_END,
};

const lar_augment_kind *lar_augment_find(const char *name)
{
    for (int n = 0; lar_augment_kinds[n]; n++)
        if (lar_text_is(lar_augment_kinds[n]->name, name)) return lar_augment_kinds[n];
    return NULL;
}

lar_status lar_augment_init(lar_augment *out, const lar_augment_kind *kind, lar_arena *arena)
{
    *out = (lar_augment){ .kind = kind, .chance = 1 };
    out->params = lar_arena_take(arena, 1, kind->size);
    if (!out->params) return LAR_EMEMORY;
    lar_param_defaults(kind->table, out->params);
    return LAR_OK;
}

lar_status lar_augment_check(const lar_augments *list, int64_t n)
{
    const lar_augment *augment = &list->at[n];
    const lar_augment_kind *kind = augment->kind;
    for (int64_t m = 0; m < n && kind->once; m++)
        if (list->at[m].kind == kind)
            return lar_fail(LAR_EARGUMENT, "'%s' stands in the list a second time", kind->name);
    if (!(augment->chance >= 0 && augment->chance <= 1))
        return lar_fail(LAR_EARGUMENT, "'chance' is %g: it takes 0 to 1", augment->chance);
    return kind->check ? kind->check(augment->params) : LAR_OK;
}
