# larmor slice: names, folders, parts, PNG, and what is refused
# SPDX-License-Identifier: Apache-2.0
status 0 larmor phantom heads --subjects 2 --spacing 8 --seed 3 -q
t1=heads/t1/sub-01_T1.nii.gz
status 0 larmor resample $t1 -o in.nii --size 20 24 110 -i nearest

status 0 larmor slice in.nii -o s
complains "110 slices in 's'"
[ -e s/in_z000.tif ] && [ -e s/in_z109.tif ] && [ ! -e s/in_z110.tif ] || fail "the slices are not z000 to z109"
status 73 larmor slice in.nii -o s
complains "'s/in_z000.tif' exists already"
complains "try --force"
status 0 larmor slice in.nii -o s -f

status 0 larmor slice in.nii -o part --axis z --range 0.2 0.8 --step 3
[ "$(ls part | wc -l)" -eq 22 ] && [ -e part/in_z022.tif ] && [ -e part/in_z085.tif ] || { ls part; fail "the part"; }
status 0 larmor slice in.nii -o x/y --axis x
[ "$(ls x/y | wc -l)" -eq 20 ] || fail "sagittal slices"
# one slice is an image in its place
status 0 larmor crop in.nii -o z5.nii --range 0.05 0.056
status 0 larmor crop in.nii -o z6.nii --range 0.0546 0.0637
status 0 larmor convert s/in_z006.tif -o again.nii
cmp -s z6.nii again.nii || fail "slice 6 does not lie where it was"

status 0 larmor slice in.nii -o png --format png --window 0 1000 --step 10
complains "11 slices in 'png', black 0, white 1000"
status 0 larmor info png/in_z050.png
says "PNG"
says "uint8"
status 0 larmor slice in.nii -o png16 --format png --bits 16 --step 50

# a folder, and folders of subjects as larmor prepare makes them
status 0 larmor slice heads/t1 -o folder --range 0.4 0.6 -q
[ -n "$(ls folder/sub-01_T1_z*.tif)" ] && [ -n "$(ls folder/sub-02_T1_z*.tif)" ] || fail "the folder"
mkdir -p prepared/Subj1 prepared/Subj2
for s in Subj1 Subj2; do cp in.nii prepared/$s/t1.nii; cp in.nii prepared/$s/flair.nii; done
echo {} >prepared/cases.json
status 0 larmor slice prepared -o pairs --range 0.5 0.6 -q
[ "$(ls pairs)" = "flair
t1" ] || fail "the folders of images"
ls pairs/t1 >names; ls pairs/flair >other
cmp -s names other && [ "$(wc -l <names)" -eq 22 ] || fail "pairs have other names"

status 0 larmor slice in.nii -o empty --skip-empty
complains "empty ones left out"

status 2 larmor slice in.nii
complains "try larmor slice ... -o FOLDER/"
status 73 larmor slice in.nii -o z6.nii
complains "slices go into a folder"
status 2 larmor slice in.nii -o new --range 0.8 0.2
complains "cannot slice 'in.nii'"
status 2 larmor slice in.nii -o new --window 0 80
complains "a window is for PNG"
status 2 larmor slice in.nii -o new --volume 1
complains "there is no volume 1"
status 2 larmor slice in.nii prepared/../in.nii -o new
complains "would both be called 'new/in_...'"
mkdir nothing
status 66 larmor slice nothing -o new
complains "there is no image in the folder 'nothing'"
[ -e new ] && fail "a refused call left a folder"
true

# one that fails does not stop the others
printf 'no image' >bad.nii
status 1 larmor slice bad.nii in.nii -o others
complains "'bad.nii' is no image that larmor knows"
complains '1 of 2 images could not be sliced'
[ -n "$(ls others)" ] || fail "a bad one stopped the others"
