/* What was drawn for every sample of a training: the lines of larmor show-batch --history, in a
 * file of each epoch. Draws are functions of (seed, epoch, sample), so that a file is written at
 * once when its epoch ends, and is there whole or not at all, however often the training was
 * killed. SPDX-License-Identifier: Apache-2.0 */
#include "train/session.h"

static const char *folder_of(const lar_session *s)
{
    return lar_path_join(s->arena, s->report.folder, "histories");
}

static const char *path_of(const lar_session *s, int64_t epoch)
{
    return lar_arena_format(s->arena, "%s/histories/epoch_%04lld.jsonl", s->report.folder,
                            (long long)epoch + 1);
}

lar_status lar_histories_write(const lar_session *s, int64_t epoch)
{
    lar_status status = LAR_OK;
    lar_sampler *sampler = s->samplers[LAR_TRAIN];
    lar_writer *writer = NULL;
    lar_text line = { 0 };
    lar_item item = { 0 };
    if (!s->study->train.histories) return LAR_OK;
    const char *folder = folder_of(s), *path = path_of(s, epoch);
    if (!folder || !path) return LAR_EMEMORY;
    LAR_TRY(lar_folder_make(folder));
    LAR_TRY(lar_item_init(&item, sampler));
    LAR_TRY(lar_writer_open(&writer, path, true));
    for (int64_t n = 0; n < s->count[LAR_TRAIN]; n++) {
        LAR_TRY(lar_item_draw(&item, sampler, epoch, n));
        LAR_TRY(lar_item_tell(&line, &item));
        LAR_TRY(lar_writer_put(writer, line.at, line.length));
        lar_text_clear(&line);
    }
    status = lar_writer_commit(writer);
done:
    lar_writer_free(writer);
    lar_text_clear(&line);
    lar_item_clear(&item);
    return status;
}

lar_status lar_histories_catch_up(const lar_session *s)
{
    lar_status status = LAR_OK;
    if (!s->study->train.histories) return LAR_OK;
    for (int64_t epoch = 0; epoch < s->report.epoch_count && status == LAR_OK; epoch++) {
        const char *path = path_of(s, epoch);
        if (!path) return LAR_EMEMORY;
        if (!lar_path_exists(path)) status = lar_histories_write(s, epoch);
    }
    return status;
}

lar_status lar_histories_remove(const lar_session *s)
{
    lar_status status = LAR_OK;
    lar_texts names;
    const char *folder = folder_of(s);
    if (!folder) return LAR_EMEMORY;
    if (!lar_path_is_folder(folder)) return LAR_OK;
    LAR_TRY(lar_folder_list(&names, folder, s->arena));
    for (int64_t n = 0; n < names.count; n++) {
        if (!lar_text_starts(names.at[n], "epoch_") || !lar_text_ends(names.at[n], ".jsonl"))
            continue;
        const char *path = lar_path_join(s->arena, folder, names.at[n]);
        if (!path) return LAR_EMEMORY;
        LAR_TRY(lar_file_remove(path));
    }
done:
    return status;
}
