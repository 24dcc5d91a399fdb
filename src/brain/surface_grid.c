/* Volumes at half the size and back, and the box of a mask.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "brain/surface_parts.h"

void lar_surface_halve(float *out, const lar_surface_box *coarse, const float *in,
                       const lar_surface_box *fine)
{
    const int64_t *size = coarse->size, row = fine->size[0], plane = row * fine->size[1];
    for (int64_t k = 0; k < size[2]; k++)
        for (int64_t j = 0; j < size[1]; j++)
            for (int64_t i = 0; i < size[0]; i++) {
                float sum = 0;
                int taken = 0;
                for (int64_t c = 2 * k; c < 2 * k + 2 && c < fine->size[2]; c++)
                    for (int64_t b = 2 * j; b < 2 * j + 2 && b < fine->size[1]; b++)
                        for (int64_t a = 2 * i; a < 2 * i + 2 && a < fine->size[0]; a++, taken++)
                            sum += in[c * plane + b * row + a];
                *out++ = sum / (float)taken;
            }
}

void lar_surface_refine(float *out, const lar_surface_box *fine, const float *in,
                        const lar_surface_box *coarse)
{
    const int64_t *size = coarse->size, row = size[0], plane = row * size[1];
    for (int64_t k = 0; k < fine->size[2]; k++)
        for (int64_t j = 0; j < fine->size[1]; j++)
            for (int64_t i = 0; i < fine->size[0]; i++) {
                const int64_t at[3] = { i / 2, j / 2, k / 2 };
                int64_t other[3];
                for (int a = 0; a < 3; a++) {
                    const int64_t way = (a == 0 ? i : a == 1 ? j : k) % 2 ? 1 : -1;
                    other[a] = at[a] + way;
                    if (other[a] < 0 || other[a] >= size[a]) other[a] = at[a];
                }
                float sum = 0;
                for (int c = 0; c < 8; c++)
                    sum += (c & 1 ? 0.25f : 0.75f) * (c & 2 ? 0.25f : 0.75f) *
                           (c & 4 ? 0.25f : 0.75f) *
                           in[(c & 1 ? other[0] : at[0]) + (c & 2 ? other[1] : at[1]) * row +
                              (c & 4 ? other[2] : at[2]) * plane];
                *out++ = sum;
            }
}

void lar_surface_box_of(int64_t first[3], lar_surface_box *out, const uint8_t *mask,
                        const lar_surface_box *whole)
{
    int64_t last[3] = { -1, -1, -1 };
    for (int a = 0; a < 3; a++) first[a] = whole->size[a];
    for (int64_t k = 0, n = 0; k < whole->size[2]; k++)
        for (int64_t j = 0; j < whole->size[1]; j++)
            for (int64_t i = 0; i < whole->size[0]; i++, n++) {
                if (!mask[n]) continue;
                const int64_t at[3] = { i, j, k };
                for (int a = 0; a < 3; a++) {
                    if (at[a] < first[a]) first[a] = at[a];
                    if (at[a] > last[a]) last[a] = at[a];
                }
            }
    *out = (lar_surface_box){ .mm = whole->mm, .count = 1 };
    for (int a = 0; a < 3; a++) {
        first[a] = first[a] > 1 ? first[a] - 2 : 0;
        const int64_t end = last[a] + 3 < whole->size[a] ? last[a] + 3 : whole->size[a];
        out->size[a] = end - first[a];
        out->count *= out->size[a];
    }
}
