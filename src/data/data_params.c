/* The keys of a study's section `data`: where the scans are, what each image is, who is left out.
 * SPDX-License-Identifier: Apache-2.0 */
#include "data/find.h"

const char *const lar_role_names[] = { "input", "target", "label", "mask", NULL };
static const char *const duplicates_names[] = { "refuse", "warn", NULL };

const lar_param lar_image_spec_table[] = {
    LAR_P_TEXT(lar_image_spec, path, "path", 0, "", "pattern",
               "where the files are; {subject} stands for the id, * for anything"),
    LAR_P_CHOICE(lar_image_spec, role, "role", 0, "input", lar_role_names,
                 "what the network does with it"),
    LAR_P_TEXT(lar_image_spec, contrast, "contrast", 0, "", "word",
               "what was measured: t1, t2, pd, flair, ct"),
    LAR_P_END,
};

#define ENTITY(index, key, help)                                                                   \
    LAR_P_TEXT(lar_image_spec, entities[index], key, 0, "", "label", help)

const lar_param lar_image_source_table[] = {
    LAR_P_TEXT(lar_image_spec, column, "column", 0, "", "name",
               "csv: the column of its paths; left out: the image's name"),
    LAR_P_TEXT(lar_image_spec, channel, "channel", 0, "", "name or number",
               "nnunet: which of channel_names; left out: the contrast, or the image's name"),
    LAR_P_TEXT(lar_image_spec, suffix, "suffix", 0, "", "word",
               "bids: T1w, FLAIR, dseg; left out: by the contrast, or the image's name"),
    LAR_P_TEXT(lar_image_spec, tree, "tree", 0, "", "folder",
               "bids: below the tree, and laid out as it, such as derivatives/lesions"),
    ENTITY(LAR_BIDS_SESSION, "session", "bids: this one alone; left out: each is a case"),
    ENTITY(LAR_BIDS_RUN, "run", "bids: which run"),
    ENTITY(2, "acq", "bids: which acquisition"),
    ENTITY(3, "ce", "bids: which contrast agent"),
    ENTITY(4, "rec", "bids: which reconstruction"),
    ENTITY(5, "dir", "bids: which phase encoding direction"),
    ENTITY(6, "echo", "bids: which echo"),
    ENTITY(7, "flip", "bids: which flip angle"),
    ENTITY(8, "inv", "bids: which inversion time"),
    ENTITY(9, "mt", "bids: with magnetization transfer, on or off"),
    ENTITY(10, "part", "bids: mag, phase, real or imag"),
    ENTITY(11, "space", "bids: which space"),
    ENTITY(12, "res", "bids: which resolution"),
    ENTITY(13, "label", "bids: which label of a mask"),
    ENTITY(14, "desc", "bids: which description"),
    LAR_P_END,
};

const lar_param lar_data_table[] = {
    LAR_P_TEXT(lar_data_params, subjects, "subjects", 0, "", "pattern",
               "which ids there are; left out: the ids of the images' own patterns"),
    LAR_P_TEXT(lar_data_params, folders, "folders", 0, "", "folder",
               "holds a folder of each image with folders train, valid and test of id.nii.gz"),
    LAR_P_TEXT(lar_data_params, names, "names", 0, "", "pattern",
               "how files are named in these folders; left out: by the id alone"),
    LAR_P_TEXT(lar_data_params, bids, "bids", 0, "", "folder", "a BIDS tree"),
    LAR_P_TEXT(lar_data_params, nnunet, "nnunet", 0, "", "folder",
               "an nnU-Net folder, with dataset.json, imagesTr and labelsTr"),
    LAR_P_TEXT(lar_data_params, csv, "csv", 0, "", "file",
               "a line of each case, with a column of each image"),
    LAR_P_TEXT(lar_data_params, participants, "participants", 0, "", "file",
               "a table of age, sex ... by participant_id; left out: participants.tsv of BIDS"),
    LAR_P_TEXTS(lar_data_params, leave_out, "leave-out", 0, "id", "subjects or cases not to use"),
    LAR_P_TEXTS(lar_data_params, trust, "trust", 0, "id", "cases to use though prepare flags them"),
    LAR_P_END,
};

const lar_param lar_data_care_table[] = {
    LAR_P_CHOICE(lar_data_params, duplicates, "duplicates", 0, "refuse", duplicates_names,
                 "one scan that two parts of the split hold"),
    LAR_P_END,
};

lar_source_kind lar_data_source(const lar_data_params *data)
{
    if (data->folders) return LAR_SOURCE_FOLDERS;
    if (data->bids) return LAR_SOURCE_BIDS;
    if (data->nnunet) return LAR_SOURCE_NNUNET;
    return data->csv ? LAR_SOURCE_CSV : LAR_SOURCE_PATTERNS;
}

/* ---- who is meant ------------------------------------------------------------------------ */

bool lar_find_listed(const lar_texts *ids, const char *id)
{
    for (int64_t n = 0; n < ids->count; n++)
        if (lar_text_is(ids->at[n], id)) return true;
    return false;
}

/* By the case, or by its subject: then all of its cases are. */
bool lar_find_left_out(const lar_data_params *data, const lar_found *found)
{
    return lar_find_listed(&data->leave_out, found->id) ||
           lar_find_listed(&data->leave_out, found->subject);
}

bool lar_data_trusts(const lar_data_params *data, const char *id)
{
    return lar_find_listed(&data->trust, id);
}
