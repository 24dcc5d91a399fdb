/* What a figure is asked for, looked at before anything is computed.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "report/figure/parts.h"

static lar_status check_pairs(const lar_figure_params *p, int64_t count)
{
    const struct {
        const char *name;
        const lar_ints *list;
        bool pair;
    } lists[] = { { "share", &p->share, false },
                  { "difference", &p->difference, true },
                  { "contours", &p->contours, true },
                  { "checker", &p->checker, true } };
    for (int l = 0; l < 4; l++) {
        const lar_ints *list = lists[l].list;
        if (lists[l].pair && list->count != 0 && list->count != 2)
            return lar_fail(LAR_EARGUMENT, "%s is of 2 images, not of %lld", lists[l].name,
                            (long long)list->count);
        for (int64_t n = 0; n < list->count; n++)
            if (list->at[n] < 1 || list->at[n] > count)
                return lar_fail(LAR_EARGUMENT, "%s names image %lld, expected 1 to %lld",
                                lists[l].name, (long long)list->at[n], (long long)count);
    }
    if (p->alone && p->difference.count + p->contours.count + p->checker.count == 0) {
        const lar_status status = lar_fail(
            LAR_EARGUMENT, "nothing is left to draw: there is no comparison to draw alone");
        return lar_hint(status, "--difference, --contours or --checker with it");
    }
    return LAR_OK;
}

lar_status lar_figure_check(const lar_figure_params *p, int64_t count)
{
    if (count < 1) return lar_fail(LAR_EARGUMENT, "a figure needs at least one image");
    if (p->at.count != 0 && p->at.count != 3)
        return lar_fail(LAR_EARGUMENT, "at has %lld numbers, expected the 3 of a point",
                        (long long)p->at.count);
    if (p->percentiles.count != 2 || !(p->percentiles.at[0] < p->percentiles.at[1]))
        return lar_fail(LAR_EARGUMENT, "percentiles are two numbers, the lower one first");
    if (p->mosaic.count > 2)
        return lar_fail(LAR_EARGUMENT,
                        "mosaic has %lld numbers, expected how many slices, or rows and columns",
                        (long long)p->mosaic.count);
    for (int64_t n = 0; n < p->mosaic.count; n++)
        if (p->mosaic.at[n] < 1 || p->mosaic.at[n] > 1000)
            return lar_fail(LAR_EARGUMENT, "a mosaic of %lld, expected 1 to 1000",
                            (long long)p->mosaic.at[n]);
    if (p->span.count != 0 && (p->span.count != 2 || !(p->span.at[0] <= p->span.at[1])))
        return lar_fail(LAR_EARGUMENT, "span is two numbers, the lower one first");
    if (p->span.count && !p->mosaic.count) {
        const lar_status status =
            lar_fail(LAR_EARGUMENT, "a span is of the slices of a mosaic, and there is none");
        return lar_hint(status, "--mosaic with it, or --at for one slice");
    }
    if (p->at.count && p->mosaic.count) {
        const lar_status status =
            lar_fail(LAR_EARGUMENT, "a point is of single slices, and a mosaic has many");
        return lar_hint(status, "--span for where they begin and end");
    }
    for (int64_t n = 0; n < p->overlay_count; n++)
        if (p->overlays[n].on < 0 || p->overlays[n].on > count)
            return lar_fail(LAR_EARGUMENT,
                            "the overlay '%s' is for image %lld, expected 1 to %lld, or 0 for all",
                            p->overlays[n].name ? p->overlays[n].name : "",
                            (long long)p->overlays[n].on, (long long)count);
    if (p->alone && p->overlay_count) {
        const lar_status status =
            lar_fail(LAR_EARGUMENT, "overlays lie over images, and --alone leaves these out");
        return lar_hint(status, "without one of the two");
    }
    return check_pairs(p, count);
}

lar_status lar_figure_planes(lar_scene *scene, const lar_figure_params *p)
{
    static const char *const names[] = { "axial", "coronal", "sagittal", NULL };
    const char *list = p->planes ? p->planes : p->mosaic.count ? "axial" : "axial,coronal,sagittal";
    char word[16];
    for (list += strspn(list, ", "); *list; list += strspn(list, ", ")) {
        const size_t length = strcspn(list, ", ");
        const lar_plane *plane = NULL;
        snprintf(word, sizeof word, "%.*s", (int)(length < 15 ? length : 15), list);
        list += length;
        for (int n = 0; n < LAR_PLANES; n++)
            if (lar_text_is(word, names[n])) plane = &lar_planes[n];
        if (!plane) {
            const char *nearest = lar_text_nearest(word, names);
            const lar_status status = lar_fail(LAR_EARGUMENT, "there is no plane '%s'", word);
            return lar_hint(status, "%s", nearest ? nearest : "axial, coronal or sagittal");
        }
        for (int64_t n = 0; n < scene->plane_count; n++)
            if (scene->planes[n] == plane)
                return lar_fail(LAR_EARGUMENT, "the plane '%s' is named twice", word);
        scene->planes[scene->plane_count++] = plane;
    }
    if (scene->plane_count == 0) return lar_fail(LAR_EARGUMENT, "no plane is named");
    if (p->mosaic.count && scene->plane_count > 1)
        return lar_fail(LAR_EARGUMENT, "a mosaic is of one plane, not of %lld",
                        (long long)scene->plane_count);
    return LAR_OK;
}

void lar_figure_drop_flat(lar_scene *scene, const lar_look *looks, int64_t count)
{
    int64_t kept = 0;
    const lar_plane *full[LAR_PLANES];
    for (int64_t row = 0; row < scene->plane_count; row++) {
        bool flat = true;
        for (int64_t n = 0; n < count; n++) {
            const int64_t *size = looks[n].ras->grid.size;
            flat = flat &&
                   (size[scene->planes[row]->across] == 1 || size[scene->planes[row]->up] == 1);
        }
        if (!flat) full[kept++] = scene->planes[row];
    }
    scene->plane_count = kept ? kept : 1;
    if (kept) memcpy(scene->planes, full, sizeof full);
}
