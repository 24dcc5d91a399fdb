# larmor pad: sizes, crop and back, modes, and wrong input
# SPDX-License-Identifier: Apache-2.0
status 0 larmor phantom heads --subjects 1 --spacing 6 --seed 3 -q
# whole millimetres: the same bytes come back
status 0 larmor crop heads/t1/sub-01_T1.nii.gz -o in.nii --size 20 30 24

status 0 larmor pad in.nii -o a.nii --size 64
complains "64x64x64"
status 0 larmor crop a.nii -o b.nii --size 20 30 24
cmp -s in.nii b.nii || fail "cropping does not undo padding"
status 0 larmor pad in.nii -o c.nii --multiple-of 16
complains "32x32x32"
status 0 larmor pad in.nii -o d.nii --by 1 2 3 --mode mirror
complains "22x34x30"
status 0 larmor pad in.nii -o e.nii --by 1,0,0,0,0,7 --mode edge
complains "21x30x31"
# what was cut out comes back, with its zeros
for how in "--head" "--box 3 9 0 30 12 24" "--size 7" "--axis y --range 0.3 0.5"; do
    status 0 larmor crop in.nii -o part.nii $how --force
    status 0 larmor pad part.nii -o back.nii --like in.nii --force
    status 0 larmor crop back.nii -o again.nii $how --force
    [ "$how" = --head ] || cmp -s part.nii again.nii || fail "crop $how does not come back"
done

status 2 larmor pad in.nii -o new.nii
complains "how far to pad is missing"
complains "try one of --size 256"
status 2 larmor pad in.nii -o new.nii --size 64 --by 3
complains "exclude each other"
status 2 larmor pad in.nii -o new.nii --size 25
complains "do not fit into 25"
complains "try a larger size, or larmor crop"
status 2 larmor pad in.nii -o new.nii --by 1 2
complains "one number, three or six, not 2"
status 2 larmor pad in.nii -o new.nii --by -1
complains "'-1' is not a valid --by"
status 2 larmor pad in.nii -o new.nii --by 1 --mode edge --value 3
complains "--value belongs to --mode constant"
status 2 larmor pad in.nii -o new.nii --by 1 --value 0.5
complains "int16 cannot hold 0.5"
status 65 larmor pad a.nii -o new.nii --like in.nii
complains "cannot pad 'a.nii' to the grid of 'in.nii'"
complains "reaches out of the grid"
status 0 larmor resample in.nii -o other.nii --spacing 3
status 65 larmor pad in.nii -o new.nii --like other.nii
complains "are not among those of the grid"
complains "try larmor resample --like"
status 73 larmor pad in.nii -o a.nii --by 1
[ -e new.nii ] && fail "a refused call left an image"
true
