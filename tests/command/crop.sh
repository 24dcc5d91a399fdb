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

status 0 larmor crop in.nii -o middle.nii --size 8 9 10
complains "8x9x10"
status 0 larmor crop in.nii -o box.nii --box 0 5 29 30 3 7
complains "5x1x4"
status 0 larmor mask in.nii -o head.nii
status 0 larmor crop in.nii -o head1.nii --head --margin 4
status 0 larmor crop in.nii -o head2.nii --to-mask head.nii --margin 4
cmp -s head1.nii head2.nii || fail "--head is not the box of the head mask"
cmp -s head1.nii in.nii && fail "--head keeps everything"

status 2 larmor crop in.nii -o new.nii --size 21 30 40
complains "21 voxels cannot be cut out of 20"
complains "try a smaller size"
status 2 larmor crop in.nii -o new.nii --box 0 5 29 29 3 7
complains "the box 29 29 along axis j is not in the image"
status 2 larmor crop in.nii -o new.nii --box 0 5
complains "--box takes six numbers, not 2"
status 2 larmor crop in.nii -o new.nii --head --size 5
complains "exclude each other"
status 2 larmor crop in.nii -o new.nii --margin 5
complains "try --head --margin 5"
status 2 larmor crop in.nii -o new.nii --head --margin -5
complains "'-5' is not a valid --margin"
status 65 larmor crop z.nii -o new.nii --to-mask head.nii
complains "is not on the grid of the image"
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
