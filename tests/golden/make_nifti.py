#!/usr/bin/env python3
# Makes nifti/: small files of the odd kinds, written by nibabel, and nifti.txt: what nibabel reads from
# them, for tests/unit/format/test_nifti_golden.c. With LARMOR_TEST_DATA set also scans.txt, the same of
# real scans (the numbers alone). Needs numpy and nibabel.
# A line: file, type that larmor gives, size, channels, the affine, the sum of all values, and eight
# voxels as i j k channel value.
# SPDX-License-Identifier: Apache-2.0
import glob
import os

import nibabel
import numpy
from nibabel.nifti1 import Nifti1Extension, Nifti1Image, Nifti1Pair
from nibabel.nifti2 import Nifti2Image

here = os.path.dirname(os.path.abspath(__file__))
folder = os.path.join(here, "nifti")
rng = numpy.random.default_rng(5)


def turned(spacing, flip=1):
    x, z = 0.2, -0.3
    cos, sin = numpy.cos, numpy.sin
    turn = (numpy.array([[1, 0, 0], [0, cos(x), -sin(x)], [0, sin(x), cos(x)]])
            @ numpy.array([[cos(z), -sin(z), 0], [sin(z), cos(z), 0], [0, 0, 1]]))
    affine = numpy.eye(4)
    affine[:3, :3] = turn * spacing * [1, 1, flip]
    affine[:3, 3] = [-11.5, 20.25, 3]
    return affine


def noise(shape, dtype):
    dtype = numpy.dtype(dtype)
    if dtype.kind == "f":
        return rng.normal(0, 100, shape).astype(dtype)
    info = numpy.iinfo(dtype)
    return rng.integers(info.min, info.max, shape, dtype.newbyteorder("="), endpoint=True)


def save(name, image):
    nibabel.save(image, os.path.join(folder, name))


def make():
    os.makedirs(folder, exist_ok=True)
    affine = turned([0.9, 1.1, 3])
    image = Nifti1Image(noise((5, 4, 3), "i2"), affine, Nifti1Image.header_class(endianness=">"))
    image.header.set_data_dtype(">i2")
    image.header.set_slope_inter(0.25, -100)
    save("big_endian_scaled.nii.gz", image)
    save("float64_nifti2.nii.gz", Nifti2Image(noise((4, 3, 5), "f8"), affine))
    save("int64_nifti2.nii.gz", Nifti2Image(noise((4, 3, 2), "i8") // 2**12, affine, dtype="i8"))
    image = Nifti1Image(noise((4, 3, 2, 5), "u1"), affine)
    image.header.set_xyzt_units("mm", "msec")
    image.header["pixdim"][4] = 2500
    save("four_dimensions.nii.gz", image)
    image = Nifti1Image(noise((4, 3, 2), "u2"), None)
    image.set_qform(turned([2, 2, 3], flip=-1), 1)
    image.set_sform(None, 0)
    save("qform_left_handed.nii.gz", image)
    sheared = affine.copy()
    sheared[0, 1] += 0.4
    image = Nifti1Image(noise((4, 3, 2), "i1"), sheared)
    image.set_qform(None, 0)
    save("sheared.nii.gz", image)
    image = Nifti1Pair(noise((5, 3, 2), ">f4"), affine, Nifti1Pair.header_class(endianness=">"))
    save("pair_big_endian.hdr", image)
    image = Nifti1Image(noise((4, 3, 2), "i4"), affine)
    image.header.extensions.append(Nifti1Extension(6, b"first comment"))
    image.header.extensions.append(Nifti1Extension(44, bytes(range(200))))
    save("extensions.nii.gz", image)
    image = Nifti1Image(noise((4, 3, 2, 1, 3), "f4"), affine)
    image.header.set_intent(1007, name="shift")
    save("vectors.nii.gz", image)
    save("flat.nii.gz", Nifti1Image(noise((6, 5), "u4"), affine))
    image = Nifti1Image(noise((4, 3, 2), "u8") // 2**12, None, dtype="u8")
    image.header.set_zooms((1.5, 2, 2.5))
    image.set_qform(None, 0)
    image.set_sform(None, 0)
    save("no_forms.nii.gz", image)


def no_forms_affine(image):
    """Without a form nibabel puts the centre at the origin and turns x; larmor takes the voxel
    sizes, as the standard's method 1 says."""
    zooms = list(image.header.get_zooms()[:3]) + [1] * 3
    return numpy.diag([*zooms[:3], 1.0])


def row(name, path):
    image = nibabel.load(path)
    header = image.header
    values = numpy.asarray(image.dataobj)
    stored = header.get_data_dtype()
    slope, inter = image.dataobj.slope, image.dataobj.inter
    if (slope, inter) != (1, 0):
        kind = "float32" if stored.itemsize < 4 or stored.name == "float32" else "float64"
    else:
        kind = stored.name
    affine = image.affine
    if "sform_code" in header.keys() and header["sform_code"] <= 0 and header["qform_code"] <= 0:
        affine = no_forms_affine(image)
    values = values.reshape(list(values.shape[:3]) + [1] * (3 - values.ndim) + [-1], order="F")
    words = [name, kind, *values.shape]
    words += ["%.9g" % v for v in affine[:3].ravel()]
    words += ["%.17g" % values.sum(dtype=numpy.longdouble)]
    picks = numpy.random.default_rng(9).random((8, 4))
    for pick in picks:
        at = [int(p * n) for p, n in zip(pick, values.shape)]
        words += at + ["%.17g" % values[tuple(at)]]
    return " ".join(map(str, words)) + "\n"


def main():
    make()
    with open(os.path.join(here, "nifti.txt"), "w") as out:
        for path in sorted(glob.glob(os.path.join(folder, "*"))):
            if not path.endswith(".img"):
                out.write(row(os.path.basename(path), path))
    data = os.environ.get("LARMOR_TEST_DATA")
    if not data:
        return
    paths = [p for kind in ("cohort2mm", "openms", "headlabels", "formats", "dicom")
             for p in glob.glob(os.path.join(data, kind, "**", "*.nii*"), recursive=True)]
    with open(os.path.join(here, "scans.txt"), "w") as out:
        for path in sorted(paths):
            out.write(row(os.path.relpath(path, data), path))


if __name__ == "__main__":
    main()
