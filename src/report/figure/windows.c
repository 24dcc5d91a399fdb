/* What of each image is drawn black and white, and what is said about it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "image/image.h"
#include "report/axis.h"
#include "report/figure/parts.h"

/* One item of a list of windows: two numbers or a name. */
static lar_status read_window(lar_window *out, const char **list, const char *all)
{
    static const char between[] = " ,\t";
    char word[32];
    for (int n = 0; n < 2; n++) {
        *list += strspn(*list, between);
        const size_t length = strcspn(*list, between);
        snprintf(word, sizeof word, "%.*s", (int)(length < 31 ? length : 31), *list);
        *list += length;
        if (lar_parse_real(&out->at[n], word)) continue;
        if (n == 1)
            return lar_fail(LAR_EARGUMENT, "the window '%s' has a low end without a high one", all);
        if (lar_text_is(word, "auto")) {
            out->at[0] = out->at[1] = NAN;
            return LAR_OK;
        }
        for (int w = 0; lar_window_names[w]; w++)
            if (lar_text_is(word, lar_window_names[w])) {
                memcpy(out->at, lar_window_limits[w], sizeof out->at);
                out->name = lar_window_names[w];
                return LAR_OK;
            }
        const char *nearest = lar_text_nearest(word, lar_window_names);
        const lar_status status = lar_fail(LAR_EARGUMENT, "there is no window '%s'", word);
        if (nearest) return lar_hint(status, "%s", nearest);
        lar_text names = { 0 };
        for (int w = 0; lar_window_names[w]; w++) lar_text_add(&names, "%s ", lar_window_names[w]);
        lar_hint(status, "%sor two numbers", lar_text_get(&names));
        lar_text_clear(&names);
        return status;
    }
    if (!(out->at[0] < out->at[1]))
        return lar_fail(LAR_EARGUMENT, "the window from %g to %g is empty", out->at[0], out->at[1]);
    return LAR_OK;
}

lar_status lar_windows_read(lar_window *windows, int64_t count, const char *list)
{
    int64_t found = 0;
    for (int64_t n = 0; n < count; n++) windows[n] = (lar_window){ .at = { NAN, NAN } };
    for (const char *c = list; c && c[strspn(c, " ,\t")]; found++) {
        lar_window window = { 0 };
        const lar_status status = read_window(&window, &c, list);
        if (status != LAR_OK) return status;
        if (found < count) windows[found] = window;
    }
    if (found == 1)
        for (int64_t n = 1; n < count; n++) windows[n] = windows[0];
    else if (found != 0 && found != count)
        return lar_fail(LAR_EARGUMENT,
                        "'%s' has %lld windows, expected one, or %lld for the images", list,
                        (long long)found, (long long)count);
    return LAR_OK;
}

lar_status lar_window_choose(lar_column *column, const lar_head *head, const lar_window *asked,
                             const lar_figure_params *p)
{
    char low[LAR_TICK_ROOM], high[LAR_TICK_ROOM];
    memcpy(column->window, asked->at, sizeof column->window);
    if (isnan(asked->at[0])) {
        const lar_status status = lar_head_window(column->window, head, p->percentiles.at);
        if (status != LAR_OK) return status;
    }
    lar_number_words(low, column->window[0], 4);
    lar_number_words(high, column->window[1], 4);
    snprintf(column->words, sizeof column->words, "%s%s%s to %s", asked->name ? asked->name : "",
             asked->name ? ", " : "", low, high);
    if (head->finite == 0) {
        snprintf(column->words, sizeof column->words, "no finite voxel");
    } else if (head->constant) {
        lar_number_words(low, head->at_all, 4);
        snprintf(column->words, sizeof column->words, "constant %s", low);
    }
    return LAR_OK;
}

void lar_windows_share(lar_column *columns, const lar_ints *share)
{
    for (int64_t n = 1; n < share->count; n++) {
        const lar_column *from = &columns[share->at[0] - 1];
        lar_column *to = &columns[share->at[n] - 1];
        memcpy(to->window, from->window, sizeof to->window);
        if (lar_text_ends(to->words, "voxel") || lar_text_starts(to->words, "const"))
            continue; /* worth more than the numbers */
        memcpy(to->words, from->words, sizeof to->words);
    }
}
