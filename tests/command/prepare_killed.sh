# larmor prepare: killed at many moments and run again, the work folder is the one of a run that nobody
# stopped, and nothing temporary stays; two at once into one folder.
# SPDX-License-Identifier: Apache-2.0
status 0 larmor phantom cohort --subjects 6 --spacing 8 --quiet
cat >cohort/study.yaml <<'YAML'
data:
  images:
    t1:    {path: "t1/{subject}_T1.nii.gz",       role: input, contrast: t1}
    flair: {path: "flair/{subject}_FLAIR.nii.gz", role: target, contrast: flair}
  split: {train: 4, valid: 2, seed: 1}
prepare:
  - n4: {}
  - resample: {images: flair, onto: t1}
  - normalize: {method: nyul}
YAML
status 0 larmor prepare cohort/study.yaml --output cohort/whole --quiet

# moments that fall anywhere in a run: as long as it takes here, divided unevenly
begin=$(date +%s%N)
status 0 larmor prepare cohort/study.yaml --output cohort/timed --quiet
took=$((($(date +%s%N) - begin) / 1000000))
kills=0 temporary=0
until=$(($(date +%s) + 40))
while [ "$(date +%s)" -lt "$until" ] && [ $kills -lt 60 ]; do
    rm -rf cohort/killed
    # twice, then to the end
    for turn in 1 2; do
        kills=$((kills + 1))
        wait=$(((kills * 7919 + turn * 104729) % (took + 1)))
        timeout -s KILL "$(printf '%d.%03d' $((wait / 1000)) $((wait % 1000)))" \
            larmor prepare cohort/study.yaml --output cohort/killed --quiet >out 2>&1
        temporary=$((temporary + $(find cohort/killed -name '.larmor-*' 2>/dev/null | wc -l)))
    done
    status 0 larmor prepare cohort/study.yaml --output cohort/killed --quiet
    [ -z "$(find cohort/killed -name '.*' -type f)" ] || fail "temporary files stay: $(find cohort/killed -name '.*')"
    diff -r -x report.html cohort/whole cohort/killed >differ || { cat differ; fail "killed $kills times, it is another"; }
done
echo "killed $kills times; $temporary temporary files were left, and cleaned"
[ $kills -ge 6 ] || fail "too few to tell"

# a temporary file of a writer that lives is not touched; of a dead one it is removed
touch cohort/whole/prepared/sub-01/.larmor-AbCdEf cohort/whole/prepared/sub-01/.larmor-GhIjKl
flock cohort/whole/prepared/sub-01/.larmor-AbCdEf sleep 20 >holder 2>&1 &
holder=$!
sleep 0.3
status 0 larmor prepare cohort/study.yaml --output cohort/whole --quiet
[ -e cohort/whole/prepared/sub-01/.larmor-AbCdEf ] || fail "a living writer's file is gone"
[ ! -e cohort/whole/prepared/sub-01/.larmor-GhIjKl ] || fail "a dead writer's file stays"
kill $holder 2>/dev/null
wait $holder 2>/dev/null

# another one is at work in the folder
flock cohort/whole sleep 20 >holder 2>&1 &
holder=$!
sleep 0.3
status 73 larmor prepare cohort/study.yaml --output cohort/whole --quiet
complains "another larmor prepares into 'cohort/whole' just now"
complains "try to wait for it, or another --output"
sed 's/seed: 1/seed: 77/' cohort/study.yaml >cohort/other.yaml
before=$(sha256sum cohort/whole/split.csv)
status 73 larmor prepare cohort/other.yaml --output cohort/whole --force --quiet
[ "$before" = "$(sha256sum cohort/whole/split.csv)" ] || fail "a split changes under another's hands"
kill $holder 2>/dev/null
wait $holder 2>/dev/null
true
