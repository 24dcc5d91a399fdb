# larmor convert with DICOM: series found and named, BIDS, tilt and uneven slices, and no patient.
# SPDX-License-Identifier: Apache-2.0
larmor doctor >doctor
grep -q '^programs .*dcm2niix (none)' doctor && skip "dcm2niix is not installed"
scans=$SOURCE/tests/golden/dicom

# a tree: one file for each series, one bad folder does not stop the others
status 1 larmor convert "$scans" -o made/
complains "doubled' is not read as DICOM"
complains '11 images were written, 3 could not be converted'
complains 'series 11 (1 file): its image holds colours'
for name in plain/3_pd_t2_tse_sag_1_8mm two/2_etc_passwd_rm_-rf two/10_later tilted/4_head; do
    [ -f "made/$name.nii.gz" ] || fail "no made/$name.nii.gz"
done
status 0 larmor convert "$scans/plain" "$scans/tilted" -o flat/ --name '{modality}-{number}-{folder}' --format mha
[ -f flat/MR-3-plain.mha ] && [ -f flat/CT-4-tilted.mha ] || fail "names do not follow the pattern"

# one series of several
status 2 larmor convert "$scans/two" -o one.nii
complains "holds 2 images, which cannot become one file: 2_etc_passwd_rm_-rf 10_later"
status 0 larmor convert "$scans/two" -o one.nii --series 10_later
status 2 larmor convert "$scans/two" -o none.nii --series T1
complains "no series of '$scans/two' has 'T1' in its name, they are: 2_etc_passwd_rm_-rf 10_later"
status 0 larmor convert "$scans/plain/s03.dcm" -o slice.nii
complains 'it is one of 5 files of its series'

# a series that cannot be read is told, the others are written
mkdir mixed && cp "$scans"/two/*.dcm "$scans"/doubled/*.dcm mixed
status 1 larmor convert mixed -o made/
complains "'mixed', series 8 (6 files): its 6 slices are at 5 places"
complains '2 images were written, 1 could not be converted'
[ -f made/10_later.nii.gz ] || fail "a bad series stopped the others"
status 1 larmor info mixed
says '^  series      10_later'
complains "1 series of 'mixed' cannot be read"

# a disc: what is no image (a report here) lies beside the folders with scans
mkdir -p disc/scan && cp "$scans/two/report.dcm" disc/DICOMDIR && cp "$scans"/plain/*.dcm disc/scan
for option in "" --bids; do
    status 0 larmor convert disc -o disc_out/ $option
    complains "'disc' holds no image: 1 DICOM file without one"
done
[ -f disc_out/scan/3_pd_t2_tse_sag_1_8mm.nii.gz ] && [ -f disc_out/sub-scan/anat/sub-scan_PDw.nii.gz ] ||
    fail "the scan of a disc"

# named as such, and corrected only when asked
status 0 larmor convert "$scans/tilted" -o tilted.nii
complains 'gantry tilt of -15.5 degrees'
status 0 larmor info tilted.nii
says 'not at right angles (15.50 degrees off)'
status 0 larmor convert "$scans/tilted" -o upright.nii --correct
status 0 larmor info upright.nii
grep -q 'right angles' out && fail "--correct leaves the tilt"
status 0 larmor convert "$scans/uneven" -o uneven.nii
complains 'unevenly spaced: 3 to 6 mm'
status 0 larmor convert "$scans/uneven" -o even.nii --correct
grep -q 'written in equal steps' err && fail "--correct leaves uneven slices"

# BIDS
status 1 larmor convert "$scans" -o bids --bids
complains "holds 2 volumes, an image of anat/ is one"
for name in sub-plain/anat/sub-plain_PDw sub-two/anat/sub-two_run-1_PDw sub-two/anat/sub-two_run-2_PDw \
    sub-tilted/ct/sub-tilted_ct; do
    [ -f "bids/$name.nii.gz" ] && [ -f "bids/$name.json" ] || fail "no bids/$name"
done
grep -q '"EchoTime": 0.015' bids/sub-plain/anat/sub-plain_PDw.json || fail "the sidecar lacks the echo time"
grep -q 'gantry tilt' bids/sub-tilted/ct/sub-tilted_ct.json || fail "the sidecar does not name the tilt"
grep -q 'sub-time\|sub-doubled' bids/participants.tsv && fail "a participant without images"
[ "$(grep -c '^sub-' bids/participants.tsv)" -eq "$(find bids -maxdepth 1 -name 'sub-*' | wc -l)" ] ||
    fail "the table of participants"
grep -q '_ct' bids/.bidsignore || fail "CT is not ignored"

# the patient is asked for, or nowhere (R12); $scans/marked holds 120 marked strings
for option in "" --bids --sidecar; do
    rm -rf marked
    status 0 larmor convert "$scans/marked" -o marked/ $option --force
    for word in PHI0 19010203 1904; do
        cat out err $(find marked -type f ! -name '*.gz') | grep -q "$word" && fail "'$word' is in the output of $option"
        find marked -name '*.gz' -exec zcat {} + | grep -q "$word" && fail "'$word' is in an image"
    done
done
status 0 larmor convert "$scans/marked" -o kept/ --sidecar --patient
grep -rq PHI0 kept || fail "--patient keeps nothing"
exit 0
