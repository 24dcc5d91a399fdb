# larmor prepare: a cohort into its work folder; again; with a changed study; with bad scans; stopped.
# SPDX-License-Identifier: Apache-2.0
status 0 larmor phantom cohort --subjects 4 --spacing 6 --quiet

status 0 larmor prepare cohort/study.yaml
says "^4 cases prepared, 0 kept, 0 failed: cohort/study/prepared$"
[ "$(head -1 cohort/study/split.csv)" = subject,split ] || fail "split.csv"
[ "$(wc -l <cohort/study/split.csv)" -eq 5 ] || fail "split.csv"
[ -e cohort/study/failed.tsv ] && fail "failed.tsv without a failure"
for n in 1 2 3 4; do
    for image in t1 flair; do
        status 0 larmor info "cohort/study/prepared/sub-0$n/$image.nii"
        says "RAS"
        says "float32"
    done
done
(cd cohort/study && find . -type f ! -name report.html -exec cksum {} + | sort) >first

# again: all is kept. Elsewhere, by one thread: the same bits
status 0 larmor prepare cohort/study.yaml --json
python3 -c 'import json; d = json.load(open("out")); assert (d["done"], d["kept"], d["failed"]) == (0, 4, 0), d' ||
    fail "the JSON"
OMP_NUM_THREADS=1 status 0 larmor prepare cohort/study.yaml --output cohort/one
(cd cohort/one && find . -type f ! -name report.html -exec cksum {} + | sort) | cmp -s - first || fail "one thread gives other bits"

# a changed study
sed 's/method: zscore/images: t1/' cohort/study.yaml >cohort/other.yaml
status 73 larmor prepare cohort/other.yaml --output cohort/one
complains "was prepared by another study: it was made with 'prepare.*images: t1 flair'"
complains "try --force"
(cd cohort/one && find . -type f ! -name report.html -exec cksum {} + | sort) | cmp -s - first || fail "a refused run changed something"
status 0 larmor prepare cohort/other.yaml --output cohort/one --force
says "^4 cases prepared"
sed 's/seed: 1}/seed: 2}/' cohort/study.yaml >cohort/drawn.yaml
grep -q 'seed: 2' cohort/drawn.yaml || fail "the seed"
cp -r cohort/study cohort/drawn
larmor prepare cohort/drawn.yaml --output cohort/drawn >out 2>err
case $? in
    73) complains "splits the subjects otherwise" ;;
    0) cmp -s cohort/drawn/split.csv cohort/study/split.csv || fail "the split changed silently" ;; # as drawn before
    *) cat err; fail "a changed seed" ;;
esac

# one truncated, one constant and one NaN scan: the fourth is done, each reason is told
cp -r cohort bad && rm -r bad/study
head -c 3000 cohort/t1/sub-01_T1.nii.gz >bad/t1/sub-01_T1.nii.gz
cat >spoil.py <<'END'
import gzip, struct, sys
path, value, count = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
raw = bytearray(gzip.open(path).read())
voxels = 1
for n in range(3):
    voxels *= struct.unpack_from("<h", raw, 42 + 2 * n)[0]
struct.pack_into("<hh", raw, 70, 16, 32)  # float32
values = [value] * voxels if count == 0 else [float(n % 7) for n in range(voxels - count)] + [value] * count
raw[352:] = struct.pack("<%df" % voxels, *values)
gzip.open(path, "wb").write(raw)
END
python3 spoil.py bad/t1/sub-02_T1.nii.gz 5 0 || fail spoil
python3 spoil.py bad/flair/sub-03_FLAIR.nii.gz nan 12 || fail spoil
status 1 larmor prepare bad/study.yaml
says "^1 cases prepared, 0 kept, 3 failed"
complains "^warning: case 'sub-01': 't1' cannot be read, because .*sub-01_T1.nii.gz"
complains "^warning: case 'sub-02': 't1' is constant, every voxel is 5$"
complains "^warning: case 'sub-03': 12 of [0-9]* voxels of 'flair' are not finite$"
complains "^larmor prepare: 3 of 4 cases failed, see 'bad/study/failed.tsv'$"
[ "$(cut -f1 bad/study/failed.tsv | tr '\n' ' ')" = "subject sub-01 sub-02 sub-03 " ] || fail "failed.tsv"
[ -e bad/study/prepared/sub-04/flair.nii ] || fail "the good case is missing"
cmp -s bad/study/prepared/sub-04/flair.nii cohort/study/prepared/sub-04/flair.nii || fail "and differs"
cp cohort/t1/*.gz bad/t1/ && cp cohort/flair/*.gz bad/flair/
status 0 larmor prepare bad/study.yaml
[ -e bad/study/failed.tsv ] && fail "failed.tsv stays"

# a target on another grid: nothing runs
grep -v onto cohort/study.yaml | grep -v 'fit:\|crop:' >cohort/apart.yaml
status 65 larmor prepare cohort/apart.yaml
complains "case 'sub-01': 'flair' is on another grid ("
complains "try the step '- resample: {images: \[flair\], onto: t1}'"
[ -e cohort/apart ] && fail "something was made"
status 2 larmor prepare cohort/study.yaml --forse
status 66 larmor prepare nothing.yaml

# killed at any moment and run again: as if it had not been
for wait in 0.02 0.05 0.1; do
    timeout -s KILL $wait larmor prepare cohort/study.yaml --output cohort/killed >out 2>&1
done
status 0 larmor prepare cohort/study.yaml --output cohort/killed
(cd cohort/killed && find . -type f ! -name report.html -exec cksum {} + | sort) | cmp -s - first ||
    fail "a killed run differs"

# ctrl-C: after the case at hand, with exit status 130, and nothing temporary stays
for wait in 0.05 0.1 0.2; do
    timeout --preserve-status -s INT $wait larmor prepare cohort/study.yaml --output cohort/stopped --force --quiet >out 2>err
    got=$?
    [ $got -eq 0 ] || [ $got -eq 130 ] || { cat err; fail "ctrl-C ends with $got"; }
    [ $got -eq 0 ] || [ ! -s err ] || # no word where it came before the program listened
        grep -q "^larmor prepare: stopped before 'sub-0[1-4]'; run again to go on$" err || { cat err; fail "ctrl-C"; }
done
status 0 larmor prepare cohort/study.yaml --output cohort/stopped
(cd cohort/stopped && find . -type f ! -name report.html -exec cksum {} + | sort) | cmp -s - first || fail "a stopped run differs"

# one read and one write: each scan is opened for its header, and once more; each volume is written once
if command -v strace >where && strace -f -o trace true 2>err; then
    strace -f -e trace=openat,open,rename,link -o trace larmor prepare cohort/study.yaml --output cohort/traced --quiet >out 2>err ||
        fail "strace"
    for n in 1 2 3 4; do
        for scan in t1/sub-0${n}_T1 flair/sub-0${n}_FLAIR; do
            opened=$(grep -c "\"cohort/$scan.nii.gz\"" trace)
            [ "$opened" -eq 2 ] || fail "$scan is opened $opened times"
        done
        for image in t1 flair; do
            written=$(grep -c "rename.*\"cohort/traced/prepared/sub-0$n/$image.nii\"" trace)
            [ "$written" -eq 1 ] || fail "$image of $n is written $written times"
        done
    done
else
    omit "how often a scan is opened: strace is missing, or cannot look on"
fi

# what would be done: nothing is written
status 0 larmor prepare cohort/study.yaml --output cohort/foretold --dry-run
says "^subject  part   what      memory       disk  why$"
says "^sub-01   \(train\|valid\)  new  .* MB  .* MB$"
says "^4 new, 0 again, 0 kept; nothing was written$"
says "^memory   about .* for [1-4] cases* at a time, of .* that may be used$"
says "^disk     at most .*, of .* that are free$"
[ -e cohort/foretold ] && fail "a dry run made something"
cp -r cohort/study cohort/flipped
printf '\001' | dd of=cohort/flipped/prepared/sub-03/flair.nii bs=1 seek=4000 conv=notrunc 2>/dev/null
status 0 larmor prepare cohort/study.yaml --output cohort/flipped --dry-run --json
python3 -c 'import json; d = json.load(open("out"))
assert [c["todo"] for c in d["cases"]] == ["kept", "kept", "again", "kept"], d
assert d["cases"][2]["why"] == "\x27flair.nii\x27 is damaged" and d["new"] == 0 and d["again"] == 1, d' || fail "the JSON of a plan"
status 65 larmor train cohort/study.yaml --output cohort/flipped --quiet
complains "flair.nii', prepared for 'sub-03', is not what prepare wrote: its checksum differs"
complains "try larmor prepare with --verify"
status 0 larmor prepare cohort/study.yaml --output cohort/flipped --verify
says "^1 cases prepared, 3 kept, 0 failed"
says "^damaged  1 of them had volumes that were not as prepare wrote them$"
status 73 larmor prepare cohort/study.yaml --output cohort/study.yaml --dry-run
complains "is there, and no folder"
status 2 larmor prepare cohort/study.yaml --max-memory lots
complains "'lots' is not a valid --max-memory"
