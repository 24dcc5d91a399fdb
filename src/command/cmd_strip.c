/* larmor strip: the brain alone, its mask, and whether to believe it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <math.h>

#include "brain/brain.h"
#include "command/command.h"
#include "filter/filter.h"
#include "image/image.h"

typedef struct options {
    const char *output, *mask_out, *distance_out, *check, *judge;
    double value;
    bool trust, force;
    lar_strip_params params;
} options;

static const lar_param table[] = {
    LAR_P_TEXT(options, output, "output", 'o', "", "file",
               "the image with --value outside the brain, of the type it had"),
    LAR_P_TEXT(options, mask_out, "mask-out", 0, "", "file", "the mask: uint8, 0 and 1"),
    LAR_P_TEXT(options, distance_out, "distance-out", 0, "", "file",
               "millimetres to the surface of the mask, below 0 inside: float32"),
    LAR_P_TEXT(options, check, "check", 0, "", "picture",
               "the outline of the mask over the image (.png .svg .pdf)"),
    LAR_P_TEXT(options, judge, "judge", 0, "", "mask",
               "judge this mask, which somebody made, and write nothing but --check"),
    LAR_P_REAL(options, value, "value", 0, "auto", -1e30, 1e30, "value",
               "outside; auto: 0, of CT the image's minimum"),
    LAR_P_FLAG(options, trust, "trust", 0,
               "write a doubtful result under the names that were given, and end with 0"),
    LAR_P_FLAG(options, force, "force", 'f', "replace outputs that exist"),
    LAR_P_END,
};

/* What a call has in hand. */
typedef struct work {
    const lar_call *call;
    const options *o;
    lar_image *in, *mask, *distance;
    lar_strip_report report;
} work;

/* ---- arguments ----------------------------------------------------------------------------- */

static lar_status check(const lar_call *call, const options *o)
{
    const bool writes = o->output || o->mask_out || o->distance_out;
    if (o->judge && writes) {
        const lar_status status = lar_fail(
            LAR_EARGUMENT, "--judge looks at a mask that is there already, and writes none");
        return lar_hint(status,
                        "larmor mask MASK --method positive -o OUT --apply BRAIN to use it");
    }
    if (!o->judge && !writes && !o->check) {
        const lar_status status = lar_fail(LAR_EARGUMENT, "where to write is missing");
        return lar_hint(status, "larmor strip %s -o brain.nii.gz --mask-out mask.nii.gz",
                        call->args[0]);
    }
    if (!isnan(o->value) && !o->output) {
        const lar_status status = lar_fail(LAR_EARGUMENT, "--value belongs to the stripped image");
        return lar_hint(status, "-o FILE --value %g", o->value);
    }
    const char *const paths[] = { o->output, o->mask_out, o->distance_out, o->check };
    return lar_cli_outputs(paths, sizeof paths / sizeof *paths, o->force);
}

/* ---- outputs ------------------------------------------------------------------------------- */

/* "mask.nii.gz" or, of a doubtful result, "mask.flagged.nii.gz". */
static const char *name_of(const work *w, const char *path)
{
    if (!w->report.verdict.doubtful || w->o->trust) return path;
    const char *name = lar_path_name(path);
    char *stem = lar_path_stem(w->call->arena, path);
    if (!stem) return NULL;
    return lar_arena_format(w->call->arena, "%.*s%s.flagged%s", (int)(name - path), path, stem,
                            name + strlen(stem));
}

static lar_status write_one(lar_image *image, const char *path, const work *w)
{
    lar_status status = LAR_OK;
    const char *name = name_of(w, path);
    if (!name) return LAR_EMEMORY;
    LAR_TRY(lar_strip_record(image, w->in, &w->report));
    LAR_TRY(lar_image_write(image, name, w->o->force));
done:
    return status;
}

/* Air is 0 in MR. In CT 0 is water: there it is the image's minimum, as of what was not scanned. */
static lar_status value_outside(double *value, const work *w)
{
    lar_range range;
    *value = isnan(w->o->value) ? 0 : w->o->value;
    if (!isnan(w->o->value) || w->report.contrast != LAR_STRIP_CT) return LAR_OK;
    const lar_status status = lar_image_range(&range, w->in);
    *value = range.low;
    return status;
}

static lar_status write_all(const work *w)
{
    lar_status status = LAR_OK;
    lar_image *brain = NULL;
    const options *o = w->o;
    double value;
    if (o->output) {
        LAR_TRY(value_outside(&value, w));
        LAR_TRY(lar_mask_apply(&brain, w->in, w->mask, value));
        LAR_TRY(write_one(brain, o->output, w));
    }
    if (o->mask_out) LAR_TRY(write_one(w->mask, o->mask_out, w));
    if (o->distance_out) LAR_TRY(write_one(w->distance, o->distance_out, w));
    if (o->check) LAR_TRY(lar_mask_contours(w->in, w->mask, NULL, o->check, o->force));
done:
    lar_image_free(brain);
    return status;
}

/* ---- report -------------------------------------------------------------------------------- */

static lar_status print_json(const work *w)
{
    const lar_strip_verdict *v = &w->report.verdict;
    json_t *out = json_pack(
        "{s:s, s:s, s:s, s:b, s:s, s:f, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f}",
        "method", w->report.method, "model", w->report.model, "contrast",
        lar_strip_contrast_names[w->report.contrast], "doubtful", v->doubtful, "reason", v->reason,
        "millilitres", v->millilitres, "pieces", (json_int_t)v->pieces, "largest", v->largest,
        "holes", v->holes, "edge", v->edge, "symmetry", v->symmetry, "skull", v->contrast, "missed",
        v->missed, "skin", v->skin, "depth_mm", v->depth_mm, "dent", v->dent, "bump", v->bump);
    return lar_cli_print_json(out, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
}

static lar_status print_words(const work *w)
{
    const lar_strip_verdict *v = &w->report.verdict;
    lar_text text = { 0 };
    lar_text_add(&text, "method    %s%s%s\n", w->report.method, w->report.model[0] ? ", " : "",
                 w->report.model);
    lar_text_add(&text, "volume    %.0f ml", v->millilitres);
    if (v->pieces != 1) lar_text_add(&text, " in %lld pieces", (long long)v->pieces);
    if (v->holes > 0) lar_text_add(&text, ", holes of %.3g ml", v->holes);
    lar_text_add(&text, "\nedge      %.1f %% of its surface lies on the edge of the image\n",
                 100 * v->edge);
    if (v->depth_mm > 0)
        lar_text_add(&text,
                     "depth     %.0f mm below the skin; %.1f %% of the surface less than 4\n"
                     "skull     seen outside of %.0f %% of the surface; more brain outside of "
                     "%.0f %%\n",
                     v->depth_mm, 100 * v->skin, 100 * v->contrast, 100 * v->missed);
    lar_text_add(&text, "shape     dents to %.2f, bulges to %.2f of its radius; symmetry %.2f\n",
                 v->dent, v->bump, v->symmetry);
    lar_text_add(&text, "verdict   %s%s\n", v->doubtful ? "DOUBTFUL: " : "good", v->reason);
    const lar_status status = text.failed ? LAR_EMEMORY : lar_cli_print(lar_text_get(&text));
    lar_text_clear(&text);
    return status;
}

static lar_status make(work *w)
{
    const options *o = w->o;
    const lar_status status =
        lar_strip(&w->mask, o->distance_out ? &w->distance : NULL, &w->report, w->in, &o->params);
    return status == LAR_OK ? status : lar_while(status, "cannot strip '%s'", w->call->args[0]);
}

static lar_status judge(work *w)
{
    const options *o = w->o;
    lar_status status = lar_image_read(&w->mask, o->judge);
    if (status != LAR_OK) return status;
    w->report = (lar_strip_report){ .method = "judged", .contrast = o->params.contrast };
    status = lar_strip_judge(&w->report.verdict, w->in, w->mask, o->params.contrast);
    return status == LAR_OK
               ? status
               : lar_while(status, "cannot judge '%s' on '%s'", o->judge, w->call->args[0]);
}

static lar_status strip_run(lar_call *call)
{
    lar_status status = LAR_OK;
    work w = { .call = call, .o = call->options };

    LAR_TRY(check(call, w.o));
    LAR_TRY(lar_image_read(&w.in, call->args[0]));
    LAR_TRY(w.o->judge ? judge(&w) : make(&w));
    LAR_TRY(write_all(&w));
    LAR_TRY(call->json ? print_json(&w) : print_words(&w));
    if (w.report.verdict.doubtful && !w.o->trust) {
        status = lar_fail(LAR_EPARTIAL, "%s '%s' is doubtful: %s",
                          w.o->judge ? "the mask" : "the mask of",
                          w.o->judge ? w.o->judge : call->args[0], w.report.verdict.reason);
        lar_hint(status, w.o->judge
                             ? "--check PICTURE to look at it"
                             : "--check PICTURE to look at it, another --method; --trust where it "
                               "is right after all (outputs are now called NAME.flagged)");
    }
done:
    lar_image_free(w.distance);
    lar_image_free(w.mask);
    lar_image_free(w.in);
    return status;
}

const lar_command lar_command_strip = {
    .name = "strip",
    .group = "prepare",
    .summary = "find the brain in a head, and take all else away",
    .about =
        "Makes a mask of the brain in an MR image of any contrast or in CT, on the image's own "
        "grid, and writes the image with --value outside it. The mask holds the brain with the "
        "fluid around it as far as the dura; --grow moves its surface. --method learned runs a "
        "network (larmor models lists what is there), surface begins with the mean "
        "shape of a brain and needs no weights. An image whose outside is empty already is "
        "noticed: what is left in it is the "
        "mask. "
        "Every mask is judged: its volume, pieces and holes, how much of it lies on the edge of "
        "the image, its symmetry, what lies around it and how deep it lies in the head. A doubtful "
        "result ends with status 1 and the reason, and its outputs get .flagged into their names. "
        "--judge does the same to a mask that somebody made. docs/strip.md tells what is measured.",
    .cite = "Smith 2002, doi:10.1002/hbm.10062; Fani 2025, arXiv:2506.11860",
    .args = (const lar_arg[]){ { .name = "in", .help = "the image of a head", .is_path = true },
                               { 0 } },
    .tables = { { table, 0 }, { lar_strip_table, offsetof(options, params) } },
    .size = sizeof(options),
    .json = true,
    .examples =
        (const lar_example[]){
            { "larmor strip flair.nii.gz --mask-out brain_mask.nii.gz -o flair_brain.nii.gz",
              "the brain, and its mask" },
            { "larmor strip flair.nii.gz --mask-out wide_mask.nii.gz --grow 3 --check check.png "
              "-o flair_wide.nii.gz",
              "3 mm wider, and a picture to look at" },
            { "larmor strip flair.nii.gz --judge brain_mask.nii.gz", "can this mask be trusted?" },
            { NULL, NULL } },
    .run = strip_run,
};
