# larmor histogram: the picture, the table of few and of many images, names, ranges, bad input
# SPDX-License-Identifier: Apache-2.0
status 0 larmor phantom heads --subjects 3 --spacing 8 --seed 3 -q
mkdir z loud many
# a gain of its own for two images of three; white matter's mean takes it away
n=1
for t1 in heads/t1/*.nii.gz; do
    status 0 larmor rescale "$t1" -o "loud/${t1##*/}" --from 0 1 --to 0 $n -q
    n=$((n + 1))
done
status 0 larmor normalize fcm loud/*.nii.gz -o z --mask 'heads/truth/sub-01_brain.nii.gz' -q ||
    fail "normalize"

# before and after
status 0 larmor histogram loud/*.nii.gz --after z -o plot.png --title 'three heads' \
    --mask 'heads/truth/{subject}_brain.nii.gz' --table pairs.tsv -q
says '^Jensen-Shannon distance of 3 images, 3 pairs (0: alike, 0.833: nothing in common)$'
says '^above the diagonal before, below it after normalization$'
says '^ 2 sub-02_T1  *0\.[0-9]*      -  0\.[0-9]*$'
says '^ *before   after$'
says '^mean  *0\.[0-9]*   0\.[0-9]*$'
says '^normalization helped: mean distance 0\.[0-9]* before, 0\.[0-9]* after (-[0-9]* %), 3 of 3 pairs closer$'
head -c 8 plot.png | grep -q PNG || fail "no picture"
cp out words
status 0 larmor histogram loud/*.nii.gz --after z -o plot.svg --json -q \
    --mask 'heads/truth/{subject}_brain.nii.gz'
python3 - out pairs.tsv plot.svg words <<'P' || fail "JSON, table and picture do not agree"
import csv, json, math, sys
r = json.load(open(sys.argv[1]))
rows = list(csv.DictReader(open(sys.argv[2]), delimiter="\t"))
assert [(x["image"][:6], x["other"][:6]) for x in rows] == [("sub-01", "sub-02"), ("sub-01", "sub-03"), ("sub-02", "sub-03")]
for group in ("before", "after"):
    g = r[group]
    d, j = g["distances"], g["divergences"]
    assert all(abs(d[n][m] - math.sqrt(j[n][m])) < 1e-8 and d[n][m] == d[m][n] for n in range(3) for m in range(3))
    assert all(0 < d[n][m] <= math.sqrt(math.log(2)) + 1e-9 for n in range(3) for m in range(3) if n != m)
    assert abs(g["distance"] - (d[0][1] + d[0][2] + d[1][2]) / 3) < 1e-8
    for x, (n, m) in zip(rows, ((0, 1), (0, 2), (1, 2))):
        assert abs(float(x["distance_" + group]) - d[n][m]) < 1e-8
        assert abs(float(x["divergence_" + group]) - j[n][m]) < 1e-8
shown = [line.split()[2:] for line in open(sys.argv[4]) if "sub-" in line]
for n in range(3):
    for m in range(3):
        group = "before" if m > n else "after"
        wanted = "-" if m == n else "%.3f" % r[group]["distances"][n][m]
        assert shown[n][m] == wanted, (n, m, shown)
assert r["verdict"] == "helped" and r["closer_pairs"] == 3
assert open(sys.argv[3]).read().startswith("<?xml")
P
# quality measures the same, and says the same
cp out histogram.json
status 0 larmor quality loud/*.nii.gz --after z --json -q --mask 'heads/truth/{subject}_brain.nii.gz'
cmp -s out histogram.json || fail "quality and histogram differ"
# there and back: normalizing the wrong way round does not help
status 0 larmor histogram z/*.nii.gz --after z -o same.pdf -q
says 'normalization did not help: mean distance \(0\.[0-9]*\) before, \1 after (+0 %), 0 of 3 pairs closer'
head -c 5 same.pdf | grep -q '%PDF' || fail "no PDF"

# the same bits for any number of threads
status 0 larmor histogram loud/*.nii.gz -o one.svg -q -j 1
status 0 larmor histogram loud/*.nii.gz -o three.svg -q -j 3
sed 's/surface[0-9]*//' one.svg >one && sed 's/surface[0-9]*//' three.svg >three
cmp -s one three || fail "one thread and three differ"

# many images: the farthest by name, and all pairs where they are asked for
for n in 01 02 03 04 05 06 07 08 09 10 11 12 13; do
    cp loud/sub-01_T1.nii.gz many/scan${n}.nii.gz
done
cp loud/sub-03_T1.nii.gz many/odd.nii.gz
status 0 larmor histogram many/*.nii.gz -o many.svg --table many.tsv -q
says '^Jensen-Shannon distance of 14 images, 91 pairs'
says '^images farthest from the others, mean distance$'
says '^  odd  *0\.[0-9]*$'
says '^--table FILE and --json have every pair$'
[ "$(wc -l <out)" -lt 20 ] || fail "a long table"
[ "$(wc -l <many.tsv)" -eq 92 ] || fail "not every pair in the table"

# ranges, bins, labels
status 0 larmor histogram loud/*.nii.gz --after z -o r.svg --range 0 1000 0 2 --bins 50 -q --json
says '"range": \[0.0, 1000.0\]'
says '"range": \[0.0, 2.0\]'
status 0 larmor histogram loud/*.nii.gz --after z -o r2.svg --range 0 1000 --percent --linear -q --json
[ "$(grep -c '"range": \[0.0, 1000.0\]' out)" -eq 1 ] || fail "a range for both groups"
status 2 larmor histogram loud/*.nii.gz -o r3.svg --range 0 1000 0 2
complains 'two numbers that rise'
status 0 larmor histogram loud/*.nii.gz -o l.svg --labels 'one,two,a word that is much too long for a table of distances on a screen' -q
says '^ 2 two '
says '^ 3 ~[a-z ]* on a screen '
status 2 larmor histogram loud/*.nii.gz -o l2.svg --labels one,two
complains "has 2 labels for 3 images"
[ ! -e l2.svg ] || fail "a picture in spite of its labels"
# the same name in several folders
mkdir a b && cp loud/sub-01_T1.nii.gz a/t1.nii.gz && cp loud/sub-02_T1.nii.gz b/t1.nii.gz
cp -r a a_z && cp -r b b_z
status 0 larmor histogram a/t1.nii.gz b/t1.nii.gz --after '{folder}_z/t1.nii.gz' -o f.svg -q
says '^ 1 a/t1 '

# a name that would colour the screen
cp loud/sub-01_T1.nii.gz "$(printf 'a/\033[31mred.nii.gz')"
status 0 larmor histogram a/*.nii.gz -o esc.svg --table esc.tsv -q
grep -q "$(printf '\033')" out esc.tsv && fail "control characters of a name are printed"
says '?\[31mred'

# one image alone has a histogram and no pair
status 0 larmor histogram loud/sub-01_T1.nii.gz -o alone.png -q
says 'one image: there is no pair to compare'
status 0 larmor histogram loud/sub-01_T1.nii.gz --after z/sub-01_T1_fcm.nii.gz -o alone2.png --json --table t.tsv -q
says '"distance": null'
[ "$(wc -l <t.tsv)" -eq 1 ] || fail "a pair of one image"

# what cannot be used is named and left out
mkdir bad && cp loud/*.nii.gz bad
head -c 1000 loud/sub-03_T1.nii.gz >bad/cut.nii.gz
status 1 larmor histogram bad/*.nii.gz -o b1.svg
complains "'bad/cut.nii.gz' is left out"
complains '1 of 4 images were left out'
says '3 images, 3 pairs'
rm bad/cut.nii.gz
status 1 larmor histogram loud/*.nii.gz many/odd.nii.gz --after z -o b2.svg # not among the normalized
complains "'z' holds neither 'odd.nii.gz' nor a file that begins with 'odd_'"
status 2 larmor histogram loud/*.nii.gz --after z/sub-01_T1_fcm.nii.gz -o b3.svg
complains "try --after 'normalized/{name}.nii.gz'"
status 0 larmor rescale loud/sub-01_T1.nii.gz -o flat.nii.gz --from 0 1 --to 5 5.0000001 -q ||
    fail "rescale"
status 0 larmor clip loud/sub-01_T1.nii.gz -o flat.nii.gz --range 100000 100001 -q --force
status 65 larmor histogram flat.nii.gz -o b4.svg --foreground whole -q
complains 'the images are constant'
status 0 larmor rescale flat.nii.gz -o empty.nii.gz --from 100000 100001 --to 0 1 -q
status 65 larmor histogram loud/sub-01_T1.nii.gz -o b5.svg --mask empty.nii.gz
complains "the mask is empty"
status 65 larmor histogram loud/sub-01_T1.nii.gz -o b6.svg --mask heads/flair/sub-01_FLAIR.nii.gz
complains 'is not on the grid of the image'
status 65 larmor histogram loud/sub-01_T1.nii.gz --after heads/flair/sub-01_FLAIR.nii.gz -o b7.svg
complains 'it cannot be used after normalization'
complains 'try images on the grid of the raw ones'
status 2 larmor histogram loud/*.nii.gz -o b7.bmp
complains 'does not say which kind of picture'
status 2 larmor histogram loud/*.nii.gz
status 73 larmor histogram loud/*.nii.gz -o plot.png
status 73 larmor histogram loud/*.nii.gz -o new.png --table pairs.tsv
for n in 1 2 3 4 5 6 7; do [ "$n" -le 2 ] || [ ! -e b$n.svg ] || fail "b$n.svg is there"; done
