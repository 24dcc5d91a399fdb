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
