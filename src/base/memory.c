/* All memory comes from here: checked products, 64-byte alignment, and failures on request.
 * SPDX-License-Identifier: Apache-2.0 */
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "base/base.h"

/* Voxels by the megabyte are asked for in pages of 2 MiB: touching them for the first time costs a
 * fraction of what it costs in pages of 4 KiB. */
enum { ALIGNMENT = 64, BLOCK_BYTES = 1 << 14, LARGE_PAGE = 2 << 20 };

static atomic_int_fast64_t allocations;
static atomic_int_fast64_t fail_at;
static atomic_bool fail_sticky;

void lar_alloc_fail_at(int64_t n, bool sticky)
{
    atomic_store(&fail_sticky, sticky);
    atomic_store(&fail_at, n ? atomic_load(&allocations) + n : 0);
}

int64_t lar_alloc_count(void)
{
    return atomic_load(&allocations);
}

bool lar_size_product(size_t *out, const int64_t *factors, int count, size_t size)
{
    size_t product = size;
    for (int f = 0; f < count; f++)
        if (factors[f] < 0 || __builtin_mul_overflow(product, (size_t)factors[f], &product))
            return false;
    *out = product;
    return product <= (size_t)PTRDIFF_MAX - LARGE_PAGE;
}

/* The last large blocks that were given back: one volume after another takes the same, and the
 * system need not clear it each time, which is a fifth of reading a compressed volume. Where none
 * of them serves, as many bytes as are asked for go back to the system first: the most that a
 * program holds is what it would hold without them, and what a block has more than was asked of it.
 */
enum { KEPT_BLOCKS = 8 };
#ifdef __SANITIZE_ADDRESS__
static const size_t kept_most = 0; /* a sanitizer wants to see them go */
#else
static const size_t kept_most = 160 << 20; /* of all */
#endif
static pthread_mutex_t kept_lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    void *block;
    size_t room;
} kept[KEPT_BLOCKS]; /* the oldest first */
static int kept_count;
static size_t kept_bytes;

/* With the lock held: a kept block is nobody's any more. */
static void *leave(int n)
{
    void *block = kept[n].block;
    kept_bytes -= kept[n].room;
    kept_count--;
    memmove(kept + n, kept + n + 1, (size_t)(kept_count - n) * sizeof *kept);
    return block;
}

/* One of at least so many bytes, and of a quarter more at most; NULL where there is none. */
static void *take_kept(size_t bytes)
{
    void *found = NULL;
    int best = -1;
    pthread_mutex_lock(&kept_lock);
    for (int n = 0; n < kept_count; n++)
        if (kept[n].room >= bytes && kept[n].room - bytes <= bytes / 4 &&
            (best < 0 || kept[n].room < kept[best].room))
            best = n;
    if (best >= 0)
        found = leave(best);
    else
        for (size_t freed = 0; kept_count && freed < bytes;) {
            freed += kept[0].room;
            free(leave(0));
        }
    pthread_mutex_unlock(&kept_lock);
    return found;
}

/* Keeps a block, in place of the oldest if need be. */
static void keep(void *block, size_t room)
{
    pthread_mutex_lock(&kept_lock);
    while (kept_count && (kept_count == KEPT_BLOCKS || kept_bytes + room > kept_most))
        free(leave(0));
    kept[kept_count].block = block;
    kept[kept_count++].room = room;
    kept_bytes += room;
    pthread_mutex_unlock(&kept_lock);
}

void *lar_alloc_raw(int64_t count, size_t size)
{
    size_t bytes;
    if (!lar_size_product(&bytes, &count, 1, size)) {
        lar_fail(LAR_EMEMORY,
                 "out of memory: %lld items of %zu bytes are more than can be addressed",
                 (long long)count, size);
        return NULL;
    }
    const int64_t serial = atomic_fetch_add(&allocations, 1) + 1;
    const int64_t planned = atomic_load(&fail_at);
    const bool fails =
        planned && (serial == planned || (atomic_load(&fail_sticky) && serial > planned));
    const bool large = bytes >= LARGE_PAGE;
    const size_t rounded = (bytes / ALIGNMENT + 1) * ALIGNMENT;
    void *pointer = fails || !large ? NULL : take_kept(rounded);
    if (pointer) return pointer;
    if (!fails && posix_memalign(&pointer, large ? LARGE_PAGE : ALIGNMENT, rounded) != 0)
        pointer = NULL;
    /* a wish; only pages that are filled, so that no more memory is used than before */
    if (pointer && large) madvise(pointer, bytes / LARGE_PAGE * LARGE_PAGE, MADV_HUGEPAGE);
    if (!pointer) lar_fail(LAR_EMEMORY, "out of memory: %zu bytes were asked for", bytes);
    return pointer;
}

void *lar_alloc(int64_t count, size_t size)
{
    void *pointer = lar_alloc_raw(count, size);
    if (pointer) memset(pointer, 0, (size_t)count * size);
    return pointer;
}

void lar_free(void *pointer)
{
    const bool large = pointer && (uintptr_t)pointer % LARGE_PAGE == 0;
    const size_t room = large ? malloc_usable_size(pointer) : 0;
    if (room >= LARGE_PAGE && room <= kept_most)
        keep(pointer, room);
    else
        free(pointer);
}

typedef struct arena_block {
    struct arena_block *next;
    size_t used, room;
    _Alignas(16) char bytes[];
} arena_block;

struct lar_arena {
    arena_block *blocks;
};

lar_status lar_arena_new(lar_arena **out)
{
    *out = lar_alloc(1, sizeof **out);
    return *out ? LAR_OK : LAR_EMEMORY;
}

void *lar_arena_take(lar_arena *arena, int64_t count, size_t size)
{
    size_t bytes;
    if (!lar_size_product(&bytes, &count, 1, size)) {
        lar_fail(LAR_EMEMORY, "out of memory: the size of an array overflows");
        return NULL;
    }
    bytes = (bytes + 15) / 16 * 16;
    if (!arena->blocks || arena->blocks->room - arena->blocks->used < bytes) {
        const size_t room = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
        arena_block *block = lar_alloc((int64_t)(sizeof *block + room), 1);
        if (!block) return NULL;
        block->room = room;
        block->next = arena->blocks;
        arena->blocks = block;
    }
    char *taken = arena->blocks->bytes + arena->blocks->used;
    arena->blocks->used += bytes;
    return taken;
}

char *lar_arena_text(lar_arena *arena, const char *text, size_t length)
{
    char *copy = lar_arena_take(arena, (int64_t)length + 1, 1);
    if (copy) memcpy(copy, text, length);
    return copy;
}

char *lar_arena_format(lar_arena *arena, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    const int length = vsnprintf(NULL, 0, format, list);
    va_end(list);
    char *text = length < 0 ? NULL : lar_arena_take(arena, length + 1, 1);
    if (!text) return NULL;
    va_start(list, format);
    vsnprintf(text, (size_t)length + 1, format, list);
    va_end(list);
    return text;
}

void lar_arena_free(lar_arena *arena)
{
    if (!arena) return;
    for (arena_block *block = arena->blocks; block;) {
        arena_block *next = block->next;
        lar_free(block);
        block = next;
    }
    lar_free(arena);
}
