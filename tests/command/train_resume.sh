# A training that is stopped or killed at any moment, and goes on, ends with the bits of one that
# was not (R23); and what a training refuses.
# SPDX-License-Identifier: Apache-2.0

# hash of all tensors of a safetensors file: the header also holds the seconds each epoch took
tensors_of() {
    [ -s "$1" ] || { echo "empty"; return 1; }
    header=$(od -An -tu8 -N8 "$1" | tr -d ' ')
    tail -c "+$((header + 9))" "$1" | sha256sum
}
hash_of() { sha256sum <"$1"; }

status 0 larmor phantom cohort --subjects 4 --spacing 8 --seed 3
sed -e 's/^\( *\)epochs:.*/\1epochs: 40/' -e 's/^\( *\)channels:.*/\1channels: 4/' \
    -e 's/^train:.*/&\n  histories: yes/' \
    cohort/study.yaml >cohort/small.yaml
status 0 larmor prepare cohort/small.yaml
work=cohort/small

status 0 larmor train cohort/small.yaml
says 'best.safetensors'
for f in best.safetensors last.safetensors history.csv loss.png; do
    [ -s $work/train/$f ] || fail "no $f"
done
[ "$(wc -l <$work/train/history.csv)" -eq 41 ] || fail "history.csv has not a line per epoch"
[ "$(ls $work/train/histories | wc -l)" -eq 40 ] || fail "not a history of each epoch"
cp -r $work/train/histories drawn
whole=$(tensors_of $work/train/last.safetensors)
best=$(hash_of $work/train/best.safetensors)

# a finished training is not repeated, nor lost
status 73 larmor train cohort/small.yaml
complains 'is finished'
status 0 larmor train cohort/small.yaml --force
[ "$(tensors_of $work/train/last.safetensors)" = "$whole" ] || fail "two trainings differ"

# killed again and again, at moments spread over the training
rm -rf $work/train
n=0
killed=0
while [ $n -lt "${LARMOR_KILLS:-20}" ]; do
    n=$((n + 1))
    larmor train cohort/small.yaml --quiet >/dev/null 2>&1 &
    pid=$!
    sleep "0.$(printf '%02d' $((n * 37 % 60 + 3)))"
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
    [ $? -ne 137 ] || killed=$((killed + 1))
    for f in $work/train/*.safetensors; do
        [ ! -e "$f" ] || tensors_of "$f" >/dev/null || fail "'$f' is damaged after kill $n"
    done
done
echo "$killed kills met a running training"
[ $killed -ge 5 ] || fail "only $killed kills met a running training: give it more epochs"
touch $work/train/.larmor-killed $work/train/histories/.larmor-killed
larmor train cohort/small.yaml >out 2>err || [ $? -eq 73 ] || fail "did not go on: $(cat err)"
[ "$(tensors_of $work/train/last.safetensors)" = "$whole" ] || fail "killed and resumed: other bits"
[ "$(hash_of $work/train/best.safetensors)" = "$best" ] || fail "killed and resumed: another best"
[ "$(wc -l <$work/train/history.csv)" -eq 41 ] || fail "history.csv after kills"
diff -r drawn $work/train/histories || fail "killed and resumed: other histories"
for f in $work/train/.larmor-* $work/train/histories/.larmor-*; do
    [ ! -e "$f" ] || fail "'$f' was left by a kill"
done

# ctrl-C in the middle of an epoch: a checkpoint first, then exit 130
rm -rf $work/train
larmor train cohort/small.yaml >out 2>err &
pid=$!
sleep 0.4
kill -INT $pid
wait $pid
got=$?
if [ $got -eq 130 ]; then
    complains 'the same command again'
    status 0 larmor train cohort/small.yaml
elif [ $got -ne 0 ]; then
    cat err >&2
    fail "ctrl-C ended with $got"
fi
[ "$(tensors_of $work/train/last.safetensors)" = "$whole" ] || fail "stopped and resumed: other bits"

# another study must not go on with this training
sed 's/^\( *\)channels:.*/\1channels: 5/' cohort/small.yaml >cohort/other.yaml
cp -r $work cohort/other
status 2 larmor train cohort/other.yaml
complains 'is of another study'
complains 'channels: 5'

# a damaged checkpoint is an error, not a beginning
head -c 1000 $work/train/last.safetensors >torn && cp torn $work/train/last.safetensors
status 65 larmor train cohort/small.yaml
complains 'last.safetensors'
