#!/usr/bin/env python3
# Makes n4_in.nii.gz and n4.txt: the small head that tests/unit/filter/test_n4_itk.c corrects, and the
# logarithm of the field that ITK (SimpleITK) and ANTsPy find in it; and n4_picks.txt: which voxels
# ITK picks when it shrinks images of many grids. With LARMOR_TEST_DATA set also
# n4_openms.txt, the same for scans of the openms data (Lesjak 2016, doi:10.1007/s12021-016-9301-1,
# CC BY 4.0). Needs numpy, nibabel, SimpleITK and antspyx; some minutes.
# SPDX-License-Identifier: Apache-2.0
import os

import ants
import nibabel
import numpy
import SimpleITK

SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
here = os.path.dirname(os.path.abspath(__file__))
random = numpy.random.default_rng(4)


def head():
    size = (41, 38, 27)
    x, y, z = numpy.meshgrid(*[numpy.linspace(-1, 1, n) for n in size], indexing="ij")
    r = numpy.sqrt((x / 0.9) ** 2 + (y / 0.85) ** 2 + (z / 0.95) ** 2)
    image = numpy.where(r < 1, 60.0, 0.0)
    image[r < 0.85] = 110
    image[(x / 0.6) ** 2 + (y / 0.5) ** 2 + (z / 0.6) ** 2 < 1] = 150
    image[(x / 0.2) ** 2 + (y / 0.3) ** 2 + (z / 0.2) ** 2 < 1] = 30
    image *= numpy.exp(0.25 * x + 0.2 * y * z - 0.15 * z * z)
    image += random.normal(0, 2, size) * (image > 0)
    affine = numpy.diag([-4.0, 4, 5, 1])
    affine[:3, 3] = 81.3, -74.1, -63.7
    name = os.path.join(here, "n4_in.nii.gz")
    nibabel.save(nibabel.Nifti1Image(numpy.clip(image, 0, 255).astype(numpy.uint8), affine), name)
    return name


def by_itk(name, shrink, iterations, mask=None, bins=200, fwhm=0.15, wiener=0.01,
           points=4):
    image = SimpleITK.Cast(SimpleITK.ReadImage(name), SimpleITK.sitkFloat32)

    def coarse(values, kind):
        like = SimpleITK.GetImageFromArray(values.T.astype(kind))
        like.CopyInformation(image)
        return SimpleITK.Shrink(like, [shrink] * 3)
    size = image.GetSize()
    n4 = SimpleITK.N4BiasFieldCorrectionImageFilter()
    n4.SetMaximumNumberOfIterations(iterations)
    n4.SetConvergenceThreshold(1e-7)
    n4.SetNumberOfHistogramBins(bins)
    n4.SetBiasFieldFullWidthAtHalfMaximum(fwhm)
    n4.SetWienerFilterNoise(wiener)
    n4.SetNumberOfControlPoints(points)
    inside = coarse(numpy.ones(size) if mask is None else mask, numpy.uint8)
    small = SimpleITK.Shrink(image, [shrink] * 3)
    n4.Execute(small, inside)
    return SimpleITK.GetArrayFromImage(n4.GetLogBiasFieldAsImage(image)).T


def say(file, case, values, count, inside):
    places = numpy.argwhere(inside)
    print("case", case, file=file)
    for i, j, k in places[random.choice(len(places), count, replace=False)]:
        print("at", i, j, k, "%.7g" % values[i, j, k], file=file)


def picked(size, affine, shrink):
    lps = numpy.diag([-1.0, -1, 1, 1]) @ affine
    edges = numpy.sqrt((lps[:3, :3] ** 2).sum(0))
    first = []
    for axis in range(3):
        image = SimpleITK.GetImageFromArray(numpy.indices(size[::-1], numpy.float32)[2 - axis])
        image.SetOrigin(lps[:3, 3].tolist())
        image.SetSpacing(edges.tolist())
        image.SetDirection((lps[:3, :3] / edges).ravel().tolist())
        first.append(int(SimpleITK.GetArrayFromImage(
            SimpleITK.Shrink(image, [shrink] * 3)).ravel()[0]))
    return first


def write_picks(file):
    draw = numpy.random.default_rng(5)
    for _ in range(60):
        size = draw.integers(12, 49, 3).tolist()
        turn = numpy.linalg.qr(draw.normal(0, 1, (3, 3)))[0] if draw.random() < 0.5 else (
            numpy.linalg.qr(numpy.eye(3) + draw.normal(0, 0.1, (3, 3)))[0])
        affine = numpy.eye(4)
        affine[:3, :3] = turn * draw.uniform(0.5, 3, 3)
        affine[:3, 3] = draw.uniform(-150, 150, 3)
        affine = affine.astype(numpy.float32).astype(float)
        shrink = int(draw.integers(2, 7))
        print("grid", *size, shrink, *picked(size, affine, shrink),
              *["%.17g" % v for v in affine[:3].ravel()], file=file)


name = head()
values = numpy.asarray(nibabel.load(name).dataobj).astype(float)
mask = values > 20
i, j, k = numpy.indices(values.shape)
weights = (i + 2 * j + k) % 4 / 2.0
about = "# by make_n4.py: SimpleITK %s, antspyx %s\n" % (SimpleITK.Version.VersionString(),
                                                         ants.__version__)
with open(os.path.join(here, "n4.txt"), "w") as file:
    file.write(about)
    say(file, "whole", by_itk(name, 2, [30, 30, 30]), 60, values >= 0)
    say(file, "mask", by_itk(name, 2, [30, 30, 30], mask), 60, mask)
    say(file, "options", by_itk(name, 1, [10, 5], mask, 128, 0.2, 0.02, 5), 60, mask)
    image = ants.image_read(name)
    inside = image.new_image_like(mask.astype(numpy.float32))
    options = dict(shrink_factor=2, convergence={"iters": [20, 20], "tol": 1e-7})
    field = ants.n4_bias_field_correction(image, inside, spline_param=90, return_bias_field=True,
                                          **options)
    say(file, "spline", numpy.log(field.numpy()), 60, mask)
    field = ants.n4_bias_field_correction(
        image, inside, shrink_factor=3, convergence={"iters": [25, 25], "tol": 1e-7},
        weight_mask=image.new_image_like(weights.astype(numpy.float32)), return_bias_field=True)
    say(file, "weights", numpy.log(field.numpy()), 60, mask)
    fixed = ants.n4_bias_field_correction(image, inside, rescale_intensities=True, **options)
    say(file, "rescale", fixed.numpy(), 60, values > 0)

with open(os.path.join(here, "n4_picks.txt"), "w") as file:
    file.write(about)
    write_picks(file)

data = os.environ.get("LARMOR_TEST_DATA")
if data:
    with open(os.path.join(here, "n4_openms.txt"), "w") as file:
        file.write(about)
        for scan in "study2_T1W", "study2_FLAIR":
            path = "openms/patient01/%s.nii.gz" % scan
            image = SimpleITK.GetArrayFromImage(
                SimpleITK.ReadImage(os.path.join(data, path))).T.astype(float)
            field = by_itk(os.path.join(data, path), 4, [50] * 4)
            say(file, path, field, 150, image > image.mean())
