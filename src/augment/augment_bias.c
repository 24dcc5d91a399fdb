/* Bias field: the coil sees some parts of the head better: the signal times exp of a polynomial of
 * the place in the volume (Van Leemput 1999, doi:10.1109/42.811268), so that every patch has its
 * own piece of one smooth field. SPDX-License-Identifier: Apache-2.0 */
#include "augment/augment_parts.h"
#include "math/math.h"

enum { ORDER_MAX = 3, TERMS = 20 };

typedef struct bias_params {
    lar_reals coefficients;
    int64_t order;
} bias_params;

/* Names and defaults: TorchIO's RandomBiasField; MONAI's has coefficients of Legendre polynomials.
 */
static const lar_param table[] = {
    LAR_P_REALS(bias_params, coefficients, "coefficients", 0, "0.5", -2, 2, "number",
                "of each term of the polynomial; n: from -n to n; a range"),
    LAR_P_INT(bias_params, order, "order", 0, "3", 1, ORDER_MAX, "count", "of the polynomial"),
    LAR_P_END,
};

static const char *const names[TERMS + 1] = { "1",   "x",   "y",   "z",   "xx",  "xy",  "xz",
                                              "yy",  "yz",  "zz",  "xxx", "xxy", "xxz", "xyy",
                                              "xyz", "xzz", "yyy", "yyz", "yzz", "zzz", NULL };

static int64_t order_of(int term)
{
    return term == 0 ? 0 : (int64_t)strlen(names[term]);
}

static lar_status check(const void *params)
{
    return lar_range_check(&((const bias_params *)params)->coefficients, "coefficients", false);
}

static void draw(double *values, const void *params, lar_dice *dice)
{
    const bias_params *p = params;
    for (int term = 0; term < TERMS; term++) {
        const double drawn = lar_dice_range(dice, &p->coefficients, 0, true);
        values[term] = order_of(term) <= p->order ? drawn : 0;
    }
}

/* -1 at the first voxel of the volume, 1 at the last, and beyond them the same. */
static double place_along(const lar_augment_work *work, int axis, int64_t voxel)
{
    const int64_t last = work->image->volume->grid.size[axis] - 1;
    if (last == 0) return 0;
    const double at = 2 * (double)(work->box->corner[axis] + voxel) / (double)last - 1;
    return at < -1 ? -1 : at > 1 ? 1 : at;
}

/* In x alone, where y and z are given. */
static void gather_terms(double in_x[ORDER_MAX + 1], const double *values, double y, double z)
{
    for (int n = 0; n <= ORDER_MAX; n++) in_x[n] = 0;
    for (int term = 0; term < TERMS; term++) {
        double product = values[term];
        int power = 0;
        for (const char *at = term ? names[term] : ""; *at; at++) {
            if (*at == 'x') power++;
            if (*at == 'y') product *= y;
            if (*at == 'z') product *= z;
        }
        in_x[power] += product;
    }
}

LAR_CLONES static void apply(float *restrict voxels, const float *restrict field, int64_t count,
                             float zero)
{
    for (int64_t n = 0; n < count; n++) voxels[n] = zero + (voxels[n] - zero) * field[n];
}

static lar_status change(lar_augment_work *work, const double *values)
{
    const int64_t *size = work->box->size;
    bool is_flat = true;
    for (int term = 0; term < TERMS; term++) is_flat = is_flat && values[term] == 0;
    if (is_flat) return LAR_OK;
    const float zero = lar_work_zero(work);
    float *field = lar_scratch_take(work->scratch, 2 * size[0] * (int64_t)sizeof *field);
    if (!field) return LAR_EMEMORY;
    float *x = field + size[0];
    for (int64_t i = 0; i < size[0]; i++) x[i] = (float)place_along(work, 0, i);
    for (int64_t n = 0; n < size[1] * size[2]; n++) {
        double q[ORDER_MAX + 1];
        gather_terms(q, values, place_along(work, 1, n % size[1]),
                     place_along(work, 2, n / size[1]));
        const float f[4] = { (float)q[0], (float)q[1], (float)q[2], (float)q[3] };
        for (int64_t i = 0; i < size[0]; i++)
            field[i] = f[0] + x[i] * (f[1] + x[i] * (f[2] + x[i] * f[3]));
        lar_floats_exp(field, size[0]);
        apply(work->voxels + n * size[0], field, size[0], zero);
    }
    return LAR_OK;
}

const lar_augment_kind lar_augment_bias = {
    .name = "bias",
    .summary = "brighter in some parts, by a smooth field",
    .table = table,
    .size = sizeof(bias_params),
    .names = names,
    .check = check,
    .draw = draw,
    .change = change,
};
