# Words for shell tests. A test sources this; the first failed check ends it with status 1.
# SPDX-License-Identifier: Apache-2.0
fail() { echo "FAILED: $*" >&2; exit 1; }
skip() { echo "skipped: $*"; exit 77; }
omit() { echo "skipped: $*"; } # a part of the test alone
# status N COMMAND ...: runs it, keeps stdout in `out` and stderr in `err` (files), checks its exit
status() {
    wanted=$1; shift
    "$@" >out 2>err; got=$?
    [ "$got" -eq "$wanted" ] || { cat out err >&2; fail "'$*' ended with $got, not $wanted"; }
}
says() { grep -q -- "$1" out || { cat out >&2; fail "stdout does not say '$1'"; }; }
complains() { grep -q -- "$1" err || { cat err >&2; fail "stderr does not say '$1'"; }; }
# tiny_image FILE [EDGE]: an int16 NIfTI-1 volume of EDGE^3 voxels of 1 mm, not constant
tiny_image() {
    edge=${2:-12}
    byte=$(printf '\\%03o' "$edge") # below 256
    {
        printf '\134\001\000\000' && head -c 36 /dev/zero # sizeof_hdr 348
        printf "\003\000$byte\000$byte\000$byte\000\001\000\001\000\001\000\001\000" # dim
        head -c 14 /dev/zero
        printf '\004\000\020\000\000\000' # int16
        printf '\000\000\200\077\000\000\200\077\000\000\200\077\000\000\200\077' # pixdim
        head -c 16 /dev/zero
        printf '\000\000\260\103' && head -c 142 /dev/zero # vox_offset 352
        printf '\001\000' && head -c 24 /dev/zero # sform_code 1
        printf '\000\000\200\077' && head -c 16 /dev/zero # srow: the identity
        printf '\000\000\200\077' && head -c 16 /dev/zero
        printf '\000\000\200\077' && head -c 20 /dev/zero
        printf 'n+1\000\000\000\000\000'
        seq 1 99999 | head -c $((2 * edge * edge * edge))
    } >"$1"
}
