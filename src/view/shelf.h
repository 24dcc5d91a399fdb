/* The images of a view: read when first asked for, by one thread each, and kept while there is
 * room. Inside view/ only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_VIEW_SHELF_H
#define LAR_VIEW_SHELF_H

#include <pthread.h>

#include "image/image.h"
#include "report/report.h"
#include "view/crew.h"
#include "view/view.h"

enum { LAR_FACTS_BINS = 256 };

/* What is told of the voxels of one volume. */
typedef struct lar_facts {
    int64_t finite;
    double low, high;               /* of the finite voxels; 0 and 0 where there are none */
    bool labels;                    /* whole numbers, few of them or neighbours mostly equal */
    int64_t counts[LAR_FACTS_BINS]; /* from low to high */
} lar_facts;
/* One channel. */
lar_status lar_facts_find(lar_facts *out, const lar_image *image);

/* An image that was read. Held by the shelf and by all who work with it. */
typedef struct lar_volume {
    lar_image *image;
    lar_text warnings; /* one a line */
    double bytes;
    int64_t holders;       /* of the shelf's lock */
    pthread_rwlock_t lock; /* of what follows: of the channel last asked for */
    int64_t channel;       /* -1: of none */
    lar_facts facts;
    lar_peek *peek;
} lar_volume;

typedef struct lar_shelf lar_shelf;
/* `readers` reads; what waited for a file goes on in `others`. memory: bytes. */
lar_status lar_shelf_new(lar_shelf **out, const lar_view_params *params, lar_crew *readers,
                         lar_crew *others);
void lar_shelf_free(lar_shelf *shelf);
/* What is not read yet will not be. */
void lar_shelf_stop(lar_shelf *shelf);
int64_t lar_shelf_count(const lar_shelf *shelf);
const lar_view_entry *lar_shelf_entry(const lar_shelf *shelf, int64_t id);

/* Somebody who wants an image: `task` is run by the crew when it is there, or cannot be read. */
typedef struct lar_want {
    lar_task *task;
    struct lar_want *next;
    lar_status status;
    char sentence[1024];
    lar_volume *volume; /* to be dropped by lar_volume_drop() */
} lar_want;
void lar_shelf_want(lar_shelf *shelf, int64_t id, lar_want *want);
void lar_volume_drop(lar_shelf *shelf, lar_volume *volume);
/* Facts and peek of a channel, found once. Where it succeeds they stay until lar_volume_leave(),
 * for several threads at once. */
lar_status lar_volume_look(lar_volume *volume, int64_t channel);
void lar_volume_leave(lar_volume *volume);

#endif
