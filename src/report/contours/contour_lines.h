/* Lines of one level through a field of values. Inside report/ only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_CONTOUR_LINES_H
#define LAR_CONTOUR_LINES_H

#include "base/base.h"

/* One line: `count` points x y, where value (column, row) of the field lies at x = column,
 * y = row. A closed one does not repeat its first point. */
typedef struct lar_contour_line {
    const double (*points)[2];
    int64_t count;
    bool closed;
} lar_contour_line;
typedef void (*lar_contour_fn)(void *user, const lar_contour_line *line);

/* Calls `fn` with each line along which the field, linear between neighbours, has the level: open
 * lines first, then closed ones, each from its first point in reading order. They end where a
 * value is not finite. */
lar_status lar_contour_lines(const double *values, int64_t width, int64_t height, double level,
                             lar_contour_fn fn, void *user);
double lar_contour_length(const lar_contour_line *line);

#endif
