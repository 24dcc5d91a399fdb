# larmor register: what is written, in which names and conventions; doubt; wrong arguments
# SPDX-License-Identifier: Apache-2.0
status 0 larmor phantom heads --subjects 2 --spacing 4 --seed 3 --turn 12 --move 15 -q
t1=heads/t1/sub-01_T1.nii.gz flair=heads/flair/sub-01_FLAIR.nii.gz other=heads/flair/sub-02_FLAIR.nii.gz
brain=heads/truth/sub-01_brain.nii.gz labels=heads/truth/sub-01_labels.nii.gz

# a good one: the image, the map and its inverse in every form, labels, a picture
status 0 larmor register $t1 $flair -o moved.nii --kind rigid --transform-out map.txt --inverse-out back.mat \
    --check check.png
says "verdict  *good"
says "turned by"
grep -q "scaled by" out && fail "a rigid map does not scale"
[ -s moved.nii ] && [ -s map.txt ] && [ -s back.mat ] && [ -s check.png ] || fail "an output is missing"
[ "$(head -c 4 check.png | tail -c 3)" = PNG ] || fail "the picture is no PNG"
# the image is what warp makes of the map: interpolated once
status 0 larmor warp $flair -o warped.nii --like $t1 -t map.txt
cmp -s moved.nii warped.nii || fail "register and warp move the image differently"
printf 'x,y,z\n10,20,30\n-40,5,60\n' >points.csv
status 0 larmor warp points.csv -o same.csv -t back.mat -t map.txt
awk -F , 'NR > 1 { for (c = 1; c <= 3; c++) printf "%.6f ", $c }' same.csv >is
[ "$(cat is)" = "10.000000 20.000000 30.000000 -40.000000 5.000000 60.000000 " ] || fail "the inverse is not: $(cat is)"
for name in map.tfm map.mat map.fsl.mat map.lta map.nii.gz; do
    status 0 larmor register $t1 $flair --kind rigid -t $name -q
    status 0 larmor warp $flair -o again.nii --like $t1 -t $name --force
    [ -s again.nii ] || fail "no image through $name"
done
status 0 larmor register $flair $t1 --kind rigid --labels $labels --labels-out moved_labels.nii -o t1_moved.nii
status 0 larmor info moved_labels.nii
says "uint8"

# numbers for machines
status 0 larmor register $t1 $flair --kind affine --json
says '"sharpness"'
says '"doubtful": false'
says '"sharpness"'
# masks, and a start
status 0 larmor register $t1 $flair --kind rigid --fixed-mask $brain -t masked.txt
status 0 larmor register $t1 $flair --kind rigid --begin map.txt -t begun.txt
status 0 larmor register $t1 $flair --kind rigid --begin "[back.mat,1]" -t begun_back.txt
# the same bytes for any number of threads
status 0 larmor register $t1 $flair -o one.nii -j 1
status 0 larmor register $t1 $flair -o three.nii -j 3
cmp -s one.nii three.nii || fail "one thread and three give different images"

# deformable: the parts as ANTs has them make the same image as the whole
status 0 larmor register $t1 heads/t1/sub-02_T1.nii.gz --kind deformable -o bent.nii -t affine.mat \
    --field-out warp.nii.gz --inverse-out affine_back.mat --inverse-field-out inverse.nii.gz --jacobian-out jacobian.nii
says "Jacobian  *0\.[0-9]* to [1-9]"
says "0 voxels fold"
status 0 larmor warp heads/t1/sub-02_T1.nii.gz -o parts.nii --like $t1 -t warp.nii.gz -t affine.mat
cmp -s bent.nii parts.nii || fail "the parts of a deformation are not the whole"
status 0 larmor warp points.csv -o there.csv -t warp.nii.gz -t affine.mat
status 0 larmor warp there.csv -o home.csv -t affine_back.mat -t inverse.nii.gz
awk -F , 'NR > 1 { for (c = 1; c <= 3; c++) printf "%.0f ", $c }' home.csv >is
[ "$(cat is)" = "10 20 30 -40 5 60 " ] || fail "a deformation and its inverse do not cancel: $(cat is)"

# doubt: status 1, the reason, and names that say so
status 1 larmor register $t1 $other -o wrong.nii -t wrong.fsl.mat --check wrong.png
complains "is doubtful: "
complains "try --check PICTURE"
says "DOUBTFUL"
[ ! -e wrong.nii ] && [ -s wrong.flagged.nii ] && [ -s wrong.flagged.fsl.mat ] && [ -s wrong.png ] ||
    fail "a doubtful result is not written under its own names: $(ls)"
status 0 larmor register $t1 $other -o wrong.nii --trust
[ -s wrong.nii ] || fail "--trust does not write"

# wrong arguments: before the work, and nothing written
status 2 larmor register $t1
complains "moving"
status 2 larmor register $t1 $flair -o same.nii -t same.nii
complains "two outputs have the same name, 'same.nii'"
status 73 larmor register $t1 $flair -o moved.nii
complains "'moved.nii' exists already"
status 2 larmor register $t1 $flair --labels $labels
complains "belong together"
status 2 larmor register $t1 $flair --field-out f.nii.gz
complains "is for --kind deformable"
status 2 larmor register $t1 $flair --kind deformable -t part.txt
complains "the affine part alone"
status 2 larmor register $t1 $flair --kind rgid
complains "try .*rigid"
status 66 larmor register $t1 absent.nii
complains "absent.nii"
status 2 larmor register $t1 $flair -t map.xyz
complains "map.xyz"
status 69 larmor register $t1 check.png
complains "'check.png' is in colours"
tiny_image tiny.nii 12
status 0 larmor resample $t1 -o slice.nii --size 40 40 1
status 69 larmor register $t1 slice.nii -o new.nii
complains "registration needs 4 voxels"
status 1 larmor register $t1 tiny.nii -o new.nii
complains "doubtful"
[ ! -e new.nii ] || fail "a failed registration leaves an image"
