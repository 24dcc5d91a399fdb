/* MetaImage in the table of formats.
 * SPDX-License-Identifier: Apache-2.0 */
#include "format/headed/metaimage.h"

static const char *const voxel_ends[] = { ".raw", ".zraw", NULL };
static const lar_apart_kind kind = { ".mhd", voxel_ends, lar_metaimage_is, lar_metaimage_about };

static bool metaimage_sniff(const lar_source *source)
{
    return lar_apart_sniff(source, &kind);
}

static lar_status metaimage_read(lar_image **out, lar_image_about *about, lar_source *source,
                                 int form)
{
    (void)form;
    return lar_apart_open(out, about, source, &kind);
}

static lar_status metaimage_about(lar_image_about *about, lar_source *source, int form)
{
    return metaimage_read(NULL, about, source, form);
}

static const char *const suffixes[] = { ".mha", ".mhd", NULL };

const lar_format lar_format_metaimage = {
    .name = "MetaImage",
    .suffixes = suffixes,
    .sniff = metaimage_sniff,
    .about = metaimage_about,
    .read = metaimage_read,
    .write = lar_metaimage_write,
};
