# docs/data.md: every layout is laid out as the page says, with digital heads, and read by the page's lines.
# SPDX-License-Identifier: Apache-2.0
page=$SOURCE/docs/data.md
status 0 larmor phantom heads --subjects 6 --spacing 8 -q
for n in 1 2 3 4 5 6; do
    status 0 larmor resample heads/flair/sub-0${n}_FLAIR.nii.gz --like heads/t1/sub-0${n}_T1.nii.gz -o heads/flair/sub-0${n}_FLAIR.nii.gz --force -q
done
for kind in t1 flair; do
    status 0 larmor slice heads/$kind -o heads/slices_$kind --range 0.5 0.53 -q
done
# nth N FILE ...: the N-th
nth() { shift "$1"; echo "$1"; }

# put FILE: the next head, or its truth, or a slice of it
put() {
    mkdir -p "$(dirname "$1")"
    case $1 in
        *label* | *dseg*) labels=$((labels + 1)) && cp "$(nth $labels ../heads/truth/*_labels.nii.gz)" "$1" ;;
        */flair/*.tif) flairs=$((flairs + 1)) && cp "$(nth $flairs ../heads/slices_flair/*.tif)" "$1" ;;
        *.tif) t1s=$((t1s + 1)) && cp "$(nth $t1s ../heads/slices_t1/*.tif)" "$1" ;;
        *flair* | *FLAIR* | *_0001.nii.gz) flairs=$((flairs + 1)) && cp "$(nth $flairs ../heads/flair/*.nii.gz)" "$1" ;;
        *) t1s=$((t1s + 1)) && cp "$(nth $t1s ../heads/t1/*.nii.gz)" "$1" ;;
    esac
}

# the boxes of the page, one file each: 01.files, 02.yaml, 03.csv ... with the name behind the kind in 03.name
awk '/^```/ { if (open) { open = 0; close(box) } else { open = 1; n++; kind = substr($1, 4); if (kind == "") kind = "words"
         box = sprintf("%02d.%s", n, kind); printf "" > box; if ($2 != "") { print $2 > sprintf("%02d.name", n) } } next }
     open { print > box }' "$page"
layouts=0
for box in [0-9][0-9].*; do
    case $box in
        *.files)
            rm -rf here && mkdir here && cd here || exit 1
            t1s=0 flairs=0 labels=0
            # two blanks between names: one may stand in them
            sed 's/  */ /g; s/\(\.nii\.gz\|\.tif\) /\1\n/g' ../"$box" >../names
            while read -r name; do put "$name"; done <../names
            cd .. ;;
        *.csv | *.tsv | *.json) cp "$box" "here/$(cat "${box%.*}.name")" ;;
        *.yaml)
            cp "$box" here/study.yaml
            status 0 larmor check here/study.yaml -q
            says "cases, every one read through: all can be prepared$"
            [ -s err ] && { cat err; fail "check complains of layout $box"; }
            cp out checked
            status 0 larmor prepare here/study.yaml -q # and it is read
            layouts=$((layouts + 1)) ;;
        *.sh)
            (cd here && sh -eu ../"$box") >out 2>err || { cat err; fail "the commands of $box"; }
            [ "$(tail -n "$(wc -l <checked)" out)" = "$(cat checked)" ] || fail "the manifest is another cohort" ;;
    esac
done
[ $layouts -eq 10 ] || fail "$layouts layouts, not 10"
# what the page says that check shows
grep -q 'covariate  *train  *valid  *test' "$page" || fail "the page has lost its table"
# links lead to files
grep -o '](\([^)#]*\)' "$page" | sed 's/^](//' | sort -u | while read -r link; do
    [ -z "$link" ] || [ -e "$SOURCE/docs/$link" ] || { echo "$link" >&2; exit 1; }
done || fail "a link of the page leads nowhere"
