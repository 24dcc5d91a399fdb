# larmor warp: images, points, ANTs' order of arguments, inverses, conversion, wrong arguments
# SPDX-License-Identifier: Apache-2.0
golden=$SOURCE/tests/golden/transforms
affine=$golden/peers/0GenericAffine.mat field=$golden/field.nii.gz
status 0 larmor phantom heads --subjects 1 --spacing 6 --seed 3 -q
t1=heads/t1/sub-01_T1.nii.gz flair=heads/flair/sub-01_FLAIR.nii.gz labels=heads/truth/sub-01_labels.nii.gz
# near A B TOLERANCE: two tables of x,y,z hold the same numbers
near() {
    paste -d , "$1" "$2" | awk -F , -v most="$3" 'NR > 1 { n++; for (c = 1; c <= 3; c++) {
        d = $c - $(c + 3); if (d < 0) d = -d; if (!(d <= most)) bad = 1 } } END { exit !n || bad }'
}

# points: where ants.apply_transforms_to_points puts them, with the same arguments
status 0 larmor warp $golden/points.csv -o moved.csv --lps -t $field -t $affine
complains "20 points"
near moved.csv $golden/points_ants.csv 1e-4 || fail "the order is not that of ANTs"
status 0 larmor warp $golden/points.csv -o other.csv --lps -t $affine -t $field
near other.csv $golden/points_ants.csv 1e-2 && fail "the order of arguments does not matter"
status 0 larmor warp $golden/points.csv -o back.csv --lps -t "[$affine,1]"
near back.csv $golden/points_ants_back.csv 1e-4 || fail "[FILE,1] is not ANTs' inverse"
# there and back again, also through the field
status 0 larmor warp moved.csv -o again.csv --lps -t "[$affine, 1]" -t "[$field, 1]"
near again.csv $golden/points.csv 1e-4 || fail "the inverses in the other order do not lead back"
status 0 larmor warp moved.csv -o same.csv -t "[$affine,0]" -t "[$affine,1]"
near same.csv moved.csv 1e-9 || fail "a map and its inverse move points"
# RAS by default, other columns kept
printf 'name,z,y,x\r\n"a,b",3,2,1\r\n' >named.csv
printf '#Insight Transform File V1.0\nTransform: TranslationTransform_double_3_3\nParameters: -5 3 -2\n' >shift.tfm
status 0 larmor warp named.csv -o shifted.csv -t shift.tfm
printf 'name,z,y,x\r\n"a,b",1,-1,6\r\n' | cmp - shifted.csv || fail "RAS points, or the other columns"

# images: one interpolation, the same as resample's
status 0 larmor warp $flair -o warped.nii --like $t1 -t $field -t $affine
complains "float32"
status 0 larmor resample $flair -o resampled.nii --like $t1 -t $field -t $affine
cmp -s warped.nii resampled.nii || fail "warp and resample differ"
status 0 larmor warp $flair -o swapped.nii --like $t1 -t $affine -t $field
cmp -s warped.nii swapped.nii && fail "the order of arguments does not matter"
status 0 larmor warp $t1 -o nothing.nii --like $t1 -t $affine -t "[$affine,1]"
status 0 larmor resample $t1 -o own.nii --factor 1
cmp -s nothing.nii own.nii || fail "a map and its inverse changed the image"
status 0 larmor warp $labels -o labels.nii --like $t1 -t $affine -i label
complains "uint8"

# all transforms as one file
status 0 larmor warp $t1 -o one.nii --like $flair -t $affine -t shift.tfm --transform-out both.tfm
complains "2 transforms as one affine map"
status 0 larmor warp $t1 -o two.nii --like $flair -t both.tfm
cmp -s one.nii two.nii || fail "the file of all transforms is not these transforms"
for name in all.mat all.fsl.mat all.lta all.txt; do
    status 0 larmor warp --transform-out $name --like $flair --moving $t1 -t $affine -t shift.tfm
    status 0 larmor warp $golden/points.csv -o $name.csv -t $name --like $flair --moving $t1
    status 0 larmor warp $golden/points.csv -o by_both.csv -t both.tfm --force
    near $name.csv by_both.csv 1e-9 || fail "$name is another map"
done
status 0 larmor warp --transform-out all.nii.gz --like $field -t $field -t shift.tfm
complains "one displacement field"
status 0 larmor warp $golden/points.csv -o by_field.csv --lps -t all.nii.gz
status 0 larmor warp $golden/points.csv -o by_chain.csv --lps -t $field -t shift.tfm
near by_field.csv by_chain.csv 1e-4 || fail "the field of all transforms is another map"

# wrong arguments
status 2 larmor warp
complains "the transforms are missing"
status 2 larmor warp -t $affine
complains "an image, points, or --transform-out is missing"
status 2 larmor warp -t $affine -o new.nii
complains "output has no use without an image or points"
status 2 larmor warp $t1 -t $affine --like $t1
complains "where to write is missing"
status 2 larmor warp $t1 -o new.nii -t $affine
complains "try --like FIXED"
status 2 larmor warp $t1 -o new.nii --like $t1
complains "the transforms are missing"
status 2 larmor warp $t1 -o new.nii --like $t1 -t $affine --moving $t1
complains "moving has no use beside an image"
status 2 larmor warp $t1 -o new.nii --like $t1 -t $affine --lps
complains "lps has no use without points"
status 2 larmor warp $t1 -o new.nii --like $t1 -t $affine --transform-out new.nii
complains "are both 'new.nii'"
status 2 larmor warp $golden/points.csv -o new.nii -t $affine
complains "points are written as they are read"
for wrong in "[$affine" "[$affine,2]" "[,1]" "[]" "[$affine,1"; do
    status 2 larmor warp $t1 -o new.nii --like $t1 -t "$wrong"
    complains "is not a transform: expected FILE or \[FILE,1\]"
done
status 2 larmor warp --transform-out new.xyz -t $affine
complains "'new.xyz' does not say which kind"
status 2 larmor warp --transform-out new.tfm -t $field
complains "'new.tfm' cannot hold these transforms: one of them is a field"
status 2 larmor warp --transform-out new.nii -t $field
complains "the grid of the field 'new.nii' is missing"
status 2 larmor warp --transform-out new.lta -t $affine
complains "a FreeSurfer .lta lies between the grids of two images"
status 2 larmor warp $golden/points.csv -o new.csv -t $golden/peers/left_right.mat
complains "is a matrix of FSL"
complains "try to name the fixed image (--like)"

# bad input
status 66 larmor warp absent.nii -o new.nii --like $t1 -t $affine
complains "'absent.nii'"
status 66 larmor warp $t1 -o new.nii --like absent.nii -t $affine
complains "'absent.nii'"
status 66 larmor warp $t1 -o new.nii --like $t1 -t "[absent.mat,1]"
complains "'absent.mat'"
status 65 larmor warp $t1 -o new.nii --like $t1 -t $t1
complains "not a displacement field"
status 65 larmor warp $t1 -o new.nii --like $t1 -t $golden/points.csv
complains "neither an affine transform"
: >empty.csv
status 65 larmor warp empty.csv -o new.csv -t $affine
complains "'empty.csv' is empty"
printf 'a,b,c\n1,2,3\n' >letters.csv
status 65 larmor warp letters.csv -o new.csv -t $affine
complains "'letters.csv' has no column 'x': its first line is 'a,b,c'"
printf 'x,y,z\n1,2,3\n4,five,6\n' >words.csv
status 65 larmor warp words.csv -o new.csv -t $affine
complains "line 3 of 'words.csv' holds 'five' in column y"
printf 'x,y,z\n1,NaN,3\n' >nan.csv
status 65 larmor warp nan.csv -o new.csv -t $affine
complains "line 2 of 'nan.csv' holds 'NaN'"
printf 'x,y,z\n1e308,1e308,1e308\n' >far.csv
printf '#Insight Transform File V1.0\nTransform: ScaleTransform_double_3_3\nParameters: 99 99 99\n' >grow.tfm
status 65 larmor warp far.csv -o new.csv -t grow.tfm
complains "point 1 is not finite"
printf '#Insight Transform File V1.0\nTransform: TranslationTransform_double_3_3\nParameters: 5000 3 -2\n' >far.tfm
status 65 larmor warp $t1 -o new.nii --like $t1 -t far.tfm
complains "do not overlap"
for left in new.nii new.csv new.tfm new.lta; do
    [ -e $left ] && fail "a refused call left $left"
done

# outputs that exist
status 73 larmor warp $t1 -o warped.nii --like $t1 -t $affine
complains "try --force"
status 73 larmor warp --transform-out both.tfm -t $affine
complains "'both.tfm' exists already"
status 0 larmor warp --transform-out both.tfm -t $affine --force
# several volumes, each of them
series=$SOURCE/tests/golden/nifti/four_dimensions.nii.gz
sed 's/-5 3 -2/1 0 0/' shift.tfm >little.tfm
status 0 larmor warp $series -o series.nii -t little.tfm --like $series
status 0 larmor info series.nii
says "5 volumes"
