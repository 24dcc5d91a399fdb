/* Learning rate and momentum over the steps of a training: the one-cycle policy (Smith 2018,
 * arXiv:1803.09820) with cosine annealing and fastai version 1's defaults, or a constant rate.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "train/train.h"

static const double pi = 3.14159265358979323846;

/* From a to b as t goes from 0 to 1, along half a cosine. */
static double cosine(double a, double b, double t)
{
    return b + (a - b) / 2 * (cos(pi * t) + 1);
}

lar_pace lar_schedule_at(const lar_schedule *s, int64_t step)
{
    const double high = s->momentum[0], low = s->momentum[1];
    if (s->kind == LAR_SCHEDULE_CONSTANT) return (lar_pace){ .rate = s->rate, .momentum = high };
    /* the warm-up has floor(steps * share) steps; each phase ends one step after its last */
    const int64_t rising = (int64_t)((double)s->steps * s->warm_up);
    const int64_t falling = s->steps - rising;
    if (step < rising) {
        const double t = (double)step / (double)rising;
        return (lar_pace){ .rate = cosine(s->rate / s->div, s->rate, t),
                           .momentum = cosine(high, low, t) };
    }
    const double t = falling > 0 ? (double)(step - rising) / (double)falling : 0;
    return (lar_pace){ .rate = cosine(s->rate, s->rate / s->final_div, t),
                       .momentum = cosine(low, high, t) };
}
