# docs/tutorial.md: every command of it, in its order, on a folder of scans as a scanner sends them.
# Its study is made small (voxels of 5 mm, two epochs); its commands are run as they stand.
# SPDX-License-Identifier: Apache-2.0
page=$SOURCE/docs/tutorial.md
larmor doctor >doctor
grep -q '^programs .*dcm2niix (none)' doctor && skip "dcm2niix is not installed"

# box KIND: the lines of all boxes of that kind
box() {
    awk -v kind="$1" '/^```/ { if (open) open = take = 0; else { open = 1; take = $0 == "```" kind }; next } take' "$page"
}
box sh >commands
box yaml >whole.yaml
[ "$(grep -c '^larmor ' commands)" -ge 20 ] || fail "the page has lost its commands"
# the user's folder
status 0 larmor phantom heads --subjects 6 --spacing 5 --turn 4 --move 4 -q
status 0 python3 "$SOURCE/tests/command/tutorial_scans.py" heads raw
# small PATTERN: each must be in the page's study, and is replaced
cp whole.yaml study.yaml
small() {
    grep -q "$1" study.yaml || fail "the page's study does not say '$1'"
    sed "s/$1/$2/" study.yaml >less.yaml && mv less.yaml study.yaml
}
small 'spacing: 1}' 'spacing: 5}'
small 'size: \[160, 192, 112\]' 'size: [40, 48, 24]'
small 'epochs: 100' 'epochs: 2'
small 'channels: 16' 'channels: 4'

# one shell for all: later boxes use variables of earlier ones; the last "+" line tells where it stopped
# (the viewer would run until ctrl-C, and open a browser)
cat - commands >run <<'END'
larmor() { if [ "$1" = view ]; then command larmor "$@" --no-browser --for 1; else command larmor "$@"; fi; }
END
status 0 sh -eux run
says '^  series      2_t1_mprage_tra$'
says '^verdict  *good$'
says '^normalization helped: mean distance .* 15 of 15 pairs closer$'
says '^6 cases, every one read through: all can be prepared$'
says '^6 cases prepared, 0 kept, 0 failed'
says '^network  *resnet'
says '^2 epochs: loss'
says '^mean  *flair  *best look-up table'
says '^report   study/report.html$'
says '^http://127.0.0.1:'
says '^flair  *synthesis.nii.gz  in the units of the training targets'
for picture in steps/look steps/n4 steps/contours histograms prepared compare study/lr_find study/train/loss; do
    head -c 8 $picture.png | grep -q PNG || fail "no $picture.png"
done
[ "$(find slices -name '*.tif' | wc -l)" -eq $((2 * 6 * 24)) ] || fail "not all slices"
# the scans, on their way through DICOM, are those that were drawn
status 0 larmor reorient scans/sub-anna/anat/sub-anna_T1w.nii.gz -o back.nii.gz --to RAS -q
status 0 larmor evaluate heads/t1/sub-01_T1.nii.gz back.nii.gz
says '  inf  1.0000  1.0000$'
# the study at full size is a right one too
status 0 larmor check whole.yaml
# pictures of the page are there, and links lead to files
grep -o '](\([^)#]*\)' "$page" | sed 's/^](//' | sort -u | while read -r link; do
    [ -z "$link" ] || [ -e "$SOURCE/docs/$link" ] || { echo "$link" >&2; exit 1; }
done || fail "a link of the page leads nowhere"
