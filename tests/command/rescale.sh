# larmor clip and larmor rescale: ends, inverse, and wrong input
# SPDX-License-Identifier: Apache-2.0
status 0 larmor phantom heads --subjects 1 --spacing 6 --seed 3 --contrasts ct,t1 -q
ct=heads/ct/sub-01_CT.nii.gz
t1=heads/t1/sub-01_T1.nii.gz
brain=heads/truth/sub-01_brain.nii.gz

range() { larmor info --voxels "$1" --json >facts || fail "info"; tr -d ' \n' <facts; }
status 0 larmor clip $ct -o c.nii --range -100 300
range c.nii | grep -q 'int16.*"low":-100[,.}].*"high":300[,.}]' || fail "not clipped: $(cat facts)"
status 0 larmor clip $ct -o c2.nii --range -100.5 300
complains "float32, since int16 does not hold both ends"
status 0 larmor clip $ct -o c3.nii --percentiles 5 95 --mask $brain

status 0 larmor rescale $ct -o r.nii --from -1000 1000 --to -1 1
says "^scale  *0.001$"
status 0 larmor rescale r.nii -o back.nii --from -1 1 --to -1000 1000 --json
says '"offset": 0}'
status 0 larmor convert back.nii -o back16.nii --type int16
status 0 larmor convert $ct -o ct16.nii --type int16
cmp -s back16.nii ct16.nii || fail "the way back is not the inverse"
status 0 larmor rescale $t1 -o u.nii
range u.nii | grep -q '"low":0[,.}].*"high":1[,.}]' || fail "not from 0 to 1: $(cat facts)"
status 0 larmor rescale $t1 -o v.nii --percentiles 5 95 --to 10 20 --clip --mask $brain
range v.nii | grep -q '"low":10[,.}].*"high":20[,.}]' || fail "not from 10 to 20: $(cat facts)"

status 2 larmor clip $ct -o new.nii
complains "the values to clip at are missing"
status 2 larmor clip $ct -o new.nii --range 0 100 --percentiles 1 99
complains "exclude each other"
status 2 larmor clip $ct -o new.nii --range 100
complains "--range takes two numbers, not 1"
status 2 larmor clip $ct -o new.nii --range 100 0
complains "holds no value"
status 2 larmor clip $ct -o new.nii --percentiles 50 101
complains "is not a valid --percentiles"
status 2 larmor clip $ct -o new.nii --range 0 100 --mask $brain
complains "--mask belongs to --percentiles"
status 2 larmor rescale $ct -o new.nii --from 3 3
complains "the smaller one first"
status 2 larmor rescale $ct -o new.nii --to 3 3
complains "two different numbers"
status 2 larmor rescale $ct -o new.nii --from 0 1 --mask $brain
complains "--mask belongs to --percentiles"
status 0 larmor clip $ct -o flat.nii --range 3000 4000
status 65 larmor rescale flat.nii -o new.nii
complains "cannot rescale 'flat.nii'"
complains "are both 3000"
status 73 larmor clip $ct -o c.nii --range 0 1
status 73 larmor rescale $ct -o c.nii
[ -e new.nii ] && fail "a refused call left an image"
true
