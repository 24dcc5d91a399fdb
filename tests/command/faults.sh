# Every call to the system that a command makes to read or write fails once, on its own, and then
# from there on. An output is then complete or absent, an old one survives, nothing temporary is left,
# and the exit status and one sentence say what happened.
# SPDX-License-Identifier: Apache-2.0
ldd "$LARMOR" "$FAULT_LIBRARY" | grep -q 'lib[at]san' && skip "a sanitizer must be loaded first"
# hundreds of fsync: on a folder in memory where there is one
memory=$(mktemp -d /dev/shm/larmor-XXXXXX 2>/dev/null) && cd "$memory" && trap 'rm -rf "$memory"' EXIT
export OMP_NUM_THREADS=2 # the kinds and order of calls must not depend on the machine

contents() { (cd "$1" && find . -type f -exec cksum {} + | sort); }

# check STATUS BEFORE WHAT: after a run that was to write into now/
check() {
    contents now >is
    if [ "$1" -eq 0 ]; then
        cmp -s is finished || { diff is finished; fail "$3 says success, but its output differs"; }
        return
    fi
    case $1 in 1 | 65 | 66 | 69 | 70 | 71 | 73 | 74) ;; *) cat err; fail "$3 ends with $1" ;; esac
    # a folder may hold some of the finished files; each is then whole, or what it was before
    sort -u "$2" finished >allowed
    comm -23 is allowed >torn
    [ ! -s torn ] || { cat torn err; fail "$3 leaves a torn or temporary file"; }
    # an old file survives: its name is still there
    awk '{ print $3 }' "$2" | sort >old_names
    awk '{ print $3 }' is | sort | comm -23 old_names - >gone
    [ ! -s gone ] || { cat gone err; fail "$3 loses an old file"; }
    [ "$(grep -c '^larmor ' err)" -eq 1 ] || { cat err; fail "$3 does not say one sentence"; }
    case $3 in
        *alloc:*) ;; # what failed there is memory, not a file
        *) grep -q "^larmor .*'[^']*'" err || { cat err; fail "$3 does not name the file"; } ;;
    esac
}

# run SETTING COMMAND ...: in a copy of start/; the output goes to now/
run() {
    setting=$1; shift
    rm -rf now && cp -r start now
    timeout 60 env LD_PRELOAD="$FAULT_LIBRARY" "$setting" "$@" >out 2>err
}

# faults OUTPUT COMMAND ...: the calls of `kinds`; OUTPUT is a file or folder in now/. First nothing
# is there; then, of a file, an old one, and --force.
tried=0
faults() {
    output=$1; shift
    rm -rf start && mkdir start
    for old in no yes; do
        if [ $old = yes ]; then
            [ -d "now/$output" ] && return
            echo "old content" >"start/$output"
            set -- "$@" --force
        fi
        contents start >before
        run "FAULT_COUNT=$PWD/counts" "$@" || { cat err; fail "'$*' fails by itself"; }
        [ -e "now/$output" ] || fail "'$*' does not write $output"
        contents now >finished
        while read -r kind count; do
            case "$kinds" in *"$kind"*) ;; *) continue ;; esac
            case $kind in
                open) errors="EACCES EMFILE:sticky" ;;
                read) errors="EIO EINTR SHORT" ;;
                write) errors="ENOSPC:sticky EIO EDQUOT EINTR SHORT" ;;
                fsync) errors="EIO ENOSPC" ;;
                alloc) errors="ENOMEM ENOMEM:sticky" ;;
                mmap) errors="ENOMEM" ;;
                link) errors="EIO EXDEV" ;;
                *) errors="EIO" ;;
            esac
            # of many calls of a kind the first, the last, and some between
            step=$((count / ${FAULT_POINTS:-3} + 1))
            k=1
            while [ $k -le "$count" ]; do
                for error in $errors; do
                    fault=$kind:$k:$error
                    run "FAULT=$fault" "$@"; got=$?
                    check $got before "'$*' with $fault"
                    case $fault:$got in # what must not be taken for success, and what must
                        write:*:E[NID][OIQ]*:0 | rename:*:0 | fsync:1:*:0) fail "'$*' with $fault says success" ;;
                        *EINTR:0 | *SHORT:0) ;;
                        *EINTR:* | *SHORT:*) cat err; fail "'$*' does not survive $fault" ;;
                    esac
                    tried=$((tried + 1))
                done
                k=$((k + step))
            done
        done <counts
    done
}

has() { larmor commands | grep -qx "$1"; }
kinds="open read write fsync close rename link mmap alloc"
mkdir in
tiny_image in/t1.nii
gzip -kn in/t1.nii
has convert && faults x.nii.gz larmor convert in/t1.nii -o now/x.nii.gz
for name in x.nrrd x.mhd x.mgz; do # .mhd is a pair
    has convert && faults $name larmor convert in/t1.nii -o now/$name
done
has reorient && faults x.nii larmor reorient in/t1.nii -o now/x.nii --to PIL
has resample && faults x.nii.gz larmor resample in/t1.nii.gz -o now/x.nii.gz --spacing 2
has resample && faults x.hdr larmor resample in/t1.nii.gz -o now/x.hdr --spacing 2
if has warp; then
    printf '#Insight Transform File V1.0\nTransform: TranslationTransform_double_3_3\nParameters: 1 2 3\n' >in/shift.txt
    printf 'x,y,z\n1,2,3\n' >in/points.csv
    faults x.nii.gz larmor warp in/t1.nii -o now/x.nii.gz --like in/t1.nii -t in/shift.txt
    faults x.csv larmor warp in/points.csv -o now/x.csv -t in/shift.txt
    faults x.nii larmor warp --transform-out now/x.nii --like in/t1.nii -t in/shift.txt
    faults x.mat larmor warp --transform-out now/x.mat -t in/shift.txt
fi
has register && faults x.nii larmor register in/t1.nii in/t1.nii.gz -o now/x.nii --trust
has crop && faults x.nii larmor crop in/t1.nii -o now/x.nii --axis z --range 0.2 0.8
has pad && faults x.nii larmor pad in/t1.nii -o now/x.nii --by 2
has smooth && faults x.nii.gz larmor smooth in/t1.nii.gz -o now/x.nii.gz --fwhm 3
has mask && faults x.nii larmor mask in/t1.nii -o now/x.nii --method otsu --largest --apply now/y.nii
if has strip && larmor phantom in/heads --subjects 1 --spacing 6 --contrasts t1 -q >out; then
    faults x.nii larmor strip in/heads/t1/sub-01_T1.nii.gz -o now/x.nii --mask-out now/y.nii --trust
fi
has clip && faults x.nii larmor clip in/t1.nii -o now/x.nii --percentiles 5 95
has rescale && faults x.nii.gz larmor rescale in/t1.nii.gz -o now/x.nii.gz
has "normalize zscore" && faults x.nii.gz larmor normalize zscore in/t1.nii.gz -o now/x.nii.gz
cp "$SOURCE/tests/golden/tiny_strip.safetensors" in/model.bin
has models && LARMOR_MODELS=now faults mindgrab.safetensors larmor models add in/model.bin
has slice && faults x.tif larmor convert in/t1.nii -o now/x.tif
# a server writes nothing but its token, which is new each time: it starts, or says why it does not
if has view; then
    rm -rf start && mkdir start
    set -- larmor view in/t1.nii --token-file now/token --for 0 --no-browser
    run "FAULT_COUNT=$PWD/counts" "$@" || { cat err; fail "'$*' fails by itself"; }
    while read -r kind count; do
        k=1
        [ "$kind" != write ] || count=1 # the token; others wake a thread, and are no files
        while [ $k -le "$count" ]; do
            case $kind in alloc | mmap) error=ENOMEM ;; *) error=EIO ;; esac
            run "FAULT=$kind:$k:$error" "$@"; got=$?
            case $got in
                0) [ -s now/token ] || fail "'$*' with $kind:$k:$error has no token" ;;
                66 | 70 | 71 | 73 | 74) [ "$(grep -c '^larmor ' err)" -eq 1 ] || { cat err; fail "not one sentence"; } ;;
                *) cat err; fail "'$*' with $kind:$k:$error ends with $got" ;;
            esac
            [ ! -e now/token ] || [ "$(wc -c <now/token)" -eq 33 ] || fail "$kind:$k:$error leaves a torn token"
            tried=$((tried + 1))
            k=$((k + count / 6 + 1))
        done
    done <counts
fi
# fontconfig and cairo open and read fonts: what fails there is not larmor's
kinds="write fsync rename link alloc"
has figure && faults x.png larmor figure in/t1.nii -o now/x.png
has histogram && faults x.png larmor histogram in/t1.nii -o now/x.png --after in/t1.nii --title one
kinds="write fsync rename link"
if has report && larmor phantom in/cohort --subjects 2 --spacing 8 -q && larmor prepare in/cohort/study.yaml -q; then
    faults x.html larmor report in/cohort/study -o now/x.html
fi
# a folder: some of its files may be there, each of them whole
kinds="write fsync link"
FAULT_POINTS=2
if has slice; then
    faults slices larmor slice in/t1.nii -o now/slices --range 0.3 0.6
    larmor slice in/t1.nii -o in/slices --range 0.3 0.6 -q
    faults x.nii larmor stack in/slices -o now/x.nii
fi
mkdir in/one && cp in/t1.nii in/one/ && printf '{"EchoTime": 0.01}' >in/one/t1.json
has convert && faults bids larmor convert in/one -o now/bids --bids --subject 1
has phantom && faults heads larmor phantom now/heads --subjects 1 --spacing 10 -q
[ $tried -gt 0 ] || fail "no fault was tried"
echo "$tried faults"

# a disk that is really full
if [ "$(id -u)" -eq 0 ] && mkdir small && mount -t tmpfs -o size=64k tmpfs small 2>/dev/null; then
    tiny_image in/large.nii 60
    echo "old content" >small/x.nii
    larmor resample in/large.nii -o small/x.nii --spacing 1 --force >out 2>err
    got=$?
    left=$(ls -A small; cat small/x.nii)
    umount small || fail "umount"
    [ $got -eq 74 ] || { cat err; fail "a full disk ends with $got"; }
    complains "small/x.nii"
    complains "No space left on device"
    [ "$left" = "x.nii
old content" ] || fail "on a full disk the old file did not survive alone: $left"
else
    omit "a full disk: mounting one needs root"
fi
