# larmor check: what it says of who belongs to whom, of scans that are there twice, and of hundreds of cases.
# SPDX-License-Identifier: Apache-2.0
status 0 larmor phantom cohort --subjects 4 --spacing 8 -q
study() { # DATA: a study of these lines, without steps
    printf 'data:\n%s\n' "$1" >cohort/try.yaml
}
both='  images:
    t1: {path: "t1/{subject}_T1.nii.gz"}
    twin: {path: "twin/{subject}_T1.nii.gz", role: target}'
mkdir cohort/twin
for n in 1 2 3 4; do # a target on the same grid
    status 0 larmor smooth cohort/t1/sub-0${n}_T1.nii.gz -o cohort/twin/sub-0${n}_T1.nii.gz --fwhm 20 -q
done

# grids side by side
study "$both"
status 0 larmor check cohort/try.yaml
says '^subject  split  image  voxels  *mm  *axes  type  *grid$'
says '^sub-01 .*int16$'
says '^ .*twin .*float32  as t1$'
study '  images:
    t1: {path: "t1/{subject}_T1.nii.gz"}
    flair: {path: "flair/{subject}_FLAIR.nii.gz", role: target}'
status 1 larmor check cohort/try.yaml
says '^ .*flair .*  other than t1$'

# a scan under two names, compressed again, in two parts
status 0 larmor phantom other --subjects 5 --spacing 8 -q
gzip -dc cohort/t1/sub-02_T1.nii.gz | gzip -9 >cohort/t1/new_T1.nii.gz
cp other/t1/sub-05_T1.nii.gz cohort/twin/new_T1.nii.gz
printf 'subject,split\nsub-01,train\nsub-02,train\nsub-03,train\nsub-04,valid\nnew,valid\n' >cohort/split.csv
study "$both
  split: split.csv"
status 1 larmor check cohort/try.yaml
says "^bad: in two parts, 'cohort/t1/sub-02_T1.nii.gz' (sub-02, train) holds the voxels of 'cohort/t1/new_T1.nii.gz' (new, valid)$"
says '^5 cases, every one read through: each can be prepared, but parts of the split share scans$'
complains '^larmor check: one scan is in two parts$'
complains '^  try leave_out: \[sub-02\]'
status 1 larmor check cohort/try.yaml --json
python3 - <<'END' || fail "the JSON of a leak"
import json
d = json.load(open("out"))
assert d["leaks"] is True and len(d["same_scans"]) == 1, d["same_scans"]
t = d["same_scans"][0]
assert t["by"] == "voxels" and t["across_parts"] is True and t["files"][1].endswith("t1/sub-02_T1.nii.gz"), t
c = d["cases"][0]
assert c["participant"] == c["subject"] and c["images"]["twin"]["beside_first"] == "same", c
END
# two of them: the hint leaves out both, each once
cp cohort/t1/new_T1.nii.gz cohort/t1/newer_T1.nii.gz
cp cohort/twin/new_T1.nii.gz cohort/twin/newer_T1.nii.gz
cp cohort/split.csv kept.csv
printf 'newer,test\n' >>cohort/split.csv
status 1 larmor check cohort/try.yaml
complains '^  try leave_out: \[newer, sub-02\] under data'
sed -i 's/newer,test/newer,valid/; s/sub-02,train/sub-02,valid/; s/sub-03,train/sub-03,valid/; s/new,valid/new,train/' cohort/split.csv
study "$both
  split: split.csv
  leave_out: [newer, sub-02]"
status 0 larmor check cohort/try.yaml
rm cohort/t1/newer_T1.nii.gz cohort/twin/newer_T1.nii.gz
mv kept.csv cohort/split.csv
study "$both
  split: split.csv
  duplicates: warn"
status 0 larmor check cohort/try.yaml
says "^warning: 'cohort/t1/sub-02_T1.nii.gz'"
study "$both
  split: split.csv
  leave_out: [new]"
status 0 larmor check cohort/try.yaml
sed -i 's/new,valid/new,train/' cohort/split.csv # in one part
study "$both
  split: split.csv"
status 0 larmor check cohort/try.yaml
says "^warning: 'cohort/t1/sub-02_T1.nii.gz' (sub-02, train) holds the voxels of"
says 'all can be prepared$'
rm cohort/t1/new_T1.nii.gz cohort/twin/new_T1.nii.gz

# the manifest: written where asked, never over another file
study "$both"
status 0 larmor check cohort/try.yaml --manifest lists/cases.csv
cut -d , -f 1-5 lists/cases.csv | head -n 2 >lines
printf 'subject,case,split,t1,twin\nsub-01,sub-01,valid,../cohort/t1/sub-01_T1.nii.gz,../cohort/twin/sub-01_T1.nii.gz\n' | cmp -s - lines ||
    { cat lines; fail "the manifest"; }
status 73 larmor check cohort/try.yaml --manifest lists/cases.csv
complains "'lists/cases.csv' exists already"
status 0 larmor check cohort/try.yaml --manifest lists/cases.csv --force
printf 'data:\n  csv: cases.csv\n  images:\n    t1: {}\n    twin: {role: target}\n' >lists/study.yaml
cp out first
: >cohort/file # no folder: what was found is said all the same
status 73 larmor check cohort/try.yaml --manifest cohort/file/cases.csv
says '^4 cases, every one read through: all can be prepared$'
complains "cannot create the folder 'cohort/file'"
status 0 larmor check lists/study.yaml
cmp -s first out || fail "the manifest is read otherwise"
# and a change of it is noticed before a training
status 0 larmor prepare lists/study.yaml -q
sed -i 's/sub-01,valid/sub-01,train/; s/sub-02,train/sub-02,valid/' lists/cases.csv
status 2 larmor lr-find lists/study.yaml -q
complains "'sub-01' was prepared as valid, but 'lists/cases.csv' now says train"
sed -i '/^sub-03/d' lists/cases.csv
sed -i 's/sub-01,train/sub-01,valid/; s/sub-02,valid/sub-02,train/' lists/cases.csv
status 2 larmor lr-find lists/study.yaml -q
complains "'sub-03' is prepared, but not a case of 'lists/cases.csv'"

# what is known of the subjects
printf 'participant_id,age,sex,site\nsub-01,61,F,A\nsub-02,35,M,A\n03,,F,B\n' >cohort/people.csv
study "$both
  participants: people.csv
  split: {valid: 2, stratify: sex}"
status 0 larmor check cohort/try.yaml
says '^  covariate  *train  *valid$'
says '^  sex  *F  '
says "^warning: 'age' is not known of sub-03, sub-04$"
status 0 larmor check cohort/try.yaml --json
python3 -c 'import json; d = json.load(open("out")); assert d["cases"][0]["covariates"] == {"age": "61", "sex": "F", "site": "A"}' ||
    fail "the JSON of covariates"

# labels that not all have
study '  images:
    t1: {path: "t1/{subject}_T1.nii.gz"}
    tissue: {path: "truth/{subject}_labels.nii.gz", role: label}'
status 0 larmor check cohort/try.yaml
says "^labels of 'tissue': 0-"
larmor mask cohort/truth/sub-03_labels.nii.gz -o cohort/one.nii.gz --method threshold --low 1.5 --high 2.5 -q || fail mask
cp cohort/truth/sub-03_labels.nii.gz cohort/kept.nii.gz
mv cohort/one.nii.gz cohort/truth/sub-03_labels.nii.gz
status 0 larmor check cohort/try.yaml
says "^warning: label 3 of 'tissue' is not in sub-03$"
status 0 larmor check cohort/try.yaml --json
python3 -c 'import json; d = json.load(open("out")); assert d["cases"][2]["images"]["tissue"]["labels"] == [0, 1] and 3 in d["cases"][0]["images"]["tissue"]["labels"]' ||
    fail "the JSON of labels"
# of a crop without most of them, not all are listed, and that is said
larmor crop cohort/kept.nii.gz -o cohort/truth/sub-03_labels.nii.gz --axis z --range 0.9 1 --force -q || fail crop
larmor crop cohort/t1/sub-03_T1.nii.gz -o cohort/few_T1.nii.gz --axis z --range 0.9 1 -q || fail crop
cp cohort/t1/sub-03_T1.nii.gz kept_t1.nii.gz
mv cohort/few_T1.nii.gz cohort/t1/sub-03_T1.nii.gz
status 0 larmor check cohort/try.yaml
[ "$(grep -c "^warning: label" out)" -eq 8 ] || fail "label warnings are not cut at 8"
says "^\.\.\. and [0-9]* more labels of 'tissue' that not all have (--all lists each)$"
status 0 larmor check cohort/try.yaml --all
[ "$(grep -c "^warning: label" out)" -gt 8 ] || fail "--all does not list each label"
cp kept_t1.nii.gz cohort/t1/sub-03_T1.nii.gz
cp cohort/t1/sub-03_T1.nii.gz cohort/truth/sub-03_labels.nii.gz
status 0 larmor check cohort/try.yaml
says "^warning: sub-03, tissue: more than 256 values, are these labels?$"
mv cohort/kept.nii.gz cohort/truth/sub-03_labels.nii.gz

# a study that is wrong, with line and column
mistake() { # DATA WORDS
    study "$1"
    status 2 larmor check cohort/try.yaml
    complains "$2"
}
mistake "$both
  bids: x" "try.yaml:3:10: image 't1' has a path, but 'bids' says where the images are$"
mistake "  folders: x
  bids: y
  images: {t1: {}}" "try.yaml:3:3: 'bids' is given, but 'folders' says where the images are$"
mistake "  images:
    t1: {path: \"t1/{subject}.nii\", suffix: T1w}" "'suffix' of image 't1' is for data that 'bids' names, which is not there$"
complains "^  try 'bids: ...' under data$"
mistake "  csv: x
  images: {t1: {channel: 0}}" "'channel' of image 't1' is for data that 'nnunet' names"
mistake "  bids: x
  subjects: \"{subject}\"
  images: {t1: {}}" "try.yaml:3:3: 'subjects' is given, but 'bids' says where the subjects are$"
mistake "$both
  names: \"{subject}.nii\"" "'names' is of files in 'folders', which is not there$"
mistake "  csv: x
  participants: y
  images: {t1: {}}" "'participants' is given, but the covariates are columns of 'x'$"
mistake "  bids: ''
  images: {t1: {}}" "'bids' names nothing$"
mistake "  images:
    t1: {path: \"t1/{subject}_{slice}.nii\"}
    twin: {path: \"twin/{subject}.nii\"}" "try.yaml:4:18: 'twin/{subject}.nii' does not capture what 't1/{subject}_{slice}.nii' of image 't1' does"
mistake "  bids: x
  images:
    t1: {session: a}
    twin: {suffix: T2w}" "try.yaml:5:5: image 't1' says which session, and 'twin' does not"
mistake "$both
  split: {folds: 3, fold: 4}" "there is no fold 4 of 3$"
mistake "$both
  split: {folds: 1}" "1 is not a valid folds: 2 at least$"
mistake "$both
  split: {fold: 2}" "'fold' is one of 'folds', which is not there$"
mistake "$both
  split: {folds: 2, valid: 1}" "'valid' is given, but 'folds' says who is valid$"
mistake "$both
  split: {bins: 3}" "'bins' is of covariates, but 'stratify' names none$"
mistake '  images: {t1: "t1/{subject}_T1.nii.gz"}' "try.yaml:2:16: image 't1' has a word in place of keys$"
complains '^  try t1: {path: "t1/{subject}_T1.nii.gz"}$'
mistake '  images: {t1: {path: "no (t1)/{subject}_T1.nii.gz"}}' "no file matches 'no (t1)/{subject}_T1.nii.gz' of image 't1'"
complains '^  try ls cohort/no\\ \\(t1\\)/\*_T1.nii.gz$'
mistake "$both
  split: 0.2" "try.yaml:5:10: '0.2' is no file that says who is in which part$"
complains "^  try split: {valid: 0.2}$"
mistake "$both
  duplicates: refuze" "'refuze' is not a valid duplicates (one of refuse warn)$"
complains "^  try refuse$"
# ids that no two images share: what to write
mistake '  folders: .
  images: {t1: {}, flair: {role: target}}' "8 subjects are not complete: 'sub-01_FLAIR' has no t1"
complains '^  try names: "{subject}_\*.nii.gz" under data'
study '  folders: .
  names: "{subject}_*.nii.gz"
  images: {t1: {}, twin: {role: target}}'
status 0 larmor check cohort/try.yaml
says '^sub-01 '
mistake '  images:
    t1: {path: "t1/{subject}_T1.nii.gz"}
    flair: {path: "flair/{subject}.nii.gz", role: target}' "8 subjects are not complete: "
complains '^  try patterns in which {subject} is what the names of all images share$'
study "$both
  participants: nobody.csv"
status 66 larmor check cohort/try.yaml
complains "cannot open 'cohort/nobody.csv'"

# hundreds of cases share lines; each oddity is named
mkdir many many/t1
tiny_image many/one.nii 6
tiny_image many/two.nii 7
for n in $(seq 1 120); do
    { head -c 352 many/one.nii; printf '%0108d%0324d' "$n" 0 | tr 0-9 'a-j'; } >many/t1/s$n.nii
done
cp many/two.nii many/t1/s50.nii
printf 'data:\n  images: {t1: {path: "t1/{subject}.nii"}}\n' >many/study.yaml
status 0 larmor check many/study.yaml
says '^cases  image  voxels'
says '^  119  t1     6x6x6 '
says '^       s1, s2, s3 and 116 more$'
says '^       s50$'
[ "$(wc -l <out)" -lt 40 ] || fail "120 cases take $(wc -l <out) lines"
status 0 larmor check many/study.yaml --all
[ "$(grep -c '^s[0-9]* ' out)" -eq 120 ] || fail "--all does not list each case"
printf 'subject,age\ns1,20\n' >many/people.csv
printf 'data:\n  images: {t1: {path: "t1/{subject}.nii"}}\n  participants: people.csv\n' >many/study.yaml
status 0 larmor check many/study.yaml
says "^warning: 'age' is not known of s2, s3, s4, s5, s6 and 114 more$"
status 0 larmor check many/study.yaml --all
says "^warning: 'age' is not known of s2, .* s119, s120$"
# what a reader warns of many is said once
for n in $(seq 1 6); do mv many/t1/s$n.nii many/t1/s$n.nrrd; done
printf 'data:\n  images: {t1: {path: "t1/{subject}.n*"}}\n' >many/study.yaml
status 0 larmor check many/study.yaml -q
says '^warning: 6 scans (s1 t1, s2 t1, s3 t1, ...): its name is that of NRRD, its content is NIfTI'
[ -s err ] && { cat err; fail "it is said again"; }
status 0 larmor check many/study.yaml -q --all
[ "$(grep -c '^warning: s[0-9], t1: its name is that of NRRD' out)" -eq 6 ] || fail "each is said with --all"
for n in $(seq 61 120); do printf 'no scan' >many/t1/s$n.nii; done
status 1 larmor check many/study.yaml
[ "$(grep -c "^bad: case 's" out)" -eq 40 ] || fail "bad cases are not cut at 40"
says '^\.\.\. and 20 more bad cases (--all lists each)$'
says '^60 of 120 cases would fail'
