# DICOM and MINC for the program: one image from a folder, several, none; what is left and what is
# touched. The images themselves: tests/unit/format/test_dicom.c and test_minc.c.
# SPDX-License-Identifier: Apache-2.0
larmor doctor >doctor
grep -q '^programs .*dcm2niix (none)' doctor && skip "dcm2niix is not installed"
cp -r "$SOURCE/tests/golden/dicom" scans
chmod -R a-w scans
(cd scans && find . | sort | xargs ls -ld --full-time) >before
mkdir private
export TMPDIR="$PWD/private"
status 0 larmor info scans/plain
says '^  format  *DICOM$'
says '^  size  *6 x 8 x 5 voxels'
says 'by the slice positions'
status 0 larmor info scans/tilted
says 'warning  *gantry tilt of -15.5 degrees'
status 0 larmor info --json scans/uneven
says '"format": "DICOM"'
says 'unevenly spaced: 3 to 6 mm'
status 0 larmor resample scans/plain -o whole.nii.gz --spacing 2
status 0 larmor info whole.nii.gz
status 2 larmor resample scans/two -o two.nii.gz --spacing 2
complains 'holds 2 images, one was expected: 2_etc_passwd_rm_-rf, 10_later'
complains 'try larmor convert scans/two -o '
status 66 larmor resample private -o none.nii.gz --spacing 2
complains "'private' holds no DICOM file"
for word in PHI0 19010203 1904; do
    larmor info scans/marked >told 2>&1
    larmor resample scans/marked -o marked.nii --spacing 2 -f 2>>told || fail "scans/marked"
    cat told marked.nii | grep -q "$word" && fail "'$word' of the patient is seen again"
done
status 69 env LARMOR_DCM2NIIX=/nonexistent larmor resample scans/plain -o none.nii --spacing 2
complains 'try to install dcm2niix'
status 73 env TMPDIR=/nonexistent larmor resample scans/plain -o none.nii --spacing 2
complains 'try to set TMPDIR'
[ ! -e none.nii ] || fail "a failure left a file"
[ -z "$(ls -A private)" ] || fail "something is left in TMPDIR: $(ls -A private)"
(cd scans && find . | sort | xargs ls -ld --full-time) >after
cmp before after || fail "the scans were touched"
grep -q '^programs .*larmor-minc (none)' doctor && { omit "MINC: larmor-minc is not built"; chmod -R u+w scans; exit 0; }
status 0 larmor info "$SOURCE/tests/golden/minc/scaled_i16.mnc.gz"
says '^  format  *MINC1, compressed'
says 'by the direction cosines'
status 0 larmor resample "$SOURCE/tests/golden/minc/minc2_i16.mnc" -o minc.nii.gz --spacing 2
status 65 larmor resample "$SOURCE/tests/golden/minc/no_minc.h5" -o none.nii --spacing 2
complains 'it is no MINC file'
[ -z "$(ls -A private)" ] || fail "something is left in TMPDIR: $(ls -A private)"
chmod -R u+w scans
