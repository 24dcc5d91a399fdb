# A study with every kind of step, from check to predict, on a phantom cohort.
# SPDX-License-Identifier: Apache-2.0
status 0 larmor phantom c --subjects 4 --spacing 6 --seed 3 -q
cat >c/steps.yaml <<'END'
data:
  images:
    t1:    {path: "t1/{subject}_T1.nii.gz",       role: input,  contrast: t1}
    flair: {path: "flair/{subject}_FLAIR.nii.gz", role: target, contrast: flair}
  split: {train: 3, valid: 1}
prepare:
  - n4: {shrink: 2, iterations: [10, 10]}
  - clip: {percentiles: [0, 99.9]}
  - smooth: {images: t1, fwhm: 4}
  - mask: {images: flair, value: 0}
  - normalize: {method: nyul}
  - rescale: {from: [0, 100], to: [0, 1]}
  - crop: {images: t1, head: t1, margin: 6, when: training}
  - pad: {images: t1, multiple_of: 4, when: training}
  - resample: {images: flair, onto: t1}
network: {channels: 2, blocks: 1}
train: {epochs: 1, batch: 1, accumulate: yes}
END

status 0 larmor check c/steps.yaml
says "^  1 n4  *t1 flair: intensities$"
says "^  7 crop  *t1: .* (training only)$"
says "^  step 5 learns from 't1' of 3 training subjects$"
says "^  step 5 learns from 'flair' of 3 training subjects$"
status 0 larmor check c/steps.yaml --json
python3 -c 'import json; d = json.load(open("out")); assert [s["image"] for s in d["standards"]] == ["t1", "flair"]; \
    print(*sorted({tuple(c["prepared"]["size"]) for c in d["cases"]}))' >sizes || fail "the JSON"
[ -e c/steps ] && fail "check made something"

status 0 larmor prepare c/steps.yaml
says "^4 cases prepared, 0 kept, 0 failed"
for f in 5_t1.json 5_t1.txt 5_flair.json 5_flair.txt; do
    [ -s c/steps/prepared/fits/$f ] || fail "no $f"
done
larmor info c/steps/prepared/sub-01/t1.nii --json >info || fail info
python3 -c 'import json; s = str(json.load(open("info"))[0]["size"])
assert s.strip("[]") in open("sizes").read(), s' || fail "not the size that check told"
(cd c/steps && find . -type f ! -name report.html -exec cksum {} + | sort) >first
OMP_NUM_THREADS=1 status 0 larmor prepare c/steps.yaml --output c/one
(cd c/one && find . -type f ! -name report.html -exec cksum {} + | sort) | cmp -s - first || fail "one thread gives other bits"

# a changed parameter is another study
sed 's/shrink: 2/shrink: 3/' c/steps.yaml >c/other.yaml
status 73 larmor prepare c/other.yaml --output c/one
complains "prepare.1.n4.shrink: 2', the study now says 'prepare.1.n4.shrink: 3'"

# killed at any moment, also while it learns, and run again: as if it had not been
for wait in 0.05 0.1 0.2 0.4; do
    timeout -s KILL $wait larmor prepare c/steps.yaml --output c/killed >out 2>&1
done
status 0 larmor prepare c/steps.yaml --output c/killed
(cd c/killed && find . -type f ! -name report.html -exec cksum {} + | sort) | cmp -s - first ||
    fail "a killed run differs"

# the standard goes with the model; a changed scan that is held out teaches nothing
status 0 larmor train c/steps.yaml
rm -r c/steps/prepared
status 0 larmor predict c/steps/train/best.safetensors c/t1/sub-01_T1.nii.gz -o synthesis.nii.gz
says 'flair  synthesis.nii.gz  in the units of the training targets on average, without its bias field, clipped, masked$'

# one bad case does not stop the others: a scan of air with one bright voxel
cat >spoil.py <<'END'
import gzip, struct, sys
raw = bytearray(gzip.open(sys.argv[1]).read())
size = struct.unpack_from("<3h", raw, 42)
struct.pack_into("<hh", raw, 70, 16, 32)  # float32
raw[352:] = struct.pack("<f", 9.0) + bytes(4 * (size[0] * size[1] * size[2] - 1))
gzip.open(sys.argv[1], "wb").write(raw)
END
python3 spoil.py c/t1/sub-02_T1.nii.gz || fail spoil
status 1 larmor prepare c/steps.yaml --output bad
says "^3 cases prepared, 0 kept, 1 failed"
complains "case 'sub-02'.*t1"
[ "$(wc -l <bad/failed.tsv)" -eq 2 ] || fail "failed.tsv"

# the example in the tree
status 0 larmor phantom lab --subjects 3 --spacing 5 --seed 3 -q
sed 's/spacing: 2/spacing: 6/' "$SOURCE/examples/n4_fcm/study.yaml" >lab/study.yaml
status 0 larmor check lab/study.yaml
says "^  5 crop  *t1 flair: "
status 0 larmor prepare lab/study.yaml
says "^3 cases prepared"

# a step of an input that predict could not do; the target's are no matter
sed 's/^  - resample: {images: t1, spacing: 6}/  - resample: {images: t1, onto: flair}/' lab/study.yaml >lab/onto.yaml
status 0 larmor check lab/onto.yaml
says "^warning: step 2, resample, reads 'flair', which is no input: predict will not have it$"
status 0 larmor check lab/study.yaml
! grep -q "predict will not" out || fail "a warning without a reason"

# maps on the cohort's own grid: prepare works, a model could not
sed -e '/n4:\|crop:\|pad:/d' -e 's/method: fcm, tissue_of: t1}/images: t1, method: ravel}/' lab/study.yaml >lab/ravel.yaml
status 0 larmor check lab/ravel.yaml
says "^warning: lab/ravel.yaml:.*'t1' is corrected by maps"
status 0 larmor prepare lab/ravel.yaml
[ -s lab/ravel/prepared/fits/3_t1_mean.nii.gz ] || fail "no maps"
status 69 larmor train lab/ravel.yaml
complains "a model of this study could not prepare a raw scan"
