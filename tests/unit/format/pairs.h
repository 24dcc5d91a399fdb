/* A header that is text and the voxels beside it, in memory, to be changed and read.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_PAIRS_H
#define LAR_PAIRS_H

#include "format/source.h"
#include "scans.h"

typedef struct pair {
    char *header, *voxels;
    size_t header_count, voxel_count;
    const char *name; /* of the header, for sentences */
} pair;

static inline pair pair_load(const char *header, const char *voxels)
{
    pair p = { .name = header };
    char path[512];
    snprintf(path, sizeof path, "%s/tests/golden/parrec_afni/%s", TEST_SOURCE, header);
    CHECK_OK(lar_file_read(&p.header, &p.header_count, path, 1 << 20));
    snprintf(path, sizeof path, "%s/tests/golden/parrec_afni/%s", TEST_SOURCE, voxels);
    CHECK_OK(lar_file_read(&p.voxels, &p.voxel_count, path, 1 << 20));
    return p;
}

static inline void pair_drop(pair *p)
{
    lar_free(p->header);
    lar_free(p->voxels);
}

/* The n-th `from` (from 0) of the header becomes `to`; n = -1: every one. */
static inline void pair_change(pair *p, int n, const char *from, const char *to)
{
    lar_text made = { 0 };
    int seen = 0;
    const char *at = p->header;
    for (const char *next; (next = strstr(at, from)); at = next + strlen(from), seen++)
        lar_text_add(&made, "%.*s%s", (int)(next - at), at, n == -1 || seen == n ? to : from);
    if (seen == 0 || seen <= n) fail_msg("'%s' is %d times in %s", from, seen, p->name);
    lar_text_add(&made, "%s", at);
    lar_free(p->header);
    p->header_count = made.length;
    p->header = lar_alloc(1 + (int64_t)made.length, 1);
    memcpy(p->header, lar_text_get(&made), made.length);
    lar_text_clear(&made);
}

/* Blocks of just the lengths, so that a sanitizer sees a read past them. */
static inline lar_status pair_read_cut(lar_image **out, const pair *p, size_t header, size_t voxels)
{
    char *a = lar_alloc_raw((int64_t)header, 1), *b = lar_alloc_raw((int64_t)voxels, 1);
    assert_true(a && b);
    memcpy(a, p->header, header);
    memcpy(b, p->voxels, voxels);
    const lar_status status = lar_image_read_pair(out, a, header, b, voxels, p->name);
    lar_free(a);
    lar_free(b);
    return status;
}

static inline lar_status pair_read(lar_image **out, const pair *p)
{
    return lar_image_read_pair(out, p->header, p->header_count, p->voxels, p->voxel_count, p->name);
}

/* With its n-th `from` as `to`, reading fails with these words. */
typedef struct pair_fault {
    int n;
    const char *from, *to;
    lar_status status;
    const char *words;
} pair_fault;

static inline void pair_faults(const char *header, const char *voxels, const pair_fault *faults,
                               size_t count)
{
    int failed = 0;
    for (size_t k = 0; k < count; k++) {
        pair p = pair_load(header, voxels);
        lar_image *image;
        pair_change(&p, faults[k].n, faults[k].from, faults[k].to);
        const lar_status status = pair_read(&image, &p);
        const bool good = status == faults[k].status && strstr(lar_error(), faults[k].words);
        failed += !good;
        if (!good)
            print_message("'%s' as '%s': %s '%s', expected %s '%s'\n", faults[k].from, faults[k].to,
                          lar_status_name(status), status ? lar_error() : "",
                          lar_status_name(faults[k].status), faults[k].words);
        assert_true((status == LAR_OK) == (image != NULL));
        lar_image_free(image);
        pair_drop(&p);
    }
    assert_int_equal(failed, 0);
}

/* With its first `from` as `to` it is read, and these words are said. */
typedef struct pair_doubt {
    const char *from, *to, *words;
} pair_doubt;

static inline void pair_doubts(const char *header, const char *voxels, const pair_doubt *doubts,
                               size_t count)
{
    for (size_t n = 0; n < count; n++) {
        pair p = pair_load(header, voxels);
        lar_image *image;
        scan_listen();
        pair_change(&p, 0, doubts[n].from, doubts[n].to);
        CHECK_OK(pair_read(&image, &p));
        if (!strstr(scan_said, doubts[n].words))
            fail_msg("'%s' not said: %s", doubts[n].words, scan_said);
        lar_image_free(image);
        pair_drop(&p);
    }
}

static inline double pair_apart_mm(const lar_image *a, const lar_image *b)
{
    double farthest = 0;
    for (int corner = 0; corner < 8; corner++) {
        double at[3], one[3], other[3];
        for (int n = 0; n < 3; n++) at[n] = corner >> n & 1 ? (double)(a->grid.size[n] - 1) : 0;
        lar_grid_to_world(&a->grid, at, one);
        lar_grid_to_world(&b->grid, at, other);
        for (int n = 0; n < 3; n++) farthest = fmax(farthest, fabs(one[n] - other[n]));
    }
    return farthest;
}

/* Every byte of the header, as several others: an error, a warning, or the image at the same place.
 * `unheard` counts images whose voxels differ without a word: what a file says once. */
static inline void pair_mutate(const char *header, const char *voxels, int64_t *unheard,
                               int64_t *refused, int64_t *read)
{
    static const char others[] = "0195-+.e: #\n'~z\xff";
    pair p = pair_load(header, voxels);
    lar_image *whole, *image;
    CHECK_OK(pair_read(&whole, &p));
    for (size_t at = 0; at < p.header_count; at++) {
        const char old = p.header[at];
        for (size_t n = 0; n < sizeof others; n++) { /* the last is 0 */
            if (others[n] == old) continue;
            p.header[at] = others[n];
            scan_listen();
            const lar_status status = pair_read(&image, &p);
            *refused += status != LAR_OK;
            if (status != LAR_OK) {
                assert_null(image);
                assert_true(*lar_error());
                continue;
            }
            ++*read;
            const int64_t count = lar_image_voxel_count(image) * image->channels;
            assert_int_equal(count, lar_image_voxel_count(whole) * whole->channels);
            if (!*scan_said && (image->type != whole->type ||
                                memcmp(image->voxels, whole->voxels,
                                       (size_t)count * lar_type_size(whole->type)) != 0))
                ++*unheard;
            if (!*scan_said) {
                for (int a = 0; a < 3; a++)
                    assert_int_equal(image->grid.size[a], whole->grid.size[a]);
                if (pair_apart_mm(image, whole) > 0.3)
                    fail_msg("byte %zu of %s as '%c' moves the image by %g mm without a word", at,
                             header, others[n], pair_apart_mm(image, whole));
            }
            lar_image_free(image);
        }
        p.header[at] = old;
    }
    lar_image_free(whole);
    pair_drop(&p);
}

/* Cut to any length: header or voxels. Images that are read must be the whole one. */
static inline void pair_truncate(const char *header, const char *voxels, int64_t *read)
{
    pair p = pair_load(header, voxels);
    lar_image *whole, *image;
    CHECK_OK(pair_read(&whole, &p));
    for (size_t count = 0; count < p.header_count; count++) {
        if (pair_read_cut(&image, &p, count, p.voxel_count) != LAR_OK) {
            assert_null(image);
            continue;
        }
        ++*read;
        scan_same_voxels(whole, image);
        assert_true(pair_apart_mm(whole, image) == 0);
        lar_image_free(image);
    }
    for (size_t count = 0; count < p.voxel_count; count++)
        if (pair_read_cut(&image, &p, p.header_count, count) == LAR_OK)
            fail_msg("%s is read with %zu of %zu bytes", header, count, p.voxel_count);
    lar_image_free(whole);
    pair_drop(&p);
}

/* The k-th allocation fails, alone or with all after it, for every k that there is. Asking whether
 * a file is of another format may fail and change nothing. */
static inline void pair_without_memory(const char *path)
{
    for (int sticky = 0; sticky < 2; sticky++)
        for (int64_t k = 1;; k++) {
            lar_image *image;
            const int64_t before = lar_alloc_count();
            lar_alloc_fail_at(k, sticky);
            const lar_status status = lar_image_read(&image, path);
            lar_alloc_fail_at(0, false);
            assert_true(status == LAR_OK || status == LAR_EMEMORY);
            assert_true((status == LAR_OK) == (image != NULL));
            lar_image_free(image);
            if (lar_alloc_count() - before >= k) continue;
            CHECK_OK(status);
            assert_true(k > 8);
            break;
        }
}

#endif
