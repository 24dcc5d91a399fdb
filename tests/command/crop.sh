# larmor crop: the part that is kept, wrong ranges
# SPDX-License-Identifier: Apache-2.0
status 0 larmor phantom heads --subjects 1 --spacing 6 --seed 3 -q
t1=heads/t1/sub-01_T1.nii.gz
status 0 larmor resample $t1 -o in.nii --size 20 30 40 -i nearest

status 0 larmor crop in.nii -o z.nii --axis z --range 0.2 0.8
complains "20x30x24"
status 0 larmor crop in.nii -o x.nii -a x -r 0.25,0.5
complains "5x30x40"
status 0 larmor crop in.nii -o default.nii
cmp -s z.nii default.nii || fail "the default is not 0.2 to 0.8 of z"
# put back where it was: nothing but the rest is padded
status 0 larmor resample z.nii -o back.nii --like in.nii -i nearest
status 0 larmor crop back.nii -o again.nii
cmp -s z.nii again.nii || fail "the part does not lie where it was cut out"

status 2 larmor crop in.nii
complains "where to write is missing"
status 2 larmor crop in.nii -o new.nii --range 0.8 0.2
complains "cannot crop 'in.nii'"
complains "0 <= low < high <= 1"
status 2 larmor crop in.nii -o new.nii --range 0.2 1.5
complains "'0.2 1.5' is not a valid --range"
status 2 larmor crop in.nii -o new.nii --range 0.2
complains "two numbers, not 1"
status 2 larmor crop in.nii -o new.nii --axis k
complains "one of x y z"
status 2 larmor crop in.nii -o new.nii --range 0.51 0.52
complains "there is none"
status 73 larmor crop in.nii -o z.nii
complains "'z.nii' exists already"
[ -e new.nii ] && fail "a refused call left an image"
true
