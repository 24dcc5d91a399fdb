/* NRRD in the table of formats.
 * SPDX-License-Identifier: Apache-2.0 */
#include "format/headed/nrrd.h"

static const char *const voxel_ends[] = { ".raw", ".raw.gz", NULL };
static const lar_apart_kind kind = { ".nhdr", voxel_ends, lar_nrrd_is, lar_nrrd_about };

static bool nrrd_sniff(const lar_source *source)
{
    return lar_apart_sniff(source, &kind);
}

static lar_status nrrd_read(lar_image **out, lar_image_about *about, lar_source *source, int form)
{
    (void)form;
    return lar_apart_open(out, about, source, &kind);
}

static lar_status nrrd_about(lar_image_about *about, lar_source *source, int form)
{
    return nrrd_read(NULL, about, source, form);
}

static const char *const suffixes[] = { ".nrrd", ".nhdr", NULL };

const lar_format lar_format_nrrd = {
    .name = "NRRD",
    .suffixes = suffixes,
    .sniff = nrrd_sniff,
    .about = nrrd_about,
    .read = nrrd_read,
    .write = lar_nrrd_write,
};
