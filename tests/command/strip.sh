# larmor strip: what is written and in which names, verdicts, and wrong input
# SPDX-License-Identifier: Apache-2.0
status 0 larmor phantom heads --subjects 1 --spacing 3 --seed 3 --contrasts t1,ct --same-grid -q
t1=heads/t1/sub-01_T1.nii.gz ct=heads/ct/sub-01_CT.nii.gz brain=heads/truth/sub-01_brain.nii.gz
voxels() { larmor mask "$1" -o count.nii --force --method positive | awk '/^voxels/ { print $2 }'; }

# everything at once, and what it says
status 0 larmor strip $t1 -o out.nii --mask-out mask.nii --distance-out distance.nii --check check.png --method surface
says "^method  *surface"
says "^verdict  *good"
[ -s out.nii ] && [ -s mask.nii ] && [ -s distance.nii ] || fail "an output is missing"
[ "$(head -c 4 check.png | tail -c 3)" = PNG ] || fail "the picture is no PNG"
status 0 larmor info out.nii
says "int16"
status 0 larmor info mask.nii
says "uint8"
status 0 larmor info distance.nii
says "float32"
# the header records the method; outside is 0; the distance is below 0 inside
tr -c '[:print:]' '\n' <mask.nii | grep -q "larmor strip, surface" || fail "the mask does not record its method"
status 0 larmor mask distance.nii -o inside.nii --method threshold --high 0
[ "$(voxels inside.nii)" -eq "$(voxels mask.nii)" ] || fail "the distance is not below 0 inside alone"
status 0 larmor strip $t1 --mask-out one.nii -j 1 --method surface
status 0 larmor strip $t1 --mask-out three.nii -j 3 --method surface
cmp -s one.nii three.nii || fail "one thread and three give different masks"
status 0 larmor strip $t1 --mask-out wide.nii --grow 4 --method surface
[ "$(voxels wide.nii)" -gt "$(voxels mask.nii)" ] || fail "--grow does not grow"

# CT: outside is air
status 0 larmor strip $ct -o ct_brain.nii --json
says '"contrast": "ct"'
status 2 larmor strip $ct -o no.nii --contrast t1
complains "this is CT, not t1"
status 2 larmor strip $t1 -o no.nii --contrast ct
complains "no Hounsfield units"

# judging: the truth is good, and what is wrong with other masks is said; nothing is written
status 0 larmor strip $t1 --judge $brain --json
says '"method": "judged"'
says '"doubtful": false'
status 0 larmor mask $brain -o too_wide.nii --method positive --close 9 --dilate 12
status 1 larmor strip $t1 --judge too_wide.nii
complains "is doubtful: its volume is"
says "DOUBTFUL"
status 0 larmor mask $t1 -o head.nii
status 1 larmor strip $t1 --judge head.nii
complains "volume is [0-9]* ml"
status 0 larmor crop $t1 -o top.nii --axis z --range 0.4 0.65
status 0 larmor mask $brain -o small.nii --method positive --close 9 --erode 9
status 1 larmor strip $t1 --judge small.nii
complains "doubtful"
status 65 larmor strip top.nii --judge $brain
complains "cannot judge"

# a stripped image is noticed
status 0 larmor strip $t1 -o again0.nii --mask-out first.nii --method surface
status 0 larmor strip again0.nii -o again.nii --mask-out again_mask.nii
says "^method  *stripped"
says "^verdict  *good"
first=$(voxels first.nii) again=$(voxels again_mask.nii)
[ "$again" -gt $((first * 95 / 100)) ] && [ "$again" -le "$first" ] || fail "the mask of a stripped image is another: $first, $again"

# doubt: names that say so, status 1; --trust
status 1 larmor strip top.nii -o slab.nii --mask-out slab_mask.nii --method surface
complains "is doubtful: the image is a slab of 48 mm"
[ ! -e slab.nii ] && [ -s slab.flagged.nii ] && [ ! -e slab_mask.nii ] && [ -s slab_mask.flagged.nii ] ||
    fail "a doubtful result is not written under its own names"
status 0 larmor strip top.nii -o slab.nii --method surface --trust
[ -s slab.nii ] || fail "--trust does not give the name that was asked for"

# wrong input: one sentence, nothing written
status 2 larmor strip $t1
complains "where to write is missing"
status 2 larmor strip $t1 -o same.nii.gz --mask-out same.nii.gz
complains "two outputs have the same name"
status 73 larmor strip $t1 -o out.nii
complains "'out.nii' exists already"
status 2 larmor strip $t1 --judge $brain -o no.nii
complains "writes none"
status 2 larmor strip $t1 --mask-out no.nii --value 3
complains "belongs to the stripped image"
status 2 larmor strip $t1 -o no.nii --method best
complains "one of auto learned surface"
status 66 larmor strip absent.nii -o no.nii
complains "absent.nii"
status 0 larmor resample $t1 -o slice.nii --size 40 40 1
status 2 larmor strip slice.nii -o no.nii
complains "is no volume"
tiny_image tiny.nii 12
got=0; larmor strip tiny.nii -o no.nii --method surface >out 2>err || got=$?
[ $got -ne 0 ] || fail "noise of 12 voxels has a brain"
[ ! -e no.nii ] || fail "a refused image leaves a brain"
