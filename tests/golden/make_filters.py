#!/usr/bin/env python3
# Makes filters.nii.gz and filters.txt: what scipy.ndimage and scikit-image make of
# resample_in.nii.gz (of make_resample.py), for tests/unit/filter/test_filters_golden.c. The volumes
# of filters.nii.gz are masks; filters.txt names them, and lists voxels of the smoothed image and
# thresholds. Needs numpy, scipy, scikit-image and nibabel.
# SPDX-License-Identifier: Apache-2.0
import os

import nibabel
import numpy
import scipy
import scipy.ndimage as nd
import skimage
import skimage.filters

here = os.path.dirname(os.path.abspath(__file__))
SPACING = (0.9, 1.7, 3.1)  # of the masks' grid; differs along all axes
rng = numpy.random.default_rng(4)

image = nibabel.load(os.path.join(here, "resample_in.nii.gz"))
voxels = image.get_fdata()
mask = voxels > numpy.quantile(voxels, 0.6)
mask &= rng.random(mask.shape) > 0.02  # holes, and dust
mask |= rng.random(mask.shape) > 0.999


def dilate(m, mm):
    if not m.any():
        return m  # scipy measures the distance to nothing from an arbitrary place
    return nd.distance_transform_edt(~m, sampling=SPACING) <= mm


def erode(m, mm):
    return nd.distance_transform_edt(m, sampling=SPACING) > mm


def largest(m):
    labels, count = nd.label(m)
    sizes = nd.sum_labels(m, labels, range(1, count + 1))
    return labels == 1 + numpy.argmax(sizes)


masks = {"mask": mask, "largest": largest(mask), "fill": nd.binary_fill_holes(mask)}
for mm in (1, 3.2, 7):
    masks[f"dilate {mm}"] = dilate(mask, mm)
    masks[f"erode {mm}"] = erode(dilate(mask, 3.2), mm)
    masks[f"open {mm}"] = dilate(erode(mask, mm), mm)
    masks[f"close {mm}"] = erode(dilate(mask, mm), mm)

affine = numpy.diag(SPACING + (1,))
stack = numpy.stack([m.astype(numpy.uint8) for m in masks.values()], axis=-1)
nibabel.save(nibabel.Nifti1Image(stack, affine), os.path.join(here, "filters.nii.gz"))
with open(os.path.join(here, "filters.txt"), "w") as out:
    print(f"# by make_filters.py: scipy {scipy.__version__}, skimage {skimage.__version__}",
          file=out)
    for n, name in enumerate(masks):
        print("mask", n, *(name.split() + ["0"])[:2], file=out)
    print("otsu", repr(float(skimage.filters.threshold_otsu(voxels, nbins=256))), file=out)
    for sigma in ((0.7, 0.7, 0.7), (2, 1, 0), (3, 4, 2.5), (12, 9, 15)):
        # far beyond where the kernel is cut, so that the whole Gaussian is meant
        smooth = nd.gaussian_filter(voxels, sigma, mode="mirror", truncate=10)
        for at in rng.integers(0, voxels.shape, size=(40, 3)):
            print("smooth", *sigma, *at, repr(float(smooth[tuple(at)])), file=out)
