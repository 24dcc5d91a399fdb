#!/usr/bin/env python3
# Makes metaimage_nrrd/: small MetaImage and NRRD files of many kinds, written by SimpleITK and pynrrd or,
# where those write no such file, by hand; and metaimage_nrrd.txt: what SimpleITK reads from them, for
# tests/unit/format/test_metaimage_golden.c. What SimpleITK refuses is read by pynrrd. Needs numpy,
# SimpleITK and pynrrd.
# A line: file, type, size, channels, the affine in RAS (17 digits), the sum of all values, and eight
# voxels as i j k channel value. With LARMOR_TEST_DATA set, also the real files below formats/, as
# data:NAME.
# SPDX-License-Identifier: Apache-2.0
import os
import zlib

import nrrd
import numpy
import SimpleITK

here = os.path.dirname(os.path.abspath(__file__))
folder = os.path.join(here, "metaimage_nrrd")
rng = numpy.random.default_rng(11)
os.makedirs(folder, exist_ok=True)
os.chdir(folder)
for old in os.listdir("."):
    os.remove(old)


def noise(shape, dtype):
    dtype = numpy.dtype(dtype)
    if dtype.kind == "f":
        return rng.normal(0, 100, shape).astype(dtype)
    # exact as double: SimpleITK's 64 bits go through numpy
    info = numpy.iinfo(dtype)
    return rng.integers(max(info.min, -2**53), min(info.max, 2**53), shape, dtype.newbyteorder("="), endpoint=True).astype(dtype)


def turned(flip=1):
    x, z = 0.2, -0.3
    cos, sin = numpy.cos, numpy.sin
    turn = (numpy.array([[1, 0, 0], [0, cos(x), -sin(x)], [0, sin(x), cos(x)]])
            @ numpy.array([[cos(z), -sin(z), 0], [sin(z), cos(z), 0], [0, 0, 1]]))
    return turn * [1, 1, flip]


def oblique(array, vector=False, flip=1):
    image = SimpleITK.GetImageFromArray(array, isVector=vector)
    image.SetSpacing([0.9, 1.1, 3.0])
    image.SetOrigin([-11.5, 20.25, 1 / 3])
    image.SetDirection(turned(flip).ravel())
    return image


def by_hand(name, head, data=b""):
    with open(name, "wb") as out:
        out.write(head.encode() + data)


def meta(name, extra, dims="3 2 2", kind="MET_SHORT", data_file="LOCAL", data=b"", order="False"):
    by_hand(name, "ObjectType = Image\nNDims = %d\nBinaryData = True\nBinaryDataByteOrderMSB = %s\n%sDimSize = %s\n"
            "ElementType = %s\nElementDataFile = %s\n" % (len(dims.split()), order, extra, dims, kind, data_file), data)


def make():
    write = SimpleITK.WriteImage
    kinds = ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"]
    for kind in kinds:
        for end in ("mha", "nrrd"):
            write(oblique(noise((3, 4, 5), kind)), f"itk_{kind}.{end}", end == "mha")
    for end, packed in (("mhd", False), ("nhdr", False)):
        write(oblique(noise((3, 4, 5), "i2"), flip=-1), f"itk_pair.{end}", packed)
        write(oblique(noise((3, 4, 5), "u2")), f"itk_packed_pair.{end}", True)
    for end in ("mha", "nrrd"):
        write(oblique(noise((2, 3, 4, 3), "f4"), vector=True), f"itk_vector.{end}", True)
        series = SimpleITK.GetImageFromArray(noise((3, 2, 3, 4), "i2"), isVector=False)
        series.SetSpacing([1, 2, 3, 2.5])
        series.SetOrigin([5, 6, 7, 0])
        write(series, f"itk_series.{end}", True)
        flat = SimpleITK.GetImageFromArray(noise((4, 5), "f4"))
        flat.SetSpacing([0.5, 0.75])
        flat.SetOrigin([-3, 8])
        flat.SetDirection([0, -1, 1, 0])
        write(flat, f"itk_flat.{end}")
    shorts = noise((2, 2, 3), "i2")
    raw, big = shorts.tobytes(), shorts.astype(">i2").tobytes()
    place = "TransformMatrix = 0 1 0 0 0 1 1 0 0\nOffset = 1 2 3\nElementSpacing = 2 3 4\n"
    meta("hand_big.mha", place, data=big, order="True")
    meta("hand_names.mha", "Rotation = 0 -1 0 1 0 0 0 0 1\nPosition = 1 2 3\nElementSize = 1 2 3\n", data=raw)
    meta("hand_sheared.mha", "TransformMatrix = 1 0 0 0.3 1 0 0 0 1\nOffset = 1 2 3\nElementSpacing = 2 3 4\n",
         data=raw)
    meta("hand_long.mha", place, kind="MET_LONG", data=noise((2, 2, 3), "i4").tobytes())
    meta("hand_array.mha", place + "ElementNumberOfChannels = 2\n", kind="MET_UCHAR_ARRAY",
         data=noise((2, 2, 3, 2), "u1").tobytes())
    meta("hand_scaled.mha", place + "ElementToIntensityFunctionSlope = 2\nElementToIntensityFunctionOffset = -5\n",
         data=raw)
    meta("hand_no_size.mha", place + "CompressedData = True\n", data_file="hand_no_size.zraw")
    by_hand("hand_no_size.zraw", "", zlib.compress(raw))
    meta("hand_header.mhd", place + "HeaderSize = 7\n", data_file="hand_header.bin")
    by_hand("hand_header.bin", "1234567", raw)
    meta("hand_last.mhd", place + "HeaderSize = -1\n", data_file="hand_last.bin")
    by_hand("hand_last.bin", "any length", raw)
    for n in range(2):
        by_hand("slice_%02d.raw" % (2 * n + 1), "", raw[n * 12:n * 12 + 12])
    meta("hand_pattern.mhd", place, data_file="slice_%02d.raw 1 3 2")
    meta("hand_list.mhd", place, data_file="LIST\nslice_03.raw\nslice_01.raw")
    axes = "space directions: (0,2,0) (0,0,-3) (4,0,0)\nspace origin: (1,2,3)\n"
    top = "NRRD0005\n# comment\ntype: short\ndimension: 3\nsizes: 3 2 2\nendian: little\n"
    for space in ("right-anterior-superior", "LAS", "scanner-xyz", "3D-right-handed"):
        by_hand("hand_%s.nrrd" % space, top + "encoding: raw\nspace: %s\n" % space + axes + "key:=value\n\n", raw)
    by_hand("hand_space3.nrrd", top + "encoding: raw\nspace dimension: 3\n" + axes + "\n", raw)
    by_hand("hand_sheared.nrrd", top + "encoding: raw\nspace: LPS\nspace directions: (1,0,0) (0.5,2,0) (0,0.1,3)\n"
            "space origin: (0,0,0)\n\n", raw)
    by_hand("hand_spacings.nrrd", top + "encoding: raw\nspacings: 1 2 3\naxis mins: 10 20 30\n\n", raw)
    by_hand("hand_nodes.nrrd", top + "encoding: raw\nspacings: 1 2 3\naxis mins: 10 20 30\ncenters: node node node\n\n",
            raw)
    by_hand("hand_bare.nrrd", top + "encoding: raw\n\n", raw)
    by_hand("hand_big.nrrd", top.replace("little", "big") + "encoding: raw\nspace: LPS\n" + axes + "\n", big)
    by_hand("hand_last.nrrd", top + "encoding: raw\nspace: LPS\nbyte skip: -1\n" + axes + "\n", b"any length" + raw)
    by_hand("hand_skips.nhdr", top + "encoding: raw\nspace: LPS\nline skip: 2\nbyte skip: 3\ndata file: skips.bin\n"
            + axes)
    by_hand("skips.bin", "one\ntwo\nabc", raw)
    by_hand("hand_list.nhdr", top + "encoding: raw\nspace: LPS\n" + axes + "data file: LIST\nslice_03.raw\nslice_01.raw\n")
    by_hand("hand_pattern.nhdr", top + "encoding: raw\nspace: LPS\n" + axes + "data file: slice_%02d.raw 1 3 2\n")
    by_hand("hand_list_last.nrrd", top.replace("dimension: 3", "dimension: 4").replace("3 2 2", "3 2 1 2")
            + "encoding: raw\nspace: LPS\n" + axes.replace("(4,0,0)", "(4,0,0) none")
            + "kinds: domain domain domain list\n\n", raw)
    header = {"space": "right-anterior-superior", "space directions": turned() * [1, 2, 3.5],
              "space origin": [1, 2, 3], "kinds": ["domain"] * 3}
    nrrd.write("py_gzip.nrrd", noise((3, 2, 4), "f8"), {**header, "encoding": "gzip"})
    nrrd.write("py_raw.nrrd", noise((3, 2, 4), ">u2"), {**header, "encoding": "raw", "endian": "big"})
    nrrd.write("py_pair.nhdr", noise((3, 2, 4), "i8"), {**header, "encoding": "gzip"}, detached_header=True)
    directions = numpy.vstack([turned() * 2, [numpy.nan] * 3])
    nrrd.write("py_time.nrrd", noise((3, 2, 2, 3), "i2"),
               {**header, "space directions": directions, "kinds": ["domain"] * 3 + ["time"], "encoding": "gzip"})


LPS = numpy.diag([-1, -1, 1])


def by_itk(path):
    image = SimpleITK.ReadImage(path)
    values = SimpleITK.GetArrayFromImage(image)
    affine = numpy.eye(4)
    n = min(image.GetDimension(), 3)
    direction = numpy.array(image.GetDirection()).reshape(image.GetDimension(), -1)
    affine[:n, :n] = direction[:n, :n] * image.GetSpacing()[:n]
    affine[:n, 3] = image.GetOrigin()[:n]
    affine[:3] = LPS @ affine[:3]
    if image.GetNumberOfComponentsPerPixel() > 1:  # z y x c
        values = numpy.moveaxis(values, -1, 0)
    return values.T, affine


def by_pynrrd(path):
    values, header = nrrd.read(path)
    affine = numpy.eye(4)
    affine[:3, :3] = header["space directions"][:3].T
    affine[:3, 3] = header["space origin"]
    assert header["space"] == "right-anterior-superior"
    return values, affine


def row(name, path):
    values, affine = (by_pynrrd if "py_time" in path else by_itk)(path)
    kind = values.dtype.newbyteorder("=").name
    values = values.reshape(list(values.shape[:3]) + [1] * (3 - values.ndim) + [-1], order="F")
    words = [name, kind, *values.shape]
    words += ["%.17g" % v for v in affine[:3].ravel()]
    words += ["%.17g" % values.sum(dtype=numpy.longdouble)]
    for pick in numpy.random.default_rng(9).random((8, 4)):
        at = [int(p * n) for p, n in zip(pick, values.shape)]
        words += at + ["%.17g" % values[tuple(at)]]
    return " ".join(map(str, words)) + "\n"


def main():
    make()
    with open(os.path.join(here, "metaimage_nrrd.txt"), "w") as out:
        for path in sorted(os.listdir(".")):
            if path.endswith((".mha", ".mhd", ".nrrd", ".nhdr")):
                out.write(row(path, path))
        data = os.environ.get("LARMOR_TEST_DATA")
        for path in ("mha/2DMRI-T1_brain.mha", "mha/3DCT_lung_baseline_small.mha", "nrrd/brain1_image.nrrd",
                     "one_image_six_formats/mha.mha", "one_image_six_formats/nrrd.nhdr"):
            if data:
                out.write(row("data:formats/" + path, os.path.join(data, "formats", path)))


main()
