/* view: a server on the loopback that shows images in the browser; what it answers is below. Only
 * files that were named are served, by number, to who has the token.
 *
 * Everything is served from the machine. A browser gets the page and its parts (/, /view.js,
 * /view.css, /niivue.js ...: a list that is compiled in) from anybody's hand; the rest only with
 * the cookie that POST /session gives for the token, which stands in the address after '#'.
 *
 *   POST /session           body: the token; 204 and a cookie, or 403
 *   GET  /list              JSON: {"larmor": 1, "version", "title", "niivue": bool, "report": bool,
 *                           "entries": [{"id", "name", "role": "image"|"overlay"|"page"}]}
 *                           image: shown at once, side by side; overlay: over them; page: files of a
 *                           folder, to page through
 *   GET  /about/ID          JSON: {"id", "name", "size": [3], "spacing_mm": [3], "orientation",
 *                           "type", "channels", "affine": [4][4], "window": [2], "range": [2],
 *                           "labels": bool, "finite": count, "warnings": [text],
 *                           "histogram": {"low", "high", "counts": [256]},
 *                           "field": [[3], [3]], "head": [[3], [3]], "centre": [3]}
 *   GET  /volume/ID.nii     the voxels as uncompressed NIfTI-1; ?channel=N (from 0)
 *   GET  /slice/ID.png      ?plane=axial|coronal|sagittal&at=x,y,z&window=low,high&longest=N
 *                           and of an overlay &over=ID&opacity=0..1; patient's left on the left
 *   GET  /value/ID          ?at=x,y,z in mm; JSON: {"inside": bool, "ijk": [3], "value"}
 *   GET  /report            the page that larmor report wrote into the folder, where there is one
 *
 * What is refused is JSON too: {"error": sentence, "try": sentence or null}, with 400, 401 (no
 * cookie), 403 (asked by a foreign page), 404, 405, 421 (not addressed to the loopback), 422 (a
 * file that cannot be read), 503.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_VIEW_H
#define LAR_VIEW_H

#include "base/base.h"

#endif
