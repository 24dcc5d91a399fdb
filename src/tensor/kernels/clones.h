/* The code of one function for several processors, chosen when it is first called.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_CLONES_H
#define LAR_CLONES_H

/* AVX2 processors have FMA too, and it is FMA that counts here. */
#if defined(__x86_64__) && defined(__has_attribute) && !defined(__clang__) &&                      \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#if __has_attribute(target_clones)
#define FMA_CLONES __attribute__((target_clones("avx512f", "fma", "default")))
#endif
#endif
#ifndef FMA_CLONES
#define FMA_CLONES
#endif

#endif
