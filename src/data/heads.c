/* Ids that look like two subjects but name one head: sessions, runs or slices that nobody captured.
 * In two parts, a network meets again whom it has learned by heart.
 * SPDX-License-Identifier: Apache-2.0 */
#include "data/find.h"

/* How much of an id names the head, where the rest says a session, a run or a slice: 6 of
 * "sub-01_ses-2", 4 of "anna_z012"; 0 where it says none. */
static size_t head_of(const char *id)
{
    static const char *const marks[] = { "_ses-", "_run-" };
    size_t length = 0;
    for (size_t n = 0; n < sizeof marks / sizeof *marks; n++) {
        const char *at = strstr(id, marks[n]);
        if (at && (!length || at < id + length)) length = (size_t)(at - id);
    }
    const char *last = strrchr(id, '_');
    if (!length && last && last[1] && strchr("xyz", last[1]) && last[2] &&
        strspn(last + 2, "0123456789") == strlen(last + 2))
        length = (size_t)(last - id);
    return length;
}

void lar_cohort_tell_heads(const lar_cohort *cohort)
{
    const lar_subject *cases = cohort->subjects, *pair[2] = { NULL, NULL };
    int64_t count = 0;
    for (int64_t n = 1; n < cohort->participant_count; n++) {
        const lar_subject *a = &cases[cohort->firsts[n - 1]], *b = &cases[cohort->firsts[n]];
        const size_t length = head_of(a->subject);
        if (a->split == b->split || !length || head_of(b->subject) != length ||
            memcmp(a->subject, b->subject, length) != 0)
            continue;
        if (!count++) {
            pair[0] = a;
            pair[1] = b;
        }
    }
    if (count)
        lar_log(LAR_LOG_WARNING,
                "'%s' is %s and '%s' is %s%s, as if they were two subjects: if they are one, say "
                "so by {subject}, {session}, {run} and {slice}, or the column 'subject' of a table",
                pair[0]->subject, lar_split_names[pair[0]->split], pair[1]->subject,
                lar_split_names[pair[1]->split], count > 1 ? ", and so are others" : "");
}
