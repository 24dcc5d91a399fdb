# larmor normalize zscore: what it prints, masks, images that have no deviation
# SPDX-License-Identifier: Apache-2.0
status 0 larmor phantom heads --subjects 1 --spacing 6 --seed 3 -q
t1=heads/t1/sub-01_T1.nii.gz flair=heads/flair/sub-01_FLAIR.nii.gz brain=heads/truth/sub-01_brain.nii.gz

status 0 larmor normalize zscore $t1 -o z.nii
says "^mean  [0-9.]*$"
says "^std   [0-9.]*$"
status 0 larmor normalize zscore z.nii -o zz.nii --json
says '{"method": "zscore", "mean": .*, "std": .*}'
# normalized twice: mean 0, deviation 1
awk -F '[:,}]' '{ mean = $4; std = $6; exit !(mean * mean < 1e-12 && (std - 1) ^ 2 < 1e-10) }' out ||
    fail "the result does not have mean 0 and deviation 1: $(cat out)"
status 0 larmor normalize zscore $t1 -o brain.nii --mask $brain
cmp -s brain.nii z.nii && fail "the mask changes nothing"
status 0 larmor normalize zscore $t1 -o three.nii -j 3
cmp -s z.nii three.nii || fail "one thread and three give different images"

status 2 larmor normalize
complains "try larmor normalize zscore"
status 2 larmor normalize zscore $t1
complains "where to write is missing"
status 65 larmor normalize zscore $t1 -o new.nii --mask $flair
complains "is not on the grid of the image"
complains "try larmor resample"
status 66 larmor normalize zscore $t1 -o new.nii --mask absent.nii
complains "'absent.nii'"

# zeros alone: constant, and an empty mask
status 0 larmor resample $t1 -o zeros.nii --like $t1 -i nearest
header=352 bytes=$(($(wc -c <zeros.nii) - 352))
{ head -c $header zeros.nii; head -c $bytes /dev/zero; } >zero.nii
status 65 larmor normalize zscore zero.nii -o new.nii
complains "cannot normalize 'zero.nii'"
complains "is constant: all [0-9]* voxels of the image are 0"
status 65 larmor normalize zscore $t1 -o new.nii --mask zero.nii
complains "the mask is empty"
# one voxel that is not a number
head -c $(($(wc -c <z.nii) - 4)) z.nii >nan.nii
printf '\000\000\300\177' >>nan.nii
status 65 larmor normalize zscore nan.nii -o new.nii
complains "1 of [0-9]* voxels of the image are not finite"
[ -e new.nii ] && fail "a refused call left an image"
true
