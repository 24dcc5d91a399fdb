#!/usr/bin/env python3
# Makes transforms/ (ITK's text transforms of each kind, a displacement field) and through.txt: where
# ITK puts points through them, and what ITK, scipy and numpy make of resample_in.nii.gz by every
# interpolation, border and chain. For tests/unit/format/test_transform.c and
# tests/unit/filter/test_through.c. Needs numpy, scipy, nibabel and SimpleITK, and resample_in.nii.gz.
# SPDX-License-Identifier: Apache-2.0
import os

import nibabel
import numpy
import scipy.ndimage
import SimpleITK as sitk

here = os.path.dirname(os.path.abspath(__file__))
LPS = numpy.diag([-1.0, -1.0, 1.0, 1.0])
rng = numpy.random.default_rng(4)


def path(name):
    return os.path.join(here, "transforms", name)


def axis_turned(degrees, spacing):
    x, y, z = numpy.radians(degrees)
    cos, sin = numpy.cos, numpy.sin
    return (numpy.array([[1, 0, 0], [0, cos(x), -sin(x)], [0, sin(x), cos(x)]])
            @ numpy.array([[cos(y), 0, sin(y)], [0, 1, 0], [-sin(y), 0, cos(y)]])
            @ numpy.array([[cos(z), -sin(z), 0], [sin(z), cos(z), 0], [0, 0, 1]])) * spacing


# ---- the image and grids about its centre ----------------------------------------------------
image = nibabel.load(os.path.join(here, "resample_in.nii.gz"))
values, affine = image.get_fdata(), image.affine
labels = numpy.floor(values / 200).astype(numpy.uint8)  # 0 to 5, as the test makes them
centre = affine @ [12.5, 11.5, 10.5, 1]
spread = numpy.ptp(values)


def centred(degrees, spacing, size, off=(0, 0, 0)):
    onto = numpy.eye(4)
    onto[:3, :3] = axis_turned(degrees, spacing)
    onto[:3, 3] = centre[:3] + off - onto[:3, :3] @ ((numpy.array(size) - 1) / 2)
    return size, onto


aligned = centred([5, -8, 12], [0.7, 0.8, 0.9], (34, 30, 32))
oblique = centred([-20, 15, 40], [0.8, 0.9, 1.0], (30, 28, 26))
coarse = centred([5, -8, 12], [2.0, 1.1, 3.1], (13, 24, 9))
wide = centred([5, -8, 12], [1.3, 1.4, 1.5], (26, 24, 26))

# ---- transforms ------------------------------------------------------------------------------
C = (centre[:3] * [-1, -1, 1]).tolist()  # LPS
full = sitk.AffineTransform(3)
full.SetMatrix((axis_turned([3, 4, -6], [1.05, 0.97, 1.02]) + 0.01).ravel().tolist())
full.SetTranslation([0.8, -1.1, 0.6])
full.SetCenter(C)
euler = sitk.Euler3DTransform(C, 0.05, -0.08, 0.1, [0.5, 1, -0.5])
zyx = sitk.Euler3DTransform(C, 0.05, -0.08, 0.1, [0.5, 1, -0.5])
zyx.SetComputeZYX(True)
files = {
    "affine.tfm": full,
    "euler.tfm": euler,
    "euler_zyx.tfm": zyx,
    "versor_rigid.tfm": sitk.VersorRigid3DTransform([0, 0.6, 0.8], 0.1, [1, 2, -1], C),
    "versor.tfm": sitk.VersorTransform([0.6, 0.0, 0.8], 0.4, [7, 8, 9]),
    "similarity.tfm": sitk.Similarity3DTransform(1.1, [0, 0.6, 0.8], 0.4, [1, 2, 3], [7, 8, 9]),
    "translation.tfm": sitk.TranslationTransform(3, (1.5, -2, 3)),
    "scale.tfm": sitk.ScaleTransform(3, (1.1, 0.9, 1.2)),
    "identity.tfm": sitk.Transform(3, sitk.sitkIdentity),
    "composite.txt": sitk.CompositeTransform([euler, sitk.TranslationTransform(3, (1, 0, -1)),
                                              full]),
}
os.makedirs(path(""), exist_ok=True)
for name, transform in files.items():
    sitk.WriteTransform(transform, path(name))
# A smooth field on a grid of its own, that ends inside some of the grids above.
waves = scipy.ndimage.gaussian_filter(rng.normal(size=(9, 8, 7, 3)), [1.5, 1.5, 1.5, 0])
waves = numpy.float32(2 * waves / waves.std())
field = sitk.GetImageFromArray(waves.transpose(2, 1, 0, 3), isVector=True)
size, onto = centred([15, 0, -10], [2.6, 2.7, 3.0], (9, 8, 7), (1, -2, 1))
lps = LPS @ onto
spacing = numpy.linalg.norm(lps[:3, :3], axis=0)
field.SetOrigin(lps[:3, 3].tolist())
field.SetSpacing(spacing.tolist())
field.SetDirection((lps[:3, :3] / spacing).ravel().tolist())
sitk.WriteImage(field, path("field.nii.gz"), useCompression=True)
files["field.nii.gz"] = sitk.DisplacementFieldTransform(
    sitk.Cast(sitk.ReadImage(path("field.nii.gz")), sitk.sitkVectorFloat64))


def chain(*names):
    return sitk.CompositeTransform([files[n] for n in names]) if names else sitk.Transform()


# ---- by each peer ----------------------------------------------------------------------------
def as_itk(array):
    moving = sitk.GetImageFromArray(array.T)
    lps = LPS @ affine
    spacing = numpy.linalg.norm(lps[:3, :3], axis=0)
    moving.SetOrigin(lps[:3, 3].tolist())
    moving.SetSpacing(spacing.tolist())
    moving.SetDirection((lps[:3, :3] / spacing).ravel().tolist())
    return moving


def by_itk(array, size, onto, how, names=()):
    lps = LPS @ onto
    spacing = numpy.linalg.norm(lps[:3, :3], axis=0)
    out = sitk.Resample(as_itk(array), list(map(int, size)), chain(*names), how,
                        lps[:3, 3].tolist(), spacing.tolist(), (lps[:3, :3] / spacing).ravel().tolist(),
                        0 if array.dtype == numpy.uint8 else numpy.nan)
    return sitk.GetArrayFromImage(out).T


def places(size, onto, names=()):
    """Positions in the input, in voxels: (..., 3)."""
    voxels = numpy.stack(numpy.meshgrid(*map(numpy.arange, size), indexing="ij"), -1)
    world = voxels @ onto[:3, :3].T + onto[:3, 3]
    if names:
        through = chain(*names)
        flat = (world * [-1, -1, 1]).reshape(-1, 3)
        world = (numpy.array([through.TransformPoint(p.tolist()) for p in flat])
                 .reshape(world.shape) * [-1, -1, 1])
    back = numpy.linalg.inv(affine)
    return world @ back[:3, :3].T + back[:3, 3]


def by_scipy(array, at, order=3):
    return scipy.ndimage.map_coordinates(array, numpy.moveaxis(at, -1, 0), order=order, mode="mirror")


def by_one_hot(at):
    """Linear in float64, one volume a label; of equal ones the smallest."""
    at = numpy.clip(at, 0, numpy.array(labels.shape) - 1.0)
    best, chosen = numpy.full(at.shape[:-1], -1.0), numpy.zeros(at.shape[:-1], int)
    for label in numpy.unique(labels):
        share = by_scipy((labels == label).astype(float), at, 1)
        wins = share > best + 1e-6
        best[wins], chosen[wins] = share[wins], label
    return chosen


def main():
    with open(os.path.join(here, "through.txt"), "w") as out:
        def write(what, how, border, antialias, names, grid, result, keep, each=40):
            size, onto = grid
            inner = numpy.argwhere(keep & numpy.isfinite(result))
            chosen = inner[rng.choice(len(inner), each, replace=False)]
            print("case", what, how, border, antialias, len(names), *names, file=out)
            print("grid", *size, *("%.17g" % v for v in onto[:3].ravel()), file=out)
            for i, j, k in chosen:
                print("at", i, j, k, "%.9g" % result[i, j, k], file=out)

        print(f"# by make_through.py: scipy {scipy.__version__}, ITK {sitk.Version.ITKVersionString()}",
              file=out)
        print("range %.9g" % spread, file=out)
        for name, transform in files.items():
            print("file", name, file=out)
            for p in (centre[:3] + rng.uniform(-14, 14, (12, 3))):
                q = numpy.array(transform.TransformPoint((p * [-1, -1, 1]).tolist())) * [-1, -1, 1]
                print("point", *("%.17g" % v for v in (*p, *q)), file=out)

        def inside(at, margin):
            return ((at > margin) & (at < numpy.array(values.shape) - 1 - margin)).all(-1)

        def mixed(at):  # not all labels around are the same
            part = by_scipy(labels.astype(float), at, 1) % 1
            return (part > 0.02) & (part < 0.98)

        # chains of transforms, by ITK
        for names in (["affine.tfm"], ["composite.txt"], ["field.nii.gz"],
                      ["affine.tfm", "field.nii.gz"], ["field.nii.gz", "affine.tfm"]):
            for grid in (aligned, oblique):
                at = places(*grid, names)
                write("itk", "linear", "pad", 0, names, grid,
                      by_itk(values, *grid, sitk.sitkLinear, names), inside(at, 0))
                write("itk", "cubic", "pad", 0, names, grid,
                      by_itk(values, *grid, sitk.sitkBSpline, names), inside(at, 5))
                write("itk", "label", "pad", 0, names, grid,
                      by_itk(labels, *grid, sitk.sitkLabelLinear, names), inside(at, 0) & mixed(at))
        # ITK does not scale the weights of its sinc to a sum of 1: its image of ones does it
        ones = numpy.ones_like(values)
        for names, grid in (([], aligned), ([], oblique), (["affine.tfm", "field.nii.gz"], oblique)):
            write("itk", "sinc", "pad", 0, names, grid,
                  by_itk(values, *grid, sitk.sitkLanczosWindowedSinc, names)
                  / by_itk(ones, *grid, sitk.sitkLanczosWindowedSinc, names),
                  inside(places(*grid, names), 5))
        # borders and labels, by scipy and numpy; only what lies outside, or has neighbours that differ
        for grid in (wide, oblique):
            at = places(*grid)
            outside = ~inside(at, -0.4)
            clipped = numpy.clip(at, 0, numpy.array(values.shape) - 1.0)
            for how, order in (("cubic", 3), ("linear", 1)):
                if outside.sum() >= 60:
                    write("scipy", how, "mirror", 0, [], grid, by_scipy(values, at, order), outside)
                    write("scipy", how, "edge", 0, [], grid, by_scipy(values, clipped, order), outside)
            for names in ([], ["affine.tfm"]):
                at = places(*grid, names)
                write("numpy", "label", "pad", 0, names, grid, by_one_hot(at), mixed(at) & inside(at, -0.4))
        # smoothed first, each axis by its own ratio of spacings
        at = places(*coarse)
        step = numpy.linalg.inv(affine)[:3, :3] @ coarse[1][:3, :3]
        sigma = numpy.sqrt(numpy.maximum((step ** 2).sum(1) - 1, 0) / (8 * numpy.log(2)))
        smooth = scipy.ndimage.gaussian_filter(values, sigma * (sigma > 0.1), mode="mirror", truncate=6)
        for how, order in (("cubic", 3), ("linear", 1)):
            write("scipy", how, "pad", 1, [], coarse, by_scipy(smooth, at, order), inside(at, 0))


main()
