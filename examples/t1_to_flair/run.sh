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
cp "$here/study.yaml" "$here/split.csv" .
ln -sfn "$scans/t1" t1
ln -sfn "$scans/flair" flair
ln -sfn "$scans/labels" labels
larmor check study.yaml
larmor prepare study.yaml
larmor train study.yaml
for where in head all brain; do
    echo "inside: $where"
    larmor evaluate study/train/best.safetensors study.yaml --baselines --inside $where
done
for id in Subj14 Subj16 Subj17; do
    larmor predict study/train/best.safetensors t1/${id}_T1.nii.gz -o ${id}_synthesis.nii.gz --force
    larmor figure t1/${id}_T1.nii.gz flair/${id}_FL.nii.gz ${id}_synthesis.nii.gz \
        --labels T1,FLAIR,synthesis --share 2 3 --difference 2 3 -o ${id}_compare.png --force
done
