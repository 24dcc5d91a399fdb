# Every example line of every command is run, on digital heads that bear the names of the manual.
# Each command's examples run one after another in a fresh copy of the same folder.
# SPDX-License-Identifier: Apache-2.0
has() { larmor commands | grep -qx -- "$1"; }
has phantom || skip "larmor phantom does not exist yet"

mkdir manual && cd manual || exit 1
status 0 larmor phantom one --subjects 1 --spacing 5 --contrasts t1,flair,t2,pd,ct -q
for name in t1 flair t2 pd ct; do
    cp one/$name/sub-01_*.nii.gz $name.nii.gz || fail "no $name in the phantom"
done
cp one/truth/sub-01_labels.nii.gz labels.nii.gz
cp one/truth/sub-01_brain.nii.gz mask.nii.gz
cp one/truth/tissues.tsv tissues.tsv
rm -r one
# transforms, and points to move
printf '#Insight Transform File V1.0\nTransform: Euler3DTransform_double_3_3\nParameters: 0.02 0 -0.03 2 -1 3\n' >turn.txt
if has warp; then
    status 0 larmor warp -t turn.txt --transform-out 0GenericAffine.mat
    status 0 larmor warp -t turn.txt --transform-out 1Warp.nii.gz --like t1.nii.gz
fi
printf 'name,x,y,z\nfront,1.5,40,10\nback,0,-50,20\n' >points.csv
# a network for larmor strip, in place of MindGrab's
cp "$SOURCE/tests/golden/tiny_strip.safetensors" model.bin
export LARMOR_MODELS=models
status 0 larmor models add model.bin
# slices to stack
if has slice; then status 0 larmor slice t1.nii.gz -o slices --range 0.2 0.8; fi
# study.yaml and its scans; a network and a training of seconds
status 0 larmor phantom . --subjects 4 --spacing 6 -q
sed 's/channels: .*/channels: 4/; s/blocks: .*/blocks: 1/; s/epochs: .*/epochs: 2/' study.yaml >small
mv small study.yaml
cp -r . ../cohort && mv ../cohort cohort
if has prepare && has train; then
    status 0 larmor prepare study.yaml -q
    status 0 larmor train study.yaml -q
    cp "$(find . -name best.safetensors)" model.safetensors || fail "the training left no best.safetensors"
    rm -r study # the work of this study; the examples make their own
fi
cd ..

export BROWSER=true # none is opened
larmor examples >lines
[ -s lines ] || fail "no examples"
# the next line's command: the longest name of a command that the line begins with
larmor commands | awk '{ print length, $0 }' | sort -rn | cut -d ' ' -f 2- >names
command_of() {
    while read -r name; do
        case "$1 " in "larmor $name "*) echo "$name"; return ;; esac
    done <names
    fail "no command in the example '$1'"
}
ran=0 last=
while read -r line; do
    command=$(command_of "$line") || exit 1
    if [ "$command" != "$last" ]; then
        rm -rf here && cp -r manual here
        if has prepare && has train; then
            # what a study command finds prepared, by the commands that the manual shows before it
            case $command in train | lr-find | evaluate | report | show-batch) (cd here && larmor prepare study.yaml -q) || fail "prepare" ;; esac
        fi
    fi
    last=$command
    # that network was never trained: strip takes the other method
    case $command in strip) LARMOR_MODELS=none ;; *) LARMOR_MODELS=models ;; esac
    (cd here && sh -c "$line") >out 2>err </dev/null
    got=$?
    [ $got -eq 0 ] || { cat err; fail "the example '$line' ends with $got"; }
    case $line in
        *" -o "*) # what it says it writes is there
            output=${line##* -o }
            output=${output%% *}
            [ -s "here/$output" ] || fail "the example '$line' did not write $output"
            ;;
    esac
    case $line in
        *" --transform-out "*)
            output=${line##* --transform-out }
            output=${output%% *}
            [ -s "here/$output" ] || fail "the example '$line' did not write $output"
            ;;
    esac
    ran=$((ran + 1))
done <lines
[ $ran -eq "$(wc -l <lines)" ] || fail "ran $ran of the examples"
