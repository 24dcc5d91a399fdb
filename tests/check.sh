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
