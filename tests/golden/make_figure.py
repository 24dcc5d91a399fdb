#!/usr/bin/env python3
# Makes figure.nii.gz, a volume of noise stored as PSR on voxels of 4 x 2 x 3 mm, and figure.bin: three planes through it
# as nibabel puts them in order (as_closest_canonical), one byte per pixel of 1 mm, rows from the top: axial with the
# right of the patient on the right and the front at the top, coronal with the head at the top, sagittal with the front
# on the right. For tests/unit/report/test_figure_peer.c, which has `larmor figure` draw them. Needs nibabel.
# SPDX-License-Identifier: Apache-2.0
import os

import nibabel
import numpy

here = os.path.dirname(os.path.abspath(__file__))
rng = numpy.random.default_rng(5)
data = rng.integers(0, 256, (15, 30, 20), dtype=numpy.uint8)  # to the back, up, to the right
affine = numpy.array([[0, 0, 3, -31.0], [-4, 0, 0, 30.0], [0, 2, 0, -27.0], [0, 0, 0, 1]])
image = nibabel.Nifti1Image(data, affine)
nibabel.save(image, os.path.join(here, "figure.nii.gz"))
assert "".join(nibabel.aff2axcodes(affine)) == "PSR"
canonical = nibabel.as_closest_canonical(image)
voxels, mm = numpy.asarray(canonical.dataobj), canonical.header.get_zooms()
at = [11, 6, 20]  # the voxel that the planes go through
with open(os.path.join(here, "figure.bin"), "wb") as out:
    for axis in (2, 1, 0):
        plane = numpy.take(voxels, at[axis], axis)
        across, up = (int(round(m)) for n, m in enumerate(mm) if n != axis)
        out.write(numpy.repeat(numpy.repeat(plane, across, 0), up, 1).T[::-1].tobytes())
print("at", *(canonical.affine @ (at + [1]))[:3], voxels.shape)
