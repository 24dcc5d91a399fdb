#!/usr/bin/env python3
# Makes formats.txt: what nibabel and SimpleITK read from the files of LARMOR_TEST_DATA/formats, and what
# dcm2niix's stored results hold of the DICOM beside them (the numbers alone), for
# tests/unit/format/test_formats_golden.c. Needs numpy, nibabel (with h5py for MINC2) and SimpleITK.
# A line: file, peer, channels, voxels of a channel, the sum of all values, the world positions (RAS mm) of
# the eight corners, then eight voxels as x y z channel value. Nothing depends on the order in which a
# reader stores the axes.
# SPDX-License-Identifier: Apache-2.0
import itertools
import os

import nibabel
import numpy
import SimpleITK

here = os.path.dirname(os.path.abspath(__file__))
data = os.environ["LARMOR_TEST_DATA"]

NIBABEL = [
    "formats/mgz_afni_nifti/phantom_varscale.PAR", "formats/mgz_afni_nifti/test.mgz",
    "formats/minc/brain.mnc.gz", "formats/minc/brain_mask.mnc.gz", "formats/minc/brain_nu_ref.mnc.gz",
    "formats/minc/minc1_4d.mnc", "formats/minc/mincex_diff-FA.mnc", "formats/minc/tiny.mnc",
    "formats/one_image_six_formats/afni.BRIK+orig.HEAD", "formats/one_image_six_formats/mgh.mgz",
    "formats/parrec/T1.PAR", "formats/parrec/T2.PAR", "formats/parrec/fieldmap.PAR",
]
SIMPLEITK = [
    "formats/mha/2DMRI-T1_brain.mha", "formats/mha/3DCT_lung_baseline_small.mha",
    "formats/nrrd/brain1_image.nrrd", "formats/one_image_six_formats/mha.mha",
    "formats/one_image_six_formats/nrrd.nhdr",
]
# the folder with the DICOM, as larmor is given it, and the stored result
DICOM = [
    ("dicom/mr_t1_siemens_jpeg/in", "dicom/mr_t1_siemens_jpeg/anat-T1w_acq-tfl_5001.nii"),
]


def by_nibabel(path):
    image = nibabel.load(path)
    values = numpy.asarray(image.get_fdata(dtype=numpy.float64))
    affine = numpy.array(image.affine)
    if path.endswith("minc1_4d.mnc"):  # time comes first in the file, and nibabel leaves it there
        values = numpy.moveaxis(values, 0, 3)
    return values, affine


def by_simpleitk(path):
    image = SimpleITK.ReadImage(path)
    values = SimpleITK.GetArrayFromImage(image).T.astype(numpy.float64)
    dims = image.GetDimension()
    affine = numpy.eye(4)
    direction = numpy.array(image.GetDirection()).reshape(dims, dims)
    affine[:dims, :dims] = direction * image.GetSpacing()
    affine[:dims, 3] = image.GetOrigin()
    return values, numpy.diag([-1, -1, 1, 1.0]) @ affine


def row(name, peer, values, affine):
    values = values.reshape(list(values.shape[:3]) + [1] * (3 - values.ndim) + [-1], order="F")
    size = values.shape[:3]
    words = [name, peer, values.shape[3], size[0] * size[1] * size[2],
             "%.17g" % values.sum(dtype=numpy.longdouble)]
    for corner in itertools.product(*[(0, n - 1) for n in size]):
        words += ["%.9g" % v for v in (affine @ [*corner, 1])[:3]]
    for pick in numpy.random.default_rng(9).random((8, 4)):
        at = [int(p * n) for p, n in zip(pick, values.shape)]
        words += ["%.9g" % v for v in (affine @ [*at[:3], 1])[:3]]
        words += [at[3], "%.17g" % values[tuple(at)]]
    return " ".join(map(str, words)) + "\n"


def main():
    with open(os.path.join(here, "formats.txt"), "w") as out:
        for name in NIBABEL:
            out.write(row(name, "nibabel", *by_nibabel(os.path.join(data, name))))
        for name in SIMPLEITK:
            out.write(row(name, "SimpleITK", *by_simpleitk(os.path.join(data, name))))
        for name, result in DICOM:
            out.write(row(name, "dcm2niix", *by_nibabel(os.path.join(data, result))))


main()
