# Prediction of any size: within --max-memory, in windows that do not change the result; blended, and
# said so, where the network depends on the whole volume; and what is refused.
# SPDX-License-Identifier: Apache-2.0
peak() { sed -n "s/^\(.*[^0-9]\)*\([0-9][0-9]*\) MB of memory at most.*/\2/p" err; }
# near A B LIMIT: mean absolute difference of two images
near() {
    status 0 larmor evaluate "$1" "$2" --inside all --json
    mae=$(sed -n 's/.*"method": "pair".*"mae": \([0-9.e+-]*\),.*/\1/p' out | head -1)
    awk -v m="$mae" -v l="$3" 'BEGIN { exit !(m != "" && m <= l) }' || fail "$1 and $2 differ by $mae"
}

status 0 larmor phantom c --subjects 3 --spacing 6 --seed 3 -q
status 0 larmor phantom large --subjects 1 --spacing 2 --seed 4 -q
scan=large/t1/sub-01_T1.nii.gz
# without the step that resamples t1, the network meets the scan at its own 2 mm
sed -e 's/epochs:.*/epochs: 2/' -e '/images: t1, spacing/d' -e '/fit:/d' -e 's/batch:.*/batch: 1/' \
    c/study.yaml >c/resnet.yaml
sed -e 's/name: resnet/name: unet/' -e 's/blocks: .*/levels: 3/' c/resnet.yaml >c/unet.yaml
sed 's/channels: 16/channels: 16\n  norm: batch/' c/unet.yaml >c/batch.yaml
for net in resnet unet batch; do
    status 0 larmor prepare c/$net.yaml -q
    status 0 larmor train c/$net.yaml -q
    model=c/$net/train/best.safetensors
    status 0 larmor predict $model $scan -o $net.nii -v
    whole=$(peak)
    [ -n "$whole" ] || fail "the peak is not told"
    status 0 larmor predict $model $scan -o $net.small.nii -v --max-memory $((whole * 6 / 10))M
    complains 'windows of'
    small=$(peak)
    echo "$net: $whole MB whole, $small MB of $((whole * 6 / 10))"
    [ "$small" -le $((whole * 6 / 10)) ] || fail "$net took $small MB of $((whole * 6 / 10))"
    case $net in
    unet)
        complains 'blended: the network depends on the whole volume' ;;
    *)
        ! grep -q blended err || fail "$net is blended"
        near $net.nii $net.small.nii 1e-3 # 1e-5 of intensities that deviate by more than 100
        status 0 larmor predict $model $scan -o $net.tile.nii -v --tile 64x60x56
        complains 'windows of'
        near $net.nii $net.tile.nii 1e-3 ;;
    esac
done

model=c/resnet/train/best.safetensors
status 2 larmor predict $model $scan -o x.nii --tile 10
complains 'windows of 10 voxels along i are too small: the network reaches 5 to either side'
complains 'at least 11'
status 2 larmor predict $model $scan -o x.nii --tile 30,40
complains 'one number or three'
status 2 larmor predict $model $scan -o x.nii --overlap 1
status 71 larmor predict $model $scan -o x.nii --max-memory 20M
complains 'do not go through the network within'
complains 'a larger --max-memory'
[ ! -e x.nii ] || fail "an output in spite of an error"
