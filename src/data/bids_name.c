/* The file names of a BIDS tree, cut into what they say.
 * https://bids-specification.readthedocs.io/en/v1.10.0/common-principles.html
 * SPDX-License-Identifier: Apache-2.0 */
#include "data/bids_name.h"

/* Of the specification's appendix on entities, those that set images of one kind apart. */
const lar_bids_entity lar_bids_entities[LAR_BIDS_ENTITIES] = {
    [LAR_BIDS_SESSION] = { "session", "ses" },
    [LAR_BIDS_RUN] = { "run", "run" },
    { "acq", "acq" },
    { "ce", "ce" },
    { "rec", "rec" },
    { "dir", "dir" },
    { "echo", "echo" },
    { "flip", "flip" },
    { "inv", "inv" },
    { "mt", "mt" },
    { "part", "part" },
    { "space", "space" },
    { "res", "res" },
    { "label", "label" },
    { "desc", "desc" },
};

bool lar_bids_parse(lar_bids_name *out, const char *name)
{
    *out = (lar_bids_name){ 0 };
    size_t end = strlen(name);
    if (lar_text_ends(name, ".nii.gz"))
        end -= 7;
    else if (lar_text_ends(name, ".nii"))
        end -= 4;
    else
        return false;
    if (!lar_text_starts(name, "sub-") || end >= LAR_BIDS_ROOM) return false;
    for (const char *at = name, *stop = name + end; at < stop;) {
        size_t length = strcspn(at, "_");
        if (at + length > stop) length = (size_t)(stop - at);
        const char *dash = memchr(at, '-', length);
        if (!dash) { /* the suffix stands last */
            if (at + length != stop || length == 0) return false;
            snprintf(out->suffix, LAR_BIDS_ROOM, "%.*s", (int)length, at);
            return true;
        }
        for (int n = 0; n < LAR_BIDS_ENTITIES; n++) {
            const char *tag = lar_bids_entities[n].tag;
            if ((size_t)(dash - at) == strlen(tag) && lar_text_starts(at, tag))
                snprintf(out->labels[n], LAR_BIDS_ROOM, "%.*s", (int)(at + length - dash - 1),
                         dash + 1);
        }
        at += length + 1;
    }
    return false;
}

bool lar_bids_label_is(const char *label, const char *wanted)
{
    int64_t a, b;
    if (lar_text_is(wanted, "none")) return !*label;
    return lar_text_is(label, wanted) ||
           (lar_parse_int(&a, label) && lar_parse_int(&b, wanted) && a == b);
}
