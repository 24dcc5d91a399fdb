/* How much memory a case takes, told before it is prepared. The bytes of a voxel were measured on
 * phantoms of 1 and 2 mm, step by step (bench/data_prepare.py compares forecast and peak), and what
 * a case takes whatever its size: its pictures, its thread, and the program where it is alone.
 * SPDX-License-Identifier: Apache-2.0 */
#include "prepare/cohort_pass.h"

static const double ANY_CASE = 32e6; /* bytes */

static double voxels_of(const lar_grid *grid)
{
    return (double)grid->size[0] * (double)grid->size[1] * (double)grid->size[2];
}

double lar_prepare_memory(const lar_study *study, const lar_grid *raw, const lar_grid *ends)
{
    double held = 0, reading = 0, step = 0, largest = 0, end = 0;
    for (int64_t m = 0; m < study->data.image_count; m++) {
        const double scan = voxels_of(&raw[lar_step_follows(&study->data, m)]);
        if (8 * scan + held > reading) reading = 8 * scan + held; /* as stored, and as float32 */
        held += 4 * scan;
        if (scan > largest) largest = scan;
        end += 4 * voxels_of(&ends[m]);
    }
    for (int64_t s = 0; s < study->step_count; s++) {
        const lar_step_kind *kind = study->steps[s].kind;
        const double needs =
            kind->memory ? kind->memory(&study->steps[s], study, largest) : kind->bytes * largest;
        if (needs > step) step = needs;
    }
    const double working = held + (step > end ? step : end);
    return ANY_CASE + (reading > working ? reading : working);
}

double lar_cohort_memory(const lar_cohort_pass *p)
{
    lar_memory memory;
    if (p->params.memory != LAR_INT_AUTO) return (double)p->params.memory;
    lar_memory_ask(&memory, "");
    return memory.available > 0 ? 0.8 * memory.available
                                : 1e18; /* the rest: of others, and files */
}
