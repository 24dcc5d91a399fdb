#!/usr/bin/python3
"""Mattes' mutual information of two volumes that are written as formulas, by ITK (SimpleITK), at every
voxel, for tests/unit/register/test_likeness.c. Run with SimpleITK installed; prints register.txt.
SPDX-License-Identifier: Apache-2.0"""
import numpy as np
import SimpleITK as sitk

SIDE = 24
n = np.arange(SIDE ** 3, dtype=np.int64)
fixed = (n * 7919 + 13) % 1009 / 1008
moving = ((n * 7919 + 13) % 1009 // 3 + (n * 104729) % 673) / 1008
moving[:2] = 0, 1  # the least and the largest, that bins are laid between
assert fixed.min() == 0 and fixed.max() == 1 and moving.min() == 0 and moving.max() == 1


def image(values):
    return sitk.GetImageFromArray(values.reshape(SIDE, SIDE, SIDE).astype(np.float32))


method = sitk.ImageRegistrationMethod()
method.SetMetricAsMattesMutualInformation(50)
method.SetMetricSamplingStrategy(method.NONE)
method.SetInterpolator(sitk.sitkNearestNeighbor)
method.SetInitialTransform(sitk.TranslationTransform(3))
print("mattes_50_bins %.9f" % -method.MetricEvaluate(image(fixed), image(moving)))
