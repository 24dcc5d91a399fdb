/* Any bytes as a DICOM header: what is taken of it is finite or not taken, and pixels in pieces are
 * joined within the file.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "format/dicom/dicom_tags.h"
#include "fuzz.h"

static void check(const lar_dicom_tags *t, size_t count)
{
    if (!memchr(t->series, 0, sizeof t->series) || !t->series[0]) abort();
    for (int n = 0; n < 3 && t->placed; n++)
        if (!isfinite(t->position[n]) || !isfinite(t->along[n]) || !isfinite(t->down[n])) abort();
    if (t->placed && !(t->across_mm > 0 && t->down_mm > 0)) abort();
    if (t->has_tilt && !isfinite(t->tilt)) abort();
    if (t->packed_at > count || (t->packed_at && !t->pixels)) abort();
    if (t->rows < 0 || t->rows > 65535 || t->columns < 0 || t->columns > 65535) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    lar_dicom_tags tags, again;
    bool more;
    if (!lar_dicom_tags_read(&tags, &more, bytes, count)) return 0;
    check(&tags, count);
    size_t joined_count;
    unsigned char *joined = lar_dicom_join(&joined_count, &tags, bytes, count);
    if (!joined) return 0;
    /* of one piece, and otherwise the same */
    if (joined_count > count + 24) abort();
    if (!lar_dicom_tags_read(&again, &more, joined, joined_count)) abort();
    if (strcmp(again.series, tags.series) != 0 || again.packed_at != tags.packed_at) abort();
    if (lar_dicom_join(&joined_count, &again, joined, joined_count)) abort();
    lar_free(joined);
    return 0;
}
