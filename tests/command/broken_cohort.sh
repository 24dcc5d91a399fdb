# larmor prepare: a cohort of 100 of which 17 are broken in 17 ways: 83 right outputs, 17 right reasons, and
# every good case to the same bits as if it had run alone.
# SPDX-License-Identifier: Apache-2.0
study() { # study FOLDER STEPS
    cat >"$1/study.yaml" <<YAML
data:
  images:
    t1:    {path: "t1/{subject}.nii.gz",    role: input}
    flair: {path: "flair/{subject}.nii.gz", role: target}
    brain: {path: "brain/{subject}.nii.gz", role: mask}
  split: split.csv
prepare:
  - clip: {percentiles: [1, 99], mask: brain}
  - resample: {spacing: 3}
  - normalize: $2
YAML
}
split() { # split FOLDER: who is there, every fourth one held out
    (cd "$1" && echo subject,split && find t1 -name '*.nii.gz' | sed 's/.*\///; s/.nii.gz//' | sort |
        awk '{ n = substr($0, 2) + 0; print $0 "," (n % 4 == 1 ? "valid" : "train") }') >rows
    mv rows "$1/split.csv"
}
sums() { (cd "$1" && find . -name '*.nii' -exec cksum {} + | sort); }

# a reader of MINC that crashes, beside a copy of the library
kind=none
echo 'int main(void) { return *(volatile int *)0; }' >crash.c
if [ -x "$BUILD/larmor-minc" ] && command -v cc >where && [ ! "${LD_PRELOAD:-}" ]; then
    mkdir planted && cp "$LARMOR" planted/ && cp "$BUILD"/liblarmor.so* planted/
    cc -o planted/larmor-minc crash.c || fail "cc"
    LD_LIBRARY_PATH=$PWD/planted planted/larmor doctor 2>/dev/null | grep -q "larmor-minc ($PWD/planted" && kind=minc
fi
[ $kind = minc ] || omit "a crash of a foreign reader: no larmor-minc, or it cannot be replaced here"
[ $kind = none ] || { PATH=$PWD/planted:$PATH LD_LIBRARY_PATH=$PWD/planted; export PATH LD_LIBRARY_PATH; }

python3 "$SOURCE/tests/command/broken_cohort.py" $kind >reasons || fail "making the cohort"
[ "$(wc -l <reasons)" -eq 17 ] || fail "17 ways"
for folder in cohort whole; do
    study $folder '{method: zscore, mask: brain}'
    split $folder
done
status 1 larmor prepare cohort/study.yaml --quiet
says "^83 cases prepared, 0 kept, 17 failed"
complains "^larmor prepare: 17 of 100 cases failed, see 'cohort/study/failed.tsv'$"
[ "$(wc -l <cohort/study/failed.tsv)" -eq 18 ] || fail "failed.tsv"
cut -f1 reasons >broken
tail -n +2 cohort/study/failed.tsv | cut -f1 | cmp -s - broken || fail "who failed, in order"
tab=$(printf '\t')
while IFS=$tab read -r name words; do
    grep -qE "^$name${tab}case '$name'.*($words)" cohort/study/failed.tsv ||
        { grep "^$name" cohort/study/failed.tsv; fail "the reason of $name is not '$words'"; }
    [ ! -e cohort/study/prepared/"$name"/t1.nii ] || fail "$name has a volume"
done <reasons

# the good ones alone, by one thread; two at a time, in runs of their own
OMP_NUM_THREADS=1 status 0 larmor prepare whole/study.yaml --quiet
sums cohort/study/prepared >first
[ "$(wc -l <first)" -eq 249 ] || fail "83 cases of 3 volumes"
sums whole/study/prepared | cmp -s - first || fail "a good case differs without the broken ones"
mkdir pair pair/t1 pair/flair pair/brain
study pair '{method: zscore, mask: brain}'
find whole/t1 -name '*.gz' | sed 's/.*\///' | sort | head -82 >good
while read -r one && read -r two; do
    rm -rf pair/study pair/*/*.gz
    for image in t1 flair brain; do ln "whole/$image/$one" "whole/$image/$two" pair/$image/; done
    printf 'subject,split\n%s,train\n%s,valid\n' "${one%.nii.gz}" "${two%.nii.gz}" >pair/split.csv
    larmor prepare pair/study.yaml --quiet >out 2>err || { cat err; fail "$one and $two alone"; }
    sums pair/study/prepared | grep -vFf - first | wc -l | grep -qx 243 || fail "$one and $two alone are others"
done <good

# what is broken is tried again, what is done is kept; mended, all is there
status 1 larmor prepare cohort/study.yaml --quiet
says "^0 cases prepared, 83 kept, 17 failed"
status 0 larmor prepare cohort/study.yaml --dry-run
says "^s005 .* again .* it failed before$"
says "^s001 .* kept$"
says "^0 new, 17 again, 83 kept; nothing was written$"

# a standard is learned from the training scans that can be read, whatever becomes of their cases
study cohort '{method: nyul, mask: brain}'
status 1 larmor prepare cohort/study.yaml -o cohort/nyul --quiet
says "^83 cases prepared, 0 kept, 17 failed"
complains "^warning: case 's015' is left out of the standard of 't1', because .* not finite"
complains "^warning: case 's055' is left out of the standard of 't1', because .* is larger than all memory"
OMP_NUM_THREADS=1 status 1 larmor prepare cohort/study.yaml -o cohort/alone --quiet
sums cohort/nyul/prepared >first
sums cohort/alone/prepared | cmp -s - first || fail "one thread gives other bits"
for run in nyul study; do grep -v ^s055 cohort/$run/failed.tsv >$run; done # it tells how much memory is free
cmp -s nyul study || fail "other reasons"
