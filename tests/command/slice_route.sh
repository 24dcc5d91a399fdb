# The route of two dimensions: volumes to TIFF slices, a network on them, and its slices back to a volume
# that lies where the scan does.
# SPDX-License-Identifier: Apache-2.0
status 0 larmor phantom ph --subjects 3 --spacing 6 --same-grid -q
cat >volumes.yaml <<'STUDY'
data:
  images:
    t1: {path: "ph/t1/{subject}_T1.nii.gz"}
    flair: {path: "ph/flair/{subject}_FLAIR.nii.gz", role: target}
  split: {valid: 1}
prepare: [normalize: {method: zscore}]
STUDY
cat >slices.yaml <<'STUDY'
data:
  images:
    t1: {path: "slices/t1/{subject}_y{slice}.tif"}
    flair: {path: "slices/flair/{subject}_y{slice}.tif", role: target}
  split: volumes/split.csv
network: {channels: 4, blocks: 1, dims: 2}
train: {batch: 8, epochs: 2}
STUDY
status 0 larmor prepare volumes.yaml -q
status 0 larmor slice volumes/prepared -o slices --axis y --range 0.3 0.6 -q
status 0 larmor prepare slices.yaml -q
status 0 larmor train slices.yaml -q
count=$(ls slices/t1/sub-01_*.tif | wc -l)
[ "$(tail -n +2 slices/split.csv | wc -l)" -ge 3 ] || fail "the split names the people"

mkdir made
for file in slices/t1/sub-01_*.tif; do
    larmor predict slices/train/best.safetensors "$file" -o "made/${file##*/}" -q >/dev/null || fail "predict $file"
done
status 0 larmor stack made -o synthesis.nii
status 0 larmor crop volumes/prepared/sub-01/t1.nii -o part.nii --axis y --range 0.3 0.6
place() { larmor info "$1" | grep -A4 "size\|affine" | grep -v "$1\|type\|description"; }
place synthesis.nii >a
place part.nii >b
[ -s a ] && cmp -s a b || { diff a b; fail "the synthesis of $count slices does not lie where the scan does"; }
# the same on slices of the volumes themselves: no files between, and predict takes the volume
cp volumes.yaml same.yaml
printf 'network: {channels: 4, blocks: 1, dims: 2}\ntrain: {sample: {slice: {axis: y, range: [0.3, 0.6]}}, batch: 8, epochs: 2}\n' >>same.yaml
status 0 larmor prepare same.yaml -q
status 0 larmor train same.yaml -q
status 0 larmor predict same/train/best.safetensors ph/t1/sub-01_T1.nii.gz -o whole.nii -q
