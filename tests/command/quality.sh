# larmor quality: before and after, patterns of names, a bad image among good ones, the picture
# SPDX-License-Identifier: Apache-2.0
status 0 larmor phantom heads --subjects 3 --spacing 6 --seed 3 --contrasts t1,flair -q
mkdir z loud
for t1 in heads/t1/*.nii.gz; do
    name=${t1##*/}
    status 0 larmor normalize zscore "$t1" -o "z/$name" -q
done

status 0 larmor quality heads/t1/*.nii.gz -q
says '^divergence  *0\.[0-9]*  nats (0: alike, 0.693: apart), mean of 3 pairs$'
! grep -q 'normalization' out || fail "a verdict without --after"
# a gain of its own for one image: z-score takes it away
status 0 larmor rescale heads/t1/sub-02_T1.nii.gz -o loud/sub-02_T1.nii.gz --from 0 1 --to 0 3 -q
cp heads/t1/sub-01_T1.nii.gz heads/t1/sub-03_T1.nii.gz loud
status 0 larmor quality loud/*.nii.gz --after z -q --mask 'heads/truth/{subject}_brain.nii.gz' \
    --tissue 'heads/truth/{subject}_labels.nii.gz' --plot plot.png
says '^ *before *after$'
says '^normalization helped: divergence .* before, .* after (-[0-9]* %), [23] of 3 pairs closer; tissue scatter'
[ -s plot.png ] || fail "no plot"
status 73 larmor quality loud/*.nii.gz --plot plot.png -q
status 0 larmor quality loud/*.nii.gz --after 'z/{name}.nii.gz' --json --plot lines.svg --linear -q
says '"logarithm": "natural"'
says '"verdict": "helped"'
python3 - out <<'P' || fail "the JSON does not hold what it should"
import json, sys
r = json.load(open(sys.argv[1]))
d = r["before"]["divergences"]
assert len(r["images"]) == 3 and not r["failed"]
assert all(d[n][n] == 0 and d[n][m] == d[m][n] for n in range(3) for m in range(3))
assert abs((d[0][1] + d[0][2] + d[1][2]) / 3 - r["before"]["divergence"]) < 1e-8
assert r["after"]["divergence"] < r["before"]["divergence"]
P
# any number of threads
status 0 larmor quality loud/*.nii.gz --json -q -j 1
cp out one
status 0 larmor quality loud/*.nii.gz --json -q -j 3
cmp one out || fail "one thread and three differ"
# the same images before and after
status 0 larmor quality loud/*.nii.gz --after loud -q
says 'did not help'

# names that larmor normalize gives, in a folder
mkdir named
for n in 1 2 3; do cp z/sub-0${n}_T1.nii.gz named/sub-0${n}_T1_zscore.nii.gz; done
status 0 larmor quality loud/*.nii.gz --after named -q
says 'normalization helped'
cp named/sub-01_T1_zscore.nii.gz named/sub-01_T1_kde.nii.gz
status 1 larmor quality loud/*.nii.gz --after named -q
complains "'named' holds 'sub-01_T1_kde.nii.gz' and 'sub-01_T1_zscore.nii.gz'"
rm named/sub-01*
status 1 larmor quality loud/*.nii.gz --after named -q
complains "'named' holds neither 'sub-01_T1.nii.gz' nor"

# one bad image does not stop the rest
head -c 1000 loud/sub-03_T1.nii.gz >loud/sub-04_T1.nii.gz
status 1 larmor quality loud/*.nii.gz --json
complains "'loud/sub-04_T1.nii.gz' is left out"
complains '1 of 4 images were left out'
says '"failed": \["loud/sub-04_T1.nii.gz"\]'
status 2 larmor quality loud/sub-04_T1.nii.gz loud/sub-01_T1.nii.gz
complains 'at least two are needed'
status 2 larmor quality loud/sub-01_T1.nii.gz
complains 'at least two are needed'
status 2 larmor quality loud/*.nii.gz --after z/sub-01_T1.nii.gz
complains "try --after 'normalized/{name}.nii.gz'"
status 2 larmor quality loud/*.nii.gz --plot plot.bmp
status 2 larmor quality loud/*.nii.gz --mask heads/flair/sub-01_FLAIR.nii.gz # on no image's grid
complains "is not on the grid of the image"
