/* The table of our own convolution kernels. What none of them runs, the backend gives to a library.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "tensor/kernels/kernels.h"

const lar_conv_kernel *const lar_conv_kernels[] = { &lar_conv_amx,
                                                    &lar_conv_winograd,
                                                    &lar_conv_winograd_bfloat16,
                                                    &lar_conv_winograd_weights,
                                                    &lar_conv_direct_weights,
                                                    NULL };
