/* A queue of tasks and the threads that empty it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <signal.h>

#include "view/crew.h"

enum { MOST_THREADS = 8 };

struct lar_crew {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    lar_task *first, **end;
    bool ends;
    int count;
    pthread_t threads[MOST_THREADS];
};

static void *work(void *argument)
{
    lar_crew *crew = argument;
    pthread_mutex_lock(&crew->lock);
    for (;;) {
        while (!crew->first && !crew->ends) pthread_cond_wait(&crew->wake, &crew->lock);
        lar_task *task = crew->first;
        if (!task) break;
        crew->first = task->next;
        if (!crew->first) crew->end = &crew->first;
        pthread_mutex_unlock(&crew->lock);
        task->run(task);
        pthread_mutex_lock(&crew->lock);
    }
    pthread_mutex_unlock(&crew->lock);
    return NULL;
}

lar_status lar_crew_new(lar_crew **out, int threads)
{
    sigset_t all, before;
    lar_crew *crew = lar_alloc(1, sizeof *crew);
    *out = NULL;
    if (!crew) return LAR_EMEMORY;
    pthread_mutex_init(&crew->lock, NULL);
    pthread_cond_init(&crew->wake, NULL);
    crew->end = &crew->first;
    sigfillset(&all); /* ctrl-C is for the thread that waits for it */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (crew->count < threads && crew->count < MOST_THREADS &&
           pthread_create(&crew->threads[crew->count], NULL, work, crew) == 0)
        crew->count++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (crew->count == 0) {
        lar_crew_free(crew);
        return lar_fail(LAR_EIO, "no thread can be started");
    }
    *out = crew;
    return LAR_OK;
}

void lar_crew_add(lar_crew *crew, lar_task *task)
{
    task->next = NULL;
    pthread_mutex_lock(&crew->lock);
    *crew->end = task;
    crew->end = &task->next;
    pthread_cond_signal(&crew->wake);
    pthread_mutex_unlock(&crew->lock);
}

void lar_crew_free(lar_crew *crew)
{
    if (!crew) return;
    pthread_mutex_lock(&crew->lock);
    crew->ends = true;
    pthread_cond_broadcast(&crew->wake);
    pthread_mutex_unlock(&crew->lock);
    for (int n = 0; n < crew->count; n++) pthread_join(crew->threads[n], NULL);
    pthread_cond_destroy(&crew->wake);
    pthread_mutex_destroy(&crew->lock);
    lar_free(crew);
}
