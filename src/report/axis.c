/* Round numbers on axes: 1-2-5 on linear ones, powers of ten on logarithmic ones.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "report/axis.h"

void lar_number_words(char text[LAR_TICK_ROOM], double value, int digits)
{
    char plain[LAR_TICK_ROOM - 8];
    size_t used = 0;
    snprintf(plain, sizeof plain, "%.*g", digits, value == 0 ? 0 : value); /* no -0 */
    bool exponent = false;
    for (const char *c = plain; *c && used + 4 < LAR_TICK_ROOM; c++) {
        exponent = exponent || *c == 'e';
        if (exponent && (*c == '+' || (*c == '0' && strchr("+-", c[-1])))) {
            continue; /* 1e+06 is 1e6 */
        } else if (*c == '-') {
            memcpy(text + used, "\xe2\x88\x92", 3); /* U+2212 */
            used += 3;
        } else {
            text[used++] = *c == ',' ? '.' : *c; /* whatever locale the process has */
        }
    }
    text[used] = 0;
}

double lar_round_up(double value)
{
    static const double rounds[] = { 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10 };
    const double power = pow(10, floor(log10(value)));
    for (size_t n = 0; n < sizeof rounds / sizeof *rounds; n++)
        if (rounds[n] * power >= value * (1 - 1e-9)) return rounds[n] * power;
    return value;
}

double lar_round_down(double value)
{
    const double power = pow(10, floor(log10(value) + 1e-9)), lead = value / power * (1 + 1e-9);
    return power * (lead >= 5 ? 5 : lead >= 2 ? 2 : 1);
}

/* A decimal number is exact only when it is divided out: 3 * 0.1 is not 0.3. */
static double decimal(double whole, double step)
{
    return step < 1 ? whole / rint(1 / step) : whole * step;
}

void lar_ticks_linear(lar_ticks *out, double low, double high, int wanted)
{
    static const double rounds[] = { 1, 2, 5, 10 };
    out->count = 0;
    if (!(high > low) || !isfinite(high - low)) return;
    const double rough = (high - low) / wanted, power = pow(10, floor(log10(rough)));
    double step = 10 * power;
    for (int n = 3; n >= 0; n--)
        if (rounds[n] * power >= rough * (1 - 1e-9)) step = rounds[n] * power;
    if (!(step > 0)) return; /* the range is as small as numbers are */
    const double slack = 1e-9 * (high - low);
    const double first = ceil((low - slack) / step), last = floor((high + slack) / step);
    for (double n = first; n <= last && out->count < LAR_TICKS_MAX; n++) {
        const double at = step >= 1e-300 ? decimal(n, step) : n * step;
        lar_number_words(out->text[out->count], at, 6);
        out->at[out->count++] = at;
    }
}

void lar_ticks_log(lar_ticks *out, double low, double high, int wanted)
{
    out->count = 0;
    if (!(low > 0) || !(high > low) || !isfinite(high)) return;
    const int first = (int)floor(log10(low) + 1e-9), last = (int)ceil(log10(high) - 1e-9);
    const double decades = log10(high) - log10(low);
    if (decades < 0.7) { /* no two powers of ten in sight: a linear axis in small */
        lar_ticks_linear(out, low, high, wanted);
        return;
    }
    const int every = (int)ceil(decades / wanted), most = decades <= 3 && decades * 9 < 28 ? 9 : 1;
    for (int e = first; e <= last; e++) {
        for (int lead = 1; lead <= most; lead++) {
            const double at = e < 0 ? lead / pow(10, -e) : lead * pow(10, e);
            const bool numbered =
                lead == 1 ? (e - first) % every == 0 : decades < 2 && (lead == 2 || lead == 5);
            if (!numbered && last - first > 20) continue;
            if (at < low * (1 - 1e-9) || at > high * (1 + 1e-9)) continue;
            if (out->count == LAR_TICKS_MAX) return;
            out->text[out->count][0] = 0;
            if (numbered) lar_number_words(out->text[out->count], at, 6);
            out->at[out->count++] = at;
        }
    }
}
