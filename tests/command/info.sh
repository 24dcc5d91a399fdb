# larmor info: what it says of good files, and of bad ones among them.
# SPDX-License-Identifier: Apache-2.0
seeds=$SOURCE/fuzz/corpus/nifti
cp "$seeds/v1_little_i16" a.nii
cp "$seeds/v2_big_u8_scaled" b.nii
cp "$seeds/v1_no_forms_gz" c.nii.gz
cp "$seeds/v2_4d" d.nii

status 0 larmor info a.nii
says '^a.nii$'
says '3 x 2 x 2 voxels'
says 'spacing     2 x 2 x 3 mm'
says 'axes        RAS'
says 'int16'
says 'by the sform (sform 1, scanner; qform 1, scanner)'
[ ! -s err ] || fail "info of a good file says something on stderr"
status 0 larmor info b.nii
says 'NIfTI-2, the other byte order'
says 'uint8, times 0.5 plus -3: float32'
status 0 larmor info c.nii.gz
says 'NIfTI-1, gzip'
says 'by the voxel sizes'
says 'warning     it says no orientation'
says 'note        it is a single slice'
status 0 larmor info d.nii
says '3 volumes'

# --voxels verifies, and counts what is not finite
status 0 larmor info --voxels b.nii
says 'voxels      -3 to 112, mean 49.6666667'
head -c -1 a.nii >short.nii
status 65 larmor info short.nii
complains "'short.nii' is too short: it has 375 bytes, its header describes 376"
head -c -3 c.nii.gz >short.nii.gz
status 0 larmor info short.nii.gz
status 65 larmor info --voxels short.nii.gz
complains 'damaged'

# a bad one among several: the others are shown, exit 1
printf 'not an image' >text.nii
status 1 larmor info a.nii text.nii missing.nii . d.nii
says '^a.nii$'
says '^d.nii$'
complains "'text.nii' is no image that larmor knows"
complains "cannot open 'missing.nii'"
complains "'.' holds no DICOM file"
complains '3 of 5 files could not be read'
status 66 larmor info missing.nii
status 65 larmor info text.nii
: >empty.nii
status 65 larmor info empty.nii
complains "'empty.nii' is empty"
status 2 larmor info
complains 'missing argument <file>'

status 1 larmor info --json a.nii missing.nii
says '"axes": "RAS"'
says '"error": "cannot open'
if command -v python3 >/dev/null; then
    python3 -c 'import json; d = json.load(open("out")); assert len(d) == 2 and d[0]["size"] == [3, 2, 2]' ||
        fail "--json is not JSON"
fi

# text of a file cannot steer a terminal
cp a.nii evil.nii
printf '\033]0;evil\007' | dd of=evil.nii bs=1 seek=148 conv=notrunc 2>/dev/null
status 0 larmor info evil.nii
says 'description ?]0;evil?'
