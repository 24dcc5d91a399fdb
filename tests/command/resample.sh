# larmor resample: grids, values, wrong arguments, damaged input
# SPDX-License-Identifier: Apache-2.0
status 0 larmor phantom heads --subjects 1 --spacing 6 --seed 3 -q
t1=heads/t1/sub-01_T1.nii.gz flair=heads/flair/sub-01_FLAIR.nii.gz labels=heads/truth/sub-01_labels.nii.gz

status 0 larmor resample $t1 -o fine.nii.gz --spacing 4
complains "4x4x4 mm"
status 0 larmor resample $t1 -o aniso.nii --spacing 4 5 8 -q
[ -s err ] && fail "--quiet is not quiet"
status 0 larmor resample $flair -o like.nii.gz --like $t1
status 0 larmor resample $t1 -o sized.nii.gz --size 20 24 22
complains "20x24x22"
status 0 larmor resample $labels -o labels.nii.gz --spacing 4 --interpolation nearest
complains "uint8"
status 0 larmor resample $t1 -o padded.nii.gz --like fine.nii.gz --pad -3 -i linear

status 0 larmor resample $t1 -o twice.nii --factor 2
status 0 larmor resample $t1 -o halves.nii --factor 0.5 0.5 1 --antialias -i sinc
status 0 larmor resample $labels -o votes.nii --factor 2 -i label --border edge
complains "uint8"
status 0 larmor resample votes.nii -o slice.nii --size 30 30 1
status 0 larmor resample slice.nii -o slice2.nii --factor 2 -i label
complains "60x60x1," # one number does not cut the one slice

# transforms: nowhere, there and back, a field, a chain in one interpolation
itk='#Insight Transform File V1.0\n#Transform 0\nTransform: '
printf "${itk}IdentityTransform_double_3_3\n" >nowhere.tfm
printf "${itk}Euler3DTransform_double_3_3\nParameters: 0 0 0.2 5 -3 2\nFixedParameters: 0 0 0 0\n" >there.tfm
printf "${itk}Euler3DTransform_double_3_3\nParameters: 0 0 -0.2 0 0 0\nFixedParameters: 0 0 0 0\n" >turn_back.tfm
printf "${itk}TranslationTransform_double_3_3\nParameters: -5 3 -2\n" >shift_back.txt
status 0 larmor resample fine.nii.gz -o nowhere.nii --like fine.nii.gz --transform nowhere.tfm
status 0 larmor resample fine.nii.gz -o back.nii --like fine.nii.gz -t there.tfm -t shift_back.txt -t turn_back.tfm
status 0 larmor resample fine.nii.gz -o own.nii --factor 1
cmp -s nowhere.nii own.nii || fail "the identity changed the image"
cmp -s back.nii own.nii || fail "a turn and its inverse, composed, changed the image"
status 0 larmor resample fine.nii.gz -o there.nii --like fine.nii.gz -t there.tfm
cmp -s there.nii own.nii && fail "a transform did nothing"
status 0 larmor resample fine.nii.gz -o inverse.nii --like fine.nii.gz -t there.tfm -t "[there.tfm, 1]"
cmp -s inverse.nii own.nii || fail "a transform and its inverse changed the image"
field=$SOURCE/tests/golden/transforms/field.nii.gz
status 0 larmor resample fine.nii.gz -o bent.nii --like fine.nii.gz -t there.tfm -t $field
cmp -s bent.nii there.nii && fail "a field did nothing"

# its own grid, and one thread or several: the same bytes
status 0 larmor resample fine.nii.gz -o same.nii --like fine.nii.gz
status 0 larmor resample $t1 -o one.nii --spacing 4 -j 1
cmp -s same.nii one.nii || fail "resampling an image onto its own grid changed it"
status 0 larmor resample $t1 -o three.nii --spacing 4 -j 3
cmp -s one.nii three.nii || fail "one thread and three give different images"

status 2 larmor resample $t1 --spacing 1
complains "where to write is missing"
complains "try larmor resample"
status 2 larmor resample $t1 -o new.nii.gz
complains "grid to resample to is missing"
status 2 larmor resample $t1 -o new.nii.gz --spacing 1 --like $flair
complains "exclude each other"
status 2 larmor resample $t1 -o new.nii.gz --factor 2 --size 20 20 20
complains "exclude each other"
status 2 larmor resample $t1 -o new.nii.gz --factor 2 2
complains "one number or three, not 2"
status 2 larmor resample $t1 -o new.nii.gz --factor 0
complains "is not a valid --factor"
status 2 larmor resample $labels -o new.nii.gz --spacing 8 -i label --antialias
complains "'label' must not"
status 2 larmor resample $t1 -o new.nii.gz --spacing 4 --border mirror --pad 3
complains "no use where --border is not pad"
status 2 larmor resample $t1 -o new.nii.gz --spacing 4 --border wrap
complains "is not a valid --border"
status 2 larmor resample $t1 -o new.nii.gz -t nowhere.tfm
complains "grid to resample to is missing"
status 66 larmor resample $t1 -o new.nii.gz --like $t1 -t absent.tfm
complains "'absent.tfm'"
status 65 larmor resample $t1 -o new.nii.gz --like $t1 -t $t1
complains "not a displacement field"
printf 'a transform\n' >words.mat
status 65 larmor resample $t1 -o new.nii.gz --like $t1 -t words.mat
complains "'words.mat' is neither an affine transform"
sed 's/-5 3 -2/-5 x -2/' shift_back.txt >letters.txt
status 65 larmor resample $t1 -o new.nii.gz --like $t1 -t letters.txt
complains "'letters.txt' holds 'x' where a number was expected"
sed 's/-5 3 -2/-5000 3 -2/' shift_back.txt >far.txt
status 65 larmor resample $t1 -o new.nii.gz --like $t1 -t far.txt
complains "do not overlap"
for wrong in -1 0 nan x 0.001; do
    status 2 larmor resample $t1 -o new.nii.gz --spacing $wrong
    complains "'$wrong' is not a valid --spacing"
done
status 2 larmor resample $t1 -o new.nii.gz --spacing 1 2
complains "one number or three, not 2"
status 2 larmor resample $t1 -o new.nii.gz --size 20 20
complains "three numbers, not 2"
status 2 larmor resample $t1 -o new.nii.gz --size 20 20 0
complains "is not a valid --size"
status 2 larmor resample $t1 -o new.nii.gz --spacing 4 --interpolation cubik
complains "try cubic"
status 2 larmor resample
complains "missing argument"
status 2 larmor resample $t1 $flair -o new.nii.gz --spacing 4
complains "one argument too many"
status 66 larmor resample absent.nii.gz -o new.nii.gz --spacing 4
complains "'absent.nii.gz'"
status 66 larmor resample $t1 -o new.nii.gz --like absent.nii.gz
complains "'absent.nii.gz'"
[ -e new.nii.gz ] && fail "a refused call left an image"

sum=$(cksum fine.nii.gz)
status 73 larmor resample $t1 -o fine.nii.gz --spacing 5
complains "try --force"
[ "$(cksum fine.nii.gz)" = "$sum" ] || fail "an existing image was changed without --force"
status 0 larmor resample $t1 -o fine.nii.gz --spacing 5 --force
[ "$(cksum fine.nii.gz)" = "$sum" ] && fail "--force did not replace the image"

# a voxel that is not a number: the last of the file
head -c $(($(wc -c <aniso.nii) - 4)) aniso.nii >nan.nii
printf '\000\000\300\177' >>nan.nii
status 65 larmor resample nan.nii -o new.nii.gz --spacing 3
complains "cannot resample 'nan.nii'"
complains "1 of [0-9]* voxels are not finite"
complains "try larmor info --voxels"
status 0 larmor resample nan.nii -o nearest.nii.gz --spacing 3 -i nearest

# a file that ends too early
head -c 2000 $t1 >cut.nii.gz
status 65 larmor resample cut.nii.gz -o new.nii.gz --spacing 3
complains "'cut.nii.gz'"
[ -e new.nii.gz ] && fail "a damaged file gave an image"
true
