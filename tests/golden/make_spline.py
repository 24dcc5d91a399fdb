#!/usr/bin/env python3
# Makes spline.txt: small volumes and their cubic B-spline coefficients by scipy.ndimage
# (spline_filter, mode mirror, float64), for tests/unit/math/test_spline.c.
# SPDX-License-Identifier: Apache-2.0
import os

import numpy
import scipy.ndimage

rng = numpy.random.default_rng(3)
name = os.path.join(os.path.dirname(os.path.abspath(__file__)), "spline.txt")
with open(name, "w") as out:
    print(f"# by make_spline.py: scipy {scipy.__version__}", file=out)
    for size in [(1, 1, 1), (2, 1, 3), (5, 4, 3), (40, 2, 9)]:
        values = rng.normal(size=size).astype(numpy.float32)
        # scipy leaves an axis of one sample alone, as we do
        coefficients = scipy.ndimage.spline_filter(values.astype(float), 3, mode="mirror")
        print("size", *size, file=out)
        for v, c in zip(values.ravel("F"), coefficients.ravel("F")):
            print("%.9g %.9g" % (v, c), file=out)
