# larmor mask: methods, shaping, sizes, --apply, and wrong input
# SPDX-License-Identifier: Apache-2.0
status 0 larmor phantom heads --subjects 1 --spacing 5 --seed 3 --contrasts t1,ct -q
t1=heads/t1/sub-01_T1.nii.gz
brain=heads/truth/sub-01_brain.nii.gz

status 0 larmor mask $t1 -o head.nii
says "^voxels  *[1-9]"
says "^millilitres  *[1-9]"
status 0 larmor mask $t1 -o head1.nii --threads 1
cmp -s head.nii head1.nii || fail "the mask depends on the number of threads"
status 0 larmor mask $t1 -o otsu.nii --method otsu --largest --fill --json
python3 -c 'import json; d = json.load(open("out")); assert d["voxels"] * 0.125 - d["millilitres"] < 1e-6 and 0 < d["fraction"] < 1, d' 2>/dev/null ||
    grep -q '"millilitres": [1-9]' out || fail "the JSON is wrong"
status 0 larmor mask $brain -o same.nii --method positive
voxels() { awk '/^voxels/ { print $2 }' out; }
same=$(voxels)
status 0 larmor mask $brain -o wide.nii --method positive --dilate 10
[ "$(voxels)" -gt "$same" ] || fail "a dilated mask is not larger"
status 0 larmor mask $brain -o narrow.nii --method positive --erode 10
[ "$(voxels)" -lt "$same" ] || fail "an eroded mask is not smaller"
status 0 larmor mask $brain -o outside.nii --method positive --invert
status 0 larmor mask outside.nii -o inside.nii --method threshold --low 0 --high 0
cmp -s inside.nii same.nii || fail "the inverse of the inverse is another mask"

status 0 larmor mask heads/ct/sub-01_CT.nii.gz -o bone.nii --method threshold --low 300 --apply in_bone.nii --value -1000
status 0 larmor mask in_bone.nii -o bone2.nii --method threshold --low -999
cmp -s bone.nii bone2.nii || fail "--apply keeps other voxels than those of the mask"

status 2 larmor mask $t1
complains "where to write is missing"
status 2 larmor mask $t1 -o new.nii --method threshold
complains "the threshold is missing"
complains "try --method threshold --low 100"
status 2 larmor mask $t1 -o new.nii --low 5
complains "belong to --method threshold"
status 2 larmor mask $t1 -o new.nii --method threshold --low 5 --high 3
complains "holds no value"
status 2 larmor mask $t1 -o new.nii --method best
complains "one of head otsu mean positive threshold"
status 2 larmor mask $t1 -o new.nii --open -3
complains "'-3' is not a valid --open"
status 2 larmor mask $t1 -o new.nii --value 3
complains "--value belongs to --apply"
status 2 larmor mask $t1 -o new.nii --apply new.nii
complains "cannot both be written to 'new.nii'"
status 2 larmor mask $brain -o new.nii --method positive --apply new2.nii --value 0.5
complains "uint8 cannot hold 0.5"
status 65 larmor mask $t1 -o new.nii --method threshold --low 1e6
complains "cannot mask '$t1'"
complains "after the threshold the mask is empty: 0 of "
complains "try larmor info --voxels"
status 65 larmor mask $brain -o new.nii --method positive --dilate 500
complains "after dilating the mask is full"
complains "try a smaller radius"
status 73 larmor mask $t1 -o head.nii
status 73 larmor mask $t1 -o new.nii --apply head.nii
[ -e new.nii ] || [ -e new2.nii ] && fail "a refused call left a mask"
true
