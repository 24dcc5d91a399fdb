# What a training says it will take is what it takes, it keeps to --max-memory with the same bits,
# and what does not fit is refused with a setting that does; any number of threads gives the same
# bits; precision is the study's, the flag's, or the model's.
# SPDX-License-Identifier: Apache-2.0

number() { sed -n "s/.*\"$1\": \([0-9.]*\).*/\1/p" out; }
tensors_of() { tail -c "+$(($(od -An -tu8 -N8 "$1" | tr -d ' ') + 9))" "$1" | sha256sum; }

status 0 larmor phantom c --subjects 3 --spacing 2.5 --seed 3 -q
sed -e 's/epochs:.*/epochs: 2/' -e 's/^\( *\)batch:.*/\1batch: 1/' \
    -e 's/size: \[[^]]*\]/size: [80, 96, 64]/' c/study.yaml >c/resnet.yaml
sed -e 's/name: resnet/name: unet/' -e 's/blocks: .*/levels: 3/' c/resnet.yaml >c/unet.yaml
status 0 larmor prepare c/resnet.yaml -q
cp -r c/resnet c/unet # the same recipe

# within 10 % of what is measured, as fast as it goes and with less
for net in resnet unet; do
    for precision in float32 bfloat16; do
        case $precision in bfloat16)
            larmor train c/$net.yaml -n --precision bfloat16 >out 2>err ||
                { omit "no bfloat16 here: $(head -1 err)"; continue; } ;;
        esac
        whole="" bits=""
        for part in 100 92; do
            limit=
            [ -z "$whole" ] || limit="--max-memory $((whole / 100 * part))"
            # shellcheck disable=SC2086
            status 0 larmor train c/$net.yaml -n --json --precision $precision $limit
            told=$(number train_bytes) again=$(number recomputed_convolutions)
            grep -q "\"precision\": \"$precision\"" out || fail "the precision is not told"
            # shellcheck disable=SC2086
            status 0 larmor train c/$net.yaml --force -q --json --precision $precision $limit
            peak=$(number peak_bytes)
            echo "$net $precision $part %: told $told, measured $peak"
            [ $((told * 100)) -ge $((peak * 90)) ] && [ $((told * 100)) -le $((peak * 110)) ] ||
                fail "$net $precision $limit: told $told bytes, took $peak"
            now=$(tensors_of c/$net/train/last.safetensors)
            [ -z "$bits" ] || [ "$bits" = "$now" ] || fail "$net $precision: other bits in less memory"
            [ "$part$net" != 92unet ] || [ "$again" -gt 0 ] || fail "nothing is computed again"
            whole=$told bits=$now
        done
    done
done

# what does not fit is refused before anything is written, with a setting that does
rm -rf c/resnet/train
status 71 larmor train c/resnet.yaml --max-memory 150M
complains '1 x 80x96x64 voxels at once need .* MB of memory at least, and 150 MB is allowed'
complains '  try '
[ ! -e c/resnet/train/last.safetensors ] || fail "refused, and yet begun"
size=$(sed -n 's/.*size: \[\([0-9, ]*\)\].*/\1/p' err)
if [ -n "$size" ]; then
    flags=$(sed -n 's/.*\(--precision [a-z0-9]*\).*/\1/p' err)
    sed "s/size: \[[^]]*\]/size: [$size]/" c/resnet.yaml >c/smaller.yaml
    status 0 larmor prepare c/smaller.yaml -q
    # shellcheck disable=SC2086
    status 0 larmor train c/smaller.yaml --max-memory 150M --dry-run $flags
else
    status 0 larmor train c/resnet.yaml --max-memory 150M --dry-run --precision bfloat16
fi
sed 's/batch: 1/batch: 2/' c/resnet.yaml >c/two.yaml
cp -r c/resnet c/two
status 0 larmor train c/two.yaml --dry-run
says '2 x 80x96x64 voxels at once'
status 71 larmor train c/two.yaml --max-memory 330M
complains "'accumulate: yes' under train"
sed 's/batch: 2/batch: 2\n  accumulate: yes\n  memory: 330M/' c/two.yaml >c/each.yaml
cp -r c/resnet c/each
status 0 larmor train c/each.yaml --dry-run
says 'of 330 MB that are allowed'
status 2 larmor train c/two.yaml --max-memory plenty
complains 'bytes, such as 900M or 2G'

# the same bits for any number of threads, which is what 'deterministic: yes' asks for
status 0 larmor phantom d --subjects 3 --spacing 6 --seed 3 -q
for net in resnet unet; do
    sed -e 's/epochs:.*/epochs: 2\n  deterministic: yes/' -e "s/name: resnet/name: $net/" \
        -e '/blocks:/d' d/study.yaml >d/$net.yaml
    status 0 larmor prepare d/$net.yaml -q
    for precision in float32 bfloat16; do
        larmor train d/$net.yaml -n --precision $precision >out 2>err || continue
        for threads in 1 2 3; do
            status 0 larmor train d/$net.yaml --force -q --precision $precision --threads $threads
            for f in best last; do
                tensors_of d/$net/train/$f.safetensors >$f.$threads
                cmp $f.1 $f.$threads || fail "$net $precision: $threads threads give another $f"
            done
            cut -d , -f 1-4 d/$net/train/history.csv >history.$threads
            cmp history.1 history.$threads || fail "$net $precision: $threads threads: another loss"
        done
    done
done

# a model says how it was trained; a training does not go on in another precision
larmor train d/unet.yaml -n --precision bfloat16 >out 2>err || exit 0
status 0 larmor train d/unet.yaml --force -q --precision bfloat16
status 2 larmor train d/unet.yaml
complains "'train precision: float32' differs"
status 0 larmor doctor
says 'precisions *float32, bfloat16'
model=d/unet/train/best.safetensors
scan=d/t1/sub-01_T1.nii.gz
status 0 larmor predict $model $scan -o as_trained.nii.gz
status 0 larmor predict $model $scan -o half.nii.gz --precision bfloat16
status 0 larmor predict $model $scan -o full.nii.gz --precision float32
cmp as_trained.nii.gz half.nii.gz || fail "predict does not follow the model's precision"
! cmp -s half.nii.gz full.nii.gz || fail "--precision does nothing"

# where the processor cannot, the backend's own words
ONEDNN_MAX_CPU_ISA=AVX2 larmor train d/unet.yaml --force --precision bfloat16 >out 2>err
[ $? -eq 0 ] || complains '  try precision: float32'
