# Studies that strip: what check says, prepare makes, flags and keeps, where scores are, what predict does.
# SPDX-License-Identifier: Apache-2.0
export LARMOR_MODELS=$PWD/no-models # whatever the user has
status 0 larmor phantom cohort --subjects 4 --spacing 2 --quiet
status 0 larmor crop cohort/flair/sub-04_FLAIR.nii.gz --axis z --range "0.4 1" -o cohort/half.nii.gz --quiet
mv cohort/half.nii.gz cohort/flair/sub-04_FLAIR.nii.gz # the brain is cut off below
cat >cohort/study.yaml <<'END'
data:
  images:
    flair: {path: "flair/{subject}_FLAIR.nii.gz", contrast: flair}
    t1:    {path: "t1/{subject}_T1.nii.gz", role: target, contrast: t1}
  split: {train: 3, valid: 1}
prepare:
  - strip: {}
  - n4: {weights: brain, like: fast}
  - normalize: {mask: brain}
  - resample: {images: t1, onto: flair}
network: {channels: 2, blocks: 0}
train: {epochs: 1, batch: 1}
END

# check says what it will be, and makes nothing
status 0 larmor check cohort/study.yaml
says "^  1 strip  *brain: the brain in flair, method surface (there are no weights for learned); air outside of it in flair t1$"
grep -q "^ *brain " out && fail "a mask that no file holds is listed as a scan"
status 0 larmor check cohort/study.yaml --json
python3 -c 'import json; d = json.load(open("out"));
assert d["strips"] == [{"step": 1, "method": "surface", "ready": True}], d["strips"]
assert sorted(d["cases"][0]["images"]) == ["flair", "t1"]' || fail "the JSON of check"
sed 's/strip: {}/strip: {method: learned}/' cohort/study.yaml >cohort/learned.yaml
status 1 larmor check cohort/learned.yaml
says "^bad: step 1, strip, cannot run its method learned, because "
status 66 larmor prepare cohort/learned.yaml
complains "^larmor prepare: step 1, strip, cannot run its method learned$"
[ -e cohort/learned ] && fail "prepare made a folder for what it cannot do"

# where a model is there, which one is recorded and told in the report, and what is doubted is flagged;
# a damaged one is told before anything is done, also where the method is left open
mkdir models broken-models
cp "$SOURCE/tests/golden/tiny_strip.safetensors" models/mindgrab.safetensors
head -c 1040 models/mindgrab.safetensors >broken-models/mindgrab.safetensors
for study in study learned; do
    status 65 env LARMOR_MODELS=broken-models larmor prepare cohort/$study.yaml
    complains "^larmor prepare: step 1, strip, cannot run its method learned$"
    complains "broken-models/mindgrab.safetensors'.*cut"
done
[ -e cohort/learned ] && fail "prepare made a folder for what it cannot do"
status 1 env LARMOR_MODELS=models larmor prepare cohort/learned.yaml
complains "cases* .* flagged"
grep -q '"model": "mindgrab 500a150ec01a"' cohort/learned/prepared/cases.json || fail "the model is not recorded"
grep -q "learned (mindgrab 500a150ec01a)" cohort/learned/report.html || fail "the report does not name the model"
rm -r cohort/learned
[ -e cohort/study ] && fail "check made something"
sed 's/  - resample/  - crop: {mask: brain}\n  - resample/' cohort/study.yaml >cohort/cropped.yaml
status 0 larmor check cohort/cropped.yaml
says "^  4 crop .*before it is cropped to the mask, which prepare makes)$"
says "^prepared: as large as the masks that prepare makes$"

# one bad scan is flagged, and the rest goes on
status 1 larmor prepare cohort/study.yaml
says "^3 cases prepared, 0 kept, 0 failed, 1 flagged: cohort/study/prepared$"
complains "^warning: case 'sub-04' is flagged: step 1: the mask 'brain' of 'flair' may not be the brain: "
complains "'trust: \[sub-04\]' under data"
[ "$(cut -f1 cohort/study/flagged.tsv | tr '\n' ' ')" = "subject sub-04 " ] || fail "flagged.tsv"
[ "$(cd cohort/study/prepared/sub-04 && echo *)" = "brain.flagged.json brain.flagged.nii flair.flagged.json flair.flagged.nii t1.flagged.json t1.flagged.nii" ] || fail "names"
[ "$(cd cohort/study/prepared/sub-01 && echo *)" = "brain.json brain.nii flair.json flair.nii t1.json t1.nii" ] || fail "names"
python3 - <<'END' || fail "cases.json"
import json
d = json.load(open("cohort/study/prepared/cases.json"))
assert d["images"][2] == {"name": "brain", "role": "mask", "made_of": "flair"}, d["images"]
cases = {c["subject"]: c for c in d["cases"]}
good, bad = cases["sub-01"]["strips"][0], cases["sub-04"]["strips"][0]
assert (good["step"], good["of"], good["mask"], good["method"], good["doubtful"]) == (1, "flair", "brain", "surface", False)
assert bad["doubtful"] and bad["reason"] in cases["sub-04"]["reason"], bad
assert 300 < good["millilitres"] < 2100, good
END
grep -q "Step 1, strip: the outline of brain over flair" cohort/study/report.html || fail "no mask in the report"
grep -q ">Brain masks<" cohort/study/report.html || fail "no table of masks"
(cd cohort/study/prepared && find . -type f -exec cksum {} + | sort) >first

# again: nothing is found a second time
status 1 larmor prepare cohort/study.yaml --json
python3 -c 'import json; d = json.load(open("out"));
assert (d["done"], d["kept"], d["failed"], d["flagged"]) == (0, 3, 0, 1), d' || fail "the JSON"
(cd cohort/study/prepared && find . -type f -exec cksum {} + | sort) | cmp -s - first || fail "a second run changed something"
OMP_NUM_THREADS=1 status 1 larmor prepare cohort/study.yaml --output one --quiet
(cd one/prepared && find . -type f -name '*.nii' -exec cksum {} + | sort) >one.sums
grep nii first | cmp -s - one.sums || fail "one thread gives other bits"

# a scan without a head fails by name, and the rest goes on
cp -r cohort empty && rm -r empty/study
tiny_image flat.nii 40
mv flat.nii empty/flair/sub-04_FLAIR.nii && rm empty/flair/sub-04_FLAIR.nii.gz
sed 's/_FLAIR.nii.gz/_FLAIR.nii*/' cohort/study.yaml >empty/study.yaml
status 1 larmor prepare empty/study.yaml --quiet
[ "$(tail -n 1 empty/study/f*.tsv | cut -f1)" = "sub-04" ] || fail "the scan without a head"

# scores are inside the mask, which is said; and elsewhere where that is asked for
status 0 larmor train cohort/study.yaml --quiet
grep -q "inside the mask brain" cohort/study/report.html || fail "the report's scores"
status 0 larmor evaluate cohort/study/train/best.safetensors cohort/study.yaml
says "^scored inside 'brain'$"
status 0 larmor evaluate cohort/study/train/best.safetensors cohort/study.yaml --json
python3 - <<'END' || fail "the voxels that were scored"
import json, struct
d = json.load(open("out"))
assert d["inside"] == "brain", d["inside"]
raw = open("cohort/study/prepared/%s/brain.nii" % d["subjects"][0]["subject"], "rb").read()
at = int(struct.unpack_from("<f", raw, 108)[0])
assert d["subjects"][0]["voxels"] == sum(raw[at:]), d
END
status 0 larmor evaluate cohort/study/train/best.safetensors cohort/study.yaml --inside head
says "^scored inside the head$"
status 0 larmor evaluate cohort/t1/sub-01_T1.nii.gz cohort/t1/sub-01_T1.nii.gz --inside all
says "^scored everywhere$"

# predict finds the brain in the raw scan, and leaves 0 outside of it on the scan's own grid
status 0 larmor reorient cohort/flair/sub-01_FLAIR.nii.gz -o ras.nii --to RAS --quiet # as prepare sees it
status 0 larmor predict cohort/study/train/best.safetensors ras.nii -o t1.nii --quiet
status 0 larmor strip ras.nii --contrast flair -o x.nii --mask-out mask.nii --quiet
python3 - <<'END' || fail "outside the mask"
import struct
def voxels(name):
    raw = open(name, "rb").read()
    kind, at = struct.unpack_from("<h", raw, 70)[0], int(struct.unpack_from("<f", raw, 108)[0])
    return raw[at:] if kind == 2 else struct.unpack_from("<%df" % ((len(raw) - at) // 4), raw, at)
flair, mask = voxels("t1.nii"), voxels("mask.nii")
assert len(flair) == len(mask) and sum(mask) > 1000
assert all(f == 0 for f, m in zip(flair, mask) if not m)
assert sum(f != 0 for f, m in zip(flair, mask) if m) > 0.9 * sum(mask)
END
status 0 larmor predict cohort/study/train/best.safetensors cohort/flair/sub-04_FLAIR.nii.gz -o doubt.nii
complains "^warning: sub-04_FLAIR.nii.gz, step 1: the mask 'brain' of 'flair' may not be the brain: "

# masks of more than one method are told: in a cohort, and where a model meets another than it saw
cp -r cohort/study other
sed '1,/"surface"/s/"surface"/"learned"/' cohort/study/prepared/cases.json >other/prepared/cases.json
status 1 larmor prepare cohort/study.yaml --output other
complains "^warning: a network would see masks of more than one kind: brain by learned in 1 case, brain by surface in 3 cases; --force makes all alike$"
sed 's/"surface"/"learned"/' cohort/study/prepared/cases.json >other/prepared/cases.json
status 0 larmor train cohort/study.yaml --output other --force --quiet
status 0 larmor predict other/train/best.safetensors cohort/flair/sub-01_FLAIR.nii.gz -o other.nii
complains "^warning: sub-01_FLAIR.nii.gz: the mask is brain by surface, in the training cases brain by learned: the network may do worse$"
status 0 larmor predict cohort/study/train/best.safetensors cohort/flair/sub-01_FLAIR.nii.gz -o other.nii --force
grep -q "may do worse" err && fail "a warning of the same method"

# mistakes have their line
sed 's/strip: {}/strip: {mask: t1}/' cohort/study.yaml >cohort/wrong.yaml
status 2 larmor check cohort/wrong.yaml
complains "wrong.yaml:7:19: 't1' is an image of data, and the mask needs a name of its own$"
sed '/strip/d; s/^network/  - strip: {}\nnetwork/' cohort/study.yaml >cohort/wrong.yaml
status 2 larmor check cohort/wrong.yaml
complains "wrong.yaml:7:5: there is no 'brain' yet: the step that makes it comes later$"

# the example of the manual goes through; a box of an image that was moved is not known
status 0 larmor phantom lab --subjects 3 --spacing 2 --turn 4 --move 4 --quiet
sed 's/strip: {of: t1/strip: {of: flair/; /- crop/d' "$SOURCE/examples/strip_zscore/study.yaml" >lab/study.yaml
status 0 larmor prepare lab/study.yaml --force
says "^3 cases prepared, 0 kept, 0 failed: lab/study/prepared$"
