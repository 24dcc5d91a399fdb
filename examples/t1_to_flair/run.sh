#!/bin/sh
# The article's experiment on a folder of real scans: run.sh SCANS OUTPUT, where SCANS holds
# t1/SubjN_T1.nii.gz,
# flair/SubjN_FL.nii.gz and labels/SubjN_T1_DLMUSE.nii.gz. About half an hour on two cores. The scans are only
# read; everything that is made goes to OUTPUT.
# SPDX-License-Identifier: Apache-2.0
set -eu
scans=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$2"
cd "$2"
cp "$here/study.yaml" "$here/slices.yaml" "$here/split.csv" .
ln -sfn "$scans/t1" t1
ln -sfn "$scans/flair" flair
ln -sfn "$scans/labels" labels
larmor check study.yaml
larmor prepare study.yaml
larmor train study.yaml
for where in head all brain; do
    echo "inside: $where"
    larmor evaluate study/train/best.safetensors study.yaml --baselines --inside "$where"
done
for id in Subj14 Subj16 Subj17; do
    larmor predict study/train/best.safetensors t1/${id}_T1.nii.gz -o ${id}_synthesis.nii.gz --force
    larmor figure t1/${id}_T1.nii.gz flair/${id}_FL.nii.gz ${id}_synthesis.nii.gz \
        --labels T1,FLAIR,synthesis --share 2 3 --difference 2 3 -o ${id}_compare.png --force
done

# the same in two dimensions, on TIFF slices: about ten minutes
larmor slice study/prepared -o slices --range 0.15 0.85
larmor prepare slices.yaml
larmor train slices.yaml
for id in Subj14 Subj16 Subj17; do
    mkdir -p made/$id
    for file in "slices/t1/${id}_z"*.tif; do
        larmor predict slices/train/best.safetensors "$file" -o "made/$id/${file##*/}" --force -q
    done
    larmor stack made/$id -o made_$id.nii.gz --force
    for image in flair brain; do # what was sliced
        larmor crop study/prepared/$id/$image.nii -o ${image}_$id.nii.gz --axis z --range 0.15 0.85 --force
    done
    for where in head all brain_$id.nii.gz; do
        larmor evaluate flair_$id.nii.gz made_$id.nii.gz --inside "$where"
    done
done
