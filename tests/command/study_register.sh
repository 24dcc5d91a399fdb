# Studies that register: what check says, prepare makes and flags, train leaves out, predict undoes.
# SPDX-License-Identifier: Apache-2.0
status 0 larmor phantom cohort --subjects 4 --spacing 4 --turn 12 --move 15 --quiet
cp cohort/flair/sub-03_FLAIR.nii.gz cohort/flair/sub-04_FLAIR.nii.gz # of another head
cat >cohort/study.yaml <<'END'
data:
  images:
    t1:    {path: "t1/{subject}_T1.nii.gz"}
    flair: {path: "flair/{subject}_FLAIR.nii.gz", role: target}
  split: {train: 3, valid: 1}
prepare:
  - register: {move: flair, to: t1, kind: rigid}
  - normalize: {}
network: {channels: 2, blocks: 0}
train: {epochs: 1, batch: 1}
END

# check runs no registration
status 0 larmor check cohort/study.yaml
says "^  1 register *flair: .* 4x4x4 mm, RAS (its map is found by prepare, which flags what does not fit)$"
says "^4 cases, every one read through: all can be prepared$"

# what was drawn on the flair should go with it
mkdir -p cohort/lesions
for n in 1 2 3 4; do
    status 0 larmor mask cohort/flair/sub-0${n}_FLAIR.nii.gz -o cohort/lesions/sub-0$n.nii --quiet
done
sed 's|^  split|    lesions: {path: "lesions/{subject}.nii", role: label}\n  split|
    s|^  - normalize|  - resample: {images: lesions, onto: t1}\n  - normalize|' cohort/study.yaml >cohort/drawn.yaml
status 0 larmor check cohort/drawn.yaml
says "^warning: 'lesions' has the grid of 'flair', which step 1 moves, and is left behind"
sed 's/kind: rigid/kind: rigid, with: lesions/' cohort/drawn.yaml >cohort/with.yaml
status 0 larmor check cohort/with.yaml
says "^  1 register *flair lesions: .* 4x4x4 mm, RAS"
grep -q "left behind" out && fail "nothing is left behind"

# one case is flagged, for a reason, and under another name
status 1 larmor prepare cohort/study.yaml
says "^3 cases prepared, 0 kept, 0 failed, 1 flagged: cohort/study/prepared$"
complains "^warning: case 'sub-04' is flagged: step 1: 'flair' may not lie on 't1': "
complains "^larmor prepare: 1 of 4 cases is flagged, see 'cohort/study/flagged.tsv'$"
complains "^  try a look at them (larmor figure), and 'trust: \[sub-04\]' under data"
[ "$(cut -f1 cohort/study/flagged.tsv | tr '\n' ' ')" = "subject sub-04 " ] || fail "flagged.tsv"
[ -e cohort/study/failed.tsv ] && fail "failed.tsv without a failure"
[ "$(cd cohort/study/prepared/sub-04 && echo *)" = "flair.flagged.json flair.flagged.nii t1.flagged.json t1.flagged.nii" ] || fail "the names"
[ "$(cd cohort/study/prepared/sub-03 && echo *)" = "flair.json flair.nii t1.json t1.nii" ] || fail "the names"
python3 - <<'END' || fail "cases.json"
import json
cases = {c["subject"]: c for c in json.load(open("cohort/study/prepared/cases.json"))["cases"]}
good, bad = cases["sub-01"], cases["sub-04"]
assert good["status"] == "done" and "reason" not in good, good
assert bad["status"] == "flagged" and bad["registrations"][0]["reason"] in bad["reason"], bad
r = good["registrations"][0]
assert (r["step"], r["move"], r["to"], r["doubtful"]) == (1, "flair", "t1", False), r
assert len(r["affine"]) == 3 and len(r["affine"][0]) == 4 and r["metric_after"] > 2 * r["metric_before"], r
assert 0.9 < r["overlap"] <= 1 and r["consistency_mm"] is None, r
END
(cd cohort/study && find . -type f ! -name report.html -exec cksum {} + | sort) >first

# again: nothing is done and nothing is forgotten
status 1 larmor prepare cohort/study.yaml --json
python3 -c 'import json; d = json.load(open("out"));
assert (d["done"], d["kept"], d["failed"], d["flagged"]) == (0, 3, 0, 1), d' || fail "the JSON"
(cd cohort/study && find . -type f ! -name report.html -exec cksum {} + | sort) | cmp -s - first || fail "a second run changed something"
OMP_NUM_THREADS=1 status 1 larmor prepare cohort/study.yaml --output cohort/one
(cd cohort/one && find . -type f ! -name report.html -exec cksum {} + | sort) | cmp -s - first || fail "one thread gives other bits"

# training sees three cases, and four where the study trusts the fourth
status 0 larmor train cohort/study.yaml --quiet
sed 's/^prepare:/  trust: [sub-04]\nprepare:/' cohort/study.yaml >cohort/trusting.yaml
status 2 larmor train cohort/trusting.yaml --output cohort/study --quiet
complains "the study now says 'data.trust: sub-04'"
status 0 larmor prepare cohort/trusting.yaml --output cohort/study
says "^0 cases prepared, 4 kept, 0 failed: cohort/study/prepared$"
[ -e cohort/study/flagged.tsv ] && fail "flagged.tsv stays"
[ "$(cd cohort/study/prepared/sub-04 && echo *)" = "flair.json flair.nii t1.json t1.nii" ] || fail "the names of a trusted case"
sed 's/^prepare:/  trust: [sub-44]\nprepare:/' cohort/study.yaml >cohort/wrong.yaml
status 2 larmor check cohort/wrong.yaml
complains "trust names 'sub-44', but there is no such subject"

# mistakes have their line
sed 's/move: flair, //' cohort/study.yaml >cohort/wrong.yaml
status 2 larmor check cohort/wrong.yaml
complains "wrong.yaml:7:5: register needs an image to move and one that stays"
complains "try - register: {move: flair, to: t1}"

# predict needs no flair; and where the first scan is the one that was moved, it comes back to it
status 0 larmor predict cohort/study/train/best.safetensors cohort/t1/sub-01_T1.nii.gz -o plain.nii --quiet
status 0 larmor phantom poses --subjects 2 --spacing 4 --turn 20 --move 25 --contrasts t1,t2,flair --quiet
cat >poses/study.yaml <<'END'
data:
  images:
    t2:    {path: "t2/{subject}_T2.nii.gz"}
    t1:    {path: "t1/{subject}_T1.nii.gz"}
    flair: {path: "flair/{subject}_FLAIR.nii.gz", role: target}
  split: {train: 1, valid: 1}
prepare:
  - register: {move: t2, to: t1, kind: rigid}
  - register: {move: flair, to: t1, kind: rigid}
  - normalize: {}
network: {channels: 2, blocks: 0}
train: {epochs: 12, batch: 1, rate: 2e-2}
END
status 0 larmor prepare poses/study.yaml --quiet
status 0 larmor train poses/study.yaml --quiet
scans="poses/t2/sub-01_T2.nii.gz poses/t1/sub-01_T1.nii.gz"
# shellcheck disable=SC2086 # two words
status 0 larmor predict poses/study/train/best.safetensors $scans -o syn.nii --quiet
status 0 larmor mask syn.nii -o syn_head.nii
status 0 larmor mask poses/t2/sub-01_T2.nii.gz -o t2_head.nii
status 0 larmor mask poses/t1/sub-01_T1.nii.gz -o t1_head.nii
status 0 larmor resample t1_head.nii -o t1_by_header.nii --like syn.nii --interpolation nearest
python3 - <<'END' || fail "the prediction does not lie on its scan"
def head(path):
    return open(path, "rb").read()[352:]
def dice(a, b):
    assert len(a) == len(b)
    return 2 * sum(1 for x, y in zip(a, b) if x and y) / (sum(map(bool, a)) + sum(map(bool, b)))
own, other = dice(head("syn_head.nii"), head("t2_head.nii")), dice(head("syn_head.nii"), head("t1_by_header.nii"))
print(own, other)
assert own > 0.93 and own > other + 0.05, (own, other)
END

# an input that does not fit is told: nobody trusts or leaves out the scan that predict was given
status 0 larmor predict poses/study/train/best.safetensors poses/t2/sub-02_T2.nii.gz poses/t1/sub-01_T1.nii.gz -o odd.nii --quiet
complains "^warning: sub-02_T2.nii.gz, step 1: 't2' may not lie on 't1': "

# real heads, two of which do not lie on each other by their headers
real=${LARMOR_TEST_DATA:-$SOURCE/../shared/data}/cohort2mm
[ -d "$real/t1" ] || { omit "real scans (LARMOR_TEST_DATA) are absent"; exit 0; }
mkdir -p real/t1 real/flair
for n in 1 3 5; do
    ln -s "$real/t1/Subj${n}_T1.nii.gz" real/t1/
    ln -s "$real/flair/Subj${n}_FL.nii.gz" real/flair/
done
cat >real/study.yaml <<'END'
data:
  images:
    t1:    {path: "t1/{subject}_T1.nii.gz"}
    flair: {path: "flair/{subject}_FL.nii.gz", role: target}
  split: {train: 2, valid: 1}
prepare:
  - register: {move: flair, to: t1, kind: rigid}
  - normalize: {}
END
larmor prepare real/study.yaml --quiet >out 2>err
got=$?
[ $got -le 1 ] || { cat err; fail "real heads end with $got"; }
python3 - <<'END' || fail "a real head is neither aligned nor flagged"
import json
for case in json.load(open("real/study/prepared/cases.json"))["cases"]:
    r = case["registrations"][0]
    print(case["subject"], case["status"], r["metric_before"], r["metric_after"], r["shift_mm"])
    assert case["status"] in ("done", "flagged"), case
    if case["status"] == "done":
        assert r["metric_after"] > 0.25, r  # nats; other subjects' own pairs have 0.33 to 0.44
    if case["subject"] in ("Subj3", "Subj5"):
        assert r["metric_before"] < 0.1 and r["shift_mm"] > 8, r
END
