# larmor show-batch: the picture, the history that makes the same picture again, and wrong input.
# SPDX-License-Identifier: Apache-2.0
"$LARMOR" phantom ph --subjects 3 --spacing 6 --same-grid -q || fail "phantom"
study() { # NAME SAMPLE
    cat >"$1.yaml" <<STUDY
data:
  images:
    t1: {path: "ph/t1/{subject}_T1.nii.gz"}
    flair: {path: "ph/flair/{subject}_FLAIR.nii.gz", role: target}
  split: {valid: 1}
prepare: [normalize: {method: zscore}]
augment:
  - flip: {axes: xy}
  - affine: {degrees: 20, chance: 0.8}
  - elastic: {}
  - noise: {}
network: {channels: 4, blocks: 1}
train: {sample: $2, batch: 2, epochs: 2}
STUDY
}
study patch '{patch: {size: 16}}'
study slice '{slice: {axis: y, neighbours: 1}}'
study volume volume

"$LARMOR" show-batch patch.yaml >out 2>err && fail "nothing is prepared"
grep -q "larmor prepare patch.yaml" err || { cat err; fail "no word of prepare"; }
for name in patch slice volume; do
    "$LARMOR" prepare $name.yaml -q >out || { cat out; fail "prepare $name"; }
    "$LARMOR" show-batch $name.yaml --history $name.jsonl -n 3 >out || fail "show-batch $name"
    [ -s $name/batch.png ] || fail "no picture of $name"
    "$LARMOR" show-batch $name.yaml --replay $name.jsonl -n 3 -o again.png --force >out || fail "replay $name"
    cmp -s $name/batch.png again.png || fail "$name: the history gives another picture"
    "$LARMOR" show-batch $name.yaml -n 3 --epoch 2 -o other.png --force >out || fail "epoch 2 of $name"
    cmp -s $name/batch.png other.png && fail "$name: epoch 2 is epoch 1"
    "$LARMOR" show-batch $name.yaml --split valid -o valid.png --force >out || fail "held out of $name"
done
[ "$(wc -l <patch.jsonl)" -eq 8 ] || fail "8 samples: 4 of each of 2 subjects"
[ "$(wc -l <volume.jsonl)" -eq 2 ] || fail "2 volumes"

# the network trains on them, and a stopped training that goes on has the same bits
for name in patch slice volume; do
    "$LARMOR" train $name.yaml -q >out || { cat out; fail "train $name"; }
    mv $name/train/best.safetensors once
    "$LARMOR" train $name.yaml -q --force -j 1 >out || fail "train $name by one thread"
    cmp -s $name/train/best.safetensors once || fail "$name: the number of threads changes the weights"
    "$LARMOR" predict $name/train/best.safetensors ph/t1/sub-01_T1.nii.gz -o $name.nii -q || fail "predict $name"
done

# a training's own history is what show-batch draws, and makes the same samples again; asked for
# when half the training is done, it is there from the beginning; begun anew without, there is none
for name in patch slice; do
    sed 's/epochs: 2/epochs: 3, histories: yes/' $name.yaml >told.yaml
    rm -rf told && cp -r $name told && rm -rf told/train
    "$LARMOR" train told.yaml -q >out || { cat out; fail "train with histories"; }
    for epoch in 1 2 3; do
        "$LARMOR" show-batch told.yaml --epoch $epoch -n 2 -o drawn.png --history drawn.jsonl --force >out || fail "draw"
        cmp drawn.jsonl told/train/histories/epoch_000$epoch.jsonl || fail "$name: epoch $epoch has another history"
        "$LARMOR" show-batch told.yaml --replay told/train/histories/epoch_000$epoch.jsonl -n 2 -o again.png --force >out ||
            fail "replay a training"
        cmp -s drawn.png again.png || fail "$name: epoch $epoch is not made again"
    done
done
rm told/train/histories/epoch_0001.jsonl
sed -i 's/histories: yes/histories: no/' told.yaml
"$LARMOR" train told.yaml -q --force >out || fail "train anew"
[ -z "$(ls told/train/histories)" ] || fail "histories of a training that is gone"
sed 's/epochs: 2/epochs: 60/' patch.yaml >late.yaml
rm -rf late && cp -r patch late && rm -rf late/train
"$LARMOR" train late.yaml -q >out 2>&1 &
pid=$!
while [ ! -s late/train/last.safetensors ] && kill -0 $pid 2>/dev/null; do sleep 0.02; done
kill -9 $pid && wait $pid 2>/dev/null
sed -i 's/epochs: 60/epochs: 60, histories: yes/' late.yaml
"$LARMOR" train late.yaml -q >out 2>&1 || { cat out; fail "histories from now on"; }
[ "$(cat late/train/histories/*.jsonl | wc -l)" -eq 480 ] || fail "60 epochs of 8 samples"

# labels by ratios, in a part of the volume; a case without them
sed -e 's|^  split:.*|    seg: {path: "ph/truth/{subject}_labels.nii.gz", role: label}\n&|' -e 's/method: zscore/&, images: [t1, flair]/' \
    -e 's/^train:.*/train: {sample: {patch: {size: 8, pick: labels, of: seg, labels: [0, 1], ratios: [1, 3], axis: x, range: [0.2, 0.8]}}}/' \
    patch.yaml >ratios.yaml
"$LARMOR" prepare ratios.yaml -q >out || { cat out; fail "prepare with labels"; }
"$LARMOR" show-batch ratios.yaml -n 3 >out || fail "labels by ratios"
sed 's/labels: \[0, 1\]/labels: [98, 99]/' ratios.yaml >none.yaml
"$LARMOR" show-batch none.yaml --work ratios 2>err && fail "labels that no case has"
grep -q "has none of the 'labels' that are picked in 'range': 98 99" err || { cat err; fail "no label: words"; }

# wrong input
"$LARMOR" show-batch patch.yaml --replay volume.jsonl -o x.png 2>err && fail "samples of another study"
grep -q "volume.jsonl:1' cannot be shown" err || { cat err; fail "which line"; }
"$LARMOR" show-batch patch.yaml --replay patch.jsonl --history x.jsonl -o x.png 2>err && fail "both histories"
grep -q "exclude each other" err || { cat err; fail "both histories: words"; }
[ -e x.jsonl ] && fail "an empty history"
printf 'nonsense\n' >bad.jsonl
"$LARMOR" show-batch patch.yaml --replay bad.jsonl -o x.png 2>err && fail "no JSON"
grep -q "bad.jsonl:1' is no JSON" err || { cat err; fail "no JSON: words"; }
: >empty.jsonl
"$LARMOR" show-batch patch.yaml --replay empty.jsonl -o x.png 2>err && fail "an empty history"
"$LARMOR" show-batch patch.yaml -o x.bmp 2>err && fail "a suffix of no picture"
[ -e x.png ] && fail "a picture in spite of an error"
refuses() { # LINE WORDS
    sed "s/^train:.*/$1/" patch.yaml >wrong.yaml
    "$LARMOR" show-batch wrong.yaml 2>err && fail "accepted: $1"
    grep -q "wrong.yaml:1[0-9]:[0-9]*: .*$2" err || { cat err; fail "$1: other words"; }
}
refuses "train: {sample: pach}" "a sample is no 'pach'"
refuses "train: {sample: {patch: {sise: 3}}}" "'patch' has no key 'sise'"
refuses "train: {sample: {patch: {size: [3, 4]}}}" "one number or three"
refuses "train: {sample: {patch: {pick: labels}}}" "needs 'of'"
refuses "train: {sample: {patch: {labels: [1, 2]}}}" "'labels' says nothing to 'pick: foreground'"
refuses "train: {sample: {patch: {pick: labels, labels: [1, 2], ratios: 3}}}" "go in pairs, but there are 2 and 1"
refuses "train: {sample: {patch: {range: [1, 0]}}}" "the smaller one first"
refuses "train: {sample: {slice: {range: [0.8, 0.2]}}}" "the smaller one first"
sed 's/- flip: .*/- flop: {}/' patch.yaml >wrong.yaml
"$LARMOR" show-batch wrong.yaml 2>err && fail "an unknown augmentation"
grep -q "there is no augmentation 'flop'" err && grep -q "try 'flip'" err || { cat err; fail "flop: words"; }
sed 's/- noise: .*/- noise: {images: [ct]}/' patch.yaml >wrong.yaml
"$LARMOR" show-batch wrong.yaml 2>err && fail "an unknown image"
grep -q "no such image in data" err || { cat err; fail "ct: words"; }
sed 's/- affine: .*/- affine: {images: [t1]}/' patch.yaml >wrong.yaml
"$LARMOR" show-batch wrong.yaml 2>err && fail "one image moved alone"
grep -q "moves all images alike" err || { cat err; fail "affine of one image: words"; }
