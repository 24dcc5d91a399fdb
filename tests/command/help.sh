# What a newcomer meets: the list, help in every form, and words that are not known.
# SPDX-License-Identifier: Apache-2.0
status 2 larmor
says '^usage: larmor COMMAND'
for words in help --help -h; do
    status 0 larmor $words
    says '^usage: larmor COMMAND'
done
status 0 larmor --version
says '^larmor [0-9]*\.[0-9]*\.[0-9]*$'

larmor commands >commands
[ -s commands ] || fail "no commands"
while read -r command; do
    status 0 larmor $command --help
    says "^larmor $command: "
    says "^usage: larmor $command"
    says '^examples$'
    cp out by_flag
    [ ! -s err ] || fail "larmor $command --help says something on stderr"
    status 0 larmor help $command
    cmp -s out by_flag || fail "larmor help $command differs from larmor $command --help"
    awk 'length > 100 && !/^  larmor / { print; bad = 1 } END { exit bad }' out ||
        fail "larmor $command --help is wider than 100"
    status 2 larmor $command --no-such-option
    complains "there is no option '--no-such-option'"
    status 0 larmor man $command
    says '^\.SH NAME'
done <commands

status 2 larmor doctr
complains "there is no command 'doctr'"
complains 'try larmor doctor'
status 2 larmor help doctr
complains 'try larmor doctor'
status 2 larmor xyzzyx
complains 'try larmor, which lists them'
if grep -q '^normalize ' commands; then
    status 2 larmor normalize
    complains "'normalize' needs its method"
    complains 'try larmor normalize zscore'
    status 2 larmor normalize zscroe t1.nii.gz
    complains "there is no command 'normalize zscroe'"
    complains 'try larmor normalize zscore'
fi
if grep -qx resample commands; then
    status 2 larmor resample
    complains 'missing argument <in>'
    complains 'try larmor resample --help'
    status 2 larmor resample t1.nii.gz -o x.nii.gz --spacng 1
    complains 'try --spacing'
    status 2 larmor resample t1.nii.gz -o x.nii.gz --spacing
    complains 'spacing needs a value'
    status 2 larmor resample t1.nii.gz -o x.nii.gz --spacing 1 --interpolation cubical
    complains 'nearest linear cubic'
fi

# a closed and a full standard output are failures, not silence
if [ -w /dev/full ]; then
    larmor help >/dev/full 2>err && fail "a full standard output is called a success"
    complains 'cannot write to standard output'
fi
larmor help >&- 2>err && fail "a closed standard output is called a success"
complains 'cannot write to standard output'

# no colour, no cursor movement, in what is not a terminal
status 0 larmor doctor
! grep -q "$(printf '\033')" out err || fail "escapes in a pipe"
