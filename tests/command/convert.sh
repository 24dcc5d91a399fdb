# larmor convert: one file, many files, and what must not happen to files that exist.
# SPDX-License-Identifier: Apache-2.0
seeds=$SOURCE/fuzz/corpus/nifti
cp "$seeds/v1_little_i16" a.nii
cp "$seeds/v1_big_u8_scaled" b.nii

for name in x.nii x.nii.gz y.hdr z.hdr.gz; do
    status 0 larmor convert a.nii -o $name
    complains "'$name': 3x2x2, 2x2x3 mm, RAS, int16"
    status 0 larmor convert $name -o back.nii --force
    status 0 larmor info --voxels back.nii
    grep voxels out >now
    status 0 larmor info --voxels a.nii
    grep voxels out | cmp -s - now || fail "voxels change on the way through $name"
done
[ -f y.img ] && [ -f z.img.gz ] || fail "no second file of a pair"

status 0 larmor convert b.nii -o t.nii --type uint8
complains 'did not fit into uint8'
status 0 larmor info --voxels t.nii
says 'voxels      0 to 112'
status 0 larmor convert a.nii -o two.nii --nifti 2
status 0 larmor info two.nii
says 'NIfTI-2'
status 2 larmor convert a.nii -o t2.nii --type int64
complains 'uint8 int8'

# an output that exists stays, without --force
printf 'precious' >old.nii.gz
status 73 larmor convert a.nii -o old.nii.gz
complains "'old.nii.gz' exists already"
complains 'force'
[ "$(cat old.nii.gz)" = precious ] || fail "the old file has changed"
printf 'precious' >pair.img
status 73 larmor convert a.nii -o pair.hdr
[ "$(cat pair.img)" = precious ] && [ ! -e pair.hdr ] || fail "half a pair was written"
status 0 larmor convert a.nii -o old.nii.gz --force
status 0 larmor info --voxels old.nii.gz

# a bad input leaves the old output too
printf 'precious' >old.nii
head -c 370 a.nii >short.nii
status 65 larmor convert short.nii -o old.nii --force
[ "$(cat old.nii)" = precious ] || fail "a bad input cost the old output"
status 66 larmor convert none.nii -o new.nii
[ ! -e new.nii ] || fail "an output without an input"

# into a folder; a bad one does not stop the others
status 0 larmor convert a.nii b.nii -o out1/
[ -f out1/a.nii.gz ] && [ -f out1/b.nii.gz ] || fail "not both in the folder"
mkdir out2
status 1 larmor convert short.nii a.nii none.nii b.nii -o out2
[ -f out2/a.nii.gz ] && [ -f out2/b.nii.gz ] || fail "a bad one stopped the others"
[ ! -e out2/short.nii.gz ] || fail "an image of a damaged file"
complains 'is too short'
complains '2 of 4 files could not be converted'
status 1 larmor convert a.nii x.nii -o out2
complains "'out2/a.nii.gz' exists already"
mkdir sub && cp a.nii sub/a.nii
status 2 larmor convert a.nii sub/a.nii -o out3/
complains "would both become 'out3/a.nii.gz'"
status 2 larmor convert a.nii b.nii -o one.nii
complains 'try -o FOLDER/'
status 2 larmor convert a.nii
status 2 larmor convert a.nii -o picture.png
complains 'cannot tell the format'

# forms that differ in handedness: neither is guessed (byte 80 is the first voxel size, 76 qfac)
cp a.nii hand.nii
printf '\000\000\200\277' | dd of=hand.nii bs=1 seek=76 conv=notrunc 2>/dev/null
status 65 larmor convert hand.nii -o mended.nii
complains 'differ in handedness'
complains 'affine sform'
for form in sform qform; do
    status 0 larmor convert hand.nii --affine $form -o mended_$form.nii
    status 0 larmor info mended_$form.nii
    grep 'axes' out >axes_$form
done
cmp -s axes_sform axes_qform && fail "--affine changes nothing"

# a full disk: the old file survives, and nothing is left behind
mkdir full
if mount -t tmpfs -o size=16k tmpfs full 2>/dev/null; then
    trap 'umount full' EXIT
    cp a.nii full/old.nii
    head -c 100000 /dev/zero >full/fill 2>/dev/null
    status 74 larmor convert b.nii -o full/old.nii --force
    complains 'No space left'
    cmp -s a.nii full/old.nii || fail "a full disk cost the old file"
    [ "$(ls -A full)" = "$(printf 'fill\nold.nii')" ] || fail "something is left behind"
    umount full
    trap - EXIT
else
    omit "a full disk: mounting one needs root"
fi
