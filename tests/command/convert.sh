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
complains '2 images were written, 2 could not be converted'
status 1 larmor convert a.nii x.nii -o out2
complains "'out2/a.nii.gz' exists already"
mkdir sub && cp a.nii sub/a.nii
status 2 larmor convert a.nii sub/a.nii -o out3/
complains "would both become 'out3/a.nii.gz'"
status 2 larmor convert a.nii b.nii -o one.nii
complains 'try -o FOLDER/'
status 2 larmor convert a.nii
status 2 larmor convert a.nii -o picture.jpg
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

# a tree: the same folders in the output, what is no image left alone, the output not read again
mkdir -p tree/p1/day1 tree/p2
cp a.nii tree/p1/day1/T1.nii
cp y.hdr y.img tree/p2/
cp b.nii tree/top.nii
echo notes >tree/p2/readme.txt
: >tree/p2/picture.png
for threads in 1 2; do
    rm -rf tree/out
    mkdir tree/out && cp a.nii tree/out/old.nii
    status 0 larmor convert tree -o tree/out --threads $threads
    complains '1 other files were left alone'
    complains '1 slices (.tif, .png) were left alone: larmor stack joins them'
    [ "$(cd tree/out && find . -type f | sort | tr '\n' ' ')" = \
        "./old.nii ./p1/day1/T1.nii.gz ./p2/y.nii.gz ./top.nii.gz " ] || fail "wrong files of a tree"
done
status 0 larmor convert tree/p1 tree/p2 -o flat/ --name '{folder}-{name}' --format .nii
[ -f flat/day1-T1.nii ] && [ -f flat/p2-y.nii ] || fail "names do not follow the pattern"
mkdir twice && cp a.nii twice/t1.nii && larmor convert a.nii -o twice/t1.mha -q
status 2 larmor convert twice -o flat2/
complains "would both become 'flat2/t1.nii.gz'"
status 0 larmor convert twice -o flat2/ --name '{name}-{format}'
[ -f flat2/t1-nii.nii.gz ] && [ -f flat2/t1-mha.nii.gz ] || fail "{format} tells no formats apart"
status 2 larmor convert tree/p1 -o flat/ --name '../{name}'
complains 'leads out of the folder'
status 2 larmor convert tree/p1 -o flat/ --name '{nam}'
complains 'knows no {nam}, expected {name}'
status 2 larmor convert tree/p1 -o flat/ --name '{protocol}'
complains 'has no {protocol}'
status 2 larmor convert tree/p1 -o flat/ --format docx
complains "'docx' is not a valid --format"
mkdir empty
status 66 larmor convert empty -o flat/
complains "no image was found in the folder 'empty'"
status 2 larmor convert tree -o new.nii
complains '7 images cannot become one file'
status 0 larmor convert tree/p1 -o one_of_folder.nii

# one of several volumes
cp "$seeds/v2_4d" four.nii
status 0 larmor convert four.nii -o second.nii --volume 1
status 0 larmor info second.nii
grep -q volumes out && fail "--volume leaves several"
status 2 larmor convert four.nii -o none.nii --volume 3
complains 'has 3 volumes, from 0: there is no --volume 3'

# BIDS: whose, and what kind; sidecars without the patient
mkdir -p scans/anna scans/berta/t1
cp a.nii scans/anna/head_t1.nii
printf '{"EchoTime": 0.09, "RepetitionTime": 5, "PatientName": "Anna", "AcquisitionTime": "10:00"}' >scans/anna/head.json
cp a.nii scans/anna/head.nii
cp a.nii scans/berta/t1/scan.nii
status 0 larmor convert scans -o bids --bids
[ "$(cd bids && find . -name 'sub*.*' | sort | tr '\n' ' ')" = "./sub-anna/anat/sub-anna_T1w.nii.gz \
./sub-anna/anat/sub-anna_T2w.json ./sub-anna/anat/sub-anna_T2w.nii.gz ./sub-berta/anat/sub-berta_T1w.nii.gz " ] ||
    { find bids; fail "wrong names of BIDS"; }
grep -q '"EchoTime": 0.09' bids/sub-anna/anat/*.json || fail "the sidecar is lost"
grep -rq 'Anna\|10:00' bids && fail "the patient is in the dataset"
status 0 larmor convert scans/anna -o bids_all --bids --subject x1 --session 2 --patient
[ -f bids_all/sub-x1/ses-2/anat/sub-x1_ses-2_T1w.nii.gz ] || fail "no subject and session as asked"
grep -q Anna bids_all/sub-x1/ses-2/anat/*.json || fail "--patient keeps nothing"
# one more person comes to the dataset
printf 'participant_id\tage\nsub-anna\t40\n' >bids/participants.tsv
status 0 larmor convert a.nii -o bids --bids --subject carla --suffix FLAIR
[ "$(cat bids/participants.tsv)" = "$(printf 'participant_id\tage\nsub-anna\t40\nsub-carla\tn/a')" ] || fail "the table of participants"
[ ! -e bids/.bidsignore ] || fail "a .bidsignore without need"
status 0 larmor convert a.nii -o bids --bids --subject carla --suffix ct
grep -q _ct bids/.bidsignore || fail "CT is not ignored"
status 2 larmor convert a.nii -o bids --bids --suffix ../T1w
complains "'../T1w' is not a valid --suffix"
# nothing tells the kind; two people would be one
status 1 larmor convert a.nii scans/berta -o bids2 --bids
complains "nothing says what kind of image 'a' is"
complains '1 images were written, 1 could not be converted'
mkdir -p twins/a_b twins/ab
cp a.nii twins/a_b/t1.nii
cp a.nii twins/ab/t1.nii
status 2 larmor convert twins -o bids3 --bids
complains "both 'a_b' and 'ab' would become sub-ab"
[ ! -e bids3 ] || fail "something was written"
printf '{"EchoTime": 0.09' >scans/anna/head.json
status 1 larmor convert scans -o bids4 --bids
complains "the sidecar 'scans/anna/head.json' is no JSON object"
