#!/usr/bin/env python3
# Makes population.nii.gz and population.json: four small scans of one made-up head on one grid, and
# what intensity-normalization 2.2.4 makes of them by nyul, lsq and ravel (without registration).
# Needs numpy, nibabel, and intensity-normalization 2.2.4 with what it needs for ravel.
# SPDX-License-Identifier: Apache-2.0
import json
import os

import nibabel
import numpy
from intensity_normalization.normalize.lsq import LeastSquaresNormalize
from intensity_normalization.normalize.nyul import NyulNormalize
from intensity_normalization.normalize.ravel import RavelNormalize
from intensity_normalization.normalize.whitestripe import WhiteStripeNormalize

here = os.path.dirname(os.path.abspath(__file__))
random = numpy.random.default_rng(7)
numpy.random.seed(7)  # scikit-fuzzy starts at random
size = (26, 28, 22)
x, y, z = numpy.meshgrid(*[numpy.linspace(-1, 1, n) for n in size], indexing="ij")
radius = numpy.sqrt(x * x + 1.1 * y * y + 0.9 * z * z)
tissue = numpy.where(radius < 0.68, 3, numpy.where(radius < 0.88, 2, numpy.where(radius < 0.99, 1, 0)))
tissue[(abs(x) < 0.16) & (radius < 0.4)] = 1
images = []
for gain, shift, csf in ((4.0, 12, 100), (7.5, 30, 104), (2.2, 3, 93), (5.1, 90, 112)):
    values = numpy.choose(tissue, [0, csf, 240 + 6 * random.standard_normal(), 330])
    field = 1 + 0.05 * random.standard_normal() * x + 0.04 * random.standard_normal() * z
    noisy = gain * (values * field + 9 * random.standard_normal(size)) + shift
    images.append(numpy.where(tissue > 0, numpy.clip(noisy, 1, None), 2 * random.random(size)).round())
stack = numpy.stack(images, axis=-1).astype(numpy.int16)
mask = (tissue > 0).astype(numpy.uint8)
affine = numpy.diag([2.0, 2.0, 2.0, 1.0])
nibabel.save(nibabel.Nifti1Image(stack, affine), os.path.join(here, "population.nii.gz"))
nibabel.save(nibabel.Nifti1Image(mask, affine), os.path.join(here, "population_mask.nii.gz"))

images = [stack[..., n].astype(float) for n in range(4)]
masks = [mask.astype(float)] * 4
places = [int(n) for n in random.choice(mask.size, 60, replace=False)]


def sampled(image):
    return [float(v) for v in numpy.asarray(image).ravel(order="F")[places]]


result = {"places": places}
nyul = NyulNormalize()
nyul.fit(images, masks)
result["nyul"] = {"standard": [float(v) for v in nyul.standard_scale],
                  "values": [sampled(nyul(i, m.astype(bool))) for i, m in zip(images, masks)]}

lsq = LeastSquaresNormalize()
lsq.fit(images, masks)
scales = [1 / lsq.calculate_scale(i, m) for i, m in zip(images, masks)]
result["lsq"] = {"standard": [float(v) for v in lsq.standard_tissue_means.ravel()],
                 "scales": [float(s) for s in scales]}

for factors in (1, 2):
    ravel = RavelNormalize(register=False, num_unwanted_factors=factors)
    ravel.set_template(images[0])
    matrix, controls = ravel.create_image_matrix_and_control_voxels(images, masks)
    scores = ravel.estimate_unwanted_factors(controls)
    normalized = ravel._ravel_correction(matrix, scores)
    result[f"ravel{factors}"] = {
        "controls": len(controls),
        "values": [sampled(normalized[:, n].reshape(size).ravel(order="F").reshape(size, order="F"))
                   for n in range(4)]}
white = WhiteStripeNormalize()
result["whitestripe"] = [sampled(white(i, m)) for i, m in zip(images, masks)]
with open(os.path.join(here, "population.json"), "w") as out:
    json.dump(result, out, indent=1)
    out.write("\n")
