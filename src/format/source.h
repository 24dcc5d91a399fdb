/* source: the bytes of a file while its format is found out, of the room only; and the table row
 * of a format.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_SOURCE_H
#define LAR_SOURCE_H

#include "format/format.h"

enum { LAR_SOURCE_HEAD = 4096 };

typedef struct lar_source {
    const char *path;
    bool alone;         /* from memory: no other file may be opened */
    const void *beside; /* of one from memory: what stands for the file beside it; or NULL */
    size_t beside_count;
    int scaling;          /* LAR_SCALING_DISPLAY ..., for PAR/REC */
    lar_seen *seen;       /* to be told of files that are read whole; NULL: nobody asks */
    bool partial;         /* `bytes` are the beginning of the file only */
    bool gzip;            /* the stored bytes are compressed */
    unsigned char *bytes; /* as stored, owned */
    size_t count;
    uint64_t file_count;                 /* bytes of the whole file */
    unsigned char head[LAR_SOURCE_HEAD]; /* the beginning of the content */
    size_t head_count;
} lar_source;

/* The whole file, or its first bytes. Clear with lar_source_clear(), also after a failure. */
lar_status lar_source_open(lar_source *out, const char *path, bool partial);
/* The same, telling `seen` (NULL: nobody) of it and of files beside it. */
lar_status lar_source_open_seen(lar_source *out, const char *path, bool partial, lar_seen *seen);
lar_status lar_source_over(lar_source *out, const void *bytes, size_t count, const char *name);
void lar_source_clear(lar_source *source);

/* The content, inflated to its checksum where it is compressed, as a block for lar_free() that
 * the source gives up. It begins `lead` bytes into the block, so that what lies at `aligned` of the
 * content is aligned to 64 where the content was inflated. Fewer than `needed` bytes are an error,
 * more than twice as many too. */
typedef struct lar_content {
    unsigned char *block;
    size_t lead, count;
} lar_content;
lar_status lar_source_content(lar_content *out, lar_source *source, size_t needed, size_t aligned);

/* How voxels are packed where not the whole file is: behind a header, or in a file beside it. */
typedef enum { LAR_PACKING_NONE, LAR_PACKING_GZIP, LAR_PACKING_ZLIB } lar_packing;
/* As lar_source_content(), of the stored bytes from `begin` on, `count` of them (SIZE_MAX: to the
 * end), of a source that is not compressed as a whole. */
typedef struct lar_part {
    size_t begin, count;
    lar_packing packing;
} lar_part;
lar_status lar_source_part(lar_content *out, lar_source *source, const lar_part *part,
                           size_t needed);
/* Where the voxels were not asked for: is the file as long as its header says? What is compressed
 * is not known before it is inflated. */
lar_status lar_source_check_length(const lar_source *source, size_t needed);
/* The file that a header names, from the header's folder or one below it: no header leads
 * elsewhere. As whole or partial as the header's source. */
lar_status lar_source_open_beside(lar_source *out, const lar_source *header, const char *name,
                                  lar_arena *arena);
/* As lar_image_read_bytes(), of a header and the file beside it. */
lar_status lar_image_read_pair(lar_image **out, const void *header, size_t header_count,
                               const void *voxels, size_t voxel_count, const char *name);
/* The whole of a file that is text, with a 0 behind it; of the arena. A 0 within, or a compressed
 * file, is an error. */
lar_status lar_source_text(char **out, const lar_source *source, lar_arena *arena);

/* One row of the table of formats. */
typedef struct lar_format {
    const char *name;
    const char *const *suffixes; /* NULL at the end */
    bool (*sniff)(const lar_source *source);
    /* Both fill `about`; `read` logs nothing, its warnings are in `about`. */
    lar_status (*about)(lar_image_about *about, lar_source *source, int form);
    lar_status (*read)(lar_image **out, lar_image_about *about, lar_source *source, int form);
    /* NULL: larmor only reads it */
    lar_status (*write)(const lar_image *image, const char *path, const lar_write_params *params);
} lar_format;
extern const lar_format lar_format_nifti;
extern const lar_format lar_format_analyze;
extern const lar_format lar_format_metaimage;
extern const lar_format lar_format_nrrd;
extern const lar_format lar_format_mgh;
extern const lar_format lar_format_afni;
extern const lar_format lar_format_parrec;
extern const lar_format lar_format_tiff;
extern const lar_format lar_format_png;
extern const lar_format lar_format_minc;
extern const lar_format lar_format_dicom;
extern const lar_format *const lar_formats[]; /* NULL at the end */

/* Of an image that a program apart made of `path`, as NIfTI at `made`: read (the header alone where
 * out is NULL), and told as if `path` had been read. Warnings are added. */
lar_status lar_about_adopt(lar_image **out, lar_image_about *about, const char *made,
                           const char *path, int form);
/* A folder: the one image in it, where it holds DICOM. */
lar_status lar_dicom_image(lar_image **out, lar_image_about *about, const char *path, int form);

/* The warnings to the log, one by one, with the file's name. */
void lar_about_say(const lar_image_about *about, const char *path);

#endif
