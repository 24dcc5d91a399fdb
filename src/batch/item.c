/* The voxels of a sample: as they lie in the prepared volume where nothing changes them, else made
 * by the augmentations in one go.
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>

#include "base/base.h"
#include "batch/sampler_parts.h"
#include "image/image.h"

lar_status lar_item_init(lar_item *item, const lar_sampler *s)
{
    lar_status status = LAR_OK;
    const int64_t images = s->params.image_count;
    *item = (lar_item){ .sampler = s };
    LAR_TRY(lar_arena_new(&item->arena));
    item->channels = lar_arena_take(item->arena, lar_sampler_channels(s), sizeof *item->channels);
    item->blocks = lar_arena_take(item->arena, images, sizeof *item->blocks);
    item->maps = lar_arena_take(item->arena, images, sizeof(lar_image *));
    item->sampled = lar_arena_take(item->arena, images, sizeof *item->sampled);
    const int64_t steps = s->params.augments ? s->params.augments->count : 0;
    item->history.at = lar_arena_take(item->arena, steps + 1, sizeof *item->history.at);
    if (!item->channels || !item->blocks || !item->maps || !item->sampled || !item->history.at)
        status = LAR_EMEMORY;
done:
    return status;
}

static void unmap(lar_item *item)
{
    for (int64_t n = 0; item->maps && n < item->sampler->params.image_count; n++) {
        lar_image_free(item->maps[n]);
        item->maps[n] = NULL;
    }
}

void lar_item_clear(lar_item *item)
{
    if (!item->arena) return;
    unmap(item);
    lar_free(item->block);
    lar_arena_free(item->arena);
    item->arena = NULL;
}

void lar_slice_take(float *out, const float *in, const int64_t size[3], int axis, int64_t slice)
{
    const int64_t stride[3] = { 1, size[0], size[0] * size[1] };
    const int a = axis == 0 ? 1 : 0, b = axis == 2 ? 1 : 2;
    in += slice * stride[axis];
    for (int64_t v = 0; v < size[b]; v++)
        for (int64_t u = 0; u < size[a]; u++) *out++ = in[u * stride[a] + v * stride[b]];
}

/* Room for each image's box; for slices across x and y as much again, to be gathered in. */
static lar_status make_room(lar_item *item, int64_t voxels, bool gathered)
{
    const int64_t images = item->sampler->params.image_count;
    const int64_t needed = voxels * images * (gathered ? 2 : 1);
    if (needed > item->room) {
        lar_free(item->block);
        item->block = lar_alloc_raw(needed, sizeof *item->block);
        item->room = item->block ? needed : 0;
        if (!item->block) return LAR_EMEMORY;
    }
    for (int64_t n = 0; n < images; n++) item->blocks[n] = item->block + n * voxels;
    return LAR_OK;
}

static void point_at_slices(lar_item *item, int64_t voxels)
{
    const lar_sampler_params *p = &item->sampler->params;
    const int axis = p->sample.axis;
    const int64_t *size = item->box.size, slices = size[axis], plane = voxels / slices;
    float *gathered = item->block + p->image_count * voxels;
    int64_t channel = 0;
    for (int64_t n = 0; n < p->image_count; n++)
        for (int64_t slice = 0; slice < slices; slice++) {
            if (p->images[n].middle && slice != slices / 2) continue;
            if (axis == 2) {
                item->channels[channel++] = item->blocks[n] + slice * plane;
                continue;
            }
            lar_slice_take(gathered, item->blocks[n], size, axis, slice);
            item->channels[channel++] = gathered;
            gathered += plane;
        }
}

static lar_status map_images(lar_item *item, lar_sampler *s, int64_t n)
{
    lar_status status = LAR_OK;
    const lar_sampler_params *p = &s->params;
    const lar_case_look *look;
    LAR_TRY(lar_sampler_look(&look, s, n));
    for (int64_t i = 0; i < p->image_count; i++) {
        const int64_t number = p->images[i].number;
        LAR_TRY(lar_prepared_map(&item->maps[i], p->prepared, item->case_index, number));
        item->sampled[i] = (lar_sampled){
            .volume = item->maps[i],
            .number = number,
            .is_label = !lar_role_is_measured(p->prepared->images[number].role),
            .outside = look->outside[i],
        };
    }
done:
    return status;
}

/* Which of the sampler's cases it is. */
static int64_t case_in(const lar_sampler *s, int64_t case_index)
{
    for (int64_t n = 0; n < s->params.case_count; n++)
        if (s->params.cases[n] == case_index) return n;
    return -1;
}

lar_status lar_item_make(lar_item *item, lar_sampler *s, lar_augment_scratch *scratch)
{
    lar_status status = LAR_OK;
    const lar_sampler_params *p = &s->params;
    const int64_t n = case_in(s, item->case_index), *size = item->box.size;
    const int64_t voxels = size[0] * size[1] * size[2];
    const bool slice = p->sample.kind == LAR_SAMPLE_SLICE;
    bool as_they_lie = p->sample.kind == LAR_SAMPLE_VOLUME && item->history.count == 0;
    unmap(item);
    lar_sampler_size(item->size, s, n);
    if (as_they_lie) {
        for (int64_t i = 0; i < p->image_count && as_they_lie; i++) {
            LAR_TRY(lar_prepared_map(&item->maps[i], p->prepared, item->case_index,
                                     p->images[i].number));
            as_they_lie = item->maps[i]->type == LAR_F32; /* labels are not */
            item->channels[i] = item->maps[i]->voxels;
        }
        if (as_they_lie) goto done;
        unmap(item);
    }
    LAR_TRY(map_images(item, s, n));
    LAR_TRY(make_room(item, voxels, slice && p->sample.axis != 2));
    static const lar_augments none = { 0 };
    LAR_TRY(lar_augment_sample(item->blocks, item->sampled, p->image_count, &item->box,
                               &item->history, p->augments ? p->augments : &none, scratch));
    unmap(item);
    if (slice)
        point_at_slices(item, voxels);
    else
        for (int64_t i = 0; i < p->image_count; i++) item->channels[i] = item->blocks[i];
done:
    if (status != LAR_OK)
        lar_while(status, "sample %lld of epoch %lld, of case '%s', cannot be made",
                  (long long)item->number + 1, (long long)item->epoch + 1,
                  p->prepared->cases[item->case_index].id);
    return status;
}

void lar_item_grid(lar_grid *out, const lar_item *item)
{
    const lar_sampler_params *p = &item->sampler->params;
    lar_grid box;
    lar_augment_grid(&box, &p->prepared->cases[item->case_index].grid, &item->box, &item->history);
    *out = box;
    if (p->sample.kind != LAR_SAMPLE_SLICE) return;
    const int across = p->sample.axis;
    int kept = 0;
    for (int a = 0; a <= 3; a++) {
        const int from = a < 3 ? a : across; /* across last */
        if (a == across) continue;
        out->size[kept] = a < 3 ? box.size[a] : 1;
        for (int r = 0; r < 3; r++) out->to_world.m[r][kept] = box.to_world.m[r][from];
        kept++;
    }
    for (int r = 0; r < 3; r++)
        out->to_world.m[r][3] =
            box.to_world.m[r][3] + box.to_world.m[r][across] * (double)p->sample.neighbours;
}

/* ---- told and made again ----------------------------------------------------------------- */

struct json_t *lar_item_to_json(const lar_item *item)
{
    const lar_sample_box *b = &item->box;
    json_t *augment = lar_history_to_json(&item->history);
    if (!augment) return NULL;
    return json_pack("{s:s, s:I, s:I, s:[I,I,I], s:[I,I,I], s:o}", "case",
                     item->sampler->params.prepared->cases[item->case_index].id, "epoch",
                     (json_int_t)item->epoch, "sample", (json_int_t)item->number, "corner",
                     (json_int_t)b->corner[0], (json_int_t)b->corner[1], (json_int_t)b->corner[2],
                     "size", (json_int_t)b->size[0], (json_int_t)b->size[1], (json_int_t)b->size[2],
                     "augment", augment);
}

lar_status lar_item_tell(lar_text *out, const lar_item *item)
{
    json_t *object = lar_item_to_json(item);
    char *text = object ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
    if (text) lar_text_add(out, "%s\n", text);
    json_decref(object);
    free(text);
    return text && !out->failed ? LAR_OK : lar_fail(LAR_EMEMORY, "not enough memory");
}

lar_status lar_item_from_json(lar_item *item, const struct json_t *object)
{
    const lar_sampler_params *p = &item->sampler->params;
    const char *id;
    json_t *augment;
    json_int_t epoch, number, corner[3], size[3];
    int64_t n = 0, edges[3];
    if (json_unpack((json_t *)object, "{s:s, s:I, s:I, s:[I,I,I], s:[I,I,I], s:o}", "case", &id,
                    "epoch", &epoch, "sample", &number, "corner", &corner[0], &corner[1],
                    &corner[2], "size", &size[0], &size[1], &size[2], "augment", &augment) != 0)
        return lar_fail(LAR_EFORMAT, "this is no sample: 'case', 'epoch', 'sample', 'corner', "
                                     "'size' and 'augment' tell one");
    while (n < p->case_count && !lar_text_is(p->prepared->cases[p->cases[n]].id, id)) n++;
    if (n == p->case_count)
        return lar_fail(LAR_EFORMAT, "the case '%s' of a sample is not there", id);
    item->case_index = p->cases[n];
    item->epoch = epoch;
    item->number = number;
    lar_sampler_edges(edges, &p->sample, p->prepared->cases[item->case_index].grid.size);
    for (int a = 0; a < 3; a++) {
        item->box.corner[a] = corner[a];
        item->box.size[a] = size[a];
        if (size[a] != edges[a] || corner[a] < -(1 << 24) || corner[a] > 1 << 24)
            return lar_fail(LAR_EFORMAT,
                            "a sample of '%s' has %lldx%lldx%lld voxels, those of "
                            "this study %lldx%lldx%lld",
                            id, (long long)size[0], (long long)size[1], (long long)size[2],
                            (long long)edges[0], (long long)edges[1], (long long)edges[2]);
    }
    item->box.across = p->sample.kind == LAR_SAMPLE_SLICE ? p->sample.axis : -1;
    static const lar_augments none = { 0 };
    return lar_history_from_json(&item->history, augment, p->augments ? p->augments : &none,
                                 item->arena);
}
