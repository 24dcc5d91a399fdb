/* The voxels of a sample: as they lie in the prepared volume where nothing changes them, else made
 * by the augmentations in one go.
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>

#include "base/base.h"
#include "batch/sampler_parts.h"
#include "image/image.h"

lar_status lar_item_init(lar_item *sample, const lar_sampler *s)
{
    lar_status status = LAR_OK;
    const int64_t images = s->params.image_count;
    *sample = (lar_item){ .sampler = s };
    LAR_TRY(lar_arena_new(&sample->arena));
    sample->channels =
        lar_arena_take(sample->arena, lar_sampler_channels(s), sizeof *sample->channels);
    sample->blocks = lar_arena_take(sample->arena, images, sizeof *sample->blocks);
    sample->maps = lar_arena_take(sample->arena, images, sizeof(lar_image *));
    sample->sampled = lar_arena_take(sample->arena, images, sizeof *sample->sampled);
    const int64_t steps = s->params.augments ? s->params.augments->count : 0;
    sample->history.at = lar_arena_take(sample->arena, steps + 1, sizeof *sample->history.at);
    if (!sample->channels || !sample->blocks || !sample->maps || !sample->sampled ||
        !sample->history.at)
        status = LAR_EMEMORY;
done:
    return status;
}

static void unmap(lar_item *sample)
{
    for (int64_t n = 0; n < sample->sampler->params.image_count; n++) {
        lar_image_free(sample->maps[n]);
        sample->maps[n] = NULL;
    }
}

void lar_item_clear(lar_item *sample)
{
    if (!sample->arena) return;
    unmap(sample);
    lar_free(sample->block);
    lar_arena_free(sample->arena);
    sample->arena = NULL;
}

/* A slice across x or y becomes one whose voxels follow one another. */
static void gather(float *out, const float *in, const int64_t size[3], int axis, int64_t slice)
{
    const int64_t stride[3] = { 1, size[0], size[0] * size[1] };
    const int a = axis == 0 ? 1 : 0, b = axis == 2 ? 1 : 2;
    in += slice * stride[axis];
    for (int64_t v = 0; v < size[b]; v++)
        for (int64_t u = 0; u < size[a]; u++) *out++ = in[u * stride[a] + v * stride[b]];
}

/* Room for each image's box; for slices across x and y as much again, to be gathered in. */
static lar_status make_room(lar_item *sample, int64_t voxels, bool gathered)
{
    const int64_t images = sample->sampler->params.image_count;
    const int64_t needed = voxels * images * (gathered ? 2 : 1);
    if (needed > sample->room) {
        lar_free(sample->block);
        sample->block = lar_alloc_raw(needed, sizeof *sample->block);
        sample->room = sample->block ? needed : 0;
        if (!sample->block) return LAR_EMEMORY;
    }
    for (int64_t n = 0; n < images; n++) sample->blocks[n] = sample->block + n * voxels;
    return LAR_OK;
}

static void point_at_slices(lar_item *sample, int64_t voxels)
{
    const lar_sampler_params *p = &sample->sampler->params;
    const int axis = p->sample.axis;
    const int64_t *size = sample->box.size, slices = size[axis], plane = voxels / slices;
    float *gathered = sample->block + p->image_count * voxels;
    int64_t channel = 0;
    for (int64_t n = 0; n < p->image_count; n++)
        for (int64_t slice = 0; slice < slices; slice++) {
            if (p->images[n].middle && slice != slices / 2) continue;
            if (axis == 2) {
                sample->channels[channel++] = sample->blocks[n] + slice * plane;
                continue;
            }
            gather(gathered, sample->blocks[n], size, axis, slice);
            sample->channels[channel++] = gathered;
            gathered += plane;
        }
}

static lar_status map_images(lar_item *sample, lar_sampler *s, int64_t n)
{
    lar_status status = LAR_OK;
    const lar_sampler_params *p = &s->params;
    const lar_case_look *look;
    LAR_TRY(lar_sampler_look(&look, s, n));
    for (int64_t i = 0; i < p->image_count; i++) {
        const int64_t number = p->images[i].number;
        LAR_TRY(lar_prepared_map(&sample->maps[i], p->prepared, sample->case_index, number));
        sample->sampled[i] = (lar_sampled){
            .volume = sample->maps[i],
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

lar_status lar_item_make(lar_item *sample, lar_sampler *s, lar_augment_scratch *scratch)
{
    lar_status status = LAR_OK;
    const lar_sampler_params *p = &s->params;
    const int64_t n = case_in(s, sample->case_index), *size = sample->box.size;
    const int64_t voxels = size[0] * size[1] * size[2];
    const bool slice = p->sample.kind == LAR_SAMPLE_SLICE;
    bool as_they_lie = p->sample.kind == LAR_SAMPLE_VOLUME && sample->history.count == 0;
    unmap(sample);
    lar_sampler_size(sample->size, s, n);
    if (as_they_lie) {
        for (int64_t i = 0; i < p->image_count && as_they_lie; i++) {
            LAR_TRY(lar_prepared_map(&sample->maps[i], p->prepared, sample->case_index,
                                     p->images[i].number));
            as_they_lie = sample->maps[i]->type == LAR_F32; /* labels are not */
            sample->channels[i] = sample->maps[i]->voxels;
        }
        if (as_they_lie) goto done;
        unmap(sample);
    }
    LAR_TRY(map_images(sample, s, n));
    LAR_TRY(make_room(sample, voxels, slice && p->sample.axis != 2));
    static const lar_augments none = { 0 };
    LAR_TRY(lar_augment_sample(sample->blocks, sample->sampled, p->image_count, &sample->box,
                               &sample->history, p->augments ? p->augments : &none, scratch));
    unmap(sample);
    if (slice)
        point_at_slices(sample, voxels);
    else
        for (int64_t i = 0; i < p->image_count; i++) sample->channels[i] = sample->blocks[i];
done:
    if (status != LAR_OK)
        lar_while(status, "sample %lld of epoch %lld, of case '%s', cannot be made",
                  (long long)sample->number + 1, (long long)sample->epoch + 1,
                  p->prepared->cases[sample->case_index].id);
    return status;
}

void lar_item_grid(lar_grid *out, const lar_item *sample)
{
    const lar_sampler_params *p = &sample->sampler->params;
    lar_grid box;
    lar_augment_grid(&box, &p->prepared->cases[sample->case_index].grid, &sample->box,
                     &sample->history);
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

struct json_t *lar_item_to_json(const lar_item *sample)
{
    const lar_sample_box *b = &sample->box;
    json_t *augment = lar_history_to_json(&sample->history);
    if (!augment) return NULL;
    return json_pack("{s:s, s:I, s:I, s:[I,I,I], s:[I,I,I], s:o}", "case",
                     sample->sampler->params.prepared->cases[sample->case_index].id, "epoch",
                     (json_int_t)sample->epoch, "sample", (json_int_t)sample->number, "corner",
                     (json_int_t)b->corner[0], (json_int_t)b->corner[1], (json_int_t)b->corner[2],
                     "size", (json_int_t)b->size[0], (json_int_t)b->size[1], (json_int_t)b->size[2],
                     "augment", augment);
}

lar_status lar_item_from_json(lar_item *sample, const struct json_t *object)
{
    const lar_sampler_params *p = &sample->sampler->params;
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
    sample->case_index = p->cases[n];
    sample->epoch = epoch;
    sample->number = number;
    lar_sampler_edges(edges, &p->sample, p->prepared->cases[sample->case_index].grid.size);
    for (int a = 0; a < 3; a++) {
        sample->box.corner[a] = corner[a];
        sample->box.size[a] = size[a];
        if (size[a] != edges[a] || corner[a] < -(1 << 24) || corner[a] > 1 << 24)
            return lar_fail(LAR_EFORMAT,
                            "a sample of '%s' has %lldx%lldx%lld voxels, those of "
                            "this study %lldx%lldx%lld",
                            id, (long long)size[0], (long long)size[1], (long long)size[2],
                            (long long)edges[0], (long long)edges[1], (long long)edges[2]);
    }
    sample->box.across = p->sample.kind == LAR_SAMPLE_SLICE ? p->sample.axis : -1;
    static const lar_augments none = { 0 };
    return lar_history_from_json(&sample->history, augment, p->augments ? p->augments : &none,
                                 sample->arena);
}
