# A full disk: the old file survives, nothing is left behind, and the sentence says so. The disk is
# a small tmpfs in a namespace of its own.
# SPDX-License-Identifier: Apache-2.0
unshare -rm true 2>/dev/null || skip "no name spaces here (unshare -rm)"
status 0 larmor phantom heads --subjects 1 --spacing 6 --seed 3 -q
mkdir disk
cat >inside.sh <<'END'
mount -t tmpfs -o size=64k tmpfs disk || exit 77
echo old >disk/t1.nii
larmor resample heads/t1/sub-01_T1.nii.gz -o disk/t1.nii --spacing 3 --force
echo "ended $?"
cat disk/t1.nii
ls -A disk
END
unshare -rm sh inside.sh >out 2>err
[ $? -eq 77 ] && skip "no tmpfs can be mounted here"
says "ended 74"
complains "No space left on device"
complains "what was there before is untouched"
[ "$(tail -n 2 out | tr '\n' ' ')" = "old t1.nii " ] || fail "the old file is not alone: $(cat out)"
