/* Which of the voxel-wise loops this processor runs. SPDX-License-Identifier: Apache-2.0 */
#include "tensor/kernels/blocked.h"

static const values_code *chosen;

const values_code *lar_values_kind(int n)
{
#ifdef __x86_64__
    const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("bmi2");
    const bool v4 = v3 && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512cd");
    if (v4 && __builtin_cpu_supports("avx512bf16") && n-- == 0) return &lar_values_bf16;
    if (v4 && n-- == 0) return &lar_values_v4;
    if (v3 && n-- == 0) return &lar_values_v3;
#endif
    return n == 0 ? &lar_values_any : NULL;
}

void lar_values_choose(const values_code *code)
{
    chosen = code;
}

const values_code *lar_values_code(void)
{
    return chosen ? chosen : lar_values_kind(0);
}
