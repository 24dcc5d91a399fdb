/* Threads that do tasks in the order in which they come. Inside view/ only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_VIEW_CREW_H
#define LAR_VIEW_CREW_H

#include "base/base.h"

typedef struct lar_task {
    struct lar_task *next;
    void (*run)(struct lar_task *task); /* may free it */
} lar_task;
typedef struct lar_crew lar_crew;
lar_status lar_crew_new(lar_crew **out, int threads);
void lar_crew_add(lar_crew *crew, lar_task *task);
/* Does what is left first. */
void lar_crew_free(lar_crew *crew);

#endif
