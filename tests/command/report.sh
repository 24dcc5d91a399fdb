# larmor report, and the page that prepare and train write by themselves: what is on it; what is missing,
# damaged or older; runs that are stopped; a page that cannot be written.
# SPDX-License-Identifier: Apache-2.0
export PYTHONPATH="$SOURCE/tests/command" PYTHONDONTWRITEBYTECODE=1
page() { python3 "$SOURCE/tests/command/report_page.py" "$@" || fail "the page $1"; }

status 0 larmor phantom cohort --subjects 5 --spacing 5 --turn 8 --move 6 --quiet
cp cohort/flair/sub-03_FLAIR.nii.gz cohort/flair/sub-04_FLAIR.nii.gz # of another head
head -c 2000 cohort/t1/sub-05_T1.nii.gz >short && mv short cohort/t1/sub-05_T1.nii.gz
cat >cohort/study.yaml <<'END'
# the study <b>to the letter</b> & "more"
data:
  images:
    t1:    {path: "t1/{subject}_T1.nii.gz"}
    flair: {path: "flair/{subject}_FLAIR.nii.gz", role: target}
  split: split.csv
prepare:
  - clip: {percentiles: [0, 99.9]}
  - register: {move: flair, to: t1, kind: rigid}
  - normalize: {}
  - crop: {axis: z, range: [0.1, 0.9], when: training}
network: {channels: 2, blocks: 0}
train: {epochs: 6, batch: 1, rate: 2e-2}
END
printf 'subject,split\nsub-01,train\nsub-02,valid\nsub-03,valid\nsub-04,train\nsub-05,train\n' >cohort/split.csv
status 66 larmor report cohort/study.yaml
complains "nothing is prepared in 'cohort/study'"
complains "try larmor prepare cohort/study.yaml"
mkdir empty
status 66 larmor report empty
status 66 larmor report nothing.yaml
[ -z "$(ls empty)" ] || fail "a report was made of nothing"

# the page that prepare writes: flagged cases first, then failed ones, each with the reason
status 1 larmor prepare cohort/study.yaml
says "^report   cohort/study/report.html$"
flagged=$(sed -n 2p cohort/study/flagged.tsv | cut -f 2)
failed=$(sed -n 2p cohort/study/failed.tsv | cut -f 2)
page cohort/study/report.html "Flagged cases" "sub-04" "$flagged" "the scan" "after 1 clip" "after 3 normalize (zscore)" \
    "prepared: crop" "prepared: register, crop" "Step 2, register: contours of flair over t1" "Failed cases" "sub-05" \
    "$failed" "Prepared cases" "sub-01" "sub-02" "sub-03" "Histograms" "t1 (input)" "flair (target)" "Pairs and geometry" \
    "t1/sub-01_T1.nii.gz" "The study" '# the study <b>to the letter</b> & "more"' "epochs: 6, batch: 1" "Versions" \
    "!epochs in" "!Scores" "!not finished"
cp -r cohort/study kept

# training: curves and scores, which are those of history.csv and of evaluate
status 0 larmor train cohort/study.yaml
says "^report   cohort/study/report.html$"
page cohort/study/report.html "Flagged cases" "Training" "6 epochs in" "Scores" "Best" "Worst" "Prepared cases"
status 0 larmor evaluate cohort/study/train/best.safetensors cohort/study.yaml --json
cp out scores.json
cat >compare.py <<'END'
import csv, json
from report_page import Page
p = Page("cohort/study/report.html")
rows = json.load(open("scores.json"))
for row in rows["subjects"] + rows["mean"]:
    wanted = [row["subject"], row["target"]] + ["%.4g" % row[k] for k in ("mae", "mse")]
    wanted += ["%.2f" % row["psnr"], "%.4f" % row["ssim"], "%.4f" % row["ncc"]]
    assert wanted in p.rows, (wanted, p.rows)
history = list(csv.reader(open("cohort/study/train/history.csv")))[1:]
for row in history:
    assert row in p.rows, row
best = min(history, key=lambda row: float(row[2]))
assert "best held-out loss %.4f after epoch %s." % (float(best[2]), best[0]) in p.words
order = sorted(rows["subjects"], key=lambda row: row["mae"])
assert "flair of %s, mean absolute error %.4g" % (order[0]["subject"], order[0]["mae"]) in p.words
assert "flair of %s, mean absolute error %.4g" % (order[-1]["subject"], order[-1]["mae"]) in p.words
assert [alt for kind, alt in p.pictures].count("synthesis") == 2
assert sum(kind == "svg+xml" for kind, _ in p.pictures) == 4, p.pictures
END
python3 compare.py || fail "the numbers on the page"

# again: nothing is scored or drawn a second time; what is lost is made anew, to the same bits
cp cohort/study/report/scores.json first
touch -d 2001-01-01 cohort/study/report/scores.json cohort/study/report/sub-01/pictures.json
status 0 larmor report cohort/study.yaml
says "^report   cohort/study/report.html$"
[ "$(date -r cohort/study/report/scores.json +%Y)" = 2001 ] || fail "scored again"
[ "$(date -r cohort/study/report/sub-01/pictures.json +%Y)" = 2001 ] || fail "drawn again"
rm cohort/study/report/scores.json
status 0 larmor report cohort/study
cmp -s first cohort/study/report/scores.json || fail "the scores of one model differ"
status 1 larmor prepare cohort/study.yaml --quiet
[ "$(date -r cohort/study/report/sub-01/pictures.json +%Y)" = 2001 ] || fail "a case that was kept is drawn again"
page cohort/study/report.html "Training" "Scores" "Best"

# into another file, which is not replaced unasked
status 0 larmor report cohort/study
status 0 larmor report cohort/study -o look.html
cmp -s look.html cohort/study/report.html || fail "the page depends on its name"
status 73 larmor report cohort/study -o look.html
complains "'look.html' exists"
status 0 larmor report cohort/study -o look.html --force
larmor report cohort/study -o nowhere/look.html >out 2>err && fail "a page in a folder that is not there"
complains "nowhere/look.html"

# a work folder of an older larmor, without pictures: scans and prepared images are drawn now
cp -r cohort/study older && rm -r older/report older/report.html
status 0 larmor report older
page older/report.html "sub-04" "Prepared cases" "sub-01" "the scan" "prepared: crop" "Histograms" "t1 (input)" \
    "The study file is not known here" "prepare.3.normalize.method: zscore" "!after 1 clip" "!is gone"

# the study file has changed since it was run
sed 's/epochs: 6/epochs: 60/' cohort/study.yaml >changed && cp cohort/study.yaml same && cp changed cohort/study.yaml
status 0 larmor report cohort/study.yaml
page cohort/study/report.html "says something else now" "epochs: 6, batch" "!not finished"
cp same cohort/study.yaml

# damaged or missing: the page says it, and the rest is there
cp -r cohort/study damaged
rm damaged/prepared/sub-02/flair.nii
echo '{' >damaged/report/sub-03/pictures.json
printf '7,0.5,0.' >>damaged/train/history.csv
status 0 larmor report damaged
complains "history.csv' is not whole: what follows epoch 6 is left out"
page damaged/report.html "6 epochs in" "sub-02" "The prepared volume of flair is gone: 'damaged/prepared/sub-02/flair.nii'" \
    "sub-03" "Nothing was drawn of this case"
printf 'epoch,train_loss,valid_loss,rate,seconds\n1,0.5,0.6,1e-3,0.1\n3,1,1,1,1\n' >damaged/train/history.csv
status 0 larmor report damaged
page damaged/report.html "The training is not finished: 1 of 6 epochs have run (last written " "1 epoch in"
rm damaged/report/scores.json && echo x >damaged/train/best.safetensors
status 0 larmor report damaged
page damaged/report.html "Not scored: "
echo '{"larmor": 1' >damaged/prepared/cases.json
status 65 larmor report damaged
complains "cases.json' is not what prepare writes"

# all cases fail
mkdir -p bad/t1 bad/flair
for n in 1 2 3; do echo no >bad/t1/s${n}_T1.nii; echo no >bad/flair/s${n}_FLAIR.nii; done
sed 's/\.nii\.gz/.nii/; s/split: split.csv/split: {valid: 1}/' cohort/study.yaml >bad/study.yaml
status 1 larmor prepare bad/study.yaml
page bad/study/report.html "Failed cases" s1 s2 s3 "Prepared cases" "There are none"

# a page or pictures that cannot be written are one warning, and the preparation is what it was
mkdir -p blocked/report.html
status 1 larmor prepare cohort/study.yaml --output blocked
[ "$(grep -c '^warning: no report: .*blocked/report.html' err)" -eq 1 ] || { cat err; fail "a page that cannot be written"; }
rm -r blocked && mkdir blocked && echo file >blocked/report
status 1 larmor prepare cohort/study.yaml --output blocked
[ "$(grep -c '^warning: no pictures for the report: ' err)" -eq 1 ] || { cat err; fail "pictures that cannot be written"; }
for volume in sub-01/t1.nii sub-01/flair.nii sub-04/flair.flagged.nii; do
    cmp -s blocked/prepared/$volume kept/prepared/$volume || fail "pictures change the bits of $volume"
done
status 0 larmor train cohort/study.yaml --output blocked --quiet
page blocked/report.html "Training" "Scores" "Nothing was drawn of this case"

# stopped: the page stands still and says so
n=0
for wait in 0.1 0.2 0.3 0.5 0.8; do
    rm -rf stopped
    larmor prepare cohort/study.yaml --output stopped --quiet >out 2>err &
    pid=$!
    sleep $wait
    kill -INT $pid 2>/dev/null
    wait $pid
    [ $? -eq 130 ] && [ -e stopped/report.html ] && [ -s err ] || continue
    page stopped/report.html "Not finished: stopped before 'sub-0" "The preparation is not finished: "
    n=$((n + 1))
done
[ $n -gt 0 ] || omit "no ctrl-C met a running preparation"
# killed: the page that is there goes on to load itself, until larmor report is run
n=0
for wait in 0.1 0.2 0.3 0.5 0.8; do
    rm -rf killed
    timeout -s KILL $wait larmor prepare cohort/study.yaml --output killed --quiet >out 2>&1
    [ -e killed/report.html ] && grep -q pending killed/prepared/cases.json || continue
    python3 -c 'from report_page import Page; p = Page("killed/report.html")
assert p.reloads and "The preparation runs: this page was written 20" in p.words' || fail "the page of a running preparation"
    status 0 larmor report killed
    page killed/report.html "The preparation is not finished: " "(last written 20"
    n=$((n + 1))
done
[ $n -gt 0 ] || omit "no kill met a running preparation"
