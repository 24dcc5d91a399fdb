/* larmor evaluate: a model on a split of its data, or given pairs of images.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "command/command.h"
#include "filter/filter.h"
#include "image/image.h"
#include "train/train.h"

typedef struct options {
    int split;
    bool baselines;
    const char *inside, *work;
} options;

static const char *const splits[] = { "train", "valid", "test", NULL };

static const lar_param params[] = {
    LAR_P_CHOICE(options, split, "split", 's', "valid", splits,
                 "part of the study's data to score"),
    LAR_P_FLAG(
        options, baselines, "baselines", 'b',
        "score beside it what a synthesis must beat: mean target, linear map, look-up table"),
    LAR_P_TEXT(
        options, inside, "inside", 'i', LAR_INSIDE_AUTO, "where",
        "score inside the head, everywhere (all), or inside the non-zero voxels of a mask: an "
        "image of the study by its name; for pairs a file; auto: the brain mask that the study's "
        "step strip made, else the head"),
    LAR_P_TEXT(options, work, "work", 0, "", "folder",
               "work folder; the study's name without its suffix where not given"),
    LAR_P_END
};

/* Mean over the rows of one target and method; ids are counted. */
static int64_t mean_scores(lar_scores *out, const lar_evaluation *e, const lar_score_row *like)
{
    int64_t count = 0;
    lar_scores sum = { 0 };
    for (int64_t n = 0; n < e->count; n++) {
        const lar_score_row *row = &e->rows[n];
        if (!lar_text_is(row->method, like->method) || !lar_text_is(row->target, like->target))
            continue;
        sum.voxels += row->scores.voxels;
        sum.mae += row->scores.mae;
        sum.mse += row->scores.mse;
        sum.psnr += row->scores.psnr;
        sum.ssim += row->scores.ssim;
        sum.ncc += row->scores.ncc;
        count++;
    }
    const double n = (double)count;
    *out = (lar_scores){ sum.voxels / count, sum.mae / n,  sum.mse / n,
                         sum.psnr / n,       sum.ssim / n, sum.ncc / n };
    return count;
}

/* True for the first row of its target and method. */
static bool is_first(const lar_evaluation *e, int64_t n)
{
    for (int64_t m = 0; m < n; m++)
        if (lar_text_is(e->rows[m].method, e->rows[n].method) &&
            lar_text_is(e->rows[m].target, e->rows[n].target))
            return false;
    return true;
}

static void add_line(lar_text *text, const char *id, const char *target, const char *method,
                     const lar_scores *s)
{
    lar_text_add(text, "%-20s %-8s %-32s %9.4g %9.4g %7.2f %7.4f %7.4f\n", id, target, method,
                 s->mae, s->mse, s->psnr, s->ssim, s->ncc);
}

/* "inside the head", "inside 'brain'", "everywhere". */
static void add_inside(lar_text *text, const char *inside)
{
    if (lar_text_is(inside, LAR_INSIDE_ALL))
        lar_text_add(text, "everywhere");
    else if (lar_text_is(inside, LAR_INSIDE_HEAD))
        lar_text_add(text, "inside the head");
    else
        lar_text_add(text, "inside '%s'", inside);
}

static void print_table(lar_text *text, const lar_evaluation *e)
{
    lar_text_add(text, "%-20s %-8s %-32s %9s %9s %7s %7s %7s\n", "subject", "target", "method",
                 "MAE", "MSE", "PSNR", "SSIM", "NCC");
    for (int64_t n = 0; n < e->count; n++)
        add_line(text, e->rows[n].id, e->rows[n].target, e->rows[n].method, &e->rows[n].scores);
    for (int64_t n = 0; n < e->count; n++) {
        lar_scores mean;
        if (!is_first(e, n) || mean_scores(&mean, e, &e->rows[n]) < 2) continue;
        add_line(text, "mean", e->rows[n].target, e->rows[n].method, &mean);
    }
    lar_text_add(text, "scored ");
    add_inside(text, e->inside);
    lar_text_add(text, "\n");
}

/* Texts inside are ids and names that files gave: escaped. */
static void add_quoted(lar_text *text, const char *string)
{
    lar_text_add(text, "\"");
    for (const unsigned char *c = (const unsigned char *)string; *c; c++)
        if (*c == '"' || *c == '\\')
            lar_text_add(text, "\\%c", *c);
        else if (*c < 0x20)
            lar_text_add(text, "\\u%04x", *c);
        else
            lar_text_add_bytes(text, (const char *)c, 1);
    lar_text_add(text, "\"");
}

static void add_object(lar_text *text, const char *id, const lar_score_row *row,
                       const lar_scores *s)
{
    lar_text_add(text, "    {\"subject\": ");
    add_quoted(text, id);
    lar_text_add(text, ", \"target\": ");
    add_quoted(text, row->target);
    lar_text_add(text, ", \"method\": ");
    add_quoted(text, row->method);
    lar_text_add(text, ", \"voxels\": %lld, \"mae\": %.9g, \"mse\": %.9g, \"psnr\": ",
                 (long long)s->voxels, s->mae, s->mse);
    if (isfinite(s->psnr)) /* JSON has no infinity: two equal images have none */
        lar_text_add(text, "%.9g", s->psnr);
    else
        lar_text_add(text, "null");
    lar_text_add(text, ", \"ssim\": %.9g, \"ncc\": %.9g}", s->ssim, s->ncc);
}

static void print_json(lar_text *text, const lar_evaluation *e)
{
    lar_text_add(text, "{\n  \"larmor\": 1,\n  \"inside\": ");
    add_quoted(text, e->inside);
    lar_text_add(text, ",\n  \"subjects\": [\n");
    for (int64_t n = 0; n < e->count; n++) {
        add_object(text, e->rows[n].id, &e->rows[n], &e->rows[n].scores);
        lar_text_add(text, n + 1 < e->count ? ",\n" : "\n");
    }
    lar_text_add(text, "  ],\n  \"mean\": [\n");
    const char *between = "";
    for (int64_t n = 0; n < e->count; n++) {
        lar_scores mean;
        if (!is_first(e, n)) continue;
        (void)mean_scores(&mean, e, &e->rows[n]);
        lar_text_add(text, "%s", between);
        add_object(text, "mean", &e->rows[n], &mean);
        between = ",\n";
    }
    lar_text_add(text, "\n  ]\n}\n");
}

static lar_status evaluate_model(lar_evaluation **out, const lar_call *call)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    lar_trained *trained = NULL;
    lar_study *study = NULL;
    lar_prepared *prepared = NULL;

    LAR_TRY(lar_trained_read(&trained, call->args[0]));
    LAR_TRY(lar_study_read(&study, call->args[1]));
    /* the model's own recipe: data that were prepared by another study are refused */
    status =
        lar_prepared_open(&prepared, o->work ? o->work : study->work, trained->study->recipe, NULL);
    if (status != LAR_OK) {
        lar_while(status, "the data of '%s' do not fit the model '%s'", call->args[1],
                  call->args[0]);
        goto done;
    }
    const lar_evaluate_params how = {
        .split = o->split, .inside = o->inside, .baselines = o->baselines, .memory = LAR_INT_AUTO
    };
    LAR_TRY(lar_evaluate(out, trained, prepared, &how, call->progress));
done:
    lar_prepared_free(prepared);
    lar_study_free(study);
    lar_trained_free(trained);
    return status;
}

static lar_status score_pair(lar_score_row *row, const lar_call *call, const char *truth_path,
                             const char *synthesis_path)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    lar_image *truth = NULL, *synthesis = NULL, *mask = NULL;

    LAR_TRY(lar_image_read(&truth, truth_path));
    LAR_TRY(lar_image_read(&synthesis, synthesis_path));
    if (lar_text_is(o->inside, LAR_INSIDE_HEAD) || lar_text_is(o->inside, LAR_INSIDE_AUTO))
        LAR_TRY(lar_head_mask(&mask, truth));
    else if (!lar_text_is(o->inside, LAR_INSIDE_ALL))
        LAR_TRY(lar_image_read(&mask, o->inside));
    status = lar_score(&row->scores, truth, synthesis, mask);
    if (status != LAR_OK)
        lar_while(status, "cannot score '%s' against '%s'", synthesis_path, truth_path);
    row->id = lar_path_stem(call->arena, synthesis_path);
    row->target = lar_path_stem(call->arena, truth_path);
    row->method = "pair";
done:
    lar_image_free(truth);
    lar_image_free(synthesis);
    lar_image_free(mask);
    return status;
}

/* Two images, or two folders whose files have the same names. */
static lar_status evaluate_pairs(lar_evaluation **out, const lar_call *call)
{
    lar_status status = LAR_OK;
    lar_texts names[2] = { { 0 } };
    const bool folders = lar_path_is_folder(call->args[0]);
    lar_evaluation *e = lar_alloc(1, sizeof *e);

    *out = NULL;
    if (!e) return LAR_EMEMORY;
    LAR_TRY(lar_arena_new(&e->arena));
    const char *inside = ((const options *)call->options)->inside;
    e->inside = lar_text_is(inside, LAR_INSIDE_AUTO) ? LAR_INSIDE_HEAD : inside;
    for (int side = 0; folders && side < 2; side++)
        LAR_TRY(lar_folder_list(&names[side], call->args[side], call->arena));
    const int64_t count = folders ? names[0].count : 1;
    e->rows = lar_arena_take(e->arena, count, sizeof *e->rows);
    if (!e->rows) {
        status = LAR_EMEMORY;
        goto done;
    }
    for (int64_t n = 0; folders && (n < names[0].count || n < names[1].count); n++) {
        const int lacks = n >= names[0].count ? 0 : 1;
        if (n < names[0].count && n < names[1].count && lar_text_is(names[0].at[n], names[1].at[n]))
            continue;
        const char *name =
            lacks == 0 || (n < names[1].count && strcmp(names[1].at[n], names[0].at[n]) < 0)
                ? names[1].at[n]
                : names[0].at[n];
        status = lar_fail(LAR_EARGUMENT, "'%s' is in one of '%s' and '%s' only", name,
                          call->args[0], call->args[1]);
        goto done;
    }
    for (int64_t n = 0; n < count; n++) {
        const char *truth = call->args[0], *synthesis = call->args[1];
        if (folders) {
            truth = lar_path_join(call->arena, call->args[0], names[0].at[n]);
            synthesis = lar_path_join(call->arena, call->args[1], names[1].at[n]);
        }
        LAR_TRY(truth && synthesis ? LAR_OK : LAR_EMEMORY);
        const lar_status scored = score_pair(&e->rows[e->count], call, truth, synthesis);
        if (!folders) LAR_TRY(scored);
        if (scored == LAR_OK)
            e->count++;
        else
            lar_log(LAR_LOG_WARNING, "%s", lar_error());
    }
    if (e->count < count)
        status = lar_fail(LAR_EPARTIAL, "%lld of %lld pairs could not be scored",
                          (long long)(count - e->count), (long long)count);
    *out = e;
    e = NULL;
done:
    lar_evaluation_free(e);
    return status;
}

static lar_status evaluate_run(lar_call *call)
{
    lar_status status = LAR_OK;
    lar_evaluation *e = NULL;
    lar_text text = { 0 };

    status = lar_text_ends(call->args[0], ".safetensors") ? evaluate_model(&e, call)
                                                          : evaluate_pairs(&e, call);
    if (status != LAR_OK && status != LAR_EPARTIAL) goto done;
    if (call->json)
        print_json(&text, e);
    else
        print_table(&text, e);
    const lar_status printed = lar_cli_print(lar_text_get(&text));
    if (printed != LAR_OK) status = printed;
done:
    lar_text_clear(&text);
    lar_evaluation_free(e);
    return status;
}

const lar_command lar_command_evaluate = {
    .name = "evaluate",
    .group = "learn",
    .summary = "score a model on held-out subjects, or pairs of images",
    .about =
        "With a model and a study: scores each subject of one part of the study's prepared data, "
        "on the prepared grid and in normalized units, inside the brain mask that the study's step "
        "strip made, or where it has none inside a head mask taken from the first input; the last "
        "line says which. With two images, or two folders whose files have the same names: scores "
        "the second "
        "against the first, in their own units, inside the head of the truth. MAE and MSE are mean "
        "absolute and squared error; PSNR in decibel, its peak the truth's range inside the mask; "
        "SSIM with a Gaussian window of 1.5 voxels, averaged over the mask; NCC is the "
        "correlation.",
    .cite = "SSIM: Wang 2004, doi:10.1109/TIP.2003.819861",
    .args = (const lar_arg[]){ { .name = "model|truth",
                                 .help = "best.safetensors of a training; or an image or a folder",
                                 .is_path = true },
                               { .name = "study|synthesis",
                                 .help = "the study file; or an image or a folder",
                                 .is_path = true },
                               { 0 } },
    .tables = { { params, 0 } },
    .size = sizeof(options),
    .json = true,
    .examples = (const lar_example[]){ { "larmor evaluate model.safetensors study.yaml --baselines",
                                         "the held-out subjects, with what a synthesis must beat" },
                                       { "larmor evaluate t2.nii.gz pd.nii.gz",
                                         "one image against another on the same grid" },
                                       { 0 } },
    .run = evaluate_run,
};
