# larmor check: what a user sees of a right study, of bad scans, and of mistakes.
# SPDX-License-Identifier: Apache-2.0
status 0 larmor phantom cohort --subjects 3 --spacing 8 --quiet

# a right study: the pairs, what steps do, the sizes, the split; nothing is written
find cohort | sort >before
status 0 larmor check cohort/study.yaml
says "^sub-01 *[a-z]* *t1 *[0-9]*x.* 8x8x8 *RAS *int16$"
says "^                *flair "
says "^steps, on sub-01$"
says "normalize *t1 flair: intensities$"
says "^prepared: [0-9]*x[0-9]*x[0-9]* in every case$"
says "^split: train 2, valid 1, test 0$"
says "^3 cases, every one read through: all can be prepared$"
find cohort | sort | cmp -s - before || fail "check wrote something"

status 0 larmor check cohort/study.yaml --json
python3 - <<'END' || fail "the JSON"
import json
d = json.load(open("out"))
assert d["bad"] == 0 and d["equal_sizes"] is True and len(d["cases"]) == 3, d
c = d["cases"][0]
assert c["ok"] and c["subject"] == "sub-01" and c["split"] in ("train", "valid"), c
assert c["images"]["t1"]["grid"]["spacing_mm"] == [8, 8, 8], c
assert len(c["prepared"]["size"]) == 3 and c["prepared"]["axes"] == "RAS", c
END

# unequal sizes: what to add
cp -r cohort ragged
grep -v fit: cohort/study.yaml >ragged/study.yaml
status 0 larmor crop cohort/t1/sub-02_T1.nii.gz -o ragged/t1/sub-02_T1.nii.gz --axis x --range 0.2 0.8 --force
status 0 larmor check ragged/study.yaml
says "^prepared sizes differ:$"
says "^warning: a batch of 2 needs one size; try the step '- fit: {size: \["
sed 's/  batch: 2/  accumulate: yes/' ragged/study.yaml >ragged/added.yaml
status 0 larmor check ragged/added.yaml
says "^prepared sizes differ:$"
grep -q "a batch of" out && fail "accumulated batches need no fit"

# a target on another grid
grep -v onto cohort/study.yaml | grep -v fit: | grep -v crop: >cohort/apart.yaml
status 1 larmor check cohort/apart.yaml
says "^bad: case 'sub-01': 'flair' is on another grid ("
says "^  try the step '- resample: {images: \[flair\], onto: t1}'$"
[ "$(grep -c '^  try' out)" -eq 1 ] || fail "a hint that is the same stands once"
status 1 larmor check cohort/apart.yaml --json
python3 -c 'import json; d = json.load(open("out")); assert all("onto: t1" in c["try"] for c in d["cases"])' || fail "the JSON of a hint"
status 1 larmor check cohort/apart.yaml
complains "3 of 3 cases would fail"

# one bad scan among good ones
cp cohort/t1/sub-02_T1.nii.gz kept
head -c 2000 kept >cohort/t1/sub-02_T1.nii.gz
status 1 larmor check cohort/study.yaml
says "^bad: case 'sub-02': 't1' cannot be read"
says "^1 of 3 cases would fail"
status 1 larmor check cohort/study.yaml --json
python3 -c 'import json; d = json.load(open("out")); assert [c["ok"] for c in d["cases"]] == [True, False, True]' ||
    fail "the JSON of a bad case"
printf 'not an image' >cohort/t1/sub-02_T1.nii.gz
status 1 larmor check cohort/study.yaml
says "^sub-02 .*t1 *cannot be read$"
[ "$(grep -c '^bad:' out)" -eq 1 ] || fail "one scan that cannot be read is one reason"
# and a second one of the same case is named too
cp cohort/flair/sub-02_FLAIR.nii.gz kept_flair
head -c 2000 kept_flair >cohort/flair/sub-02_FLAIR.nii.gz
status 1 larmor check cohort/study.yaml
says "^bad: case 'sub-02': 't1' cannot be read"
says "^bad: case 'sub-02': 'flair' cannot be read"
[ "$(grep -c '^bad:' out)" -eq 2 ] || fail "two scans that cannot be read are two reasons"
says "^1 of 3 cases would fail"
cp kept_flair cohort/flair/sub-02_FLAIR.nii.gz
cp kept cohort/t1/sub-02_T1.nii.gz

# a wrong study: exit status 2, with line and column
mistake() { # SED-SCRIPT WORDS
    sed "$1" cohort/study.yaml >cohort/wrong.yaml
    status 2 larmor check cohort/wrong.yaml
    complains "$2"
}
mistake 's/^train:/trian:/' "^larmor check: cohort/wrong.yaml:[0-9]*:1: 'the study' has no key 'trian'$"
complains "^  try 'train'$"
mistake 's/  - normalize:/  - normalise:/' "wrong.yaml:[0-9]*:5: there is no step 'normalise'"
mistake 's/rate: 5e-3/rate: fast/' "wrong.yaml:[0-9]*:9: 'fast' is not a valid rate"
mistake 's/valid: 1/valid: 0/' "the split "
mistake 's/train: 2, valid: 1/train: 3, valid: 1/' "asks for 4 subjects .* but there are 3"
mistake 's/train: 2, valid: 1/train: 3, valid: 0/' "leaves no subject of 3 for 'valid'"
mistake 's/_FLAIR/_FLARE/' "no file matches 'flair/{subject}_FLARE.nii.gz'"
printf '\nleave_out: [sub-9]\n' | cat cohort/study.yaml - >cohort/wrong.yaml
status 2 larmor check cohort/wrong.yaml
complains "has no key 'leave_out'"
mistake 's/^prepare:/  leave_out: [sub-99]\nprepare:/' "leave_out names 'sub-99', but there is no such"

# an id in one folder only, and an unequal count
mv cohort/flair/sub-03_FLAIR.nii.gz aside
status 2 larmor check cohort/study.yaml
complains "1 subject is not complete: 'sub-03' has no flair"
complains "try mending the names, or leave_out: \[sub-03\]"
mv aside cohort/flair/sub-3_FLAIR.nii.gz
status 2 larmor check cohort/study.yaml
complains "2 subjects are not complete: .*'sub-3' has no t1"
mv cohort/flair/sub-3_FLAIR.nii.gz cohort/flair/sub-03_FLAIR.nii.gz

status 66 larmor check nothing.yaml
complains "nothing.yaml"
status 2 larmor check
