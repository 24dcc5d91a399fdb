# Each kind of network from a study to a prediction: by name, as a list of layers, and with two
# contrasts going in; what check says of it, and what it refuses.
# SPDX-License-Identifier: Apache-2.0
status 0 larmor phantom c --subjects 3 --spacing 8 --contrasts t1,t2,flair --same-grid -q

# study NAME NETWORK: from t1 and t2 to flair, with `network: NETWORK`
study() {
    cat >"c/$1.yaml" <<END
data:
  subjects: "t1/{subject}_T1.nii.gz"
  images:
    t1:    {path: "t1/{subject}_T1.nii.gz"}
    t2:    {path: "t2/{subject}_T2.nii.gz"}
    flair: {path: "flair/{subject}_FLAIR.nii.gz", role: target}
  split: {train: 2, valid: 1}
prepare:
  - normalize: {method: zscore}
  - crop: {axis: z, range: [0.2, 0.8], when: training}
  - fit: {size: [21, 27, 13], when: training}
network: $2
train: {batch: 2, epochs: 12, rate: 1e-2, seed: 1}
END
}

# trains NAME: the loss falls, one or two threads give the same bits, and predict reads two scans
trains() {
    status 0 larmor prepare "c/$1.yaml" -q
    status 0 larmor train "c/$1.yaml" -q
    awk -F , 'NR == 2 { first = $2 } NR > 1 { last = $2 } END { exit !(last < 0.7 * first) }' \
        "c/$1/train/history.csv" || { cat "c/$1/train/history.csv"; fail "$1 did not learn"; }
    status 0 larmor predict "c/$1/train/best.safetensors" c/t1/sub-01_T1.nii.gz c/t2/sub-01_T2.nii.gz \
        -o "$1.nii.gz" --threads 1
    status 0 larmor predict "c/$1/train/best.safetensors" c/t1/sub-01_T1.nii.gz c/t2/sub-01_T2.nii.gz \
        -o again.nii.gz --threads 2 --force
    cmp "$1.nii.gz" again.nii.gz || fail "$1 depends on the number of threads"
}

study resnet '{channels: 8, blocks: 1, norm: instance, activation: elu, kernels: weight-norm}'
study unet '{name: unet, channels: 8, levels: 3, residual: yes}'
study pooled '{name: unet, channels: 8, levels: 2, down: pool, up: linear, skip: add, norm: group, dims: 2}'
study meshnet '{name: meshnet, channels: 8, dilations: [1, 2, 4, 1], dropout: 0.05, activation: gelu}'
study layers '
  layers:
    - conv: {filters: 8, name: fine}
    - conv: {filters: 16, stride: 2}
    - norm: instance
    - leaky
    - upconv: {filters: 8, like: fine}
    - concat: {with: fine}
    - conv: 8
    - norm
    - relu
    - linear: 1'
for name in resnet unet pooled meshnet layers; do trains $name; done

# both contrasts are looked at, each in its place
model=c/unet/train/best.safetensors
status 0 larmor predict $model c/t2/sub-01_T2.nii.gz c/t1/sub-01_T1.nii.gz -o swapped.nii.gz
cmp -s swapped.nii.gz unet.nii.gz && fail "the order of the scans does not matter"
status 2 larmor predict $model c/t1/sub-01_T1.nii.gz -o one.nii.gz
complains 'the model takes 2 scans'
status 0 larmor evaluate $model c/unet.yaml

# dropout: the same seed gives the same training, another one another
status 0 larmor train c/meshnet.yaml -q --force
cp c/meshnet/train/history.csv first.csv
status 0 larmor train c/meshnet.yaml -q --force
cut -d , -f 1-3 first.csv >a && cut -d , -f 1-3 c/meshnet/train/history.csv | cmp - a || fail "dropout differs"
sed 's/dropout: 0.05/dropout: 0.3/' c/meshnet.yaml >c/more.yaml && cp -r c/meshnet c/more
status 0 larmor train c/more.yaml -q --force
cut -d , -f 1-3 c/more/train/history.csv | cmp -s - a && fail "dropout does nothing"

# what check says; a training of another network is not gone on with
status 0 larmor check c/unet.yaml
says '^network: unet, [0-9]* weights; it sees [0-9]* voxels to each side, and through its norms the whole volume$'
status 0 larmor check c/pooled.yaml
says '^network: unet, [0-9]* weights; it sees \([0-9]*\), \1 and 0 voxels along x, y and z to each side, and'
study named '{name: meshnet}'
status 0 larmor check c/named.yaml
says '^network: meshnet, 42577 weights; it sees 18 voxels to each side$'
status 0 larmor check c/layers.yaml --json
python3 -c 'import json; n = json.load(open("out"))["network"]; assert n["name"] == "layers" and n["weights"] > 0 and len(n["reach"]) == 3, n' ||
    fail "the JSON"
sed 's/conv: 8/conv: 9/' c/layers.yaml >c/other.yaml && cp -r c/layers c/other
status 2 larmor train c/other.yaml
complains 'is of another study'
complains 'layer 7: conv'

# mistakes have a place
study wrong '{blocks: 1, levels: 3}'
status 2 larmor check c/wrong.yaml
complains "wrong.yaml:12:22: 'levels' is not a key of the network resnet; it has channels, blocks, "
study wrong '{layers: [conv: 8, linear: 2]}'
status 2 larmor train c/wrong.yaml
complains 'wrong.yaml:12:29: the last layer gives 2 channels, but there is 1 target'
complains "try '- linear: 1' as the last layer"
