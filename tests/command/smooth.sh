# larmor smooth: widths, mask, and wrong input
# SPDX-License-Identifier: Apache-2.0
status 0 larmor phantom heads --subjects 1 --spacing 5 --seed 3 -q
t1=heads/t1/sub-01_T1.nii.gz
flair=heads/flair/sub-01_FLAIR.nii.gz
brain=heads/truth/sub-01_brain.nii.gz

status 0 larmor smooth $t1 -o a.nii --fwhm 10
status 0 larmor smooth $t1 -o b.nii --fwhm 10 10 10 --threads 1
cmp -s a.nii b.nii || fail "one width for all is not the same as three, or threads matter"
status 0 larmor smooth $t1 -o wide.nii --sigma 60
status 0 larmor smooth $t1 -o in_brain.nii --sigma 8 --mask $brain
status 0 larmor mask in_brain.nii -o m.nii --method positive
status 0 larmor mask $brain -o brain.nii --method positive
cmp -s m.nii brain.nii || fail "what is smoothed in a mask is not zero outside"

status 2 larmor smooth $t1 -o new.nii
complains "the width of the kernel is missing"
complains "try --fwhm 6"
status 2 larmor smooth $t1 -o new.nii --fwhm 6 --sigma 2
complains "exclude each other"
status 2 larmor smooth $t1 -o new.nii --fwhm 6 5
complains "one number or three, not 2"
status 2 larmor smooth $t1 -o new.nii --fwhm -6
complains "'-6' is not a valid --fwhm"
status 0 larmor crop $brain -o part.nii --size 5
status 65 larmor smooth $t1 -o new.nii --fwhm 6 --mask part.nii
complains "cannot smooth '$t1' in the mask 'part.nii'"
complains "is not on the grid of the image"
status 73 larmor smooth $t1 -o a.nii --fwhm 6
[ -e new.nii ] && fail "a refused call left an image"
status 0 larmor resample $flair -o slice.nii --size 40 40 1
status 0 larmor smooth slice.nii -o smooth_slice.nii --fwhm 6
