/* The files that an image is read from, while it is read. Of the room format.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_SEEN_H
#define LAR_SEEN_H

#include "codec/codec.h"
#include "format/format.h"

/* The file as it is before it is read; one that is listed already stays as it is. NULL: no memory.
 */
lar_seen_file *lar_seen_add(lar_seen *seen, const char *path);
/* What was in it, the whole of it. */
void lar_seen_read(lar_seen *seen, lar_seen_file *file, const void *bytes, size_t count);
/* After the image was read: what was read by another program, and so not seen. */
lar_status lar_seen_finish(lar_seen *seen, const char *path);

#endif
