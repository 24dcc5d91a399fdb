# larmor stack: slices back to the volume, several volumes, and what is refused
# SPDX-License-Identifier: Apache-2.0
status 0 larmor phantom heads --subjects 2 --spacing 8 --seed 3 -q
status 0 larmor convert heads/t1/sub-01_T1.nii.gz -o in.nii
voxels() { tail -c +353 "$1" | cksum; }

for axis in x y z; do
    status 0 larmor slice in.nii -o $axis --axis $axis -q
    status 0 larmor stack $axis -o $axis.nii
    [ "$(voxels in.nii)" = "$(voxels $axis.nii)" ] || fail "the voxels of axis $axis"
    larmor info in.nii | grep -v "description\|extension\|in.nii" >a
    larmor info $axis.nii | grep -v "description\|extension\|$axis.nii" >b
    cmp -s a b || { diff a b; fail "the grid of axis $axis"; }
done
# a part lies where it was; filled it is the whole
status 0 larmor slice in.nii -o part --range 0.2 0.8 -q
status 0 larmor stack part -o part.nii
status 0 larmor crop in.nii -o crop.nii --range 0.2 0.8
[ "$(voxels part.nii)" = "$(voxels crop.nii)" ] || fail "the part"
status 0 larmor stack part -o full.nii --fill 0
status 0 larmor pad crop.nii -o padded.nii --like in.nii
[ "$(voxels full.nii)" = "$(voxels padded.nii)" ] || fail "the part, filled"
# 16 bits of a scan in int16 lose nothing
status 0 larmor slice in.nii -o png --format png --bits 16 -q
status 0 larmor stack png/*.png -o png.nii
[ "$(voxels in.nii)" = "$(voxels png.nii)" ] || fail "PNG of 16 bits"

# several volumes in a folder
status 0 larmor slice heads/t1 heads/flair -o both --axis y -q
status 2 larmor stack both -o both.nii
complains "slices of 4 volumes: 'both/sub-01_FLAIR', 'both/sub-01_T1'"
complains "try -o FOLDER/"
status 0 larmor stack both -o again/
[ "$(ls again | tr '\n' ' ')" = "sub-01_FLAIR.nii.gz sub-01_T1.nii.gz sub-02_FLAIR.nii.gz sub-02_T1.nii.gz " ] || fail "the names"
status 0 larmor convert again/sub-01_T1.nii.gz -o again.nii
[ "$(voxels in.nii)" = "$(voxels again.nii)" ] || fail "one of several volumes"

rm z/in_z003.tif z/in_z004.tif
status 65 larmor stack z -o new.nii
complains "2 slices beside 'z/in_z000.tif' are missing: z 3 to 4"
complains "try --fill 0"
status 0 larmor stack z -o filled.nii --fill 0
status 65 larmor stack x/in_x001.tif x/in_x001.tif -o new.nii
complains "is in both"
printf 'II*\000\377\000\000\000' >cut.tif
status 65 larmor stack cut.tif -o new.nii
complains "'cut.tif' is damaged"
status 66 larmor stack nothing.tif -o new.nii
complains "cannot open 'nothing.tif'"
mkdir nothing
status 66 larmor stack nothing -o new.nii
complains "no TIFF or PNG file in the folder"
status 2 larmor stack x
complains "where to write is missing"
status 73 larmor stack x -o in.nii
complains "'in.nii' exists already"
status 2 larmor stack x -o new.nii --spacing 1
complains "its spacing and axes are known"
[ -e new.nii ] && fail "a refused call left an image"

# slices of others
status 0 larmor stack "$SOURCE"/tests/golden/slices/plain_u1.tif "$SOURCE"/tests/golden/slices/lzw_u1.tif -o other.nii --spacing 1 2 3 --axes LPS
complains "says no place in the patient"
complains "11x6x2, 1x2x3 mm, LPS, uint8"

# slices of which each is a volume by itself, as predict leaves them: by where they lie
for code in RAS LPI; do
    status 0 larmor reorient in.nii -o $code.nii --to $code
    for axis in x y z; do
        rm -rf cut alone
        mkdir alone
        status 0 larmor slice $code.nii -o cut --axis $axis -q
        for file in cut/*.tif; do
            larmor convert "$file" -o slice.nii --force -q >/dev/null &&
                larmor convert slice.nii -o "alone/${file#cut/}" -q >/dev/null || fail "slice $file"
        done
        status 0 larmor stack alone -o alone.nii --force
        status 0 larmor stack cut -o cut.nii --force
        [ "$(voxels cut.nii)" = "$(voxels alone.nii)" ] || fail "the voxels of single slices, axis $axis of $code"
        larmor info cut.nii | grep -v "description\|extension\|cut.nii" >a
        larmor info alone.nii | grep -v "description\|extension\|alone.nii" >b
        cmp -s a b || { diff a b; fail "the grid of single slices, axis $axis of $code"; }
    done
done
rm alone/*_z002.tif
status 65 larmor stack alone -o new.nii
complains "1 slices beside 'alone/"
