"""The value under the cross-hair is the voxel's: oblique and anisotropic grids, scaled files, all types, with NiiVue
and without WebGL.
SPDX-License-Identifier: Apache-2.0"""
import math
import random
import subprocess
import sys

from viewer import LARMOR, Browser, View, check, go, main, need_niivue, nifti, read_nifti, same, shown, through

SIZE = (11, 13, 9)


def oblique(spacing, angle):
    """Turned about two axes and out of the middle; the third row of voxels runs backwards."""
    c, s = math.cos(angle), math.sin(angle)
    turned = [[c, -s * c, s * s], [s, c * c, -s * c], [0, s, c]]
    rows = [[turned[row][axis] * spacing[axis] * (-1 if axis == 1 else 1) for axis in range(3)] for row in range(3)]
    return [rows[row] + [(-12.5, 31.25, 4.0)[row]] for row in range(3)]


def stored(kind):
    def value(i, j, k):
        n = i + 12 * j + 157 * k
        return {"B": n % 251, "h": n * 7 - 5000, "i": n * 1000, "f": n * 0.37 - 100, "d": n / 3}[kind]
    return [value(i, j, k) for k in range(SIZE[2]) for j in range(SIZE[1]) for i in range(SIZE[0])]


FILES = [  # name, type, slope, inter, spacing, angle
    ("plain.nii", "h", 0.0, 0.0, (1, 1, 1), 0.0),
    ("thick.nii.gz", "h", 0.5, -3.0, (0.9, 1.3, 4.5), 0.0),
    ("oblique.nii.gz", "h", 1.0, 0.0, (0.9, 1.3, 2.5), 0.3),
    ("bytes.nii", "B", 2.5, 10.0, (2, 1, 1.5), -0.2),
    ("whole.nii", "i", 0.0, 0.0, (1, 2, 3), 0.1),
    ("float.nii.gz", "f", 0.0, 0.0, (1.1, 1.2, 1.3), -0.4),
    ("double.nii.gz", "d", 0.0, 0.0, (1, 1, 2), 0.25),
]


def are_the_voxels(browser, name, affine, size, values, chance):
    """At some places, off the middles of voxels; and outside."""
    for n in range(6):
        ijk = [chance.randrange(size[axis]) for axis in range(3)]
        at = through(affine, [index + chance.uniform(-0.3, 0.3) for index in ijk])
        row = go(browser, at)[0]
        expected = values[ijk[0] + size[0] * (ijk[1] + size[1] * ijk[2])]
        same("%s at %s: voxel" % (name, ijk), row[2], "voxel %d %d %d" % tuple(ijk))
        check("%s at %s: %s, expected %r" % (name, ijk, row[1], expected),
              abs(float(row[1]) - expected) <= 2e-5 * abs(expected) + 1e-6)
    same("outside of " + name, go(browser, through(affine, [-1, 2, 2]))[0][1:], ["outside", ""])


def tried(**how):
    chance = random.Random(5)
    paths, truth = [], []
    for name, kind, slope, inter, spacing, angle in FILES:
        affine = oblique(spacing, angle)
        paths.append(nifti(name, SIZE, stored(kind), affine, kind, slope, inter))
        truth.append([value * slope + inter if slope else value for value in stored(kind)])
    with Browser(**how) as browser:
        for path, values, (name, kind, slope, inter, spacing, angle) in zip(paths, truth, FILES):
            with View(path) as view:
                browser.open(view.address)
                shown(browser)
                are_the_voxels(browser, name, oblique(spacing, angle), SIZE, values, chance)
        subprocess.run([LARMOR, "phantom", "c", "--subjects", "1", "--spacing", "3"], check=True, capture_output=True)
        for path in ("c/t1/sub-01_T1.nii.gz", "c/flair/sub-01_FLAIR.nii.gz"):
            size, affine, values = read_nifti(path)
            with View(path) as view:
                browser.open(view.address)
                shown(browser)
                are_the_voxels(browser, path, affine, size, values, chance)


def values_with_niivue():
    need_niivue()
    tried()


def values_without_webgl():
    tried(webgl=False)


if __name__ == "__main__":
    sys.exit(main(values_with_niivue, values_without_webgl))
