# The house rules that sources show: doors, floors, names, lengths, licences; and that each kind of
# offence would be found.
# SPDX-License-Identifier: Apache-2.0
house() { # in the root of a tree
    find src include tests bench fuzz examples cmake docs dev .ci -type f \( -name '*.[ch]' \
        -o -name '*.sh' -o -name '*.py' -o -name '*.awk' -o -name '*.cmake' -o -name CMakeLists.txt \
        -o -name dev -o -path .ci/run \) 2>/dev/null | sort >"$list"
    xargs awk -f tests/tree/house.awk src/FLOORS <"$list"
}
list=$PWD/list
(cd "$SOURCE" && house) || fail "see above"
[ "$(wc -l <list)" -gt 30 ] || fail "looked at too few files"

# the library neither prints nor ends the process, and every name of its begins with lar_
if [ -n "${BUILD:-}" ]; then
    nm -D --undefined-only "$BUILD/liblarmor.so" | sed 's/.* U //; s/@.*//' >wants
    grep -Ex 'exit|_exit|abort|printf|puts|putchar|perror|stdout|stderr|system|rand|srand' wants &&
        fail "the library calls these"
    find "$BUILD/CMakeFiles/larmor.dir" -name '*.o' -exec nm -g --defined-only {} + |
        awk 'NF == 3 && $3 !~ /^(lar_|__odr_asan|\.gomp_)/ { print $3 }' >strangers
    [ ! -s strangers ] || { cat strangers; fail "not static, and no lar_ in front"; }
fi

# each offence, planted in a copy of the tree, is named with its file and line
mkdir copy
(cd "$SOURCE" && tar -cf - $(cat "$OLDPWD/list") src/FLOORS) 2>/dev/null | tar -C copy -xf - || fail "copy"
finds() { # FILE:LINE WORDS
    (cd copy && house) >found && fail "an offence was not found: $*"
    grep -q "^$1: .*$2" found || { cat found; fail "found other than '$1: ... $2'"; }
}
plant() { # FILE TEXT: as a new file of the copy; removed after the check
    mkdir -p "$(dirname "copy/$1")"
    printf '%b' "$2" >"copy/$1"
}
banned='/* SPDX-License-Identifier: Apache-2.0 */\n#include "base/banned.h"\n'
plant src/math/planted.c "$banned"'#include "image/image.h"\n'
finds src/math/planted.c:3 "'math' may not open 'image'"
plant src/math/planted.c "$banned"'#  include "net/net.h"\n'
finds src/math/planted.c:3 "'math' may not open 'net'"
plant src/math/planted.c "$banned"'#include "planted.h"\n'
finds src/math/planted.c:3 "in no room"
plant src/net/planted.c "$banned"'#include "tensor/kernels/deep.h"\n'
rm copy/src/math/planted.c
finds src/net/planted.c:3 "is inside 'tensor'"
plant src/net/planted.c "$banned"'#include <dnnl.h>\n'
finds src/net/planted.c:3 "dnnl.h> may be named in"
plant src/net/planted.c '/* SPDX-License-Identifier: Apache-2.0 */\n#include <stdio.h>\n'
finds src/net/planted.c:1 "includes neither"
plant src/net/planted.c '#include "base/base.h"\n'
finds src/net/planted.c:1 "no SPDX"
plant src/net/planted.c "$banned$(yes '\n' | head -n 600 | tr -d '\n')"
finds src/net/planted.c:600 "more than 600"
rm copy/src/net/planted.c
plant tests/unit/math/grid.c "$banned"
plant src/math/grid.c "$banned"
finds tests/unit/math/grid.c:1 "the name is taken"
rm copy/tests/unit/math/grid.c copy/src/math/grid.c
plant src/attic/attic.c "$banned"
finds src/attic/attic.c:1 "not in src/FLOORS"
rm -r copy/src/attic
cp copy/src/FLOORS floors
sed 's/^math: .*/math: base net/' floors >copy/src/FLOORS
finds "src/FLOORS:[0-9]*" "'math' may not open 'net'"
cp floors copy/src/FLOORS
(cd copy && house) >found || { cat found; fail "the copy is not clean again"; }
