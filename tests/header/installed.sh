# The installed larmor, as a user of the library meets it: larmor.h alone in C and C++, larmor.pc,
# exactly the public names under LARMOR_0, the manual, and completion.
# SPDX-License-Identifier: Apache-2.0
prefix=$PWD/prefix
cmake --install "$BUILD" --prefix "$prefix" >log 2>&1 || { cat log; fail "cmake --install"; }
pc=$(dirname "$(find "$prefix" -name larmor.pc)")
lib=$(dirname "$pc")
export PKG_CONFIG_PATH="$pc"

# the header alone
warnings="-Wall -Wextra -Wpedantic -Wstrict-prototypes -Werror"
echo '#include <larmor/larmor.h>' >alone.c
echo '#include <larmor/larmor.h>' >alone.cc
for standard in c11 c17; do
    gcc -std=$standard $warnings $(pkg-config --cflags larmor) -c alone.c -o alone.o ||
        fail "larmor.h alone in $standard"
done
if command -v g++ >/dev/null; then
    for standard in c++11 c++17; do
        g++ -std=$standard ${warnings% -Wstrict*} -Werror $(pkg-config --cflags larmor) -c alone.cc \
            -o alone.o || fail "larmor.h alone in $standard"
    done
else
    omit "the header in C++: no g++"
fi

# the program of examples/ against the installed library: it does what larmor does
gcc -std=c11 $warnings "$SOURCE/examples/resample.c" -o resample $(pkg-config --cflags --libs larmor) ||
    fail "examples/resample.c"
export LD_LIBRARY_PATH="$lib"
status 2 ./resample
status 1 ./resample absent.nii out.nii
complains "absent.nii"
if larmor commands | grep -qx phantom; then
    larmor phantom head --subjects 1 --spacing 4 -q || fail "phantom"
    scan=$(echo head/t1/*.nii.gz)
else
    scan=scan.nii
    tiny_image $scan
fi
status 0 ./resample "$scan" mine.nii.gz
says 'voxels of 1 mm'
larmor resample "$scan" -o theirs.nii.gz --spacing 1 -q || fail "larmor resample"
cmp mine.nii.gz theirs.nii.gz || fail "examples/resample.c and larmor resample differ"
status 1 ./resample "$scan" mine.nii.gz
complains "exists already"
unset LD_LIBRARY_PATH
[ "larmor $(pkg-config --modversion larmor)" = "$(larmor --version)" ] || fail "version in larmor.pc"

# names: LARMOR_0 is larmor.h, no more and no less; the rest is private to the program and tests
# (a function compiled for several processors brings the compiler's NAME.resolver with it)
nm -D --defined-only --with-symbol-versions "$lib/liblarmor.so" | grep -v '\.resolver@@LARMOR_PRIVATE$' >names
sed -n 's/.* \(lar_[a-z0-9_]*\)@@LARMOR_0$/\1/p' names | sort >exported
tr '\n' ' ' <"$prefix/include/larmor/larmor.h" | tr ';' '\n' |
    sed -n 's/.*LAR_API [^(]*\b\(lar_[a-z0-9_]*\) *\((.*\|\[\]\)$/\1/p' | sort >declared
[ -s declared ] || fail "no declarations found in larmor.h"
diff declared exported || fail "larmor.h (<) and LARMOR_0 (>) differ"
grep -v '@@LARMOR_\(0\|PRIVATE\)$' names | grep -v ' A LARMOR_' && fail "these names leak"
[ "$(grep -c 'lar_' names)" -eq "$(grep -c '[ @]lar_[a-z0-9_]*@@' names)" ] || fail "an odd name"
objdump -p "$lib/liblarmor.so" | grep -q 'SONAME *liblarmor.so.0$' || fail "SONAME"

# the program finds its library by itself, wherever the prefix is moved
mv "$prefix" "$PWD/moved"
status 0 env -i "$PWD/moved/bin/larmor" --version
says '^larmor [0-9]'

# and the program that reads MINC, too
if [ -x "$BUILD/larmor-minc" ]; then
    status 0 env -i "$PWD/moved/bin/larmor" info "$SOURCE/tests/golden/minc/labels_u8.mnc"
    says 'MINC1'
    status 0 env -i "$PWD/moved/bin/larmor" doctor
    says "^programs .*larmor-minc ($PWD/moved/.*libexec/larmor/larmor-minc)"
else
    omit "the installed larmor-minc: libminc-dev is missing"
fi

# manual: a page for every command, without a complaint
for page in moved/share/man/man1/*.1; do
    if command -v groff >/dev/null; then
        groff -ww -man -Tutf8 "$page" >/dev/null 2>complaints
        [ -s complaints ] && { cat complaints; fail "groff on $page"; }
    fi
    if command -v mandoc >/dev/null; then
        # no date in .TH is on purpose: the same sources give the same page
        mandoc -Tlint -Wwarning "$page" | grep -v 'missing date' && fail "mandoc on $page"
    fi
done
command -v groff >/dev/null || omit "groff on the man pages: not installed"
larmor commands | while read -r command; do
    [ -s "moved/share/man/man1/larmor-$(echo "$command" | tr ' ' -).1" ] || fail "no page for $command"
done || exit 1

# completion
cat >complete.bash <<'END'
. moved/share/bash-completion/completions/larmor
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_larmor
printf '%s\n' "${COMPREPLY[@]}"
END
completes() { # EXPECTED WORD ...
    expected=$1; shift
    bash complete.bash "$@" >out 2>err || { cat err; fail "completing '$*'"; }
    [ ! -s err ] || { cat err; fail "completing '$*' complains"; }
    grep -qx -- "$expected" out || { cat out; fail "completing '$*' does not offer '$expected'"; }
}
touch 'a scan.nii.gz'
completes doctor larmor doc
completes doctor larmor help 'do'
completes --threads larmor doctor --th
larmor commands | grep -qx resample && {
    completes resample larmor res
    completes --spacing larmor resample 'a scan.nii.gz' --sp
    completes cubic larmor resample --interpolation cu
    completes cubic larmor resample --interpolation = cu
    completes 'a scan.nii.gz' larmor resample a
    completes 'a scan.nii.gz' larmor resample x -o a
}
larmor commands | grep -qx 'normalize zscore' && {
    completes zscore larmor normalize z
    completes 'a scan.nii.gz' larmor normalize zscore a
}
true
