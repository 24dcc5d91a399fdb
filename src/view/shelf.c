/* Images on demand. A file that was changed since it was read is read anew.
 * SPDX-License-Identifier: Apache-2.0 */
#include <sys/stat.h>

#include "view/shelf.h"

static const char end_words[] = "larmor view ends";

/* How a file looked when it was read. */
typedef struct stamp {
    int64_t size, seconds, nanoseconds, number;
} stamp;

typedef struct place {
    lar_task task; /* reading it */
    struct lar_shelf *shelf;
    lar_view_entry entry;
    lar_volume *volume; /* NULL: not read, or let go */
    stamp stamp;
    bool reading;
    lar_want *waiting;
    int64_t used; /* a higher number: later */
} place;

struct lar_shelf {
    pthread_mutex_t lock;
    lar_arena *arena;
    lar_crew *readers, *others;
    place *places;
    int64_t count, uses;
    double room, taken; /* bytes */
    bool stops;
};

static lar_status copy_entry(lar_view_entry *out, const lar_view_entry *in, lar_arena *arena)
{
    *out = *in;
    out->name = lar_arena_text(arena, in->name, strlen(in->name));
    out->path = lar_arena_text(arena, in->path, strlen(in->path));
    return out->name && out->path ? LAR_OK : LAR_EMEMORY;
}

/* A quarter of what the machine can spare, and enough for a few scans in any case. */
static double choose_room(void)
{
    lar_memory memory;
    lar_memory_ask(&memory, "");
    return memory.available > 4e9 ? memory.available / 4 : 1e9;
}

lar_status lar_shelf_new(lar_shelf **out, const lar_view_params *params, lar_crew *readers,
                         lar_crew *others)
{
    lar_status status = LAR_OK;
    lar_shelf *shelf = lar_alloc(1, sizeof *shelf);
    *out = NULL;
    if (!shelf) return LAR_EMEMORY;
    pthread_mutex_init(&shelf->lock, NULL);
    shelf->readers = readers;
    shelf->others = others;
    shelf->room = params->memory > 0 ? (double)params->memory : choose_room();
    LAR_TRY(lar_arena_new(&shelf->arena));
    shelf->places = lar_alloc(params->count, sizeof *shelf->places);
    if (!shelf->places) {
        status = LAR_EMEMORY;
        goto done;
    }
    for (int64_t n = 0; n < params->count; n++) {
        shelf->places[n].shelf = shelf;
        LAR_TRY(copy_entry(&shelf->places[n].entry, &params->entries[n], shelf->arena));
    }
    shelf->count = params->count;
    *out = shelf;
    shelf = NULL;
done:
    lar_shelf_free(shelf);
    return status;
}

/* Without a holder. */
static void free_volume(lar_volume *volume)
{
    if (!volume) return;
    lar_peek_free(volume->peek);
    lar_image_free(volume->image);
    lar_text_clear(&volume->warnings);
    pthread_rwlock_destroy(&volume->lock);
    lar_free(volume);
}

void lar_shelf_free(lar_shelf *shelf)
{
    if (!shelf) return;
    for (int64_t n = 0; n < shelf->count; n++) free_volume(shelf->places[n].volume);
    pthread_mutex_destroy(&shelf->lock);
    lar_free(shelf->places);
    lar_arena_free(shelf->arena);
    lar_free(shelf);
}

int64_t lar_shelf_count(const lar_shelf *shelf)
{
    return shelf->count;
}

const lar_view_entry *lar_shelf_entry(const lar_shelf *shelf, int64_t id)
{
    return id >= 0 && id < shelf->count ? &shelf->places[id].entry : NULL;
}

/* ---- reading, without the lock ------------------------------------------------------------ */

static const char *file_of(const lar_view_entry *entry)
{
    return entry->series ? entry->series->file : entry->path;
}

static stamp look_at(const lar_view_entry *entry)
{
    struct stat about;
    if (stat(file_of(entry), &about) != 0) return (stamp){ .size = -1 };
    return (stamp){ (int64_t)about.st_size, (int64_t)about.st_mtim.tv_sec,
                    (int64_t)about.st_mtim.tv_nsec, (int64_t)about.st_ino };
}

static bool same_stamp(const stamp *a, const stamp *b)
{
    return a->size == b->size && a->seconds == b->seconds && a->nanoseconds == b->nanoseconds &&
           a->number == b->number;
}

/* What a browser cannot hold becomes what it can; a view without gaps. */
static lar_status settle(lar_image **out, lar_image *image)
{
    lar_type type = image->type;
    if (type == LAR_I64 || type == LAR_U64) {
        lar_range range;
        const lar_status status = lar_image_range(&range, image);
        if (status != LAR_OK) return status;
        type = range.low >= INT32_MIN && range.high <= INT32_MAX ? LAR_I32 : LAR_F64;
    }
    return lar_image_to_type(out, image, type);
}

static lar_status read_volume(lar_volume **out, const lar_view_entry *entry)
{
    lar_status status = LAR_OK;
    lar_image *image = NULL;
    lar_image_about about = { 0 };
    lar_volume *volume = NULL;

    if (entry->series)
        LAR_TRY(lar_dicom_series_read(&image, &about, entry->series, entry->path, LAR_FORM_AUTO));
    else
        LAR_TRY(lar_image_read_about(&image, &about, entry->path, LAR_FORM_AUTO));
    volume = lar_alloc(1, sizeof *volume);
    if (!volume) {
        status = LAR_EMEMORY;
        goto done;
    }
    pthread_rwlock_init(&volume->lock, NULL);
    volume->channel = -1;
    LAR_TRY(settle(&volume->image, image));
    volume->bytes = (double)lar_image_voxel_count(image) * (double)image->channels *
                    (double)lar_type_size(volume->image->type);
    volume->warnings = about.warnings;
    about.warnings = (lar_text){ 0 };
    *out = volume;
    volume = NULL;
done:
    free_volume(volume);
    lar_image_about_clear(&about);
    lar_image_free(image);
    return status;
}

/* ---- the shelf, under its lock ------------------------------------------------------------ */

static void let_go(lar_shelf *shelf, place *p)
{
    lar_volume *volume = p->volume;
    if (!volume) return;
    p->volume = NULL;
    shelf->taken -= volume->bytes;
    if (--volume->holders == 0) free_volume(volume);
}

/* The least recently used go first; the one that was just read stays, however large. */
static void make_room(lar_shelf *shelf, const place *keep)
{
    while (shelf->taken > shelf->room) {
        place *oldest = NULL;
        for (int64_t n = 0; n < shelf->count; n++) {
            place *p = &shelf->places[n];
            if (p != keep && p->volume && (!oldest || p->used < oldest->used)) oldest = p;
        }
        if (!oldest) return;
        let_go(shelf, oldest);
    }
}

static void serve(lar_shelf *shelf, place *p, lar_want *want)
{
    want->status = LAR_OK;
    want->volume = p->volume;
    p->volume->holders++;
    p->used = ++shelf->uses;
}

static void run_read(lar_task *task)
{
    place *p = (place *)task; /* its first field */
    lar_shelf *shelf = p->shelf;
    lar_volume *volume = NULL;
    const stamp before = look_at(&p->entry);
    pthread_mutex_lock(&shelf->lock);
    const bool stops = shelf->stops;
    pthread_mutex_unlock(&shelf->lock);
    const lar_status status =
        stops ? lar_fail(LAR_ESTOPPED, "%s", end_words) : read_volume(&volume, &p->entry);

    pthread_mutex_lock(&shelf->lock);
    if (status == LAR_OK) {
        volume->holders = 1;
        p->volume = volume;
        p->stamp = before;
        shelf->taken += volume->bytes;
    }
    lar_want *waiting = p->waiting;
    p->waiting = NULL;
    p->reading = false;
    for (lar_want *want = waiting; want; want = want->next) {
        if (status == LAR_OK) {
            serve(shelf, p, want);
            continue;
        }
        want->status = status;
        snprintf(want->sentence, sizeof want->sentence, "%s", lar_error());
    }
    make_room(shelf, p);
    pthread_mutex_unlock(&shelf->lock);
    for (lar_want *want = waiting, *next; want; want = next) {
        next = want->next; /* it may be gone once its task is given away */
        lar_crew_add(shelf->others, want->task);
    }
}

void lar_shelf_want(lar_shelf *shelf, int64_t id, lar_want *want)
{
    place *p = &shelf->places[id];
    const stamp now = look_at(&p->entry);
    pthread_mutex_lock(&shelf->lock);
    want->volume = NULL;
    if (p->volume && !same_stamp(&now, &p->stamp)) let_go(shelf, p);
    if (shelf->stops) {
        want->status = LAR_ESTOPPED;
        snprintf(want->sentence, sizeof want->sentence, "%s", end_words);
        lar_crew_add(shelf->others, want->task);
    } else if (p->volume) {
        serve(shelf, p, want);
        lar_crew_add(shelf->others, want->task);
    } else {
        want->next = p->waiting;
        p->waiting = want;
        if (!p->reading) {
            p->reading = true;
            p->task.run = run_read;
            lar_crew_add(shelf->readers, &p->task);
        }
    }
    pthread_mutex_unlock(&shelf->lock);
}

void lar_shelf_stop(lar_shelf *shelf)
{
    pthread_mutex_lock(&shelf->lock);
    shelf->stops = true;
    pthread_mutex_unlock(&shelf->lock);
}

void lar_volume_drop(lar_shelf *shelf, lar_volume *volume)
{
    if (!volume) return;
    pthread_mutex_lock(&shelf->lock);
    const bool last = --volume->holders == 0;
    pthread_mutex_unlock(&shelf->lock);
    if (last) free_volume(volume);
}

/* ---- what is found in a volume ------------------------------------------------------------ */

/* With the lock held alone. */
static lar_status find_facts(lar_volume *volume, int64_t channel)
{
    lar_status status = LAR_OK;
    lar_image *one = NULL;
    lar_peek_free(volume->peek);
    volume->peek = NULL;
    volume->channel = -1;
    LAR_TRY(lar_image_channel(&one, volume->image, channel));
    LAR_TRY(lar_facts_find(&volume->facts, one));
    LAR_TRY(lar_peek_new(&volume->peek, one));
    volume->channel = channel;
done:
    lar_image_free(one);
    return status;
}

lar_status lar_volume_look(lar_volume *volume, int64_t channel)
{
    pthread_rwlock_rdlock(&volume->lock);
    if (volume->channel == channel) return LAR_OK;
    pthread_rwlock_unlock(&volume->lock);
    pthread_rwlock_wrlock(&volume->lock); /* kept: another channel could come between */
    const lar_status status = volume->channel == channel ? LAR_OK : find_facts(volume, channel);
    if (status != LAR_OK) pthread_rwlock_unlock(&volume->lock);
    return status;
}

void lar_volume_leave(lar_volume *volume)
{
    pthread_rwlock_unlock(&volume->lock);
}
