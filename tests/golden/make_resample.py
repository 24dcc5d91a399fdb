#!/usr/bin/env python3
# Makes resample_in.nii.gz and resample.txt: the small image that tests/unit/filter/test_resample.c
# resamples, and what scipy.ndimage (order 3, mirror) and ITK's B-spline make of it. With
# LARMOR_TEST_DATA set also openms.txt, the same for a T1 scan of the openms data (Lesjak 2016,
# doi:10.1007/s12021-016-9301-1, CC BY 4.0). Needs numpy, scipy, nibabel and SimpleITK.
# SPDX-License-Identifier: Apache-2.0
import os
import sys

import nibabel
import numpy
import scipy.ndimage
import SimpleITK

here = os.path.dirname(os.path.abspath(__file__))
LPS = numpy.diag([-1.0, -1.0, 1.0, 1.0])


def turned(degrees, spacing, origin):
    x, y, z = numpy.radians(degrees)
    cos, sin = numpy.cos, numpy.sin
    turn = (numpy.array([[1, 0, 0], [0, cos(x), -sin(x)], [0, sin(x), cos(x)]])
            @ numpy.array([[cos(y), 0, sin(y)], [0, 1, 0], [-sin(y), 0, cos(y)]])
            @ numpy.array([[cos(z), -sin(z), 0], [sin(z), cos(z), 0], [0, 0, 1]]))
    affine = numpy.eye(4)
    affine[:3, :3] = turn * spacing
    affine[:3, 3] = origin
    return affine


def by_scipy(image, affine, size, onto):
    m = numpy.linalg.inv(affine) @ onto
    return scipy.ndimage.affine_transform(image.astype(float), m[:3, :3], m[:3, 3],
                                          output_shape=size, order=3, mode="mirror")


def itk_grid(affine):
    lps = LPS @ affine
    spacing = numpy.linalg.norm(lps[:3, :3], axis=0)
    return lps[:3, 3].tolist(), spacing.tolist(), (lps[:3, :3] / spacing).ravel().tolist()


def by_itk(image, affine, size, onto):
    moving = SimpleITK.GetImageFromArray(image.T.astype(numpy.float64))
    origin, spacing, direction = itk_grid(affine)
    moving.SetOrigin(origin)
    moving.SetSpacing(spacing)
    moving.SetDirection(direction)
    origin, spacing, direction = itk_grid(onto)
    out = SimpleITK.Resample(moving, list(map(int, size)), SimpleITK.Transform(),
                             SimpleITK.sitkBSpline, origin, spacing, direction, numpy.nan)
    return SimpleITK.GetArrayFromImage(out).T


def write(name, image, affine, grids, each, rng):
    """Of each grid `each` voxels at least 6 input voxels from the border, where ITK's treatment of
    the border no longer counts."""
    with open(os.path.join(here, name), "w") as out:
        print(f"# by make_resample.py: scipy {scipy.__version__}, "
              f"ITK {SimpleITK.Version.ITKVersionString()}", file=out)
        print("range %.9g" % (image.max() - image.min()), file=out)
        print("mean_std %.17g %.17g" % (image.astype(float).mean(), image.astype(float).std()),
              file=out)
        for what, size, onto in grids:
            ours, itk = by_scipy(image, affine, size, onto), by_itk(image, affine, size, onto)
            voxels = numpy.stack(numpy.meshgrid(*map(numpy.arange, size), indexing="ij"), -1)
            m = numpy.linalg.inv(affine) @ onto
            at = voxels @ m[:3, :3].T + m[:3, 3]
            inner = numpy.argwhere(((at > 6) & (at < numpy.array(image.shape) - 7)).all(-1)
                                   & numpy.isfinite(itk))
            chosen = inner[rng.choice(len(inner), each, replace=False)]
            print("grid", what, *size, *("%.17g" % v for v in onto[:3].ravel()), file=out)
            for i, j, k in chosen:
                print("at", i, j, k, "%.9g %.9g" % (ours[i, j, k], itk[i, j, k]), file=out)


rng = numpy.random.default_rng(20)
noise = rng.normal(size=(26, 24, 22))
small = scipy.ndimage.gaussian_filter(noise, 1.2)
small = numpy.float32(1000 * (small - small.min()) / (small.max() - small.min()))
affine = turned([5, -8, 12], [1.0, 1.1, 1.4], [-10, 20, -30])
small_image = nibabel.Nifti1Image(small, affine)
small_image.set_qform(None, 0)
nibabel.save(small_image, os.path.join(here, "resample_in.nii.gz"))
affine = nibabel.load(os.path.join(here, "resample_in.nii.gz")).affine  # as float32 keeps it
centre = affine @ [12.5, 11.5, 10.5, 1]


def centred(degrees, spacing, size):
    onto = turned(degrees, spacing, [0, 0, 0])
    onto[:3, 3] = centre[:3] - onto[:3, :3] @ ((numpy.array(size) - 1) / 2)
    return size, onto


write("resample.txt", small, affine, [
    ("iso", *centred([5, -8, 12], [0.7, 0.7, 0.7], (30, 30, 30))),
    ("aniso", *centred([5, -8, 12], [1.3, 0.6, 2.0], (20, 36, 12))),
    ("oblique", *centred([-20, 15, 40], [0.8, 0.9, 1.0], (24, 24, 24))),
], 60, rng)

data = os.environ.get("LARMOR_TEST_DATA")
if not data:
    sys.exit("LARMOR_TEST_DATA is not set: openms.txt stays as it is")
scan = nibabel.load(os.path.join(data, "openms/patient01/study1_T1W.nii.gz"))
values = scan.get_fdata()
centre = scan.affine @ [*((numpy.array(values.shape) - 1) / 2), 1]
write("openms.txt", values, scan.affine, [
    ("iso", *centred([0, 0, 0], [1.0, 1.0, 1.0], (150, 150, 100))),
    ("oblique", *centred([12, -7, 25], [1.2, 1.1, 1.3], (120, 120, 90))),
], 60, rng)
