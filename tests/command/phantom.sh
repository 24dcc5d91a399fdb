# larmor phantom: files, refusal to overwrite, wrong arguments
# SPDX-License-Identifier: Apache-2.0
status 0 larmor phantom heads --subjects 2 --spacing 6 --seed 3 -q
for file in study.yaml t1/sub-01_T1.nii.gz flair/sub-02_FLAIR.nii.gz truth/sub-01.json truth/tissues.tsv \
    truth/sub-02_labels.nii.gz truth/sub-02_brain.nii.gz truth/sub-01_flair_bias.nii.gz; do
    [ -s heads/$file ] || fail "no heads/$file"
done
python3 -c 'import json; json.load(open("heads/truth/sub-01.json"))' 2>/dev/null ||
    ! command -v python3 >/dev/null || fail "sub-01.json is not JSON"

status 73 larmor phantom heads --subjects 2 --spacing 6
complains "exists already"
complains "try --force"
sum=$(cksum heads/t1/sub-01_T1.nii.gz)
status 0 larmor phantom heads --subjects 2 --spacing 6 --seed 3 -q --force -j 2
[ "$(cksum heads/t1/sub-01_T1.nii.gz)" = "$sum" ] || fail "another run gives another head"
# a subject does not depend on how many are asked for
status 0 larmor phantom one --subjects 1 --spacing 6 --seed 3 -q
cmp -s one/t1/sub-01_T1.nii.gz heads/t1/sub-01_T1.nii.gz || fail "subject 1 of 1 is not subject 1 of 2"

status 2 larmor phantom a --contrasts t1,swi
complains "'swi' is no contrast"
status 2 larmor phantom a --contrasts t1,t1
complains "twice"
status 2 larmor phantom a --spacing 0
complains "'0' is not a valid --spacing"
status 2 larmor phantom a --label-table x.tsv
complains "without a label map"
status 66 larmor phantom a --labels absent.nii.gz
complains "absent.nii.gz"
[ ! -e a ] || fail "a refused call left a folder"
status 2 larmor phantom
complains "missing argument <folder>"

# a label map of one's own, and what its table may get wrong
label=heads/truth/sub-01_labels.nii.gz
status 65 larmor phantom b --labels $label --subjects 1 --spacing 6
complains "labels of unknown tissue: 1, 6, 9, "
cp heads/truth/tissues.tsv table.tsv # what a phantom writes is what --label-table reads
status 0 larmor phantom b --labels $label --label-table table.tsv --subjects 1 --spacing 6 -q
[ -s b/t1/sub-01_T1.nii.gz ] || fail "no scan of the label map"
printf '1\tskinn\n' >wrong.tsv
status 65 larmor phantom c --labels $label --label-table wrong.tsv --subjects 1 --spacing 6
complains "line 1: 'skinn' is no tissue"
complains "try skin"

# whole-head label maps are known without a table
map=$LARMOR_TEST_DATA/headlabels/training_seg_07.nii.gz
if [ -r "$map" ]; then
    status 0 larmor phantom real --labels "$map" --subjects 1 --spacing 8 -q
    [ -s real/flair/sub-01_FLAIR.nii.gz ] || fail "no scan of the real label map"
else
    echo "left out: no headlabels"
fi
