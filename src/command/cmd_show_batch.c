/* larmor show-batch: what the network is about to see.
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>

#include "batch/batch.h"
#include "command/command.h"
#include "command/look/batch_sheet.h"
#include "prepare/prepare.h"
#include "report/report.h"

enum { COUNT_MOST = 64, HISTORY_MAX = 256 << 20 };

typedef struct options {
    const char *output, *work, *history, *replay;
    int64_t epoch, count;
    int split;
    bool force;
} options;

static const char *const splits[] = { "train", "valid", NULL };

static const lar_param params[] = {
    LAR_P_TEXT(options, output, "output", 'o', "", "path",
               "the picture (.png, .svg, .pdf); WORK/batch.png where not given"),
    LAR_P_INT(options, count, "count", 'n', "6", 1, COUNT_MOST, "samples", "how many are shown"),
    LAR_P_INT(options, epoch, "epoch", 'e', "1", 1, 1000000, "number",
              "whose samples: other epochs have others"),
    LAR_P_CHOICE(options, split, "split", 0, "train", splits,
                 "of which cases; held-out ones are not augmented"),
    LAR_P_TEXT(options, history, "history", 0, "", "path",
               "write what was drawn, one JSON object a line: all samples of the epoch"),
    LAR_P_TEXT(options, replay, "replay", 0, "", "path",
               "show the samples of such a file, made again from it"),
    LAR_P_TEXT(options, work, "work", 0, "", "folder",
               "work folder; the study's name without its suffix where not given"),
    LAR_P_FLAG(options, force, "force", 'f', "replace files that exist"),
    LAR_P_END,
};

/* ---- which samples -----------------------------------------------------------------------------
 */

/* The samples of an epoch, or of a file. */
typedef struct shower {
    const options *o;
    lar_sampler *sampler;
    lar_augment_scratch *scratch;
    lar_item *items; /* those that are shown */
    int64_t shown;
    lar_text told;
} shower;

static lar_status draw_epoch(shower *s)
{
    lar_status status = LAR_OK;
    const int64_t all = lar_sampler_count(s->sampler);
    lar_item spare = { 0 };
    LAR_TRY(lar_item_init(&spare, s->sampler));
    for (int64_t n = 0; n < all && (s->o->history || n < s->o->count); n++) {
        lar_item *item = n < s->o->count ? &s->items[n] : &spare;
        LAR_TRY(lar_item_draw(item, s->sampler, s->o->epoch - 1, n));
        if (s->o->history) LAR_TRY(lar_item_tell(&s->told, item));
        if (n >= s->o->count) continue;
        LAR_TRY(lar_item_make(item, s->sampler, s->scratch));
        s->shown++;
    }
done:
    lar_item_clear(&spare);
    return status;
}

static lar_status read_told(shower *s)
{
    lar_status status = LAR_OK;
    char *text = NULL;
    size_t length;
    int64_t line = 0;
    LAR_TRY(lar_file_read(&text, &length, s->o->replay, HISTORY_MAX));
    for (char *at = text; *at && s->shown < s->o->count;) {
        char *end = at + strcspn(at, "\n"), *next = *end ? end + 1 : end;
        json_error_t error;
        line++;
        json_t *object = json_loadb(at, (size_t)(end - at), JSON_REJECT_DUPLICATES, &error);
        at = next;
        if (!object) {
            status = lar_fail(LAR_EFORMAT, "'%s:%lld' is no JSON: %s", s->o->replay,
                              (long long)line, error.text);
            goto done;
        }
        status = lar_item_from_json(&s->items[s->shown], object);
        json_decref(object);
        if (status != LAR_OK) {
            lar_while(status, "'%s:%lld' cannot be shown", s->o->replay, (long long)line);
            goto done;
        }
        LAR_TRY(lar_item_make(&s->items[s->shown], s->sampler, s->scratch));
        s->shown++;
    }
    if (s->shown == 0) status = lar_fail(LAR_EFORMAT, "'%s' has no sample", s->o->replay);
done:
    lar_free(text);
    return status;
}

static lar_status show_batch_run(lar_call *call)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    lar_study *study = NULL;
    lar_prepared *prepared = NULL;
    shower s = { .o = o };

    if (o->history && o->replay)
        return lar_fail(LAR_EARGUMENT, "--history and --replay exclude each other");
    LAR_TRY(lar_study_read(&study, call->args[0]));
    if (o->work) study->work = o->work;
    const char *path = o->output ? o->output : lar_path_join(call->arena, study->work, "batch.png");
    if (!path) {
        status = LAR_EMEMORY;
        goto done;
    }
    LAR_TRY(lar_cli_output(call, path, o->force || !o->output));
    if (o->history) LAR_TRY(lar_cli_output(call, o->history, o->force));
    LAR_TRY(lar_picture_check(path));
    LAR_TRY(lar_study_prepared(&prepared, study));
    LAR_TRY(lar_study_sampler(&s.sampler, study, prepared, o->split, true));
    LAR_TRY(lar_augment_scratch_new(&s.scratch));
    s.items = lar_arena_take(call->arena, o->count, sizeof *s.items);
    if (!s.items) {
        status = LAR_EMEMORY;
        goto done;
    }
    for (int64_t n = 0; n < o->count; n++) LAR_TRY(lar_item_init(&s.items[n], s.sampler));
    LAR_TRY(o->replay ? read_told(&s) : draw_epoch(&s));
    const lar_batch batch = { s.items, s.shown, s.sampler, study, prepared };
    LAR_TRY(lar_batch_draw(&batch, path, call->arena));
    if (o->history) LAR_TRY(lar_file_write(o->history, lar_text_get(&s.told), s.told.length, true));
    lar_text text = { 0 };
    lar_text_add(&text, "samples  %lld in an epoch, %lld shown\npicture  %s\n",
                 (long long)lar_sampler_count(s.sampler), (long long)s.shown, path);
    if (o->history) lar_text_add(&text, "history  %s\n", o->history);
    status = lar_cli_print(lar_text_get(&text));
    lar_text_clear(&text);
done:
    for (int64_t n = 0; s.items && n < o->count; n++) lar_item_clear(&s.items[n]);
    lar_augment_scratch_free(s.scratch);
    lar_text_clear(&s.told);
    lar_sampler_free(s.sampler);
    lar_prepared_free(prepared);
    lar_study_free(study);
    return status;
}

const lar_command lar_command_show_batch = {
    .name = "show-batch",
    .group = "learn",
    .summary = "draw what the network is about to see",
    .about =
        "Draws samples of a study's prepared data as its training will meet them: the patches, "
        "slices or volumes, augmented, inputs beside targets and labels, each with what was drawn "
        "for it. Patches are shown in their middle, from above, from the front and from the left, "
        "labels in colours. With --history all that is drawn for the samples of an epoch goes into "
        "a file, from which "
        "--replay makes them again, bit for bit.",
    .args =
        (const lar_arg[]){ { .name = "study", .help = "the study file", .is_path = true }, { 0 } },
    .tables = { { params, 0 } },
    .size = sizeof(options),
    .examples =
        (const lar_example[]){
            { "larmor show-batch study.yaml", "six samples of the first epoch" },
            { "larmor show-batch study.yaml -o batch.png -n 12 --epoch 3 --history epoch3.jsonl",
              "twelve of the third, and what was drawn for all of it" },
            { 0 } },
    .run = show_batch_run,
};
