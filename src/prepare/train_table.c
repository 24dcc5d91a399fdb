/* The section `train` of a study. The defaults are those of fastai 1's fit_one_cycle and its AdamW
 * (Smith 2018, arXiv:1803.09820; Loshchilov and Hutter 2019, arXiv:1711.05101), as in the article.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "prepare/prepare.h"

static const char *const losses[] = { "mse", "mae", NULL };
static const char *const optimizers[] = { "adamw", NULL };
static const char *const schedules[] = { "one-cycle", "constant", NULL };
static const char *const precisions[] = { "float32", "bfloat16", NULL }; /* as lar_precision */

const lar_param lar_train_table[] = {
    LAR_P_INT(lar_train_params, batch, "batch", 'b', "2", 1, 4096, "count",
              "samples to one step of the optimizer"),
    LAR_P_FLAG(lar_train_params, accumulate, "accumulate", 0,
               "run the samples of a batch one at a time and add their gradients, so that their "
               "sizes may differ"),
    LAR_P_INT(lar_train_params, epochs, "epochs", 'e', "100", 1, 1000000, "count",
              "passes over the training subjects"),
    LAR_P_CHOICE(lar_train_params, loss, "loss", 0, "mse", losses,
                 "mean squared or mean absolute error"),
    LAR_P_CHOICE(lar_train_params, optimizer, "optimizer", 0, "adamw", optimizers,
                 "how weights follow their gradients"),
    LAR_P_CHOICE(lar_train_params, schedule, "schedule", 0, "one-cycle", schedules,
                 "how the learning rate moves"),
    LAR_P_REAL(lar_train_params, rate, "rate", 'r', "3e-3", 0, 100, "number",
               "the largest learning rate"),
    LAR_P_REAL(lar_train_params, weight_decay, "weight-decay", 0, "1e-2", 0, 100, "number",
               "shrinks weights by rate times this, each step"),
    LAR_P_REALS(lar_train_params, momentum, "momentum", 0, "0.95 0.85", 0, 0.999999, "number",
                "largest and smallest momentum: at the ends and at the top of the cycle"),
    LAR_P_REAL(lar_train_params, beta2, "beta2", 0, "0.99", 0, 0.999999, "number",
               "decay of the running mean of squared gradients"),
    LAR_P_REAL(lar_train_params, epsilon, "epsilon", 0, "1e-8", 0, 1, "number",
               "added to the root of the mean squared gradient"),
    LAR_P_REAL(lar_train_params, warm_up, "warm-up", 0, "0.3", 0, 1, "fraction",
               "part of the steps in which the rate rises"),
    LAR_P_REAL(lar_train_params, div, "div", 0, "25", 1, 1e12, "number",
               "the cycle starts at rate / div"),
    LAR_P_REAL(lar_train_params, final_div, "final-div", 0, "auto", 1, 1e16, "number",
               "the cycle ends at rate / final-div; auto: 1e4 times div"),
    LAR_P_CHOICE(lar_train_params, precision, "precision", 0, "float32", precisions,
                 "of the voxels inside the network; weights and sums are float32 and more always"),
    LAR_P_FLAG(
        lar_train_params, deterministic, "deterministic", 0,
        "the same bits for any number of threads: always so, at no cost; a study may say it"),
    LAR_P_SIZE(
        lar_train_params, memory, "memory", 0, "auto",
        "that the whole program may take: more is computed again, to the same bits; auto: as "
        "fast as it goes"),
    LAR_P_INT(lar_train_params, seed, "seed", 0, "1", 0, 9e15, "number",
              "of the first weights and of the order of the samples"),
    LAR_P_INT(lar_train_params, patience, "patience", 0, "auto", 1, 1000000, "count",
              "stop after so many epochs without a better held-out loss; auto: never"),
    LAR_P_FLAG(
        lar_train_params, histories, "histories", 0,
        "write what was drawn for each sample, a file of each epoch, which larmor show-batch "
        "--replay reads"),
    LAR_P_END,
};

lar_train_params lar_train_default(void)
{
    lar_train_params params = { 0 };
    lar_param_defaults(lar_train_table, &params);
    params.sample = lar_sample_default(LAR_SAMPLE_VOLUME);
    return params;
}
