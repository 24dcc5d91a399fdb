#!/usr/bin/env python3
# Makes colours.txt, for tests/unit/report/test_colours.c: the sequential map as 8-bit sRGB from its formula in CIELAB
# (lightness 25 to 92, chroma 54, hue 305 to 460 degrees; D65), and the colours of labels. Those are found here: the
# seven of Okabe and Ito, then always the colour, of a grid of 33 x 33 x 33, that is farthest in CIELAB from all before
# it, of those with lightness 38 to 90 and chroma 32 and more. Matrices are computed from the primaries of IEC 61966-2-1,
# not taken from larmor. Needs numpy.
# SPDX-License-Identifier: Apache-2.0
import os

import numpy

here = os.path.dirname(os.path.abspath(__file__))
OKABE_ITO = [(213, 94, 0), (86, 180, 233), (240, 228, 66), (0, 158, 115), (204, 121, 167), (230, 159, 0), (0, 114, 178)]
COUNT = 42

primaries = numpy.array([[0.64, 0.33], [0.30, 0.60], [0.15, 0.06]])
columns = numpy.array([[x / y, 1, (1 - x - y) / y] for x, y in primaries]).T
white = numpy.array([0.3127 / 0.3290, 1, (1 - 0.3127 - 0.3290) / 0.3290])
to_xyz = columns * numpy.linalg.solve(columns, white)


def to_lab(rgb):
    encoded = numpy.asarray(rgb, float) / 255
    linear = numpy.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    t = linear @ to_xyz.T / white
    f = numpy.where(t > (6 / 29) ** 3, numpy.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return numpy.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)


def from_lab(lightness, a, b):
    f = numpy.array([(lightness + 16) / 116 + a / 500, (lightness + 16) / 116, (lightness + 16) / 116 - b / 200])
    t = numpy.where(f > 6 / 29, f ** 3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    linear = numpy.linalg.solve(to_xyz, t * white)
    assert linear.min() > 0 and linear.max() < 1, "outside of sRGB"
    return 255 * numpy.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def labels():
    grid = numpy.append(numpy.arange(0, 256, 8), 255)
    candidates = numpy.array(numpy.meshgrid(grid, grid, grid)).reshape(3, -1).T
    lab = to_lab(candidates)
    chroma = numpy.hypot(lab[:, 1], lab[:, 2])
    usable = (lab[:, 0] > 38) & (lab[:, 0] < 90) & (chroma > 32)
    candidates, lab = candidates[usable], lab[usable]
    found = list(OKABE_ITO)
    apart = numpy.min([numpy.linalg.norm(lab - to_lab(c), axis=1) for c in found], axis=0)
    while len(found) < COUNT:
        farthest = apart.argmax()
        found.append(tuple(int(c) for c in candidates[farthest]))
        apart = numpy.minimum(apart, numpy.linalg.norm(lab - lab[farthest], axis=1))
    return found


with open(os.path.join(here, "colours.txt"), "w") as out:
    for n in range(33):
        t = n / 32
        hue = numpy.radians(305 + 155 * t)
        print("sequential", t, *("%.3f" % c for c in from_lab(25 + 67 * t, 54 * numpy.cos(hue), 54 * numpy.sin(hue))),
              file=out)
    for n, colour in enumerate(labels()):
        print("label", n, *colour, file=out)
