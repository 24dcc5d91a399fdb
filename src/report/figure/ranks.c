/* Percentiles without sorting.
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/figure/look.h"

/* Puts the n-th smallest where it would be if all were sorted, nothing larger before it and nothing
 * smaller behind it (Hoare 1961, doi:10.1145/366622.366647). */
static void select_nth(double *values, int64_t count, int64_t n)
{
    int64_t low = 0, high = count - 1;
    while (low < high) {
        const double pivot = values[low + (high - low) / 2];
        int64_t i = low, j = high;
        while (i <= j) {
            while (values[i] < pivot) i++;
            while (values[j] > pivot) j--;
            if (i > j) break;
            const double swap = values[i];
            values[i++] = values[j];
            values[j--] = swap;
        }
        if (n <= j)
            high = j;
        else if (n >= i)
            low = i;
        else
            return;
    }
}

double lar_percentile_of(double *values, int64_t count, double percent)
{
    const double at = percent / 100 * (double)(count - 1);
    const int64_t n = (int64_t)at;
    select_nth(values, count, n);
    if (n + 1 >= count || at == (double)n) return values[n];
    double next = values[n + 1];
    for (int64_t i = n + 2; i < count; i++) next = values[i] < next ? values[i] : next;
    return values[n] + (at - (double)n) * (next - values[n]);
}
