#!/usr/bin/env python3
# Makes augment.txt: samples through flip, affine and elastic maps as ITK composes and interpolates
# them (CompositeTransform of AffineTransform and BSplineTransform, linear Resample) and, where a sample
# has one voxel across, as scipy does (map_coordinates). Labels: each as an image of 0 and 1, interpolated
# linearly by scipy at ITK's positions, the largest wins, of equal ones the smallest.
# For tests/unit/augment/test_augment_spatial.c. Needs numpy, scipy, SimpleITK.
#
# Lines: "case NAME size corner across history", then "voxel i j k value label x y z", the place in voxels
# of the volume. The volume is wavy() of samples.h, its size 30x26x22, 1 x 1.25 x 2 mm; world points here
# are millimetres from its first voxel.
# SPDX-License-Identifier: Apache-2.0
import json
import os

import numpy
import scipy
import scipy.ndimage
import SimpleITK as sitk

SIZE, SPACING, OUTSIDE = (30, 26, 22), numpy.array([1, 1.25, 2]), -3.5
HERE = os.path.dirname(os.path.abspath(__file__))


def philox(seed, stream, index):
    """4x32-10 of Salmon 2011, from the paper: four words."""
    c = [index & 0xFFFFFFFF, index >> 32, stream & 0xFFFFFFFF, stream >> 32]
    k = [seed & 0xFFFFFFFF, seed >> 32]
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k[0], p1 & 0xFFFFFFFF, (p0 >> 32) ^ c[3] ^ k[1], p0 & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def volume():
    k, j, i = numpy.indices(SIZE[::-1]).astype(float)
    wavy = (numpy.sin(0.31 * i + 0.11 * j) + numpy.cos(0.23 * j - 0.07 * k)
            + numpy.sin(0.19 * k + 0.05 * i) + 0.01 * i).astype(numpy.float32)
    ball = (i - 14) ** 2 + (j - 12) ** 2 + (k - 9) ** 2 < 60
    labels = numpy.array([0, 3, 7, 200])[ball + 2 * ((i.astype(int) // 5) % 2)]
    return wavy, labels


def inverse_affine(linear, shift, centre):
    t = sitk.AffineTransform(3)
    t.SetCenter(centre.tolist())
    t.SetMatrix(numpy.asarray(linear, float).ravel().tolist())
    t.SetTranslation(numpy.asarray(shift, float).tolist())
    return t.GetInverse()


def affine_parts(v):
    turn = sitk.Euler3DTransform()
    turn.SetComputeZYX(True)  # about x first, z last
    turn.SetRotation(*numpy.radians([v["degrees_" + a] for a in "xyz"]))
    turn = numpy.array(turn.GetMatrix()).reshape(3, 3)
    shear = numpy.array([[1, v["shear_xy"], v["shear_xz"]], [0, 1, v["shear_yz"]], [0, 0, 1]])
    return (turn @ numpy.diag([v["scale_" + a] for a in "xyz"]) @ shear,
            [v["translation_" + a] for a in "xyz"])


def bspline(v, size, corner):
    """Over the sample; its control points as larmor draws them."""
    points = [int(v["points_" + a]) for a in "xyz"]
    extent = (numpy.array(size) - 1) * SPACING
    far = numpy.minimum([v["displacement_" + a] for a in "xyz"], 0.4 * extent / (numpy.array(points) - 3))
    t = sitk.BSplineTransform(3, 3)
    t.SetTransformDomainOrigin((numpy.array(corner) * SPACING).tolist())
    t.SetTransformDomainPhysicalDimensions(extent.tolist())
    t.SetTransformDomainMeshSize([p - 3 for p in points])
    t.SetTransformDomainDirection(numpy.eye(3).ravel().tolist())
    moves = numpy.zeros((3, *points[::-1]))
    locked = int(v["locked_borders"])
    for n in range(numpy.prod(points)):
        at = n % points[0], n // points[0] % points[1], n // (points[0] * points[1])
        if any(c < locked or c >= p - locked for c, p in zip(at, points)):
            continue
        for a, word in enumerate(philox(int(v["seed"]), 0, n)[:3]):
            moves[a][at[::-1]] = far[a] * ((word + 0.5) / 2 ** 31 - 1)
    t.SetParameters(moves.ravel().tolist())
    return t


def composed(history, size, corner):
    """From points of the sample to those of the volume."""
    centre = (numpy.array(corner) + (numpy.array(size) - 1) / 2) * SPACING
    whole, bend = sitk.CompositeTransform(3), None
    for step in history:  # the one added last is the first that a point goes through
        for name, v in step.items():
            if name == "flip":
                whole.AddTransform(inverse_affine(numpy.diag([-1 if v[a] else 1 for a in "xyz"]), [0] * 3, centre))
            elif name == "affine":
                whole.AddTransform(inverse_affine(*affine_parts(v), centre))
            elif name == "elastic":
                bend = bspline(v, size, corner)
    if bend is not None:
        whole.AddTransform(bend)
    return whole


def in_slice(history, size, corner, across):
    """The same of a slice, by numpy: in the plane alone; bends are left to the others."""
    a, b = [n for n in range(3) if n != across]
    centre = (numpy.array(corner) + (numpy.array(size) - 1) / 2) * SPACING
    back = numpy.eye(3)
    shift = numpy.zeros(3)
    for step in history:
        v = step.get("affine")
        if v is None:
            continue
        turn = numpy.radians(v["degrees_" + "xyz"[across]])
        if across == 1:
            turn = -turn  # about y, z comes before x
        linear, move = numpy.eye(3), numpy.zeros(3)
        shear = v["shear_" + "xyz"[a] + "xyz"[b]]
        plane = (numpy.array([[numpy.cos(turn), -numpy.sin(turn)], [numpy.sin(turn), numpy.cos(turn)]])
                 @ numpy.diag([v["scale_" + "xyz"[a]], v["scale_" + "xyz"[b]]]) @ [[1, shear], [0, 1]])
        linear[numpy.ix_([a, b], [a, b])] = plane
        move[[a, b]] = [v["translation_" + "xyz"[n]] for n in (a, b)]
        inverse = numpy.linalg.inv(linear)
        back, shift = back @ inverse, shift - back @ inverse @ move
    return lambda p: back @ (numpy.array(p) - centre) + centre + shift


def drawn(rng, kind):
    draw = lambda low, high: float(rng.uniform(low, high))
    if kind == "flip":
        return {"flip": {a: int(rng.integers(2)) for a in "xyz"}}
    if kind == "affine":
        v = {}
        for key, low, high in (("scale", 0.7, 1.4), ("degrees", -40, 40), ("translation", -6, 6)):
            v.update({"%s_%s" % (key, a): draw(low, high) for a in "xyz"})
        v.update({"shear_" + n: draw(-0.3, 0.3) for n in ("xy", "xz", "yz")})
        return {"affine": v}
    v = {"points_" + a: int(rng.integers(5, 9)) for a in "xyz"}
    v["locked_borders"] = int(rng.integers(0, 3))
    v.update({"displacement_" + a: draw(0.2, 6) for a in "xyz"})
    v["seed"] = int(rng.integers(0, 2 ** 48))
    return {"elastic": v}


def main():
    wavy, labels = volume()
    codes = sorted(set(labels.ravel().tolist()))
    image = sitk.GetImageFromArray(wavy)
    image.SetSpacing(SPACING.tolist())
    rng = numpy.random.default_rng(5)
    cases = [  # kinds, size, corner, across
        ("turned", ["affine"], (14, 13, 12), (5, 6, 4), -1),
        ("flipped", ["flip"], (11, 9, 8), (7, 8, 9), -1),
        ("bent", ["elastic"], (16, 14, 12), (6, 5, 5), -1),
        ("both", ["affine", "elastic"], (15, 16, 11), (8, 4, 6), -1),
        ("all", ["flip", "affine", "affine", "elastic"], (18, 12, 13), (-3, 7, 12), -1),
        ("slice_x", ["affine"], (1, 15, 14), (11, 5, 4), 0),
        ("slice_y", ["affine"], (15, 1, 12), (6, 9, 5), 1),
        ("slice_z", ["affine"], (15, 14, 1), (6, 5, 9), 2),
    ]
    lines = ["# by make_augment.py: SimpleITK %s, scipy %s" % (sitk.Version_VersionString(), scipy.__version__)]
    for name, kinds, size, corner, across in cases:
        history = [drawn(rng, kind) for kind in kinds]
        told = [dict(step=n, **step) for n, step in enumerate(history)]
        lines.append("case %s %s %s %d %s" % (name, " ".join(map(str, size)), " ".join(map(str, corner)), across,
                                             json.dumps(told, separators=(",", ":"))))
        if across < 0:
            way = composed(history, size, corner)
            onto = way.TransformPoint
            sample = sitk.Resample(image, size, way, sitk.sitkLinear, (numpy.array(corner) * SPACING).tolist(),
                                   SPACING.tolist(), numpy.eye(3).ravel().tolist(), OUTSIDE)
        else:
            onto, sample = in_slice(history, size, corner, across), None
        for _ in range(120):
            at = [int(rng.integers(n)) for n in size]
            place = numpy.array(onto(((numpy.array(at) + corner) * SPACING).tolist())) / SPACING
            # at the very border of the field of view rounding decides
            edges = numpy.array([-0.5] + [n - 0.5 for n in SIZE])
            if numpy.abs(numpy.subtract.outer(place, edges)).min() < 1e-3:
                continue
            inside = all(-0.5 < p < n - 0.5 for p, n in zip(place, SIZE))
            look = lambda of: float(scipy.ndimage.map_coordinates(of, place[::-1, None], order=1, mode="nearest")[0])
            value = (sample.GetPixel(at) if sample is not None else look(wavy) if inside else OUTSIDE)
            weights = [look((labels == c).astype(float)) for c in codes]
            order = sorted(weights)
            if order[-1] - order[-2] < 1e-5:
                continue
            label = codes[int(numpy.argmax(weights))] if inside else 0
            lines.append("voxel %d %d %d %.9g %d %.12g %.12g %.12g" % (*at, value, label, *place))
    with open(os.path.join(HERE, "augment.txt"), "w") as f:
        f.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
