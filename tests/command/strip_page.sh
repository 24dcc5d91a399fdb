# docs/strip.md: every command of it, in its order, and the fields that it names
# SPDX-License-Identifier: Apache-2.0
page=$SOURCE/docs/strip.md
status 0 larmor phantom heads --subjects 1 --spacing 3 --seed 3 --contrasts t1,flair --same-grid -q
mv heads/t1/sub-01_T1.nii.gz t1.nii.gz
mv heads/flair/sub-01_FLAIR.nii.gz flair.nii.gz
mv heads/truth/sub-01_brain.nii.gz mask.nii.gz
sed -n 's/^    larmor /larmor /p' "$page" >commands
[ "$(wc -l <commands)" -ge 5 ] || fail "the page has lost its commands"
export LARMOR_MODELS="$PWD/none" # so that the method is the same wherever this runs
status 0 sh -eux commands
for file in t1_brain brain_mask wide_mask distance repaired t1_n4 t1_zscore; do
    [ -s $file.nii.gz ] || fail "no $file.nii.gz"
done
# the fields of its table are those of --json
larmor strip t1.nii.gz --judge mask.nii.gz --json >fields
sed -n '/^| field/,/^$/p' "$page" | cut -d'|' -f2 | grep -o '`[a-z_]*`' | tr -d '`' >named
[ "$(wc -l <named)" -ge 10 ] || fail "the page has lost its table"
while read -r field; do
    grep -q "\"$field\":" fields || fail "there is no field '$field'"
done <named
