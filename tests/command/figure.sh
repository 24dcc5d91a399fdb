# larmor figure: pictures of digital heads, and what it refuses
# SPDX-License-Identifier: Apache-2.0
status 0 larmor phantom heads --subjects 1 --spacing 6 -q
t1=heads/t1/sub-01_T1.nii.gz flair=heads/flair/sub-01_FLAIR.nii.gz
status 0 larmor figure $t1 $flair $flair -o a.png --labels "T1,FLAIR,synthesis" --share 2 3 --difference 2 3 \
    --title "A head"
[ ! -s out ] || fail "something on stdout"
head -c 4 a.png | grep -q PNG || fail "a.png is no PNG"
status 0 larmor figure $t1 $flair -o b.svg --planes coronal,axial --radiological --at 5 -10.5 20 --window 0 500
grep -q '<svg' b.svg || fail "b.svg is no SVG"
status 0 larmor figure $t1 -o c.pdf --zoom 2 --interpolation nearest
head -c 5 c.pdf | grep -q PDF || fail "c.pdf is no PDF"

# the same call gives the same bytes
status 0 larmor figure $t1 $flair $flair -o again.png -l "T1,FLAIR,synthesis" --share 2,3 --difference 2,3 \
    --title "A head" -j 1
cmp -s a.png again.png || fail "another run draws another picture"

# over images, beside one another, slice by slice
labels=heads/truth/sub-01_labels.nii.gz brain=heads/truth/sub-01_brain.nii.gz
status 0 larmor figure $t1 $flair --over $labels --over 2:$brain --over-as labels,outline --opacity 0.3 1 \
    --over-names heads/truth/tissues.tsv -o over.svg
grep -q '<svg' over.svg || fail "over.svg is no SVG"
status 0 larmor figure $t1 --over heads/truth/sub-01_t1_bias.nii.gz --over-window 1 1.1 --mosaic 2x3 -o map.pdf
status 0 larmor figure $t1 $flair --contours 1 2 --checker 1 2 --difference 1 2 --alone --mosaic 4 --span -10 30 -o fit.png
status 0 larmor figure $t1 $flair --own --window "brain auto" -o own.png
status 0 larmor figure $t1 --window -10 100 -o window.png
[ ! -s err ] || fail "something on stderr"
# a name that begins with a number and a colon may be a file's
cp $brain 1:mask.nii.gz
status 0 larmor figure $t1 --over 1:mask.nii.gz -o named.png
status 0 larmor figure $t1 --over 1:./1:mask.nii.gz -o again1.png
rm 1:mask.nii.gz
status 66 larmor figure $t1 --over 1:mask.nii.gz -o d.png
complains "'mask.nii.gz'"
status 2 larmor figure $t1 --over 2:$brain -o d.png
complains "expected 1 to 1"
status 2 larmor figure $t1 --over $brain --over-as outlines -o d.png
complains "try outline"
status 2 larmor figure $t1 --over $brain --over $labels --over $labels --over-as mask,labels -o d.png
complains "--over-as names 2 ways, expected one, or 3"
status 2 larmor figure $t1 --over $brain --opacity 0.2 0.3 -o d.png
complains "--opacity has 2 numbers"
status 2 larmor figure $t1 --over $brain --over-window 3 -o d.png
complains "--over-window has 1 numbers"
status 2 larmor figure $t1 --opacity 0.2 -o d.png
complains "try --over FILE with it"
status 65 larmor figure $t1 --over $labels --over-names $brain -o d.png
complains "names no label"
status 2 larmor figure $t1 -o d.png --window brian
complains "try brain"
status 2 larmor figure $t1 -o d.png --alone
complains "nothing is left to draw"
status 2 larmor figure $t1 -o d.png --mosaic 3 --span 500 600
complains "lie outside of every image"

# one bad file among three: named, and no picture
head -c 900 $flair >cut.nii.gz
status 65 larmor figure $t1 cut.nii.gz $flair -o d.png
complains "cut.nii.gz"
status 66 larmor figure $t1 $flair absent.nii.gz -o d.png
complains "absent.nii.gz"
[ ! -e d.png ] || fail "a failed call left a picture"

status 2 larmor figure $t1
complains "where to write is missing"
status 2 larmor figure -o d.png
complains "missing argument <image>"
status 2 larmor figure $t1 -o d.gif
complains "'d.gif' does not say which kind of picture"
complains "try a name that ends in .png"
sum=$(cksum a.png)
status 73 larmor figure $t1 -o a.png
complains "'a.png' exists already"
[ "$(cksum a.png)" = "$sum" ] || fail "a refused call changed a.png"
status 0 larmor figure $t1 -o a.png -f
[ "$(cksum a.png)" != "$sum" ] || fail "--force did not replace a.png"
status 2 larmor figure $t1 $flair -o d.png --labels one
complains "'one' has 1 labels for 2 images"
status 2 larmor figure $t1 -o d.png --planes axial,saggital
complains "try sagittal"
status 2 larmor figure $t1 -o d.png --at 0 0
complains "at has 2 numbers"
status 2 larmor figure $t1 -o d.png --at 0 0 1000
complains "lies outside of every image"
status 2 larmor figure $t1 $flair -o d.png --difference 1 3
complains "names image 3"
status 2 larmor figure $t1 -o d.png --interpolation cubic
complains "nearest linear"
status 73 larmor figure $t1 -o nowhere/d.png
complains "nowhere"
[ -z "$(find . -name '.larmor*' -o -name 'd.*')" ] || fail "something was left behind"

# a machine without fonts still draws
printf '<?xml version="1.0"?><fontconfig></fontconfig>\n' >none.conf
FONTCONFIG_FILE=$PWD/none.conf
export FONTCONFIG_FILE
status 0 larmor figure $t1 -o plain.png --title "no fonts"
unset FONTCONFIG_FILE

# every example of the manual
status 0 larmor phantom manual --subjects 1 --spacing 6 --contrasts t1,flair,t2,ct -q
mkdir examples && cd examples || exit 1
for name in t1 flair t2 ct; do cp ../manual/$name/sub-01_*.nii.gz $name.nii.gz; done
cp ../manual/truth/sub-01_labels.nii.gz labels.nii.gz
cp ../manual/truth/sub-01_brain.nii.gz mask.nii.gz
cp ../manual/truth/sub-01_t1_bias.nii.gz map.nii.gz
cp ../manual/truth/tissues.tsv tissues.tsv
sed -n 's/^    \(larmor figure .*\)/\1/p' "$SOURCE/docs/figures.md" >lines
[ "$(wc -l <lines)" -ge 8 ] || fail "the manual has few examples"
while read -r line; do
    # shellcheck disable=SC2086
    status 0 $line
    name=${line##* -o }
    [ -s "${name%% *}" ] || fail "'$line' wrote nothing"
done <lines
cd .. || exit 1
