# larmor models: weights in, listed, described; what is not a whole model is refused by name
# SPDX-License-Identifier: Apache-2.0
tiny=$SOURCE/tests/golden/tiny_strip.safetensors
export LARMOR_MODELS="$PWD/kept/models"
status 0 larmor models
complains "no model is in '$LARMOR_MODELS'"
complains "try larmor models add"
[ ! -s out ] || fail "a list of nothing is not empty"
status 0 larmor models --json
says '^\[\]$'
[ ! -e kept ] || fail "listing makes a folder"
status 66 larmor models show mindgrab
complains "there is no model 'mindgrab' in '$LARMOR_MODELS'"

status 2 larmor models add
complains "missing argument <file>"
status 66 larmor models add none.bin
complains "cannot open 'none.bin'"
status 66 larmor models add "$PWD"
complains "it is a folder"
[ ! -e kept ] || fail "a refused file makes a folder"
status 0 larmor models add "$tiny"
complains "'mindgrab' is there now: '$LARMOR_MODELS/mindgrab.safetensors'"
status 0 larmor models add "$tiny"
complains "was there already"
status 0 larmor models
says '^name  *task  *licence  *SHA-256  *size  *from$'
says '^mindgrab  *strip  *Apache-2.0  *500a150ec01a  *2 kB  tests/golden/make_mindgrab.py'
status 0 larmor models --json
python3 - <<'END' || fail "the list is not as it should be"
import json
(m,) = json.load(open("out"))
assert m["name"] == "mindgrab" and m["task"] == "strip" and m["licence"] == "Apache-2.0", m
assert len(m["sha256"]) == 64 and m["bytes"] > 500 and m["file"].endswith("/mindgrab.safetensors"), m
END
status 0 larmor models show mindgrab
says '^network  *meshnet, 1 layer of 1 channel, 29 weights'
says '^input .*8 mm around it, voxels of 2 mm, axes LIA'
says '^CT .*0 to 100 HU'
says '^ *as larmor itself'
status 0 larmor models show "$tiny" --json
says '"licence_text": "Apache-2.0'
status 66 larmor models show other
complains "try one of mindgrab"
status 2 larmor models mindgrab
complains "'mindgrab' is one argument too many"

# what docs/models.md shows
cp "$tiny" model.bin
sed -n 's/^    \(larmor .*\)/\1/p' "$SOURCE/docs/models.md" >lines
[ "$(wc -l <lines)" -eq 3 ] || fail "docs/models.md shows $(wc -l <lines) commands, not 3"
while read -r line; do sh -c "$line" >out 2>err </dev/null || { cat err; fail "'$line' of docs/models.md"; }; done <lines

# damaged: in the folder it is told and the rest is listed
printf 'no weights' >model.bin
status 65 larmor models add model.bin
complains "'model.bin' is no file of weights that larmor knows: it has 10 bytes and the SHA-256 [0-9a-f]\{64\}"
complains "try public/models/mindgrab/model.bin of https://github.com/neuroneural/brainchop: 584948 bytes"
head -c 900 "$tiny" >cut.safetensors
status 65 larmor models add cut.safetensors
complains "'cut.safetensors'"
sed 's/margin: 8/margin: 9/' "$tiny" >changed.safetensors
status 65 larmor models add changed.safetensors
complains "'changed.safetensors' is damaged: its notes are not those that were written"
cp changed.safetensors "$LARMOR_MODELS/broken.safetensors"
status 65 larmor models
says '^mindgrab'
complains "broken.safetensors' is damaged"
complains "1 of 2 models cannot be used"
rm "$LARMOR_MODELS/broken.safetensors"

# a model of another task
status 0 larmor phantom . --subjects 4 --spacing 8 -q
sed 's/channels: .*/channels: 2/; s/blocks: .*/blocks: 1/; s/epochs: .*/epochs: 1/' study.yaml >small.yaml
status 0 larmor prepare small.yaml -q
status 0 larmor train small.yaml -q
status 65 larmor models add small/train/best.safetensors
complains "is a model that larmor trained on a study"
complains "try larmor predict"

# two of one name
cp "$LARMOR_MODELS/mindgrab.safetensors" "$LARMOR_MODELS/copy.safetensors"
status 65 larmor models
complains "copy.safetensors' holds the model 'mindgrab'"
rm "$LARMOR_MODELS/copy.safetensors"

# a folder that is a file, and one that may not be written to
touch file
status 73 env LARMOR_MODELS=file/models larmor models add "$tiny"
complains "cannot create the folder 'file"
LARMOR_MODELS="file" status 73 larmor models add "$tiny"
LARMOR_MODELS="file" status 66 larmor models
if [ "$(id -u)" -ne 0 ]; then
    mkdir shut && chmod a-w shut
    LARMOR_MODELS="shut" status 74 larmor models add "$tiny"
    complains "shut"
fi

# the real one
bin=$LARMOR_TEST_DATA/networks/mindgrab/model.bin
[ -e "$bin" ] || { omit "MindGrab's weights are not there"; return 0; }
export LARMOR_MODELS="$PWD/real"
status 0 larmor models add "$bin"
status 0 larmor models
says '^mindgrab  *strip  *MIT  *20dae1a2f6ac'
status 0 larmor models show mindgrab
says 'meshnet, 25 layers of 15 channels, 146221 weights'
says 'Copyright (c) 2021 neuroneural/brainchop'
says 'SHA-256 c9a01490fe2d13acc1515fd019b69db176ebe6f40c9b84aeb77f25acbc2ee0f3'
head -c 300000 "$bin" >half.bin
status 65 larmor models add half.bin
complains "it has 300000 bytes"
