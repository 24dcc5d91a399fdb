# larmor n4: presets, files, wrong arguments, images it cannot correct
# SPDX-License-Identifier: Apache-2.0
status 0 larmor phantom heads --subjects 1 --spacing 4 --seed 3 --bias 40 --contrasts t1,t2 -q
t1=heads/t1/sub-01_T1.nii.gz t2=heads/t2/sub-01_T2.nii.gz mask=heads/truth/sub-01_brain.nii.gz
[ -s "$mask" ] || fail "where is the mask: $(ls heads/truth)"

status 0 larmor n4 $t1 -o out.nii --field-out field.nii
says "^field from [0-9]* voxels of a "
says "^level 1 .* iterations, last change "
status 0 larmor n4 $t1 -o masked.nii --mask "$mask" --json
says '^{"grid": \['
says '"levels": \[{"iterations": [1-9]'
says '"converged": '
python=$(command -v python3) && { "$python" -m json.tool out >json || fail "not JSON"; }
status 0 larmor n4 $t1 -o weighted.nii --mask "$mask" --weights "$mask"
cmp -s masked.nii weighted.nii || fail "weights of one change the result"
status 0 larmor n4 $t1 -o ants.nii --like ants --iterations 10x5
says "^level 2    5 iterations"
status 0 larmor n4 $t1 -o fast.nii --fast
status 0 larmor n4 $t1 -o fast2.nii --like fast
cmp -s fast.nii fast2.nii || fail "--fast is not --like fast"
cmp -s fast.nii out.nii && fail "--fast does nothing"
status 0 larmor n4 $t1 -o options.nii --shrink 2 --iterations 5 5 --tolerance 1e-4 --spline-mm 80 \
    --bins 100 --fwhm 0.2 --wiener 0.02 --rescale
status 0 larmor n4 $t1 -o mesh.nii --mesh 2 2 1 --iterations 5
status 0 larmor n4 $t1 -o three.nii -j 3 # the same bytes with any number of threads
status 0 larmor n4 $t1 -o one.nii -j 1
cmp -s one.nii three.nii || fail "one thread and three give different images"

rm -f new.nii
status 2 larmor n4 $t1
complains "where to write is missing"
status 2 larmor n4 $t1 -o new.nii --field-out new.nii
complains "are the same file"
status 2 larmor n4 $t1 -o new.nii --fast --like ants
complains "exclude each other"
status 2 larmor n4 $t1 -o new.nii --mesh 2 --spline-mm 100
complains "exclude each other"
status 2 larmor n4 $t1 -o new.nii --mesh 2 2
complains "one number or three, not 2"
status 2 larmor n4 $t1 -o new.nii --like itk
complains "one of default ants fast"
for wrong in 0 -4 x 65; do
    status 2 larmor n4 $t1 -o new.nii --shrink $wrong
    complains "'$wrong' is not a valid --shrink"
done
status 2 larmor n4 $t1 -o new.nii --like ants \
    --iterations 1,1,1,1,1,1,1,1,1,1,1,1,1,1
complains "the spline of level 14"
complains "try fewer levels"
status 66 larmor n4 absent.nii -o new.nii
complains "'absent.nii'"
status 66 larmor n4 $t1 -o new.nii --mask absent.nii
complains "'absent.nii'"
status 0 larmor resample $t2 -o other.nii --spacing 7
status 65 larmor n4 $t1 -o new.nii --mask other.nii
complains "cannot correct '$t1'"
complains "the mask lies on another grid"
complains "try larmor resample"
# no voxel is left, a voxel that is not a number
head -c 352 fast.nii >zeros.nii
head -c $(($(wc -c <fast.nii) - 352)) /dev/zero >>zeros.nii
status 65 larmor n4 $t1 -o new.nii --mask zeros.nii
complains "nothing to work with"
status 65 larmor n4 zeros.nii -o new.nii
complains "cannot correct 'zeros.nii'"
head -c $(($(wc -c <fast.nii) - 4)) fast.nii >nan.nii
printf '\000\000\300\177' >>nan.nii
status 65 larmor n4 nan.nii -o new.nii
complains "1 of [0-9]* voxels of the image are not finite"
[ -e new.nii ] && fail "a refused call left an image"

sum=$(cksum out.nii)
status 73 larmor n4 $t1 -o out.nii
complains "try --force"
status 73 larmor n4 $t1 -o new.nii --field-out field.nii
[ "$(cksum out.nii)" = "$sum" ] || fail "an existing image was changed without --force"
status 0 larmor n4 $t1 -o out.nii --fast --force
true
