#!/usr/bin/env python3
# Makes mgh_analyze/: small MGH, MGZ and Analyze files of the odd kinds, written by nibabel or as nibabel's
# headers say, and mgh_analyze.txt: what nibabel reads from them, in lines as make_nifti.py has them, for
# tests/unit/format/test_mgh_golden.c. With LARMOR_TEST_DATA set also mgh_scans.txt, of files that others made
# (the numbers alone). Needs numpy and nibabel.
# SPDX-License-Identifier: Apache-2.0
import glob
import itertools
import os
import struct

import nibabel
import numpy
from nibabel.freesurfer import MGHImage
from nibabel.spm99analyze import Spm99AnalyzeHeader

from make_nifti import noise, row, turned

here = os.path.dirname(os.path.abspath(__file__))
folder = os.path.join(here, "mgh_analyze")


def save(name, image):
    nibabel.save(image, os.path.join(folder, name))


def orientations():
    """The 48 orientations of turned()."""
    turn = turned([0.9, 1.1, 3])
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1, -1), repeat=3):
            affine = turn.copy()
            affine[:3, :3] = turn[:3, order] * signs
            yield affine


def analyze(name, kind, order="<", shape=(4, 3, 2), slope=0, origin=(0, 0, 0), inter=0, ranges=(0, 0, 0, 0)):
    header = Spm99AnalyzeHeader(endianness=order)
    header.set_data_dtype(kind)
    header.set_data_shape(shape)
    header["pixdim"][1:4] = [1.5, 2, 2.5]
    block = bytearray(header.binaryblock)
    struct.pack_into(order + "2f", block, 112, slope, inter)
    struct.pack_into(order + "2f", block, 124, *ranges[2:])
    struct.pack_into(order + "2i", block, 140, *ranges[:2])
    struct.pack_into(order + "3h", block, 253, *origin)
    with open(os.path.join(folder, name + ".hdr"), "wb") as out:
        out.write(block)
    voxels = noise(shape, kind)
    with open(os.path.join(folder, name + ".img"), "wb") as out:
        out.write(voxels.astype(numpy.dtype(kind).newbyteorder(order)).tobytes(order="F"))


def make():
    os.makedirs(folder, exist_ok=True)
    for kind in ("u1", "i2", "i4", "f4", "u2"):
        save(f"mgh_{kind}.mgz", MGHImage(noise((5, 4, 3), kind), turned([0.9, 1.1, 3])))
    for n, affine in enumerate(orientations()):
        save(f"mgh_turned_{n:02d}.mgz", MGHImage(noise((3, 2, 2), "u1"), affine))
    image = MGHImage(noise((4, 3, 2, 3), "i2"), turned([2, 2, 3], flip=-1))
    image.header.set_zooms((2, 2, 3, 2500))
    save("mgh_frames.mgh", image)
    sheared = turned([1, 2, 3])
    sheared[0, 1] += 0.4
    save("mgh_sheared.mgh", MGHImage(noise((4, 3, 2), "f4"), sheared))
    for kind in ("u1", "i2", "i4", "f4", "f8"):
        analyze(f"analyze_{kind}", kind)
        analyze(f"analyze_{kind}_big", kind, ">", slope=0.25, origin=(2, 3, 1))
    analyze("analyze_frames", "i2", shape=(4, 3, 2, 5))
    analyze("analyze_far_origin", "u1", origin=(100, 1, 1))
    analyze("analyze_near_origin", "u1", origin=(-3, 5, 3))
    analyze("analyze_intercept", "i2", slope=0.5, inter=-100)
    analyze("analyze_ranges", "u1", ranges=(255, 5, 1, -1))


def main():
    make()
    with open(os.path.join(here, "mgh_analyze.txt"), "w") as out:
        for path in sorted(glob.glob(os.path.join(folder, "*"))):
            if not path.endswith(".img"):
                out.write(row(os.path.basename(path), path))
    data = os.environ.get("LARMOR_TEST_DATA")
    if data:
        with open(os.path.join(here, "mgh_scans.txt"), "w") as out:
            for name in ("mgz_afni_nifti/test.mgz", "one_image_six_formats/mgh.mgz"):
                out.write(row("formats/" + name, os.path.join(data, "formats", name)))


if __name__ == "__main__":
    main()
