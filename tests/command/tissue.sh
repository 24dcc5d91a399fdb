# larmor tissue: labels, memberships, what it prints, and what it refuses
# SPDX-License-Identifier: Apache-2.0
status 0 larmor phantom heads --subjects 1 --spacing 4 --seed 3 --same-grid -q
t1=heads/t1/sub-01_T1.nii.gz flair=heads/flair/sub-01_FLAIR.nii.gz brain=heads/truth/sub-01_brain.nii.gz

status 0 larmor tissue $t1 -o labels.nii --mask $brain --memberships-out shares.nii
says "^tissue *mean *millilitres$"
says "^csf .* [0-9.]*$"
says "^white .* [0-9.]*$"
status 0 larmor info labels.nii
says "uint8"
status 0 larmor info shares.nii
says "float32"
status 0 larmor tissue $t1 -o three.nii --mask $brain -j 3 --json
says '{"csf": {"label": 1, "centre": .*, "mean": .*, "millilitres": .*}, "grey": .*"white": '
cmp -s labels.nii three.nii || fail "one thread and three give different labels"
# an adult's brain: white and grey matter of 400 to 1000 ml each
awk -F 'millilitres": ' '{ for (n = 3; n <= 4; n++) if (!($n + 0 > 300 && $n + 0 < 1200)) exit 1 }' out || fail "volumes: $(cat out)"

# the tissue serves other contrasts, as labels and as memberships; both agree with the T1's own
status 0 larmor normalize fcm $t1 -o own.nii --mask $brain --json
own=$(cat out)
status 0 larmor normalize fcm $t1 -o map.nii --tissue-map shares.nii --json
[ "$(echo "$own" | cut -c 1-36)" = "$(cut -c 1-36 out)" ] || fail "own: $own, under the memberships: $(cat out)"
status 0 larmor normalize fcm $flair -o flair.nii --contrast flair --tissue-map labels.nii
says "^mean "
status 2 larmor normalize fcm $flair -o new.nii --contrast flair
complains "try larmor tissue"
status 2 larmor normalize fcm $t1 -o new.nii --tissue-map $flair
complains "memberships from 0 to 1 are expected"

status 2 larmor tissue $t1
complains "where to write is missing"
status 73 larmor tissue $t1 -o labels.nii
complains "try --force"
status 66 larmor tissue absent.nii -o new.nii
status 65 larmor tissue $brain -o new.nii --mask $brain
complains "hold only 1 different value"
status 0 larmor resample $brain -o coarse.nii --spacing 8 -i nearest
status 65 larmor tissue $t1 -o new.nii --mask coarse.nii
complains "is not on the grid of the image"
[ -e new.nii ] && fail "a refused call left an image"
true
