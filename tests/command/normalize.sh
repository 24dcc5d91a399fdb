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

# every method, once; the same bits from three threads
for method in zscore fcm gmm kde whitestripe percentile nyul lsq; do
    status 0 larmor normalize $method $t1 -o one_$method.nii --mask $brain -j 1
    status 0 larmor normalize $method $t1 -o three_$method.nii --mask $brain -j 3
    cmp -s one_$method.nii three_$method.nii || fail "$method: one thread and three give different images"
    status 65 larmor normalize $method zero.nii -o new.nii
    complains "cannot normalize 'zero.nii'"
    status 65 larmor normalize $method nan.nii -o new.nii
    complains "finite"
done
[ -e new.nii ] && fail "a refused call left an image"
# only what the method reads is offered
status 2 larmor normalize zscore $t1 -o new.nii --to 2
complains "there is no option '--to'"
status 0 larmor help normalize kde
says "--contrast"
grep -q -- "--tissue" out && fail "kde offers --tissue"
# scale to a value
status 0 larmor normalize kde $t1 -o kde.nii --mask $brain --to 100
status 0 larmor normalize kde kde.nii -o again.nii --mask $brain --json
awk -F '[:,}]' '{ exit !(($4 - 100) ^ 2 < 1e-4) }' out || fail "the mode is not 100: $(cat out)"
# an image of negatives has no scale
status 0 larmor normalize ct zero.nii -o low.nii --limits 0 1 --range -3 -2
status 65 larmor normalize kde low.nii -o new.nii --foreground whole
complains "there is no mode"
# windows of CT
status 0 larmor normalize ct $t1 -o window.nii --window brain --json
says '"low": 0.0, "high": 80.0'
status 0 larmor normalize ct $t1 -o hu.nii --window hounsfield
says "^high  3071$"
status 2 larmor normalize ct $t1 -o new.nii --limits 3 1
complains "the smaller one first"
status 2 larmor normalize ct $t1 -o new.nii --window brian
complains "brain"

# several images: a folder, names with {name}, one that fails
cp $t1 a.nii.gz && cp $flair b.nii.gz
status 0 larmor normalize percentile a.nii.gz b.nii.gz -o many/
[ -s many/a_percentile.nii.gz ] && [ -s many/b_percentile.nii.gz ] || fail "the folder lacks images"
status 1 larmor normalize zscore a.nii.gz nan.nii b.nii.gz -o 'some/{name}_z.nii'
complains "1 of 3 images could not be normalized"
complains "voxels of the image are not finite"
[ -s some/a_z.nii ] && [ -s some/b_z.nii ] || fail "a bad image stopped the others"
[ -e some/nan_z.nii ] && fail "the bad image was written"
status 1 larmor normalize zscore a.nii.gz nan.nii -o json/ --json
says '"error": '
status 2 larmor normalize zscore a.nii.gz b.nii.gz -o both.nii
complains "cannot all be 'both.nii'"
status 2 larmor normalize zscore a.nii.gz a.nii.gz -o twice/
complains "would both become"
status 73 larmor normalize zscore a.nii.gz b.nii.gz -o 'some/{name}_z.nii'
complains "try --force"
cp $brain a_mask.nii.gz
status 1 larmor normalize zscore a.nii.gz b.nii.gz -o masked/ --mask '{name}_mask.nii.gz'
complains "b_mask.nii.gz"
[ -s masked/a_zscore.nii.gz ] || fail "the image with a mask was not written"

# a population: learned, saved, and used for one image
status 0 larmor normalize nyul a.nii.gz b.nii.gz -o nyul/ --save-fit fit.json --contrast t1
status 0 larmor normalize nyul a.nii.gz -o a_nyul.nii.gz --fit fit.json
status 0 larmor convert nyul/a_nyul.nii.gz -o x.nii
status 0 larmor convert a_nyul.nii.gz -o y.nii
cmp -s x.nii y.nii || fail "the saved standard gives another image"
status 2 larmor normalize nyul a.nii.gz -o new.nii --fit fit.json --contrast t2
complains "is a fit for the contrast t1"
status 2 larmor normalize lsq a.nii.gz -o new.nii --fit fit.json
complains "is a fit of 'nyul'"
true
