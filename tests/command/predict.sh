# Batches of unequal shapes, early stopping, and what predict and evaluate give and refuse.
# SPDX-License-Identifier: Apache-2.0
status 0 larmor phantom c --subjects 4 --spacing 8 --seed 2 -q
status 0 larmor phantom other --subjects 1 --spacing 7 --seed 2 -q
cp other/t1/sub-01_T1.nii.gz c/t1/sub-02_T1.nii.gz
cp other/flair/sub-01_FLAIR.nii.gz c/flair/sub-02_FLAIR.nii.gz
printf 'subject,split\nsub-01,train\nsub-02,train\nsub-03,train\nsub-04,valid\n' >c/split.csv
grep -v 'fit:\|images: t1, spacing' c/study.yaml |
    sed -e 's/^  split:.*/  split: split.csv/' -e 's/epochs:.*/epochs: 30/' \
        -e 's/rate:.*/rate: 5e-2\n  patience: 2/' >c/uneven.yaml
status 0 larmor prepare c/uneven.yaml
status 65 larmor train c/uneven.yaml
complains "a batch needs equal sizes: 'sub-01' is .*, 'sub-02'"
complains 'accumulate: yes'
sed 's/patience:/accumulate: yes\n  patience:/' c/uneven.yaml >c/each.yaml
status 0 larmor prepare c/each.yaml
status 0 larmor train c/each.yaml
says 'stopped early'
model=c/each/train/best.safetensors

# on the scan's own grid, the whole field of view
status 0 larmor predict $model c/t1/sub-02_T1.nii.gz -o synthesis.nii.gz
says 'mean .*, standard deviation'
for f in c/t1/sub-02_T1.nii.gz synthesis.nii.gz; do
    larmor info $f | grep -i 'size\|voxels\|spacing\|axes' | sed 's/int16\|float32//' >"$(basename $f).txt"
done
grep -qi size sub-02_T1.nii.gz.txt || fail "info does not tell the size"
cmp sub-02_T1.nii.gz.txt synthesis.nii.gz.txt || fail "the synthesis is on another grid"
status 73 larmor predict $model c/t1/sub-02_T1.nii.gz -o synthesis.nii.gz
status 2 larmor predict $model c/t1/sub-02_T1.nii.gz c/t1/sub-01_T1.nii.gz -o two.nii.gz
complains 'the model takes 1 scan'
status 65 larmor predict c/study.yaml c/t1/sub-02_T1.nii.gz -o x.nii.gz
head -c 3000 $model >cut.safetensors
status 65 larmor predict cut.safetensors c/t1/sub-02_T1.nii.gz -o x.nii.gz
status 66 larmor predict $model nothing.nii.gz -o x.nii.gz
[ ! -e x.nii.gz ] || fail "an output in spite of an error"

status 0 larmor evaluate $model c/each.yaml --baselines --json
grep -q '"method": "best look-up table of the input"' out || fail "no look-up table"
status 2 larmor evaluate $model c/each.yaml --inside brain
complains "no mask or label image 'brain'"
status 2 larmor evaluate $model c/each.yaml --split test
complains 'no prepared case'
status 66 larmor evaluate $model c/uneven.yaml --work other
status 0 larmor prepare c/study.yaml
status 2 larmor evaluate $model c/study.yaml
complains 'was prepared by another study'
status 66 larmor evaluate nothing.safetensors c/each.yaml
# pairs: folders by name; one bad pair does not stop the others
status 0 larmor evaluate c/t1 c/t1
mkdir bad && cp c/t1/* bad/ && head -c 500 c/t1/sub-03_T1.nii.gz >bad/sub-03_T1.nii.gz
status 1 larmor evaluate c/t1 bad
complains '1 of 4 pairs could not be scored'
says 'sub-04_T1'
rm bad/sub-03_T1.nii.gz
status 2 larmor evaluate c/t1 bad
complains "'sub-03_T1.nii.gz' is in one of"
