/* What kind of image a scan is, in the words of BIDS, from what its files say.
 * https://bids-specification.readthedocs.io/en/v1.10.0/modality-specific-files/magnetic-resonance-imaging-data.html
 * SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <math.h>

#include "data/data.h"

enum { T1W, T2W, FLAIR, PDW, T2STAR, CT, KIND_COUNT };
const char *const lar_bids_suffixes[] = { "T1w", "T2w", "FLAIR", "PDw", "T2starw", "ct", NULL };

/* Words of protocols and file names. A pattern that ends in * is the beginning of a word. What is
 * none of our kinds is named too, so that "t2_space_localizer" is not taken for a T2. */
static const struct {
    int kind; /* -1: of another kind */
    const char *pattern;
} words[] = {
    { FLAIR, "flair*" },    { FLAIR, "tirm*" },    { FLAIR, "fl" },    { FLAIR, "darkfluid" },
    { T1W, "t1" },          { T1W, "t1w" },        { T1W, "mprage*" }, { T1W, "mpr" },
    { T1W, "tfl*" },        { T1W, "bravo*" },     { T1W, "fspgr*" },  { T1W, "spgr*" },
    { T1W, "tfe*" },        { T1W, "t1gd" },       { T1W, "t1c" },     { T1W, "t1ce" },
    { T2W, "t2" },          { T2W, "t2w" },        { PDW, "pd" },      { PDW, "pdw" },
    { PDW, "protondens*" }, { T2STAR, "t2star*" }, { T2STAR, "swi" },  { CT, "ct" },
    { -1, "localizer*" },   { -1, "localiser*" },  { -1, "scout*" },   { -1, "survey*" },
    { -1, "loc" },          { -1, "dwi" },         { -1, "dti*" },     { -1, "diff*" },
    { -1, "adc" },          { -1, "fa" },          { -1, "trace*" },   { -1, "bold*" },
    { -1, "fmri*" },        { -1, "rest*" },       { -1, "asl" },      { -1, "perf*" },
    { -1, "fieldmap*" },    { -1, "fmap*" },       { -1, "phase*" },   { -1, "mask*" },
    { -1, "label*" },       { -1, "seg*" },        { -1, "t1map" },    { -1, "t2map" },
    { -1, "bias*" },        { -1, "mp2rage*" },    { -1, "angio*" },   { -1, "tof*" },
};

static bool word_is(const char *word, size_t length, const char *pattern)
{
    const size_t all = strlen(pattern);
    const bool begins = pattern[all - 1] == '*';
    const size_t compared = begins ? all - 1 : all;
    if (length < compared || (!begins && length != compared)) return false;
    for (size_t n = 0; n < compared; n++)
        if (tolower((unsigned char)word[n]) != pattern[n]) return false;
    return true;
}

/* Which kinds the words of a text name, as bits; bit KIND_COUNT: another kind. A T1 weighted FLAIR
 * or a T2 FLAIR is a FLAIR; T2* and "t2 star" are not T2. */
static unsigned kinds_named(const char *text)
{
    unsigned found = 0;
    for (const char *at = text; *at;) {
        const size_t length = strcspn(at, " \t_-+.,;:/\\()[]=^");
        for (size_t n = 0; n < sizeof words / sizeof *words; n++)
            if (length > 0 && word_is(at, length, words[n].pattern))
                found |= 1U << (words[n].kind < 0 ? KIND_COUNT : words[n].kind);
        if (length == 3 && word_is(at, 2, "t2") && at[2] == '*') found |= 1U << T2STAR;
        at += length + (at[length] != 0);
    }
    if (found & 1U << FLAIR) found &= ~(1U << T1W | 1U << T2W);
    if (found & 1U << T2STAR) found &= ~(1U << T2W);
    return found;
}

static const char *only_kind(unsigned found)
{
    for (int n = 0; n < KIND_COUNT; n++)
        if (found == 1U << n) return lar_bids_suffixes[n];
    return NULL;
}

/* Of an MR image by its times: what they weigh, for spin echoes and inversion recovery at 1.5 and
 * 3 T (Bitar 2006, doi:10.1148/rg.262055063). */
static const char *by_times(const lar_bids_clues *c)
{
    const double short_echo_s = 0.04, long_echo_s = 0.06, long_repetition_s = 1.5,
                 null_of_fluid_s = 1.5;
    if (!(c->echo_s > 0) || !(c->repetition_s > 0)) return NULL;
    if (c->inversion_s > null_of_fluid_s && c->echo_s > long_echo_s)
        return lar_bids_suffixes[FLAIR];
    if (c->inversion_s > 0 && c->inversion_s <= null_of_fluid_s && c->echo_s < short_echo_s)
        return lar_bids_suffixes[T1W];
    if (c->repetition_s < long_repetition_s)
        return c->echo_s < short_echo_s ? lar_bids_suffixes[T1W] : NULL;
    if (c->echo_s < short_echo_s) return lar_bids_suffixes[PDW];
    return c->echo_s > long_echo_s ? lar_bids_suffixes[T2W] : NULL;
}

const char *lar_bids_suffix(const lar_bids_clues *clues)
{
    const unsigned found = kinds_named(clues->words ? clues->words : "");
    if (lar_text_is(clues->modality, "CT"))
        return found & 1U << KIND_COUNT ? NULL : lar_bids_suffixes[CT];
    if (found & 1U << KIND_COUNT) return NULL;
    const char *named = only_kind(found), *timed = by_times(clues);
    if (named || !timed) return named;
    /* several names, as of a dual echo: the one that the times choose, if it is among them */
    for (int n = 0; n < KIND_COUNT && found; n++)
        if (lar_text_is(timed, lar_bids_suffixes[n]) && !(found & 1U << n)) return NULL;
    return timed;
}

bool lar_bids_names_kind(const char *word)
{
    for (size_t n = 0; n < sizeof words / sizeof *words; n++)
        if (word_is(word, strlen(word), words[n].pattern)) return true;
    return false;
}

const char *lar_bids_folder(const char *suffix)
{
    return lar_text_is(suffix, lar_bids_suffixes[CT]) ? "ct" : "anat";
}

char *lar_bids_label(const char *text, lar_arena *arena)
{
    if (lar_text_starts(text, "sub-") || lar_text_starts(text, "ses-")) text += 4;
    char *label = lar_arena_text(arena, text, strlen(text));
    size_t length = 0;
    for (const char *c = text; label && *c; c++)
        if ((unsigned char)*c < 128 && isalnum((unsigned char)*c)) label[length++] = *c;
    if (label) label[length] = 0;
    return label;
}
