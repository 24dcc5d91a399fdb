/* view: a server on the loopback that shows images in the browser; what it answers is below. Only
 * files that were named are served, by number, to who has the token.
 *
 * Everything is served from the machine. A browser gets the page and its parts (/, /view.js,
 * /view.css, /niivue.js ...: a list that is compiled in) from anybody's hand; the rest only with
 * the cookie that POST /session gives for the token, which stands in the address after '#'.
 *
 *   POST /session       body: the token; 204 and a cookie, or 403
 *   GET  /list          JSON: {"larmor": 1, "version", "title", "niivue": bool, "report": bool,
 *                       "ct_windows": {name: [low, high]},
 *                       "entries": [{"id", "name", "role": "image"|"overlay"|"page"}]}
 *                       image: shown at once, side by side; overlay: over them; page: files
 *                       of a folder, to page through
 *   GET  /about/ID      JSON: {"id", "name", "size": [3], "spacing_mm": [3], "orientation",
 *                       "type", "channels", "affine": [4][4], "window": [2], "range": [2],
 *                       "labels": bool, "finite": count, "warnings": [text],
 *                       "histogram": {"low", "high", "counts": [256]},
 *                       "field": [[3], [3]], "head": [[3], [3]], "centre": [3]}
 *   GET  /volume/ID.nii the voxels as uncompressed NIfTI-1, one volume
 *   GET  /slice/ID.png  ?plane=axial|coronal|sagittal&at=x,y,z&window=low,high&longest=N
 *                       and of an overlay &over=ID&opacity=0..1; patient's left on the left;
 *                       the picture is the box "field"
 *   GET  /value/ID      ?at=x,y,z in mm; JSON: {"inside": bool, "ijk": [3], "value"}; a value
 *                       that is not finite is null, and "ijk" is null outside
 *   GET  /report        the page that larmor report wrote into the folder, where there is one
 *
 * about, volume, slice and value take ?channel=N, from 0, of a file with several volumes; the first
 * where it is left out. IDs are numbers. Where no value is finite "range" is [0, 0].
 *
 * What is refused is JSON too: {"error": sentence, "try": sentence or null}, with 400, 401 (no
 * cookie), 403 (asked by a foreign page), 404, 405, 421 (not addressed to the loopback), 422 (a
 * file that cannot be read), 503.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_VIEW_H
#define LAR_VIEW_H

#include "base/base.h"
#include "format/format.h"

enum { LAR_VIEW_IMAGE, LAR_VIEW_OVERLAY, LAR_VIEW_PAGE };

/* A file, or one series of DICOM. */
typedef struct lar_view_entry {
    const char *name, *path;
    int role;
    const lar_dicom_series *series; /* or NULL; lives as long as the view */
} lar_view_entry;

typedef struct lar_view_params {
    const char *title;
    const lar_view_entry *entries; /* may be none where there is a report */
    int64_t count;
    const char *report;  /* where report.html lies or will lie; NULL: nowhere */
    const char *address; /* IPv4 or IPv6 in numbers; NULL: 127.0.0.1 */
    int64_t port;        /* 0: a free one */
    const char *token;   /* NULL: a new one */
    int64_t memory;      /* bytes of images that are kept once read; 0: by the machine */
} lar_view_params;

/* Listens from when this returns; files are read when they are asked for. LAR_EARGUMENT for an
 * address that is none, LAR_EIO where the port is taken. Params are copied, but for the series. */
typedef struct lar_view lar_view;
lar_status lar_view_open(lar_view **out, const lar_view_params *params);
/* "http://127.0.0.1:40123/#TOKEN", and its port; of a server at all addresses with the machine's
 * name. */
const char *lar_view_address(const lar_view *view);
int lar_view_port(const lar_view *view);
void lar_view_close(lar_view *view);

/* Who reaches an address in numbers: this machine alone, or others; or it is none. */
typedef enum lar_reach { LAR_REACH_NONE, LAR_REACH_LOOPBACK, LAR_REACH_OTHERS } lar_reach;
lar_reach lar_view_reach(const char *address);
/* The token in a file that its owner alone may read; where there is no file, it is made. */
lar_status lar_view_token(char **out, const char *path);

/* Where NiiVue is installed (niivue.js.gz); LAR_EUNSUPPORTED where it is not. */
lar_status lar_view_niivue(lar_text *path);

#endif
