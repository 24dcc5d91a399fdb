# Files that larmor writes, opened by nibabel and by nifti_tool: the same voxels and the same place.
# SPDX-License-Identifier: Apache-2.0
python=/usr/bin/python3
has_nibabel() { $python -c 'import nibabel' 2>/dev/null; }
has_tool() { command -v nifti_tool >/dev/null; }
has_nibabel || has_tool || skip "neither nibabel nor nifti_tool is here"

# every input in every form; nibabel goes by names, so inputs get theirs
mkdir in made
cp "$SOURCE"/tests/golden/nifti/* in/
for seed in "$SOURCE"/fuzz/corpus/nifti/v*; do
    case $seed in
        *_gz) cp "$seed" "in/${seed##*/}.nii.gz" ;;
        *) cp "$seed" "in/${seed##*/}.nii" ;;
    esac
done
for input in in/*.nii in/*.nii.gz in/*.hdr; do
    stem=made/$(basename "$input" | sed 's/\..*//')
    forms=both
    case $input in *sheared*) forms=sform ;; esac
    for output in "${stem}_1.nii" "${stem}_1.nii.gz" "${stem}_1.hdr" "${stem}_2.nii" "${stem}_2.hdr.gz"; do
        version=${output%%.*}
        status 0 larmor convert "$input" -o "$output" --nifti "${version##*_}" --force
        echo "$input $output $forms" >>pairs
    done
done
[ "$(wc -l <pairs)" -gt 100 ] || fail "too few files"

cat >same.py <<'PYTHON'
import sys
import warnings
import nibabel
import numpy
warnings.simplefilter("error")  # nibabel warns of what it mends


def check(before, after, forms):
    x, y = numpy.asarray(before.dataobj), numpy.asarray(after.dataobj)
    x = x.reshape(x.shape + (1,) * (3 - x.ndim))
    assert y.shape == x.shape, (x.shape, y.shape)
    scaled = (before.dataobj.slope, before.dataobj.inter) != (1, 0)
    assert numpy.allclose(x, y, rtol=1e-7, atol=0) if scaled else numpy.array_equal(x, y)
    assert scaled or y.dtype.newbyteorder("=") == x.dtype.newbyteorder("=")
    assert after.dataobj.slope == 1 and after.dataobj.inter == 0
    header = after.header
    if before.header["sform_code"] > 0 or before.header["qform_code"] > 0:
        assert abs(before.affine - after.affine).max() < 1e-5
    assert header["sform_code"] > 0
    if forms == "both":
        assert header["qform_code"] == header["sform_code"]
        assert abs(header.get_qform() - header.get_sform()).max() < 1e-4
    else:
        assert header["qform_code"] == 0
    assert header.get_xyzt_units()[0] == "mm"
    mine = [(e.get_code(), e.get_content()) for e in before.header.extensions]
    kept = [(e.get_code(), e.get_content()) for e in header.extensions]
    assert mine == kept, (mine, kept)


for line in open("pairs"):
    before, after, forms = line.split()
    try:
        check(nibabel.load(before), nibabel.load(after), forms)
    except Exception as problem:
        sys.exit("%s of %s: %r" % (after, before, problem))
PYTHON
if has_nibabel; then
    $python same.py || fail "nibabel reads it otherwise"
else
    omit "nibabel is not here"
fi

if has_tool; then
    cut -d ' ' -f 2 pairs | grep -v 'gz$' >plain
    # its checks take any header for NIfTI-1
    grep '_1\.' plain | xargs nifti_tool -check_hdr -check_nim -infiles >told 2>&1 &&
        grep '_2\.' plain | xargs nifti_tool -disp_nim -field sto_xyz -infiles >>told 2>&1 ||
        { cat told; fail "nifti_tool ends badly"; }
    grep 'FAILURE\|\*\*' told && fail "nifti_tool dislikes it"
    grep -q GOOD told || { cat told; fail "nifti_tool says nothing"; }
else
    omit "nifti_tool is not here"
fi
