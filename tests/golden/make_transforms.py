#!/usr/bin/env python3
# Makes transforms/peers/ (ANTs' .mat, FSL's, FreeSurfer's .lta, in every form that is read) and
# transforms.txt: where ITK, ANTs and nitransforms put points through them; and points.csv with
# points_ants.csv, which is what ants.apply_transforms_to_points makes of it through a field and an affine
# map that do not commute. For tests/unit/format/test_transform_peers.c and tests/command/warp.sh.
# Needs numpy, nibabel, nitransforms, SimpleITK and antspyx, and what make_through.py made.
# SPDX-License-Identifier: Apache-2.0
import os
import struct

import ants
import nibabel
import nitransforms
import numpy
import pandas
import SimpleITK as sitk
from nitransforms.io import fsl, lta

here = os.path.dirname(os.path.abspath(__file__))
made = os.path.join(here, "transforms", "peers")
rng = numpy.random.default_rng(11)
COUNT = 12


def path(name):
    return os.path.join(made, name)


def turned(degrees, scale):
    x, y, z = numpy.radians(degrees)
    cos, sin = numpy.cos, numpy.sin
    return (numpy.array([[1, 0, 0], [0, cos(x), -sin(x)], [0, sin(x), cos(x)]])
            @ numpy.array([[cos(y), 0, sin(y)], [0, 1, 0], [-sin(y), 0, cos(y)]])
            @ numpy.array([[cos(z), -sin(z), 0], [sin(z), cos(z), 0], [0, 0, 1]])) * scale


def affine(matrix, shift):
    whole = numpy.eye(4)
    whole[:3, :3], whole[:3, 3] = matrix, shift
    return whole


# ---- grids: right- and left-handed, oblique; sizes that float32 holds exactly, as .lta has them ------
GRIDS = {  # name: size, affine
    "right": ((30, 34, 28), affine(turned([4, -6, 11], [1, 1.25, 1.5]), [-14, -22, -19])),
    "left": ((26, 31, 24), affine(turned([-9, 3, 7], [-1.5, 1, 1.25]), [21, -17, -12])),
}
IMAGES = {n: nibabel.Nifti1Image(numpy.zeros(s, numpy.uint8), a) for n, (s, a) in GRIDS.items()}
# fixed to moving; nitransforms reads an .lta's matrix as float32
MAP = affine(turned([5, -3, 8], [1.04, 0.97, 1.02]) + 0.015, [3.5, -2.25, 1.75])
LOG = []  # file, fixed, moving, its map of points


def note(name, transform, fixed="-", moving="-"):
    LOG.append((name, fixed, moving, transform))


def by_itk(transform):
    return lambda p: numpy.array(transform.TransformPoint((p * [-1, -1, 1]).tolist())) * [-1, -1, 1]


def by_matrix(matrix):
    return lambda p: matrix[:3, :3] @ p + matrix[:3, 3]


os.makedirs(made, exist_ok=True)
# ---- ANTs and ITK, binary ------------------------------------------------------------------------
LPS = numpy.diag([-1.0, -1.0, 1.0, 1.0])
lps = LPS @ MAP @ LPS
written = ants.create_ants_transform(transform_type="AffineTransform", dimension=3, precision="double",
                                     matrix=lps[:3, :3], translation=lps[:3, 3], center=(3, -5, 8))
ants.write_transform(written, path("0GenericAffine.mat"))
note("0GenericAffine.mat", by_itk(sitk.ReadTransform(path("0GenericAffine.mat"))))
binary = {
    "euler.mat": sitk.Euler3DTransform((4, -6, 2), 0.05, -0.08, 0.1, (0.5, 1, -0.5)),
    "versor.mat": sitk.VersorRigid3DTransform([0, 0.6, 0.8], 0.1, [1, 2, -1], (7, 8, 9)),
    "similarity.mat": sitk.Similarity3DTransform(1.1, [0, 0.6, 0.8], 0.4, [1, 2, 3], [7, 8, 9]),
    "translation.mat": sitk.TranslationTransform(3, (1.5, -2, 3)),
}
for name, transform in binary.items():
    sitk.WriteTransform(transform, path(name))
    note(name, by_itk(transform))


# the other byte order and precision: the same matrices, written here
def level4(name, numbers, order, kind):
    head = struct.pack(order + "5i", 1000 * (order == ">") + 10 * (kind == "f"), len(numbers), 1, 0, len(name) + 1)
    return head + name.encode() + b"\0" + struct.pack(f"{order}{len(numbers)}{kind}", *numbers)


single = numpy.float32([*lps[:3, :3].ravel(), *lps[:3, 3]]).astype(float)
full = sitk.AffineTransform(single[:9].tolist(), single[9:].tolist(), (1, 2, 3))
for name, order, kind, word in (("big_endian.mat", ">", "d", "double"), ("float.mat", "<", "f", "float"),
                                ("big_endian_float.mat", ">", "f", "float")):
    with open(path(name), "wb") as out:
        out.write(level4(f"MatrixOffsetTransformBase_{word}_3_3", single, order, kind)
                  + level4("fixed", [1, 2, 3], order, kind))
    note(name, by_itk(full))

# ---- FSL and FreeSurfer, by nitransforms -------------------------------------------------------------
for fixed in GRIDS:
    for moving in GRIDS:
        name = f"{fixed}_{moving}.mat"
        fsl.FSLLinearTransform.from_ras(MAP, moving=IMAGES[moving], reference=IMAGES[fixed]).to_filename(path(name))
        again = fsl.FSLLinearTransform.from_filename(path(name))  # eight decimals
        note(name, by_matrix(again.to_ras(moving=IMAGES[moving], reference=IMAGES[fixed])), fixed, moving)
for name, kind, matrix in (("ras.lta", 1, numpy.linalg.inv(MAP)),
                           ("voxel.lta", 0, affine(turned([3, 5, -4], [0.9, 1.1, 0.8]), [2.5, 1.25, -3]))):
    one = lta.FSLinearTransform.from_ras(MAP)
    one.structarr["src"] = numpy.asanyarray(lta.VolumeGeometry.from_image(IMAGES["left"]))
    one.structarr["dst"] = numpy.asanyarray(lta.VolumeGeometry.from_image(IMAGES["right"]))
    for end in ("src", "dst"):
        one.structarr[end]["filename"] = "a folder/with = and #.mgz"
    one.structarr["m_L"] = matrix.astype(numpy.float32)
    one.structarr["type"] = kind
    one.to_filename(path(name))
    if kind == 0:  # a second way to the same: nibabel's affines, which the file's geometry describes
        geometry = [lta.VolumeGeometry(one.structarr[e]).as_affine() for e in ("src", "dst")]
        assert numpy.abs(geometry[0] - GRIDS["left"][1]).max() < 1e-6
        assert numpy.abs(geometry[1] - GRIDS["right"][1]).max() < 1e-6
    note(name, by_matrix(one.to_ras()))

# ---- where points go --------------------------------------------------------------------------------
with open(os.path.join(here, "transforms.txt"), "w") as out:
    print(f"# by make_transforms.py: ITK {sitk.Version.ITKVersionString()}, ANTsPy {ants.__version__}, "
          f"nitransforms {nitransforms.__version__}", file=out)
    for name, (size, to_world) in GRIDS.items():
        print("grid", name, *size, *("%.17g" % v for v in to_world[:3].ravel()), file=out)
    for name, fixed, moving, transform in LOG:
        print("file", name, fixed, moving, file=out)
        for p in rng.uniform(-60, 60, (COUNT, 3)):
            print("point", *("%.17g" % v for v in (*p, *transform(p))), file=out)

# ---- ANTs' order: a field and an affine map, which do not commute -----------------------------------
field = os.path.join(here, "transforms", "field.nii.gz")
image = nibabel.load(field)
centre = LPS @ image.affine @ [4, 3.5, 3, 1]
points = pandas.DataFrame(numpy.round(centre[:3] + rng.uniform(-7, 7, (20, 3)), 3), columns=list("xyz"))
moved = ants.apply_transforms_to_points(3, points, [field, path("0GenericAffine.mat")])
other = ants.apply_transforms_to_points(3, points, [path("0GenericAffine.mat"), field])
back = ants.apply_transforms_to_points(3, points, [path("0GenericAffine.mat")], whichtoinvert=[True])
assert numpy.abs(moved.values - other.values).max() > 0.05
for name, table in (("points.csv", points), ("points_ants.csv", moved[list("xyz")]),
                    ("points_ants_back.csv", back[list("xyz")])):
    table.to_csv(os.path.join(here, "transforms", name), index=False, float_format="%.9g")
