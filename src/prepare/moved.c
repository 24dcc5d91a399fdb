/* Where images lie after registrations: each scan keeps its own world, and a chain of maps leads
 * from one to the other. SPDX-License-Identifier: Apache-2.0 */
#include "math/math.h"
#include "prepare/pass.h"

static bool moves(const lar_study *study, lar_registration *const *found, int64_t step,
                  int64_t image)
{
    return image >= 0 && found[step] && study->steps[step].on[image];
}

static lar_status add_forward(lar_chain *chain, const lar_registration *r)
{
    const lar_status status = lar_chain_add_affine(chain, &r->affine);
    if (status != LAR_OK || !r->field) return status;
    return lar_chain_add_field(chain, r->field);
}

static lar_status add_back(lar_chain *chain, const lar_registration *r)
{
    lar_status status = LAR_OK;
    lar_affine back;
    if (r->inverse) LAR_TRY(lar_chain_add_field(chain, r->inverse));
    if (lar_affine_invert(&back, &r->affine))
        status = lar_chain_add_affine(chain, &back);
    else
        status = lar_fail(LAR_ENUMERIC, "a registration's map cannot be inverted");
done:
    return status;
}

/* A registration maps points of the world that it left to points of the one before, so an image's
 * registrations lead, the last one first, from where it lies now to its scan. What moved both
 * images alike, after all that did not, changes nothing between them. */
lar_status lar_moved_chain(lar_chain **out, const lar_study *study, lar_registration *const *found,
                           int64_t from, int64_t to)
{
    lar_status status = LAR_OK;
    lar_chain *chain = NULL;
    int64_t end = found ? study->step_count : 0;

    *out = NULL;
    while (end > 0 && moves(study, found, end - 1, from) == moves(study, found, end - 1, to)) end--;
    if (end == 0) return LAR_OK;
    LAR_TRY(lar_chain_new(&chain));
    for (int64_t s = 0; s < end; s++)
        if (moves(study, found, s, to)) LAR_TRY(add_forward(chain, found[s]));
    for (int64_t s = end - 1; s >= 0; s--)
        if (moves(study, found, s, from)) LAR_TRY(add_back(chain, found[s]));
    *out = chain;
    chain = NULL;
done:
    lar_chain_free(chain);
    return status;
}

const lar_step *lar_step_moved(const lar_study *study, const lar_step *before, int64_t image)
{
    for (const lar_step *step = study->steps; step < before; step++)
        if (lar_step_moves(step, image)) return step;
    return NULL;
}
