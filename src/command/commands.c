/* Every command, in the order that plain `larmor` lists them. Adding one is cmd_NAME.c with its
 * row, and a line here.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/command.h"

extern const lar_command lar_command_check;
extern const lar_command lar_command_clip;
extern const lar_command lar_command_convert;
extern const lar_command lar_command_crop;
extern const lar_command lar_command_doctor;
extern const lar_command lar_command_evaluate;
extern const lar_command lar_command_figure;
extern const lar_command lar_command_histogram;
extern const lar_command lar_command_info;
extern const lar_command lar_command_lr_find;
extern const lar_command lar_command_mask;
extern const lar_command lar_command_models;
extern const lar_command lar_command_models_add;
extern const lar_command lar_command_models_show;
extern const lar_command lar_command_n4;
extern const lar_command lar_command_normalize_ct;
extern const lar_command lar_command_normalize_fcm;
extern const lar_command lar_command_normalize_gmm;
extern const lar_command lar_command_normalize_kde;
extern const lar_command lar_command_normalize_lsq;
extern const lar_command lar_command_normalize_nyul;
extern const lar_command lar_command_normalize_percentile;
extern const lar_command lar_command_normalize_ravel;
extern const lar_command lar_command_normalize_whitestripe;
extern const lar_command lar_command_normalize_zscore;
extern const lar_command lar_command_pad;
extern const lar_command lar_command_phantom;
extern const lar_command lar_command_predict;
extern const lar_command lar_command_prepare;
extern const lar_command lar_command_quality;
extern const lar_command lar_command_resample;
extern const lar_command lar_command_register;
extern const lar_command lar_command_reorient;
extern const lar_command lar_command_report;
extern const lar_command lar_command_rescale;
extern const lar_command lar_command_show_batch;
extern const lar_command lar_command_slice;
extern const lar_command lar_command_smooth;
extern const lar_command lar_command_stack;
extern const lar_command lar_command_strip;
extern const lar_command lar_command_tissue;
extern const lar_command lar_command_train;
extern const lar_command lar_command_view;
extern const lar_command lar_command_warp;

/* clang-format off */
const lar_command *const lar_commands[] = {
    &lar_command_phantom,
    &lar_command_info,
    &lar_command_convert,
    &lar_command_reorient,
    &lar_command_slice,
    &lar_command_stack,
    &lar_command_resample,
    &lar_command_register,
    &lar_command_warp,
    &lar_command_strip,
    &lar_command_mask,
    &lar_command_models_add, /* before the list, whose name begins theirs */
    &lar_command_models_show,
    &lar_command_models,
    &lar_command_smooth,
    &lar_command_crop,
    &lar_command_n4,
    &lar_command_pad,
    &lar_command_clip,
    &lar_command_rescale,
    &lar_command_tissue,
    &lar_command_normalize_zscore,
    &lar_command_normalize_fcm,
    &lar_command_normalize_gmm,
    &lar_command_normalize_kde,
    &lar_command_normalize_whitestripe,
    &lar_command_normalize_percentile,
    &lar_command_normalize_ct,
    &lar_command_normalize_nyul,
    &lar_command_normalize_lsq,
    &lar_command_normalize_ravel,
    &lar_command_check,
    &lar_command_prepare,
    &lar_command_show_batch,
    &lar_command_lr_find,
    &lar_command_train,
    &lar_command_predict,
    &lar_command_evaluate,
    &lar_command_figure,
    &lar_command_histogram,
    &lar_command_quality,
    &lar_command_report,
    &lar_command_view,
    &lar_command_doctor,
    NULL,
};
